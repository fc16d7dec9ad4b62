# SPDX-License-Identifier: MIT
"""The control socket of hostapd and wpa_supplicant: a datagram with a command, a datagram with the answer."""

import itertools
import os
import socket

from .process import LabError

_count = itertools.count(1)


class ControlSocket:
    """One client. Its own address has to exist for the daemon too, so `folder` is one that the space shares."""

    def __init__(self, path, folder, timeout=5.0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.own = os.path.join(folder, "c%d.%d" % (os.getpid(), next(_count)))
        try:
            self.socket.bind(self.own)
            self.socket.settimeout(timeout)
            self.socket.connect(path)
        except OSError as reason:
            self.close()
            raise LabError("no control socket at %s: %s" % (path, reason)) from None

    def ask(self, command):
        try:
            self.socket.send(command.encode())
            while True:
                answer = self.socket.recv(65536).decode("utf-8", "replace")
                if not answer.startswith("<"):  # "<3>CTRL-EVENT-...": only for attached clients
                    return answer
        except OSError as reason:
            raise LabError("%s: %s" % (command, reason or "no answer")) from None

    def close(self):
        self.socket.close()
        if os.path.exists(self.own):
            os.unlink(self.own)


def ask(path, folder, command, timeout=5.0):
    client = ControlSocket(path, folder, timeout)
    try:
        return client.ask(command)
    finally:
        client.close()


def as_dict(text):
    """Lines "key=value"."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
