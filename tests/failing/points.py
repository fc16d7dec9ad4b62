# SPDX-License-Identifier: MIT
"""What the two sweeps of this folder share: their options, an even sample, the loop, and what a run leaves."""
import argparse
import collections
import hashlib
import os
import time

from device import read_bytes

# The same bytes whatever the run: what the trust profiles give. The rest has moments, nonces and keys in it.
STEADY = ("trust/", "ca.pem")


def arguments(doc, at, of):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="about as long, an even sample")
    parser.add_argument("--at", metavar=at, help="this one, with what signet says; one of %s" % ", ".join(of))
    return parser


def even(points, seconds, each):
    """As many of them as the time allows, evenly; other ones each time."""
    most = max(1, int(seconds / each))
    if len(points) <= most:
        return points
    step = len(points) / most
    start = time.time_ns() % max(1, int(step))
    return [points[min(len(points) - 1, int(start + i * step))] for i in range(most)]


def try_all(points, options, point):
    """point(*one) -> (what to count it as, its exit code, what is wrong, what was said). Prints; True: all is well."""
    counts, failed = collections.Counter(), 0
    start = time.monotonic()
    for one in points:
        if options.minutes and time.monotonic() - start > 60 * options.minutes:
            break
        kind, code, wrong, said = point(*one)
        counts[kind, code] += 1
        if options.at:
            print(said)
        if wrong:
            failed += 1
            print("%s (%s) exit %s: %s" % (":".join(map(str, one)), kind, code, "; ".join(wrong)), flush=True)
    if not options.at and not any(code for _, code in counts):
        failed += 1
        print("no run failed at all: nothing was made to fail")
    print("%d of %d points in %d s: %d wrong" % (sum(counts.values()), len(points), time.monotonic() - start, failed))
    for (kind, code), count in sorted(counts.items(), key=str):
        print("  %-14s exit %-3s %d" % (kind, code, count))
    return not failed


def sentence(said):
    """Why a run failed, in its own words: not what it told on the way."""
    return " ".join(line[8:] for line in said.splitlines() if line.startswith("signet: "))


def left_behind(state):
    """[(name, content)] of all files, links and folders of a state folder; generations without their number."""
    out = []
    for where, folders, names in os.walk(state):
        for name in names + folders:
            full = os.path.join(where, name)
            path = "/".join("N" if part.isdigit() else part for part in os.path.relpath(full, state).split("/"))
            is_steady = os.path.isfile(full) and any(word in path for word in STEADY)
            out.append((path, hashlib.sha256(read_bytes(full)).hexdigest() if is_steady else ""))
    return sorted(out)


def compare(state, wanted):
    """What is wrong with a state folder that should hold as much as `wanted`, of left_behind()."""
    found = collections.Counter(left_behind(state))
    wanted = collections.Counter(wanted)
    return ["%s: %s" % (what, sorted(name for name, _ in some)) for what, some in
            (("too much is left", found - wanted), ("missing or damaged", wanted - found)) if some]
