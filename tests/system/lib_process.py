#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""libborelog in programs that fork, exec, close everything, load libraries, handle signals, sandbox themselves."""
import collections
import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess

import harness
from harness import check, equal

PROGRAM = harness.PROGRAMS / "lib_process"
PLUGIN = harness.PROGRAMS / "liblib_plugin.so"
STEPS = list(range(10))


def by_who(events):
    steps = collections.defaultdict(list)
    for event in events:
        if event.name == "t:step":
            steps[event.fields["who"]].append(event)
    return steps


def numbers(events):
    return [event.fields["n"] for event in events]


def check_whos(events, *whos):
    steps = by_who(events)
    equal(sorted(steps), sorted(whos), "who recorded")
    for who in whos:
        equal(numbers(steps[who]), STEPS, f"steps of {who}")
    return steps


def pids(steps, who):
    return {event.pid for event in steps[who]}


def test_fork(place):
    trace, _ = place.record(PROGRAM, "fork")
    steps = check_whos(harness.read(trace), "parent", "child", "grandchild", "parent_after")
    equal(pids(steps, "parent"), pids(steps, "parent_after"), "the parent's pid")
    equal(len(pids(steps, "parent") | pids(steps, "child") | pids(steps, "grandchild")), 3, "pids")
    for who in steps:
        for event in steps[who]:
            equal(event.tid, event.pid, f"tid of {who}")


def test_vfork(place):
    trace, _ = place.record(PROGRAM, "vfork")
    steps = check_whos(harness.read(trace), "parent", "child", "parent_after")
    equal(len(pids(steps, "parent") | pids(steps, "child") | pids(steps, "parent_after")), 1, "pids: the child runs in its parent's memory")


def test_clone(place):
    trace, _ = place.record(PROGRAM, "clone")
    events = harness.read(trace)
    steps = by_who(events)
    equal(numbers(steps["parent"]), STEPS, "parent")
    equal(numbers(steps["parent_after"]), STEPS, "parent_after")
    # The child's first record is what tells it that it has no rings: counted, not recorded.
    equal(numbers(steps["child"]), STEPS[1:], "child")
    equal(harness.discarded(trace), 1, "discarded")
    equal(len(pids(steps, "parent") | pids(steps, "child")), 2, "pids")
    for event in steps["child"]:
        equal(event.tid, event.pid, "tid of the child")


def test_clone_at_every_instruction(place):
    trace, done = place.record(PROGRAM, "clone_inside", timeout=300)
    children = int(done.stdout)
    check(children > 100, "too few instructions were stepped through:", children)
    events = harness.read(trace)
    steps = by_who(events)
    stepped = [event for event in events if event.name == "t:stepped"]
    parent = {event.pid for event in steps["first"]}
    equal([event.fields["n"] for event in stepped if event.pid in parent], [0, 1, 2], "the interrupted records")
    equal(numbers(steps["between"]), [0, 1, 2], "records in between")
    own = collections.Counter(event.pid for event in steps["child"])
    check(not parent & set(own), "a child wrote into its parent's stream")
    check(all(count == 1 for count in own.values()), "a child's record was doubled")
    # Each child had one record under way and made one more. One of the two is what told it that it has no rings, and is counted, or is
    # its parent's; unless it was forked where a trace point looks for itself.
    both = set(own) & {event.pid for event in stepped}
    equal(harness.discarded(trace), children - len(both), f"discarded, of {children} children, {len(own)} of them recorded")


def test_exec(place):
    trace, _ = place.record(PROGRAM, "exec", PROGRAM)
    steps = check_whos(harness.read(trace), "before", "after")
    equal(pids(steps, "before"), pids(steps, "after"), "pid before and after exec")


def test_daemon_without_descriptors(place):
    trace, session = place.start_session()
    equal(place.run(PROGRAM, "daemon").returncode, 0, "exit status")
    harness.wait_for(lambda: not any(pathlib.Path("/proc", path.name.split("-")[0]).exists() for path in
                                     (place.run_dir / "borelog/programs").glob("*")), "the daemon's end")
    place.stop_session(session)
    check_whos(harness.read(trace), "daemon")


def test_dlopen(place):
    trace, _ = place.record(PROGRAM, "dlopen", PLUGIN)
    events = harness.read(trace)
    plugin = [(event.fields["round"], event.fields["n"]) for event in events if event.name == "t:plugin"]
    equal(plugin, [(r, n) for r in range(3) for n in STEPS], "the plugin's records")
    equal(numbers(by_who(events)["main"]), STEPS * 3, "main")
    equal(numbers(by_who(events)["main_after"]), STEPS * 3, "main_after")
    names = collections.Counter(event.name for event in events)
    equal(names["t:plugin_loaded"], 3, "constructors of the plugin")
    equal(names["t:plugin_unloaded"], 3, "destructors of the plugin")


