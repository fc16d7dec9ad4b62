#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Damage on the disk and another TPM: seen, said, mended from what is there; enrolled anew only when nothing else is left."""
import os
import re
import shutil
import unittest

from device import SIGNET, Case, Tpm, read, read_bytes, run

PARTS = ("cert.pem", "chain.pem", "ca.pem", "meta.ini")
PENDING = {"pending": 1000}
SETUP = """
[wifi setup]
interface = wlan0
ssid = CONTOSO-SETUP
security = wpa2-psk
psk_file = %(psk)s
config = %(conf)s
"""


def damage(path, how):
    os.unlink(path)
    if how != "missing":
        with open(path, "wb") as f:
            f.write(b"" if how == "empty" else b"\xff\x00-----BEGIN " * 40)


class Files(Case):
    def setUp(self):
        super().setUp()
        self.dev, self.ca_, self.tpm_ = self.enrolled()
        self.serial = self.dev.serial()
        self.asked = len(self.ca_.operations())

    def is_the_same(self):
        self.assertEqual(self.serial, self.dev.serial())
        self.assertEqual(self.asked, len(self.ca_.operations()))
        self.dev.verify_chain(self.ca_.root)
        before = self.dev.snapshot()
        self.dev.signet("apply")
        self.assertEqual(before, self.dev.snapshot())

    def test_each_part_of_the_generation_in_use(self):
        for part in PARTS:
            for how in ("missing", "empty", "damaged"):
                with self.subTest(part=part, how=how):
                    path = self.dev.current(part)
                    before = read_bytes(path)
                    damage(path, how)
                    said = self.dev.signet("apply").stderr
                    self.assertIn("%s was missing or damaged, and is written again" % part, said)
                    if part != "meta.ini": # which holds moments
                        self.assertEqual(before, read_bytes(path))
                    self.is_the_same()
        lines = [line for line in read(self.dev.path("state", "history")).splitlines() if " repaired dev " in line]
        self.assertEqual(len(PARTS) * 3, len(lines))

    def test_certificate_and_chain_swapped_for_those_of_another_key(self):
        other = self.dev.path("other.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.dev.path("k"), "-subj",
            "/CN=GW-7F31", "-out", other)
        shutil.copy(other, self.dev.current("cert.pem"))
        self.dev.signet("apply")
        self.is_the_same()

    def test_current_that_points_nowhere_or_is_gone(self):
        link = os.path.join(self.dev.state, "scep", "dev", "current")
        for target in (None, "0042"):
            os.unlink(link)
            if target:
                os.symlink(target, link)
            self.dev.signet("apply")
            self.is_the_same()

    def test_a_key_that_is_damaged_needs_a_new_certificate_and_a_challenge(self):
        for how in ("damaged", "empty", "missing"):
            with self.subTest(how=how):
                damage(self.dev.current("key.der"), how)
                self.dev.signet("apply", expect=10)
                self.assertEqual(self.asked, len(self.ca_.operations()))
                self.assertFalse(os.path.lexists(self.dev.current()))
                self.ca_.add_challenge("AGAIN-" + how)
                self.dev.give_challenge("AGAIN-" + how)
                self.dev.signet("apply")
                self.assertNotEqual(self.serial, self.dev.serial())
                self.serial = self.dev.serial()
                self.asked += 1
                self.is_the_same()

    def test_another_generation_that_is_whole_takes_the_place(self):
        folder = os.path.join(self.dev.state, "scep", "dev")
        shutil.copytree(os.path.join(folder, "0001"), os.path.join(folder, "0002"))
        os.unlink(os.path.join(folder, "current"))
        os.symlink("0002", os.path.join(folder, "current"))
        os.symlink("0001", os.path.join(folder, "previous"))
        damage(os.path.join(folder, "0002", "key.der"), "damaged")
        said = self.dev.signet("apply").stderr
        self.assertIn("generation 0001 takes its place", said)
        self.assertEqual("0001", os.readlink(os.path.join(folder, "current")))
        self.assertFalse(os.path.lexists(os.path.join(folder, "0002")))
        self.is_the_same()

    def test_the_pin_of_the_storage_key(self):
        pin = os.path.join(self.dev.state, "srk.tr")
        before = read_bytes(pin)
        for how in ("missing", "empty", "damaged"):
            damage(pin, how)
            self.dev.signet("apply")
            self.assertEqual(before, read_bytes(pin))
            self.is_the_same()

    def test_the_list_of_used_challenges(self):
        damage(os.path.join(self.dev.state, "scep", "dev", "used"), "empty")
        self.is_the_same()
        self.dev.signet("renew", "dev", "--force")

    def test_a_trust_certificate(self):
        for how in ("missing", "empty", "damaged"):
            damage(os.path.join(self.dev.state, "trust", "root.pem"), how)
            self.dev.signet("apply")
            self.is_the_same()


