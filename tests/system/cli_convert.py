#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog convert: nothing is lost on the way from one version of CTF to the other and back; what babeltrace2 reads of it; cut by time and
by filter; losses; what is left behind when it fails."""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import harness
from cli_events import EVENTS, made, value
from ctf_made import HEAD, ORIGIN, Made
from harness import BORELOG, PROGRAMS, check, equal

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "compare"), str(TESTS / "ltt"), str(TESTS / "golden")]
import ctf_bt2
import ctf_compare
from ctf2 import clocks, compound, fixed, fragments, locations, packets, variable
from ctf2.case import (PREAMBLE, array, at, bit_map, bits, case, clock, dynamic_array, event, near, option, optional, sint,
                       stream, struct, uint, variant)
from ctf2.case import trace as trace_class
from ctf_make import make
from ctf_make_bits import KINDS, make_bits
from made_traces import read_in_child

# What CTF 1.8 has no words for: a value that is found in whichever option is there.
NOT_SAID = {"location-in-options-of-a-variant", "location-of-a-variant", "location-of-a-variant-relative"}
# What babeltrace2 2.0.4 cannot read of CTF 1.8: a variant's selector that is named by more than one word, ids above 2^63, and anything
# in an event's own context that another field there tells the length or option of.
NOT_PARSED = {"location-in-each-scope", "alias", "event-ids-of-64-bits", "variant-in-the-specific-context"}
# What a result in CTF 2 must say as its source does, wherever it stands.
WORDS = ("attributes", "media-type", "preferred-display-base", "mappings", "flags", "namespace", "uid", "description", "precision",
         "accuracy", "environment", "encoding", "frequency", "uuid")
DEFAULTS = ({}, 10, "utf-8")
# Cases in which it need not: labels of values that the number cannot have, and fields whose place the result's own heads take.
OTHER_WORDS = {"bit-map-flags-beyond-the-length", "mappings-beyond-the-integer", "header", "event-id-mapped"}


def convert(place, trace, to, *words, status=0, says="", **kwargs):
    done = place.run(BORELOG, "convert", "-o", to, *words, trace, **kwargs)
    equal(done.returncode, status, f"exit status of convert {words}: {done.stderr}")
    check(says in done.stderr if says else not done.stderr, f"convert {words}: {done.stderr!r}")
    equal(done.stdout, "", "output")
    return to


def read(place, trace):
    """What `borelog events` says, as objects; without what belongs to the files and not to the records."""
    done = place.run(BORELOG, "events", "--format", "json", trace, errors="surrogateescape")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    for one in objects:
        for key in ("file", "packet"):
            one.pop(key, None)
        if one.get("packet_context") == {}:  # a source without such a scope
            del one["packet_context"]
    return objects, done.returncode


def same(got, wanted, what):
    equal(len(got), len(wanted), f"{what}: records and losses")
    for number, (ours, theirs) in enumerate(zip(got, wanted)):
        equal(ours, theirs, f"{what}: number {number}")


def there_and_back(place, trace, first, name):
    """To version @first, from there to the other, and back to the first: always the same. Returns the first one."""
    wanted, status = read(place, trace)
    equal(status, 0, f"borelog events {trace}")
    other = {"1.8": "2", "2": "1.8"}[first]
    source, folders = trace, []
    for version in (first, other, first):
        folders.append(convert(place, source, place.folder / f"{name}.{len(folders)}.{version}", "--ctf", version))
        got, status = read(place, folders[-1])
        equal(status, 0, f"borelog events {folders[-1]}")
        same(got, wanted, f"{name}, {' to '.join(str(folder) for folder in folders)}")
        source = folders[-1]
    return folders[0]


def as_babeltrace2(place, trace, name):
    """babeltrace2 reads the records of a result in CTF 1.8 as we do."""
    def records(lines):
        objects = [{key: part for key, part in json.loads(line).items() if part != {} and (key, part) != ("name", "")}
                   for line in lines]
        return sorted((one for one in objects if "lost" not in one), key=lambda one: one["file"])

    lines = place.folder / "babeltrace2.lines"
    equal(read_in_child(trace, lines), "read", f"{name}: babeltrace2 on {trace}")
    ours = place.run(BORELOG, "events", "--format", "json", trace, errors="surrogateescape").stdout.splitlines()
    same(records(ours), records(lines.read_text().splitlines()), f"{name}, as babeltrace2 reads it")


def heads(path, order="little"):
    """Heads of a result's packets: a trace without UUID, whose streams have ids and whose packets have both times."""
    content, at, found = path.read_bytes(), 0, []
    names = ("begin", "end", "content_size", "packet_size", "sequence", "discarded")
    while at < len(content):
        equal(int.from_bytes(content[at:at + 4], order), 0xC1FC1FC1, f"magic number at {at}")
        head = {name: int.from_bytes(content[at + 20 + 8 * i:at + 28 + 8 * i], order) for i, name in enumerate(names)}
        found.append(head)
        at += head["packet_size"] // 8
    return found


def words(metadata):
    """What metadata in CTF 2 says for each of WORDS."""
    found = set()

    def walk(one):
        for key, part in one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ():
            if key in WORDS and part not in DEFAULTS:
                found.add((key, json.dumps(part, sort_keys=True)))
            if key != "attributes":
                walk(part)

    for fragment in filter(bytes.strip, metadata.split(b"\x1e")):
        fragment = json.loads(fragment.decode("utf-8", "surrogateescape"))
        if fragment["type"] != "field-class-alias":
            found.add((fragment["type"], fragment.get("name")))
        walk(fragment)
    return found


# ---- Nothing is lost ----


