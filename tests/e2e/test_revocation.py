#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The own certificate is revoked, put on hold, released; by list and by OCSP; and answers that prove nothing."""
import json
import os
import shutil
import subprocess
import time
import unittest

from device import SIGNET, Case, read

SOFTWARE = "key_storage = software\n"


class Revocation(Case):
    def start(self, *options, scep="", **more):
        return self.enrolled(*options, scep=SOFTWARE + scep, **more)[:2]

    def reboot(self, device):
        shutil.rmtree(device.path("run"))

    def asked(self, ca):
        return len(ca.operations("crl")) + len(ca.operations("ocsp"))

    def hex(self, device):
        return device.serial().partition("=")[2]

    def enroll_by_hand(self, device, challenge):
        return subprocess.run([SIGNET, "-c", device.conf, "enroll", "dev", "--challenge-file", "-"], input=challenge + "\n",
                              text=True, capture_output=True, timeout=120)

    def learned(self, device):
        return os.path.exists(device.current("revoked"))

    def test_once_a_day_and_an_idle_pass_writes_nothing(self):
        device, ca = self.start("--crl-point")
        self.assertEqual(1, self.asked(ca))
        before = device.snapshot()
        device.signet("apply")
        self.assertEqual(1, self.asked(ca))
        self.assertEqual(before, device.snapshot())
        self.reboot(device)
        device.signet("apply", "root")  # another profile
        self.assertEqual(1, self.asked(ca))
        device.signet("apply", "dev")
        self.assertEqual(2, self.asked(ca))
        self.assertFalse(self.learned(device))

    def test_stop_is_the_default_and_only_a_challenge_by_hand_ends_it(self):
        device, ca = self.start("--crl-point")
        serial = self.hex(device)
        ca.mode(revoked=[serial + ":keyCompromise"])
        device.signet("apply")  # asked already today
        self.reboot(device)
        done = device.signet("apply", expect=13)
        self.assertIn("was revoked by its CA", done.stderr)
        self.assertIn(serial.lower(), done.stderr)
        self.assertIn("(key compromise)", done.stderr)
        self.assertIn("signet enroll dev --challenge-file FILE", done.stderr)
        self.assertEqual("revoked.stop", json.loads(device.signet("--json", "apply", expect=13).stdout)["error"]["code"])
        # nothing more goes out, whatever stands by
        asked = self.asked(ca)
        ca.add_challenge("SECOND")
        device.give_challenge("SECOND")
        device.signet("renew", "dev", "--force", expect=13)
        self.reboot(device)
        device.signet("apply", expect=13)
        device.signet("apply", "--wait=1", "dev", expect=13)
        self.assertEqual(1, len(ca.operations()))
        self.assertEqual(asked, self.asked(ca))
        self.assertTrue(os.path.exists(device.challenge_file))
        self.assertEqual(serial, self.hex(device))
        status = device.status()
        self.assertEqual(("error", 13), (status["state"], status["exit"]))
        self.assertIn("was revoked", status["detail"])
        device.signet("status", expect=13)
        self.assertIn("revoked", device.signet("plan").stdout)
        history = [line for line in read(os.path.join(device.state, "history")).splitlines() if " revoked dev " in line]
        self.assertEqual(1, len(history))
        # an administrator's will
        ca.add_challenge("BY-HAND")
        done = self.enroll_by_hand(device, "BY-HAND")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotEqual(serial, self.hex(device))
        self.assertFalse(self.learned(device))
        self.reboot(device)
        device.signet("apply")
        self.assertEqual("installed", device.status()["state"])

    def test_an_enrollment_begun_since_goes_on_and_a_renewal_begun_before_does_not(self):
        device, ca = self.start("--crl-point")
        first = self.hex(device)
        ca.mode(pending=9)
        device.signet("renew", "dev", "--force", expect=12)
        ca.mode(pending=9, revoked=[first])
        self.reboot(device)
        device.signet("apply", expect=12)  # polled, and then it learns
        polled = len(ca.operations())
        ca.mode(revoked=[first])  # the CA would issue it now
        device.signet("apply", expect=13)
        device.signet("renew", "dev", "--force", expect=13)
        self.assertEqual(polled, len(ca.operations()))
        ca.mode(pending=2, revoked=[first])
        ca.add_challenge("BY-HAND")
        self.assertEqual(12, self.enroll_by_hand(device, "BY-HAND").returncode)
        self.reboot(device)
        device.signet("apply", expect=12)
        device.signet("apply")
        self.assertNotEqual(first, self.hex(device))

    def test_damage_does_not_undo_it(self):
        device, ca = self.start("--crl-point")
        ca.mode(revoked=[self.hex(device) + ":keyCompromise"])
        self.reboot(device)
        device.signet("apply", expect=13)
        asked = len(ca.operations())
        ca.add_challenge("SECOND")
        device.give_challenge("SECOND")
        for part in ("chain.pem", "cert.pem", "key.pem"): # the last two leave nothing to mend it from
            os.unlink(device.current(part))
            if part == "chain.pem":
                device.signet("apply", expect=13)
                os.unlink(device.current(part))
            else:
                self.assertIn("was revoked by its CA", device.signet("apply", expect=13).stderr)
                self.assertEqual(13, device.status()["exit"])
        self.assertEqual(asked, len(ca.operations()))
        self.assertEqual(0, self.enroll_by_hand(device, "SECOND").returncode)

    def test_reenroll_takes_a_new_certificate_as_soon_as_a_challenge_is_there(self):
        device, ca = self.start("--crl-point", scep="after_revocation = reenroll\n")
        serial = self.hex(device)
        ca.mode(revoked=[serial])
        self.reboot(device)
        done = device.signet("apply", expect=13)
        self.assertIn("waits for a challenge", done.stderr)
        self.assertIn("waits for a challenge", device.status()["detail"])
        self.assertEqual(1, len(ca.operations()))
        device.signet("renew", "dev", "--force", expect=13)
        ca.add_challenge("SECOND")
        device.give_challenge("SECOND")
        device.signet("apply")
        self.assertNotEqual(serial, self.hex(device))
        self.assertEqual(["19", "19"], [str(o["message_type"]) for o in ca.operations()])
        device.signet("status")

    def test_reenroll_in_the_pass_that_learned_of_it(self):
        device, ca = self.start("--crl-point", scep="after_revocation = reenroll\n")
        serial = self.hex(device)
        ca.mode(revoked=[serial])
        ca.add_challenge("SECOND")
        device.give_challenge("SECOND")
        self.reboot(device)
        device.signet("apply")
        self.assertNotEqual(serial, self.hex(device))

    def test_answers_that_prove_nothing_change_nothing(self):
        for place in ("--crl-point", "--ocsp"):
            self.folder = os.path.join(self.folder, place[2:6])
            os.makedirs(self.folder)
            device, ca = self.start(place)
            state = {path: info for path, info in device.snapshot().items() if path.startswith(device.state)}
            for fault in ("stale", "future", "forged", "missing"):
                with self.subTest(place + " " + fault):
                    ca.mode(revoked=[self.hex(device)], crl=fault)
                    self.reboot(device)
                    asked = self.asked(ca)
                    device.signet("apply")
                    self.assertEqual(asked + 1, self.asked(ca))
                    after = {path: info for path, info in device.snapshot().items() if path.startswith(device.state)}
                    self.assertEqual(state, after)
                    self.assertEqual("installed", device.status()["state"])
            ca.stop()
            self.reboot(device)
            device.signet("apply")
            self.assertFalse(self.learned(device))

    def test_a_clock_that_is_not_trusted_concludes_nothing(self):
        device, ca = self.start("--crl-point", clock="untrusted")
        ca.mode(revoked=[self.hex(device)])
        self.reboot(device)
        device.signet("apply")
        self.assertEqual(0, self.asked(ca))

    def test_ocsp_where_that_is_all_there_is(self):
        device, ca = self.start("--ocsp")
        self.assertEqual(["application/ocsp-request"], [o["content_type"] for o in ca.operations("ocsp")])
        ca.mode(revoked=[self.hex(device) + ":cessationOfOperation"])
        self.reboot(device)
        self.assertIn("(cessation of operation)", device.signet("apply", expect=13).stderr)
        self.assertEqual([], ca.operations("crl"))

    def test_a_list_is_asked_before_ocsp(self):
        _, ca = self.start("--crl-point", "--ocsp")
        self.assertEqual((1, 0), (len(ca.operations("crl")), len(ca.operations("ocsp"))))

    def test_hold_and_release(self):
        device, ca = self.start("--crl-point")
        ca.mode(revoked=[self.hex(device) + ":certificateHold"])
        self.reboot(device)
        self.assertIn("have the hold lifted", device.signet("apply", expect=13).stderr)
        device.signet("renew", "dev", "--force", expect=13)
        ca.mode()
        time.sleep(1.1)  # the list of the release is a newer one, by its own clock
        self.reboot(device)
        device.signet("apply")
        self.assertFalse(self.learned(device))
        self.assertIn(" released dev ", read(os.path.join(device.state, "history")))
        device.signet("renew", "dev", "--force")
        device.signet("status")

    def test_a_revocation_for_good_is_not_taken_back(self):
        device, ca = self.start("--crl-point")
        ca.mode(revoked=[self.hex(device) + ":superseded"])
        self.reboot(device)
        device.signet("apply", expect=13)
        ca.mode()
        time.sleep(1.1)
        self.reboot(device)
        device.signet("apply", expect=13)


if __name__ == "__main__":
    unittest.main()
