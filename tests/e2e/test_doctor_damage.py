#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`signet doctor` of a device whose disk or TPM is not as it should be: the cause, and a next step that mends it."""
import os
import unittest

from test_doctor import DoctorCase


class StateFolder(DoctorCase):
    def test_a_link_to_what_is_not_mounted_or_a_file(self):
        device = self.device(self.tpm())
        device.configure("http://127.0.0.1:1/scep", "/none.cer")
        where = device.path("data", "state")
        os.symlink(where, device.state)
        self.says(self.ask(device, "--only", "state", expect=8), "state.writable", "failure", "leads nowhere")
        self.assertIn("leads nowhere", device.signet("apply", expect=1).stderr)
        os.makedirs(where)
        self.ask(device, "--only", "state", expect=0)
        os.unlink(device.state)
        with open(device.state, "w"):
            pass
        self.says(self.ask(device, "--only", "state", expect=8), "state.writable", "failure", "is a file")


if __name__ == "__main__":
    unittest.main()
