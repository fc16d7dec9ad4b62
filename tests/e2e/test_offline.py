#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A certificate without a network: signet csr, a CA that is the openssl command, signet import."""
import json
import os
import unittest

from device import Case, read, run

NOBODY = "http://127.0.0.1:9/certsrv/mscep/mscep.dll"  # discard: nobody listens
SAN = "san_dns = {{DeviceName}}.corp.contoso.com\n"


class OfficeCa:
    """A root and an issuing CA in an office, without any server."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.make("root", "/CN=Office Root", None)
        self.make("issuing", "/CN=Office Issuing", "root")

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, subject, issuer):
        run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", self.path(name + ".key"), "-subj", subject,
            "-out", self.path(name + ".csr"))
        extensions = self.path(name + ".ext")
        with open(extensions, "w") as f:
            f.write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
        self.sign(name + ".csr", name, issuer or name, ("-extfile", extensions))

    def sign(self, request, name, issuer="issuing", extensions=("-copy_extensions", "copy")):
        """Path of a certificate in PEM."""
        by = (("-signkey", self.path(name + ".key")) if issuer == name else
              ("-CA", self.path(issuer + ".pem"), "-CAkey", self.path(issuer + ".key")))
        run("openssl", "x509", "-req", "-in", os.path.join(self.folder, request), "-days", "365", "-sha256", "-set_serial",
            "0x%s" % os.urandom(8).hex(), *by, *extensions, "-out", self.path(name + ".pem"))
        return self.path(name + ".pem")


class Offline(Case):
    def setUp(self):
        super().setUp()
        self.office = OfficeCa(os.path.join(self.folder, "office"))

    def out_of_reach(self, trust_issuing=True):
        device = self.device(self.tpm())
        device.configure(NOBODY, self.office.path("root.pem"), self.office.path("issuing.pem") if trust_issuing else None,
                         scep=SAN + "timeout = 5\n", challenge=False)
        return device

    def request(self, device, name="dev.csr"):
        path = self.office.path(name)
        device.signet("csr", "dev", "-o", path)
        return path

    def key_of(self, path, form="x509"):
        return run("openssl", form, "-in", path, "-noout", "-pubkey").stdout

    def refused(self, device, file, exit_code):
        before = device.snapshot()
        done = device.signet("import", "dev", file, expect=exit_code)
        after = device.snapshot()
        kept = {path: facts for path, facts in before.items() if path.startswith(device.state)}
        self.assertEqual(kept, {path: after.get(path) for path in kept})
        self.assertFalse(os.path.exists(device.current("cert.pem")))
        return done.stderr

    def test_the_request_is_what_the_profile_says(self):
        device = self.out_of_reach()
        path = self.request(device)
        shown = run("openssl", "req", "-in", path, "-noout", "-verify", "-text", "-nameopt", "RFC2253")
        self.assertIn("self-signature verify OK", shown.stdout + shown.stderr)
        self.assertIn("Subject: CN=GW-7F31,O=Contoso", shown.stdout)
        self.assertIn("DNS:GW-7F31.corp.contoso.com", shown.stdout)
        self.assertIn("TLS Web Client Authentication", shown.stdout)
        self.assertEqual(read(path), run("openssl", "req", "-in", path).stdout)
        again = device.path("again.csr")
        with open(again, "w") as f:
            f.write(device.signet("csr", "dev").stdout)
        self.assertEqual(self.key_of(path, "req"), self.key_of(again, "req"))

    def taken(self, form, has_chain):
        """A certificate that is handed over as `form` has it, with the issuing CA where the device does not have that."""
        device = self.out_of_reach(trust_issuing=not has_chain)
        issued = self.office.sign(self.request(device), "dev")
        chain = self.office.path("issuing.pem")
        file = self.office.path("to-import")
        certificates = ("-certfile", issued) + (("-certfile", chain) if has_chain else ())
        if form == "DER":
            run("openssl", "x509", "-in", issued, "-outform", "DER", "-out", file)
        elif form == "PEM":
            with open(file, "w") as f:
                f.write(read(issued) + (read(chain) if has_chain else ""))
        else:
            run("openssl", "crl2pkcs7", "-nocrl", *certificates, "-outform", form.split()[-1], "-out", file)
        self.assertIn("signet import dev FILE", device.status()["next_step"])
        device.signet("import", "dev", file)
        self.assertEqual("installed", device.status()["state"])
        self.assertEqual(self.key_of(issued), self.key_of(device.current("cert.pem")))
        run("openssl", "verify", "-CAfile", self.office.path("root.pem"), "-untrusted", device.current("chain.pem"),
            device.current("cert.pem"))
        self.assertFalse(os.path.exists(device.current("request.csr")))
        self.assertEqual(0, device.signet("apply").returncode)

    def test_pem(self):
        self.taken("PEM", False)

    def test_pem_with_its_chain(self):
        self.taken("PEM", True)

    def test_der(self):
        self.taken("DER", False)

    def test_a_bundle(self):
        self.taken("PKCS #7 in DER", True)

    def test_a_bundle_in_pem(self):
        self.taken("PKCS #7 in PEM", True)

    def test_from_standard_input_and_with_json(self):
        device = self.out_of_reach()
        issued = self.office.sign(self.request(device), "dev")
        with open(issued) as f:
            done = device.signet("--json", "import", "dev", "-", stdin=f)
        self.assertEqual(0, json.loads(done.stdout)["exit"])

    def test_what_is_not_for_this_request_changes_nothing(self):
        device = self.out_of_reach()
        self.assertIn("signet csr dev", self.refused(device, self.office.path("root.pem"), 1))
        request = self.request(device)
        self.assertIn("key of our request", self.refused(device, self.office.path("issuing.pem"), 18))
        self.assertIn("PEM, DER or PKCS #7", self.refused(device, request, 1))
        self.assertIn("no such file", self.refused(device, self.office.path("nothing"), 1).lower())
        self.office.make("rogue", "/CN=Office Root", None)
        self.refused(device, self.office.sign(request, "dev", "rogue"), 18)
        without_names = self.office.sign(request, "dev", extensions=())
        self.assertIn("extended key usage", self.refused(device, without_names, 18))
        device.signet("import", "dev", self.office.sign(request, "dev"))

    def test_a_second_request_keeps_the_key_and_another_tpm_makes_a_new_one(self):
        device = self.out_of_reach()
        first = self.key_of(self.request(device), "req")
        self.assertEqual(first, self.key_of(self.request(device), "req"))
        device.configure(NOBODY, self.office.path("root.pem"), self.office.path("issuing.pem"), scep=SAN, challenge=False,
                         name="GW-8000")
        second = self.request(device)
        self.assertEqual(first, self.key_of(second, "req"))
        device.signet("import", "dev", self.office.sign(second, "dev"))
        self.assertIn("GW-8000", run("openssl", "x509", "-in", device.current("cert.pem"), "-noout", "-subject").stdout)
        third = self.key_of(self.request(device), "req")
        self.assertNotEqual(first, third)
        device.tcti = self.tpm("other").tcti
        device.configure(NOBODY, self.office.path("root.pem"), self.office.path("issuing.pem"), scep=SAN, challenge=False)
        self.assertNotEqual(third, self.key_of(self.request(device), "req"))


class BesideScep(Case):
    def test_a_request_does_not_keep_the_agent_from_renewing(self):
        device, ca, _ = self.enrolled(scep=SAN)
        request = device.path("dev.csr")
        device.signet("csr", "dev", "-o", request)
        device.signet("renew", "dev", "--force")
        issued = device.path("issued.pem")
        run("openssl", "x509", "-in", device.current("cert.pem"), "-out", issued)
        self.assertIn("newer", device.signet("import", "dev", issued, expect=1).stderr)

    def test_an_imported_certificate_replaces_that_of_scep(self):
        device, ca, _ = self.enrolled(scep=SAN)
        office = OfficeCa(os.path.join(self.folder, "office"))
        device.configure(ca.url, office.path("root.pem"), office.path("issuing.pem"), scep=SAN)
        before = device.serial()
        request = office.path("dev.csr")
        device.signet("csr", "dev", "-o", request)
        device.signet("import", "dev", office.sign(request, "dev"))
        self.assertNotEqual(before, device.serial())
        self.assertIn("Office Issuing", run("openssl", "x509", "-in", device.current("cert.pem"), "-noout", "-issuer").stdout)
        self.assertFalse(os.path.lexists(device.path("state", "scep", "dev", "previous")))
        self.assertEqual("installed", device.status()["state"])


if __name__ == "__main__":
    unittest.main()