def test_own_traces(place):
    """Real programs, in both versions; babeltrace2 reads the same of source and result."""
    recorded, _ = place.record("sh", "-c", "cat /etc/passwd | sort | head -3; ls / >/dev/null", options=())
    result = there_and_back(place, recorded, "2", "own")
    for trace in (recorded, there_and_back(place, recorded, "1.8", "old")):
        wanted = [(event.name, event.time, event.fields, event.context, event.pid) for event in harness.read(recorded)]
        got = [(event.name, event.time, event.fields, event.context, event.pid) for event in harness.read(trace)]
        equal(got, wanted, f"babeltrace2 on {trace}")
    # By this name other tools know of which CPU a packet is.
    old, = (place.folder / "own.1.1.8").rglob("metadata")
    check(re.search(r"\bcpu_id;", old.read_text()), "the packets no longer say cpu_id")
    equal(re.findall(r"} (\w+)\[16\];", old.read_text()), ["uuid"], "UUIDs in a packet")
    info = json.loads(place.run(BORELOG, "info", "--format", "json", recorded).stdout)
    check(json.loads(place.run(BORELOG, "info", "--format", "json", result).stdout).keys() == info.keys(), "info")


def test_what_metadata_says(place):
    """Environment, clocks, log levels, addresses of sources, in both versions."""
    trace = Made(place.folder / "t", EVENTS, clock_more='description = "a \\"clock\\""; precision = 7; offset = 5;', env='a = 1; b = "x";')
    trace.packet(0, 0, 10, [trace.record(0, 5, trace.pack("I", 1))], trace.pack("I", 3))
    text = (trace.folder / "metadata").read_text()
    for id, more in enumerate(('loglevel = 13; model.emf.uri = "file:a.c#L3";', 'model.emf.uri = "file:b.c#L4";', "loglevel = 2;")):
        text = text.replace(f"id = {id}; stream_id = 0; fields", f"id = {id}; stream_id = 0; {more} fields")
    (trace.folder / "metadata").write_text(text)

    def info(folder):
        got = json.loads(place.run(BORELOG, "info", "--format", "json", folder).stdout)["traces"][0]
        return [got.get(key) for key in ("uuid", "environment", "clocks")] + [
            {key: event.get(key) for key in ("name", "id", "log_level", "source")} for event in got["stream_classes"][0]["events"]]

    wanted = info(trace.folder)
    equal([(event["log_level"], event["source"]) for event in wanted[3:]], [(13, "file:a.c#L3"), (None, "file:b.c#L4"), (2, None)],
          "events")
    check(wanted[1] and wanted[2], wanted)
    equal(info(convert(place, trace.folder, place.folder / "new", "--ctf", "2")), wanted, "in CTF 2")
    equal(info(convert(place, place.folder / "new", place.folder / "old", "--ctf", "1.8")), wanted, "back in CTF 1.8")
    sources = []  # of borelog's own traces: an attribute in CTF 2
    for version in ("1.8", "2"):
        trace, _ = place.record(PROGRAMS / "lib_fields_c", options=("--no-preload", "--ctf", version))
        old = convert(place, trace, place.folder / f"old-{version}", "--ctf", "1.8")
        sources.append([event["source"] for event in info(old)[3:]])
    equal(sources[1], sources[0], "source lines")


def test_who_they_are(place):
    """Names of traces and uids of clocks in CTF 1.8: members of the environment, which may have them already, and UUIDs."""
    number = iter(range(100))

    def said(pattern, trace, clock):
        source, to = (place.folder / f"{what}{next(number)}" for what in ("t", "old"))
        case("t", "", [PREAMBLE, trace, clock, stream({"begin": uint(8, roles=packets.STAMP)}, clock="c"), event(packets.NOTE)],
             "05 01", []).write(source)
        convert(place, source, to)
        as_babeltrace2(place, to, to.name)
        return re.findall(pattern, (to / "metadata").read_text())

    for key, name in (("name", "trace_name"), ("namespace", "trace_namespace"), ("uid", "trace_uid")):
        equal(said(r'\t(trace_\w+ = ".*");', trace_class(**{key: "x"}), clock()), [f'{name} = "x"'], f"a trace with {key} only")
        both = trace_class(environment={name: "mine"}, **{key: "x"})
        equal(said(r'\t(trace_\w+ = ".*");', both, clock()), [f'{name} = "mine"'], f"{key} and the environment")
    environment = trace_class(environment={"a b": 1, "a_b": 2, "int": 3, "2nd": "x"})
    equal(said(r"\t(\w+ = \S+);(?=[^}]*};\n\nclock)", environment, clock()), ["a_b = 1", "a_b_1 = 2", "_int = 3", '_2nd = "x"'], "env")
    for uid, is_uuid in (("01234567-89ab-cdef-ABCD-EF0123456789", True), ("01234567-89ab-cdef-0123-45678-abcdef", False),
                         ("01234567-89ab-cdef-0123-456789abcdeg", False), ("01234567-89ab-cdef-0123x456789abcdef", False),
                         ("01234567-89ab-cdef-0123-456789abcdef0", False), ("0", False)):
        equal(said(r'\tuuid = "(.*)";', trace_class(), clock(uid=uid)), [uid] * is_uuid, "a clock's UUID")


