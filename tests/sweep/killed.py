# SPDX-License-Identifier: MIT
"""Real kills: signet and its workers end at once, before a call that changes the disk or sends something (kill_at.c)."""
import os
import signal
import subprocess
import time

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
    with open(world.path("killed"), "w+") as said:
        # a session of its own: the process group that dies must not be ours
        process = subprocess.Popen([SIGNET, "-c", world.device.conf, *scenario.argv], env=env, stdin=subprocess.DEVNULL,
                                   stdout=said, stderr=subprocess.STDOUT, start_new_session=True)
        until = time.monotonic() + RUN_TIMEOUT
        while process.poll() is None and time.monotonic() < until and (number == 0 or counted(count) < number):
            time.sleep(0.005)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        said.seek(0)
        if status not in (scenario.exit, -9) or (status == -9 and counted(count) != number):
            raise AssertionError("the run to kill ended with %d:\n%s" % (status, said.read()))
    return counted(count)


def counted(path):
    with open(path, "rb") as file:
        return int.from_bytes(file.read(), "little")
