#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A traced program killed at each named step of reserve, commit and hand-over, through the real library and the real recorder.

A session records many victims (killed_at_step.c), one after the other, beside a good program. What each victim noted in its books
is held against the trace that is left:

    every record in front of each ring's first unfinished one is there, once, whole and in order; no unfinished one is
    records that are there, and those that are counted as discarded or torn, are together those that claimed room or were refused
    it: exactly, as long as one record at most was in the making; of several, the recorder counts at least one (record/walk.h)
    the good program has lost nothing
"""
import array
import collections
import math
import pathlib
import re
import signal
import struct
import subprocess

import harness
from harness import check, equal
from recorder_trouble import VICTIM, check_steps, packets, running

PROGRAM = harness.PROGRAMS / "killed_at_step"
PORT = pathlib.Path(__file__).resolve().parents[2] / "core/port.h"
NAMES = [name for name in re.findall(r"^\tBL_STEP_(\w+)", PORT.read_text(), re.M) if name != "NR"]
STEP = {name: number for number, name in enumerate(NAMES)}
IN_EACH_SUB_BUFFER = {"SWITCH_CLAIMED", "OPENED", "CLOSED", "CLEANING", "COUNTED", "DELIVERED"} # the others: in each record

# As in killed_at_step.c.
TIMES_MAX, TEXT_MAX = 2048, 80
LANE_HEAD = struct.Struct("=IIIIiI")
LANE_SIZE = LANE_HEAD.size + 2 * 8 * TIMES_MAX

SUB_SIZE, PACKET_HEAD = 4096, 136
GOOD_RECORDS = 10 # beside each victim

# @roomy: no ring is ever full; @fills: rings must be.
Session = collections.namedtuple("Session", "options overwrite context roomy fills", defaults=(False, True, False, False))


class Lane:
    """What a victim's books say of one row of records."""

    def __init__(self, data, index):
        at = 8 + index * LANE_SIZE
        self.index = index
        self.attempted, self.returned, reached, self.cpu, self.tid, _ = LANE_HEAD.unpack_from(data, at)
        self.begun, self.ended = array.array("Q"), array.array("Q")
        at += LANE_HEAD.size
        self.begun.frombytes(data[at:at + 8 * min(self.attempted, TIMES_MAX)])
        at += 8 * TIMES_MAX
        self.ended.frombytes(data[at:at + 8 * min(self.returned, TIMES_MAX)])
        self.reached = {name for name in NAMES if reached & 1 << STEP[name]} # by the last record
        self.open = self.attempted > self.returned # it was in the making
        self.finished = self.open and "FINISHED" in self.reached
        self.claimed = self.open and bool(self.reached & {"CLAIMED", "SWITCH_CLAIMED"})
        self.exact = True

    def __repr__(self):
        return f"lane {self.index}: {self.returned} of {self.attempted}, the last one came to {sorted(self.reached, key=STEP.get)}"

    def may_be_torn(self):
        return self.open and (not self.exact or (self.claimed and not self.finished))


class Victim:
    def __init__(self, step, time, threads=1, nested=0):
        self.step, self.time, self.threads, self.nested = step, time, threads, nested
        self.events, self.lost = [], collections.Counter() # lost: by CPU and reason

    def __repr__(self):
        return f"killed at {self.step}, time {self.time}, {self.threads} threads{', nested' * self.nested}"

    def run(self, place):
        books = place.folder / "books"
        books.write_bytes(b"")
        command = [PROGRAM, books, STEP[self.step], self.time, self.threads, self.nested]
        with running(command, env=place.env) as (process,):
            self.pid = process.pid
            equal(process.wait(timeout=60), -signal.SIGKILL, f"{self}: exit status")
        data = books.read_bytes()
        killed, killer = struct.unpack_from("=II", data)
        self.lanes = [Lane(data, i) for i in range(2 * self.threads)]
        equal(killed, STEP[self.step] + 1, f"{self}: the step where it died, and one")
        check(self.lanes[killer].open and self.step in self.lanes[killer].reached, self, "was not at its step")
        # Who killed itself stands where the books say; the other threads went on until the signal came to them.
        for lane in self.lanes:
            lane.exact = lane.index // 2 == killer // 2

    def rings(self):
        rings = collections.defaultdict(list)
        for lane in self.lanes:
            rings[lane.cpu].append(lane)
        return rings.items()