def test_what_is_kept_of_heads(place):
    """What has no role, and what something that is written needs; of a record's header no variants of roles."""
    def names(head):
        found = [(one["name"], one["field-class"]) for one in head["member-classes"]]
        return [(name, names(of)) if of["type"] == "structure" else name for name, of in found]

    of_header = variant(near("n"), option([[0, 9]], struct({"id": uint(8, roles=packets.EVENT_ID), "x": uint(8)})))
    for used in (False, True):
        # The length of "c" is there by a selector that is nothing else.
        more = {"n": uint(8, roles=packets.DISCARDED), "o": optional(near("n"), uint(8, roles=packets.DISCARDED), [[0, 9]]),
                "c": dynamic_array(near("o"), uint(8))} if used else {
                    "e": struct({}), "q": uint(8, roles=packets.DISCARDED),
                    "r": optional(near("q"), uint(8, roles=packets.DISCARDED), [[1, 1]])}
        context = {"d": dynamic_array(at("packet-context", "s", "number"), uint(8))} if used else None
        of_header_too = dynamic_array(at("packet-header", "s", "id"), uint(8)) if used else array(2, uint(8))
        source = case("t", "", [
            PREAMBLE,
            trace_class({"plain": uint(8), "id": uint(8, roles=packets.CLASS_ID),
                         "s": struct({"id": uint(8, roles=packets.STREAM_ID), "x": uint(8)}),
                         **({"f": dynamic_array(near("id"), uint(8))} if used else {})}),
            stream({"s": struct({"number": uint(8, roles=packets.SEQUENCE)} | ({} if used else more)), **(more if used else {})},
                   {"id": uint(8, roles=packets.EVENT_ID), "n": uint(8), "v": of_header, "b": of_header_too}),
            event(packets.NOTE, context)],
            "01 00 02 03  01 00 02 08 09  00 00 00 05 06 07  0a 08" if used else "01 00 02 03  01 00  00 00 00 05 06 07  08", [])
        folder = place.folder / f"t{used}"
        source.write(folder)
        new, old = (convert(place, folder, place.folder / f"{version}{used}", "--ctf", version) for version in ("2", "1.8"))
        for trace in (folder, new, old):
            equal([one["fields"] for one in read(place, trace)[0] if "fields" in one], [{"a": 8}], f"records of {trace}")
        said = {key: part for fragment in (new / "metadata").read_text().split("\x1e")[1:] for key, part in json.loads(fragment).items()}
        own = ["content_size", "packet_size", "packet_seq_num", "events_discarded"]
        of_trace = ["magic", "stream_id", "stream_instance_id", "plain"]
        for part, wanted in (("packet-header", of_trace + (["id", ("s", ["id", "x"]), "f"] if used else [("s", ["x"])])),
                             ("packet-context", own + ([("s", ["number"]), "n", "o", "c"] if used else [("s", [("e", [])])])),
                             ("event-record-header", ["id", "n", "b"])):
            equal(names(said[part + "-field-class"]), wanted, part)


def test_clocks(place):
    """Each has a name of its own in CTF 1.8. What is mapped to one, stays it, and so do both times of a packet."""
    names = ["int", "x_4", "x", "x", None, "default"]
    clocks = [clock(str(i), **({"name": name} if name else {})) for i, name in enumerate(names)]
    streams = [stream({"begin": uint(8, roles=packets.STAMP), "end": uint(8, roles=packets.END), **packets.SIZES},
                      {"t": uint(8, roles=packets.STAMP)}, clock=str(i), id=i) for i in range(len(names))]
    events = [event(packets.NOTE, data_stream_class_id=i) for i in range(len(names))]
    case("t", "", [PREAMBLE, trace_class({"id": uint(8, roles=packets.CLASS_ID)}), *clocks, *streams, *events],
         {f"s{i}": f"{i:02x} 05 09 48 00 48 00  06 {i:02x}" for i in range(len(names))}, []).write(place.folder / "t")
    text = (convert(place, place.folder / "t", place.folder / "old") / "metadata").read_text()
    wanted = ["clock_", "x_4", "x", "x_4_4", "default", "default_6"]
    equal(re.findall(r"^clock {\n\tname = (.*);", text, re.M), wanted, "clocks")
    equal(re.findall(r"map = clock.(\w+).value; } timestamp_(\w+);", text),
          [(name, which) for name in wanted for which in ("begin", "end")], "packets' times")
    as_babeltrace2(place, place.folder / "old", "clocks")
    trace = Made(place.folder / "mapped", [("e", "clock64 when;")])
    trace.packet(0, 0, 10, [trace.record(0, 5, trace.pack("Q", 1))], trace.pack("I", 3))
    text = (there_and_back(place, trace.folder, "1.8", "mapped") / "metadata").read_text()
    check("map = clock.clk.value; } when;" in text, text)


def made_by_ltt(place):
    for kind in KINDS:
        folder = place.folder / "-".join(kind)
        yield make_bits(kind, folder), folder
    for seed in range(30):
        folder = place.folder / f"seed{seed}"
        yield make(seed, folder), folder


def test_any_old_traces(place):
    """Traces of CTF 1.8 with anything in them. What babeltrace2 reads of the source, it reads of the result."""
    n_judged = 0
    for trace, folder in made_by_ltt(place):
        there_and_back(place, folder, "2", f"{folder.name}n")
        result = there_and_back(place, folder, "1.8", f"{folder.name}o")
        before, after = place.folder / "before.lines", place.folder / "after.lines"
        if read_in_child(folder, before) != "read":
            continue
        found = ctf_compare.compare_lines(before.read_text().splitlines(True), trace.ports(), files=False)[0]
        if found:
            continue  # babeltrace2 has faults of its own
        equal(read_in_child(result, after), "read", f"babeltrace2 on {result}")
        found = ctf_compare.compare_lines(after.read_text().splitlines(True), trace.ports(), files=False)[0]
        check(not found, f"babeltrace2 on {result}", *found)
        n_judged += 1
    check(n_judged > 20, "only", n_judged, "judged by babeltrace2")


def agrees(old, new):
    """Is what CTF 1.8 says (@old) what it has for @new?"""
    if isinstance(old, dict) and len(old) == 1 and not (isinstance(new, dict) and set(new) == set(old)):
        (option, content), = old.items()
        if re.fullmatch(r"none(_\d+)?", option):
            return new is None and content == {}
        if re.fullmatch(r"some(_\d+)?", option):
            return agrees(content, new)
    if isinstance(new, bool):
        return isinstance(old, dict) and old["labels"][:1] == [str(new).lower()]
    if isinstance(new, dict) and "blob" in new:
        return bytes(old) == bytes.fromhex(new["blob"])
    if isinstance(new, dict) and "flags" in new:
        value, labels = (old["value"], old["labels"]) if isinstance(old, dict) else (old, [])
        return value == new["value"] and (value.bit_count() != 1 or set(new["flags"]) <= set(labels))
    if isinstance(new, dict) and "labels" in new:
        return old["value"] == new["value"] and set(new["labels"]) <= set(old["labels"])
    if isinstance(old, dict) and "labels" in old:
        return old["value"] == new
    if isinstance(new, dict):
        names = all(a == b or not re.fullmatch("[A-Za-z0-9_]+", b) for a, b in zip(old, new))
        return isinstance(old, dict) and len(old) == len(new) and names and all(map(agrees, old.values(), new.values()))
    if isinstance(new, list):
        return len(old) == len(new) and all(map(agrees, old, new))
    return old == new


