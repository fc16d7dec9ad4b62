# SPDX-License-Identifier: MIT
"""One lie against one world, and everything that must hold afterwards."""

import hashlib
import os
import re

import measure
from world import PATIENT_S, SIGNET, TIMEOUT_S

DEFAULT_TIMEOUT_S = 60  # of a profile that names none
SLACK_S = 5  # beyond the profile's timeout
SANITIZED_SLACK_S = 20  # start, TPM and wiping cost several times as much
PEAK_MAX_KIB = 16 << 10  # over both processes
# Below the state folder: what a run may write that installs nothing.
NOTES = re.compile(r"(history|scep/dev/(used|page_asked))$")
REQUEST = re.compile(r"scep/dev/\d{4}/(key\.der|meta\.ini|message\.der|signer\.der|request\.der|challenge\.mark)$")
DIGESTS = ("sha256", "sha384", "sha512")
CIPHERS = ("aes128", "aes256", "des3")
HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
SENTENCE_MAX = 1200  # characters of cause and next step together


class Row:
    """One line of the table."""

    def __init__(self, name, kind, lie):
        self.name, self.kind, self.lie = name, kind, lie
        self.code, self.seconds, self.peak_kib, self.sentence = None, 0.0, 0, ""
        self.faults = []

    def check(self, holds, fault):
        if not holds:
            self.faults.append(fault)


def _sentences(err):
    """(cause, next step): what a technician reads on the terminal."""
    lines = [re.sub(r"^<\d>", "", line) for line in err.split("\n")]
    causes = [line.partition(": ")[2] for line in lines if line.startswith("agent: dev: ")]
    steps = [line.strip()[len("next: "):] for line in lines if line.strip().startswith("next: ")]
    return causes[-1].replace("dev: ", "", 1) if causes else "", steps[-1] if steps else ""


def _check_words(row, outcome):
    cause, step = _sentences(outcome.err)
    row.sentence = "%s -> %s" % (cause, step)
    lie = row.lie
    if lie.group == "a":
        return
    row.check(cause and re.search(lie.cause, cause, re.I), "the cause does not match /%s/" % lie.cause)
    row.check(step and re.search(lie.advice, step, re.I), "the next step does not match /%s/" % lie.advice)
    row.check(len(row.sentence) <= SENTENCE_MAX, "%d characters of sentence" % len(row.sentence))
    row.check(not HARMFUL.search(outcome.out + outcome.err), "control characters reach the terminal")


def _check_unchanged(row, before, after):
    """What was in use is in use still, byte for byte; nothing new is complete."""
    for path, content in before.items():
        if not NOTES.match(path):
            row.check(after.get(path) == content or REQUEST.match(path) and not _is_in_use(path, before),
                      "%s was changed" % path)
    for path in after:
        if path not in before:
            row.check(NOTES.match(path) or REQUEST.match(path), "%s is new" % path)


def _is_in_use(path, files):
    current = files.get("scep/dev/current")
    return current is not None and path.startswith("scep/dev/%s/" % current)


def _check_challenge(row, world, begin, challenge):
    """It left the device at most once, and only to who may read it; nothing went out below the floor."""
    wanted = hashlib.sha256(challenge.encode("ascii")).hexdigest()
    requests = set()
    for entry in world.ca.operations()[begin:]:
        row.check(not entry.get("attacker_read_it"), "the attacker read the request")
        digest, cipher = entry.get("digest_algorithm"), entry.get("content_cipher")  # None: it could not be read
        row.check(digest is None or digest in DIGESTS, "a request is signed with %s" % digest)
        row.check(cipher is None or cipher in CIPHERS, "a request is encrypted with %s" % cipher)
        path = os.path.join(world.ca.folder, "messages", "%03d.req.der" % entry["n"])
        if entry.get("message_type") == "19" and entry.get("challenge_sha256", wanted) == wanted and os.path.exists(path):
            with open(path, "rb") as file:
                requests.add(file.read())
    if row.kind == "enroll":
        row.check(len(requests) <= 1, "the challenge went out in %d different requests" % len(requests))
    row.check(not os.path.exists(os.path.join(world.ca.folder, "attacker.log")), "attacker.log exists")


def _run(row, world, expect, limit_s):
    outcome = measure.run(world.argv(row.kind), world.device.env)
    row.check(outcome.code in expect, "exit %s, not %s" % (outcome.code, "|".join(str(one) for one in expect)))
    row.check(outcome.seconds <= limit_s, "%.1f s" % outcome.seconds)
    row.peak_kib = max(row.peak_kib, outcome.peak_kib)
    row.seconds = max(row.seconds, outcome.seconds)
    return outcome


def _timeout(lie, is_plain):
    """Of the profile. Where the server hangs it is what ends the run; with sanitizers it must not end another one."""
    return TIMEOUT_S if lie.is_slow or lie.group != "a" and is_plain else PATIENT_S


def run(world, name, lie, kind, is_plain, is_default_timeout=False):
    """is_plain: a build without sanitizers, which is held to memory and to the slack, and is asked twice."""
    row = Row(name, kind, lie)
    must_come = lie.group == "a"
    timeout = None if is_default_timeout else _timeout(lie, is_plain)
    limit_s = (timeout or DEFAULT_TIMEOUT_S) + (SLACK_S if is_plain else SANITIZED_SLACK_S)
    world.ca.mode(lie=name)
    challenge = world.set_back(kind, lie, timeout)
    before, begin = world.files(), len(world.ca.operations())
    outcome = _run(row, world, lie.expect, limit_s)
    row.code = outcome.code
    _check_words(row, outcome)
    row.check(not is_default_timeout or outcome.seconds >= DEFAULT_TIMEOUT_S - SLACK_S, "it did not wait")
    if must_come:
        if lie.then is not None:
            _run(row, world, (lie.then,), limit_s)
        after = world.files()
        row.check(after.get("scep/dev/current") not in (None, before.get("scep/dev/current")), "nothing was installed")
        if not row.faults:
            world.device.verify_chain(world.ca.root)
    else:
        _check_unchanged(row, before, world.files())
        if is_plain and not lie.is_slow:  # once more: neither the challenge nor the certificate may be lost by asking again
            again = measure.run(world.argv(kind), world.device.env)
            row.check(again.code != 0, "asked again, it installed something")
            _check_unchanged(row, before, world.files())
    _check_challenge(row, world, begin, challenge)
    if is_plain:
        row.check(row.peak_kib < PEAK_MAX_KIB, "%.1f MiB" % (row.peak_kib / 1024))
    return row


def has_sanitizers():
    return measure.has_sanitizers(SIGNET)
