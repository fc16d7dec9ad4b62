#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What runs often loads no network library and writes nothing; who lacks the library is told so."""
import os
import unittest

from device import Case, SIGNET, run


class Cheap(Case):
    def setUp(self):
        super().setUp()
        self.kept, self.ca_of_it, _ = self.enrolled()
        self.none = os.path.join(self.folder, "lib")
        os.makedirs(self.none)
        with open(os.path.join(self.none, "libcurl.so.4"), "w") as f:
            f.write("no library\n")

    def test_libcurl_is_of_the_worker_alone(self):
        self.assertNotIn("libcurl", run("readelf", "-d", SIGNET).stdout)
        plain = dict(self.kept.env)
        self.kept.env["LD_LIBRARY_PATH"] = self.none
        before = self.kept.snapshot()
        for verb in (["status"], ["plan"], ["apply"], ["show", "dev"], ["inventory"]):
            self.kept.signet(*verb)
        self.assertEqual(before, self.kept.snapshot())
        serial = self.kept.serial()
        done = self.kept.signet("renew", "dev", "--force", expect=1)
        self.assertIn("libcurl.so.4", done.stderr)
        self.assertIn("install libcurl", done.stderr)
        self.assertEqual(serial, self.kept.serial())
        self.kept.env = plain
        self.kept.signet("renew", "dev", "--force")
        self.assertNotEqual(serial, self.kept.serial())


if __name__ == "__main__":
    unittest.main()
