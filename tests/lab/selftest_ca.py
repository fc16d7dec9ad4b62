#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Judges test_ca.py with code that is not its own: the openssl command, Debian's scepclient and the
client of testca/probe.py, which shares nothing with the server. Exits 1 if a check fails.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time
import urllib.error

from asn1crypto import pem, x509

sys.dont_write_bytecode = True
LAB = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, LAB)

from selftest_page import ntlm_is_microsofts, the_challenge_page_is_microsofts  # noqa: E402
from testca import lies, options  # noqa: E402
from testca.probe import SCEP, Client, Lab, check, http, refused, run, same, tlv  # noqa: E402


# -- the checks: one function a behaviour ----------------------------------------------------------

def capabilities_are_those_of_ndes(lab):
    for url in (lab.scep, lab.scep + "/pkiclient.exe"):
        status, kind, body = http(url + "?operation=GetCACaps&message=default")
        same((status, kind), (200, "text/plain"), "GetCACaps")
        same(body.split(b"\r\n"), [b"POSTPKIOperation", b"Renewal", b"SHA-512", b"SHA-256",
                                   b"SHA-1", b"DES3", b""], "capabilities")
    lab.mode(caps="AES,X")
    same(http(lab.scep + "?operation=GetCACaps")[2], b"AES\r\nX\r\n", "replaced caps")


def ca_certificates_are_two_agents_and_the_chain(lab):
    enc, sign, issuing, root = lab.ca_certificates()
    same(enc.subject.dump(), sign.subject.dump(), "subject of the RA pair")
    same(enc.subject.native, {"common_name": "NDES01-MSCEP-RA"}, "subject of the RA")
    same((enc.key_usage_value.native, sign.key_usage_value.native),
         ({"key_encipherment"}, {"digital_signature"}), "key usage of the RA pair")
    check(enc["tbs_certificate"]["extensions"][0]["critical"].native, "key usage is not critical")
    same([one.dotted for one in enc.extended_key_usage_value], ["1.3.6.1.4.1.311.20.2.1"], "EKU")
    same(issuing.basic_constraints_value.native, {"ca": True, "path_len_constraint": 0}, "CA")
    same(issuing.key_usage_value.native, {"key_cert_sign", "crl_sign"}, "key usage of the CA")
    for name in ("ra-enc", "ra-sign", "issuing", "device"):
        run("openssl", "verify", "-x509_strict", "-CAfile", lab.path("root.pem"), "-untrusted",
            lab.path("issuing.pem"), lab.path(name + ".pem"))
    with open(lab.path("root.cer"), "rb") as file:
        same(file.read(), root.dump(), "root.cer")
    lab.mode(order="root,old-enc,sign,enc")
    same([one.serial_number for one in lab.ca_certificates()][2:],
         [sign.serial_number, enc.serial_number], "asked order")
    lab.mode(order="shuffle,enc,sign,issuing,root")
    orders = {tuple(one.serial_number for one in lab.ca_certificates()) for _ in range(20)}
    check(len(orders) > 3, "'shuffle' does not shuffle")


