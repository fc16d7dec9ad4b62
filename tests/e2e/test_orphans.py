#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A kill while signet holds a key and a session in the TPM: a resource manager flushes both.

The kernel's is the same in kind; here it is tpm2-abrmd. Behind it a relay stops the first signature and looks into the TPM.
"""
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import unittest

from device import LAB, SIGNET, Case, Device

sys.path.insert(0, LAB)

from netlab.relay import TpmRelay  # noqa: E402
from resource_manager import ResourceManager  # noqa: E402
from tpm_client import HANDLES, SIGN, STORAGE_KEY, Client  # noqa: E402

PATIENCE = 30  # seconds for things that take milliseconds on an idle machine


class Turnstile(TpmRelay):
    """Holds the first signature back, and tells what is in the TPM then."""

    def __init__(self, folder, target):
        self.arrived, self.let_go, self.held = threading.Event(), threading.Event(), None
        super().__init__(folder, target)

    def _do(self, tpm, command, gone):
        if struct.unpack_from(">I", command, 6)[0] == SIGN and not self.let_go.is_set():
            self.held = handles(Client("", tpm))
            self.arrived.set()
            self.let_go.wait(PATIENCE)
        return super()._do(tpm, command, gone)


def handles(client):
    return {kind: client.handles(kind) for kind in HANDLES}


class Orphans(Case):
    def until(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, "waited in vain: " + what)
            time.sleep(0.02)

    def test_a_kill_leaves_nothing_in_the_tpm(self):
        chip, authority = self.tpm(), self.ca()
        relay = Turnstile(os.path.join(self.folder, "relay"), chip.tcti)
        self.addCleanup(relay.stop)
        manager = ResourceManager(self.folder, relay.tcti)
        self.addCleanup(manager.stop)
        device = Device(os.path.join(self.folder, "dev"), manager.tcti)
        device.env.update(manager.env)
        device.configure(authority.url, authority.root, authority.issuing)
        authority.add_challenge("FIRST-CHALLENGE")
        device.give_challenge("FIRST-CHALLENGE")
        def is_clean():
            with Client(relay.target) as client:  # a swtpm serves one client: this waits for the other's end
                return handles(client) == only_the_storage_key
        only_the_storage_key = {"persistent": [STORAGE_KEY], "transient": [], "loaded session": [], "saved session": []}
        signet = subprocess.Popen([SIGNET, "-c", device.conf, "apply"], env=device.env, start_new_session=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.assertTrue(relay.arrived.wait(PATIENCE * 4), "nothing was signed")
            held = relay.held
        finally:
            os.killpg(signet.pid, signal.SIGKILL)
            signet.wait()
        self.assertEqual((1, 1), (len(held["transient"]), len(held["loaded session"])), held)
        relay.let_go.set()
        self.until("key and session are flushed", is_clean)
        device.signet("apply")
        self.until("nothing stays behind", is_clean)


if __name__ == "__main__":
    unittest.main()
