#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A Debian with systemd, in QEMU with an emulated TPM: the packages are installed, their units do the work.

BOOT_FOLDER: kernel, root and packages of Debian are kept there. SIGNET_PACKAGES: a folder with packages of signet that are built.
"""
import glob
import os
import re
import shutil
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from device import TESTS, WIFI_AND_VPN_OF_AN_IMAGE, Ca, read, run
from test_boot import BOARD, KEPT, Board, Kernel, later

TREE = os.path.dirname(TESTS)
CONSUMERS = ("wpasupplicant", "charon-systemd")
LIMIT_S = 600  # a boot; half a minute on a free machine, three and a half on one with ten times its load
DISK = 1 << 30  # bytes, sparse: 400 MB of Debian, and room
EXPOSURE_MOST = 2.0

CONF = """[device]
name = QEMU-2
[trust root]
certificate = /etc/signet/root.cer
[trust issuing]
certificate = /etc/signet/issuing.cer
[scep dev]
url = http://10.0.2.100/certsrv/mscep/mscep.dll
trust = root
trust = issuing
subject = CN={{DeviceName}},O=Contoso
challenge_file = /run/credentials/signet-agent.service/challenge
""" + WIFI_AND_VPN_OF_AN_IMAGE
NETWORK = "[Match]\nType=ether\n[Network]\nAddress=10.0.2.15/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
CHALLENGE = "[Service]\nLoadCredential=challenge:/etc/credstore/signet.challenge\n"
BOOTTEST = "[Unit]\nAfter=signet-agent.service\n[Service]\nExecStart=/usr/local/sbin/boottest\n[Install]\nWantedBy=multi-user.target\n"
# As cloud-init's: behind the network, and needed for sysinit.target.
EARLY = ("[Unit]\nDefaultDependencies=no\nAfter=network-pre.target\nBefore=sysinit.target\n[Service]\nType=oneshot\nExecStart=/bin/true\n"
         "[Install]\nWantedBy=sysinit.target\n")
OFF = '#!/bin/sh\nread -r up _ </proc/uptime\necho "BOOT off $up" >/dev/ttyS0\n'


def build_packages(out):
    """As board/debian does; without packages of debug symbols, that nobody installs."""
    if "SIGNET_PACKAGES" in os.environ:
        return os.environ["SIGNET_PACKAGES"]
    run(os.path.join(TREE, "board", "debian", "build.sh"), out, timeout=900,
        env=dict(os.environ, DEB_BUILD_OPTIONS="noautodbgsym", LC_ALL="C"))
    return out


class Debian:
    """The root file system of this machine's own release, from the mirror that its apt knows."""

    def __init__(self, folder):
        self.folder = folder
        suite = re.search(r"^VERSION_CODENAME=(\w+)", read("/etc/os-release"), re.M).group(1)
        base = os.path.join(KEPT, "root-" + suite)
        self.archives = os.path.join(KEPT, "archives")
        if not os.path.isdir(base):
            self.make(suite, base)
        os.makedirs(self.archives, exist_ok=True)
        run("cp", "-a", base, folder, timeout=300)

    @staticmethod
    def make(suite, base):
        sites = run("apt-get", "indextargets", "--format", "$(SITE)", "Identifier: Packages").stdout.split()
        mirror = [site for site in sites if site.rstrip("/").endswith("/debian")]
        if not mirror:
            raise AssertionError("apt knows no mirror of Debian: %s" % sites)
        shutil.rmtree(base + ".new", True)
        run("debootstrap", "--variant=minbase", "--include=systemd-sysv,udev,dbus," + ",".join(CONSUMERS), suite, base + ".new",
            mirror[0], timeout=900)
        run("chroot", base + ".new", "apt-get", "clean")
        os.rename(base + ".new", base)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, *argv, **more):
        """In the root, with a /proc that ends with the program."""
        return run("unshare", "--mount", "--propagation", "private", "sh", "-c",
                   'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', self.folder, *argv,
                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}, **more)

    def install(self, packages):
        """By apt, which finds what they depend on."""
        shutil.copytree(packages, self.path("packages"))
        cache = self.path("var", "cache", "apt", "archives")
        shutil.copytree(self.archives, cache, dirs_exist_ok=True)
        names = ["/packages/" + os.path.basename(path) for path in glob.glob(self.path("packages", "*.deb")) if "-dbgsym" not in path]
        done = self.run("apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", "install", *names, timeout=600)
        for path in glob.glob(cache + "/*.deb"):
            shutil.copy(path, self.archives)
        self.run("apt-get", "clean")
        shutil.rmtree(self.path("packages"))
        return done.stdout + done.stderr

    def write(self, path, text, mode=0o644):
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(text)
        os.chmod(full, mode)