def aes_is_answered_with_oaep(lab):
    client = Client(lab, "aes")
    reply = client.ask(lab.challenge())
    leaf, issuing, root = client.opened(reply)
    same(reply.text, "Issued", "Microsoft's status")
    same(reply.attributes[SCEP + "2"], "3", "messageType")
    same(reply.attributes[SCEP + "6"], reply.message["nonce"], "recipientNonce")
    same(reply.attributes[SCEP + "7"], reply.message["transaction"], "transactionID")
    same(len(reply.attributes[SCEP + "5"]), 16, "length of senderNonce")
    same(len(reply.signed["certificates"]), 0, "certificates of CertRep")
    same(reply.info["digest_algorithm"]["algorithm"].native, "sha256", "digest")
    shown = run("openssl", "cms", "-cmsout", "-print", "-inform", "DER", data=reply.envelope)
    check(b"rsaesOaep" in shown and b"aes-128-cbc" in shown, "the envelope is not OAEP, AES-128")
    check(root.self_issued and issuing.ca, "the chain is not in the answer")
    path = client.install(leaf)
    run("openssl", "verify", "-x509_strict", "-CAfile", lab.path("root.pem"), "-untrusted",
        lab.path("issuing.pem"), "-purpose", "sslclient", path)
    text = run("openssl", "x509", "-in", path, "-noout", "-text").decode()
    for word in ("DNS:probe.example, URI:urn:signet:probe", "Digital Signature, Key Encipherment",
                 "TLS Web Client Authentication", "Subject: O = Werk 7, CN = aes"):
        check(word in text, "'%s' is not in the certificate" % word)
    check(time.time() - leaf.not_valid_before.timestamp() > 590, "notBefore is not backdated")
    entry = lab.last()
    same((entry["decision"], entry["content_cipher"], entry["recipient"], entry["warnings"]),
         ("issued", "aes128", "enc", []), "log line")
    same(entry["csr_subject"], "CN=aes,O=Werk 7", "subject in the log")
    same(entry["sans"], ["dns:probe.example", "uri:urn:signet:probe"], "SAN in the log")
    shown = run("openssl", "x509", "-in", path, "-noout", "-serial").decode().strip()
    same("serial=" + entry["issued_serial"].upper(), shown, "serial in the log")


def des3_is_answered_with_pkcs1(lab):
    client = Client(lab, "des3")
    for digest in ("sha1", "sha512"):
        reply = client.ask(lab.challenge(), oaep=False, cipher="des3", digest=digest)
        client.opened(reply)
        shown = run("openssl", "cms", "-cmsout", "-print", "-inform", "DER", data=reply.envelope)
        check(b"rsaEncryption" in shown and b"des-ede3-cbc" in shown, "not PKCS#1 with 3DES")
        same(reply.info["digest_algorithm"]["algorithm"].native, digest, "mirrored digest")


def ber_and_get_are_read(lab):
    client = Client(lab, "ber")
    client.opened(client.ask(lab.challenge(), ber=True))
    client.opened(client.ask(lab.challenge(), get=True))
    lab.mode(no_get=True, challenges=lab.path("challenges"))
    same(client.ask(lab.challenge(), get=True), 405, "status of a refused GET")


