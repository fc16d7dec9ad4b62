#!/bin/bash
# SPDX-License-Identifier: MIT
# Line and branch coverage of what judges certificates, keys and configuration: one table, then the sum. Counted are the unit
# tests and whole enrollments, with every process of signet: the counters lie in files that stay mapped (clang's continuous
# mode), so that workers that are killed or leave by _exit() count too.
# Usage: coverage.sh [--build FOLDER] [--units] [--html FOLDER] [--lines PATH]
#   --units       without the whole enrollments
#   --html        every line, as pages
#   --lines PATH  the lines and branches of one source that were not taken
# Exit 0 with at least 95 % of the lines and 85 % of the branches.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
build=build/coverage html='' lines='' whole=yes
line_goal=95 branch_goal=85
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2 && shift ;;
	--units) whole='' ;;
	--html) html=$2 && shift ;;
	--lines) lines=$2 && shift ;;
	*)
		echo "coverage.sh: no option $1" >&2
		exit 2
		;;
	esac
	shift
done
units=(pki scep config tpm agent)
sources=(client/pki client/scep client/config
	tpm/key_file.c tpm/tpm_key.c tpm/rsa_key.c tpm/device_key.c tpm/storage_key.c tpm/storage_key_make.c tpm/roca.c)
tool() { "$1-14" "${@:2}"; }

cmake --preset coverage -B "$build" >/dev/null
cmake --build "$build" -j 2 --target signet "${units[@]/#/unit_}" >/dev/null
rm -rf "$build/profiles"
mkdir "$build/profiles"
export LLVM_PROFILE_FILE="$PWD/$build/profiles/%p%c.profraw"
[[ $build != /* ]] || export LLVM_PROFILE_FILE="$build/profiles/%p%c.profraw"
for unit in "${units[@]}"; do
	"$build/tests/unit_$unit" >"$build/profiles/$unit.log" || { tail -n 40 "$build/profiles/$unit.log"; exit 1; }
done
objects=()
for unit in "${units[@]}"; do objects+=(-object "$build/tests/unit_$unit"); done
if [ -n "$whole" ]; then
	for test in enroll refusals; do
		SIGNET=$(realpath "$build/signet") /usr/bin/python3 "tests/e2e/test_$test.py" >"$build/profiles/$test.log" 2>&1 ||
			{ tail -n 40 "$build/profiles/$test.log"; exit 1; }
	done
	objects+=(-object "$build/signet")
fi
find "$build/profiles" -name '*.profraw' -size +0 >"$build/profiles/list"
tool llvm-profdata merge -sparse -f "$build/profiles/list" -o "$build/profiles/all.profdata"
common=("${objects[@]:1}" -instr-profile "$build/profiles/all.profdata")
[ -z "$html" ] || tool llvm-cov show "${common[@]}" -format html -show-branches count -output-dir "$html" "${sources[@]}"
if [ -n "$lines" ]; then
	tool llvm-cov show "${common[@]}" -show-branches count "$lines" |
		grep -E '^ +[0-9]+\| +0\||Branch .*(True: 0|False: 0)' || true
	exit 0
fi
tool llvm-cov report "${common[@]}" -show-region-summary=0 -show-functions=0 "${sources[@]}" | tee "$build/profiles/report"
# the last columns: lines, missed, share; branches, missed, share
awk -v lines=$line_goal -v branches=$branch_goal '$1 == "TOTAL" { found = 1; l = $(NF - 3) + 0; b = $NF + 0 }
	END { printf "lines %.2f %% (goal %d), branches %.2f %% (goal %d)\n", l, lines, b, branches
	      exit !(found && l >= lines && b >= branches) }' "$build/profiles/report"
