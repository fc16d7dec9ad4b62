# SPDX-License-Identifier: MIT
"""Servers of EAP-TLS: hostapd on a wire (802.1X with its own EAP server) and FreeRADIUS with eapol_test."""

import collections
import os
import re

from . import control
from .certificates import short_serial
from .process import Daemon, LabError, wait_for

TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
SECRET = "lab-secret"

Seen = collections.namedtuple("Seen", "serial subject")


def _between(tls_min, tls_max):
    return [TLS_VERSIONS.index(tls_min) <= TLS_VERSIONS.index(one) <= TLS_VERSIONS.index(tls_max)
            for one in TLS_VERSIONS]


class Hostapd(Daemon):
    """A switch port with 802.1X: Hostapd(space, "eth1", server, ca, folder=...).start()

    server   what issue() returned for the server
    ca       PEM file of what the clients' certificates must chain to; with crl: a PEM file of CRLs for the same CAs
             (then each CA of the chain needs one)
    subject  only clients with this subject ("/O=Contoso/CN=GW-7F31", '*' as last character of a value is free)
    reauth_s EAP again after so many seconds; 0: only when the client asks
    more     further lines of hostapd.conf
    Settings are attributes: change them and restart().

    After an EAP failure hostapd drops the station and is deaf to it for 5 s, and wpa_supplicant's next EAPOL-Start
    comes 30 s later: whoever waits for a second try gives WpaSupplicant a retry_s, or restarts hostapd.
    """

    name = "hostapd"

    def __init__(self, space, interface, server, ca, folder=None, tls_min="1.2", tls_max="1.3", subject=None,
                 crl=None, reauth_s=0, more=""):
        super().__init__(space, folder or os.path.join(space.folder, "hostapd"))
        self.interface = interface
        self.server, self.ca, self.crl, self.subject = server, ca, crl, subject
        self.tls_min, self.tls_max = tls_min, tls_max
        self.reauth_s, self.more = reauth_s, more
        self.control = os.path.join(self.folder, "ctl")

    def _write(self):
        users = os.path.join(self.folder, "users")
        with open(users, "w", encoding="ascii") as file:
            file.write("* TLS\n")
        trusted = os.path.join(self.folder, "clients-ca.pem")
        with open(trusted, "w", encoding="ascii") as file:
            for one in [self.ca] + ([self.crl] if self.crl else []):
                with open(one, encoding="ascii") as source:
                    file.write(source.read())
        flags = ["[%sABLE-TLSv%s]" % ("EN" if wanted else "DIS", version)
                 for version, wanted in zip(TLS_VERSIONS, _between(self.tls_min, self.tls_max))]
        lines = ["interface=" + self.interface, "driver=wired", "use_pae_group_addr=1", "ieee8021x=1",
                 "eap_server=1", "eap_user_file=" + users, "ca_cert=" + trusted, "server_cert=" + self.server.chain,
                 "private_key=" + self.server.key, "tls_flags=" + "".join(flags),
                 "eap_reauth_period=%d" % self.reauth_s, "ctrl_interface=" + self.control,
                 "logger_syslog=0", "logger_stdout=-1", "logger_stdout_level=0"]
        if self.subject:
            lines.append("check_cert_subject=" + self.subject)
        if self.crl:
            lines.append("check_crl=2")
        with open(os.path.join(self.folder, "hostapd.conf"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n" + self.more)

    def argv(self):
        self._write()
        return ["/usr/sbin/hostapd", "-dd", "-t", os.path.join(self.folder, "hostapd.conf")]

    def is_ready(self):
        return "AP-ENABLED" in self.log(self._started_at)

    def ask(self, command):
        return control.ask(os.path.join(self.control, self.interface), self.folder, command)

    def stations(self):
        """{MAC: {"flags": "[AUTHORIZED]", ...}} of the ports that have seen a client."""
        found, answer = {}, self.ask("STA-FIRST")
        while answer.strip() and not answer.startswith("FAIL"):
            mac = answer.splitlines()[0].strip()
            if mac in found:
                break
            found[mac] = control.as_dict(answer)
            answer = self.ask("STA-NEXT " + mac)
        return found

    def is_authorized(self, mac=None):
        """Is the port open for this client, or for any?"""
        return any("[AUTHORIZED]" in one.get("flags", "") for address, one in self.stations().items()
                   if mac is None or address == mac)

    def wait_authorized(self, mac=None, timeout=15.0):
        try:
            wait_for("AUTHORIZED client of hostapd", lambda: self.is_authorized(mac), timeout, 0.1)
        except LabError as reason:
            raise LabError("%s\n%s" % (reason, self.tail())) from None

    def seen(self, since=0):
        """Clients' certificates as hostapd's TLS met them, in order; accepted or not. -> [Seen(serial, subject)]"""
        return [Seen(short_serial(serial), subject) for serial, subject in re.findall(
            r"authsrv: peer certificate: depth=0 serial_num=(\S+) subject=(.*)$", self.log(since), re.M)]

    def serials(self, since=0):
        """Of seen(): one a handshake."""
        return [one.serial for one in self.seen(since)]

    def successes(self, since=0):
        return len(re.findall(r"CTRL-EVENT-EAP-SUCCESS\b", self.log(since)))

    def failures(self, since=0):
        return len(re.findall(r"CTRL-EVENT-EAP-FAILURE\b", self.log(since)))

    def accepted(self, since=0):
        """Serials of the handshakes that ended in EAP-Success, in order."""
        last, found = None, []
        for line in self.log(since).splitlines():
            match = re.search(r"authsrv: peer certificate: depth=0 serial_num=(\S+)", line)
            if match:
                last = short_serial(match.group(1))
            elif "CTRL-EVENT-EAP-SUCCESS" in line and last:
                found.append(last)
        return found

    def tls_version(self, since=0):
        """Of the last handshake: "TLSv1.2", "TLSv1.3"."""
        found = re.findall(r"Using TLS version (\S+)", self.log(since))
        return found[-1] if found else None

    def reauthenticate(self, mac):
        """Ask a client that is authorized for its certificate again, as a RADIUS server's session timeout does."""
        answer = self.ask("EAPOL_REAUTH " + mac)
        if answer.strip() != "OK":
            raise LabError("hostapd does not reauthenticate %s: %s" % (mac, answer.strip()))


RADIUSD = """
prefix = /usr
name = radiusd
libdir = /usr/lib/freeradius
logdir = %(folder)s
run_dir = %(folder)s
db_dir = %(folder)s
pidfile = %(folder)s/radiusd.pid
max_request_time = 30
log {
	destination = stdout
	auth = yes
}
security {
	max_attributes = 200
	reject_delay = 0
}
client lab {
	ipaddr = 127.0.0.1
	secret = %(secret)s
	require_message_authenticator = yes
}
thread pool {
	start_servers = 1
	max_servers = 2
	min_spare_servers = 1
	max_spare_servers = 1
}
modules {
	eap {
		default_eap_type = tls
		tls-config tls-common {
			private_key_file = %(key)s
			certificate_file = %(chain)s
			ca_file = %(ca)s
			tls_min_version = "%(tls_min)s"
			tls_max_version = "%(tls_max)s"
			ecdh_curve = ""
			%(more)s
		}
		tls {
			tls = tls-common
			virtual_server = seen
		}
	}
	linelog seen_log {
		filename = %(folder)s/seen
		format = "serial=%%{TLS-Client-Cert-Serial} subject=%%{TLS-Client-Cert-Subject}"
	}
	linelog accepted_log {
		filename = %(folder)s/accepted
		format = "serial=%%{TLS-Client-Cert-Serial} name=%%{User-Name}"
	}
}
server lab {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = 1812
	}
	authorize {
		eap
	}
	authenticate {
		eap
	}
	post-auth {
		accepted_log
	}
}
# EAP-TLS asks here after it has verified a client's certificate.
server seen {
	authorize {
		seen_log
		update config {
			Auth-Type := Accept
		}
	}
}
"""


class FreeRadius(Daemon):
    """Debian's freeradius on 127.0.0.1:1812 of a space: EAP-TLS and nothing else, from a configuration of its own.

    accepted() are the serials it let in; its log (-X) tells the rest.
    """

    name = "freeradius"

    def __init__(self, space, server, ca, folder=None, tls_min="1.2", tls_max="1.3", more=""):
        super().__init__(space, folder or os.path.join(space.folder, "radius"))
        self.server, self.ca, self.tls_min, self.tls_max, self.more = server, ca, tls_min, tls_max, more

    def argv(self):
        with open(os.path.join(self.folder, "radiusd.conf"), "w", encoding="utf-8") as file:
            file.write(RADIUSD % {"folder": self.folder, "secret": SECRET, "key": self.server.key, "more": self.more,
                                  "chain": self.server.chain, "ca": self.ca, "tls_min": self.tls_min,
                                  "tls_max": self.tls_max})
        with open(os.path.join(self.folder, "dictionary"), "w", encoding="ascii") as file:
            file.write("$INCLUDE /usr/share/freeradius/dictionary\n")
        return ["/usr/sbin/freeradius", "-X", "-d", self.folder, "-n", "radiusd"]

    def is_ready(self):
        return "Ready to process requests" in self.log(self._started_at)

    def _lines(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [dict(part.split("=", 1) for part in line.rstrip("\n").split(" ", 1)) for line in file]

    def seen(self):
        """Certificates that chain to the CA, in order. -> [Seen(serial, subject)]"""
        return [Seen(short_serial(one["serial"]), one["subject"]) for one in self._lines("seen")]

    def accepted(self):
        return [short_serial(one["serial"]) for one in self._lines("accepted")]


Tested = collections.namedtuple("Tested", "is_success tls_version log")


def eapol_test(space, config, folder, timeout=20, network=0):
    """EAP of one network block of a wpa_supplicant file, against the RADIUS server in the same space.

    config is a path in the space. eapol_test reads the first block only and wants no ctrl_interface; so its file is
    made of the global PKCS#11 lines and of block number `network`, both as they stand.
    """
    text = space.read(config)
    blocks = re.findall(r"^network=\{\n.*?^\}\n", text, re.S | re.M)
    if len(blocks) <= network:
        raise LabError("no network block number %d in %s" % (network, config))
    lines = re.findall(r"^(?:pkcs11_|openssl_)\S*=.*\n", re.sub(r"^network=\{\n.*?^\}\n", "", text, flags=re.S | re.M),
                       re.M)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "eapol_test.conf")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write("".join(lines) + blocks[network])
    done = space.run("/usr/bin/eapol_test", "-c", path, "-a", "127.0.0.1", "-p", "1812", "-s", SECRET,
                     "-t", str(timeout), check=False, timeout=timeout + 10)
    with open(os.path.join(folder, "eapol_test.log"), "w", encoding="utf-8") as file:
        file.write(done.stdout + done.stderr)
    version = re.findall(r"Using TLS version (\S+)", done.stdout)
    success = done.returncode == 0 and done.stdout.rstrip().endswith("SUCCESS")
    return Tested(success, version[-1] if version else None, done.stdout + done.stderr)
