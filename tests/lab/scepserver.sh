#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts and stops micromdm's scepserver (Debian package scep), a SCEP server of another family:
# its CA signs CertRep itself, with SHA-1, and answers in single DES.
#   scepserver.sh start DIR CHALLENGE [DAYS]   prints its URL; DIR/ca.cer, DIR/ca.pem: its CA certificate; DAYS: life
#                                              of what it issues, 365; 1 at least. An empty CHALLENGE: none is asked for
#   scepserver.sh stop DIR
# The server has no option for an address: it listens on all of them, under a free port.
set -eu

usage() {
	echo "usage: scepserver.sh start DIR CHALLENGE [DAYS] | stop DIR" >&2
	exit 2
}

free_port() {
	/usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# True when the server of this start answers: 0.1 s steps, 10 s at most.
is_up() {
	tries=0
	while [ "$tries" -lt 100 ]; do
		kill -0 "$1" 2>/dev/null || return 1
		if curl -s -f -o "$dir/caps" --noproxy '*' --max-time 5 "$2?operation=GetCACaps"; then
			return 0
		fi
		tries=$((tries + 1))
		sleep 0.1
	done
	return 1
}

start() {
	dir=$1
	challenge=$2
	days=${3:-365}
	mkdir -p "$dir"
	rm -rf "$dir/depot" "$dir/url" "$dir/pid"
	# 2048 bits: 4096, the default, only make each test slower.
	scepserver ca -init -depot "$dir/depot" -keySize 2048 >"$dir/init.log" 2>&1
	openssl x509 -in "$dir/depot/ca.pem" -outform DER -out "$dir/ca.cer"
	cp "$dir/depot/ca.pem" "$dir/ca.pem"
	for _ in 1 2 3; do # another process may take the port between our look and the start
		port=$(free_port)
		url="http://127.0.0.1:$port/scep"
		# The challenge goes by the environment: argv is for everybody to read.
		SCEP_CHALLENGE_PASSWORD=$challenge scepserver -depot "$dir/depot" -port "$port" \
			-allowrenew 0 -crtvalid "$days" -debug </dev/null >"$dir/stdout" 2>"$dir/stderr" &
		pid=$!
		echo "$pid" >"$dir/pid"
		if is_up "$pid" "$url"; then
			echo "$url" >"$dir/url"
			echo "$url"
			return 0
		fi
		kill "$pid" 2>/dev/null || true
	done
	echo "scepserver.sh: the server in '$dir' did not start:" >&2
	cat "$dir/stderr" >&2
	exit 1
}

# Ends the process of DIR/pid, but only if it still is that server and not a later process.
stop() {
	dir=$1
	[ -s "$dir/pid" ] || return 0
	pid=$(cat "$dir/pid")
	rm -f "$dir/pid" "$dir/url"
	case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || true) in
	*scepserver*) kill "$pid" 2>/dev/null || true ;;
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
start)
	[ $# -eq 2 ] || [ $# -eq 3 ] || usage
	start "$@"
	;;
stop) stop "$1" ;;
*) usage ;;
esac
