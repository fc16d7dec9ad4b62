#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What makes packages of signet: the same version, user and switches everywhere; scripts that parse; units that are confined."""
import glob
import hashlib
import os
import re
import subprocess
import tempfile
import unittest

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BOARD = os.path.join(TREE, "board")
LAYER = os.path.join(BOARD, "yocto", "meta-signet")
RECIPE = os.path.join(LAYER, "recipes-security", "signet", "signet_0.1.0.bb")
SIGNET = os.environ["SIGNET"]


def read(*parts):
    with open(os.path.join(BOARD, *parts)) as f:
        return f.read()


def found(pattern, text):
    return re.search(pattern, text, re.M).group(1)


class Same(unittest.TestCase):
    def test_version(self):
        version = found(r"^project\(signet VERSION (\S+)", read("..", "CMakeLists.txt"))
        self.assertEqual(version, found(r"^signet \((.*)\)", read("debian", "changelog")))
        self.assertEqual(version, found(r"^PKG_VERSION:=(.*)", read("openwrt", "signet", "Makefile")))
        self.assertEqual(version, found(r"^SIGNET_VERSION = (.*)", read("buildroot", "package", "signet", "signet.mk")))
        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(RECIPE), "signet_%s.bb" % version)))
        for page in glob.glob(os.path.join(BOARD, "man", "*")):
            self.assertIn('"signet %s"' % version, read(page))

    def test_user_of_the_worker(self):
        user = found(r'^#define CAGE_USER "(\S+)"', read("..", "hal", "cage.h"))
        self.assertEqual(user, found(r"^u (\S+)", read("systemd", "signet.sysusers")))
        self.assertEqual(user, found(r"USERID:=([^=]+)=", read("openwrt", "signet", "Makefile")))
        self.assertEqual(user, found(r"^\t(\S+) -1", read("buildroot", "package", "signet", "signet.mk")))
        self.assertRegex(read(RECIPE), r'USERADD_PARAM:\$\{PN\} = ".* %s"' % user)

    def test_switches_of_wolfssl(self):
        asked = re.findall(r'signet_need_wolfssl\("[^"]*" "(--\S+)"', read("cmake", "wolfssl_features.cmake"))
        self.assertTrue(asked)
        self.assertEqual(set(asked), set(re.findall(r"--enable-\w+", read(LAYER, "recipes-wolfssl", "wolfssl", "wolfssl_%.bbappend"))))

    def test_licence(self):
        with open(os.path.join(TREE, "LICENSE"), "rb") as f:
            self.assertEqual(hashlib.md5(f.read()).hexdigest(), found(r"LICENSE;md5=(\w+)", read(RECIPE)))

    def test_options_of_cmake(self):
        options = set(re.findall(r"(?:option|set)\((SIGNET_\w+)", read("..", "CMakeLists.txt") + read("cmake", "install.cmake")))
        for file in (RECIPE, os.path.join(BOARD, "openwrt", "signet", "Makefile"), os.path.join(BOARD, "debian", "rules"),
                     os.path.join(BOARD, "buildroot", "package", "signet", "signet.mk")):
            self.assertEqual(set(), set(re.findall(r"-D(SIGNET_\w+)", read(file))) - options, file)


