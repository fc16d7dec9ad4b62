#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A technician at a serial console: a session of `signet` on a real pseudo-terminal of 80x24, as text. Usage, as root:

    SIGNET=build/release/signet tests/e2e/session.py            prints it
    SIGNET=build/release/signet tests/e2e/session.py --write    puts it into the README
    SIGNET=build/release/signet tests/e2e/session.py --check    is the one in the README still what happens?

A root of its own with a USB stick, the machine's /usr below it, a software TPM, and the test CA under the name of an NDES. Of
what differs from run to run (numbers, dates, serials) --check looks at the shape alone.
"""
import difflib
import errno
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import termios
import threading

from agent_device import in_own_network
from device import SIGNET, TESTS, Ca, Tpm, read, run

README = os.path.join(os.path.dirname(TESTS), "README.md")
BEGIN, END = "<!-- session -->\n", "<!-- end of the session -->\n"
LINES, COLUMNS = 24, 80
LIMIT_S = 120  # of one command, on a machine that does other things as well
HOST = "ndes.corp.contoso.com"
CONF = """[device]
name = GW-7F31
[agent]
clock = trusted
[tpm]
tcti = %s
[trust corp-root]
certificate = /etc/signet/root.cer
[trust corp-issuing]
certificate = /etc/signet/issuing.cer
[scep corp]
url = http://%s/certsrv/mscep/mscep.dll
trust = corp-root
trust = corp-issuing
subject = CN={{DeviceName}},O=Contoso
challenge_file = /etc/signet/challenge
renewal_spread_percent = 0
"""
# what he types
SESSION = ("signet", "signet enroll corp --challenge-file /media/old.txt", "signet test scep",
           "signet enroll corp --challenge-file /media/new.txt", "signet", "signet test tpm", "signet events -n 2",
           "signet inventory --append -o /media/site.csv", "signet bundle -o /media/bundle.tar")


def forward(port):
    """Port 80 of this network is the test CA's, whose own number is drawn."""
    listener = socket.create_server(("127.0.0.1", 80))

    def pump(source, sink):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve():
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def make_root(folder, ca, tpm_folder):
    """A small system: what of this one has to be there is mounted into it, seen by nobody else."""
    root = os.path.join(folder, "root")
    for name in ("usr", "dev", "proc", "etc/signet", "var/lib", "run", "tmp", "media", "tpm", "opt"):
        os.makedirs(os.path.join(root, name))
    for name in ("bin", "sbin", "lib", "lib64"):
        os.symlink("usr/" + name, os.path.join(root, name))
    for name in ("usr", "dev", "proc"):
        run("mount", "--rbind", "/" + name, os.path.join(root, name))
    run("mount", "--bind", tpm_folder, os.path.join(root, "tpm"))
    for name in ("passwd", "group", "ld.so.cache", "nsswitch.conf", "ssl"):
        source = os.path.join("/etc", name)
        (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, os.path.join(root, "etc", name))
    shutil.copy(SIGNET, os.path.join(root, "opt", "signet"))
    for name in ("root", "issuing"):
        shutil.copy(getattr(ca, name), os.path.join(root, "etc/signet", name + ".cer"))
    for path, text in (("etc/hosts", "127.0.0.1 localhost %s\n" % HOST), ("media/old.txt", "OLD-CHALLENGE\n"),
                       ("media/new.txt", "NEW-CHALLENGE\n"),
                       ("etc/signet/signet.conf", CONF % ("swtpm:path=/tpm/tpm.sock", HOST))):
        with open(os.path.join(root, path), "w") as f:
            f.write(text)
    return root


def on_terminal(root, command):
    """What a command shows on a terminal of 80x24, and its exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chroot(root)
        os.chdir("/")
        termios.tcsetwinsize(0, (LINES, COLUMNS))
        os.execve("/bin/sh", ["sh", "-c", command], {"PATH": "/opt:/bin", "TERM": "vt100", "NO_COLOR": "1"})
    shown = b""
    while select.select([terminal], [], [], LIMIT_S)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError as error:  # Linux: the other side is closed
            if error.errno != errno.EIO:
                raise
            break
        if not piece:
            break
        shown += piece
    else:
        raise AssertionError("%s: silent for %d s" % (command, LIMIT_S))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    text = shown.decode("ascii").replace("\r\n", "\n")
    lines = text.splitlines()
    if len(lines) > LINES or any(len(line) > COLUMNS for line in lines) or re.search(r"[^\n -~]", text):
        raise AssertionError("%s does not fit a terminal of %dx%d:\n%s" % (command, COLUMNS, LINES, text))
    return text, code


def record():
    with tempfile.TemporaryDirectory(prefix="sg.") as folder:
        ca = Ca(os.path.join(folder, "ca"))
        tpm = Tpm(os.path.join(folder, "tpm"))
        root = None
        try:
            ca.add_challenge("NEW-CHALLENGE")
            forward(int(read(os.path.join(folder, "ca", "port"))))
            root = make_root(folder, ca, os.path.join(folder, "tpm"))
            session = ""
            for command in SESSION:
                text, code = on_terminal(root, command)
                session += "# %s\n%s" % (command, text) + ("(exit %d)\n" % code if code else "")
            return session
        finally:
            tpm.stop()
            ca.stop()
            if root:
                for name in ("usr", "dev", "proc", "tpm"):
                    run("umount", "-l", os.path.join(root, name), check=False)


def shape(session):
    """Without what differs: numbers, dates, serials; and how far they move what stands behind them."""
    return [re.sub(r" +", " ", re.sub(r"\b[0-9a-fA-F]{16,}\b", "HEX", re.sub(r"\b\d[\d.:TZ-]*\b", "N", line))).strip()
            for line in session.splitlines()]


def main():
    in_own_network()
    run("mount", "--make-rprivate", "/")
    session = record()
    text = read(README)
    before, _, rest = text.partition(BEGIN)
    kept, _, after = rest.partition(END)
    if "--check" in sys.argv:
        there = "".join(line[4:] if line.startswith("    ") else line for line in kept.strip("\n").splitlines(True)) + "\n"
        difference = list(difflib.unified_diff(shape(there), shape(session), "README.md", "now", lineterm=""))
        print("\n".join(difference) or session)
        return 1 if difference else 0
    if "--write" not in sys.argv:
        print(session)
        return 0
    block = "".join("    " + line if line.strip() else line for line in session.splitlines(True))
    with open(README, "w") as f:
        f.write(before + BEGIN + "\n" + block + "\n" + END + after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
