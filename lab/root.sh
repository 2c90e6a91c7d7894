# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# root.sh - a guest's files, put together from unpacked packages. To be sourced after common.sh; $from lists where packages are unpacked.

LIBRARIES=usr/lib/x86_64-linux-gnu

# base ROOT: what each guest has: directories, busybox, the dynamic loader, and a library that is opened by name when a thread is cancelled
base()
{
	mkdir -p "$1/bin" "$1/dev" "$1/etc" "$1/lib64" "$1/lib/modules" "$1/out" "$1/proc" "$1/run" "$1/sys" "$1/tmp" "$1/$LIBRARIES" "$1/var"
	ln -s ../run "$1/var/run"
	echo "root:x:0:0:root:/tmp:/bin/sh" >"$1/etc/passwd"
	echo "root:x:0:" >"$1/etc/group"
	add "$1" bin/busybox lib64/ld-linux-x86-64.so.2
	cp "$(find_file lib/x86_64-linux-gnu/libgcc_s.so.1)" "$1/$LIBRARIES"
	ln -s busybox "$1/bin/sh"
}

# find_file PATH: where it is in the packages
find_file()
{
	for tree in $from; do
		if [ -e "$tree/$1" ]; then
			echo "$tree/$1"
			return
		fi
	done
	die "not in the packages: $1"
}

# add ROOT PATH...
add()
{
	into=$1
	shift
	for path in "$@"; do
		mkdir -p "$into/$(dirname "$path")"
		cp -L "$(find_file "$path")" "$into/$path"
	done
}

# libraries PROGRAM [MACHINE]: paths of the libraries that it is linked with, which must be of the packages, or of none of the directories
# MACHINE: others would make the guest depend on this machine.
libraries()
{
	places=
	for tree in $from; do
		places="$places:$tree/lib/x86_64-linux-gnu:$tree/$LIBRARIES"
	done
	listed=$("$(find_file lib64/ld-linux-x86-64.so.2)" --library-path "${places#:}" --list "$1")
	echo "$listed" | awk -v from="$from" -v machine="${2-/}" '
		function within(path, directories,    list, i, n) {
			n = split(directories, list, " ")
			for (i = 1; i <= n; i++)
				if (index(path, list[i]) == 1)
					return 1
			return 0
		}
		$2 == "=>" && $1 !~ /^ld-linux/ {
			if (!within($3, from) && within($3, machine)) {
				print "lab: not in the packages: " $0 >"/dev/stderr"
				exit 1
			}
			print $3
		}'
}

# add_programs ROOT PATH...: with their libraries
add_programs()
{
	add "$@"
	into=$1
	shift
	needed=
	for path in "$@"; do
		needed="$needed $(libraries "$(find_file "$path")")"
	done
	# shellcheck disable=SC2086 # a list
	printf '%s\n' $needed | sort -u | xargs cp -L -t "$into/$LIBRARIES"
}

# archive ROOT: in the form of an initramfs, owned by root
archive()
{
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0)
}
