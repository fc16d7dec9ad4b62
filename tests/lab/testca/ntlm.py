# SPDX-License-Identifier: MIT
"""The server's side of NTLM over HTTP, version 2 only: written from MS-NLMP and RFC 1320, shares nothing with libcurl.

    judge = Login("LAB", "NDES01", "admin", "s3cret")   # one for each connection
    judge.answer(None)                                  # (False, "NTLM")
    judge.answer("NTLM TlRMTVNTUAAB...")                # (False, "NTLM TlRMTVNTUAAC...")
    judge.answer("NTLM TlRMTVNTUAAD...")                # (True, None), or (False, "NTLM") for another password
"""
import base64
import hashlib
import hmac
import secrets
import struct
import time

SIGNATURE = b"NTLMSSP\0"
UNICODE, REQUEST_TARGET, NTLM, ALWAYS_SIGN = 0x1, 0x4, 0x200, 0x8000  # MS-NLMP 2.2.2.5
TARGET_TYPE_DOMAIN, EXTENDED_SECURITY, TARGET_INFO = 0x10000, 0x80000, 0x800000
AV_END, AV_SERVER, AV_DOMAIN, AV_TIMESTAMP = 0, 1, 2, 7  # 2.2.2.1
FILETIME_EPOCH = 11644473600  # seconds from 1601 to 1970
RESPONSE_MIN = 16 + 28  # NTProofStr and the fixed part of NTLMv2_CLIENT_CHALLENGE, 2.2.2.7


def _rotated(value, bits):
    value &= 0xffffffff
    return (value << bits | value >> (32 - bits)) & 0xffffffff


def md4(data):
    """RFC 1320; OpenSSL 3 has it in no provider that is loaded."""
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    text = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    rounds = ((lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
              (lambda x, y, z: x & y | x & z | y & z, 0x5a827999, [i % 4 * 4 + i // 4 for i in range(16)], (3, 5, 9, 13)),
              (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1, [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], (3, 9, 11, 15)))
    for at in range(0, len(text), 64):
        words = struct.unpack_from("<16I", text, at)
        a, b, c, d = state
        for mix, constant, order, shifts in rounds:
            for step, index in enumerate(order):
                a, b, c, d = d, _rotated(a + mix(b, c, d) + words[index] + constant, shifts[step % 4]), b, c
        state = [(old + new) & 0xffffffff for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def _hmac_md5(key, data):
    return hmac.new(key, data, hashlib.md5).digest()


def response_key(user, domain, password):
    """NTOWFv2, 3.3.2."""
    return _hmac_md5(md4(password.encode("utf-16le")), (user.upper() + domain).encode("utf-16le"))


def proof(key, challenge, rest):
    """NTProofStr over the server's challenge and the client's part of the response, 3.3.2."""
    return _hmac_md5(key, challenge + rest)


def _pair(kind, value):
    return struct.pack("<HH", kind, len(value)) + value


def _field(message, at):
    """What a field of length, room and offset points to; ValueError where it lies outside."""
    length, _, offset = struct.unpack_from("<HHI", message, at)
    if offset + length > len(message):
        raise ValueError("a field lies outside of the message")
    return message[offset:offset + length]


class Login:
    """One connection's login; for user and password alone, in whatever domain the client says he is."""

    def __init__(self, domain, server, user, password, version=2):
        """version 1: an attacker's challenge, without target information."""
        self.domain, self.server, self.user, self.password, self.version = domain, server, user, password, version
        self.challenge = None
        self.is_in = False

    def _offer(self):
        self.challenge = secrets.token_bytes(8)
        name = self.domain.encode("utf-16le")
        flags = UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | TARGET_TYPE_DOMAIN | EXTENDED_SECURITY
        info = b""
        if self.version == 2:
            flags |= TARGET_INFO
            now = struct.pack("<Q", int((time.time() + FILETIME_EPOCH) * 10**7))
            info = (_pair(AV_DOMAIN, name) + _pair(AV_SERVER, self.server.encode("utf-16le")) +
                    _pair(AV_TIMESTAMP, now) + _pair(AV_END, b""))
        head = SIGNATURE + struct.pack("<IHHII8sQHHI", 2, len(name), len(name), 48, flags, self.challenge, 0,
                                       len(info), len(info), 48 + len(name))
        return head + name + info

    def _is_right(self, message):
        challenge, self.challenge = self.challenge, None
        response, domain, user = (_field(message, at) for at in (20, 28, 36))
        if challenge is None or len(response) < RESPONSE_MIN:  # 24 bytes: NTLMv1
            return False
        key = response_key(user.decode("utf-16le"), domain.decode("utf-16le"), self.password)
        return (user.decode("utf-16le").lower() == self.user.lower() and
                hmac.compare_digest(response[:16], proof(key, challenge, response[16:])))

    def answer(self, header):
        """(is in, value of WWW-Authenticate): to what an Authorization header says."""
        scheme, _, value = (header or "").partition(" ")
        if self.is_in:
            return True, None
        try:
            message = base64.b64decode(value.strip(), validate=True) if scheme.lower() == "ntlm" else b""
            if message[:8] != SIGNATURE:
                return False, "NTLM"
            kind, = struct.unpack_from("<I", message, 8)
            if kind == 1:
                return False, "NTLM " + base64.b64encode(self._offer()).decode("ascii")
            self.is_in = kind == 3 and self._is_right(message)
        except (ValueError, struct.error):
            return False, "NTLM"
        return self.is_in, None if self.is_in else "NTLM"
