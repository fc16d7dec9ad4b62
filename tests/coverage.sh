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
wanted='^(client/(pki|scep|config)/[a-z0-9_]+|tpm/(key_file|tpm_key|rsa_key|device_key|storage_key|storage_key_make|roca))\\.c$'
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
[ -z "$html" ] || tool llvm-cov show "${common[@]}" -format html -show-branches count -output-dir "$html"
if [ -n "$lines" ]; then
	tool llvm-cov show "${common[@]}" -show-branches count "$lines" |
		grep -E '^ +[0-9]+\| +0\||Branch .*(True: 0|False: 0)' || true
	exit 0
fi
# columns of a row: file; functions, missed, share; lines, missed, share; branches, missed, share. Names are from the root on.
tool llvm-cov report "${common[@]}" -show-region-summary=0 >"$build/profiles/report"
awk -v wanted="$wanted" -v line_goal=$line_goal -v branch_goal=$branch_goal '
	function share(all, missed) { return all > 0 ? 100 * (all - missed) / all : 0 }
	$1 ~ wanted {
		printf "%-40s %5d lines %7.2f %%  %5d branches %7.2f %%\n", $1, $5, share($5, $6), $8, share($8, $9)
		lines += $5; lines_missed += $6; branches += $8; branches_missed += $9
	}
	END {
		l = share(lines, lines_missed); b = share(branches, branches_missed)
		printf "lines %.2f %% of %d (goal %d), branches %.2f %% of %d (goal %d)\n", l, lines, line_goal, b, branches, branch_goal
		exit !(l >= line_goal && b >= branch_goal)
	}' "$build/profiles/report"
