#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each limit of the reader: what is just within it is read, what is just beyond it is refused with words that name it.

usage: ctf_limits.py BORELOG [WORD]      all cases, or those whose names contain WORD

Traces are made here, some of them big, and read by `borelog events` or, where the output would be long, `borelog stats`. Neither
may take more memory than MEMORY_MAX (of a build without sanitizers), whatever the trace asks for; LIMIT_S only ends what hangs.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

MEMORY_MAX = 200 << 20
LIMIT_S = 120

TYPES = """/* CTF 1.8 */
trace { major = 1; minor = 8; byte_order = le; };
typealias integer { size = 8; } := u8;
typealias integer { size = 32; } := u32;
"""
PREAMBLE = {"type": "preamble", "version": 2}
CLASSES_FREE = 1 << 16
NODES_MAX = 1 << 20
RECORD_MAX = 64 << 20
METADATA_MAX = 256 << 20


def tsdl(text):
    return (TYPES + text).encode()


def fields(text, before=""):
    """An event with these fields, and no head."""
    return tsdl(f"{before} stream {{ }}; event {{ name = e; fields := struct {{ {text} }}; }};")


def fragments(*parts):
    return b"".join(b"\x1e" + json.dumps(part).encode() + b"\n" for part in (PREAMBLE, *parts))


def structure(*members):
    return {"type": "structure", "member-classes": [{"name": name, "field-class": field_class} for name, field_class in members]}


def payload(*members):
    return fragments({"type": "data-stream-class"}, {"type": "event-record-class", "name": "e", "payload-field-class": structure(*members)})


def uint(length, **more):
    return {"type": "fixed-length-unsigned-integer", "length": length, "byte-order": "little-endian", "alignment": 8, **more}


def nested(depth, inner, around):
    for _ in range(depth):
        inner = around(inner)
    return inner


CASES = []


def case(name, metadata, stream=b"\0", says=None, command="events", records=None, memory=MEMORY_MAX):
    """says: what is expected on stderr; None: nothing. records: lines of JSON. metadata, stream: bytes, or what makes them."""
    CASES.append((name, metadata, stream, says, command, records, memory))


def pair(name, make, within, beyond, says, stream=b"\0", **more):
    """make(n) is the metadata for a number within the limit and one beyond it."""
    case(f"{name}: within", lambda: make(within), stream, **more)
    case(f"{name}: beyond", lambda: make(beyond), stream, says, **more)


def streams(name, metadata, make, within, beyond, says, **more):
    """The same of the stream's bytes."""
    case(f"{name}: within", metadata, lambda: make(within), **more)
    case(f"{name}: beyond", metadata, lambda: make(beyond), says, **more)


# ---- Nesting ----

DEEP = 64
pair("TSDL structures", lambda n: fields(nested(n, "u8 x;", lambda inner: "struct { %s } s;" % inner)), DEEP - 2, DEEP + 1, "nested more than 64 deep")
pair("TSDL dimensions", lambda n: fields("u8 x%s;" % ("[1]" * n)), DEEP - 2, DEEP + 1, "more than 64 dimensions|nested more than 64 deep")
pair("TSDL copies of copies", lambda n: fields(f"t{n} x;", "typedef struct { u8 x; } t0;" + "".join(
    f"typedef struct {{ t{i} x; }} t{i + 1};" for i in range(n))), DEEP - 3, DEEP + 1, "nested more than 64 deep")
pair("TSDL path", lambda n: fields("struct { %s u8 y[%sx]; } s;" % (nested(n - 1, "u8 x;", lambda inner: "struct { %s } a;" % inner), "a." * (n - 1))),
     DEEP - 3, DEEP + 6, "more than 68 names|nested more than 64 deep")
case("TSDL path: a million names", lambda: fields(f"u8 y[{'a.' * 1000000}x];"), says="more than 68 names")
pair("JSON structures", lambda n: payload(("x", nested(n, uint(8), lambda inner: structure(("s", inner))))), DEEP - 2, DEEP + 1, "nested more than 64 deep")
pair("JSON arrays", lambda n: payload(("x", nested(n, uint(8), lambda inner: {"type": "static-length-array", "length": 1, "element-field-class": inner}))),
     DEEP - 2, DEEP + 1, "nested more than 64 deep")
pair("JSON values", lambda n: fragments({"type": "trace-class", "attributes": {"a": nested(n, 0, lambda inner: [inner])}}, {"type": "data-stream-class"},
                                        {"type": "event-record-class", "payload-field-class": structure(("x", uint(8)))}),
     253, 255, "values are nested more than 256 deep")
