#!/bin/sh
# SPDX-License-Identifier: MIT
# The evaluator of filters calls nobody: no symbol is left undefined, at any optimisation, not even one that the compiler makes up.
# Usage: filter_freestanding.sh SOURCE_ROOT COMPILER...
set -eu
root=$1
shift
object=$(mktemp)
trap 'rm -f "$object"' EXIT
for level in -O0 -O1 -O2 -O3 -Os; do
	"$@" -std=gnu11 -Wall -Werror "$level" -ffreestanding -DBL_CHECK_FREESTANDING -I"$root" -I"$root/port/check" \
		-c "$root/lib/filter.c" -o "$object"
	undefined=$(nm -u "$object")
	if [ -n "$undefined" ]; then
		echo "$level: undefined symbols: $undefined" >&2
		exit 1
	fi
	nm "$object" | grep -q ' T bl_filter_match$'
done
