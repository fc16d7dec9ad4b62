# SPDX-License-Identifier: MIT
"""A port of the machine's loopback, reachable by another way: in a space, for the test CA listens on 127.0.0.1 outside."""

import ctypes
import os
import socket
import threading

from .process import LabError

CLONE_NEWNET = 0x40000000  # sched.h
LIMIT = 65536


def listener_in(pid, port):
    """A socket belongs to the network namespace of the thread that makes it, and setns(2) moves one thread only."""
    made = []

    def make():
        namespace = os.open("/proc/%d/ns/net" % pid, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            made.append(socket.create_server(("127.0.0.1", port)))
        except OSError as reason:
            made.append(reason)
        finally:
            os.close(namespace)
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise LabError("port %d in the space: %s" % (port, made[0]))
    return made[0]


class Between:
    """What comes to a listener goes to 127.0.0.1:port of the machine, until stop()."""

    def __init__(self, listener, port):
        self.port = port
        self.listener = listener
        threading.Thread(target=self._accept, daemon=True).start()

    def passes(self, client, is_up, data):
        """For who wants to look: a piece on its way from the client (up) or to it."""

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # stop()
            try:
                server = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()  # nobody listens outside: the nearest to a refusal
                continue
            ends = [threading.Thread(target=self._copy, args=(client, *pair), daemon=True)
                    for pair in ((client, server), (server, client))]
            for one in ends:
                one.start()
            threading.Thread(target=_close, args=(ends, client, server), daemon=True).start()

    def _copy(self, client, source, target):
        try:
            while True:
                data = source.recv(LIMIT)
                if not data:
                    break
                self.passes(client, source is client, data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for one in (source, target):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()


class Forward(Between):
    """Forward(space, port): 127.0.0.1:port in the space is 127.0.0.1:port of the machine, until stop()."""

    def __init__(self, space, port):
        super().__init__(listener_in(space.pid, port), port)


def _close(threads, *connections):
    for one in threads:
        one.join()
    for one in connections:
        one.close()
