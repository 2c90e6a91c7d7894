#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Malformed traces: for each kind of damage, what `borelog events` says of it and where, and what it prints all the same.

usage: malformed.py BORELOG

The base is a small trace, in CTF 1.8 and in CTF 2, of one stream with PACKETS packets of RECORDS records each. A case damages it and expects
a place (a packet and its byte offset, or line and column of the metadata, or the file), a piece of the message, the number of
records that are printed, and exit status 1. The base without damage is a case too: 0 and no word.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

PACKETS = 3
RECORDS = 4
UUID = bytes(range(16))
UUID_TEXT = "00010203-0405-0607-0809-0a0b0c0d0e0f"
HEAD = 24 + 48  # bytes of a packet's header and context
RECORD = 1 + 8 + 4 + 6 + 1 + 3  # id, time, number, "layer\0", length, bytes
PACKET = HEAD + RECORDS * RECORD
SIZE = PACKET + 12  # with padding

TSDL = """/* CTF 1.8 */
typealias integer { size = 8; } := uint8_t;
typealias integer { size = 32; } := uint32_t;
typealias integer { size = 64; } := uint64_t;
typealias integer { size = 64; map = clock.mono.value; } := stamp_t;
trace {
	major = 1;
	minor = 8;
	byte_order = le;
	uuid = "%s";
	packet.header := struct { uint32_t magic; uint8_t uuid[16]; uint32_t stream_id; };
};
clock { name = mono; freq = 1000000000; };
stream {
	id = 0;
	packet.context := struct {
		stamp_t timestamp_begin; stamp_t timestamp_end; uint64_t content_size; uint64_t packet_size;
		uint64_t events_discarded; uint64_t packet_seq_num;
	};
	event.header := struct { uint8_t id; stamp_t timestamp; };
};
event {
	name = "drill";
	id = 1;
	stream_id = 0;
	fields := struct { uint32_t depth; string rock; uint8_t n; uint8_t core[n]; };
};
event {
	name = "choice";
	id = 2;
	stream_id = 0;
	fields := struct { enum : uint8_t { a = 1, b = 2 } tag; variant <tag> { uint8_t a; uint32_t b; } v; };
};
""" % UUID_TEXT


def uint(bits, **more):
    return {"type": "fixed-length-unsigned-integer", "length": bits, "byte-order": "little-endian", "alignment": 8, **more}


def structure(**members):
    return {"type": "structure", "member-classes": [{"name": name.rstrip("_"), "field-class": c} for name, c in members.items()]}


def fragments():
    """CTF 2 metadata of the same bytes."""
    return [
        {"type": "preamble", "version": 2, "uuid": list(UUID)},
        {"type": "trace-class", "packet-header-field-class": structure(
            magic=uint(32, roles=["packet-magic-number"]),
            uuid={"type": "static-length-blob", "length": 16, "roles": ["metadata-stream-uuid"]},
            stream_id=uint(32, roles=["data-stream-class-id"]))},
        {"type": "clock-class", "id": "mono", "frequency": 1000000000},
        {"type": "data-stream-class", "default-clock-class-id": "mono", "packet-context-field-class": structure(
            begin=uint(64, roles=["default-clock-timestamp"]), end=uint(64, roles=["packet-end-default-clock-timestamp"]),
            content=uint(64, roles=["packet-content-length"]), size=uint(64, roles=["packet-total-length"]),
            discarded=uint(64, roles=["discarded-event-record-counter-snapshot"]),
            sequence=uint(64, roles=["packet-sequence-number"])),
         "event-record-header-field-class": structure(
             id=uint(8, roles=["event-record-class-id"]), time=uint(64, roles=["default-clock-timestamp"]))},
        {"type": "event-record-class", "id": 1, "name": "drill", "payload-field-class": structure(
            depth=uint(32), rock={"type": "null-terminated-string"}, n=uint(8),
            core={"type": "dynamic-length-array", "length-field-location": {"path": ["n"]}, "element-field-class": uint(8)})},
        {"type": "event-record-class", "id": 2, "name": "choice", "payload-field-class": structure(
            tag=uint(8), v={"type": "variant", "selector-field-location": {"path": ["tag"]}, "options": [
                {"name": "a", "selector-field-ranges": [[1, 1]], "field-class": uint(8)},
                {"name": "b", "selector-field-ranges": [[2, 2]], "field-class": uint(32)}]})},
    ]


