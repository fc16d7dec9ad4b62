#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs signet against every lie of the test CA, as first enrollment and as renewal, and prints a table.

  hostile.py                    all of them, two at a time
  hostile.py --group b          one group: a odd but legal, b attacks, c refusals, d faults
  hostile.py NAME...            these alone; the names: tests/lab/test_ca.py --list-lies
  hostile.py --long             the one case that waits for the default timeout of 60 s

Environment: SIGNET, the program. Peak is the memory of both processes together (bench/measure.py). A build with sanitizers is
not held to its limit, has more time, and is not asked a second time. Exit 0: every mode was run and did what it must.
"""

import argparse
import os
import queue
import shutil
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "bench")]

import trial  # noqa: E402
from world import KINDS, SIGNET, World  # noqa: E402
from testca.lies import LIES  # noqa: E402

LONG = ("cert-drip-body", "enroll")  # a server that hangs is given up earlier, after HTTP_STALL_S


def wanted(arguments):
    """(name, kind) of each run, the slow ones first."""
    for name in arguments.names:
        if name not in LIES:
            sys.exit("hostile.py: no lie is called '%s'" % name)
    names = arguments.names or [name for name, lie in LIES.items() if arguments.group in (None, lie.group)]
    pairs = [(name, kind) for name in names for kind in KINDS if LIES[name].only in ("", kind)]
    return sorted(pairs, key=lambda pair: not LIES[pair[0]].is_slow)


class Worker(threading.Thread):
    def __init__(self, folder, todo, rows, is_plain, is_long):
        super().__init__(daemon=True)
        self.folder, self.todo, self.rows = folder, todo, rows
        self.is_plain, self.is_long = is_plain, is_long
        self.failure = None

    def run(self):
        world = None
        try:
            world = World(self.folder)
            world.prepare()
            while True:
                name, kind = self.todo.get_nowait()
                row = trial.run(world, name, LIES[name], kind, self.is_plain, self.is_long)
                self.rows.append(row)
                show(row)
        except queue.Empty:
            pass
        except Exception:  # of the lab itself: told at the end, which then fails
            self.failure = traceback.format_exc()
        finally:
            if world:
                world.close()


def show(row):
    expect = "|".join(str(code) for code in row.lie.expect)
    print("%-22s %s %-6s %-5s %4s %6.2f %5.1f  %-4s %s" % (
        row.name, row.lie.group, row.kind, expect, row.code, row.seconds, row.peak_kib / 1024,
        "FAIL" if row.faults else "ok", row.sentence if row.lie.group != "a" or row.faults else ""), flush=True)
    for fault in row.faults:
        print("    " + fault, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--group", choices="abcd")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--long", action="store_true")
    arguments = parser.parse_args()
    pairs = [LONG] if arguments.long else wanted(arguments)
    is_plain = not trial.has_sanitizers()
    todo, rows = queue.Queue(), []
    for pair in pairs:
        todo.put(pair)
    folder = tempfile.mkdtemp(prefix="sg.")  # short: socket paths end at 108 bytes
    began = time.monotonic()
    print("%s; memory is %s" % (SIGNET, "held to %d MiB" % (trial.PEAK_MAX_KIB >> 10) if is_plain else "not judged"))
    print("%-22s %s %-6s %-5s %4s %6s %5s  %-4s %s" % ("mode", "g", "run", "want", "got", "s", "MiB", "", "sentence"))
    workers = [Worker(os.path.join(folder, str(number)), todo, rows, is_plain,
                      arguments.long) for number in range(min(arguments.jobs, len(pairs)))]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return judge(pairs, rows, workers, time.monotonic() - began)


def judge(pairs, rows, workers, seconds):
    for worker in workers:
        if worker.failure:
            print(worker.failure)
    missing = set(pairs) - {(row.name, row.kind) for row in rows}
    failed = [row for row in rows if row.faults]
    for name, kind in sorted(missing):
        print("not run: %s %s" % (name, kind))
    print("%d modes, %d runs in %.0f s; slowest %.1f s, highest peak %.1f MiB; %d failed, %d not run" % (
        len({row.name for row in rows}), len(rows), seconds, max((row.seconds for row in rows), default=0),
        max((row.peak_kib for row in rows), default=0) / 1024, len(failed), len(missing)))
    return 1 if failed or missing or any(worker.failure for worker in workers) else 0


if __name__ == "__main__":
    sys.exit(main())