def test_each_rule_of_ctf2(place):
    """Small traces for every rule of the specification: in CTF 2 the same, in CTF 1.8 the nearest thing that keeps the values."""
    n = 0
    for case in [case for module in (fixed, variable, compound, locations, clocks, packets, fragments) for case in module.CASES]:
        folder = place.folder / "cases" / case.name
        case.write(folder)
        wanted, status = read(place, folder)
        if status or not wanted:
            continue
        n += 1
        name = case.name
        new = convert(place, folder, place.folder / f"{name}.new", "--ctf", "2")
        if name not in ("location-of-a-value-with-a-role", "packet-lengths-leb-and-nested"):  # heads are other ones
            same(read(place, new)[0], wanted, f"{name}, in CTF 2")
        if name not in OTHER_WORDS and case.metadata.startswith(b"\x1e"):  # else it is in packets
            missing = words(case.metadata) - words((new / "metadata").read_bytes())
            check(not missing, f"{name}: the result's metadata does not say", missing)
        old = place.folder / f"{name}.old"
        if name in NOT_SAID:
            convert(place, new, old, "--ctf", "1.8", status=1, says="CTF 1.8 has no words")
            check(not old.exists(), "something was left behind")
            continue
        convert(place, new, old, "--ctf", "1.8")
        got, wanted = read(place, old)[0], read(place, new)[0]
        equal(len(got), len(wanted), f"{name}, in CTF 1.8: records")
        for ours, theirs in zip(got, wanted):
            ours = {key: part for key, part in ours.items() if (key, part) != ("name", "") or "name" in theirs}
            check(agrees(ours, theirs), f"{name}, in CTF 1.8: {ours}, not {theirs}")
        if name not in NOT_PARSED:
            as_babeltrace2(place, old, name)
    check(n > 150, "only", n, "cases")


def test_labels_of_no_value(place):
    """Labels of values that the number cannot have say nothing; CTF 1.8 is not given values that do not fit into the type."""
    source, = [one for one in fixed.CASES if one.name == "mappings-beyond-the-integer"]
    source.write(place.folder / "t")
    text = (convert(place, place.folder / "t", place.folder / "old") / "metadata").read_text()
    equal(re.findall(r"{ (\"x\".*?) }", text), ['"x" = 0 ... 1, "y" = 255', '"x" = 9223372036854775807'], "labels")
    signed = sint(8, mappings={"x": [[-300, -5], [100, 128]], "y": [[-999, -200], [200, 999]]})
    case("s", "", {"a": signed}, "fb", []).write(place.folder / "s")
    old = convert(place, place.folder / "s", place.folder / "signed")
    equal(re.findall(r"{ (\"x\".*?) }", (old / "metadata").read_text()), ['"x" = -128 ... -5, "x" = 100 ... 127'], "signed labels")
    as_babeltrace2(place, old, "signed labels")
    flags = bit_map(8, "big-endian", {"x": [[0, 0]], "y": [[2, 3], [6, 90]]})
    case("f", "", {"a": flags, "b": bits(8)}, "04 05", []).write(place.folder / "f")
    old = convert(place, place.folder / "f", place.folder / "flags")
    text = (old / "metadata").read_text()
    equal(re.findall(r"{ (\"x\".*?) }", text), ['"x" = 1, "y" = 4, "y" = 8, "y" = 64, "y" = 128'], "flags")
    equal(len(re.findall("base = hexadecimal", text)), 2, "bits in base 16")
    as_babeltrace2(place, old, "flags")


def test_labels_that_come_twice(place):
    """In CTF 2 they are one with all the ranges: JSON names nothing twice."""
    trace = Made(place.folder / "t", [("e", "enum : u8 { A = 1, B, A = 5 ... 6 } e;")])
    trace.packet(0, 0, 10, [trace.record(0, 5, b"\5")], trace.pack("I", 3))
    text = (there_and_back(place, trace.folder, "2", "new") / "metadata").read_text()
    check('"mappings":{"A":[[1,1],[5,6]],"B":[[2,2]]}' in text, text)


def test_names_that_are_no_text(place):
    """JSON cannot say bytes that are not UTF-8. Names of which little else is left are not the same for that."""
    trace = Made(place.folder / "t", [("e", "enum : u8 { \"\\xff\" = 1, \"\\xfe\" = 2 } a\xff; u8 a\xfe;")], env="x\xff = 1; x\xfe = 2;")
    metadata = trace.folder / "metadata"
    metadata.write_bytes(metadata.read_text().encode("latin-1"))
    trace.packet(0, 0, 10, [trace.record(0, 5, b"\1\2")], trace.pack("I", 3))
    new = convert(place, trace.folder, place.folder / "new", "--ctf", "2")
    equal([one["fields"] for one in read(place, new)[0]], [{r"a\xff": {"value": 1, "labels": [r"\xff"]}, r"a\xfe": 2}], "fields")
    as_babeltrace2(place, convert(place, new, place.folder / "old"), "names")


def test_options_that_nothing_selects(place):
    """All but one are left out, as a variant must have one; records of other events are there."""
    fields = "enum : {} {{ X = 2, Y }} tag; variant <tag> {{ u8 a; u32 b; }} v;"
    trace = Made(place.folder / "t", [("unsigned", fields.format("u8")), ("n", "u8 n;"),
                                      ("signed", fields.format("integer { size = 64; signed = true; }"))])
    trace.packet(0, 0, 10, [trace.record(1, 5, b"\7")], trace.pack("I", 3))
    for version in "2", "1.8":
        to = convert(place, trace.folder, place.folder / version, "--ctf", version)
        equal([one["fields"] for one in read(place, to)[0]], [{"n": 7}], version)
        classes = json.loads(place.run(BORELOG, "info", "--format", "json", to).stdout)["traces"][0]["stream_classes"][0]["events"]
        check(all("a" in str(one["fields"]) and "'b'" not in str(one["fields"]) for one in classes if one["name"] != "n"), classes)


