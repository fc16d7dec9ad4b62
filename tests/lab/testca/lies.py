# SPDX-License-Identifier: MIT
"""The named modes of option 'lie': what each sets, the exit code a client must end with, and the words it must find.

Groups: a odd but legal, b attacks, c refusals, d faults. The exit codes are those of the client's interface: 0 done,
11 server faulty, 12 pending, 13 refused by the CA, 18 not to be trusted. Faults of GetCACaps that RFC 8894 3.5.2 lets a
client pass over are in group a.
"""

import dataclasses

from . import lie_http
from .lie_words import ADVICE, CAUSE


@dataclasses.dataclass
class Lie:
    group: str
    text: str  # what the server does
    sets: dict  # options, as in mode.json
    expect: tuple  # exit codes, one of which it must be; of the first run
    cause: str = ""  # regular expressions that the client's sentence and its next step match
    advice: str = ""
    profile: str = ""  # lines that the client's profile has on top
    only: str = ""  # "enroll" or "renew"; "" for both
    is_slow: bool = False  # lasts as long as the client's timeout
    then: int = None  # exit code of a second run


LIES = {}


def _add(name, *values, **more):
    if name in LIES:
        raise ValueError("two lies are called '%s'" % name)
    LIES[name] = Lie(*values, **more)


def _legal(name, text, sets, **more):
    _add(name, "a", text, sets, (0,), **more)


def _attack(name, text, words, sets, **more):
    _add(name, "b", text, sets, (18,), CAUSE[words], ADVICE[words], **more)


def _refusal(name, text, cause, advice, sets, **more):
    _add(name, "c", text, sets, (13,), cause, advice, **more)


def _fault(name, text, words, sets, expect=(11,), **more):
    _add(name, "d", text, sets, expect, CAUSE[words], ADVICE[words], **more)


NDES = ["POSTPKIOperation", "Renewal", "SHA-512", "SHA-256", "SHA-1", "DES3"]

# ---- a: odd but legal ------------------------------------------------------------------------------------------------

_legal("honest", "as NDES does", {})
for _shape, _text in (
        ("ber", "CertRep in indefinite lengths"), ("ber-parts", "strings in parts, indefinite"),
        ("definite-parts", "strings in parts, definite"), ("ber-envelope", "EnvelopedData in indefinite lengths"),
        ("combined-oid", "signatureAlgorithm sha256WithRSAEncryption"),
        ("digest-absent", "digestAlgorithm without parameters"), ("info-absent", "DigestInfo without NULL"),
        ("unsorted", "signed attributes in no DER order"), ("by-key-id", "signer named by key identifier"),
        ("more-attributes", "attributes nobody asked for"), ("extra-certs", "certificates of others in CertRep")):
    _legal(_shape, _text, {"shape": [_shape]})
_legal("no-certs", "no certificates in CertRep, the leaf alone inside", {"inner": "leaf"})
_legal("signer-certs", "the signer's certificate in CertRep", {"include_certs": True})
_legal("inner-reversed", "root, issuing CA, leaf inside", {"inner": "reversed"})
_legal("no-sender-nonce", "CertRep without senderNonce", {"no_sender_nonce": True})
for _name, _order in (("order-reversed", "root,issuing,sign,enc"), ("order-ca-first", "issuing,enc,root,sign"),
                      ("order-old-first", "old-enc,old-sign,root,sign,enc,issuing"), ("order-no-root", "enc,sign,issuing"),
                      ("order-device", "device,enc,sign,issuing,root"), ("order-shuffled", "enc,sign,issuing,root,shuffle")):
    _legal(_name, "GetCACert: " + _order, {"order": _order})
_legal("crowd", "GetCACert lists sixteen, and a longer chain inside has no room beside them", {"crowd": 12})
_legal("ca-alone", "the CA itself and a single certificate in GetCACert", {"rolled": "alone"})
_legal("pending-no-content", "PENDING without eContent, then SUCCESS", {"pending": 1}, then=0)
_legal("pending-empty", "PENDING with an empty eContent, then SUCCESS", {"pending": 1, "shape": ["empty-content"]}, then=0)
for _name in ("pending-no-content", "pending-empty"):
    LIES[_name].expect = (12,)
for _cipher in ("aes128", "aes256", "des3"):
    for _transport in ("oaep", "pkcs1"):
        _legal("%s-%s" % (_cipher, _transport), "CertRep with %s and %s" % (_cipher, _transport),
               {"reply_cipher": _cipher, "reply_transport": _transport})
