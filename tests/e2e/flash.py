# SPDX-License-Identifier: MIT
"""What a program wrote to flash, from a trace of strace: bytes, syncs, other changes."""
import collections
import re

CALLS = ("open,openat,creat,close,dup,dup2,dup3,fcntl,socket,pipe,pipe2,write,pwrite64,writev,pwritev,sendfile,"
         "copy_file_range,ftruncate,truncate,fallocate,fsync,fdatasync,sync,syncfs,rename,renameat,renameat2,unlink,"
         "unlinkat,rmdir,mkdir,mkdirat,symlink,symlinkat,link,linkat,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,"
         "utimensat,mknod,mknodat")
WRITES = {"write", "pwrite64", "writev", "pwritev", "sendfile", "copy_file_range"}
SYNCS = {"fsync", "fdatasync", "sync", "syncfs"}
READS = {"open", "openat", "close", "dup", "dup2", "dup3", "fcntl", "socket", "pipe", "pipe2"}


class Flash:
    """Calls of one run that change what lies below some folders; figures by kind and file."""

    def __init__(self, trace, folders):
        self.written = collections.Counter()  # bytes
        self.syncs = collections.Counter()
        self.changes = collections.Counter()  # renames, unlinks and the like
        self.folders = folders
        for line in trace.splitlines():
            self._take(line)

    def _take(self, line):
        m = re.match(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)", line)
        if m is None:
            if "resumed" in line or "unfinished" in line:
                raise AssertionError("a call that strace tore apart: " + line)
            return
        call, arguments, result = m.group(1), m.group(2), int(m.group(3))
        if result < 0:
            return
        path = self._path(arguments)
        if call in ("sync", "syncfs"):
            self.syncs[call] += 1
        elif path is None:
            return
        elif call in WRITES:
            self.written[path] += result
        elif call in SYNCS:
            self.syncs[path] += 1
        elif call not in READS:
            self.changes[call + " " + path] += 1
        elif "O_CREAT" in arguments and "O_EXCL" in arguments or "O_TRUNC" in arguments:
            self.changes["create " + path] += 1

    def _path(self, arguments):
        """The file of a descriptor (strace -y), or a path of the arguments, when it lies below our folders."""
        for path in re.findall(r"<(/[^>]*)>", arguments) + re.findall(r'"(/[^"]*)"', arguments):
            for folder in self.folders:
                if path == folder or path.startswith(folder + "/"):
                    return path
        return None

    def total(self):
        return sum(self.written.values()), sum(self.syncs.values()), sum(self.changes.values())

    def figures(self, title):
        lines = ["%s: %d bytes written, %d fsyncs, %d other changes" % ((title,) + self.total())]
        for counter, unit in ((self.written, "bytes"), (self.syncs, "fsyncs"), (self.changes, "")):
            lines += ["    %6d %-6s %s" % (n, unit, path) for path, n in sorted(counter.items(), key=lambda x: -x[1])]
        return "\n".join(lines)


# Sanitizers must not look for leaks under a tracer.
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0"}


def tracer(trace, calls=CALLS):
    """What stands before a program, for its calls to be written to a file."""
    return ["strace", "-f", "-y", "-qq", "-s", "0", "-e", "signal=none", "-e", "trace=" + calls, "--seccomp-bpf", "-o", trace]


def joined(trace):
    """Calls that strace tore apart because another process ran in between, put together again."""
    open_calls, out = {}, []
    for line in trace.splitlines():
        pid, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            open_calls[pid] = rest[:-len("<unfinished ...>")]
            continue
        m = re.match(r"<\.\.\. \w+ resumed>(.*)", rest)
        if m and pid in open_calls:
            rest = open_calls.pop(pid) + m.group(1)
        out.append(pid + " " + rest)
    return "\n".join(out)
