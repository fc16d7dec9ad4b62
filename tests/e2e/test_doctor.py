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


class Interface(DoctorCase):
    """Below --root, so that the machine's own interfaces do not matter."""

    WIFI = """[wifi corp]
interface = wlan0
ssid = CONTOSO
certificate = dev
trust = root
server_name = radius.corp.contoso.com
identity = host/{{DeviceName}}
config = /etc/wpa_supplicant.conf
control = /run/wpa_supplicant
"""

    def image(self):
        device = self.device()
        root = device.path("image")
        for path, text in (("sys/class/net/wlan0/ifindex", "3\n"), ("sys/class/net/wlan0/phy80211/name", "phy0\n")):
            os.makedirs(os.path.dirname(os.path.join(root, path)))
            with open(os.path.join(root, path), "w") as f:
                f.write(text)
        device.configure("http://127.0.0.1:1/scep", "/root.cer", more=self.WIFI)
        os.makedirs(os.path.join(root, "etc"))
        os.rename(device.conf, os.path.join(root, "etc", "signet.conf"))
        device.conf = "/etc/signet.conf"
        return device, root

    def owner(self, device, root):
        return self.ask(device, "--root", root, "--only", "consumer.owner")

    def test_network_manager_and_iwd_in_the_way(self):
        device, root = self.image()
        self.one(self.owner(device, root), "consumer.owner", "ok")
        os.makedirs(os.path.join(root, "run/NetworkManager/devices"))
        with open(os.path.join(root, "run/NetworkManager/devices/3"), "w") as f:
            f.write("[device]\nmanaged=true\n")
        self.says(self.owner(device, root), "consumer.owner", "failure", "NetworkManager manages wlan0")
        os.unlink(os.path.join(root, "run/NetworkManager/devices/3"))
        for folder in ("run/iwd", "var/lib/iwd"):
            os.makedirs(os.path.join(root, folder))
        self.says(self.owner(device, root), "consumer.owner", "failure", "iwd manages wlan0")

    def test_an_interface_that_is_not_there(self):
        device, root = self.image()
        os.rename(os.path.join(root, "sys/class/net/wlan0"), os.path.join(root, "sys/class/net/wlan9"))
        self.says(self.owner(device, root), "consumer.owner", "warning", "no interface wlan0")


class Learned(DoctorCase):
    def test_a_list_that_is_stale_and_one_that_names_us(self):
        device, ca, _ = self.enrolled("--crl-point")
        ca.mode(crl="stale")
        self.says(self.ask(device, "--only", "revocation", expect=7), "revocation", "warning")
        serial = device.serial().split("=")[1]
        ca.mode(revoked=[serial + ":keyCompromise"])
        self.says(self.ask(device, "--only", "revocation", expect=7), "revocation", "warning", "is revoked", "key compromise")
        self.one(self.ask(device, "--only", "certificate.revoked", expect=0), "certificate.revoked", "ok")
        os.unlink(device.path("run", "revocation", "dev"))
        device.signet("apply", expect=None)
        self.says(self.ask(device, "--only", "certificate.revoked", expect=8), "certificate.revoked", "failure", "revoked")

    def test_names_that_the_profile_asks_for_now(self):
        device, ca, _ = self.enrolled(scep="san_dns = {{DeviceName}}.corp.contoso.com\n")
        self.one(self.ask(device, "--only", "certificate", expect=7), "certificate.names", "ok")
        device.configure(ca.url, ca.root, ca.issuing, scep="san_dns = other.corp.contoso.com\n")
        self.says(self.ask(device, "--only", "certificate"), "certificate.names", "warning", "other.corp.contoso.com")
        device.configure(ca.url, ca.root, ca.issuing, name="GW-0000")
        self.says(self.ask(device, "--only", "certificate"), "certificate.names", "warning", "GW-7F31", "GW-0000")

    def test_a_clock_that_nobody_vouches_for(self):
        device, ca, _ = self.enrolled()
        device.configure(ca.url, ca.root, ca.issuing, clock="untrusted")
        findings = self.ask(device, expect=7)
        self.says(findings, "clock.trust", "warning", "nobody vouches for it")
        self.says(findings, "certificate.renewal", "warning", "not trusted")

    def test_a_challenge_that_went_out(self):
        device, ca, _ = self.enrolled()
        tpm = self.tpm("other")
        text = read(device.conf)
        with open(device.conf, "w") as f:
            f.write(text.replace(device.tcti, tpm.tcti))
        device.signet("apply", expect=14)  # another TPM: a new enrollment is needed
        device.give_challenge("FIRST-CHALLENGE")
        before = device.snapshot()
        self.says(self.ask(device, "--only", "challenge", expect=7), "challenge", "warning", "went out before")
        device.give_challenge("SECOND-CHALLENGE")
        self.one(self.ask(device, "--only", "challenge", expect=0), "challenge", "ok")
        self.assertEqual(before, device.snapshot())


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


