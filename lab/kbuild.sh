# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# kbuild.sh - modules built for the guests' kernel. To be sourced after common.sh.

packages=$("$lab/packages")
kernel=$(cat "$packages/kernel")
common_headers=$packages/root/usr/src/linux-headers-${kernel%-*}-common

# build_modules DIRECTORY [SETTING...]: of a directory with a Kbuild file, which is changed
build_modules()
{
	in=$1
	shift
	# Debian's makefile of the headers includes the common one by its installed path; ours is elsewhere.
	nice make -C "$packages/root/usr/src/linux-headers-$kernel" -f "$common_headers/Makefile" -j "$(nproc)" M="$in" \
		CONFIG_DEBUG_INFO= CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules
}

# keep_modules DIRECTORY PRODUCT: without debug information
keep_modules()
{
	find "$1" -name '*.ko' -exec strip --strip-debug -- {} + -exec mv -t "$2" -- {} +
}
