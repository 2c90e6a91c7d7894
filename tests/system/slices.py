#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Slices of time give what one iterator gives, record for record and error for error: traces made at random, some of them broken."""
import random

import harness
from ctf_made import HEAD, ORIGIN, Made
from harness import PROGRAMS, check, equal

SEEDS = range(25)
MARGIN = 10**7 # CTF_PART_MARGIN_NS


def output(place, workers, size, from_, to, folder):
    done = place.run(PROGRAMS / "slices_print", workers, size, from_, to, folder)
    equal(done.returncode, 0, f"exit status: {done.stderr}")
    return done.stdout, done.stderr


def make(folder, dice, lies=3):
    """
    Streams with packets of any size, gaps, losses, records of equal time; times that go back; packets that cannot be read, do not say
    when they end, or lie about it, as some producers' do, by less than @lies ticks of at most a millisecond.
    """
    for number in range(dice.randrange(1, 3)):
        trace = Made(folder / f"t{number}", [("a", ""), ("b", "u8 n; u8 data[n];")], packet="")
        for stream in range(dice.randrange(1, 6)):
            make_stream(trace, stream, dice, lies)


def make_stream(trace, stream, dice, lies):
    broken, wild, liar, endless = (dice.random() < chance for chance in (0.4, 0.3, 0.3, 0.2))
    liar &= not wild
    tick = dice.choice((1, 10**6))
    time, discarded, sequence = tick * (1000 + dice.randrange(1000)), 0, 0
    for _ in range(dice.choice((1, 5, 60))):
        begin, last, records = time, time, []
        for _ in range(dice.choice((0, 1, 30, 1500))):
            size = dice.randrange(100)
            records.append(trace.record(*dice.choice(((0, time), (1, time, bytes([size]) + bytes(size))))))
            last = max(last, time)
            time += tick * dice.choice((0, 0, 1, 3))
            if wild and dice.random() < 0.01:
                time -= dice.randrange(time // 2)
        if records and broken and dice.random() < 0.1:
            records[dice.randrange(len(records))] = trace.record(77, time)
        gap = tick * dice.choice((0, 0, 50))
        if liar: # begins later, or ends earlier, than its records do
            begin = min(last, begin + tick * dice.randrange(lies))
            last = max(begin, last - tick * dice.randrange(lies))
        trace.packet(stream, begin, 0 if endless and dice.random() < 0.5 else last, records, discarded=discarded, sequence=sequence,
                     padding=dice.choice((0, 0, 5000)))
        time = max(time, last) if dice.random() < 0.9 or not wild else time
        time += gap
        discarded += dice.choice((0, 0, 0, 4))
        sequence += dice.choice((1, 1, 1, 2))
    if broken and dice.random() < 0.5: # the end is cut off, within a packet or its head
        path = trace.folder / f"stream_{stream}"
        with path.open("r+b") as file:
            file.truncate(max(HEAD + 1, path.stat().st_size - dice.choice((3, 300))))


def test_same_as_one_iterator(place):
    slices = 0
    for seed in SEEDS:
        dice = random.Random(seed)
        folder = place.folder / f"s{seed}"
        make(folder, dice)
        unit = dice.choice((1, 10**6))
        from_, to = dice.choice((("-", "-"), (ORIGIN + 1500 * unit, "-"), ("-", ORIGIN + 5000 * unit),
                                 (ORIGIN + 1500 * unit, ORIGIN + 5000 * unit)))
        wanted, all_errors = output(place, 0, 1, from_, to, folder)
        slices += len(wanted)
        for workers in (1, 2, 5):
            got, got_errors = output(place, workers, 1, from_, to, folder)
            equal(got, wanted, f"records of seed {seed}, {workers} workers, from {from_} to {to}")
            got_errors, errors = sorted(got_errors.splitlines()), sorted(all_errors.splitlines())
            if to != "-": # one iterator looks at streams that begin later, too
                errors = [line for line in errors if line in got_errors]
            equal(got_errors, errors, f"errors of seed {seed}, {workers} workers")
    check(slices > 10**6, "too little to be cut into slices")


def by_stream(lines):
    streams = {}
    for line in lines.splitlines():
        streams.setdefault(line.split()[1], []).append(line)
    return streams


def test_far_lies(place):
    """Records far outside of their packet's times come in another order, but come, once, and each stream's in their order."""
    others = 0
    for seed in range(100, 120):
        dice = random.Random(seed)
        folder = place.folder / f"s{seed}"
        make(folder, dice, 2000)
        wanted, all_errors = output(place, 0, 1, "-", "-", folder)
        for workers in (1, 2, 5):
            got, errors = output(place, workers, 1, "-", "-", folder)
            others += got != wanted
            equal(by_stream(got), by_stream(wanted), f"records of seed {seed}, {workers} workers")
            equal(sorted(errors.splitlines()), sorted(all_errors.splitlines()), f"errors of seed {seed}, {workers} workers")
    check(others > 5, "only", others, "in another order: there was no boundary in what lies")


def make_far(folder, first, second):
    """Two streams of packets of 10 ms, (begin, end, times of records) in ms."""
    trace = Made(folder, [("a", "")], packet="")
    for stream, packets in enumerate((first, second)):
        for begin, end, times in packets:
            trace.packet(stream, begin * 10**6, end * 10**6, [trace.record(0, time * 10**6) for time in times], padding=200000)


def test_far_lies_from(place):
    """As test_far_lies(), of what is from a time on."""
    seconds = range(1, 20)
    others = [(1000 * k + 500, 1000 * k + 510, [1000 * k + 500]) for k in seconds]
    cases = {
        "records earlier than the selection": [(1000 * k, 1000 * k + 10, [5] * (k > 2) + [1000 * k, 1000 * k + 5]) for k in seconds],
        "a packet in front ends late": [(0, 10**6, [0, 1])] + [(2000 + 100 * k, 2050 + 100 * k, [2000 + 100 * k, 500000 + k]) for k in range(10)],
    }
    for what, packets in cases.items():
        folder = place.folder / what.split()[0]
        make_far(folder, packets, others)
        wanted, _ = output(place, 0, 1, ORIGIN + 1500 * 10**6, "-", folder)
        for workers in (1, 2, 5):
            got, _ = output(place, workers, 1, ORIGIN + 1500 * 10**6, "-", folder)
            equal(by_stream(got), by_stream(wanted), f"{what}, {workers} workers")


def test_behind_the_last_packet(place):
    """Records behind the end of a stream's last packet: a little, in their order; far, and then not lost, though nobody reads on there."""
    ms = 10**6
    for late in 5, 3000:
        trace = Made(place.folder / f"t{late}", [("a", ""), ("b", "u8 n; u8 data[n];")], packet="")
        times = [100 * ms + i * late * ms // 20 for i in range(20)]
        trace.packet(0, 0, 100 * ms, [trace.record(0, time) for time in times])
        step = late * ms // 40 # boundaries are some of them apart
        for k in range(1000 if late < 10 else 2000):
            trace.packet(1, k * step, (k + 1) * step - 1, [trace.record(0, k * step + i) for i in range(3)], padding=20000)
        wanted, _ = output(place, 0, 1, "-", "-", trace.folder)
        for workers in (1, 2, 5):
            got, _ = output(place, workers, 1, "-", "-", trace.folder)
            equal(by_stream(got), by_stream(wanted), f"records, {late} ms late, {workers} workers")
            if late * ms < MARGIN:
                equal(got, wanted, f"order, {late} ms late, {workers} workers")


if __name__ == "__main__":
    harness.main(globals())