def metadata2(parts):
    return b"".join(b"\x1e" + json.dumps(part).encode() + b"\n" for part in parts)


def record(packet, index):
    return struct.pack("<BQI", 1, 1000 * packet + 10 * index, 100 * packet + index) + b"layer\0" + b"\x03\x01\x02\x03"


def packet_bytes(packet, content=None, size=SIZE, magic=0xC1FC1FC1, uuid=UUID, stream=0, begin=None, end=None, discarded=0,
                 sequence=None, records=None):
    body = b"".join(record(packet, index) for index in range(RECORDS)) if records is None else records
    head = struct.pack("<I16sI", magic, uuid, stream)
    head += struct.pack("<QQQQQQ", 1000 * packet if begin is None else begin, 1000 * packet + 999 if end is None else end,
                        8 * (HEAD + len(body)) if content is None else content, 8 * size, discarded,
                        packet if sequence is None else sequence)
    return (head + body).ljust(size if size else HEAD + len(body), b"\0")


def data(**damage):
    """The stream's file; the damage is to the packet in the middle."""
    return packet_bytes(0) + packet_bytes(1, **damage) + packet_bytes(2)


def cut(size):
    return data()[:size]


def poke(offset, replacement):
    """In the middle packet, or wherever it is in the file when offset is in it."""
    whole = data()
    return whole[:offset] + replacement + whole[offset + len(replacement):]


MIDDLE = SIZE  # the middle packet's offset


def at(record_index, offset):
    """Offset in the file of a byte of a record of the middle packet."""
    return MIDDLE + HEAD + record_index * RECORD + offset


ALL = PACKETS * RECORDS
OTHERS = ALL - RECORDS  # without the middle packet
FIRST = RECORDS         # what is behind the first packet cannot be found
STREAM = "stream"


def place(packet, offset):
    return rf"{STREAM}: packet {packet} \(byte 0x{offset:x}\): "


