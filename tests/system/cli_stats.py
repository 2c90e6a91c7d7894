#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog stats: every number, of traces whose numbers are known; the same on one CPU and on many; what a terminal gets."""
import collections
import json
import os
import pty
import random
import re
import struct
import subprocess
import termios
import fcntl

import harness
from ctf_made import EVENT_HEADER, HEAD, ORIGIN, Made
from harness import BORELOG, check, equal

EVENTS = [("db:query", "u32 rows;"), ("db:done", ""), ("net:packet", "u16 n; u8 data[n];")]


def stats(place, *words, status=0, says=""):
    done = place.run(BORELOG, "stats", "--format", "json", *words)
    equal(done.returncode, status, f"exit status of stats {words}: {done.stderr}")
    check(says in done.stderr if says else not done.stderr, f"stats {words}: {done.stderr}")
    return json.loads(done.stdout)


def by(list_, *keys):
    """Records of a table, by @keys of its lines."""
    return {tuple(line.get(key) for key in keys): line["records"] for line in list_}


def test_all_numbers(place):
    """Two CPUs, three processes, three events."""
    trace = Made(place.folder / "t/user", EVENTS, packet="u32 cpu_id; u32 pid;")
    events, processes, cpus = collections.Counter(), collections.Counter(), collections.Counter()
    dice = random.Random(1)
    content, files = 0, 0
    times = []
    for stream, (cpu, pid) in enumerate([(0, 100), (1, 100), (1, 200), (0, 4294967295)]):
        time = dice.randrange(1000)
        for _ in range(dice.randrange(1, 5)):
            records = []
            begin = time
            for _ in range(dice.randrange(1, 300)):
                event = dice.randrange(3)
                rest = [trace.pack("I", 7), b"", trace.pack("H", 3) + b"abc"][event]
                records.append(trace.record(event, time, rest))
                events[EVENTS[event][0]] += 1
                processes[pid] += 1
                cpus[cpu] += 1
                content += EVENT_HEADER + len(rest)
                times.append(time)
                time += dice.randrange(2000000)
            files += trace.packet(stream, begin, time, records, trace.pack("II", cpu, pid), padding=8) + 8
    got = stats(place, trace.folder.parent)
    total = len(times)
    equal(got["records"], total, "records")
    equal(got["bytes"], content, "bytes")
    equal((got["files"], got["file_bytes"]), (4, files), "files")
    equal((got["first"], got["last"]), (ORIGIN + min(times), ORIGIN + max(times)), "first and last")
    equal(got["duration"], max(times) - min(times), "duration")
    equal(got["rate"], round(total / (max(times) - min(times)) * 1e9, 1), "rate")
    equal(by(got["events"], "name"), {(name,): n for name, n in events.items()}, "events")
    equal(by(got["processes"], "pid"), {(pid,): n for pid, n in processes.items()}, "processes")
    equal(by(got["cpus"], "cpu"), {(cpu,): n for cpu, n in cpus.items()}, "CPUs")
    for table in ("events", "processes", "cpus"):
        counts = [line["records"] for line in got[table]]
        equal(counts, sorted(counts, reverse=True), f"order of {table}")
        equal(sum(line["bytes"] for line in got[table]), content, f"bytes of {table}")
    equal(got["lost"], {"records": 0, "packets": 0, "times": 0, "unknown": False, "reasons": {}}, "lost")
    bins = got["histogram"]
    expected = collections.Counter((ORIGIN + time - bins["from"]) // bins["width"] for time in times)
    equal(bins["records"], [expected[i] for i in range(len(bins["records"]))], "histogram")
    equal((got["traces"][0]["layer"], got["traces"][0]["records"]), ("user", total), "trace")


def test_contexts_of_records(place):
    """Process in the records' context, with a name that changes; big-endian."""
    trace = Made(place.folder / "t", [("a", "")], context="u32 _vpid; text _procname[16];", env='domain = "ust";', order="be")
    who = [(7, b"sh"), (8, b"make"), (7, b"sh"), (7, b"cc1"), (8, b"make")]
    records = [trace.record(0, i, trace.pack("I", pid) + name.ljust(16, b"\0")) for i, (pid, name) in enumerate(who)]
    trace.packet(0, 0, 9, records[:3], trace.pack("I", 5))
    trace.packet(0, 9, 20, records[3:], trace.pack("I", 5))
    got = stats(place, trace.folder)
    equal(by(got["processes"], "pid", "name"), {(7, "cc1"): 3, (8, "make"): 2}, "processes")
    equal(by(got["cpus"], "cpu"), {(5,): 5}, "CPUs")
    equal(got["traces"][0]["layer"], "user", "layer")


def test_contexts_of_the_environment(place):
    """A trace for each process, as LTTng makes them; no CPU."""
    for pid in (30, 40):
        trace = Made(place.folder / f"t/{pid}", [("a", "")], packet="", env=f'domain = "ust"; vpid = {pid}; procname = "p{pid}";')
        trace.packet(0, 0, 9, [trace.record(0, i) for i in range(pid)])
    got = stats(place, place.folder / "t")
    equal(by(got["processes"], "pid", "name"), {(30, "p30"): 30, (40, "p40"): 40}, "processes")
    equal(by(got["cpus"], "cpu"), {(None,): 40 + 30} if len(got["cpus"]) == 1 else {(None,): 30}, "CPUs")
    equal([line["cpu"] for line in got["cpus"]], [None, None], "CPUs are not known")
    text = place.run(BORELOG, "stats", place.folder / "t").stdout
    check("CPU" not in text, "a table of CPUs that nobody knows:", text)


def test_losses(place):
    """Discarded records by reason, lost packets; of a part of the time as well."""
    trace = Made(place.folder / "t", EVENTS, packet="u32 cpu_id; struct { u64 full; u64 size; u64 torn; } discarded;")
    totals = [(0, 0, 0), (10, 0, 0), (10, 0, 0), (15, 2, 0), (15, 2, 4)]
    for i, reasons in enumerate(totals):
        begin = 1000 * i
        trace.packet(0, begin, begin + 900, [trace.record(1, begin + 10), trace.record(1, begin + 800)],
                     trace.pack("IQQQ", 3, *reasons), discarded=sum(reasons), sequence=i if i < 4 else i + 2)
    got = stats(place, trace.folder)
    equal(got["records"], 10, "records")
    equal(got["lost"], {"records": 21, "packets": 2, "times": 4, "unknown": False, "reasons": {"full": 15, "size": 2, "torn": 4}}, "lost")
    equal([line["lost"] for line in got["cpus"]], [21], "lost of the CPU")
    # Between 900 and 1000 10 are lost, and after 2900 7.
    got = stats(place, trace.folder, "--from", str(ORIGIN + 2000), "--to", str(ORIGIN + 3500))
    equal(got["records"], 3, "records of a part")
    equal((got["lost"]["records"], got["lost"]["times"]), (7, 1), "lost in a part")
    equal(got["lost"]["reasons"], {"not told": 7}, "two reasons in the first loss that is seen")
    got = stats(place, trace.folder, "--from", str(ORIGIN + 500), "--to", str(ORIGIN + 3500))
    equal(got["lost"]["reasons"], {"full": 15, "size": 2}, "reasons of a part")
    text = place.run(BORELOG, "stats", trace.folder).stdout
    check("lost      21 records (67.7 %), 2 packets, at 4 places: full 15, size 2, torn 4" in text, text)


def test_selection(place):
    trace = Made(place.folder / "t", EVENTS)
    trace.packet(0, 0, 2000, [trace.record(0, 10 * i, trace.pack("I", i)) for i in range(200)], trace.pack("I", 0))
    equal(stats(place, trace.folder, "--from", str(ORIGIN + 500))["records"], 150, "--from")
    equal(stats(place, trace.folder, "--to", str(ORIGIN + 500))["records"], 50, "--to")
    equal(stats(place, trace.folder, "--filter", "rows >= 190")["records"], 10, "--filter")
    equal(stats(place, trace.folder, "--filter", "rows >= 190", "--to", str(ORIGIN + 1950))["records"], 5, "both")
    nothing = stats(place, trace.folder, "--filter", '$name == "db:done"')
    equal((nothing["records"], nothing["events"], "first" in nothing), (0, [], False), "nothing")
    # The histogram is of what was asked for.
    bins = stats(place, trace.folder, "--from", str(ORIGIN + 500), "--to", str(ORIGIN + 600))["histogram"]
    equal((bins["from"], sum(bins["records"])), (ORIGIN + 500, 10), "histogram")
    check(bins["from"] + bins["width"] * len(bins["records"]) <= ORIGIN + 700, bins)


def test_clocks(place):
    """How exact they are; two clocks may be apart by both."""
    a = Made(place.folder / "t/a", EVENTS, clock_more="precision = 40;")
    b = Made(place.folder / "t/b", EVENTS, clock_more="precision = 5;", uuid="00000000-0000-4000-8000-000000000002")
    for trace in (a, b):
        trace.packet(0, 0, 9, [trace.record(1, 1)], trace.pack("I", 0))
    got = stats(place, a.folder)
    equal((got["clock_error"], got["clocks_apart"]), (40, 0), "one clock")
    got = stats(place, place.folder / "t")
    equal((got["clock_error"], got["clocks_apart"]), (40, 45), "two clocks")
    equal([trace["clocks"][0]["error"] for trace in got["traces"]], [40, 5], "each")
    unknown = Made(place.folder / "u", EVENTS)
    unknown.packet(0, 0, 9, [unknown.record(1, 1)], unknown.pack("I", 0))
    check("clock_error" not in stats(place, unknown.folder), "a clock that does not say how exact it is")


def many_packets(folder, streams=3, packets=60, broken=()):
    """Enough for several slices of time: packets of different sizes whose times overlap."""
    trace = Made(folder, EVENTS, packet="u32 cpu_id; u32 pid;")
    dice = random.Random(2)
    count = 0
    for stream in range(streams):
        time = dice.randrange(100)
        for i in range(packets):
            records = []
            begin = time
            for _ in range(dice.randrange(200, 600)):
                event = dice.choice((0, 2))
                size = dice.randrange(60)
                rest = trace.pack("I", 7) if event == 0 else trace.pack("H", size) + bytes(size)
                records.append(trace.record(event, time, rest))
                time += dice.choice((0, 0, 1, 5))
            if (stream, i) in broken:
                records[len(records) // 2] = trace.record(99, begin, b"")
            count += len(records)
            trace.packet(stream, begin, time, records, trace.pack("II", stream, 1000 + i % 7), discarded=i // 10)
    return trace, count


def test_many_cpus(place):
    """The same on any number of CPUs, losses and errors included, each error once."""
    trace, count = many_packets(place.folder / "t", broken={(0, 20), (1, 21), (2, 59)})
    check(sum(path.stat().st_size for path in trace.folder.glob("stream*")) > 2 << 20, "too small for slices")
    first = None
    for jobs in (1, 2, 3, 16):
        done = place.run(BORELOG, "stats", "--format", "json", "--jobs", str(jobs), trace.folder)
        equal(done.returncode, 1, f"exit status with {jobs} jobs")
        errors = sorted(done.stderr.splitlines())
        equal(len(errors), 3, f"errors with {jobs} jobs: {done.stderr}")
        for stream, packet in ((0, 20), (1, 21), (2, 59)):
            check(any(f"stream_{stream}: packet {packet} (byte 0x" in line for line in errors), done.stderr)
        first = first or (done.stdout, errors)
        equal((done.stdout, errors), first, f"{jobs} jobs")
    got = json.loads(first[0])
    check(count - 3 * 600 < got["records"] < count, "of broken packets the rest is missing:", got["records"], count)
    equal(got["lost"]["records"], 3 * 5, "lost")


def test_something_cannot_be_read(place):
    """What can be is counted."""
    good = Made(place.folder / "t/good", EVENTS)
    good.packet(0, 0, 9, [good.record(1, 1)] * 5, good.pack("I", 0))
    bad = place.folder / "t/bad"
    bad.mkdir()
    (bad / "metadata").write_text("/* CTF 1.8 */\ntrace { major = }\n")
    got = stats(place, place.folder / "t", status=1, says=f"borelog stats: {bad}/metadata:2:")
    equal(got["records"], 5, "records")
    done = place.run(BORELOG, "stats", bad)
    equal((done.returncode, done.stdout), (1, ""), "nothing can be read")
    check(done.stderr.startswith(f"borelog stats: {bad}/metadata:2:"), done.stderr)
    done = place.run(BORELOG, "stats", place.folder / "nothing")
    equal((done.returncode, done.stdout), (1, ""), "no directory")


def test_usage(place):
    trace = Made(place.folder / "t", EVENTS)
    trace.packet(0, 0, 9, [trace.record(1, 1)], trace.pack("I", 0))
    for words, says in ([[], "directory is missing"], [["--format", "xml", trace.folder], '"xml"'], [["-n", "x", trace.folder], '"x"'],
                        [["--jobs", "0", trace.folder], '"0"'], [["--jobs", "1025", trace.folder], '"1025"'],
                        [["--from", "soon", trace.folder], '"soon"'], [["--to", "", trace.folder], "--to"],
                        [["--filter", "rows >", trace.folder], "--filter"]):
        done = place.run(BORELOG, "stats", *words)
        equal((done.returncode, done.stdout), (2, ""), f"stats {words}: {done.stderr}")
        check(says in done.stderr, f"{words}: {done.stderr}")


def terminal(place, *words, width=80, **env):
    """What a terminal of that width is sent."""
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen([BORELOG, *words], env={**place.env, "TERM": "xterm", **env}, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    output = b""
    while True:
        try:
            piece = os.read(mine, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(mine)
    equal(process.wait(60), 0, f"exit status of {words}")
    return output.decode().replace("\r\n", "\n")


def test_terminal(place):
    """Fits the width; colours only where they are wanted; blocks only where the locale has them."""
    place.env.pop("NO_COLOR", None)
    trace, _ = many_packets(place.folder / "t", packets=5)
    bad = Made(place.folder / "t2", [("a" * 300, ""), ("\\033[31mred", "")])
    bad.packet(0, 0, 9, [bad.record(0, 1), bad.record(1, 2)], bad.pack("I", 0))
    for width in (60, 80, 130):
        for folder in (trace.folder, bad.folder):
            shown = terminal(place, "stats", folder, width=width, LC_ALL="C.UTF-8")
            check("\033[1m" in shown and "█" in shown, shown)
            plain = re.sub(r"\033\[[0-9;]*m", "", shown)
            check("\033" not in plain, "a name's own escapes:", repr(plain))
            body = plain[plain.index("records"):] # in front are directories
            check(max(map(len, body.splitlines())) <= max(width, 75), f"{width} columns:\n{body}")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        check("\033" not in terminal(place, "stats", trace.folder, **{"LC_ALL": "C.UTF-8", **env}), env)
    shown = terminal(place, "stats", trace.folder, LC_ALL="C")
    check(shown.isascii() and "#" in shown, shown)
    piped = place.run(BORELOG, "stats", trace.folder).stdout
    check("\033" not in piped, piped)


def test_top(place):
    trace = Made(place.folder / "t", [(f"event{i:02}", "") for i in range(50)])
    trace.packet(0, 0, 9, [trace.record(i, 1) for i in range(50) for _ in range(i + 1)], trace.pack("I", 0))
    shown = place.run(BORELOG, "stats", trace.folder).stdout
    equal(re.findall(r"^event(\d\d) ", shown, re.M), [str(i) for i in range(49, 29, -1)], "the most frequent 20")
    check("... and 30 other events" in shown, shown)
    equal(len(re.findall(r"^event\d\d ", place.run(BORELOG, "stats", "-n", "0", trace.folder).stdout, re.M)), 50, "all")


def test_real_trace(place):
    """Of a real program; babeltrace2 counts the same."""
    trace, _ = place.record("sh", "-c", "for i in 1 2 3; do cat /etc/passwd; done >/dev/null", options=())
    events = harness.read(trace)
    got = stats(place, trace)
    equal(got["records"], len(events), "records")
    equal(by(got["events"], "name"), {(name,): n for name, n in collections.Counter(e.name for e in events).items()}, "events")
    equal(by(got["processes"], "pid"), {(pid,): n for pid, n in collections.Counter(e.pid for e in events).items()}, "processes")
    equal(by(got["cpus"], "cpu"), {(cpu,): n for cpu, n in collections.Counter(e.packet["cpu_id"] for e in events).items()}, "CPUs")
    # babeltrace2 rounds a clock's offset and its value each for itself.
    check(abs(got["first"] - events[0].time) <= 1 and abs(got["last"] - events[-1].time) <= 1, "times:", got["first"], got["last"],
          events[0].time, events[-1].time)
    check(0 < got["clock_error"] < 10**6, got["clock_error"])


if __name__ == "__main__":
    harness.main(globals())
