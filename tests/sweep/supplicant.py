# SPDX-License-Identifier: MIT
"""A wpa_supplicant of words, fast enough for a thousand trials: it authenticates whenever it is told to.

It knows the network of signet's that its file holds when it starts and at each RECONFIGURE. `refuses`, when set, is asked
with the certificate's path as the file names it, and True makes EAP fail.
"""
import os
import re
import select
import socket
import threading

STARTED = ["Associated with 01:80:c2:00:00:03", "CTRL-EVENT-EAP-STARTED EAP authentication started"]
SUCCESS = "CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully"
FAILURE = "CTRL-EVENT-EAP-FAILURE EAP authentication failed"


class Supplicant:
    def __init__(self, control, interface, config, refuses=None):
        self.path, self.config, self.refuses = os.path.join(control, interface), config, refuses
        self.session, self.network, self.is_up = 0, None, False
        self.listener = None
        os.makedirs(control, exist_ok=True)
        if os.path.lexists(self.path):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.end_reader, self.end_writer = os.pipe()
        self._read_file()
        self._authenticate()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        os.write(self.end_writer, b"x")
        self.thread.join()
        self.socket.close()
        os.close(self.end_reader)
        os.close(self.end_writer)
        os.unlink(self.path)

    def _read_file(self):
        try:
            with open(self.config, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            text = ""
        found = re.search(r'client_cert="([^"]*)".*?id_str="(signet-[^"]*)"', text, re.DOTALL)
        self.network = (found.group(2), found.group(1)) if found else None

    def _authenticate(self):
        """The events of an authentication with the network in the file."""
        if self.network is None:
            self.is_up = False
            return []
        self.is_up = not (self.refuses and self.refuses(self.network[1]))
        self.session += 1
        return STARTED + [SUCCESS if self.is_up else FAILURE]

    def _answer(self, command):
        """(reply, events behind it)"""
        if command == "PING":
            return "PONG\n", []
        if command == "STATUS":
            if not self.is_up:
                return "wpa_state=SCANNING\n", []
            return ("id=0\nid_str=%s\nwpa_state=COMPLETED\nsuppPortStatus=Authorized\nEAP state=SUCCESS\n"
                    "selectedMethod=13 (EAP-TLS)\neap_session_id=0d%08x\n" % (self.network[0], self.session)), []
        if command.startswith("LIST_NETWORKS"):
            rows = "0\t\tany\t[CURRENT]\n" if self.network and "LAST_ID" not in command else ""
            return "network id / ssid / bssid / flags\n" + rows, []
        if command.startswith("GET_NETWORK 0 id_str") and self.network:
            return '"%s"' % self.network[0], []
        if command == "GET tls_library":
            return "OpenSSL build=OpenSSL 3.0.16 11 Feb 2025 run=OpenSSL 3.0.19 1 Jan 2026", []
        if command.startswith("GET"):
            return "FAIL\n", []
        if command == "RECONFIGURE":
            self._read_file()
            return "OK\n", self._authenticate()
        if command == "REASSOCIATE":
            return "OK\n", self._authenticate()
        if command.startswith("REMOVE_NETWORK"):
            self.network, self.is_up = None, False
        return "OK\n", []

    def _serve(self):
        while True:
            ready, _, _ = select.select([self.socket, self.end_reader], [], [])
            if self.end_reader in ready:
                return
            command, client = self.socket.recvfrom(8192)
            command = command.decode("utf-8", "replace")
            if command == "ATTACH":
                self.listener = client
            reply, events = self._answer(command)
            self._send(reply, client)
            for event in events:
                self._send("<3>" + event, self.listener)

    def _send(self, text, to):
        try:
            if to:
                self.socket.sendto(text.encode(), to)
        except OSError:
            pass  # it was killed
