#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Root's sessions trace everybody; a user's only their own programs, and nobody else manages them.

Runs as root on a machine of its own (machine.py) with three users: root, A, who has a /run/user/A, and B, who has none.
"""
import machine

machine.enter()

import collections
import contextlib
import os
import pathlib
import select
import shutil
import stat
import struct
import subprocess

import harness
import users
from harness import check, equal
from machine import as_user
from users import A, B, NS, ROOT_RUN, VICTIM, Program, Session, check_records, control_file, listed, per_pid, run_dir

PROCESS = harness.PROGRAMS / "lib_process"
MAGIC, ABI = 0x4C524F42, 2
ATTACH, STOP, STATUS, SNAPSHOT, FLUSH = range(1, 6)


def test_root_records_everybody(place):
    # One's own runtime directory by its usual name is no world apart. Another user's, which su may leave to us, is none at all.
    before = [Program(place, uid, XDG_RUNTIME_DIR=f"/run/user/{A}") for uid in (0, B, A)]
    before += [Program(place, uid) for uid in (0, A, B, B)]
    for n, program in enumerate(before):
        program.record(10 + n, recorded=False)
    session = Session(place, 0)
    equal(stat.S_IMODE(session.socket.stat().st_mode), 0o666, "mode of root's socket")
    after = [Program(place, uid) for uid in (B, 0, A, A)]
    for n, program in enumerate(before + after):
        program.record(1000 + n)
    for program in before[:2] + after[:2]:
        program.end()
    for n, program in enumerate(before[2:] + after[2:]):
        program.record(2000 + n)
    check_records(session.stop(), *before, *after)
    for program in before[2:] + after[2:]:
        program.record(5, recorded=False)


def test_worlds_apart(place):
    """A directory of one's own in XDG_RUNTIME_DIR: neither are programs there root's business, nor do they knock at root's sessions."""
    own = place.folder / "own"
    own.mkdir(mode=0o700)
    os.chown(own, A, A)
    before = Program(place, A, XDG_RUNTIME_DIR=str(own))
    session = Session(place, 0)
    after = Program(place, A, XDG_RUNTIME_DIR=str(own))
    for program in before, after:
        program.record(10, recorded=False)
    equal(session.stop(), [], "records")
    equal(session.log(), "", "what the session said")


def test_umask_of_root(place):
    """Users reach root's sessions, whatever root's umask is, and whoever came first."""
    for first in "session", "program":
        shutil.rmtree(ROOT_RUN, ignore_errors=True)
        os.umask(0o077)
        try:
            if first == "program":
                Program(place, 0)
            session = Session(place, 0)
        finally:
            os.umask(0o022)
        program = Program(place, B)
        program.record(20)
        check_records(session.stop(), program)
        equal(stat.S_IMODE((ROOT_RUN / "programs").stat().st_mode) if first == "program" else 0o700, 0o700, "mode of programs/")


def test_user_records_own(place):
    before = {uid: Program(place, uid) for uid in (0, A, B)}
    sessions = {uid: Session(place, uid) for uid in (A, B)}
    after = {uid: Program(place, uid) for uid in (0, A, B)}
    for n, program in enumerate([*before.values(), *after.values()]):
        program.record(100 + n)
    for uid, session in sessions.items():
        check_records(session.stop(), before[uid], after[uid])


@contextlib.contextmanager
def open_to_all(session):
    """As if its user had let everybody in, after it began."""
    paths = [path for path in (session.socket, *session.socket.parents) if path.stat().st_uid == session.uid]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in paths]
    for path in paths:
        path.chmod(0o777 if path == session.socket else 0o711)
    try:
        yield
    finally:
        for path, mode in zip(paths, modes):
            if path.exists():
                path.chmod(mode)


