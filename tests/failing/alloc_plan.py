# SPDX-License-Identifier: MIT
"""The file that a program with fail_alloc.c preloaded shares with us: which allocation fails, and how many there were."""
import mmap
import os
import struct

from device import run

PROCESSES = ("signet", "worker")
PLAN = struct.Struct("8Q")  # struct plan of fail_alloc.c


class Plan:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(PLAN.size))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), PLAN.size)

    def set(self, process=None, nth=0):
        wanted = [0, 0]
        if process is not None:
            wanted[PROCESSES.index(process)] = nth
        self.map[:] = PLAN.pack(*wanted, 0, 0, 0, 0, 0, 0)

    def counts(self):
        return PLAN.unpack(self.map[:])[2:4]

    def crashes(self):
        return ["%s: signal %d" % (name, number) for name, number in zip(PROCESSES, PLAN.unpack(self.map[:])[4:6]) if number]

    def sizes(self):
        """Bytes that were asked for."""
        return PLAN.unpack(self.map[:])[6:8]


def build(source, folder):
    """The library of one source file, for LD_PRELOAD."""
    library = os.path.join(folder, os.path.basename(source)[:-len(".c")] + ".so")
    run("cc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-D_GNU_SOURCE", "-o", library, source)
    return library


def build_library(folder):
    return build(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fail_alloc.c"), folder)
