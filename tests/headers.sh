#!/bin/sh
# SPDX-License-Identifier: MIT
# Every header must compile alone, as C17 and as C++17; those of the lab are C alone. Run from the root.
bad=0
for h in $(find hal board tpm wifi vpn client tests -name '*.h' ! -path 'tests/lab/*'); do
  for how in "cc -std=c17 -xc" "c++ -std=c++17 -xc++"; do
    printf '#include "%s"\n' "$h" |
      $how -Wall -Wextra -Wpedantic -Werror -I. -Itests -fsyntax-only - || { echo "$h: $how"; bad=1; }
  done
done
exit $bad
