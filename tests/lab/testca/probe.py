# SPDX-License-Identifier: MIT
"""The client of selftest_ca.py. It shares no code with the server: the openssl command makes keys,
CSRs and envelopes and opens the answers; only the signed attributes are put together here.
"""

import base64
import hashlib
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from asn1crypto import cms, core, pem, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCEP = "2.16.840.1.113733.1.9."
MICROSOFT_STATUS = "1.3.6.1.4.1.311.21.38"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CSR_CONFIG = """[req]
prompt = no
distinguished_name = dn
attributes = attributes
req_extensions = extensions
string_mask = utf8only
[dn]
O = Werk 7
CN = %s
[attributes]
%s
[extensions]
keyUsage = critical,%s
extendedKeyUsage = clientAuth
subjectAltName = DNS:probe.example,URI:urn:signet:probe
"""


def run(*command, data=None, ok=True):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if ok and done.returncode != 0:
        raise AssertionError("%s: %s" % (" ".join(command), done.stderr.decode()))
    return done.stdout if ok else done


def check(fact, sentence):
    if not fact:
        raise AssertionError(sentence)


def same(found, wanted, what):
    check(found == wanted, "%s is %r, not %r" % (what, found, wanted))


def http(url, body=None, headers=None):
    request = urllib.request.Request(url, body, headers or {})
    try:
        with OPENER.open(request, timeout=20) as answer:
            return answer.status, answer.headers.get("Content-Type"), answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Content-Type"), answer.read()


