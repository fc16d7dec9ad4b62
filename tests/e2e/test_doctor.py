#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`signet doctor`, `signet test tpm` and `signet test scep`: one broken set-up each, and what is said of it."""
import json
import os
import socket
import time
import unittest

from agent_device import AgentCase
from device import LAB, SIGNET, read, run

LEVELS = {"ok", "warning", "failure", "unseen"}
# What a look may ask of a TPM: Part 3 commands that make, load and change nothing.
HARMLESS = {"GetCapability", "ReadPublic"}


class DoctorCase(AgentCase):
    def ask(self, device, *more, expect=None, verb=("doctor",), **how):
        """Findings of a run, each with id, profile, level, detail and next_step; the exit code fits them."""
        done = device.signet("--json", *verb, *more, expect=expect, **how)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, report["exit"])
        levels = [finding["level"] for finding in report["findings"]]
        self.assertLessEqual(set(levels), LEVELS)
        if verb == ("doctor",):
            bad = set(levels) - {"ok"}
            self.assertEqual(8 if "failure" in bad else 7 if bad else 0, done.returncode)
        for finding in report["findings"]:
            if finding["level"] == "failure":
                self.assertNotEqual("", finding["detail"])
        return report["findings"]

    def one(self, findings, check, level):
        """The finding of this check at this level; shows all of the check when there is none."""
        of_check = [finding for finding in findings if finding["id"] == check]
        for finding in of_check:
            if finding["level"] == level:
                return finding
        raise AssertionError("no %s of %s among %s" % (level, check, json.dumps(of_check or findings, indent=1)))

    def says(self, findings, check, level, *words):
        finding = self.one(findings, check, level)
        for word in words:
            self.assertIn(word, finding["detail"])
        self.assertNotEqual("", finding["next_step"])

    def captured(self, device, tpm):
        """Let every TPM byte of the device be captured; returns a function that reads the commands seen since."""
        capture = os.path.join(self.folder, "capture.pcap")
        with open(device.conf) as f:
            text = f.read()
        with open(device.conf, "w") as f:
            f.write(text.replace("tcti = " + tpm.tcti, "tcti = pcap:" + tpm.tcti))
        device.env["TCTI_PCAP_FILE"] = capture

        def commands():
            out = run("/usr/bin/python3", os.path.join(LAB, "tpm_count.py"), capture).stdout
            return {line.split()[0]: int(line.split()[1]) for line in out.splitlines()}
        return commands


class Healthy(DoctorCase):
    def test_all_is_well_with_an_agent_that_runs(self):
        device, ca, _ = self.enrolled("--crl-point")
        self.start(device).says("", 1)
        findings = self.ask(device, expect=0)
        for check in ("config", "clock.trust", "state.persistent", "state.writable", "state.links", "tpm.device",
                      "tpm.state", "tpm.pin", "tpm.key", "trust", "challenge", "certificate.issued", "certificate.chain",
                      "certificate.names", "certificate.renewal", "certificate.revoked", "server.reach", "server.ra",
                      "server.legacy", "clock.server", "revocation"):
            self.one(findings, check, "ok")
        words = self.one(findings, "server.reach", "ok")["detail"]
        for word in ca_words(ca):
            self.assertIn(word, words)
        self.assertIn("fresh until", self.one(findings, "revocation", "ok")["detail"])

    def test_it_changes_nothing_on_disk_in_the_tpm_and_at_the_ca(self):
        device, ca, tpm = self.enrolled("--crl-point")
        commands = self.captured(device, tpm)
        before, asked = device.snapshot(), len(ca.operations())
        names = sorted(os.listdir(device.folder))
        self.ask(device)
        self.assertEqual(before, device.snapshot())
        self.assertEqual(names, sorted(os.listdir(device.folder)))
        self.assertEqual(asked, len(ca.operations()))
        seen = commands()
        seen.pop("total")
        self.assertEqual(set(), set(seen) - HARMLESS, seen)
        self.assertIn("GetCapability", seen)

    def test_a_device_that_was_never_applied(self):
        tpm = self.tpm()
        ca = self.ca()
        device = self.device(tpm)
        device.configure(ca.url, ca.root, ca.issuing)
        before = device.snapshot()
        findings = self.ask(device, expect=7)
        self.assertEqual(before, device.snapshot())
        self.assertFalse(os.path.exists(device.state))
        self.says(findings, "challenge", "warning", "waits for a challenge")
        self.says(findings, "certificate.issued", "warning", "nothing is issued yet")
        self.says(findings, "trust", "warning", "not installed yet")
        self.one(findings, "server.ra", "ok")

    def test_text_fits_80_columns_and_one_check_alone(self):
        device, ca, _ = self.enrolled()
        text = device.signet("doctor", expect=7).stdout
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 80)
        self.assertIn("next step: ", text)
        only = device.signet("doctor", "--only", "tpm.state", expect=0).stdout
        self.assertEqual(2, len(only.splitlines()), only)
        area = {finding["id"] for finding in self.ask(device, "--only", "tpm", expect=0)}
        self.assertEqual({"tpm.device", "tpm.state", "tpm.pin", "tpm.key"}, area)
        self.assertIn("no check 'tpn'", device.signet("doctor", "--only", "tpn", expect=2).stderr)

    def test_any_user_and_what_he_may_not_see(self):
        device, _, _ = self.enrolled()
        os.chmod(self.folder, 0o755)
        os.chmod(device.folder, 0o755)
        os.chmod(device.conf, 0o644)
        done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SIGNET, "-c", device.conf, "--json",
                   "doctor", check=False, env=dict(device.env, ASAN_OPTIONS="detect_leaks=0"))
        findings = json.loads(done.stdout)["findings"]
        for check in ("tpm.key", "certificate.chain", "certificate.renewal", "consumer.settings"):
            self.assertIn("may not read", self.one(findings, check, "unseen")["detail"])
        self.one(findings, "config", "ok")
        self.one(findings, "server.ra", "ok")  # by the profiles' own files


