# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC3043
# xen.sh - for jobs in dom0: Xen's tools, and guests that run jobs of their own. To be sourced: . /xen.sh
#
# A guest's job is as dom0's: a script, with its files in /job, as root. What it leaves in /out comes to dom0's /out/NAME, and its console
# to /out/guest-NAME.log. It can read lines from its console, which guest_tell sends.
#
#	toolstack_start
#	guest_create pvh one some-job some-file
#	guest_says one hello
#	guest_wait one

GUESTS=/run/guests
SHORT_US=200000

# await SECONDS COMMAND...: until it succeeds; status 1 if it does not for so long. Programs are slow to start in emulation, so COMMAND had
# better be of the shell's own.
await()
{
	local tries
	tries=$(($1 * 1000000 / SHORT_US))
	shift
	while ! "$@"; do
		tries=$((tries - 1))
		if [ $tries = 0 ]; then
			echo "xen.sh: waited in vain for: $*"
			return 1
		fi
		usleep $SHORT_US
	done
}

# has_line FILE TEXT
has_line()
{
	local line
	while read -r line || [ -n "$line" ]; do
		case $line in
		*"$2"*) return 0 ;;
		esac
	done <"$1"
	return 1
}

# toolstack_start: xenstore and consoles
toolstack_start()
{
	mkdir -p /run/xen /run/xenstored /run/lock $GUESTS
	modprobe -a loop xen-blkback
	xenstored --pid-file /run/xenstored.pid || return
	await 60 xenstore-exists / || return
	xen-init-dom0 >/dev/null || return
	xenconsoled --log=guest --log-dir=/out --pid-file=/run/xenconsoled.pid
}

# guest_create TYPE NAME JOB [FILE...]: TYPE is pv or pvh. GUEST_MEMORY_MB, GUEST_CPUS, GUEST_DISK_MB, GUEST_CONFIG (lines for xl),
# GUEST_ARGS (for its kernel) change what it is.
guest_create()
{
	local type=$1 name=$2 job=$3 dir=$GUESTS/$2 library device
	shift 2
	[ -f $GUESTS/vmlinux ] || tar -x -C $GUESTS -f /dev/vdb || return
	mkdir -p "$dir/root/job"
	cp /init "$dir/root"
	cp "$@" "$dir/root/job"
	for library in /job/*.so*; do
		[ ! -f "$library" ] || cp "$library" "$dir/root/job"
	done
	(cd "$dir/root" && find . | cpio -o -H newc 2>/dev/null) | cat $GUESTS/root.cpio - >"$dir/initrd"
	truncate -s "${GUEST_DISK_MB:-64}M" "$dir/disk"
	device=$(losetup -f) && losetup "$device" "$dir/disk" || return
	cat >"$dir/config" <<-CONFIG
		name = "$name"
		type = "$type"
		kernel = "$GUESTS/vmlinux"
		ramdisk = "$dir/initrd"
		extra = "console=hvc0 panic=-1 quiet pci=off disk=xvda job=${job##*/} ${GUEST_ARGS-}"
		memory = ${GUEST_MEMORY_MB:-160}
		vcpus = ${GUEST_CPUS:-1}
		disk = [ "format=raw, vdev=xvda, access=rw, target=$device" ]
		on_reboot = "destroy"
		on_crash = "destroy"
		tsc_mode = "native"
		${GUEST_CONFIG-}
	CONFIG
	echo "$device" >"$dir/device"
	xl create "$dir/config" || return
	xl domid "$name" >"$dir/domid"
	rm -rf "$dir/root" "$dir/initrd"
}

# guest_domid NAME
guest_domid()
{
	cat $GUESTS/"$1"/domid
}

# guest_says NAME TEXT: wait until the guest's console has a line with TEXT
guest_says()
{
	await "${GUEST_LIMIT_S:-300}" has_line "/out/guest-$1.log" "$2"
}

# guest_tell NAME LINE: to the guest's console
guest_tell()
{
	echo "$2" >"$(xenstore-read "/local/domain/$(guest_domid "$1")/console/tty")"
}

guest_is_gone()
{
	! xenstore-exists "/local/domain/$(guest_domid "$1")"
}

# guest_wait NAME: until the guest has ended; the status is its job's, or 120 if it did not get so far
guest_wait()
{
	local dir=$GUESTS/$1 status=120
	await "${GUEST_LIMIT_S:-300}" guest_is_gone "$1" || return
	losetup -d "$(cat "$dir/device")"
	mkdir "$dir/back"
	if (cd "$dir/back" && cpio -i <"$dir/disk" 2>/dev/null); then
		status=$(cat "$dir/back/status")
		[ ! -d "$dir/back/out" ] || mv "$dir/back/out" "/out/$1"
	fi
	rm -rf "$dir"
	return "$status"
}
