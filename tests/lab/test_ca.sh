#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts and stops test_ca.py, our NDES look-alike.
#   test_ca.sh start DIR [options of test_ca.py]    prints its URL, without a path
#   test_ca.sh stop DIR
#   test_ca.sh issue DIR --out FOLDER --cn NAME [options]    prints the serial; see testca/servers.py
#   test_ca.sh revoke DIR --out FILE [SERIAL...]             a revocation list
set -eu

here=$(cd "$(dirname "$0")" && pwd)

usage() {
	echo "usage: test_ca.sh start DIR [options] | stop DIR | issue DIR ... | revoke DIR ..." >&2
	exit 2
}

start() {
	dir=$1
	shift
	mkdir -p "$dir"
	rm -f "$dir/url" "$dir/port" "$dir/pid"
	/usr/bin/python3 "$here/test_ca.py" --dir "$dir" "$@" \
		</dev/null >"$dir/stdout" 2>"$dir/stderr" &
	pid=$!
	tries=0
	while [ ! -s "$dir/url" ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 300 ] || ! kill -0 "$pid" 2>/dev/null; then
			kill "$pid" 2>/dev/null || true
			echo "test_ca.sh: the test CA in '$dir' did not start:" >&2
			cat "$dir/stderr" >&2
			exit 1
		fi
		sleep 0.1
	done
	cat "$dir/url"
}

# Ends the process of DIR/pid, but only if it still is that server and not a later process.
stop() {
	dir=$1
	[ -s "$dir/pid" ] || return 0
	pid=$(cat "$dir/pid")
	rm -f "$dir/pid" "$dir/url"
	case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || true) in
	*test_ca.py*) kill "$pid" 2>/dev/null || true ;;
	*) return 0 ;;
	esac
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do
		# A zombie that nobody reaps is ended too.
		case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null || true) in Z*) break ;; esac
		tries=$((tries + 1))
		sleep 0.1
	done
}

[ $# -ge 2 ] || usage
verb=$1
shift
case $verb in
start) start "$@" ;;
stop) stop "$1" ;;
issue | revoke) exec /usr/bin/python3 "$here/testca/servers.py" "$verb" "$@" ;;
*) usage ;;
esac