def key_usage_chooses_the_template(lab):
    for usage, wanted in (("digitalSignature", "Digital Signature"),
                          ("keyEncipherment", "Key Encipherment")):
        client = Client(lab, "usage", usage)
        path = client.install(client.opened(client.ask(lab.challenge()))[0])
        text = run("openssl", "x509", "-in", path, "-noout", "-ext", "keyUsage").decode()
        same(text.strip().splitlines()[-1].strip(), wanted, "key usage")
    lab.mode(inner="leaf", eku="serverAuth,1.3.6.1.5.5.8.2.2")
    certificates = client.opened(client.ask(lab.challenge()))
    same(len(certificates), 1, "certificates with --inner leaf")
    same([one.dotted for one in certificates[0].extended_key_usage_value],
         ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.8.2.2"], "EKU")


def a_challenge_is_good_once(lab):
    client = Client(lab, "once")
    word = lab.challenge()
    client.opened(client.ask(word))
    refused(client.ask(word), 2, "0x80070490")
    refused(client.ask("never-known"), 2, "The challenge password is invalid or already used.")
    refused(client.ask(None), 2, "missing")
    same(lab.last()["has_challenge"], False, "has_challenge")
    with open(lab.path("static"), "w", encoding="utf-8") as file:
        file.write("static words\n")
    lab.mode(static_challenge=lab.path("static"))
    client.opened(client.ask("static words"))
    client.opened(client.ask("static words"))
    same(lab.last()["challenge_sha256"], hashlib.sha256(b"static words").hexdigest(), "its hash")


def the_old_certificate_renews(lab):
    client = Client(lab, "renewing")
    old = (client.enroll(), client.key)
    for kind in ("17", "19"):
        client.opened(client.ask(kind=kind, signer=old))
        same(lab.last().get("renewal"), True, "renewal in the log")
    for accepted, other in (("17", "19"), ("19", "17")):
        lab.mode(renewal=accepted)
        client.opened(client.ask(kind=accepted, signer=old))
        refused(client.ask(kind=other, signer=old), 2, "not accepted")
    lab.mode()
    refused(Client(lab, "another").ask(kind="17", signer=old), 2, "0x80094001")
    refused(client.ask(kind="17"), 2, "not signed by a certificate of this CA")
    lab.mode(valid_seconds=-10)
    expired = (client.enroll(), client.key)
    lab.mode()
    refused(client.ask(kind="19", signer=expired), 2, "0x800b0101")
    lab.mode(same_certificate=True)
    leaf = client.opened(client.ask(kind="17", signer=old))[0]
    with open(old[0], "rb") as file:
        same(leaf.dump(), pem.unarmor(file.read())[2], "the same certificate")


def a_pending_request_is_polled(lab):
    lab.mode(pending=2)
    client = Client(lab, "pending")
    first = client.ask(lab.challenge())
    same((first.status, first.signed["encap_content_info"]["content"].native), ("3", None),
         "(pkiStatus, eContent)")
    transaction = first.message["transaction"]
    other = Client(lab, "other")
    refused(client.poll(transaction, signer=(other.self_signed, other.key)), 1, "CertPoll")
    refused(client.poll(transaction, subject=tlv(0x30)), 4, "another request")
    refused(client.poll("00"), 4, "unknown")
    same(client.poll(transaction).status, "3", "second answer")
    leaf = client.opened(client.poll(transaction))[0]
    again = client.opened(client.poll(transaction))[0]
    same(again.serial_number, leaf.serial_number, "serial of a later poll")


def a_known_transaction_gets_its_certificate(lab):
    client = Client(lab, "known")
    first = client.ask(lab.challenge())
    leaf = client.opened(first)[0]
    again = client.opened(client.send(first.message))[0]
    same(again.serial_number, leaf.serial_number, "serial")
    lab.mode(strict_transactions=True)
    refused(client.send(first.message), 2, "known already")
    same(client.poll(first.message["transaction"]).status, "0", "CertPoll of a known one")
    lab.mode(no_poll=True)
    refused(client.poll(first.message["transaction"]), 2, "not supported")


def a_kept_ca_goes_on_where_it_was(lab):
    folder = lab.path("kept-ca")
    os.mkdir(folder)
    options = ("--keep", "--challenges", folder + "/challenges")
    first = Lab(folder, *options)
    client, waiting = Client(first, "kept"), Client(first, "waiting")
    words = [first.challenge(), first.challenge(), first.challenge()]
    reply = client.ask(words[0])
    leaf = client.opened(reply)[0]
    first.mode(rolled="renamed")
    rolled = [one.dump() for one in first.ca_certificates()]
    first.mode(pending=2)
    pending = waiting.ask(words[1])
    first.stop()
    again = Lab(folder, *options)
    try:
        same(again.url, first.url, "url")
        same([one.dump() for one in again.ca_certificates()], [one.dump() for one in first.ca_certificates()],
             "GetCACert")
        again.mode(rolled="renamed")
        same([one.dump() for one in again.ca_certificates()], rolled, "GetCACert of the successor")
        again.mode(pending=2)
        same(client.opened(client.send(reply.message))[0].serial_number, leaf.serial_number, "serial")
        refused(Client(again, "thief").ask(words[0]), 2, "already used")
        same(waiting.poll(pending.message["transaction"]).status, "3", "second answer")
        issued = waiting.opened(waiting.poll(pending.message["transaction"]))[0]
        same(len(again.log()), again.last()["n"], "lines of the log")
        os.unlink(folder + "/kept/%03d.json" % again.last()["n"])  # back to before the last request
        again.stop()
        again = Lab(folder, *options)
        other = waiting.opened(waiting.poll(pending.message["transaction"]))[0]
        check(other.serial_number != issued.serial_number, "a request that never was is remembered")
    finally:
        again.stop()


def refusals_carry_microsofts_text(lab):
    client = Client(lab, "refused")
    names = ("badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId")
    for number, name in enumerate(names):
        lab.mode(refuse=name + ":Geht nicht: 0x8009%04d" % number)
        reply = client.ask("x")
        refused(reply, number, "Geht nicht: 0x8009%04d" % number)
        run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-certfile",
            lab.path("ra-sign.pem"), "-CAfile", lab.path("chain.pem"), "-purpose", "any",
            "-content", "/dev/null", data=reply.data)
    lab.mode()
    refused(client.ask(lab.challenge(), flip=True), 1, "signature")
    same(client.ask("x", recipient=lab.path("ra-sign.pem")), 200, "page for a wrong recipient")
    same(lab.last()["recipient"], "sign", "recipient in the log")


