# SPDX-License-Identifier: MIT
"""Another port of a server of this machine, which counts what goes through."""

import os
import socket
import sys
import threading

LAB = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lab")
if LAB not in sys.path:
    sys.path.insert(0, LAB)

from netlab.forward import Between  # noqa: E402


class Wire(Between):
    """wire = Wire(PORT); clients ask 127.0.0.1:wire.own_port; wire.requests, wire.up, wire.down (bytes); wire.stop()

    Bytes are those of TCP's payload. A request begins where a client speaks on a new connection, or after an answer.
    """

    def __init__(self, port):
        self._lock, self._speakers = threading.Lock(), {}
        self.requests = self.connections = self.up = self.down = 0
        super().__init__(socket.create_server(("127.0.0.1", 0)), port)
        self.own_port = self.listener.getsockname()[1]

    def passes(self, client, is_up, data):
        with self._lock:
            was_up = self._speakers.get(client)
            self._speakers[client] = is_up
            if was_up is None:
                self.connections += 1
            if is_up:
                self.requests += not was_up
                self.up += len(data)
            else:
                self.down += len(data)
