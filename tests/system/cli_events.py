#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog events: every record and field as babeltrace2 reads them; the same on any number of CPUs; what is selected; errors; terminals;
a session followed while it records."""
import collections
import csv
import io
import json
import os
import re
import signal
import struct
import subprocess
import time

import harness
from cli_stats import many_packets, terminal
from ctf_made import ORIGIN, Made
from harness import BORELOG, PROGRAMS, check, equal, wait_for

DAY = 24 * 3600 * 10**9
EVENTS = [("db:query", "u32 rows;"), ("db:done", ""), ("net:packet", "u16 n; u8 data[n];")]
VICTIM = PROGRAMS / "recorder_victim"


def events(place, *words, status=0, says=""):
    done = place.run(BORELOG, "events", *words)
    equal(done.returncode, status, f"exit status of events {words}: {done.stderr}")
    check(says in done.stderr if says else not done.stderr, f"events {words}: {done.stderr!r}")
    return done.stdout


def records(place, *words, **expected):
    return [json.loads(line) for line in events(place, *words, "--format", "json", **expected).splitlines()]


def made(place, name="t"):
    """200 records of db:query, every 10 ns from 0 on, with rows 0, 1, ..."""
    trace = Made(place.folder / name, EVENTS)
    trace.packet(0, 0, 2000, [trace.record(0, 10 * i, trace.pack("I", i)) for i in range(200)], trace.pack("I", 3))
    return trace.folder


def value(got):
    """A value of JSON output as the harness has bt2's."""
    if isinstance(got, dict) and set(got) == {"value", "labels"}:
        return got["value"], sorted(got["labels"])
    if isinstance(got, list):
        return [value(element) for element in got]
    return got


def test_as_babeltrace2(place):
    """Real programs: each record, field by field; and text and CSV have the same records."""
    trace, _ = place.record("sh", "-c", "cat /etc/passwd | sort | head -3; ls / >/dev/null", options=())
    wanted = harness.read(trace)
    got = records(place, trace)
    equal(len(got), len(wanted), "records")
    for ours, theirs in zip(got, wanted):
        equal(ours["name"], theirs.name, "name")
        check(abs(ours["time"] - theirs.time) <= 1, "time:", ours, theirs)
        fields = {key: value(field) for key, field in ours["fields"].items() if not key.endswith("_length")}
        equal(fields, theirs.fields, f"fields of {theirs.name}")
        equal(ours["context"], theirs.context, "context")
        equal(ours["packet_context"]["pid"], theirs.pid, "pid")
    text = [line for line in events(place, trace).splitlines() if not line.startswith("== ")]
    equal([re.match(r"[\d:.]{18} \[\d+\] \d+(?:/\d+)? ([^:]+:[^:]+):", line)[1] for line in text], [e.name for e in wanted], "text")
    rows = list(csv.DictReader(io.StringIO(events(place, trace, "--format", "csv"))))
    equal([row["name"] for row in rows], [e.name for e in wanted], "names in CSV")
    equal([row["time"] for row in rows], [str(record["time"]) for record in got], "times in CSV")
    equal([row["tid"] for row in rows], [str(e.tid) for e in wanted], "tid in CSV")
    for row, theirs in zip(rows, wanted):
        for name, field in theirs.fields.items():
            if isinstance(field, str):
                equal(row[name], field, f"{name} in CSV")


def test_instrumented(place):
    """Fields of every type that a program can write, in both versions of CTF: the same."""
    both = []
    for version in ("1.8", "2"):
        trace, _ = place.record(PROGRAMS / "lib_fields_c", options=("--no-preload", "--ctf", version))
        both.append([(record["name"], record["fields"]) for record in records(place, trace)])
        check(both[-1], "no records")
    names = [[name for name, _ in one] for one in both]
    equal(names[0], names[1], "names")

    def same(field):
        """What CTF 1.8 has no class for: booleans are enumerations, floats of enumerations..."""
        field = value(field)
        if field in ((0, ["false"]), (1, ["true"])):
            return bool(field[0])
        if isinstance(field, list):
            return [same(element) for element in field]
        return bytes.fromhex(field["blob"]) if isinstance(field, dict) and "blob" in field else field

    for (name, old), (_, new) in zip(*both):
        old = {key: same(field) for key, field in old.items() if not key.endswith("_length")}
        new = {key: list(same(field)) if isinstance(same(field), bytes) else same(field) for key, field in new.items()
               if not key.endswith("_length")}
        equal(old, new, name)


