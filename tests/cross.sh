#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds signet and the module for another processor, and runs unit tests under qemu-user: cross.sh arm64|armhf FOLDER [units|all]
# FOLDER/root is the sysroot, FOLDER/build the build; both are kept.
# Without a word: hal's tests, which the boot test takes along. units: what parses and writes, for 32 bits, unsigned char and alignment;
# all: the layers above too, which take as long again.
set -euo pipefail
export LC_ALL=C
tree=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
arm64) toolchain=aarch64 packages=(linux-image-cloud-arm64) ;;
armhf) toolchain=armhf packages=() ;;
*) usage=bad ;;
esac
case ${3-} in
'') units=hal ;;
units) units='hal|wifi|vpn|config|pki|scep' ;;
all) units='[a-z]+' ;;
*) usage=bad ;;
esac
if [ -n "${usage-}" ] || [ -z "${2-}" ]; then
	echo "usage: cross.sh arm64|armhf FOLDER [units|all]" >&2
	exit 2
fi
mapfile -t targets < <(sed -nE "s/^signet_unit\(($units) .*/unit_\1/p" "$tree/tests/CMakeLists.txt")
mkdir -p "$2"
cd "$2"
if [ ! -e root.done ]; then
	rm -rf root
	"$tree/board/sysroot.sh" "$1" root libcpputest-dev libstdc++6 busybox-static "${packages[@]}" >sysroot.log 2>&1 ||
		{ cat sysroot.log; exit 1; }
	touch root.done
fi
cmake -S "$tree" -B build -G Ninja --toolchain "$tree/board/toolchain-$toolchain.cmake" -DCMAKE_SYSROOT="$PWD/root" \
	-DSIGNET_WERROR=ON -DSIGNET_HARDEN=ON -DSIGNET_SMALL=ON
cmake --build build -j 2 --target signet signet-pkcs11 "${targets[@]}"
ctest --test-dir build -R "^($(printf '%s\n' "${targets[@]}" | paste -sd '|'))\$" --output-on-failure --no-tests=error -j 2
