#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Wired 802.1X with the enrolled key: hostapd and wpa_supplicant of Debian, settings by signet alone."""
import json
import os
import unittest

from net_device import (
    RADIUS_NAME, WIFI_CONF, WIRED, WIRED_CONF, FreeRadius, Gap, NetCase, WpaSupplicant, eapol_test, read, wait_for)


class Wired(NetCase):
    def joined(self, more="", scep="", **port):
        """A device whose port is open, by its first certificate."""
        dev = self.net_device(more=WIRED + more, scep=scep)
        self.lan()
        hostapd = self.port(**port)
        client = self.supplicant()
        dev.signet("apply")
        return dev, hostapd, client

    def test_both_tls_versions_by_the_key_in_the_tpm(self):
        dev, hostapd, client = self.joined(tls_max="1.2")
        hostapd.wait_authorized(self.wire.mac(0))
        self.assertEqual("TLSv1.2", hostapd.tls_version())
        self.assertEqual(dev.cert_serial(), hostapd.accepted()[-1])
        self.assertEqual("installed", dev.status("lan")["state"])
        before = sum(self.relay.counts().values())
        hostapd.tls_min = hostapd.tls_max = "1.3"
        hostapd.restart()
        mark = hostapd.mark()
        dev.signet("test", "wifi", "lan")
        self.assertEqual("TLSv1.3", hostapd.tls_version(mark))
        self.assertEqual([dev.cert_serial()], hostapd.accepted(mark)[-1:])
        self.assertGreater(sum(self.relay.counts().values()), before)  # a private operation in the TPM
        self.assertGreaterEqual(self.relay.counts()["Sign"], 1)

    def test_an_idle_apply_asks_nobody_and_writes_nothing(self):
        dev, _, _ = self.joined()
        self.relay.reset()
        before = dev.snapshot()
        dev.signet("apply")
        self.assertEqual(before, dev.snapshot())
        self.assertLessEqual(sum(self.relay.counts().values()), 1)  # is it still the same TPM?
        self.assertEqual([], json.loads(dev.signet("--json", "plan").stdout)["steps"])

    def test_three_renewals_while_the_daemon_runs(self):
        dev, hostapd, client = self.joined()
        pid, text = client.pid, self.home.read(WIRED_CONF)
        for _ in range(3):
            old = dev.cert_serial()
            mark = hostapd.mark()
            with Gap(client.is_authorized) as gap:
                dev.signet("renew", "dev", "--force")
            print("the port was closed for %.1f s" % gap.longest)
            self.assertNotEqual(old, dev.cert_serial())
            self.assertEqual(dev.cert_serial(), hostapd.accepted(mark)[-1])
            self.assertTrue(hostapd.is_authorized(self.wire.mac(0)))
            self.assertEqual({"current"}, set(dev.links()))  # the trial has ended, the old one is gone
        self.assertEqual((pid, text), (client.pid, self.home.read(WIRED_CONF)))
        self.assertEqual(3, dev.history().count("renewed dev "))

    def test_a_certificate_that_the_server_refuses_is_rolled_back(self):
        dev, hostapd, client = self.joined(scep="extended_key_usage = clientAuth\n")
        good = dev.cert_serial()
        # the new certificate comes without clientAuth: hostapd's TLS does not take it for a client
        self.authority.mode(eku=["1.3.6.1.5.5.7.3.4"])
        conf = read(dev.conf)
        with open(dev.conf, "w", encoding="utf-8") as file:
            file.write(conf.replace("extended_key_usage = clientAuth\n", "extended_key_usage = emailProtection\n"))
        mark = hostapd.mark()
        with Gap(client.is_authorized) as gap:
            done = dev.signet("renew", "dev", "--force", expect=17)
        print("refused, and the old certificate back: closed for %.1f s" % gap.longest)
        refused = [serial for serial in hostapd.serials(mark) if serial != good]
        self.assertTrue(refused)
        self.assertEqual(good, hostapd.accepted(mark)[-1])
        self.assertTrue(hostapd.is_authorized(self.wire.mac(0)))
        self.assertEqual(good, dev.cert_serial())
        self.assertEqual({"current"}, set(dev.links()))
        status = dev.status()
        self.assertEqual(("error", 17), (status["state"], status["exit"]))
        self.assertIn('"lan" failed with it', status["detail"])
        self.assertIn("lan", done.stderr)
        self.assertEqual("installed", dev.status("lan")["state"])
        self.assertIn("rolled-back dev ", dev.history())
        # it stays so, without bothering the network again
        mark = hostapd.mark()
        dev.signet("apply", expect=17)
        self.assertEqual([], hostapd.seen(mark))
        # the CA is mended: another certificate is asked for, and taken
        self.authority.mode()
        with open(dev.conf, "w", encoding="utf-8") as file:
            file.write(conf)
        dev.signet("renew", "dev", "--force")
        self.assertEqual(dev.cert_serial(), hostapd.accepted(mark)[-1])
        self.assertNotIn(dev.cert_serial(), refused + [good])

    def test_a_server_that_is_down_rolls_nothing_back(self):
        dev, hostapd, client = self.joined()
        old = dev.cert_serial()
        hostapd.stop()
        dev.signet("renew", "dev", "--force", expect=17)
        self.assertNotEqual(old, dev.cert_serial())
        self.assertEqual({"current", "previous"}, set(dev.links()))
        self.assertEqual("trial", dev.status()["state"])
        hostapd.start()
        dev.signet("apply")
        self.assertEqual({"current"}, set(dev.links()))
        self.assertEqual(dev.cert_serial(), hostapd.accepted()[-1])

    def test_a_server_of_the_wrong_name_and_a_device_that_poses_as_one(self):
        dev, hostapd, client = self.joined()
        for server, words in ((self.server("other", "other.corp.contoso.com"), "name"),
                              (self.server("posing", "GW-0001.corp.contoso.com", eku=("clientAuth",)), "")):
            hostapd.server = server
            hostapd.restart()
            mark = hostapd.mark()
            done = dev.signet("test", "wifi", expect=17)
            self.assertIn(words, done.stdout)
            self.assertEqual([], hostapd.accepted(mark))

    def test_a_cut_between_the_move_and_the_proof_decides_the_same(self):
        dev, hostapd, client = self.joined()
        old = dev.cert_serial()
        dev.kill_when(dev.is_on_trial, "renew", "dev", "--force")
        self.assertTrue(dev.is_on_trial())
        new = dev.cert_serial()
        self.assertNotEqual(old, new)
        dev.signet("apply")
        self.assertEqual({"current"}, set(dev.links()))
        self.assertEqual(new, dev.cert_serial())
        self.assertEqual(new, hostapd.accepted()[-1])

    def test_next_reauth_cuts_nothing(self):
        dev, hostapd, client = self.joined(more="apply = next-reauth\n")
        mark, events = hostapd.mark(), client.mark()
        dev.signet("renew", "dev", "--force")
        self.assertTrue(dev.is_on_trial())
        self.assertEqual("trial", dev.status()["state"])
        dev.signet("apply")
        self.assertEqual([], hostapd.seen(mark))  # nobody was asked
        self.assertEqual([], client.events(events))
        hostapd.reauthenticate(self.wire.mac(0))
        wait_for("re-authentication", lambda: hostapd.accepted(mark))
        self.assertEqual([dev.cert_serial()], hostapd.accepted(mark))
        self.assertFalse([line for line in client.events(events) if "DISCONNECTED" in line])
        dev.signet("apply")
        self.assertEqual({"current"}, set(dev.links()))

    def test_a_tpm_that_is_slow_and_one_that_was_away(self):
        dev, hostapd, client = self.joined()
        mark = hostapd.mark()
        self.relay.delay = 2
        dev.signet("test", "wifi", "lan")
        self.relay.delay = 0
        self.assertEqual(dev.cert_serial(), hostapd.accepted(mark)[-1])
        self.relay.vanish()
        self.assertIn("its key did not sign", " ".join(dev.signet("test", "wifi", "lan", expect=17).stdout.split()))
        self.relay.come_back()
        mark, pid = hostapd.mark(), client.pid
        dev.signet("test", "wifi", "lan")
        self.assertEqual(dev.cert_serial(), hostapd.accepted(mark)[-1])
        self.assertEqual(pid, client.pid)

    def test_the_setup_network_is_used_first_and_gone_after(self):
        psk = "%s/psk" % self.folder
        with open(psk, "w", encoding="ascii") as file:
            file.write("a pass phrase\n")
        dev = self.net_device(apply=False, more=WIRED + """[wifi setup]
interface = wlan0
ssid = CONTOSO-SETUP
security = wpa2-psk
psk_file = %s
priority = 0
only_until = lan
config = %s
control = /run/wpa_supplicant
""" % (psk, WIFI_CONF))
        os.remove(dev.challenge_file)
        dev.signet("apply", expect=10)  # no certificate yet: but the way to the CA is written
        self.home.idle_interface("wlan0")
        radio = self.started(WpaSupplicant(self.home, "wlan0", WIFI_CONF, folder=self.folder + "/radio"))
        self.assertEqual(['"CONTOSO-SETUP"'], [network["ssid"] for network in radio.networks()])
        dev.give_challenge("FIRST-CHALLENGE")
        dev.signet("apply")
        self.assertEqual(1, len(radio.networks()))  # nothing has authenticated yet
        self.lan()
        self.port()
        self.supplicant()
        dev.signet("apply")
        self.assertEqual([], radio.networks())
        self.assertNotIn("CONTOSO-SETUP", self.home.read(WIFI_CONF))
        self.assertEqual(("absent", 0), (dev.status("setup")["state"], dev.status("setup")["exit"]))
        before = dev.snapshot()
        dev.signet("apply")
        self.assertEqual(before, dev.snapshot())

    def test_eapol_test_against_freeradius(self):
        dev = self.net_device(more=WIRED)
        for number, version in enumerate(("1.2", "1.3")):
            radius = self.started(FreeRadius(self.home, self.server("radius%d" % number, RADIUS_NAME), self.root_pem,
                                             folder="%s/radius-%d" % (self.folder, number),
                                             tls_min=version, tls_max=version))
            done = eapol_test(self.home, WIRED_CONF, "%s/eap-%d" % (self.folder, number))
            self.assertTrue(done.is_success, done.log[-3000:])
            self.assertEqual("TLSv" + version, done.tls_version)
            self.assertEqual([dev.cert_serial()], radius.accepted())
            radius.stop()


if __name__ == "__main__":
    unittest.main()
