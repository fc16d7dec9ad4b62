#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A swtpm as a character device: tpm_device.py SOCKET LINK

Makes LINK, a symbolic link to a pseudo terminal in raw mode, and carries bytes between it and the
swtpm until it is ended: the nearest to /dev/tpmrm0 that a machine without a TPM driver has.
"""
import os
import select
import socket
import sys
import tty


def main():
    tpm = socket.socket(socket.AF_UNIX)
    tpm.connect(sys.argv[1])
    ours, theirs = os.openpty()  # `theirs` stays open: a user may close and open again
    tty.setraw(theirs)
    os.symlink(os.ttyname(theirs), sys.argv[2])
    while True:
        for ready in select.select([tpm, ours], [], [])[0]:
            data = os.read(ours, 4096) if ready == ours else tpm.recv(4096)
            if not data:
                return
            if ready == ours:
                tpm.sendall(data)
            else:
                os.write(ours, data)


main()
