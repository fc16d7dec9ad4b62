#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the state folder that a version of signet leaves behind, with the TPM that its key is in. Usage:

    SIGNET=/path/to/signet PYTHONPATH=tests/e2e make.py FOLDER

FOLDER/root is a device's root, FOLDER/tpmstate its software TPM. Kept here: 606444b, of November 2026, the first version
with all kinds of profiles. tests/e2e/test_image.py reads it; a version that no longer can breaks A/B updates.
"""
import os
import shutil
import sys
import tempfile

from device import WIFI_AND_VPN_OF_AN_IMAGE, Ca, Tpm, run

YEARS = 9 * 365 * 86400
CONF = """[trust root]
certificate = /etc/signet/root.cer
[trust issuing]
certificate = /etc/signet/issuing.cer
[scep dev]
url = %s
trust = root
trust = issuing
subject = CN={{DeviceName}},O=Contoso
challenge_file = /etc/signet/challenge
[device]
name = GW-7F31
[tpm]
tcti = %s
""" + WIFI_AND_VPN_OF_AN_IMAGE


def main():
    target = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="sg.") as work:
        ca = Ca(os.path.join(work, "ca"))
        tpm = Tpm(os.path.join(work, "tpm"))
        root = os.path.join(work, "root")
        for folder in ("etc/signet", "etc/swanctl", "etc/wpa_supplicant"):
            os.makedirs(os.path.join(root, folder))
        for name in ("root", "issuing"):
            shutil.copy(getattr(ca, name), os.path.join(root, "etc/signet", name + ".cer"))
        with open(os.path.join(root, "etc/signet/challenge"), "w") as f:
            f.write("OLD-CHALLENGE\n")
        with open(os.path.join(root, "etc/signet/signet.conf"), "w") as f:
            f.write(CONF % (ca.url, tpm.tcti))
        ca.add_challenge("OLD-CHALLENGE")
        ca.mode(valid_seconds=YEARS)
        try:
            run(os.environ["SIGNET"], "--root", root, "apply")
        finally:
            tpm.stop()
            ca.stop()
        os.unlink(os.path.join(root, "etc/signet/signet.conf"))
        shutil.rmtree(os.path.join(root, "run"))
        os.makedirs(target)
        shutil.move(root, os.path.join(target, "root"))
        os.makedirs(os.path.join(target, "tpmstate"))
        shutil.move(os.path.join(work, "tpm", "tpmstate", "tpm2-00.permall"), os.path.join(target, "tpmstate"))


main()