# ---- A part ----


def rows(place, trace):
    return [one["fields"]["rows"] for one in read(place, trace)[0] if "fields" in one]


def test_cut(place):
    """By time, by filter, by both: what `borelog events` selects. Packets begin and end within the cut."""
    source = made(place)
    for number, words in enumerate([("--from", str(ORIGIN + 500)), ("--to", str(ORIGIN + 500)), ("--from", "+500ns", "--to", "+700ns"),
                                    ("--filter", "rows & 1"), ("--filter", "rows >= 100", "--to", "+1500ns"),
                                    ("--filter", "rows == 1234")]):
        wanted = [json.loads(line) for line in place.run(BORELOG, "events", "--format", "json", *words, source).stdout.splitlines()]
        for version in ("1.8", "2"):
            to = convert(place, source, place.folder / f"cut{number}-{version}", *words, "--ctf", version)
            got = read(place, to)[0]
            equal([(one["time"], one["fields"]) for one in got], [(one["time"], one["fields"]) for one in wanted], words)
    got = [(head["begin"], head["end"]) for head in heads(place.folder / "cut2-1.8" / "stream_0")]
    equal(got, [(500, 700)], "the packet's times")
    place.env["TZ"] = "EST5"
    equal(rows(place, convert(place, source, place.folder / "utc", "--to", "22:13:20.0000005", "--utc")), list(range(50)), "--utc")
    equal(sorted(path.name for path in (place.folder / "cut5-2").iterdir()), ["metadata"], "files of a cut without records")


def quiet(place):
    """Five packets of 100 ns with 100 between; the first and the last have a record."""
    trace = Made(place.folder / "quiet", EVENTS)
    for number in range(5):
        begin = 200 * number
        records = [trace.record(0, begin + 10, trace.pack("I", number))] if number in (0, 4) else []
        trace.packet(0, begin, begin + 100, records, trace.pack("I", 3), padding=number)
    return trace.folder


def test_packets(place):
    """Each packet becomes one: with its times, its number, and exactly its records. With a cut those that are in it, be they empty; with
    a filter those of which something is left."""
    source = quiet(place)
    times = [(200 * number, 200 * number + 100) for number in range(5)]
    for number, (option, at, wanted) in enumerate([
            ("--filter", "rows >= 0", times[:1] + times[4:]), ("--filter", "rows == 4", times[4:]),
            ("--from", 0, times), ("--from", 400, times[2:]), ("--from", 500, [(500, 500)] + times[3:]), ("--from", 501, times[3:]),
            ("--to", 1000, times), ("--to", 401, times[:2] + [(400, 401)]), ("--to", 400, times[:2])]):
        words = (option, at if option == "--filter" else str(ORIGIN + at))
        got = heads(convert(place, source, place.folder / f"out{number}", *words) / "stream_0")
        equal([(head["begin"], head["end"]) for head in got], wanted, f"times of packets with {words}")
        equal([head["sequence"] for head in got], list(range(len(got))), "sequence numbers")
        for head in got:
            full = head["begin"] in (0, 800)
            # Heads as at the top of rewrite.c; a record has the compact header and a number.
            equal(head["content_size"] - 8 * (20 + 6 * 8 + 4), 8 * (4 + 4) if full else 0, "content")
            equal(head["packet_size"], head["content_size"], "size")


def without(place, name, *replacements):
    """made() with another metadata."""
    trace = made(place, name)
    text = (trace / "metadata").read_text()
    for old, new in replacements:
        check(old in text, f"{old} is not in the metadata")
        text = text.replace(old, new)
    (trace / "metadata").write_text(text)
    return trace


def test_times_that_packets_do_not_say(place):
    """A result has the times of packets that its source has; those it must guess are the records'."""
    for name, missing in (("begin", ["begin"]), ("end", ["end"]), ("both", ["begin", "end"])):
        source = without(place, name, *[(f"clock64 timestamp_{which};", f"u64 other_{which};") for which in missing])
        for version in ("1.8", "2"):
            there_and_back(place, source, version, f"{name}-{version}")
            cut = convert(place, source, place.folder / f"{name}-{version}-cut", "--ctf", version, "--from", "+500ns", "--to", "+700ns")
            equal(rows(place, cut), list(range(50, 70)), "records of a cut")
            said = (cut / "metadata").read_text()
            for which in ("begin", "end"):
                equal(bool(re.search(rf"\btimestamp_{which}\b", said)), which not in missing, f"timestamp_{which} without {name}")


def test_packets_without_times_in_a_cut(place):
    """Nobody knows whether packets that do not say when they begin or end are in it: those with records are."""
    for which, option in (("begin", "--to"), ("end", "--from")):
        source = quiet(place)
        metadata = source / "metadata"
        metadata.write_text(metadata.read_text().replace(f"clock64 timestamp_{which};", f"u64 other_{which};"))
        for words, n in ((), 5), ((option, str(ORIGIN + 500)), 1):
            to = convert(place, source, place.folder / f"{which}{n}", *words)
            equal((to / "stream_0").read_bytes().count(b"\xc1\x1f\xfc\xc1"), n, f"packets without {which}, with {words}")
        shutil.rmtree(source)


