# SPDX-License-Identifier: MIT
"""The hierarchy: root, issuing CA, two RA certificates, one expired RA pair, one other device."""

import concurrent.futures
import copy
import hashlib
import os
import secrets
import threading
import time

from asn1crypto import pem, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from . import der

YEAR = 365 * 86400
KEY_BITS = 2048
DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_CERT_SIGN, CRL_SIGN = 0, 2, 5, 6  # RFC 5280 4.2.1.3
EKU_REQUEST_AGENT = "1.3.6.1.4.1.311.20.2.1"  # Microsoft: Certificate Request Agent
EKU_NAMES = {
    "clientAuth": "1.3.6.1.5.5.7.3.2",
    "serverAuth": "1.3.6.1.5.5.7.3.1",
    "ipsecIntermediate": "1.3.6.1.5.5.8.2.2",
    "anyPolicy": "2.5.29.37.0",
}
SHA256_RSA = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.NULL)


class Identity:
    """A certificate and the key that belongs to it."""

    def __init__(self, certificate_der, key):
        self.der = certificate_der
        self.key = key
        self.certificate = x509.Certificate.load(certificate_der, strict=True)
        self.subject_der = self.certificate.subject.dump()
        self.issuer_der = self.certificate.issuer.dump()
        self.serial = self.certificate.serial_number

    @property
    def key_id(self):
        return self.certificate.public_key.sha1


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def key_spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def new_serial():
    """16 random bytes, positive and of full length."""
    return int.from_bytes(bytes([secrets.choice(range(1, 0x80))]) + secrets.token_bytes(15), "big")


def name(common_name):
    return x509.Name.build({"organization_name": "Signet Lab", "common_name": common_name}).dump()


def extension(dotted, value, critical=False):
    flag = der.boolean(True) if critical else b""
    return der.sequence(der.oid(dotted), flag, der.octets(value))


def key_usage(*positions):
    return extension("2.5.29.15", der.named_bits(positions), critical=True)


def extended_key_usage(*dotted, critical=False):
    return extension("2.5.29.37", der.sequence(*[der.oid(one) for one in dotted]), critical)


def basic_constraints(is_ca, path_len=None):
    body = der.boolean(True) if is_ca else b""
    if path_len is not None:
        body += der.integer(path_len)
    return extension("2.5.29.19", der.sequence(body), critical=True)


def subject_key_id(spki):
    public = x509.PublicKeyInfo.load(spki)
    return extension("2.5.29.14", der.octets(public.sha1))


def authority_key_id(issuer):
    return extension("2.5.29.35", der.sequence(der.context_primitive(0, issuer.key_id)))


def crl_point(url):
    """cRLDistributionPoints (RFC 5280 4.2.1.13)."""
    point = der.context(0, der.context(0, der.context_primitive(6, url.encode("ascii"))))
    return extension("2.5.29.31", der.sequence(der.sequence(point)))


def ocsp_responder(url):
    """authorityInfoAccess (RFC 5280 4.2.2.1)."""
    access = der.sequence(der.oid("1.3.6.1.5.5.7.48.1"), der.context_primitive(6, url.encode("ascii")))
    return extension("1.3.6.1.5.5.7.1.1", der.sequence(access))


def build(issuer_name, issuer_key, subject, spki, not_before, not_after, extensions):
    """A signed X.509 v3 certificate; subject and spki are copied byte for byte."""
    tbs = der.sequence(
        der.context(0, der.integer(2)), der.integer(new_serial()), SHA256_RSA, issuer_name,
        der.sequence(der.time(not_before), der.time(not_after)), subject, spki,
        der.context(3, der.sequence(*extensions)))
    signature = issuer_key.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    return der.sequence(tbs, SHA256_RSA, der.bits(signature))