for _digest in ("sha256", "sha384", "sha512"):
    _legal("signed-" + _digest, "CertRep signed with " + _digest, {"reply_digest": _digest})
for _name, _told in (
        ("caps-lf", "\n".join(NDES) + "\n"), ("caps-odd-case", "postPKIoperation\r\nrenewal\r\nsha-256\r\ndes3\r\n"),
        ("caps-blank-lines", "\r\n\r\nPOSTPKIOperation\r\n\r\nSHA-256\r\n \r\n"), ("caps-no-end", "POSTPKIOperation\nSHA-256"),
        ("caps-unknown", "Example.com-Feature\r\nPOSTPKIOperation\r\n" + "X" * 3000 + "\r\nSHA-256\r\n"),
        ("caps-bytes", "\x00\x01\x1b[2J\r\nPOSTPKIOperation\r\nSHA-256\r\n"), ("caps-empty", ""),
        ("caps-standard", "SCEPStandard\r\n"), ("caps-stripped", "POSTPKIOperation\r\n")):
    _legal(_name, "GetCACaps: %r" % _told[:40], {"caps_text": _told})
for _kind in ("401", "403", "404", "500", "503", "503-later", "html", "random", "nested", "reset", "reset-middle", "close",
              "close-middle", "cut-5", "flip-5", "huge", "huge-length", "endless-headers", "endless-line", "endless-status",
              "short-length", "long-length", "type-octets"):
    _legal("caps-%s" % _kind, "GetCACaps: %s; nothing told is no reason to stop" % _kind, {"wire": "caps:" + _kind})
for _kind, _text in (("chunked", "chunked answers"), ("close-delimited", "HTTP/1.0 until the connection ends"),
                     ("type-none", "no Content-Type"), ("type-text", "text/plain everywhere"),
                     ("type-charset", "Content-Type with a charset")):
    _legal("all-" + _kind, _text, {"wire": "all:" + _kind})
_legal("cert-type-single", "a list of certificates called x-x509-ca-cert", {"wire": "cert:type-single"})
_legal("message-required", "GetCACaps and GetCACert need message=", {"need_message": True}, profile="ca_identifier = any\n")
_legal("get-only", "no POST", {"caps": ["Renewal", "SHA-256", "DES3"]})
_legal("query-limit", "long queries are refused, POST is offered", {"max_query": 300})

# ---- b: attacks ------------------------------------------------------------------------------------------------------

_attack("wrong-key", "a certificate for another key", "key", {"wrong_key": True})
_attack("wrong-subject", "another subject", "subject", {"rewrite_subject": "someone-else"})
_attack("san-dropped", "the SAN is left out", "san", {"drop_san": True})
_attack("san-other", "another SAN", "san", {"other_san": "gw.evil.example"})
_attack("other-issuer", "issued by another key under the CA's name", "chain", {"shape": ["other-issuer"]})
_attack("ca-leaf", "CA:TRUE", "ca", {"issue_ca": True})
_attack("expired", "a certificate that is over", "dates", {"backdate": 172800, "valid_seconds": -86400})
_attack("not-yet", "a certificate of tomorrow", "dates", {"backdate": -86400})
_attack("no-eku", "no extended key usage", "eku", {"eku": ["none"]})
_attack("other-eku", "serverAuth alone", "eku", {"eku": ["serverAuth"]})
_attack("signer-stranger", "signed by a self-signed certificate that is sent along", "signer",
        {"signer": "stranger", "include_certs": True})
_attack("signer-device", "signed by a device of the same CA", "signer", {"signer": "device", "include_certs": True})
_attack("signer-device-listed", "the same, and GetCACert lists it", "signer", {"inject_device_cert": "signer"})
_attack("signer-old-ra", "signed by an RA that is over", "signer",
        {"signer": "old-sign", "order": "enc,sign,old-sign,issuing,root"})
_attack("signer-root", "signed by the root", "signer", {"signer": "root"})
_attack("recipient-device", "a device's certificate stands first in GetCACert, and its owner answers", "signer",
        {"inject_device_cert": "recipient", "shape": ["forged"]})
_attack("ra-expired", "only RA certificates that are over", "ra", {"order": "old-enc,old-sign,issuing,root"})
_attack("rogue", "another hierarchy of the same names", "ra", {"rolled": "root"})
_attack("rogue-issuing", "another issuing CA of the same name below the root", "ra", {"rolled": "intermediate"},
        profile="ca_rollover = no\n")