def test_constructors_and_destructors(place):
    place.env["LIB_PROCESS_EARLY"] = "1"
    trace, _ = place.record(PROGRAM, "steps")
    whos = [event.fields["who"] for event in harness.read(trace)]
    equal(whos, ["constructor"] + ["main"] * 10 + ["destructor"], "order")


def test_threads_exit_atexit(place):
    trace, _ = place.record(PROGRAM, "threads")
    steps = by_who(harness.read(trace))
    equal(len(steps["thread"]), 200, "records of threads")
    equal(len(steps["thread_exit"]), 20, "records of threads' destructors")
    equal(len({event.tid for event in steps["thread"]}), 20, "tids")
    equal(len(steps["atexit"]), 1, "records of atexit")


def test_underscore_exit_and_status(place):
    trace, _ = place.record(PROGRAM, "_exit", status=7)
    check_whos(harness.read(trace), "main")


def test_signal_handlers(place):
    trace, done = place.record(PROGRAM, "signals")
    main, handler = (int(word) for word in done.stdout.split())
    steps = by_who(harness.read(trace))
    lost = harness.discarded(trace)
    equal(len(steps["main"]) + len(steps["handler"]) + lost, main + handler, "recorded and discarded")
    for who in "main", "handler":
        check(numbers(steps[who]) == sorted(set(numbers(steps[who]))), f"{who}: doubled or out of order")


def test_seccomp(place):
    trace, done = place.record(PROGRAM, "seccomp", options=["--no-preload", "--size", "8M"])
    steps = by_who(harness.read(trace))
    equal(numbers(steps["inside"]), list(range(100000)), "records from inside the sandbox")
    equal(numbers(steps["before"]), [0], "records before")


def sanitizer_ends_quietly(place):
    """
    Where the program is built with the address sanitizer: its end of a program looks for leaks, with system calls and in /proc, and maps
    fresh shadow memory for large objects, where other programs make no call. Both can be done without.
    """
    quiet = "detect_leaks=0", f"clear_shadow_mmap_threshold={1 << 30}"
    place.env["ASAN_OPTIONS"] = ":".join([*filter(None, [place.env.get("ASAN_OPTIONS")]), *quiet])


def test_chroot(place):
    if os.geteuid():
        return
    sanitizer_ends_quietly(place)
    jail = place.folder / "jail"
    jail.mkdir()
    trace, _ = place.record(PROGRAM, "chroot", jail)
    equal(numbers(by_who(harness.read(trace))["inside"]), STEPS, "records from inside")


