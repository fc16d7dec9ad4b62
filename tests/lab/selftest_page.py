# SPDX-License-Identifier: MIT
"""What selftest_ca.py checks of the page that hands out challenges: its text, its slots, and how it lets people in."""

import base64
import hashlib
import re

from testca import ntlm
from testca.probe import Client, check, http, refused, run, same


def the_challenge_page_is_microsofts(lab):
    url = lab.url + "/certsrv/mscep_admin/"
    same(http(url)[0], 401, "status without a password")
    for word, status in (("falsch", 401), ("Pa:ss w", 200)):
        token = base64.b64encode(("LAB\\admin:" + word).encode()).decode()
        headers = {"Authorization": "Basic " + token}
        found, kind, body = http(url, headers=headers)
        same((found, kind), (status, "text/html"), "page")
    check(body[:2] == b"<\0", "the page is not UTF-16LE without a mark")
    text = body.decode("utf-16le")
    check("charset=UTF-8" in text, "the page does not claim UTF-8")
    match = re.search(r"The enrollment challenge password is: <B> ([0-9A-F]{16}) </B>", text)
    thumbprint = re.search(r"for the CA certificate is: <B> ([0-9A-F ]+) </B>", text).group(1)
    with open(lab.path("issuing.cer"), "rb") as file:
        same(thumbprint.replace(" ", ""), hashlib.md5(file.read()).hexdigest().upper(), "MD5")
    for _ in range(4):
        check("password is" in http(url, headers=headers)[2].decode("utf-16le"), "a slot lacks")
    check("The password cache is full." in http(url, headers=headers)[2].decode("utf-16le"), "full")
    client = Client(lab, "page")
    client.opened(client.ask(match.group(1)))
    refused(client.ask(match.group(1)), 2, "already used")
    check("password is" in http(url, headers=headers)[2].decode("utf-16le"), "no slot is free")
    same(http(url.rstrip("/"), headers=headers)[0], 200, "status without the last '/'")
    lab.mode(admin_denied=True)
    check("You do not have sufficient permission" in
          http(url, headers=headers)[2].decode("utf-16le"), "denied")


def ntlm_is_microsofts(lab):
    """RFC 1320 section A.5 and MS-NLMP section 4.2.4; then curl as the client."""
    same(ntlm.md4(b"abc").hex(), "a448017aaf21d8525fc10ae87aa6729d", "MD4 of abc")
    same(ntlm.md4(b"1234567890" * 8).hex(), "e33b4ddc9c38f2199c3e7b164fcc0536", "MD4 of two blocks")
    key = ntlm.response_key("User", "Domain", "Password")
    same(key.hex(), "0c868a403bfd7a93a3001ef22ef02e3f", "NTOWFv2")
    rest = bytes.fromhex("01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e00"
                         "01000c005300650072007600650072000000000000000000")
    same(ntlm.proof(key, bytes.fromhex("0123456789abcdef"), rest).hex(), "68cd0ab851e51c96aabc927bebef6a1c", "NTProofStr")
    lab.mode(admin_login="ntlm")
    url = lab.url + "/certsrv/mscep_admin/"
    same(http(url)[0], 401, "status without a login")
    for way, user, status in (("--ntlm", "LAB\\admin:Pa:ss w", "200"), ("--ntlm", "LAB\\admin:falsch", "401"),
                              ("--ntlm", "LAB\\other:Pa:ss w", "401"), ("--basic", "LAB\\admin:Pa:ss w", "401")):
        found = run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", way, "-K", "-", url,
                    data=("user = \"%s\"\n" % user.replace("\\", "\\\\")).encode())
        same(found.decode(), status, "%s %s" % (way, user))
