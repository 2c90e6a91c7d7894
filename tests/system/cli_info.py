#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog info: every kind of field class in its one-line notation and as JSON, clocks, environment, data streams, losses, troubles."""
import json
import re

import harness
from ctf_made import ORIGIN, Made
from harness import BORELOG, check, equal

TSDL = """/* CTF 1.8 */
typealias integer {{ size = 8; align = 8; }} := u8;
typealias integer {{ size = 32; align = 8; }} := u32;
trace {{ major = 1; minor = 8; byte_order = be; packet.header := struct {{ u32 magic; }}; }};
stream {{ packet.context := struct {{ u32 n; u8 _strange; }}; event.context := struct {{ u8 _kind; }}; }};
event {{ name = "e"; context := struct {{ u8 len; }}; fields := struct {{ {fields} }}; }};
"""
# TSDL: notation.
CLASSES_1_8 = {
    "u8 _a;": "a: u8",
    "integer { size = 13; } a;": "a: u13",
    "integer { size = 64; signed = true; } a;": "a: i64",
    "integer { size = 32; byte_order = le; } a;": "a: u32le",
    "integer { size = 32; byte_order = be; } a;": "a: u32",
    "integer { size = 16; base = hex; } a;": "a: x16",
    "integer { size = 16; base = oct; } a;": "a: o16",
    "integer { size = 16; base = 2; } a;": "a: b16",
    "integer { size = 16; base = 16; signed = true; } a;": "a: i16 hex",
    "floating_point { exp_dig = 8; mant_dig = 24; } a;": "a: f32",
    "floating_point { exp_dig = 11; mant_dig = 53; byte_order = le; } a;": "a: f64le",
    "string a;": "a: string",
    "integer { size = 8; encoding = UTF8; } a[16];": "a: string[16]",
    "u8 a[3];": "a: u8[3]",
    "u8 a[3][4];": "a: u8[3][4]",
    "u8 n; u8 a[n];": "n: u8, a: u8[n]",
    "u8 a[len];": "a: u8[$event_context.len]",
    "u8 a[stream.event.context._kind];": "a: u8[$context.kind]",
    "u8 a[stream.packet.context.n];": "a: u8[$packet.n]",
    "enum : u8 { A, B = 4 ... 7, \"C D\" = 9 } a;": 'a: enum u8 {A=0, B=4..7, "C D"=9}',
    "enum : integer { size = 8; signed = true; } { M = -5 ... -1, M = 3, Z = 0 } a;": "a: enum i8 {M=-5..-1|3, Z=0}",
    "struct { u8 x; struct { string y; } z; } a;": "a: {x: u8, z: {y: string}}",
    "struct { u8 x; } a[2];": "a: {x: u8}[2]",
    "enum : u8 { one = 1, many = 2 ... 9 } tag; variant <tag> { u8 one; string many; } a;":
        "tag: enum u8 {one=1, many=2..9}, a: <tag: one=1 u8, many=2..9 string>",
}
CTF2_FIELDS = [
    ({"type": "fixed-length-bit-array", "length": 12, "byte-order": "big-endian"}, "bits12be"),
    ({"type": "fixed-length-bit-map", "length": 8, "byte-order": "little-endian", "flags": {"read": [[0, 0]], "mode": [[4, 6]]}},
     "flags u8 {read=0, mode=4..6}"),
    ({"type": "fixed-length-boolean", "length": 8, "byte-order": "little-endian"}, "bool"),
    ({"type": "fixed-length-unsigned-integer", "length": 32, "byte-order": "little-endian", "preferred-display-base": 16}, "x32"),
    ({"type": "fixed-length-unsigned-integer", "length": 12, "byte-order": "little-endian", "bit-order": "last-to-first"}, "u12 reversed"),
    ({"type": "fixed-length-signed-integer", "length": 8, "byte-order": "little-endian", "mappings": {"none": [[-2, -1], [5, 5]]}},
     "enum i8 {none=-2..-1|5}"),
    ({"type": "fixed-length-floating-point-number", "length": 32, "byte-order": "big-endian"}, "f32be"),
    ({"type": "variable-length-unsigned-integer"}, "uleb128"),
    ({"type": "variable-length-signed-integer"}, "ileb128"),
    ({"type": "null-terminated-string", "encoding": "utf-16le"}, "utf16le string"),
    ({"type": "static-length-string", "length": 7}, "string[7]"),
    ({"type": "static-length-blob", "length": 9, "media-type": "image/png"}, "blob[9 image/png]"),
    ({"type": "static-length-blob", "length": 9}, "blob[9]"),
    ({"type": "dynamic-length-blob", "length-field-location": {"path": ["len"]}}, "blob[len]"),
    ({"type": "dynamic-length-string", "length-field-location": {"path": ["len"]}}, "string[len]"),
    ({"type": "optional", "selector-field-location": {"path": ["flag"]}, "field-class": {"type": "null-terminated-string"}}, "string?[flag]"),
    ({"type": "optional", "selector-field-location": {"path": ["len"]}, "selector-field-ranges": [[1, 3], [7, 7]],
      "field-class": {"type": "null-terminated-string"}}, "string?[len=1..3|7]"),
    ({"type": "variant", "selector-field-location": {"path": ["len"]}, "options": [
        {"selector-field-ranges": [[0, 0]], "field-class": {"type": "variable-length-unsigned-integer"}},
        {"name": "b c", "selector-field-ranges": [[1, 9]], "field-class": {"type": "null-terminated-string"}}]},
     '<len: =0 uleb128, "b c"=1..9 string>'),
    ({"type": "static-length-array", "length": 2, "element-field-class": {"type": "dynamic-length-array", "length-field-location": {
        "origin": "event-record-payload", "path": ["len"]}, "element-field-class": {"type": "null-terminated-string"}}}, "string[2][len]"),
]


