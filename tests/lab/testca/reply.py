# SPDX-License-Identifier: MIT
"""Writes what NDES sends: the degenerate p7 of GetCACert, and CertRep."""

import hashlib
import os

from asn1crypto import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import der, lie_cms
from .options import FAIL_INFO
from .request import HASHES, SCEP, load_rsa

DATA = der.oid("1.2.840.113549.1.7.1")
SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
ENVELOPED_DATA = der.oid("1.2.840.113549.1.7.3")
RSA_ENCRYPTION = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
RSA_OAEP = der.sequence(der.oid("1.2.840.113549.1.1.7"), der.sequence())  # all defaults: SHA-1
MICROSOFT_STATUS = "1.3.6.1.4.1.311.21.38"
FAIL_INFO_TEXT = "1.3.6.1.5.5.7.24.1"
SUCCESS, FAILURE, PENDING = "0", "2", "3"
DIGEST_OIDS = {"md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26",
               "sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2",
               "sha512": "2.16.840.1.101.3.4.2.3"}
COMBINED_OIDS = {"sha256": "1.2.840.113549.1.1.11", "sha384": "1.2.840.113549.1.1.12",
                 "sha512": "1.2.840.113549.1.1.13", "sha1": "1.2.840.113549.1.1.5"}
CIPHERS = {  # OID, key length, block, cipher
    "aes128": ("2.16.840.1.101.3.4.1.2", 16, 16, algorithms.AES),
    "aes256": ("2.16.840.1.101.3.4.1.42", 32, 16, algorithms.AES),
    "des3": ("1.2.840.113549.3.7", 24, 8, algorithms.TripleDES),
    "des": ("1.3.14.3.2.7", 8, 8, algorithms.TripleDES),
}


def degenerate(certificates):
    """Certs-only SignedData (RFC 8894 3.4); the order is kept, as no real server sorts it."""
    return der.sequence(SIGNED_DATA, der.context(0, der.sequence(
        der.integer(1), der.tlv(0x31), der.sequence(DATA), der.context(0, *certificates),
        der.tlv(0x31))))


def announcement(certificates, signer, fault):
    """GetNextCACert (RFC 8894 4.7.1): a degenerate p7 inside a SignedData; signer None: not signed."""
    content = degenerate(certificates)
    digest_name = "sha1" if fault == "sha1" else "sha256"
    algorithm = der.sequence(der.oid(DIGEST_OIDS[digest_name]), der.NULL)
    digest = hashlib.new(digest_name, content).digest()
    info = b""
    if signer:
        attributes = sorted([_attribute("1.2.840.113549.1.9.3", DATA),
                             _attribute("1.2.840.113549.1.9.4", der.octets(digest))])
        signature = _sign(signer, der.tlv(0x31, *attributes), digest_name)
        if fault == "flipped":
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        info = der.sequence(
            der.integer(1), der.sequence(signer.issuer_der, der.integer(signer.serial)), algorithm,
            der.context(0, *attributes), RSA_ENCRYPTION, der.octets(signature))
    return der.sequence(SIGNED_DATA, der.context(0, der.sequence(
        der.integer(1), der.tlv(0x31, algorithm),
        der.sequence(DATA, der.context(0, der.octets(content))), der.tlv(0x31, info))))


def issuer_and_serial(certificate_der):
    certificate = x509.Certificate.load(certificate_der)
    return der.sequence(certificate.issuer.dump(), der.integer(certificate.serial_number))


def envelop(content, recipient_der, cipher, transport, shape=()):
    recipient = load_rsa(x509.Certificate.load(recipient_der).public_key.dump())
    if transport == "oaep":
        wrap = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    else:
        wrap = padding.PKCS1v15()

    def wrapped(key):
        return der.sequence(
            der.integer(0), issuer_and_serial(recipient_der),
            RSA_OAEP if transport == "oaep" else RSA_ENCRYPTION,
            der.octets(recipient.encrypt(key, wrap)))

    if "gcm" in shape:
        return lie_cms.gcm(content, wrapped)
    kind, key_len, block, algorithm = CIPHERS[cipher]
    key, vector = os.urandom(key_len), os.urandom(block)
    fill = block - len(content) % block
    used = key * 3 if cipher == "des" else key
    encryptor = Cipher(algorithm(used), modes.CBC(vector)).encryptor()
    encrypted = encryptor.update(content + bytes([fill]) * fill) + encryptor.finalize()
    parameters = der.octets(vector)
    if "rc2" in shape:  # the name alone: nobody may go as far as to decrypt it
        kind, parameters = lie_cms.RC2_CBC, der.sequence(der.integer(58), der.octets(vector))  # RFC 2268: 128 bits
    enveloped = der.sequence(ENVELOPED_DATA, der.context(0, der.sequence(
        der.integer(0), der.tlv(0x31, wrapped(key)),
        der.sequence(DATA, der.sequence(der.oid(kind), parameters),
                     lie_cms.string(shape, 0x80, encrypted)))))
    return lie_cms.indefinite(enveloped) if "ber-envelope" in shape else enveloped


def _attribute(dotted, value):
    return der.sequence(der.oid(dotted), der.tlv(0x31, value))


