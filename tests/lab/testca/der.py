# SPDX-License-Identifier: MIT
"""A DER writer.

Everything the test CA sends is written by hand, so that the order of certificates, the absence of
fields and the bytes of copied names are exactly what a test asks for. Reading is asn1crypto's work.
"""

import datetime

NULL = b"\x05\x00"


def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def sequence(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    """A SET OF with its members in DER order (X.690 11.6)."""
    return tlv(0x31, *sorted(parts))


def context(number, *parts):
    """A constructed [number]: EXPLICIT, or IMPLICIT over SEQUENCE or SET."""
    return tlv(0xA0 | number, *parts)


def context_primitive(number, body):
    return tlv(0x80 | number, body)


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def boolean(value):
    return tlv(0x01, b"\xff" if value else b"\x00")


def octets(value):
    return tlv(0x04, value)


def bits(value, unused=0):
    return tlv(0x03, bytes([unused]), value)


def printable(text):
    return tlv(0x13, text.encode("ascii"))


def utf8(text):
    return tlv(0x0C, text.encode("utf-8"))


def oid(dotted):
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    body = b""
    for arc in [first * 40 + second] + rest:
        group = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            group.append(0x80 | arc & 0x7F)
        body += bytes(reversed(group))
    return tlv(0x06, body)


def time(unix):
    """UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5)."""
    moment = datetime.datetime.fromtimestamp(int(unix), datetime.timezone.utc)
    if moment.year < 2050:
        return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def named_bits(positions):
    """A BIT STRING with named bits: trailing zeros removed (X.690 11.2.2)."""
    if not positions:
        return bits(b"")
    highest = max(positions)
    body = bytearray(highest // 8 + 1)
    for position in positions:
        body[position // 8] |= 0x80 >> position % 8
    return bits(bytes(body), 7 - highest % 8)
