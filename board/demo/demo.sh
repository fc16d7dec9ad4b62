#!/bin/bash
# SPDX-License-Identifier: MIT
# A device enrolls for real: a software TPM, a local CA that behaves like NDES, and signet in between.
# Run it as root or with sudo at hand on Debian 12:  ./board/demo/demo.sh
# Everything happens below one temporary folder and on 127.0.0.1. DEMO_KEEP=1 keeps the folder.
# Exit 0 only when every step was seen to be true.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."

lab=$PWD/tests/lab
folder=
number=0

step() {
	number=$((number + 1))
	printf '\n== %d. %s\n' "$number" "$*"
}

fail() {
	echo "demo.sh: $*" >&2
	exit 1
}

clean_up() {
	local status=$?
	trap - EXIT
	if [ -n "$folder" ]; then
		"$lab/test_ca.sh" stop "$folder/ca" || true
		"$lab/swtpm.sh" stop "$folder/tpm" || true
		"$lab/swtpm.sh" stop "$folder/other-tpm" || true
		if [ "${DEMO_KEEP-}" = 1 ]; then
			echo "kept: $folder"
		else
			rm -rf "$folder"
		fi
	fi
	[ "$status" -eq 0 ] || echo "demo.sh: FAILED with exit $status" >&2
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

signet() {
	echo "\$ signet $*"
	"$PWD/build/release/signet" -c "$folder/signet.conf" "$@" || fail "signet $*: exit $?"
}

serial_of() {
	openssl x509 -in "$1" -noout -serial
}

# What stands below the state folder, with times: equal before and after means that nothing was written.
state_listing() {
	find "$folder/state" -printf '%p %y %s %T@ %l\n' | sort
}

# key.der is "TSS2 PRIVATE KEY" (SEQUENCE of OID, [0] emptyAuth, parent, TPM2B_PUBLIC, TPM2B_PRIVATE).
split_key() {
	/usr/bin/python3 - "$1" "$2" <<'PYTHON'
import sys
from asn1crypto.core import Any, ObjectIdentifier, OctetString, Sequence


class Parts(Sequence):
    _fields = [("type", ObjectIdentifier), ("empty_auth", Any), ("parent", Any),
               ("public", OctetString), ("private", OctetString)]


key = Parts.load(open(sys.argv[1], "rb").read(), strict=True)
assert key["type"].native == "2.23.133.10.1.3", key["type"].native
for name in "public", "private":
    with open("%s.%s" % (sys.argv[2], name), "wb") as out:
        out.write(key[name].native)
PYTHON
}

# Load the split key file into the TPM that TPM2TOOLS_TCTI names; key.ctx is its handle for later.
load_key() {
	tpm2_load -Q -C 0x81000001 -u "$folder/key.public" -r "$folder/key.private" -c "$folder/key.ctx" &&
		tpm2_flushcontext -t
}

step "packages that are missing (Debian 12)"
./board/packages.sh demo

step "build signet into build/release"
cmake --preset release >/dev/null || fail "cmake does not configure the build"
cmake --build --preset release | tail -n 1

step "start a software TPM and a CA that behaves like NDES, on this machine only"
folder=$(mktemp -d /tmp/signet-demo.XXXXXX) # short: the TPM's socket has at most 107 characters
mkdir -p "$folder/tpm" "$folder/other-tpm" "$folder/ca" "$folder/etc/swanctl" "$folder/etc/strongswan.d"
tcti=$("$lab/swtpm.sh" start "$folder/tpm" | tail -n 1)
(umask 077 && openssl rand -hex 16 >"$folder/challenge" && cp "$folder/challenge" "$folder/challenges")
url=$("$lab/test_ca.sh" start "$folder/ca" --challenges "$folder/challenges" | tail -n 1)
export TPM2TOOLS_TCTI=$tcti
echo "TPM: $tcti"
echo "CA:  $url/certsrv/mscep/mscep.dll"

step "the configuration: trusted root, issuing CA, certificate, Wi-Fi, VPN"
cat >"$folder/signet.conf" <<EOF
[agent]
state_dir = $folder/state
run_dir = $folder/run
clock = trusted

[tpm]
tcti = $tcti

[device]
name = GW-DEMO

[trust demo-root]
certificate = $folder/ca/root.cer

[trust demo-issuing]
certificate = $folder/ca/issuing.cer

[scep demo-device]
url = $url/certsrv/mscep/mscep.dll
trust = demo-root
trust = demo-issuing
challenge_file = $folder/challenge
subject = CN={{DeviceName}},O=Contoso
san_dns = {{DeviceName}}.corp.example
key_usage = digitalSignature
key_usage = keyEncipherment
extended_key_usage = clientAuth

[wifi demo-wifi]
interface = demo-wlan0
ssid = DEMO
security = wpa2-wpa3
certificate = demo-device
trust = demo-root
server_name = radius.corp.example
identity = host/{{DeviceName}}.corp.example
anonymous_identity = anonymous@corp.example
config = $folder/etc/wpa_supplicant.conf
control = $folder/run/wpa_supplicant

[vpn demo-vpn]
gateway = vpn.corp.example
gateway_id = vpn.corp.example
certificate = demo-device
trust = demo-root
local_id = {{DeviceName}}.corp.example
remote_network = 10.0.0.0/8
directory = $folder/etc/swanctl
control = $folder/run/charon.vici
EOF
cat "$folder/signet.conf"
current=$folder/state/scep/demo-device/current
wifi=$folder/etc/wpa_supplicant.conf
vpn=$folder/etc/swanctl/conf.d/60-signet-demo-vpn.conf

step "what would signet do?"
signet plan
[ ! -e "$current" ] || fail "plan changed something"

step "do it: a key in the TPM, a certificate by SCEP, the settings"
signet apply

step "is this box all right?"
signet status

step "the certificate chains to the root (judged by openssl)"
openssl verify -CAfile "$folder/ca/root.pem" -untrusted "$folder/ca/issuing.pem" "$current/cert.pem"
openssl x509 -in "$current/cert.pem" -noout -subject -issuer -serial -dates -ext subjectAltName,extendedKeyUsage

step "its key is the TPM's: the key file loads in this TPM, and the public keys are equal (judged by tpm2-tools)"
split_key "$current/key.der" "$folder/key"
load_key || fail "the TPM does not load key.der"
tpm2_readpublic -c "$folder/key.ctx" -f pem -o "$folder/key.pem" >"$folder/key.txt"
tpm2_flushcontext -t
openssl x509 -in "$current/cert.pem" -noout -pubkey >"$folder/cert.pub"
cmp "$folder/key.pem" "$folder/cert.pub" || fail "the certificate is for another key"
grep -A 1 '^attributes:' "$folder/key.txt"
for attribute in fixedtpm fixedparent sensitivedataorigin; do
	grep -A 1 '^attributes:' "$folder/key.txt" | grep -qw "$attribute" || fail "the key is not $attribute"
done

step "a copy of the key file is worth nothing: another TPM refuses it"
other=$("$lab/swtpm.sh" start "$folder/other-tpm" | tail -n 1)
(
	export TPM2TOOLS_TCTI=$other
	if ! tpm2_readpublic -Q -c 0x81000001 2>/dev/null; then
		tpm2_createprimary -Q -C o -G ecc -c "$folder/other.ctx"
		tpm2_evictcontrol -Q -C o -c "$folder/other.ctx" 0x81000001
		tpm2_flushcontext -t
	fi
	if load_key 2>"$folder/other.txt"; then
		fail "another TPM loaded the key"
	fi
	grep -q integrity "$folder/other.txt" || fail "the other TPM failed for another reason: $(cat "$folder/other.txt")"
	grep -m 1 integrity "$folder/other.txt"
)

step "the settings that were written for wpa_supplicant and strongSwan"
cat "$wifi"
echo
cat "$vpn"
grep -q 'private_key="pkcs11:token=signet;object=demo-device;type=private"' "$wifi" || fail "Wi-Fi does not use the key"
grep -q 'module = signet' "$vpn" || fail "the VPN does not use the key"

step "renew now, on a new key"
first_serial=$(serial_of "$current/cert.pem")
cp "$wifi" "$folder/wifi.before"
cp "$vpn" "$folder/vpn.before"
signet renew demo-device --force
second_serial=$(serial_of "$current/cert.pem")
echo "before: $first_serial"
echo "after:  $second_serial"
[ "$first_serial" != "$second_serial" ] || fail "the certificate is the old one"
openssl verify -CAfile "$folder/ca/root.pem" -untrusted "$folder/ca/issuing.pem" "$current/cert.pem"
openssl x509 -in "$current/cert.pem" -noout -pubkey | cmp -s - "$folder/cert.pub" && fail "the key is the old one"
cmp "$wifi" "$folder/wifi.before" || fail "the Wi-Fi settings changed"
cmp "$vpn" "$folder/vpn.before" || fail "the VPN settings changed"

step "apply again: there is nothing left to do"
state_listing >"$folder/listing.before"
signet apply
state_listing | cmp - "$folder/listing.before" || fail "something was written"
[ "$(serial_of "$current/cert.pem")" = "$second_serial" ] || fail "the certificate changed"

step "done: enrolled, proven, renewed"
