#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""key_reference = provider: wpa_supplicant of Debian 13 with tpm2-openssl 1.3, in a root made from Debian's packages."""
import os
import shutil
import tempfile
import unittest

from net_device import WIRED, WIRED_CONF, LabError, NetCase, WpaSupplicant, run

PACKAGES = "wpasupplicant,tpm2-openssl,openssl,libtss2-tcti-swtpm0t64"
ARCH = os.uname().machine + "-linux-gnu"
BOARD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "board")


def setUpModule():
    global ROOT
    ROOT = tempfile.mkdtemp(prefix="sg.trixie.")
    unittest.addModuleCleanup(shutil.rmtree, ROOT, True)
    sites = run("apt-get", "indextargets", "--format", "$(SITE)", "Identifier: Packages").stdout.split()
    mirror = [site for site in sites if site.rstrip("/").endswith("/debian")]
    if not mirror:
        raise LabError("apt knows no mirror of Debian to make a root of Debian 13 from: %s" % sites)
    run("debootstrap", "--variant=minbase", "--include=" + PACKAGES, "trixie", ROOT, mirror[0], timeout=600)


class NewerSupplicant(WpaSupplicant):
    """wpa_supplicant in the newer root; its sockets and settings are where the device has them."""

    def argv(self):
        argv = super().argv()
        return ["/usr/sbin/chroot", ROOT, argv[0]] + argv[1:]


class Provider(NetCase):
    def provider_device(self):
        dev = self.net_device(more=WIRED + "key_reference = provider\n")
        self.lan()
        return dev

    def newer(self, dev, conf="/etc/openssl-tpm2.cnf"):
        for path in ("/tmp", "/run", "/etc/wpa_supplicant", "/dev", "/proc", "/sys"):
            os.makedirs(ROOT + path, exist_ok=True)
            self.home.run("mount", "--bind", path, ROOT + path)
        shutil.copy(os.path.join(BOARD, "openssl", "tpm2.cnf"), ROOT + "/etc/openssl-tpm2.cnf")
        return self.started(NewerSupplicant(self.home, "lan0", WIRED_CONF, env={
            "OPENSSL_CONF": conf, "TPM2OPENSSL_TCTI": self.swtpm.tcti}))

    def test_both_tls_versions(self):
        dev = self.provider_device()
        self.assertIn("/current/key.der", self.home.read(WIRED_CONF))
        port = self.port(tls_max="1.2")
        self.newer(dev)
        dev.signet("apply")
        self.assertEqual("TLSv1.2", port.tls_version())
        self.assertEqual(dev.cert_serial(), port.accepted()[-1])
        port.tls_min = port.tls_max = "1.3"
        port.restart()
        mark = port.mark()
        dev.signet("test", "wifi", "lan")
        self.assertEqual("TLSv1.3", port.tls_version(mark))
        self.assertEqual(dev.cert_serial(), port.accepted(mark)[-1])

    def test_a_supplicant_without_the_provider_is_said_so(self):
        dev = self.provider_device()
        self.port()
        self.newer(dev, conf="/etc/ssl/openssl.cnf")
        done = dev.signet("apply", expect=17)
        self.assertIn("wpa_supplicant runs without OpenSSL's tpm2 provider", done.stderr)


if __name__ == "__main__":
    unittest.main()