class Hierarchy:
    """Root, issuing CA, RA pair and the rest; .named maps GetCACert's words to identities."""

    between = ()  # intermediates from the root down

    def __init__(self, host, device, authorities=2):
        """authorities: CA certificates from the root to the issuing CA; 1: the root issues."""
        self.url = None  # of the server, once it listens
        now = int(time.time())
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            keys = list(pool.map(lambda _: new_key(), range(7 + max(0, authorities - 2))))
        root_key, issuing_key, enc_key, sign_key, old_key, device_key, stranger_key, *between_keys = keys
        self.root = self.authority(None, root_key, name("Signet Lab Root CA"), now, 20, None)
        self.between = []
        for number, key in enumerate(between_keys, 1):
            self.between.append(self.authority((self.between or [self.root])[-1], key,
                                               name("Signet Lab Intermediate CA %d" % number), now, 15, None))
        self.issuing = self.root if authorities < 2 else self.authority(
            (self.between or [self.root])[-1], issuing_key, name("Signet Lab Issuing CA"), now, 10, 0)
        ra = x509.Name.build({"common_name": host + "-MSCEP-RA"}).dump()
        self.enc = self._agent(ra, enc_key, KEY_ENCIPHERMENT, now - 86400, now + 2 * YEAR)
        self.sign = self._agent(ra, sign_key, DIGITAL_SIGNATURE, now - 86400, now + 2 * YEAR)
        ended = now - 30 * 86400
        self.old_enc = self._agent(ra, old_key, KEY_ENCIPHERMENT, ended - 2 * YEAR, ended)
        self.old_sign = self._agent(ra, old_key, DIGITAL_SIGNATURE, ended - 2 * YEAR, ended)
        both = (DIGITAL_SIGNATURE, KEY_ENCIPHERMENT)
        self.device = self._device(name(device), device_key, both, now)
        self.device_recipient = self._device(name(device), device_key, (KEY_ENCIPHERMENT,), now)
        self.stranger = self._stranger(ra, stranger_key, now)
        self.host, self.rolled, self.folder = ra, {}, None
        self.lock = threading.Lock()
        self.named = {"enc": self.enc, "sign": self.sign, "issuing": self.issuing,
                      "root": self.root, "old-enc": self.old_enc, "old-sign": self.old_sign,
                      "device": self.device, "first-enc": self.enc, "first-sign": self.sign,
                      "first-issuing": self.issuing}

    def active(self, word):
        """This hierarchy as it is once the CA called `word` has taken over; made when first asked for."""
        if word == "no":
            return self
        with self.lock:
            if word not in self.rolled:
                self.rolled[word] = self._alone() if word == "alone" else self._successor(word)
            return self.rolled[word]

    def _alone(self):
        """Without registration authorities: the issuing CA reads and signs itself."""
        one = copy.copy(self)
        one.enc = one.sign = self.issuing
        one.named = dict(self.named, enc=self.issuing, sign=self.issuing)
        return one

    def _successor(self, word):
        now = int(time.time())
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            root_key, issuing_key, enc_key, sign_key = pool.map(lambda _: new_key(), range(4))
        root = self.root
        if word == "root":
            root = self.authority(None, root_key, name("Signet Lab Root CA 2"), now, 20, None)
        subject = name("Signet Lab Issuing CA 2") if word == "renamed" else self.issuing.subject_der
        one = copy.copy(self)
        one.issuing = self.authority(root, issuing_key, subject, now + 60, 10, 0)
        # made while a device already asks: valid before its pass began
        began = now - 3600
        enc = one._agent(self.host, enc_key, KEY_ENCIPHERMENT, began, began + 2 * YEAR)
        sign = one._agent(self.host, sign_key, DIGITAL_SIGNATURE, began, began + 2 * YEAR)
        return self.succeeded(word, root, one.issuing, enc, sign)

    def succeeded(self, word, root, issuing, enc, sign):
        """This hierarchy with other identities, whose certificates are in its folder then."""
        one = copy.copy(self)
        one.root, one.between, one.issuing, one.enc, one.sign = root, [], issuing, enc, sign
        one.named = {**self.named, "enc": enc, "sign": sign, "issuing": issuing, "root": root}
        for label, each in (("issuing", one.issuing), ("root", one.root)):
            write_file(self.folder, "%s-%s.cer" % (word, label), each.der)
        return one

    def chain(self):
        """DER of the CA certificates from the issuing CA up to the root."""
        above = [one.der for one in reversed((self.root, *self.between))]
        return above if self.issuing is self.root else [self.issuing.der] + above

    @staticmethod
    def authority(issuer, key, subject, now, years, path_len):
        spki = key_spki(key)
        extensions = [basic_constraints(True, path_len), key_usage(KEY_CERT_SIGN, CRL_SIGN),
                      subject_key_id(spki)]
        if issuer:
            extensions.append(authority_key_id(issuer))
        issuer_name = issuer.subject_der if issuer else subject
        issuer_key = issuer.key if issuer else key
        return Identity(build(issuer_name, issuer_key, subject, spki, now - 86400,
                              now + years * YEAR, extensions), key)

    def _agent(self, subject, key, usage, not_before, not_after):
        spki = key_spki(key)
        extensions = [key_usage(usage), extended_key_usage(EKU_REQUEST_AGENT),
                      subject_key_id(spki), authority_key_id(self.issuing)]
        return Identity(build(self.issuing.subject_der, self.issuing.key, subject, spki,
                              not_before, not_after, extensions), key)

    def _device(self, subject, key, usage, now):
        spki = key_spki(key)
        extensions = [key_usage(*usage), extended_key_usage(EKU_NAMES["clientAuth"]),
                      subject_key_id(spki), authority_key_id(self.issuing)]
        return Identity(build(self.issuing.subject_der, self.issuing.key, subject, spki,
                              now - 600, now + YEAR, extensions), key)

    @staticmethod
    def _stranger(subject, key, now):
        """Self-signed, with the RA's subject and usages: all of it right but the issuer."""
        spki = key_spki(key)
        extensions = [key_usage(DIGITAL_SIGNATURE, KEY_ENCIPHERMENT),
                      extended_key_usage(EKU_REQUEST_AGENT), subject_key_id(spki)]
        return Identity(build(subject, key, subject, spki, now - 600, now + YEAR, extensions), key)

    def issue(self, subject, spki, template, mode, now=None):
        """A certificate for a request; template: ku positions, eku OIDs, san value or None."""
        now = int(time.time()) if now is None else now
        usage, ekus, san, san_critical = template
        not_before = now - mode.backdate
        extensions = [key_usage(*usage), subject_key_id(spki), authority_key_id(self.issuing)]
        if ekus:
            extensions.append(extended_key_usage(*ekus))
        if san is not None:
            extensions.append(extension("2.5.29.17", san, san_critical))
        if mode.issue_ca:
            extensions.append(basic_constraints(True))
        if mode.crl_point:
            extensions.append(crl_point(self.url + "/crl"))
        if mode.ocsp:
            extensions.append(ocsp_responder(self.url + "/ocsp"))
        key = self.stranger.key if "other-issuer" in mode.shape else self.issuing.key
        return build(self.issuing.subject_der, key, subject, spki, not_before,
                     now + mode.valid_seconds, extensions)

    def md5(self):
        """What mscep_admin prints as the thumbprint of the CA certificate."""
        return hashlib.md5(self.issuing.der).hexdigest().upper()

    def write(self, folder):
        self.folder = folder
        between = [("between-%d" % number, one) for number, one in enumerate(self.between, 1)]
        for label, one in (("root", self.root), *between, ("issuing", self.issuing), ("ra-enc", self.enc),
                           ("ra-sign", self.sign), ("old-ra-enc", self.old_enc),
                           ("old-ra-sign", self.old_sign), ("device", self.device),
                           ("device-recipient", self.device_recipient)):
            write_file(folder, label + ".cer", one.der)
            write_file(folder, label + ".pem", pem.armor("CERTIFICATE", one.der))
        write_file(folder, "chain.pem", b"".join(pem.armor("CERTIFICATE", one) for one in self.chain()))
        write_key(folder, "device.key", self.device.key)
        write_key(folder, "root.key", self.root.key)  # for servers.py
        write_key(folder, "issuing.key", self.issuing.key)


def write_file(folder, file_name, data, mode=0o644):
    with open(os.path.join(folder, file_name), "wb", opener=lambda p, f: os.open(p, f, mode)) as file:
        file.write(data)


def write_key(folder, file_name, key):
    write_file(folder, file_name, key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()), 0o600)


def load_identity(files):
    """'CERT+KEY', or one file that holds both as PEM."""
    data = b""
    for path in files.split("+"):
        with open(path, "rb") as file:
            data += file.read()
    certificate, key = None, None
    for kind, _, body in pem.unarmor(data, multiple=True):
        if kind == "CERTIFICATE" and certificate is None:
            certificate = body
        elif kind.endswith("PRIVATE KEY"):
            key = serialization.load_der_private_key(body, None)
    if certificate is None or key is None:
        raise ValueError("'%s' does not hold a certificate and a key" % files)
    return Identity(certificate, key)
