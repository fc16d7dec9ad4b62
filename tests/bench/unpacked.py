# SPDX-License-Identifier: MIT
"""Packages of Debian in a folder: nothing of the machine is changed."""
import glob
import os

from stage import run

FETCH_S = 600


def unpack(folder, *packages):
    """The packages and what the machine lacks for them, below folder."""
    debs = os.path.join(folder, "debs")
    os.makedirs(os.path.join(debs, "partial"))
    run("apt-get", "-q", "-y", "--no-install-recommends", "--reinstall", "--download-only",
        "-o", "Dir::Cache::archives=" + debs, "-o", "APT::Sandbox::User=root", "install", *packages, timeout=FETCH_S)
    for deb in sorted(glob.glob(debs + "/*.deb")):
        run("dpkg-deb", "-x", deb, folder)
    return folder
