# SPDX-License-Identifier: MIT
"""tpm2-abrmd on a bus of its own: a TPM for several users at once, as the kernel's resource manager makes it."""
import os
import subprocess
import time

PATIENCE_S = 30  # for what takes milliseconds on an idle machine


class ResourceManager:
    """manager = ResourceManager(FOLDER, TCTI); who has manager.env uses manager.tcti; manager.stop()

    env: more for its own environment.
    """

    tcti = "tabrmd:bus_type=session"

    def __init__(self, folder, tcti, env=None):
        self.processes = []
        try:
            # a path, and no abstract socket: those belong to a network name space
            bus = self._start("dbus-daemon", "--session", "--nofork", "--nosyslog", "--print-address=1",
                              "--address=unix:path=" + os.path.join(folder, "bus"), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)  # it tells root of its limits
            self.env = {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()}
            bus.stdout.close()
            self._start("tpm2-abrmd", "--allow-root", "--session", "--tcti=" + tcti, stdout=subprocess.DEVNULL,
                        env={**os.environ, **self.env, **(env or {})})
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _start(self, *argv, **more):
        process = subprocess.Popen(argv, text=True, stdin=subprocess.DEVNULL, **more)
        self.processes.append(process)
        return process

    def _wait(self):
        """Until its name shows up on the bus."""
        end = time.monotonic() + PATIENCE_S
        ask = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
               "org.freedesktop.DBus.ListNames"]
        while "com.intel.tss2.Tabrmd" not in subprocess.run(ask, env={**os.environ, **self.env}, stdout=subprocess.PIPE,
                                                            text=True, timeout=PATIENCE_S, check=True).stdout:
            if time.monotonic() > end:
                raise AssertionError("tpm2-abrmd does not come to its bus")
            time.sleep(0.02)

    def stop(self):
        while self.processes:
            process = self.processes.pop()
            process.terminate()
            process.wait(10)
