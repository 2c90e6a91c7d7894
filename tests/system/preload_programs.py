#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real programs under the probes: each gives the same output, errors and exit status alone, preloaded, and recorded; and the trace has
what the program did, counted another way (strace, the program's own words)."""
import collections
import os
import re
import shutil

import harness
from harness import check, equal
from preload_harness import MANY, PROBES, check_heap, check_nothing_lost, check_spans, named, of_pid


class Result:
    def __init__(self, folder, status):
        self.status = status
        self.out = (folder / "stdout").read_bytes()
        self.err = (folder / "stderr").read_bytes()


def run_in(place, name, command, prefix=(), preload=None):
    """Run @command in a new folder, its output in files; the shell is replaced by it."""
    folder = place.folder / name / "w"
    folder.mkdir(parents=True)
    env = dict(place.env)
    if preload:
        env["LD_PRELOAD"] = str(preload)
    saved, place.env = place.env, env
    try:
        done = place.run(*prefix, "/bin/sh", "-c", 'exec "$@" >../stdout 2>../stderr </dev/null', "sh", *command, cwd=folder, timeout=120)
    finally:
        place.env = saved
    return Result(folder.parent, done.returncode)


def same_everywhere(place, *command, status=0):
    """Run @command in all ways. Returns (events, result)."""
    alone = run_in(place, "alone", command)
    check(alone.status == status, f"{command}: exit status {alone.status}, wanted {status}:", alone.err.decode(errors="replace"))
    trace = place.new_trace()
    others = {
        "preloaded": run_in(place, "preloaded", command, preload=PROBES),
        "recorded": run_in(place, "recorded", command, prefix=(harness.BORELOG, "record", "-o", trace, *MANY, "--")),
    }
    for how, other in others.items():
        equal(other.status, alone.status, f"exit status, {how}")
        equal(other.out, alone.out, f"stdout, {how}")
        equal(other.err, alone.err, f"stderr, {how}")
    events = harness.read(trace)
    check_nothing_lost(trace)
    check(events, "an empty trace")
    return events, alone


def strace(place, calls, *command):
    """Number of each of @calls that @command with its children makes, as strace counts them."""
    log = place.folder / "strace.log"
    run_in(place, "strace", command, prefix=("strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(calls)))
    return collections.Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(errors="replace"), re.M))


def first_pid(events):
    return events[0].pid


def count(events, name):
    return len(named(events, name))


SQL = """
PRAGMA journal_mode=DELETE;
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) INSERT INTO t SELECT x, hex(x * x) FROM n;
CREATE INDEX i ON t(b);
UPDATE t SET b = b || 'x' WHERE a % 7 = 0;
SELECT count(*), sum(length(b)), max(b) FROM t;
SELECT * FROM missing;
"""


def test_sqlite3(place):
    command = ("sqlite3", "-batch", "data.db", SQL)
    events, alone = same_everywhere(place, *command, status=1)
    check(b"2000|" in alone.out and b"missing" in alone.err, "sqlite3 did its work")
    calls = strace(place, ("fsync", "fdatasync", "pwrite64"), *command)
    for name, call in (("fsync", "fsync"), ("fdatasync", "fdatasync"), ("pwrite", "pwrite64")):
        for end in ("begin", "end"):
            equal(count(events, f"{name}_{end}"), calls[call], f"{name}_{end}, against strace")
    check(calls["fsync"] + calls["fdatasync"] > 10, "syncs:", calls)
    for event in named(events, "fsync_end", "fdatasync_end"):
        equal((event.fields["result"], event.fields["error"]), (0, 0), "result of a sync")
    check([e for e in named(events, "open_end") if e.fields["path"].endswith("/data.db-journal")], "the journal is opened")
    check(check_heap(events) > 1000, "blocks")
    equal(check_spans(events), ["libc:execve"], "spans left open: only the shell's exec of sqlite3")


def test_git(place):
    repository = place.folder / "repository"
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one")):
        repository.mkdir(exist_ok=True)
        (repository / "file").write_text("line\n" * 100)
        done = place.run("git", "-C", repository, *words)
        check(done.returncode == 0, done.stderr)
    (repository / "file").write_text("other\n" * 50)
    events, alone = same_everywhere(place, "git", "--no-pager", "-C", repository, "log", "-p", "--stat", "--format=%s")
    check(alone.out.startswith(b"one\n"), "git did its work")
    ours = of_pid(events, first_pid(events))
    opened = {event.fields["path"] for event in named(ours, "open_end", "fopen_end") if event.fields.get("result", 0) >= 0}
    check([path for path in opened if path.endswith("HEAD")], "HEAD is opened:", sorted(opened))
    check(check_heap(ours) > 100, "blocks")
    equal(check_spans(ours), ["libc:execve"], "spans left open: only the shell's exec of git")


def test_gcc(place):
    source = place.folder / "answer.c"
    source.write_text("#include <stdio.h>\nint main(void) { int unused; printf(\"%d\\n\", 42); return 3; }\n")
    events, alone = same_everywhere(place, "gcc", "-O2", "-Wall", "-o", "answer", source)
    check(b"unused" in alone.err, "gcc warns")
    for how in ("alone", "preloaded", "recorded"):
        done = place.run(place.folder / how / "w" / "answer")
        equal((done.returncode, done.stdout), (3, "42\n"), f"what was compiled, {how}")
    programs = {event.pid for event in events}
    check(len(programs) >= 4, "driver, compiler, assembler, linker:", programs)
    for pid in programs:
        check_heap(of_pid(events, pid))
    assembled = [event for event in named(events, "fopen_end", "open_end") if event.fields["path"].endswith(".s")]
    check(assembled, "the assembler's file")


PYTHON = """
import ctypes.util, json, queue, subprocess, sys, threading
q = queue.Queue()
def work(n):
    q.put(sum(i * i for i in range(n)))
threads = [threading.Thread(target=work, args=(1000 * i,)) for i in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps(sorted(q.get() for t in threads)))
print(subprocess.run(["sh", "-c", "echo child; exit 4"], stdout=subprocess.PIPE).returncode, file=sys.stderr)
sys.exit(5)
"""


def test_python(place):
    events, alone = same_everywhere(place, "/usr/bin/python3", "-c", PYTHON, status=5)
    equal(alone.err, b"4\n", "status of python's child")
    ours = of_pid(events, first_pid(events))
    equal(count(ours, "thread_start"), 8, "threads")
    equal(count(ours, "thread_exit"), 8, "threads that ended")
    check(check_heap(ours) > 500, "blocks")
    check(len({event.pid for event in events}) >= 2, "the child is in the trace")


def test_xz(place):
    data = place.folder / "data"
    data.write_bytes(b"".join(b"%d\n" % (i * i) for i in range(400000)))
    events, alone = same_everywhere(place, "xz", "-1", "-T2", "--block-size=1MiB", "-c", data)
    done = place.run("sh", "-c", f"xz -dc {place.folder}/recorded/stdout | cmp - {data}")
    equal(done.returncode, 0, "what was packed under the recorder unpacks")
    ours = of_pid(events, first_pid(events))
    threads = count(ours, "thread_start")
    check(threads >= 2, "threads:", threads)
    equal(count(ours, "pthread_create_end"), threads, "threads created")
    check(count(ours, "pthread_cond_wait_end") + count(ours, "pthread_cond_timedwait_end") > 0, "waits")
    read = sum(event.fields["result"] for event in named(ours, "read_end") if event.fields["result"] > 0)
    check(read >= data.stat().st_size, "bytes read:", read)
    written = sum(event.fields["result"] for event in named(ours, "write_end") if event.fields["result"] > 0)
    equal(written, len(alone.out), "bytes written")
    check_heap(ours)


SERVER = """
import os, socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(8)
client = os.fork()
if client == 0:
    for i in range(6):
        with socket.create_connection(server.getsockname()) as c:
            c.sendall(b"hello %d" % i)
            c.shutdown(socket.SHUT_WR)
            assert c.recv(100) == b"HELLO %d" % i, i
    os._exit(0)
for i in range(6):
    conn, _ = server.accept()
    if os.fork() == 0:
        text = b""
        while part := conn.recv(4): text += part
        conn.sendall(text.upper())
        os._exit(i)
    conn.close()
statuses = sorted(os.waitstatus_to_exitcode(os.wait()[1]) for i in range(7))
print(statuses)
"""


def test_forking_server(place):
    events, alone = same_everywhere(place, "/usr/bin/python3", "-c", SERVER)
    equal(alone.out, b"[0, 0, 1, 2, 3, 4, 5]\n", "the server did its work")
    parent = first_pid(events)
    accepted = [e for e in of_pid(events, parent) if e.name in ("libc:accept4_end", "libc:accept_end") and e.fields["result"] >= 0]
    equal(len(accepted), 6, "connections accepted")
    children = [event.fields["result"] for event in named(of_pid(events, parent), "fork_end")]
    equal(len(children), 7, "children")
    servers = 0
    for child in children:
        theirs = of_pid(events, child)
        equal([event.fields["result"] for event in named(theirs, "fork_end")], [0], f"fork's end in child {child}")
        sent = sum(event.fields["result"] for event in named(theirs, "send_end"))
        received = sum(event.fields["result"] for event in named(theirs, "recv_end"))
        if not named(theirs, "connect_end"):
            servers += 1
            equal((sent, received), (7, 7), "bytes of a connection")
    equal(servers, 6, "serving children")


BASH = """
f() { echo "$1" | tr a-z A-Z; }
for i in one two three; do f $i; done
(exit 3) || echo "sub $?"
cat <(echo process substitution)
echo "$(ls / | wc -l)" > /dev/null
x=$(printf '%s' "$(echo nested)")
echo $x >&2
trap 'echo bye' EXIT
kill -TERM $$ & wait
sleep 0
exit 6
"""


def test_bash(place):
    script = BASH.replace("kill -TERM $$ & wait\n", "true & wait\n")
    events, _ = same_everywhere(place, "bash", "-c", script, status=6)
    main = of_pid(events, first_pid(events))
    forks = [event.fields["result"] for event in named(main, "fork_end") if event.fields["result"] > 0]
    check(len(forks) >= 8, "children:", forks)
    recorded = {event.pid for event in events}
    equal(sorted(set(forks) - recorded), [], "children that are not in the trace")
    check(any(event.fields["path"] == "/usr/bin/tr" or event.fields["path"] == "/bin/tr" for event in named(events, "execve_begin")),
          "exec of tr")


def test_static_program_is_left_alone(place):
    """Nothing can be preloaded into it; it must run all the same."""
    compiler = shutil.which("gcc")
    source = place.folder / "static.c"
    source.write_text("#include <stdio.h>\nint main(void) { puts(\"static\"); return 4; }\n")
    done = place.run(compiler, "-static-pie", "-o", place.folder / "static", source)
    check(done.returncode == 0, done.stderr)
    alone = run_in(place, "alone", (place.folder / "static",), preload=PROBES)
    equal((alone.status, alone.out, alone.err), (4, b"static\n", b""), "a static program")


def test_many_short_processes(place):
    events, _ = same_everywhere(place, "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; /bin/echo $i; done")
    programs = [event.fields["path"] for event in named(events, "execve_begin")]  # a vfork'ed child records as its parent
    equal((programs.count("/bin/true"), programs.count("/bin/echo")), (10, 10), "programs that were run")
    echoes = [event for event in events if event.name in ("libc:fputs_end", "libc:printf_end", "libc:fwrite_end", "libc:write_end",
                                                          "libc:fclose_end")]
    check(len({event.pid for event in echoes}) >= 10, "processes that printed")


os.umask(0o022)
harness.main(globals())
