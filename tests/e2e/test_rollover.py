#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The company renews its CA: a new issuing CA, a new root, announced or not, and those who only pretend to."""
import os
import shutil
import unittest

from device import LAB, WIFI_AND_VPN, Case, read, read_bytes, run


def sha256(path, form="DER"):
    shown = run("openssl", "x509", "-inform", form, "-in", path, "-noout", "-fingerprint", "-sha256").stdout
    return shown.strip().rpartition("=")[2].replace(":", "").lower()


class Rollover(Case):
    """One device with its first certificate; then the CA does what the test says."""

    def stored(self):
        return os.path.join(self.dev.state, "scep", "dev", "rollover.pem")

    def stored_count(self):
        return read(self.stored()).count("BEGIN CERTIFICATE") if os.path.exists(self.stored()) else 0

    def history(self, event="rollover"):
        path = os.path.join(self.dev.state, "history")
        return [line for line in read(path).splitlines() if line.split(" ")[1] == event]

    def begin(self, scep="", more="", **mode):
        self.dev, self.authority, self.chip = self.enrolled(scep=scep, more=more)
        self.authority.mode(**mode)

    def renew(self, expect=0):
        return self.dev.signet("renew", "dev", "--force", expect=expect)

    def issued_by(self):
        """Did the key of this CA file sign the device's certificate? -> function"""
        chain = self.dev.path("ca-check.pem")

        def check(name):
            run("openssl", "x509", "-inform", "DER", "-in", os.path.join(self.authority.folder, name), "-out", chain)
            return run("openssl", "verify", "-partial_chain", "-CAfile", chain, self.dev.current("cert.pem"),
                       check=False).returncode == 0
        return check

    def assert_moved_to(self, word, root=None):
        self.assertTrue(self.issued_by()(word + "-issuing.cer"), "not issued by the CA " + word)
        self.dev.verify_chain(root or self.authority.root)

    def assert_refused(self, code="scep.ra"):
        """Exit 18, nothing went out, the device has what it had."""
        before = self.dev.serial(), read_bytes(self.dev.current("chain.pem"))
        sent = len(self.authority.operations())
        done = self.dev.signet("--json", "renew", "dev", "--force", expect=18)
        self.assertIn(code, done.stdout)
        self.assertEqual(before, (self.dev.serial(), read_bytes(self.dev.current("chain.pem"))))
        self.assertEqual(sent, len(self.authority.operations()))

    # -- a new intermediate below the same root --

    def test_a_new_key_of_the_issuing_ca_needs_no_announcement(self):
        self.begin(rolled="intermediate")
        old = self.dev.serial()
        self.renew()
        self.assertNotEqual(old, self.dev.serial())
        self.assert_moved_to("intermediate")
        last = self.authority.operations()[-1]
        self.assertEqual(("enc", 17), (last["recipient"], int(last["message_type"])))
        self.assertEqual(0, self.stored_count())
        self.renew()  # and again under the new one
        self.assert_moved_to("intermediate")

    def test_a_first_enrollment_under_the_new_ca(self):
        chip = self.tpm()
        ca = self.ca("--rolled", "intermediate")
        self.dev, self.authority = self.device(chip), ca
        self.dev.configure(ca.url, ca.root, ca.issuing)
        ca.add_challenge("FIRST-CHALLENGE")
        self.dev.give_challenge("FIRST-CHALLENGE")
        self.dev.signet("apply")
        self.assert_moved_to("intermediate")

    def test_both_are_offered_while_the_ca_moves(self):
        self.begin(rolled="intermediate",
                   order=["first-enc", "enc", "first-sign", "sign", "first-issuing", "issuing", "root"])
        self.renew()
        self.assert_moved_to("intermediate")

    def test_another_name_needs_an_announcement(self):
        self.begin(rolled="renamed")
        self.assert_refused()
        self.authority.mode(announce=["renamed"])
        self.renew()
        self.assertEqual(1, self.stored_count())
        line, = self.history()
        self.assertTrue(line.endswith(
            "rollover dev sha256=" + sha256(os.path.join(self.authority.folder, "renamed-issuing.cer"))), line)
        self.authority.mode(rolled="renamed")
        self.renew()
        self.assert_moved_to("renamed")

    def test_an_announcement_outlives_reboots_and_is_written_once(self):
        self.begin(announce=["renamed"])
        self.renew()
        before = os.stat(self.stored()).st_mtime_ns, os.stat(self.stored()).st_ino
        self.assertEqual(0o600, os.stat(self.stored()).st_mode & 0o777)
        shutil.rmtree(self.dev.path("run"))
        self.renew()
        self.assertEqual(before, (os.stat(self.stored()).st_mtime_ns, os.stat(self.stored()).st_ino))
        self.assertEqual(1, len(self.history()))
        shutil.rmtree(self.dev.path("run"))
        self.authority.mode(rolled="renamed")
        self.renew()
        self.assert_moved_to("renamed")

    def test_with_ca_sha256_only_an_announcement_counts(self):
        self.begin(rolled="intermediate")
        self.dev.configure(self.authority.url, self.authority.root, self.authority.issuing,
                           scep="ca_sha256 = %s\n" % sha256(self.authority.issuing))
        self.assert_refused()
        self.authority.mode(announce=["intermediate"])
        self.renew()
        self.authority.mode(rolled="intermediate")
        self.renew()
        self.assert_moved_to("intermediate")

    def test_no_means_no(self):
        self.begin(scep="ca_rollover = no\n", announce=["intermediate"])
        before = len(self.authority.operations("GetNextCACert"))
        self.renew()
        self.assertEqual(before, len(self.authority.operations("GetNextCACert")))
        self.assertEqual(0, self.stored_count())
        self.authority.mode(rolled="intermediate")
        self.assert_refused()

    def test_a_second_rollover_after_the_first(self):
        self.begin(announce=["renamed"])
        self.renew()
        self.authority.mode(rolled="renamed", announce=["second"])  # the new one announces its successor
        self.renew()
        self.assert_moved_to("renamed")
        self.assertEqual(2, self.stored_count())
        self.authority.mode(rolled="second")
        self.renew()
        self.assert_moved_to("second")
        self.assertEqual(2, len(self.history()))

    def test_the_one_before_announces_nothing_any_more(self):
        self.begin(rolled="intermediate", announce=["renamed"], announce_by="first-issuing")
        self.renew()
        self.assert_moved_to("intermediate")
        self.assertEqual(0, self.stored_count())

    # -- a new root --

    def test_a_new_root_is_taken_by_announcement_where_the_profile_says_root(self):
        self.begin(scep="ca_rollover = root\n", announce=["root"])
        self.renew()
        self.assertEqual(2, self.stored_count())
        self.assertIn(sha256(os.path.join(self.authority.folder, "root-root.cer")), self.history()[0])
        self.authority.mode(rolled="root")
        self.renew()
        self.assert_moved_to("root", os.path.join(self.authority.folder, "root-root.cer"))
        self.authority.mode()  # the first root stands beside it
        self.renew()
        self.dev.verify_chain(self.authority.root)

    def test_a_new_root_that_nobody_announced_is_refused(self):
        self.begin(scep="ca_rollover = root\n", rolled="root")
        self.assert_refused()

    def test_an_announced_root_is_passed_over_unless_the_profile_says_root(self):
        self.begin(announce=["root"])
        self.assertIn("ca_rollover = root would take", self.renew().stderr)
        self.assertEqual(0, self.stored_count())
        self.authority.mode(rolled="root")
        self.assert_refused()

    def test_root_taken_back_in_the_configuration(self):
        self.begin(scep="ca_rollover = root\n", announce=["root"])
        self.renew()
        self.dev.configure(self.authority.url, self.authority.root, self.authority.issuing)
        self.authority.mode(rolled="root")
        self.assert_refused()

    def test_another_pin_forgets_what_was_announced(self):
        self.begin(scep="ca_rollover = root\n", announce=["root"])
        self.renew()
        self.dev.configure(self.authority.url, self.authority.root, self.authority.issuing,
                           scep="ca_rollover = root\nca_sha256 = %s\n" % sha256(self.authority.issuing))
        self.authority.mode(rolled="root")
        self.assert_refused()

    def test_wifi_and_vpn_trust_what_they_trusted(self):
        etc = os.path.join(self.folder, "etc")
        os.makedirs(os.path.join(etc, "swanctl"))
        self.begin(scep="ca_rollover = root\nsan_dns = {{DeviceName}}.corp.contoso.com\n",
                   more=WIFI_AND_VPN % {"etc": etc}, announce=["root", "renamed"])
        trust = {name: read_bytes(os.path.join(self.dev.state, "trust", name))
                 for name in os.listdir(os.path.join(self.dev.state, "trust"))}
        self.renew()
        self.assertEqual(3, self.stored_count())
        new_root = sha256(os.path.join(self.authority.folder, "root-root.cer"))
        for word in ("renamed", "root"):
            self.authority.mode(rolled=word)
            self.renew()
            self.assertTrue(self.issued_by()(word + "-issuing.cer"))
            self.assertEqual(trust, {name: read_bytes(os.path.join(self.dev.state, "trust", name))
                                     for name in os.listdir(os.path.join(self.dev.state, "trust"))})
            self.assertIn('ca_cert="%s/trust/root.pem"' % self.dev.state, read(os.path.join(etc, "wpa_supplicant-wlan0.conf")))
            settings = read(os.path.join(etc, "swanctl", "conf.d", "60-signet-hq.conf"))
            self.assertEqual(["cacerts = signet-root.pem"],
                             [line.strip() for line in settings.splitlines() if "cacerts" in line])
            folder = os.path.join(etc, "swanctl", "x509ca")
            given = {sha256(os.path.join(folder, name), "PEM"): name for name in os.listdir(folder)}
            self.assertNotIn(new_root, given)
            self.assertEqual(sha256(self.authority.root), sha256(os.path.join(folder, "signet-root.pem"), "PEM"))
            # charon sends the intermediate of its own certificate, when the trusted root issued it
            own = sha256(os.path.join(self.authority.folder, word + "-issuing.cer"))
            self.assertEqual(word == "renamed", own in given)
            self.assertEqual(1, read(self.dev.current("ca.pem")).count("BEGIN CERTIFICATE"))
        self.dev.signet("retire", "--all", "--yes")
        self.assertEqual([], os.listdir(folder))
        self.assertFalse(os.path.exists(self.stored()))

    # -- who may announce, and what goes wrong --

    def test_forged_and_broken_announcements_are_passed_over(self):
        self.begin(scep="ca_rollover = root\n")
        cases = [dict(announce_by=by) for by in ("ra", "stranger", "device", "nobody")]
        cases += [dict(announce_fault=fault) for fault in ("404", "html", "flipped", "sha1", "leaf")]
        for case in cases:
            with self.subTest(**case):
                old = self.dev.serial()
                self.authority.mode(announce=["root", "intermediate"], **case)
                done = self.renew()
                self.assertEqual("GetNextCACert", self.authority.log()[-2]["operation"])
                self.assertIn("passed over", done.stderr)
                self.assertNotEqual(old, self.dev.serial())
                self.assertFalse(os.path.exists(self.stored()))
        self.assertEqual([], self.history())
        self.authority.mode(rolled="root")
        self.assert_refused()

    def test_a_damaged_file_counts_as_none(self):
        self.begin(announce=["renamed"])
        self.renew()
        for damage in (b"", b"nonsense", read_bytes(self.stored())[:-200]):
            with open(self.stored(), "wb") as f:
                f.write(damage)
            self.authority.mode(rolled="renamed")
            self.assert_refused()
        self.authority.mode(announce=["renamed"])
        self.renew()
        self.authority.mode(rolled="renamed")
        self.renew()
        self.assert_moved_to("renamed")

    # -- a request under way while the CA moves --

    def test_pending_across_a_rollover(self):
        for word in ("intermediate", "renamed"):
            with self.subTest(word):
                if not hasattr(self, "dev"):
                    self.begin(announce=["renamed"])
                    self.renew()
                self.authority.mode(pending=1)
                self.renew(expect=12)
                self.authority.mode(pending=1, rolled=word)
                self.dev.signet("apply")
                self.assert_moved_to(word)
                self.assertEqual(20, int(self.authority.operations()[-1]["message_type"]))

    def test_an_enrollment_pending_across_a_rollover(self):
        chip = self.tpm()
        ca = self.ca("--pending", "1")
        self.dev, self.authority = self.device(chip), ca
        self.dev.configure(ca.url, ca.root, ca.issuing)
        ca.add_challenge("FIRST-CHALLENGE")
        self.dev.give_challenge("FIRST-CHALLENGE")
        self.dev.signet("apply", expect=12)
        ca.mode(rolled="intermediate", announce=["renamed"])
        before = len(ca.operations("GetNextCACert"))
        self.dev.signet("apply")
        self.assert_moved_to("intermediate")
        self.assertEqual(before, len(ca.operations("GetNextCACert")))  # a poll asks for nothing else

    def test_an_answer_that_was_lost_before_the_rollover(self):
        """The stored bytes are encrypted to the old RA, which the server no longer has: it is asked for its result."""
        self.begin()
        self.authority.mode(bad_reply="truncated")  # it issues, and the answer does not arrive
        self.renew(expect=None)
        lost = self.authority.operations()[-1]
        self.assertEqual("issued", lost["decision"])
        self.authority.mode(rolled="intermediate")
        self.dev.signet("apply")
        self.assertEqual(["undecodable", "issued-before"],
                         [entry["decision"] for entry in self.authority.operations()[-2:]])
        self.assertEqual(lost["issued_serial"].lower().lstrip("0"),
                         self.dev.serial().rpartition("=")[2].lower().lstrip("0"))
        self.dev.verify_chain(self.authority.root)

    def test_a_request_that_never_arrived_before_the_rollover(self):
        self.begin()
        old = self.dev.serial()
        self.authority.mode(http_status=503)
        self.renew(expect=11)
        self.authority.mode(rolled="intermediate")
        self.dev.signet("apply", expect=13)  # the server does not know the transaction: it is over
        self.assertEqual(old, self.dev.serial())
        self.renew()
        self.assert_moved_to("intermediate")


if __name__ == "__main__":
    unittest.main()
