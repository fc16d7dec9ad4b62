# SPDX-License-Identifier: MIT
"""The page mscep_admin, as NDES shows it, as it may look in other languages, and pages that are none of it.

The English sentences are Microsoft's; those of other languages are translations made here, for nobody may depend on them.
"""

HEAD = ("<HTML><Head><Meta HTTP-Equiv=\"Content-Type\" Content=\"text/html; charset=UTF-8\">"
        "<Title>Network Device Enrollment Service</Title></Head><Body BgColor=#FFFFFF>"
        "<Font ID=locPageTitle><H1>Network Device Enrollment Service</H1></Font>"
        "<P>%s </P>")
TAIL = "<P>%s </P></Body></HTML>"


class Words:
    def __init__(self, about, thumbprint, challenge, once, full, more):
        self.about, self.thumbprint, self.challenge = about, thumbprint, challenge
        self.once, self.full, self.more = once, full, more


ENGLISH = Words(
    "Network Device Enrollment Service allows you to obtain certificates for routers or other network devices using the "
    "Simple Certificate Enrollment Protocol (SCEP).",
    "The thumbprint (hash value) for the CA certificate is:", "The enrollment challenge password is:",
    "This password can be used only once and will expire within %d minutes. <P> Each enrollment requires a new challenge "
    "password. You can refresh this web page to obtain a new challenge password.",
    "The password cache is full. <P> Please use a password that was handed out already, or wait until one has expired "
    "(usually 60 minutes).", "For more information see the documentation of your server.")
GERMAN = Words(
    "Mit dem Registrierungsdienst f\u00fcr Netzwerkger\u00e4te k\u00f6nnen Sie mithilfe des Simple Certificate Enrollment Protocol "
    "(SCEP) Zertifikate f\u00fcr Router und andere Netzwerkger\u00e4te beziehen.",
    "Der Fingerabdruck (Hashwert) des Zertifizierungsstellenzertifikats lautet:", "Das Kennwort der Registrierung lautet:",
    "Dieses Kennwort kann nur einmal verwendet werden und l\u00e4uft in %d Minuten ab.",
    "Der Kennwortcache ist voll.", "Weitere Informationen finden Sie in der Hilfe.")
JAPANESE = Words(
    "\u30cd\u30c3\u30c8\u30ef\u30fc\u30af\u30c7\u30d0\u30a4\u30b9\u767b\u9332\u30b5\u30fc\u30d3\u30b9\u3067\u306f\u3001"
    "(SCEP)\u3092\u4f7f\u7528\u3057\u3066\u8a3c\u660e\u66f8\u3092\u53d6\u5f97\u3067\u304d\u307e\u3059\u3002" * 20,
    "CA\u8a3c\u660e\u66f8\u306e\u62c7\u5370:", "\u767b\u9332\u30c1\u30e3\u30ec\u30f3\u30b8\u30d1\u30b9\u30ef\u30fc\u30c9:",
    "\u3053\u306e\u30d1\u30b9\u30ef\u30fc\u30c9\u306f1\u56de\u3060\u3051\u4f7f\u7528\u3067\u304d\u3001%d\u5206\u3067"
    "\u671f\u9650\u5207\u308c\u306b\u306a\u308a\u307e\u3059\u3002",
    "\u30d1\u30b9\u30ef\u30fc\u30c9\u30ad\u30e3\u30c3\u30b7\u30e5\u304c\u3044\u3063\u3071\u3044\u3067\u3059\u3002",
    "\u8a73\u7d30\u60c5\u5831\u3002")
LANGUAGES = {"english": ENGLISH, "german": GERMAN, "japanese": JAPANESE}
# The page of UseSinglePassword
SINGLE = "This password can be used multiple times and will not expire."
DENIED = "<P> You do not have sufficient permission to enroll with SCEP.  Please contact your system administrator. </P>"
# What a portal, a proxy or a wrong address shows with status 200
LOGIN_FORM = ("<!DOCTYPE html><html><head><title>Guest network: please log in</title></head><body><form>"
              "<b>Welcome</b> <input name=user></form></body></html>")
HUGE = 100 * 1024  # characters
ODD = ("login-form", "empty", "two", "huge")


def _of_ndes(words, text):
    return HEAD % words.about + text + TAIL % words.more


def _groups(thumbprint):
    return " ".join(thumbprint[at:at + 8] for at in range(0, len(thumbprint), 8))


def odd(name):
    """A page of status 200 that shows no challenge, or no single one."""
    if name == "two":
        return _of_ndes(ENGLISH, "<B> 8CE317021F690069 </B> <B> 9CE317021F690069 </B>")
    if name == "huge":
        return _of_ndes(ENGLISH, "x" * HUGE)
    return LOGIN_FORM if name == "login-form" else ""


def denied(language):
    return _of_ndes(LANGUAGES[language], DENIED)


def full(language):
    words = LANGUAGES[language]
    return _of_ndes(words, "<P> %s </P>" % words.full)


def with_challenge(language, thumbprint, challenge, minutes):
    """minutes None: one password for all."""
    words = LANGUAGES[language]
    life = words.once % minutes if minutes is not None else SINGLE
    return _of_ndes(words, "<P> %s <B> %s </B> <P> %s <B> %s </B> <P> %s </P>"
                    % (words.thumbprint, _groups(thumbprint), words.challenge, challenge, life))
