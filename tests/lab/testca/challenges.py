# SPDX-License-Identifier: MIT
"""The challenge page mscep_admin, and the book of challenges that are valid."""

import base64
import hmac
import secrets
import time

CACHE_SLOTS = 5  # NDES's PasswordMax
HEAD = ("<HTML><Head><Meta HTTP-Equiv=\"Content-Type\" Content=\"text/html; charset=UTF-8\">"
        "<Title>Network Device Enrollment Service</Title></Head><Body BgColor=#FFFFFF>"
        "<Font ID=locPageTitle><H1>Network Device Enrollment Service</H1></Font>"
        "<P>Network Device Enrollment Service allows you to obtain certificates for routers or "
        "other network devices using the Simple Certificate Enrollment Protocol (SCEP). </P>")
TAIL = "<P>For more information see the documentation of your server. </P></Body></HTML>"


def first_line(path):
    with open(path, encoding="utf-8") as file:
        return file.readline().rstrip("\r\n")


class ChallengeBook:
    """One-time challenges: handed out by the page, or preset by a test."""

    def __init__(self):
        self.handed_out = {}  # challenge: unix time of its end
        self.used = set()

    def _drop_old(self):
        now = time.time()
        self.handed_out = {one: end for one, end in self.handed_out.items() if end > now}

    def hand_out(self, seconds):
        """A new challenge, None if all slots hold unused ones."""
        self._drop_old()
        if len(self.handed_out) >= CACHE_SLOTS:
            return None
        challenge = secrets.token_hex(8).upper()
        self.handed_out[challenge] = time.time() + seconds
        return challenge

    def take(self, challenge, mode):
        """True, and the challenge is used up, if it is valid."""
        self._drop_old()
        if challenge is None:
            return bool(mode.no_challenge)
        if challenge in self.handed_out:
            del self.handed_out[challenge]
            self.used.add(challenge)
            return True
        if mode.static_challenge and challenge == first_line(mode.static_challenge):
            return True
        if mode.challenges and challenge not in self.used:
            with open(mode.challenges, encoding="utf-8") as file:
                if challenge in (line.rstrip("\r\n") for line in file if line.strip()):
                    self.used.add(challenge)
                    return True
        return bool(mode.no_challenge)


def is_admin(header, mode):
    """Whether an Authorization header holds the user and password of the options; without
    --admin-user the page is open to all."""
    if not mode.admin_user:
        return True
    if not header or not mode.admin_password_file:
        return False
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(value.strip(), validate=True)
    except ValueError:
        return False
    wanted = "%s:%s" % (mode.admin_user, first_line(mode.admin_password_file))
    return hmac.compare_digest(given, wanted.encode("utf-8"))


def admin_page(book, thumbprint, mode):
    """(bytes of the page, one word for the log). UTF-16LE without a mark, though it says UTF-8."""
    if mode.admin_denied:
        decision = "denied"
        text = "<P> You do not have sufficient permission to enroll with SCEP.  Please contact " \
               "your system administrator. </P>"
    else:
        challenge = None if mode.admin_full else book.hand_out(mode.challenge_seconds)
        decision = "handed-out" if challenge else "cache-full"
        if challenge:
            groups = " ".join(thumbprint[at:at + 8] for at in range(0, len(thumbprint), 8))
            text = ("<P> The thumbprint (hash value) for the CA certificate is: <B> %s </B> "
                    "<P> The enrollment challenge password is: <B> %s </B> "
                    "<P> This password can be used only once and will expire within %d minutes. "
                    "<P> Each enrollment requires a new challenge password. You can refresh this "
                    "web page to obtain a new challenge password. </P>"
                    % (groups, challenge, mode.challenge_seconds // 60))
        else:
            text = ("<P> The password cache is full. <P> Please use a password that was handed "
                    "out already, or wait until one has expired (usually 60 minutes). </P>")
    return (HEAD + text + TAIL).encode(mode.admin_encoding), decision