def test_time_of_some_packets(place):
    """A packet that does not say when it begins, where others do, begins with its first record, or if something is missing in front of
    that, where the packet before ends."""
    begin = optional(near("has"), uint(8, roles=packets.STAMP), [[1, 1]])
    context = {"has": uint(8), "begin": begin, "end": uint(8, roles=packets.END), "lost": uint(8, roles=packets.DISCARDED),
               **packets.SIZES}
    source = case("source", "", [PREAMBLE, clock(), trace_class({"id": uint(8, roles=packets.STREAM_ID)}),
                                 stream(context, {"t": uint(8, roles=packets.STAMP)}, clock="c"), event(packets.NOTE)],
                  "00 01 05 18 00 58 00 58 00 10 01  00 00 28 00 50 00 50 00 20 02  00 00 38 03 50 00 50 00 30 03", [])
    source.write(place.folder / "t")
    for version in ("1.8", "2"):
        to = convert(place, place.folder / "t", place.folder / version, "--ctf", version)
        equal([(head["begin"], head["end"]) for head in heads(to / "stream")], [(5, 0x18), (0x20, 0x28), (0x28, 0x38)], "times")
        equal([one.get("cycles") for one in read(place, to)[0]], [0x10, 0x20, None, 0x30], "records and loss")
    as_babeltrace2(place, place.folder / "1.8", "packets in the order of time")


def test_times_out_of_order(place):
    """A packet ends when it begins, or at its last record, where its source says an earlier time, or does not say it."""
    trace = Made(place.folder / "t", EVENTS)
    for begin, end, times in (0, 100, [160]), (200, 0, [250, 190]), (300, 0, [310, 320]):
        trace.packet(0, begin, end, [trace.record(0, t, trace.pack("I", t)) for t in times], trace.pack("I", 3))
    for words, wanted in ((), [(0, 100), (200, 200), (300, 320)]), (("--from", str(ORIGIN + 150)), [(150, 160), (200, 200), (300, 320)]):
        to = convert(place, trace.folder, place.folder / f"out{len(words)}", *words)
        equal([(head["begin"], head["end"]) for head in heads(to / "stream_0")], wanted, "times")
        equal(rows(place, to), [160, 250, 190, 310, 320], "records")


def test_big_packet(place):
    """A packet that is too big for memory becomes several, each with the times that its records leave it."""
    trace = Made(place.folder / "t", EVENTS)
    records = [trace.record(2, 1000 + i, trace.pack("H", 60000) + bytes([i % 256]) * 60000) for i in range(300)]
    trace.packet(0, 500, 5000, records, trace.pack("I", 3))
    result = there_and_back(place, trace.folder, "1.8", "t")
    got = [(head["begin"], head["end"]) for head in heads(result / "stream_0")]
    equal(len(got), 3, f"packets: {got}")
    equal((got[0][0], got[0][1], got[1][1]), (500, got[1][0], got[2][0]), "each begins where the one before ends")
    check(all(begin < end for begin, end in got), got)
    equal(got[2][1], 5000, "the last one's end")
    equal(harness.discarded(result), 0, "babeltrace2: discarded records")


def test_ids(place):
    """Ids of events up to the ones that the compact header has no room for, in both byte orders."""
    ids = [0, 4093, 4094, 4095, 4096, 2**32 - 1, 2**32, 2**63]
    for order in ("le", "be"):
        for n in range(1, len(ids) + 1):
            trace = Made(place.folder / f"{order}{n}", [("e", "u32 rows;")] * n, order=order)
            text = (trace.folder / "metadata").read_text().replace("u16 id;", "u64 id;")
            (trace.folder / "metadata").write_text(re.sub(r"(?<=; id = )\d+", lambda found: str(ids[int(found[0])]), text))
            trace.packet(0, 0, 1000, [trace.pack("QQI", id, 10 * i, i) for i, id in enumerate(ids[:n])], trace.pack("I", 3))
            for version in ("1.8", "2"):
                there_and_back(place, trace.folder, version, f"{order}{n}-{version}")


def test_both_orders(place):
    """Bits of two byte orders never get into one byte, which no reader takes: not even where the source has them in neighbours."""
    quarter = "integer {{ size = 4; align = 1; byte_order = {}; }}".format
    for order in ("le", "be"):
        fields = f"{quarter('le')} a; {quarter('le')} b; integer {{ size = 24; align = 1; byte_order = be; }} c[2];"
        source = Made(place.folder / order, [("e", fields)], order=order)
        in_header = f"clock64 timestamp; {quarter('be')} d; {quarter('be')} e; }};"
        metadata = source.folder / "metadata"
        metadata.write_text(metadata.read_text().replace("clock64 timestamp; };", in_header))
        source.packet(0, 0, 1000, [source.record(0, 10 * i, bytes(range(i, i + 8))) for i in range(9)], source.pack("I", 3))
        for version in ("1.8", "2"):
            result = there_and_back(place, source.folder, version, f"{order}-{version}")
        as_babeltrace2(place, convert(place, result, place.folder / f"{order}.again", "--ctf", "1.8"), order)


def test_options_in_each_others_way(place):
    """In TSDL the first of several options that have a value is meant. What is left of the others may be in pieces, or nothing."""
    for container, size, low, high, values in (("u8", 1, 0, 127, range(6)), ("u64", 8, 0, 2**64 - 1, (0, 1, 3, 2**64 - 1)),
                                               ("integer { size = 8; signed = true; }", 1, -128, 127, (0, 255, 1, 3, 4, 128))):
        tag = f"enum : {container} {{ a = 1, b = 1, c = 3 ... 4, d = {low} ... {high}, e = 2, f = {low} ... 5 }}"
        fields = f"{tag} tag; variant <tag> {{ u8 a; u16 b; u8 c; u32 d; u16 e; u8 f; }} v;"
        source = Made(place.folder / f"{size}{low}", [("e", fields)])
        sizes = {1: 1, 3: 1, 4: 1}
        records = [source.record(0, 10 * i, value.to_bytes(size, "little") + bytes(range(sizes.get(value, 4))))
                   for i, value in enumerate(values)]
        source.packet(0, 0, 100, records, source.pack("I", 3))
        wanted = read(place, source.folder)[0]
        options = ["a" if value == 1 else "c" if value in sizes else "d" for value in values]
        equal([list(one["fields"]["v"])[0] for one in wanted], options, "options")
        for version in ("1.8", "2"):
            to = convert(place, source.folder, place.folder / f"{size}{low}-{version}", "--ctf", version)
            same(read(place, to)[0], wanted, f"in CTF {version}")