_attack("certs-only", "certificates and no signer", "unsigned", {"bad_reply": "unsigned"})
_attack("no-signer", "no SignerInfo", "unsigned", {"shape": ["no-infos"]})
_attack("two-signers", "two SignerInfos", "unsigned", {"shape": ["two-infos"]})
_attack("attributes-unsigned", "attributes that nobody signed", "unsigned", {"shape": ["unsigned-attributes"]})
for _kind in ("wrong", "missing", "short", "replayed"):
    _attack("nonce-" + _kind, "recipientNonce: " + _kind, "nonce", {"bad_nonce": _kind})
for _kind in ("wrong", "prefix", "case", "empty", "missing"):
    _attack("transaction-" + _kind, "transactionID: " + _kind, "transaction", {"bad_transaction": _kind})
_attack("replayed", "the CertRep of an earlier transaction", "transaction", {"shape": ["replayed"]})
_attack("other-recipient", "encrypted to another device", "recipient", {"shape": ["other-recipient"]})
_attack("plain", "certificates without encryption", "plain", {"shape": ["plain"]})
_attack("md5", "signed with MD5", "algorithm", {"reply_digest": "md5"})
_attack("sha1", "signed with SHA-1", "legacy", {"reply_digest": "sha1"})
_attack("des", "encrypted with DES", "legacy", {"reply_cipher": "des"})
_attack("rc2", "encrypted with RC2", "algorithm", {"shape": ["rc2"]})
_attack("gcm", "AES-GCM with a tag of one byte", "plain", {"shape": ["gcm"]})
for _name, _sets in (("md5", {"reply_digest": "md5"}), ("sha1", {"reply_digest": "sha1"}), ("des", {"reply_cipher": "des"})):
    _attack("downgrade-" + _name, "GetCACaps offers nothing good, CertRep has " + _name,
            "algorithm" if _name == "md5" else "legacy", dict(_sets, caps=["POSTPKIOperation", "SHA-1", "DES"]))
_attack("same-again", "the present certificate again", "same", {"same_certificate": True}, only="renew")

# ---- c: refusals -----------------------------------------------------------------------------------------------------

for _number, _word in enumerate(("badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId")):
    _refusal("fail-" + _word, "failInfo " + _word, "%d %s" % (_number, _word), ADVICE[_word], {"refuse": _word + ":no"})
for _number in ("5", "17", "4711"):
    _refusal("fail-" + _number, "failInfo %s, which no RFC names" % _number, 'failInfo "%s"' % _number, ADVICE["refused"],
             {"refuse": _number + ":no"})
_refusal("fail-none", "FAILURE without failInfo", "gave no failInfo", ADVICE["refused"], {"refuse": "none:no"})
_refusal("fail-empty-content", "FAILURE with an empty eContent", "2 badRequest", ADVICE["refused"],
         {"refuse": "badRequest:no", "shape": ["empty-content"]})
# facts: Microsoft's error codes as NDES, its policy module and AD CS write them
for _code, _cause, _advice in (
        ("0x80070490", "unknown or was used", "fresh challenge"), ("0x800b0110", "used already", "fresh challenge"),
        ("0x80096004", "challenge is required", "challenge_file"), ("0x80094001", "subject", "compare subject"),
        ("0x80094811", "too small", "key = rsa3072"), ("0x80094800", "template", "template names"),
        ("0x800706ba", "cannot reach the CA", "start the CA")):
    _refusal("says-" + _code[2:], "Microsoft's text with " + _code, _cause, _advice,
             {"refuse": "badRequest:The request was denied. %s (-1 SOME_NAME)" % _code})
_refusal("says-control", "a text that steers a terminal", r"server says: .*\?\[2J", ADVICE["refused"],
         {"refuse": "badRequest:\x1b[2J\x1b]0;owned\x07\r\n<3>kernel: panic\u0085\u2028\u202e\x7f"})
_refusal("says-64k", "a text of 64 KiB", "server says: xxxx", ADVICE["refused"], {"refuse": "badRequest:" + "x" * 65536})
_refusal("info-text", "failInfoText", "the template wants another name", ADVICE["refused"],
         {"refuse": "badRequest:no", "fail_info_text": "the template wants another name"})
_refusal("info-control", "failInfoText that steers a terminal", r"\?\[31m", ADVICE["refused"],
         {"refuse": "badRequest:no", "fail_info_text": "\x1b[31mred\nline two\u2066"})
_refusal("info-64k", "failInfoText of 64 KiB", "yyyy", ADVICE["refused"],
         {"refuse": "badRequest:no", "fail_info_text": "y" * 65536})
