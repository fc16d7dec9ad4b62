# SPDX-License-Identifier: MIT
"""What the CA knows, on disk: it can be started again where it was, also at an earlier request (option --keep)."""

import base64
import json
import os
import threading

from asn1crypto import pem

from . import options, pki
from .request import CertificationRequest

SUCCEEDED = ("root", "issuing", "enc", "sign")  # of a successor, in the order of Hierarchy.succeeded()


def _text(data):
    return base64.b64encode(data).decode("ascii") if data is not None else None


def _bytes(text):
    return base64.b64decode(text) if text is not None else None


def write_whole(path, text):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.replace(path + ".new", path)


class _Request:
    """Of a request what a transaction takes."""

    def __init__(self, signer_der):
        self.signer_der = signer_der


class Kept:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "kept")
        os.makedirs(self.folder, exist_ok=True)
        numbers = [int(name[:-5]) for name in os.listdir(self.folder) if name[:-5].isdigit() and name.endswith(".json")]
        self.count = max(numbers, default=0)
        self.port = int(self._read("port") or 0)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _read(self, name):
        try:
            with open(self._path(name), encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def save_port(self, port):
        write_whole(self._path("port"), "%d\n" % port)

    # -- keys and certificates --
    def hierarchy(self, host, device):
        """The one of before, or a new one that is kept."""
        names = json.loads(self._read("hierarchy.json") or "null")
        if names is None:
            made = pki.Hierarchy(host, device)
            self._save_hierarchy(made)
            return made
        known = pki.Hierarchy.__new__(pki.Hierarchy)
        for name in names["identities"]:
            setattr(known, name, self._identity(name))
        known.named = {word: getattr(known, name) for word, name in names["named"].items()}
        known.host, known.rolled, known.lock = known.enc.subject_der, {}, threading.Lock()
        return known

    def _save_hierarchy(self, hierarchy):
        found = {name: one for name, one in vars(hierarchy).items() if isinstance(one, pki.Identity)}
        for name, one in found.items():
            self._save_identity(name, one)
        named = {word: next(name for name, one in found.items() if one is wanted)
                 for word, wanted in hierarchy.named.items()}
        write_whole(self._path("hierarchy.json"), json.dumps({"identities": sorted(found), "named": named}))

    def _identity(self, name):
        return pki.load_identity(self._path(name + ".pem"))

    def _save_identity(self, name, one):
        pki.write_key(self.folder, name + ".pem", one.key)
        with open(self._path(name + ".pem"), "ab") as file:
            file.write(pem.armor("CERTIFICATE", one.der))

    def _save_successors(self, hierarchy):
        for word, one in hierarchy.rolled.items():
            if not os.path.exists(self._path(word + ".sign.pem")):
                for name in SUCCEEDED:
                    self._save_identity("%s.%s" % (word, name), getattr(one, name))

    def load_successors(self, hierarchy):
        """Those that took over at an earlier start; once the hierarchy knows its folder."""
        for word in options.SUCCESSORS:
            if os.path.exists(self._path(word + ".sign.pem")):
                hierarchy.rolled[word] = hierarchy.succeeded(
                    word, *[self._identity("%s.%s" % (word, name)) for name in SUCCEEDED])

    # -- transactions, challenges, certificates issued --
    def save(self, number, authority):
        self._save_successors(authority.hierarchy)
        from_authority = {
            "handed_out": authority.book.handed_out,
            "used": sorted(authority.book.used),
            "issued": {_text(der): word for der, word in authority.issued.items()},
            "transactions": {name: {"csr": _text(one.clear), "signer": _text(one.signer_der), "old": _text(one.old),
                                    "answers": one.answers, "issued": _text(one.issued)}
                             for name, one in authority.transactions.items()},
        }
        write_whole(self._path("%03d.json" % number), json.dumps(from_authority))

    def load(self, authority):
        from .authority import Transaction
        if self.count == 0:
            return
        known = json.loads(self._read("%03d.json" % self.count))
        authority.book.handed_out = known["handed_out"]
        authority.book.used = set(known["used"])
        authority.issued = {_bytes(der): word for der, word in known["issued"].items()}
        for name, one in known["transactions"].items():
            clear = _bytes(one["csr"])
            kept = Transaction(_Request(_bytes(one["signer"])), CertificationRequest(clear), clear, _bytes(one["old"]))
            kept.answers, kept.issued = one["answers"], _bytes(one["issued"])
            authority.transactions[name] = kept
