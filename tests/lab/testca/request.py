# SPDX-License-Identifier: MIT
"""Reads a pkiMessage as a server does: SignedData, EnvelopedData, PKCS#10.

What a lenient server lets pass but a good client does not do is put down as a warning; the log has
them, and a test of the client may ask for none.
"""

import hashlib

from asn1crypto import algos, cms, core, csr, keys, parser, x509
from cryptography import x509 as cx509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SCEP = "2.16.840.1.113733.1.9."
MESSAGE_TYPES = {"17": "RenewalReq", "19": "PKCSReq", "20": "CertPoll", "21": "GetCert",
                 "22": "GetCRL"}
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
          "sha512": hashes.SHA512}
CIPHERS = {  # asn1crypto's name: ours, key length, cipher
    "aes128_cbc": ("aes128", 16, algorithms.AES), "aes192_cbc": ("aes192", 24, algorithms.AES),
    "aes256_cbc": ("aes256", 32, algorithms.AES),
    "tripledes_3key": ("des3", 24, algorithms.TripleDES), "des": ("des", 8, algorithms.TripleDES),
}
CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7"
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
REQUEST_EXTENSIONS_MS = "1.3.6.1.4.1.311.2.1.14"


class Undecodable(Exception):
    """Not even a reply can be addressed: NDES answers with an HTML page."""


class Refusal(Exception):
    """A CertRep with FAILURE; text is what Microsoft's status attribute says."""

    def __init__(self, fail_info, text):
        super().__init__(text)
        self.fail_info = fail_info
        self.text = text


def members(contents):
    """(tag octet, contents) of each TLV in a constructed value, definite or indefinite."""
    found, at = [], 0
    while at < len(contents):
        if contents[at:at + 2] == b"\x00\x00":
            break
        part = parser.parse(contents[at:])
        found.append((contents[at], part[4]))
        at += len(part[3]) + len(part[4]) + len(part[5])
    return found


def hex_serial(number):
    """As the openssl command writes it, in lower case: whole octets."""
    text = "%x" % number
    return "0" * (len(text) % 2) + text


def octet_string(tag, contents):
    """The value of an OCTET STRING, primitive or in any constructed form (asn1crypto refuses
    the definite-length one, which Go's pkcs7 package sends)."""
    if not tag & 0x20:
        return contents
    return b"".join(octet_string(*one) for one in members(contents))


class AnyAttribute(core.Sequence):
    _fields = [("type", core.ObjectIdentifier), ("values", core.SetOf, {"spec": core.Any})]


class AnyAttributes(core.SetOf):
    _child_spec = AnyAttribute


class IssuerAndSubject(core.Sequence):
    _fields = [("issuer", x509.Name), ("subject", x509.Name)]


