#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs in pid and user namespaces of their own, as containers make them, that share the runtime directory with the recorder.

Runs as root on a machine of its own (machine.py), with a user A.
"""
import machine

machine.enter()

import os
import pathlib
import re

import harness
import users
from harness import check, equal
from machine import as_user
from users import A, B, VICTIM, Program, Session, check_records, listed, run_dir

CONTAINER = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
SHARED_PROC = ["unshare", "--pid", "--fork", "--kill-child"]
USER_CONTAINER = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"]
LAST_PID = pathlib.Path("/proc/sys/kernel/ns_last_pid")


def inner(program):
    """Makes the program's pid that of the victim itself, which unshare(1) has started; returns its number in its own namespace."""
    program.pid = int(pathlib.Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()[0])
    return int(re.search(r"^NSpid:.*\s(\d+)$", pathlib.Path(f"/proc/{program.pid}/status").read_text(), re.M)[1])


def contained(place, uid, container=CONTAINER, **env):
    program = Program(place, uid, [*container, VICTIM, "ask"], **env)
    equal(inner(program), 1, "pid in the container")
    return program


def control_files(uid):
    return {path.name for path in (run_dir(uid) / "programs").glob("*")}


def test_command(place):
    """borelog record -- CMD where CMD makes the container."""
    for uid, container, env in ((0, CONTAINER, {}), (0, SHARED_PROC, {}), (0, CONTAINER + USER_CONTAINER, {}), (A, USER_CONTAINER, {}),
                                (A, USER_CONTAINER, {"XDG_RUNTIME_DIR": f"/run/user/{A}"}), (B, USER_CONTAINER, {})):
        place.traces += 1
        folder = place.folder / f"of-{uid}"
        folder.mkdir(exist_ok=True)
        os.chown(folder, uid, uid)
        trace = folder / f"trace{place.traces}"
        place.env.update(env)
        done = place.run(*as_user(uid, harness.BORELOG, "record", "--no-preload", "-o", trace, "--", *container, VICTIM, "count", "300"))
        place.env.pop("XDG_RUNTIME_DIR", None)
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        events = harness.read(trace)
        equal([event.fields["n"] for event in events], list(range(300)), f"records of {container} as {uid}: {done.stderr}")
        check(events[0].pid > 1, "pid is the recorder's: ", events[0].pid)
        equal(harness.discarded(trace), 0, "discarded")
    check(not pathlib.Path("/tmp/borelog-0").exists(), "somebody who is only called root has taken root's place")


def test_session(place):
    """Programs that were there and that come, two of the same number among them; one's end is not the other's."""
    for uid, container in (0, CONTAINER), (0, SHARED_PROC), (A, USER_CONTAINER):
        before = [contained(place, uid, container) for _ in range(2)] + [Program(place, uid)]
        for program in before:
            program.record(3, recorded=False)
        equal(len(control_files(uid)), 3, "control files")
        session = Session(place, uid)
        after = [contained(place, uid, container) for _ in range(2)]
        for n, program in enumerate(before + after):
            program.record(100 + n)
        equal(listed(place, uid), sorted(program.pid for program in before + after), "listed")
        before[0].end()
        for n, program in enumerate(before[1:] + after):
            program.record(200 + n)
        check_records(session.stop(), *before, *after)
        equal(listed(place, uid), sorted(program.pid for program in before[1:] + after), "listed after one's end")
        # Those that are left are armed again.
        session = Session(place, uid)
        for n, program in enumerate(before[1:] + after):
            program.expected = 0
            program.record(300 + n)
        check_records(session.stop(), *before[1:], *after)
        for program in before[1:] + after:
            program.end()
        equal(control_files(uid), set(), "control files")


