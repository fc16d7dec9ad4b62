#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One enrolled key in wpa_supplicant and charon at once: moved together, and back together."""
import os
import shutil
import unittest

from net_device import VPN, WIRED, WIRED_CONF, Gap, NetCase, Ping, StrongSwan, wait_for

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


class Together(NetCase):
    def both(self, own=False):
        dev = self.net_device(more=WIRED + VPN, apply=False)
        self.lan()
        self.wan()
        port, gateway = self.port(), self.gateway()
        self.charon = StrongSwan(self.home)
        self.addCleanup(self.charon.stop)
        self.show(self.charon)
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