def raw(uid, path, message, timeout=30):
    """Process of @uid that sends a message to a socket, as borelog would not; returns what it got back."""
    code = ("import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); "
            "s.send(bytes.fromhex(sys.argv[2])); sys.stdout.buffer.write(s.recv(65536))")
    done = subprocess.run(as_user(uid, "/usr/bin/python3", "-c", code, str(path), message.hex()), capture_output=True, timeout=timeout)
    equal(done.returncode, 0, f"raw message: {done.stderr.decode()}")
    return done.stdout


def request(message):
    return struct.pack("=5I", MAGIC, ABI, message, 0, 0) + bytes(4096)


def reply_status(reply):
    """0 or a negative errno; None: it was hung up on."""
    return struct.unpack_from("=i", reply, 8)[0] if len(reply) >= 12 else None


def test_strangers_cannot_attach(place):
    """Another user's program that can reach the socket: libborelog does not want to, the recorder does not let it."""
    session = Session(place, A)
    own = Program(place, A)
    with open_to_all(session):
        roots, bs = (Program(place, uid, BORELOG_SESSION=str(session.socket)) for uid in (0, B))
        for program in roots, bs:
            program.record(50, recorded=False)
        attach = struct.pack("=5I", MAGIC, ABI, ATTACH, 1, 0)
        for uid in B, 0:
            equal(reply_status(raw(uid, session.socket, attach)), -1, f"attaching as {uid}")
    own.record(50)
    check_records(session.stop(), own)
    check("could not attach: Operation not permitted" in session.log(), session.log())


