# SPDX-License-Identifier: MIT
"""What runs in namespaces of its own: the recording, and the workers that try point after point."""
import json
import os
import shutil
import subprocess
import sys
import time

import checks
import recording as recordings
from scenario import SCENARIOS
from world import World

RECORDED, WORLD, RECORDING = "recorded", "x", "recording"


def enter(base, folder):
    """The world's path is BASE/x for everybody, and a folder of this process alone lies behind it."""
    os.makedirs(os.path.join(base, folder), exist_ok=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", os.path.join(base, folder), os.path.join(base, WORLD)], check=True)
    return World(os.path.join(base, WORLD))


def record(base, name):
    world = enter(base, RECORDED)
    recordings.make(name, SCENARIOS[name], world).save(os.path.join(base, RECORDING))


def put_back(world, recorded, base, point):
    """All as it was at that point, and the power comes back."""
    exchanges = recorded.exchanges_at(point.index)
    world.put_tree(recorded.disk_at(point.index).tree(point.variant))
    world.swtpm.put(recorded.tpm_states[recorded.commands_at(point.index)])
    world.authority.put(os.path.join(base, RECORDED, "ca"), recorded.requests + exchanges)
    if point.mode == "strict":
        world.authority.mode(strict_transactions=True, no_poll=True)
    world.on()


def try_point(world, recorded, base, point):
    """None, or what is wrong."""
    try:
        put_back(world, recorded, base, point)
        checks.all_of(world, recorded, SCENARIOS[recorded.scenario], point.mode)
    except checks.Broken as reason:
        return str(reason)
    except (OSError, ValueError, AssertionError, subprocess.TimeoutExpired) as reason:
        return "%s: %s" % (type(reason).__name__, reason)
    finally:
        world.off()
    return None


def work(base, folder):
    """A line of JSON in, a point; a line of JSON out, how it went."""
    world = enter(base, folder)
    recorded = recordings.load(os.path.join(base, RECORDING))
    for line in sys.stdin:
        point = recordings.Point(*json.loads(line))
        begun = time.monotonic()
        wrong = try_point(world, recorded, base, point)
        print(json.dumps({"wrong": wrong, "seconds": round(time.monotonic() - begun, 2)}), flush=True)
    shutil.rmtree(os.path.join(base, folder), True)