SHORT_STAMPS = """/* CTF 1.8 */
typealias integer { size = 32; align = 8; } := u32;
trace { major = 1; minor = 8; byte_order = le; };
clock { name = c; freq = 1000000000; };
typealias integer { size = 32; align = 8; map = clock.c.value; } := stamp;
stream {
	packet.context := struct { stamp timestamp_begin; u32 packet_size; u32 content_size; };
	event.header := struct { stamp timestamp; };
};
event { name = e; fields := struct { u32 n; }; };
"""


def test_short_stamps(place):
    """Packets that begin with the low bits of the time: who goes to a time, or shares the work, counts the turns in front of it."""
    folder = place.folder / "t"
    folder.mkdir()
    (folder / "metadata").write_text(SHORT_STAMPS)
    times = [[3 * 10**9 * packet + 10 * i for i in range(50)] for packet in range(4000)]
    (folder / "data").write_bytes(b"".join(
        struct.pack("<III", stamps[0] % 2**32, 8 * 412, 8 * 412) + b"".join(struct.pack("<II", t % 2**32, t % 1000) for t in stamps)
        for stamps in times))
    wanted = [t for stamps in times for t in stamps]
    equal([record["time"] for record in records(place, folder)], wanted, "times")
    for first in (1, 10, 3999):
        got = [record["time"] for record in records(place, folder, "--from", f"@{3 * first}")]
        equal(got, wanted[50 * first:], f"times from packet {first} on")
    # Who takes one packet after the other counts on, too.
    stream = json.loads(place.run(BORELOG, "info", "--format", "json", folder).stdout)["traces"][0]["streams"][0]
    equal((stream["first"], stream["last"]), (0, times[-1][0]), "begins of the first and of the last packet")


def test_selection(place):
    trace = made(place)
    def count(n, *words):
        equal(len(records(place, trace, *words)), n, words)

    count(200)
    count(150, "--from", str(ORIGIN + 500))
    count(50, "--to", str(ORIGIN + 500))
    count(150, "--from", "+500ns")
    count(10, "--from", "-100ns") # of the packet's end, 2000
    count(50, "--to", "2023-11-14T22:13:20.0000005Z")
    count(50, "--to", "22:13:20.0000005", "--utc")
    count(50, "--to", "@1700000000.0000005")
    count(10, "--filter", "rows >= 190")
    count(5, "--filter", "rows >= 190", "--to", str(ORIGIN + 1950))
    count(2, "--filter", '$time >= "+1980ns"')
    count(200, "--filter", "$cpu == 3 && $name ~ 'db:*'")
    count(7, "--limit", "7")
    count(3, "-n", "3", "--filter", "rows & 1")
    count(2, "-n", "9", "--from", "+1980ns")
    equal([r["fields"]["rows"] for r in records(place, trace, "--filter", "rows >= 190", "-n", "3")], [190, 191, 192], "which")
    equal(events(place, trace, "--fields", "rows,$cpu", "--ns", "-n", "1"), f"{ORIGIN} [3] db:query: rows=0, $cpu=3\n", "--fields")
    equal(events(place, trace, "--fields", "rows,nosuch", "--format", "csv", "-n", "2"),
          f"time,cpu,layer,name,rows,nosuch\n{ORIGIN},3,user,db:query,0,\n{ORIGIN + 10},3,user,db:query,1,\n", "CSV")
    equal(events(place, trace, "--format", "csv", "-n", "1"), f"time,cpu,layer,name,rows,n,data\n{ORIGIN},3,user,db:query,0,,\n",
          "columns")
    equal(events(place, trace, "--filter", '$name == "db:done"'), "", "nothing")


def test_stream_number(place):
    """It is the number of the stream's class, in every format; of two files of one class too."""
    trace = Made(place.folder / "t", EVENTS)
    for i in range(2):
        trace.packet(i, 0, 100, [trace.record(1, 10 + i)], trace.pack("I", i))
    chosen = ("--fields", "$cpu,$stream")
    equal(events(place, trace.folder, *chosen, "--ns"),
          "".join(f"{ORIGIN + 10 + i} [{i}] db:done: $cpu={i}, $stream=0\n" for i in range(2)), "text")
    equal([record["fields"]["$stream"] for record in records(place, trace.folder, *chosen)], [0, 0], "JSON")
    equal([row["$stream"] for row in csv.DictReader(io.StringIO(events(place, trace.folder, *chosen, "--format", "csv")))], ["0", "0"],
          "CSV")
    equal(len(records(place, trace.folder, "--filter", "$stream == 0")), 2, "--filter")