LISTEN = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.listen(5)
print("ready", flush=True)
print(len(s.accept()[0].recv(999)), flush=True)
"""


def test_programs_distrust_strangers(place):
    """A socket of A's in a program's environment: those of others connect, see whose it is, and say nothing."""
    for uid, talks in (A, True), (B, False), (0, False):
        path = f"/tmp/listener-of-{uid}"
        listener = subprocess.Popen(as_user(A, "/usr/bin/python3", "-c", LISTEN, path), stdout=subprocess.PIPE, text=True)
        equal(listener.stdout.readline(), "ready\n", "the listener")
        Program(place, uid, BORELOG_SESSION=path).record(1)
        equal(int(listener.stdout.readline()) > 0, talks, f"program of {uid} talks to A")
        listener.wait()
        listener.stdout.close()
        os.unlink(path)


def test_strangers_cannot_manage(place):
    """By the command and by hand. Who may, can."""
    roots, mine = Session(place, 0, "--overwrite", name="roots"), Session(place, A, "--overwrite", name="mine")
    program = Program(place, A)
    program.record(10)
    for uid in A, B:
        for command in "stop", "snapshot", "flush", "status":
            done = place.run(*as_user(uid, harness.BORELOG, command, "roots"))
            equal(done.returncode, 1, f"{command} of root's session as {uid}")
            equal(done.stderr.strip(), f"borelog {command}: session roots is root's, and answers only root", f"{command} as {uid}")
    for command in "stop", "snapshot", "flush", "status":
        done = place.run(*as_user(B, harness.BORELOG, command, "mine"))
        equal((done.returncode, done.stderr.strip()),
              (1, f"borelog {command}: no session named mine is running. Which ones are: borelog status"), f"{command} as B")
    with open_to_all(mine):
        for uid, session in (B, roots), (A, roots), (B, mine):
            for message in STOP, STATUS, SNAPSHOT, FLUSH:
                reply = raw(uid, session.socket, request(message))
                equal(reply_status(reply), -1, f"message {message} to {session.name} as {uid}")
                check(str(session.trace).encode() not in reply, "a stranger is told where the trace is")
    check(not list(roots.folder.glob("*/snapshot*")) and not list(mine.folder.glob("*/snapshot*")), "a stranger made a snapshot")
    check_records(roots.stop(), program)
    check_records(mine.stop(), program)


def test_root_manages_everybody(place):
    sessions = {(uid, name): Session(place, uid, *options, name=name)
                for uid, name, options in ((0, "x", []), (A, "x", []), (A, "flight", ["--overwrite"]), (B, "x", []), (B, "y", []))}
    program = Program(place, B)
    program.record(77)
    done = place.run(harness.BORELOG, "status")
    equal(sorted(line.split(":")[0] for line in done.stdout.splitlines() if not line.startswith(" ")),
          sorted(["x", f"{A}/x", f"{A}/flight", f"{B}/x", f"{B}/y"]), f"sessions that root sees\n{done.stderr}")
    for uid in A, B:
        done = place.run(*as_user(uid, harness.BORELOG, "status"))
        equal(sorted(line.split(":")[0] for line in done.stdout.splitlines() if not line.startswith(" ")),
              sorted(name for owner, name in sessions if owner == uid), f"sessions that {uid} sees")

    def manage(*words, status=0):
        done = place.run(harness.BORELOG, *words)
        equal(done.returncode, status, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    # Its own comes first; one that only one user has needs no user's name.
    manage("flush", f"{B}/x")
    manage("snapshot", f"{A}/flight")
    equal([path.stat().st_uid for path in sessions[A, "flight"].trace.glob("snapshot-1")], [A], "owner of the snapshot")
    manage("stop", "x")
    check_records(sessions[0, "x"].events(), program)
    check("2 sessions have this name" in manage("stop", "x", status=1), "two sessions of a name")
    manage("stop", f"{A}/x")
    equal(sessions[A, "x"].events(), [], "records of A's session")
    for name in "x", "y":
        manage("stop", name)
        check_records(sessions[B, name].events(), program)
    manage("stop") # A's is the only one left
    check("no session is running" in manage("stop", status=1), "all are ended")
    check("no user nobody-knows" in manage("stop", "nobody-knows/x", status=1), "unknown user")
    place.sessions.clear()


def test_false_sessions(place):
    """What a user puts where sessions are does not make root wait for ever, nor ask somebody else, nor print what it likes."""
    roots = Session(place, 0, name="roots")
    good = Session(place, A, name="good")
    folder = good.socket.parent
    size = len(raw(A, good.socket, request(STATUS)))
    (folder / "link").symlink_to(roots.socket)
    (folder / "file").write_text("")
    os.mkfifo(folder / "fifo")
    code = ("import os, socket, struct, sys, time\n"
            "s = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(3)]\n"
            "[x.bind(sys.argv[1] + '/' + n) for x, n in zip(s, ('silent', 'full', 'liar'))]\n"
            "s[0].listen(5); s[1].listen(0); s[2].listen(5)\n"
            "f = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(3)]\n"
            "[x.setblocking(False) for x in f]; [x.connect_ex(sys.argv[1] + '/full') for x in f]\n"
            "print('ready', flush=True)\n"
            "while True:\n"
            "    c = s[2].accept()[0]; d = c.recv(9999)\n"
            "    if d: c.send(struct.pack('=IIi', 0x4c524f42, int(sys.argv[2]), -1) + b'\\x1b]evil' * 2000)\n")
    liar = subprocess.Popen(as_user(A, "/usr/bin/python3", "-c", code, str(folder), str(size)), stdout=subprocess.PIPE, text=True)
    try:
        equal(liar.stdout.readline(), "ready\n", "false sessions")
        done = place.run(harness.BORELOG, "status", timeout=40)
        names = {line.split(":")[0] for line in done.stdout.splitlines() if not line.startswith(" ")}
        equal(names, {"roots", f"{A}/good"}, f"true sessions\n{done.stderr}")
        for name in "link", "file", "fifo", "full":
            equal(place.run(harness.BORELOG, "stop", f"{A}/{name}").returncode, 1, name)
        done = place.run(harness.BORELOG, "status", f"{A}/liar")
        check(done.returncode == 1 and "?]evil" in done.stderr and "\x1b" not in done.stderr, "the liar:", repr(done.stderr))
    finally:
        liar.kill()
        liar.wait()
        liar.stdout.close()
    good.stop()
    roots.stop()


HOSTILE_ATTACH = """
import os, signal, socket, struct, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
kind, programs, path, ns, own, other, victim = sys.argv[1:]
name = f"{programs}/{os.getpid()}-{ns}"
if kind == "symlink": os.symlink(other, name)
elif kind == "own symlink": os.symlink(own, name)
elif kind == "pid":
    import fcntl
    f = open(f"{programs}/{victim}-{ns}", "wb+"); f.write(open(own, "rb").read()); f.flush()
    fcntl.fcntl(f, 37, struct.pack("@hhqqi4x", fcntl.F_RDLCK, 0, 0, 1, 0))