class Local(Case):
    """apply --local, as it runs at boot: before any network, server or daemon."""

    def test_it_mends_without_a_network_and_asks_nobody(self):
        dev, ca, _ = self.enrolled("--valid-seconds", "1200", "--backdate", "6000")  # its renewal is due
        self.assertIn("renewal is due", dev.signet("plan").stdout)
        serial = dev.serial()
        damage(dev.current("chain.pem"), "empty")
        damage(os.path.join(dev.state, "trust", "root.pem"), "missing")
        trace = dev.path("trace")
        asked = len(ca.log())
        run("strace", "-f", "-e", "trace=connect", "-o", trace, SIGNET, "-c", dev.conf, "apply", "--local",
            env=dict(dev.env, ASAN_OPTIONS="detect_leaks=0"))
        tpm = re.search(r"path=([^,]+)", dev.tcti).group(1)
        self.assertEqual([], [line for line in read(trace).splitlines() if "connect(" in line and tpm not in line])
        self.assertEqual(asked, len(ca.log()))
        dev.verify_chain(ca.root)
        self.assertTrue(os.path.exists(os.path.join(dev.state, "trust", "root.pem")))
        self.assertEqual(serial, dev.serial())
        before = dev.snapshot()
        dev.signet("apply", "--local")
        self.assertEqual(before, dev.snapshot())

    def test_a_device_without_a_certificate_is_no_trouble_of_it(self):
        dev, ca = self.device(self.tpm()), self.ca()
        with open(dev.path("psk"), "w") as f:
            f.write("correct horse battery\n")
        dev.configure(ca.url, ca.root, ca.issuing, more=SETUP % {"psk": dev.path("psk"), "conf": dev.path("wpa.conf")})
        dev.signet("apply", "--local")
        self.assertEqual([], ca.log())
        self.assertTrue(os.path.exists(os.path.join(dev.state, "trust", "issuing.pem")))
        self.assertIn("psk=", read(dev.path("wpa.conf")))  # what opens the first network is there
        self.assertEqual("absent", dev.status()["state"])

    def test_it_takes_no_profile_and_does_not_wait(self):
        dev = self.device(self.tpm())
        dev.configure("http://127.0.0.1:1/scep", "/none.cer")
        for more in ("dev", "--wait", "--wait=0", "--wait=5"):
            self.assertIn("--local", dev.signet("apply", "--local", more, expect=2).stderr)


class Requests(Case):
    def test_a_request_that_lost_a_part_is_begun_anew(self):
        base = self.folder
        for part in ("message.der", "signer.der", "request.der", "key.der", "meta.ini"):
            with self.subTest(part=part):
                self.folder = os.path.join(base, part.split(".")[0])  # the servers before run until the test ends
                os.makedirs(self.folder)
                tpm, ca = self.tpm(), self.ca()
                device = self.device(tpm)
                device.configure(ca.url, ca.root, ca.issuing)
                ca.mode(**PENDING)
                ca.add_challenge("ONE")
                device.give_challenge("ONE")
                device.signet("apply", expect=12)
                damage(os.path.join(device.state, "scep", "dev", "0001", part), "empty")
                first = {entry["transaction_id"] for entry in ca.operations()}
                device.signet("apply", expect=None)
                ca.mode()
                ca.add_challenge("TWO")
                device.signet("enroll", "dev", "--challenge-file", "-", stdin=None, input="TWO\n")
                device.verify_chain(ca.root)
                last = ca.operations()[-1]["transaction_id"]
                self.assertNotIn(last, first)


