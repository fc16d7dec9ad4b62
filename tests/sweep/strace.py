# SPDX-License-Identifier: MIT
"""A run of a program as an ordered list of events, from the log of strace.

An event is a system call that changes the watched folder, a command to the TPM (a send on its socket) or an exchange with
the server (the last send before an answer comes back on a TCP connection).
"""
import dataclasses
import os
import re
import struct
import subprocess

CALLS = ("open openat creat write pwrite64 writev lseek fsync fdatasync rename renameat renameat2 unlink unlinkat "
         "symlink symlinkat mkdir mkdirat rmdir chmod fchmod fchmodat chown fchown fchownat ftruncate truncate "
         "link linkat mknod mknodat fallocate copy_file_range sendfile connect sendto sendmsg recvfrom recvmsg read").split()
UNKNOWN = {"link", "linkat", "mknod", "mknodat", "fallocate", "copy_file_range", "sendfile"}  # the model has none of them
IGNORED = {"chown", "fchown", "fchownat"}  # all of a device's files are root's
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
DESCRIPTOR = re.compile(r"(-?\w+)<((?:->|[^<>])*)>")
LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$")
TPM_HEADER = 10  # tag, size, code: TPM 2.0 Part 1, 18
TRACE_TIMEOUT = 600  # seconds


class TraceError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Event:
    kind: str         # create write truncate fsync chmod mkdir symlink unlink rename tpm exchange
    arguments: tuple  # as the method of Disk takes them

    def __str__(self):
        words = [("%d bytes" % len(a)) if isinstance(a, bytes) else oct(a) if self.kind in ("chmod", "mkdir", "create")
                 and isinstance(a, int) else str(a) for a in self.arguments]
        return "%s %s" % (self.kind, " ".join(words))


def _unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


@dataclasses.dataclass
class Call:
    pid: str
    name: str
    text: str      # the arguments
    result: int
    strings: list  # bytes
    path: str      # of the first descriptor, "" for none
    fd: str
    opened: str    # path behind the result


def _calls(log):
    """Each successful call, when it ended."""
    open_calls = {}
    for line in log:
        found = LINE.match(line)
        if not found:
            continue  # signals, exits
        pid, name, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            open_calls[pid] = rest[:-len("<unfinished ...>")]
            continue
        if "<... " in line:
            rest = open_calls.pop(pid, "") + rest
        text, _, result = rest.rpartition(" = ")
        number = re.match(r"-?\d+", result)
        if number is None or int(number.group()) < 0:
            continue
        if any(dots for _, dots in STRING.findall(text)):
            raise TraceError("strace cut a string short: %s" % line[:200])
        strings = [_unhex(one) for one, _ in STRING.findall(text)]
        first = DESCRIPTOR.match(text)
        opened = DESCRIPTOR.match(result)
        yield Call(pid, name, text, int(number.group()), strings, _path(first), first.group(1) if first else "",
                   _path(opened))


def _path(found):
    """Of a descriptor: strace writes it in hex, a socket as words."""
    if not found:
        return ""
    text = found.group(2)
    return os.fsdecode(_unhex(text)) if text.startswith("\\x") else text