class SignedRequest:
    """The outer layer. The constructor needs a message that could be answered at all."""

    def __init__(self, data):
        self.warnings = []
        try:
            info = cms.ContentInfo.load(data, strict=True)
            if info["content_type"].native != "signed_data":
                raise ValueError("the outer layer is not SignedData")
            self.signed = info["content"]
            if len(self.signed["signer_infos"]) != 1:
                raise ValueError("there is not exactly one SignerInfo")
            self.info = self.signed["signer_infos"][0]
            self._read_attributes()
            self.message_type = self._text("2")
            self.transaction_id = self._text("7")
            if not self.transaction_id or not self.transaction_id.isascii():
                raise ValueError("the transactionID is empty or not ASCII")
            self.sender_nonce = self._octets("5")
            self.digest = self.info["digest_algorithm"]["algorithm"].native
            self.signer = self._find_signer()
            self.signer_der = self.signer.dump()
            self.signer_key = load_rsa(self.signer.public_key.dump())
            self.signer_subject = rfc4514(self.signer.subject.dump())
            self.content = self._content()
            self._note(data)
        except (ValueError, TypeError, KeyError, AttributeError) as reason:
            raise Undecodable(str(reason)) from reason

    def _read_attributes(self):
        raw = self.info["signed_attrs"].dump()
        if not raw:
            raise ValueError("there are no signed attributes")
        self.attributes_der = b"\x31" + raw[1:]
        attributes = AnyAttributes.load(self.attributes_der)
        self.attributes = {}
        members = []
        for attribute in attributes:
            kind = attribute["type"].dotted
            if kind in self.attributes:
                raise ValueError("attribute %s appears twice" % kind)
            if len(attribute["values"]) != 1:
                raise ValueError("attribute %s has not exactly one value" % kind)
            self.attributes[kind] = attribute["values"][0]
            members.append(attribute.dump())
        if members != sorted(members):
            self.warnings.append("signed attributes are not in DER order")

    def _text(self, number):
        value = self.attributes.get(SCEP + number)
        if value is None:
            raise ValueError("attribute %s%s is missing" % (SCEP, number))
        parsed = value.parse()
        if not isinstance(parsed, core.PrintableString):
            self.warnings.append("attribute %s%s is not a PrintableString" % (SCEP, number))
        return parsed.native

    def _octets(self, number):
        value = self.attributes.get(SCEP + number)
        return None if value is None else bytes(value.parse(core.OctetString))

    def _find_signer(self):
        wanted = self.info["sid"].chosen
        by_serial = isinstance(wanted, cms.IssuerAndSerialNumber)
        for choice in self.signed["certificates"] or ():
            one = choice.chosen
            if not isinstance(one, x509.Certificate):
                continue
            if by_serial:
                if (one.serial_number == wanted["serial_number"].native
                        and one.issuer.dump() == wanted["issuer"].dump()):
                    return one
            elif one.key_identifier == bytes(wanted):
                return one
        raise ValueError("the signer's certificate is not in the message")

    def _content(self):
        encapsulated = self.signed["encap_content_info"]
        if encapsulated["content_type"].native != "data":
            raise ValueError("eContentType is not data")
        parts = members(encapsulated.contents)
        if len(parts) != 2:
            raise ValueError("there is no eContent")
        return octet_string(*members(parts[1][1])[0])

    def _note(self, data):
        if self.message_type not in MESSAGE_TYPES:
            self.warnings.append("messageType '%s' is unknown" % self.message_type)
        if self.sender_nonce is None or len(self.sender_nonce) != 16:
            self.warnings.append("senderNonce is not 16 bytes")
        if SCEP + "6" in self.attributes:
            self.warnings.append("a request carries a recipientNonce")
        if self.digest not in [one["algorithm"].native for one in self.signed["digest_algorithms"]]:
            self.warnings.append("digestAlgorithms lacks the signer's digest")
        if data[1] == 0x80:
            self.warnings.append("the message is BER, not DER")
        usage = self.signer.key_usage_value
        if usage is not None and not {"digital_signature", "key_encipherment"} <= usage.native:
            self.warnings.append("the signer's key usage lacks digitalSignature or keyEncipherment")

    def verify(self):
        """The signature, with the certificate in the message. Raises Refusal."""
        if self.digest not in HASHES:
            raise Refusal("badAlg", "The digest algorithm %s is not supported. 0x80090008"
                          % self.digest)
        signature = self.info["signature_algorithm"]
        if signature["algorithm"].native not in ("rsassa_pkcs1v15", self.digest + "_rsa"):
            raise Refusal("badAlg", "The signature algorithm is not supported. 0x80090008")
        content_type = self.attributes.get("1.2.840.113549.1.9.3")
        said = self.attributes.get("1.2.840.113549.1.9.4")
        if content_type is None or content_type.parse().native != "1.2.840.113549.1.7.1":
            raise Refusal("badMessageCheck", "contentType is not data. 0x80091004")
        digest = hashlib.new(self.digest, self.content).digest()
        if said is None or bytes(said.parse(core.OctetString)) != digest:
            raise Refusal("badMessageCheck", "The hash value is not correct. 0x80091007")
        try:
            self.signer_key.verify(bytes(self.info["signature"]), self.attributes_der,
                                   padding.PKCS1v15(), HASHES[self.digest]())
        except InvalidSignature:
            raise Refusal("badMessageCheck",
                          "The cryptographic signature is invalid. 0x80091007") from None

    def is_self_signed(self):
        if self.signer.issuer.dump() != self.signer.subject.dump():
            return False
        algorithm = self.signer["signature_algorithm"]
        try:
            if algorithm.signature_algo != "rsassa_pkcs1v15" or algorithm.hash_algo not in HASHES:
                return False
            self.signer_key.verify(self.signer["signature_value"].native,
                                   self.signer["tbs_certificate"].dump(), padding.PKCS1v15(),
                                   HASHES[algorithm.hash_algo]())
        except (InvalidSignature, ValueError):
            return False
        return True