elif kind == "fifo": os.mkfifo(name)
elif kind == "hardlink":
    try: os.link(other, name)
    except OSError: pass
elif kind == "directory": os.mkdir(name)
elif kind == "huge": open(name, "wb").truncate(1 << 40)
elif kind == "long": open(name, "wb").write(struct.pack("=8I", %d, %d, 0, 1, 0, 1, 0xffffff00, 1) + bytes(8192))
elif kind == "short": open(name, "wb").write(b"x" * 100)
elif kind == "foreign": sys.stdin.readline()
elif kind == "locked":
    import fcntl
    f = open(name, "wb+"); f.write(bytes(8192)); f.flush(); fcntl.flock(f, fcntl.LOCK_EX)
elif kind == "leased":
    import fcntl
    f = open(name, "wb+"); f.write(bytes(8192)); f.flush(); fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_WRLCK)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(path)
s.send(struct.pack("=5I", %d, %d, 1, 1, 0))
r = s.recv(64)
print(struct.unpack_from("=i", r, 8)[0] if len(r) > 12 else "hung up", flush=True)
sys.stdin.readline()
""" % (MAGIC, ABI, MAGIC, ABI)


def test_hostile_control_files(place):
    """Handed in by programs of A that attach by hand, and lie there for who looks: refused, not followed, not waited for."""
    good, secret = Program(place, A), Program(place, 0)
    session = Session(place, 0)
    good.record(10)
    target = control_file(secret.pid, 0)
    kinds = ["symlink", "own symlink", "pid", "fifo", "hardlink", "directory", "huge", "long", "short", "locked", "leased", "foreign"]
    attackers = []
    try:
        for kind in kinds:
            attacker = subprocess.Popen(as_user(A, "/usr/bin/python3", "-c", HOSTILE_ATTACH, kind, str(run_dir(A) / "programs"),
                                                str(session.socket), str(NS), str(control_file(good.pid, A)), str(target), str(secret.pid)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
            attackers.append(attacker)
            if kind == "foreign": # by root's hand: no user can give files away
                path = control_file(attacker.pid, A)
                path.write_bytes(control_file(good.pid, A).read_bytes())
                os.chown(path, B, B)
                attacker.stdin.write("go on\n")
            # A lease makes who opens the file wait for 45 s.
            check(select.select([attacker.stdout], [], [], 20)[0], f"{kind}: the recorder hangs")
            answer = attacker.stdout.readline().strip()
            check(answer.startswith("-"), f"{kind}: was let in: {answer}")
        equal((listed(place, A), listed(place, 0)), ([good.pid], sorted([good.pid, secret.pid])), "programs that A and root see")
        word = target.read_bytes()[8:12]
        # What lies there is looked at again by the next session's start and end; A's in turn must not arm root's program.
        for uid in 0, A:
            Session(place, uid).stop()
            if uid:
                equal(target.read_bytes()[8:12], after_root, "word of root's program after a session of A")
            after_root = target.read_bytes()[8:12]
        check(word != after_root, "root's own session arms it")
        good.record(10)
        check_records(session.stop(), good)
    finally:
        for attacker in attackers:
            attacker.kill()
            attacker.wait()
            attacker.stdin.close()
            attacker.stdout.close()


def test_pid_of_another(place):
    """
    A process connects and dies, its child holds the connection; the number goes to a program of somebody else. Who speaks now is not
    that program: it cannot end its stream nor have its name.
    """
    held = """
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
if os.fork(): os._exit(0)
print("ready", flush=True)
sys.stdin.readline()
s.send(struct.pack("=5I", %d, %d, 1, int(sys.argv[2]), 0))
try: r = s.recv(64)
except OSError: r = b""
print(struct.unpack_from("=i", r, 8)[0] if len(r) > 12 else "hung up", flush=True)
""" % (MAGIC, ABI)
    session = Session(place, 0)
    for _ in range(20):
        thief = subprocess.Popen(as_user(A, "/usr/bin/python3", "-c", held, str(session.socket), "1"), stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True, bufsize=1)
        equal(thief.stdout.readline(), "ready\n", "the thief")
        thief.wait()
        pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(thief.pid - 1))
        victim = Program(place, B)
        if victim.pid == thief.pid:
            break
        thief.stdin.close()
        thief.stdout.close()
        victim.kill()
    equal(victim.pid, thief.pid, "the number that was to be used again")
    victim.record(30)
    # The thief's own user has a control file that would do.
    programs = run_dir(A) / "programs"
    programs.mkdir(parents=True, exist_ok=True)
    control_file(victim.pid, A).write_bytes(control_file(victim.pid, B).read_bytes())
    for path in run_dir(A), programs, control_file(victim.pid, A):
        os.chown(path, A, A)
        path.chmod(0o700)
    thief.stdin.write("go on\n")
    answer = thief.stdout.readline().strip()
    check(answer.startswith("-") or answer == "hung up", "the thief was let in:", answer)
    thief.stdin.close()
    thief.stdout.close()
    victim.record(30)
    check_records(session.stop(), victim)


FLOOD = """
import socket, sys
held = []
print("ready", flush=True)
while True:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try: s.connect(sys.argv[1])
    except OSError: break
    held.append(s)
    if len(held) == 1500: print("full", flush=True)
    if len(held) > 3000: held.pop(0).close()
