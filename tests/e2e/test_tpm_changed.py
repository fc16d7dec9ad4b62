#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A TPM that was cleared or replaced, or a damaged pin, while no certificate is in use: nothing may end there."""
import os
import unittest

from device import Case


class Changed(Case):
    def asked(self, *options):
        """A device that has sent its first request."""
        tpm = self.tpm()
        ca = self.ca(*options)
        device = self.device(tpm)
        device.configure(ca.url, ca.root, ca.issuing)
        ca.add_challenge("FIRST")
        device.give_challenge("FIRST")
        return device, ca

    def replace_tpm(self, device, ca, name="other"):
        device.tcti = self.tpm(name).tcti
        device.configure(ca.url, ca.root, ca.issuing)

    def hand_in(self, device, ca, text, expect=0):
        ca.add_challenge(text)
        path = device.path("by-hand")
        with open(path, "w") as f:
            f.write(text)
        return device.signet("enroll", "dev", "--challenge-file", path, expect=expect)

    def test_while_the_first_request_is_pending(self):
        device, ca = self.asked("--pending", "1")
        device.signet("apply", expect=12)
        self.replace_tpm(device, ca)
        done = device.signet("apply", expect=14)  # the challenge went out
        self.assertIn("signet enroll dev --challenge-file", done.stderr)
        self.assertEqual(1, len(ca.operations()))
        ca.mode(pending=0)
        self.hand_in(device, ca, "SECOND", expect=None)
        device.signet("apply")
        device.verify_chain(ca.root)
        self.assertEqual(2, len({o["transaction_id"] for o in ca.operations()}))

    def test_once_more_while_pending_asks_for_a_hand(self):
        device, ca = self.asked("--pending", "9")
        device.signet("apply", expect=12)
        self.replace_tpm(device, ca)
        ca.add_challenge("SECOND")
        device.give_challenge("SECOND")
        device.signet("apply", expect=12)  # one new enrollment by itself
        self.replace_tpm(device, ca, "third")
        ca.add_challenge("THIRD")
        device.give_challenge("THIRD")
        sent = len(ca.operations())
        done = device.signet("apply", expect=14)
        self.assertIn("signet enroll dev --challenge-file", done.stderr)
        self.assertEqual(sent, len(ca.operations()))

    def test_after_a_refusal(self):
        device, ca = self.asked()
        ca.mode(refuse="badRequest")
        device.signet("apply", expect=13)
        ca.mode()
        self.replace_tpm(device, ca)
        self.hand_in(device, ca, "SECOND")
        device.verify_chain(ca.root)

    def test_after_everything_was_retired(self):
        device, ca = self.asked()
        device.signet("apply")
        device.signet("retire", "--all", "--yes")
        self.replace_tpm(device, ca)
        self.hand_in(device, ca, "SECOND")
        device.verify_chain(ca.root)

    def test_a_damaged_pin_with_a_key_that_waits_is_written_again(self):
        device, ca = self.asked()
        ca.mode(refuse="badRequest")
        device.signet("apply", expect=13)
        ca.mode()
        with open(os.path.join(device.state, "srk.tr"), "w") as f:
            f.write("x")
        done = self.hand_in(device, ca, "SECOND")
        self.assertIn("srk.tr was missing or damaged, and is written again", done.stderr)
        self.assertNotIn("made an RSA", done.stderr)  # the key is used


if __name__ == "__main__":
    unittest.main(verbosity=2)
