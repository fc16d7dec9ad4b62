#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The rules of disk.py and strace.py, one by one; that `all` is right is proven by each recording."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import disk  # noqa: E402
import strace  # noqa: E402
from strace import Event  # noqa: E402

BEFORE = {"": ("dir", 0o700, None), "a": ("file", 0o600, b"old"), "link": ("link", 0o777, "a"), "d": ("dir", 0o700, None)}


def tree(*events, variant="synced"):
    model = disk.Disk(BEFORE)
    for kind, *arguments in events:
        model.apply(Event(kind, tuple(arguments)))
    return model.tree(variant)


REPLACE = [("create", "a.new", 0o600), ("write", "a.new", 0, b"new"), ("fsync", "a.new"), ("rename", "a.new", "a")]


class TheDisk(unittest.TestCase):
    def test_what_was_there_is_there(self):
        for variant in disk.VARIANTS:
            self.assertEqual(tree(variant=variant), BEFORE)

    def test_a_rename_counts_with_the_fsync_of_its_folder(self):
        self.assertEqual(tree(*REPLACE), BEFORE)
        self.assertEqual(tree(*REPLACE, variant="all")["a"][2], b"new")
        found = tree(*REPLACE, ("fsync", ""))
        self.assertEqual(found["a"][2], b"new")
        self.assertNotIn("a.new", found)

    def test_a_file_that_nobody_synced_is_empty_or_not_there(self):
        events = [one for one in REPLACE if one[0] != "fsync"]
        self.assertEqual(tree(*events)["a"][2], b"old")
        self.assertEqual(tree(*events, ("fsync", ""))["a"][2], b"")
        self.assertEqual(tree(*events, variant="names")["a"][2], b"")

    def test_a_removal_counts_with_the_fsync_of_its_folder(self):
        self.assertIn("a", tree(("unlink", "a")))
        self.assertNotIn("a", tree(("unlink", "a"), variant="names"))
        self.assertNotIn("a", tree(("unlink", "a"), ("fsync", "")))

    def test_a_write_into_a_file_counts_with_its_fsync(self):
        for variant in ("synced", "names"):
            self.assertEqual(tree(("write", "a", 1, b"XYZ"), variant=variant)["a"][2], b"old")
            self.assertEqual(tree(("write", "a", 1, b"XYZ"), ("fsync", "a"), variant=variant)["a"][2], b"oXYZ")
        self.assertEqual(tree(("write", "a", 1, b"XYZ"), variant="all")["a"][2], b"oXYZ")
        self.assertEqual(tree(("truncate", "a", 0))["a"][2], b"old")

    def test_a_mode_counts_with_the_fsync_of_the_file(self):
        self.assertEqual(tree(("chmod", "a", 0o644))["a"][1], 0o600)
        self.assertEqual(tree(("chmod", "a", 0o644), ("fsync", "a"))["a"][1], 0o644)

    def test_a_new_folder_is_empty_until_it_is_synced(self):
        inside = [("mkdir", "n", 0o700), ("create", "n/f", 0o600), ("write", "n/f", 0, b"x"), ("fsync", "n/f")]
        self.assertEqual(tree(*inside), BEFORE)
        self.assertEqual(sorted(set(tree(*inside, ("fsync", ""))) - set(BEFORE)), ["n"])
        self.assertEqual(sorted(set(tree(*inside, ("fsync", ""), ("fsync", "n"))) - set(BEFORE)), ["n", "n/f"])

    def test_a_link_moves_with_the_fsync_of_its_folder(self):
        events = [("symlink", "link.new", "d"), ("rename", "link.new", "link")]
        self.assertEqual(tree(*events)["link"][2], "a")
        self.assertEqual(tree(*events, variant="names")["link"][2], "d")
        self.assertEqual(tree(*events, ("fsync", ""))["link"][2], "d")
        self.assertEqual(tree(*events, ("create", "link/f", 0o600), variant="all")["d/f"][0], "file")

    def test_a_tree_comes_back_from_a_real_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            disk.write_tree(folder, BEFORE)
            self.assertEqual(disk.differences(BEFORE, disk.read_tree(folder)), [])
            os.unlink(os.path.join(folder, "a"))
            self.assertEqual(len(disk.differences(BEFORE, disk.read_tree(folder))), 1)


class TheTrace(unittest.TestCase):
    SCRIPT = """
import os
x = %r
os.umask(0o22)
os.mkdir(x + "/n", 0o755)
fd = os.open(x + "/n/f", os.O_WRONLY | os.O_CREAT, 0o640)
os.write(fd, b"abc")
os.write(fd, b"def")
os.lseek(fd, 1, os.SEEK_SET)
os.write(fd, b"X")
os.pwrite(fd, b"Y", 4)
os.writev(fd, [b"1", b"2"])
os.ftruncate(fd, 5)
os.fchmod(fd, 0o600)
os.fsync(fd)
fd = os.open(x + "/a", os.O_WRONLY | os.O_APPEND)
os.write(fd, b"er")
os.close(os.open(x + "/n/t", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
os.symlink("../a", x + "/n/s")
os.rename(x + "/n/t", x + "/n/u")
if os.fork() == 0:
    os.unlink(x + "/link")
    os._exit(0)
os.wait()
os.chmod(x + "/d", 0o711)
os.rmdir(x + "/d")
try:
    os.unlink(x + "/n/gone")
except FileNotFoundError:
    pass
"""

    def test_each_call_is_replayed_to_what_it_left(self):
        with tempfile.TemporaryDirectory() as base:
            folder, log = os.path.join(base, "x"), os.path.join(base, "log")
            disk.write_tree(folder, BEFORE)
            code, said = strace.record([sys.executable, "-c", self.SCRIPT % folder], log, dict(os.environ))
            self.assertEqual(code, 0, said)
            model = disk.Disk(BEFORE)
            for event in strace.read(log, folder, (), "", BEFORE):
                model.apply(event)
            self.assertEqual(disk.differences(disk.read_tree(folder), model.tree("all")), [])

    def test_a_call_that_the_model_does_not_know_ends_it(self):
        with tempfile.TemporaryDirectory() as base:
            folder, log = os.path.join(base, "x"), os.path.join(base, "log")
            disk.write_tree(folder, BEFORE)
            strace.record([sys.executable, "-c", "import os; os.link(%r, %r)" % (folder + "/a", folder + "/b")], log,
                          dict(os.environ))
            with self.assertRaises(strace.TraceError):
                strace.read(log, folder, (), "", BEFORE)

    def test_a_path_that_hangs_from_nothing_ends_it(self):
        with tempfile.TemporaryDirectory() as base:
            log = os.path.join(base, "log")
            strace.record([sys.executable, "-c", "import os; os.chdir(%r); os.mkdir('x')" % base], log, dict(os.environ))
            with self.assertRaises(strace.TraceError):
                strace.read(log, base, (), "", BEFORE)


if __name__ == "__main__":
    unittest.main()