class Lab:
    """One running test CA."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        self.url = run(LAB + "/test_ca.sh", "start", folder, *arguments).decode().strip()
        self.scep = self.url + "/certsrv/mscep/mscep.dll"
        self.challenge_count = 0

    def stop(self):
        run(LAB + "/test_ca.sh", "stop", self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def mode(self, **keys):
        with open(self.path("mode.json"), "w", encoding="utf-8") as file:
            json.dump(keys, file)

    def challenge(self):
        """A fresh one-time challenge, preset by the file."""
        self.challenge_count += 1
        word = "preset-%04d" % self.challenge_count
        with open(self.path("challenges"), "a", encoding="utf-8") as file:
            file.write(word + "\n")
        return word

    def log(self):
        with open(self.path("log.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def last(self):
        return self.log()[-1]

    def ca_certificates(self):
        _, kind, body = http(self.scep + "?operation=GetCACert&message=x")
        same(kind, "application/x-x509-ca-ra-cert", "content type of GetCACert")
        text = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", data=body)
        return [x509.Certificate.load(one) for _, _, one in pem.unarmor(text, multiple=True)]


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (size if len(body) < 128 else bytes([0x80 | len(size)]) + size) + body


def attribute(oid, value):
    return tlv(0x30, core.ObjectIdentifier(oid).dump(), tlv(0x31, value))


class Reply:
    def __init__(self, message, data):
        self.data = data
        self.message = message
        if data[1] == 0x80:  # asn1crypto does not read all of BER
            data = run("openssl", "cms", "-cmsout", "-inform", "DER", "-outform", "DER", data=data)
        self.signed = cms.ContentInfo.load(data, strict=True)["content"]
        self.info = self.signed["signer_infos"][0]
        self.serial = self.info["sid"].chosen["serial_number"].native
        self.attributes = {}
        for one in self.info["signed_attrs"]:
            value = one["values"][0]
            value = value.parse() if isinstance(value, core.Any) else value
            self.attributes[one["type"].dotted] = value.native
        self.status = self.attributes.get(SCEP + "3")
        self.fail_info = self.attributes.get(SCEP + "4")
        self.text = self.attributes.get(MICROSOFT_STATUS)


class Client:
    """A key, a CSR and a signer, all made by the openssl command."""

    def __init__(self, lab, name, usage="digitalSignature,keyEncipherment"):
        self.lab = lab
        self.name = name
        self.usage = usage
        self.folder = tempfile.mkdtemp(dir=lab.folder)
        self.key = self.folder + "/key.pem"
        run("openssl", "genrsa", "-out", self.key, "2048")
        self.self_signed = self.folder + "/self.pem"
        run("openssl", "req", "-x509", "-new", "-key", self.key, "-out", self.self_signed,
            "-days", "10", "-config", self._config(None), "-extensions", "extensions")
        self.certificate = None

    def _config(self, challenge):
        path = self.folder + "/csr.conf"
        with open(path, "w", encoding="utf-8") as file:
            line = "challengePassword = " + challenge if challenge else ""
            file.write(CSR_CONFIG % (self.name, line, self.usage))
        return path

    def csr(self, challenge):
        return run("openssl", "req", "-new", "-key", self.key, "-outform", "DER", "-config",
                   self._config(challenge))

    def message(self, content, kind="19", transaction=None, signer=None, **how):
        """A pkiMessage: openssl encrypts, asn1crypto and the code here sign."""
        signer = signer or (self.self_signed, self.key)
        transport = ["-keyopt", "rsa_padding_mode:oaep"] if how.get("oaep", True) else []
        stream = ["-stream"] if how.get("ber") else []
        envelope = run("openssl", "cms", "-encrypt", "-binary", "-outform", "DER",
                       "-" + how.get("cipher", "aes128"), *stream, "-recip",
                       how.get("recipient", self.lab.path("ra-enc.pem")), *transport, data=content)
        digest = how.get("digest", "sha256")
        nonce = os.urandom(16)
        transaction = transaction or os.urandom(16).hex()
        attributes = sorted([
            attribute("1.2.840.113549.1.9.3", core.ObjectIdentifier("1.2.840.113549.1.7.1").dump()),
            attribute("1.2.840.113549.1.9.4", tlv(4, hashlib.new(digest, envelope).digest())),
            attribute(SCEP + "2", tlv(0x13, kind.encode())),
            attribute(SCEP + "5", tlv(4, nonce)),
            attribute(SCEP + "7", tlv(0x13, transaction.encode()))])
        with open(signer[1], "rb") as file:
            key = serialization.load_pem_private_key(file.read(), None)
        signature = key.sign(tlv(0x31, *attributes), padding.PKCS1v15(),
                             getattr(hashes, digest.upper())())
        if how.get("flip"):
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        with open(signer[0], "rb") as file:
            certificate = x509.Certificate.load(pem.unarmor(file.read())[2])
        signed = cms.SignedData({
            "version": "v1", "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {"content_type": "data", "content": envelope},
            "certificates": [certificate],
            "signer_infos": [{
                "version": "v1",
                "sid": cms.SignerIdentifier("issuer_and_serial_number", {
                    "issuer": certificate.issuer, "serial_number": certificate.serial_number}),
                "digest_algorithm": {"algorithm": digest},
                "signed_attrs": cms.CMSAttributes.load(tlv(0x31, *attributes)),
                "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"}, "signature": signature}]})
        data = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
        return {"data": data, "nonce": nonce, "transaction": transaction, "signer": signer}

    def send(self, message, get=False):
        url = self.lab.scep + "?operation=PKIOperation"
        if get:
            text = urllib.parse.quote(base64.b64encode(message["data"]).decode(), safe="")
            status, kind, body = http(url + "&message=" + text)
        else:
            status, kind, body = http(url, message["data"],
                                      {"Content-Type": "application/x-pki-message"})
        if kind != "application/x-pki-message":
            return status
        return Reply(message, body)

    def ask(self, challenge=None, **how):
        get = how.pop("get", False)
        return self.send(self.message(self.csr(challenge), **how), get)

    def opened(self, reply, verifier="ra-sign.pem"):
        """Certificates of a SUCCESS, by openssl cms -verify and -decrypt alone."""
        same(reply.status, "0", "pkiStatus (%s)" % reply.text)
        envelope = run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-certfile",
                       self.lab.path(verifier), "-CAfile", self.lab.path("chain.pem"), "-purpose",
                       "any", data=reply.data)
        certificate, key = reply.message["signer"]
        inner = run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip",
                    certificate, "-inkey", key, data=envelope)
        text = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", data=inner)
        reply.envelope = envelope
        return [x509.Certificate.load(one) for _, _, one in pem.unarmor(text, multiple=True)]

    def install(self, leaf):
        self.certificate = self.folder + "/%x.pem" % leaf.serial_number
        with open(self.certificate, "wb") as file:
            file.write(pem.armor("CERTIFICATE", leaf.dump()))
        return self.certificate

    def enroll(self):
        leaf = self.opened(self.ask(self.lab.challenge()))[0]
        return self.install(leaf)

    def poll(self, transaction, subject=None, signer=None):
        with open(self.lab.path("issuing.cer"), "rb") as file:
            issuer = x509.Certificate.load(file.read()).subject.dump()
        if subject is None:
            with open(self.self_signed, "rb") as file:
                subject = x509.Certificate.load(pem.unarmor(file.read())[2]).subject.dump()
        return self.send(self.message(tlv(0x30, issuer, subject), kind="20", signer=signer,
                                      transaction=transaction))


def refused(reply, fail_info, word):
    check(isinstance(reply, Reply), "the answer is no CertRep but %r" % reply)
    same((reply.status, reply.fail_info), ("2", str(fail_info)), "(pkiStatus, failInfo)")
    check(word in (reply.text or ""), "'%s' is not in '%s'" % (word, reply.text))
