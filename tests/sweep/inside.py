# SPDX-License-Identifier: MIT
"""What runs in namespaces of its own: the recording, and the workers that try point after point."""
import json
import os
import shutil
import subprocess
import sys
import time

import checks
import killed
import recording as recordings
from scenario import SCENARIOS
from tpm_client import TpmError
from world import World

RECORDED, WORLD, RECORDING = "recorded", "x", "recording"


def enter(base, folder):
    """The world's path is BASE/x for everybody, and a folder of this process alone lies behind it."""
    os.makedirs(os.path.join(base, folder), exist_ok=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", os.path.join(base, folder), os.path.join(base, WORLD)], check=True)
    world = World(os.path.join(base, WORLD))
    world.boot()
    subprocess.run(["mount", "--bind", world.boot_id, "/proc/sys/kernel/random/boot_id"], check=True)
    return world


def record(base, name):
    world = enter(base, RECORDED)
    recordings.make(name, SCENARIOS[name], world).save(os.path.join(base, RECORDING))


def put_back(world, recorded, base, point):
    """All as it was at that point, and the power comes back."""
    exchanges = recorded.exchanges_at(point.index)
    world.boot()
    world.put_tree(recorded.disk_at(point.index).tree(point.variant))
    world.swtpm.put(recorded.tpm_states[recorded.commands_at(point.index)])
    world.authority.put(os.path.join(base, RECORDED, "ca"), recorded.requests + exchanges)
    if point.mode == "strict":
        world.authority.mode(**world.authority.current_mode(), strict_transactions=True, no_poll=True)
    world.on(SCENARIOS[recorded.scenario])


def cut(world, recorded, base, number):
    """The scenario once more, and its processes end for real before their call `number`; then the power comes back."""
    put_back(world, recorded, base, recordings.Point(0, "all", "again"))
    killed.run(world, base, SCENARIOS[recorded.scenario], number)
    world.off()
    world.boot()
    world.on(SCENARIOS[recorded.scenario])


def heals(world, recorded, base, job):
    """None, or what is wrong. A job is a point, or the number of a call to be killed at."""
    mode = "again" if isinstance(job, int) else job.mode
    try:
        if isinstance(job, int):
            cut(world, recorded, base, job)
        else:
            put_back(world, recorded, base, job)
        checks.all_of(world, recorded, SCENARIOS[recorded.scenario], mode)
    except checks.Broken as reason:
        return str(reason)
    except (OSError, ValueError, AssertionError, TpmError, subprocess.SubprocessError) as reason:
        return "%s: %s" % (type(reason).__name__, reason)
    finally:
        world.off()
    return None


def count_calls(base, folder):
    """How many calls the whole run has, on standard output."""
    world = enter(base, folder)
    recorded = recordings.load(os.path.join(base, RECORDING))
    put_back(world, recorded, base, recordings.Point(0, "all", "again"))
    try:
        print(killed.run(world, base, SCENARIOS[recorded.scenario], 0))
    finally:
        world.off()


def work(base, folder):
    """A line of JSON in, a job; a line of JSON out, how it went."""
    world = enter(base, folder)
    recorded = recordings.load(os.path.join(base, RECORDING))
    for line in sys.stdin:
        job = json.loads(line)
        begun = time.monotonic()
        wrong = heals(world, recorded, base, job if isinstance(job, int) else recordings.Point(*job))
        print(json.dumps({"wrong": wrong, "seconds": round(time.monotonic() - begun, 2)}), flush=True)
    shutil.rmtree(os.path.join(base, folder), True)
