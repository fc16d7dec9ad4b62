#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The main job against the NDES-like CA: enroll, do nothing, renew."""
import json
import os
import re
import shutil
import unittest

from device import SIGNET, WIFI_AND_VPN, Case, run, read, read_bytes


class Enroll(Case):
    def full(self):
        etc = os.path.join(self.folder, "dev", "etc")
        os.makedirs(os.path.join(etc, "swanctl"))
        return self.enrolled(more=WIFI_AND_VPN % {"etc": etc}, scep="san_dns = {{DeviceName}}.corp.contoso.com\n"
                                                            "san_uri = IntuneDeviceId://{{DeviceName}}\n")

    def test_certificate_verifies_and_carries_the_key_of_the_tpm(self):
        device, ca, tpm = self.full()
        device.verify_chain(ca.root)
        text = run("openssl", "x509", "-in", device.current("cert.pem"), "-noout", "-text", "-nameopt", "RFC2253").stdout
        self.assertIn("Subject: CN=GW-7F31,O=Contoso", text)
        self.assertIn("DNS:GW-7F31.corp.contoso.com", text)
        self.assertIn("URI:IntuneDeviceId://GW-7F31", text)
        self.assertIn("TLS Web Client Authentication", text)
        self.check_key_in_tpm(device, tpm)

    def check_key_in_tpm(self, device, tpm):
        """tpm2-tools load the blob; public key and attributes are read back from the TPM itself."""
        der = read_bytes(device.current("key.der"))
        parts = tss2_parts(der)
        for name in ("pub", "priv"):
            with open(device.path("k." + name), "wb") as f:
                f.write(parts[name])
        env = dict(os.environ, TPM2TOOLS_TCTI=tpm.tcti)
        run("tpm2_load", "-C", "0x81000001", "-u", device.path("k.pub"), "-r", device.path("k.priv"), "-c",
            device.path("k.ctx"), env=env)
        shown = run("tpm2_readpublic", "-c", device.path("k.ctx"), "-f", "pem", "-o", device.path("k.pem"), env=env).stdout
        run("tpm2_flushcontext", "-t", env=env)
        attributes = re.search(r"attributes:\s*value: (\S+)", shown).group(1)
        self.assertEqual(set("fixedtpm fixedparent sensitivedataorigin userwithauth noda decrypt sign".split()),
                         set(attributes.split("|")))
        own = run("openssl", "x509", "-in", device.current("cert.pem"), "-noout", "-pubkey").stdout
        self.assertEqual(own, read(device.path("k.pem")))

    def test_the_request_that_the_server_saw(self):
        device, ca, _ = self.full()
        seen = ca.operations()
        self.assertEqual(1, len(seen))
        self.assertEqual(19, int(seen[0]["message_type"]))
        self.assertEqual("enc", seen[0]["recipient"])
        self.assertEqual([], seen[0]["warnings"])
        self.assertNotIn("FIRST-CHALLENGE", json.dumps(ca.log()))
        self.assertTrue(re.fullmatch("[0-9A-F]{40}", seen[0]["transaction_id"]))

    def test_a_used_challenge_that_stayed_goes_with_the_next_pass(self):
        device, _, _ = self.enrolled()
        device.give_challenge("FIRST-CHALLENGE")
        device.signet("apply")
        self.assertFalse(os.path.exists(device.challenge_file))
        device.give_challenge("SECOND-CHALLENGE")  # not used yet
        device.signet("apply")
        self.assertTrue(os.path.exists(device.challenge_file))

    def test_the_challenge_is_nowhere_on_the_device_afterwards(self):
        device, _, _ = self.full()
        for where, _, names in os.walk(device.folder):
            for name in names:
                with open(os.path.join(where, name), "rb") as f:
                    self.assertNotIn(b"FIRST-CHALLENGE", f.read(), name)

    def test_settings_name_the_key_by_one_uri(self):
        device, _, _ = self.full()
        wifi = read(device.path("etc", "wpa_supplicant-wlan0.conf"))
        self.assertIn('private_key="pkcs11:token=signet;object=dev;type=private"', wifi)
        self.assertIn('identity="host/GW-7F31.corp.contoso.com"', wifi)
        vpn = read(device.path("etc", "swanctl", "conf.d", "60-signet-hq.conf"))
        self.assertIn("646576", vpn)  # CKA_ID is the profile's name
        self.assertIn("GW-7F31.corp.contoso.com", vpn)
        for path in ("etc/wpa_supplicant-wlan0.conf", "etc/swanctl/conf.d/60-signet-hq.conf"):
            self.assertEqual(0o600, os.stat(device.path(path)).st_mode & 0o777)

    def test_a_second_apply_touches_nothing(self):
        device, ca, tpm = self.full()
        ca.stop()
        tpm.stop()  # no server and no TPM: whoever needs one fails
        before = device.snapshot()
        done = device.signet("apply")
        self.assertEqual(before, device.snapshot())
        self.assertIn("in place", done.stdout)
        self.assertEqual([], json.loads(device.signet("--json", "plan").stdout)["steps"])

    def test_renewal_takes_a_new_key_and_no_challenge(self):
        device, ca, _ = self.full()
        old_serial, old_key = device.serial(), read_bytes(device.current("key.der"))
        device.signet("renew", "dev", "--force")
        self.assertNotEqual(old_serial, device.serial())
        self.assertNotEqual(old_key, read_bytes(device.current("key.der")))
        device.verify_chain(ca.root)
        self.assertEqual(17, int(ca.operations()[-1]["message_type"]))
        names = run("openssl", "x509", "-in", device.current("cert.pem"), "-noout", "-subject", "-ext", "subjectAltName",
                    "-nameopt", "RFC2253").stdout
        for kept in ("CN=GW-7F31,O=Contoso", "DNS:GW-7F31.corp.contoso.com", "URI:IntuneDeviceId://GW-7F31"):
            self.assertIn(kept, names)
        # Wi-Fi and VPN are configured and their daemons are not there: the way back stays until they have proven it
        self.assertEqual(["0001", "0002", "current", "previous"],
                         sorted(n for n in os.listdir(os.path.join(device.state, "scep", "dev")) if n != "used"))
        self.assertEqual("trial", device.status()["state"])
        vpn = run("openssl", "x509", "-in", device.path("etc", "swanctl", "x509", "signet-dev.pem"), "-noout", "-serial")
        self.assertEqual(device.serial(), vpn.stdout.strip())

    def test_a_certificate_that_nobody_uses_is_proven_by_its_own_request(self):
        device, _, _ = self.enrolled()
        device.signet("renew", "dev", "--force")
        self.assertEqual(["0002", "current"],
                         sorted(n for n in os.listdir(os.path.join(device.state, "scep", "dev")) if n != "used"))
        self.assertIn("renewed dev serial=", read(os.path.join(device.state, "history")))

    def test_renewal_falls_back_to_19_where_17_is_refused(self):
        device, ca, _ = self.enrolled("--renewal", "19")
        serial = device.serial()
        device.signet("renew", "dev", "--force")
        self.assertNotEqual(serial, device.serial())
        self.assertEqual([19, 17, 19], [int(o["message_type"]) for o in ca.operations()])

    def test_renewal_on_the_same_key_when_the_profile_says_so(self):
        device, _, _ = self.enrolled(scep="new_key_on_renewal = no\n")
        serial, key = device.serial(), read_bytes(device.current("key.der"))
        device.signet("renew", "dev", "--force")
        self.assertNotEqual(serial, device.serial())
        self.assertEqual(key, read_bytes(device.current("key.der")))

    def test_renew_without_force_does_nothing_before_its_time(self):
        device, ca, _ = self.enrolled()
        serial = device.serial()
        device.signet("renew", "dev")
        self.assertEqual(serial, device.serial())
        self.assertEqual(1, len(ca.operations()))

    def test_a_due_renewal_is_done_by_apply(self):
        device, ca, _ = self.enrolled(scep="renewal_threshold_percent = 99\nrenewal_spread_percent = 1\n")
        serial = device.serial()
        ca.mode(backdate=360 * 86400)  # what is issued now is nearly over
        device.signet("renew", "dev", "--force")
        ca.mode()
        second = device.serial()
        self.assertNotEqual(serial, second)
        device.signet("apply")
        self.assertNotEqual(second, device.serial())

    def test_every_algorithm_that_may_be_asked_for(self):
        device, ca, _ = self.enrolled(scep="cipher = aes128\ndigest = sha512\n")
        self.assertIn("aes128", ca.operations()[-1]["content_cipher"].lower().replace("_", "").replace("-", ""))
        self.assertIn("512", ca.operations()[-1]["digest_algorithm"])

    def test_a_damaged_certificate_in_use_is_replaced(self):
        device, ca, _ = self.enrolled()
        for number, content in enumerate(("", "rubbish\n")):
            with open(device.current("cert.pem"), "w") as f:
                f.write(content)
            ca.add_challenge("AGAIN-%d" % number)
            device.give_challenge("AGAIN-%d" % number)
            device.signet("apply")
            device.verify_chain(ca.root)

    def test_software_key_where_the_profile_asks_for_one(self):
        device, ca, _ = self.enrolled(scep="key_storage = software\n")
        device.verify_chain(ca.root)
        self.assertEqual(0o600, os.stat(device.current("key.pem")).st_mode & 0o777)
        self.assertEqual("software", device.status()["key"]["storage"])
        own = run("openssl", "x509", "-in", device.current("cert.pem"), "-noout", "-pubkey").stdout
        self.assertEqual(own, run("openssl", "pkey", "-in", device.current("key.pem"), "-pubout").stdout)

    def test_get_where_the_server_offers_no_post(self):
        device, ca, _ = self.enrolled("--caps", "SHA-256,AES,Renewal")
        self.assertEqual(["GET"], [o["method"] for o in ca.operations()])
        device.verify_chain(ca.root)

    def test_challenge_from_a_command(self):
        tpm = self.tpm()
        ca = self.ca()
        device = self.device(tpm)
        command = device.path("broker")
        with open(command, "w") as f:
            f.write("#!/bin/sh\n[ \"$1\" = dev ] && echo FROM-A-BROKER\n")
        os.chmod(command, 0o700)
        ca.add_challenge("FROM-A-BROKER")
        device.configure(ca.url, ca.root, ca.issuing, challenge=False, scep="challenge_command = %s\n" % command)
        device.signet("apply")
        device.verify_chain(ca.root)

    def test_software_key_only_where_there_is_no_tpm_at_all(self):
        tpm = self.tpm()
        ca = self.ca()
        device = self.device(tpm)
        device.configure(ca.url, ca.root, ca.issuing, scep="key_storage = tpm-or-software\n")
        ca.add_challenge("A")
        device.give_challenge("A")
        path = tpm.tcti.split("=", 1)[1]
        tpm.stop()
        with open(path, "w"):
            pass  # something is there and is no TPM: failing is not absent
        device.signet("apply", expect=14)
        os.unlink(path)
        device.signet("apply")
        self.assertEqual("software", device.status()["key"]["storage"])

    def test_everything_stays_below_root(self):
        tpm = self.tpm()
        ca = self.ca()
        device = self.device(tpm)
        root = device.path("image")
        for folder in ("etc/signet", "usr/share/trust"):
            os.makedirs(os.path.join(root, folder))
        for name in ("root", "issuing"):
            shutil.copy(getattr(ca, name), os.path.join(root, "usr/share/trust", name + ".cer"))
        device.state, device.folder = "/var/lib/signet", "/run/signet"
        conf, device.conf = device.conf, os.path.join(root, "etc/signet/signet.conf")
        device.challenge_file = "/etc/signet/challenge"
        device.configure(ca.url, "/usr/share/trust/root.cer", "/usr/share/trust/issuing.cer")
        device.conf = conf
        ca.add_challenge("A")
        with open(os.path.join(root, "etc/signet/challenge"), "w") as f:
            f.write("A\n")
        before = set(os.listdir("/var/lib")) | set(os.listdir("/run"))
        run(SIGNET, "--root", root, "apply")
        self.assertEqual(before, set(os.listdir("/var/lib")) | set(os.listdir("/run")))
        self.assertTrue(os.path.exists(os.path.join(root, "var/lib/signet/scep/dev/current/cert.pem")))
        self.assertFalse(os.path.exists(os.path.join(root, "etc/signet/challenge")), "the used challenge is still there")

    def test_inventory_and_show(self):
        device, _, _ = self.enrolled()
        rows = json.loads(device.signet("inventory", "--json").stdout)
        row = rows["certificates"][0] if isinstance(rows, dict) else rows[0]
        self.assertEqual(device.serial().split("=")[1].lower().lstrip("0"), row["serial"].lstrip("0"))
        self.assertEqual(read(device.current("cert.pem")), device.signet("show", "dev", "--pem").stdout)
        self.assertIn("installed", device.signet("status").stdout)


def tss2_parts(der):
    """TPM2B_PUBLIC and TPM2B_PRIVATE of a TSS2 PRIVATE KEY, by asn1crypto and not by signet."""
    from asn1crypto import parser
    content = parser.parse(der, strict=True)[4]
    octets = []
    while content:
        _, _, tag, header, body, trailer = parser.parse(content)
        if tag == 4:
            octets.append(body)
        content = content[len(header) + len(body) + len(trailer):]
    return {"pub": octets[0], "priv": octets[1]}


if __name__ == "__main__":
    unittest.main()
