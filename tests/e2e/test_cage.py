#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The worker in its cage at real work: names by DNS, https under both stores, a proxy; and what it looks like from outside."""
import http.client
import http.server
import os
import re
import socket
import ssl
import struct
import subprocess
import threading
import urllib.parse

from agent_device import AgentCase, children, in_own_network, until
from device import SIGNET, read, run

HOST = "ndes.contoso.test"
STORE = "/etc/ssl/certs/ca-certificates.crt"


class Names(threading.Thread):
    """A name server on 127.0.0.1: HOST and what is below it are 127.0.0.1, nothing else is known. RFC 1035."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.asked = []
        self.start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            question = query[12:at + 5]
            kind = struct.unpack(">H", question[-4:-2])[0]
            self.asked.append(".".join(labels))
            is_known = ".".join(labels).endswith(HOST)
            answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01" if is_known and kind == 1 else b""
            self.socket.sendto(query[:2] + (b"\x81\x80" if is_known else b"\x81\x83") +
                               struct.pack(">HHHH", 1, 1 if answer else 0, 0, 0) + question + answer, peer)


class Front(http.server.ThreadingHTTPServer):
    """Hands each request on to the CA, as a proxy does with an absolute address and a TLS front with a path."""
    daemon_threads = True

    def __init__(self, ca_base, context=None):
        self.ca = urllib.parse.urlsplit(ca_base).netloc
        self.seen = []
        super().__init__(("127.0.0.1", 0), Handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urllib.parse.urlsplit(self.path)
        onward = http.client.HTTPConnection(self.server.ca)
        onward.request(self.command, parts.path + "?" + parts.query, body or None,
                       {"Content-Type": self.headers.get("Content-Type", "text/plain")})
        reply = onward.getresponse()
        content = reply.read()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.headers.get("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        onward.close()

    do_POST = do_GET


class Cage(AgentCase):
    @classmethod
    def setUpClass(cls):
        cls.names = Names()

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        for path, text in (("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n"),
                           ("/etc/nsswitch.conf", "hosts: files dns\n")):
            self.in_place_of(path, text)
        self.names.asked.clear()
        self.tpm_ = self.tpm()
        self.ca_ = self.ca()
        self.dev = self.device(self.tpm_)
        self.ca_.add_challenge("FIRST-CHALLENGE")

    def in_place_of(self, path, text):
        """In the mount name space of this test: the machine's own file stays."""
        mine = os.path.join(self.folder, os.path.basename(path))
        with open(mine, "w") as f:
            f.write(text)
        run("mount", "--bind", mine, path)
        self.addCleanup(run, "umount", path)

    def web(self):
        """A TLS front under a certificate of its own; its port and the PEM."""
        key, cert = os.path.join(self.folder, "web.key"), os.path.join(self.folder, "web.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "30",
            "-subj", "/CN=web", "-addext", "subjectAltName=DNS:" + HOST)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        front = self.front(context)
        return front.server_address[1], cert

    def front(self, context=None):
        front = Front(self.ca_.base, context)
        self.addCleanup(front.server_close)
        self.addCleanup(front.shutdown)
        return front

    def enroll(self, base, expect=0, **configuration):
        self.dev.configure(base + urllib.parse.urlsplit(self.ca_.url).path, self.ca_.root, self.ca_.issuing, **configuration)
        self.dev.give_challenge("FIRST-CHALLENGE")
        done = self.dev.signet("apply", expect=expect)
        if expect == 0:
            self.dev.verify_chain(self.ca_.root)
            self.assertIn(HOST, self.names.asked)
        return done

    def test_http_by_a_name_of_the_dns(self):
        self.enroll("http://%s:%d" % (HOST, urllib.parse.urlsplit(self.ca_.base).port))

    def test_https_under_a_trust_profile(self):
        port, cert = self.web()
        self.enroll("https://%s:%d" % (HOST, port), scep="tls_trust = web\n", more="[trust web]\ncertificate = %s\n" % cert)

    def test_https_under_the_store_of_the_system(self):
        port, cert = self.web()
        self.assertIn("certificate", self.enroll("https://%s:%d" % (HOST, port), expect=18).stderr)
        self.in_place_of(STORE, read(cert))
        self.enroll("https://%s:%d" % (HOST, port))

    def test_a_proxy(self):
        proxy = self.front()
        self.enroll("http://behind.%s" % HOST, scep="proxy = http://%s:%d\n" % (HOST, proxy.server_address[1]))
        self.assertTrue(all(path.startswith("http://behind.") for path in proxy.seen), proxy.seen)
        self.assertGreaterEqual(len(proxy.seen), 3)

    def test_a_name_that_nobody_knows_is_told(self):
        done = self.enroll("http://unknown.invalid", expect=11)
        self.assertIn("DNS", done.stdout + done.stderr)
        self.assertIn("unknown.invalid", self.names.asked)

    def test_another_user_of_the_image(self):
        self.in_place_of("/etc/passwd", read("/etc/passwd") + "signet-worker:x:61234:61235::/:/usr/sbin/nologin\n")
        server, url = self.deaf_server()
        server.settimeout(60)
        self.dev.configure(url, self.ca_.root, self.ca_.issuing)
        self.dev.give_challenge("FIRST-CHALLENGE")
        with subprocess.Popen([SIGNET, "-c", self.dev.conf, "apply"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as parent:
            try:
                peer = server.accept()[0]
                self.addCleanup(peer.close)
                worker = until(lambda: children(parent.pid), "a worker")[0]
                status = read("/proc/%d/status" % worker)
                self.assertRegex(status, r"Uid:\s61234\s61234\s61234\s61234\n")
                self.assertRegex(status, r"Gid:\s61235\s61235\s61235\s61235\n")
                self.assertRegex(status, r"Groups:\s*\n")
                self.assertRegex(status, r"CapEff:\s0+\n")
                self.assertRegex(status, r"NoNewPrivs:\s1\n")
                self.assertRegex(status, r"Seccomp:\s2\n")
                links = [os.readlink("/proc/%d/fd/%s" % (worker, fd)) for fd in os.listdir("/proc/%d/fd" % worker)]
                for link in links:
                    self.assertTrue(re.match(r"/dev/null|(socket|pipe|anon_inode):", link), links)
            finally:
                parent.kill()


if __name__ == "__main__":
    import unittest
    in_own_network()
    unittest.main()
