#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The challenge page of NDES: ways to log in, languages, pages that show no challenge."""
import os
import unittest

from device import Case, read_bytes

USER, PASSWORD = "LAB\\svc-ndes", "Pa:ss-w0rd-of-the-page"


class Page(Case):
    """Each test has its own device; its key is in software, since no TPM has a part in it."""

    def ready(self, *options, account=(USER, PASSWORD)):
        os.makedirs(os.path.join(self.folder, "ca"))
        password = os.path.join(self.folder, "password")
        with open(password, "w") as f:
            f.write(PASSWORD + "\n")
        ca = self.ca("--admin-user", USER, "--admin-password-file", password, *options)
        tpm = type("NoTpm", (), {"tcti": "device:/dev/none"})
        device = self.device(tpm)
        scep = "key_storage = software\nchallenge_url = %s/certsrv/mscep_admin/\n" % ca.base
        if account:
            path = device.path("account")
            with open(path, "w") as f:
                f.write("%s\n%s\n" % account)
            scep += "challenge_credentials_file = %s\n" % path
        device.configure(ca.url, ca.root, ca.issuing, challenge=False, scep=scep)
        return device, ca

    def pages(self, ca, decision=None):
        return [e for e in ca.operations("mscep_admin") if e["decision"] != "unauthorized" and
                (decision is None or e["decision"] == decision)]

    def may_ask_again(self, device):
        """An hour later."""
        os.unlink(os.path.join(device.state, "scep", "dev", "page_asked"))

    def refused(self, device, code, *words):
        done = device.signet("apply", expect=code)
        for word in words:
            self.assertIn(word, done.stderr)
        return done

    def test_ntlm(self):
        device, ca = self.ready("--admin-login", "ntlm")
        device.signet("apply")
        device.verify_chain(ca.root)
        self.assertEqual(1, len(self.pages(ca, "handed-out")))
        self.assertEqual({None, "NTLM"}, {e.get("login") for e in ca.operations("mscep_admin")})

    def test_ntlm_is_taken_where_both_are_offered(self):
        device, ca = self.ready("--admin-login", "both")
        device.signet("apply")
        self.assertEqual({None, "NTLM"}, {e.get("login") for e in ca.operations("mscep_admin")})

    def test_the_secrets_are_nowhere(self):
        """Neither in what signet says at its loudest nor in a file."""
        for login in ("ntlm", "basic"):
            with self.subTest(login):
                device, ca = self.ready("--admin-login", login, "--static-challenge", os.path.join(self.folder, "static"),
                                        "--admin-single")
                with open(os.path.join(self.folder, "static"), "w") as f:
                    f.write("8CE317021F690069\n")
                done = device.signet("-v", "apply")
                said = done.stdout + done.stderr
                files = {os.path.join(where, name) for base in (device.state, device.path("run"))
                         for where, _, names in os.walk(base) for name in names}
                self.assertTrue(files)
                for secret in (PASSWORD, "8CE317021F690069", USER):
                    self.assertNotIn(secret, said)
                    for path in files:
                        self.assertNotIn(secret.encode(), read_bytes(path), path)
                ca.stop()
                self.folder = os.path.join(self.folder, "x")

    def test_pages_of_ndes_in_other_shapes(self):
        device, ca = self.ready("--admin-login", "basic")
        for number, mode in enumerate(({"admin_page": "german"}, {"admin_page": "japanese"},
                                       {"admin_page": "japanese", "admin_encoding": "utf-8"}, {"admin_mark": True},
                                       {"admin_mark": True, "admin_encoding": "utf-8"}, {"challenge_digits": 8},
                                       {"challenge_digits": 64}), 1):
            with self.subTest(str(mode)):
                ca.mode(**mode)
                if number > 1:
                    device.signet("retire", "dev", "--yes")
                device.signet("enroll", "dev")
                self.assertEqual(number, len(self.pages(ca, "handed-out")))

    def test_13_the_server_hands_out_none(self):
        device, ca = self.ready()
        ca.mode(admin_denied=True)
        self.refused(device, 13, "may not get challenges", "Enroll on the templates")
        # the answer stands: the page is not asked again within the hour, whatever comes
        ca.mode()
        self.refused(device, 10, "once an hour")
        self.assertEqual(1, len(ca.operations("mscep_admin")) - 1)
        self.may_ask_again(device)
        ca.mode(admin_page="german", admin_denied=False)
        for _ in range(5):  # the slots of NDES
            self.take_slot(ca)
        self.refused(device, 13, "no challenge, in a language not known here")
        self.may_ask_again(device)
        ca.mode()
        self.refused(device, 13, "cache of unused challenges is full", "60 minutes")
        self.assertEqual([], ca.operations())

    def take_slot(self, ca):
        import base64
        import urllib.request
        token = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        request = urllib.request.Request(ca.base + "/certsrv/mscep_admin/", headers={"Authorization": "Basic " + token})
        urllib.request.urlopen(request, timeout=60).close()

    def test_11_pages_that_are_none(self):
        device, ca = self.ready()
        for page, words in (("login-form", "Guest network: please log in"), ("empty", "not the one of NDES"),
                            ("two", "2 texts"), ("huge", "more than any NDES sends")):
            with self.subTest(page):
                ca.mode(admin_page=page)
                self.refused(device, 11, words)
                self.may_ask_again(device)
        ca.mode(admin_status=404)
        self.refused(device, 11, "404")
        self.assertEqual([], ca.operations())

    def test_13_no_way_in(self):
        device, ca = self.ready("--admin-login", "ntlm", account=(USER, "falsch"))
        self.refused(device, 13, "does not accept the account")
        self.may_ask_again(device)
        ca.mode(admin_login="basic")
        self.refused(device, 13, "does not accept the account")
        self.may_ask_again(device)
        ca.mode(admin_login="negotiate")
        self.refused(device, 13, "neither NTLM nor Basic")
        self.assertEqual([], self.pages(ca))

    def test_13_no_account_is_given(self):
        device, _ = self.ready(account=None)
        self.refused(device, 13, "asks for an account", "challenge_credentials_file")

    def test_18_somebody_asks_for_ntlm_version_1(self):
        device, ca = self.ready("--admin-login", "ntlm1")
        self.refused(device, 18, "NTLMv1")
        # the offer went out, an answer did not
        self.assertEqual(["NTLM"], [e["login"] for e in ca.operations("mscep_admin") if "login" in e])


if __name__ == "__main__":
    unittest.main()