# name: (data, place, words, records that are printed)
DATA = {
    "magic number": (data(magic=0xC1FC1FC2), place(1, MIDDLE), "magic", FIRST),
    "magic number of the first packet": (b"\0" + data()[1:], place(0, 0), "magic", 0),
    "text instead of packets": (b"This is no trace at all.\n" * 40, place(0, 0), "magic", 0),
    "uuid": (data(uuid=bytes(16)), place(1, MIDDLE + 4), "uuid", FIRST),
    "uuid's last byte": (data(uuid=UUID[:15] + b"\xff"), place(1, MIDDLE + 4), "uuid", FIRST),
    "unknown stream class": (data(stream=7), place(1, MIDDLE), "stream class 7", FIRST),
    "packet size 0": (data(size=0), place(1, MIDDLE), "size is 0", FIRST),
    "packet size no whole bytes": (poke(MIDDLE + 24 + 24, struct.pack("<Q", 8 * SIZE + 3)), place(1, MIDDLE), "whole number of bytes", FIRST),
    "packet size less than its head": (poke(MIDDLE + 24 + 24, struct.pack("<Q", 64)), place(1, MIDDLE), "less than its head", FIRST),
    "packet size less than its content": (data(content=8 * SIZE + 8), place(1, MIDDLE), "more than its size", OTHERS),
    "packet size beyond the file": (cut(2 * SIZE) + packet_bytes(2, size=SIZE + 4096)[:SIZE], place(2, 3 * SIZE), "4096 bytes before", ALL),
    "packet size of 2^63 bits": (poke(MIDDLE + 24 + 24, struct.pack("<Q", 1 << 63)), place(1, 3 * SIZE), "before the packet does", 2 * RECORDS),
    "content beyond the file": (cut(2 * SIZE) + packet_bytes(2, size=SIZE + 4096, content=8 * (SIZE + 4096))[:PACKET],
                                place(2, 2 * SIZE + PACKET), "file ends here", ALL),
    "content size less than the head": (data(content=8), place(1, MIDDLE), "less than its head", OTHERS),
    "content size of all ones": (data(content=(1 << 64) - 1), place(1, MIDDLE), "more than its size", OTHERS),
    "content ends in a record's header": (data(content=8 * (HEAD + 3 * RECORD + 5)), place(1, at(3, 0)), "beyond the packet's content", ALL - 1),
    "content ends in a record's number": (data(content=8 * (HEAD + 3 * RECORD + 11)), place(1, at(3, 0)), "beyond the packet's content", ALL - 1),
    "content ends in a record's string": (data(content=8 * (HEAD + 3 * RECORD + 16)), place(1, at(3, 0)), "beyond the packet's content", ALL - 1),
    "content ends in a record's sequence": (data(content=8 * (HEAD + 3 * RECORD + 22)), place(1, at(3, 0)), "beyond the packet's content", ALL - 1),
    "content ends a bit early": (data(content=8 * PACKET - 1), place(1, at(3, 0)), "beyond the packet's content", ALL - 1),
    "content goes on in the padding": (data(content=8 * SIZE), place(1, MIDDLE + PACKET), "no event class with id 0", ALL),
    "unknown event": (poke(at(1, 0), b"\x09"), place(1, at(1, 0)), "no event class with id 9", OTHERS + 1),
    "unknown event in the first record": (poke(at(0, 0), b"\xff"), place(1, at(0, 0)), "no event class with id 255", OTHERS),
    "string without end": (poke(at(2, 13), b"x" * (2 * RECORD - 13)), place(1, at(2, 0)), "beyond the packet's content", OTHERS + 2),
    "sequence longer than the packet": (poke(at(2, 19), b"\xff"), place(1, at(2, 0)), "beyond the packet's content", OTHERS + 2),
    "sequence one too long": (poke(at(3, 19), b"\x04"), place(1, at(3, 0)), "beyond the packet's content", ALL - 1),
    "selector that selects nothing": (data(records=b"\x02" + struct.pack("<QB", 1000, 3) + b"\0" * 4), place(1, at(0, 0)),
                                      "no option of a variant is selected by 3", OTHERS),
    "variant cut short": (data(records=b"\x02" + struct.pack("<QB", 1000, 2) + b"\0" * 3), place(1, at(0, 0)), "beyond the packet's content", OTHERS),
    "file ends in a packet header": (cut(2 * SIZE + 10), place(2, 2 * SIZE), "file ends in the packet header", 2 * RECORDS),
    "file ends in a packet context": (cut(2 * SIZE + 30), place(2, 2 * SIZE), "file ends in the packet context", 2 * RECORDS),
    "file ends at the head's end": (cut(2 * SIZE + HEAD), place(2, 2 * SIZE + HEAD), "file ends here", 2 * RECORDS),
    "file ends in a record": (cut(2 * SIZE + HEAD + 2 * RECORD + 5), place(2, 2 * SIZE + HEAD + 2 * RECORD), "file ends in the record", 2 * RECORDS + 2),
    "file ends between records": (cut(2 * SIZE + HEAD + 3 * RECORD), place(2, 2 * SIZE + HEAD + 3 * RECORD), "file ends here", ALL - 1),
    "file of one byte": (b"\xc1", place(0, 0), "file ends in the packet header", 0),
    "zeros behind the last packet": (data() + bytes(4096), place(3, 3 * SIZE), "magic", ALL),
    "a packet of another trace behind": (data() + packet_bytes(3, uuid=b"other trace 4567"), place(3, 3 * SIZE + 4), "uuid", ALL),
}


