#!/bin/bash
# SPDX-License-Identifier: MIT
# Every source of signet and of the module against musl's headers, with the warnings of CMakeLists.txt as errors. Nothing of glibc's
# is in sight: beside musl's headers there are only the kernel's and those of the libraries.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in linux asm asm-generic tss2 wolfssl curl cjson p11-kit-1 ini.h wpa_ctrl.h; do
	for place in /usr/include "/usr/include/$(gcc -print-multiarch)"; do
		if [ -e "$place/$name" ]; then
			ln -s "$place/$name" "$folder/$name"
			break
		fi
	done
done
mapfile -t warnings < <(sed -n '/^target_compile_options(signet_options INTERFACE -Wall/,/)$/p' CMakeLists.txt | grep -oE -- '-W[a-z0-9=-]+')
if [ ${#warnings[@]} -lt 5 ]; then
	echo "musl.sh: CMakeLists.txt names no warnings" >&2
	exit 1
fi
check() {
	musl-gcc -std=c17 -O2 -fsyntax-only -D_GNU_SOURCE "${warnings[@]}" -Werror -I. -isystem "$folder" -isystem "$folder/p11-kit-1" \
		-DSIGNET_BUILD_DATE=1 -DSIGNET_VERSION='""' -DSIGNET_STATE_DIR='""' -DSIGNET_TCTI='""' -DSIGNET_PKCS11_MODULE='""' \
		-DSIGNET_PKCS11_ENGINE='""' "$1"
}
count=0
failed=0
for file in hal/*.c tpm/*.c wifi/*.c vpn/*.c client/*/*.c; do
	count=$((count + 1))
	check "$file" || failed=$((failed + 1))
done
echo "musl: $count sources, $failed do not compile"
[ "$count" -gt 150 ] && [ "$failed" -eq 0 ]