def test_nothing_of_memory(place):
    """Bytes of padding are zero, or the source's: nothing of what was in memory before gets into the result."""
    fields = ("u8 a; integer { size = 32; align = 256; } b; string s; integer { size = 8; align = 16; } c; "
              "integer { size = 3; align = 512; } d; u8 e;")
    trace = Made(place.folder / "t", [("e", fields)], context="u8 x;") # not aligned: records are not copied as a whole
    at, content = HEAD + 4, b""
    for i in range(5):
        content += trace.record(0, 10 * i, bytes([i]))
        content += bytes(-(at + len(content)) % 64) + bytes([i]) + bytes(31) + trace.pack("I", i) + b"abcd\0\0" + bytes([i])
        content += bytes(-(at + len(content)) % 64) + bytes([i & 7, 2 * i])
    trace.packet(0, 0, 100, [content], trace.pack("I", 3))
    results = []
    for perturbed in ("0", "85", "170"):
        place.env["MALLOC_PERTURB_"] = perturbed
        result = convert(place, trace.folder, place.folder / f"out{perturbed}")
        results.append((result / "stream_0").read_bytes())
    del place.env["MALLOC_PERTURB_"]
    check(results[0] == results[1] == results[2], "results differ")
    same(read(place, place.folder / "out0")[0], read(place, trace.folder)[0], "padded")


def test_gaps_in_time(place):
    """A cut makes long silences: they are longer than the compact header's clock goes round. Times that go back stay as they are."""
    trace = Made(place.folder / "t", EVENTS)
    times = [0, 1, 2**27 - 1, 2**27, 2**28 + 5, 2**29 + 4, 2**29 + 2**27 + 4, 2**30 + 3, 2**30 + 2**27 + 2, 2**40, 2**40 + 1, 2**40,
             2**62, 3, 2**63]
    trace.packet(0, 0, 2**63, [trace.record(0, t, trace.pack("I", i)) for i, t in enumerate(times)], trace.pack("I", 3))
    for version in ("1.8", "2"):
        to = convert(place, trace.folder, place.folder / version, "--ctf", version)
        equal([one["cycles"] for one in read(place, to)[0]], times, "times")
        to = convert(place, trace.folder, place.folder / f"{version}f", "--ctf", version, "--filter", "rows & 1")
        equal([one["cycles"] for one in read(place, to)[0]], times[1::2], "times with gaps")
    packets_without_begin(place)


def packets_without_begin(place):
    """Their first record's time is not counted from the packet before."""
    trace = Made(place.folder / "no-begin", EVENTS)
    metadata = trace.folder / "metadata"
    metadata.write_text(metadata.read_text().replace("clock64 timestamp_begin;", "u64 other_begin;"))
    packets = [2**30], [5, 2**27 + 7], [2**27 + 9], [2**27 + 10, 2**30], [3]
    for times in packets:
        trace.packet(0, 0, max(times), [trace.record(0, t, trace.pack("I", t)) for t in times], trace.pack("I", 3))
    for version in ("1.8", "2"):
        to = there_and_back(place, trace.folder, version, f"no-begin-{version}")
        equal([one["cycles"] for one in read(place, to)[0]], sum(packets, []), "times of packets that do not say when they begin")


def with_losses(place):
    trace = Made(place.folder / "lossy", EVENTS)
    discarded = [0, 5, 5, 5, 12]
    for number, (sequence, lost) in enumerate(zip([0, 1, 2, 7, 8], discarded)):
        begin = 1000 * number
        records = [] if number == 2 else [trace.record(0, begin + 10 * i, trace.pack("I", 100 * number + i)) for i in range(3)]
        trace.packet(0, begin, begin + 900, records, trace.pack("I", 3), discarded=lost, sequence=sequence)
    return trace.folder


def test_losses(place):
    """Where records and packets are missing, the result says so too, in the same intervals; with a filter as well."""
    source = with_losses(place)
    wanted = [one for one in read(place, source)[0] if "lost" in one]
    equal([(one["what"], one["lost"]) for one in wanted], [("records", 5), ("packets", 4), ("records", 7)], "losses of the source")
    there_and_back(place, source, "2", "new")
    old = there_and_back(place, source, "1.8", "old")
    equal([head["sequence"] for head in heads(old / "stream_0")], [0, 1, 2, 7, 8], "packets")
    equal(harness.discarded(old), 12, "babeltrace2: discarded records")
    for number, words in enumerate([("--filter", "rows >= 300"), ("--from", "+1s"), ("--from", "+2500ns")]):
        wanted = [one for one in map(json.loads, place.run(BORELOG, "events", "--format", "json", *words, source).stdout.splitlines())
                  if "lost" in one]
        to = convert(place, source, place.folder / f"cut{number}", *words)
        got = [one for one in read(place, to)[0] if "lost" in one]
        equal([(one["what"], one["lost"]) for one in got], [(one["what"], one["lost"]) for one in wanted], f"losses with {words}")


def test_packets_missing_first(place):
    """Packets missing in front of the first one that is written: an empty one shows the gap."""
    trace = Made(place.folder / "t", EVENTS)
    for number, sequence in enumerate([0, 5]):
        trace.packet(0, 1000 * number, 1000 * number + 900, [trace.record(0, 1000 * number + 10, trace.pack("I", 100 * number))],
                     trace.pack("I", 3), sequence=sequence)
    got = read(place, convert(place, trace.folder, place.folder / "out", "--filter", "rows >= 100"))[0]
    equal([(one.get("lost"), one.get("fields")) for one in got], [(4, None), (None, {"rows": 100})], "loss and record")
    equal((got[0]["from"], got[0]["to"]), (ORIGIN + 900, ORIGIN + 1000), "between the packets")


def test_unknown_losses(place):
    """What is left of a flight recorder does not say how many are missing in front of it."""
    trace = Made(place.folder / "t", EVENTS)
    trace.packet(0, 0, 10, [trace.record(0, 5, trace.pack("I", 1))], trace.pack("I", 3), discarded=9, sequence=4)
    check(any(one.get("lost", 0) is None for one in read(place, trace.folder)[0]), "no unknown loss")
    there_and_back(place, trace.folder, "2", "t")