def text_length(n):
    return 1 + n * 7 % (TEXT_MAX - 1)


def openers(context):
    """Of a victim's records, those that open a sub-buffer."""
    at = n = 0
    while True:
        size = 4 + 4 * context + 8 + text_length(n) + 1
        if not at or size >= SUB_SIZE - at:
            yield n
            at = PACKET_HEAD
        at += size
        n += 1


def times_of(step, context):
    """When to kill a thread that is alone: the first time, around a sub-buffer's end, later."""
    if step in IN_EACH_SUB_BUFFER:
        return [1, 2, 3, 7]
    opener = openers(context)
    _, second, third = (next(opener) for _ in range(3))
    # The record before a sub-buffer's end, the one that opens the next, and the one behind. Who opens looks at head twice.
    before, between = {"LOADED": (1, 1), "CLAIMED": (-1, 0)}.get(step, (0, 0))
    return [1, 2, second + before, second + before + 1, second + before + 2 + between, third + before + 2 * between, 333]


def all_victims(session):
    for step in NAMES:
        if step == "CLEANING" and not session.overwrite:
            continue
        for time in times_of(step, session.context):
            yield Victim(step, time)
        for time in [3, 8] if step in IN_EACH_SUB_BUFFER else [9, 170, 401]:
            yield Victim(step, time, nested=1)
        yield Victim(step, 5 if step in IN_EACH_SUB_BUFFER else 300, threads=2)
        yield Victim(step, 5 if step in IN_EACH_SUB_BUFFER else 300, threads=3, nested=1)
    if session.fills:
        for threads in (1, 2):
            yield Victim("LOADED", 10000, threads)
            yield Victim("WRITTEN", 600, threads)
            yield Victim("DELIVERED", 30, threads)


def share_out(trace, victims, good, session):
    """Give each victim its records and its losses. Return: the good program's records."""
    by_pid = {victim.pid: victim for victim in victims}
    good_events = []
    for event in harness.read(trace):
        check(event.pid == good or event.pid in by_pid, "whose record is it?", event)
        (good_events if event.pid == good else by_pid[event.pid].events).append(event)
    for name, rows in packets(trace, gaps=session.overwrite).items():
        said = collections.Counter()
        for row in rows:
            lost = {why: n - said[why] for why, n in row["by"].items() if n != said[why]}
            said.update(lost)
            if row["pid"] in by_pid:
                by_pid[row["pid"]].lost.update({(row["cpu"], why): n for why, n in lost.items()})
            else:
                equal(lost, {}, f"lost by the good program in {name}")
    return good_events


def check_event(victim, event, session):
    lane, n = victim.lanes[event.fields["lane"]], event.fields["n"]
    equal(event.fields["text"], chr(ord("a") + (n + lane.index) % 26) * text_length(n), f"{victim}: text of {event}")
    equal(event.packet["cpu_id"], lane.cpu, f"{victim}: ring of {event}")
    equal(event.tid, lane.tid if session.context else None, f"{victim}: thread of {event}")
    limit = lane.returned + lane.finished if lane.exact else lane.attempted
    check(n < limit, victim, "has an unfinished record:", event)
    return lane, n


def check_counts(what, lanes, recorded, lost):
    """Discard mode: nothing else became of a record."""
    returned = sum(lane.returned for lane in lanes)
    making = [lane for lane in lanes if lane.claimed or (lane.open and not lane.exact)]
    got = recorded + sum(lost.values())
    if len(making) <= 1 and all(lane.exact for lane in making):
        equal(got, returned + len(making), f"{what}: records and losses {lost}")
    else:
        check(returned <= got <= returned + len(making), what, "records and losses:", recorded, lost, "of", returned, "and", making)


def check_losses(what, lanes, lost, session, victim):
    check(set(lost) <= {"full", "torn", "busy"}, what, "reasons:", lost)
    unfinished = [lane for lane in lanes if lane.may_be_torn()]
    if not unfinished:
        equal(lost["torn"], 0, f"{what}: torn, but all was finished")
    elif not victim.nested and victim.threads == 1:
        equal(lost["torn"], 1, f"{what}: torn")
    if victim.threads == 1 and (session.roomy or (session.overwrite and not victim.nested)):
        equal(lost["full"], 0, f"{what}: discarded with room enough")
        equal(lost["busy"], 0, f"{what}: given up")


