#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the fuzz targets of targets.txt over their corpora and what earlier runs found. One line a target:
#   name, executions, how many a second, edges covered, seconds of processor time, ok or FAILED
# Usage: run.sh [option...] [TARGET...]
#   --build FOLDER    of the targets (build/fuzz; build/fuzz-wolfssl is wolfssl.sh's)
#   --seconds N       for all targets together (180: what CI gives)
#   --hours N         the same in hours: run.sh --hours 12 --jobs 4
#   --runs N          executions of each target and job instead of a time
#   --at-once N       targets side by side (2)
#   --jobs N          processes of each target that share their finds (1): libFuzzer's -jobs and -workers
#   --keep FOLDER     new inputs, logs and crashes, FOLDER/TARGET: the next run goes on from there (a folder that is removed)
# Exit 0 only when no target found anything. A crash: its log and input stand in the kept folder.
set -uo pipefail
export LC_ALL=C TIMEFORMAT='%U %S'
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/fuzz seconds=180 runs=-1 at_once=2 jobs=1 keep=
input_max=16384 # bytes: a message of four certificates has 8 KiB; longer ones are slow and tell nothing new
while [[ ${1-} == --* ]]; do
	case $1 in
	--build) build=$(realpath "$2") ;;
	--seconds) seconds=$2 ;;
	--hours) seconds=$(($2 * 3600)) ;;
	--runs) runs=$2 ;;
	--at-once) at_once=$2 ;;
	--jobs) jobs=$2 ;;
	--keep) mkdir -p "$2" && keep=$(realpath "$2") ;;
	*)
		echo "run.sh: no option $1" >&2
		exit 2
		;;
	esac
	shift 2
done
[ -n "$keep" ] || { keep=$(mktemp -d) && trap 'rm -rf "$keep"' EXIT; }
mapfile -t known < <(sed -n 's/^\([a-z][a-z_]*\) .*/\1/p' "$here/targets.txt")
names=("${@:-${known[@]}}")
[ $# -gt 0 ] || names=("${known[@]}")
time_s=$((seconds * at_once / ${#names[@]}))
[ "$runs" -lt 0 ] || time_s=0
[ "$runs" -ge 0 ] || [ "$time_s" -gt 0 ] || time_s=1

sum() { # of a statistic over the logs of all jobs
	grep -h "^stat::$1:" fuzz-*.log | awk '{ n += $2 } END { print n + 0 }'
}

fuzz() {
	local name=$1 corpora folders=() used result=ok
	corpora=$(awk -v name="$name" '$1 == name { print $4 }' "$here/targets.txt")
	if [ -z "$corpora" ] || [ ! -x "$build/tests/fuzz/fuzz_$name" ]; then
		echo "run.sh: no target $name in $build" >&2
		return 1
	fi
	for one in ${corpora//,/ }; do folders+=("$root/tests/data/$one"); done
	mkdir -p "$keep/$name/inputs" && cd "$keep/$name" && rm -f fuzz-*.log || return 1
	used=$({ time "$build/tests/fuzz/fuzz_$name" -jobs="$jobs" -workers="$jobs" -runs="$runs" -max_total_time=$time_s -max_len=$input_max \
		-print_final_stats=1 -artifact_prefix="$keep/$name/" inputs "${folders[@]}" >all.log 2>&1 || echo FAILED >failed; } 2>&1)
	[ ! -e failed ] || { result=FAILED; rm failed; grep -h -A25 -E 'ERROR|Sanitizer|deadly' fuzz-*.log all.log | head -60; }
	printf '%-16s %10d executions %7d/s  %5d edges  %6.0f s  %s\n' "$name" "$(sum number_of_executed_units)" \
		"$(sum average_exec_per_sec)" "$(grep -ho 'cov: [0-9]*' fuzz-*.log | awk '$2 > n { n = $2 } END { print n + 0 }')" \
		"$(awk '{ print $1 + $2 }' <<<"$used")" "$result"
	[ "$result" = ok ]
}

failed=0
running=0
for name in "${names[@]}"; do
	if [ "$running" -ge "$at_once" ]; then
		wait -n || failed=1
		running=$((running - 1))
	fi
	fuzz "$name" &
	running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
	wait -n || failed=1
	running=$((running - 1))
done
exit $failed