case("JSON values: a million", lambda: b'\x1e{"type":"preamble","version":2,"attributes":' + b"[" * 1000000, says="values are nested more than 256 deep")
case("TSDL brackets: a million", lambda: tsdl("struct s " + "{ struct " * 1000000), says="nested more than 64 deep|metadata:5:")

# ---- Sizes and counts of metadata ----

pair("TSDL alignment", lambda n: fields(f"integer {{ size = 8; align = {n}; }} x;"), 32768, 65536, "align")
pair("JSON alignment", lambda n: payload(("x", uint(8, alignment=n))), 32768, 65536, "alignments of more than 32768 bits")
pair("JSON alignment of a structure", lambda n: payload(("x", {**structure(("y", uint(8))), "minimum-alignment": n})), 32768, 65536,
     "alignments of more than 32768 bits")
pair("TSDL static array", lambda n: fields(f"u8 x[{n}];"), 1 << 29, (1 << 29) + 1, "array", command="info")
pair("TSDL static arrays in one structure", lambda n: fields(f"u8 x[{n}]; u8 y[{1 << 28}];"), 1 << 28, (1 << 28) + 1, "bigger than 512 MiB", command="info")
pair("JSON static BLOB", lambda n: payload(("x", {"type": "static-length-blob", "length": n})), 1 << 29, (1 << 29) + 1, "length", command="info")
pair("JSON static array of nothing", lambda n: payload(("y", uint(8)), ("x", {"type": "static-length-array", "length": n, "element-field-class": structure()})),
     1024, 1025, "more than 1024 elements that take no bits")
pair("TSDL clock", lambda n: fields("u8 x;", f"clock {{ name = c; freq = {n}; }};"), 1 << 62, (1 << 62) + 1, r"1 to 2\^62")
pair("JSON clock", lambda n: fragments({"type": "clock-class", "id": "c", "frequency": n}, {"type": "data-stream-class", "default-clock-class-id": "c"},
                                       {"type": "event-record-class", "payload-field-class": structure(("x", uint(8)))}), 1 << 62, (1 << 62) + 1, "frequency|2.62")
