# SPDX-License-Identifier: MIT
"""A device, its TPM, its server and its consumer in one folder, all of which can be put back to an earlier moment.

The folder must have the same path each time, and the server the same port: both stand in what the device wrote. So each
process of the sweep has a mount and a network namespace of its own (sweep.py).
"""
import json
import os
import re
import shutil
import signal
import traceback
import uuid

from cryptography import x509

import disk
import test_ca
from device import Device, read, run
from supplicant import Supplicant
from testca.request import hex_serial
from tpm import Gate, Swtpm

VOLATILE = ("run",)  # of the device's folder: not there after a reboot
CA_START_SECONDS = 60
CONSUMER = """[wired lan]
interface = lan0
certificate = dev
trust = root
server_name = radius.corp.contoso.com
identity = host/{{DeviceName}}.corp.contoso.com
anonymous_identity = anonymous@contoso.com
config = %s
control = %s
"""


class Authority:
    """The test CA with --keep, in a process forked from this one: its modules are loaded already."""

    def __init__(self, folder):
        self.folder, self.pid = folder, 0
        self.challenges = os.path.join(folder, "challenges")
        self.root, self.issuing = os.path.join(folder, "root.cer"), os.path.join(folder, "issuing.cer")

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        with open(self.challenges, "a", encoding="ascii"):
            pass
        url = os.path.join(self.folder, "url")
        if os.path.exists(url):
            os.unlink(url)
        ready, started = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(ready)
            self._serve(lambda: os.write(started, b"x"))
        os.close(started)
        if os.read(ready, 1) != b"x":
            raise AssertionError("the CA does not start: see %s/stderr" % self.folder)
        os.close(ready)
        with open(url, encoding="ascii") as file:
            self.url = file.read().strip() + "/certsrv/mscep/mscep.dll"

    def _serve(self, ready):
        """In the child: never comes back."""
        try:
            with open(os.path.join(self.folder, "stderr"), "ab", buffering=0) as log:
                os.dup2(log.fileno(), 2)
            test_ca.serve(["--dir", self.folder, "--keep", "--challenges", self.challenges], ready)
        except BaseException:  # whatever it was: told in the log, and the parent sees a closed pipe
            traceback.print_exc()
        os._exit(1)

    def stop(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def mode(self, **keys):
        path = os.path.join(self.folder, "mode.json")
        with open(path + ".new", "w", encoding="ascii") as file:
            json.dump(keys, file)
        os.rename(path + ".new", path)

    def current_mode(self):
        path = os.path.join(self.folder, "mode.json")
        return json.loads(read(path)) if os.path.exists(path) else {}

    def add_challenge(self, text):
        with open(self.challenges, "a", encoding="ascii") as file:
            file.write(text + "\n")

    def log(self):
        try:
            with open(os.path.join(self.folder, "log.jsonl"), encoding="utf-8") as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []

    def put(self, source, count):
        """The CA of `source` as it was after its first `count` requests."""
        shutil.rmtree(self.folder, True)
        shutil.copytree(source, self.folder)
        log = self.log()
        with open(os.path.join(self.folder, "log.jsonl"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in log if entry["n"] <= count)
        kept = os.path.join(self.folder, "kept")
        for name in os.listdir(kept):
            if name.endswith(".json") and name[:-5].isdigit() and int(name[:-5]) > count:
                os.unlink(os.path.join(kept, name))
        known = {entry["issued_serial"] for entry in log if "issued_serial" in entry and entry["n"] <= count}
        issued = os.path.join(self.folder, "issued")
        for name in os.listdir(issued):
            if name[:-4] not in known:
                os.unlink(os.path.join(issued, name))


def names_of(tree):
    """Files, links and generations of a device, these called by the link that names them, or "other": so that runs compare.
    The other folders are made when they are needed first, and stay."""
    profile = "state/scep/dev"
    links = {content: path for path, (kind, _, content) in tree.items()
             if kind == "link" and os.path.dirname(path) == profile}
    out = []
    for path, (kind, _, _) in tree.items():
        found = re.match(profile + r"/(\d{4})(/.*|$)", path)
        if found:
            path = links.get(found.group(1), profile + "/other") + found.group(2)
        if kind != "dir" or found:
            out.append(path)
    return sorted(out)


class World:
    def __init__(self, folder):
        self.folder = folder
        self.gate_folder = self.path("gate")
        self.swtpm = Swtpm(self.path("tpm", "state"), self.path("tpm", "sock"))
        self.authority = Authority(self.path("ca"))
        self.device = Device(self.path("dev"), "swtpm:path=" + os.path.join(self.gate_folder, "tpm.sock"))
        self.device.env["ASAN_OPTIONS"] = "detect_leaks=0:" + os.environ.get("ASAN_OPTIONS", "")  # not under strace
        self.wpa_conf, self.control = self.path("dev", "etc", "wpa.conf"), self.path("ctl")
        self.boot_id = self.path("boot_id")  # in the place of the kernel's, which is the same in every point
        self.supplicant, self.gate = None, None

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def configure(self):
        os.makedirs(os.path.dirname(self.wpa_conf))
        self.device.configure(self.authority.url, self.authority.root, self.authority.issuing,
                              more=CONSUMER % (self.wpa_conf, self.control))

    # -- the power --
    def boot(self):
        """What a start of the device makes new."""
        with open(self.boot_id, "w", encoding="ascii") as file:
            file.write("%s\n" % uuid.uuid4())
        for name in VOLATILE:
            shutil.rmtree(os.path.join(self.device.folder, name), True)

    def on(self, scenario):
        """All but the device's own programs run; its TPM is reached without the gate."""
        os.makedirs(self.gate_folder, exist_ok=True)
        for name in ("tpm.sock", "tpm.sock.ctrl"):
            path = os.path.join(self.gate_folder, name)
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink(self.swtpm.path + name[len("tpm.sock"):], path)
        self.authority.start()
        self.swtpm.start()
        self.supplicant = Supplicant(self.control, "lan0", self.wpa_conf, scenario.refuses(self))

    def off(self):
        if self.supplicant:
            self.supplicant.stop()
            self.supplicant = None
        self.swtpm.kill()
        self.authority.stop()

    def open_gate(self):
        for name in ("tpm.sock", "tpm.sock.ctrl"):
            os.unlink(os.path.join(self.gate_folder, name))
        self.gate = Gate(self.gate_folder, self.swtpm)
        return self.gate

    # -- the disk --
    def tree(self):
        return disk.read_tree(self.device.folder, VOLATILE)

    def put_tree(self, tree):
        shutil.rmtree(self.device.folder, True)
        disk.write_tree(self.device.folder, tree)

    def signet(self, *argv):
        """(exit code, what it said)"""
        done = self.device.signet(*argv, expect=None)
        return done.returncode, done.stdout + done.stderr

    def verify_chain(self):
        return run("openssl", "verify", "-CAfile", os.path.join(self.authority.folder, "root.pem"), "-untrusted",
                   self.device.current("chain.pem"), self.device.current("cert.pem"), check=False)

    # -- what stands there --
    def generation(self, link):
        """The folder that current or previous names, None without one."""
        folder = os.path.join(self.device.state, "scep", "dev")
        path = os.path.join(folder, link)
        return os.path.join(folder, os.readlink(path)) if os.path.islink(path) else None

    def serial_of(self, link):
        """Hexadecimal, as the CA writes it; None without a certificate."""
        folder = self.generation(link)
        if not folder or not os.path.exists(os.path.join(folder, "cert.pem")):
            return None
        with open(os.path.join(folder, "cert.pem"), "rb") as file:
            return hex_serial(x509.load_pem_x509_certificate(file.read()).serial_number)

    def history(self):
        path = os.path.join(self.device.state, "history")
        return read(path) if os.path.exists(path) else ""
