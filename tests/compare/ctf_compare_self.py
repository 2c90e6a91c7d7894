# SPDX-License-Identifier: MIT
"""Proves that ctf_compare.py sees differences: right lines must pass, and lines with one thing wrong must be found, each at its place.

The trace is written here by hand. Its right lines are written here too, not taken from babeltrace2.
"""
import copy
import math
import os
import struct
import tempfile

import ctf_bt2
import ctf_compare

METADATA = """/* CTF 1.8 */
typealias integer { size = 8; align = 8; } := uint8;
typealias integer { size = 32; align = 8; } := uint32;
typealias integer { size = 64; align = 8; } := uint64;
trace { major = 1; minor = 8; byte_order = le; packet.header := struct { uint32 magic; uint8 stream_id; }; };
clock { name = c; freq = 3000000; offset_s = 1000; offset = 5; };
typealias integer { size = 64; align = 8; map = clock.c.value; } := time64;
stream {
	id = 0;
	packet.context := struct { time64 timestamp_begin; time64 timestamp_end; uint64 content_size; uint64 packet_size;
		uint64 packet_seq_num; uint64 events_discarded; uint32 cpu_id; };
	event.header := struct { uint8 id; time64 timestamp; };
	event.context := struct { uint32 tid; };
};
event { name = "all"; id = 0; stream_id = 0;
	context := struct { string who; };
	fields := struct {
		integer { size = 64; align = 8; signed = true; } i64; uint64 u64;
		floating_point { exp_dig = 8; mant_dig = 24; align = 8; } f32; floating_point { exp_dig = 11; mant_dig = 53; align = 8; } f64;
		floating_point { exp_dig = 11; mant_dig = 53; align = 8; } nan; string text;
		enum : uint8 { NONE = 0, A = 1 ... 2, B = 2 } choice; uint8 array[3]; uint8 n; struct { uint8 x; uint8 y; } sequence[n];
		variant <choice> { uint8 NONE; uint32 A; } either;
	};
};
event { name = "small"; id = 1; stream_id = 0; };
"""
BOTH = {"packet_context": {"cpu_id": 7}, "context": {"tid": 99}}


def clock_ns(cycles):
    return 1000 * 10**9 + (5 + cycles) * 1000 // 3


def small(cycles):
    return struct.pack("<BQI", 1, cycles, 99), {"cycles": cycles, "name": "small", "id": 1}


def whole(cycles, either, choice, labels):
    body = struct.pack("<BQI", 0, cycles, 99) + b"me\xff\0" + struct.pack("<qQfdd", -2**63, 2**64 - 1, 0.1, -0.0, math.nan)
    body += b"some text\0" + struct.pack("<B3BB4B", choice, 1, 0, 255, 2, 1, 2, 3, 4)
    body += struct.pack("<B", 77) if either == "NONE" else struct.pack("<I", 77)
    return body, {"cycles": cycles, "name": "all", "id": 0, "event_context": {"who": "me\udcff"}, "fields": {
        "i64": -2**63, "u64": 2**64 - 1, "f32": 0.1, "f64": -0.0, "nan": "NaN", "text": "some text",
        "choice": {"value": choice, "labels": labels}, "array": [1, 0, 255], "n": 2, "sequence": [{"x": 1, "y": 2}, {"x": 3, "y": 4}],
        "either": {either: 77}}}


def packet(records, begin, end, number, discarded, instance=b""):
    body = b"".join(record for record, _ in records)
    size = 8 * (5 + len(instance) + 6 * 8 + 4 + len(body))
    return (struct.pack("<IB", 0xc1fc1fc1, 0) + instance + struct.pack("<6QI", begin, end, size, size, number, discarded, 7) + body)


def write_trace(folder):
    """Returns the right objects, in the order of time."""
    with open(f"{folder}/metadata", "w", encoding="ascii") as file:
        file.write(METADATA)
    files = {"a": [([small(10), whole(20, "NONE", 0, ["NONE"]), small(30)], 10, 35, 4, 1),
                   ([whole(50, "A", 1, ["A"]), small(60), small(60), small(70)], 45, 80, 7, 4)],
             "b": [([small(20), whole(60, "A", 2, ["A", "B"])], 20, 60, 0, 0)]}
    objects = []
    for name, packets in files.items():
        with open(f"{folder}/{name}", "wb") as file:
            for number, made in enumerate(packets):
                file.write(packet(*made))
                objects += [{"time": clock_ns(right["cycles"]), **right, "stream": 0, "file": f"{folder}/{name}", "packet": number, **BOTH}
                            for _, right in made[0]]
    loss = {"stream": 0, "file": f"{folder}/a", "packet": 1}
    objects.append({"time": clock_ns(35), "lost": None, "what": "records", "from": clock_ns(10), "to": clock_ns(35), **loss, "packet": 0})
    objects.append({"time": clock_ns(45), "lost": 2, "what": "packets", "from": clock_ns(35), "to": clock_ns(45), **loss})
    objects.append({"time": clock_ns(80), "lost": 3, "what": "records", "from": clock_ns(35), "to": clock_ns(80), **loss})
    return sorted(objects, key=lambda one: one["time"])


