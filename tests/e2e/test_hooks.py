#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the world outside hears: hooks, RUN/events, history and metrics of real runs."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from device import SIGNET, Case, read, run

VARIABLES = ["PATH", "SIGNET_CERTIFICATE", "SIGNET_CHAIN", "SIGNET_EVENT", "SIGNET_KIND", "SIGNET_NOT_AFTER",
             "SIGNET_OLD_SERIAL", "SIGNET_PROFILE", "SIGNET_REASON", "SIGNET_SERIAL"]


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited %d s for %s" % (seconds, what))
        time.sleep(0.02)


def certificate(path, *what):
    return run("openssl", "x509", "-in", path, "-noout", *what).stdout.strip().split("=", 1)[1]


def rfc3339(text):
    return run("date", "-u", "-d", text, "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()


class Hooks(Case):
    def setUp(self):
        super().setUp()
        self.hooks = os.path.join(self.folder, "hooks.d")
        self.calls_file = os.path.join(self.folder, "calls")
        os.mkdir(self.hooks, 0o755)
        self.environment = {"SIGNET_LEAK": "1", "LD_PRELOAD_FAKE": "1"}

    def hook(self, name, line):
        path = os.path.join(self.hooks, name)
        with open(path + ".new", "w") as f:
            f.write("#!/bin/sh\n" + line + "\n")
        os.chmod(path + ".new", 0o755)
        os.rename(path + ".new", path)
        return path

    def dumping_hook(self, name="50-dump", then="exit 0"):
        """Appends argv and environment, as the kernel has them, NUL-separated."""
        return self.hook(name, "{ cat /proc/$$/cmdline; printf '\\n'; cat /proc/$$/environ; printf '\\n'; } >>%s\n%s" %
                         (self.calls_file, then))

    def calls(self):
        """(arguments, environment) of every call so far."""
        if not os.path.exists(self.calls_file):
            return []
        lines = read(self.calls_file).split("\n")[:-1]
        return [(lines[i].split("\0")[2:-1], dict(v.split("=", 1) for v in lines[i + 1].split("\0")[:-1]))
                for i in range(0, len(lines), 2)]

    def lab(self, scep="", agent="", apply=True, **more):
        self.swtpm, self.authority = self.tpm(), self.ca()
        dev = self.device(self.swtpm)
        dev.env.update(self.environment)
        dev.configure(self.authority.url, self.authority.root, self.authority.issuing, scep=scep, **more)
        text = read(dev.conf).replace("[agent]\n", "[agent]\nhooks_dir = %s\n%s" % (self.hooks, agent), 1)
        with open(dev.conf, "w") as f:
            f.write(text)
        self.authority.add_challenge("A")
        dev.give_challenge("A")
        if apply:
            dev.signet("apply")
        return dev

    def waiting(self, dev):
        return sorted(".".join(n.split(".")[:2]) for base in (dev.state, dev.path("run")) for n in
                      (os.listdir(os.path.join(base, "hooks")) if os.path.isdir(os.path.join(base, "hooks")) else []))

    def events(self, dev):
        with open(dev.path("run", "events")) as f:
            return [json.loads(line) for line in f]

    def metric(self, dev, name):
        """Value of one sample; names and labels as they stand there."""
        for line in read(dev.path("run", "signet.prom")).splitlines():
            if line.startswith(name + " "):
                return line.rsplit(" ", 1)[1]
        return None

    # ---- hooks ----

    def test_enrollment_and_renewal_call_hooks_with_exactly_the_environment_of_the_interface(self):
        self.dumping_hook()
        dev = self.lab()
        first = certificate(dev.current("cert.pem"), "-serial").lower()
        arguments, env = self.calls()[0]
        self.assertEqual(["installed", "dev"], arguments)
        self.assertEqual(VARIABLES, sorted(env))
        self.assertEqual(first.lstrip("0"), env["SIGNET_SERIAL"].lstrip("0"))
        self.assertEqual("", env["SIGNET_OLD_SERIAL"])
        self.assertEqual(dev.current("cert.pem"), env["SIGNET_CERTIFICATE"])
        self.assertEqual(dev.current("chain.pem"), env["SIGNET_CHAIN"])
        self.assertEqual("scep", env["SIGNET_KIND"])
        dev.signet("renew", "dev", "--force")
        arguments, env = self.calls()[1]
        self.assertEqual(["renewed", "dev"], arguments)
        self.assertEqual(VARIABLES, sorted(env))
        self.assertEqual(("renewed", "dev"), (env["SIGNET_EVENT"], env["SIGNET_PROFILE"]))
        self.assertEqual(first.lstrip("0"), env["SIGNET_OLD_SERIAL"].lstrip("0"))
        self.assertEqual(certificate(dev.current("cert.pem"), "-serial").lower().lstrip("0"),
                         env["SIGNET_SERIAL"].lstrip("0"))
        self.assertEqual(rfc3339(certificate(dev.current("cert.pem"), "-enddate")), env["SIGNET_NOT_AFTER"])
        dev.signet("apply")
        self.assertEqual(2, len(self.calls()))
        self.assertEqual([], self.waiting(dev))

    def test_a_failing_hook_ends_the_run_with_17_until_it_does_not(self):
        self.dumping_hook(then="exit 9")
        dev = self.lab(apply=False)
        done = dev.signet("apply", expect=17)
        self.assertIn("50-dump installed dev: exit status 9", done.stderr)
        error = json.loads(dev.signet("--json", "apply", expect=17).stdout)["error"]
        self.assertEqual(("hook.failed", 17), (error["code"], error["exit"]))
        self.assertEqual(["dev.installed"], self.waiting(dev))
        self.assertTrue(os.path.exists(dev.current("cert.pem")))
        self.dumping_hook()
        dev.signet("apply")
        dev.signet("apply")
        self.assertEqual([["installed", "dev"]] * 3, [c[0] for c in self.calls()])
        self.assertEqual([], self.waiting(dev))
        self.assertEqual(1, len(self.authority.operations()))

    def test_a_hook_that_hangs_is_ended(self):
        pid = os.path.join(self.folder, "pid")
        self.hook("50-hang", "trap '' TERM; echo $$ >%s; while :; do sleep 1; done" % pid)
        dev = self.lab(apply=False)
        done = dev.signet("apply", expect=17)
        self.assertIn("did not end within 30 s", done.stderr)
        self.assertFalse(os.path.exists("/proc/%s" % read(pid).strip()))
        self.assertEqual(["dev.installed"], self.waiting(dev))

    def test_a_hook_that_others_can_write_is_not_run(self):
        path = self.dumping_hook()
        dev = self.lab(apply=False)
        os.chmod(path, 0o757)
        self.assertIn("can be written by others than root", dev.signet("apply", expect=17).stderr)
        os.chmod(path, 0o755)
        os.chown(path, 65534, 65534)
        self.assertIn("is not owned by root", dev.signet("apply", expect=17).stderr)
        os.chown(path, 0, 0)
        os.chmod(self.hooks, 0o777)
        self.assertIn("can be written by others than root", dev.signet("apply", expect=17).stderr)
        self.assertEqual([], self.calls())
        os.chmod(self.hooks, 0o755)
        dev.signet("apply")
        self.assertEqual([["installed", "dev"]], [c[0] for c in self.calls()])

    def test_killed_while_a_hook_runs_it_is_run_again(self):
        marker = os.path.join(self.folder, "running")
        self.dumping_hook(then="echo $$ >%s.new; mv %s.new %s; exec sleep 20" % (marker, marker, marker))
        dev = self.lab(apply=False)
        process = subprocess.Popen([SIGNET, "-c", dev.conf, "apply"], env=dev.env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            wait_for("the hook", lambda: os.path.exists(marker) or process.poll() is not None)
            self.assertIsNone(process.poll())
        finally:
            process.kill()
            process.wait()
        os.kill(int(read(marker)), signal.SIGKILL)  # the power cut takes the hook too
        self.dumping_hook()
        dev.signet("apply")
        self.assertEqual([["installed", "dev"]] * 2, [c[0] for c in self.calls()])
        self.assertEqual(1, len(self.authority.operations()))

    def test_retirement_is_told_with_the_serial_that_went(self):
        self.dumping_hook()
        dev = self.lab()
        serial = certificate(dev.current("cert.pem"), "-serial").lower()
        dev.signet("retire", "dev", "--yes")
        arguments, env = self.calls()[-1]
        self.assertEqual(["retired", "dev"], arguments)
        self.assertEqual(serial.lstrip("0"), env["SIGNET_SERIAL"].lstrip("0"))
        self.assertEqual([], self.waiting(dev))
        dev.signet("apply", expect=None)
        self.assertEqual(2, len(self.calls()))

    def test_below_a_root_no_hook_runs(self):
        self.dumping_hook()
        dev = self.lab(apply=False)
        root = os.path.join(self.folder, "image")
        inside = os.path.join(root, self.hooks.lstrip("/"))
        shutil.copytree(self.hooks, inside)
        for path in (dev.conf, dev.challenge_file, self.authority.root, self.authority.issuing):
            os.makedirs(os.path.dirname(os.path.join(root, path.lstrip("/"))), exist_ok=True)
            shutil.copy(path, os.path.join(root, path.lstrip("/")))
        run(SIGNET, "--root", root, "-c", dev.conf, "apply")
        self.assertTrue(os.path.exists(os.path.join(root, dev.current("cert.pem").lstrip("/"))))
        self.assertEqual([], self.calls())
        self.assertFalse(os.path.exists(os.path.join(root, dev.state.lstrip("/"), "hooks")))

    def test_a_failure_is_told_once_and_again_after_a_success(self):
        self.dumping_hook()
        dev = self.lab()
        self.authority.mode(refuse="badRequest")
        for _ in range(2):
            dev.signet("renew", "dev", "--force", expect=None)
        failed = [c for c in self.calls() if c[0][0] == "failed"]
        self.assertEqual(1, len(failed), self.calls())
        self.assertEqual(["failed", "dev"], failed[0][0])
        self.assertNotEqual("", failed[0][1]["SIGNET_REASON"])
        self.assertEqual(certificate(dev.current("cert.pem"), "-serial").lower().lstrip("0"),
                         failed[0][1]["SIGNET_SERIAL"].lstrip("0"))
        self.authority.mode()
        dev.signet("renew", "dev", "--force")
        self.authority.mode(refuse="badRequest")
        dev.signet("renew", "dev", "--force", expect=None)
        self.assertEqual(2, len([c for c in self.calls() if c[0][0] == "failed"]))

    def test_another_reason_is_another_failure(self):
        self.dumping_hook()
        dev = self.lab()
        self.authority.mode(refuse="badRequest")
        dev.signet("renew", "dev", "--force", expect=None)
        self.authority.stop()
        dev.signet("renew", "dev", "--force", expect=11)
        dev.signet("renew", "dev", "--force", expect=11)
        self.assertEqual(2, len([c for c in self.calls() if c[0][0] == "failed"]))

    def test_an_ending_certificate_is_told_once_a_boot(self):
        self.dumping_hook()
        # nothing renews it: the window opens when 1 percent is left
        dev = self.lab(scep="renewal_threshold_percent = 1\n", agent="expiry_warning_percent = 10\n", apply=False)
        self.authority.mode(backdate=330 * 86400, valid_seconds=20 * 86400)
        dev.signet("apply")
        dev.signet("apply")
        expiring = [c for c in self.calls() if c[0][0] == "expiring"]
        self.assertEqual([["expiring", "dev"]], [c[0] for c in expiring])
        self.assertEqual(rfc3339(certificate(dev.current("cert.pem"), "-enddate")), expiring[0][1]["SIGNET_NOT_AFTER"])
        shutil.rmtree(dev.path("run"))  # the next boot
        dev.signet("apply")
        self.assertEqual(2, len([c for c in self.calls() if c[0][0] == "expiring"]))
        self.assertEqual([], self.waiting(dev))

    # ---- events ----

    def test_events_are_told_as_json_and_as_text(self):
        dev = self.lab()
        dev.signet("renew", "dev", "--force")
        self.authority.stop()
        dev.signet("renew", "dev", "--force", expect=11)
        told = self.events(dev)
        self.assertEqual(["installed", "renewed", "failed"], [e["event"] for e in told])
        self.assertEqual([["schema", "time", "event", "profile", "kind", "serial", "old_serial", "not_after", "reason"]] * 3,
                         [list(e) for e in told])
        self.assertEqual(told[0]["serial"], told[1]["old_serial"])
        self.assertTrue(all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", e["time"]) for e in told))
        text = dev.signet("events").stdout.splitlines()
        self.assertEqual(3, len(text))
        self.assertEqual("%s  renewed  dev  serial=%s  old_serial=%s" % (told[1]["time"], told[1]["serial"], told[0]["serial"]),
                         text[1])
        self.assertEqual(told[2:], [json.loads(line) for line in dev.signet("--json", "events", "-n", "1").stdout.splitlines()])
        self.assertEqual(["installed", "renewed"],
                         [line.split()[1] for line in read(os.path.join(dev.state, "history")).splitlines()])

    def test_follow_prints_what_comes_whatever_happens_to_the_file(self):
        dev = self.lab(apply=False)
        out = os.path.join(self.folder, "followed")
        with open(out, "w") as f:
            process = subprocess.Popen([SIGNET, "-c", dev.conf, "events", "--follow"], env=dev.env, stdout=f)
        try:
            dev.signet("apply")
            wait_for("the first event", lambda: " installed " in read(out))
            dev.signet("renew", "dev", "--force")
            wait_for("the second event", lambda: " renewed " in read(out))
            path = dev.path("run", "events")
            half = read(path).splitlines(keepends=True)[1:]  # as a ring that is full is cut
            half.append(half[0].replace('"renewed"', '"clock"'))
            with open(path + ".new", "w") as f:
                f.write("".join(half))
            os.rename(path + ".new", path)
            wait_for("the third event", lambda: " clock " in read(out))
            process.send_signal(signal.SIGINT)
            process.wait(20)
        finally:
            process.kill()
            process.wait()
        self.assertEqual(["installed", "renewed", "clock"], [line.split()[1] for line in read(out).splitlines()])

    # ---- metrics ----

    def test_metrics_after_enrollment_renewal_and_failure(self):
        dev = self.lab()
        end = run("date", "-d", certificate(dev.current("cert.pem"), "-enddate"), "+%s").stdout.strip()
        version = dev.signet("version").stdout.split()[1]
        self.assertEqual("1", self.metric(dev, 'signet_build_info{version="%s"}' % version))
        self.assertEqual(end, self.metric(dev, 'signet_certificate_not_after_seconds{profile="dev"}'))
        self.assertEqual("1", self.metric(dev, 'signet_profile_state{profile="dev",kind="scep",state="installed"}'))
        self.assertEqual("1", self.metric(dev, 'signet_profile_state{profile="root",kind="trust",state="installed"}'))
        self.assertEqual("0", self.metric(dev, 'signet_renewals_total{profile="dev",result="success"}'))
        self.assertEqual("1", self.metric(dev, "signet_clock_trusted"))
        asked = int(self.metric(dev, 'signet_last_success_timestamp_seconds{profile="dev"}'))
        self.assertTrue(0 <= os.stat(dev.current("cert.pem")).st_mtime - asked < 300)
        dev.signet("renew", "dev", "--force")
        self.assertEqual("1", self.metric(dev, 'signet_renewals_total{profile="dev",result="success"}'))
        self.assertEqual("0", self.metric(dev, 'signet_renewals_total{profile="dev",result="failure"}'))
        self.authority.stop()
        dev.signet("renew", "dev", "--force", expect=11)
        self.assertEqual("1", self.metric(dev, 'signet_renewals_total{profile="dev",result="failure"}'))
        self.assertEqual(0o644, os.stat(dev.path("run", "signet.prom")).st_mode & 0o777)


if __name__ == "__main__":
    unittest.main()