def nothing_torn_before(finished, lanes):
    """Does the last record of @finished surely lie in front of all unfinished ones? Nested ones, the next lane, began behind it."""
    return all(lane.exact and (not lane.may_be_torn() or lane.index > finished.index) for lane in lanes if lane.open)


def check_present(what, lanes, present, first, lost):
    """All that lies between the oldest record that is left, @first, and the first unfinished one."""
    begin = 0
    if first:
        lane, n = first
        begin = lane.ended[n] if n < len(lane.ended) else math.inf
    stop = min((lane.begun[-1] for lane in lanes if lane.may_be_torn()), default=math.inf)
    missing = []
    for lane in lanes:
        for n, (begun, ended) in enumerate(zip(lane.begun, lane.ended)):
            if begun >= begin and ended < stop and (lane, n) not in present:
                missing.append((lane.index, n))
        if lane.finished and nothing_torn_before(lane, lanes) and (lane, lane.attempted - 1) not in present:
            missing.append((lane.index, lane.attempted - 1))
    check(len(missing) <= lost["full"] + lost["busy"], what, "lacks", missing[:10], "of", len(missing), "lost", lost)


def check_ring(victim, cpu, lanes, session):
    what = f"{victim}, ring {cpu}"
    mine = {lane.index for lane in lanes}
    rows = [check_event(victim, event, session) for event in victim.events if event.fields["lane"] in mine]
    for lane in lanes:
        numbers = [n for at, n in rows if at is lane]
        check(all(a < b for a, b in zip(numbers, numbers[1:])), what, "records of a lane are not in order", numbers)
    lost = collections.Counter({why: n for (at, why), n in victim.lost.items() if at == cpu})
    check_losses(what, lanes, lost, session, victim)
    check_present(what, lanes, set(rows), rows[0] if rows and session.overwrite else None, lost)
    if not session.overwrite:
        check_counts(what, lanes, len(rows), lost)
    elif victim.threads == 1 and not victim.nested:
        # Of eight sub-buffers one was open, and one cleared ahead.
        check(len(rows) >= min(lanes[0].returned, 6 * (SUB_SIZE // (TEXT_MAX + 20))), what, "too little is left:", len(rows))


def check_session(place, session):
    trace, recorder = place.start_session("--no-preload", "--sub-size", "4K", *session.options)
    victims = list(all_victims(session))
    with running((VICTIM, "ask"), env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as (good,):
        equal(good.stdout.readline(), "ready\n", "the good program")
        for victim in victims:
            good.stdin.write(f"{GOOD_RECORDS}\n")
            good.stdin.flush()
            victim.run(place)
            equal(good.stdout.readline(), "done\n", "the good program")
        good.stdin.close()
        equal(good.wait(timeout=60), 0, "the good program's exit status")
    place.stop_session(recorder)
    good_events = share_out(trace, victims, good.pid, session)
    equal(check_steps(good_events), len(victims) * GOOD_RECORDS, "records of the good program")
    for victim in victims:
        for cpu, lanes in victim.rings():
            check_ring(victim, cpu, lanes, session)
    equal({victim.step for victim in victims} | {"CLEANING"}, set(NAMES), "steps")
    lost = sum((collections.Counter({why: n}) for victim in victims for (_, why), n in victim.lost.items()), collections.Counter())
    check(lost["full"] or not session.fills, "no ring was full")
    print(f"{len(victims)} victims, {sum(len(victim.events) for victim in victims)} records, lost: {dict(lost)}")


def test_discard(place):
    check_session(place, Session(["--size", "256K"], roomy=True))


def test_discard_without_contexts(place):
    check_session(place, Session(["--size", "256K", "--context", "none"], context=False, roomy=True))


def test_discard_full(place):
    """A ring that is soon full: much is discarded, and nothing uncounted."""
    check_session(place, Session(["--size", "16K"], fills=True))


def test_overwrite(place):
    check_session(place, Session(["--size", "32K", "--overwrite"], overwrite=True))


def test_overwrite_without_contexts(place):
    check_session(place, Session(["--size", "32K", "--overwrite", "--context", "none"], overwrite=True, context=False))


if __name__ == "__main__":
    harness.main(globals())