# Each copy is a class, 100 members and 100 classes of some 8 bytes of text.
pair("TSDL copies", lambda n: fields("".join(f"t x{i};" for i in range(n)), "typedef struct {" + "".join(f"u8 a{i};" for i in range(100)) + "} t;"),
     CLASSES_FREE // 202 - 1, CLASSES_FREE // 180, r"the trace has more than \d+ field classes and members", command="info")
pair("JSON copies", lambda n: fragments({"type": "field-class-alias", "name": "t", "field-class": structure(*((f"a{i}", uint(8)) for i in range(1000)))},
                                        {"type": "data-stream-class"}, {"type": "event-record-class", "payload-field-class": structure(
                                            *((f"x{i}", "t") for i in range(n)))}),
     60, 120, r"the trace has more than \d+ field classes and members", command="info")
pair("TSDL look-ups", lambda n: fields("u8 n;" + "".join(f"u8 a{i}[n];" for i in range(n))), 11000, 12000, '"n" is one of too many to look for',
     stream=bytes(1))


def through_variant(n):
    options = [{"name": f"o{i}", "selector-field-ranges": [[i, i]], "field-class": structure(("l", uint(8)))} for i in range(n)]
    return payload(("s", uint(16)), ("v", {"type": "variant", "selector-field-location": {"path": ["s"]}, "options": options}),
                   ("b", {"type": "dynamic-length-blob", "length-field-location": {"path": ["v", "l"]}}))


pair("JSON lengths in options", through_variant, 256, 257, "leads to too many fields", stream=bytes(3))
pair("JSON values of a fragment", lambda n: fragments({"type": "trace-class", "attributes": {"a": [0] * n}}, {"type": "data-stream-class"},
                                                      {"type": "event-record-class", "payload-field-class": structure(("x", uint(8)))}),
     1 << 20, 1 << 21, "fragments of so many JSON values are not supported", memory=400 << 20)
case("metadata of 256 MiB and a byte", ("sparse", METADATA_MAX + 1), says="is larger than 256 MiB")

# ---- Records ----

ARRAYS = fields("u32 n; struct { u8 m; u8 a[m]; } x[n];")
streams("fields of a record", ARRAYS, lambda n: struct.pack("<I", n) + bytes(n), (NODES_MAX - 4) // 3, NODES_MAX // 3 + 1,
        r"packet 0 \(byte 0x0\): arrays of a record have more than 1048576 elements")
streams("elements that are no plain numbers", fields("u32 n; string x[n];"), lambda n: struct.pack("<I", n) + bytes(n), NODES_MAX, NODES_MAX + 1,
        "arrays of a record have more than 1048576 elements", command="stats")
# 40 bits of lengths allow 16 elements each.
NOTHING = fields("u8 m; u32 n; u8 x[n][m];")
streams("elements of no bits", NOTHING, lambda n: struct.pack("<BI", 0, n), 1024 + 16 * 40, 1024 + 16 * 40 + 1,
        "too many elements for the few bits that they take")
streams("structures of no bits", payload(("n", uint(64)), ("x", {"type": "dynamic-length-array", "length-field-location": {"path": ["n"]},
                                                                  "element-field-class": structure()})),
        lambda n: struct.pack("<Q", n), 1024 + 16 * 64, (1 << 64) - 1, "more than 1048576 elements that are no plain numbers")
case("elements of no bits in 10000 packets", tsdl("stream { packet.context := struct { u32 packet_size; }; }; event { fields := struct {"
                                                  "u8 m; u32 n; u8 x[n][m]; }; };"),
     struct.pack("<IBI", 72, 0, 0xffffffff) * 10000, says="more than 1048576 elements that are no plain numbers")
streams("a record's size", fields("u32 n; u8 x[n];"), lambda n: ("head", struct.pack("<I", n - 4), n), RECORD_MAX, RECORD_MAX + 1, "a record is bigger than 64 MiB",
        command="stats")
streams("a packet head's size", tsdl("stream { packet.context := struct { u32 n; u8 x[n]; }; }; event { fields := struct { u8 x; }; };"),
        lambda n: ("head", struct.pack("<I", n - 4), n + 1), RECORD_MAX // 2, 2 * RECORD_MAX, "packet context is bigger than 64 MiB", command="stats")
streams("bytes of a LEB128", payload(("x", {"type": "variable-length-unsigned-integer"})), lambda n: b"\x80" * (n - 1) + b"\0", 32, 33,
        "a number of variable length has more than 64 bits")


def write(path, content):
    content = content() if callable(content) else content
    with open(path, "wb") as file:
        if isinstance(content, tuple):
            size = content[-1]
            file.write(content[1] if content[0] == "head" else b"")
            file.truncate(size)
        else:
            file.write(content)


def run(borelog, command, directory):
    """Exit status, number of lines, stderr, peak of memory."""
    output, errors = os.path.join(directory, "..", "output"), os.path.join(directory, "..", "errors")
    with open(output, "wb") as out, open(errors, "wb") as err:
        options = ["--format", "json"] if command == "events" else []
        child = subprocess.Popen(["timeout", str(LIMIT_S), borelog, command, *options, directory], stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    with open(output, "rb") as out, open(errors, encoding="utf-8", errors="replace") as err:
        return child.returncode, sum(1 for _ in out), err.read(), usage.ru_maxrss << 10


def judge(says, records, memory, ran):
    status, lines, errors, peak = ran
    wrong = []
    if says is None and (status or errors):
        wrong.append(f"status {status}, wanted 0 and no word: {errors[:500]}")
    if says is not None and (status != 1 or not re.search(says, errors)):
        wrong.append(f"status {status}, wanted 1 and {says!r}: {errors[:500]}")
    if records is not None and lines != records:
        wrong.append(f"{lines} lines, wanted {records}")
    if peak > memory:
        wrong.append(f"{peak >> 20} MiB of memory")
    return wrong


def main():
    borelog, word = sys.argv[1], "".join(sys.argv[2:])
    failed = n = 0
    for name, metadata, stream, says, command, records, memory in CASES:
        if word not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="borelog-limits-") as place:
            directory = os.path.join(place, "trace")
            os.mkdir(directory)
            write(os.path.join(directory, "metadata"), metadata)
            write(os.path.join(directory, "stream"), stream)
            ran = run(borelog, command, directory)
        wrong = judge(says, records, memory, ran)
        n, failed = n + 1, failed + bool(wrong)
        if wrong or word:
            print(f"{name} ({ran[3] >> 20} MiB)", *wrong, sep="\n    ", flush=True)
    print(f"{n} cases, {failed} wrong")
    return 1 if failed or not n else 0


if __name__ == "__main__":
    sys.exit(main())
