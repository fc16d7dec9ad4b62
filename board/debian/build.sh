#!/bin/bash
# SPDX-License-Identifier: MIT
# The Debian packages, from the tree that this stands in: build.sh OUT [dpkg-buildpackage's options]
# dpkg-buildpackage wants debian/ at the top; it gets a copy of the tree that has it there.
set -euo pipefail
if [ $# -lt 1 ]; then
	echo "usage: build.sh OUT [OPTIONS]" >&2
	exit 2
fi
tree=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/signet"
tar -C "$tree" --exclude-vcs --exclude='./build*' -cf - . | tar -C "$work/signet" -xf -
mv "$work/signet/board/debian" "$work/signet/debian"
rm "$work/signet/debian/build.sh"
(cd "$work/signet" && dpkg-buildpackage -us -uc "${@:--b}")
cp "$work"/*signet*.* "$out"
