#!/bin/bash
# SPDX-License-Identifier: MIT
# All tests, on a fresh Debian 12 as root or with sudo:
#   packages, the build with sanitizers and its tests, the build with clang, the release build and its size, short fuzz runs.
# The last line is "N passed, N failed"; exit 0 only when nothing failed.
set -uo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1

passed=0
failed=0
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# One part that is right or wrong as a whole.
part() {
	local name=$1
	shift
	echo "== $name: $*"
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "== $name: FAILED"
	fi
}

build() {
	cmake --preset "$1" && cmake --build --preset "$1"
}

# ctest's own count; a run that did not come to its end counts as one failure.
tests() {
	local line
	echo "== tests: ctest --preset dev"
	ctest --preset dev 2>&1 | tee "$folder/ctest"
	line=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+$' "$folder/ctest" | tail -1)
	if [[ $line =~ ,\ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+)$ ]] && [ "${BASH_REMATCH[2]}" -gt 0 ]; then
		failed=$((failed + BASH_REMATCH[1]))
		passed=$((passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
	else
		failed=$((failed + 1))
		echo "== tests: ctest gave no result"
	fi
}

size() {
	strip -o "$folder/signet" build/release/signet &&
		strip -o "$folder/module" build/release/libsignet-pkcs11.so &&
		echo "stripped: signet $(stat -c %s "$folder/signet") bytes, module $(stat -c %s "$folder/module") bytes"
}

part packages ./board/packages.sh test
part "build release" build release
export SIGNET_PLAIN=$PWD/build/release/signet # for tests that sanitizers stand in the way of
part "build dev" build dev
tests
part "build clang" build clang
part hostile env SIGNET="$PWD/build/release/signet" /usr/bin/python3 tests/hostile/hostile.py
part "build fuzz" build fuzz
part fuzz ./tests/fuzz/run.sh
part size size
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
