#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One enrolled key in wpa_supplicant and charon at once: moved together, and back together."""
import os
import shutil
import unittest

from net_device import VPN, WIRED, Gap, NetCase, Ping, StrongSwan, wait_for


class Together(NetCase):
    def both(self):
        dev = self.net_device(more=WIRED + VPN, apply=False)
        self.lan()
        self.wan()
        port, gateway = self.port(), self.gateway()
        self.charon = StrongSwan(self.home)
        self.addCleanup(self.charon.stop)
        self.show(self.charon)
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


if __name__ == "__main__":
    unittest.main()
