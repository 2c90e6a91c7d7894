# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# apt.sh - Debian's packages from the machine's own sources, downloaded into the cache only, without root. To be sourced after common.sh.

export LC_ALL=C # the output of apt-cache is read

apt_get()
{
	apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"
}

# apt_update: sources that fail are not ours to judge; what misses their lists fails later, and says what it missed.
apt_update()
{
	apt_get update || true
}

# own_lists DIR: from here on use package lists in DIR, for apt_update to fill. An ordinary user cannot renew the machine's. (apt-get removes
# what it does not know from the directory of the lists itself.)
own_lists()
{
	mkdir -p "$1/lists/partial"
	cat >"$1/apt.conf" <<-CONF
		Dir::State::Lists "$1/lists";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Acquire::Languages "none";
	CONF
	export APT_CONFIG="$1/apt.conf"
}

# own_source_lists DIR: the same for source packages, which the machine's list of sources may leave out
own_source_lists()
{
	own_lists "$1"
	mkdir "$1/sources"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		[ -f "$file" ] || continue
		case $file in
		*.sources) sed 's/^Types:.*/Types: deb-src/' "$file" ;;
		*.list) sed -n 's/^deb\s/deb-src /p' "$file" ;;
		*) continue ;;
		esac >"$1/sources/$(basename "$file")"
	done
	cat >>"$1/apt.conf" <<-CONF
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$1/sources";
	CONF
}

# download DIR WHAT COMMAND...: run COMMAND, which downloads packages into DIR/deb, and list them in DIR/versions. If it fails package
# lists were missing or too old; once more with new ones.
download()
{
	into=$1
	shift
	mkdir "$into/deb"
	if ! run "$@"; then
		own_lists "$into/apt"
		run "renewing package lists" apt_update
		run "$@"
	fi
	basename -a "$into"/deb/*.deb >"$into/versions"
	rm -rf "$into/apt"
}