# Each: what is done, to which object (index of a record, by cycles and file), and a word that the report must have.

def at(objects, file, cycles, nth=0):
    return [i for i, one in enumerate(objects) if one["file"].endswith("/" + file) and one.get("cycles") == cycles][nth]


def lost(objects, what, nth=0):
    return [i for i, one in enumerate(objects) if one.get("what") == what][nth]


def setting(path, value, record=("a", 20)):
    """Sets what @path leads to."""
    def change(objects):
        place = objects[at(objects, *record)]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    return change


def dropping(path, record=("a", 20)):
    def change(objects):
        place = objects[at(objects, *record)]
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
    return change


def renaming(path, name, record=("a", 20)):
    """Another name for a member, at the same place."""
    def change(objects):
        place = objects[at(objects, *record)]
        for step in path[:-1]:
            place = place[step]
        members = [(name if old == path[-1] else old, value) for old, value in place.items()]
        place.clear()
        place.update(members)
    return change


def reordering(scope):
    def change(objects):
        one = objects[at(objects, "a", 20)]
        one[scope] = dict(reversed(one[scope].items()))
    return change


def without(*record):
    return lambda objects: objects.pop(at(objects, *record))


def twice(*record):
    return lambda objects: objects.insert(at(objects, *record), copy.deepcopy(objects[at(objects, *record)]))


def swapping(first, second):
    def change(objects):
        i, j = at(objects, *first), at(objects, *second)
        objects[i], objects[j] = objects[j], objects[i]
    return change


def loss(key, value, what="records", nth=0):
    def change(objects):
        objects[lost(objects, what, nth)][key] = value
    return change


