# SPDX-License-Identifier: MIT
"""Daemons as children: started in a space, ended by their process id, logs kept and shown."""

import os
import re
import subprocess
import time
import unittest

TAIL = 60  # lines of a log that a failure shows
STOP_S = 5  # a daemon that is still there then is killed
NOISE = re.compile(r"ctrl_iface|CTRL-DEBUG|^ +([0-9a-f]{2} )+|hexdump")
# Debian's daemons are below sbin, which the PATH of a plain user lacks.
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


class LabError(AssertionError):
    """The lab itself could not do what it was told. An AssertionError: the test has failed, not passed over."""


def wait_for(what, condition, timeout=10.0, pause=0.02):
    """The first true value of condition(); LabError "no WHAT within ..." else. what may be a function."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError("no %s within %g s" % (what() if callable(what) else what, timeout))
        time.sleep(pause)


def dies_with_us(argv):
    """argv, to be killed by the kernel when this process (its starting thread, prctl(2)) ends without stop(). Who
    ended before that was arranged is noticed by the shell: it has another parent then."""
    return ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", "/bin/sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"',
            str(os.getpid())] + list(argv)


def environment(more=None):
    env = dict(os.environ)
    env["PATH"] = SBIN + ":" + env.get("PATH", "")
    env["LC_ALL"] = "C"
    env.update(more or {})
    return env


def end(process, timeout=STOP_S):
    """End a child by its process id and reap it."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout)


def tail(path):
    """The end of a log for a failure's text, without hexdumps and our own polling."""
    with open(path, "rb") as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    lines = [line for line in lines if not NOISE.search(line)]
    return "---- end of %s\n%s\n----" % (path, "\n".join(lines[-TAIL:]))


class Daemon:
    """One program of a space with a log file. Subclasses set argv() and is_ready()."""

    name = "daemon"

    def __init__(self, space, folder, env=None):
        self.space = space
        self.folder = folder
        self.env = dict(env or {})
        self.process = None
        os.makedirs(folder, exist_ok=True)
        self.log_path = os.path.join(folder, self.name + ".log")
        open(self.log_path, "ab").close()
        self._started_at = 0  # length of the log then

    # -- for subclasses --
    def argv(self):
        raise NotImplementedError

    def is_ready(self):
        return True

    # -- for everybody --
    def start(self, timeout=10.0):
        if self.alive():
            raise LabError("%s runs already" % self.name)
        self._started_at = self.mark()
        with open(self.log_path, "ab") as log:
            self.process = self.space.popen(self.argv(), env=self.env, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(self.name + " that is ready", self._ready_or_dead, timeout)
        except LabError as reason:
            self.stop()
            raise LabError("%s\n%s" % (reason, self.tail())) from None
        return self

    def _ready_or_dead(self):
        if not self.alive():
            raise LabError("%s ended at its start with %s: %s" % (self.name, self.process.returncode,
                                                                 " ".join(self.argv())))
        return self.is_ready()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid if self.alive() else None

    def stop(self):
        end(self.process)
        self.process = None

    def kill(self):
        """As a crash."""
        if self.alive():
            self.process.kill()
            self.process.wait(STOP_S)
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def mark(self):
        """A place in the log: log(mark) is what came later."""
        return os.path.getsize(self.log_path)

    def log(self, since=0):
        with open(self.log_path, "rb") as file:
            file.seek(since)
            return file.read().decode("utf-8", "replace")

    def tail(self):
        return tail(self.log_path)

    def wait_log(self, pattern, since=0, timeout=10.0):
        """The first match of a regular expression in the log after a mark."""
        try:
            return wait_for("/%s/ in the log of %s" % (pattern, self.name),
                            lambda: re.search(pattern, self.log(since), re.M), timeout)
        except LabError as reason:
            raise LabError("%s\n%s" % (reason, self.tail())) from None


class LogsOnFailure(unittest.TestCase):
    """For test cases: self.show(daemon_or_path, ...) names the logs that a failed test prints, before any cleanup
    given to addCleanup() earlier has removed them. show(x) belongs after addCleanup(x.stop)."""

    def run(self, result=None):
        self._result = result
        return super().run(result)

    def _failed(self):
        found = list(self._result.failures) + list(self._result.errors)
        return any(test is self or getattr(test, "test_case", None) is self for test, _ in found)

    def _print(self, path):
        if self._failed():
            print("%s:\n%s" % (self.id(), tail(path)), flush=True)

    def show(self, *things):
        for one in things:
            self.addCleanup(self._print, getattr(one, "log_path", one))