class Reader:
    """The events of a log, for one folder and one TPM's socket."""

    def __init__(self, folder, leave_out, tpm_path):
        self.folder, self.leave_out, self.tpm_path = folder + "/", leave_out, tpm_path
        self.events, self.offsets, self.sizes = [], {}, {}
        self.tpm_sockets, self.asking = set(), {}

    def _inside(self, path):
        """The path relative to the folder; None when it lies outside or in what is left out."""
        if not path.startswith(self.folder):
            if path + "/" == self.folder:
                return ""
            return None
        path = os.path.normpath(path[len(self.folder):])
        return None if path.split("/")[0] in self.leave_out else path

    def _add(self, kind, *arguments):
        self.events.append(Event(kind, arguments))

    def read(self, lines):
        for call in _calls(lines):
            if call.name in IGNORED:
                continue
            method = getattr(self, "_" + call.name, None)
            if call.name in UNKNOWN:
                if any(self._inside(os.fsdecode(one)) is not None for one in call.strings + [os.fsencode(call.path)]):
                    raise TraceError("the model of the disk does not know %s(%s)" % (call.name, call.text[:200]))
            elif method is None:
                raise TraceError("no rule for %s" % call.name)
            else:
                method(call)
        return self.events

    # -- files --
    def _openat(self, call):
        path = self._inside(call.opened)
        self.offsets[call.pid, str(call.result)] = 0
        if path is None:
            return
        is_new = "O_CREAT" in call.text and path not in self.sizes
        if is_new:
            mode = re.search(r", (0\d+)$", call.text.rstrip(") "))
            self.sizes[path] = 0
            self._add("create", path, int(mode.group(1), 8))
        elif "O_TRUNC" in call.text:
            self.sizes[path] = 0
            self._add("truncate", path, 0)
        if "O_APPEND" in call.text:
            self.offsets[call.pid, str(call.result)] = None  # the end, whatever it is
    _open = _creat = _openat

    def _write(self, call):
        if call.path.startswith(("TCP", "UNIX")):
            return self._sendto(call)
        path = self._inside(call.path)
        key = (call.pid, call.fd)
        if path is None:
            return None
        data = b"".join(call.strings)[:call.result]
        offset = self.offsets.get(key, 0)
        at = self.sizes[path] if offset is None else offset
        if offset is not None:
            self.offsets[key] = offset + len(data)
        self.sizes[path] = max(self.sizes[path], at + len(data))
        return self._add("write", path, at, data)
    _writev = _write

    def _pwrite64(self, call):
        path = self._inside(call.path)
        if path is not None:
            at = int(call.text.rstrip(") ").rsplit(", ", 1)[1])
            self.sizes[path] = max(self.sizes[path], at + call.result)
            self._add("write", path, at, call.strings[0][:call.result])

    def _lseek(self, call):
        if self.offsets.get((call.pid, call.fd)) is not None:
            self.offsets[call.pid, call.fd] = call.result

    def _ftruncate(self, call):
        path = self._inside(call.path)
        if path is not None:
            length = int(call.text.rstrip(") ").rsplit(", ", 1)[1])
            self.sizes[path] = length
            self._add("truncate", path, length)

    def _fsync(self, call):
        path = self._inside(call.path)
        if path is not None:
            self._add("fsync", path)
    _fdatasync = _fsync

    def _fchmod(self, call):
        path = self._inside(call.path)
        if path is not None:
            self._add("chmod", path, int(call.text.rstrip(") ").rsplit(", ", 1)[1], 8))

    # -- names --
    def _named(self, call):
        """The paths a call names; a relative one hangs from its descriptor."""
        paths = [os.path.join(call.path, os.fsdecode(one)) for one in call.strings]
        if not all(path.startswith("/") for path in paths):
            raise TraceError("a relative path: %s(%s)" % (call.name, call.text[:200]))
        return [self._inside(path) for path in paths]

    def _mkdir(self, call):
        path, = self._named(call)
        if path is not None:
            self._add("mkdir", path, int(call.text.rstrip(") ").rsplit(", ", 1)[1], 8))
    _mkdirat = _mkdir

    def _chmod(self, call):
        path, = self._named(call)
        if path is not None:
            self._add("chmod", path, int(re.search(r", (0\d+)", call.text).group(1), 8))
    _fchmodat = _chmod

    def _unlink(self, call):
        path, = self._named(call)
        if path is not None:
            self.sizes.pop(path, None)
            self._add("unlink", path)
    _unlinkat = _rmdir = _unlink

    def _symlink(self, call):
        target = os.fsdecode(call.strings[0])
        path = self._inside(os.fsdecode(call.strings[1]))
        if path is not None:
            self._add("symlink", path, target)

    def _rename(self, call):
        old, new = self._named(call)
        if (old is None) != (new is None):
            raise TraceError("a rename over the folder's border: %s" % call.text[:200])
        if old is not None:
            self.sizes[new] = self.sizes.pop(old, 0)
            self._add("rename", old, new)
    _renameat = _renameat2 = _rename

    # -- sockets --
    def _connect(self, call):
        if any(os.fsdecode(one) == self.tpm_path for one in call.strings):
            self.tpm_sockets.add(re.search(r"\[(\d+)", call.path).group(1))

    def _sendto(self, call):
        socket = re.match(r"UNIX-STREAM:\[(\d+)", call.path)
        data = b"".join(call.strings)[:call.result]
        if socket and socket.group(1) in self.tpm_sockets:
            if len(data) < TPM_HEADER or struct.unpack_from(">I", data, 2)[0] != len(data):
                raise TraceError("not one whole TPM command in one send: %s" % data[:16].hex())
            self._add("tpm", "0x%x" % struct.unpack_from(">I", data, 6)[0])
        elif call.path.startswith("TCP"):
            first = data.split(b"\r\n")[0].decode("latin-1")
            if call.path in self.asking:  # the message goes out in more than one send: it is done with the last
                first = self.events.pop(self.asking[call.path]).arguments[0]
                self.asking = {path: at - (at > self.asking[call.path]) for path, at in self.asking.items()}
            self.asking[call.path] = len(self.events)
            self._add("exchange", first)
    _sendmsg = _sendto

    def _recvfrom(self, call):
        if call.path.startswith("TCP") and call.result > 0:
            self.asking.pop(call.path, None)
    _recvmsg = _read = _recvfrom


def record(argv, log, env):
    """Run a program under strace; (its exit code, its output)."""
    done = subprocess.run(["strace", "-f", "-yy", "-xx", "-s", "10000000", "-o", log, "-e", "signal=none", "-e",
                           "trace=" + ",".join(CALLS), *argv], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TRACE_TIMEOUT)
    return done.returncode, done.stdout


def read(log, folder, leave_out, tpm_path, tree):
    reader = Reader(folder, leave_out, tpm_path)
    reader.sizes = {path: len(content) for path, (kind, _, content) in tree.items() if kind == "file"}
    with open(log, encoding="ascii", errors="replace") as lines:
        return reader.read(line.rstrip("\n") for line in lines)
