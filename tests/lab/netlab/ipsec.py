# SPDX-License-Identifier: MIT
"""strongSwan, unchanged, twice on one machine: the device's charon and the gateway's, and a ping through the tunnel."""

import collections
import json
import os
import re
import shutil
import socket

from asn1crypto import x509

from .certificates import short_serial
from .process import Daemon, LabError, end, wait_for
from .vici import Vici

TEMPLATES = "/usr/share/strongswan/templates/config"  # what Debian fills /etc/strongswan.d with
TUN = "/dev/net/tun"
SWANCTL = "bliss conf.d ecdsa pkcs12 pkcs8 private pubkey rsa x509 x509aa x509ac x509ca x509crl x509ocsp".split()
PROGRAMS = {"charon-systemd": "/usr/sbin/charon-systemd", "charon": "/usr/lib/ipsec/charon"}
PROPOSALS = "aes256gcm16-prfsha384-ecp384,aes256-sha256-ecp256"
ESP = "aes256gcm16-ecp384,aes256-sha256-ecp256"

# enc = 3 dumps what comes in and goes out, certificates as well; too much for the log that people read
SETTINGS = """charon {
	plugins {
		kernel-libipsec {
			load = yes
		}
	}
	filelog {
		lab {
			path = %(log)s
			append = yes
			flush_line = yes
			ike_name = yes
			time_format = %%T
			default = 1
			%(levels)s
		}
		wire {
			path = %(wire)s
			append = yes
			flush_line = yes
			ike_name = yes
			default = 1
			enc = 3
		}
	}
	%(more)s
}
"""
GATEWAY = """connections {
	gw {
		version = 2
		proposals = %(proposals)s
		pools = inner
		unique = replace
		send_cert = always
		local {
			auth = pubkey
			certs = gateway.pem
			id = "%(identity)s"
		}
		remote {
			auth = pubkey
			id = "%(client_id)s"
			cacerts = %(cacerts)s
			%(more_remote)s
		}
		children {
			gw {
				local_ts = %(network)s
				esp_proposals = %(esp)s
			}
		}
		%(more_connection)s
	}
}
pools {
	inner {
		addrs = %(pool)s
	}
}
"""

# "11[ENC] <gw|1> text": thread, group, connection and uniqueid of the IKE_SA
LINE = re.compile(r"(?P<where>\d+\[\w+\] (?:<(?:[^|>]*\|)?(?P<sa>\d+)>)?) ?(?P<text>.*)$")
DUMP = re.compile(r" *\d+: ((?:[0-9A-F]{2} )+)")
AUTHENTICATION = re.compile(r"authentication of '(.*)' with (\S+) successful")
STARTING = "worker threads"  # "spawning 16 ...": what charon and charon-systemd both say once a start
X509_SIGNATURE = 4  # RFC 7296 3.6

Peer = collections.namedtuple("Peer", "sa serial subject")
Authenticated = collections.namedtuple("Authenticated", "sa serial identity scheme")


