# SPDX-License-Identifier: MIT
"""How an answer goes over the wire: other legal ways of HTTP, and every way to break it.

Option 'wire': EXCHANGE:KIND. The request itself is worked on as ever, so that what is lost is the answer. 'refused' and
'black-hole' take the listener away before the exchange begins, until mode.json names another wire.
"""

import os
import random
import select
import socket
import struct
import time

from . import der

EXCHANGES = {"caps": "GetCACaps", "cert": "GetCACert", "op": "PKIOperation", "page": "mscep_admin"}
BEFORE = {"cert": "GetCACaps", "op": "GetCACert"}  # the exchange whose answer takes the listener away
GIVE_UP = 120  # seconds that a connection is held for a client that waits: longer than any timeout of a test
HUGE = 100 << 20  # bytes
NESTED = 20000  # levels; far beyond any stack that recurses
HEADERS = 10 << 20  # bytes of headers: "endless" for a client that has a limit
TENTHS = range(1, 10)
STATUS = {301: "Moved Permanently", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
          405: "Method Not Allowed", 414: "URI Too Long", 500: "Internal Server Error", 502: "Bad Gateway",
          503: "Service Unavailable", 504: "Gateway Timeout"}


# ---- another answer, sent as it should be: (body) -> body --------------------------------------------------------

def _flip(body, tenth):
    at = len(body) * tenth // 10
    return body[:at] + bytes([body[at] ^ 1 << tenth % 8]) + body[at + 1:]


def _nested(_):
    inner = b""
    for _ in range(NESTED):
        inner = der.sequence(inner) if len(inner) < 64 else b"\x30\x80" + inner + b"\x00\x00"
    return inner


def _outer_length(body):
    """The outer length says 2 GiB."""
    skip = 2 if body[1] < 0x80 else 2 + (body[1] & 0x7F)
    return body[:1] + b"\x84\x7f\xff\xff\xff" + body[skip:]


def _inner_length(body):
    """The first OBJECT IDENTIFIER says it is longer than all that follows."""
    at = body.index(b"\x06\x09")
    return body[:at + 1] + b"\x82\xff\xff" + body[at + 2:]


