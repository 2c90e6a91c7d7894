#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""preload_edges, which checks libc's behaviour, run alone, under the probes in several surroundings, and under the recorder; what the
recorder then has of it."""
import errno
import fcntl
import os
import socket

import harness
from harness import check, equal
from preload_harness import MANY, PROBES, check_heap, check_nothing_lost, check_spans, named, of_pid

PROGRAM = harness.PROGRAMS / "preload_edges"
OUTER = harness.PROGRAMS / "libpreload_outer.so"
EARLY = harness.PROGRAMS / "libpreload_early.so"
HEAP = harness.PROGRAMS / "libpreload_heap.so"
SLOW = harness.PROGRAMS / "libpreload_slow.so"
LOOKUP = harness.PROGRAMS / "libpreload_lookup.so"
N_EDGES = 35

EVENTS = """malloc calloc free posix_memalign aligned_alloc memalign valloc pvalloc thread_start thread_exit dlopen vfork""".split()
SPANS = """realloc open openat creat close read write pread pwrite readv writev preadv pwritev fsync fdatasync
connect accept accept4 send sendto sendmsg recv recvfrom recvmsg poll ppoll select pselect epoll_wait epoll_pwait
pthread_mutex_lock pthread_mutex_timedlock pthread_mutex_clocklock pthread_rwlock_rdlock pthread_rwlock_wrlock
pthread_rwlock_timedwrlock pthread_rwlock_clockwrlock pthread_cond_wait pthread_cond_timedwait
pthread_cond_clockwait pthread_barrier_wait sem_wait sem_timedwait sem_clockwait mtx_lock mtx_timedlock cnd_timedwait
pthread_create pthread_join thrd_create thrd_join dlclose fork posix_spawn posix_spawnp system popen pclose execv waitpid waitid wait wait4
sleep usleep nanosleep clock_nanosleep fopen freopen fclose fflush fread fwrite fgets fputs puts getline getdelim printf fprintf
dprintf getc fgetc getchar putc fputc putchar getwc fgetwc getwchar putwc fputwc fgetws fputws scanf fscanf fcntl getaddrinfo""".split()


def run(place, preload=(), **env):
    place.env.update(env)
    if preload:
        place.env["LD_PRELOAD"] = ":".join(str(library) for library in preload)
    done = place.run(PROGRAM, OUTER)
    check(done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    check(f"{N_EDGES} test(s) run." in done.stdout, done.stdout)


def test_alone(place):
    run(place)


def test_probes_without_a_session(place):
    run(place, [PROBES])


def test_session_that_cannot_be_reached(place):
    run(place, [PROBES], BORELOG_SESSION=str(place.folder / "nobody"))


def test_no_runtime_directory(place):
    run(place, [PROBES], XDG_RUNTIME_DIR=str(place.folder / "nowhere"))


def test_library_with_an_earlier_constructor(place):
    run(place, [PROBES, EARLY], BORELOG_SESSION=str(place.folder / "nobody"))


def test_library_with_a_later_constructor(place):
    run(place, [EARLY, PROBES], BORELOG_SESSION=str(place.folder / "nobody"))


def test_other_heap_behind(place):
    run(place, [PROBES, HEAP], BORELOG_SESSION=str(place.folder / "nobody"))


def test_other_heap_in_front(place):
    run(place, [HEAP, PROBES], BORELOG_SESSION=str(place.folder / "nobody"))


def test_lookups_that_allocate(place):
    run(place, [LOOKUP, PROBES], BORELOG_SESSION=str(place.folder / "nobody"))


def check_names(events):
    seen = {event.name for event in events}
    wanted = {f"libc:{name}" for name in EVENTS}
    wanted |= {f"libc:{name}_{end}" for name in SPANS for end in ("begin", "end")}
    equal(sorted(wanted - seen), [], "events that are missing")


def check_errors(events):
    def some(name, **fields):
        found = [event for event in named(events, name) if all(event.fields.get(key) == value for key, value in fields.items())]
        check(found, "no", name, fields)
        return found

    some("open_end", path="(null)", result=-1, error=errno.EFAULT)
    check(any(event.fields["path"].endswith("/missing") for event in some("open_end", result=-1, error=errno.ENOENT)), "missing")
    some("open_begin", mode=0o641)
    some("open_begin", mode=0o642)
    some("openat_begin", mode=0o643)
    some("creat_begin", mode=0o645)
    some("read_end", result=-1, error=errno.EBADF)
    some("read_end", result=-1, error=errno.EINTR)
    some("pread_end", result=-1, error=errno.EINVAL)
    some("fsync_end", result=-1, error=errno.EBADF)
    some("sem_timedwait_end", result=-1, error=errno.ETIMEDOUT)
    some("pthread_mutex_timedlock_end", result=errno.ETIMEDOUT)
    some("pthread_mutex_timedlock_end", result=errno.EINVAL)
    some("pthread_create_end", result=errno.EAGAIN)
    some("fflush_end", result=-1, error=errno.EPIPE)
    some("fprintf_end", fd=-1, result=16, error=0)
    some("connect_end", result=-1, error=errno.ENOENT)
    loopback = [event for event in some("connect_end", result=0) if event.fields["address"][:2] == [2, 0]]
    check(loopback and loopback[0].fields["address"][4:8] == [127, 0, 0, 1], "address of the server")
    some("fcntl_begin", command=fcntl.F_OFD_SETLKW)
    some("fcntl_end", result=-1, error=errno.EBADF)
    equal({event.fields["command"] for event in named(events, "fcntl_begin")}, {fcntl.F_SETLKW, fcntl.F_OFD_SETLKW}, "fcntl's commands")
    some("getaddrinfo_begin", node="127.0.0.1", service="80")
    some("getaddrinfo_end", result=socket.EAI_NONAME, error=0)
    some("fscanf_end", result=-1, error=0)
    some("putwc_end", error=errno.ENOSPC)
    some("dlopen", path=str(OUTER))
    some("dlopen", path="libpreload_inner.so")
    some("execv_end", result=-1, error=errno.ENOENT)
    for event in events:
        if event.name.endswith("_end") and "error" in event.fields and event.fields.get("result", 0) > 0:
            equal(event.fields["error"], 0, f"error of a success: {event}")


def check_threads(events, main_pid):
    ours = of_pid(events, main_pid)
    created = [event for event in named(ours, "pthread_create_end", "thrd_create_end") if event.fields["result"] == 0]
    started = named(ours, "thread_start")
    exited = named(ours, "thread_exit")
    equal(len(started), len(created), "threads started")
    equal(len(exited), len(created), "threads that exited, all were joined")
    last = {event.tid: event for event in ours}
    for event in exited:
        equal(last[event.tid].name, "libc:thread_exit", f"last record of thread {event.tid}")
    # The main thread of a child called pthread_exit().
    check([event for event in named(events, "thread_exit") if event.pid == event.tid != main_pid], "exit of a main thread")


def is_found(event):
    return bool(event.fields["found"][0])


def check_characters(events):
    """One span for each time that the kernel was asked: ten thousand characters went through buffers of a thousand."""
    equal(len(named(events, "fputc_begin")), 9, "fputc that found the buffer full")
    equal([is_found(event) for event in named(events, "fgetc_end")], [True] * 10 + [False], "fgetc that found the buffer empty")
    for name in "fputwc", "fgetwc":
        check(0 < len(named(events, f"{name}_begin")) < 200, name, len(named(events, f"{name}_begin")))
    # Without a buffer; of a pipe: what completed a line, and what nobody read. putc_unlocked() and getc_unlocked() are the same.
    equal([event.fields["error"] for event in named(events, "putc_end")], [0, 0, 0, errno.EPIPE], "putc")
    equal([(is_found(event), event.fields["error"]) for event in named(events, "getc_end")],
          [(True, 0), (False, errno.EAGAIN), (True, 0)], "getc")


def test_recorded(place):
    trace, _ = place.record(PROGRAM, OUTER, options=MANY)
    events = harness.read(trace)
    main_pid = events[0].pid
    check_nothing_lost(trace)
    check_names(events)
    check_errors(events)
    check_threads(events, main_pid)
    check_characters(of_pid(events, main_pid))
    check(check_heap(of_pid(events, main_pid)) > 1000, "blocks")
    wide = [event for event in named(events, "aligned_alloc") if event.fields["alignment"] == 64]
    equal(len(wide), 100, "blocks from an aligned operator new")
    # Cancelled, jumped out of, forked or replaced in the middle: everything else is closed.
    left = set(check_spans(of_pid(events, main_pid)))
    allowed = {f"libc:{name}" for name in "read poll select recv pthread_cond_wait sem_wait sleep pthread_join open close execve".split()}
    equal(sorted(left - allowed), [], "spans left open")


def test_recorded_with_an_earlier_constructor(place):
    place.env["LD_PRELOAD"] = str(EARLY)
    trace, _ = place.record(PROGRAM, OUTER, options=MANY)
    events = harness.read(trace)
    check_nothing_lost(trace)
    check_heap(of_pid(events, events[0].pid))


def test_recorded_with_slow_threads(place):
    """A thread that was created may be gone before pthread_create() comes back."""
    place.env["LD_PRELOAD"] = str(SLOW)
    trace, _ = place.record(PROGRAM, OUTER, options=MANY)
    events = harness.read(trace)
    check_threads(events, events[0].pid)


os.environ.pop("LD_LIBRARY_PATH", None)  # would find what only a RUNPATH may find
harness.main(globals())
