#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Lets the n-th memory allocation of an enrollment fail, in signet and in its worker, ours and the libraries'.

    alloc_sweep.py                      every n up to 2,000, then every 50th, and the last 500: hours, on a slow machine
    alloc_sweep.py --minutes 2          an even sample of that
    alloc_sweep.py --part 1/2           one half of it, for two side by side
    alloc_sweep.py --at worker:417      this one (or several, by commas), with what signet says
    alloc_sweep.py --storage tpm ...    the key in a software TPM; default: in software, which is quick

After each: it ended by itself and within a bound, with an exit code that fits and a sentence; the next run enrolls with
what the first one left, and leaves as much as a run in which nothing failed, file by file; one transaction has spent the one
challenge. A line a finding, and a table at the end. Memory and descriptors that are lost it does not see: the process ends.
Unit tests look for those, with fakes/no_memory.h.
$SIGNET with sanitizers cannot be preloaded: then a build without them is made first.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("e2e", "lab"):
    sys.path.insert(0, os.path.join(TESTS, folder))

from alloc_plan import PROCESSES, Plan, build_library  # noqa: E402
from device import SIGNET, Ca, Device, Tpm, read_bytes, run, unsanitized  # noqa: E402
from points import arguments, compare, even, left_behind, sentence, try_all  # noqa: E402
from tpm_client import Client  # noqa: E402

EVERY_UP_TO, THEN_STEP, LAST = 2000, 50, 500  # the worker's first 2,800 are OpenSSL's; what it is there for comes last
RUN_SECONDS = 60  # a run has less than one; the profile's own limit is 60
# done; failed (no memory); unreachable (the worker or libcurl had none); the TPM's library had none
CODES = {"software": (0, 1, 11), "tpm": (0, 1, 11, 14)}


def points_of(count):
    return sorted({*range(1, min(count, EVERY_UP_TO) + 1), *range(EVERY_UP_TO + THEN_STEP, count + 1, THEN_STEP),
                   *range(max(1, count - LAST), count + 1)})


