#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A planted challenge and a planted password: in no log, argument, environment, file, core, and not in memory after use."""
import base64
import os
import resource
import shutil
import signal
import subprocess
import tempfile

from agent_device import AgentCase, children, in_own_network, until
from device import SIGNET, read_bytes, run, unsanitized

CHALLENGE = "Planted-Challenge-7c1e90"
PASSWORD = "Planted-Password-44af12"
NO_RIGHTS = ("/usr/bin/setpriv", "--inh-caps=-all", "--bounding-set=-all")
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def forms(secret):
    """The text as somebody might have kept it."""
    raw = secret.encode()
    return [raw, raw[::-1], base64.b64encode(raw)[:-4], raw.hex().encode(), raw.hex().upper().encode(),
            secret.encode("utf-16-le")]


def memory(pid):
    """All that a process may write to."""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            span, rights = line.split()[:2]
            if "w" not in rights or "[vvar]" in line:
                continue
            start, end = (int(word, 16) for word in span.split("-"))
            mem.seek(start)
            yield line.split()[-1], mem.read(end - start)


class Secrets(AgentCase):
    @classmethod
    def setUpClass(cls):
        """Without sanitizers, whose shadow is more memory than can be searched."""
        folder = tempfile.mkdtemp(prefix="sg.")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.signet = unsanitized(SIGNET, folder)

    def assert_nowhere(self, where, *contents):
        for secret in (CHALLENGE, PASSWORD):
            for content in contents:
                for form in forms(secret):
                    at = content.find(form)
                    self.assertLess(at, 0, "%s: %r" % (where, content[max(at - 64, 0):at + 96]))

    def assert_in_no_file(self, folder, but=()):
        count = 0
        for where, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(where, name)
                if os.path.isfile(path) and path not in but:
                    self.assert_nowhere(path, read_bytes(path))
                    count += 1
        self.assertGreater(count, 0)

    def start_here(self, folder, *argv):
        """A root without capabilities, and cores allowed."""
        log = open(os.path.join(self.folder, "log"), "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen([*NO_RIGHTS, *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, UNLIMITED))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def in_dialogue(self, device, server):
        """signet, told to be verbose, with a worker that waits for the server; in a folder of its own."""
        os.makedirs(device.path("here"))
        parent = self.start_here(device.path("here"), self.signet, "-c", device.conf, "-v", "apply")
        server.settimeout(60)
        peer = server.accept()[0]
        self.addCleanup(peer.close)
        peer.recv(4096)
        worker = until(lambda: children(parent.pid), "a worker")[0]
        for pid in (parent.pid, worker):
            self.assert_nowhere("arguments", read_bytes("/proc/%d/cmdline" % pid))
            self.assert_nowhere("environment", read_bytes("/proc/%d/environ" % pid))
        return parent, worker

    def is_open(self, pid):
        """To another process of the same user? proc(5): not where it is not dumpable, and then it leaves no core either,
        whatever a service manager has set for limits."""
        return run(*NO_RIGHTS, "/usr/bin/cat", "/proc/%d/environ" % pid, check=False).returncode == 0

    def ready(self, server_url, **configuration):
        ca = self.ca()
        device = self.device(self.tpm())
        account = device.path("account")
        with open(account, "w") as f:
            f.write("CONTOSO\\svc-ndes\n%s\n" % PASSWORD)
        configuration["scep"] = configuration["scep"] % {"account": account, "base": server_url or ca.base}
        device.configure(server_url + "/certsrv/mscep/mscep.dll" if server_url else ca.url, ca.root, ca.issuing, **configuration)
        device.give_challenge(CHALLENGE)
        ca.add_challenge(CHALLENGE)
        return device, ca

    def check_abort(self, scep, challenge):
        control = self.start_here(self.folder, "/usr/bin/sleep", "60")
        until(lambda: b"sleep" in read_bytes("/proc/%d/cmdline" % control.pid), "sleep")
        self.assertTrue(self.is_open(control.pid))
        os.kill(control.pid, signal.SIGABRT)
        _, status = os.waitpid(control.pid, 0)
        control.returncode = -signal.SIGABRT
        self.assertTrue(os.WCOREDUMP(status), "needs a machine that dumps cores at all")
        server, url = self.deaf_server()
        device, _ = self.ready(url, scep=scep, challenge=challenge)
        parent, worker = self.in_dialogue(device, server)
        secret = (CHALLENGE if challenge else PASSWORD).encode()
        self.assertTrue(any(secret in part for _, part in memory(worker)), "the search finds what is there")
        until(lambda: b"made an RSA" in read_bytes(os.path.join(self.folder, "log")), "the key")
        for name, part in memory(parent.pid):
            self.assert_nowhere("the parent's memory, " + name, part)
        self.assertFalse(self.is_open(worker))
        self.assertFalse(self.is_open(parent.pid))
        os.kill(parent.pid, signal.SIGSTOP)
        os.kill(worker, signal.SIGABRT)
        until(lambda: b"\nState:\tZ" in read_bytes("/proc/%d/status" % worker), "the worker's end")
        os.kill(parent.pid, signal.SIGABRT)
        os.kill(parent.pid, signal.SIGCONT)
        _, status = os.waitpid(parent.pid, 0)
        parent.returncode = -signal.SIGABRT
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status), "it left a core")
        self.assertEqual([], os.listdir(device.path("here")))
        self.assertIn(b"scep: dev: ", read_bytes(os.path.join(self.folder, "log")))
        self.assert_in_no_file(self.folder, (device.challenge_file, device.path("account"), os.path.join(self.folder, "ca", "challenges")))

    def test_no_core_while_a_challenge_is_held(self):
        self.check_abort("", True)

    def test_no_core_while_an_account_is_held(self):
        self.check_abort("challenge_url = %(base)s/certsrv/mscep_admin/\nchallenge_credentials_file = %(account)s\n", False)

    def check_agent(self, scep, challenge):
        device, ca = self.ready("", scep=scep, challenge=challenge)
        agent = self.start(device, argv=(self.signet, "-v"))
        try:
            agent.status("3 of 3 profiles in place")
            os.kill(agent.process.pid, signal.SIGSTOP)
            parts = list(memory(agent.process.pid))
            self.assertTrue(any(b"GW-7F31" in part for _, part in parts), "nothing was read")
            for name, part in parts:
                self.assert_nowhere("the agent's memory, " + name, part)
        finally:
            os.kill(agent.process.pid, signal.SIGCONT)
            agent.process.kill()
            agent.process.wait()
        self.assert_in_no_file(device.folder, (device.path("account"), device.challenge_file if not challenge else ""))

    def test_a_challenge_is_not_in_memory_after_use(self):
        self.check_agent("", True)

    def test_an_account_is_not_in_memory_after_use(self):
        self.check_agent("challenge_url = %(base)s/certsrv/mscep_admin/\nchallenge_credentials_file = %(account)s\n", False)


if __name__ == "__main__":
    import unittest
    in_own_network()
    unittest.main()
