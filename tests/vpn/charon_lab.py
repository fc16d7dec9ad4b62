# SPDX-License-Identifier: MIT
"""Two unmodified strongSwan daemons on one machine, each with a network and files of its own, and a VICI client.

Needs root, /dev/net/tun and the packages of board/packages-test.txt. ESP is charon's own (kernel-libipsec), so the
kernel needs none. Every process that is started here is ended here, by its number.
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

CHARON = "/usr/sbin/charon-systemd"
PLUGINS = "/etc/strongswan.d/charon"


def wait_for(what, seconds, test):
    """`test()` true within `seconds`; a bound, never a measurement."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = test()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


# -- VICI, written from its description and not from ours: the second opinion of the tests


def pack(message):
    out = b""
    for key, value in message.items():
        name = bytes([len(key)]) + key.encode()
        if isinstance(value, dict):
            out += b"\x01" + name + pack(value) + b"\x02"
        elif isinstance(value, list):
            out += b"\x04" + name
            for item in value:
                raw = item if isinstance(item, bytes) else str(item).encode()
                out += b"\x05" + struct.pack(">H", len(raw)) + raw
            out += b"\x06"
        else:
            raw = value if isinstance(value, bytes) else str(value).encode()
            out += b"\x03" + name + struct.pack(">H", len(raw)) + raw
    return out


def unpack(data):
    stack, where, current = [{}], 0, None
    while where < len(data):
        kind, where = data[where], where + 1
        if kind in (1, 3, 4):
            length = data[where]
            name = data[where + 1:where + 1 + length].decode()
            where += 1 + length
        if kind in (3, 5):
            (length,) = struct.unpack_from(">H", data, where)
            value = data[where + 2:where + 2 + length]
            where += 2 + length
        if kind == 1:
            stack[-1][name] = {}
            stack.append(stack[-1][name])
        elif kind == 2:
            stack.pop()
        elif kind == 3:
            stack[-1][name] = value
        elif kind == 4:
            current = stack[-1].setdefault(name, [])
        elif kind == 5:
            current.append(value)
    return stack[0]


class Vici:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def close(self):
        self.socket.close()

    def send(self, kind, name, message=None):
        body = bytes([kind, len(name)]) + name.encode() + pack(message or {})
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def receive(self):
        def exactly(count):
            data = b""
            while len(data) < count:
                more = self.socket.recv(count - len(data))
                if not more:
                    raise EOFError
                data += more
            return data
        data = exactly(struct.unpack(">I", exactly(4))[0])
        if data[0] == 7:
            length = data[1]
            return 7, data[2:2 + length].decode(), unpack(data[2 + length:])
        return data[0], None, unpack(data[1:])

    def ask(self, name, message=None, event=None):
        """The answer, and the events called `event` that came before it."""
        events = []
        if event:
            self.send(3, event)
            assert self.receive()[0] == 5
        self.send(0, name, message)
        while True:
            kind, which, got = self.receive()
            if kind == 7:
                events.append((which, got))
                continue
            assert kind == 1, f"{name}: packet type {kind}"
            if event:
                self.send(4, event)
                while self.receive()[0] != 5:
                    pass
            return got, events


