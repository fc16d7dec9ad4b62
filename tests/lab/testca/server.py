# SPDX-License-Identifier: MIT
"""HTTP as IIS with NDES shows it, on loopback only."""

import base64
import http.server
import json
import os
import socketserver
import sys
import threading
import time
import traceback
import urllib.parse

from . import challenges, lie_http, options, revocation
from .request import Undecodable

PATHS = ("/certsrv/mscep/mscep.dll", "/certsrv/mscep/mscep.dll/pkiclient.exe")
ADMIN_PATHS = ("/certsrv/mscep_admin", "/certsrv/mscep_admin/",
               "/certsrv/mscep_admin/mscep.dll")
MAX_BODY = 1 << 20  # bytes; an Intune request has about 8 KiB
SOCKET_TIMEOUT = 60  # seconds
MESSAGE_TYPE = "application/x-pki-message"


class Recorder:
    """DIR/log.jsonl and DIR/messages/NNN.{req,rep}.der."""

    def __init__(self, folder, count=0):
        """count: requests of an earlier start that goes on here; 0 begins anew."""
        self.folder = folder
        self.lock = threading.Lock()
        self.count = count
        messages = os.path.join(folder, "messages")
        os.makedirs(messages, exist_ok=True)
        if count:
            return
        for name in os.listdir(messages):  # of an earlier start in the same folder
            if name.endswith((".req.der", ".rep.der")):
                os.unlink(os.path.join(messages, name))
        for name in ("log.jsonl", "attacker.log"):
            if os.path.exists(os.path.join(folder, name)):
                os.unlink(os.path.join(folder, name))

    def number(self):
        with self.lock:
            self.count += 1
            return self.count

    def message(self, number, kind, data):
        path = os.path.join(self.folder, "messages", "%03d.%s.der" % (number, kind))
        with open(path, "wb") as file:
            file.write(data)

    def line(self, entry):
        with self.lock, open(os.path.join(self.folder, "log.jsonl"), "a",
                             encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


class Answer:
    def __init__(self, status, kind, body, headers=()):
        self.status = status
        self.kind = kind
        self.body = body
        self.headers = headers


def page(status, title, headers=()):
    body = "<html><head><title>%s</title></head><body><h1>%s</h1></body></html>" % (title, title)
    return Answer(status, "text/html", body.encode("utf-8"), headers)


class Handler(http.server.BaseHTTPRequestHandler):
    server_version = "Microsoft-IIS/10.0"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = SOCKET_TIMEOUT
    wbufsize = 1 << 16  # head and body in one segment: two would wait 40 ms for an ACK
    disable_nagle_algorithm = True
    guard = None  # of the challenge page; one handler is one connection
    connected = None  # time, until the first request of the connection has been logged

    def setup(self):
        super().setup()
        self.connected = round(time.time(), 3)
        time.sleep(self.server.current_latency() / 1000)

    def log_message(self, *_):
        pass  # log.jsonl has it

    def do_GET(self):
        self._serve(None)

    def do_POST(self):
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            self.close_connection = True
            self._send(page(411, "Length Required"))
            return
        if not 0 <= size <= MAX_BODY:
            self.close_connection = True
            self._send(page(413, "Request Entity Too Large"))
            return
        body = self.rfile.read(size)
        if len(body) != size:
            self.close_connection = True
            return
        self._serve(body)

    def _serve(self, body):
        server = self.server
        path, _, query = self.path.partition("?")
        entry = {"n": server.recorder.number(), "time": round(time.time(), 3),
                 "method": self.command, "path": path, "query_len": len(query)}
        if self.connected:
            entry["connected"], self.connected = self.connected, None
        mode = None
        try:
            mode = self._mode(entry)
            answer = self._answer(path, query, body, mode, entry)
        except Exception as reason:  # a fault of the lab itself: loud, and the server lives on
            traceback.print_exc()
            entry.update(decision="lab-error", text=str(reason))
            answer = page(500, "the test CA failed: %s" % reason)
        entry.update(http_status=answer.status, reply_len=len(answer.body))
        if answer.kind == MESSAGE_TYPE:
            server.recorder.message(entry["n"], "rep", answer.body)
        if mode is not None and mode.latency > 0:
            time.sleep(mode.latency / 1000)
        entry["answered"] = round(time.time(), 3)
        # The line is there before the answer: a client that has its answer finds it.
        server.recorder.line(entry)
        if server.kept:
            server.kept.save(entry["n"], server.authority)
        if mode is None or not lie_http.apply(self, mode, entry.get("operation"), answer):
            self._send(answer)

    def _mode(self, entry):
        try:
            return options.current_mode(self.server.folder, self.server.base)
        except ValueError as reason:
            entry.update(decision="mode-error", text=str(reason))
            return None

    def _answer(self, path, query, body, mode, entry):
        if mode is None:
            return page(500, entry["text"])
        if mode.slow > 0:
            time.sleep(mode.slow)
        return self._route(path, query, body, mode, entry)

    def _send(self, answer):
        try:
            self.send_response(answer.status)
            if answer.kind:
                self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
        except OSError:
            self.close_connection = True  # the client went away

    def _route(self, path, query, body, mode, entry):
        lowered = path.lower()
        if lowered in ADMIN_PATHS:
            return self._admin(mode, entry)
        if lowered in ("/crl", "/ocsp"):
            return self._revocation(lowered[1:], body, mode, entry)
        if lowered not in PATHS:
            entry["decision"] = "not-found"
            return page(404, "404 - File or directory not found.")
        if len(query) > mode.max_query:
            entry["decision"] = "query-too-long"
            return page(404, "HTTP Error 404.15 - Not Found")
        fields = urllib.parse.parse_qs(query, keep_blank_values=True)
        operation = fields.get("operation", [""])[0]
        message = fields.get("message", [""])[0]
        entry["operation"] = operation
        if operation in ("GetCACaps", "GetCACert") and mode.need_message and not message:
            entry["decision"] = "message-missing"
            return page(404, "404 - File or directory not found.")
        if operation == "GetCACaps":
            entry["decision"] = "sent"
            told = mode.caps + (["GetNextCACert"] if mode.announce else [])
            text = "".join(word + "\r\n" for word in told) if mode.caps_text is None else mode.caps_text
            if mode.caps_status != 200:
                return page(mode.caps_status, "error")
            return Answer(200, "text/plain", text.encode("ascii"))
        if operation == "GetCACert":
            entry["decision"] = "sent"
            if mode.rolled == "alone":
                return Answer(200, "application/x-x509-ca-cert", self.server.authority.hierarchy.issuing.der)
            return Answer(200, "application/x-x509-ca-ra-cert",
                          self.server.authority.ca_certificates(mode))
        if operation == "GetNextCACert":
            return self._next_ca(mode, entry)
        if operation == "PKIOperation":
            return self._operation(message, body, mode, entry)
        entry["decision"] = "page"
        return page(200, "Network Device Enrollment Service")

    def _next_ca(self, mode, entry):
        if not mode.announce or mode.announce_fault == "404":
            entry["decision"] = "not-found"
            return page(404, "404 - File or directory not found.")
        entry["decision"] = "sent"
        if mode.announce_fault == "html":
            return page(200, "Network Device Enrollment Service")
        return Answer(200, "application/x-x509-next-ca-cert",
                      self.server.authority.next_ca_certificates(mode))

    def _admin(self, mode, entry):
        entry["operation"] = "mscep_admin"
        header = self.headers.get("Authorization")
        if header:
            entry["login"] = header.partition(" ")[0]
        self.guard = self.guard or challenges.Guard(self.server.host_name)
        offers = self.guard.ask(header, mode)
        if offers is not None:
            entry["decision"] = "unauthorized"
            return page(401, "401 - Unauthorized", [("WWW-Authenticate", offer) for offer in offers])
        body, entry["decision"] = challenges.admin_answer(
            self.server.authority.book, self.server.authority.hierarchy.md5(), mode)
        return Answer(mode.admin_status, "text/html", body)

    def _revocation(self, kind, body, mode, entry):
        entry.update(operation=kind, decision=mode.crl or "sent")
        authority = self.server.authority
        if mode.crl == "missing":
            return page(404, "404 - File or directory not found.")
        if kind == "crl":
            return Answer(200, "application/pkix-crl", revocation.list_answer(authority.hierarchy.issuing, mode))
        entry["content_type"] = self.headers.get("Content-Type", "")
        return Answer(200, "application/ocsp-response", revocation.ocsp_answer(
            authority.hierarchy.issuing, mode, body or b"", list(authority.issued)))

    def _operation(self, message, body, mode, entry):
        if body is None:
            if mode.no_get:
                entry["decision"] = "get-refused"
                return page(405, "405 - HTTP verb used to access this page is not allowed.")
            try:
                body = base64.b64decode(message, validate=True)
            except ValueError:
                entry.update(decision="undecodable", text="message= is not base64")
                return page(400, "Bad Request")
        else:
            kind = self.headers.get("Content-Type", "")
            entry["content_type"] = kind
        self.server.recorder.message(entry["n"], "req", body)
        if mode.http_status != 200:
            entry["decision"] = "http-status"
            wait = [] if mode.retry_after is None else [("Retry-After", str(mode.retry_after))]
            return page(mode.http_status, "Service Unavailable", wait)
        try:
            answer = self.server.authority.answer(body, mode, entry)
        except Undecodable as reason:
            entry.update(decision="undecodable", text=str(reason))
            return page(200, "Network Device Enrollment Service: the request could not be read")
        if mode.bad_reply == "html":
            return page(200, "Network Device Enrollment Service")
        return Answer(200, MESSAGE_TYPE, answer)


class Server(lie_http.Listener, http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder, host_name, base, authority, kept=None):
        super().__init__(("127.0.0.1", kept.port if kept else 0), Handler)
        self.folder = folder
        self.host_name = host_name
        self.base = base
        self.authority = authority
        self.kept = kept
        self.recorder = Recorder(folder, kept.count if kept else 0)

    def server_bind(self):
        # HTTPServer's own would ask for this machine's name: DNS, and perhaps a long wait.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def _current(self, key):
        """Of mode.json; the default while it is wrong: each request is told so."""
        try:
            return getattr(options.current_mode(self.folder, self.base), key)
        except ValueError:
            return options.BY_KEY[key].default

    def current_wire(self):
        return self._current("wire")

    def current_latency(self):
        return self._current("latency")

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
