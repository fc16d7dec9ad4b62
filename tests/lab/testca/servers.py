#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Certificates beside the enrollment: of servers, of clients with a key file, and revocation lists.

They come from the keys that the test CA has left in its folder, whether it still runs or not. Also a command:
test_ca.sh issue DIR ..., test_ca.sh revoke DIR ...
"""

import argparse
import collections
import ipaddress
import os
import sys
import time

if __name__ == "__main__":  # started by its path, from test_ca.sh
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from asn1crypto import pem  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402

from testca import der, pki, revocation  # noqa: E402

DAY = 86400
ISSUERS = ("issuing", "root", "other")

# Paths of PEM files; chain is what a server sends (its certificate and the issuing CA), ca the root above it.
Issued = collections.namedtuple("Issued", "folder cert key chain ca serial")


def _issuer(ca_folder, name):
    """'other' is a root that has nothing to do with the devices' hierarchy; it is made when it is first used."""
    if name not in ISSUERS:
        raise ValueError("issuer '%s' is none of %s" % (name, ", ".join(ISSUERS)))
    files = [os.path.join(ca_folder, name + end) for end in (".pem", ".key")]
    if name == "other" and not os.path.exists(files[1]):
        other = pki.Hierarchy.authority(None, pki.new_key(), pki.name("Another Root CA"), int(time.time()), 20, None)
        pki.write_file(ca_folder, "other.cer", other.der)
        pki.write_file(ca_folder, "other.pem", pem.armor("CERTIFICATE", other.der))
        pki.write_key(ca_folder, "other.key", other.key)
    return pki.load_identity("+".join(files))


def _names(dns, uri, ip, email):
    """SubjectAltName (RFC 5280 4.2.1.6), or None."""
    parts = [der.context_primitive(2, one.encode("ascii")) for one in dns]
    parts += [der.context_primitive(6, one.encode("ascii")) for one in uri]
    parts += [der.context_primitive(7, ipaddress.ip_address(one).packed) for one in ip]
    parts += [der.context_primitive(1, one.encode("ascii")) for one in email]
    return der.sequence(*parts) if parts else None


def issue(ca_folder, out, cn, dns=(), uri=(), ip=(), email=(), eku=("serverAuth",), days=365, expired=False,
          issuer="issuing", crl_url=None):
    """Issue a certificate with a new RSA key into the folder `out`: cert.pem, key.pem, chain.pem, ca.pem.

    eku: names as of test_ca.py or OIDs; () for none. expired: it ended yesterday. -> Issued; its serial is lower
    case hex.
    """
    parent = _issuer(ca_folder, issuer)
    key = pki.new_key()
    spki = pki.key_spki(key)
    extensions = [pki.key_usage(pki.DIGITAL_SIGNATURE, pki.KEY_ENCIPHERMENT), pki.subject_key_id(spki),
                  pki.authority_key_id(parent)]
    if eku:
        extensions.append(pki.extended_key_usage(*[pki.EKU_NAMES.get(one, one) for one in eku]))
    names = _names(dns, uri, ip, email)
    if names:
        extensions.append(pki.extension("2.5.29.17", names))
    if crl_url:
        extensions.append(pki.crl_point(crl_url))
    now = int(time.time())
    not_after = now - DAY if expired else now + days * DAY
    not_before = not_after - 30 * DAY if expired else now - 600
    one = pki.Identity(pki.build(parent.subject_der, parent.key, pki.name(cn), spki, not_before, not_after,
                                 extensions), key)
    return _write(ca_folder, out, one, issuer)


def _write(ca_folder, out, one, issuer):
    os.makedirs(out, exist_ok=True)
    cert = pem.armor("CERTIFICATE", one.der)
    above = b""
    if issuer == "issuing":
        with open(os.path.join(ca_folder, "issuing.pem"), "rb") as file:
            above = file.read()
    with open(os.path.join(ca_folder, "other.pem" if issuer == "other" else "root.pem"), "rb") as file:
        root = file.read()
    pki.write_file(out, "cert.pem", cert)
    pki.write_file(out, "chain.pem", cert + above)
    pki.write_file(out, "ca.pem", root)
    pki.write_key(out, "key.pem", one.key)
    paths = [os.path.join(out, name) for name in ("cert.pem", "key.pem", "chain.pem", "ca.pem")]
    return Issued(out, *paths, serial="%x" % one.serial)


def revocation_list(ca_folder, out, serials=(), issuer="issuing", days=7):
    """Write a CRL (PEM) of an issuer with these serials (hex) as revoked for key compromise; its path."""
    made = revocation.make_list(_issuer(ca_folder, issuer), revocation.parse(serials), *revocation.window(days=days))
    with open(out, "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    return out


def _words(text):
    return [] if text == "none" else [one for one in text.split(",") if one]


def main(arguments):
    parser = argparse.ArgumentParser(prog="test_ca.sh")
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("issue", help="a certificate with a key file")
    one.add_argument("dir", help="folder of the test CA")
    one.add_argument("--out", required=True, help="folder for cert.pem key.pem chain.pem ca.pem")
    one.add_argument("--cn", required=True)
    for name in ("dns", "uri", "ip", "email"):
        one.add_argument("--" + name, action="append", default=[], help="a name in subjectAltName; more than once")
    one.add_argument("--eku", type=_words, default=["serverAuth"], help="serverAuth,clientAuth,...,OID or none")
    one.add_argument("--days", type=int, default=365)
    one.add_argument("--expired", action="store_true", help="it ended yesterday")
    one.add_argument("--issuer", choices=ISSUERS, default="issuing")
    one.add_argument("--crl-url", help="CRL distribution point")
    two = verbs.add_parser("revoke", help="a revocation list")
    two.add_argument("dir", help="folder of the test CA")
    two.add_argument("--out", required=True, help="the list's file (PEM)")
    two.add_argument("--issuer", choices=ISSUERS, default="issuing")
    two.add_argument("serials", nargs="*", help="hex; none makes an empty list")
    given = vars(parser.parse_args(arguments))
    verb, folder, out = given.pop("verb"), given.pop("dir"), given.pop("out")
    try:
        print(issue(folder, out, given.pop("cn"), **given).serial if verb == "issue" else
              revocation_list(folder, out, **given))
    except (OSError, ValueError) as reason:
        sys.exit("test_ca.sh: %s: %s" % (verb, reason))


if __name__ == "__main__":
    main(sys.argv[1:])