def another_device_in_the_middle_is_seen(lab):
    client = Client(lab, "victim")
    check(not os.path.exists(lab.path("attacker.log")), "attacker.log is there too early")
    lab.mode(inject_device_cert="recipient")
    found = lab.ca_certificates()
    same(found[0].key_usage_value.native, {"key_encipherment"}, "usage of the first")
    same(found[0].subject.native["common_name"], "other-device", "subject of the first")
    same(len(found), 4, "count without the RA's encryption certificate")
    naive = client.folder + "/naive.pem"
    with open(naive, "wb") as file:
        file.write(pem.armor("CERTIFICATE", found[0].dump()))
    same(client.ask("stolen words", recipient=naive), 200, "page")
    with open(lab.path("attacker.log"), encoding="utf-8") as file:
        check(hashlib.sha256(b"stolen words").hexdigest() in file.read(), "no theft is noted")
    for role, verifier in (("signer", "device.pem"), ("stranger", None)):
        lab.mode(inject_device_cert=["as=" + role])
        reply = client.ask(lab.challenge())
        same(lab.ca_certificates()[0].serial_number, reply.serial, "serial of the signer")
        if verifier:
            client.opened(reply, verifier)
        try:
            client.opened(reply)
        except AssertionError:
            continue
        raise AssertionError("the CertRep of the %s verifies as the RA's" % role)


def faults_are_faults(lab):
    client = Client(lab, "faults")
    lab.mode(wrong_key=True)
    leaf = client.opened(client.ask(lab.challenge()))[0]
    with open(client.self_signed, "rb") as file:
        ours = x509.Certificate.load(pem.unarmor(file.read())[2])
    check(leaf.public_key.dump() != ours.public_key.dump(), "the key is ours")
    for kind, length in ((True, 16), ("short", 8), ("missing", None)):
        lab.mode(bad_nonce=kind)
        reply = client.ask(lab.challenge())
        nonce = reply.attributes.get(SCEP + "6")
        check(nonce != reply.message["nonce"], "the nonce is right")
        same(None if nonce is None else len(nonce), length, "length of the nonce")
    for kind in (True, "prefix", "case", "empty", "missing"):
        lab.mode(bad_transaction=kind)
        reply = client.ask(lab.challenge(), transaction=os.urandom(8).hex() + "aB")
        client.opened(reply)
        check(reply.attributes.get(SCEP + "7") != reply.message["transaction"], "it is right")
    lab.mode(include_certs=True, slow=0.5)
    start = time.monotonic()
    reply = client.ask(lab.challenge())
    check(time.monotonic() - start >= 0.5, "--slow is not slow")
    same(reply.signed["certificates"][0].chosen.serial_number, reply.serial, "included certificate")
    lab.mode(http_status=503, retry_after=7)
    same(client.ask("x"), 503, "HTTP status")
    lab.mode(no_such_option=1)
    same(http(lab.scep + "?operation=GetCACaps")[0], 500, "status with a wrong key in mode.json")


