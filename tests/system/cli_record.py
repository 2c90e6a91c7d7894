#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog record from the outside: exit statuses, what is printed where, the progress line, sessions in the background, list."""
import contextlib
import os
import pty
import re
import select
import signal
import subprocess

import bt2

import harness
from harness import BORELOG, BUILD, check, equal, programs_listed

ORDERS = BUILD / "examples" / "orders"
PROBES = BUILD / "preload" / "libborelog-libc.so"
N_ORDERS = 3000


def test_summary(place):
    trace, done = place.record(ORDERS, options=["-e", "shop:order_*"])
    equal(done.stdout, f"{N_ORDERS} orders\n", "output of the command")
    lines = done.stderr.splitlines()
    equal(len(lines), 4, f"lines of the summary\n{done.stderr}")
    check(re.fullmatch(r"recorded:  6,000 records of 1 program, \d+(\.\d+)? [kM]B, in [\d.]+ (ms|s) \([\d,]+ records/s\)", lines[0]), lines[0])
    equal(lines[1], "discarded: 0", "discarded")
    equal(lines[2], f"trace:     {trace}", "trace")
    equal(lines[3], f"next:      borelog events {trace}", "next")
    equal(len(harness.read(trace)), 2 * N_ORDERS, "records in the trace")


def test_filters(place):
    trace, _ = place.record(ORDERS, options=["-e", "shop:order_end if cents > 4000", "-e", "!*:order_begin", "--context", "none"])
    events = harness.read(trace)
    check(events, "no order of more than 4000")
    check(all(event.name == "shop:order_end" and event.fields["cents"] > 4000 and event.tid is None for event in events), events[:3])
    wanted, _ = place.record(ORDERS, options=["-e", "shop:order_end"])
    equal(len(events), sum(event.fields["cents"] > 4000 for event in harness.read(wanted)), "orders of more than 4000")


def test_nothing_recorded(place):
    """An empty trace comes with advice, and is a trace."""
    trace, done = place.record(ORDERS, options=["-e", "no:such"])
    equal(harness.read(trace), [], "records")
    check("next:      borelog list" in done.stderr or "next:      borelog record" in done.stderr, done.stderr)


def test_preload(place):
    trace, _ = place.record("sh", "-c", "echo hello", options=[])
    check(any(event.name.startswith("libc:") for event in harness.read(trace)), "no record of the C library's probes")
    trace, _ = place.record("sh", "-c", "echo hello", options=["--no-preload"])
    equal(harness.read(trace), [], "records without the probes")


