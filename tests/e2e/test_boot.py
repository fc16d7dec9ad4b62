#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boots of a board that has nothing but signet, in QEMU with an emulated TPM: nobody there, no clock, no hand.

BOOT_SEED: of the moment of the power cut, printed. BOOT_FOLDER: kernels are kept there.
For arm64 and armhf: SIGNET for it, BOOT_ROOT a folder of board/sysroot.sh with its libraries and busybox-static, BOOT_KERNEL one
with linux-image-cloud-arm64, UNIT_HAL its unit tests.
"""
import fcntl
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from device import SIGNET, TESTS, WIFI_AND_VPN, Ca, run, unsanitized

sys.dont_write_bytecode = True
BOARD = os.path.join(os.path.dirname(TESTS), "board", "qemu")
KEPT = os.environ.get("BOOT_FOLDER", os.path.join(tempfile.gettempdir(), "signet-boot"))
LIMIT_S = 240  # a boot; four times what a loaded machine has needed
DAY = 86400
ROOT = os.environ.get("BOOT_ROOT", "")
CHECK = """#!/bin/sh
unit_hal -g cage -v -c && unit_hal -g child -v -c
"""

CONF = """[agent]
state_dir = /data/state
run_dir = /run/signet
[device]
name = QEMU-1
[trust root]
certificate = /etc/signet/root.cer
[trust issuing]
certificate = /etc/signet/issuing.cer
[scep dev]
url = http://10.0.2.100/certsrv/mscep/mscep.dll
trust = root
trust = issuing
subject = CN={{DeviceName}},O=Contoso
challenge_file = /etc/signet/challenge
renewal_spread_percent = 0
""" + WIFI_AND_VPN % {"etc": "/data"}


def later(days):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + days * DAY))


class Machine:
    """What QEMU is told, and what an initramfs is made of."""
    qemu = ["qemu-system-x86_64", "-machine", "q35"]
    tpm, console, libraries = "tpm-tis", "ttyS0", []


class Arm64(Machine):
    qemu = ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a57"]
    tpm, console = "tpm-tis-device", "ttyAMA0"
    libraries = ["--libraries", *glob.glob(ROOT + "/usr/lib/*-linux-gnu*"), *glob.glob(ROOT + "/lib/*-linux-gnu*"), ROOT + "/lib"]


MACHINE = Arm64 if ROOT else Machine


class Kernel:
    """Debian's cloud kernel, taken out of its package and never installed."""

    def __init__(self, package):
        self.folder = os.environ.get("BOOT_KERNEL") or self.unpacked(package)
        self.version = os.listdir(os.path.join(self.folder, "lib", "modules"))[0]
        self.image = os.path.join(self.folder, "boot", "vmlinuz-" + self.version)

    @staticmethod
    def unpacked(package):
        names = re.findall(r"Depends: (linux-image-\S+)", run("apt-cache", "depends", package).stdout)
        if len(names) != 1:
            raise AssertionError("apt knows no kernel for %s: %s" % (package, names))
        folder = os.path.join(KEPT, names[0])
        os.makedirs(KEPT, exist_ok=True)
        with open(folder + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two tests may want it at once
            if not os.path.isdir(folder):
                new = folder + ".new"
                shutil.rmtree(new, True)
                os.makedirs(new)
                run("apt-get", "-q", "download", names[0], cwd=new, timeout=600)
                run("dpkg-deb", "-x", glob.glob(new + "/*.deb")[0], new, timeout=300)
                os.rename(new, folder)
        return folder


class Board:
    """A TPM, a disk and an initramfs; boot() after boot()."""

    def __init__(self, folder, kernel, initramfs, port, disk=32 << 20, files=None, limit_s=LIMIT_S):
        """disk: its bytes. files: a folder that it holds. limit_s: of a boot."""
        self.folder, self.kernel, self.initramfs, self.port = folder, kernel, initramfs, port
        self.limit_s = limit_s
        os.makedirs(os.path.join(folder, "tpm"))
        self.disk = os.path.join(folder, "disk")
        with open(self.disk, "wb") as f:
            f.truncate(disk)
        run("mke2fs", "-q", "-t", "ext4", *(("-d", files) if files else ()), self.disk, timeout=300)

    def start(self, clock, words=""):
        """QEMU, and the swtpm that is its TPM. clock: RFC 3339 without zone. words: for the kernel's command line."""
        socket = os.path.join(self.folder, "ctrl")
        if os.path.exists(socket):
            os.unlink(socket)
        self.tpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + os.path.join(self.folder, "tpm"), "--ctrl",
                                     "type=unixio,path=" + socket, "--terminate"], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if os.path.exists(socket):
                break
            time.sleep(0.05)
        self.log = os.path.join(self.folder, "console")
        # no_timer_check: on a busy machine the kernel counts too few ticks in time, and panics ("IO-APIC + timer doesn't work")
        qemu = [*MACHINE.qemu, "-accel", "tcg", "-m", "384", "-nographic", "-nodefaults", "-serial",
                "file:" + self.log, "-no-reboot", "-kernel", self.kernel.image, "-initrd", self.initramfs, "-append",
                "console=%s quiet panic=-1 no_timer_check %s" % (MACHINE.console, words), "-rtc", "base=%s,clock=vm" % clock,
                "-chardev", "socket,id=tpm,path=" + socket, "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device",
                MACHINE.tpm + ",tpmdev=tpm0", "-netdev",
                "user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:80-cmd:busybox nc 127.0.0.1 %d" % self.port,
                "-device", "virtio-net-pci,netdev=net,romfile=", "-drive", "file=%s,format=raw,if=virtio" % self.disk]
        open(self.log, "w").close()
        self.begun = time.monotonic()
        self.qemu = subprocess.Popen(qemu, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def stop(self):
        for process in (self.qemu, self.tpm):
            process.kill()
            process.wait()
        self.qemu.stderr.close()

    def console(self):
        with open(self.log, errors="replace") as f:
            return f.read().replace("\r", "")

    def boot(self, title, clock, words=""):
        """To its end; the console. Prints the seconds: of the first line, the certificate, the power off."""
        self.start(clock, words)
        try:
            self.qemu.wait(self.limit_s)
        except subprocess.TimeoutExpired:
            pass
        whole = time.monotonic() - self.begun
        text = self.console()
        error = b""
        if self.qemu.poll() is not None:
            error = self.qemu.stderr.read()
        self.stop()
        if "\nBOOTTEST PASS\n" not in text:
            raise AssertionError("%s\n%s%s" % (title, text[-6000:], error.decode(errors="replace")))
        print("%-28s first line %5.1f s, certificate %5.1f s, off %5.1f s of uptime; %5.1f s in all" % (
            title, *(self.moment(text, what) for what in ("first-line", "certificate", "off")), whole), flush=True)
        return text

    @staticmethod
    def moment(text, what):
        return float(re.search(r"^BOOT %s ([0-9.]+)" % what, text, re.M).group(1))

    @staticmethod
    def serial(text):
        return re.search(r"^CERTIFICATE ([0-9a-f]+)", text, re.M).group(1)


class Boot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="sg.")
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.signet = unsanitized(SIGNET, folder)
        cls.kernel = Kernel("linux-image-cloud-amd64")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sg.")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.ca = Ca(os.path.join(self.folder, "ca"))
        self.addCleanup(self.ca.stop)
        self.ca.add_challenge("FIRST-CHALLENGE")
        files = os.path.join(self.folder, "files", "etc", "signet")
        os.makedirs(files)
        for source, name in ((self.ca.root, "root.cer"), (self.ca.issuing, "issuing.cer")):
            shutil.copy(source, os.path.join(files, name))
        for name, text in (("signet.conf", CONF), ("challenge", "FIRST-CHALLENGE\n")):
            with open(os.path.join(files, name), "w") as f:
                f.write(text)

    def board(self, name, *more):
        initramfs = os.path.join(self.folder, "initramfs")
        run("/usr/bin/python3", os.path.join(BOARD, "initramfs.py"), "--program", self.signet, "--busybox", ROOT + "/bin/busybox",
            *MACHINE.libraries, "--modules", self.kernel.folder, "--kernel", self.kernel.version, "--files",
            os.path.join(self.folder, "files"), *more, initramfs)
        return Board(os.path.join(self.folder, name), self.kernel, initramfs, int(self.ca.base.rsplit(":", 1)[1]))

    def requests(self):
        return len(self.ca.operations())

    def test_boots_alone(self):
        board = self.board("board")
        text = board.boot("first boot, clock at 1970", "1970-01-01T00:00:20")
        self.assertIn("DATE 1970-01-01T00:00:", text)
        self.assertIn("EXIT 0\n", text)
        self.assertEqual(1, self.requests())
        first = board.serial(text)
        text = board.boot("second boot, nothing to do", later(1))
        self.assertEqual(first, board.serial(text))
        self.assertEqual(1, self.requests())
        text = board.boot("third boot, renewal due", later(300), "want=" + first)
        self.assertNotEqual(first, board.serial(text))
        self.assertEqual(2, self.requests())

    def test_a_power_cut_in_the_middle_of_enrollment(self):
        seed = int(os.environ.get("BOOT_SEED", random.randrange(1 << 32)))
        board = self.board("board")
        board.start(later(0))
        self.assertTrue(self.see(board, r"^BOOT repaired ", LIMIT_S), board.console())
        moment = random.Random(seed).uniform(0, 4)  # s: a software TPM makes a key in one to three
        time.sleep(moment)
        where = "after the certificate" if "CERTIFICATE" in board.console() else "before the certificate"
        board.stop()
        print("power cut %.2f s after the agent's start, %s (BOOT_SEED=%d)" % (moment, where, seed), flush=True)
        text = board.boot("boot that heals", later(0))
        self.assertIn("EXIT 0\n", text)
        self.assertLessEqual(len({entry["transaction_id"] for entry in self.ca.operations()}), 1)

    if "UNIT_HAL" in os.environ:
        def test_the_cage(self):
            """Its unit tests, on a kernel whose system calls are those of this processor; then all as in a first boot."""
            files = os.path.join(self.folder, "files")
            with open(os.path.join(files, "check"), "w") as f:
                f.write(CHECK)
            os.chmod(os.path.join(files, "check"), 0o755)
            with open(os.path.join(files, "etc", "hosts"), "w") as f:
                f.write("127.0.0.1 localhost\n")
            board = self.board("board", "--more", os.environ["UNIT_HAL"])
            board.limit_s = 4 * LIMIT_S
            text = board.boot("unit tests of the cage", later(0))
            self.assertIn("TEST(cage, HostileCodeFindsNothingOpen)", text)

    @staticmethod
    def see(board, pattern, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if re.search(pattern, board.console(), re.M):
                return True
            time.sleep(0.1)
        return False


if __name__ == "__main__":
    unittest.main(verbosity=1)
