# SPDX-License-Identifier: MIT
"""Decides about each PKIOperation as NDES and the CA behind it would."""

import hashlib
import os
import random
import threading
import time

from asn1crypto import pem, x509

from . import der, pki, reply
from .challenges import ChallengeBook
from .request import (CertificationRequest, Envelope, IssuerAndSubject, Refusal, SignedRequest,
                      Undecodable, hex_serial, public_key_bytes, rfc4514)

BAD_CHALLENGE = "The challenge password is invalid or already used. 0x80070490"
DEFAULT_TEXT = {
    "badAlg": "Invalid algorithm specified. 0x80090008 (-2146893816 NTE_BAD_ALGID)",
    "badMessageCheck": "The hash value is not correct. 0x80091007 (-2146889721 CRYPT_E_HASH_VALUE)",
    "badRequest": "Denied by Policy Module. 0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH)",
    "badTime": "The clocks are skewed. 0x8009030f",
    "badCertId": "Cannot find object or property. 0x80092004 (-2146885628 CRYPT_E_NOT_FOUND)",
}


class Transaction:
    """What is kept under a transactionID: NDES asks for nothing else when it is polled."""

    def __init__(self, request, csr, clear, old):
        self.csr = csr
        self.clear = clear  # its bytes
        self.signer_der = request.signer_der
        self.old = old  # the certificate that is renewed, None at an enrollment
        self.answers = 0
        self.issued = None


