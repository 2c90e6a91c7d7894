#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The borelog command's manners: help, errors, exit statuses, and that its documents know all of its options."""
import pathlib
import re
import subprocess

import harness
from harness import BORELOG, check, equal

SOURCE = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["record", "list", "status", "snapshot", "flush", "stop", "events", "stats", "info", "convert", "xen", "help", "version"]


def usage_error(place, *words, says):
    done = place.run(BORELOG, *words)
    equal(done.returncode, 2, f"exit status of {words}")
    equal(done.stdout, "", f"standard output of {words}")
    check(says in done.stderr, f"{words}: {says!r} is not in {done.stderr!r}")
    check("--help" in done.stderr or "^" in done.stderr, f"{words}: no word of where help is: {done.stderr!r}")


def options_of(place, command):
    text = place.run(BORELOG, command, "--help").stdout
    return set(re.findall(r"--[a-z][a-z-]*", text.split("Options:")[1]))


def test_help(place):
    overview = place.run(BORELOG, "help")
    equal((overview.returncode, overview.stderr), (0, ""), "borelog help")
    for words in (["--help"], ["-h"]):
        equal(place.run(BORELOG, *words).stdout, overview.stdout, words)
    equal(re.findall(r"^  ([a-z]+) ", overview.stdout.split("Commands:")[1].split("\n\n")[0], re.M), COMMANDS, "commands listed")
    for command in COMMANDS:
        done = place.run(BORELOG, command, "--help")
        equal((done.returncode, done.stderr), (0, ""), command)
        check(done.stdout.startswith(f"usage: borelog {command}"), done.stdout)
        equal(place.run(BORELOG, "help", command).stdout, done.stdout, f"help {command}")
        check(max(map(len, done.stdout.splitlines())) <= 100, f"help of {command} is too wide")


def test_version(place):
    version = re.search(r"version: '([^']*)'", (SOURCE / "meson.build").read_text()).group(1)
    for words in (["version"], ["--version"], ["-V"]):
        done = place.run(BORELOG, *words)
        equal((done.returncode, done.stdout, done.stderr), (0, f"borelog {version}\n", ""), words)


def test_usage_errors(place):
    done = place.run(BORELOG)
    equal((done.returncode, done.stdout), (2, ""), "without a command")
    check("usage: borelog" in done.stderr, done.stderr)
    usage_error(place, "recrod", says='no command "recrod"')
    usage_error(place, "help", "nothing", says='"nothing"')
    usage_error(place, "version", "2", says='"2"')
    usage_error(place, "list", "foo", says='"foo"')
    usage_error(place, "list", "--frob", says="frob")
    usage_error(place, "stop", "a", "b", says='"b"')
    usage_error(place, "stop", "a/b/c", says='"a/b/c"')
    usage_error(place, "status", "..", says='".."')
    usage_error(place, "snapshot", "-o", says="-- 'o'")
    usage_error(place, "xen", says="domains or wait is missing")
    usage_error(place, "xen", "buffers", says='"buffers"')
    usage_error(place, "xen", "domains", "1", says='"1"')
    usage_error(place, "xen", "domains", "--state", "dying", says="--state is for wait")
    usage_error(place, "xen", "domains", "--format", "csv", says='"csv"')
    usage_error(place, "xen", "wait", says="which domain")
    usage_error(place, "xen", "wait", "dom7", says='"dom7"')
    usage_error(place, "xen", "wait", "-1", says="-- '1'")
    usage_error(place, "xen", "wait", "65536", says='"65536"')
    usage_error(place, "xen", "wait", "1", "2", says='"2"')
    usage_error(place, "xen", "wait", "1", "--state", "gone", says='"gone"')
    usage_error(place, "xen", "wait", "1", "--timeout", "0s", says='"0s"')
    usage_error(place, "xen", "wait", "1", "--format", "json", says="--format is for domains")


