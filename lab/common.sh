# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# common.sh - what the lab's scripts share: where products are kept, and how each is made once. To be sourced.
#
# A product is a directory CACHE/NAME-KEY. KEY is a hash of all that it is made from (scripts, versions of packages, the keys of other
# products), so a product is never out of date: what changes gets another name. It appears whole or not at all, by a rename under a
# lock. Scripts print the path of their product on standard output, and what they do on standard error.

cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/borelog/lab
BEAT_S=10
UNUSED_DAYS=14

say()
{
	echo "lab: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# key INPUT...: a hash of files' contents and products' names
key()
{
	for input in "$@"; do
		if [ -d "$input" ]; then
			basename "$input"
		else
			cat "$input"
		fi
	done | sha256sum | cut -c 1-16
}

# contents PATH...: the same of files and directories of the project, by their names and contents; those that are not there are left out.
contents()
{
	(
		cd "$lab/.."
		for path in "$@"; do
			[ ! -e "$path" ] || find "$path" -type f -print0
		done | sort -z | xargs -0 sha256sum
	) | key -
}

# product NAME KEY: print the product's directory; if it is not there the caller's function make fills the empty directory it is given.
product()
{
	dir=$cache/$1-$2
	mkdir -p "$cache"
	exec 9>"$cache/$1.lock"
	flock -n 9 || {
		say "waiting for somebody else who makes $1"
		flock 9
	}
	if [ ! -d "$dir" ]; then
		find "$cache" -maxdepth 1 -type d -name "$1-*" -mtime "+$UNUSED_DAYS" -exec rm -rf {} +
		log=$cache/$1.log
		: >"$log"
		rm -rf "$cache/$1.part"
		mkdir "$cache/$1.part"
		make "$cache/$1.part"
		mv "$cache/$1.part" "$dir"
	fi
	touch "$dir"
	exec 9>&-
	echo "$dir"
}

# run WHAT COMMAND...: run it with its output in the log, and say what it does: at once, and every BEAT_S seconds with the log's last line.
# Returns the command's status, after the end of the log if that is not 0.
run()
{
	what=$1
	shift
	say "$what"
	begin=$(date +%s)
	beat=$begin
	"$@" >>"$log" 2>&1 </dev/null &
	child=$!
	while kill -0 $child 2>/dev/null; do
		sleep 0.2
		now=$(date +%s)
		if [ $((now - beat)) -ge $BEAT_S ]; then
			beat=$now
			say "$what: $((now - begin)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)"
		fi
	done
	status=0
	wait $child || status=$?
	if [ $status != 0 ]; then
		tail -n 30 "$log" >&2
		# A parallel make goes on for a while after what was wrong.
		grep -m 5 -E ' error: |undefined reference' "$log" >&2 || true
		say "$what: status $status; all of its output is in $log"
	fi
	return $status
}
