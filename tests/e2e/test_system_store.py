#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The system's store of CA certificates, in a mount namespace: in, out, and cut off on the way."""
import os
import subprocess
import unittest

from device import SIGNET, Case, read, run

STORE = "/usr/local/share/ca-certificates"
PROGRAM = "/usr/sbin/update-ca-certificates"
# Makes the bundle of what is in the store; dies with its caller, before it has, when the power is to go.
UPDATE = """#!/bin/sh
if rm %(folder)s/cut 2>/dev/null; then kill -9 $PPID; exit 1; fi
cat %(store)s/*.crt >%(folder)s/bundle 2>/dev/null
exit 0
"""


class SystemStore(Case):
    def setUp(self):
        super().setUp()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.pem",
            "-out", "root.pem", "-subj", "/CN=Root", "-days", "2", cwd=self.folder)
        os.makedirs(self.path("store"))
        self.write("update", UPDATE % {"folder": self.folder, "store": STORE})
        os.chmod(self.path("update"), 0o755)
        self.write("bundle", "")
        self.configure("[trust root]\ncertificate = %s\nsystem_store = yes\n" % self.path("root.pem"))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def configure(self, text):
        self.write("signet.conf", "[agent]\nstate_dir = %s\nrun_dir = %s\nclock = trusted\n" %
                   (self.path("state"), self.path("run")) + text)

    def signet(self, *argv, is_cut=False):
        if is_cut:
            self.write("cut", "")
        done = subprocess.run(["unshare", "-m", "sh", "-ec", 'mount --bind "$1" %s; mount --bind "$2" %s; shift 2; "$@"' %
                               (STORE, PROGRAM), "sh", self.path("store"), self.path("update"), SIGNET, "-c",
                               self.path("signet.conf"), *argv], capture_output=True, text=True, timeout=60)
        self.assertEqual(is_cut, done.returncode != 0, done.stderr)

    def trusted(self):
        """What stands in the store, and what the system goes by."""
        return os.listdir(self.path("store")), "BEGIN CERTIFICATE" in read(self.path("bundle"))

    def test_in_and_out(self):
        self.signet("apply")
        self.assertEqual((["signet-root.crt"], True), self.trusted())
        self.signet("retire", "--all", "--yes")
        self.assertEqual(([], False), self.trusted())
        self.assertEqual([], os.listdir(self.path("state", "trust")))

    def test_cut_on_its_way_in(self):
        self.signet("apply", is_cut=True)
        self.signet("apply")
        self.assertEqual((["signet-root.crt"], True), self.trusted())

    def test_cut_on_its_way_out(self):
        self.signet("apply")
        self.signet("retire", "--all", "--yes", is_cut=True)
        self.signet("apply")
        self.assertEqual(([], False), self.trusted())
        self.assertEqual([], os.listdir(self.path("state", "trust")))


if __name__ == "__main__":
    unittest.main()