def test_record_usage_errors(place):
    def bad(*words, says):
        usage_error(place, "record", *words, "--", "touch", place.folder / "ran", says=says)

    bad("--size", "12Q", says='"12Q"')
    bad("--size", "-1", says='"-1"')
    bad("--size", "4K", says="--size 4K")
    bad("--size", "99999999999999999999", says="no size")
    bad("--size", "17179869184G", says="no size")
    bad("--size", "1G", says="--size 1G")
    bad("--sub-size", "0", says='"0"')
    bad("--sub-size", "1M", says="more than 512K")
    bad("-o", "", says="empty")
    bad("--ctf", "3", says='"3"')
    bad("--context", "tid,colour", says='"tid,colour"')
    bad("--context", "", says='""')
    bad("--flush-interval", "5", says='"5"')
    bad("--flush-interval", "0ms", says='"0ms"')
    bad("--flush-interval", "25000h", says='"25000h"')
    bad("--full-disk", "panic", says='"panic"')
    bad("--background", "a b", says='"a b"')
    bad("--background", "n" * 48, says="session's name")
    bad("--colour", says="colour")
    bad("-e", "rows >", says="rows >")
    bad("-e", "db:* if", says="db:* if")
    check(not (place.folder / "ran").exists(), "the command ran in spite of an error")
    check(not list(pathlib.Path.cwd().glob("borelog-2*")), "an error left a trace directory")


def test_no_room_on_stdout(place):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BORELOG, "help"], stdout=full, stderr=subprocess.PIPE, text=True)
    equal(done.returncode, 1, "exit status")
    check("No space left" in done.stderr, done.stderr)


def test_no_session(place):
    """What to type is said when there is nothing to talk to."""
    for command in ("stop", "snapshot", "flush"):
        for words in ([command], [command, "nobody"]):
            done = place.run(BORELOG, *words)
            equal((done.returncode, done.stdout), (1, ""), words)
            check(done.stderr.startswith(f"borelog {command}: "), done.stderr)
            check(len(done.stderr.splitlines()) == 1, done.stderr)
    done = place.run(BORELOG, "status")
    equal(done.returncode, 0, "status")
    check("borelog record --background" in done.stderr, done.stderr)
    equal(place.run(BORELOG, "status", "nobody").returncode, 1, "status nobody")


def test_documents_know_every_option(place):
    for command in COMMANDS[:-2]:
        page = (SOURCE / f"docs/man/borelog-{command}.1").read_text().replace("Fl -", "--").replace("\\-", "-")
        wanted = options_of(place, command)
        check(wanted, f"{command} --help lists no option")
        if wanted == {"--help"}:
            continue
        found = set(re.findall(r"--[a-z][a-z-]*", page))
        equal(wanted - found, set(), f"options of {command} that its man page lacks")
        equal({word for word in found - wanted if word in page.split("DESCRIPTION")[0]}, set(), f"options that {command} lacks")
    overview = (SOURCE / "docs/man/borelog.1").read_text()
    for command in COMMANDS:
        check(f".It Cm {command}" in overview, f"borelog.1 lacks {command}")


def complete(place, *words):
    """What bash offers for the last of @words."""
    script = """
        source /usr/share/bash-completion/bash_completion 2>/dev/null
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        compopt() { :; }
        _borelog; printf '%s\\n' "${COMPREPLY[@]}" """
    done = subprocess.run(["bash", "-c", script, "bash", SOURCE / "packaging/completion/borelog.bash", BORELOG, *words], env=place.env,
                          capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_completion(place):
    equal(complete(place, ""), set(COMMANDS) | {"--help", "--version"}, "commands")
    equal(complete(place, "st"), {"status", "stop", "stats"}, "st")
    equal(complete(place, "help", "re"), {"record"}, "help re")
    for command in COMMANDS:
        equal(complete(place, command, "--"), options_of(place, command), f"options of {command}")
    equal(complete(place, "record", "--ctf", ""), {"1.8", "2"}, "--ctf")
    equal(complete(place, "record", "--full-disk", "d"), {"discard"}, "--full-disk d")
    check("touch" in complete(place, "record", "-o", "x", "--", "touc"), "commands after --")
    equal(complete(place, "stats", "--format", ""), {"text", "json"}, "stats --format")
    equal(complete(place, "events", "--format", ""), {"text", "json", "csv"}, "events --format")
    equal(complete(place, "events", "--color", "a"), {"auto", "always"}, "events --color a")
    equal(complete(place, "info", "--format", "j"), {"json"}, "info --format j")
    equal(complete(place, "xen", ""), {"domains", "wait"}, "xen")
    equal(complete(place, "xen", "wait", "7", "--state", "d"), {"dying"}, "xen wait --state d")
    (place.folder / "trace").mkdir()
    (place.folder / "file").touch()
    equal(complete(place, "stats", f"{place.folder}/"), {f"{place.folder}/trace", f"{place.folder}/run"}, "directories of stats")


if __name__ == "__main__":
    harness.main(globals())
