#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A test CA that behaves like Microsoft NDES, a second implementation to judge our client.

It makes a new hierarchy at each start (but see --keep), listens on 127.0.0.1 and leaves in --dir DIR:
  url port pid          url is written last: when it is there, the server answers
  root.cer between-N.cer issuing.cer (DER)  root.pem issuing.pem chain.pem (issuing, root)
  ra-enc.* ra-sign.* old-ra-enc.* old-ra-sign.*   device.pem device.key (another device)
  root.key issuing.key  for servers.py: certificates of the lab's other servers ("test_ca.sh issue")
  log.jsonl             one JSON object a request
  messages/NNN.{req,rep}.der   raw pkiMessages, NNN is "n" of the log
  issued/SERIAL.pem     each certificate issued
  /crl /ocsp            revocation of what was issued (options crl-point, ocsp, revoked, crl)
  attacker.log          each message that the other device's key opens (should never appear)
  mode.json             (yours) overrides options at run time: their names with '_' for '-',
                        {"pending": 2, "refuse": "badRequest:text", "bad_nonce": "short"};
                        read at every request; a wrong key or value is answered with 500
  in-effect             change time of the mode.json that the listener knows of: a test waits for it
  kept/                 with --keep: keys, port and NNN.json, what was known after request NNN; the highest counts

Option lie is a named mode that sets others: odd, hostile or broken. --list-lies prints them; the table is testca/lies.py.

Keys of log.jsonl, each where it is known: n, connected (of a connection's first request), time, answered, method, path, query_len, operation,
content_type, message_type, transaction_id, sender_nonce, signer_subject, signer_serial,
digest_algorithm, recipient (enc|sign|issuing|device|...|unknown), recipient_serial, content_cipher,
transport, csr_subject (RFC 4514), csr_subject_der, sans, key_usage, eku, key_bits, key_sha256,
extensions, has_challenge, challenge_kind, challenge_sha256, template, renewal, known_transaction,
attacker_read_it, warnings (what a good client does not do), decision (issued|issued-before|pending|
refused|undecodable|...), fail_info, text, issued_serial, reply_cipher, reply_transport,
http_status, reply_len. Serials are hexadecimal.
"""

import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from testca import authority, keep, options, pki, server  # noqa: E402
from testca.keep import write_whole  # noqa: E402


def serve(arguments, ready=lambda: None):
    """Until the process ends; ready() is called once it answers."""
    folder, host, device, base = options.parse_command_line(arguments)
    os.makedirs(folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    write_whole(os.path.join(folder, "pid"), "%d\n" % os.getpid())
    kept = keep.Kept(folder) if base["keep"] else None
    hierarchy = kept.hierarchy(host, device) if kept else pki.Hierarchy(host, device, base["authorities"])
    hierarchy.write(folder)
    decider = authority.Authority(folder, hierarchy)
    if kept:
        kept.load_successors(hierarchy)
        kept.load(decider)
    http = server.Server(folder, host, base, decider, kept)
    if kept:
        kept.save_port(http.server_port)
    hierarchy.url = "http://127.0.0.1:%d" % http.server_port
    write_whole(os.path.join(folder, "port"), "%d\n" % http.server_port)
    write_whole(os.path.join(folder, "url"), hierarchy.url + "\n")
    ready()
    http.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1:])
