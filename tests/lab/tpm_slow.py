#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A swtpm that takes its time as a chip does, and writes down when.

    tpm_slow.py FOLDER TCTI CHIP      prints the slow TPM's TCTI and serves until it is ended
    with SlowTpm(FOLDER, TCTI, CHIP) as slow: device.configure(..., tcti=slow.tcti); slow.timeline()

CHIP is a name of CHIPS; None: swtpm's own time, for the timeline alone.
FOLDER/timeline.csv has a line a command: start and end in milliseconds of time(2), with three decimals, and its name.
The PKCS#11 module takes the same TCTI, by SIGNET_TCTI or pkcs11.conf.
"""
import collections
import os
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
LAB = os.path.dirname(os.path.abspath(__file__))
if LAB not in sys.path:
    sys.path.insert(0, LAB)

from netlab.relay import HEADER, TpmRelay, message_name  # noqa: E402

# Milliseconds: to make an RSA-2048 key (the average; single searches for primes differ much), its private operation, to make an
# ECC P-256 key. From the table of benchmarks in wolfTPM's README.
Chip = collections.namedtuple("Chip", "rsa_key rsa_private ecc_key")
CHIPS = {
    "SLB9670": Chip(2200, 163, 231),  # Infineon, SPI at 43 MHz
    "SLB9672": Chip(1600, 77, 136),  # Infineon
    "ST33": Chip(7500, 248, 220),  # ST33TPHF2XSPI
    "NPCT750": Chip(3400, 70, 84),  # Nuvoton
}
# What the table does not name:
# - a command without a key's mathematics is one crossing of the bus and some hashing. The driver asks every few milliseconds
#   whether the answer is there, twice a command at least.
PLAIN_MS = 5
# - Load decrypts and verifies some 200 bytes of a blob; a chip derives an RSA key's second prime by one division, which is less
#   than a tenth of the exponentiation, and reads its parent from NV.
LOAD_MS = 20
# - EvictControl writes a key to NV: pages of flash are erased and written.
STORE_MS = 30
ECC = 0x0023  # TPM_ALG_ECC, Part 2 section 6.3
NOBODY = 0x40000007  # TPM_RH_NULL
MAKERS = {"Create": 1, "CreatePrimary": 1, "CreateLoaded": 1}  # handles before the sessions
PRIVATE = ("Sign", "RSA_Decrypt")  # signet's keys and those of its consumers are RSA keys


def _skip_2b(command, at):
    return at + 2 + struct.unpack_from(">H", command, at)[0]


def _key_kind(command, handles):
    """Algorithm of the template of a command that makes a key (Part 3 sections 12.1, 12.9, 24.1)."""
    at = HEADER + 4 * handles
    at += 4 + struct.unpack_from(">I", command, at)[0]  # sessions
    at = _skip_2b(command, at)  # TPM2B_SENSITIVE_CREATE
    return struct.unpack_from(">H", command, at + 2)[0]  # behind the size of TPM2B_PUBLIC or TPM2B_TEMPLATE


def chip_ms(chip, command):
    """How long that chip works on a command; None: no chip."""
    if chip is None:
        return 0
    name = message_name(command)
    if name in MAKERS:
        return chip.ecc_key if _key_kind(command, MAKERS[name]) == ECC else chip.rsa_key
    if name in PRIVATE:
        return chip.rsa_private
    if name == "StartAuthSession" and struct.unpack_from(">I", command, HEADER)[0] != NOBODY:
        return chip.ecc_key  # its salt is opened by the storage key: one multiplication on the curve, as a key's making is
    return {"Load": LOAD_MS, "EvictControl": STORE_MS}.get(name, PLAIN_MS)


Step = collections.namedtuple("Step", "start end name")


class SlowTpm(TpmRelay):
    """A TpmRelay in whose answers the chip's time stands for swtpm's own, which is the least."""

    def __init__(self, folder, target, chip):
        self.chip = CHIPS[chip] if chip else None
        self.csv = os.path.join(folder, "timeline.csv")
        self._steps = []
        super().__init__(folder, target)
        self.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def timeline(self):
        with self._lock:
            return list(self._steps)

    def busy_ms(self):
        """The TPM's own time."""
        return sum(step.end - step.start for step in self.timeline())

    def clear(self):
        with self._lock:
            self._steps = []
            with open(self.csv, "w", encoding="ascii") as file:
                file.write("start_ms,end_ms,name\n")

    def _do(self, tpm, command, gone):
        start = time.time()
        answer = super()._do(tpm, command, gone)
        gone.wait(max(0.0, start + chip_ms(self.chip, command) / 1000 - time.time()))
        step = Step(start * 1000, time.time() * 1000, message_name(command))
        with self._lock:
            self._steps.append(step)
            with open(self.csv, "a", encoding="ascii") as file:
                file.write("%.3f,%.3f,%s\n" % step)
        return answer


def main():
    if len(sys.argv) != 4 or sys.argv[3] not in CHIPS:
        sys.exit("usage: tpm_slow.py FOLDER TCTI %s" % "|".join(CHIPS))
    with SlowTpm(*sys.argv[1:]) as slow:
        print(slow.tcti, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
