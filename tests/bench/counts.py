# SPDX-License-Identifier: MIT
"""Counts what a command does, all its processes together: instructions, allocations, shared objects. Each costs a run of
its own, in which time means nothing. CountError: it could not be counted, with the reason that the command gave.
"""

import fcntl
import os
import re
import sys

sys.dont_write_bytecode = True
BENCH = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(BENCH)
sys.path[:0] = [BENCH] + [os.path.join(TESTS, folder) for folder in ("e2e", "failing", "lab")]

import alloc_plan  # noqa: E402
import measure  # noqa: E402

COLLECTED = re.compile(r"^==(\d+)== Collected : (\d+)", re.M)
PROCESS = re.compile(r"^(?:==|--|\*\*)(\d+)(?:==|--|\*\*) ", re.M)
PIPE_BYTES = 1 << 20
MAPPED = re.compile(r"PROT_EXEC[^<]*<([^>]+)>")  # strace -y: the file behind the descriptor
SLOW_S = 600  # callgrind takes some 50 times as long
REASON_MAX = 200  # characters


class CountError(Exception):
    pass


def reason_of(outcome):
    """The last line in which a command that failed said something."""
    lines = [line.strip() for line in (outcome.out + "\n" + outcome.err).split("\n") if line.strip()]
    said = lines[-1][:REASON_MAX] if lines else "it said nothing"
    return "%s: %s" % ("it hung" if outcome.code is None else "exit %d" % outcome.code, said)


def _run(argv, env):
    outcome = measure.run(argv, env, is_watched=False, killed_s=SLOW_S)
    if outcome.code != 0:
        raise CountError(reason_of(outcome))


def _preloaded(env, library, **more):
    return dict(os.environ if env is None else env, LD_PRELOAD=library, **more)


def instructions(argv, env, folder):
    """By callgrind: the sum over all processes, each from its exec or fork on. CountError when one of them told no total."""
    library = alloc_plan.build(os.path.join(BENCH, "own_count.c"), folder)
    os.chmod(library, 0o755)
    pipe = os.path.join(folder, "callgrind")
    os.mkfifo(pipe)
    os.chmod(pipe, 0o666)  # a process may have changed its user
    end = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        _run(["valgrind", "--tool=callgrind", "--trace-children=yes", "--callgrind-out-file=/dev/null",
              "--log-file=" + pipe, *argv], _preloaded(env, library))
        said = os.read(end, PIPE_BYTES).decode(errors="replace")
    finally:
        os.close(end)
        os.unlink(pipe)
    totals = dict((pid, int(number)) for pid, number in COLLECTED.findall(said))
    silent = set(PROCESS.findall(said)) - set(totals)
    if silent or not totals:
        raise CountError("callgrind told no total of %s" % (", ".join(sorted(silent)) or "any process"))
    return sum(totals.values())


def allocations(argv, env, folder):
    """(count, bytes asked for) of malloc and its kin. A program that is linked statically has its own: (0, 0)."""
    plan = alloc_plan.Plan(os.path.join(folder, "plan"))
    _run(argv, _preloaded(env, alloc_plan.build_library(folder), FAIL_ALLOC=plan.path))
    return sum(plan.counts()), sum(plan.sizes())


def shared_objects(argv, env, folder):
    """{path: bytes of the file} of each that was mapped to be run, by whichever process, at its start or by dlopen()."""
    log = os.path.join(folder, "mapped")
    _run(["strace", "-f", "-qq", "-y", "-e", "trace=mmap", "-e", "signal=none", "-o", log, *argv], env)
    with open(log, encoding="utf-8", errors="replace") as file:
        return {path: os.stat(path).st_size for path in set(MAPPED.findall(file.read())) if os.path.exists(path)}