def broken_replies_are_broken(lab):
    client = Client(lab, "broken")
    lab.mode(bad_reply="flipped")
    try:
        client.opened(client.ask(lab.challenge()))
    except AssertionError as reason:
        check("CMS_SignerInfo_verify" in str(reason), "not the signature is broken: %s" % reason)
    else:
        raise AssertionError("a flipped signature verifies")
    for kind, answer in (("unsigned", IndexError), ("truncated", ValueError)):
        lab.mode(bad_reply=kind)
        try:
            client.ask(lab.challenge())
        except answer:
            continue
        raise AssertionError("the reply is not %s" % kind)
    lab.mode(bad_reply="message-type")
    same(client.ask(lab.challenge()).attributes[SCEP + "2"], "19", "messageType")
    lab.mode(bad_reply="status")
    same(client.ask(lab.challenge()).status, "1", "pkiStatus")
    for cipher, shown in (("aes256", b"aes-256-cbc"), ("des3", b"des-ede3-cbc")):
        lab.mode(reply_cipher=cipher, reply_digest="sha384")
        reply = client.ask(lab.challenge())
        client.opened(reply)
        check(shown in run("openssl", "cms", "-cmsout", "-print", "-inform", "DER",
                           data=reply.envelope), "the cipher is not " + cipher)
        same(reply.info["digest_algorithm"]["algorithm"].native, "sha384", "digest")


def rare_shapes_are_rare_and_openssl_reads_them(lab):
    client = Client(lab, "shapes")
    marks = {
        "ber": lambda reply: reply.data[1] == 0x80,
        "ber-parts": lambda reply: b"\x24\x80\x04\x81\xc8" in reply.data,
        "definite-parts": lambda reply: b"\x24\x82" in reply.data,
        "ber-envelope": lambda reply: reply.envelope[1] == 0x80,
        "combined-oid": lambda reply: reply.info["signature_algorithm"]["algorithm"].native == "sha256_rsa",
        "digest-absent": lambda reply: reply.info["digest_algorithm"].dump()[-2:] != b"\x05\x00",
        "unsorted": lambda reply: [one.dump() for one in reply.info["signed_attrs"]] != sorted(
            one.dump() for one in reply.info["signed_attrs"]),
        "more-attributes": lambda reply: len(reply.info["unsigned_attrs"]) == 1,
        "extra-certs": lambda reply: len(reply.signed["certificates"]) == 2,
    }
    for shape, is_so in marks.items():
        lab.mode(shape=[shape])
        reply = client.ask(lab.challenge())
        client.opened(reply)
        check(is_so(reply), "the reply is not '%s'" % shape)
    lab.mode()
    reply = client.ask(lab.challenge())
    client.opened(reply)
    for shape in ("ber", "ber-parts", "definite-parts", "ber-envelope", "combined-oid", "digest-absent", "unsorted"):
        check(not marks[shape](reply), "every reply is '%s'" % shape)


def every_lie_can_be_told(lab):
    for name in lies.LIES:
        lab.mode(lie=name)
        mode = options.current_mode(lab.folder, {key: one.default for key, one in options.BY_KEY.items()})
        same(mode.lie, name, "lie")
    same(len({one.group for one in lies.LIES.values()}), 4, "groups")
    lab.mode(lie="no-such-lie")
    same(http(lab.scep + "?operation=GetCACaps")[0], 500, "status with an unknown lie")
    listed = run(os.path.join(LAB, "test_ca.py"), "--list-lies").decode().splitlines()
    same([line.split()[0] for line in listed], list(lies.LIES), "--list-lies")


