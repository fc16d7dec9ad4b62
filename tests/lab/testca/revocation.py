# SPDX-License-Identifier: MIT
"""Revocation lists (RFC 5280 section 5) and OCSP answers (RFC 6960) of an issuer, right ones and each fault."""

import datetime
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from . import pki

FAULTS = ("stale", "future", "forged", "missing")
DAYS = 7  # between thisUpdate and nextUpdate
REASONS = {reason.value: reason for reason in x509.ReasonFlags}


def parse(words):
    """'SERIAL[:REASON]' with a reason as RFC 5280 spells it -> {serial: reason}."""
    revoked = {}
    for word in words:
        serial, _, reason = word.partition(":")
        revoked[int(serial, 16)] = REASONS[reason or "keyCompromise"]
    return revoked


def window(fault=None, days=DAYS):
    """thisUpdate, an hour ago, and nextUpdate. To the second: a list is newer than another one a second later."""
    now = datetime.datetime.utcnow().replace(microsecond=0) - datetime.timedelta(hours=1)
    this_update = now + datetime.timedelta(days={"stale": -2 * days, "future": 1}.get(fault, 0))
    return this_update, this_update + datetime.timedelta(days=days)


def make_list(issuer, revoked, this_update, next_update, key=None):
    """A CRL of an Identity; `key` signs in place of the issuer's."""
    builder = (x509.CertificateRevocationListBuilder()
               .issuer_name(x509.load_der_x509_certificate(issuer.der).subject)
               .last_update(this_update).next_update(next_update)
               .add_extension(x509.AuthorityKeyIdentifier(issuer.key_id, None, None), False)
               .add_extension(x509.CRLNumber(int(time.time() * 1000)), False))
    for serial, reason in revoked.items():
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(this_update)
            .add_extension(x509.CRLReason(reason), False).build())
    return builder.sign(key or issuer.key, hashes.SHA256())


def list_answer(issuer, mode):
    """DER of the list that the mode asks for."""
    key = pki.new_key() if mode.crl == "forged" else None
    made = make_list(issuer, parse(mode.revoked), *window(mode.crl), key)
    return made.public_bytes(serialization.Encoding.DER)


def ocsp_answer(issuer, mode, request_der, certificates):
    """DER of the answer to a request; `certificates` are DER of all that the issuer gave out."""
    request = ocsp.load_der_ocsp_request(request_der)
    found = [one for one in map(x509.load_der_x509_certificate, certificates)
             if one.serial_number == request.serial_number]
    if not found:
        return ocsp.OCSPResponseBuilder.build_unsuccessful(
            ocsp.OCSPResponseStatus.UNAUTHORIZED).public_bytes(serialization.Encoding.DER)
    ca = x509.load_der_x509_certificate(issuer.der)
    this_update, next_update = window(mode.crl)
    reason = parse(mode.revoked).get(request.serial_number)
    status = ocsp.OCSPCertStatus.GOOD if reason is None else ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=found[0], issuer=ca, algorithm=request.hash_algorithm, cert_status=status, this_update=this_update,
        next_update=next_update, revocation_time=None if reason is None else this_update, revocation_reason=reason)
    key = pki.new_key() if mode.crl == "forged" else issuer.key
    return builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ca).sign(key, hashes.SHA256()).public_bytes(
        serialization.Encoding.DER)