def info(place, *words, status=0, says=""):
    done = place.run(BORELOG, "info", *words)
    equal(done.returncode, status, f"exit status of info {words}: {done.stderr}")
    check(says in done.stderr if says else not done.stderr, f"info {words}: {done.stderr}")
    return done.stdout


def events(text):
    """The lines of events: {name: notation of the fields}"""
    return dict(re.findall(r"^ {15}(\S+) \{(.*)\}$", text, re.M))


def test_classes_of_1_8(place):
    for i, (fields, notation) in enumerate(CLASSES_1_8.items()):
        folder = place.folder / f"t{i}"
        folder.mkdir()
        (folder / "metadata").write_text(TSDL.format(fields=fields))
        text = info(place, folder)
        equal(events(text), {"e": notation}, fields)
        check("                 context {len: u8}\n" in text, text)
        # The same in JSON, and that is JSON.
        trace, = json.loads(info(place, "--format", "json", folder))["traces"]
        equal(trace["stream_classes"][0]["events"][0]["fields_text"], "{" + notation + "}", "JSON's text")


def write_ctf2(folder, fragments):
    folder.mkdir()
    (folder / "metadata").write_text("".join(f"\x1e{json.dumps(fragment)}\n" for fragment in fragments))


def ctf2(fields, **more):
    members = [{"name": "len", "field-class": {"type": "fixed-length-unsigned-integer", "length": 8, "byte-order": "little-endian"}},
               {"name": "flag", "field-class": {"type": "fixed-length-boolean", "length": 8, "byte-order": "little-endian"}}]
    members += [{"name": f"f{i}", "field-class": field, **more} for i, field in enumerate(fields)]
    return [{"type": "preamble", "version": 2, "uuid": list(range(16))},
            {"type": "trace-class", "namespace": "a.b", "name": "the trace", "uid": "17",
             "environment": {"number": -3, "text": "\x1b[31mred"}, "attributes": {"a.b": {"x": 1}}},
            {"type": "clock-class", "id": "c", "name": "clk", "frequency": 1000, "precision": 2, "accuracy": 7,
             "offset-from-origin": {"seconds": 5, "cycles": 250}, "origin": {"name": "boot", "uid": "u"}, "description": "of a boot"},
            {"type": "data-stream-class", "id": 7, "name": "s", "default-clock-class-id": "c"},
            {"type": "event-record-class", "id": 3, "data-stream-class-id": 7, "name": "e", "namespace": "n.s", "uid": "u3",
             "attributes": {"a.b": [1, "x"]}, "payload-field-class": {"type": "structure", "member-classes": members}}]


