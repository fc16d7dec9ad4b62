#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Count the TPM commands in a capture of the pcap TCTI (TCTI "pcap:...", file $TCTI_PCAP_FILE).

    tpm_count.py FILE.pcap [HEX...]

Prints "NAME count" for each command code, then "total N". With HEX: also "HEX seen" or "HEX absent",
whether these bytes travelled in either direction.
"""
import struct
import sys

TPM_PORT = 2321  # the port that the pcap TCTI gives the TPM in its made-up TCP headers
PACKET = 6  # pcapng: enhanced packet block
NAMES = {  # TPM 2.0 Part 2, 6.5.2
    0x11f: "NV_UndefineSpaceSpecial", 0x120: "EvictControl", 0x121: "HierarchyControl", 0x122: "NV_UndefineSpace",
    0x126: "Clear", 0x129: "HierarchyChangeAuth", 0x12a: "NV_DefineSpace", 0x131: "CreatePrimary",
    0x139: "DictionaryAttackLockReset", 0x13a: "DictionaryAttackParameters", 0x13e: "SequenceComplete",
    0x144: "Startup", 0x145: "Shutdown", 0x147: "ActivateCredential", 0x148: "Certify", 0x153: "Create",
    0x154: "ECDH_ZGen", 0x156: "Import", 0x157: "Load", 0x159: "RSA_Decrypt", 0x15c: "SequenceUpdate", 0x15d: "Sign",
    0x15e: "Unseal", 0x161: "ContextLoad", 0x162: "ContextSave", 0x165: "FlushContext", 0x167: "LoadExternal",
    0x173: "ReadPublic", 0x174: "RSA_Encrypt", 0x176: "StartAuthSession", 0x177: "VerifySignature",
    0x17a: "GetCapability", 0x17b: "GetRandom", 0x17c: "GetTestResult", 0x17d: "Hash", 0x17e: "PCR_Read",
    0x186: "HashSequenceStart", 0x18a: "TestParms", 0x191: "CreateLoaded",
}


def packets(data):
    """(microseconds of some clock, data) of each packet of a pcapng file, little-endian as the TCTI writes it."""
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if length < 12 or at + length > len(data):
            raise ValueError("the capture is cut off at byte %d" % at)
        if kind == PACKET:
            high, low, captured = struct.unpack_from("<III", data, at + 12)
            yield high << 32 | low, data[at + 28:at + 28 + captured]
        at += length


def _messages(data):
    """(microseconds, goes to the TPM, bytes): behind an IPv4 and a TCP header (RFC 791, RFC 9293)."""
    for at, packet in packets(data):
        tcp = (packet[0] & 15) * 4
        to_port, = struct.unpack_from(">H", packet, tcp + 2)
        yield at, to_port == TPM_PORT, packet[tcp + (packet[tcp + 12] >> 4) * 4:]


def payloads(data):
    """(goes to the TPM, bytes) of each message."""
    return ((is_command, body) for _, is_command, body in _messages(data))


def message_name(command):
    code, = struct.unpack_from(">I", command, 6)
    return NAMES.get(code, "0x%x" % code)


def durations(data):
    """(name, milliseconds from the command to its answer) of each command that was answered."""
    asked = None
    for at, is_command, body in _messages(data):
        if is_command:
            asked = at, message_name(body)
        elif asked:
            yield asked[1], (at - asked[0]) / 1000
            asked = None


def main():
    with open(sys.argv[1], "rb") as f:
        messages = list(payloads(f.read()))
    codes = [struct.unpack_from(">I", body, 6)[0] for is_command, body in messages if is_command]
    for code in sorted(set(codes)):
        print(NAMES.get(code, "0x%x" % code), codes.count(code))
    print("total", len(codes))
    for text in sys.argv[2:]:
        wanted = bytes.fromhex(text)
        print(text, "seen" if any(wanted in body for _, body in messages) else "absent")


if __name__ == "__main__":
    main()
