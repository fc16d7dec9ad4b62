#!/bin/sh
# SPDX-License-Identifier: MIT
# One software TPM in a folder: swtpm.sh start DIR (prints the TCTI), swtpm.sh stop DIR.
set -eu
what=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
socket=$dir/tpm.sock
[ ${#socket} -lt 100 ] || { echo "swtpm.sh: $socket is too long for a socket" >&2; exit 1; }
case $what in
start)
	mkdir -p "$dir/tpmstate"
	setsid swtpm socket --tpm2 --tpmstate "dir=$dir/tpmstate" --server "type=unixio,path=$socket" \
		--ctrl "type=unixio,path=$socket.ctrl" --flags startup-clear,not-need-init --log level=0 \
		</dev/null >"$dir/swtpm.log" 2>&1 &
	echo $! >"$dir/swtpm.pid"
	for _ in $(seq 100); do
		[ -S "$socket" ] && [ -S "$socket.ctrl" ] && break
		kill -0 "$(cat "$dir/swtpm.pid")" 2>/dev/null || { cat "$dir/swtpm.log" >&2; exit 1; }
		sleep 0.05
	done
	[ -S "$socket" ] || { echo "swtpm.sh: no socket after 5 s" >&2; exit 1; }
	echo "swtpm:path=$socket"
	;;
stop)
	[ -f "$dir/swtpm.pid" ] || exit 0
	pid=$(cat "$dir/swtpm.pid")
	kill "$pid" 2>/dev/null || true
	for _ in $(seq 100); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	rm -f "$dir/swtpm.pid" "$socket" "$socket.ctrl"
	;;
*)
	echo "usage: swtpm.sh start|stop DIR" >&2
	exit 2
	;;
esac
