#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""TPM commands in a capture of the pcap TCTI: 'NAME count' a line, then 'total N'."""
import struct
import sys

NAMES = {0x11c: "HashSequenceStart", 0x120: "EvictControl", 0x131: "CreatePrimary", 0x153: "Create", 0x157: "Load",
         0x159: "RSA_Decrypt", 0x15d: "Sign", 0x165: "FlushContext", 0x173: "ReadPublic", 0x176: "StartAuthSession",
         0x17a: "GetCapability", 0x17b: "GetRandom", 0x18a: "TestParms", 0x191: "CreateLoaded", 0x144: "Startup"}


def packets(data):
    """Payload of each packet of a pcapng or pcap file."""
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        at = 0
        while at + 12 <= len(data):
            kind, length = struct.unpack_from("<II", data, at)
            if kind == 6:  # enhanced packet block
                captured, = struct.unpack_from("<I", data, at + 20)
                yield data[at + 28:at + 28 + captured]
            at += length
    else:
        at = 24
        while at + 16 <= len(data):
            captured, = struct.unpack_from("<I", data, at + 8)
            yield data[at + 16:at + 16 + captured]
            at += 16 + captured


def commands(data):
    """Command codes: a TPM command is tag 8001 or 8002, its own length, a code below 0x200 (TPM 2.0 Part 1, 18)."""
    for packet in packets(data):
        for at in range(0, min(len(packet), 120)):
            if packet[at:at + 2] not in (b"\x80\x01", b"\x80\x02") or len(packet) - at < 10:
                continue
            length, code = struct.unpack_from(">II", packet, at + 2)
            if length == len(packet) - at:
                if 0x11f <= code <= 0x1ff or code == 0x11c:
                    yield code
                break


def main():
    with open(sys.argv[1], "rb") as f:
        seen = list(commands(f.read()))
    for code in sorted(set(seen)):
        print(NAMES.get(code, hex(code)), seen.count(code))
    print("total", len(seen))


main()
