#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sessions: names, background, snapshots, signals, exit statuses, short processes, and that an idle one sleeps."""
import os
import pathlib
import signal
import socket
import subprocess

import harness
from harness import check, equal, wait_for
from recorder_trouble import VICTIM, check_finished, check_steps, packets, running

SHORT_PROCESSES = int(os.environ.get("BORELOG_SHORT_PROCESSES", "1000"))


def asking(place):
    return running((VICTIM, "ask"), env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def tell(victim, n):
    victim.stdin.write(f"{n}\n")
    victim.stdin.flush()
    equal(victim.stdout.readline(), "done\n", "the program")


def borelog(place, *arguments, status=0):
    done = place.run(harness.BORELOG, *arguments)
    equal(done.returncode, status, f"exit status of {arguments}\n{done.stdout}{done.stderr}")
    return done


def test_background(place):
    trace = place.new_trace()
    with asking(place) as (victim,):
        equal(victim.stdout.readline(), "ready\n", "the program")
        borelog(place, "record", "--background", "one", "-o", trace)
        try:
            borelog(place, "record", "--background", "one", "-o", place.new_trace(), status=1)
            check("one" in borelog(place, "status").stdout, "status shows it")
            tell(victim, 10)
            equal(len(packets(trace)), 0, "files before anything is full")
            borelog(place, "flush", "one")
            equal(check_steps(harness.read(trace)), 10, "records after a flush")
            tell(victim, 5)
        finally:
            borelog(place, "stop", "one")
    equal(check_steps(harness.read(trace)), 15, "records")
    borelog(place, "stop", "one", status=1)
    equal(list((place.run_dir / "borelog/sessions").iterdir()), [], "sockets left")


def test_snapshots(place):
    trace = place.new_trace()
    with asking(place) as (victim,):
        equal(victim.stdout.readline(), "ready\n", "the program")
        borelog(place, "record", "--background", "flight", "--overwrite", "--size", "64K", "-o", trace)
        try:
            tell(victim, 20000)
            borelog(place, "snapshot", "flight")
            tell(victim, 10)
            borelog(place, "snapshot", "flight", "-o", place.folder / "second")
            borelog(place, "snapshot", "flight", "-o", place.folder / "second", status=1)
            tell(victim, 7)
        finally:
            borelog(place, "stop", "flight")
    first = [event.fields["n"] for event in harness.read(trace / "snapshot-1")]
    check(len(first) > 1000 and first[-1] == 19999, "the newest records", len(first))
    equal(first, list(range(first[0], 20000)), "no gap in a snapshot")
    equal([event.fields["n"] for event in harness.read(place.folder / "second")], list(range(20000, 20010)), "the second snapshot")
    check(all(not rows for rows in packets(place.folder / "second").values()) is False, "it has packets of its own")
    for finished in trace / "snapshot-1", place.folder / "second":
        check_finished(finished)
    rest = subprocess.run(["babeltrace2", trace / "user"], capture_output=True, text=True).stdout.splitlines()
    equal(len(rest), 7, "records at the end")


def test_default_names(place):
    """Many at once in one second: each has a directory of its own."""
    recorders = [subprocess.Popen([harness.BORELOG, "record", "--no-preload", "--", VICTIM, "count", "3"], env=place.env, cwd=place.folder,
                                  stderr=subprocess.PIPE) for _ in range(5)]
    for recorder in recorders:
        recorder.communicate(timeout=60)
        equal(recorder.returncode, 0, "exit status")
    traces = list(place.folder.glob("borelog-*"))
    equal(len(traces), 5, "traces")
    for trace in traces:
        equal(check_steps(harness.read(trace)), 3, "records")


def test_nothing_overwritten(place):
    there = place.folder / "there"
    there.mkdir()
    (there / "precious").write_text("mine")
    done = borelog(place, "record", "-o", there, "--", "true", status=1)
    check("there already" in done.stderr, done.stderr)
    equal([path.name for path in there.iterdir()], ["precious"], "what is there")


def test_statuses(place):
    place.record(VICTIM, "exit", 7, status=7)
    place.record(VICTIM, "kill", int(signal.SIGKILL), status=128 + signal.SIGKILL)
    trace = place.new_trace()
    done = place.run(harness.BORELOG, "record", "-o", trace, "--", place.folder / "nothing")
    check(done.returncode not in (0, 99), "a command that is not there")
    check("nothing" in done.stderr, done.stderr)
    check(not trace.exists(), "a trace of nothing is left")


def test_termination_reaches_the_command(place):
    trace = place.new_trace()
    with running((harness.BORELOG, "record", "--no-preload", "-o", trace, "--", VICTIM, "ask"), env=place.env, stdin=subprocess.PIPE,
                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as (recorder,):
        equal(recorder.stdout.readline(), "ready\n", "the command")
        tell(recorder, 4)
        recorder.send_signal(signal.SIGTERM)
        equal(recorder.wait(timeout=30), 128 + signal.SIGTERM, "exit status")
    equal(check_steps(harness.read(trace)), 4, "records")


def test_socket_of_a_dead_recorder(place):
    with running((harness.BORELOG, "record", "--background", "x", "-o", place.new_trace()), env=place.env) as (recorder,):
        equal(recorder.wait(timeout=30), 0, "exit status")
    status = borelog(place, "status", "x").stdout
    pid = int(next(word for word in status.replace(",", " ").split() if word.isdigit()))
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not pathlib.Path(f"/proc/{pid}/exe").exists(), "the recorder's death")
    trace = place.new_trace()
    borelog(place, "record", "--background", "x", "-o", trace)
    borelog(place, "stop", "x")


def switches(pid):
    """Voluntary context switches of all threads: every wake-up ends in one."""
    return {task.name: [line for line in (task / "status").read_text().splitlines() if line.startswith("voluntary")]
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


def test_name_of_a_dead_recorder(place):
    """A program that has not noticed that its recorder was killed is recorded by the next session of the same name."""
    with asking(place) as (victim,):
        equal(victim.stdout.readline(), "ready\n", "the program")
        borelog(place, "record", "--background", "again", "-o", place.new_trace())
        tell(victim, 10)
        os.kill(int(borelog(place, "status", "again").stdout.split("process ")[1].split(",")[0]), signal.SIGKILL)
        wait_for(lambda: place.run(harness.BORELOG, "status", "again").returncode, "the recorder's end")
        trace = place.new_trace()
        borelog(place, "record", "--background", "again", "-o", trace)
        tell(victim, 10)
        borelog(place, "stop", "again")
        equal(len(harness.read(trace)), 10, "records of the next session")


def test_old_kernel(place):
    """Without futex_waitv() and pidfd_open(): nothing is missed, and deaths are noticed."""
    trace = place.new_trace()
    # The session sees that they are dead before its command ends, which is last.
    command = f"""{VICTIM} count 20000 2; {VICTIM} count 20000 2
        until {harness.BORELOG} status | grep ' 0 programs now'; do sleep 0.05; done"""
    done = place.run(harness.PROGRAMS / "recorder_old_kernel", harness.BORELOG, "record", "--no-preload", "-o", trace, "--", "sh", "-c",
                     command)
    if done.returncode == 77:
        print(done.stderr.strip())
        return
    equal(done.returncode, 0, f"exit status\n{done.stderr}")
    said = harness.summary(done.stderr)
    equal(said["recorded"] + said["discarded"], 80000, "recorded and discarded")
    equal(check_steps(harness.read(trace), gaps=True), said["recorded"], "records")


def test_idle(place):
    """Nobody wakes up while nothing happens."""
    import time
    trace, session = place.start_session("--no-preload")
    with asking(place) as (victim,):
        equal(victim.stdout.readline(), "ready\n", "the program")
        tell(victim, 1)
        time.sleep(1.5)
        before = switches(session.pid), switches(victim.pid)
        time.sleep(3)
        equal((switches(session.pid), switches(victim.pid)), before, "context switches")
        check(len(before[0]) >= 2, "the recorder's threads")
        place.stop_session(session)
    equal(check_steps(harness.read(trace)), 1, "records")


def test_short_processes(place):
    """As many stream files as processes at once, one class, and nothing piles up in the recorder."""
    trace, session = place.start_session("--no-preload")
    fds = pathlib.Path(f"/proc/{session.pid}/fd")

    def burst(n):
        equal(subprocess.run(["sh", "-c", f'i=0; while [ $i -lt {n} ]; do "$0" count 3 1; i=$((i + 1)); done', VICTIM],
                             env=place.env).returncode, 0, "the programs")
        # The last program's death may still be on its way to the recorder.
        wait_for(lambda: "0 programs now" in borelog(place, "status").stdout, "the programs to be forgotten")
        return len(list(fds.iterdir())), resident(session.pid)

    fds_before, memory_before = burst(50)
    fds_after, memory_after = burst(SHORT_PROCESSES)
    check(fds_after <= fds_before + 4, "descriptors:", fds_before, fds_after)
    check(memory_after <= memory_before + 20000, "KiB:", memory_before, memory_after)
    place.stop_session(session)
    heads = packets(trace)
    check(len(heads) <= 3 * os.cpu_count(), "stream files:", sorted(heads))
    equal({row["stream"] for rows in heads.values() for row in rows}, {0}, "stream classes")
    events = harness.read(trace)
    equal(check_steps(events), 3 * (50 + SHORT_PROCESSES), "records")
    equal(len({event.pid for event in events}), 50 + SHORT_PROCESSES, "processes")
    print(f"        {SHORT_PROCESSES} processes: {len(heads)} stream files; recorder: {fds_before} -> {fds_after} descriptors, "
          f"{memory_before} -> {memory_after} KiB")


def resident(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS:"))


def test_left_over_sockets(place):
    """Of killed recorders: removed by the next one, unless one is so young that somebody may be about to listen on it."""
    folder = place.run_dir / "borelog/sessions"
    folder.mkdir(mode=0o700, parents=True)
    folder.parent.chmod(0o700)
    sockets = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
    for name, listener in zip(("old", "young"), sockets):
        listener.bind(str(folder / name))
    os.utime(folder / "old", (1, 1))
    place.record("/bin/true")
    equal([path.name for path in folder.glob("*")], ["young"], "sockets")


if __name__ == "__main__":
    harness.main(globals())