def load_rsa(spki):
    key = serialization.load_der_public_key(spki)
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the public key is not RSA")
    return key


class Envelope:
    """The EnvelopedData inside; .open(identity) decrypts with that identity's key."""

    def __init__(self, data):
        info = cms.ContentInfo.load(data, strict=True)
        if info["content_type"].native != "enveloped_data":
            raise ValueError("the content is not EnvelopedData")
        self.enveloped = info["content"]
        self.encrypted = self.enveloped["encrypted_content_info"]
        self.recipients = [one.chosen for one in self.enveloped["recipient_infos"]
                           if isinstance(one.chosen, cms.KeyTransRecipientInfo)]
        if not self.recipients:
            raise ValueError("there is no KeyTransRecipientInfo")
        self.cipher_name = self.encrypted["content_encryption_algorithm"]["algorithm"].native
        self.cipher = CIPHERS.get(self.cipher_name, (self.cipher_name,))[0]
        self.transport = self.recipients[0]["key_encryption_algorithm"]["algorithm"].native

    def recipient_of(self, identity):
        for one in self.recipients:
            wanted = one["rid"].chosen
            if isinstance(wanted, cms.IssuerAndSerialNumber):
                if (wanted["serial_number"].native == identity.serial
                        and wanted["issuer"].dump() == identity.issuer_der):
                    return one
            elif identity.certificate.key_identifier == bytes(wanted):
                return one
        return None

    def first_serial(self):
        wanted = self.recipients[0]["rid"].chosen
        if isinstance(wanted, cms.IssuerAndSerialNumber):
            return hex_serial(wanted["serial_number"].native)
        return "ski:" + bytes(wanted).hex()

    def open(self, identity):
        """The clear content, ValueError if identity's key does not open it."""
        recipient = self.recipient_of(identity)
        if recipient is None:
            raise ValueError("no recipient is this certificate")
        if self.cipher_name not in CIPHERS:
            raise ValueError("the content cipher '%s' is not supported" % self.cipher_name)
        _, size, kind = CIPHERS[self.cipher_name]
        key = identity.key.decrypt(bytes(recipient["encrypted_key"]),
                                   self._padding(recipient["key_encryption_algorithm"]))
        if len(key) != size:
            raise ValueError("the content key has not the cipher's length")
        if self.cipher_name == "des":
            key *= 3  # three equal keys make TripleDES the single DES
        vector = self.encrypted["content_encryption_algorithm"]["parameters"].native
        decryptor = Cipher(kind(key), modes.CBC(vector)).decryptor()
        clear = decryptor.update(self._encrypted_content()) + decryptor.finalize()
        block = len(vector)
        fill = clear[-1] if clear else 0
        if not 1 <= fill <= block or clear[-fill:] != bytes([fill]) * fill:
            raise ValueError("the padding of the content is wrong")
        return clear[:-fill]

    def _encrypted_content(self):
        parts = members(self.encrypted.contents)
        if len(parts) != 3:
            raise ValueError("there is no encryptedContent")
        return octet_string(*parts[2])

    @staticmethod
    def _padding(algorithm):
        name = algorithm["algorithm"].native
        if name == "rsaes_pkcs1v15":
            return padding.PKCS1v15()
        if name != "rsaes_oaep":
            raise ValueError("the key transport '%s' is not supported" % name)
        parameters = algorithm["parameters"]
        if not isinstance(parameters, algos.RSAESOAEPParams):
            parameters = algos.RSAESOAEPParams()
        digest = parameters["hash_algorithm"]["algorithm"].native
        mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
        return padding.OAEP(padding.MGF1(HASHES[mask]()), HASHES[digest](), None)


