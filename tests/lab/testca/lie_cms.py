# SPDX-License-Identifier: MIT
"""Shapes of a CertRep that are legal and rare, and shapes that are forged. Option 'shape': a list of these words."""

import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import der

SHAPES = {
    # legal
    "ber": "every constructed value has an indefinite length",
    "ber-parts": "eContent and encryptedContent are indefinite strings of parts, as from Apple",
    "definite-parts": "the same with definite lengths, as from Go",
    "ber-envelope": "indefinite lengths inside the envelope's bytes",
    "combined-oid": "signatureAlgorithm is shaXXXWithRSAEncryption",
    "digest-absent": "digestAlgorithm has no parameters",
    "info-absent": "DigestInfo inside the signature has no parameters",
    "unsorted": "signed attributes stand, and are signed, in another order than DER's",
    "by-key-id": "the signer is named by its key identifier",
    "more-attributes": "signingTime, an unknown signed attribute and an unsigned one",
    "extra-certs": "certificates that have nothing to do with it come along",
    "empty-content": "an eContent of no bytes where there is none",
    # forged or damaged
    "no-infos": "nobody signs: no SignerInfo",
    "two-infos": "two SignerInfos",
    "unsigned-attributes": "all attributes stand among the unsigned ones",
    "plain": "the certificates are not encrypted",
    "other-recipient": "encrypted to another certificate than the request's signer",
    "gcm": "AuthEnvelopedData with AES-GCM and a tag of one byte",
    "rc2": "encrypted with RC2",
    "other-issuer": "issued by another key under the issuing CA's name",
    "replayed": "the bytes of the last good CertRep to somebody's request",
    "forged": "what the server cannot read is answered with PENDING, signed by the other device",
}
PART = 200  # bytes of a string's part
AES128_GCM = "2.16.840.1.101.3.4.1.6"
AUTH_ENVELOPED = "1.2.840.113549.1.9.16.1.23"
RC2_CBC = "1.2.840.113549.3.2"


def read(value):
    words = value if isinstance(value, list) else [word for word in str(value).split(",") if word]
    for word in words:
        if word not in SHAPES:
            raise ValueError("'%s' is none of %s" % (word, ", ".join(SHAPES)))
    return words


def _members(contents):
    at = 0
    while at < len(contents):
        begin, size = at, contents[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(contents[at:at + count], "big")
            at += count
        yield contents[begin], contents[at:at + size]
        at += size


def indefinite(encoded):
    """DER with every constructed value in indefinite length."""
    made = b""
    for tag, contents in _members(encoded):
        made += bytes([tag, 0x80]) + indefinite(contents) + b"\x00\x00" if tag & 0x20 else der.tlv(tag, contents)
    return made


def string(shape, tag, contents):
    """An OCTET STRING or an IMPLICIT one, primitive or in parts."""
    parts = [der.octets(contents[at:at + PART]) for at in range(0, len(contents), PART)]
    if "ber-parts" in shape:
        return bytes([tag | 0x20, 0x80]) + b"".join(parts) + b"\x00\x00"
    if "definite-parts" in shape:
        return der.tlv(tag | 0x20, *parts)
    return der.tlv(tag, contents)


def order(shape, attributes):
    """DER's order, or none of it."""
    return sorted(attributes, reverse="unsorted" in shape)


def more(shape):
    """Signed attributes that say nothing of the dialogue."""
    if "more-attributes" not in shape:
        return []
    return [der.sequence(der.oid("1.2.840.113549.1.9.5"), der.tlv(0x31, der.time(1700000000))),
            der.sequence(der.oid("1.3.6.1.4.1.311.21.99"), der.tlv(0x31, der.utf8("unknown")))]


def signer_id(shape, signer):
    """(version, SignerIdentifier), RFC 5652 5.3."""
    if "by-key-id" in shape:
        return 3, der.context_primitive(0, signer.key_id)
    return 1, der.sequence(signer.issuer_der, der.integer(signer.serial))


def raw_signature(key, digest_name, digest):
    """PKCS#1 v1.5 over a DigestInfo without parameters; the library always writes NULL."""
    oids = {"sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2",
            "sha512": "2.16.840.1.101.3.4.2.3"}
    info = der.sequence(der.sequence(der.oid(oids[digest_name])), der.octets(digest))
    numbers = key.private_numbers()
    size = key.key_size // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    return pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size, "big")


def gcm(content, wrap):
    """AuthEnvelopedData, RFC 5083; wrap(key) -> the KeyTransRecipientInfo."""
    key, nonce = os.urandom(16), os.urandom(12)
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    encrypted = encryptor.update(content) + encryptor.finalize()
    return der.sequence(der.oid(AUTH_ENVELOPED), der.context(0, der.sequence(
        der.integer(0), der.tlv(0x31, wrap(key)),
        der.sequence(der.oid("1.2.840.113549.1.7.1"),
                     der.sequence(der.oid(AES128_GCM), der.sequence(der.octets(nonce), der.integer(1))),
                     der.context_primitive(0, encrypted)),
        der.octets(encryptor.tag[:1]))))
