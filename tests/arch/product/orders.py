#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The example with three threads, recorded by the product in $BORELOG_BUILD: nothing lost, everything in its place.

usage: orders.py ENDIAN        of the recorder, and so of the metadata
"""
import collections
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "system"))
import harness # noqa: E402
from harness import check, equal # noqa: E402

ENDIAN = sys.argv.pop(1)
PROGRAM = harness.BUILD / "examples/orders"


def orders(place, *options):
    trace, done = place.record(PROGRAM, options=["--no-preload", "--size", "4M", *options])
    equal(done.stdout, "3000 orders\n", "what the program printed")
    events = harness.read(trace)
    equal(harness.discarded(trace), 0, "discarded")
    return trace, events


def check_orders(events):
    """Each order begins, is paid, is shipped, ends: on its thread and in this order."""
    threads = collections.defaultdict(list)
    for event in events:
        threads[event.tid].append(event)
    equal(len(threads), 3, "threads")
    seen = set()
    for mine in threads.values():
        equal(len(mine), 4000, "records of a thread")
        for begin, paid, shipped, end in zip(*[iter(mine)] * 4):
            number = begin.fields["number"]
            equal([event.name for event in (begin, paid, shipped, end)],
                  ["shop:order_begin", "shop:state", "shop:state", "shop:order_end"], "an order")
            equal([paid.fields, shipped.fields],
                  [{"order": number, "state": (1, ["paid"])}, {"order": number, "state": (2, ["shipped"])}], "states")
            equal(end.fields["number"], number, "the order that ends")
            equal(begin.fields["article"], ["drill", "core barrel", "casing", "mud pump"][number % 4], "article")
            seen.add(number)
    equal(seen, {first + i for first in (10000, 20000, 30000) for i in range(1000)}, "orders")


def test_orders(place):
    trace, events = orders(place)
    check_orders(events)
    metadata = subprocess.run(["babeltrace2", "--output-format=ctf-metadata", str(trace / "user")], capture_output=True,
                              text=True).stdout
    check(f"byte_order = {'be' if ENDIAN == 'big' else 'le'};" in metadata, "byte order in the metadata:", metadata[:300])


def test_filter(place):
    """Evaluated in the program, from bytecode that the recorder wrote."""
    _, every = orders(place)
    ends = [event.fields for event in every if event.name == "shop:order_end"]
    limit = sorted({end["cents"] for end in ends})[1]
    wanted = sorted(end["number"] for end in ends if end["cents"] > limit)
    _, events = orders(place, "-e", f"shop:order_end if cents > {limit}")
    equal(len(wanted), 1500, "articles of four that a filter lets through")
    equal(sorted(event.fields["number"] for event in events), wanted, "orders that pass the filter")


harness.main(globals())