def _transaction_id(request, mode):
    right = request.transaction_id
    return {None: right, "wrong": "0" * len(right), "prefix": right[:-1], "empty": "",
            "case": right.swapcase(), "missing": None}[mode.bad_transaction]


def _recipient_nonce(request, mode):
    right = request.sender_nonce
    if right is None or mode.bad_nonce == "missing":
        return None
    return {None: right, "wrong": bytes(byte ^ 0x55 for byte in right),
            "short": right[:8], "replayed": request.older_nonce}[mode.bad_nonce]


def _attributes(request, mode, status, refusal, text, digest):
    kind = "19" if mode.bad_reply == "message-type" else "3"
    shown = "1" if mode.bad_reply == "status" else status
    found = [_attribute("1.2.840.113549.1.9.3", DATA),
             _attribute("1.2.840.113549.1.9.4", der.octets(digest)),
             _attribute(SCEP + "2", der.printable(kind)),
             _attribute(SCEP + "3", der.printable(shown))]
    transaction_id = _transaction_id(request, mode)
    if transaction_id is not None:
        found.append(_attribute(SCEP + "7", der.printable(transaction_id)))
    nonce = _recipient_nonce(request, mode)
    if nonce is not None:
        found.append(_attribute(SCEP + "6", der.octets(nonce)))
    if not mode.no_sender_nonce:
        found.append(_attribute(SCEP + "5", der.octets(os.urandom(16))))
    if refusal is not None and refusal != "none":
        number = FAIL_INFO.get(refusal, refusal)
        found.append(_attribute(SCEP + "4", der.printable(str(number))))
        if mode.fail_info_text is not None:
            found.append(_attribute(FAIL_INFO_TEXT, der.utf8(mode.fail_info_text)))
    if text is not None:
        found.append(_attribute(MICROSOFT_STATUS, der.utf8(text)))
    return found + lie_cms.more(mode.shape)


def _sign(signer, attributes_der, digest_name, shape=()):
    if "info-absent" in shape:
        return lie_cms.raw_signature(signer.key, digest_name,
                                     hashlib.new(digest_name, attributes_der).digest())
    if digest_name == "md5":
        prehashed = utils.Prehashed(hashes.MD5())
        return signer.key.sign(hashlib.md5(attributes_der).digest(), padding.PKCS1v15(), prehashed)
    return signer.key.sign(attributes_der, padding.PKCS1v15(), HASHES[digest_name]())


def _signer_info(request, mode, signer, digest_name, attributes, content):
    shape = mode.shape
    parameters = b"" if "digest-absent" in shape else der.NULL
    version, identifier = lie_cms.signer_id(shape, signer)
    signed = der.context(0, *attributes)
    unsigned = der.context(1, _attribute("1.3.6.1.4.1.311.21.98", der.utf8("?"))) if "more-attributes" in shape else b""
    covered = der.tlv(0x31, *attributes)
    if "unsigned-attributes" in shape:
        signed, unsigned, covered = b"", der.context(1, *attributes), content or b""
    signature = _sign(signer, covered, digest_name, shape)
    if mode.bad_reply == "flipped":
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    algorithm = RSA_ENCRYPTION
    if "combined-oid" in shape:
        algorithm = der.sequence(der.oid(COMBINED_OIDS[digest_name]), der.NULL)
    return der.sequence(
        der.integer(version), identifier, der.sequence(der.oid(DIGEST_OIDS[digest_name]), parameters), signed,
        algorithm, der.octets(signature), unsigned)


def cert_rep(request, mode, signer, status, content=None, refusal=None, text=None, others=()):
    """A CertRep; content is the EnvelopedData of SUCCESS, absent otherwise; others: certificates that come along."""
    shape = mode.shape
    digest_name = request.digest if mode.reply_digest == "mirror" else mode.reply_digest
    if digest_name not in DIGEST_OIDS:
        digest_name = "sha256"
    if content is None and "empty-content" in shape:
        content = b""
    parameters = b"" if "digest-absent" in shape else der.NULL
    algorithm = der.sequence(der.oid(DIGEST_OIDS[digest_name]), parameters)
    digest = hashlib.new(digest_name, content or b"").digest()
    attributes = lie_cms.order(shape, _attributes(request, mode, status, refusal, text, digest))
    info = _signer_info(request, mode, signer, digest_name, attributes, content)
    infos = {"no-infos": b"", "two-infos": info + info}
    info = next((infos[word] for word in shape if word in infos), b"" if mode.bad_reply == "unsigned" else info)
    inner = der.context(0, lie_cms.string(shape, 0x04, content)) if content is not None else b""
    sent = ([signer.der] if mode.include_certs else []) + list(others)
    message = der.sequence(SIGNED_DATA, der.context(0, der.sequence(
        der.integer(3 if "by-key-id" in shape else 1), der.tlv(0x31, algorithm), der.sequence(DATA, inner),
        der.context(0, *sent) if sent else b"", der.tlv(0x31, info))))
    if "ber" in shape:
        message = lie_cms.indefinite(message)
    return message[:len(message) // 2] if mode.bad_reply == "truncated" else message