def test_classes_of_2(place):
    write_ctf2(place.folder / "t", ctf2([field for field, _ in CTF2_FIELDS], attributes={"p.q": 2}))
    text = info(place, place.folder / "t")
    wanted = ", ".join(["len: u8", "flag: bool"] + [f"f{i}: {notation}" for i, (_, notation) in enumerate(CTF2_FIELDS)])
    equal(events(text), {"e": wanted}, "notation")
    trace, = json.loads(info(place, "--format", "json", place.folder / "t"))["traces"]
    members = trace["stream_classes"][0]["events"][0]["fields"]["members"]
    equal([member["name"] for member in members], ["len", "flag"] + [f"f{i}" for i in range(len(CTF2_FIELDS))], "names")
    equal([member.get("attributes") for member in members[2:]], [{"p.q": 2}] * len(CTF2_FIELDS), "attributes")
    classes = [member["class"] for member in members[2:]]
    equal(classes[1]["mappings"], [{"label": "read", "ranges": [[0, 0]]}, {"label": "mode", "ranges": [[4, 6]]}], "flags")
    equal(classes[5]["mappings"], [{"label": "none", "ranges": [[-2, -1], [5, 5]]}], "mappings")
    equal((classes[3]["type"], classes[3]["size"], classes[3]["base"], classes[3]["byte_order"]), ("unsigned", 32, 16, "little-endian"), "x32")
    equal((classes[7]["type"], classes[7]["encoding"]), ("unsigned", "leb128"), "LEB128")
    equal((classes[9]["type"], classes[9]["encoding"]), ("string", "utf-16le"), "string")
    equal((classes[11]["length"], classes[11]["media_type"]), (9, "image/png"), "BLOB")
    equal(classes[13]["length"], "len", "dynamic length")
    equal((classes[16]["selector"], classes[16]["content"]["ranges"]), ("len", [[1, 3], [7, 7]]), "optional")
    equal([option.get("name") for option in classes[17]["options"]], [None, "b c"], "options")
    equal((classes[18]["length"], classes[18]["element"]["length"]), (2, "len"), "arrays")


def test_traces_of_2(place):
    write_ctf2(place.folder / "t", ctf2([]))
    text = info(place, "-l", place.folder / "t")
    for line in ("format       CTF 2.0, uuid 00010203-0405-0607-0809-0a0b0c0d0e0f", "identity     a.b:the trace 17", "environment  number = -3",
                 '             text = "\\x1b[31mred"', "clock        clk, 0.001 MHz, 0 is 5.250000000 s from an origin of its own (boot u)",
                 'precision 2 ms, accuracy 7 ms', '"of a boot"', "stream class 7 s", "id 3, name space n.s, uid u3",
                 "attributes {\\\"a.b\\\":[1,\\\"x\\\"]}"):
        check(line in text, f"{line!r} is not in\n{text}")
    trace, = json.loads(info(place, "--format", "json", place.folder / "t"))["traces"]
    equal((trace["name"], trace["namespace"], trace["uid"], trace["version"]), ("the trace", "a.b", "17", "2.0"), "identity")
    equal(trace["environment"], {"number": -3, "text": "\x1b[31mred"}, "environment")
    equal(trace["attributes"], {"a.b": {"x": 1}}, "attributes")
    clock, = trace["clocks"]
    equal(clock, {"frequency": 1000, "offset_seconds": 5, "offset_cycles": 250, "name": "clk", "description": "of a boot",
                  "unix_epoch": False, "precision": 2, "accuracy": 7, "origin": {"name": "boot", "uid": "u"}}, "clock")
    event, = trace["stream_classes"][0]["events"]
    equal((event["id"], event["name"], event["namespace"], event["uid"], event["attributes"]),
          (3, "e", "n.s", "u3", {"a.b": [1, "x"]}), "event")


