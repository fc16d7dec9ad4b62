# SPDX-License-Identifier: MIT
"""Runs a program and sees how long it takes and how much memory it and its children hold together.

The measure: the resident set of the larger process and the private pages of the other (proc(5), smaps_rollup), sampled
every few milliseconds. What parent and worker share counts once, and in full, whoever else has it mapped: the sum of
their RSS would count it twice, PSS would divide it among the runs beside this one.
"""

import subprocess
import tempfile
import time

SAMPLE_S = 0.005
KILLED_S = 120  # a run that lasts longer than this is ended: longer than any timeout of a profile here


def _children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _memory_kib(pid):
    """(resident, private)"""
    resident = private = 0
    try:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            for line in file:
                word, _, rest = line.partition(":")
                if word == "Rss":
                    resident = int(rest.split()[0])
                elif word.startswith("Private_"):
                    private += int(rest.split()[0])
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended meanwhile
    return resident, private


def _together_kib(pids):
    found = sorted((_memory_kib(pid) for pid in pids), reverse=True)
    return found[0][0] + sum(private for _, private in found[1:])


class Outcome:
    def __init__(self, code, seconds, peak_kib, out, err):
        self.code, self.seconds, self.peak_kib, self.out, self.err = code, seconds, peak_kib, out, err


def run(argv, env):
    """An Outcome. A program that does not end is killed, and its code is None."""
    peak, code = 0, None
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.monotonic()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        try:
            while code is None and time.monotonic() - began < KILLED_S:
                peak = max(peak, _together_kib([child.pid] + _children(child.pid)))
                try:
                    code = child.wait(SAMPLE_S)
                except subprocess.TimeoutExpired:
                    pass
        finally:
            seconds = time.monotonic() - began
            if code is None:
                child.kill()
                child.wait()
        out.seek(0)
        err.seek(0)
        return Outcome(code, seconds, peak, out.read(), err.read())


def has_sanitizers(program):
    """Memory of such a build says nothing."""
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


