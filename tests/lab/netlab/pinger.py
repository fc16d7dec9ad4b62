#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pinger.py ADDRESS INTERVAL FILE: an ICMP echo every INTERVAL seconds until SIGTERM; FILE has the counts as JSON.

ping(8) does the same but tells nothing before its end, and what it could not send it does not count.
"""

import json
import os
import select
import signal
import socket
import struct
import sys
import time

ECHO, ECHO_REPLY = 8, 0
LAST_S = 1.0  # for the answers that are under way at the end
WRITE_S = 0.1


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo(own, number):
    # The sequence has 16 bits; the whole number travels in the data.
    body = struct.pack(">HHQ", own, number & 0xFFFF, number)
    return struct.pack(">BBH", ECHO, 0, checksum(struct.pack(">BBH", ECHO, 0, 0) + body)) + body


class Pinger:
    def __init__(self, address, path):
        self.address, self.path = address, path
        self.own = os.getpid() & 0xFFFF
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.socket.setblocking(False)
        self.sent = 0
        self.missing = set()

    def send(self):
        self.missing.add(self.sent)
        try:
            self.socket.sendto(echo(self.own, self.sent), (self.address, 0))
        except OSError:
            pass  # counts as lost
        self.sent += 1

    def receive(self):
        while True:
            try:
                packet = self.socket.recv(2048)
            except OSError:
                return
            message = packet[(packet[0] & 15) * 4:]
            if len(message) >= 16 and message[0] == ECHO_REPLY:
                own, _, number = struct.unpack_from(">HHQ", message, 4)
                if own == self.own:
                    self.missing.discard(number)

    def write(self):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            json.dump({"sent": self.sent, "received": self.sent - len(self.missing),
                       "lost": sorted(self.missing)}, file)
        os.rename(self.path + ".new", self.path)


def main():
    address, interval, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    pinger = Pinger(address, path)
    following, written = time.monotonic(), 0.0
    while not ended:
        now = time.monotonic()
        if now >= following:
            pinger.send()
            following = max(following + interval, now)  # a machine that was busy gets no burst
        select.select([pinger.socket], [], [], max(0.0, following - time.monotonic()))
        pinger.receive()
        if now - written > WRITE_S:
            pinger.write()
            written = now
    last = time.monotonic() + LAST_S
    while pinger.missing and time.monotonic() < last:
        select.select([pinger.socket], [], [], 0.05)
        pinger.receive()
    pinger.write()


main()
