#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the benches count with, against programs of which it is known."""

import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import counts  # noqa: E402
import measure  # noqa: E402
from wire import Wire  # noqa: E402

PYTHON = ["/usr/bin/python3", "-I", "-S", "-c"]
MIB = 1 << 20
BURN = """
import os, time
def burn():
    while time.process_time() < 0.2:
        pass
burn()
if os.fork() == 0:
    burn()
    os._exit(0)
os.wait()
raise SystemExit(7)
"""
SHARED = """
import os, time
block = b"x" * (50 << 20)
if os.fork() == 0:
    own = b"y" * (20 << 20)
    time.sleep(0.3)
    os._exit(0)
os.wait()
"""
ALLOCATE = """
import ctypes, os
malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
child = os.fork()
for _ in range(%d):
    malloc(1 << 20)
if child == 0:
    os._exit(0)
os.wait()
"""
LOAD = """
import ctypes, os
if os.fork() == 0:
    ctypes.CDLL("libanl.so.1")
    os._exit(0)
os.wait()
"""
KILLED = """
import ctypes, os, signal
way, end = os.pipe()
child = os.fork()
if child == 0:
    os.write(end, b"done")
    for _ in range(%d):
        pass
    os._exit(0)
os.read(way, 4)
os.kill(child, signal.SIGKILL)
os.wait()
"""
FALLEN = """
import os, signal
child = os.fork()
if child == 0:
    signal.pause()
os.system("kill -9 %d" % child)
os.wait()
"""
COUNT = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done"


def is_gone(path):
    """Within 10 s: ended, reaped or not."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            with open(path, encoding="ascii") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


class Measure(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sg.")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def test_processor_of_both_processes_and_the_exit_code(self):
        for is_watched in (False, True):
            done = measure.run([*PYTHON, BURN], is_watched=is_watched)
            self.assertEqual(7, done.code)
            self.assertGreaterEqual(done.cpu_s, 0.4 * 0.98)  # the clocks are rounded
            self.assertGreaterEqual(done.seconds, 0.4 * 0.98)
        self.assertEqual(-9, measure.run(["/bin/sh", "-c", "kill -9 $$"]).code)

    def test_what_is_shared_counts_once(self):
        done = measure.run([*PYTHON, SHARED])
        for name, kib in (("pss", done.pss_kib), ("peak", done.peak_kib)):
            self.assertGreater(kib << 10, 70 * MIB, name)
            self.assertLess(kib << 10, 95 * MIB, name)

    def test_what_does_not_end_is_ended_with_its_children(self):
        done = measure.run(["/bin/sh", "-c", "sleep 1000 & echo $!; wait"], killed_s=0.5)
        self.assertIsNone(done.code)
        self.assertTrue(is_gone("/proc/%d/stat" % int(done.out)))

    def test_instructions_before_a_fork_count_once(self):
        alone = counts.instructions(["/bin/sh", "-c", COUNT], None, self.folder)
        with_children = counts.instructions(["/bin/sh", "-c", COUNT + "; (:); (:)"], None, self.folder)
        twice = counts.instructions(["/bin/sh", "-c", "%s; (%s)" % (COUNT, COUNT)], None, self.folder)
        self.assertLess(with_children, 1.25 * alone)
        self.assertGreater(twice, 1.75 * alone)
        self.assertLess(twice, 2.25 * alone)

    def test_instructions_of_a_child_that_is_killed_when_it_is_done(self):
        few, many = (counts.instructions([*PYTHON, KILLED % number], None, self.folder) for number in (1, 100000))
        self.assertGreater(many - few, 1000000)

    def test_a_process_that_tells_no_total_is_an_error(self):
        with self.assertRaisesRegex(counts.CountError, "no total"):
            counts.instructions([*PYTHON, FALLEN], None, self.folder)

    def test_allocations_of_both_processes(self):
        before = counts.allocations([*PYTHON, ALLOCATE % 0], None, self.folder)
        after = counts.allocations([*PYTHON, ALLOCATE % 50], None, self.folder)
        self.assertAlmostEqual(100, after[0] - before[0], delta=10)
        self.assertAlmostEqual(100, (after[1] - before[1]) / MIB, delta=1)

    def test_objects_that_a_child_loads(self):
        found = {os.path.basename(path): size for path, size in
                 counts.shared_objects([*PYTHON, LOAD], None, self.folder).items()}
        self.assertIn("libc.so.6", found)
        self.assertGreater(found["libanl.so.1"], 1000)

    def test_a_command_that_fails_is_told_with_its_reason(self):
        with self.assertRaisesRegex(counts.CountError, "exit 3: no such luck"):
            counts.shared_objects(["/bin/sh", "-c", "echo no such luck >&2; exit 3"], None, self.folder)

    def test_requests_and_bytes(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        wire = Wire(server.getsockname()[1])
        self.addCleanup(wire.stop)
        for turns in (2, 1):
            with socket.create_connection(("127.0.0.1", wire.own_port)) as client:
                for _ in range(turns):
                    client.sendall(b"q" * 100)
                    self.assertEqual(b"a" * 250, client.recv(250, socket.MSG_WAITALL))
        self.assertEqual((3, 2, 300, 750), (wire.requests, wire.connections, wire.up, wire.down))


def answer(server):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            while connection.recv(100, socket.MSG_WAITALL):
                connection.sendall(b"a" * 250)


if __name__ == "__main__":
    unittest.main()
