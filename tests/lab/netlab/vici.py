# SPDX-License-Identifier: MIT
"""A client of VICI, charon's control protocol (strongSwan, src/libcharon/plugins/vici/README.md). It shares nothing
with signet's own, so that it can judge it."""

import socket
import struct

from .process import LabError

REQUEST, RESPONSE, UNKNOWN, REGISTER, UNREGISTER, CONFIRM, EVENT_UNKNOWN, EVENT = range(8)
SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = range(1, 7)
NAMED = (SECTION_START, KEY_VALUE, LIST_START)
VALUED = (KEY_VALUE, LIST_ITEM)


def encode(tree):
    """{"key": "value" or ["item"] or {...}} -> bytes"""
    def text(value, form):
        data = value if isinstance(value, bytes) else str(value).encode()
        return struct.pack(form, len(data)) + data
    out = b""
    for key, value in (tree or {}).items():
        if isinstance(value, dict):
            out += bytes([SECTION_START]) + text(key, ">B") + encode(value) + bytes([SECTION_END])
        elif isinstance(value, (list, tuple)):
            out += bytes([LIST_START]) + text(key, ">B")
            out += b"".join(bytes([LIST_ITEM]) + text(one, ">H") for one in value) + bytes([LIST_END])
        else:
            out += bytes([KEY_VALUE]) + text(key, ">B") + text(value, ">H")
    return out


def decode(data):
    """bytes -> nested dicts; a value that is not UTF-8 stays bytes."""
    root = {}
    stack, items, at = [root], None, 0

    def take(form):
        nonlocal at
        size, = struct.unpack_from(form, data, at)
        at += struct.calcsize(form) + size
        return data[at - size:at]

    def readable(value):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    while at < len(data):
        kind = data[at]
        at += 1
        name = take(">B").decode() if kind in NAMED else None
        value = readable(take(">H")) if kind in VALUED else None
        if kind == SECTION_START:
            stack[-1][name] = {}
            stack.append(stack[-1][name])
        elif kind == SECTION_END:
            stack.pop()
        elif kind == KEY_VALUE:
            stack[-1][name] = value
        elif kind == LIST_START:
            items = stack[-1][name] = []
        elif kind == LIST_ITEM:
            items.append(value)
    return root


class Vici:
    def __init__(self, path, timeout=20.0):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(path)
        except OSError as reason:
            self.socket.close()
            raise LabError("no VICI at %s: %s" % (path, reason)) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _send(self, kind, name, body=b""):
        packet = bytes([kind, len(name)]) + name.encode() + body
        self.socket.sendall(struct.pack(">I", len(packet)) + packet)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise LabError("charon closed the VICI connection")
            data += more
        return data

    def _receive(self):
        """(kind, message); an event's name is dropped."""
        packet = self._exactly(struct.unpack(">I", self._exactly(4))[0])
        body = packet[2 + packet[1]:] if packet[0] == EVENT else packet[1:]
        return packet[0], body

    def ask(self, command, tree=None, event=None):
        """The answer of a command; with event: (answer, [message of each such event])."""
        events = []
        if event:
            self._send(REGISTER, event)
            if self._receive()[0] != CONFIRM:
                raise LabError("charon knows no event " + event)
        self._send(REQUEST, command, encode(tree))
        while True:
            kind, body = self._receive()
            if kind == EVENT:
                events.append(decode(body))
            elif kind == RESPONSE:
                return (decode(body), events) if event else decode(body)
            else:
                raise LabError("charon does not know the command " + command)
