#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every field type of borelog.h, in C and in C++: what babeltrace2 reads is what the program says it recorded."""
import json

import harness
from harness import check, equal


def as_read(value):
    """What the program printed, in the form of harness.plain()."""
    if isinstance(value, str) and (value.startswith(("0x", "-0x")) or value in ("inf", "-inf")):
        return float.fromhex(value)
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str) and not value[1].startswith("0x") \
            and not value[1].startswith("-0x"):
        return value[0], [value[1]] if value[1] else []
    if isinstance(value, list):
        return [as_read(element) for element in value]
    return value


def compare(place, program, options):
    trace, done = place.record(harness.PROGRAMS / program, options=options)
    wanted = [json.loads(line) for line in done.stdout.splitlines()]
    got = harness.read(trace)
    check(len(wanted) > 80, "the program printed too little:", done.stdout)
    for event, line in zip(got, wanted):
        fields = {key: as_read(value) for key, value in line["fields"].items()}
        equal((event.name, event.fields), (line["name"], fields), "record")
        equal([repr(value) for value in event.fields.values() if isinstance(value, float)],
              [repr(value) for value in fields.values() if isinstance(value, float)], "signs of zeros")
    equal(len(got), len(wanted), "number of records")
    return got


def test_c(place):
    for event in compare(place, "lib_fields_c", ["--no-preload"]):
        check(event.tid and event.tid == event.pid, "tid and pid of a program with one thread:", event)


def test_cxx(place):
    compare(place, "lib_fields_cc", ["--no-preload"])


def test_without_contexts(place):
    for event in compare(place, "lib_fields_c", ["--no-preload", "--context", "none"]):
        equal(event.context, {}, "context")


def test_overwrite_mode(place):
    compare(place, "lib_fields_c", ["--no-preload", "--overwrite"])


harness.main(globals())