class Daemon:
    """charon in a network and mount namespace of its own, over the files below `folder`."""

    def __init__(self, folder, settings, hosts=""):
        self.folder, self.holder, self.charon = folder, None, None
        for name in ("etc/swanctl/x509", "etc/swanctl/x509ca", "etc/swanctl/x509crl", "etc/swanctl/private",
                     "etc/swanctl/conf.d", "run"):
            os.makedirs(f"{folder}/{name}")
        self.write("etc/swanctl/swanctl.conf", "include conf.d/*.conf\n")
        self.write("etc/hosts", "127.0.0.1 localhost\n" + hosts)
        self.write("etc/strongswan.conf", "charon {\n load_modular = yes\n plugins {\n"
                   f"  include {PLUGINS}/*.conf\n"
                   "  kernel-libipsec {\n   load = yes\n  }\n  bypass-lan {\n   load = no\n  }\n  resolve {\n"
                   "   load = no\n  }\n }\n}\ncharon-systemd {\n journal {\n  default = -1\n }\n filelog {\n"
                   f"  log {{\n   path = {folder}/log\n   flush_line = yes\n   default = 1\n   cfg = 2\n   ike = 2\n  }}\n }}\n}}\n"
                   + settings)
        script = "; ".join(f"mount --bind {folder}/{here} {there}" for here, there in (
            ("etc/swanctl", "/etc/swanctl"), ("etc/strongswan.conf", "/etc/strongswan.conf"),
            ("etc/hosts", "/etc/hosts"), ("run", "/run")))
        self.holder = subprocess.Popen(["unshare", "-m", "-n", "sh", "-ec",
                                        f"{script}; ip link set lo up; echo ready; exec sleep 100000"],
                                       stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n"

    def write(self, name, content):
        path = f"{self.folder}/{name}"
        with open(path, "wb" if isinstance(content, bytes) else "w") as out:
            out.write(content)

    def log(self):
        try:
            with open(f"{self.folder}/log") as text:
                return text.read()
        except FileNotFoundError:
            return ""

    def inside(self, argv, **more):
        return subprocess.run(["nsenter", "-t", str(self.holder.pid), "-m", "-n"] + argv, capture_output=True, text=True,
                              timeout=120, **more)

    def must(self, argv):
        done = self.inside(argv)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    @property
    def socket(self):
        return f"{self.folder}/run/charon.vici"

    def start(self):
        self.charon = subprocess.Popen(["nsenter", "-t", str(self.holder.pid), "-m", "-n", CHARON],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def answers():
            assert self.charon.poll() is None, "charon ended: " + self.log()
            try:
                Vici(self.socket).close()
                return True
            except OSError:
                return False
        wait_for("charon's VICI socket", 30, answers)

    def stop(self):
        if self.charon is not None:
            self.charon.terminate()
            try:
                self.charon.wait(20)
            except subprocess.TimeoutExpired:
                self.charon.kill()
                self.charon.wait()
            self.charon = None
        for name in ("charon.vici", "charon.pid"):
            if os.path.exists(f"{self.folder}/run/{name}"):
                os.unlink(f"{self.folder}/run/{name}")

    def pause(self, stopped):
        self.charon.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)

    def end(self):
        self.stop()
        if self.holder is not None:
            self.holder.kill()
            self.holder.wait()
            self.holder.stdout.close()
            self.holder = None

    def ask(self, name, message=None, event=None):
        vici = Vici(self.socket)
        try:
            return vici.ask(name, message, event)
        finally:
            vici.close()

    def sas(self, name):
        """The IKE_SAs of a connection, newest last."""
        found = [sas[name] for _, sas in self.ask("list-sas", {}, "list-sa")[1] if name in sas]
        return sorted(found, key=lambda sa: int(sa["uniqueid"]))


def join(left, right, addresses, name):
    """A cable between two daemons."""
    a, b = f"{name}a", f"{name}b"
    subprocess.run(["ip", "link", "add", a, "netns", str(left.holder.pid), "type", "veth", "peer", "name", b, "netns",
                    str(right.holder.pid)], check=True)
    for daemon, link, address in ((left, a, addresses[0]), (right, b, addresses[1])):
        daemon.must(["ip", "address", "add", f"{address}/24", "dev", link])
        daemon.must(["ip", "link", "set", link, "up"])


# -- certificates


class Ca:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        os.makedirs(folder, exist_ok=True)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/O=Lab/CN={name}",
            "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    @property
    def pem(self):
        return f"{self.folder}/{self.name}.pem"

    def issue(self, name, san, key=None, subject=None, begin=None, end=None):
        """NAME.pem and NAME.key (or the one given) in the folder; `begin`, `end` as YYYYMMDDHHMMSSZ."""
        path = f"{self.folder}/{name}"
        if key is None:
            run("openssl", "genrsa", "-traditional", "-out", f"{path}.key", "2048")
        else:
            shutil.copy(key, f"{path}.key")
        run("openssl", "req", "-new", "-key", f"{path}.key", "-subj", subject or f"/O=Lab/CN={name}", "-out", f"{path}.csr")
        with open(f"{path}.cnf", "w") as out:
            out.write("[ca]\ndefault_ca=lab\n[lab]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\n"
                      "policy=any\nunique_subject=no\n[any]\nO=optional\nCN=optional\n[ext]\nsubjectAltName=%s\n"
                      % (self.folder, self.folder, san))
        open(f"{self.folder}/index", "a").close()
        run("openssl", "ca", "-batch", "-notext", "-config", f"{path}.cnf", "-cert", self.pem, "-keyfile",
            f"{self.folder}/{self.name}.key", "-in", f"{path}.csr", "-out", f"{path}.pem", "-extensions", "ext",
            *(["-startdate", begin] if begin else []), *(["-enddate", end] if end else ["-days", "30"]))
        return f"{path}.pem", f"{path}.key"


def run(*argv):
    done = subprocess.run(argv, capture_output=True, timeout=120)
    assert done.returncode == 0, (argv, done.stderr.decode(errors="replace"))
    return done.stdout


def der(pem):
    return run("openssl", "x509", "-in", pem, "-outform", "DER")


def key_der(pem):
    """PKCS#1."""
    return run("openssl", "rsa", "-in", pem, "-outform", "DER", "-traditional")


def key_id(pem):
    """As charon names keys: SHA-1 of the subjectPublicKey's bits."""
    import hashlib
    return hashlib.sha1(run("openssl", "rsa", "-in", pem, "-RSAPublicKey_out", "-outform", "DER")).hexdigest()


def serial(pem):
    return run("openssl", "x509", "-in", pem, "-noout", "-serial").decode().split("=")[1].strip().lower()
