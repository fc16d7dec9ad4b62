# SPDX-License-Identifier: MIT
"""A clock for the programs of a test, and only for them; clock_shim.c says what it covers."""
import mmap
import os
import struct
import subprocess
import time

SECOND = 1000000000
FIELDS = ("changes", "real_start", "lab_start", "rate", "wall", "is_synchronised", "is_denied", "sets")
MAGIC = b"LABCLOCK"


class LabClock:
    """clock = LabClock(FOLDER); clock.set(5); device.env.update(clock.env(SIGNET)); ...; clock.close()

    It begins at the machine's time, not synchronised. LAB_CLOCK_SHIM in the environment is the library.
    """

    def __init__(self, folder):
        self.path = os.path.join(folder, "lab.clock")
        self.shim = os.environ["LAB_CLOCK_SHIM"]
        size = len(MAGIC) + 8 * len(FIELDS)
        with open(self.path, "wb") as file:
            file.write(MAGIC + bytes(size - len(MAGIC)))
        os.chmod(self.path, 0o666)  # a worker of another user reads it too
        with open(self.path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self._put("rate", 1)
        self._put("real_start", self._machine())
        self._put("lab_start", self._machine())
        self._put("wall", time.time_ns() - self._machine())

    def close(self):
        self._map.close()

    @staticmethod
    def _machine():
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def _at(self, name):
        return len(MAGIC) + 8 * FIELDS.index(name)

    def _get(self, name):
        return struct.unpack_from("<q", self._map, self._at(name))[0]

    def _put(self, name, value):
        struct.pack_into("<q", self._map, self._at(name), value)

    def _boot(self):
        return self._get("lab_start") + (self._machine() - self._get("real_start")) * self._get("rate")

    def now(self):
        """unix s."""
        return (self._boot() + self._get("wall")) / SECOND

    def set(self, unix):
        """As settimeofday(2) of somebody: it steps, and is not synchronised after that."""
        self._put("wall", int(unix * SECOND) - self._boot())
        self._put("is_synchronised", 0)
        self._put("sets", self._get("sets") + 1)

    def synchronised(self, is_so=True):
        """As an NTP daemon that tells the kernel."""
        self._put("is_synchronised", int(is_so))

    @property
    def is_synchronised(self):
        return self._get("is_synchronised") != 0

    def ntp(self, unix):
        """Time comes."""
        self.set(unix)
        self.synchronised()

    def deny(self, is_so=True):
        """Nobody of the programs has the right to set it."""
        self._put("is_denied", int(is_so))

    @property
    def sets(self):
        """How often it was set, by a program or by set()."""
        return self._get("sets")

    def rate(self, times):
        """Every clock runs so many times as fast from now on, an integer. Timers that are armed keep the old pace; what
        the outside world does (a TPM, a server) takes as long as ever, so it looks slow."""
        boot, real = self._boot(), self._machine()
        self._put("changes", self._get("changes") + 1)
        self._put("real_start", real)
        self._put("lab_start", boot)
        self._put("rate", times)
        self._put("changes", self._get("changes") + 1)

    def env(self, program=None):
        """Environment for `program`; one with the address sanitizer wants its runtime in front."""
        preload = self.shim
        if program:
            linked = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
            runtime = [line.split()[2] for line in linked.splitlines() if "libasan.so" in line]
            preload = ":".join(runtime + [self.shim])
        return {"LAB_CLOCK": self.path, "LD_PRELOAD": preload}
