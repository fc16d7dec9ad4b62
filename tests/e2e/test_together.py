#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One enrolled key in wpa_supplicant and charon at once: moved together, and back together."""
import itertools
import os
import re
import shutil
import unittest

from agent_device import Agent, Manager
from net_device import VPN, WIRED, WIRED_CONF, Gap, NetCase, Ping, StrongSwan, short_serial, wait_for

# Of a user, in the same files and daemons; the connection could use any certificate of its name.
OWN_NETWORK = ("ctrl_interface=/run/wpa_supplicant\nap_scan=0\nnetwork={\n\tkey_mgmt=IEEE8021X\n\teap=MD5\n"
               "\tidentity=\"them\"\n\tpassword=\"x\"\n\tdisabled=1\n}\n# theirs")
OWN_CONNECTION = """connections {
  office {
    remote_addrs = 192.0.2.1
    local { id = "CN=GW-7F31, O=Contoso" }
    remote { id = office.example.test }
  }
}
"""


def in_turn(serials):
    """Without the repetitions of one that is used again."""
    return [serial for serial, _ in itertools.groupby(serials)]


class Together(NetCase):
    def servers(self):
        """The other ends, and a charon that does not run yet."""
        self.lan()
        self.wan()
        port, gateway = self.port(), self.gateway()
        self.charon = StrongSwan(self.home)
        self.addCleanup(self.charon.stop)
        self.show(self.charon)
        return port, gateway

    def both(self, own=False):
        dev = self.net_device(more=WIRED + VPN, apply=False)
        port, gateway = self.servers()
        if own:
            self.home.write(WIRED_CONF, OWN_NETWORK)
            self.home.write("/etc/swanctl/conf.d/office.conf", OWN_CONNECTION)
        dev.signet("apply")
        client = self.supplicant()
        self.charon.start()
        dev.signet("apply")
        return dev, port, client, gateway

    def test_three_renewals_while_both_run(self):
        dev, port, client, gateway = self.both()
        pids = client.pid, self.charon.pid
        ping = Ping(self.home, "10.77.0.1").start()
        self.addCleanup(ping.stop)
        ping.wait_received(20)
        for _ in range(3):
            old = dev.cert_serial()
            with Gap(client.is_authorized) as gap:
                dev.signet("renew", "dev", "--force")
            print("the port was closed for %.1f s" % gap.longest)
            new = dev.cert_serial()
            self.assertNotEqual(old, new)
            self.assertEqual((new, new), (port.accepted()[-1], gateway.authenticated()[-1].serial))
            self.assertEqual({"current"}, set(dev.links()))
            ping.wait_received(20)
        wait_for("1500 pings", lambda: ping.sent >= 1500, 60)
        ping.stop()
        print("pings: %d sent, lost: %s" % (ping.sent, ping.lost()))
        self.assertLessEqual(len(ping.lost()) * 500, ping.sent)
        self.assertEqual(pids, (client.pid, self.charon.pid))

    def test_an_agent_renews_three_times_and_moves_both(self):
        """Certificates of 90 s by the real clock, renewed when they are 27 to 34 s old. The daemons are started; the rest
        is the agent's."""
        dev = self.net_device(more=WIRED + VPN, apply=False, options=["--valid-seconds", "90", "--backdate", "0"],
                              scep="renewal_threshold_percent = 70\nrenewal_spread_percent = 10\n")
        port, gateway = self.servers()
        manager = Manager(dev.folder)
        self.addCleanup(manager.close)
        agent = Agent(dev, manager)
        self.addCleanup(agent.clean_up)
        self.show(agent)
        wait_for("settings", lambda: os.path.exists(self.home.path(WIRED_CONF)) and os.path.lexists(dev.current()), 60)
        client = self.supplicant()
        self.charon.start()
        pids = client.pid, self.charon.pid

        def renewals():
            return re.findall(r" renewed dev serial=(\w+) old_serial=(\w+) ", dev.history())
        for count in (1, 2, 3):
            wait_for("renewal %d" % count, lambda: len(renewals()) >= count, 120)
            wait_for("end of its trial", lambda: set(dev.links()) == {"current"})
        self.assertEqual(0, agent.stop())
        serials = [short_serial(o["issued_serial"]) for o in self.authority.operations()]
        self.assertEqual(["issued"] * len(serials), [o["decision"] for o in self.authority.operations()])
        self.assertEqual(serials, in_turn(port.accepted()))
        self.assertEqual(serials, in_turn(one.serial for one in gateway.authenticated()))
        self.assertEqual(list(zip(serials[1:], serials)),
                         [tuple(short_serial(one) for one in pair) for pair in renewals()])
        self.assertEqual(serials[-1], dev.cert_serial())
        self.assertEqual((1, pids), (len(gateway.established()), (client.pid, self.charon.pid)))

    def test_one_that_refuses_takes_both_back(self):
        dev, port, client, gateway = self.both()
        good = dev.cert_serial()
        first = os.path.join(self.folder, "first.pem")
        shutil.copy(dev.current("cert.pem"), first)
        gateway.only = [first]
        gateway.reload()
        mark = port.mark()
        dev.signet("renew", "dev", "--force", expect=17)
        served = port.accepted(mark)
        self.assertNotEqual(good, served[0])  # the port had moved on before the gateway refused
        self.assertEqual(good, served[-1])
        self.assertEqual((good, good), (dev.cert_serial(), gateway.authenticated()[-1].serial))
        self.assertEqual({"current"}, set(dev.links()))
        self.assertIn('"hq" failed with it', dev.status()["detail"])
        self.assertEqual(["installed", "installed"], [dev.status(name)["state"] for name in ("lan", "hq")])

    def keys(self):
        """Names of the private keys in charon's memory."""
        return sorted(self.charon.vici("get-keys").get("keys", []))

    def test_retired_while_both_run(self):
        dev, port, client, gateway = self.both(own=True)
        pids = client.pid, self.charon.pid
        self.assertEqual((2, 1), (len(client.networks()), len(self.keys())))
        self.assertEqual({"office", "signet-hq"}, set(self.charon.connections()))
        dev.signet("retire", "dev", "--yes")
        self.assertEqual(['"them"'], [network["identity"] for network in client.networks()])
        self.assertFalse(client.is_authorized())
        self.assertEqual(([], [], {"office"}),
                         (self.keys(), self.charon.sas(), set(self.charon.connections())))
        self.assertEqual(OWN_NETWORK, self.home.read(WIRED_CONF))
        self.assertEqual(["conf.d/office.conf", "swanctl.conf"], sorted(
            os.path.relpath(os.path.join(where, name), self.home.path("/etc/swanctl"))
            for where, _, names in os.walk(self.home.path("/etc/swanctl")) for name in names))
        self.assertFalse(os.path.exists(self.home.path("/etc/strongswan.d/60-signet.conf")))
        self.assertEqual([], [name for _, _, names in os.walk(dev.state) for name in names if name.startswith("key.")])
        # nothing of it comes back by itself, and all of it when it is wanted again
        dev.signet("apply")
        self.assertEqual((1, []), (len(client.networks()), self.keys()))
        self.authority.add_challenge("SECOND-CHALLENGE")
        dev.give_challenge("SECOND-CHALLENGE")
        dev.signet("enroll", "dev")
        new = dev.cert_serial()
        self.assertEqual((new, new), (port.accepted()[-1], gateway.authenticated()[-1].serial))
        self.assertEqual(pids, (client.pid, self.charon.pid))

    def test_vanished_while_both_run(self):
        dev, _, client, _ = self.both(own=True)
        dev.configure(self.authority.url, self.authority.root, self.authority.issuing,
                      scep="san_dns = {{DeviceName}}.corp.contoso.com\n")
        dev.signet("apply")
        self.assertEqual((1, []), (len(client.networks()), self.charon.sas()))
        self.assertEqual({"office"}, set(self.charon.connections()))
        # the certificate stays, and so does its key in charon, where the other connection may use it
        self.assertEqual(("installed", 1), (dev.status()["state"], len(self.keys())))
        with open(dev.conf, "w") as file:
            file.write("[agent]\nstate_dir = %s\nrun_dir = %s\n[tpm]\ntcti = %s\n[trust root]\ncertificate = %s\n" %
                       (dev.state, dev.path("run"), dev.tcti, self.authority.root))
        dev.signet("apply")
        self.assertEqual([], [name for _, _, names in os.walk(dev.state) for name in names if name.startswith("key.")])


if __name__ == "__main__":
    unittest.main()
