# SPDX-License-Identifier: MIT
"""A machine of its own as far as daemons see it: a network namespace and a mount namespace.

Daemons of Debian have fixed paths (/etc/swanctl, /run/charon.vici, modules below /usr/lib). In a Space those folders
are private: an overlay or an empty file system that is gone with the Space. So the programs run unchanged, several
labs side by side, and the machine's own /etc, /run and network are never written to.
"""

import os
import shutil
import subprocess

from .process import LabError, dies_with_us, end, environment, wait_for

NEEDS = "needs root and CLONE_NEWNET/NEWNS: "
MULTIARCH = "/usr/lib/" + os.uname().machine + "-linux-gnu"
PKCS11_FOLDER = MULTIARCH + "/pkcs11"
MODULE = PKCS11_FOLDER + "/libsignet-pkcs11.so"
# Copies of the machine's folders, as far as they are read; what is written stays in the Space.
COPIED = ("/etc", "/var/lib")
EMPTY = ("/run",)


class Space:
    """space = Space(FOLDER, "device"); space.run("ip", "addr"); space.stop()

    A process holds the namespaces and dies with the test. Paths are the machine's but for private ones;
    path("/run/x") is where the test finds a private one. FOLDER must not lie below a private path.
    """

    def __init__(self, folder, name="space", copied=COPIED, empty=EMPTY):
        self.name = name
        self.folder = folder
        self.env = {}  # of everything that is started here
        self.hosts = []
        self.private = []
        self.holder = None
        os.makedirs(folder, exist_ok=True)
        self._hold()
        try:
            self._mount_private(copied, empty)
            self.run("ip", "link", "set", "lo", "up")
        except BaseException:
            self.stop()
            raise

    def _hold(self):
        """Start the holder and wait until it is in namespaces of its own."""
        try:
            self.holder = subprocess.Popen(
                dies_with_us(["/usr/bin/unshare", "--net", "--mount", "--", "/usr/bin/sleep", "infinity"]),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        except OSError as reason:
            raise LabError(NEEDS + str(reason)) from None
        wait_for("namespaces for the space " + self.name, self._is_held)

    def _is_held(self):
        if self.holder.poll() is not None:
            raise LabError(NEEDS + self.holder.stderr.read().strip())
        try:
            with open("/proc/%d/comm" % self.holder.pid, encoding="ascii") as file:
                return file.read().strip() == "sleep"
        except OSError:
            return False

    @property
    def pid(self):
        if self.holder is None:
            raise LabError("the space %s is stopped" % self.name)
        return self.holder.pid

    # -- programs --
    def _enter(self, argv, cwd):
        return dies_with_us(["/usr/bin/nsenter", "--target", str(self.pid), "--net", "--mount",
                             "--wdns=" + (cwd or os.getcwd()), "--"] + [str(one) for one in argv])

    def popen(self, argv, env=None, cwd=None, **more):
        """A child in the space; its pid is the program's own: setpriv and nsenter are replaced by it."""
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self._enter(argv, cwd), env=environment({**self.env, **(env or {})}), **more)

    def run(self, *argv, check=True, env=None, cwd=None, timeout=60, **more):
        """Run a program to its end; output as text. LabError with what it said unless it exits with 0."""
        if "input" not in more:
            more.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(self._enter(argv, cwd), env=environment({**self.env, **(env or {})}),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout, **more)
        if check and done.returncode != 0:
            raise LabError("in %s: %s: exit %d\n%s%s" % (self.name, " ".join(str(a) for a in argv), done.returncode,
                                                        done.stdout, done.stderr))
        return done

    # -- files --
    def path(self, inside):
        """Where this process finds a path of the space."""
        return "/proc/%d/root%s" % (self.pid, inside)

    def _mount_private(self, copied, empty):
        # One file system in memory, mounted in the space only, holds what is written over COPIED.
        base = os.path.realpath(os.path.join(self.folder, "private"))
        for one in tuple(copied) + tuple(empty):
            if (base + "/").startswith(one + "/"):
                raise LabError("the folder %s lies below %s, which is private to the space" % (self.folder, one))
        os.makedirs(base, exist_ok=True)
        self._base = base
        self.run("mount", "-t", "tmpfs", "-o", "mode=755", "signet-lab", base)
        self.private.append(base)
        for target in copied:
            self.copied(target)
        for target in empty:
            self.empty(target)
        self.run("mount", "-t", "sysfs", "sysfs", "/sys")  # /sys/class/net of this network namespace

    def copied(self, target):
        """Let `target` be a copy of the machine's folder: reads go through, writes stay in the space."""
        name = os.path.join(self._base, target.strip("/").replace("/", "-"))
        self.run("mkdir", "-p", name + "/new", name + "/work")
        self.run("mount", "-t", "overlay", "-o", "lowerdir=%s,upperdir=%s/new,workdir=%s/work" % (target, name, name),
                 "overlay", target)
        self.private.append(target)

    def empty(self, target, mode="755"):
        """Let `target` be an empty folder in memory."""
        self._make_target(target, True)
        self.run("mount", "-t", "tmpfs", "-o", "mode=" + mode, "signet-lab", target)
        self.private.append(target)

    def bind(self, source, target):
        """Let `target` in the space be `source`, a file or folder of the test. A missing target is made, but never
        on the machine: it has to be below something private."""
        self._make_target(target, os.path.isdir(source))
        self.run("mount", "--bind", source, target)
        if os.path.isdir(source):
            self.private.append(target)

    def is_private(self, target):
        return any((target + "/").startswith(one + "/") for one in self.private)

    def _make_target(self, target, is_folder):
        if os.path.exists(self.path(target)):
            return
        if not self.is_private(target):
            raise LabError("%s is not there and not private to the space %s: it would be made on the machine" %
                           (target, self.name))
        if is_folder:
            os.makedirs(self.path(target))
        else:
            self.write(target, "")

    def write(self, target, data, mode=0o644):
        """Write a private file; its folders are made."""
        if not self.is_private(target):
            raise LabError("%s is not private to the space %s" % (target, self.name))
        os.makedirs(os.path.dirname(self.path(target)), exist_ok=True)
        with open(self.path(target), "wb", opener=lambda p, f: os.open(p, f, mode)) as file:
            file.write(data.encode() if isinstance(data, str) else data)

    def read(self, target):
        with open(self.path(target), "r", encoding="utf-8") as file:
            return file.read()

    def host(self, address, *names):
        """A line of /etc/hosts, which is also the space's only DNS."""
        self.hosts.append("%s %s\n" % (address, " ".join(names)))
        self.write("/etc/hosts", "127.0.0.1 localhost\n" + "".join(self.hosts))

    def install_module(self, module, state=None, tcti=None, target=MODULE):
        """Put our PKCS#11 module where wpa_supplicant takes modules from (below /usr/lib, CVE-2024-5290), and tell
        the daemons of the space where state folder and TPM are."""
        folder = os.path.dirname(target)
        if folder not in self.private:
            if not os.path.isdir(folder):
                self.copied(os.path.dirname(folder))
                os.makedirs(self.path(folder))
            else:
                self.copied(folder)
        shutil.copyfile(module, self.path(target))
        os.chmod(self.path(target), 0o644)
        if state:
            self.env["SIGNET_STATE"] = state
        if tcti:
            self.env["SIGNET_TCTI"] = tcti
        return target

    # -- network --
    def address(self, interface, *addresses):
        """Addresses like 10.77.0.1/24; "lo" is good for one that only has to answer."""
        for one in addresses:
            self.run("ip", "addr", "add", one, "dev", interface)

    def idle_interface(self, name):
        """An interface that is up and leads nowhere, for daemons that want one."""
        self.run("ip", "link", "add", name, "type", "bridge")
        self.run("ip", "link", "set", name, "up")
        return name

    def stop(self):
        """The namespaces end with their last process: stop the daemons first."""
        if self.holder is not None:
            end(self.holder)
            self.holder.stderr.close()
            self.holder = None