def tsdl(old, new):
    assert old in TSDL, old
    return TSDL.replace(old, new, 1).encode()


def line_of(text, piece):
    return text.decode("latin-1").split(piece)[0].count("\n") + 1


def meta(text, piece, words):
    """Damage that the message must place on the line of @piece."""
    return text, rf"metadata:{line_of(text, piece)}:\d+: ", words


# name: (metadata, place, words)
TSDL_CASES = {
    "empty": (b"", "metadata: |metadata:1:", ""),
    "binary": (bytes(range(256)), "metadata: |metadata:1:", ""),
    "cut short": meta(TSDL.encode()[:-40], "variant <", ""),
    "no semicolon": meta(tsdl("freq = 1000000000; };", "freq = 1000000000 };"), "freq", ""),
    "unknown type": meta(tsdl("uint32_t depth", "uint31_t depth"), "uint31_t", "uint31_t"),
    "unknown length": meta(tsdl("core[n]", "core[m]"), "core[m]", "m"),
    "length that comes later": meta(tsdl("uint8_t n; uint8_t core[n]", "uint8_t core[n]; uint8_t n"), "core[n]", "n"),
    "length that is a string": meta(tsdl("core[n]", "core[rock]"), "core[rock]", "rock"),
    "integer of 0 bits": meta(tsdl("integer { size = 8; }", "integer { size = 0; }"), "size = 0", "size"),
    "integer of 65 bits": meta(tsdl("integer { size = 8; }", "integer { size = 65; }"), "size = 65", "size"),
    "alignment that is no power of 2": meta(tsdl("size = 8; }", "size = 8; align = 3; }"), "align = 3", "align"),
    "unknown byte order": meta(tsdl("byte_order = le", "byte_order = pdp"), "pdp", "byte_order"),
    "clock that is not there": meta(tsdl("clock.mono.value", "clock.tsc.value"), "stamp_t timestamp_begin", "tsc"),
    "clock of 0 Hz": meta(tsdl("freq = 1000000000", "freq = 0"), "freq = 0", ""),
    "event of no stream": meta(tsdl("event {\n\tname = \"choice\";\n\tid = 2;\n\tstream_id = 0", "event { /* x */\n\tname = \"choice\";\n\tid = 2;\n\tstream_id = 5"), "event { /* x */", "5"),
    "two events with an id": meta(tsdl("event {\n\tname = \"choice\";\n\tid = 2;", "event { /* x */\n\tname = \"choice\";\n\tid = 1;"), "event { /* x */", "id 1"),
    "variant without its tag": meta(tsdl("variant <tag>", "variant <gat>"), "gat", "gat"),
    "tag that is no enumeration": meta(tsdl("enum : uint8_t { a = 1, b = 2 } tag", "uint8_t tag"), "variant", "tag"),
    "member twice": meta(tsdl("uint32_t depth;", "uint32_t depth; uint8_t depth;"), "depth;", "depth"),
    "comment without end": meta(tsdl("clock {", "/* clock {"), "/* clock", "comment"),
    "string without end": meta(tsdl('name = "drill";', 'name = "drill;'), '"drill;', ""),
    "nested too deep": meta(tsdl("uint32_t depth;", "struct { " * 100 + "uint32_t depth;" + " } s;" * 100), "struct { struct", "deep"),
    "array of 2^60": meta(tsdl("uint8_t core[n]", "uint8_t core[1152921504606846976]"), "core[", ""),
}


def json_case(change, words):
    parts = fragments()
    change(parts)
    return metadata2(parts), r"metadata:\d+:\d+: ", words


def drop(index, key):
    return lambda parts: parts[index].pop(key)


def put(index, key, value):
    return lambda parts: parts[index].__setitem__(key, value)


def payload(change):
    return lambda parts: change(parts[4]["payload-field-class"]["member-classes"])


