#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds signet, the module and unit tests for another processor, and runs the tests under qemu-user: cross.sh arm64|armhf FOLDER [all]
# FOLDER/root is the sysroot, FOLDER/build the build; both are kept.
# armhf: 32 bits, unsigned char and alignment; with "all" also the layers above, which take as long again. arm64: what the boot test
# takes.
set -euo pipefail
export LC_ALL=C
tree=$(cd "$(dirname "$0")/.." && pwd)
case ${1-} in
arm64)
	toolchain=aarch64
	packages=(linux-image-cloud-arm64)
	targets=(signet signet-pkcs11 unit_hal)
	;;
armhf)
	toolchain=armhf
	packages=()
	targets=(signet signet-pkcs11)
	units='hal|wifi|vpn|config|pki|scep'
	[ "${3-}" != all ] || units='[a-z]+'
	mapfile -t -O 2 targets < <(sed -nE "s/^signet_unit\\(($units) .*/unit_\\1/p" "$tree/tests/CMakeLists.txt")
	;;
*)
	echo "usage: cross.sh arm64|armhf FOLDER [all]" >&2
	exit 2
	;;
esac
mkdir -p "$2"
cd "$2"
if [ ! -e root.done ]; then
	rm -rf root
	"$tree/board/sysroot.sh" "$1" root libcpputest-dev libstdc++6 busybox-static "${packages[@]}" >sysroot.log 2>&1 ||
		{ cat sysroot.log; exit 1; }
	touch root.done
fi
cmake -S "$tree" -B build -G Ninja --toolchain "$tree/board/toolchain-$toolchain.cmake" -DCMAKE_SYSROOT="$PWD/root" \
	-DSIGNET_WERROR=ON -DCMAKE_C_FLAGS=-O2
cmake --build build -j 2 --target "${targets[@]}"
units=$(printf '%s\n' "${targets[@]}" | grep '^unit_' | paste -sd '|')
ctest --test-dir build -R "^($units)\$" --output-on-failure --no-tests=error -j 2
