#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the corpora of tests/fuzz anew, in this folder, with other keys: see README.md."""

import hashlib
import os
import subprocess
import sys
import tempfile
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lab"))

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from testca import der, pki, reply

TRANSACTION = "0123456789ABCDEF0123456789ABCDEF01234567"
NONCE = b"0123456789abcdef"
BEGIN, END = 1767225600, 4922899200  # 2026-01-01 to 2126-01-01
CEK = 0x55  # each byte of the key that every wrapped key opens to: fuzz_keys.h
WRAPPED = 256
PAGE = ("<HTML><Head><Meta HTTP-Equiv=\"Content-Type\" Content=\"text/html; charset=UTF-8\"></Head><Body>"
        "The thumbprint is: <B> A656FA66 AB12B433 0D1B5BC6 1D0B8AF1 </B> <P>"
        "The enrollment challenge password is: <B> 8CE317021F690069 </B></Body></HTML>")


def write(name, data):
    path = os.path.join(HERE, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def small_key():
    """RSA-1024 with exponent 3: what signet verifies, at a tenth of the time."""
    return rsa.generate_private_key(public_exponent=3, key_size=1024)


def certificate(issuer, subject, key, extensions):
    """issuer None: self-signed."""
    name = pki.name(subject)
    made = pki.build(issuer.subject_der if issuer else name, issuer.key if issuer else key, name,
                     pki.key_spki(key), BEGIN, END, extensions)
    return pki.Identity(made, key)


def ca_extensions():
    return [pki.basic_constraints(True), pki.key_usage(pki.KEY_CERT_SIGN, pki.CRL_SIGN)]


def envelope(content, recipient_der, cipher, wrap=reply.RSA_ENCRYPTION):
    kind, key_len, block, algorithm = reply.CIPHERS[cipher]
    key, vector = bytes([CEK]) * key_len, bytes(range(block))
    fill = block - len(content) % block
    used = key * 3 if cipher == "des" else key
    encryptor = Cipher(algorithm(used), modes.CBC(vector)).encryptor()
    encrypted = encryptor.update(content + bytes([fill]) * fill) + encryptor.finalize()
    recipient = der.sequence(der.integer(0), reply.issuer_and_serial(recipient_der), wrap, der.octets(b"\x7f" * WRAPPED))
    return der.sequence(reply.ENVELOPED_DATA, der.context(0, der.sequence(
        der.integer(0), der.tlv(0x31, recipient),
        der.sequence(reply.DATA, der.sequence(der.oid(kind), der.octets(vector)),
                     der.context_primitive(0, encrypted)))))


def answer(signer, status, content=None, refusal=None, text=None, digest="sha256", certificates=True, info_text=None):
    mode = types.SimpleNamespace(
        bad_reply=None, bad_transaction=None, bad_nonce=None, no_sender_nonce=False, reply_digest=digest,
        include_certs=certificates, fail_info_text=info_text)
    request = types.SimpleNamespace(transaction_id=TRANSACTION, sender_nonce=NONCE, digest=digest)
    return reply.cert_rep(request, mode, signer, status, content, refusal, text)


def record(leaf, san, key):
    """request_record.h"""
    info = b"the CertificationRequestInfo of the corpus"
    signature = key.sign(info, padding.PKCS1v15(), hashes.SHA256())
    return der.sequence(leaf.subject_der, pki.key_spki(key), der.octets(san),
                        der.sequence(der.oid(pki.EKU_NAMES["clientAuth"])), der.oid("1.2.840.113549.1.1.11"),
                        der.octets(hashlib.sha256(info).digest()), der.octets(signature))


def pack(*parts):
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def messages():
    root = certificate(None, "Fuzz Root", small_key(), ca_extensions())
    issuing = certificate(root, "Fuzz Issuing", small_key(), ca_extensions())
    agent = certificate(issuing, "Fuzz RA", small_key(), [
        pki.key_usage(pki.DIGITAL_SIGNATURE, pki.KEY_ENCIPHERMENT), pki.extended_key_usage(pki.EKU_REQUEST_AGENT)])
    stranger = certificate(None, "Fuzz RA", small_key(), [pki.extended_key_usage(pki.EKU_REQUEST_AGENT)])
    device = small_key()
    names = der.context_primitive(2, b"gw.example") + der.context(
        0, der.oid("1.3.6.1.4.1.311.20.2.3"), der.context(0, der.utf8("gw@example")))
    leaf = certificate(issuing, "Fuzz Device", device, [
        pki.key_usage(pki.DIGITAL_SIGNATURE, pki.KEY_ENCIPHERMENT),
        pki.extended_key_usage(pki.EKU_NAMES["clientAuth"]), pki.extension("2.5.29.17", der.sequence(names)),
        pki.crl_point("http://crl.example/a.crl"), pki.ocsp_responder("http://ocsp.example/")])
    signer = certificate(None, "Fuzz Signer", device, [pki.key_usage(pki.DIGITAL_SIGNATURE, pki.KEY_ENCIPHERMENT)])
    for label, one in (("root", root), ("issuing", issuing), ("ra", agent), ("leaf", leaf), ("signer", signer),
                       ("stranger", stranger)):
        write("certificate/%s.der" % label, one.der)
    inner = reply.degenerate([leaf.der, issuing.der, root.der])
    write("certrep_inner/three.der", inner)
    write("certrep_inner/alone.der", reply.degenerate([leaf.der]))
    oaep = der.sequence(der.oid("1.2.840.113549.1.1.7"), der.sequence(
        der.context(0, der.sequence(der.oid(reply.DIGEST_OIDS["sha256"]))),
        der.context(1, der.sequence(der.oid("1.2.840.113549.1.1.8"),
                                    der.sequence(der.oid(reply.DIGEST_OIDS["sha256"])))),
        der.context(2, der.sequence(der.oid("1.2.840.113549.1.1.9"), der.octets(b"")))))
    sealed = {cipher: envelope(inner, signer.der, cipher) for cipher in reply.CIPHERS}
    for cipher, each in sealed.items():
        write("envelope/%s.der" % cipher, each)
    write("envelope/oaep.der", envelope(inner, signer.der, "aes128", oaep))
    write("certrep_outer/success.der", answer(agent, "0", sealed["aes128"]))
    write("certrep_outer/short.der", answer(agent, "0", b"any", certificates=False))
    write("certrep_outer/sha512.der", answer(agent, "0", b"any", digest="sha512"))
    write("certrep_outer/sha1.der", answer(agent, "0", b"any", digest="sha1"))
    write("certrep_outer/pending.der", answer(agent, "3"))
    write("certrep_outer/failure.der", answer(agent, "2", refusal="2", text="Denied by \u202e policy", info_text="bad\n"))
    write("certrep_outer/stranger.der", answer(stranger, "0", b"any"))
    offered = reply.degenerate([agent.der, issuing.der, root.der])
    write("ca_certificates/offered.der", offered)
    write("ca_certificates/single.der", issuing.der)
    write("ca_certificates/stranger.der", reply.degenerate([stranger.der, leaf.der, issuing.der]))
    write("ca_certificates/announced.der", reply.announcement([issuing.der, root.der], issuing, None))
    known = record(leaf, names, device)
    write("state/record-request.der", b"R" + known)
    write("frame/sent.bin", b"S" + (19).to_bytes(4, "big") + pack(
        TRANSACTION.encode(), NONCE, b"http://ndes.example/certsrv/mscep/mscep.dll", sealed["aes128"][:64], signer.der, known,
        b"m" * 32))
    write("frame/answer.bin", b"A" + (0).to_bytes(4, "big") + pack(b"http://a/") + (1).to_bytes(4, "big") + pack(leaf.der)
          + (1).to_bytes(4, "big") + pack(root.der))
    write("frame/outcome.bin", b"O" + (5).to_bytes(4, "big") + pack(b"http.io", b"no route", b"look at the network"))
    write("certificate/leaf.pem", subprocess.run(["openssl", "x509", "-inform", "DER"], input=leaf.der,
                                                 stdout=subprocess.PIPE, check=True).stdout)


def texts():
    for label, text in (("ndes", "POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n"),
                        ("modern", "AES\nGetNextCACert\nPOSTPKIOperation\nRenewal\nSHA-256\nSCEPStandard"),
                        ("html", "<html><body>POSTPKIOperation</body></html>"), ("odd", " aes \n\n\tdes3\r\nsha-1")):
        write("capabilities/%s.txt" % label, text)
    write("challenge_page/utf8.html", PAGE)
    write("challenge_page/utf16le.html", PAGE.encode("utf-16-le"))
    write("challenge_page/full.html", "<b>x</b> The password cache is full.")
    write("challenge_page/denied.html", "You do not have sufficient permission to enroll")


def states():
    meta = ("[generation]\nschema = 1\nstorage = tpm\nkind = renewal\npending = yes\ncreated = 1767225600\n"
            "sent_at = 1767225601\ntrusted_at = 0\nmessage_type = 17\nsigner = 3\nstorage_key = 0123456789abcdef\n"
            "after_change = no\nboot = 6f2b9c1e-0000-4000-8000-000000000000\nboots = 2\ntransaction_id = %s\nnonce = %s\n"
            "url = http://ndes.example/mscep.dll\n" % (TRANSACTION, NONCE.hex()))
    write("state/meta.ini", "M" + meta)
    write("state/used", "U" + "ab" * 32 + "\n" + "cd" * 32 + "\n" + "ef" * 32 + "\n")
    write("state/settings", "S[settings]\nschema = 1\npath = /etc/wpa_supplicant/w.conf\ncontrol = /run/wpa_supplicant\n"
          "interface = wlan0\nwired = no\ncertificate = device\nauthorities = root issuing\nsha256 = %s\ntold = 3\n"
          "told_at = 1767225600\nsession = 0dab\nproven = 3\nfirst_proven_at = 1767225600\n" % ("0" * 64))
    write("state/last", "L11\n1767225600\n1767225500\nhttp.io\nno route to host\nlook at the network\n4\n600000\nboot\n")
    write("state/refused", "F1767225600\n2\nwifi-office\nwifi.refused\nthe network does not accept this device\nask its administrator\n")
    write("state/event", "E1\nscep\n0a1b\n0a1a\n4922899200\nrenewed\n")
    write("state/hint", "H1767225600 1000 1767225000 500\n")
    write("state/revoked", "Vschema = 1\nserial = 0a1b\nreason = 6\nrevoked_at = 1767225600\nthis_update = 1767225601\nrequest = 4\n")


def tpm_files():
    """A blob as tpm_key.c wants its public area; the private one is of no TPM."""
    modulus = b"\xd0" + b"\x11" * 255
    area = bytes.fromhex("0001000b") + (0x00060472).to_bytes(4, "big") + bytes.fromhex("0000") + bytes.fromhex(
        "00100010080000000000") + len(modulus).to_bytes(2, "big") + modulus
    blob = der.sequence(der.oid("2.23.133.10.1.3"), der.context(0, der.boolean(True)), der.integer(0x81000001),
                        der.octets(len(area).to_bytes(2, "big") + area), der.octets(b"\x00\x04abcd"))
    write("key_file/key.der", blob)
    with tempfile.TemporaryDirectory() as folder:
        for form, command in (("pkcs1", "openssl genrsa -traditional -out %s 1024"), ("pkcs8", "openssl genrsa -out %s 1024")):
            path = os.path.join(folder, form)
            subprocess.run((command % path).split(), check=True, stderr=subprocess.DEVNULL)
            with open(path, "rb") as file:
                write("key_file/%s.pem" % form, file.read())


def wifi():
    write("wifi/status.txt", "bssid=02:00:00:00:00:00\nssid=Office\nid=0\nwpa_state=COMPLETED\nsuppPortStatus=Authorized\n"
          "EAP state=SUCCESS\nselectedMethod=13 (EAP-TLS)\neap_session_id=0dab12\n")
    write("wifi/networks.txt", "network id / ssid / bssid / flags\n0\tOffice\tany\t[CURRENT]\n1\tGuest\\x00\tany\t[TEMP-DISABLED]\n")
    write("wifi/scan.txt", "bssid / frequency / signal level / flags / ssid\n02:00:00:00:00:00\t2412\t-40\t[WPA2-EAP-CCMP][ESS]\tOffice\n")
    write("wifi/events.txt", "<3>CTRL-EVENT-EAP-STARTED EAP authentication started\n"
          "CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=2 subject='/CN=x' err='unable to get local issuer certificate'\n"
          "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Office\" auth_failures=1 duration=10 reason=WRONG_KEY\n"
          "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:00 reason=23\nCTRL-REQ-PASSPHRASE-0:Private key passphrase needed\n"
          "Trying to associate with 02:00:00:00:00:00 (SSID='Office' freq=2412 MHz)\nCTRL-EVENT-EAP-FAILURE EAP authentication failed\n")


if __name__ == "__main__":
    messages()
    texts()
    states()
    tpm_files()
    wifi()