def test_setuid_is_never_traced(place):
    if os.geteuid() or os.statvfs(place.folder).f_flag & os.ST_NOSUID:
        return
    program = place.folder / "setuid"
    program.write_bytes(PROGRAM.read_bytes())
    place.folder.chmod(0o755)
    user_run = place.folder / "user"
    user_run.mkdir(mode=0o700)
    os.chown(user_run, 65534, 65534)

    nobody = "setpriv", "--reuid=65534", "--clear-groups", "env", f"XDG_RUNTIME_DIR={user_run}"

    def has_control_file(mode):
        program.chmod(mode)
        with subprocess.Popen([*nobody, program, "on_demand"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            equal(process.stdout.readline(), b"ready\n", "the program")
            maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text()
            process.stdin.close()
        equal(process.returncode, 0, "exit status")
        return f"/programs/{process.pid}-" in maps

    if place.run(*nobody, "test", "-x", PROGRAM).returncode:
        print("skipped: the build folder is closed to other users")
        return
    check(not has_control_file(0o4755), "a setuid program made a control file")
    check(has_control_file(0o755), "a program without the bit made none: this test sees nothing")


def test_two_sessions(place):
    first, one = place.start_session()
    second, two = place.start_session()
    equal(place.run(PROGRAM, "steps").returncode, 0, "exit status")
    place.stop_session(two)
    equal(place.run(PROGRAM, "steps").returncode, 0, "exit status")
    place.stop_session(one)
    equal(numbers(by_who(harness.read(first))["main"]), STEPS * 2, "first session")
    check_whos(harness.read(second), "main")


@contextlib.contextmanager
def running(place, *command, **kwargs):
    """A program that says when it is ready; ended by the end of its input or by SIGTERM; not left behind if the test fails."""
    program = subprocess.Popen([PROGRAM, *command], env=place.env, stdout=subprocess.PIPE, **kwargs)
    try:
        equal(program.stdout.readline(), b"ready\n", "the program")
        yield program
        equal(program.poll(), None, "the program")
        if program.stdin:
            program.stdin.close()
        else:
            program.terminate()
        equal(program.wait(timeout=60), 0, "exit status")
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


def shmem_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssShmem"))


def test_sessions_come_and_go(place):
    """Ring memory goes when a session ends, under threads that never stop recording; the program does not notice."""
    with running(place, "loop") as program:
        before = shmem_kib(program.pid)
        for _ in range(12):
            trace, session = place.start_session()
            harness.wait_for(lambda: harness.written(trace) > 300000, "records of a program that ran before the session")
            place.stop_session(session)
            harness.wait_for(lambda: shmem_kib(program.pid) < before + 256, "the ring's memory to be freed")
        events = harness.read(trace)
        check(len(events) > 1000 and {event.pid for event in events} == {program.pid}, "records of the last session")


def mappings(pid):
    return len(pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines())


def test_mappings_do_not_grow(place):
    """Sessions of changing sizes leave no more mappings behind than a few of each."""
    counts = []
    with running(place, "loop") as program:
        for i in range(24):
            trace, session = place.start_session("--size", ("64k", "256k")[i % 2])
            harness.wait_for(lambda: harness.written(trace) > 300000, "records")
            place.stop_session(session)
            counts.append(mappings(program.pid))
    equal(counts[-1], counts[11], f"mappings after 24 and after 12 sessions {counts}")


def test_attach_on_demand(place):
    """The first trace point after a session's start is in the trace, and a program that does nothing is not disturbed."""
    program = subprocess.Popen([PROGRAM, "on_demand"], env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    equal(program.stdout.readline(), b"ready\n", "the program")
    for _ in range(3):
        trace, session = place.start_session()
        program.stdin.write(b"x")
        program.stdin.flush()
        equal(program.stdout.read(1), b".", "the program")
        place.stop_session(session)
        equal(len(harness.read(trace)), 1, "records")
    program.stdin.close()
    equal(program.wait(timeout=30), 0, "exit status")


def test_recorder_killed(place):
    """Nobody blocks, the program goes on, the memory is freed, the next session works."""
    with running(place, "loop") as program:
        before = shmem_kib(program.pid)
        trace, session = place.start_session()
        harness.wait_for(lambda: harness.written(trace) > 300000, "records")
        session.kill()
        session.wait() # what it left is judged by recorder_trouble
        harness.wait_for(lambda: shmem_kib(program.pid) < before + 256, "the program to free the dead recorder's memory")
        trace, session = place.start_session()
        harness.wait_for(lambda: harness.written(trace) > 300000, "records of the next session")
        place.stop_session(session)
        check(len(harness.read(trace)) > 1000, "records of the next session")


def demand(program, n):
    """Have an on_demand program record @n steps."""
    while n:
        some = min(n, 1000)
        program.stdin.write(b"x" * some)
        program.stdin.flush()
        equal(program.stdout.read(some), b"." * some, "the program")
        n -= some


def lost_attaching(place, pid):
    """What is in a program's control file (lib/abi/control.h): eight counts behind eight slots."""
    file, = (place.run_dir / "borelog/programs").glob(f"{pid}-*")
    return sum(struct.unpack_from("=8Q", file.read_bytes(), 32 + 8 * 112))


def test_recorder_that_does_not_answer(place):
    """It is stopped for longer than a program waits. What is recorded meanwhile is counted, and then the program is recorded."""
    trace, session = place.start_session()
    session.send_signal(signal.SIGSTOP)
    with running(place, "on_demand", stdin=subprocess.PIPE) as program, running(place, "on_demand", stdin=subprocess.PIPE) as silent:
        demand(program, 3)
        demand(silent, 7)  # and none later
        with subprocess.Popen([PROGRAM, "on_demand"], env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
            equal(killed.stdout.readline(), b"ready\n", "the program")
            demand(killed, 5)
            killed.kill()
        session.send_signal(signal.SIGCONT)
        equal(place.run(harness.BORELOG, "status").returncode, 0, "status")  # asked behind both
        demand(program, 2)
        place.stop_session(session)
        equal(numbers(harness.read(trace)), [3, 4], "steps recorded")
        equal(harness.discarded(trace), 3 + 5 + 7, "discarded")
        trace, session = place.start_session()
        demand(silent, 1)
        place.stop_session(session)
        equal((numbers(harness.read(trace)), harness.discarded(trace)), ([7], 0), "steps recorded, discarded by the next session")


def test_recorder_that_answers_too_late(place):
    """Programs that end before: without a trace point, with some, and by a signal."""
    trace, session = place.start_session()
    session.send_signal(signal.SIGSTOP)
    for what, status in (("children", 0), ("steps", 0), ("_exit", 7)):
        equal(place.run(PROGRAM, what, "0").returncode, status, "exit status")
    session.send_signal(signal.SIGCONT)
    equal(place.run(harness.BORELOG, "status").returncode, 0, "status")  # asked behind all of them
    err = place.stop_session(session)
    equal(harness.summary(err)["discarded"], 2 * len(STEPS), f"discarded {err}")
    equal((harness.read(trace), harness.discarded(trace)), ([], 2 * len(STEPS)), "records, and discarded in the trace")


def test_recorder_that_never_answers(place):
    """It is killed while a program waits for it: what that program records is not lost to it any more, and it joins the next session."""
    trace, session = place.start_session()
    session.send_signal(signal.SIGSTOP)
    with running(place, "on_demand", stdin=subprocess.PIPE) as program:
        demand(program, 3)
        equal(lost_attaching(place, program.pid), 3, "records lost")
        session.kill()
        session.wait()
        demand(program, 100000)
        equal(lost_attaching(place, program.pid), 0, "records lost to a dead recorder")
        trace, session = place.start_session()
        demand(program, 2)
        place.stop_session(session)
        equal((numbers(harness.read(trace)), harness.discarded(trace)), ([100003, 100004], 0), "steps recorded, discarded")


def test_sockets_of_dead_recorders(place):
    """Recorders that were killed leave sockets behind; those do not fill the slots that a program has for sessions."""
    sessions = place.run_dir / "borelog/sessions"
    sessions.mkdir(parents=True, mode=0o700)
    (place.run_dir / "borelog").chmod(0o700)
    for i in range(8):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as left:
            left.bind(str(sessions / f"dead{i}"))
    with running(place, "on_demand", stdin=subprocess.PIPE) as program:
        trace, session = place.start_session()
        program.stdin.write(b"x")
        program.stdin.flush()
        equal(program.stdout.read(1), b".", "the program")
        place.stop_session(session)
        equal(len(harness.read(trace)), 1, "records")


def test_exit_from_a_sandbox(place):
    """No system call after borelog_attach(): not even the one that unlinks the control file."""
    sanitizer_ends_quietly(place)
    trace, _ = place.record(PROGRAM, "sandbox_exit")
    equal(numbers(by_who(harness.read(trace))["inside"]), STEPS, "records from inside the sandbox")


def test_jumps_out_of_attaching(place):
    """A handler that is left by siglongjmp() interrupts the attaching: the program is recorded, and holds no descriptor."""
    trace, done = place.record(PROGRAM, "jumps")
    equal(done.stdout, "0\n", "descriptors left over")
    check(len(by_who(harness.read(trace))["after"]) == len(STEPS), "records after the jumps")


def test_libraries_while_recording(place):
    """Descriptions that come in while another thread attaches because of earlier ones: nobody is left out for good."""
    plugins = []
    for i in range(8):
        plugins.append(place.folder / f"plugin{i}.so")
        # Another description in each: the same but for a name of the same length.
        plugins[-1].write_bytes(PLUGIN.read_bytes().replace(b"plugin_loaded", b"plugin_l%05d" % i))
    trace, _ = place.record(PROGRAM, "libraries", *plugins)
    events = harness.read(trace)
    equal(numbers(by_who(events)["after"]), STEPS, "records after all libraries were loaded")
    equal(numbers(event for event in events if event.name == "t:plugin"), STEPS, "records of the last one")


def test_full_runtime_directory(place):
    """A program that finds no room for its control file is not traced, and not killed."""
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", place.run_dir],
                                      capture_output=True).returncode:
        return
    try:
        with open(place.run_dir / "full", "wb", buffering=0) as full:
            with contextlib.suppress(OSError):
                while True:
                    full.write(bytes(4096))
        equal(place.run(PROGRAM, "fork").returncode, 0, "exit status")
    finally:
        subprocess.run(["umount", place.run_dir], check=True)


def test_control_files_of_killed_programs(place):
    """What killed programs leave is swept away by later ones."""
    programs = place.run_dir / "borelog/programs"
    programs.mkdir(parents=True, mode=0o700)
    (place.run_dir / "borelog").chmod(0o700)
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = programs / f"{gone.pid}-{os.stat('/proc/self/ns/pid').st_ino}"
    left.write_bytes(bytes(8192))

    def swept():
        equal(place.run(PROGRAM, "children", "70").returncode, 0, "exit status")
        return not left.exists()

    # Who has a pid that 64 divides sweeps; on a busy machine that one may be another program's.
    harness.wait_for(swept, "what killed programs left to be swept away")


def test_too_large_is_counted(place):
    trace, _ = place.record(PROGRAM, "too_large")
    check_whos(harness.read(trace), "after")
    equal(harness.discarded(trace), 3, "discarded")


def test_every_record_or_counted(place):
    trace, _ = place.record(PROGRAM, "many", "200000", options=["--no-preload", "--size", "64k"])
    events = [event.fields["n"] for event in harness.read(trace)]
    check(events == sorted(set(events)), "doubled or out of order")
    equal(len(events) + harness.discarded(trace), 200000, "recorded and discarded")


harness.main(globals())
