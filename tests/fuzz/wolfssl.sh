#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds Debian's own wolfSSL from its source package, with its options and patches, under the fuzzer's instrumentation and
# AddressSanitizer, and the fuzz targets over it: build/fuzz-wolfssl. Then: run.sh --build build/fuzz-wolfssl
# Needs that the mirrors apt knows have sources.
# Packages beside those of board/packages-test.txt: autoconf automake libtool. SIGNET_JOBS: compilers at once (2).
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build/fuzz-wolfssl}
jobs=${SIGNET_JOBS:-2}
version=$(dpkg-query -W -f '${source:Version}' libwolfssl-dev) # the one that signet is built with
mkdir -p "$build/wolfssl"
cd "$build/wolfssl"

if [ ! -e prefix/lib/libwolfssl.a ]; then
	"$root/tests/debian_source.sh" wolfssl "$version" "$build/wolfssl"
	cd source/wolfssl-*/
	autoreconf -fi
	# Debian's options (debian/rules)
	./configure -q --prefix="$build/wolfssl/prefix" --enable-distro --enable-pkcs11 --disable-examples --disable-crypttests \
		--enable-static --disable-shared CC=clang-14 LDFLAGS=-fsanitize=address \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address"
	make -s -j "$jobs"
	make -s install
	cd "$build/wolfssl"
	rm -f prefix/lib/libwolfssl.so* # --enable-distro makes both, whatever else is asked for
fi

cd "$root"
PKG_CONFIG_PATH="$build/wolfssl/prefix/lib/pkgconfig" cmake --preset fuzz -B "$build"
cmake --build "$build" -j "$jobs"
grep -q "$build/wolfssl/prefix" "$build/CMakeCache.txt" || { echo "wolfssl.sh: another wolfSSL was taken" >&2; exit 1; }
