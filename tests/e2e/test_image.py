#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a builder of images relies on: vendor and factory configuration, a first challenge, A/B updates, factory reset."""
import json
import os
import shutil
import subprocess
import unittest

from device import SIGNET, TESTS, WIFI_AND_VPN_OF_AN_IMAGE, Case, read, run

VENDOR = """[trust root]
certificate = /usr/lib/signet/trust/root.cer
[trust issuing]
certificate = /usr/lib/signet/trust/issuing.cer
[scep dev]
url = %(url)s
trust = root
trust = issuing
subject = CN={{DeviceName}},O=Contoso
challenge_file = /usr/lib/signet/factory/challenge
[tpm]
tcti = %(tcti)s
"""
OLD = os.path.join(TESTS, "data", "state", "606444b")


class Image(Case):
    def slot(self, name, ca, tpm, more=""):
        """A read-only image: what the vendor ships, and what the factory wrote for this one device."""
        root = os.path.join(self.folder, name)
        for folder in ("usr/lib/signet/trust", "usr/lib/signet/factory", "etc/swanctl", "etc/wpa_supplicant", "var/lib", "run"):
            os.makedirs(os.path.join(root, folder))
        for certificate in ("root", "issuing"):
            shutil.copy(getattr(ca, certificate), os.path.join(root, "usr/lib/signet/trust", certificate + ".cer"))
        self.write(root, "usr/lib/signet/signet.conf", VENDOR % {"url": ca.url, "tcti": tpm.tcti} + more)
        self.write(root, "usr/lib/signet/factory/10-device.conf", "[device]\nname = UNIT-0042\n")
        self.write(root, "usr/lib/signet/factory/challenge", "FACTORY-CHALLENGE\n")
        return root

    def write(self, root, path, text):
        with open(os.path.join(root, path), "w") as f:
            f.write(text)

    def signet(self, root, *argv, expect=0, frozen=()):
        """frozen: folders of the root that are mounted read-only meanwhile."""
        command = [SIGNET, "--root", root, *argv]
        if frozen:
            mounts = "".join("mount --bind %s/%s %s/%s && mount -o remount,bind,ro %s/%s && " % ((root, each) * 3) for each in frozen)
            command = ["unshare", "-m", "sh", "-c", mounts + 'exec "$@"', "sh", *command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=120)
        self.assertEqual(expect, done.returncode, done.stdout + done.stderr)
        return done

    def serial(self, root):
        return run("openssl", "x509", "-noout", "-serial", "-subject", "-in",
                   os.path.join(root, "var/lib/signet/scep/dev/current/cert.pem")).stdout

    def first_boot(self):
        tpm, ca = self.tpm(), self.ca()
        ca.add_challenge("FACTORY-CHALLENGE")
        a = self.slot("a", ca, tpm, WIFI_AND_VPN_OF_AN_IMAGE)
        self.signet(a, "config", "check")
        self.assertFalse(os.path.exists(os.path.join(a, "var/lib/signet")))
        self.signet(a, "apply", frozen=("usr",))
        return a, ca, tpm

    def test_a_read_only_image_enrolls_with_the_factorys_challenge(self):
        a, ca, tpm = self.first_boot()
        self.assertIn("UNIT-0042", self.serial(a))
        # it could not be wiped there, and is not sent again
        self.assertEqual("FACTORY-CHALLENGE\n", read(os.path.join(a, "usr/lib/signet/factory/challenge")))
        shutil.rmtree(os.path.join(a, "var/lib/signet/scep/dev/0001"))
        ca.add_challenge("FACTORY-CHALLENGE")
        done = self.signet(a, "apply", frozen=("usr",), expect=10)
        self.assertIn("went out before", done.stderr)
        self.assertEqual(1, len(ca.operations()))

    def test_an_update_to_the_other_slot_keeps_the_identity(self):
        a, ca, tpm = self.first_boot()
        b = self.slot("b", ca, tpm, WIFI_AND_VPN_OF_AN_IMAGE.replace("radius.corp", "radius2.corp"))
        serial = self.serial(a)
        shutil.move(os.path.join(a, "var/lib/signet"), os.path.join(b, "var/lib/signet"))
        self.signet(b, "apply", frozen=("usr",))
        self.assertEqual(serial, self.serial(b))
        self.assertEqual(1, len(ca.operations()))
        settings = read(os.path.join(b, "etc/wpa_supplicant/wpa_supplicant-wlan0.conf"))
        self.assertIn("radius2.corp.contoso.com", settings)
        # and back: the update was no good
        shutil.move(os.path.join(b, "var/lib/signet"), os.path.join(a, "var/lib/signet"))
        self.signet(a, "apply", frozen=("usr",))
        self.assertEqual(serial, self.serial(a))
        self.assertIn("radius.corp", read(os.path.join(a, "etc/wpa_supplicant/wpa_supplicant-wlan0.conf")))

    def test_factory_reset_leaves_no_identity(self):
        a, ca, tpm = self.first_boot()
        self.signet(a, "retire", "--all", "--yes")
        left = [os.path.join(where, name) for where, _, names in os.walk(os.path.join(a, "var/lib/signet")) for name in names]
        for path in left:
            self.assertNotRegex(os.path.relpath(path, a), r"key\.|\.pem$|\.der$|/(wifi|vpn)/")
        self.assertNotIn("network=", read(os.path.join(a, "etc/wpa_supplicant/wpa_supplicant-wlan0.conf")))
        self.assertEqual([], os.listdir(os.path.join(a, "etc/swanctl/conf.d")))
        self.signet(a, "apply")  # stays off by itself
        self.assertFalse(os.path.exists(os.path.join(a, "var/lib/signet/scep/dev/current")))
        # the next owner's challenge takes it up again
        ca.add_challenge("NEXT-CHALLENGE")
        self.write(a, "next", "NEXT-CHALLENGE\n")
        self.signet(a, "enroll", "dev", "--challenge-file", "/next")
        self.assertIn("UNIT-0042", self.serial(a))

    def test_the_state_of_an_older_version_is_used_as_it_is(self):
        folder = os.path.join(self.folder, "tpm")
        shutil.copytree(os.path.join(OLD, "tpmstate"), os.path.join(self.folder, "kept"))
        tpm = self.tpm()
        tpm.stop()
        shutil.rmtree(os.path.join(folder, "tpmstate"))
        shutil.move(os.path.join(self.folder, "kept"), os.path.join(folder, "tpmstate"))
        run(os.path.join(TESTS, "lab", "swtpm.sh"), "start", folder)
        root = os.path.join(self.folder, "old")
        shutil.copytree(os.path.join(OLD, "root"), root, symlinks=True)
        conf = VENDOR.replace("/usr/lib/signet/trust", "/etc/signet").replace("/usr/lib/signet/factory", "/etc/signet")
        self.write(root, "etc/signet/signet.conf", conf % {"url": "http://127.0.0.1:9/", "tcti": tpm.tcti} + WIFI_AND_VPN_OF_AN_IMAGE +
                   "[device]\nname = GW-7F31\n")
        serial = self.serial(root)
        self.signet(root, "apply")
        self.assertEqual(serial, self.serial(root))
        status = json.loads(self.signet(root, "--json", "status").stdout)
        self.assertEqual({"installed"}, {profile["state"] for profile in status["profiles"]}, status)
        self.assertEqual("ok", status["tpm"]["state"])
        self.assertIn("has signed", self.signet(root, "test", "tpm").stdout)
        # its CA is gone by now, and nothing is lost by that
        self.signet(root, "renew", "dev", "--force", expect=11)
        self.assertEqual(serial, self.serial(root))


if __name__ == "__main__":
    unittest.main()
