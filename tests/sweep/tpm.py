# SPDX-License-Identifier: MIT
"""The TPM of a sweep: a swtpm that can be put back to any command."""
import os
import shutil
import struct
import subprocess
import time

from netlab.relay import TpmRelay
from tpm_client import Client, TpmError

START_SECONDS = 20  # of a swtpm, on a busy machine
NV_FILE = "tpm2-00.permall"


class Swtpm:
    """A swtpm at PATH (a socket's) on a state folder."""

    def __init__(self, folder, path):
        self.folder, self.path, self.process = folder, path, None
        os.makedirs(folder, exist_ok=True)

    def state(self):
        with open(os.path.join(self.folder, NV_FILE), "rb") as file:
            return file.read()

    def put(self, state):
        """The state that it will start on; None: a new TPM."""
        shutil.rmtree(self.folder)
        os.makedirs(self.folder)
        if state is not None:
            with open(os.path.join(self.folder, NV_FILE), "wb") as file:
                file.write(state)

    def start(self):
        for path in (self.path, self.path + ".ctrl"):
            if os.path.lexists(path):
                os.unlink(path)
        with open(os.path.join(os.path.dirname(self.folder), "swtpm.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + self.folder, "--server", "type=unixio,path=" + self.path,
                 "--ctrl", "type=unixio,path=" + self.path + ".ctrl", "--flags", "startup-clear,not-need-init"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with Client(self.path) as client:
                    client.handles("transient")
                return
            except OSError:
                time.sleep(0.005)
        raise TpmError("swtpm on %s does not start" % self.folder)

    def kill(self):
        """No shutdown command, no last write: the power is gone."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Gate(TpmRelay):
    """Between signet and its swtpm while a run is recorded: the TPM's state after each command."""

    def __init__(self, folder, swtpm):
        self.swtpm, self.codes = swtpm, []
        self.states = [swtpm.state()]  # [n]: after n commands
        super().__init__(folder, swtpm.path)

    def _do(self, tpm, command, gone):
        answer = super()._do(tpm, command, gone)
        state = self.swtpm.state()
        self.states.append(self.states[-1] if state == self.states[-1] else state)
        self.codes.append("0x%x" % struct.unpack_from(">I", command, 6)[0])
        return answer