class Authority:
    def __init__(self, folder, hierarchy):
        self.folder = folder
        self.hierarchy = hierarchy
        self.book = ChallengeBook()
        self.transactions = {}
        self.issued = {hierarchy.device.der: "device",
                       hierarchy.device_recipient.der: "device"}
        self.lock = threading.Lock()
        self.nonces = []  # senderNonces of this message and of another one before it, for a reply that echoes that
        self.last_good = None  # the last CertRep without a lie in it
        os.makedirs(os.path.join(folder, "issued"), exist_ok=True)

    # -- GetCACert -----------------------------------------------------------------------------

    def _injected(self, mode):
        """(identity, role) of the attack, (None, None) without one."""
        if not mode.inject_device_cert:
            return None, None
        file, role = mode.inject_device_cert
        if role == "stranger":
            return self.hierarchy.stranger, role
        if file:
            return pki.load_identity(file), role
        if role == "recipient":
            return self.hierarchy.device_recipient, role
        return self.hierarchy.device, role

    def ca_certificates(self, mode):
        names = [name for name in mode.order if name != "shuffle"]
        if "shuffle" in mode.order:
            random.shuffle(names)
        injected, role = self._injected(mode)
        if role == "recipient":
            names = [name for name in names if name != "enc"]
        active = self.hierarchy.active(mode.rolled)
        certificates = [active.named[name].der for name in names] + [one.der for one in active.between]
        if injected:
            certificates.insert(0, injected.der)
        stranger = self.hierarchy.stranger.der  # its last two bytes are of its signature: others, of no one
        crowd = [stranger[:-2] + number.to_bytes(2, "big") for number in range(mode.crowd)]
        return reply.degenerate(crowd + [b"\x30\x00"] * mode.damaged + certificates)

    def next_ca_certificates(self, mode):
        active = self.hierarchy.active(mode.rolled)
        certificates = []
        for word in mode.announce:
            successor = self.hierarchy.active(word)
            certificates.append(successor.issuing.der)
            if successor.root is not self.hierarchy.root:
                certificates.append(successor.root.der)
        if mode.announce_fault == "leaf":
            certificates = [self.hierarchy.device.der]
        signer = {"issuing": active.issuing, "ra": active.sign, "device": self.hierarchy.device,
                  "stranger": self.hierarchy.stranger, "nobody": None,
                  "first-issuing": self.hierarchy.issuing}[mode.announce_by]
        return reply.announcement(certificates, signer, mode.announce_fault)

    # -- PKIOperation --------------------------------------------------------------------------

    def answer(self, data, mode, entry):
        """The CertRep for a message; entry, a log line, is filled. Undecodable: send HTML."""
        request = SignedRequest(data)
        entry.update(message_type=request.message_type, transaction_id=request.transaction_id,
                     sender_nonce=request.sender_nonce.hex() if request.sender_nonce else None,
                     signer_subject=request.signer_subject,
                     signer_serial=hex_serial(request.signer.serial_number),
                     digest_algorithm=request.digest, warnings=request.warnings)
        if self.nonces[-1:] != [request.sender_nonce]:
            self.nonces = self.nonces[-1:] + [request.sender_nonce]
        request.older_nonce = self.nonces[0]
        with self.lock:
            self._watch_attacker(request, mode, entry)
            try:
                request.verify()
                if request.signer_der not in self.issued and not request.is_self_signed():
                    raise Refusal("badMessageCheck", "The signer is neither self-signed nor of "
                                  "this CA. 0x800b0109")
                clear = self._decrypt(request, mode, entry)
                status, chain = self._decide(request, clear, mode, entry)
            except Undecodable:
                if "forged" not in mode.shape:
                    raise
                entry["decision"] = "forged"
                return reply.cert_rep(request, mode, self.hierarchy.device, reply.PENDING)
            except Refusal as refusal:
                entry.update(decision="refused", fail_info=refusal.fail_info,
                             text=refusal.text)
                return self._reply(request, mode, reply.FAILURE, refusal=refusal.fail_info,
                                   text=refusal.text)
        if status == reply.PENDING:
            entry["decision"] = "pending"
            return self._reply(request, mode, status)
        entry.setdefault("decision", "issued")
        if "replayed" in mode.shape:
            return self.last_good
        made = self._reply(request, mode, status, content=self._wrap(chain, request, mode, entry), text="Issued")
        if mode.lie is None:
            self.last_good = made
        return made

    def _reply(self, request, mode, status, **rest):
        injected, role = self._injected(mode)
        active = self.hierarchy.active(mode.rolled)
        signer = injected if role in ("signer", "stranger") else active.named.get(mode.signer, self.hierarchy.stranger)
        if role == "stranger":
            mode.include_certs = True
        if mode.bad_reply == "unsigned" and status == reply.SUCCESS:
            return reply.degenerate([signer.der])
        others = [self.hierarchy.device.der, self.hierarchy.stranger.der] if "extra-certs" in mode.shape else []
        return reply.cert_rep(request, mode, signer, status, others=others, **rest)

    def _watch_attacker(self, request, mode, entry):
        """Writes down what the device's key opens, whether or not an attack is under way."""
        injected, _ = self._injected(mode)
        for thief in (injected, self.hierarchy.device, self.hierarchy.device_recipient,
                      self.hierarchy.stranger):
            try:
                clear = Envelope(request.content).open(thief) if thief else None
            except Exception:  # it cannot be opened: nothing was lost
                continue
            if clear is None:
                continue
            line = "%d transaction %s opened with %x" % (time.time(), request.transaction_id,
                                                         thief.serial)
            try:
                csr = CertificationRequest(clear)
                line += " subject '%s'" % csr.rfc4514()
                if csr.challenge is not None:
                    line += " challenge-sha256 " + _sha256(csr.challenge)
            except Refusal:
                pass
            with open(os.path.join(self.folder, "attacker.log"), "a", encoding="utf-8") as file:
                file.write(line + "\n")
            entry["attacker_read_it"] = True
            return

    def _recipient_name(self, envelope, mode):
        for name, one in self.hierarchy.active(mode.rolled).named.items():
            if envelope.recipient_of(one):
                return name
        if envelope.recipient_of(self.hierarchy.device_recipient):
            return "device"
        return "unknown"

    def _decrypt(self, request, mode, entry):
        """Only the RA's encryption key opens messages; for others NDES has an HTML page."""
        try:
            envelope = Envelope(request.content)
            entry.update(recipient_serial=envelope.first_serial(), content_cipher=envelope.cipher,
                         recipient=self._recipient_name(envelope, mode), transport=envelope.transport)
            request.cipher, request.transport = envelope.cipher, envelope.transport
            if envelope.cipher not in ("aes128", "aes192", "aes256", "des3", "des"):
                raise Refusal("badAlg", DEFAULT_TEXT["badAlg"])
            return envelope.open(self.hierarchy.active(mode.rolled).enc)
        except (ValueError, TypeError, KeyError, AttributeError) as reason:
            raise Undecodable("cannot decrypt the client's PKCS7 message: %s (0x80090005)"
                              % reason) from reason

    def _decide(self, request, clear, mode, entry):
        if request.message_type == "20":
            return self._poll(request, clear, mode, entry)
        if request.message_type not in ("17", "19"):
            raise Refusal("badRequest", "The message type is not supported. 0x80070032")
        csr = CertificationRequest(clear)
        _describe(csr, request, entry)
        if mode.refuse:
            name, _, text = mode.refuse.partition(":")
            raise Refusal(name, text or DEFAULT_TEXT.get(name))
        known = self.transactions.get(request.transaction_id)
        if known:
            return self._again(known, mode, entry)
        old = self._authorise(request, csr, mode, entry)
        transaction = Transaction(request, csr, clear, old)
        self.transactions[request.transaction_id] = transaction
        if mode.pending > 0:
            transaction.answers = 1
            return reply.PENDING, None
        return self._issue(transaction, mode, entry)

    def _again(self, known, mode, entry):
        """The same transactionID again: the certificate there is already, as from NDES."""
        entry["known_transaction"] = True
        if mode.strict_transactions:
            raise Refusal("badRequest", "The transaction is known already. 0x800700b7")
        if known.issued:
            entry.update(decision="issued-before", issued_serial=_serial(known.issued))
            return reply.SUCCESS, known.issued
        known.answers += 1
        return reply.PENDING, None

    def _poll(self, request, clear, mode, entry):
        if mode.no_poll:
            raise Refusal("badRequest", "The message type is not supported. 0x80070032")
        known = self.transactions.get(request.transaction_id)
        if not known:
            raise Refusal("badCertId", "The transaction is unknown. 0x80070490")
        if request.signer_der != known.signer_der:
            raise Refusal("badMessageCheck", "CertPoll is signed by another certificate than "
                          "the request. 0x80091007")
        try:
            wanted = IssuerAndSubject.load(clear, strict=True)
            issuer, subject = wanted["issuer"].dump(), wanted["subject"].dump()
        except (ValueError, TypeError) as reason:
            raise Refusal("badRequest", "IssuerAndSubject cannot be read. 0x8009310b") from reason
        entry["csr_subject"] = rfc4514(subject)
        if issuer != self.hierarchy.active(mode.rolled).issuing.subject_der or subject != known.csr.subject_der:
            raise Refusal("badCertId", "IssuerAndSubject names another request. 0x80070490")
        if mode.refuse:
            name, _, text = mode.refuse.partition(":")
            raise Refusal(name, text or DEFAULT_TEXT.get(name))
        if known.issued:
            entry.update(decision="issued-before", issued_serial=_serial(known.issued))
            return reply.SUCCESS, known.issued
        if known.answers < mode.pending:
            known.answers += 1
            return reply.PENDING, None
        return self._issue(known, mode, entry)

    # -- who may have a certificate ------------------------------------------------------------

    def _authorise(self, request, csr, mode, entry):
        """The certificate that is renewed, None at an enrollment. Raises Refusal."""
        if request.signer_der in self.issued:
            entry["renewal"] = True
            return self._authorise_renewal(request, csr, mode)
        if request.message_type == "17":
            raise Refusal("badRequest", "RenewalReq is not signed by a certificate of this CA. "
                          "0x800b0109")
        other = [word for word, differs in (
            ("subject", request.signer.subject.dump() != csr.subject_der),
            ("key", public_key_bytes(request.signer.public_key.dump())
             != public_key_bytes(csr.spki))) if differs]
        for word in other:
            request.warnings.append("the self-signed certificate has another %s than the CSR"
                                    % word)
        if other and mode.strict_signer:
            raise Refusal("badMessageCheck", "The signer has another %s than the request. "
                          "0x80096004" % " and ".join(other))
        if csr.challenge is None and not mode.no_challenge:
            raise Refusal("badRequest", "The challenge password is missing. 0x80096004")
        if not self.book.take(csr.challenge, mode):
            raise Refusal("badRequest", BAD_CHALLENGE)
        return None

    def _authorise_renewal(self, request, csr, mode):
        if mode.renewal not in ("both", request.message_type):
            raise Refusal("badRequest", "Renewal by messageType %s is not accepted. 0x80070032"
                          % request.message_type)
        validity = request.signer["tbs_certificate"]["validity"]
        if not (validity["not_before"].native.timestamp() <= time.time()
                <= validity["not_after"].native.timestamp()):
            raise Refusal("badRequest", "The certificate that signs the renewal is not within its "
                          "validity period. 0x800b0101")
        if request.signer.subject.dump() != csr.subject_der:
            raise Refusal("badRequest", "The subject is not that of the certificate that is "
                          "renewed. 0x80094001")
        if csr.challenge is not None:
            request.warnings.append("a renewal carries a challenge")
        if public_key_bytes(request.signer.public_key.dump()) == public_key_bytes(csr.spki):
            request.warnings.append("a renewal keeps the old key")
        return request.signer_der

    # -- the certificate -----------------------------------------------------------------------

    def _issue(self, transaction, mode, entry):
        csr = transaction.csr
        if mode.same_certificate and transaction.old:
            transaction.issued = transaction.old
        else:
            subject = pki.name(mode.rewrite_subject) if mode.rewrite_subject else csr.subject_der
            spki = pki.key_spki(self.hierarchy.device.key) if mode.wrong_key else csr.spki
            transaction.issued = self.hierarchy.active(mode.rolled).issue(subject, spki, _template(csr, mode), mode)
            self.issued[transaction.issued] = "issued"
        entry["issued_serial"] = _serial(transaction.issued)
        path = os.path.join(self.folder, "issued", entry["issued_serial"] + ".pem")
        with open(path, "wb") as file:
            file.write(pem.armor("CERTIFICATE", transaction.issued))
        return reply.SUCCESS, transaction.issued

    def _wrap(self, leaf, request, mode, entry):
        certificates = [leaf]
        if mode.inner != "leaf":
            certificates += self.hierarchy.active(mode.rolled).chain()
        if mode.inner == "reversed":
            certificates.reverse()
        if "plain" in mode.shape:
            return reply.degenerate(certificates)
        cipher = mode.reply_cipher
        if cipher == "mirror":
            cipher = "aes128" if request.cipher.startswith("aes") else request.cipher
        transport = mode.reply_transport
        if transport == "mirror":
            transport = "oaep" if cipher.startswith("aes") else "pkcs1"
        entry.update(reply_cipher=cipher, reply_transport=transport)
        recipient = self.hierarchy.device.der if "other-recipient" in mode.shape else request.signer_der
        return reply.envelop(reply.degenerate(certificates), recipient, cipher, transport, mode.shape)


