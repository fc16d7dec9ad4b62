#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The lab's clock, seen by programs that know nothing of it: date, openssl and Python."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from labclock import LabClock  # noqa: E402

PYTHON = "/usr/bin/python3"
# A timer that a set cancels, as the agent has one: says "armed", then how its poll and read end.
TIMER = """
import ctypes, os, select, struct, sys
c = ctypes.CDLL(None, use_errno=True)
fd = c.timerfd_create(0, 0)
assert c.timerfd_settime(fd, 3, struct.pack("<4q", 0, 0, 1 << 33, 0), None) == 0
other = c.timerfd_create(7, 0)  # CLOCK_BOOTTIME
assert c.timerfd_settime(other, 0, struct.pack("<4q", 0, 0, int(sys.argv[1]), 0), None) == 0
print("armed", flush=True)
p = select.poll()
p.register(fd, select.POLLIN)
p.register(other, select.POLLIN)
ready = [one for one, _ in p.poll()]
got = c.read(ready[0], ctypes.create_string_buffer(8), 8)
print("set" if ready == [fd] else "time", got, os.strerror(ctypes.get_errno()) if got < 0 else "")
"""


class Clock(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sgl.")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.clock = LabClock(self.folder)
        self.addCleanup(self.clock.close)

    def run_in_lab(self, *argv, check=True):
        env = dict(os.environ, TZ="UTC", LC_ALL="C", **self.clock.env())
        return subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=check,
                              timeout=60)

    def python(self, code, *args):
        return self.run_in_lab(PYTHON, "-c", "import time, select; " + code, *args).stdout.strip()

    def test_every_way_to_ask_gives_the_time_of_the_lab_and_another_program_sets_it(self):
        real = time.time()
        self.clock.set(5)
        self.assertEqual("1970", self.run_in_lab("date", "+%Y").stdout.strip())
        self.assertLess(float(self.python("print(time.time())")), 60)
        self.clock.set(4102444799 - 86400)
        self.assertEqual("2099-12-30", self.run_in_lab("date", "+%F").stdout.strip())
        self.assertIn("notBefore=Dec 30 23", self.run_in_lab(
            "sh", "-c", "openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=x | "
            "openssl x509 -noout -startdate").stdout)
        self.run_in_lab("date", "-s", "2031-05-06 07:08:09")
        self.assertEqual("2031-05-06", time.strftime("%F", time.gmtime(self.clock.now())))
        self.assertEqual("2031-05-06", self.run_in_lab("date", "+%F").stdout.strip())
        self.assertLess(time.time() - real, 60)  # the machine's own goes on

    def test_setting_it_ends_the_synchronisation_and_may_be_denied(self):
        ask = "import ctypes; b = ctypes.create_string_buffer(256); " \
              "print(ctypes.CDLL(None).adjtimex(b), int.from_bytes(b.raw[40:44], 'little') & 64)"  # STA_UNSYNC
        self.assertEqual("5 64", self.python(ask))
        self.clock.synchronised()
        self.assertEqual("0 0", self.python(ask))
        self.run_in_lab("date", "-s", "2031-05-06")
        self.assertEqual("5 64", self.python(ask))
        self.clock.deny()
        sets = self.clock.sets
        self.assertNotEqual(0, self.run_in_lab("date", "-s", "1999-01-01", check=False).returncode)
        self.assertEqual(sets, self.clock.sets)
        self.assertGreater(self.clock.now(), 1900000000)

    def test_a_fast_clock_makes_every_wait_short(self):
        self.clock.rate(100)
        for wait in ("time.sleep(60)", "select.select([], [], [], 60)", "select.poll().poll(60000)",
                     "select.epoll().poll(60)", "import threading; threading.Event().wait(60)",
                     "import ctypes; ctypes.CDLL(None).usleep(60000000)"):
            begin = time.monotonic()
            passed = self.python("a = time.monotonic(), time.time(), time.clock_gettime(7); %s; "
                                 "b = time.monotonic(), time.time(), time.clock_gettime(7); "
                                 "print(min(y - x for x, y in zip(a, b)))" % wait)
            self.assertGreaterEqual(float(passed), 59.9, wait)
            self.assertLess(time.monotonic() - begin, 50, wait)  # real: below one second and the start of Python

    def test_a_timer_is_cancelled_by_who_sets_the_clock_and_runs_out_else(self):
        env = dict(os.environ, **self.clock.env())
        for seconds, expect in ((3600, "set -1 Operation canceled"), (1, "time 8")):
            with subprocess.Popen([PYTHON, "-c", TIMER, str(seconds)], env=env, stdout=subprocess.PIPE,
                                  text=True) as process:
                self.assertEqual("armed", process.stdout.readline().strip())
                if seconds == 3600:
                    self.run_in_lab("date", "-s", "2031-05-06")
                self.assertEqual(expect, process.communicate(timeout=60)[0].strip())

    def test_without_its_file_a_program_does_not_run_on_the_machines_clock(self):
        env = dict(os.environ, **self.clock.env())
        env["LAB_CLOCK"] = os.path.join(self.folder, "none")
        self.assertEqual(70, subprocess.run(["date"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                            check=False).returncode)


if __name__ == "__main__":
    unittest.main(verbosity=2)
