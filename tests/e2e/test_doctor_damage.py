#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`signet doctor` of a device whose disk or TPM is not as it should be: the cause, and a next step that mends it."""
import json
import os
import unittest

from device import SIGNET, read_bytes, run
from test_doctor import DoctorCase
from test_repair import damage


class Damage(DoctorCase):
    def setUp(self):
        super().setUp()
        self.dev, self.ca_, _ = self.enrolled()

    def told_and_mended(self, check, *words):
        """doctor names it and `signet apply`; after that doctor names nothing of it, and the CA was asked for nothing."""
        asked = len(self.ca_.operations())
        findings = self.ask(self.dev, expect=8)
        self.says(findings, check, "failure", *words)
        self.assertIn("signet apply", self.one(findings, check, "failure")["next_step"])
        self.assertNotIn("--challenge-file", str(findings))  # which would spend one
        self.dev.signet("apply")
        self.one(self.ask(self.dev, expect=7), check, "ok")
        self.assertEqual(asked, len(self.ca_.operations()))

    def test_a_part_of_the_generation_in_use(self):
        for part, how in (("cert.pem", "missing"), ("cert.pem", "damaged"), ("chain.pem", "empty"), ("ca.pem", "damaged"),
                          ("meta.ini", "missing")):
            with self.subTest(part=part, how=how):
                damage(self.dev.current(part), how)
                self.told_and_mended("certificate.issued", "generation 1 is in use", part)

    def test_the_link_to_it(self):
        link = os.path.join(self.dev.state, "scep", "dev", "current")
        os.unlink(link)
        self.told_and_mended("certificate.issued", "nothing says that it is the one in use")
        os.unlink(link)
        os.symlink("0042", link)
        self.told_and_mended("certificate.issued", "generation 42 is in use")

    def test_the_pin_of_the_storage_key_is_no_lost_key(self):
        pin = os.path.join(self.dev.state, "srk.tr")
        before = read_bytes(pin)
        for how in ("missing", "damaged"):
            damage(pin, how)
            self.told_and_mended("tpm.pin", "srk.tr is " + how)
            self.assertEqual(before, read_bytes(pin))

    def test_a_pin_of_another_handle_is_no_silent_tpm(self):
        with open(self.dev.conf, "r+") as f:
            text = f.read().replace("[tpm]\n", "[tpm]\nsrk = 0x81000002\n")
            f.seek(0)
            f.write(text)
        findings = self.ask(self.dev, "--only", "tpm", expect=8)
        self.one(findings, "tpm.state", "ok")
        self.says(findings, "tpm.pin", "failure", "pins the storage key at 0x81000001")


class StateFolder(DoctorCase):
    def test_a_link_to_what_is_not_mounted_or_a_file(self):
        device = self.device(self.tpm())
        device.configure("http://127.0.0.1:1/scep", "/none.cer")
        where = device.path("data", "state")
        os.symlink(where, device.state)
        self.says(self.ask(device, "--only", "state", expect=8), "state.writable", "failure", "leads nowhere")
        self.assertIn("leads nowhere", device.signet("apply", expect=1).stderr)
        os.makedirs(where)
        self.ask(device, "--only", "state", expect=0)
        os.unlink(device.state)
        with open(device.state, "w"):
            pass
        self.says(self.ask(device, "--only", "state", expect=8), "state.writable", "failure", "is a file")

    def test_a_configuration_that_this_user_may_not_read(self):
        device = self.device(self.tpm())
        device.configure("http://127.0.0.1:1/scep", "/none.cer")
        os.chmod(device.conf, 0o600)
        for folder in (self.folder, device.folder):
            os.chmod(folder, 0o755)
        done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SIGNET, "-c", device.conf, "--json",
                   "doctor", check=False, env=dict(device.env, ASAN_OPTIONS="detect_leaks=0"))
        self.assertEqual(7, done.returncode, done.stderr)
        finding = self.one(json.loads(done.stdout)["findings"], "config", "unseen")
        self.assertEqual("run it as root", finding["next_step"])


class SoftwareKeys(DoctorCase):
    def test_no_tpm_is_no_trouble_where_the_profile_lets_the_key_be_in_software(self):
        ca, device = self.ca(), self.device(self.tpm())
        with_tpm, device.tcti = device.tcti, "device:" + device.path("none")

        def configure(storage):
            device.configure(ca.url, ca.root, ca.issuing, scep="key_storage = %s\n" % storage)
        configure("tpm-or-software")
        self.ask(device, "--only", "tpm", expect=0)
        ca.add_challenge("A")
        device.give_challenge("A")
        device.signet("apply")
        self.ask(device, "--only", "tpm", expect=0)
        configure("tpm")
        self.says(self.ask(device, "--only", "tpm", expect=8), "tpm.device", "failure", "no TPM")
        device.tcti = with_tpm
        configure("tpm")
        finding = self.one(self.ask(device, "--only", "tpm", expect=7), "tpm.key", "warning")
        command = finding["next_step"].split(" makes ")[0].split()
        self.assertEqual("signet", command[0])
        device.signet(*command[1:])  # as it was told
        self.ask(device, "--only", "tpm", expect=0)
        device.tcti = "device:" + device.path("none")
        configure("tpm-or-software")  # a key that is in a TPM which is gone
        self.one(self.ask(device, "--only", "tpm", expect=8), "tpm.device", "failure")


class Retired(DoctorCase):
    def test_a_retired_profile_is_told_and_not_silently_fine(self):
        device, _, _ = self.enrolled()
        device.signet("retire", "dev", "--yes")
        for verb in (("doctor",), ("test", "scep"), ("test", "scep", "dev"), ("test", "tpm", "dev")):
            self.assertIn("signet enroll dev", device.signet(*verb).stdout)

    def test_a_check_that_there_is_not_with_a_configuration_that_is_none(self):
        device = self.device(self.tpm())
        device.configure("http://127.0.0.1:1/scep", "/none.cer", more="nonsense = 1\n")
        self.assertIn("no check 'tpn'", device.signet("doctor", "--only", "tpn", expect=2).stderr)
        self.one(self.ask(device, "--only", "tpm", expect=8), "config", "failure")


class Pending(DoctorCase):
    def test_a_renewal_that_the_ca_has_not_decided_is_under_way(self):
        device, ca, _ = self.enrolled("--valid-seconds", "1200", "--backdate", "6000")  # its renewal is due
        ca.mode(pending=1000)
        device.signet("apply", expect=12)
        self.says(self.ask(device, "--only", "certificate.renewal", expect=7), "certificate.renewal", "warning", "not decided")


class Names(DoctorCase):
    def test_other_names_are_no_trouble_where_the_profile_takes_any(self):
        device, ca, _ = self.enrolled()
        device.configure(ca.url, ca.root, ca.issuing, subject="CN=other", scep="subject_check = any\n")
        self.one(self.ask(device, "--only", "certificate.names", expect=0), "certificate.names", "ok")


if __name__ == "__main__":
    unittest.main()
