# SPDX-License-Identifier: MIT
"""A device in a network of its own: signet, wpa_supplicant and charon in one space, servers in others."""
import os
import subprocess
import sys
import threading
import time

import device
from device import SIGNET, Case, Device, read, run

sys.path.insert(0, device.LAB)

from netlab import (  # noqa: E402,F401
    Forward, FreeRadius, Gateway, Hostapd, LabError, LogsOnFailure, Ping, Space, StrongSwan, TpmRelay, Wire,
    WpaSupplicant, eapol_test, issue, revocation_list, serial_of, short_serial, wait_for)
from netlab.process import environment  # noqa: E402

MODULE = os.environ.get("SIGNET_PKCS11", os.path.join(os.path.dirname(SIGNET), "libsignet-pkcs11.so"))
RADIUS_NAME = "radius.corp.contoso.com"
GATEWAY_NAME = "vpn.corp.contoso.com"
WIRED_CONF = "/etc/wpa_supplicant/wpa_supplicant-wired-lan0.conf"
WIFI_CONF = "/etc/wpa_supplicant/wpa_supplicant-wlan0.conf"

# Keys as in the sample configuration.
WIRED = """[wired lan]
interface = lan0
certificate = dev
trust = root
server_name = %s
identity = host/{{DeviceName}}.corp.contoso.com
anonymous_identity = anonymous@contoso.com
config = %s
control = /run/wpa_supplicant
""" % (RADIUS_NAME, WIRED_CONF)
VPN = """[vpn hq]
tunnel = device
gateway = %s
gateway_id = %s
certificate = dev
trust = root
local_id = {{DeviceName}}.corp.contoso.com
remote_network = 10.77.0.0/24
virtual_ip = yes
ike = aes256gcm16-prfsha384-ecp384
esp = aes256gcm16-ecp384
start = always
""" % (GATEWAY_NAME, GATEWAY_NAME)


class Gap:
    """How long a link was down at most, sampled every 50 ms: a figure to print, no test decides by it.

    with Gap(client.is_authorized) as gap: ...; print(gap.longest)
    """

    def __init__(self, is_up):
        self.is_up, self.longest = is_up, 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def _sample(self):
        last_up = time.monotonic()
        while not self._end.wait(0.05):
            try:
                up = self.is_up()
            except (LabError, OSError):
                up = False
            now = time.monotonic()
            self.longest = max(self.longest, now - last_up)
            last_up = now if up else last_up

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


class NetDevice(Device):
    """Runs signet inside the space, so that its paths are the space's and its sockets those of the daemons there."""

    def __init__(self, space, folder, tcti):
        super().__init__(folder, tcti)
        self.space = space
        self.lab = {}  # environment of a LabClock, if it lives by one

    def signet(self, *argv, expect=0, **more):
        done = self.space.run(SIGNET, "-c", self.conf, *argv, check=False, timeout=more.pop("timeout", 240),
                              env={**self.lab, **more.pop("env", {})}, **more)
        if expect is not None and done.returncode != expect:
            raise AssertionError("signet %s: exit %d, not %s\n%s%s" %
                                 (" ".join(argv), done.returncode, expect, done.stdout, done.stderr))
        return done

    def popen(self, argv, **more):
        return self.space.popen(argv, **more)

    def kill_when(self, condition, *argv):
        """Start signet and end it by SIGKILL as soon as condition() is true: a power cut of this program."""
        process = self.space.popen([SIGNET, "-c", self.conf, *argv], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            wait_for("the moment to cut the power", lambda: condition() or process.poll() is not None, 60, 0.002)
            if process.poll() is not None:
                raise AssertionError("signet %s came to its end before it could be killed" % " ".join(argv))
        finally:
            process.kill()
            process.wait()

    def is_on_trial(self, profile="dev"):
        return set(self.links(profile)) == {"current", "previous"} and \
            self.links(profile)["current"] != self.links(profile)["previous"]

    def cert_serial(self, profile="dev", link="current"):
        return serial_of(os.path.join(self.state, "scep", profile, link, "cert.pem"))

    def links(self, profile="dev"):
        folder = os.path.join(self.state, "scep", profile)
        return {name: os.readlink(os.path.join(folder, name)) for name in ("current", "previous")
                if os.path.islink(os.path.join(folder, name))}

    def history(self):
        return read(os.path.join(self.state, "history"))


class NetCase(LogsOnFailure, Case):
    """A TPM behind a relay that counts, a CA, a device with its first certificate; servers are added by the tests."""

    def space(self, name):
        space = Space(os.path.join(self.folder, name), name)
        self.addCleanup(space.stop)
        return space

    def started(self, daemon):
        self.addCleanup(daemon.stop)
        self.show(daemon)
        return daemon.start()

    def net_device(self, more="", scep="", options=(), apply=True, **configuration):
        self.swtpm = self.tpm()
        self.relay = TpmRelay(os.path.join(self.folder, "relay"), self.swtpm.tcti)
        self.addCleanup(self.relay.stop)
        self.authority = self.ca(*options)
        self.home = self.space("d")
        forward = Forward(self.home, int(self.authority.base.rpartition(":")[2]))
        self.addCleanup(forward.stop)
        dev = NetDevice(self.home, os.path.join(self.folder, "dev"), self.relay.tcti)
        dev.configure(self.authority.url, self.authority.root, self.authority.issuing, more=more,
                      scep="san_dns = {{DeviceName}}.corp.contoso.com\n" + scep, **configuration)
        self.authority.add_challenge("FIRST-CHALLENGE")
        dev.give_challenge("FIRST-CHALLENGE")
        self.home.install_module(MODULE, dev.state, self.relay.tcti)
        self.root_pem = os.path.join(self.authority.folder, "root.pem")
        if apply:
            dev.signet("apply")
        return dev

    def server(self, name, dns, **options):
        return issue(self.authority.folder, os.path.join(self.folder, name), name, dns=[dns], **options)

    # -- wired 802.1X --
    def lan(self):
        """A switch port on the other end of lan0."""
        self.switch = self.space("s")
        self.wire = Wire(self.home, "lan0", self.switch, "eth1", "10.0.1.1/24", "10.0.1.2/24")
        return self.switch

    def port(self, **options):
        server = options.pop("server", None) or self.server("radius", RADIUS_NAME)
        ca = options.pop("ca", self.root_pem)
        return self.started(Hostapd(self.switch, "eth1", server, ca, **options))

    def supplicant(self, **options):
        return self.started(WpaSupplicant(self.home, "lan0", WIRED_CONF, **options))

    # -- IKEv2 --
    def wan(self):
        self.company = self.space("g")
        self.cable = Wire(self.home, "wan0", self.company, "eth0", "10.9.0.1/24", "10.9.0.2/24")
        self.home.host("10.9.0.2", GATEWAY_NAME)
        return self.company

    def gateway(self, **options):
        server = options.pop("server", None) or self.server("vpn", GATEWAY_NAME)
        clients = options.pop("clients", [self.root_pem])
        return self.started(Gateway(self.company, server, clients, options.pop("identity", GATEWAY_NAME), **options))


def openssl(*argv):
    return run("openssl", *argv).stdout