_refusal("challenge-unknown", "the challenge is not known", "challenge", "fresh", {"challenges": "/dev/null"}, only="enroll")
_refusal("renewal-refused", "renewals are not accepted at all", "badRequest", ADVICE["refused"], {"renewal": "none"},
         only="renew")
PAGE = "challenge_url = {page}\n"
_refusal("page-401", "the challenge page wants an account", "asks for an account", "set challenge_credentials_file",
         {"wire": "page:401"}, only="enroll", profile=PAGE)
_refusal("page-denied", "the account may not have challenges", "may not get challenges", "Enroll on the templates",
         {"admin_denied": True}, only="enroll", profile=PAGE)
_refusal("page-full", "all slots of the page hold unused challenges", "cache of unused challenges is full", "wait until",
         {"admin_full": True}, only="enroll", profile=PAGE)

# ---- d: faults -------------------------------------------------------------------------------------------------------

SLOW = ("black-hole", "hang", "hang-middle", "drip", "drip-body")
BROKEN = {  # kind: key of lie_words
    "refused": "connect", "black-hole": "timeout", "hang": "timeout", "hang-middle": "timeout", "drip": "timeout",
    "drip-body": "timeout",
    "reset": "line", "reset-middle": "line", "close": "line", "close-middle": "line", "short-length": "body",
    "long-length": "line", "bad-length": "protocol", "bad-chunk": "protocol", "huge": "big", "huge-length": "big",
    "endless-headers": "header", "endless-line": "header", "endless-status": "header", "no-http": "protocol",
    "html": "page", "empty": "body",
    "random": "body", "nested": "body", "outer-length": "body", "inner-length": "body", "redirect-host": "redirect",
    "redirect-file": "redirect", "redirect-loop": "redirect", "401": "status", "403": "status", "404": "status",
    "414": "status", "500": "status", "502": "status", "503": "status", "503-later": "status", "504": "status",
}
_NAMES = {"caps": "GetCACaps", "cert": "GetCACert", "op": "PKIOperation"}
for _exchange in ("caps", "cert", "op"):
    for _kind, _words in BROKEN.items():
        if _exchange == "caps" and _words not in ("connect", "timeout", "redirect") and _kind != "no-http":
            continue  # group a
        if _exchange == "op" and _words == "redirect":  # a POST is never sent on: the status itself is the fault
            _words = "moved"
        _fault("%s-%s" % (_exchange, _kind), "%s: %s" % (_NAMES[_exchange], _kind), _words,
               {"wire": "%s:%s" % (_exchange, _kind)}, is_slow=_kind in SLOW)
for _tenth in lie_http.TENTHS:
    _fault("cert-cut-%d" % _tenth, "GetCACert ends after %d/10" % _tenth, "body", {"wire": "cert:cut-%d" % _tenth})
    _fault("op-cut-%d" % _tenth, "CertRep ends after %d/10" % _tenth, "body", {"wire": "op:cut-%d" % _tenth})
    _fault("op-flip-%d" % _tenth, "one bit of CertRep differs at %d/10" % _tenth, "flip", {"wire": "op:flip-%d" % _tenth},
           (11, 18))
_fault("cert-crowd", "GetCACert lists 200", "body", {"crowd": 196})
_fault("cert-damaged", "GetCACert lists 50,000 that do not parse, each a line in a log", "body", {"damaged": 50000})
_fault("op-flip-end", "one bit of CertRep's signature differs", "signature", {"bad_reply": "flipped"}, (18,))
_fault("op-half", "half of CertRep", "body", {"bad_reply": "truncated"})
_fault("op-type", "messageType is 19", "kind", {"bad_reply": "message-type"})
_fault("op-pki-status", "pkiStatus is 1", "kind", {"bad_reply": "status"})
for _kind in ("500", "html", "reset", "huge", "hang", "random"):
    _fault("page-" + _kind, "challenge page: " + _kind,
           {"html": "no-challenge", "random": "no-challenge"}.get(_kind, BROKEN[_kind]), {"wire": "page:" + _kind},
           only="enroll", profile=PAGE, is_slow=_kind in SLOW)


def known(name):
    if name is not None and name not in LIES:
        raise ValueError("no lie is called '%s'; --list-lies lists them" % name)
    return name


def listing():
    """One line a lie."""
    return "\n".join("%-22s %s  %-5s  %s" % (name, one.group, "|".join(str(code) for code in one.expect), one.text)
                     for name, one in LIES.items())