class Systemd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sg.")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        with ThreadPoolExecutor() as pool:  # one waits for the mirror, the other for the compiler
            packages = pool.submit(build_packages, os.path.join(cls.folder, "packages"))
            cls.debian = Debian(os.path.join(cls.folder, "root"))
        cls.said = cls.debian.install(packages.result())

    def test_1_packages_are_installed(self):
        self.assertNotRegex(self.said, r"(?m)^(E|W|dpkg): ")
        self.assertRegex(self.debian.run("signet", "version").stdout, r"^signet 0\.")
        self.assertRegex(self.debian.run("getent", "passwd", "signet-worker").stdout, r"^signet-worker:x:\d+:\d+:.*:/usr/sbin/nologin\n")
        for unit in ("signet-agent.service", "signet-repair.service"):
            self.assertEqual("enabled\n", self.debian.run("systemctl", "is-enabled", unit).stdout)
        self.assertEqual(0o700, os.stat(self.debian.path("var/lib/signet")).st_mode & 0o7777)

    def test_2_boots_and_enrolls(self):
        board = self.board()
        text = board.boot("systemd: 1970, no key", "1970-01-01T00:00:20")
        self.check_units(text)
        # the RTC said 1970, and systemd starts at its own release: the floor is ours
        built = run("dpkg-parsechangelog", "-l", os.path.join(TREE, "board", "debian", "changelog"), "-S", "Timestamp").stdout
        self.assertGreaterEqual(re.search(r"^DATE (\S+)", text, re.M).group(1),
                                run("date", "-u", "-d", "@" + built.strip(), "+%Y-%m-%dT%H:%M:%S").stdout.strip())
        self.assertEqual(1, len(self.ca.operations()))
        again = board.boot("systemd: nothing to do", later(1), "signet.trouble")
        self.check_units(again)
        self.assertEqual(board.serial(text), board.serial(again))
        self.assertEqual(1, len(self.ca.operations()))
        self.assertEqual({"ActiveState=inactive", "Result=success"}, set(self.section(again, "without configuration")))
        self.assertEqual({"ActiveState=failed", "ExecMainStatus=3", "NRestarts=0"}, set(self.section(again, "refused configuration")))

    def test_3_packages_are_purged(self):
        self.debian.run("apt-get", "-q", "-y", "purge", "signet", "libsignet-pkcs11")
        self.assertEqual([], glob.glob(self.debian.path("etc/systemd/system/*/signet-*")))
        for path in ("var/lib/signet", "usr/sbin/signet", "lib/systemd/system/signet-agent.service"):
            self.assertFalse(os.path.exists(self.debian.path(path)), path)

    def board(self):
        self.ca = Ca(os.path.join(self.folder, "ca"))
        self.addCleanup(self.ca.stop)
        self.ca.add_challenge("FIRST-CHALLENGE")
        image = Debian.__new__(Debian)
        image.folder = os.path.join(self.folder, "image")
        run("cp", "-a", self.debian.folder, image.folder, timeout=300)
        image.write("etc/signet/signet.conf", CONF)
        image.write("etc/credstore/signet.challenge", "FIRST-CHALLENGE\n", 0o600)
        image.write("etc/systemd/system/signet-agent.service.d/challenge.conf", CHALLENGE)
        image.write("etc/systemd/network/10-ethernet.network", NETWORK)
        image.write("etc/systemd/system/boottest.service", BOOTTEST)
        image.write("etc/systemd/system/early.service", EARLY)
        image.write("usr/local/sbin/boottest", read(os.path.join(BOARD, "boottest")), 0o755)
        image.write("lib/systemd/system-shutdown/boottest", OFF, 0o755)
        for source, name in ((self.ca.root, "root.cer"), (self.ca.issuing, "issuing.cer")):
            shutil.copy(source, image.path("etc/signet", name))
        image.run("systemctl", "enable", "systemd-networkd", "boottest", "early")
        image.run("systemctl", "disable", "strongswan")  # no gateway here
        image.run("systemctl", "mask", "serial-getty@ttyS0")  # the console is ours
        kernel = Kernel("linux-image-cloud-amd64")
        initramfs = os.path.join(self.folder, "initramfs")
        run("/usr/bin/python3", os.path.join(BOARD, "initramfs.py"), "--init", os.path.join(BOARD, "init_disk"), "--busybox",
            "/bin/busybox", "--modules", kernel.folder, "--kernel", kernel.version, initramfs)
        board = Board(os.path.join(self.folder, "board"), kernel, initramfs, int(self.ca.base.rsplit(":", 1)[1]), DISK, image.folder,
                      LIMIT_S)
        shutil.rmtree(image.folder)
        return board

    def check_units(self, text):
        section = self.section
        for unit, state in (("agent", {"Type": "notify", "NRestarts": "0"}), ("repair", {"Type": "oneshot"}),
                            ("clock", {"UnitFileState": "static"})):
            said = dict(line.split("=", 1) for line in section(text, "signet-" + unit))
            for key, value in {"ActiveState": "active", "Result": "success", "UnitFileState": "enabled", **state}.items():
                self.assertEqual(value, said[key], "%s: %s" % (unit, key))
        process = dict(line.split(":\t", 1) for line in section(text, "process"))
        both = "%016x" % (1 << 6 | 1 << 7)  # CAP_SETGID, CAP_SETUID of linux/capability.h
        self.assertEqual([both, both, "1", "2"], [process[key] for key in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")])
        figures = dict(re.findall(r"Overall exposure level for (\S+?): ([0-9.]+)", "\n".join(section(text, "security"))))
        print("systemd-analyze security: %s" % figures, flush=True)
        for unit in ("signet-agent.service", "signet-repair.service", "signet-clock.service"):
            self.assertLessEqual(float(figures[unit]), EXPOSURE_MOST, unit)
        self.assertEqual([], [line for line in section(text, "verify") if "signet" in line or "cycle" in line])
        for unit in ("wpa_supplicant", "wpa_supplicant@wlan0", "wpa_supplicant-wired@eth0", "strongswan"):
            self.assertIn("signet-repair.service", section(text, "after " + unit)[0].split(), unit)
        repaired, read_settings = map(int, section(text, "order")[0].split())
        self.assertTrue(0 < repaired < read_settings)
        self.assertEqual(["/etc/wpa_supplicant/wpa_supplicant-wlan0.conf 600 root", "/etc/swanctl/conf.d/60-signet-hq.conf 600 root",
                          "/etc/strongswan.d/60-signet.conf 644 root"], section(text, "settings"))
        self.assertEqual(["success"], section(text, "stopped"))
        self.assertEqual([], section(text, "failed"))
        self.assertEqual([], section(text, "cycles"))
        self.assertIn("EXIT 0\n", text)

    @staticmethod
    def section(text, name):
        """Lines that a program said."""
        body = re.search(r"^SECTION %s\n(.*?)(?=^(?:SECTION|BOOT|BOOTTEST|EXIT) )" % re.escape(name), text, re.M | re.S).group(1)
        return [line for line in body.splitlines() if line]


if __name__ == "__main__":
    unittest.main(verbosity=1)