def test_label_base(place):
    """The number behind a label is written as one without a label."""
    octal = "integer { size = 8; base = 8; }"
    trace = Made(place.folder / "t", [("a:b", f"enum : {octal} {{ LOW = 0 ... 15 }} e; {octal} i;")])
    trace.packet(0, 0, 100, [trace.record(0, 10, bytes([10, 10])), trace.record(0, 20, bytes([200, 200]))], trace.pack("I", 0))
    equal([line.partition(": ")[2] for line in events(place, trace.folder, "--ns").splitlines()],
          ["e=LOW(0o12), i=0o12", "e=0o310, i=0o310"], "octal")


def test_warnings(place):
    """Of what no event has; the rest counts."""
    equal(len(records(place, made(place), "--filter", "nosuch == 1 || rows == 5", says="no event has a field 'nosuch'")), 1, "records")


def test_many_cpus(place):
    """The same output on any number of CPUs, in every format; with losses, and errors once."""
    trace, count = many_packets(place.folder / "t", broken={(0, 20), (2, 59)})
    for form in ("text", "json", "csv"):
        results = []
        for jobs in ("1", "2", "5"):
            done = place.run(BORELOG, "events", "--jobs", jobs, "--format", form, trace.folder)
            equal(done.returncode, 1, "exit status")
            results.append((done.stdout, done.stderr))
        check(results[0] == results[1] == results[2], f"{form} differs by the number of CPUs")
        check(results[0][0].count("\n") > count * 9 // 10, "records")
        equal(len(re.findall(r"^borelog events: .*: packet (?:20|59) \(byte 0x[0-9a-f]+\): ", results[0][1], re.M)), 2, results[0][1])
        equal("CSV has no lines for them" in results[0][1], form == "csv", "losses that CSV cannot show")


def test_days(place):
    """A day is printed when it changes, whoever printed what is before it."""
    trace = Made(place.folder / "t", EVENTS)
    hours = [6 * 3600 * 10**9 * i for i in range(40)]
    for i, begin in enumerate(hours):
        trace.packet(0, begin, begin + 3600 * 10**9, [trace.record(1, begin + k) for k in range(1000)], trace.pack("I", 0), sequence=i,
                     padding=1 << 20)
    shown = [events(place, "--utc", "--jobs", jobs, trace.folder) for jobs in ("1", "4")]
    check(shown[0] == shown[1], "days differ by the number of CPUs")
    days = re.findall(r"^== (\S+) \w+ \(UTC\) ==$", shown[0], re.M)
    equal(days, [f"2023-11-{day}" for day in range(14, 25)], "days")
    equal(shown[0].count("\n"), 40 * 1000 + len(days), "lines")
    for line in shown[0].splitlines():
        if line.startswith("== "):
            before = "00"
        else:
            check(line[:2] >= before, "a day is missing in front of", line)
            before = line[:2]


def test_zone_changes(place):
    """Summer time begins in the middle of a trace."""
    trace = Made(place.folder / "t", EVENTS)
    times = [0, 150 * DAY] # November, April
    trace.packet(0, times[0], times[1], [trace.record(1, time) for time in times], trace.pack("I", 0))
    place.env["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    equal(re.findall(r"^(?:== .* ==|[\d:]{8})", events(place, trace.folder), re.M),
          ["== 2023-11-14 Tuesday (+01:00) ==", "23:13:20", "== 2024-04-13 Saturday (+02:00) ==", "00:13:20"], "times")
    equal(len(records(place, trace.folder, "--from", "2024-04-13T00:13:20")), 1, "--from in summer")


def test_losses(place):
    trace = Made(place.folder / "t", EVENTS)
    for i, (discarded, sequence) in enumerate([(0, 0), (12, 1), (13, 5)]):
        trace.packet(0, 100 * i, 100 * i + 90, [trace.record(1, 100 * i + 5)], trace.pack("I", 3), discarded=discarded, sequence=sequence)
    lost = [record for record in records(place, trace.folder) if "lost" in record]
    file = str(trace.folder / "stream_0")
    equal(lost, [{"time": ORIGIN + 90, "lost": 12, "what": "records", "from": ORIGIN + 90, "to": ORIGIN + 190, "stream": 0, "file": file},
                 {"time": ORIGIN + 190, "lost": 3, "what": "packets", "from": ORIGIN + 190, "to": ORIGIN + 200, "stream": 0, "file": file},
                 {"time": ORIGIN + 190, "lost": 1, "what": "records", "from": ORIGIN + 190, "to": ORIGIN + 290, "stream": 0, "file": file}],
          "losses")
    text = events(place, trace.folder, "--ns")
    check(f"{ORIGIN + 90} -- 12 records discarded until {ORIGIN + 190} ({file})\n" in text, text)
    check(f"{ORIGIN + 190} -- 3 packets missing until " in text and f"{ORIGIN + 190} -- 1 record discarded until" in text, text)
    # A filter cannot know of what was lost; but streams that have nothing for it have no losses either.
    equal(len([r for r in records(place, trace.folder, "--filter", "$cpu == 77") if "lost" in r]), 3, "losses of a filter")
    equal(records(place, trace.folder, "--filter", "$stream == 7"), [], "losses of another stream")


def test_errors(place):
    """What can be read is printed; where the rest is broken is said."""
    trace = made(place)
    file = trace / "stream_0"
    whole = file.read_bytes()
    file.write_bytes(whole[:len(whole) - 7])
    got = place.run(BORELOG, "events", "--format", "json", trace)
    equal((got.returncode, len(got.stdout.splitlines())), (1, 199), "a packet that is cut")
    check(re.match(rf"borelog events: {file}: packet 0 \(byte 0x[0-9a-f]+\): .", got.stderr) and got.stderr.count("\n") == 1, got.stderr)
    (trace / "metadata").write_text("/* CTF 1.8 */\ntrace { major = 1; minor = }")
    done = place.run(BORELOG, "events", trace)
    equal((done.returncode, done.stdout), (1, ""), "metadata")
    check(re.match(rf"borelog events: {trace}/metadata:2:\d+: ", done.stderr), done.stderr)
    done = place.run(BORELOG, "events", place.folder / "nosuch")
    equal((done.returncode, done.stdout), (1, ""), "no directory")
    check("nosuch: " in done.stderr, done.stderr)


def test_usage_errors(place):
    trace = made(place)
    for words, says in ([[], "directory"], [["--format", "xml", trace], '"xml"'], [["-n", "0", trace], '"0"'], [["-n", "x", trace], '"x"'],
                        [["--color", "blue", trace], '"blue"'], [["--width", "-1", trace], '"-1"'], [["--jobs", "0", trace], '"0"'],
                        [["--from", "soon", trace], '"soon"'], [["--to", "12:99", trace], '"12:99"'],
                        [["--filter", "rows >", trace], "rows >"], [["--filter", "$core == 1", trace], "$cpu"],
                        [["--fields", "rows,,x", trace], "missing"], [["--fields", "rows > 1", trace], "name of a field"],
                        [["--follow"], "directory"], [["--follow", trace, trace], "one session"],
                        [["--follow", "--format", "csv", trace], "--fields"]):
        done = place.run(BORELOG, "events", *words)
        equal((done.returncode, done.stdout), (2, ""), f"events {words}: {done.stderr}")
        check(says in done.stderr, f"{words}: {done.stderr}")


def test_readers_that_leave(place):
    """A pipe that nobody reads ends the command without a word; a full disk is an error."""
    trace, _ = many_packets(place.folder / "t")
    for ignored in (False, True):
        process = subprocess.Popen([BORELOG, "events", trace.folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN if ignored else signal.SIG_DFL),
                                   restore_signals=False)
        process.stdout.readline()
        process.stdout.close()
        equal(process.wait(60), -signal.SIGPIPE, "exit status")
        equal(process.stderr.read(), b"", "stderr")
        process.stderr.close()
    with open("/dev/full", "w") as full:
        done = subprocess.run([BORELOG, "events", trace.folder], stdout=full, stderr=subprocess.PIPE, text=True)
    equal(done.returncode, 1, "exit status on a full disk")
    check("cannot write to standard output: No space left" in done.stderr and done.stderr.count("\n") == 1, done.stderr)


def test_terminal(place):
    """Colours and lines that fit; neither elsewhere, nor where they are not wanted."""
    place.env.pop("NO_COLOR", None)
    trace = Made(place.folder / "t", [("a" * 70, "u32 rows;"), ("\\033[31mred", "u32 rows;")])
    trace.packet(0, 0, 9, [trace.record(0, 1, trace.pack("I", 7)), trace.record(1, 2, trace.pack("I", 8))], trace.pack("I", 0))
    shown = terminal(place, "events", trace.folder, width=80)
    lines = re.sub(r"\033\[[0-9;]*m", "", shown).splitlines()
    check("\033[1m" in shown and "\033" not in "".join(lines), repr(shown))
    equal(max(map(len, lines)), 80, f"width of {lines}")
    check(lines[1].endswith("…") and not lines[2].endswith("…"), lines)
    check("rows=7" in terminal(place, "events", trace.folder, "--width", "0"), "--width 0")
    equal(max(map(len, terminal(place, "events", trace.folder, "--width", "40", "--color", "never").splitlines()[1:])), 40, "--width 40")
    for env, words in (({"NO_COLOR": "1"}, []), ({"TERM": "dumb"}, []), ({}, ["--color", "never"])):
        check("\033" not in terminal(place, "events", trace.folder, *words, **env), env, words)
    piped = events(place, trace.folder)
    check("\033" not in piped and "…" not in piped and "rows=7" in piped, piped)
    check("\033[1m" in events(place, trace.folder, "--color", "always"), "--color always")


# ---- Sessions that run ----


class Follower:
    """borelog events --follow, its lines as they come: whole ones, though a read can end in the middle of one."""

    def __init__(self, place, *words):
        self.process = subprocess.Popen([BORELOG, "events", "--follow", *words], env=place.env, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = b""

    def lines(self):
        if not self.process.stdout.closed:
            self.text += self.process.stdout.read() or b""
        return self.text[:self.text.rfind(b"\n") + 1].decode().splitlines()

    def end(self, status=0):
        os.set_blocking(self.process.stdout.fileno(), True)
        out, err = self.process.communicate(timeout=60)
        self.text += out
        equal(self.process.returncode, status, f"exit status of --follow: {err}")
        return self.lines(), err.decode()


def ask(victim, n):
    victim.stdin.write(f"{n}\n")
    victim.stdin.flush()
    equal(victim.stdout.readline().strip(), "done", "the program")


def start_victim(place, *words):
    victim = subprocess.Popen([VICTIM, *words], env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    place.sessions.append(victim)
    if words == ("ask",):
        equal(victim.stdout.readline().strip(), "ready", "the program")
    return victim


def follow_a_program(place, *words):
    """A session with a program that has written 5 records, and who follows it."""
    trace, session = place.start_session()
    victim = start_victim(place, "ask")
    ask(victim, 5)
    return trace, session, victim, Follower(place, trace, *words)


def steps(lines):
    return [int(re.search(r" n=(\d+)", line)[1]) for line in lines if " v:step: " in line]


def test_follow(place):
    """Records come while the session runs; at its end all are there, in order and once."""
    trace, session, victim, follower = follow_a_program(place)
    wait_for(lambda: len(steps(follower.lines())) == 5, "the first records")
    for n in (1, 300, 5000):
        before = len(steps(follower.lines()))
        ask(victim, n)
        wait_for(lambda: len(steps(follower.lines())) == before + n, f"{n} records more")
    ask(victim, 100)
    victim.stdin.close()
    victim.wait(60)
    place.stop_session(session)
    lines, err = follower.end()
    equal(err, "", "stderr")
    wanted = events(place, trace).splitlines()
    equal(len(steps(lines)), 5406, "records")
    # The recorder knows its clock better in the end: times are not compared.
    equal([line[19:] for line in lines], [line[19:] for line in wanted], "lines")


def test_follow_many(place):
    """Threads and programs that come and go: nothing twice, nothing lost."""
    trace, session = place.start_session("--size", "64K")
    follower = Follower(place, "--format", "json", trace)
    for i in range(6):
        first, second = (start_victim(place, "count", "3000", "4") for _ in range(2))
        equal((first.wait(60), second.wait(60)), (0, 0), "programs")
        if i == 3:
            wait_for(lambda: len(follower.lines()) > 10000, "records while the session runs")
    place.stop_session(session)
    lines, _ = follower.end()

    def key(record):
        # Losses are told by packet, whenever it is seen.
        return (record.get("name"), record.get("file"), record.get("packet"), json.dumps(record.get("fields")), record.get("lost"))

    got = collections.Counter(key(json.loads(line)) for line in lines)
    wanted = collections.Counter(key(record) for record in records(place, trace))
    check(got == wanted, "missing:", list((wanted - got).items())[:5], "too many:", list((got - wanted).items())[:5])
    check(sum(got.values()) > 10000, "records")


def test_follow_late(place):
    """A packet that comes seconds after its time, as of a writer that was stopped in the middle of a record."""
    trace, session, victim, follower = follow_a_program(place)
    wait_for(lambda: len(steps(follower.lines())) == 5, "the first records")
    time.sleep(2)
    ask(victim, 1)
    wait_for(lambda: len(steps(follower.lines())) == 6, "a record more")
    path = next((trace / "user").glob("stream_*"))
    # All five, but for a flush that came in between.
    n = sum(record["packet"] == 0 and record["file"] == str(path) for record in records(place, trace))
    check(0 < n <= 5, n)
    _, head = next(harness.packet_heads(path))
    size = struct.unpack_from("=Q", head, 72)[0] // 8
    packet = bytearray(path.read_bytes()[:size])
    struct.pack_into("=Q", packet, 24, 77)       # stream_instance_id
    struct.pack_into("=Q", packet, 80, 8 * size) # packet_size
    (trace / "user" / ".stream_late").write_bytes(packet)
    (trace / "user" / ".stream_late").rename(trace / "user" / "stream_late")
    ask(victim, 1)
    wait_for(lambda: len(steps(follower.lines())) == 6 + n + 1, "the late packet, and what came after it")
    place.stop_session(session)
    equal(sorted(line[19:] for line in follower.end()[0]), sorted(line[19:] for line in events(place, trace).splitlines()), "lines")


def test_follow_selected(place):
    """Filter, fields, from the end, limit, CSV."""
    trace, session, victim, follower = follow_a_program(place, "--filter", "n >= 3 && n != 6", "--fields", "n", "--format", "csv", "-n", "4")
    csv_lines = lambda: [line.split(",")[4] for line in follower.lines()[1:]]
    wait_for(lambda: csv_lines() == ["3", "4"], "records 3 and 4")
    late = Follower(place, trace, "--from", "-0s")
    wait_for(lambda: late.process.poll() is None and place.run(BORELOG, "flush").returncode == 0, "the session")
    ask(victim, 5)
    wait_for(lambda: csv_lines() == ["3", "4", "5", "7"], "the others")
    lines, _ = follower.end() # it has all that it wanted
    check(lines[0] == "time,cpu,layer,name,n" and len(lines) == 5, lines)

    def comes():
        ask(victim, 1) # again: late may have been late
        return steps(late.lines())

    wait_for(comes, "what comes after the end")
    late.process.send_signal(signal.SIGINT)
    check(not set(steps(late.end()[0])) & {0, 1, 2, 3}, "records before --from")
    place.stop_session(session)


def test_follow_until(place):
    """--to ends it, though the session goes on; what cannot be read is said once."""
    trace, session, victim, follower = follow_a_program(place, "--to", "+1ns")
    lines, err = follower.end()
    equal((steps(lines), err), ([0], ""), "records before --to")
    (trace / "user" / ".junk").write_bytes(b"no packet")
    (trace / "user" / ".junk").rename(trace / "user" / "junk")
    follower = Follower(place, trace)
    for n in (6, 7, 8):
        ask(victim, 1)
        wait_for(lambda: len(steps(follower.lines())) == n, "another round")
    place.stop_session(session)
    lines, err = follower.end(status=1)
    equal((len(steps(lines)), err.count("junk")), (8, 1), f"records, and the file that is none: {err}")


def test_follow_ends(place):
    """With Ctrl-C; where no session is; before anything was recorded; of a flight recorder."""
    trace, session = place.start_session()
    follower = Follower(place, trace)
    victim = start_victim(place, "ask")
    ask(victim, 3)
    wait_for(lambda: len(steps(follower.lines())) == 3, "records of the first program")
    follower.process.send_signal(signal.SIGINT)
    equal(follower.end(), (follower.lines(), ""), "Ctrl-C")
    place.stop_session(session)
    lines, err = Follower(place, trace).end()
    check(len(steps(lines)) == 3 and "no session records to" in err, lines, err)
    trace, session = place.start_session("--overwrite")
    check("flight recorder" in Follower(place, trace).end(status=1)[1], "a flight recorder is followed")
    place.stop_session(session)


if __name__ == "__main__":
    harness.main(globals())
