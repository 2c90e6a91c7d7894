#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Chunks of one recording, as rotations and snapshots leave them, opened together: one trace, nothing twice; and what only looks like it."""
import json
import os
import pathlib
import random
import shutil
import sys

import harness
from cli_events import ask, start_victim
from ctf_made import EVENT_HEADER, HEAD, ORIGIN, Made
from harness import BORELOG, check, equal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
from ctf2.case import case, event, preamble, stream, trace, uint
from ctf2.packets import SEQUENCE, STREAM_ID, TOTAL

EVENTS = [("db:query", "u32 rows;"), ("db:done", "")]
CHUNK = {"trace_more": 'uuid = "00000000-0000-4000-8000-000000000002";'}


def records(place, *words):
    done = place.run(BORELOG, "events", "--format", "json", *words)
    equal((done.returncode, done.stderr), (0, ""), f"events {words}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(place, *words):
    """Of each record; (how many, of what) of each loss."""
    return [(one["lost"], one["what"]) if "lost" in one else one["fields"].get("rows") for one in records(place, *words)]


def info(place, *words):
    return json.loads(place.run(BORELOG, "info", "--format", "json", *words).stdout)["traces"]


def write(made, stream, numbers, n=5, sequence=None, discarded=0, first=0):
    """Packets of one recording: number k has records first + 10 k to first + 10 k + n - 1, one each 10 ns, from 100 k on."""
    for k in numbers:
        made.packet(stream, 100 * k, 100 * k + 90,
                    [made.record(0, 100 * k + 10 * i, made.pack("I", first + 10 * k + i)) for i in range(n)],
                    made.pack("I", stream), sequence=k if sequence is None else sequence + k, discarded=discarded)


def chunk(place, name, numbers, streams=(0,), events=tuple(EVENTS), swap=(), **more):
    """@swap: pairs of texts, the first of which is replaced in the metadata."""
    made = Made(place.folder / name, events, **CHUNK)
    metadata = made.folder / "metadata"
    for old, new in swap:
        check(old in metadata.read_text(), old)
        metadata.write_text(metadata.read_text().replace(old, new))
    for stream in streams:
        write(made, stream, numbers, **more)
    return made


def wanted(numbers, n=5):
    return [10 * k + i for k in numbers for i in range(n)]


def test_snapshots(place):
    """What several of them hold is there once, in any order of operands, in each command, from any time on."""
    a, b, c, d = (chunk(place, name, numbers, (0, 1)).folder
                  for name, numbers in (("a", range(6)), ("b", range(3, 9)), ("c", range(4, 7)), ("d", range(8, 10))))
    all_of_it = sorted(2 * wanted(range(10)))
    for words in (a, b, c, d), (d, b, a, c), (place.folder,):
        got = records(place, *words)
        equal(sorted(one["fields"]["rows"] for one in got), all_of_it, f"records of {words}")
        equal([one["time"] for one in got], sorted(one["time"] for one in got), "order")
    traces = info(place, c, a, d, b)
    equal([trace["chunks"] for trace in traces], [[str(folder) for folder in (a, b, c, d)]], "chunks")
    equal([(stream["id"], stream["packets"]) for stream in traces[0]["streams"]], [(0, 10), (1, 10)], "packets")
    text = place.run(BORELOG, "info", c, a, d, b).stdout
    check(text.startswith(f"{a}\n  goes on in") and text.count(str(place.folder)) >= 4, text)
    stats = json.loads(place.run(BORELOG, "stats", "--format", "json", a, b, c, d).stdout)
    equal((stats["records"], stats["traces"][0]["chunks"]), (100, [str(folder) for folder in (a, b, c, d)]), "stats")
    text = place.run(BORELOG, "stats", a, b, c, d).stdout
    check(f"{a} and 3 more: " in text, text)
    for k in range(10):
        equal(sorted(rows(place, "--from", str(ORIGIN + 100 * k), a, b, c, d)), sorted(2 * wanted(range(k, 10))), f"from packet {k} on")
    judge = place.run("/usr/bin/python3", harness.pathlib.Path(__file__).parent.parent / "compare" / "ctf_compare.py", BORELOG, a, b, c, d)
    equal(judge.returncode, 0, f"babeltrace2's: {judge.stdout}{judge.stderr}")
    done = place.run(BORELOG, "convert", "-o", place.folder / "one", a, b, c, d)
    equal(done.returncode, 0, done.stderr)
    equal(sorted(rows(place, place.folder / "one")), all_of_it, "converted")


def test_many(place):
    """Not all of them are listed for people."""
    for k in range(12):
        chunk(place, f"c{k}", (k,))
    text = place.run(BORELOG, "info", place.folder).stdout
    check(str(place.folder / "c7") in text and str(place.folder / "c8") not in text and " and 4 more\n" in text, text)
    equal(rows(place, place.folder), wanted(range(12)), "records")


def test_copied_before_it_was_full(place):
    """The last packet of the earlier one: that of the later one is read. And the other way round."""
    a, b, c = chunk(place, "a", range(4)), chunk(place, "b", range(3, 6)), chunk(place, "c", range(3, 4))
    write(a, 0, [4], n=2)
    write(c, 0, [4], n=3)
    equal(rows(place, a.folder, b.folder), wanted(range(6)), "records")
    equal(rows(place, b.folder, c.folder), wanted(range(3, 6)), "records")
    equal(len(info(place, a.folder, b.folder, c.folder)), 1, "traces")


def test_cut(place):
    """The earlier one's file ends within its last packet."""
    a, b = chunk(place, "a", range(4)), chunk(place, "b", range(3, 6))
    path = a.folder / "stream_0"
    path.write_bytes(path.read_bytes()[:-20])
    equal(rows(place, a.folder, b.folder), wanted(range(6)), "records")


def test_cut_in_padding(place):
    """Two end with the same packet, of which one has not all of the padding."""
    a, b = chunk(place, "a", range(2)), chunk(place, "b", range(1, 2))
    for made in a, b:
        made.packet(0, 200, 290, [made.record(0, 200, made.pack("I", 20))], made.pack("I", 0), sequence=2, padding=40)
    path = a.folder / "stream_0"
    path.write_bytes(path.read_bytes()[:-20])
    equal(rows(place, a.folder, b.folder), [*wanted(range(2)), 20], "records")


def test_cut_behind_each_other(place):
    """Both end with one packet: what has all of it is read. And files that end within a head."""
    a, b, c = chunk(place, "a", range(4)), chunk(place, "b", range(2, 4)), chunk(place, "c", range(3, 6))
    equal(rows(place, a.folder, b.folder), wanted(range(4)), "records")
    path = a.folder / "stream_0"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    equal(rows(place, a.folder, b.folder), wanted(range(4)), "records, the earlier one cut")
    path.write_bytes(whole + whole[:HEAD // 2])
    equal(rows(place, a.folder, b.folder, c.folder), wanted(range(6)), "records, the earlier one cut in a head")
    path.write_bytes(whole)
    (b.folder / "stream_0").write_bytes((b.folder / "stream_0").read_bytes() + whole[:HEAD // 2])
    equal(rows(place, a.folder, b.folder), wanted(range(4)), "records, the later one cut in a head")


def test_not_even_begun(place):
    """The last packet had nothing in it, or not even an end, when it was copied: the later one has but the end."""
    a, b = chunk(place, "a", range(4)), chunk(place, "b", range(3, 4))
    a.packet(0, 400, 0, [], a.pack("I", 0), sequence=4)
    b.packet(0, 400, 490, [], b.pack("I", 0), sequence=4)
    write(b, 0, [5])
    equal(rows(place, a.folder, b.folder), wanted([0, 1, 2, 3, 5]), "records")
    equal(len(info(place, a.folder, b.folder)), 1, "traces")


def test_order(place):
    """Names tell another order than times, a chunk has no packet, and a stream goes on in another order than its chunks do."""
    chunk(place, "b", ())
    a, c = chunk(place, "a", range(5, 9)), chunk(place, "c", range(3, 6))
    equal(rows(place, place.folder), wanted(range(3, 9)), "records")
    equal([trace["chunks"] for trace in info(place, place.folder)], [[str(place.folder / name) for name in "cab"]], "chunks")
    write(a, 1, range(2, 4))
    write(c, 1, range(4, 6))
    equal(rows(place, a.folder, c.folder), sorted(wanted(range(3, 9)) + wanted(range(2, 6))), "records")


def test_clock_known_better(place):
    """All times are those of the later one's clock, which is a little off the other's, in any order of operands."""
    a = chunk(place, "snapshot-9", range(2)).folder
    b = chunk(place, "snapshot-10", range(2, 4), swap=[("offset_s = 1700000000;", "offset_s = 1700000000; offset = 3;")]).folder
    for words in (a, b), (b, a):
        equal([one["time"] for one in records(place, *words)], [ORIGIN + 3 + 10 * row for row in wanted(range(4))], f"times of {words}")


def test_without_times(place):
    """Their numbers tell in which order they are."""
    bare = ("timestamp_begin", "b"), ("timestamp_end", "e"), ("clock64 timestamp;", "u64 t;"), ("clock64 b; clock64 e;", "u64 b; u64 e;")
    c, a, b = (chunk(place, name, numbers, swap=bare).folder for name, numbers in (("c", range(3)), ("a", range(2, 6)), ("b", range(7, 9))))
    equal(rows(place, a, b, c), wanted(range(6)) + [(1, "packets")] + wanted(range(7, 9)), "records")
    other = chunk(place, "d", range(3), swap=bare, first=1000).folder
    equal(sorted(rows(place, c, other)), wanted(range(3)) + wanted(range(100, 103)), "records of another, as big")


def test_lost_between(place):
    a, b = chunk(place, "a", range(3), discarded=4), chunk(place, "b", range(5, 7), discarded=10)
    equal(rows(place, a.folder, b.folder), [(4, "records")] + wanted(range(3)) + [(2, "packets"), (6, "records")] + wanted(range(5, 7)),
          "losses")


def test_more_events_later(place):
    """And a chunk without any packet."""
    a, b = chunk(place, "a", range(3), events=EVENTS[:1]), chunk(place, "b", range(3, 5))
    chunk(place, "c", ())
    b.packet(0, 500, 590, [b.record(1, 500)], b.pack("I", 0))
    equal(rows(place, place.folder), wanted(range(5)) + [None], "records")
    traces = info(place, place.folder)
    equal([len(trace["chunks"]) for trace in traces], [3], "chunks")


def test_several_files(place):
    """An overlap that begins in the first file of three of a chunk, and ends in the second of another's."""
    for name, files in ("a", (range(3), range(3, 5), range(5, 8))), ("b", (range(2, 6), range(6, 9), range(9, 11))):
        for number, numbers in enumerate(files):
            made = chunk(place, f"{name}{number}", numbers)
            if number:
                (made.folder / "stream_0").rename(place.folder / f"{name}0" / f"stream_0_{number}")
                shutil.rmtree(made.folder)
    equal(rows(place, place.folder), wanted(range(11)), "records")


def test_no_stream_in_common(place):
    """A chunk that has other streams than those that go together."""
    a, b = chunk(place, "a", range(3)).folder, chunk(place, "b", range(2, 5)).folder
    c = chunk(place, "c", range(1, 2), streams=(7,)).folder
    equal([trace["chunks"] for trace in info(place, b, c, a)], [[str(folder) for folder in (a, c, b)]], "chunks")
    equal(rows(place, a, b, c), sorted(wanted(range(5)) + wanted([1])), "records")


def test_others(place):
    """One uuid, but not one recording: traces of their own, all is shown."""
    a = chunk(place, "a", range(4)).folder
    others = {
        "sequence numbers begin anew": chunk(place, "b", range(10, 12), sequence=-10),
        "a packet in the overlap is another": chunk(place, "c", (2,)),
        "fields are others": chunk(place, "d", range(4, 6), events=[("db:query", "u32 rows; u32 more;"), EVENTS[1]]),
        "no data stream in common": chunk(place, "e", range(4, 6), streams=(7,)),
        "records in the overlap are others": chunk(place, "f", range(4), first=1000),
        "records in a packet that has more of them are others": chunk(place, "g", [3], n=6, first=1000),
        "times are others": chunk(place, "h", range(4, 6), swap=[("offset_s = 1700000000", "offset_s = 1700000002")]),
        "the clock is as another": chunk(place, "i", range(4, 6), swap=[("freq = 1000000000", "freq = 900000000")]),
        "the clock is another": chunk(place, "j", range(4, 6), swap=[("000000000001", "000000000003")]),
        "times go back": chunk(place, "k", (2,), sequence=10),
        "a packet within has less": chunk(place, "l", [2], n=3),
        "a packet within has more": chunk(place, "m", [1], n=7),
        "the last packet has more than one within": chunk(place, "n", [3], n=3),
    }
    write(others["a packet in the overlap is another"], 0, [3], discarded=1)
    write(others["a packet in the overlap is another"], 0, [4])
    write(others["a packet within has less"], 0, [3, 4])
    write(others["a packet within has more"], 0, [2, 3])
    write(others["the last packet has more than one within"], 0, [4])
    for why, other in others.items():
        both = a, other.folder
        equal([trace["dir"] for trace in info(place, *both)], [str(folder) for folder in both], why)
        alone = [sorted(map(str, rows(place, folder))) if "fields" not in why or folder == a else [] for folder in both]
        if "fields" not in why:
            equal(sorted(map(str, rows(place, *both))), sorted(alone[0] + alone[1]), why)
    # What was met while it was tried whether they go together is said once.
    (a / "junk").write_bytes(b"no packet")
    done = place.run(BORELOG, "events", a, others["sequence numbers begin anew"].folder)
    equal(done.stderr.count("junk"), 1, done.stderr)


def test_others_without_numbers(place):
    """One that begins within the other's last packet."""
    swap = [("packet_seq_num", "some_number")]
    a, b = chunk(place, "a", range(3), swap=swap), chunk(place, "b", (), swap=swap)
    b.packet(0, 250, 300, [b.record(0, 250, b.pack("I", 25))], b.pack("I", 0))
    equal([trace["dir"] for trace in info(place, a.folder, b.folder)], [str(a.folder), str(b.folder)], "traces")


def test_others_of_ctf2(place):
    """Events of one id, but not of one name space."""
    folders = []
    for k, ns in enumerate(("x", "x", "y")):
        metadata = [preamble(uuid=[7] * 16), trace({"id": uint(8, roles=STREAM_ID)}),
                    stream({"total": uint(16, roles=TOTAL), "n": uint(8, roles=SEQUENCE)}), event({"rows": uint(8)}, namespace=ns)]
        folders.append(place.folder / f"t{k}")
        case("", "", metadata, f"00 28 00 {k:02x} {k:02x}", []).write(folders[-1])
    equal((rows(place, *folders[:2]), len(info(place, *folders[:2]))), ([0, 1], 1), "one name space")
    equal((rows(place, *folders[1:]), len(info(place, *folders[1:]))), ([1, 2], 2), "two name spaces")


def test_other_fields(place):
    """Each is read with its own metadata, and what cannot be read is said once."""
    a = chunk(place, "a", range(2)).folder
    b = Made(place.folder / "b", [("db:query", "u16 rows;")], **CHUNK)
    b.packet(0, 900, 990, [b.record(0, 900 + i, b.pack("H", 100 + i)) for i in range(3)], b.pack("I", 0), sequence=9)
    equal(rows(place, a, b.folder), wanted(range(2)) + [100, 101, 102], "records")
    (a / "junk").write_bytes(b"no packet")
    done = place.run(BORELOG, "events", "--format", "json", a, b.folder)
    equal((done.returncode, len(done.stdout.splitlines()), done.stderr.count("junk")), (1, 13, 1), done.stderr)


def test_other_meaning(place):
    """Fields of the same sizes, but labels and lengths are others."""
    fields = "u32 rows; enum : u8 {{ {} = 1, TWO = 2 }} kind; u8 m; u8 n; u8 data[{}];"
    whole = fields.format("ONE", "n")
    # Who describes more events may not know fewer labels, and a number is no enumeration.
    few, many = (("db:query", "u32 rows; enum : u8 {} kind;".format(labels)) for labels in ("{ ONE = 1 }", "{ ONE = 1, TWO = 2 }"))
    number = "db:query", "u32 rows; u8 kind;"
    for name, of_a, of_b in ("c", (few, EVENTS[1]), (many,)), ("d", (number,), (few, EVENTS[1])):
        folders = []
        for k, events in enumerate((of_a, of_b)):
            made = Made(place.folder / f"{name}{k}", events, **CHUNK)
            made.packet(0, 100 * k, 100 * k + 90, [made.record(0, 100 * k, made.pack("IB", k, 2))], made.pack("I", 0), sequence=k)
            folders.append(made.folder)
        equal((rows(place, *folders), len(info(place, *folders))), ([0, 1], 2), (of_a, of_b))
    for name, other in ("labels", fields.format("UNO", "n")), ("lengths", fields.format("ONE", "m")):
        folders = []
        for k, members in enumerate((whole, other, whole)):
            made = Made(place.folder / f"{name}{k}", [("db:query", members)], **CHUNK)
            made.packet(0, 100 * k, 100 * k + 90, [made.record(0, 100 * k, made.pack("IBBBH", k, 1, 2, 2, 0))], made.pack("I", 0), sequence=k)
            folders.append(made.folder)
        equal(len(info(place, folders[0], folders[2])), 1, name)
        equal(len(info(place, folders[0], folders[1])), 2, name)
        equal([one["fields"]["kind"]["labels"] for one in records(place, *folders[:2])], [["ONE"], ["UNO" if name == "labels" else "ONE"]], name)


def random_stream(dice, first, numbered):
    """Packets of a recording: (begin, end, times, sequence, discarded, padding). Records have the numbers from first + 100 k on."""
    packets, time, sequence, discarded = [], dice.randrange(100), dice.choice((0, 0, 3)), 0
    for _ in range(dice.randrange(1, 25)):
        step = dice.choice((0, 5))
        times = [time + i * step for i in range(dice.choice((0, 1, 3, 8)))]
        end = max(times, default=time) + dice.choice((0, 0, 7))
        packets.append((time, end, times, sequence, discarded, dice.choice((0, 0, 40))))
        time = end + dice.choice((0 if numbered else 1, 1, 30))
        sequence += dice.choice((1, 1, 1, 1, 3))
        discarded += dice.choice((0, 0, 0, 4))
    return first, packets


def copy(dice, made, id, stream, start, stop, numbered):
    """
    Packets [start, stop) of a stream; of the last one perhaps not all, or the head of another behind it. Returns which records of each are
    there, and whether the file ends within the last of them.
    """
    first, packets = stream
    found, path = {}, made.folder / f"stream_{id}"
    how = dice.choice(("whole", "whole", "less", "open", "cut", "head"))
    for k in range(start, stop):
        begin, end, times, sequence, discarded, padding = packets[k]
        n = len(times)
        if k == stop - 1 and (how == "less" or (how == "open" and numbered)):
            n = dice.randrange(n + 1) if how == "less" else 0
            end = 0 if how == "open" else max([begin] + times[:n])
        size = made.packet(id, begin, end, [made.record(0, time, made.pack("I", first + 100 * k + i)) for i, time in enumerate(times[:n])],
                           made.pack("I", id), discarded=discarded, sequence=sequence, padding=padding)
        found[k] = (n, False)
    if how == "cut" and n:
        left = dice.randrange(n)
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - padding - (size - HEAD - 4) + left * (EVENT_HEADER + 4) + dice.randrange(1, EVENT_HEADER))
        found[stop - 1] = (left, True)
    if how == "head":
        path.write_bytes(path.read_bytes() + path.read_bytes()[:dice.randrange(1, HEAD)])
    return found


def all_of(stream, copies, numbered):
    """What is to be read of a stream of which there are @copies, and how often it is said that a packet is not all there."""
    first, packets = stream
    read, before, n_cut = [], None, 0
    for k, (_, _, _, sequence, discarded, _) in enumerate(packets):
        found = [copied[k] for copied in copies if k in copied]
        if not found:
            continue
        n, cut = max(found)
        n_cut += cut
        if numbered and before and sequence > before[0] + 1:
            read.append((sequence - before[0] - 1, "packets"))
        if discarded > (before[1] if before else 0):
            read.append((discarded - before[1] if before else None if numbered and sequence else discarded, "records"))
        read += range(first + 100 * k, first + 100 * k + n)
        before = sequence, discarded
    return read, n_cut


def test_random(place):
    """Directories with any parts of a recording, in any order: all that is in any of them is read once, and what is in none is lost."""
    n_chunks = n_records = 0
    for seed in range(150):
        dice = random.Random(seed)
        folder = place.folder / f"s{seed}"
        numbered = dice.random() < 0.7
        streams = [random_stream(dice, 10000 * id, numbered) for id in range(dice.randrange(1, 4))]
        copies = [[] for _ in streams]
        names = dice.sample("abcdefgh", dice.randrange(2, 7))
        swap = () if numbered else [("packet_seq_num", "some_number")]
        for name in names:
            made = chunk(place, f"s{seed}/{name}", (), swap=swap)
            for id, stream in enumerate(streams):
                if id == 0 or dice.random() < 0.8: # all have packets of one stream, else nobody would know that they are of one recording
                    start = dice.randrange(len(stream[1]))
                    copies[id].append(copy(dice, made, id, stream, start, dice.randrange(start, len(stream[1])) + 1, numbered))
        if dice.random() < 0.3:
            chunk(place, f"s{seed}/empty", (), swap=swap)
        wanted_of, cut = zip(*(all_of(stream, copied, numbered) for stream, copied in zip(streams, copies)))
        check_random(place, folder, wanted_of, sum(cut), f"seed {seed}")
        n_chunks += len(names)
        n_records += sum(map(len, wanted_of))
    check(n_chunks > 400 and n_records > 5000, "only", n_chunks, "chunks and", n_records, "records")


def check_random(place, folder, wanted_of, n_cut, what):
    done = place.run(BORELOG, "events", "--format", "json", folder)
    got, last = [[] for _ in wanted_of], 0
    for one in map(json.loads, done.stdout.splitlines()):
        got[int(one["file"].rpartition("_")[2])].append((one["lost"], one["what"]) if "lost" in one else one["fields"]["rows"])
        check(one["time"] >= last, what, "time goes back in", one)
        last = one["time"]
    equal(len(info(place, folder)), 1, f"{what}: traces")
    for id, (ours, theirs) in enumerate(zip(got, wanted_of)):
        equal(ours, theirs, f"{what}: records of stream {id}")
    errors = [line for line in done.stderr.splitlines() if "the file ends in the packet" not in line]
    equal(len(errors), n_cut, f"{what}: {done.stderr}")


def test_given_twice(place):
    a = chunk(place, "a", range(3)).folder
    (place.folder / "link").symlink_to(a)
    for words in (a, a), (a, place.folder), (a, place.folder / "link"), (str(a) + "/.",  a):
        equal((rows(place, *words), len(info(place, *words))), (wanted(range(3)), 1), words)
    # By itself, not by its uuid.
    a = chunk(place, "without", range(3), swap=[(CHUNK["trace_more"], "")]).folder
    equal(rows(place, a, a), wanted(range(3)), "without uuid")


def test_flight_recorder(place):
    """Two snapshots and the end of a session of ours, in which the clock gets known better: one trace, every record once."""
    trace, session = place.start_session("--overwrite")
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)}) # all of it in one stream
    victim = start_victim(place, "ask")
    os.sched_setaffinity(0, cpus)
    for n in 50, 30, 20:
        ask(victim, n)
        if n > 20:
            done = place.run(BORELOG, "snapshot")
            equal(done.returncode, 0, done.stderr)
    place.stop_session(session)
    folders = [trace / "snapshot-1" / "user", trace / "snapshot-2" / "user", trace / "user"]
    equal([one["chunks"] for one in info(place, trace)], [[str(folder) for folder in folders]], "chunks")
    equal(sorted(one["fields"]["n"] for one in records(place, trace) if one.get("name") == "v:step"), list(range(100)), "records")


if __name__ == "__main__":
    harness.main(globals())