class Sweep:
    def __init__(self, folder, signet, library, storage):
        self.folder, self.signet_path, self.library, self.storage = folder, signet, library, storage
        self.plan = Plan(os.path.join(folder, "plan"))
        self.ca = Ca(os.path.join(folder, "ca"))
        self.tpm = Tpm(os.path.join(folder, "tpm")) if storage == "tpm" else None
        self.device = Device(os.path.join(folder, "dev"), self.tpm.tcti if self.tpm else "device:/dev/none")
        self.template = os.path.join(folder, "template")
        self.seen, self.first_key, self.wanted = 0, b"", []

    def stop(self):
        self.ca.stop()
        if self.tpm:
            self.tpm.stop()

    def signet(self, *argv, failing=False):
        """(exit code, what it said); the code is None where it had to be ended."""
        env = dict(self.device.env, **({"LD_PRELOAD": self.library, "FAIL_ALLOC": self.plan.path} if failing else {}))
        try:
            done = subprocess.run([self.signet_path, "-c", self.device.conf, *argv], env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=RUN_SECONDS, check=False)
        except subprocess.TimeoutExpired as hung:
            return None, str(hung)
        return done.returncode, done.stdout + done.stderr

    def configure(self, url):
        self.device.configure(url, self.ca.root, self.ca.issuing, scep="key_storage = %s\n" % self.storage)

    def prepare(self):
        """The device of each point: its key is made, its first request is not. A key takes long, and not the same each time."""
        self.configure("http://127.0.0.1:1/none")  # tcpmux: nobody listens
        self.device.give_challenge("NEVER-SENT")
        code, said = self.signet("apply")
        if code != 11 or "made an RSA" not in said:
            raise AssertionError("no key was made: exit %s\n%s" % (code, said))
        self.configure(self.ca.url)
        shutil.copytree(self.device.state, self.template, symlinks=True)
        self.first_key = self.key()

    def key(self):
        """The key of the newest generation."""
        folder = os.path.join(self.device.state, "scep", "dev")
        newest = max(name for name in os.listdir(folder) if name.isdigit())
        return read_bytes(os.path.join(folder, newest, "key.der" if self.tpm else "key.pem"))

    def begin(self, name):
        for path in (self.device.state, self.device.path("run")):
            shutil.rmtree(path, True)
        shutil.copytree(self.template, self.device.state, symlinks=True)
        self.ca.add_challenge(name)
        self.device.give_challenge(name)
        self.seen = self.log_size()

    def log_size(self):
        try:
            return os.stat(os.path.join(self.ca.folder, "log.jsonl")).st_size
        except FileNotFoundError:
            return 0

    def asked(self):
        """The PKIOperations of this point."""
        with open(os.path.join(self.ca.folder, "log.jsonl"), encoding="utf-8") as file:
            file.seek(self.seen)
            entries = [json.loads(line) for line in file]
        return [entry for entry in entries if entry.get("operation") == "PKIOperation"]

    def whole(self):
        """Counts of a run in which nothing fails; what it leaves is what every one should."""
        self.begin("WHOLE")
        self.plan.set()
        code, said = self.signet("apply", failing=True)
        counts = self.plan.counts()
        if code != 0 or min(counts) == 0:
            raise AssertionError("the run without a failure: exit %s, allocations %s\n%s" % (code, counts, said))
        self.wanted = left_behind(self.device.state)
        return counts

    def point(self, process, nth):
        """For try_all()."""
        self.begin("C-%s-%d" % (process, nth))
        self.plan.set(process, nth)
        code, said = self.signet("apply", failing=True)
        wrong = self.plan.crashes()
        is_reached = self.plan.counts()[PROCESSES.index(process)] >= nth  # the worker's number is not always the same
        if code is None:
            wrong.append("it hung for %d s" % RUN_SECONDS)
        elif code not in CODES[self.storage]:
            wrong.append("exit %d" % code)
        elif code != 0 and not sentence(said):
            wrong.append("exit %d without a word" % code)
        if self.tpm:
            with Client(os.path.join(self.tpm.folder, "tpm.sock")) as client:
                left = {kind: client.handles(kind) for kind in ("transient", "loaded session")}
            if any(left.values()):
                wrong.append("left in the TPM: %s" % left)
        healed, words = self.signet("apply")
        if healed != 0:
            told = [entry.get("text") or entry.get("decision") for entry in self.asked()]
            wrong.append("the next run: exit %s: %s (the CA: %s)" % (healed, words.strip(), told))
        else:
            wrong += self.judge()
        return process if is_reached else process + ", not reached", code, wrong, said

    def judge(self):
        wrong = compare(self.device.state, self.wanted)
        root = os.path.join(self.ca.folder, "root.pem")
        chain = run("openssl", "verify", "-CAfile", root, "-untrusted", self.device.current("chain.pem"),
                    self.device.current("cert.pem"), check=False)
        if chain.returncode != 0:
            wrong.append("the certificate does not verify: " + chain.stdout + chain.stderr)
        transactions = {entry.get("transaction_id") for entry in self.asked()}
        if len(transactions) != 1:
            wrong.append("%d transactions for one challenge" % len(transactions))
        if os.path.exists(self.device.challenge_file):
            wrong.append("the used challenge is still there")
        if self.key() != self.first_key:
            wrong.append("the key was thrown away")
        return wrong


def work(sweep, options):
    sweep.prepare()
    start = time.monotonic()
    counts = sweep.whole()
    print("allocations of an enrollment: %s" % ", ".join("%s %d" % one for one in zip(PROCESSES, counts)), flush=True)
    each = 2 * (time.monotonic() - start)
    points = [(name, n) for name, count in zip(PROCESSES, counts) for n in points_of(count)]
    if options.at:
        points = [(name, int(n)) for name, n in (one.split(":") for one in options.at.split(","))]
    elif options.part:
        first, step = (int(number) for number in options.part.split("/"))
        points = points[first - 1::step]
    elif options.minutes:
        points = even(points, 60 * options.minutes, each)
    return points


def main():
    parser = arguments(__doc__, "PROCESS:N,...", PROCESSES)
    parser.add_argument("--part", metavar="I/N", help="every N-th point from the I-th on: for N of these side by side")
    parser.add_argument("--storage", choices=sorted(CODES), default="software")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="sg.")
    sweep = None
    try:
        sweep = Sweep(folder, unsanitized(SIGNET, folder), build_library(folder), options.storage)
        return 0 if try_all(work(sweep, options), options, sweep.point) else 1
    finally:
        if sweep:
            sweep.stop()
        shutil.rmtree(folder, True)


if __name__ == "__main__":
    sys.exit(main())