def ca_words(ca):
    return run("curl", "-s", ca.url + "?operation=GetCACaps").stdout.split()


class Troubleshooting(DoctorCase):
    """The six rows of Microsoft's table for SCEP profiles."""

    def test_1_the_server_is_unreachable_or_its_url_wrong(self):
        device, ca, _ = self.enrolled()
        ca.stop()
        self.says(self.ask(device, expect=8), "server.reach", "failure", ca.url, "onnect")
        ca = self.ca(name="other")
        device.configure(ca.base + "/certsrv/mscep/mscpe.dll", ca.root, ca.issuing)
        self.says(self.ask(device, "--only", "server", expect=8), "server.reach", "failure", "404")

    def test_2_the_server_side_is_inactive(self):
        device, ca, _ = self.enrolled()
        ca.mode(order="old-enc,old-sign,issuing,root")
        self.says(self.ask(device, expect=8), "server.ra", "failure", "registration authority certificates are not valid now")
        with inactive() as url:
            device.configure(url, ca.root, ca.issuing)
            finding = self.one(self.ask(device, "--only", "server", expect=8), "server.reach", "failure")
        self.assertIn("503", finding["detail"])
        self.assertIn("application pool", finding["next_step"])

    def test_3_issued_and_not_installed_for_want_of_an_extended_key_usage(self):
        tpm = self.tpm()
        ca = self.ca("--eku", "1.3.6.1.5.5.8.2.2")  # the template "IPSec (Offline request)", which NDES has by default
        device = self.device(tpm)
        device.configure(ca.url, ca.root, ca.issuing)
        ca.add_challenge("A")
        device.give_challenge("A")
        device.signet("apply", expect=18)
        findings = self.ask(device, expect=8)
        self.says(findings, "certificate.issued", "failure", "issued by the CA, but not installed", "extended key usage")
        self.assertIn("template", self.one(findings, "certificate.issued", "failure")["next_step"])

    def test_4_the_name_of_the_ca_does_not_match(self):
        device, ca, _ = self.enrolled()
        other = device.path("other.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=Contoso/CN=Contoso Root", "-days", "9",
            "-keyout", device.path("other.key"), "-out", other)
        device.configure(ca.url, other)
        self.says(self.ask(device, "--only", "server", expect=8), "server.ra", "failure", "CA name mismatch",
                  "Signet Lab Issuing CA", "Contoso Root")

    def test_5_the_renewal_does_not_come(self):
        device, ca, _ = self.enrolled("--valid-seconds", "1200", "--backdate", "6000")  # more than 80 % are over
        findings = self.ask(device, expect=8)
        self.says(findings, "certificate.renewal", "failure", "due since", "no signet agent runs")
        ca.mode(refuse="badRequest", valid_seconds=1200, backdate=6000)
        device.signet("apply", expect=None)
        findings = self.ask(device, expect=8)
        self.says(findings, "certificate.renewal", "failure", "due since", "the last of 1 tries", "badRequest")


class inactive:
    """A web server whose application pool is stopped: 503 to everything (IIS, HTTP.sys)."""

    def __enter__(self):
        import http.server
        import threading

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_error(503)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return "http://127.0.0.1:%d/certsrv/mscep/mscep.dll" % self.server.server_port

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    unittest.main()