def test_killed(place):
    """What killed ones leave is known to be left over, by recorders and by programs in other namespaces; what others hold is not."""
    def sweep_by_list():
        listed(place, 0)

    def sweep_by_program():
        LAST_PID.write_text("63") # who has a number that 64 divides sweeps
        Program(place, 0).end()

    def sweep_in_container():
        code = "echo 63 > /proc/sys/kernel/ns_last_pid; {} count 1; exit 0".format(VICTIM)
        equal(place.run(*CONTAINER, "sh", "-c", code).returncode, 0, "a program in a container")

    for sweep in sweep_by_list, sweep_by_program, sweep_in_container:
        lives, outside, killed = contained(place, 0), Program(place, 0), contained(place, 0)
        held = control_files(0)
        killed.kill()
        os.waitpid(killed.pid, 0) # we are init here
        sweep()
        left = control_files(0)
        equal(len(held) - len(left), 1, f"control files that went in {sweep.__name__}")
        session = Session(place, 0)
        for program in lives, outside:
            program.record(10)
        check_records(session.stop(), lives, outside)
        for program in lives, outside:
            program.end()


def test_same_number_inside_and_outside(place):
    """NSpid says the same number twice."""
    program = Program(place, 0, [*CONTAINER, "sh", "-c",
                                 f"echo 19999 > {LAST_PID}; echo ready; read x; {VICTIM} ask; exit 0"])
    session = Session(place, 0)
    LAST_PID.write_text("19999")
    program.process.stdin.write("go on\n")
    program.process.stdin.flush()
    equal(program.process.stdout.readline(), "ready\n", "the victim")
    shell = int(pathlib.Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()[0])
    program.pid = int(pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])
    equal(re.findall(r"^NSpid:\s+(.*)$", pathlib.Path(f"/proc/{program.pid}/status").read_text(), re.M), ["20000\t20000"], "numbers")
    program.record(40)
    equal(listed(place, 0), [20000], "listed")
    check_records(session.stop(), program)


def test_from_inside(place):
    """A recorder in a container: it records what is there, and says why not what is outside."""
    outside = Program(place, 0)
    code = f"""
set -e
{harness.BORELOG} record -o {place.folder}/inside --background inside 2>&1
{harness.BORELOG} list
echo ready
read x
{VICTIM} count 20
{harness.BORELOG} stop inside
"""
    program = Program(place, 0, [*CONTAINER, "sh", "-c", f"({code}) | tee {place.folder}/said | grep --line-buffered '^ready'"])
    late = Program(place, 0)
    for stranger in outside, late:
        stranger.record(10, recorded=False)
    program.process.stdin.write("go on\n")
    program.end()
    said = (place.folder / "said").read_text()
    check("20 records of 1 program," in said, said)
    check(f"{outside.pid} of another pid namespace  (its pid namespace is not seen from here" in said, said)
    events = harness.read(place.folder / "inside")
    equal([event.fields["n"] for event in events], list(range(20)), "records")
    log = (place.folder / "inside" / "record.log").read_text()
    check(f"process {outside.pid} of another pid namespace is not recorded: its pid namespace is not seen" in log, log)
    check("a process that wants to be is not recorded: its pid namespace is not seen from here" in log, log)


def test_unknown_user(place):
    """Root's sessions and programs of a user namespace that knows no root: they could not tell it from a stranger, and say so."""
    program = contained(place, A, USER_CONTAINER)
    lines = harness.programs_listed(place.run(harness.BORELOG, "list").stdout)
    equal(len(lines), 1, "listed")
    check(lines[0].startswith(f"{program.pid} ") and "its user namespace does not know the user that records" in lines[0], lines)
    session = Session(place, 0)
    program.record(10, recorded=False)
    equal(session.stop(), [], "records")
    check("its user namespace does not know" in session.log(), session.log())


def test_other_directories(place):
    """A container with a directory of its own for control files."""
    session = Session(place, 0)
    Program(place, 0).end()
    code = f"mount -t tmpfs -o mode=0700 none {run_dir(0)}/programs && exec {VICTIM} count 10"
    equal(place.run("unshare", "--mount", "sh", "-c", code).returncode, 0, "the program")
    equal(session.stop(), [], "records")
    check("no control file of it is where its user's are" in session.log(), session.log())


def test_wrong_proc(place):
    """/proc of another namespace would tell of other processes than those that connect."""
    for words in ("list",), ("record", "-o", place.folder / "never", "--", "true"):
        done = place.run(*SHARED_PROC, harness.BORELOG, *words)
        equal(done.returncode, 1, f"exit status: {done.stdout}{done.stderr}")
        check("/proc is missing, or shows another pid namespace" in done.stderr, done.stderr)


if __name__ == "__main__":
    users.main(globals())
