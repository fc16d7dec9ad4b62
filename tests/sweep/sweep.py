#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The power-cut sweep: cuts a run of signet at every point, and has it heal.

    sweep.py [SCENARIO...]                       all of them, every point
    sweep.py --sample 40 [--seed 7] [SCENARIO...]    an even sample, another one each time
    sweep.py --minutes 5 [SCENARIO...]           an even sample as large as the time allows
    sweep.py SCENARIO --point 37 --variant synced --mode strict [--recording FOLDER]
    sweep.py --real-kills [SCENARIO...]          no model: the processes are killed before each of their calls

SIGNET names the program (a build without sanitizers is about ten times as fast; both must hold). A scenario is run once
under strace. From that each point is rebuilt: the disk (disk.py says how), the TPM and the server as they were before the
event, or after the last one. The TPM starts anew, `signet apply` runs, and checks.py says what must hold then.
An exchange with the server is cut twice: before it (the server has not got it) and behind it (the server has done it,
the device has seen nothing). Where the server knows a transaction it is tried in two modes: `again` (it answers once
more) and `strict` (it refuses it, and CertPoll as well).
Points that leave the same disk, TPM and server are one moment for the device that wakes, and run once.

Needs root, or user namespaces: each process has mounts and a network of its own.
"""
import argparse
import concurrent.futures
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, "e2e"), os.path.join(TESTS, "lab")]

import disk  # noqa: E402
import inside  # noqa: E402
import killed  # noqa: E402
import recording as recordings  # noqa: E402
from scenario import SCENARIOS  # noqa: E402

WORKERS = 2


def spawn(*argv, **more):
    """This program again, in namespaces of its own."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return subprocess.Popen(["unshare", "--mount", "--net", *user, sys.executable, os.path.abspath(__file__), *argv],
                            text=True, **more)


