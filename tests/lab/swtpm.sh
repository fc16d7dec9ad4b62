#!/bin/sh
# SPDX-License-Identifier: MIT
# One software TPM in a folder.
#   swtpm.sh start DIR   prints its TCTI; a TPM that runs there already is kept
#   swtpm.sh stop DIR    ends it and waits; DIR/tpmstate stays, so that a later start is a reboot
set -eu

usage() {
	echo "usage: swtpm.sh start DIR | stop DIR" >&2
	exit 2
}

# Is $1 a swtpm of this folder, and not a later process with its number or a zombie nobody reaped?
is_ours() {
	case $(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || true) in
	swtpm\ *"dir=$dir/tpmstate "*) return 0 ;;
	*) return 1 ;;
	esac
}

# CMD_GET_CAPABILITY over the control socket: answered only once the TPM is ready for commands.
answers() {
	/usr/bin/python3 - "$socket.ctrl" 2>/dev/null <<'PYTHON'
import socket
import sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect(sys.argv[1])
s.sendall(b"\x00\x00\x00\x01")
sys.exit(0 if len(s.recv(64)) >= 8 else 1)
PYTHON
}

start() {
	if [ -s "$dir/swtpm.pid" ] && is_ours "$(cat "$dir/swtpm.pid")"; then
		echo "swtpm:path=$socket"
		return 0
	fi
	rm -f "$socket" "$socket.ctrl" # of one that was killed
	mkdir -p "$dir/tpmstate"
	setsid swtpm socket --tpm2 --tpmstate "dir=$dir/tpmstate" \
		--server "type=unixio,path=$socket" --ctrl "type=unixio,path=$socket.ctrl" \
		--flags startup-clear,not-need-init --log level=0 \
		</dev/null >"$dir/swtpm.log" 2>&1 &
	pid=$!
	echo "$pid" >"$dir/swtpm.pid"
	tries=0
	while [ "$tries" -lt 200 ]; do
		if [ -S "$socket" ] && [ -S "$socket.ctrl" ] && answers; then
			echo "swtpm:path=$socket"
			return 0
		fi
		kill -0 "$pid" 2>/dev/null || break
		tries=$((tries + 1))
		sleep 0.05
	done
	echo "swtpm.sh: the TPM in '$dir' did not start:" >&2
	cat "$dir/swtpm.log" >&2
	exit 1
}

stop() {
	[ -s "$dir/swtpm.pid" ] || return 0
	pid=$(cat "$dir/swtpm.pid")
	if is_ours "$pid"; then
		kill "$pid" 2>/dev/null || true
		kill -CONT "$pid" 2>/dev/null || true # a test may have stopped it
	fi
	tries=0
	while is_ours "$pid" && [ "$tries" -lt 200 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	if is_ours "$pid"; then
		kill -KILL "$pid" 2>/dev/null || true
	fi
	rm -f "$dir/swtpm.pid" "$socket" "$socket.ctrl"
}

[ $# -eq 2 ] || usage
mkdir -p "$2"
dir=$(cd "$2" && pwd)
socket=$dir/tpm.sock
# 108 bytes with the NUL is all a socket's path may have (unix(7)); ".ctrl" comes behind.
[ ${#socket} -lt 102 ] || {
	echo "swtpm.sh: $socket is too long for a socket" >&2
	exit 1
}
case $1 in
start) start ;;
stop) stop ;;
*) usage ;;
esac
