#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An initramfs with BusyBox and modules of a kernel: with signet the smallest board that boots, without it the way to a disk.

    initramfs.py --busybox BUSYBOX --modules FOLDER --kernel VERSION OUT.cpio
                 [--init FILE] [--program SIGNET] [--files FOLDER] [--libraries FOLDER...] [--module NAME...]
                 [--more PROGRAM]

FOLDER of --modules holds lib/modules/VERSION. --init: the first process, "init" beside this where nothing is said. --files is copied
over the root: /etc/signet. --libraries: where shared libraries are looked for, in that order; without it those of this machine.
Uncompressed: a kernel unpacks that fastest (4 s against 7).
"""
import argparse
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "ext4", "tpm_tis")
OPENED_LATER = ("libtss2-tcti-device.so.0", "libcurl.so.4")  # by name, with dlopen(3)


def run(*argv, **more):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def needed(path):
    """Shared libraries that an ELF file names, and its interpreter."""
    text = run("readelf", "-d", "-l", path)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text), re.findall(r"interpreter: (.*)\]", text)


def find(name, folders):
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    raise SystemExit("initramfs.py: %s is in none of %s" % (name, ", ".join(folders)))


def add_program(root, program, target, folders):
    """The program, and all that it needs, below root/lib."""
    os.makedirs(os.path.join(root, "lib"), exist_ok=True)
    os.makedirs(os.path.dirname(os.path.join(root, target)), exist_ok=True)
    shutil.copy(program, os.path.join(root, target))
    names, interpreters = needed(program)
    todo, done = [*names, *OPENED_LATER], set()
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        path = find(name, folders)
        shutil.copy(path, os.path.join(root, "lib", name))
        todo += needed(path)[0]
    for interpreter in interpreters:
        place = os.path.join(root, interpreter.lstrip("/"))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not os.path.exists(place):
            shutil.copy(find(os.path.basename(interpreter), folders), place)


def add_modules(root, folder, version, names):
    """In the order in which they are to be loaded; one that is built in is none."""
    run("depmod", "-b", folder, version)
    lines = []
    for name in names:
        text = subprocess.run(["modprobe", "-d", folder, "-S", version, "--show-depends", name], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout
        lines += re.findall(r"^insmod (\S+)", text, re.M)
    os.makedirs(os.path.join(root, "mod"))
    with open(os.path.join(root, "modules"), "w") as f:
        for path in dict.fromkeys(lines):
            shutil.copy(path, os.path.join(root, "mod"))
            f.write("/mod/%s\n" % os.path.basename(path))


def main():
    parser = argparse.ArgumentParser()
    for name in ("--busybox", "--modules", "--kernel"):
        parser.add_argument(name, required=True)
    parser.add_argument("--init", default=os.path.join(HERE, "init"))
    parser.add_argument("--program")
    parser.add_argument("--files")
    parser.add_argument("--libraries", nargs="*")
    parser.add_argument("--module", nargs="*", default=MODULES)
    parser.add_argument("--more")
    parser.add_argument("out")
    options = parser.parse_args()
    machine = os.uname().machine
    folders = options.libraries or ["/lib/%s-linux-gnu" % machine, "/usr/lib/%s-linux-gnu" % machine, "/lib64", "/lib"]
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "bin"))
        shutil.copy(options.busybox, os.path.join(root, "bin", "busybox"))
        shutil.copy(options.init, os.path.join(root, "init"))
        if options.files:
            shutil.copytree(options.files, root, dirs_exist_ok=True)
        if options.program:
            add_program(root, options.program, "usr/sbin/signet", folders)
        if options.more:
            add_program(root, options.more, os.path.join("usr/bin", os.path.basename(options.more)), folders)
        add_modules(root, options.modules, options.kernel, options.module)
        names = run("find", ".", "-print0", cwd=root)
        with open(options.out, "wb") as out:
            subprocess.run(["cpio", "--quiet", "--null", "-o", "-H", "newc", "-R", "0:0"], input=names.encode(), stdout=out,
                           check=True, cwd=root)


if __name__ == "__main__":
    main()
