# SPDX-License-Identifier: MIT
"""The one table of options: the command line and DIR/mode.json are both read with it.

A key of mode.json is the option's name with '_' for '-': {"pending": 2, "no_get": true}.
The file is read again at every request; a key that is absent or null has its command-line value.
"""

import argparse
import json
import os
import time

from . import admin_page, lie_cms, lie_http, lies, revocation


def _one_of(*words):
    def check(value):
        if value not in words:
            raise ValueError("'%s' is none of %s" % (value, ", ".join(words)))
        return value
    return check


def _words(value):
    if isinstance(value, str):
        value = [word.strip() for word in value.split(",")]
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError("a list of words or 'A,B' is needed")
    return [word for word in value if word]


FAIL_INFO = {"badAlg": 0, "badMessageCheck": 1, "badRequest": 2, "badTime": 3, "badCertId": 4}


def _refusal(value):
    name = str(value).partition(":")[0]
    if name not in FAIL_INFO and name != "none" and not name.isdigit():
        raise ValueError("'%s' is none of %s, a number or 'none'" % (name, ", ".join(FAIL_INFO)))
    return str(value)


ORDER_NAMES = ("enc", "sign", "issuing", "root", "old-enc", "old-sign", "device",
               "first-enc", "first-sign", "first-issuing")
# Successors of the first issuing CA: a new key, the second new key, another name too, a new root above it.
SUCCESSORS = ("intermediate", "second", "renamed", "root")


def _successors(value):
    words = _words(value)
    for word in words:
        if word not in SUCCESSORS:
            raise ValueError("'%s' is none of %s" % (word, ", ".join(SUCCESSORS)))
    return words


def _order(value):
    words = _words(value)
    for word in words:
        if word not in ORDER_NAMES + ("shuffle",):
            raise ValueError("'%s' is none of %s, shuffle" % (word, ", ".join(ORDER_NAMES)))
    return words


def _revoked(value):
    words = _words(value)
    revocation.parse(words)
    return words


def _inject(value):
    """'as=signer', 'signer', ['CERT+KEY', 'as=signer'] -> (file or None, role)."""
    parts = value if isinstance(value, list) else str(value).split(",")
    file, role = None, None
    for part in parts:
        word = part[3:] if part.startswith("as=") else part
        if word in ("recipient", "signer", "stranger", "off"):
            role = word
        else:
            file = part
    if role is None:
        raise ValueError("as=recipient, as=signer, as=stranger or off is needed")
    return None if role == "off" else (file, role)


class Option:
    def __init__(self, name, default, read, text, **argument):
        self.name = name
        self.default = default
        self.read = read
        self.text = text
        self.argument = argument


def _flag(name, text):
    def read(value):
        if not isinstance(value, bool):
            raise ValueError("true or false is needed")
        return value
    return Option(name, False, read, text, action="store_true")


def _fault(name, text, *kinds):
    """A fault with several shapes; the bare option, or true, is the first shape."""
    check = _one_of(*kinds)

    def read(value):
        if isinstance(value, bool):
            return kinds[0] if value else None
        return check(value)
    return Option(name, None, read, "%s (%s)" % (text, "|".join(kinds)), nargs="?",
                  const=kinds[0])