"""


def test_held_connections(place):
    """A user who opens connections without end keeps nobody else from attaching."""
    session = Session(place, 0)
    limit = ["prlimit", "--nofile=8192"]
    with subprocess.Popen(as_user(A, *limit, "/usr/bin/python3", "-c", FLOOD, str(session.socket)), stdout=subprocess.PIPE, text=True) as flood:
        try:
            equal((flood.stdout.readline(), flood.stdout.readline()), ("ready\n", "full\n"), "the flood")
            programs = [Program(place, B) for _ in range(20)]
            for program in programs:
                program.record(10)
        finally:
            flood.kill()
    check_records(session.stop(), *programs)


def test_list(place):
    programs = {uid: sorted(Program(place, uid).pid for _ in range(2)) for uid in (0, A, B)}
    for uid in A, B:
        equal(listed(place, uid), programs[uid], f"programs that {uid} sees")
    equal(listed(place, 0), sorted(sum(programs.values(), [])), "programs that root sees")


def test_command_that_drops_root(place):
    """`borelog record -- CMD` as root, where CMD becomes another user and executes a program."""
    for uid in A, B:
        place.traces += 1
        trace = place.folder / f"trace{place.traces}"
        done = place.run(harness.BORELOG, "record", "-o", trace, "--", *as_user(uid, VICTIM, "count", "500"))
        equal(done.returncode, 0, f"exit status: {done.stderr}")
        events = [event for event in harness.read(trace) if event.name == "v:step"]
        equal([event.fields["n"] for event in events], list(range(500)), f"records of {uid}")
        equal(len({event.pid for event in events}), 1, "pids")
        equal(harness.discarded(trace), 0, "discarded")


def by_who(events):
    return dict(collections.Counter(event.fields["who"] for event in events if event.name == "t:step"))


ARM = """
import struct, sys
with open(sys.argv[1], "rb+") as f:
    at = 40 + 7 * 112 # the last slot
    f.seek(at)
    state, generation = struct.unpack("=2I", f.read(8))
    f.seek(at)
    f.write(struct.pack("=2I104s", 1, generation + 1, sys.argv[2].encode()))
    f.seek(8)
    word, = struct.unpack("=I", f.read(4))
    f.seek(8)
    f.write(struct.pack("=I", word + 256))