def f32(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


F = "fields"
WRONG = [
    (setting([F, "i64"], -2**63 + 1), "fields.i64"),
    (setting([F, "i64"], 2**63), "fields.i64"),
    (setting([F, "u64"], 2**64 - 2), "fields.u64"),
    (setting([F, "u64"], -1), "fields.u64"),
    (setting([F, "u64"], float(2**64 - 1)), "fields.u64"),
    (setting([F, "n"], 2.0), "fields.n"),
    (setting([F, "array", 0], True), "fields.array[0]"),
    (setting([F, "n"], "2"), "fields.n"),
    (setting([F, "n"], None), "fields.n"),
    (setting([F, "f32"], f32(0x3dccccce)), "fields.f32"),
    (setting([F, "f32"], 1e300), "fields.f32"),
    (setting([F, "f64"], 0.0), "fields.f64"),
    (setting([F, "f64"], 0), "fields.f64"),
    (setting([F, "f64"], -5e-324), "fields.f64"),
    (setting([F, "nan"], "Infinity"), "fields.nan"),
    (setting([F, "nan"], 0.0), "fields.nan"),
    (setting([F, "nan"], None), "fields.nan"),
    (setting([F, "text"], "some texT"), "fields.text"),
    (setting([F, "text"], "some text\0"), "fields.text"),
    (setting(["event_context", "who"], "me\ufffd"), "event_context.who"),
    (setting([F, "choice"], 0), "fields.choice"),
    (setting([F, "choice", "value"], 3), "fields.choice"),
    (setting([F, "choice", "value"], False), "fields.choice"),
    (setting([F, "choice", "labels"], []), "fields.choice"),
    (setting([F, "choice", "labels"], ["B"], ("b", 60)), "fields.choice"),
    (setting([F, "choice", "labels"], ["NONE", "A"]), "fields.choice"),
    (setting([F, "array"], [1, 0]), "fields.array: number of elements"),
    (setting([F, "array"], [1, 0, 255, 0]), "fields.array: number of elements"),
    (setting([F, "array"], [1, 255, 0]), "fields.array[1]"),
    (setting([F, "array"], {"0": 1}), "fields.array"),
    (setting([F, "sequence", 1, "y"], 5), "fields.sequence[1].y"),
    (renaming([F, "sequence", 1, "y"], "z"), "fields.sequence[1]"),
    (dropping([F, "sequence", 0, "x"]), "fields.sequence[0]"),
    (renaming([F, "either", "NONE"], "A"), "fields.either"),
    (setting([F, "either", "NONE"], 78), "fields.either.NONE"),
    (setting([F, "either"], 77), "fields.either"),
    (dropping([F, "text"]), "fields"),
    (setting([F, "more"], 1), "fields"),
    (renaming([F, "text"], "texts"), "fields"),
    (reordering(F), "fields"),
    (dropping([F]), "fields"),
    (setting([F], {"x": 1}, ("a", 10)), "fields"),
    (dropping(["event_context"]), "event_context"),
    (dropping(["context"]), "context"),
    (setting(["context", "tid"], 98), "context.tid"),
    (setting(["packet_context", "cpu_id"], 6), "packet_context.cpu_id"),
    (dropping(["packet_context"]), "packet_context"),
    (setting(["name"], "one"), "name"),
    (dropping(["name"]), "name"),
    (setting(["id"], 1), "id"),
    (setting(["stream"], 1), "stream"),
    (setting(["stream"], None), "stream"),
    (loss("stream", 1, "packets"), "stream"),
    (setting(["packet"], 1), "packet"),
    (setting(["cycles"], 21), "cycles"),
    (dropping(["cycles"]), "cycles"),
    (setting(["time"], clock_ns(20) + 1), "time"),
    (dropping(["time"]), "time"),
    (lambda objects: objects[at(objects, "a", 20)].update(file="elsewhere"), "elsewhere"),
    (lambda objects: objects[at(objects, "a", 10)].update(file=objects[at(objects, "b", 20)]["file"]), "/b, packet"),
    (without("a", 10), "missing in borelog's: small at 10"),
    (without("a", 50), "missing in borelog's: all at 50"),
    (without("a", 60), "missing in borelog's: small at 60"),
    (without("a", 70), "missing in borelog's: small at 70"),
    (without("b", 60), "missing in borelog's: all at 60"),
    (twice("a", 10), "small at 10"),
    (twice("b", 60), "babeltrace2 has no more records"),
    (swapping(("a", 10), ("a", 20)), "at 10 cycles"),
    (swapping(("a", 70), ("b", 60)), "of another stream"),
    (lambda objects: objects.clear(), "missing in borelog's"),
    (loss("from", clock_ns(10) + 1), "from"),
    (lambda objects: objects.pop(lost(objects, "records")), "from"),
    (loss("lost", 0, nth=1), "lost"),
    (loss("lost", None, nth=1), "lost"),
    (loss("lost", 4, nth=1), "lost"),
    (loss("from", clock_ns(35) + 1, "packets"), "from"),
    (loss("to", clock_ns(35), "packets"), "to"),
    (loss("what", "records", "packets"), "lost"),
    (loss("what", "bytes", "packets"), "neither"),
    (lambda objects: objects.pop(lost(objects, "packets")), "2 packets"),
    (lambda objects: objects.pop(lost(objects, "records", 1)), "3 records"),
    (lambda objects: objects.append(copy.deepcopy(objects[lost(objects, "records")])), "knows of no more"),
]


# The lines of text, in the order of the objects; @W the first record with all fields. What is said of a time is put in.
W = ('{} [7] 99 all: i64=-9223372036854775808, u64=0xffffffffffffffff, f32=0.1, f64=-0.0, nan=NaN, text="some text", choice=NONE, '
     'array=<0100ff>, n=2, sequence=[{{x=1, y=2}}, {{x=3, y=4}}], either={{NONE=77}} | who="me\\xff"')
A = W.replace("choice=NONE", "choice=A(1)").replace("NONE=77", "A=77")
S = "{} [7] 99 small:"
TEXTS = [S, W, S, S, "{} -- an unknown number of records discarded since {} ({a})", "{} -- 2 packets missing since {} ({a})", A, S, S,
         A.replace("A(1)", "A|B(2)"), S, "{} -- 3 records discarded since {} ({a})"]
WRONG_TEXTS = [
    ("i64=-9223372036854775808", "i64=9223372036854775808", "fields.i64"),
    ("i64=-9223372036854775808", "i64=-09223372036854775808", "fields.i64"),
    ("u64=0xffffffffffffffff", "u64=0xfffffffffffffffe", "fields.u64"),
    ("u64=0xffffffffffffffff", "u64=-1", "fields.u64"),
    ("u64=0xffffffffffffffff, ", "", "fields.u64"),
    ("f32=0.1", "f32=0.10001", "fields.f32"),
    ("f32=0.1", "f32=none", "fields.f32"),
    ("f64=-0.0", "f64=0.0", "fields.f64"),
    ("f64=-0.0, nan=NaN", "nan=NaN, f64=-0.0", "fields.f64"),
    ("nan=NaN", "nan=1.0", "fields.nan"),
    ('"some text"', '"some texts"', "fields.text"),
    ('"some text"', "some text", "fields.text"),
    ("choice=NONE", "choice=0", "fields.choice"),
    ("choice=NONE", "choice=A", "fields.choice"),
    ("choice=NONE", "choice=NONE(1)", "fields.choice"),
    ("A|B(2)", "A|B", "fields.choice"),
    ("A|B(2)", "A(2)", "fields.choice"),
    ("<0100ff>", "<0100fe>", "fields.array"),
    ("<0100ff>", "[1, 0]", "fields.array"),
    ("<0100ff>", "[1, 0, 255, 0]", "fields.array"),
    ("n=2, ", "", "fields.n"),
    ("{x=3, y=4}", "{x=3, z=4}", "fields.sequence[1].y"),
    ("{x=3, y=4}", "{x=3}", "fields.sequence[1].y"),
    ("{NONE=77}", "77", "fields.either"),
    ("{NONE=77}", "{A=77}", "fields.either.NONE"),
    ("either={NONE=77}", "either={NONE=77}, more=1", "who="),
    (' | who="me\\xff"', "", "who="),
    ("me\\xff", "me\\xfe", "event_context.who"),
    ("[7] 99 all", "[7] 98 all", "tid="),
    ("[7] 99 all", "[7] all", "tid="),
    (" all:", " al:", "name"),
    ("small:", "small: x=1", "at the end"),
    (f"{clock_ns(20)} [7] 99 all", f"{clock_ns(20) + 1} [7] 99 all", "time"),
    (f"{clock_ns(20)} [7] 99 all", "- [7] 99 all", "time"),
    ("2 packets", "3 packets", "2"),
    ("2 packets", "2 records", "packet"),
    ("an unknown number of records", "0 records", "unknown"),
]


RIGHT_TEXTS = [
    ("", ""),
    ("u64=0xffffffffffffffff", "u64=18446744073709551615"),
    ("i64=-9223372036854775808", "i64=0x8000000000000000"),
    ("f32=0.1,", "f32=0.10000000149011612,"),
    ("<0100ff>", "[1, 0, 255]"),
    ("choice=NONE", "choice=NONE(0)"),
    ("small:", "small: | tid=99"),
]


def texts_of(objects, spelling=("", "")):
    """Right lines of text for right objects, with one word in place of another."""
    texts = []
    for one, text in zip(objects, TEXTS, strict=True):
        texts.append(text.format(one["time"], one.get("from", ""), a=one["file"]))
    changed = [text.replace(*spelling) for text in texts]
    if spelling[0] and changed == texts:
        raise ValueError(f"there is no {spelling[0]} to be changed")
    return changed


def relabel(objects):
    objects[at(objects, "b", 60)][F]["choice"]["labels"].reverse()


def widen(objects):
    objects[at(objects, "a", 20)][F]["f32"] = f32(0x3dcccccd)


# A pair of words: the second one is written in the lines instead of the first.
RIGHT = [
    (lambda objects: None,),
    (swapping(("a", 20), ("b", 20)),),
    (swapping(("a", 60), ("b", 60)),),
    (relabel,),
    (widen,),
    (lambda objects: objects[at(objects, "a", 10)].update(fields={}),),
    (loss("lost", 1),),
    (lambda objects: None, ('"f64":-0.0', '"f64":-0')),
    (lambda objects: None, ('"cycles"', ' "cycles" ')),
]


def judge_texts(objects, spelling, folder):
    lines = [ctf_compare.dump_line(one) for one in objects]
    return ctf_compare.compare_lines(lines, ctf_bt2.open_traces([folder]).ports, texts_of(objects, spelling), most=99)[0]


def judge(objects, change, folder, spelling=("", "")):
    changed = copy.deepcopy(objects)
    change(changed)
    lines = [ctf_compare.dump_line(one).replace(*spelling) for one in changed]
    return ctf_compare.compare_lines(lines, ctf_bt2.open_traces([folder]).ports, most=99)


def main():
    """Exit status 1 if a wrong line passes, is reported elsewhere, or a right one does not pass."""
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        folder = f"{place}/trace"
        os.mkdir(folder)
        objects = write_trace(folder)
        for number, (change, *spelling) in enumerate(RIGHT):
            found, n_records, n_losses = judge(objects, change, folder, *spelling)
            if found or (n_records, n_losses) != (9, 3):
                failed += 1
                print(f"right lines {number}: {n_records} records, {n_losses} losses", *found, sep="\n\t")
        for number, (change, word) in enumerate(WRONG):
            found = judge(objects, change, folder)[0]
            if not found or word not in found[0]:
                failed += 1
                print(f"wrong lines {number}: \"{word}\" is not in the first of these", *found, sep="\n\t")
        failed += check_texts(folder, objects)
        failed += check_command(folder, objects)
        failed += check_seam(f"{place}/two")
    print(f"ctf_compare --self-test: {len(RIGHT) + len(RIGHT_TEXTS)} right and {len(WRONG) + len(WRONG_TEXTS)} wrong sets of lines, "
          f"{failed} judged wrongly")
    return 1 if failed else 0


def check_texts(folder, objects):
    failed = 0
    for spelling in RIGHT_TEXTS:
        found = judge_texts(objects, spelling, folder)
        if found:
            failed += 1
            print(f"right text with {spelling}", *found, sep="\n\t")
    for before, after, word in WRONG_TEXTS:
        found = judge_texts(objects, (before, after), folder)
        if not found or word not in found[0]:
            failed += 1
            print(f"text with \"{after}\": \"{word}\" is not in the first of these", *found, sep="\n\t")
    return failed


def check_seam(place):
    """Two chunks of a recording: what was lost between them, and in one of them."""
    uuid = 'trace { uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";'
    made = {"one": [([small(10)], 10, 35, 4, 0)], "two": [([small(50)], 45, 80, 7, 3), ([small(90)], 85, 95, 8, 5)]}
    objects = []
    for name, packets in made.items():
        os.makedirs(f"{place}/{name}")
        with open(f"{place}/{name}/metadata", "w", encoding="ascii") as file:
            file.write(METADATA.replace("trace {", uuid).replace("stream_id;", "stream_id; uint8 stream_instance_id;"))
        with open(f"{place}/{name}/a", "wb") as file:
            for number, one in enumerate(packets):
                file.write(packet(*one, b"\1"))
                objects += [{"time": clock_ns(right["cycles"]), **right, "stream": 0, "file": file.name, "packet": number, **BOTH}
                            for _, right in one[0]]
    lines = [ctf_compare.dump_line(one) for one in objects]
    packets, between, known = [ctf_compare.dump_line({"time": clock_ns(begin), "lost": lost, "what": what, "from": clock_ns(begin),
                                                      "to": clock_ns(end), "stream": 0, "file": objects[-1]["file"]})
                               for begin, lost, what, end in ((35, 2, "packets", 45), (35, 3, "records", 80), (80, 2, "records", 95))]
    failed = 0
    for said, want in ([], True), ([packets, known], True), ([packets, between], True), ([between, known], True), \
            ([packets, between, known], False), ([packets, known, known], True), ([packets, known, between], True):
        found = ctf_compare.compare_lines(lines[:2] + said + lines[2:], ctf_bt2.open_traces([place]).ports)[0]
        if bool(found) != want:
            failed += 1
            print(f"two chunks, {len(said)} losses:", *found, sep="\n\t")
    return failed


def check_command(folder, objects):
    """A program that says too little, or fails, instead of borelog."""
    failed = 0
    lines, texts = [ctf_compare.dump_line(one) for one in objects], texts_of(objects)
    good = lines, texts, ""
    for number, (lines, texts, ending) in enumerate((good, (lines[1:], texts[1:], ""), (lines, texts[:-1], ""), (lines, texts + ["x"], ""),
                                                     (lines, texts, "exit 1"), (lines, texts, "echo no >&2"))):
        with open(f"{folder}/../program", "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\ncase $3 in\njson) cat <<'END'\n" + "\n".join(lines) + "\nEND\n;;\ntext) cat <<'END'\n" + "\n".join(texts)
                       + f"\nEND\n;;\nesac\n{ending}\n")
        os.chmod(file.name, 0o755)
        found = ctf_compare.compare(file.name, [folder], ctf_bt2.open_traces([folder]).ports)[0]
        if bool(found) != bool(number):
            failed += 1
            print(f"program {number} was judged wrongly:", *found)
    return failed
