# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of the borelog command for bash. Commands and options come from borelog's own help, so they cannot be out of date.

_borelog_commands()
{
	"$1" help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'
}

_borelog_options()
{
	"$1" help "$2" 2>/dev/null | sed -n '/^Options:/,$s/^  \{1,6\}\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\).*/\2/p'
}

_borelog_sessions()
{
	"$1" status 2>/dev/null | sed -n 's/^\([A-Za-z0-9_][A-Za-z0-9_.\/-]*\): process.*/\1/p'
}

# Colons break words in bash; names of events are full of them.
_borelog_events()
{
	local word=$2
	mapfile -t COMPREPLY < <(compgen -W "$("$1" list --names 2>/dev/null | sort -u)" -- "$word")
	declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$word"
}

# Index of the first word of the command that "borelog record" runs, or nothing.
_borelog_operand()
{
	local i

	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${words[i]} in
		--)
			echo $((i + 1))
			return
			;;
		-o | -e | --output | --event | --size | --sub-size | --context | --ctf | --background | --flush-interval | --full-disk)
			((i++))
			;;
		-*) ;;
		*)
			echo "$i"
			return
			;;
		esac
	done
}

_borelog()
{
	local cur prev words cword operand
	_init_completion -n : 2>/dev/null || { words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}; }
	COMPREPLY=()

	if ((cword == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_borelog_commands "${words[0]}") --help --version" -- "$cur")
		return
	fi
	if [[ ${words[1]} == record ]]; then
		operand=$(_borelog_operand)
		if [[ -n $operand ]] && declare -F _command_offset >/dev/null; then
			_command_offset "$operand"
			return
		fi
	fi
	case $prev in
	-o | --output)
		compopt -o dirnames
		return
		;;
	-e | --event)
		_borelog_events "${words[0]}" "$cur"
		return
		;;
	--ctf)
		mapfile -t COMPREPLY < <(compgen -W '1.8 2' -- "$cur")
		return
		;;
	--context)
		mapfile -t COMPREPLY < <(compgen -W 'none tid' -- "$cur")
		return
		;;
	--state)
		mapfile -t COMPREPLY < <(compgen -W 'created running shutdown dying freed' -- "$cur")
		return
		;;
	--full-disk)
		mapfile -t COMPREPLY < <(compgen -W 'stop discard' -- "$cur")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W "$([[ ${words[1]} == events ]] && echo text json csv || echo text json)" -- "$cur")
		return
		;;
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
		return
		;;
	--size | --sub-size | --background | --flush-interval | --from | --to | --filter | --fields | --jobs | --width | -n | --top | --limit | --timeout)
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_borelog_options "${words[0]}" "${words[1]}")" -- "$cur")
		return
	fi
	case ${words[1]} in
	help) mapfile -t COMPREPLY < <(compgen -W "$(_borelog_commands "${words[0]}")" -- "$cur") ;;
	status | snapshot | flush | stop) mapfile -t COMPREPLY < <(compgen -W "$(_borelog_sessions "${words[0]}")" -- "$cur") ;;
	xen) ((cword == 2)) && mapfile -t COMPREPLY < <(compgen -W 'domains wait' -- "$cur") ;;
	record) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
	events | stats | info | convert)
		compopt -o dirnames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	esac
}

complete -F _borelog borelog