"""


def test_daemon_that_drops_root(place):
    """It, its worker and children are recorded by root's sessions, those that ran before and those that come later; by its user's not."""
    for uid in A, B:
        early = Session(place, 0)
        daemon = Program(place, 0, (PROCESS, "drop", "fully", uid))
        owners = Session(place, uid)
        late = Session(place, 0)
        daemon.serve()
        # Its user may write what he likes into the worker's control file: it does not listen to him.
        worker = next(pid for pid in listed(place, 0) if pid != daemon.pid)
        done = place.run(*as_user(uid, "/usr/bin/python3", "-c", ARM, control_file(worker, uid), owners.socket))
        equal(done.returncode, 0, done.stderr)
        daemon.serve()
        status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
        check(f"Uid:\t{uid}\t{uid}\t{uid}" in status, "the daemon's user:", status)
        lines = harness.programs_listed(place.run(*as_user(uid, harness.BORELOG, "list")).stdout)
        check(len(lines) == 1 and lines[0].startswith(f"{worker} ") and "only root can record it" in lines[0], "list of its user:", lines)
        check(f"process {worker} (" in owners.log() and "only root can record it" in owners.log(), "the log:", owners.log())
        equal(by_who(owners.stop()), {}, "records in its user's session")
        equal(by_who(late.stop()), {"daemon": 20, "worker": 20, "child": 20}, "records of a later session")
        daemon.end()
        events = early.stop()
        equal(by_who(events), {"root": 10, "daemon": 20, "worker": 20, "child": 20}, "records of the first session")
        equal({event.pid for event in events if event.fields["who"] in ("root", "daemon")}, {daemon.pid}, "the daemon's pid")
        equal({event.pid for event in events if event.fields["who"] == "worker"}, {worker}, "the worker's pid")


def test_daemon_that_keeps_something(place):
    """Of root, where its user would get power over it: children make no file in that user's hands, and are not recorded."""
    for how in "half", "capable":
        session = Session(place, 0)
        daemon = Program(place, 0, (PROCESS, "drop", how, B))
        daemon.serve()
        check(not list(run_dir(B).rglob("*")), "a control file in its user's hands")
        daemon.end()
        equal(by_who(session.stop()), {"root": 10, "daemon": 10}, f"records of a daemon that is {how} root's")


def test_setuid_is_never_traced(place):
    """Nor setgid. The same file without the bits is."""
    library = harness.BUILD / "lib" / "libborelog.so.0"
    machine.trust_libraries(library)
    folder = place.folder / "bin"
    folder.mkdir()
    session = Session(place, 0)
    wanted = {}
    for owner, group, mode, traced in ((0, 0, 0o755, True), (0, 0, 0o4755, False), (B, B, 0o4755, False), (0, B, 0o2755, False)):
        program = folder / f"p{owner}-{group}-{mode:o}"
        program.write_bytes(VICTIM.read_bytes())
        os.chown(program, owner, group)
        program.chmod(mode)
        for words in [], ["env", f"BORELOG_SESSION={session.socket}"]:
            process = subprocess.Popen([str(word) for word in as_user(A, *words, program, "ask")], env=place.env, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
            equal(process.stdout.readline(), "ready\n", f"{program}")
            equal([path for uid in (0, A, B) for path in run_dir(uid).glob(f"programs/{process.pid}-*") if not traced], [], "control files")
            out, _ = process.communicate("25\n", timeout=60)
            equal((process.returncode, out), (0, "done\n"), f"{program}")
            if traced:
                wanted[process.pid] = 25
    equal(per_pid(session.stop()), wanted, "records by pid")


if __name__ == "__main__":
    users.main(globals())
