#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Everything that goes wrong, and the exit code and sentence it ends with."""
import fcntl
import json
import os
import shutil
import subprocess
import time
import unittest

from device import LAB, SIGNET, Case, run, read, read_bytes


class Refusals(Case):
    def ready(self, *options, **configuration):
        tpm = self.tpm()
        ca = self.ca(*options)
        device = self.device(tpm)
        device.configure(ca.url, ca.root, ca.issuing, **configuration)
        ca.add_challenge("FIRST-CHALLENGE")
        device.give_challenge("FIRST-CHALLENGE")
        return device, ca, tpm

    def assert_nothing_installed(self, device):
        self.assertFalse(os.path.exists(device.current()), "something was installed")

    def test_2_wrong_usage(self):
        device, _, _ = self.ready()
        device.signet("nonsense", expect=2)
        device.signet("show", expect=2)
        self.assertIn("not in this version", device.signet("import-graph", "profiles.json", expect=2).stderr)

    def test_3_configuration_refused(self):
        device, _, _ = self.ready(scep="challenge_fil = /x\n")
        done = device.signet("apply", expect=3)
        self.assertIn("signet.conf:", done.stderr)
        self.assertIn("challenge_file", done.stderr)

    def test_4_not_permitted(self):
        device, _, _ = self.ready()
        os.makedirs(device.state, mode=0o700)
        os.chmod(self.folder, 0o755)
        os.chmod(device.folder, 0o755)
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        program = shutil.copy(SIGNET, os.path.join(self.folder, "signet"))
        done = run(*nobody, program, "-c", device.conf, "apply", check=False)
        self.assertEqual(4, done.returncode, done.stderr)

    def test_6_busy(self):
        device, _, _ = self.ready()
        os.makedirs(device.path("run"))
        with open(device.path("run", "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            device.signet("apply", expect=6)

    def test_10_no_challenge_and_then_one_is_handed_in(self):
        device, ca, _ = self.ready()
        os.unlink(device.challenge_file)
        done = device.signet("apply", expect=10)
        self.assertIn("signet enroll dev --challenge-file", done.stderr)
        self.assertEqual([], ca.operations())
        done = self.enroll_by_hand(device, "FIRST-CHALLENGE")
        self.assertEqual(0, done.returncode, done.stderr)
        device.verify_chain(ca.root)

    def test_10_a_challenge_goes_out_once_only(self):
        device, ca, _ = self.ready()
        ca.mode(refuse="badRequest")
        device.signet("apply", expect=13)
        sent = len(ca.operations())
        ca.mode()
        done = device.signet("apply", expect=10)
        self.assertIn("went out before", done.stderr)
        self.assertEqual(sent, len(ca.operations()))

    def test_11_server_unreachable_keeps_the_challenge(self):
        device, ca, _ = self.ready()
        device.configure("http://127.0.0.1:9/certsrv/mscep/mscep.dll", ca.root, ca.issuing)
        device.signet("apply", expect=11)
        device.configure(ca.url, ca.root, ca.issuing)
        device.signet("apply")

    def test_the_next_url_is_tried_when_the_first_cannot_be_reached(self):
        device, ca, _ = self.ready()
        device.configure("http://127.0.0.1:9/certsrv/mscep/mscep.dll\nurl = " + ca.url, ca.root, ca.issuing)
        device.signet("apply")

    def test_12_pending_then_issued_after_a_reboot(self):
        device, ca, _ = self.ready("--pending", "2")
        device.signet("apply", expect=12)
        self.assertEqual("pending", device.status()["state"])
        shutil.rmtree(device.path("run"))  # a reboot
        device.signet("apply", expect=12)
        device.signet("apply")
        device.verify_chain(ca.root)
        seen = ca.operations()
        self.assertEqual([19, 20, 20], [int(o["message_type"]) for o in seen])
        self.assertEqual(1, len({o["transaction_id"] for o in seen}))
        self.assertEqual(3, len({o["sender_nonce"] for o in seen}))

    def test_13_refused_with_the_servers_own_words(self):
        device, ca, _ = self.ready("--refuse", "badRequest:Denied by Policy Module 0x80094811")
        done = device.signet("apply", expect=13)
        self.assertIn("Denied by Policy Module", done.stderr)
        self.assertIn("too small for the template", done.stderr)
        self.assert_nothing_installed(device)

    def test_13_wrong_challenge(self):
        device, ca, _ = self.ready()
        device.give_challenge("WRONG")
        done = device.signet("--json", "apply", expect=13)
        self.assertEqual("scep.challenge_refused", json.loads(done.stdout)["error"]["code"])

    def test_14_no_tpm(self):
        device, ca, tpm = self.ready()
        tpm.stop()
        device.signet("apply", expect=14)
        self.assertEqual([], ca.operations())

    def test_14_another_tpm(self):
        device, ca, tpm = self.ready()
        device.signet("apply")
        serial = device.serial()
        other = self.tpm("other")
        device.tcti = other.tcti
        device.configure(ca.url, ca.root, ca.issuing)
        done = device.signet("renew", "dev", "--force", expect=14)
        self.assertIn("the TPM was cleared or replaced", done.stderr)
        self.assertEqual(serial, device.serial())

    def test_15_expired_and_told_to_wait(self):
        device, ca, _ = self.ready("--valid-seconds", "3", scep="after_expiry = wait\n")
        device.signet("apply")
        time.sleep(4)
        device.signet("apply", expect=15)
        device.signet("status", expect=15)
        first = device.serial()
        ca.add_challenge("BY-HAND")
        done = self.enroll_by_hand(device, "BY-HAND")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotEqual(first, device.serial())

    def test_17_a_target_that_cannot_be_written(self):
        device, ca, _ = self.ready(more="[vpn hq]\ntunnel = device\ngateway = vpn.example\ncertificate = dev\ntrust = root\n"
                                        "local_id = gw.example\ndirectory = /proc/sys/nowhere\n")
        done = device.signet("apply", expect=17)
        self.assertIn("directory", done.stderr)
        device.verify_chain(ca.root)

    def test_18_a_device_certificate_as_signer(self):
        device, ca, _ = self.ready()
        ca.mode(inject_device_cert="signer")
        device.signet("apply", expect=18)
        self.assert_nothing_installed(device)

    def test_a_device_certificate_as_recipient_never_sees_the_challenge(self):
        device, ca, _ = self.ready()
        ca.mode(inject_device_cert="recipient")
        self.assertNotEqual(0, device.signet("apply", expect=None).returncode)
        self.assert_nothing_installed(device)
        self.assertEqual(["sign"], [o["recipient"] for o in ca.operations()])
        log = os.path.join(ca.folder, "attacker.log")
        self.assertEqual("", read(log) if os.path.exists(log) else "")

    def test_18_answers_that_prove_nothing(self):
        for mode in ("bad_nonce", "bad_transaction", "wrong_key"):
            with self.subTest(mode):
                self.folder = os.path.join(self.folder, mode)
                os.makedirs(self.folder)
                device, ca, _ = self.ready()
                ca.mode(**{mode: True})
                device.signet("apply", expect=18)
                self.assert_nothing_installed(device)

    def test_18_certificates_that_are_not_what_was_asked_for(self):
        """One device, one challenge a try; every answer is signed by the right RA and only the certificate is wrong."""
        device, ca, _ = self.ready(scep="san_dns = gw.corp.example\n")
        wrong = [({"issue_ca": True}, "CA certificate"), ({"rewrite_subject": "someone-else"}, "was issued for"),
                 ({"drop_san": True}, "subject alternative name"), ({"eku": "serverAuth"}, "extended key usage"),
                 ({"valid_seconds": -100}, "expired"), ({"backdate": -7200}, "valid only from")]
        for number, (mode, words) in enumerate(wrong):
            with self.subTest(str(mode)):
                challenge = "CHALLENGE-%d" % number
                ca.add_challenge(challenge)
                ca.mode(**mode)
                done = self.enroll_by_hand(device, challenge)
                self.assertEqual(18, done.returncode, done.stderr)
                self.assertIn(words, done.stderr)
                self.assert_nothing_installed(device)
        ca.mode(rewrite_subject="someone-else", drop_san=True)
        ca.add_challenge("LAST")
        device.configure(ca.url, ca.root, ca.issuing, scep="san_dns = gw.corp.example\nsubject_check = any\n")
        self.assertEqual(0, self.enroll_by_hand(device, "LAST").returncode)

    def enroll_by_hand(self, device, challenge):
        return subprocess.run([SIGNET, "-c", device.conf, "enroll", "dev", "--challenge-file", "-"], input=challenge + "\n",
                              text=True, capture_output=True, timeout=120)

    def test_18_replies_below_the_floor_and_forged_ones(self):
        for mode in ({"reply_digest": "md5"}, {"reply_digest": "sha1"}, {"reply_cipher": "des"},
                     {"bad_reply": "unsigned"}, {"bad_reply": "flipped"}, {"bad_nonce": "short"},
                     {"bad_transaction": "prefix"}, {"bad_transaction": "case"}):
            with self.subTest(str(mode)):
                self.folder = os.path.join(self.folder, "x")
                os.makedirs(self.folder)
                device, ca, _ = self.ready(scep="key_storage = software\n")
                ca.mode(**mode)
                device.signet("apply", expect=18)
                self.assert_nothing_installed(device)

    def test_18_the_same_certificate_again_at_renewal(self):
        device, ca, _ = self.ready()
        device.signet("apply")
        serial = device.serial()
        ca.mode(same_certificate=True)
        device.signet("renew", "dev", "--force", expect=18)
        self.assertEqual(serial, device.serial())
        ca.mode()
        device.signet("renew", "dev", "--force")
        self.assertNotEqual(serial, device.serial())

    def test_18_another_hierarchy(self):
        device, _, _ = self.ready()
        stranger = self.ca(name="stranger")
        text = read(device.conf)
        real = [line for line in text.splitlines() if line.startswith("url = ")][0]
        with open(device.conf, "w") as f:
            f.write(text.replace(real, "url = " + stranger.url))
        done = device.signet("apply", expect=18)
        self.assertIn("SHA-256", done.stderr)
        self.assertEqual([], stranger.operations())

    def test_18_registration_authorities_that_have_expired(self):
        device, ca, _ = self.ready()
        ca.mode(order="old-enc,old-sign,issuing,root")
        self.assertIn("not valid now", device.signet("apply", expect=18).stderr)
        self.assertEqual([], ca.operations())
        ca.mode(order="old-enc,old-sign,root,sign,enc,issuing")
        device.signet("apply")
        self.assertEqual(["enc"], [o["recipient"] for o in ca.operations()])

    def test_challenge_from_the_page_of_ndes(self):
        tpm = self.tpm()
        os.makedirs(os.path.join(self.folder, "ca"))
        password = os.path.join(self.folder, "password")
        with open(password, "w") as f:
            f.write("s3cret\n")
        ca = self.ca("--admin-user", "ndes", "--admin-password-file", password)
        device = self.device(tpm)
        account = device.path("account")
        with open(account, "w") as f:
            f.write("ndes\ns3cret\n")
        scep = "challenge_url = %s/certsrv/mscep_admin/\nchallenge_credentials_file = %s\n" % (ca.base, account)
        device.configure(ca.url, ca.root, ca.issuing, challenge=False, scep=scep)
        device.signet("apply")
        device.verify_chain(ca.root)

    def test_the_challenge_page_is_asked_once_an_hour(self):
        tpm = self.tpm()
        ca = self.ca()
        device = self.device(tpm)
        scep = "challenge_url = %s/certsrv/mscep_admin/\n" % ca.base
        device.configure(ca.url, ca.root, ca.issuing, challenge=False, scep=scep)
        ca.mode(refuse="badRequest")
        device.signet("apply", expect=None)
        pages = len([e for e in ca.log() if "admin" in e.get("operation", "")])
        done = device.signet("apply", expect=10)
        self.assertIn("once an hour", done.stderr)
        self.assertEqual(pages, len([e for e in ca.log() if "admin" in e.get("operation", "")]))

    def test_a_lost_answer_is_asked_for_with_the_same_bytes(self):
        device, ca, _ = self.ready("--slow", "0")
        ca.mode(slow=6)
        device.configure(ca.url, ca.root, ca.issuing, scep="timeout = 20\n")
        # the power goes while the server works: kill the whole run once the request is under way
        child = subprocess.Popen([SIGNET, "-c", device.conf, "apply"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        message = os.path.join(device.state, "scep", "dev", "0001", "message.der")
        until = time.time() + 60
        while not os.path.exists(message) and time.time() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        child.kill()
        child.wait()
        first = read_bytes(message)
        ca.mode()
        device.signet("apply")
        device.verify_chain(ca.root)
        self.assertEqual(1, len({o["transaction_id"] for o in ca.operations()}))
        self.assertTrue(len(first) > 1000)


class Scepserver(Case):
    """micromdm's server: single DES, SHA-1, and the CA signs itself."""

    def test_needs_allow_legacy_and_says_so(self):
        folder = os.path.join(self.folder, "scepserver")
        os.makedirs(folder)
        url = run(os.path.join(LAB, "scepserver.sh"), "start", folder, "S3CRET").stdout.strip().splitlines()[-1]
        self.addCleanup(run, os.path.join(LAB, "scepserver.sh"), "stop", folder, check=False)
        device = self.device(self.tpm())
        root = os.path.join(folder, "ca.cer")
        base = "subject_check = any\nchallenge_once = no\nextended_key_usage = clientAuth\n"
        device.configure(url, root, scep=base)
        device.give_challenge("S3CRET")
        done = device.signet("apply", expect=18)
        self.assertIn("allow_legacy = sha1", done.stderr)
        self.assert_refused(device)
        device.configure(url, root, scep=base + "allow_legacy = sha1\n")
        done = device.signet("apply", expect=18)
        self.assertIn("allow_legacy = des", done.stderr)
        self.assert_refused(device)
        device.configure(url, root, scep=base + "allow_legacy = sha1\nallow_legacy = des\n")
        device.signet("apply")
        device.verify_chain(root)
        serial = device.serial()
        device.signet("renew", "dev", "--force")
        self.assertNotEqual(serial, device.serial())
        device.verify_chain(root)

    def assert_refused(self, device):
        self.assertFalse(os.path.exists(device.current()))


if __name__ == "__main__":
    unittest.main()
