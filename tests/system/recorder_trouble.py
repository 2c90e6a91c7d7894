#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the recorder makes of dead, stuck and hostile programs, full disks, vanished directories, and its own death."""
import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

import harness
from harness import check, equal, wait_for

VICTIM = harness.PROGRAMS / "recorder_victim"
ATTACHER = harness.PROGRAMS / "recorder_attacher"
LOST = ("full", "size", "attach", "torn", "busy")


def packets(trace, gaps=False):
    """Heads of all packets of each stream, as its files have them; every file is a row of whole packets. @gaps: but for overwritten
    ones."""
    heads = {}
    for name, parts in harness.stream_files(trace).items():
        rows = []
        for path in parts:
            for at, head in harness.packet_heads(path):
                magic, stream = struct.unpack_from("=II", head)
                begin, seq, cpu, pid = struct.unpack_from("=QQII", head, 32)
                end, content, size, discarded = struct.unpack_from("=QQQQ", head, 64)
                equal(magic, 0xC1FC1FC1, f"magic at {at} of {path}")
                by = dict(zip(LOST, struct.unpack_from("=5Q", head, 96)))
                equal(sum(by.values()), discarded, "discarded")
                check(136 * 8 <= content <= size and content % 8 == 0 and size % 64 == 0, "sizes", content, size)
                if rows:
                    check(rows[-1]["end"] <= begin <= end, "time goes back in", path)
                    before = rows[-1]["seq"]
                    check(seq > before if gaps else seq == before + 1, "sequence number", seq, "after", before)
                    check(all(rows[-1]["by"][why] <= by[why] for why in LOST), "a count falls in", path)
                rows.append(dict(stream=stream, begin=begin, end=end, seq=seq, cpu=cpu, pid=pid, by=by, padding=(size - content) // 8))
        heads[name] = rows
    return heads


def check_finished(trace):
    """Nothing is left of the room that files had while they were written."""
    for name, rows in packets(trace).items():
        check(all(row["padding"] < 8 for row in rows), "padding in", name)
    equal([path.name for path in (pathlib.Path(trace) / "user").glob(".*")], [], "hidden files")


def lost(trace):
    """Discarded in all, by reason: the last packets say it."""
    total = collections.Counter()
    for rows in packets(trace).values():
        total.update(rows[-1]["by"])
    return {why: n for why, n in total.items() if n}


def check_steps(events, gaps=False):
    """Records of each thread are numbered; returns how many."""
    last = {}
    for event in events:
        if event.name != "v:step":
            continue
        who = event.pid, event.fields["thread"]
        n = event.fields["n"]
        if gaps:
            check(n > last.get(who, -1), "record again:", event)
        else:
            equal(n, last.get(who, -1) + 1, f"record of {who}")
        last[who] = n
    return sum(event.name == "v:step" for event in events)


@contextlib.contextmanager
def running(*commands, **kwargs):
    """Programs that do not outlive the test, whatever happens."""
    programs = [subprocess.Popen([str(word) for word in command], **kwargs) for command in commands]
    try:
        yield programs
    finally:
        for program in programs:
            program.kill()
            program.wait()
            for pipe in (program.stdin, program.stdout):
                if pipe and not pipe.closed:
                    pipe.close()


def numbers(events):
    return [event.fields["n"] for event in events if event.name == "a:step"]


def ring_memory(pid):
    """KiB of session memory that a process has mapped and that really exist."""
    kib, ours = 0, False
    for line in open(f"/proc/{pid}/smaps"):
        if re.match(r"[0-9a-f]+-", line):
            ours = "memfd:borelog-rings" in line
        elif ours and line.startswith("Rss:"):
            kib += int(line.split()[1])
    return kib


def test_torn(place):
    trace, done = place.record(ATTACHER, "torn", 10, 5)
    equal(numbers(harness.read(trace)), list(range(10)), "records before the torn one")
    equal(lost(trace), {"torn": 6}, "lost")


def test_torn_and_switched(place):
    """More than a ring's worth behind the torn record: what is full and delivered behind it is whole."""
    trace, done = place.record(ATTACHER, "torn", 10, 20000, options=("--no-preload", "--size", "64K"))
    events = numbers(harness.read(trace))
    equal(events[:10], list(range(10)), "records before the torn one")
    check(all(a < b for a, b in zip(events, events[1:])), "records go back")
    count = sum(lost(trace).values())
    equal(len(events) + count, 10 + 1 + 20000, "records and losses")


def test_closer(place):
    trace, done = place.record(ATTACHER, "closer", 10)
    equal(numbers(harness.read(trace)), list(range(10)), "records before the closing")
    equal(lost(trace), {"torn": 1}, "lost")


def test_delivered(place):
    trace, done = place.record(ATTACHER, "delivered", 10)
    equal(numbers(harness.read(trace)), list(range(10)), "records of a packet that was not handed over")
    equal(lost(trace), {}, "lost")


def test_stuck(place):
    """A thread that stays in the middle of a record: the session ends, and its memory is gone."""
    trace, session = place.start_session("--no-preload")
    socket = next((place.run_dir / "borelog/sessions").glob("*"))
    with running((ATTACHER, "stuck", 10), env=dict(place.env, BORELOG_SESSION=str(socket)), stdin=subprocess.PIPE,
                 stdout=subprocess.PIPE, text=True) as (stuck,):
        equal(stuck.stdout.readline(), "ready\n", "the stuck program")
        check(ring_memory(stuck.pid) > 0, "it has rings")
        place.stop_session(session)
        equal(numbers(harness.read(trace)), list(range(10)), "records before the stuck one")
        equal(lost(trace), {"torn": 1}, "lost")
        equal(ring_memory(stuck.pid), 0, "KiB of the session left")


def few(trace):
    """The last packets of each stream are enough, and soon read: all others of a long trace go."""
    for parts in harness.stream_files(trace).values():
        for path in parts[:-1]:
            path.unlink()
        heads = [(at, struct.unpack_from("=Q", head, 72)[0] // 8) for at, head in harness.packet_heads(parts[-1])]
        end = sum(heads[-1])
        data = parts[-1].read_bytes()
        parts[-1].write_bytes(data[next(at for at, size in heads if end - at <= 200000 or (at, size) == heads[-1]):])
    return harness.read(trace, cut=True)


def own_reader(trace):
    """(stream, pid, thread, n) of each v:step, read from the bytes: babeltrace2's Python would be busy with it for minutes."""
    compact, extended = struct.Struct("=IiiI"), struct.Struct("=IIQiiI")
    for path in (path for parts in harness.stream_files(trace).values() for path in parts):
        data, packet = path.read_bytes(), 0
        while packet < len(data):
            pid, = struct.unpack_from("=I", data, packet + 52)
            content, size = struct.unpack_from("=QQ", data, packet + 72)
            at, end = packet + 136, packet + content // 8
            while at < end:
                head, _, thread, n = compact.unpack_from(data, at)
                event = head & 31 if sys.byteorder == "little" else head >> 27
                if event == 31:
                    _, event, _, _, thread, n = extended.unpack_from(data, at)
                    at += extended.size
                else:
                    at += compact.size
                equal(event, 1, f"event at {at} of {path}")
                yield path.name.partition(".")[0], pid, thread, n
            equal(at, end, f"end of the last record in the packet at {packet} of {path}")
            packet += size // 8


KILLED_ROUNDS, KILLED_PROGRAMS, KILLED_THREADS = 3, 2, 6


def read_book(path):
    """What each thread of a victim has attempted."""
    data = path.read_bytes()
    return struct.unpack_from("=" + KILLED_THREADS * "Q56x", data) if data else (0,) * KILLED_THREADS


def kill_in_the_middle(place, trace):
    """Programs that record as fast as they can, killed at some moment. Return: by pid, what each thread had attempted."""
    books = [place.folder / f"books{i}" for i in range(KILLED_PROGRAMS)]
    for book in books:
        book.write_bytes(b"")
    before = harness.written(trace)
    with running(*((VICTIM, "forever", KILLED_THREADS, book) for book in books), env=place.env) as victims:
        wait_for(lambda: harness.written(trace) > before + 100000 and all(all(read_book(book)) for book in books), "records")
        time.sleep(random.uniform(0, 0.005))
        for victim in victims:
            victim.kill() # at once, not one after the other's end
    return {victim.pid: read_book(book) for victim, book in zip(victims, books)}


def test_program_killed(place):
    """Killed at random, flat out: but for the one record that each thread was making, all are in the trace or counted."""
    trace, session = place.start_session("--no-preload", "--size", "256K")
    attempted = {}
    for _ in range(KILLED_ROUNDS):
        attempted.update(kill_in_the_middle(place, trace))
    place.stop_session(session)
    check_finished(trace)
    seen, last, lost_of = collections.defaultdict(set), {}, collections.Counter()
    for stream, pid, thread, n in own_reader(trace):
        before = last.get((stream, pid, thread), -1)
        check(before < n < attempted[pid][thread], "record", n, "of", pid, thread, "behind", before, "in", stream)
        check((thread, n) not in seen[pid], "record", n, "of", pid, thread, "again")
        last[stream, pid, thread] = n
        seen[pid].add((thread, n))
    for rows in packets(trace).values():
        for before, row in zip([{"by": collections.Counter()}] + rows, rows):
            lost_of[row["pid"]] += sum(row["by"].values()) - sum(before["by"].values())
    for pid, counts in attempted.items():
        found = len(seen[pid]) + lost_of[pid]
        check(seen[pid], "nothing of", pid)
        check(sum(counts) - KILLED_THREADS <= found <= sum(counts), "of", sum(counts), "records of", pid, "there are",
              len(seen[pid]), "and counted", lost_of[pid])
    check(check_steps(few(trace), gaps=True) > 1000, "records")


def test_recorder_killed(place):
    trace, session = place.start_session("--no-preload", "--size", "256K")
    with running((VICTIM, "forever", 2), env=place.env) as (victim,):
        wait_for(lambda: harness.written(trace) > 300000, "records")
        session.kill()
        session.communicate()
        packets(trace)
        check(check_steps(few(trace), gaps=True) > 1000, "records up to the last packet")
        # A thread that was in the middle of a record may have touched its ring once more: a page or two.
        wait_for(lambda: ring_memory(victim.pid) <= 32, "the program to free its rings")
        check(victim.poll() is None, "the program lives on")
        # The next session is not disturbed by what the dead one left, and gets the program.
        trace, session = place.start_session("--no-preload", "--size", "256K")
        wait_for(lambda: harness.written(trace) > 300000, "records of the next session")
        place.stop_session(session)
        equal({row["pid"] for rows in packets(trace).values() for row in rows}, {victim.pid}, "programs")


def small_disk(place, size):
    if os.geteuid():
        return None
    disk = place.folder / "small"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", disk], capture_output=True).returncode:
        return None
    return disk


def on_small_disk(place, size, command, options, status):
    disk = small_disk(place, size)
    if not disk:
        print("skipped: only root can mount a small disk")
        return
    try:
        done = place.run(harness.BORELOG, "record", "-o", disk / "trace", "--no-preload", *options, "--", *command)
        equal(done.returncode, status, f"exit status\n{done.stderr}")
        check("No space left" in done.stderr, "the user is not told:", done.stderr)
        shutil.copytree(disk / "trace", place.folder / "copy")
    finally:
        subprocess.run(["umount", disk], check=True)
    yield place.folder / "copy", done


def test_disk_full_stop(place):
    for trace, done in on_small_disk(place, "1M", [VICTIM, "count", 1000000, 2], [], 1):
        check(check_steps(harness.read(trace), gaps=True) > 10000, "records on a full disk")


def test_disk_full_discard(place):
    for trace, done in on_small_disk(place, "1M", [VICTIM, "count", 500000, 2], ["--full-disk", "discard"], 0):
        events = harness.read(trace)
        count = check_steps(events, gaps=True)
        said = harness.summary(done.stderr)
        check(count > 10000, "records on a full disk", count)
        equal(said["recorded"], count, "recorded")
        equal(said["recorded"] + said["discarded"], 1000000, "recorded and discarded")


def test_disk_full_to_the_last_byte(place):
    """Somebody else takes all that is left: the files are finished nevertheless, and the metadata stays."""
    script = f"{VICTIM} count 20000 2; cat /dev/zero > {place.folder}/small/fill 2>/dev/null; {VICTIM} count 20000 2"
    for trace, done in on_small_disk(place, "1M", ["sh", "-c", script], ["--full-disk", "discard"], 0):
        said = harness.summary(done.stderr)
        equal(len(harness.read(trace)), said["recorded"], "records")
        equal(said["recorded"] + said["discarded"], 80000, "recorded and discarded")
        sizes = [path.stat().st_size for path in (trace / "user").iterdir()]
        check(sum(sizes) < 1 << 20, "room is left in files:", sizes)


def test_directory_removed(place):
    trace, session = place.start_session("--no-preload", "--size", "256K")
    # On one CPU it needs no other stream's file, which could not be made.
    with running(("taskset", "-c", str(min(os.sched_getaffinity(0))), VICTIM, "forever", 1), env=place.env):
        wait_for(lambda: harness.written(trace) > 100000, "records")
        trace.rename(trace.with_name("gone"))
        while trace.with_name("gone").exists(): # the recorder may make one more file in it meanwhile
            shutil.rmtree(trace.with_name("gone"), ignore_errors=True)
        out, err = session.communicate(timeout=30)
    equal(session.returncode, 1, f"exit status\n{err}")
    check("removed" in err, "the user is not told:", err)


def hostile(place, *command):
    """A good program beside a hostile one: every record of the good one is there."""
    trace, session = place.start_session("--no-preload", "--size", "256K")
    socket = next((place.run_dir / "borelog/sessions").glob("*"))
    env = dict(place.env, BORELOG_SESSION=str(socket))
    with running((VICTIM, "ask"), env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as (good,):
        equal(good.stdout.readline(), "ready\n", "the good program")
        for seed in range(5):
            with running((ATTACHER, *command, seed), env=env) as (bad,):
                for _ in range(20):
                    good.stdin.write("100\n")
                    good.stdin.flush()
                    equal(good.stdout.readline(), "done\n", "the good program")
                equal(bad.wait(timeout=60), 0, "the hostile program's exit status")
        good.stdin.close()
        good.wait()
    err = place.stop_session(session)
    # What the hostile ones wrote need not be readable; all that is not theirs is.
    for name, rows in packets(trace).items():
        if any(row["pid"] != good.pid for row in rows):
            check(all(row["pid"] != good.pid for row in rows), "streams are mixed:", name)
            for path in harness.stream_files(trace)[name]:
                path.unlink()
    events = harness.read(trace)
    equal(check_steps(events), 5 * 20 * 100, "records of the good program")
    return err


def test_scribbled_rings(place):
    hostile(place, "scribble")


def test_scribbled_heads(place):
    err = hostile(place, "heads")
    check(re.search(r"process \d+ wrote over its own ring \(", err), "the user is not told:", err)


def test_babbled_messages(place):
    err = hostile(place, "babble")
    equal(len(re.findall(r"process \d+ is not recorded: its descriptions are malformed at byte", err)), 8, f"refusals told\n{err}")
    check(harness.summary(err)["refused"] > 100, "refusals counted:", err)


def test_attached_again(place):
    trace, done = place.record(ATTACHER, "foreign")
    events = harness.read(trace)
    equal([(event.name, event.fields["n"]) for event in events], [("a:step", n) for n in range(5)] + [("a:other", n) for n in range(5, 10)],
          "records of both sets of descriptions")


if __name__ == "__main__":
    harness.main(globals())
