#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Lets the n-th TPM command of an enrollment or a renewal fail, in each of eight ways.

    tpm_faults.py                         every command with every fault
    tpm_faults.py --minutes 3             an even sample of that
    tpm_faults.py --at renew:5:lockout    one, with what signet says

After each: RETRY is answered by trying again; else the run says what the TPM did and ends with 14, unless the command was
one that it can do without. The certificate in use before is still in use, nothing is left in the TPM, the next run does
what this one could not and leaves as much on the disk as one in which nothing failed, and one transaction has spent the one
challenge. Needs nothing of $SIGNET; a TPM of software.
"""
import os
import shutil
import struct
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("e2e", "lab", "sweep"):
    sys.path.insert(0, os.path.join(TESTS, folder))

from device import Ca, Device, read_bytes  # noqa: E402
from netlab.relay import HEADER, TpmRelay  # noqa: E402
from points import arguments, compare, even, left_behind, sentence, try_all  # noqa: E402
from tpm import Swtpm  # noqa: E402
from tpm_client import Client, TpmError, check_key  # noqa: E402
from tpm_count import NAMES  # noqa: E402

# Response codes: TPM 2.0 Part 2, 6.6.3. INTEGRITY as a TPM says it of Load's first parameter.
CODES = {"retry": 0x922, "lockout": 0x921, "nv-rate": 0x920, "object-memory": 0x902, "integrity": 0x1df, "failure": 0x101}
# The connection breaks: before the TPM has the command, or before its answer is back.
FAULTS = (*CODES, "io-before", "io-after")
LEFT = ("transient", "loaded session", "saved session")


class FaultyTpm(TpmRelay):
    """Between signet and its TPM."""

    def __init__(self, folder, target):
        self.nth, self.fault, self.seen, self.name = 0, None, 0, None
        super().__init__(folder, target)

    def arm(self, nth, fault):
        """nth: from now on, beginning with 1; 0: none."""
        self.nth, self.fault, self.seen, self.name = nth, fault, 0, None

    def _do(self, tpm, command, gone):
        self.seen += 1
        if self.seen != self.nth:
            return super()._do(tpm, command, gone)
        code, = struct.unpack_from(">I", command, 6)
        self.name = NAMES.get(code, "0x%x" % code)
        if self.fault in CODES:
            return struct.pack(">HII", 0x8001, HEADER, CODES[self.fault])
        if self.fault == "io-after":
            super()._do(tpm, command, gone)
        raise OSError("the line breaks")


class Faults:
    def __init__(self, folder):
        self.ca = Ca(os.path.join(folder, "ca"))
        self.swtpm = Swtpm(os.path.join(folder, "tpm", "state"), os.path.join(folder, "tpm", "sock"))
        self.relay = FaultyTpm(os.path.join(folder, "relay"), self.swtpm.path)
        self.device = Device(os.path.join(folder, "dev"), self.relay.tcti)
        self.device.configure(self.ca.url, self.ca.root, self.ca.issuing)
        self.template = os.path.join(folder, "template")
        self.number, self.enrolled, self.wanted = 0, None, {}

    def stop(self):
        self.relay.stop()
        self.swtpm.kill()
        self.ca.stop()

    def begin(self, scenario):
        """A device that is new, or has its certificate."""
        self.swtpm.kill()
        self.swtpm.put(self.enrolled if scenario == "renew" else None)
        for path in (self.device.state, self.device.path("run")):
            shutil.rmtree(path, True)
        if scenario == "renew":
            shutil.copytree(self.template, self.device.state, symlinks=True)
        self.swtpm.start()
        self.number += 1
        self.ca.add_challenge("C-%d" % self.number)
        self.device.give_challenge("C-%d" % self.number)
        self.asked_before = len(self.ca.operations())

    def run(self, scenario, nth=0, fault=None):
        """(exit code, what it said)"""
        self.relay.arm(nth, fault)
        argv = ("renew", "dev", "--force") if scenario == "renew" else ("apply",)
        done = self.device.signet(*argv, expect=None)
        return done.returncode, done.stdout + done.stderr

    def left(self, flush=False):
        with Client(self.swtpm.path) as client:
            found = {kind: client.handles(kind) for kind in LEFT}
            for handle in [one for some in found.values() for one in some] if flush else ():
                client.flush(handle)
        return {kind: some for kind, some in found.items() if some}

    def prepare(self):
        """{scenario: commands of a run in which nothing fails}"""
        commands = {}
        for scenario in ("enroll", "renew"):
            self.begin(scenario)
            code, said = self.run(scenario)
            commands[scenario] = self.relay.seen
            if code != 0 or self.left():
                raise AssertionError("%s without a fault: exit %s, left %s\n%s" % (scenario, code, self.left(), said))
            self.wanted[scenario] = left_behind(self.device.state)
            if scenario == "enroll":
                self.enrolled = self.swtpm.state()
                shutil.copytree(self.device.state, self.template, symlinks=True)
        return commands

    def usable(self, scenario=None):
        """What is wrong with the certificate in use: it is of the root, and its key signs in the TPM. With a scenario: and
        with what else that leaves."""
        try:
            self.device.verify_chain(self.ca.root)
            check_key(self.swtpm.path, read_bytes(self.device.current("key.der")), read_bytes(self.device.current("cert.pem")))
        except (AssertionError, TpmError, OSError) as reason:
            return [str(reason)]
        return compare(self.device.state, self.wanted[scenario]) if scenario else []

    def point(self, scenario, nth, fault):
        """For try_all()."""
        self.begin(scenario)
        serial = self.device.serial() if scenario == "renew" else None
        code, said = self.run(scenario, nth, fault)
        name = self.relay.name
        wrong = []
        if name is None:
            wrong.append("there was no %d. command" % nth)
        if code not in ((0,) if fault == "retry" else (0, 14)):
            wrong.append("exit %s" % code)
        if code != 0 and "TPM" not in sentence(said):
            wrong.append("no word of the TPM")
        # what signet cannot flush, a resource manager does at the end of the connection
        is_cut = fault.startswith("io") or name == "FlushContext"
        left = self.left(flush=is_cut)
        if left and not is_cut:
            wrong.append("left in the TPM: %s" % left)
        if scenario == "renew":
            wrong += self.usable()
            if (self.device.serial() == serial) != (code != 0):
                wrong.append("exit %s with the %s certificate" % (code, "old" if code == 0 else "new"))
        wrong += self.usable(scenario) if code == 0 else self.heal(scenario, serial)
        if scenario == "enroll":
            transactions = {one.get("transaction_id") for one in self.ca.operations()[self.asked_before:]}
            if len(transactions) != 1:
                wrong.append("%d transactions for one challenge" % len(transactions))
        return fault, code, wrong, "%s\n%s" % (name, said)

    def heal(self, scenario, serial):
        code, said = self.run(scenario)
        if code != 0:
            return ["the next run: exit %s: %s" % (code, said.strip())]
        wrong = self.usable(scenario)
        if self.left():
            wrong.append("the next run left in the TPM: %s" % self.left())
        if serial is not None and self.device.serial() == serial:
            wrong.append("the next run renewed nothing")
        return wrong


def points_of(options, commands):
    points = [(scenario, n, fault) for scenario, count in commands.items() for n in range(1, count + 1) for fault in FAULTS]
    if options.at:
        scenario, n, fault = options.at.split(":")
        return [(scenario, int(n), fault)]
    return points


def main():
    options = arguments(__doc__, "SCENARIO:N:FAULT", FAULTS).parse_args()
    folder = tempfile.mkdtemp(prefix="sg.")
    faults = None
    try:
        faults = Faults(folder)
        start = time.monotonic()
        commands = faults.prepare()
        each = time.monotonic() - start  # two runs, as a point has
        print("TPM commands: %s" % ", ".join("%s %d" % one for one in commands.items()), flush=True)
        points = points_of(options, commands)
        if options.minutes:
            points = even(points, 60 * options.minutes, each)
        return 0 if try_all(points, options, faults.point) else 1
    finally:
        if faults:
            faults.stop()
        shutil.rmtree(folder, True)


if __name__ == "__main__":
    sys.exit(main())
