# SPDX-License-Identifier: MIT
"""wpa_supplicant with a configuration file of somebody else's making."""

import os
import re

from . import control
from .process import Daemon, LabError, wait_for


class WpaSupplicant(Daemon):
    """WpaSupplicant(space, "lan0", "/etc/wpa_supplicant/wpa_supplicant-wired-lan0.conf", folder=...).start()

    config  a path in the space. Its ctrl_interface is used; a file without one gets a socket in `folder`.
    driver  "wired". There is no radio here: a file of a [wifi] profile is read by the same parser under "wired" on an
            interface that leads nowhere (space.idle_interface()); see networks() and complaints().
    retry_s  seconds until it asks again by itself. wpa_supplicant's own are 30 where nobody answers, three times, and
            60 after a failure.
    """

    name = "wpa_supplicant"

    def __init__(self, space, interface, config, folder=None, driver="wired", env=None, retry_s=None):
        super().__init__(space, folder or os.path.join(space.folder, "wpa"), env)
        self.retry_s = retry_s
        self.interface, self.config, self.driver = interface, config, driver

    def _control_folder(self):
        """As the file says: DIR, or "DIR=/x GROUP=y"."""
        found = re.findall(r"^ctrl_interface=(?:DIR=)?(\S+)", self.space.read(self.config), re.M)
        return found[-1] if found else None

    def argv(self):
        self.control = self._control_folder() or os.path.join(self.folder, "ctl")  # the file may change while it runs
        more = [] if self._control_folder() else ["-C", os.path.join(self.folder, "ctl")]
        return ["/usr/sbin/wpa_supplicant", "-dd", "-t", "-D", self.driver, "-i", self.interface,
                "-c", self.config] + more

    @property
    def socket(self):
        """Where this process finds the control socket."""
        return self.space.path(os.path.join(self.control, self.interface))

    def is_ready(self):
        return os.path.exists(self.socket) and self.ask("PING") == "PONG\n"

    def start(self, timeout=10.0):
        super().start(timeout)
        if self.retry_s:
            self.ok("SET EAPOL::startPeriod %d" % self.retry_s)
            self.ok("SET EAPOL::heldPeriod %d" % self.retry_s)
            self.ok("SET EAPOL::maxStart 1000")
        return self

    def ask(self, command, timeout=10.0):
        return control.ask(self.socket, self.folder, command, timeout)

    def ok(self, command):
        answer = self.ask(command)
        if answer.strip() != "OK":
            raise LabError("wpa_supplicant answers %s with %s" % (command, answer.strip()))

    def status(self):
        return control.as_dict(self.ask("STATUS"))

    def is_authorized(self):
        now = self.status()
        return now.get("suppPortStatus") == "Authorized" and now.get("EAP state") == "SUCCESS"

    def wait_authorized(self, timeout=15.0):
        try:
            wait_for("authorized wpa_supplicant", self.is_authorized, timeout, 0.1)
        except LabError as reason:
            raise LabError("%s\n%s" % (reason, self.tail())) from None

    def networks(self):
        """What its parser made of the file: [{"id": "0", "ssid": ..., "key_mgmt": ...}]; secrets are '*'."""
        found = []
        for line in self.ask("LIST_NETWORKS").splitlines()[1:]:
            number = line.split("\t")[0]
            one = {"id": number, "flags": line.split("\t")[-1]}
            for key in ("ssid", "key_mgmt", "proto", "pairwise", "eap", "identity", "anonymous_identity", "ca_cert",
                        "domain_suffix_match", "client_cert", "private_key", "phase1", "priority", "ieee80211w",
                        "id_str", "eapol_flags"):
                value = self.ask("GET_NETWORK %s %s" % (number, key))
                if not value.startswith("FAIL"):
                    one[key] = value
            found.append(one)
        return found

    def complaints(self):
        """Lines of its log that say the file is wrong."""
        return [line for line in self.log(self._started_at).splitlines()
                if re.search(r"\bLine \d+:.*(unknown|invalid|fail|error|too)", line, re.I)]

    def events(self, since=0):
        return re.findall(r"(CTRL-(?:EVENT|REQ)-.*)$", self.log(since), re.M)
