#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what is missing of Debian 12's packages; does nothing when all are there.
#   packages.sh demo    what the demo needs: board/demo/packages.txt
#   packages.sh test    the same and what the tests need: board/packages-test.txt
#   packages.sh bench   what the demo needs and what clients are compared with: tests/bench/packages.txt
# Services of new packages are kept from starting; nothing else of the machine is changed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
policy=/usr/sbin/policy-rc.d
policy_is_ours=no
sudo=()

give_policy_back() {
	if [ "$policy_is_ours" = yes ]; then
		"${sudo[@]}" rm -f "$policy"
	fi
}

# A policy that is there is somebody's decision and stays as it is.
hold_services() {
	if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
		policy_is_ours=yes
		printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
		"${sudo[@]}" chmod 755 "$policy"
	fi
}

apt() {
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y -o DPkg::Lock::Timeout=120 "$@"
}

is_installed() {
	# shellcheck disable=SC2016 # the fields are dpkg-query's, not the shell's
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

case ${1-} in
demo) lists=("$here/demo/packages.txt") ;;
test) lists=("$here/demo/packages.txt" "$here/packages-test.txt") ;;
bench) lists=("$here/demo/packages.txt" "$here/../tests/bench/packages.txt") ;;
*)
	echo "usage: packages.sh demo | test | bench" >&2
	exit 2
	;;
esac

missing=()
while read -r package; do
	is_installed "$package" || missing+=("$package")
done < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' "${lists[@]}")
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "packages.sh: not root and no sudo; ask an administrator to install: ${missing[*]}" >&2
		exit 1
	fi
	sudo=(sudo)
fi
echo "packages.sh: installing ${missing[*]}"
trap give_policy_back EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
hold_services
apt update
apt install --no-install-recommends "${missing[@]}"
for package in "${missing[@]}"; do
	if ! is_installed "$package"; then
		echo "packages.sh: $package is still not installed" >&2
		exit 1
	fi
done
