# SPDX-License-Identifier: MIT
"""Runs a program and sees what it takes: time, processor and memory, its children's with it.

Memory is sampled every few milliseconds from proc(5), smaps_rollup, over the whole tree of processes, in two measures:
  pss_kib   the sum of PSS. What the processes share counts once; what others beside them have mapped, as a library that
            everybody uses, counts by its share.
  peak_kib  the resident set of the largest process and the private pages of the others: what they share counts once, and in
            full, whoever else has it mapped. For runs side by side, which PSS would divide it among.
To look costs those that are looked at: where time is the question, run(..., is_watched=False).
"""

import os
import select
import signal
import subprocess
import tempfile
import time

SAMPLE_MS = 4
KILLED_S = 120  # a run that lasts longer than this is ended: longer than any timeout of a profile here


def _children(pid):
    found = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):  # each thread has children of its own
            with open("/proc/%d/task/%s/children" % (pid, task), encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended meanwhile
    return found


def _tree(pid):
    found = [pid]
    for one in found:
        found += _children(one)
    return found


def _memory_kib(pid):
    """(resident, private, proportional)"""
    resident = private = proportional = 0
    try:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            for line in file:
                word, _, rest = line.partition(":")
                if word == "Rss":
                    resident = int(rest.split()[0])
                elif word == "Pss":
                    proportional = int(rest.split()[0])
                elif word.startswith("Private_"):
                    private += int(rest.split()[0])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return resident, private, proportional


class Outcome:
    """code: as of subprocess, None if it had to be killed. cpu_s: user and system, with the children it waited for."""

    def __init__(self):
        self.code, self.seconds, self.cpu_s, self.peak_kib, self.pss_kib, self.out, self.err = None, 0.0, 0.0, 0, 0, "", ""

    def _look(self, pid):
        found = sorted((_memory_kib(one) for one in _tree(pid)), reverse=True)
        self.peak_kib = max(self.peak_kib, found[0][0] + sum(private for _, private, _ in found[1:]))
        self.pss_kib = max(self.pss_kib, sum(proportional for _, _, proportional in found))

    def _wait(self, pid, is_watched, until):
        """False: the time is over."""
        ended = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(ended, select.POLLIN)
            while time.monotonic() < until:
                if is_watched:
                    self._look(pid)
                if poll.poll(SAMPLE_MS if is_watched else 1000 * (until - time.monotonic())):
                    return True
            return False
        finally:
            os.close(ended)

    def follow(self, child, is_watched, killed_s):
        began, is_ended = time.monotonic(), False
        try:
            is_ended = self._wait(child.pid, is_watched, began + killed_s)
        finally:
            self.seconds = time.monotonic() - began
            if not is_ended:
                os.killpg(child.pid, signal.SIGKILL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)  # Popen asks nobody any more
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.code = child.returncode if is_ended else None


def run(argv, env=None, is_watched=True, killed_s=KILLED_S):
    """An Outcome. A program that does not end is killed with all that it started."""
    outcome = Outcome()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, start_new_session=True)
        outcome.follow(child, is_watched, killed_s)
        out.seek(0)
        err.seek(0)
        outcome.out, outcome.err = out.read(), err.read()
    return outcome


def has_sanitizers(program):
    """Memory of such a build says nothing."""
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()