class CertificationRequest:
    """A PKCS#10 whose signature is good."""

    def __init__(self, data):
        try:
            if not cx509.load_der_x509_csr(data).is_signature_valid:
                raise ValueError("its signature is wrong")
            parsed = csr.CertificationRequest.load(data, strict=True)
            info = parsed["certification_request_info"]
            self.subject = info["subject"]
            self.subject_der = self.subject.dump()
            self.spki = info["subject_pk_info"].dump()
            self.key_bits = load_rsa(self.spki).key_size
            attributes = self._attributes(info["attributes"])
            self.challenge = self._challenge(attributes.get(CHALLENGE_PASSWORD))
            self._extensions(attributes)
        except Exception as reason:  # whatever the two parsers say: it is no PKCS#10 for us
            raise Refusal("badRequest", "The request is not valid: %s 0x80094802"
                          % reason) from reason

    @staticmethod
    def _attributes(attributes):
        found = {}
        if not attributes.dump():
            return found
        for one in AnyAttributes.load(b"\x31" + attributes.dump()[1:]):
            kind = one["type"].dotted
            if kind in found or len(one["values"]) != 1:
                raise ValueError("attribute %s is not single" % kind)
            found[kind] = one["values"][0]
        return found

    def _challenge(self, value):
        self.challenge_kind = None
        if value is None:
            return None
        parsed = value.parse()
        self.challenge_kind = type(parsed).__name__
        if not isinstance(parsed, (core.PrintableString, core.UTF8String, core.IA5String,
                                   core.TeletexString, core.BMPString)):
            raise ValueError("challengePassword is a %s" % self.challenge_kind)
        return parsed.native

    def _extensions(self, attributes):
        self.usage, self.ekus, self.san, self.san_critical, self.sans = None, [], None, False, []
        self.extension_oids = []
        value = attributes.get(EXTENSION_REQUEST) or attributes.get(REQUEST_EXTENSIONS_MS)
        if value is None:
            return
        for one in value.parse(x509.Extensions):
            kind = one["extn_id"].dotted
            if kind in self.extension_oids:
                raise ValueError("extension %s is there twice" % kind)
            self.extension_oids.append(kind)
            if kind == "2.5.29.15":
                self.usage = sorted(one["extn_value"].parsed.native)
            elif kind == "2.5.29.37":
                self.ekus = [each.dotted for each in one["extn_value"].parsed]
            elif kind == "2.5.29.17":
                self.san = bytes(one["extn_value"])
                self.san_critical = one["critical"].native
                self.sans = [general_name(each) for each in one["extn_value"].parsed]

    def rfc4514(self):
        return rfc4514(self.subject_der)


def general_name(one):
    kind = {"rfc822_name": "email", "dns_name": "dns", "uniform_resource_identifier": "uri",
            "ip_address": "ip", "registered_id": "rid"}.get(one.name)
    if kind:
        return "%s:%s" % (kind, one.native)
    if one.name == "directory_name":
        return "dirname:" + rfc4514(one.chosen.dump())
    if one.name == "other_name":
        value = one.chosen["value"].parse() if one.chosen["value"] is not None else None
        return "other:%s:%s" % (one.chosen["type_id"].dotted, value.native if value else "")
    return "%s:%s" % (one.name, one.chosen.dump().hex())


def rfc4514(name_der):
    """The name as RFC 4514 writes it, last RDN first."""
    written = {"2.5.4.3": "CN", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
               "2.5.4.6": "C", "2.5.4.9": "STREET", "0.9.2342.19200300.100.1.25": "DC",
               "0.9.2342.19200300.100.1.1": "UID"}
    parts = []
    for rdn in x509.Name.load(name_der).chosen:
        pairs = []
        for pair in rdn:
            kind = pair["type"].dotted
            text = str(pair["value"].native)
            for letter in "\\\",+;<>=":
                text = text.replace(letter, "\\" + letter)
            if text[:1] in ("#", " "):
                text = "\\" + text
            if text[-1:] == " ":
                text = text[:-1] + "\\ "
            pairs.append("%s=%s" % (written.get(kind, kind), text))
        parts.append("+".join(pairs))
    return ",".join(reversed(parts))


def public_key_bytes(spki):
    """The bare key, so that absent and NULL algorithm parameters compare equal."""
    return keys.PublicKeyInfo.load(spki)["public_key"].untag().dump()
