# SPDX-License-Identifier: MIT
"""Real kills: signet and its workers end at once, before a call that changes the disk or sends something (kill_at.c)."""
import os
import subprocess

from device import SIGNET

HERE = os.path.dirname(os.path.abspath(__file__))
RUN_TIMEOUT = 300  # seconds


def build(base):
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", os.path.join(base, "kill_at.so"),
                    os.path.join(HERE, "kill_at.c")], check=True)


def run(world, base, scenario, number):
    """The number of calls that were made; number 0 lets it come to its end."""
    count = world.path("calls")
    with open(count, "wb") as file:
        file.write(bytes(4))
    env = dict(world.device.env, LD_PRELOAD=os.path.join(base, "kill_at.so"), KILL_COUNT=count, KILL_AT=str(number))
    env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    # a session of its own: the process group that dies must not be ours
    done = subprocess.run([SIGNET, "-c", world.device.conf, *scenario.argv], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                          timeout=RUN_TIMEOUT)
    if done.returncode not in (scenario.exit, -9):
        raise AssertionError("the run to kill ended with %d:\n%s" % (done.returncode, done.stdout))
    with open(count, "rb") as file:
        return int.from_bytes(file.read(), "little")
