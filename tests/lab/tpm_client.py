# SPDX-License-Identifier: MIT
"""A client of bare TPM commands, to look into a TPM with: written from TPM 2.0 Part 2 and Part 3, shares nothing with
libtss2 and signet. It is the judge.
"""
import hashlib
import socket
import struct

from asn1crypto import parser
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

STORAGE_KEY = 0x81000001
TIMEOUT = 60  # seconds for one command
# Handle types, Part 2 section 7.2: what GetCapability lists from their first handle on
HANDLES = {"persistent": 0x81000000, "transient": 0x80000000, "loaded session": 0x02000000, "saved session": 0x03000000}
GET_CAPABILITY, LOAD, SIGN, FLUSH_CONTEXT = 0x17a, 0x157, 0x15d, 0x165
NO_SESSIONS, SESSIONS = 0x8001, 0x8002
EMPTY_PASSWORD = struct.pack(">IIHBH", 9, 0x40000009, 0, 0, 0)  # TPM_RS_PW, no nonce, no attributes, no hmac
RSASSA_SHA256 = struct.pack(">HH", 0x0014, 0x000b)
NO_TICKET = struct.pack(">HIH", 0x8024, 0x40000007, 0)  # TPM_ST_HASHCHECK, TPM_RH_NULL


class TpmError(Exception):
    pass


class Client:
    """with Client("/x/tpm.sock") as client: client.handles("transient")"""

    def __init__(self, path, connection=None):
        """connection: one that is there already, of a relay for instance; it stays open."""
        self.path, self.socket = path, connection

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(self.path)
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _read(self, length):
        data = b""
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            if not more:
                raise TpmError("the TPM is gone")
            data += more
        return data

    def command(self, code, body, tag=NO_SESSIONS):
        self.socket.sendall(struct.pack(">HII", tag, 10 + len(body), code) + body)
        _, size, result = struct.unpack(">HII", self._read(10))
        body = self._read(size - 10)
        if result != 0:
            raise TpmError("TPM command 0x%x: 0x%x" % (code, result))
        return body

    def handles(self, kind):
        body = self.command(GET_CAPABILITY, struct.pack(">III", 1, HANDLES[kind], 254))
        count, = struct.unpack_from(">I", body, 5)
        return [one for one in struct.unpack_from(">%dI" % count, body, 9) if one >> 24 == HANDLES[kind] >> 24]

    def load(self, private, public):
        body = struct.pack(">I", STORAGE_KEY) + EMPTY_PASSWORD + private + public
        return struct.unpack_from(">I", self.command(LOAD, body, SESSIONS))[0]

    def sign(self, handle, text):
        digest = hashlib.sha256(text).digest()
        body = struct.pack(">I", handle) + EMPTY_PASSWORD + struct.pack(">H", len(digest)) + digest + RSASSA_SHA256 + NO_TICKET
        out = self.command(SIGN, body, SESSIONS)
        length, = struct.unpack_from(">H", out, 8)  # behind parameterSize, sigAlg and hash
        return out[10:10 + length]

    def flush(self, handle):
        self.command(FLUSH_CONTEXT, struct.pack(">I", handle))


def key_parts(der):
    """TPM2B_PRIVATE and TPM2B_PUBLIC of a TSS2 PRIVATE KEY; by asn1crypto, not by signet."""
    content = parser.parse(der, strict=True)[4]
    octets = []
    while content:
        _, _, tag, header, body, trailer = parser.parse(content)
        if tag == 4:
            octets.append(body)
        content = content[len(header) + len(body) + len(trailer):]
    public, private = octets
    return private, public


def check_key(path, key_der, certificate_pem):
    """The key loads, signs, and the certificate is its. Raises with what is wrong."""
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    text = b"the seal that only its owner can press"
    with Client(path) as client:
        handle = client.load(*key_parts(key_der))
        try:
            signature = client.sign(handle, text)
        finally:
            client.flush(handle)
    try:
        certificate.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise TpmError("the certificate is not of this key") from None