class StrongSwan(Daemon):
    """charon of a device: StrongSwan(space, folder=...), then signet writes /etc/swanctl and /etc/strongswan.d inside
    the space, then start().

    Both folders are made anew from Debian's templates, whatever the machine has in its own /etc. One charon a space.
    program is "charon-systemd" (needs no systemd) or "charon".
    kernel-libipsec stands in for ESP of the kernel: it forces UDP encapsulation, and knows no acquire, so a trap does
    not start a connection (start_action=trap|start does).
    """

    name = "charon"

    def __init__(self, space, folder=None, program="charon-systemd", env=None, more="", log=""):
        super().__init__(space, folder or os.path.join(space.folder, "charon"), env)
        self.program = PROGRAMS[program]
        self.more = more  # further lines inside charon { }
        self.log_levels = log
        self.wire_path = os.path.join(self.folder, "wire.log")
        if not os.path.exists(TUN):
            raise LabError("needs %s: ESP is done by kernel-libipsec" % TUN)
        self._fill_etc()

    def _fill_etc(self):
        for target in ("/etc/strongswan.d", "/etc/swanctl", "/etc/ipsec.d"):
            self.space.empty(target)
        self.space.write("/etc/ipsec.secrets", "")  # plugin stroke reads it
        self.space.write("/etc/strongswan.conf", _file(TEMPLATES + "/strongswan.conf"))
        shutil.copytree(TEMPLATES + "/plugins", self.space.path("/etc/strongswan.d/charon"))
        for one in os.listdir(TEMPLATES + "/strongswan.d"):
            self.space.write("/etc/strongswan.d/" + one, _file(TEMPLATES + "/strongswan.d/" + one))
        self.space.write("/etc/swanctl/swanctl.conf", "include conf.d/*.conf\n")
        for one in SWANCTL:
            os.makedirs(self.space.path("/etc/swanctl/" + one), mode=0o755 if one.startswith("x509") else 0o750)
        self._write_settings()

    def _write_settings(self):
        self.space.write("/etc/strongswan.d/00-lab.conf", SETTINGS % {
            "log": self.log_path, "levels": self.log_levels, "wire": self.wire_path, "more": self.more})

    def argv(self):
        self._write_settings()
        return [self.program]

    @property
    def socket(self):
        return self.space.path("/run/charon.vici")

    def is_ready(self):
        probe = socket.socket(socket.AF_UNIX)
        try:
            probe.connect(self.socket)
            return True
        except OSError:
            return False
        finally:
            probe.close()

    def start(self, timeout=10.0, load=True):
        """load: as strongswan.service does after the start."""
        super().start(timeout)
        if load:
            self.load()
        return self

    def load(self):
        return self.swanctl("--load-all", "--noprompt")

    def swanctl(self, *args, check=True):
        return self.space.run("/usr/sbin/swanctl", *args, check=check, env=self.env)

    def vici(self, command, tree=None, event=None):
        with Vici(self.socket) as client:
            return client.ask(command, tree, event)

    def sas(self, connection=None):
        """IKE_SAs as VICI tells them: [{"name": .., "uniqueid": .., "state": .., "child-sas": {..}, ...}]"""
        found = []
        for message in self.vici("list-sas", {"ike": connection} if connection else {}, "list-sa")[1]:
            for name, one in message.items():
                found.append(dict(one, name=name))
        return found

    def established(self, connection=None):
        """Those that are up and have a child that is installed; oldest first."""
        up = [one for one in self.sas(connection) if one.get("state") == "ESTABLISHED" and
              any(child.get("state") == "INSTALLED" for child in one.get("child-sas", {}).values())]
        return sorted(up, key=lambda one: int(one["uniqueid"]))

    def wait_established(self, connection=None, other_than=None, timeout=15.0):
        """The newest IKE_SA that is up; with other_than, one that is not of this uniqueid."""
        def newest():
            up = [one for one in self.established(connection) if one["uniqueid"] != other_than]
            return up[-1] if up else None
        try:
            return wait_for("IKE_SA of %s with a child" % (connection or "any connection"), newest, timeout)
        except LabError as reason:
            raise LabError("%s\n%s" % (reason, self.tail())) from None

    def connections(self):
        """{name: connection} that are loaded."""
        found = {}
        for message in self.vici("list-conns", {}, "list-conn")[1]:
            found.update(message)
        return found

    def certificates(self):
        """DER of the certificates in charon's memory: loaded ones, and peers' that it keeps."""
        return [message["data"] if isinstance(message["data"], bytes) else message["data"].encode()
                for message in self.vici("list-certs", {"type": "X509"}, "list-cert")[1]]

    def _wire(self):
        """(sa, kind, value) of the log, in order: kind "cert" with DER, or "ok" with (identity, scheme)."""
        if not os.path.exists(self.wire_path):
            return
        wanted, place, data = 0, None, b""
        with open(self.wire_path, "r", encoding="utf-8", errors="replace") as file:
            for line in file:
                found = LINE.match(line)
                if not found:
                    continue
                where, text = found.group("where"), found.group("text")
                if STARTING in text:
                    yield None, "start", None
                elif text.startswith("parsing CERTIFICATE payload,"):
                    place, wanted, data = where, 0, b""
                elif where == place and text.startswith("parsing payload from =>"):
                    wanted = None
                elif where == place and wanted != 0 and DUMP.match(text):
                    data += bytes.fromhex(DUMP.match(text).group(1))
                    wanted = int.from_bytes(data[2:4], "big")
                    if len(data) >= wanted:  # RFC 7296 3.6: next, flags, length (2), encoding, certificate
                        place = None
                        if data[4] == X509_SIGNATURE:
                            yield found.group("sa"), "cert", data[5:wanted]
                elif AUTHENTICATION.match(text):
                    yield found.group("sa"), "ok", AUTHENTICATION.match(text).groups()

    def peers(self):
        """End entity certificates as they came in, in order, accepted or not. -> [Peer(sa, serial, subject)]"""
        found, last = [], None
        for sa, kind, value in self._wire():
            if kind == "cert" and (last != sa or not found):
                one = x509.Certificate.load(value)
                found.append(Peer(sa, short_serial(one.serial_number), one.subject.human_friendly))
            last = sa if kind == "cert" else None if kind == "start" else last
        return found

    def authenticated(self):
        """Peers that have proven their key, in order; sa is the uniqueid of the IKE_SA on this side.
        -> [Authenticated(sa, serial, identity, scheme)]"""
        found, serials = [], {}
        for sa, kind, value in self._wire():
            if kind == "start":
                serials = {}
            elif kind == "cert":
                serials.setdefault(sa, short_serial(x509.Certificate.load(value).serial_number))
            else:
                found.append(Authenticated(sa, serials.get(sa), *value))
        return found