OPTIONS = [
    Option("caps", "POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,DES3".split(","), _words,
           "words of GetCACaps instead of NDES's own"),
    Option("caps-text", None, str, "the very text of GetCACaps"),
    Option("caps-status", 200, int, "HTTP status of GetCACaps"),
    Option("order", ["enc", "sign", "issuing", "root"], _order,
           "certificates of GetCACert in this order: %s; 'shuffle' among them mixes the others "
           "anew each time" % ", ".join(ORDER_NAMES)),
    Option("crowd", 0, int, "so many certificates of strangers stand in front of them in GetCACert"),
    Option("damaged", 0, int, "so many that do not parse stand there"),
    Option("rolled", "no", _one_of("no", "alone", *SUCCESSORS),
           "the CA that issues, with RA certificates of its own; no: the first one; alone: the first one, without any"),
    Option("announce", [], _successors,
           "GetNextCACert tells these CAs, and GetCACaps that there is one: %s; none: 404"
           % ", ".join(SUCCESSORS)),
    Option("announce-by", "issuing", _one_of("issuing", "ra", "stranger", "device", "first-issuing",
                                             "nobody"), "who signs GetNextCACert"),
    Option("announce-fault", None, _one_of("404", "html", "flipped", "sha1", "leaf"),
           "fault of GetNextCACert; leaf: a certificate that is no CA is announced"),
    _flag("need-message", "refuse GetCACaps and GetCACert without message= (404)"),
    _flag("no-get", "refuse PKIOperation by GET (405)"),
    Option("max-query", 65534, int, "longest query string; above: 404, as IIS 404.15"),
    Option("admin-user", None, str, "user of the challenge page, [DOMAIN\\\\]USER; without one it is open"),
    Option("admin-password-file", None, str, "file whose first line is his password"),
    Option("admin-login", "basic", _one_of("basic", "ntlm", "both", "ntlm1", "negotiate"),
           "login of the challenge page; NTLM is version 2; ntlm1: an attacker's, without target information"),
    Option("admin-page", "english", _one_of(*admin_page.LANGUAGES, *admin_page.ODD),
           "language of the challenge page, or a page that is no such one: %s"
           % "|".join((*admin_page.LANGUAGES, *admin_page.ODD))),
    _flag("admin-single", "the page shows static-challenge, as NDES with UseSinglePassword does"),
    _flag("admin-mark", "the page begins with a byte-order mark"),
    Option("challenge-digits", 16, int, "hex digits of a challenge from the page"),
    _flag("admin-denied", "the page says: You do not have sufficient permission"),
    _flag("admin-full", "the page says: The password cache is full"),
    Option("admin-status", 200, int, "HTTP status of the challenge page"),
    Option("admin-encoding", "utf-16le", _one_of("utf-16le", "utf-8"), "bytes of the page"),
    Option("challenge-seconds", 3600, int, "life of a challenge from the page"),
    Option("challenges", None, str, "file of one-time challenges, one a line, read each time"),
    Option("static-challenge", None, str, "file whose first line is valid any number of times"),
    _flag("no-challenge", "enroll without looking at challenges (EnforcePassword=0)"),
    Option("renewal", "both", _one_of("17", "19", "both", "none"),
           "message types accepted from a certificate of this CA"),
    Option("eku", ["1.3.6.1.5.5.7.3.2"], _words,
           "extended key usages issued: OIDs, clientAuth, serverAuth, ipsecIntermediate, "
           "anyPolicy; 'none'; 'request' copies the CSR's"),
    Option("valid-seconds", 365 * 86400, int, "life of an issued certificate"),
    Option("backdate", 600, int, "seconds that notBefore lies in the past (negative: future)"),
    Option("rewrite-subject", None, str, "issue with this common name, not the CSR's subject"),
    _flag("drop-san", "issue without the CSR's subjectAltName"),
    Option("other-san", None, str, "issue with this DNS name, not the CSR's subjectAltName"),
    _flag("issue-ca", "issue a CA certificate"),
    _flag("include-certs", "put the signer's certificate into CertRep"),
    Option("signer", "sign", _one_of("stranger", *ORDER_NAMES), "who signs CertRep"),
    Option("inner", "chain", _one_of("leaf", "chain", "reversed"), "certificates inside the envelope"),
    Option("reply-cipher", "mirror", _one_of("mirror", "aes128", "aes256", "des3", "des"),
           "content cipher of CertRep"),
    Option("reply-transport", "mirror", _one_of("mirror", "oaep", "pkcs1"),
           "key transport of CertRep"),
    Option("reply-digest", "mirror", _one_of("mirror", "md5", "sha1", "sha256", "sha384", "sha512"),
           "digest of CertRep"),
    Option("pending", 0, int, "the first N answers to a transaction are PENDING"),
    _flag("strict-transactions", "refuse a PKCSReq whose transactionID is known"),
    _flag("no-poll", "refuse every CertPoll, as a server that does not know them"),
    _flag("strict-signer", "refuse a self-signed signer with other subject or key than the CSR"),
    Option("refuse", None, _refusal,
           "refuse every enrollment: badAlg|badMessageCheck|badRequest|badTime|badCertId, "
           "a number or none, and [:microsoft text]"),
    Option("fail-info-text", None, str, "failInfoText of refusals (RFC 8894 3.2.1.4.2)"),
    Option("inject-device-cert", None, _inject,
           "attack: [CERT+KEY] as=recipient|signer|stranger; off", nargs="+"),
    _flag("same-certificate", "fault: a renewal returns the old certificate"),
    _flag("wrong-key", "fault: issue for another key"),
    _fault("bad-nonce", "fault: recipientNonce", "wrong", "missing", "short", "replayed"),
    _fault("bad-transaction", "fault: transactionID", "wrong", "prefix", "case", "empty",
           "missing"),
    _fault("bad-reply", "fault: CertRep", "unsigned", "flipped", "message-type", "status",
           "truncated", "html"),
    _flag("no-sender-nonce", "CertRep without senderNonce"),
    Option("http-status", 200, int, "answer PKIOperation with this HTTP status and a page"),
    Option("retry-after", None, int, "with http-status: header Retry-After in seconds"),
    _flag("crl-point", "certificates name this server's /crl as distribution point"),
    _flag("ocsp", "certificates name this server's /ocsp as responder"),
    Option("revoked", [], _revoked, "SERIAL[:REASON],... on the list and in OCSP answers; a reason as in RFC 5280"),
    Option("crl", None, _one_of(*revocation.FAULTS), "fault of list and OCSP answer: %s" % "|".join(revocation.FAULTS)),
    Option("shape", [], lie_cms.read, "shapes of CertRep: %s" % ", ".join(lie_cms.SHAPES)),
    Option("wire", {}, lie_http.read, "EXCHANGE:KIND,... how the answer of %s goes over the wire; kinds: "
           "testca/lie_http.py" % ", ".join(lie_http.EXCHANGES)),
    Option("lie", None, lies.known, "a named mode; it sets other options, which mode.json may replace"),
    Option("slow", 0.0, float, "seconds before each answer"),
    Option("latency", 0.0, float, "milliseconds to the client and back: each new connection and each answer takes so long"),
    Option("authorities", 2, int, "CA certificates of the chain, from the root to the issuing CA; 1: the root issues. Only at "
           "the start, not with keep"),
    _flag("keep", "write all that the CA knows to DIR/kept after each request, and go on from there at the next start, "
          "with the same keys and port"),
]
BY_KEY = {option.name.replace("-", "_"): option for option in OPTIONS}


