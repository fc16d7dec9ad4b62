#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A TPM with faults: stands between the cmd TCTI and a swtpm.

    TCTI "cmd:tpm_relay.py SOCKET RULE..."; a rule is one of
    refuse=CODE:RC     answer the command CODE (hex) by RC (hex), without the TPM
    refuse1=CODE:RC    the same for the first such command only
    twice=CODE         send it twice and give back the second answer: somebody else was faster
    flip=CODE          invert the last bit of the TPM's answer, as an interposer would
"""
import socket
import struct
import sys


def read_message(read):
    head = b""
    while len(head) < 10:
        more = read(10 - len(head))
        if not more:
            sys.exit(0)
        head += more
    length, = struct.unpack_from(">I", head, 2)
    while len(head) < length:
        more = read(length - len(head))
        if not more:
            sys.exit(1)
        head += more
    return head


def main():
    tpm = socket.socket(socket.AF_UNIX)
    tpm.connect(sys.argv[1])
    rules = []
    for text in sys.argv[2:]:
        verb, value = text.split("=")
        rules.append((verb, [int(part, 16) for part in value.split(":")]))

    def ask(command):
        tpm.sendall(command)
        return read_message(tpm.recv)

    while True:
        command = read_message(sys.stdin.buffer.raw.read)
        code, = struct.unpack_from(">I", command, 6)
        answer = None
        for rule in [r for r in rules if r[1][0] == code]:
            verb, values = rule
            if verb.startswith("refuse"):
                answer = struct.pack(">HII", 0x8001, 10, values[1])
                if verb == "refuse1":
                    rules.remove(rule)
            elif verb == "twice":
                ask(command)
                answer = ask(command)
            elif verb == "flip":
                answer = ask(command)
                answer = answer[:-1] + bytes([answer[-1] ^ 1])
        sys.stdout.buffer.write(answer if answer is not None else ask(command))
        sys.stdout.buffer.flush()


main()