class Scripts(unittest.TestCase):
    def test_shellcheck(self):
        scripts = []
        for path in glob.glob(os.path.join(BOARD, "**", "*"), recursive=True):
            if os.path.isfile(path) and re.match(r"#!/bin/(ba)?sh", read(path)[:16]):
                scripts.append(path)
        self.assertGreater(len(scripts), 5)
        done = subprocess.run(["shellcheck", "-x", *scripts], stdout=subprocess.PIPE, text=True)
        self.assertEqual("", done.stdout)

    def test_busybox_reads_its_script(self):
        for script in (("busybox", "S45signet"), ("openwrt", "signet", "files", "signet-uci"),
                       ("openwrt", "signet", "files", "signet.init")):
            subprocess.run(["busybox", "sh", "-n", os.path.join(BOARD, *script)], check=True)

    def test_makefiles_are_read_by_make(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("rules.mk", "package.mk", "cmake.mk"):
                with open(os.path.join(folder, name), "w") as f:
                    f.write("define Build/Compile\nendef\nBuildPackage=$(info package $(1))\n")
            openwrt = subprocess.run(["make", "-n", "-f", os.path.join(BOARD, "openwrt", "signet", "Makefile"), "TOPDIR=" + folder,
                                      "INCLUDE_DIR=" + folder, "-f", "-"], input="all:\n", stdout=subprocess.PIPE, text=True,
                                     check=True).stdout
            self.assertEqual(["package signet", "package libsignet-pkcs11"], openwrt.splitlines()[:2])
            buildroot = subprocess.run(["make", "-n", "-f", os.path.join(BOARD, "buildroot", "external.mk"), "-f", "-",
                                        "BR2_EXTERNAL_SIGNET_PATH=" + os.path.join(BOARD, "buildroot"),
                                        "cmake-package=$(info package $(SIGNET_VERSION))"], input="all:\n",
                                       stdout=subprocess.PIPE, text=True, check=True).stdout
            self.assertIn("package", buildroot)


class Uci(unittest.TestCase):
    """The adapter of OpenWrt, with a config_load() that calls back as OpenWrt's own does."""
    FUNCTIONS = """
config_load() {
	config_cb agent cfg01
	option_cb state_dir '%(state)s'
	config_cb trust root
	option_cb certificate '%(root)s'
	config_cb scep corp
	list_cb url 'http://one.example/scep'
	list_cb url 'http://two.example/scep'
	list_cb trust root
	option_cb subject 'CN={{DeviceName}}'
	%(more)s
	config_cb
}
"""

    def run_adapter(self, more=":"):
        self.out = os.path.join(self.folder, "etc", "50-uci.conf")
        functions = os.path.join(self.folder, "functions.sh")
        with open(functions, "w") as f:
            f.write(self.FUNCTIONS % {"state": self.folder + "/state", "root": "/etc/root.cer", "more": more})
        tool = os.path.join(self.folder, "signet")
        with open(tool, "w") as f:
            f.write('#!/bin/sh\nexec "%s" -c "%s" "$@"\n' % (SIGNET, self.out))
        os.chmod(tool, 0o755)
        return subprocess.run(["busybox", "sh", os.path.join(BOARD, "openwrt", "signet", "files", "signet-uci")],
                              env=dict(os.environ, SIGNET_UCI_OUT=self.out, SIGNET_UCI_FUNCTIONS=functions,
                                       PATH=self.folder + ":" + os.environ["PATH"]),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def test_it_becomes_signet_conf(self):
        done = self.run_adapter()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual("[agent]\nstate_dir = %s/state\n[trust root]\ncertificate = /etc/root.cer\n[scep corp]\n"
                         "url = http://one.example/scep\nurl = http://two.example/scep\ntrust = root\n"
                         "subject = CN={{DeviceName}}\n" % self.folder, read(self.out))

    def test_what_is_refused_leaves_the_former_settings(self):
        self.run_adapter()
        before = read(self.out)
        done = self.run_adapter("option_cb colour green")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("colour", done.stderr)
        self.assertEqual(before, read(self.out))
        self.assertEqual(["50-uci.conf"], os.listdir(os.path.dirname(self.out)))

    def test_a_line_break_makes_no_key(self):
        done = self.run_adapter("option_cb challenge_file 'x\nca_rollover = root'")
        self.assertIn("line break", done.stderr)
        self.assertNotIn("ca_rollover", read(self.out))


class Units(unittest.TestCase):
    def test_exposure(self):
        for unit, most in (("signet-agent.service", 2.0), ("signet-repair.service", 2.0), ("signet-clock.service", 2.0)):
            out = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                                  os.path.join(BOARD, "systemd", unit)], stdout=subprocess.PIPE, text=True).stdout
            figure = float(found(r"Overall exposure level for \S+: ([0-9.]+)", out))
            print("%s: exposure %.1f" % (unit, figure))
            self.assertLessEqual(figure, most)

    def test_the_agent_has_two_powers(self):
        text = read("systemd", "signet-agent.service")
        self.assertEqual("CAP_SETUID CAP_SETGID", found(r"^CapabilityBoundingSet=(.*)", text))
        self.assertEqual("CAP_SYS_TIME", found(r"^CapabilityBoundingSet=(.*)", read("systemd", "signet-repair.service")))
        self.assertEqual("", found(r"^CapabilityBoundingSet=(.*)", read("systemd", "signet-clock.service")))

    def test_a_unit_waits_for_any_file_that_is_read(self):
        text = read("..", "client", "config", "config_files.c")
        files = re.findall(r'"(/[^"]+)"', found(r"main_files\[\] = \{([^}]*)\}", text))
        folders = re.findall(r'"(/[^"]+)"', found(r"drop_in_folders\[\] = \{([^}]*)\}", text))
        folders.append(found(r'"factory_dir".*"(/[^"]+)"', read("..", "client", "config", "config_table.c")))
        wanted = set(files + [folder + "/*.conf" for folder in folders])
        self.assertEqual(6, len(wanted))
        for unit in ("agent", "repair", "clock"):
            said = re.findall(r"^ConditionPathExistsGlob=\|(.*)", read("systemd", "signet-%s.service" % unit), re.M)
            self.assertEqual(wanted, set(said), unit)


if __name__ == "__main__":
    unittest.main()
