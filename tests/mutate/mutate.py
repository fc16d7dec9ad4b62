#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Takes each check of mutations.txt out of a copy of the sources, one at a time, and shows which test sees it.

Usage: mutate.py [--jobs N] [--from N] [--to N] [--only WORD] [--without-e2e] [--first] [--check]
  --from N, --to N, --only WORD  some of the list: from the N-th to the N-th; those whose name has WORD
  --first                only the program that the list names: quick; who survives that is tried again without it
  --without-e2e          a mutation that no unit test sees counts as survived without a whole run
  --check                does the list follow the code? Nothing is built

A line a mutation: number, name, the program and the first test that failed, or SURVIVED. Exit 0 only when each was seen. A
mutation whose text is not in its file exactly once is an error: the list follows the code. The unchanged copy must pass first.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
UNITS = ["unit_pki", "unit_scep", "unit_agent"]
END_TO_END = "e2e_refusals"
LIMIT_S = 900  # of one program: ctest gives its units 300 s, on a quiet machine
FAILED = re.compile(r"error: Failure in TEST\((\w+), (\w+)\)|^(?:FAIL|ERROR): (\w+) \((\S+)\)", re.M)


class Mutation:
    def __init__(self, name, path, first):
        self.name, self.path, self.first = name, path, first
        self.old, self.new = [], []

    def applied(self, text):
        old, new = "".join(self.old), "".join(self.new)
        if text.count(old) != 1:
            raise SystemExit("mutate.py: \"%s\" is %d times in %s, not once" % (self.name, text.count(old), self.path))
        return text.replace(old, new)


def read_list():
    """'@ name | file | program that should see it', then the lines that go ('-') and those that come ('+')."""
    found = []
    with open(os.path.join(HERE, "mutations.txt"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("@ "):
                found.append(Mutation(*[part.strip() for part in line[2:].split("|")]))
            elif line.startswith("-"):
                found[-1].old.append(line[1:])
            elif line.startswith("+"):
                found[-1].new.append(line[1:])
            elif line.strip() and not line.startswith("#"):
                raise SystemExit("mutate.py: mutations.txt:%d is neither @, - nor +" % number)
    return found


def copy_tree(target):
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT,
                           stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source = os.path.join(ROOT, name)
        if os.path.exists(source):
            os.makedirs(os.path.dirname(os.path.join(target, name)), exist_ok=True)
            shutil.copy2(source, os.path.join(target, name), follow_symlinks=False)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def first_failure(command, environment):
    """What a program says first of a test that failed, and the program is ended there; None: it passes."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=environment) as program:
        limit = threading.Timer(LIMIT_S, program.kill)
        limit.start()
        said = ""
        for line in program.stdout:
            seen = FAILED.search(line)
            said = said or (".".join(part for part in seen.groups() if part) if seen else "")
            if said and command[0] == "stdbuf":
                program.kill()  # an end-to-end test ends by itself, and stops what it started
        program.wait()
        limit.cancel()
        return said or ("exit %d" % program.returncode if program.returncode else None)


class Copy:
    """The sources with one change at most, and what is built of them."""

    def __init__(self, folder, jobs):
        self.sources, self.build, self.jobs = os.path.join(folder, "s"), os.path.join(folder, "b"), jobs
        copy_tree(self.sources)
        self._run("cmake", "-S", self.sources, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug")

    def _run(self, *command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode != 0:
            raise SystemExit("mutate.py: %s\n%s" % (" ".join(command), done.stdout[-4000:]))

    def test(self, program):
        """The first test that fails; None when none does."""
        target = "signet" if program == END_TO_END else program
        self._run("cmake", "--build", self.build, "-j", str(self.jobs), "--target", target)
        command = ["stdbuf", "-oL", os.path.join(self.build, "tests", program)]
        environment = dict(os.environ, SIGNET=os.path.join(self.build, "signet"))
        if program == END_TO_END:
            command = ["/usr/bin/python3", os.path.join(self.sources, "tests/e2e/test_refusals.py"), "-f"]
        return first_failure(command, environment)

    def try_out(self, mutation, programs):
        """(program, test) that saw it; None: survived."""
        path = os.path.join(self.sources, mutation.path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        write(path, mutation.applied(text))
        try:
            for program in sorted(programs, key=lambda each: each != mutation.first):
                test = self.test(program)
                if test:
                    return program, test
            return None
        finally:
            write(path, text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--from", dest="start", type=int, default=1)
    parser.add_argument("--to", dest="end", type=int, default=sys.maxsize)
    parser.add_argument("--only", default="")
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--without-e2e", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    mutations = read_list()
    for mutation in mutations:  # all of them, before any time is spent
        with open(os.path.join(ROOT, mutation.path), encoding="utf-8") as file:
            mutation.applied(file.read())
    if options.check:
        print("%d mutations, each fits" % len(mutations))
        return 0
    picked = [(number, mutation) for number, mutation in enumerate(mutations, 1)
              if options.start <= number <= options.end and options.only in mutation.name]
    survived = 0
    with tempfile.TemporaryDirectory(prefix="sgmut") as folder:
        copy = Copy(folder, options.jobs)
        for program in sorted({mutation.first for _, mutation in picked}) if options.first else UNITS:
            failed = copy.test(program)
            if failed:
                raise SystemExit("mutate.py: %s fails without any change: %s" % (program, failed))
        for number, mutation in picked:
            programs = [mutation.first] if options.first else UNITS if options.without_e2e else UNITS + [END_TO_END]
            seen = copy.try_out(mutation, programs)
            survived += seen is None
            print("%3d  %-62s  %s" % (number, mutation.name, "%s  %s" % seen if seen else "SURVIVED"), flush=True)
    print("%d mutations, %d seen, %d survived" % (len(picked), len(picked) - survived, survived))
    return 1 if survived or not picked else 0


if __name__ == "__main__":
    sys.exit(main())