class Bounded(DoctorCase):
    def test_servers_that_hang_take_half_a_minute_at_most(self):
        device, ca, _ = self.enrolled()
        listener, deaf = self.deaf_server()
        device.configure(deaf, ca.root, ca.issuing, scep="".join("url = %s/%d\n" % (deaf, i) for i in range(20)))
        begun = time.monotonic()
        findings = self.ask(device, expect=8, timeout=60)
        self.assertLess(time.monotonic() - begun, 30)
        self.one(findings, "server.reach", "failure")
        self.assertIn("took all the time", self.one(findings, "server.reach", "unseen")["detail"])
        self.one(findings, "certificate.chain", "ok")  # what asks nobody was seen

    def test_a_tpm_that_hangs_and_one_that_is_not_there(self):
        device, ca, tpm = self.enrolled()
        path = device.tcti.split("=", 1)[1]
        tpm.stop()
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(path)
            deaf.listen(8)
            begun = time.monotonic()
            self.one(self.ask(device, timeout=60, expect=8), "tpm.state", "failure")
            self.assertLess(time.monotonic() - begun, 30)
        os.unlink(path)
        findings = self.ask(device, expect=8)
        self.one(findings, "tpm.device", "failure")
        self.assertIn("see tpm.state", self.one(findings, "tpm.pin", "unseen")["detail"])
        self.one(findings, "tpm.key", "ok")  # by its file alone

    def test_another_tpm(self):
        device, ca, tpm = self.enrolled()
        text = read(device.conf)
        with open(device.conf, "w") as f:
            f.write(text.replace(tpm.tcti, self.tpm("other").tcti))
        findings = self.ask(device, expect=8)
        self.says(findings, "tpm.pin", "failure")
        self.assertIn("gone", self.one(findings, "tpm.key", "failure")["detail"])


class StateFolder(DoctorCase):
    """Each in a mount name space of its own."""

    def mounted(self, device, *mount):
        script = "mount %s && exec %s -c %s --json doctor --only state" % (" ".join(mount), SIGNET, device.conf)
        done = run("unshare", "--mount", "sh", "-c", script, check=False, env=device.env)
        self.assertEqual(8, done.returncode, done.stdout + done.stderr)
        return json.loads(done.stdout)["findings"]

    def ready(self):
        device = self.device()
        device.configure("http://127.0.0.1:1/scep", device.path("none.cer"))
        os.makedirs(device.state)
        return device

    def test_in_memory(self):
        device = self.ready()
        self.says(self.mounted(device, "-t", "tmpfs", "none", device.state), "state.persistent", "failure", "in memory")

    def test_an_overlay_in_memory(self):
        device = self.ready()
        memory, lower = device.path("memory"), device.path("lower")
        os.makedirs(memory)
        os.makedirs(lower)
        findings = self.mounted(device, "-t", "tmpfs", "none", memory, "&& mkdir %s/up %s/work && mount" % (memory, memory),
                                "-t", "overlay", "none", "-o",
                                "lowerdir=%s,upperdir=%s/up,workdir=%s/work" % (lower, memory, memory), device.state)
        self.says(findings, "state.persistent", "failure", "overlay", "in memory")

    def test_read_only(self):
        device = self.ready()
        findings = self.mounted(device, "--bind", device.state, device.state, "&& mount -o remount,bind,ro", device.state)
        self.says(findings, "state.writable", "failure", "read only")

    def test_full(self):
        device = self.ready()
        findings = self.mounted(device, "-t", "tmpfs", "-o", "size=64k", "none", device.state)
        self.says(findings, "state.writable", "failure", "KiB left")


class Tries(DoctorCase):
    def test_tpm_signs_and_leaves_nothing(self):
        device, _, tpm = self.enrolled()
        commands = self.captured(device, tpm)
        before = device.snapshot()
        findings = self.ask(device, verb=("test", "tpm"), expect=0)
        text = " ".join(finding["detail"] for finding in findings)
        for words in ("self-test: passed", "firmware", "RSA keys of 2048", "the signature verifies"):
            self.assertIn(words, text)
        self.assertEqual(before, device.snapshot())
        seen = commands()
        self.assertEqual(1, seen["Sign"])
        self.assertEqual(seen["Load"] + seen["StartAuthSession"], seen["FlushContext"])
        self.assertEqual(set(), set(seen) - HARMLESS - {"Sign", "Load", "StartAuthSession", "FlushContext", "GetTestResult",
                                                        "TestParms", "total"}, seen)

    def test_tpm_with_a_foreign_key_or_without_a_tpm(self):
        device, _, tpm = self.enrolled()
        with open(device.current("key.der"), "rb") as f:
            blob = bytearray(f.read())
        blob[-9] ^= 1  # of the private part: the TPM finds that it is not whole
        with open(device.current("key.der"), "wb") as f:
            f.write(blob)
        self.assertEqual("failure", self.ask(device, verb=("test", "tpm"), expect=14)[-1]["level"])
        tpm.stop()
        self.assertEqual("failure", self.ask(device, verb=("test", "tpm"), expect=14)[-1]["level"])

    def test_scep_says_what_would_be_used_and_sends_nothing(self):
        device, ca, _ = self.enrolled()
        asked, before = len(ca.operations()), device.snapshot()
        findings = self.ask(device, "dev", verb=("test", "scep"), expect=0)
        text = " ".join(finding["detail"] for finding in findings)
        for words in (*ca_words(ca), "encrypted to CN=NDES01-MSCEP-RA", "3DES", "SHA-256", "POST", "message 17",
                      "issuing CA CN=Signet Lab Issuing CA"):
            self.assertIn(words, text)
        self.assertEqual(asked, len(ca.operations()))
        self.assertEqual(before, device.snapshot())
        ca.mode(order="old-enc,old-sign,issuing,root", caps=["SHA-1"])
        self.ask(device, verb=("test", "scep"), expect=18)
        self.says(self.ask(device, "--only", "server.legacy", expect=7), "server.legacy", "warning", "allow_legacy = sha1")
        ca.stop()
        self.ask(device, verb=("test", "scep"), expect=11)
        device.signet("test", "scep", "root", expect=2)


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