def test_exit_status(place):
    for script, status in (("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137), ("kill -TERM $$", 143)):
        place.record("sh", "-c", script, status=status)
        place.record("sh", "-c", script, status=status, options=["-q"])


def test_second_interrupt(place):
    """A command that goes on has no exit status yet; that is no success."""
    trace = place.new_trace()
    with subprocess.Popen([BORELOG, "record", "-o", trace, "--", "sh", "-c", "trap '' INT; echo up; exec sleep 600"], env=place.env,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True) as recorder:
        try:
            equal(recorder.stdout.readline(), "up\n", "the command's output")
            while recorder.poll() is None:  # two in a row may be taken for one
                recorder.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    recorder.wait(0.1)
        finally:
            os.killpg(recorder.pid, signal.SIGKILL)
    equal(recorder.returncode, 1, "exit status")
    harness.read(trace)


def test_cannot_start(place):
    for command in ("no-such-program", "/etc/passwd", place.folder):
        trace = place.new_trace()
        done = place.run(BORELOG, "record", "-o", trace, "--", command)
        equal(done.returncode, 1, f"exit status for {command}")
        check(done.stderr.startswith("borelog record: ") and str(command) in done.stderr, done.stderr)
        check(not trace.exists(), f"{command} could not be started, and yet there is {trace}")


def test_options_of_the_command_are_its_own(place):
    _, done = place.record("echo", "-q", "--help", options=[])
    equal(done.stdout, "-q --help\n", "behind --")
    trace = place.new_trace()
    done = place.run(BORELOG, "record", "-o", trace, "echo", "-o", "x")
    equal((done.returncode, done.stdout), (0, "-o x\n"), "without --")


def test_quiet(place):
    _, done = place.record("sh", "-c", "echo out; echo err >&2", options=["-q"])
    equal((done.stdout, done.stderr), ("out\n", "err\n"), "output with -q")


def test_never_overwrites(place):
    taken = place.folder / "taken"
    taken.mkdir()
    (taken / "precious").write_text("gold")
    done = place.run(BORELOG, "record", "-o", taken, "--", "touch", place.folder / "ran")
    equal(done.returncode, 1, "exit status")
    check(str(taken) in done.stderr and "Recording" not in done.stderr, done.stderr)
    equal([p.name for p in taken.iterdir()], ["precious"], "directory's content")
    check(not (place.folder / "ran").exists(), "the command ran")


def test_too_many_sub_buffers(place):
    """A ring is not quietly made smaller than was asked for."""
    trace = place.new_trace()
    done = place.run(BORELOG, "record", "-o", trace, "--size", "1M", "--sub-size", "4K", "--", "touch", place.folder / "ran")
    equal(done.returncode, 1, "exit status")
    check("128 sub-buffers" in done.stderr, done.stderr)
    check(not trace.exists() and not (place.folder / "ran").exists(), "something was done in spite of it")
    place.record(ORDERS, options=["--size", "512K", "--sub-size", "4K"])


def test_default_directory(place):
    for _ in range(2):  # the second falls into the same second, perhaps
        done = place.run(BORELOG, "record", "--no-preload", "--", "true", cwd=place.folder)
        equal(done.returncode, 0, done.stderr)
    names = [p.name for p in place.folder.glob("borelog-*")]
    equal(len(names), 2, names)
    check(all(re.fullmatch(r"borelog-\d{8}-\d{6}(\.\d+)?", name) for name in names), names)


def on_terminal(place, words, until, stdout=None):
    """Run on a terminal of its own till it has printed @until (a pattern; None: till its end), then Ctrl-C. All that it printed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(place.env)
        if stdout:
            os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT, 0o600), 1)
        os.execv(BORELOG, [str(word) for word in [BORELOG, *words]])
    text = b""
    interrupted = False
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        check(ready, f"nothing on the terminal for a minute; so far {text!r}")
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break  # its other end was closed
        if not piece:
            break
        text += piece
        if until and not interrupted and re.search(until, text):
            interrupted = True
            os.write(terminal, b"\x03")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode()


PROGRESS = r"records/s +[\d.]+ .* discarded  \d+ programs?"


def test_progress_on_terminal(place):
    """Without a command: a line that is drawn over itself, and gone at the end."""
    with subprocess.Popen(["sh", "-c", f"while :; do {ORDERS} >/dev/null; done"], env=place.env, start_new_session=True) as work:
        try:
            status, text = on_terminal(place, ["record", "-o", place.new_trace()], f"(?s){PROGRESS}.*{PROGRESS}".encode())
        finally:
            os.killpg(work.pid, signal.SIGKILL)
    equal(status, 0, f"exit status; {text!r}")
    check("\r\x1b[K" in text, "the line is not drawn over itself:", repr(text))
    drawn, rest = text.rsplit("\r\x1b[K", 1)
    check(re.search(PROGRESS, drawn), repr(drawn))
    check(not re.search(PROGRESS, rest) and "recorded: " in rest, "the line is not taken away:", repr(rest))


def test_no_progress_in_the_commands_terminal(place):
    # Small rings are written at once, and a second is long enough for a line.
    command = "record", "--size", "64K", "-o", place.new_trace(), "--", "sh", "-c", f"{ORDERS}; sleep 1; exit 3"
    status, text = on_terminal(place, command, None)
    equal(status, 3, "exit status")
    check(text.startswith(f"{N_ORDERS} orders\r\nrecorded: ") and "\x1b" not in text, repr(text))


@contextlib.contextmanager
def background(place, name, *options):
    """A session in the background, which does not outlive the test."""
    trace = place.new_trace()
    done = place.run(BORELOG, "record", "-o", trace, "--background", name, *options)
    equal((done.returncode, done.stdout), (0, ""), done.stderr)
    check(f"borelog stop {name}" in done.stderr, done.stderr)
    try:
        yield trace
    finally:
        place.run(BORELOG, "stop", name)


def count(text, word):
    """The number in front of @word."""
    return int(re.search(rf"([\d,]+) {word}", text).group(1).replace(",", ""))


def read_lossy(trace):
    """Records of a trace that may say that it lost some."""
    return [message for message in bt2.TraceCollectionMessageIterator(str(trace)) if type(message) is bt2._EventMessageConst]


def test_background(place):
    with background(place, "bg", "-e", "shop:*") as trace:
        again = place.run(BORELOG, "record", "-o", place.new_trace(), "--background", "bg")
        equal(again.returncode, 1, f"a second session of that name: {again.stderr}")

        place.run(ORDERS)
        equal(place.run(BORELOG, "flush", "bg").returncode, 0, "flush")
        status = place.run(BORELOG, "status")
        check(re.match(r"bg: process \d+, .*, 0 programs now\n    " + re.escape(str(trace)) + "\n$", status.stdout), status.stdout)
        equal(place.run(BORELOG, "status", "bg").stdout.split(",")[0], status.stdout.split(",")[0], "status by name")
        records = count(status.stdout, "records")
        equal(records + count(status.stdout, "discarded"), 4 * N_ORDERS, "records and discarded")
        equal(len(read_lossy(trace)), records, "records on disk after flush")

        stop = place.run(BORELOG, "stop", "bg")
        equal((stop.returncode, stop.stderr), (0, ""), "stop")
        equal(count(stop.stdout, "records of 1 program"), records, "summary")
        equal(len(read_lossy(trace)), records, "records in the trace")
        equal(place.run(BORELOG, "status").stdout, "", "status afterwards")


@contextlib.contextmanager
def probed_cat(place):
    """cat, with the probes, in the middle of its work: what is written to it comes back."""
    with subprocess.Popen(["cat"], env=dict(place.env, LD_PRELOAD=str(PROBES)), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        try:
            say(program, b"ready\n")
            yield program
        finally:
            program.stdin.close()
    equal(program.returncode, 0, "cat's exit status")


def say(program, line):
    program.stdin.write(line)
    program.stdin.flush()
    equal(program.stdout.readline(), line, "cat")


def test_flight_recorder(place):
    """Snapshots hold what came before them, the trace what came after the last one."""
    shots = [place.new_trace(), place.new_trace()]
    with background(place, "flight", "--overwrite", "-e", "libc:write_end") as trace, probed_cat(place) as program:
        for shot, lines in zip(shots, (10, 5)):
            for _ in range(lines):
                say(program, b"drill\n")
            snapshot = place.run(BORELOG, "snapshot", "-o", shot, "flight")
            equal((snapshot.returncode, snapshot.stderr), (0, ""), "snapshot")
            check(f"trace:     {shot}" in snapshot.stdout, snapshot.stdout)
        for shot, bytes_each in zip(shots, (10, 5)):
            results = [event.fields["result"] for event in harness.read(shot)]
            check(results.count(6) >= bytes_each and set(results) == {6}, f"writes in {shot}: {results}")
        stop = place.run(BORELOG, "stop", "flight")
        equal((stop.returncode, stop.stderr), (0, ""), "stop")
        check(str(trace) in stop.stdout or "none was written" in stop.stdout, stop.stdout)


def test_snapshot_needs_overwrite(place):
    with background(place, "plain"):
        done = place.run(BORELOG, "snapshot")
        equal(done.returncode, 1, done.stdout)
        check("--overwrite" in done.stderr, done.stderr)


def test_list(place):
    none = place.run(BORELOG, "list")
    equal((none.returncode, programs_listed(none.stdout)), (0, []), "list with no program")
    check("borelog record -- CMD" in none.stderr, none.stderr)
    with probed_cat(place) as program:
        done = place.run(BORELOG, "list")
        equal((done.returncode, done.stderr), (0, ""), "list")
        head, *events = done.stdout.split("hypervisor: ")[0].splitlines()
        check(re.fullmatch(rf"{program.pid} \S*/cat", head), head)
        equal(len(events), len(set(events)), "each event is there once")
        equal([event.split("(")[0] for event in events], sorted(event.split("(")[0] for event in events), "order of events")
        check(all(re.fullmatch(r"    libc:[a-z_0-9]+\(.*\)", event) for event in events) and len(events) > 10, events)
        names = [name for name in place.run(BORELOG, "list", "--names").stdout.split() if not name.startswith("xen:")]
        equal(names, sorted({event.split("(")[0].strip() for event in events}), "names")
        chosen = place.run(BORELOG, "list", "-n", "-e", "*:read_*").stdout.split()
        equal(chosen, [name for name in names if name.startswith("libc:read_")], "-e")
        check(chosen, "no libc:read_*")
        check(re.search(r"io\.c:\d+$", place.run(BORELOG, "list", "-l", "-e", "*:read_begin").stdout.strip()), "source line")
        check("No event matches" in place.run(BORELOG, "list", "-e", "no:such").stderr, "no match")
    equal(programs_listed(place.run(BORELOG, "list").stdout), [], "list afterwards")


def test_ctf_2(place):
    trace, _ = place.record(ORDERS, options=["--ctf", "2"])
    metadata = (trace / "user" / "metadata").read_bytes()
    check(metadata.startswith(b"\x1e"), metadata[:40])
    check(b"CTF2-PREAMBLE" in metadata or b'"preamble"' in metadata, metadata[:200])


if __name__ == "__main__":
    harness.main(globals())