class Wire:
    """Wire(a, "lan0", b, "eth1", "10.0.1.1/24", "10.0.1.2/24"): an Ethernet cable between two spaces. It is made
    inside the first one: no interface ever shows up on the machine, so its name is free to be chosen."""

    def __init__(self, space_a, name_a, space_b, name_b, address_a=None, address_b=None):
        for name in (name_a, name_b):
            if len(name) > 15:
                raise LabError("the kernel takes 15 characters for an interface, not '%s'" % name)
        self.ends = ((space_a, name_a, address_a), (space_b, name_b, address_b))
        space_a.run("ip", "link", "add", name_a, "type", "veth", "peer", "name", name_b, "netns", space_b.pid)
        for space, name, address in self.ends:
            if address:
                space.address(name, address)
        self.up()

    def down(self):
        """As a cable that is pulled, seen from the first space: its end has no carrier but is up as before."""
        space, name, _ = self.ends[1]
        space.run("ip", "link", "set", name, "down")

    def up(self):
        for space, name, _ in self.ends:
            space.run("ip", "link", "set", name, "up")
        for space, name, _ in self.ends:  # the kernel takes up to a second
            wait_for("carrier of " + name, lambda s=space, n=name: self._state(s, n) == "up")

    @staticmethod
    def _state(space, name):
        return space.read("/sys/class/net/%s/operstate" % name).strip()

    def mac(self, end_number):
        space, name, _ = self.ends[end_number]
        return space.run("ip", "-o", "link", "show", name).stdout.split("link/ether ")[1].split()[0]
