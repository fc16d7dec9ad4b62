# SPDX-License-Identifier: MIT
"""What the client's sentence must name (cause) and what its next step must be about (advice), for each kind of lie.

Regular expressions, searched without case. They ask for the fact and the place, not for a wording.
"""

_NETWORK = "check the network|look at the network"
_SERVER = "server|administrator"

_WORDS = {
    # attacks
    "key": ("is for the key of our request", _SERVER),
    "subject": ("issued for .*someone-else.*, not .*GW", "subject_check"),
    "san": ("lacks a subject alternative name", "subject_check"),
    "chain": ("chain|issuer|signature", "trust|CA"),
    "ca": ("issued a CA certificate", "template|administrator"),
    "dates": ("expired at|valid only from", "clocks"),
    "eku": (r"lacks the extended key usage 1\.3\.6\.1\.5\.5\.7\.3\.2", "template"),
    "signer": ("signed by a certificate that (may not sign|the server does not list)", "ra_sha256|somebody|administrator"),
    "ra": ("registration authority|SHA-256|ca_sha256", "trust profile|renew them"),
    "unsigned": ("not signed by anyone|more than one signer|no signed attributes", "somebody|administrator"),
    "nonce": ("recipientNonce", "somebody|administrator"),
    "transaction": ("transaction", "somebody|administrator"),
    "recipient": ("encrypted to another certificate than ours", "somebody|administrator"),
    "plain": ("not encrypted|not EnvelopedData|where .* was expected", "somebody|administrator"),
    "algorithm": ("MD5|RC2|1\\.2\\.840\\.113549\\.(2\\.5|3\\.2)", "SHA-256|AES"),
    "legacy": ("SHA-1|single DES", "allow_legacy"),
    "same": ("the present certificate again", "renewal settings"),
    # refusals
    "badAlg": ("", "cipher|digest"),
    "badMessageCheck": ("", "challenge|administrator"),
    "badRequest": ("", "administrator"),
    "badTime": ("", "clock"),
    "badCertId": ("", "administrator|certificate"),
    "refused": ("", "administrator"),
    # faults
    "connect": ("connect|refused", _NETWORK),
    "timeout": ("timed? ?out|the time for the whole dialogue", "timeout"),
    "line": ("reset|empty reply|closed|remaining|transfer", _NETWORK),
    "protocol": ("content-length|chunk|HTTP/0.9|weird|invalid", "web server|check the network"),
    "body": ("damaged|neither a certificate|does not parse|bytes", "captive portal|server"),
    "big": ("larger than 262144 bytes", "captive portal"),
    "header": ("header", "captive portal|web server|check the network"),
    "page": ("web page|neither a certificate", "captive portal|NDES"),
    "no-challenge": ("not the one of NDES", "browser"),
    "redirect": ("sends us (on|to)", "captive portal"),
    "moved": ("HTTP status 302", "captive portal|url"),
    "status": (r"HTTP status \d\d\d", "url|NDES|query|login|proxy|server"),
    "flip": ("damaged|does not parse|signature|signed|digest|fit|transaction|nonce|attribute|type",
             "server|administrator|SHA-256"),
    "signature": ("signature of the reply is wrong", "somebody|administrator"),
    "kind": ("messageType|pkiStatus", "server"),
}
CAUSE = {word: pair[0] for word, pair in _WORDS.items()}
ADVICE = {word: pair[1] for word, pair in _WORDS.items()}
