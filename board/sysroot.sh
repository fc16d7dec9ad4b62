#!/bin/bash
# SPDX-License-Identifier: MIT
# A root folder of Debian's packages for another processor, to build for and to run against:
#   sysroot.sh ARCH FOLDER [PACKAGE...]    ARCH as Debian names it: arm64, armhf
# What signet is built of (board/debian/control) and the packages named, with all they depend on. Unpacked only, no script of theirs
# runs, and nothing of this machine is changed: apt gets lists and a state of its own, of the mirrors that the machine's apt knows.
# Then: cmake --toolchain board/toolchain-aarch64.cmake -DCMAKE_SYSROOT=FOLDER
set -euo pipefail
export LC_ALL=C
if [ $# -lt 2 ]; then
	echo "usage: sysroot.sh ARCH FOLDER [PACKAGE...]" >&2
	exit 2
fi
arch=$1
here=$(cd "$(dirname "$0")" && pwd)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$2"
cd "$2"
root=$PWD
shift 2
mapfile -t packages < <(sed -n '/^Build-Depends:/s/[:,]/\n/gp' "$here/debian/control" | grep -o 'lib[^ ]*-dev')
packages+=(libc6-dev libtss2-tcti-device0 "$@")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,archives}/partial "$work"/{etc,parts}
touch "$work/status"
apt-get indextargets --format "deb [signed-by=$keyring] \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" 'Created-By: Packages' \
	'Origin: Debian' | sort -u >"$work/sources.list"
if [ ! -s "$work/sources.list" ]; then
	echo "sysroot.sh: apt knows no Debian mirror; run: apt-get update" >&2
	exit 1
fi
apt() {
	apt-get -q -y -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Dir::Etc::sourcelist="$work/sources.list" \
		-o Dir::Etc::sourceparts="$work/parts" -o Dir::State="$work" -o Dir::State::status="$work/status" \
		-o Dir::State::lists="$work/lists" -o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives" \
		-o APT::Install-Recommends=no -o APT::Sandbox::User=root "$@"
}
# a mirror in the middle of its own update: what could be read has the libraries, if in an older version
apt -o Acquire::Retries=3 update || echo "sysroot.sh: goes on without the lists that failed" >&2
apt --download-only install "${packages[@]}"
for package in "$work"/archives/*.deb; do
	dpkg-deb -x "$package" "$root"
done
# a link to /etc of the target is none to /etc of this machine
find "$root" -type l -lname '/*' -printf '%p\0%l\0' | while IFS= read -r -d '' link && IFS= read -r -d '' target; do
	ln -sfnr "$root$target" "$link"
done