class OtherTpm(Case):
    def clear(self, tpm):
        tpm.stop()
        shutil.rmtree(os.path.join(tpm.folder, "tpmstate"))
        shutil.rmtree(tpm.folder)
        again = Tpm(tpm.folder)
        self.addCleanup(again.stop)
        return again

    def test_a_cleared_tpm_is_changed_and_leads_to_one_enrollment(self):
        device, ca, tpm = self.enrolled()
        pin = read_bytes(os.path.join(device.state, "srk.tr"))
        asked = len(ca.operations())
        tpm = self.clear(tpm)
        # no challenge: said, nothing asked, nothing pinned anew, and the same the next time
        for _ in range(3):
            said = device.signet("apply", expect=14).stderr
            self.assertIn("the TPM was cleared or replaced", said)
            self.assertIn("signet enroll dev --challenge-file", said)
            self.assertEqual(14, device.status()["exit"])
        self.assertEqual(asked, len(ca.operations()))
        self.assertEqual(pin, read_bytes(os.path.join(device.state, "srk.tr")))
        ca.add_challenge("SECOND")
        device.give_challenge("SECOND")
        device.signet("apply")
        device.verify_chain(ca.root)
        self.assertEqual(asked + 1, len(ca.operations()))
        self.assertNotEqual(pin, read_bytes(os.path.join(device.state, "srk.tr")))
        before = device.snapshot()
        device.signet("apply")
        self.assertEqual(before, device.snapshot())
        # once more, with a challenge that is always there: not by itself
        tpm = self.clear(tpm)
        ca.add_challenge("THIRD")
        device.give_challenge("THIRD")
        for _ in range(2):
            device.signet("apply", expect=14)
        self.assertEqual(asked + 1, len(ca.operations()))
        device.signet("enroll", "dev", "--challenge-file", device.challenge_file)
        self.assertEqual(asked + 2, len(ca.operations()))
        device.verify_chain(ca.root)

    def test_a_tpm_that_does_not_answer_is_no_changed_one(self):
        device, ca, tpm = self.enrolled()
        tpm.stop()
        before = device.snapshot()
        device.signet("apply")
        self.assertEqual(before, device.snapshot())


class Boots(Case):
    def test_a_device_that_boots_in_a_loop_does_not_knock_at_each_boot(self):
        tpm, ca = self.tpm(), self.ca()
        device = self.device(tpm)
        device.configure(ca.url, ca.root, ca.issuing)
        ca.mode(**PENDING)
        ca.add_challenge("ONE")
        device.give_challenge("ONE")
        device.signet("apply", expect=12)
        meta = os.path.join(device.state, "scep", "dev", "0001", "meta.ini")
        # boots that ended without an answer, as the file would say after them
        text = re.sub(r"boot = .*", "boot = 00000000-0000-4000-8000-000000000000", read(meta))
        with open(meta, "w") as f:
            f.write(re.sub(r"boots = \d+", "boots = 60", text))
        asked = len(ca.log())
        said = device.signet("apply", expect=None)
        if len(ca.log()) == asked: # this machine is younger than the pause
            self.assertEqual(11, said.returncode)
            self.assertIn("the last 61 starts of this device ended before the CA had answered", said.stderr)
        device.signet("apply", "dev", expect=12) # somebody stands beside it
        self.assertGreater(len(ca.log()), asked)


if __name__ == "__main__":
    unittest.main()