def test_data_streams(place):
    """Files, packets, times, losses; nothing but heads is read."""
    trace = Made(place.folder / "t", [("a", ""), ("b", "")])
    for stream in range(25):
        for i in range(stream + 1):
            trace.packet(stream, 100 * i, 100 * i + 90, [trace.record(0, 100 * i)], trace.pack("I", 0), discarded=3 * i,
                         sequence=i if i < 2 else i + 5)
    got, = json.loads(info(place, "--format", "json", trace.folder))["traces"]
    equal(len(got["streams"]), 25, "streams")
    for stream in got["streams"]:
        i = stream["id"]
        equal(stream["files"], [str(trace.folder / f"stream_{i}")], "files")
        equal((stream["packets"], stream["first"], stream["last"]), (i + 1, ORIGIN, ORIGIN + 100 * i + 90), "packets")
        equal((stream["lost_records"], stream["lost_packets"]), (3 * i, 5 if i > 1 else 0), f"lost of {i}")
    text = info(place, trace.folder)
    equal(len(re.findall(r"^  stream \d+ +stream_", text, re.M)), 20, "streams shown")
    check("... and 5 other data streams; -l shows all" in text, text)
    equal(len(re.findall(r"^  stream \d+ +stream_", info(place, "-l", trace.folder), re.M)), 25, "streams of -l")
    check("25 data streams, 325 packets" in text and "lost 900 records, 115 packets" in text, text)


def test_events_chosen(place):
    trace = Made(place.folder / "t", [("db:a", "u8 x;"), ("db:b", ""), ("net:c", "")])
    trace.packet(0, 0, 9, [], trace.pack("I", 0))
    check("db:b" in info(place, "-e", "db:*", trace.folder) and "net:c" not in info(place, "-e", "db:*", trace.folder), "-e")
    got, = json.loads(info(place, "-e", "net:*", "--format", "json", trace.folder))["traces"]
    equal([event["name"] for event in got["stream_classes"][0]["events"]], ["net:c"], "-e in JSON")


def test_many_labels(place):
    labels = ", ".join(f"L{i}" for i in range(100))
    trace = Made(place.folder / "t", [("a", f"enum : u8 {{ {labels} }} e;")])
    trace.packet(0, 0, 9, [], trace.pack("I", 0))
    check("L15=15, ... and 84 more}" in info(place, trace.folder), "short form")
    check("L99=99}" in info(place, "-l", trace.folder), "long form")


def test_trouble(place):
    trace = Made(place.folder / "t/good", [("a", "")])
    trace.packet(0, 0, 9, [trace.record(0, 1)], trace.pack("I", 0))
    with (trace.folder / "stream_0").open("ab") as file:
        file.write(b"this is no packet" * 20)
    (place.folder / "t/bad").mkdir()
    (place.folder / "t/bad/metadata").write_text("/* CTF 1.8 */\nstream { id = -; };\n")
    text = info(place, place.folder / "t", status=1, says=f"{place.folder}/t/bad/metadata:2:")
    check("1 packet, " in text, "what can be read:", text)
    info(place, place.folder / "t", status=1, says="stream_0: packet 1 (byte 0x")
    done = place.run(BORELOG, "info", "--format", "json", place.folder / "t")
    troubles = json.loads(done.stdout)["troubles"]
    equal(len(troubles), 1, "troubles")
    check(troubles[0] in done.stderr, troubles)


def test_usage(place):
    for words, says in ([[], "directory is missing"], [["--format", "csv", "x"], '"csv"'], [["--frob", "x"], "frob"]):
        done = place.run(BORELOG, "info", *words)
        equal((done.returncode, done.stdout), (2, ""), f"info {words}: {done.stderr}")
        check(says in done.stderr, done.stderr)


def test_real_trace(place):
    for version in ("1.8", "2"):
        trace, _ = place.record("ls", options=("--ctf", version))
        text = info(place, trace)
        equal(events(text)["libc:malloc"], "size: u64, pointer: x64", "libc:malloc")
        check(re.search(r"^  producer     borelog ", text, re.M), text[:3000])
        check(re.search(r"^  clock        .* MHz, 0 is \d{4}-", text, re.M), text[:3000])
        check(re.search(r"^  context      \{tid: i32\}", text, re.M), text[:3000])


if __name__ == "__main__":
    harness.main(globals())