class Worker:
    def __init__(self, base, number):
        self.process = spawn("--work", base, "w%d" % number, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def do(self, job):
        """A point, or the number of a call to be killed at; {"wrong": None or text}."""
        self.process.stdin.write(json.dumps(job if isinstance(job, int) else [job.index, job.variant, job.mode]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"wrong": "the worker ended", "seconds": 0}

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Sweep:
    """One scenario."""

    def __init__(self, name, base):
        self.name, self.base = name, base
        os.makedirs(os.path.join(base, inside.WORLD), exist_ok=True)
        path = os.path.join(base, inside.RECORDING)
        if not os.path.exists(path) and spawn("--record", base, name).wait() != 0:
            raise SystemExit("%s: no recording" % name)
        self.recorded = recordings.load(path)
        if self.recorded.scenario != name:
            raise SystemExit("%s is a recording of %s" % (base, self.recorded.scenario))

    def try_all(self, jobs, end):
        """{job: what is wrong or None} of the jobs that were begun before `end`; each worker takes one after the other."""
        done = {}
        workers = [Worker(self.base, number) for number in range(WORKERS)]
        queue = iter(jobs)

        def work(worker):
            for job in queue:
                done[job] = worker.do(job)["wrong"]
                if done[job]:
                    self.tell(job, done[job])
                if time.monotonic() > end:
                    return

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(work, workers))
        for worker in workers:
            worker.close()
        return done

    def points(self, chosen, end):
        """Points [(Point, its looks)]: one of each looks is tried. (tried, not healed)"""
        first = {}
        for point, looks in chosen:
            first.setdefault(looks, point)
        done = self.try_all(first.values(), end)
        tried = [first[looks] for _, looks in chosen if first[looks] in done]
        failed = sum(done[point] is not None for point in tried)
        print("%s: %d events, %d points; points tried %d (%d different moments), points healed %d" % (
            self.name, len(self.recorded.events), len(self.recorded.points()), len(tried), len(done), len(tried) - failed))
        return len(tried), failed

    def kills(self, choose, end):
        """choose: picks from the numbers of all calls. (tried, not healed)"""
        killed.build(self.base)
        counting = spawn("--count", self.base, "count", stdout=subprocess.PIPE)
        total = int(counting.communicate()[0])
        done = self.try_all(choose(list(range(1, total + 1))), end)
        failed = sum(wrong is not None for wrong in done.values())
        print("%s: %d calls; kills tried %d, kills healed %d" % (self.name, total, len(done), len(done) - failed))
        return len(done), failed

    def tell(self, job, wrong):
        if isinstance(job, int):
            what, again = "killed before call %d" % job, "--real-kills --point %d" % job
        else:
            what = "%s, variant %s, mode %s" % (self.recorded.describe(job.index), job.variant, job.mode)
            again = "--point %d --variant %s --mode %s" % (job.index, job.variant, job.mode)
        print("%s: FAILED %s\n  %s\n  again: %s %s --recording %s %s" % (
            self.name, what, wrong.replace("\n", "\n  "), os.path.relpath(__file__), self.name, self.base, again), flush=True)


def spread(things, dice):
    """All of them, each beginning of the list being spread evenly: steps of the golden ratio from a random start."""
    ratio, start, seen = (5 ** 0.5 - 1) / 2, dice.random(), []
    taken = [False] * len(things)
    for step in range(20 * len(things)):
        at = int((start + step * ratio) % 1 * len(things))
        if not taken[at]:
            taken[at] = True
            seen.append(things[at])
    return seen + [one for one, is_taken in zip(things, taken) if not is_taken]


def run(sweep, options, dice, end):
    """(points or kills tried, not healed)"""
    def choose(all_of_them, index_of):
        if options.point is not None:
            return [one for one in all_of_them if index_of(one) == options.point]
        if options.sample or options.minutes:
            return spread(all_of_them, dice)[:options.sample]
        return all_of_them
    if options.real_kills:
        return sweep.kills(lambda numbers: choose(numbers, lambda number: number), end)
    points = [(point, looks) for point, looks in sweep.recorded.points()
              if options.variant in (None, point.variant) and options.mode in (None, point.mode)]
    return sweep.points(choose(points, lambda one: one[0].index), end)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help=", ".join(SCENARIOS))
    parser.add_argument("--sample", type=int, help="so many points of each scenario")
    parser.add_argument("--minutes", type=float, help="for all scenarios together")
    parser.add_argument("--seed", type=int, help="of the sample")
    parser.add_argument("--point", type=int, help="cut before this event, or kill before this call")
    parser.add_argument("--real-kills", action="store_true", help="kill the processes instead of rebuilding the disk")
    parser.add_argument("--variant", choices=disk.VARIANTS)
    parser.add_argument("--mode", choices=recordings.MODES)
    parser.add_argument("--recording", help="folder of a recording, made there when it is empty")
    parser.add_argument("--events", action="store_true", help="only list the events")
    options = parser.parse_args()
    for name in options.scenario:
        if name not in SCENARIOS:
            parser.error("no scenario %s" % name)
    options.scenario = options.scenario or list(SCENARIOS)
    if options.recording and len(options.scenario) != 1:
        parser.error("--recording is of one scenario")
    return options


def main():
    options = parse()
    seed = options.seed if options.seed is not None else random.randrange(1 << 30)
    if options.sample or options.minutes:
        print("seed %d" % seed)
    begun = time.monotonic()
    failed = 0
    for number, name in enumerate(options.scenario):
        # short, since sockets' paths end at 108 bytes; in memory where there is some, since the model needs no disk
        base = options.recording or tempfile.mkdtemp(prefix="sg.", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        sweep = Sweep(name, os.path.abspath(base))
        if options.events:
            for index in range(len(sweep.recorded.events)):
                print("%4d %s" % (index, sweep.recorded.events[index]))
            continue
        left = options.minutes * 60 - (time.monotonic() - begun) if options.minutes else float("inf")
        end = time.monotonic() + left / (len(options.scenario) - number)
        tried, wrong = run(sweep, options, random.Random("%s %d" % (name, seed)), end)
        print("%s: after %.0f s" % (name, time.monotonic() - begun), flush=True)
        failed += wrong if tried else 1
        if not wrong and not options.recording:
            shutil.rmtree(base)
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--record"]:
        inside.record(*sys.argv[2:])
    elif sys.argv[1:2] == ["--count"]:
        inside.count_calls(*sys.argv[2:])
    elif sys.argv[1:2] == ["--work"]:
        inside.work(*sys.argv[2:])
    else:
        sys.exit(main())