def _template(csr, mode):
    """NDES's choice by the CSR's key usage: signature, encryption or general purpose."""
    wanted = set(csr.usage or ())
    usage = [position for position, word in ((pki.DIGITAL_SIGNATURE, "digital_signature"),
                                             (pki.KEY_ENCIPHERMENT, "key_encipherment"))
             if word in wanted]
    usage = usage or [pki.DIGITAL_SIGNATURE, pki.KEY_ENCIPHERMENT]
    ekus = []
    for word in mode.eku:
        if word == "request":
            ekus += csr.ekus
        elif word != "none":
            ekus.append(pki.EKU_NAMES.get(word, word))
    san = csr.san if mode.other_san is None else der.sequence(der.context_primitive(2, mode.other_san.encode("ascii")))
    return usage, ekus, None if mode.drop_san else san, csr.san_critical


def _describe(csr, request, entry):
    entry.update(csr_subject=csr.rfc4514(), csr_subject_der=csr.subject_der.hex(), sans=csr.sans,
                 key_usage=csr.usage, eku=csr.ekus, key_bits=csr.key_bits,
                 key_sha256=hashlib.sha256(csr.spki).hexdigest(),
                 extensions=csr.extension_oids, has_challenge=csr.challenge is not None,
                 challenge_kind=csr.challenge_kind,
                 challenge_sha256=_sha256(csr.challenge) if csr.challenge is not None else None)
    template = {("digital_signature",): "signature", ("key_encipherment",): "encryption"}
    wanted = tuple(word for word in csr.usage or ()
                   if word in ("digital_signature", "key_encipherment"))
    entry["template"] = template.get(wanted, "general-purpose")


def _sha256(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _serial(certificate_der):
    return hex_serial(x509.Certificate.load(certificate_der).serial_number)
