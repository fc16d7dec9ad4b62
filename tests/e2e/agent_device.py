# SPDX-License-Identifier: MIT
"""A device whose agent runs, with the service manager's end of sd_notify(3)."""
import os
import select
import signal
import socket
import sys
import time

from device import SIGNET, Case, Device, read

PATIENCE_S = 40  # for what takes a second or two on an idle machine


def in_own_network():
    """Start this program again where no interface but its own loopback comes and goes: each wakes an agent. What it mounts
    is seen by nobody else."""
    if os.environ.get("SIGNET_OWN_NETWORK") != "1":
        os.environ["SIGNET_OWN_NETWORK"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable] +
                  sys.argv)


def until(question, what, seconds=PATIENCE_S):
    """The first true answer to the question, asked again and again."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("not within %d s: %s" % (seconds, what() if callable(what) else what))
        time.sleep(0.05)


def children(pid):
    return [int(child) for child in read("/proc/%d/task/%d/children" % (pid, pid)).split()]


def descendants(pid):
    """The processes below one, the nearest first."""
    below = children(pid)
    return below + [one for child in below for one in descendants(child)]


class Manager:
    """What systemd is told, datagram by datagram."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.told = []

    def listen(self, seconds=0.0):
        """Read what is there; True when something was, within that time."""
        count = len(self.told)
        while select.select([self.socket], [], [], seconds)[0]:
            self.told.append(self.socket.recv(65536).decode("utf-8"))
            seconds = 0.0
        return len(self.told) > count

    def values(self, name):
        """All that was assigned to the name, in order."""
        self.listen()
        return [line.partition("=")[2] for told in self.told for line in told.split("\n") if line.partition("=")[0] == name]

    def status(self):
        return (self.values("STATUS") or [""])[-1]

    def close(self):
        self.socket.close()
        os.unlink(self.path)


class Agent:
    """One start of `signet agent`; argv: another program, or one that runs it."""

    def __init__(self, device, manager, env=None, argv=(SIGNET,), **extra):
        self.device = device
        self.manager = manager
        self.log_path = device.path("agent.log")
        self.log_start = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        everything = dict(device.env, NOTIFY_SOCKET=manager.path, **(env or {}))
        with open(self.log_path, "a") as log:
            self.process = device.popen([*argv, "-c", device.conf, "agent"], env=everything, stdout=log, stderr=log, **extra)

    def log(self):
        return read(self.log_path)[self.log_start:]

    def status(self, words, seconds=PATIENCE_S):
        """Wait until STATUS has the words."""
        return until(lambda: words in self.manager.status() and self.manager.status(),
                     lambda: "STATUS with '%s'; it is '%s'\n%s" % (words, self.manager.status(), self.log()), seconds)

    def says(self, words, seconds=PATIENCE_S):
        """Wait until the log has the words."""
        return until(lambda: words in self.log(), lambda: "'%s' in the log:\n%s" % (words, self.log()), seconds)

    def children(self):
        return children(self.process.pid)

    def traced(self):
        """The process of signet below a tracer."""
        return [pid for pid in descendants(self.process.pid) if read("/proc/%d/comm" % pid).strip() == "signet"][0]

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, number=signal.SIGTERM, seconds=PATIENCE_S):
        """Ask it to end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=seconds)

    def clean_up(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class AgentCase(Case):
    def device(self, tpm=None, name="dev"):
        """A device; without a TPM where nothing answers."""
        tcti = tpm.tcti if tpm else "swtpm:path=" + os.path.join(self.folder, "no-tpm")
        return Device(os.path.join(self.folder, name), tcti)

    def start(self, device, env=None, **extra):
        manager = Manager(device.folder)
        self.addCleanup(manager.close)
        return self.start_again(device, manager, env, **extra)

    def start_again(self, device, manager, env=None, **extra):
        agent = Agent(device, manager, env, **extra)
        self.addCleanup(agent.clean_up)
        return agent

    def deaf_server(self):
        """A server that takes connections and never says a word: its socket, and its URL."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        self.addCleanup(listener.close)
        return listener, "http://127.0.0.1:%d/scep" % listener.getsockname()[1]