def _file(path):
    with open(path, "r", encoding="utf-8") as file:
        return file.read()


def _names(kind, files):
    return ",".join("%s-%d.pem" % (kind, number) for number in range(len(files)))


class Gateway(StrongSwan):
    """A company's VPN gateway: Gateway(space, server, [root_pem, issuing_pem], identity="vpn.lab.example").start()

    server     what issue() returned for it
    clients    PEM files of CA certificates: clients have to chain to one of them
    identity   its own (IDi and certificate have to agree, so another one is a wrong gateway to the device)
    client_id  whom it lets in: "%any", or one identity
    crls       PEM files; what they revoke is refused
    only       PEM files of the only certificates that it lets in, whatever else the CA has issued; empty: all
    inner      its address behind the tunnel;  pool: the virtual addresses it gives away
    Settings are attributes: change them and restart(), or reload() without touching what is up. stop() says goodbye to
    its peers (DELETE); a gateway that vanishes is kill() or Wire.down().
    """

    def __init__(self, space, server, clients, identity, folder=None, client_id="%any", crls=(), inner="10.77.0.1/24",
                 network="10.77.0.0/24", pool="10.88.0.0/24", proposals=PROPOSALS, esp=ESP, more_connection="",
                 only=(), **other):
        self.server, self.clients, self.identity = server, list(clients), identity
        self.client_id, self.crls = client_id, list(crls)  # write() fills GATEWAY with these attributes
        self.network, self.pool, self.proposals, self.esp = network, pool, proposals, esp
        self.more_connection, self.only = more_connection, list(only)
        super().__init__(space, folder or os.path.join(space.folder, "gateway"), **other)
        space.address("lo", inner)

    def write(self):
        for folder in ("x509", "x509ca", "x509crl", "private"):
            for name in os.listdir(self.space.path("/etc/swanctl/" + folder)):
                os.unlink(self.space.path("/etc/swanctl/%s/%s" % (folder, name)))
        self.space.write("/etc/swanctl/x509/gateway.pem", _file(self.server.cert))
        self.space.write("/etc/swanctl/private/gateway.pem", _file(self.server.key), 0o600)
        # The issuing CA is in the server's chain.pem and has to be sent along.
        for number, path in enumerate(self.clients):
            self.space.write("/etc/swanctl/x509ca/client-%d.pem" % number, _file(path))
        parts = re.findall("-----BEGIN.*?-----END[^\n]*\n", _file(self.server.chain), re.S)
        for number, part in enumerate(parts[1:] + [_file(self.server.ca)]):
            self.space.write("/etc/swanctl/x509ca/server-%d.pem" % number, part)
        for number, path in enumerate(self.crls):
            self.space.write("/etc/swanctl/x509crl/%d.pem" % number, _file(path))
        for number, path in enumerate(self.only):
            self.space.write("/etc/swanctl/x509/only-%d.pem" % number, _file(path))
        values = dict(vars(self), cacerts=_names("client", self.clients),
                      more_remote="certs = " + _names("only", self.only) if self.only else "")
        self.space.write("/etc/swanctl/conf.d/gateway.conf", GATEWAY % values)

    def start(self, timeout=10.0, load=True):
        self.write()
        return super().start(timeout, load)

    def reload(self):
        """The settings anew; what is up stays up."""
        self.write()
        self.swanctl("--load-creds", "--clear", "--noprompt")
        self.swanctl("--load-pools")
        self.swanctl("--load-conns")


class Ping:
    """ping = Ping(space, "10.77.0.1", interval=0.02).start(); ...; ping.stop(); ping.lost()

    An echo every `interval` from inside the space until stop(), which waits a second for the last answers. Each one
    that could not be sent counts as sent and lost: no route is an interruption like any other.
    """

    def __init__(self, space, address, interval=0.02, folder=None):
        self.space, self.address, self.interval = space, address, interval
        self.result = os.path.join(folder or space.folder, "ping-%s-%d.json" % (address, id(self)))
        self.process = None

    def start(self):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pinger.py")
        self.process = self.space.popen(["/usr/bin/python3", program, self.address, str(self.interval), self.result])
        wait_for("ping", lambda: os.path.exists(self.result) or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise LabError("ping did not start")
        return self

    def _read(self):
        with open(self.result, encoding="ascii") as file:
            return json.load(file)

    @property
    def sent(self):
        return self._read()["sent"]

    @property
    def received(self):
        return self._read()["received"]

    def lost(self):
        """Numbers of those without an answer, each `interval` after the other; while it runs the newest ones too."""
        return self._read()["lost"]

    def wait_received(self, count=1, timeout=10.0):
        """count more answers from now on."""
        goal = self.received + count
        wait_for("%d answers of %s" % (count, self.address), lambda: self.received >= goal, timeout)

    def stop(self):
        end(self.process)
        self.process = None
        return self
