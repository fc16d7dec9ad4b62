#!/bin/bash
# SPDX-License-Identifier: MIT
# The source of a Debian package, unpacked and patched: debian_source.sh SOURCE VERSION FOLDER -> FOLDER/source/SOURCE-.../
# Needs that the mirrors apt knows have sources; they are named in a list of its own, the system's lists stay as they are.
set -euo pipefail
export LC_ALL=C
[ $# -eq 3 ] || { echo "usage: debian_source.sh SOURCE VERSION FOLDER" >&2; exit 2; }
mkdir -p "$3/lists/partial"
cd "$3"
signed=/usr/share/keyrings/debian-archive-keyring.gpg
apt-get indextargets --format "deb-src [signed-by=$signed] \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
	'Created-By: Packages' | sort -u >sources.list
own=(-o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$PWD/lists")
apt-get "${own[@]}" -q update
rm -rf source && mkdir source
(cd source && apt-get "${own[@]}" -q source "$1=$2")
