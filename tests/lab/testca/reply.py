# SPDX-License-Identifier: MIT
"""Writes what NDES sends: the degenerate p7 of GetCACert, and CertRep."""

import hashlib
import os

from asn1crypto import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import der
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


def envelop(content, recipient_der, cipher, transport):
    kind, key_len, block, algorithm = CIPHERS[cipher]
    key, vector = os.urandom(key_len), os.urandom(block)
    fill = block - len(content) % block
    used = key * 3 if cipher == "des" else key
    encryptor = Cipher(algorithm(used), modes.CBC(vector)).encryptor()
    encrypted = encryptor.update(content + bytes([fill]) * fill) + encryptor.finalize()
    recipient = load_rsa(x509.Certificate.load(recipient_der).public_key.dump())
    if transport == "oaep":
        wrap = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    else:
        wrap = padding.PKCS1v15()
    recipient_info = der.sequence(
        der.integer(0), issuer_and_serial(recipient_der),
        RSA_OAEP if transport == "oaep" else RSA_ENCRYPTION,
        der.octets(recipient.encrypt(key, wrap)))
    return der.sequence(ENVELOPED_DATA, der.context(0, der.sequence(
        der.integer(0), der.tlv(0x31, recipient_info),
        der.sequence(DATA, der.sequence(der.oid(kind), der.octets(vector)),
                     der.context_primitive(0, encrypted)))))


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
            "short": right[:8]}[mode.bad_nonce]


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
    return found


def _sign(signer, attributes_der, digest_name):
    if digest_name == "md5":
        prehashed = utils.Prehashed(hashes.MD5())
        return signer.key.sign(hashlib.md5(attributes_der).digest(), padding.PKCS1v15(), prehashed)
    return signer.key.sign(attributes_der, padding.PKCS1v15(), HASHES[digest_name]())


def cert_rep(request, mode, signer, status, content=None, refusal=None, text=None):
    """A CertRep; content is the EnvelopedData of SUCCESS, absent otherwise."""
    digest_name = request.digest if mode.reply_digest == "mirror" else mode.reply_digest
    if digest_name not in DIGEST_OIDS:
        digest_name = "sha256"
    algorithm = der.sequence(der.oid(DIGEST_OIDS[digest_name]), der.NULL)
    digest = hashlib.new(digest_name, content or b"").digest()
    attributes = sorted(_attributes(request, mode, status, refusal, text, digest))
    signature = _sign(signer, der.tlv(0x31, *attributes), digest_name)
    if mode.bad_reply == "flipped":
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    signer_info = der.sequence(
        der.integer(1), der.sequence(signer.issuer_der, der.integer(signer.serial)), algorithm,
        der.context(0, *attributes), RSA_ENCRYPTION, der.octets(signature))
    inner = der.context(0, der.octets(content)) if content is not None else b""
    certificates = der.context(0, signer.der) if mode.include_certs else b""
    infos = b"" if mode.bad_reply == "unsigned" else signer_info
    message = der.sequence(SIGNED_DATA, der.context(0, der.sequence(
        der.integer(1), der.tlv(0x31, algorithm), der.sequence(DATA, inner), certificates,
        der.tlv(0x31, infos))))
    return message[:len(message) // 2] if mode.bad_reply == "truncated" else message
