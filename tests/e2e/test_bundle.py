#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""signet bundle: what support needs is in it, and no secret of the device is."""
import base64
import io
import os
import subprocess
import tarfile
import unittest

from device import SIGNET, Case, read, read_bytes, run

CHALLENGE = "Planted-Challenge-5d2c11"
PASSWORD = "Planted-Password-90be47"
PROXY = "Planted-Proxy-e1f0"
PHRASE = "Planted Phrase 77aa"
SECRETS = (CHALLENGE, PASSWORD, PROXY, PHRASE)
MORE = """[scep office]
url = http://127.0.0.1:9/scep
trust = root
subject = CN={{DeviceName}}
key_storage = software
challenge_url = http://127.0.0.1:9/page
challenge_credentials_file = %s
timeout = 5
[wifi onboarding]
interface = wlan0
ssid = ONBOARD
security = wpa2-psk
psk_file = %s
config = %s
control = %s
"""


class Bundle(Case):
    def planted(self):
        """A device whose server refuses its challenge and sends it back in its words, with other secrets in place."""
        tpm = self.tpm()
        ca = self.ca()
        ca.mode(refuse="badRequest:no", fail_info_text="no template for %s" % CHALLENGE)
        device = self.device(tpm)
        etc = device.path("etc")
        os.makedirs(etc)
        for name, text in (("account", "CONTOSO\\enroll\n%s\n" % PASSWORD), ("phrase", PHRASE + "\n")):
            with open(os.path.join(etc, name), "w") as f:
                f.write(text)
        device.configure(ca.url, ca.root, ca.issuing, scep="challenge_once = no\n", more=MORE %
                         (os.path.join(etc, "account"), os.path.join(etc, "phrase"),
                          os.path.join(etc, "wpa_supplicant.conf"), os.path.join(etc, "control")))
        device.give_challenge(CHALLENGE)
        device.signet("apply", "dev", expect=13)
        return device, ca

    def bundle(self, device):
        """{name: content}"""
        path = device.path("bundle.tar")
        device.signet("bundle", "-o", path)
        self.assertEqual(0o600, os.stat(path).st_mode & 0o777)
        run("tar", "-tvf", path)
        with tarfile.open(path) as archive:
            found = {}
            for member in archive:
                self.assertTrue(member.isfile() and not member.name.startswith("/") and ".." not in member.name, member.name)
                found[member.name] = archive.extractfile(member).read()
        return found

    def test_what_support_needs_is_in_it(self):
        device, ca = self.planted()
        found = self.bundle(device)
        for name in ("version", "status.json", "plan", "doctor", "configuration", "listing", "state/history", "run/events",
                     "run/wire/summary", "state/trust/root.pem"):
            self.assertGreater(len(found[name]), 0, name)
        self.assertIn(b"scep dev", found["plan"])
        self.assertIn(b"config", found["doctor"])
        self.assertIn(b"subject = CN={{DeviceName}},O=Contoso", found["configuration"])
        self.assertIn(b"profile dev", found["run/wire/summary"])
        self.assertIn(b"state/scep/dev", found["listing"])

    def test_the_messages_are_those_that_went_over_the_wire(self):
        device, ca = self.planted()
        found = self.bundle(device)
        exchanges = sorted(name for name in found if name.endswith(".exchange"))
        said = [found[name].decode().splitlines() for name in exchanges]
        self.assertEqual(["GetCACaps", "GetCACert", "PKIOperation"],
                         [lines[0].split("operation=")[1].split("&")[0] for lines in said])
        self.assertTrue(all(lines[1].startswith("status 200, ") for lines in said), said)
        last = exchanges[-1].rsplit(".", 1)[0]
        for part in ("request", "reply"):
            path = device.path(part)
            with open(path, "wb") as f:
                f.write(found["%s.%s" % (last, part)])
            shown = run("openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", path).stdout
            self.assertIn("pkcs7-signedData", shown)
            self.assertIn(ca.operations()[-1]["transaction_id"], shown)

    def test_a_server_that_does_not_answer_is_in_it(self):
        device, ca = self.planted()
        ca.stop()
        device.signet("apply", "dev", expect=11)
        found = self.bundle(device)
        self.assertIn(b"no reply: ", found["run/wire/01.exchange"])
        self.assertNotIn("run/wire/03.exchange", found)

    def test_no_secret_is_in_it(self):
        device, ca = self.planted()
        device.env["http_proxy"] = "http://somebody:%s@127.0.0.1:9" % PROXY
        device.env["no_proxy"] = "127.0.0.1"
        with open(device.path("run", "last", "copy"), "w") as f:
            f.write("by http://somebody:%s@127.0.0.1:9 with %s" % (PROXY, PASSWORD))
        self.assertIn(PHRASE, read(os.path.join(device.path("etc"), "phrase")))
        found = self.bundle(device)
        raw = read_bytes(device.path("bundle.tar"))
        for secret in SECRETS:
            for form in (secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be"),
                         base64.b64encode(secret.encode())[:-4]):
                at = raw.find(form)
                self.assertLess(at, 0, raw[max(0, at - 80):at + 40])
        # it was there to be removed
        self.assertIn(b"no template for " + b"*" * len(CHALLENGE), found["run/wire/03.reply"])
        self.assertIn(b"no template for " + b"*" * len(CHALLENGE), found["state/history"])
        self.assertEqual(b"by http://somebody:%s@127.0.0.1:9 with %s" % (b"*" * len(PROXY), b"*" * len(PASSWORD)),
                         found["run/last/copy"])

    def test_no_key_is_in_it(self):
        device, ca, _ = self.enrolled(scep="key_storage = software\n")
        key = read(device.current("key.pem"))
        found = self.bundle(device)
        self.assertIn("state/scep/dev/0001/cert.pem", found)
        raw = read_bytes(device.path("bundle.tar"))
        for line in key.splitlines()[8:-1]:  # behind the modulus, which is in the certificate too
            self.assertLess(raw.find(line.encode()), 0)
        self.assertLess(raw.find(b"PRIVATE KEY-----"), 0)
        for name in found:
            self.assertNotRegex(name, r"key\.|message\.der|used|challenge|srk")
        # nor where somebody has copied it to
        with open(os.path.join(device.path("run"), "last", "copy"), "w") as f:
            f.write(key)
        self.assertNotIn(b"PRIVATE KEY-----", self.bundle(device)["run/last/copy"])

    def test_it_changes_nothing_and_goes_to_a_pipe_too(self):
        device, ca = self.planted()
        before = device.snapshot()
        with open(device.path("piped.tar"), "wb") as f:
            subprocess.run([SIGNET, "-c", device.conf, "bundle"], stdin=subprocess.DEVNULL, stdout=f, check=True, timeout=120)
        self.assertEqual(before, device.snapshot())
        with tarfile.open(fileobj=io.BytesIO(read_bytes(device.path("piped.tar")))) as archive:
            self.assertIn("listing", archive.getnames())

    def test_a_secret_that_cannot_be_read_is_an_error(self):
        device, ca = self.planted()
        os.unlink(device.challenge_file)
        os.mkfifo(device.challenge_file)
        done = device.signet("bundle", "-o", device.path("bundle.tar"), expect=None)
        self.assertNotEqual(0, done.returncode)
        self.assertIn(device.challenge_file, done.stderr)
        self.assertFalse(os.path.exists(device.path("bundle.tar")))


if __name__ == "__main__":
    unittest.main()