# ---- Names, trouble ----


def test_names(place):
    """Traces of a directory keep their names; those of several get their directories' in front."""
    source = place.folder / "all"
    for name in ("a", "b/c"):
        trace = Made(source / name, EVENTS)
        trace.packet(0, 0, 10, [trace.record(0, 5, trace.pack("I", 1))], trace.pack("I", 3))
    files = ["a/metadata", "a/stream_0", "b/c/metadata", "b/c/stream_0"]

    def found(folder):
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    equal(found(convert(place, source, place.folder / "one")), files, "files of a directory")
    equal(found(convert(place, source / "a", place.folder / "two", source / "b")),
          ["a/metadata", "a/stream_0", "b/c/metadata", "b/c/stream_0"], "files of two directories")
    equal(found(convert(place, source / "a", place.folder / "three/")), ["metadata", "stream_0"], "files of a trace")
    equal(found(convert(place, source, place.folder / "nearer", source / "a")),
          ["a/metadata", "a/stream_0", "all/b/c/metadata", "all/b/c/stream_0"], "files of a directory and a trace in it")
    (source / "ab").mkdir()
    others = [place.folder / name / "a" for name in ("other", "third")]
    for folder in (source / "ab" / "d", *others):
        folder.parent.mkdir(exist_ok=True)
        shutil.copytree(source / "a", folder)
    convert_all = ("-o", place.folder / "four", source, source / "a", *others) # one of them is given twice
    equal(place.run(BORELOG, "convert", *convert_all).returncode, 0, "exit status")
    equal(found(place.folder / "four"), sorted(f"{name}/{file}" for name in ("a", "a-2", "a-3", "all/ab/d", "all/b/c")
                                               for file in ("metadata", "stream_0")), "files of directories with the same names")
    (place.folder / "usual").mkdir()
    equal(*[(place.folder / name).stat().st_mode & 0o777 for name in ("one", "usual")], "rights of the directory")


def unfinished(place):
    return sorted(path.name for path in place.folder.iterdir() if "unfinished" in path.name)


def test_existing(place):
    source = made(place)
    for to in (place.folder / "empty", source):
        to.mkdir(exist_ok=True)
        before = sorted(path.name for path in to.iterdir())
        convert(place, source, to, status=1, says="exists already")
        equal(sorted(path.name for path in to.iterdir()), before, "the directory")
    link = place.folder / "link"
    link.symlink_to("nowhere")
    convert(place, source, link, status=1, says="exists already")
    equal(unfinished(place), [], "left behind")


def test_no_room(place):
    """A file that cannot be written to its end is an error that says which one, and leaves nothing."""
    source = place.folder / "t"
    trace = Made(source, EVENTS)
    for number in range(40):
        trace.packet(0, 1000 * number, 1000 * number + 999, [trace.record(2, 1000 * number + i, trace.pack("H", 500) + bytes(500))
                                                            for i in range(50)], trace.pack("I", 3))

    def little_room(size=100000):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    convert(place, source, place.folder / "out", status=1, says="stream_0: File too large", preexec_fn=little_room)
    check(not (place.folder / "out").exists(), "something with the result's name")
    convert(place, source, place.folder / "out", status=1, says="metadata: File too large", preexec_fn=lambda: little_room(500))
    equal(unfinished(place), [], "left behind")
    convert(place, source, place.folder / "no/such/place", status=1, says="No such file or directory")


def big(place):
    trace = Made(place.folder / "big", EVENTS)
    records = [trace.record(0, i, trace.pack("I", i)) for i in range(100000)]
    for number in range(60):
        trace.packet(0, 0, 100000, records, trace.pack("I", 3))
    return trace.folder


def start(place, source):
    """A process that is writing the stream of place.folder / "out"."""
    process = subprocess.Popen([BORELOG, "convert", "-o", place.folder / "out", source], env=place.env, stderr=subprocess.PIPE)
    harness.wait_for(lambda: any((place.folder / name / "stream_0").exists() for name in unfinished(place)), "the stream's file")
    return process


def test_made_meanwhile(place):
    """A directory that gets the name while the result is being written stays what it is."""
    process = start(place, big(place))
    (place.folder / "out").mkdir()
    said = process.communicate(timeout=60)[1]
    check(process.returncode == 1 and b"exists already" in said, process.returncode, said)
    equal(list((place.folder / "out").iterdir()), [], "the directory")
    equal(unfinished(place), [], "left behind")


def test_stopped(place):
    """Ctrl-C takes away what was written; what a killed one leaves does not look like a trace that is whole."""
    source = big(place)
    for sent, left in ((signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, 1)):
        process = start(place, source)
        process.send_signal(sent)
        equal(process.wait(timeout=60), -sent, "exit status")
        check(not (place.folder / "out").exists(), "something with the result's name")
        equal(len(unfinished(place)), left, f"left behind after {sent}")


def test_broken_source(place):
    """What can be read is written; what cannot is said, and the exit status is 1."""
    source = made(place)
    with open(source / "stream_0", "ab") as file:
        file.write(b"nonsense" * 20)
    to = convert(place, source, place.folder / "out", status=1, says="stream_0: packet 1 (byte 0x")
    equal(rows(place, to), list(range(200)), "records")


def test_usage(place):
    source = made(place)
    convert(place, source, place.folder / "a", "--ctf", "3", status=2, says='--ctf is 1.8 or 2, not "3"')
    convert(place, source, place.folder / "a", "--filter", "rows >", status=2, says="--filter")
    for words in (["convert", source], ["convert", "-o", place.folder / "a"]):
        equal(place.run(BORELOG, *words).returncode, 2, words)
    for nowhere in ("", "/"):
        convert(place, source, nowhere, status=2, says="where to?")
    convert(place, place.folder / "nothing", place.folder / "a", status=1, says="nothing")
    check(not (place.folder / "a").exists(), "something was made")


if __name__ == "__main__":
    harness.main(globals())