def a_listener_goes_away_and_comes_back(lab):
    lab.mode(wire="caps:refused")
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            http(lab.scep + "?operation=GetCACaps")
        except urllib.error.URLError:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the listener is still there")
    lab.mode()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            same(http(lab.scep + "?operation=GetCACaps")[0], 200, "status once it is back")
            return
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError("the listener does not come back")


def announced(lab):
    """What openssl reads in GetNextCACert under the first issuing CA's signature: subjects, issuers."""
    status, kind, body = http(lab.scep + "?operation=GetNextCACert")
    same((status, kind), (200, "application/x-x509-next-ca-cert"), "GetNextCACert")
    inner = run("openssl", "cms", "-verify", "-inform", "DER", "-binary", "-nointern", "-certfile",
                lab.path("issuing.pem"), "-noverify", data=body)
    shown = run("openssl", "pkcs7", "-inform", "DER", "-print_certs", "-noout", data=inner).decode()
    return [line.rpartition("CN = ")[2] for line in shown.splitlines() if line]


def the_ca_is_renewed_and_says_so_before(lab):
    same(http(lab.scep + "?operation=GetNextCACert")[0], 404, "status without an announcement")
    lab.mode(announce="intermediate,root")
    check(b"GetNextCACert\r\n" in http(lab.scep + "?operation=GetCACaps")[2], "not in GetCACaps")
    first, root = "Signet Lab Issuing CA", "Signet Lab Root CA"
    same(announced(lab), [first, root, first, root + " 2", root + " 2", root + " 2"], "announcement")
    for by in ("ra", "stranger", "device", "nobody"):
        lab.mode(announce="intermediate", announce_by=by)
        try:
            announced(lab)
        except AssertionError:
            continue
        raise AssertionError("the signer is not " + by)
    old = lab.ca_certificates()
    lab.mode(rolled="intermediate")
    enc, _, issuing, same_root = lab.ca_certificates()
    same(same_root.dump(), old[3].dump(), "root")
    same(issuing.subject.dump(), old[2].subject.dump(), "name of the renewed CA")
    check(issuing.public_key.dump() != old[2].public_key.dump(), "the key is not new")
    for name, one in (("new-issuing", issuing), ("new-enc", enc)):
        with open(lab.path(name + ".pem"), "wb") as file:
            file.write(run("openssl", "x509", "-inform", "DER", data=one.dump()))
    run("openssl", "verify", "-x509_strict", "-CAfile", lab.path("root.pem"), "-untrusted",
        lab.path("new-issuing.pem"), lab.path("new-enc.pem"))
    done = run("openssl", "verify", "-partial_chain", "-trusted", lab.path("issuing.pem"),
               lab.path("new-enc.pem"), ok=False)
    check(done.returncode != 0, "the first CA has issued the new RA certificate")


def scepclient(lab, url, challenge):
    """The certificate's file. A new folder each time: it uses again any CSR that it finds."""
    folder = tempfile.mkdtemp(dir=lab.folder)
    run("scepclient", "-server-url", url, "-private-key", folder + "/key.pem", "-certificate",
        folder + "/certificate.pem", "-challenge", challenge)
    return folder + "/certificate.pem"


def a_server_is_far_away(lab):
    lab.mode(latency=100)
    start = time.monotonic()
    http(lab.scep + "?operation=GetCACaps")
    check(time.monotonic() - start >= 0.2, "no time for the connection and for the answer")
    entry = lab.last()
    check(entry["answered"] - entry["time"] > 0.099 and entry["time"] - entry["connected"] > 0.099, "times in the log")


def a_chain_is_longer_or_shorter(lab):
    for count in (1, 4):
        other = Lab(lab.path("chain-%d" % count), "--no-challenge", "--authorities", str(count))
        try:
            client = Client(other, "deep")
            leaf, *chain = client.opened(client.ask("none"))
            same(len(chain), count, "CA certificates of the answer")
            run("openssl", "verify", "-x509_strict", "-CAfile", other.path("root.pem"), "-untrusted", other.path("chain.pem"),
                client.install(leaf))
            http(other.scep + "?operation=GetCACert")
        finally:
            other.stop()