class Mode:
    """The options of one request, as attributes."""

    def __init__(self, values):
        self.__dict__.update(values)


class _ListLies(argparse.Action):
    def __call__(self, parser, *_):
        print(lies.listing())
        parser.exit()


def parse_command_line(arguments):
    parser = argparse.ArgumentParser(
        description="A test CA that behaves like Microsoft NDES. Loopback only.")
    parser.add_argument("--dir", required=True, help="folder of all its files")
    parser.add_argument("--host-name", default="NDES01", help="HOST of CN=HOST-MSCEP-RA")
    parser.add_argument("--device-name", default="other-device",
                        help="common name of DIR/device.pem")
    parser.add_argument("--list-lies", action=_ListLies, nargs=0,
                        help="print all named modes: name, group, expected exit code, meaning")
    for option in OPTIONS:
        parser.add_argument("--" + option.name, help=option.text.replace("%", "%%"),
                            default=None, **option.argument)
    parsed = vars(parser.parse_args(arguments))
    values = {}
    for key, option in BY_KEY.items():
        given = parsed[key]
        if given is None or given is False:
            values[key] = option.default
            continue
        try:
            values[key] = option.read(given)
        except ValueError as reason:
            parser.error("--%s: %s" % (option.name, reason))
    return parsed["dir"], parsed["host_name"], parsed["device_name"], values


def _read_json(path):
    """A test may be writing the file just now: half a file is read again, for half a second."""
    for attempt in range(11):
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}
        except ValueError:
            if attempt == 10:
                raise
            time.sleep(0.05)


def current_mode(folder, base):
    """The command line's options with mode.json laid over them; ValueError names a wrong key."""
    values = dict(base)
    overrides = _read_json(os.path.join(folder, "mode.json"))
    if not isinstance(overrides, dict):
        raise ValueError("mode.json is not an object")
    lie = overrides.get("lie", base["lie"])
    told = dict(lies.LIES[lies.known(lie)].sets, **overrides) if lie is not None else overrides
    for key, value in told.items():
        if key not in BY_KEY:
            raise ValueError("mode.json: no option is called '%s'" % key)
        if value is None:
            continue
        try:
            values[key] = BY_KEY[key].read(value)
        except (TypeError, ValueError) as reason:
            raise ValueError("mode.json: %s: %s" % (key, reason)) from reason
    return Mode(values)
