# SPDX-License-Identifier: MIT
"""A TPM that is slow, silent or gone: a relay between real daemons and a swtpm, at commands' bounds."""

import collections
import os
import socket
import struct
import sys
import threading

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if LAB not in sys.path:
    sys.path.insert(0, LAB)

from tpm_count import message_name  # noqa: E402

PREFIX = "swtpm:path="
HEADER = 10  # tag (2), size (4), code (4): TPM 2.0 Part 1, 18
BACKLOG = 1  # as swtpm's own socket: one client is served, the next one waits


def _read_message(connection):
    """A command or an answer; None at the end of the connection."""
    data, wanted = b"", HEADER
    while len(data) < wanted:
        more = connection.recv(wanted - len(data))
        if not more:
            return None
        data += more
        if len(data) == HEADER:
            wanted = struct.unpack_from(">I", data, 2)[0]
    return data


class TpmRelay:
    """relay = TpmRelay(FOLDER, "/tmp/x/tpm.sock"); device.configure(..., tcti=relay.tcti); relay.stop()

    Settable at any time, for what comes then:
      delay        seconds before each command is handed on
      delays       {"Sign": 2.0}: instead of delay for these commands
      drop         True: commands get no answer and do not reach the TPM; or a set of names, {"Sign"}
      drop_answer  as drop, but the TPM has done it: only the answer is lost
      refuse       {"Sign": 0x922}: this response code instead, without the TPM (0x922 is TPM_RC_RETRY)
    vanish() takes the socket away and cuts all connections; come_back() undoes it.
    counts()     Counter of names (those of tpm_count.py); reset() starts anew. Also in the file FOLDER/counts.
    Like swtpm it serves one client at a time; it is connected to swtpm only while it has one. The control channel
    (PATH.ctrl, which the swtpm TCTI of tpm2-tools wants) is passed on unchanged.
    """

    def __init__(self, folder, target):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.target = target[len(PREFIX):] if target.startswith(PREFIX) else target
        self.path = os.path.join(folder, "tpm.sock")
        self.tcti = PREFIX + self.path
        self.delay, self.delays = 0.0, {}
        self.drop, self.drop_answer, self.refuse = False, False, {}
        self._lock = threading.Lock()
        self._counts, self._commands = collections.Counter(), []
        self._generation = 0  # a connection belongs to one; vanish() ends all of the generation
        self._open, self._threads = set(), []
        self._gone = threading.Event()
        self.come_back()

    # -- what a test asks --
    def counts(self):
        with self._lock:
            return collections.Counter(self._counts)

    def commands(self):
        """Names in the order of their arrival."""
        with self._lock:
            return list(self._commands)

    def reset(self):
        with self._lock:
            self._counts.clear()
            self._commands.clear()
            self._write_counts()

    @property
    def total(self):
        return sum(self.counts().values())

    # -- there and gone --
    def come_back(self):
        if not self._threads:
            self._gone = threading.Event()
            for path, serve in ((self.path, self._serve), (self.path + ".ctrl", self._serve_control)):
                listener = socket.socket(socket.AF_UNIX)
                if os.path.exists(path):
                    os.unlink(path)
                listener.bind(path)
                listener.listen(BACKLOG)
                self._start(self._accept, listener, serve, self._gone)

    def vanish(self):
        self._gone.set()
        for path in (self.path, self.path + ".ctrl"):
            if os.path.exists(path):
                os.unlink(path)
        with self._lock:
            connections = list(self._open)
        for one in connections:
            try:
                one.shutdown(socket.SHUT_RDWR)  # wakes whoever reads from it
            except OSError:
                pass
        for thread in self._threads:
            thread.join(5)
        self._threads = []

    def stop(self):
        self.vanish()

    # -- threads: one for each of the two sockets --
    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep(self, connection):
        with self._lock:
            self._open.add(connection)
        return connection

    def _close(self, connection):
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _accept(self, listener, serve, gone):
        self._keep(listener)
        try:
            while not gone.is_set():
                client = self._keep(listener.accept()[0])
                try:
                    serve(client, gone)
                except OSError:
                    pass  # it went away, or we did
                finally:
                    self._close(client)
        except OSError:
            pass  # vanish()
        finally:
            self._close(listener)

    def _connect(self, suffix=""):
        tpm = socket.socket(socket.AF_UNIX)
        try:
            tpm.connect(self.target + suffix)
        except OSError:
            tpm.close()
            raise
        return self._keep(tpm)

    def _serve(self, client, gone):
        tpm = self._connect()
        try:
            while not gone.is_set():
                command = _read_message(client)
                if command is None:
                    return
                answer = self._do(tpm, command, gone)
                if answer is not None:
                    client.sendall(answer)
        finally:
            self._close(tpm)

    def _do(self, tpm, command, gone):
        """The answer, or None for none."""
        name = message_name(command)
        self._note(name)
        gone.wait(self.delays.get(name, self.delay))
        if gone.is_set() or self._is_in(self.drop, name):
            return None
        if name in self.refuse:
            return struct.pack(">HII", 0x8001, HEADER, self.refuse[name])
        tpm.sendall(command)
        answer = _read_message(tpm)
        if answer is None:
            raise OSError("the TPM is gone")
        return None if self._is_in(self.drop_answer, name) else answer

    @staticmethod
    def _is_in(setting, name):
        return setting if isinstance(setting, bool) else name in setting

    def _note(self, name):
        with self._lock:
            self._counts[name] += 1
            self._commands.append(name)
            self._write_counts()

    def _write_counts(self):
        path = os.path.join(self.folder, "counts")
        with open(path + ".new", "w", encoding="ascii") as file:
            file.writelines("%s %d\n" % one for one in sorted(self._counts.items()))
        os.rename(path + ".new", path)

    def _serve_control(self, client, gone):
        """Requests of unknown length: whatever comes is passed on, in both directions."""
        tpm = self._connect(".ctrl")
        try:
            while not gone.is_set():
                request = client.recv(4096)
                if not request:
                    return
                tpm.sendall(request)
                client.sendall(tpm.recv(4096))
        finally:
            self._close(tpm)
