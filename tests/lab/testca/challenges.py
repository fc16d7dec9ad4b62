# SPDX-License-Identifier: MIT
"""The challenge page mscep_admin, and the book of challenges that are valid."""

import base64
import hmac
import secrets
import time

from . import admin_page, ntlm

CACHE_SLOTS = 5  # NDES's PasswordMax


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

    def hand_out(self, seconds, digits):
        """A new challenge, None if all slots hold unused ones."""
        self._drop_old()
        if len(self.handed_out) >= CACHE_SLOTS:
            return None
        challenge = secrets.token_hex(digits // 2).upper()
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


def _is_basic(header, mode):
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(value.strip(), validate=True)
    except ValueError:
        return False
    wanted = "%s:%s" % (mode.admin_user, first_line(mode.admin_password_file))
    return hmac.compare_digest(given, wanted.encode("utf-8"))


class Guard:
    """The login of the page, for one connection."""

    def __init__(self, host_name):
        self.host_name, self.ntlm = host_name, None

    def _ask_ntlm(self, header, mode):
        if self.ntlm is None:
            domain, _, user = mode.admin_user.rpartition("\\")
            self.ntlm = ntlm.Login(domain or self.host_name, self.host_name, user, first_line(mode.admin_password_file),
                                   1 if mode.admin_login == "ntlm1" else 2)
        return self.ntlm.answer(header)

    def ask(self, header, mode):
        """Values of WWW-Authenticate, or None: come in. Without --admin-user the page is open to all."""
        if not mode.admin_user:
            return None
        offers = []
        if mode.admin_login in ("ntlm", "ntlm1", "both"):
            is_in, offer = self._ask_ntlm(header, mode)
            if is_in:
                return None
            offers.append(offer)
        if mode.admin_login in ("basic", "both"):
            if header and _is_basic(header, mode):
                return None
            offers.append('Basic realm="%s"' % self.host_name)
        return offers or ["Negotiate"]


def admin_answer(book, thumbprint, mode):
    """(bytes of the page, one word for the log). UTF-16LE without a mark, though it says UTF-8."""
    if mode.admin_page in admin_page.ODD:
        text, decision = admin_page.odd(mode.admin_page), "odd"
    elif mode.admin_denied:
        text, decision = admin_page.denied(mode.admin_page), "denied"
    elif mode.admin_single:
        text = admin_page.with_challenge(mode.admin_page, thumbprint, first_line(mode.static_challenge), None)
        decision = "handed-out"
    else:
        challenge = None if mode.admin_full else book.hand_out(mode.challenge_seconds, mode.challenge_digits)
        decision = "handed-out" if challenge else "cache-full"
        text = admin_page.with_challenge(mode.admin_page, thumbprint, challenge, mode.challenge_seconds // 60) \
            if challenge else admin_page.full(mode.admin_page)
    mark = "\ufeff" if mode.admin_mark else ""
    return (mark + text).encode(mode.admin_encoding), decision