BODIES = {
    "random": lambda body: random.Random(len(body)).randbytes(2000),
    "empty": lambda body: b"",
    "nested": _nested,
    "outer-length": _outer_length,
    "inner-length": _inner_length,
}
for _tenth in TENTHS:
    BODIES["cut-%d" % _tenth] = lambda body, tenth=_tenth: body[:len(body) * tenth // 10]
    BODIES["flip-%d" % _tenth] = lambda body, tenth=_tenth: _flip(body, tenth)

# ---- other headers: (headers) -> headers, a list of pairs --------------------------------------------------------

TYPES = {
    "type-none": None,
    "type-text": "text/plain",
    "type-octets": "application/octet-stream",
    "type-single": "application/x-x509-ca-cert",
    "type-charset": "%s; charset=utf-8",
}

# ---- the socket itself: (handler, answer) ------------------------------------------------------------------------


def head(answer, *headers):
    lines = ["HTTP/1.1 %d %s" % (answer.status, STATUS.get(answer.status, "OK"))]
    lines += ["Content-Type: " + answer.kind] if answer.kind else []
    return ("\r\n".join(lines + list(headers)) + "\r\n\r\n").encode("ascii")


def _length(answer):
    return "Content-Length: %d" % len(answer.body)


def _wait(handler):
    """Until the client goes away."""
    handler.connection.settimeout(GIVE_UP)
    while handler.connection.recv(4096):
        pass


def _reset(handler, answer):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.rfile.close()
    handler.connection.close()


def _reset_middle(handler, answer):
    handler.connection.sendall(head(answer, _length(answer)) + answer.body[:len(answer.body) // 2])
    time.sleep(0.1)  # a reset overtakes what was not read yet
    _reset(handler, answer)


def _close_middle(handler, answer):
    handler.connection.sendall(head(answer, _length(answer)) + answer.body[:len(answer.body) // 2])


def _hang(handler, answer):
    _wait(handler)


def _hang_middle(handler, answer):
    handler.connection.sendall(head(answer, _length(answer)) + answer.body[:len(answer.body) // 2])
    _wait(handler)


def _trickle(pause_s, headers_too):
    """A byte at a time; a whole answer takes longer than any timeout."""
    def send(handler, answer):
        until = time.monotonic() + GIVE_UP
        first = head(answer, _length(answer))
        if not headers_too:
            handler.connection.sendall(first)
        for byte in (first if headers_too else b"") + answer.body:
            handler.connection.sendall(bytes([byte]))
            time.sleep(pause_s)
            if time.monotonic() > until:
                break
    return send


def _short_length(handler, answer):
    handler.connection.sendall(head(answer, "Content-Length: %d" % (len(answer.body) // 2), "Connection: close")
                               + answer.body)


def _long_length(handler, answer):
    handler.connection.sendall(head(answer, "Content-Length: %d" % (len(answer.body) + 1000)) + answer.body)


def _bad_length(handler, answer):
    handler.connection.sendall(head(answer, "Content-Length: -1", "Content-Length: 99999999999999999999") + answer.body)


def _chunked(handler, answer):
    parts = [answer.body[at:at + 100] for at in range(0, len(answer.body), 100)]
    handler.connection.sendall(head(answer, "Transfer-Encoding: chunked", "Connection: close") + b"".join(
        b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n")


def _bad_chunk(handler, answer):
    handler.connection.sendall(head(answer, "Transfer-Encoding: chunked") + b"fffffffffffffffff\r\n" + answer.body)


def _close_delimited(handler, answer):
    handler.connection.sendall(head(answer).replace(b"HTTP/1.1", b"HTTP/1.0") + answer.body)


def _huge(handler, answer, *headers):
    handler.connection.sendall(head(answer, *headers))
    block = bytes(1 << 16)
    for _ in range(HUGE // len(block)):
        handler.connection.sendall(block)


def _huge_length(handler, answer):
    _huge(handler, answer, "Content-Length: %d" % HUGE)


def _endless_headers(handler, answer):
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\n")
    line = b"X-Filler: " + b"x" * 1000 + b"\r\n"
    for _ in range(HEADERS // len(line)):
        handler.connection.sendall(line)
    _wait(handler)


def _endless_line(handler, answer):
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    block = b"x" * (1 << 16)
    for _ in range(HEADERS // len(block)):
        handler.connection.sendall(block)
    _wait(handler)


def _endless_status(handler, answer):
    handler.connection.sendall(b"HTTP/1.1 200 ")
    block = b"x" * (1 << 16)
    for _ in range(HEADERS // len(block)):
        handler.connection.sendall(block)
    _wait(handler)


def _no_http(handler, answer):
    handler.connection.sendall(b"220 mail.example ESMTP ready\r\n")


def _html(handler, answer):
    body = b"<html><head><title>Welcome to the guest network</title></head><body>Please log in.</body></html>"
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
                               % len(body) + body)


def _redirect(target):
    def send(handler, answer):
        to = target(handler)
        handler.connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
                                   % to.encode("ascii"))
    return send


def _once(handler):
    """On the same host, to the path that it also answers to; a second hop would be a loop."""
    return handler.path


def _status(number, *headers):
    def send(handler, answer):
        body = b"<html><body><h1>%d</h1></body></html>" % number
        lines = ["HTTP/1.1 %d %s" % (number, STATUS[number]), "Content-Type: text/html",
                 "Content-Length: %d" % len(body)] + list(headers)
        handler.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body)
    return send


SOCKETS = {
    "reset": _reset, "reset-middle": _reset_middle, "close": lambda handler, answer: None,
    "close-middle": _close_middle, "hang": _hang, "hang-middle": _hang_middle, "drip": _trickle(1, True),
    "drip-body": _trickle(0.2, False),
    "short-length": _short_length, "long-length": _long_length, "bad-length": _bad_length, "chunked": _chunked,
    "bad-chunk": _bad_chunk, "close-delimited": _close_delimited, "huge": _huge, "huge-length": _huge_length,
    "endless-headers": _endless_headers, "endless-line": _endless_line,
    "endless-status": _endless_status, "no-http": _no_http, "html": _html,
    "redirect-host": _redirect(lambda handler: "http://127.0.0.2:%d%s" % (handler.server.server_port, handler.path)),
    "redirect-file": _redirect(lambda handler: "file:///etc/passwd"),
    "redirect-loop": _redirect(_once),
    "503-later": _status(503, "Retry-After: 3600"),
}
for _number in STATUS:
    SOCKETS[str(_number)] = _status(_number)
GONE = ("refused", "black-hole")


def read(value):
    """'cert:hang,op:reset' or a list of such words; 'all' stands for caps, cert and op."""
    words = value if isinstance(value, list) else [word for word in str(value).split(",") if word]
    found = {}
    for word in words:
        exchange, _, kind = word.partition(":")
        if exchange not in EXCHANGES and exchange != "all":
            raise ValueError("'%s' is none of all, %s" % (exchange, ", ".join(EXCHANGES)))
        if kind not in GONE and kind not in SOCKETS and kind not in BODIES and kind not in TYPES:
            raise ValueError("'%s' is none of %s" % (kind, ", ".join(sorted([*GONE, *SOCKETS, *BODIES, *TYPES]))))
        for one in ("caps", "cert", "op") if exchange == "all" else (exchange,):
            found[one] = kind
    return found


def apply(handler, mode, operation, answer):
    """True: the answer is sent, and the connection is at its end. False: *answer is sent as ever."""
    for exchange, kind in mode.wire.items():
        if kind in GONE and BEFORE.get(exchange) == operation:
            handler.server.go_away(kind)
        if EXCHANGES[exchange] != operation or kind in GONE:
            continue
        if kind in BODIES:
            answer.body = BODIES[kind](answer.body)
        elif kind in TYPES:
            answer.kind = TYPES[kind] and TYPES[kind].replace("%s", answer.kind)
        else:
            handler.close_connection = True
            try:
                SOCKETS[kind](handler, answer)
            except OSError:
                pass  # the client went away
            return True
    return False


class Listener:
    """The accept loop of a server whose listener can go away and come back; a mix-in of socketserver.TCPServer.

    DIR/in-effect holds the change time of the mode.json that it knows of: a test waits for it.
    """
    gone = None
    fillers = ()
    seen = None

    def go_away(self, kind):
        if self.gone:
            return
        self.gone = kind
        if kind == "refused":
            self.socket.close()
            return
        self.socket.listen(0)  # a full queue: the kernel drops each SYN that comes now
        self.fillers = []
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(self.server_address)
            self.fillers.append(one)

    def _come_back(self):
        if self.gone == "refused":
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
        for one in self.fillers:
            one.close()
        self.fillers = ()
        self.socket.listen(self.request_queue_size)
        self.gone = None

    def _look(self):
        """mode.json was replaced: whether that takes the listener away or brings it back."""
        try:
            stamp = os.stat(os.path.join(self.folder, "mode.json")).st_mtime_ns
        except FileNotFoundError:
            return
        if stamp == self.seen:
            return
        wire = self.current_wire()
        if self.gone and self.gone not in wire.values():
            self._come_back()
        if wire.get("caps") in GONE:
            self.go_away(wire["caps"])
        self.seen = stamp
        path = os.path.join(self.folder, "in-effect")
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write("%d\n" % stamp)
        os.rename(path + ".new", path)

    def serve_forever(self, poll_interval=0.02):
        while True:
            self._look()
            if self.gone:
                time.sleep(poll_interval)
                continue
            try:
                if select.select([self.socket], [], [], poll_interval)[0]:
                    self._handle_request_noblock()
            except (OSError, ValueError):
                if not self.gone:  # a handler took it away meanwhile
                    raise
