# SPDX-License-Identifier: MIT
"""A device under test: its own folder, software TPM, configuration and the signet program."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAB = os.path.join(TESTS, "lab")
BUILD_S = 600  # half a minute on a free machine
SIGNET = os.environ.get("SIGNET", os.path.join(os.path.dirname(TESTS), "build", "dev", "signet"))

# What uses the certificate "dev", for configure(more=...) with the folder etc, in which no daemon listens.
WIFI_AND_VPN = """[wifi corp]
interface = wlan0
ssid = CONTOSO
certificate = dev
trust = root
server_name = radius.corp.contoso.com
identity = host/{{DeviceName}}.corp.contoso.com
anonymous_identity = anonymous@contoso.com
config = %(etc)s/wpa_supplicant-wlan0.conf
control = %(etc)s/wpa_supplicant
[vpn hq]
tunnel = device
gateway = vpn.corp.contoso.com
certificate = dev
trust = root
local_id = {{DeviceName}}.corp.contoso.com
remote_network = 10.0.0.0/8
directory = %(etc)s/swanctl
control = %(etc)s/charon.vici
"""
# The same where an image has it.
WIFI_AND_VPN_OF_AN_IMAGE = """[wifi corp]
interface = wlan0
ssid = CONTOSO
certificate = dev
trust = root
server_name = radius.corp.contoso.com
identity = host/{{DeviceName}}.corp.contoso.com
config = /etc/wpa_supplicant/wpa_supplicant-wlan0.conf
[vpn hq]
tunnel = device
gateway = vpn.corp.contoso.com
certificate = dev
trust = root
local_id = {{DeviceName}}.corp.contoso.com
"""


def run(*argv, check=True, **more):
    """Run a program; its output as text. A failure shows what it said."""
    done = subprocess.run(argv, stdin=more.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=more.pop("timeout", 120), **more)
    if check and done.returncode != 0:
        raise AssertionError("%s: exit %d\n%s%s" % (" ".join(argv), done.returncode, done.stdout, done.stderr))
    return done


def read(path):
    with open(path) as f:
        return f.read()


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def unsanitized(signet, folder):
    """signet, if it was built without sanitizers; else such a build of the same sources: SIGNET_PLAIN, or one below folder."""
    if b"__asan_init" not in read_bytes(signet):
        return signet
    if "SIGNET_PLAIN" in os.environ:
        return os.environ["SIGNET_PLAIN"]
    build = os.path.join(folder, "build")
    run("cmake", "-S", os.path.dirname(TESTS), "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DSIGNET_TESTS=OFF")
    run("ninja", "-C", build, "signet", timeout=BUILD_S)
    return os.path.join(build, "signet")


class Tpm:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.tcti = run(os.path.join(LAB, "swtpm.sh"), "start", folder).stdout.strip().splitlines()[-1]

    def stop(self):
        run(os.path.join(LAB, "swtpm.sh"), "stop", self.folder, check=False)


class Ca:
    """The NDES-like test CA."""

    def __init__(self, folder, *options, env=None):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.challenges = os.path.join(folder, "challenges")
        with open(self.challenges, "a"):
            pass
        out = run(os.path.join(LAB, "test_ca.sh"), "start", folder, "--challenges", self.challenges, *options,
                  env=env).stdout
        self.base = out.strip().splitlines()[-1]
        self.url = self.base + "/certsrv/mscep/mscep.dll"
        self.root = os.path.join(folder, "root.cer")
        self.issuing = os.path.join(folder, "issuing.cer")

    def add_challenge(self, text):
        with open(self.challenges, "a") as f:
            f.write(text + "\n")

    def mode(self, **keys):
        path = os.path.join(self.folder, "mode.json")
        with open(path + ".new", "w") as f:
            json.dump(keys, f)
        os.rename(path + ".new", path)
        self.wait_until_in_effect(os.stat(path).st_mtime_ns)
        # a successor's keys are made when it is first asked for: now, not while a device waits
        for key, operation in (("rolled", "GetCACert"), ("announce", "GetNextCACert")):
            if key in keys:
                try:
                    urllib.request.urlopen(self.url + "?operation=" + operation, timeout=300).close()
                except urllib.error.HTTPError:
                    pass  # a fault that the test asked for

    def wait_until_in_effect(self, stamp):
        """The server has seen the mode.json of that change time: its listener is there, or gone, as told."""
        path = os.path.join(self.folder, "in-effect")
        until = time.monotonic() + 30
        while not os.path.exists(path) or read(path).strip() != str(stamp):
            if time.monotonic() > until:
                raise AssertionError("the test CA in %s does not take its mode.json" % self.folder)
            time.sleep(0.01)

    def log(self):
        try:
            with open(os.path.join(self.folder, "log.jsonl")) as f:
                return [json.loads(line) for line in f if line.strip()]
        except FileNotFoundError:
            return []

    def operations(self, name="PKIOperation"):
        return [entry for entry in self.log() if entry.get("operation") == name]

    def stop(self):
        run(os.path.join(LAB, "test_ca.sh"), "stop", self.folder, check=False)


class Device:
    def __init__(self, folder, tcti):
        self.folder = folder
        self.tcti = tcti
        self.state = os.path.join(folder, "state")
        self.conf = os.path.join(folder, "signet.conf")
        self.challenge_file = os.path.join(folder, "challenge")
        self.env = dict(os.environ)
        os.makedirs(folder, exist_ok=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def configure(self, ca_url, root, issuing=None, scep="", more="", name="GW-7F31", clock="trusted",
                  untrusted_clock="nothing", subject="CN={{DeviceName}},O=Contoso", challenge=True):
        """untrusted_clock = set-floor is for who lives by a LabClock: it would be the machine's clock."""
        trust = "[trust root]\ncertificate = %s\n" % root
        uses = "trust = root\n"
        if issuing:
            trust += "[trust issuing]\ncertificate = %s\n" % issuing
            uses += "trust = issuing\n"
        text = ("[agent]\nstate_dir = %s\nrun_dir = %s\nclock = %s\nuntrusted_clock = %s\n"
                "[tpm]\ntcti = %s\n[device]\nname = %s\n%s"
                "[scep dev]\nurl = %s\n%ssubject = %s\n" %
                (self.state, self.path("run"), clock, untrusted_clock, self.tcti, name, trust, ca_url, uses, subject))
        if challenge:
            text += "challenge_file = %s\n" % self.challenge_file
        with open(self.conf, "w") as f:
            f.write(text + scep + more)

    def give_challenge(self, text):
        with open(self.challenge_file, "w") as f:
            f.write(text + "\n")

    def signet(self, *argv, expect=0, **more):
        done = run(SIGNET, "-c", self.conf, *argv, check=False, env=self.env, **more)
        if expect is not None and done.returncode != expect:
            raise AssertionError("signet %s: exit %d, not %s\n%s%s" %
                                 (" ".join(argv), done.returncode, expect, done.stdout, done.stderr))
        return done

    def popen(self, argv, **more):
        """A program of the device that goes on running."""
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, **more)

    def status(self, name="dev"):
        done = self.signet("--json", "status", expect=None)
        for profile in json.loads(done.stdout)["profiles"]:
            if profile["name"] == name:
                return profile
        raise AssertionError("no profile %s in %s" % (name, done.stdout))

    def current(self, *parts):
        return os.path.join(self.state, "scep", "dev", "current", *parts)

    def serial(self):
        return run("openssl", "x509", "-in", self.current("cert.pem"), "-noout", "-serial").stdout.strip()

    def verify_chain(self, root_der):
        root = self.path("root.pem")
        run("openssl", "x509", "-inform", "DER", "-in", root_der, "-out", root)
        return run("openssl", "verify", "-CAfile", root, "-untrusted", self.current("chain.pem"),
                   self.current("cert.pem"))

    def snapshot(self):
        """Every file below the device's folders with its content's identity and change time."""
        seen = {}
        for base in (self.state, self.path("run"), self.path("etc")):
            for where, _, names in os.walk(base):
                for name in names:
                    full = os.path.join(where, name)
                    info = os.lstat(full)
                    if name != "lock":
                        seen[full] = (info.st_ino, info.st_mtime_ns, info.st_ctime_ns, info.st_size)
        return seen


class Case(unittest.TestCase):
    """A test with its own folder; what it started is stopped, whatever happens."""
    maxDiff = None

    def setUp(self):
        # short: socket paths end at 108 bytes
        self.folder = tempfile.mkdtemp(prefix="sg.")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def tpm(self, name="tpm"):
        tpm = Tpm(os.path.join(self.folder, name))
        self.addCleanup(tpm.stop)
        return tpm

    def ca(self, *options, name="ca"):
        ca = Ca(os.path.join(self.folder, name), *options)
        self.addCleanup(ca.stop)
        return ca

    def device(self, tpm):
        return Device(os.path.join(self.folder, "dev"), tpm.tcti)

    def enrolled(self, *options, **configuration):
        """A device that has its first certificate from the NDES-like CA."""
        tpm = self.tpm()
        ca = self.ca(*options)
        device = self.device(tpm)
        device.configure(ca.url, ca.root, ca.issuing, **configuration)
        ca.add_challenge("FIRST-CHALLENGE")
        device.give_challenge("FIRST-CHALLENGE")
        device.signet("apply")
        return device, ca, tpm