def scepclient_enrolls(lab):
    certificate = scepclient(lab, lab.scep, lab.challenge())
    run("openssl", "verify", "-CAfile", lab.path("root.pem"), "-untrusted",
        lab.path("issuing.pem"), certificate)
    same(lab.last()["content_cipher"], "des", "cipher of scepclient")


def no_challenge_is_written_down(lab):
    texts = []
    for name in ("log.jsonl", "attacker.log", "stderr", "stdout"):
        with open(lab.path(name), "rb") as file:
            texts.append(file.read())
    check(b"preset-00" not in b"".join(texts), "a challenge is in the clear")
    same(texts[2], b"", "stderr of the server")
    check("lab-error" not in [one["decision"] for one in lab.log()], "the test CA had a fault")


def scepserver_starts_and_stops(lab):
    folder = lab.path("scepserver")
    url = run(LAB + "/scepserver.sh", "start", folder, "sesam").decode().strip()
    try:
        run("openssl", "x509", "-inform", "DER", "-in", folder + "/ca.cer", "-noout")
        run("openssl", "verify", "-CAfile", folder + "/ca.pem", scepclient(lab, url, "sesam"))
        try:
            scepclient(lab, url, "falsch")
        except AssertionError:
            pass
        else:
            raise AssertionError("scepserver takes a wrong challenge")
    finally:
        run(LAB + "/scepserver.sh", "stop", folder)
    try:
        http(url + "?operation=GetCACaps")
    except urllib.error.URLError:
        return
    raise AssertionError("scepserver answers after 'stop'")


CHECKS = (capabilities_are_those_of_ndes, ca_certificates_are_two_agents_and_the_chain,
          aes_is_answered_with_oaep, des3_is_answered_with_pkcs1, ber_and_get_are_read,
          key_usage_chooses_the_template, a_challenge_is_good_once, the_old_certificate_renews,
          a_pending_request_is_polled, a_known_transaction_gets_its_certificate,
          a_kept_ca_goes_on_where_it_was,
          refusals_carry_microsofts_text, another_device_in_the_middle_is_seen, faults_are_faults,
          broken_replies_are_broken, rare_shapes_are_rare_and_openssl_reads_them, every_lie_can_be_told,
          a_listener_goes_away_and_comes_back, the_ca_is_renewed_and_says_so_before,
          a_server_is_far_away, a_chain_is_longer_or_shorter, the_challenge_page_is_microsofts,
          ntlm_is_microsofts, scepclient_enrolls, no_challenge_is_written_down,
          scepserver_starts_and_stops)


def main():
    folder = tempfile.mkdtemp(prefix="selftest-ca-")
    with open(folder + "/password", "w", encoding="utf-8") as file:
        file.write("Pa:ss w\n")
    open(folder + "/challenges", "w", encoding="utf-8").close()
    start = time.monotonic()
    lab = Lab(folder, "--challenges", folder + "/challenges", "--admin-user", "LAB\\admin",
              "--admin-password-file", folder + "/password")
    print("start-up: %.2f s" % (time.monotonic() - start))
    failures = 0
    try:
        for one in CHECKS:
            lab.mode()
            try:
                one(lab)
                print("ok      " + one.__name__.replace("_", " "))
            except Exception as reason:  # each check fails for itself
                failures += 1
                print("FAILED  %s: %s: %s" % (one.__name__.replace("_", " "),
                                              type(reason).__name__, reason))
    finally:
        lab.stop()
    try:
        http(lab.url)
        print("FAILED  the test CA answers after 'stop'")
        failures += 1
    except urllib.error.URLError:
        pass
    if failures:
        print("%d of %d failed; see %s" % (failures, len(CHECKS), folder))
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