JSON_CASES = {
    "no preamble": json_case(lambda parts: parts.pop(0), "preamble"),
    "version 3": json_case(put(0, "version", 3), "version"),
    "unknown extension": json_case(put(0, "extensions", {"borehole": {"depth": 1}}), "borehole"),
    "unknown fragment": json_case(put(2, "type", "clocks-class"), "clocks-class"),
    "clock without frequency": json_case(drop(2, "frequency"), "frequency"),
    "clock that is not there": json_case(put(3, "default-clock-class-id", "tsc"), "tsc"),
    "event of no stream": json_case(put(5, "data-stream-class-id", 5), "5"),
    "unknown field class": json_case(payload(lambda members: members[0]["field-class"].__setitem__("type", "integer")), "integer"),
    "no byte order": json_case(payload(lambda members: members[0]["field-class"].pop("byte-order")), "byte-order"),
    "length of 0 bits": json_case(payload(lambda members: members[0]["field-class"].__setitem__("length", 0)), "length"),
    "path to nowhere": json_case(payload(lambda members: members[3]["field-class"]["length-field-location"].__setitem__("path", ["m"])), "m"),
    "member twice": json_case(payload(lambda members: members[1].__setitem__("name", "depth")), "depth"),
    "JSON cut short": (metadata2(fragments())[:-30], r"metadata:\d+:\d+: ", ""),
    "no RS": (json.dumps(fragments()[0]).encode(), r"metadata:\d+:\d+: |metadata: ", ""),
}


def run(borelog, metadata, stream):
    with tempfile.TemporaryDirectory(prefix="borelog-malformed-") as directory:
        for name, content in (("metadata", metadata), (STREAM, stream)):
            with open(os.path.join(directory, name), "wb") as file:
                file.write(content)
        ran = subprocess.run([borelog, "events", "--format", "json", directory], capture_output=True, timeout=60)
        return ran.returncode, ran.stdout.decode("utf-8", "surrogateescape").splitlines(), ran.stderr.decode("utf-8", "replace")


def judge(name, ran, place_pattern, words, records):
    """What is wrong with the answer, as a text; empty: nothing."""
    status, lines, errors = ran
    events = [line for line in lines if '"name"' in line]
    wrong = []
    if place_pattern is None:
        if status or errors:
            wrong.append(f"status {status}, expected 0 and silence")
    else:
        if status != 1:
            wrong.append(f"exit status {status}, expected 1")
        if not re.search(place_pattern, errors):
            wrong.append(f"no place like {place_pattern!r}")
        if words not in errors:
            wrong.append(f"not a word of {words!r}")
    if len(events) != records:
        wrong.append(f"{len(events)} records printed, expected {records}")
    return "".join(f"  {what}\n" for what in wrong) + (f"  stderr: {errors}" if wrong else "")


def main():
    borelog = sys.argv[1]
    kinds = {"CTF 1.8": TSDL.encode(), "CTF 2": metadata2(fragments())}
    failed = total = 0
    cases = [(f"{version}: whole", metadata, data(), None, "", ALL) for version, metadata in kinds.items()]
    for version, metadata in kinds.items():
        cases += [(f"{version}: {name}", metadata, *case[:1], *case[1:]) for name, case in DATA.items()]
    cases += [(f"TSDL: {name}", text, data(), where, words, 0) for name, (text, where, words) in TSDL_CASES.items()]
    cases += [(f"JSON: {name}", text, data(), where, words, 0) for name, (text, where, words) in JSON_CASES.items()]
    for name, metadata, stream, where, words, records in cases:
        total += 1
        wrong = judge(name, run(borelog, metadata, stream), where, words, records)
        if wrong:
            failed += 1
            print(f"{name}:\n{wrong}")
    n_kinds = len(DATA) + len(TSDL_CASES) + len(JSON_CASES)
    print(f"{total} cases of {n_kinds} kinds of damage, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
