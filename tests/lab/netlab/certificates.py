# SPDX-License-Identifier: MIT
"""Certificates of servers and of clients with a key file, from the CA that enrolls the devices (testca/servers.py)."""

import os
import subprocess
import sys

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if LAB not in sys.path:
    sys.path.insert(0, LAB)

from testca.servers import issue, revocation_list  # noqa: E402,F401

__all__ = ("issue", "revocation_list", "serial_of", "short_serial")


def short_serial(text):
    """A serial as everything here prints it: lower case hex without colons and leading zeros. Takes a number, and what
    openssl, hostapd, FreeRADIUS and charon print."""
    if isinstance(text, int):
        return "%x" % text
    text = text.strip().partition("=")[2] or text.strip()
    return text.replace(":", "").lower().lstrip("0") or "0"


def serial_of(path):
    """The serial of a PEM file's first certificate, as short_serial() writes it."""
    done = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-serial"], check=True, text=True,
                          stdout=subprocess.PIPE)
    return short_serial(done.stdout)
