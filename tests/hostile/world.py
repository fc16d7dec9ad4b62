# SPDX-License-Identifier: MIT
"""One software TPM, one test CA and one device, set back to the same moment before each run.

The device has made the key for its next request already: a run costs no search for primes.
"""

import os
import shutil
import sys
import uuid

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "e2e"), os.path.join(TESTS, "lab")]

from device import SIGNET, Ca, Device, Tpm  # noqa: E402,F401

KINDS = ("enroll", "renew")
TIMEOUT_S = 5  # of the profile, for all that may not enroll: the least that a profile can have
ASKED = "san_dns = gw.corp.example\nextended_key_usage = clientAuth\n"  # names and usages that a lie can leave out
PATIENT_S = 60  # where the certificate must come: a busy machine is no fault of the server


class World:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.tpm = Tpm(os.path.join(folder, "tpm"))
        self.ca = Ca(os.path.join(folder, "ca"))
        self.device = Device(os.path.join(folder, "dev"), self.tpm.tcti)
        self.device.env.pop("http_proxy", None)

    def close(self):
        self.ca.stop()
        self.tpm.stop()

    def _saved(self, kind):
        return os.path.join(self.folder, kind)

    def prepare(self):
        """The two moments: nothing but a key, and a certificate in use with the key of its successor."""
        for word in ("root", "intermediate"):  # their keys are made when they are first asked for
            self.ca.mode(rolled=word)
        self.ca.mode(lie="cert-500")
        self._configure()
        self.device.give_challenge("NEVER-SENT")
        self.device.signet("apply", expect=11)
        self._save("enroll")
        self.ca.mode()
        self.ca.add_challenge("THE-FIRST")
        self.device.give_challenge("THE-FIRST")
        self.device.signet("apply")
        self.ca.mode(lie="cert-500")
        self.device.signet("renew", "dev", "--force", expect=11)
        self._save("renew")

    def _save(self, kind):
        shutil.copytree(self.device.state, self._saved(kind), symlinks=True)

    def _configure(self, more="", timeout=PATIENT_S):
        """timeout None: the profile names none."""
        page = self.ca.base + "/certsrv/mscep_admin/"
        limit = "" if timeout is None else "timeout = %d\n" % timeout
        self.device.configure(self.ca.url, self.ca.root, self.ca.issuing,
                              scep=limit + ASKED + more.replace("{page}", page),
                              challenge="challenge_url" not in more)

    def set_back(self, kind, lie, timeout):
        """-> the challenge that this run may spend."""
        for path in (self.device.state, self.device.path("run")):
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self._saved(kind), self.device.state, symlinks=True)
        self._configure(lie.profile, timeout)
        challenge = uuid.uuid4().hex
        if os.path.exists(self.device.challenge_file):
            os.unlink(self.device.challenge_file)
        if kind == "enroll":
            self.ca.add_challenge(challenge)
            self.device.give_challenge(challenge)
        return challenge

    def argv(self, kind):
        verb = ["renew", "dev", "--force"] if kind == "renew" else ["apply"]
        return [SIGNET, "-c", self.device.conf] + verb

    def files(self):
        """Every file and link of the state folder with its content."""
        found = {}
        for where, folders, names in os.walk(self.device.state):
            for name in folders + names:
                path = os.path.join(where, name)
                key = os.path.relpath(path, self.device.state)
                if os.path.islink(path):
                    found[key] = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[key] = file.read()
        return found
