#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what `borelog events` says of CTF traces with what babeltrace2 says, record by record and field by field.

usage: ctf_compare.py [--max N] BORELOG DIR...      run BORELOG events DIR..., once for JSON and once for text
       ctf_compare.py [--max N] --json FILE DIR...  take its lines from FILE ("-": standard input)
       ctf_compare.py --dump DIR...                 print what babeltrace2 says, in the same form
       ctf_compare.py --self-test                   prove that differences are seen

Exit status: 0 the same, 1 different (the first N differences, 5 if not said, are printed), 2 usage, 3 babeltrace2 refuses a trace.

Each stream of babeltrace2's is read beside the records of the same stream of borelog's. What is compared: the order within a stream,
name, id, stream class, cycles, the file and the number of the packet, the contexts and the fields with their names, order and types;
floats bit by bit, but NaN is NaN; labels of enumerations as sets; lost records and packets with how many and in which interval. How many
the first packet's counter means babeltrace2 does not say, so there any number is right. Text has a line for each line of JSON, in the
same order, with all of the record's fields and values (ctf_text.py).

The time in ns is held against exact integer arithmetic on babeltrace2's description of the clock, since its own is done with floating
point numbers. Over all streams borelog's times may not go backwards while each stream's do not: records of equal times may come in any
order of streams. A stream of several files has the name of its first one here; which stream the others belong to is found by their
records and names.
"""
import collections
import functools
import json
import math
import os
import re
import struct
import subprocess
import sys

import ctf_bt2
import ctf_items
import ctf_text
from ctf_items import plain

SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
MINUS_ZERO = re.compile(r"[:\[ ]-0[,}\]\s]")


class Different(Exception):
    """Enough differences were found."""


# ---- Values ----

def _float_of(ours):
    if type(ours) is str:
        return SPECIAL.get(ours)
    if type(ours) is int:
        return float(ours)
    return ours if type(ours) is float else None


def _same_float(ours, theirs):
    number = _float_of(ours)
    if number is None:
        return False
    if math.isnan(theirs) or math.isnan(number):
        return math.isnan(theirs) and math.isnan(number)
    if type(theirs) is ctf_items.Single:
        try:
            return struct.pack("<f", number) == struct.pack("<f", theirs)
        except OverflowError:
            return False
    return struct.pack("<d", number) == struct.pack("<d", theirs)


def _difference_of_members(ours, theirs, where):
    if list(ours) != list(theirs):
        return where, list(ours), list(theirs)
    for name, member in theirs.items():
        found = difference(ours[name], member, f"{where}.{name}")
        if found:
            return found
    return None


def _difference_of_elements(ours, theirs, where):
    if len(ours) != len(theirs):
        return f"{where}: number of elements", len(ours), len(theirs)
    for i, element in enumerate(theirs):
        found = difference(ours[i], element, f"{where}[{i}]")
        if found:
            return found
    return None


def _same_enumeration(ours, theirs):
    return (type(ours) is dict and ours.keys() == {"value", "labels"} and type(ours["value"]) is int and ours["value"] == int(theirs)
            and sorted(ours["labels"]) == sorted(theirs.labels))


def difference(ours, theirs, where):
    """(where, our value, their value) of the first difference, or None."""
    kind = type(theirs)
    if kind is int or kind is str:
        if type(ours) is kind and ours == theirs:
            return None
    elif kind is dict:
        if type(ours) is dict:
            return _difference_of_members(ours, theirs, where)
    elif kind is list:
        if type(ours) is list:
            return _difference_of_elements(ours, theirs, where)
    elif kind is ctf_items.Enumeration:
        if _same_enumeration(ours, theirs):
            return None
        theirs = plain(theirs)
    elif _same_float(ours, theirs):
        return None
    return where, ours, theirs


# ---- Lines of borelog ----

def _integer(text):
    return -0.0 if text == "-0" else int(text)


def parse_line(line):
    """One line of JSON; "-0" is a float, which Python's reader would forget."""
    if MINUS_ZERO.search(line):
        return json.loads(line, parse_int=_integer)
    return json.loads(line)


class Borelog:
    """A run of `borelog events` as an iterator of lines."""

    def __init__(self, *command):
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
                                        errors="surrogateescape")

    def lines(self):
        yield from self.process.stdout
        _, said = self.process.communicate()
        if self.process.returncode or said:
            raise ValueError(f"{' '.join(self.command)}: exit status {self.process.returncode}; it says:\n{said.strip()}")

    def end(self):
        self.process.kill()
        self.process.communicate()


# ---- Streams ----

@functools.cache
def real_path(file):
    return os.path.realpath(str(file))


class Stream:
    """A stream of babeltrace2's; what was read ahead is kept. Records and both kinds of losses are compared apart, in their order."""

    def __init__(self, port):
        self.port = port
        self.waiting = {"record": collections.deque(), "records": collections.deque(), "packets": collections.deque()}
        self.peek("record")  # the first message knows the file
        self.file = port.file
        self.files = {port.file and real_path(port.file)}
        self.n_compared = 0

    def peek(self, what, index=0):
        """The next "record", or loss of "records" or "packets"; None if there is none."""
        while len(self.waiting[what]) <= index:
            item = next(self.port.items, None)
            if item is None:
                return None
            self.waiting["record" if isinstance(item, ctf_items.Record) else item.what].append(item)
        return self.waiting[what][index]

    def take(self, what):
        return self.waiting[what].popleft()


def _place(ours):
    return f"{ours.get('file')}, packet {ours.get('packet')}"


def _name(ours):
    return f"{ours.get('name')} at {ours['cycles']} cycles" if "cycles" in ours else f"{ours.get('name')}"


class Comparison:
    """Compares lines with what @judge says: ports as of ctf_items.py. @differences is a list of texts, at most @most of them. @files: it is
    also compared in which file and packet a record is."""

    def __init__(self, ports, most=5, judge="babeltrace2", who="borelog", files=True):
        self.streams = [Stream(port) for port in ports]
        self.most, self.judge, self.who, self.files, self.differences = most, judge, who, files, []
        self.n_records = self.n_losses = 0
        self.by_file = {}
        self.last_time = None
        self.last_by_stream = {}

    def differ(self, *words):
        self.differences.append(" ".join(str(word) for word in words))
        if len(self.differences) >= self.most:
            raise Different

    def run(self, lines, texts=None):
        """True if all is the same. @texts: also lines of text."""
        self.text = None
        try:
            for line in lines:
                ours = parse_line(line)
                if texts:
                    self.text = next(texts, "")
                if "lost" in ours:
                    self.loss(ours)
                else:
                    self.record(ours)
            self.rest()
            for text in texts or ():
                self.differ("text has more lines than JSON:", text)
        except Different:
            pass
        except (ValueError, ctf_bt2.Refused) as error:
            if isinstance(error, ctf_bt2.Refused):
                raise
            self.differences.append(str(error))
        return not self.differences

    def rest(self):
        for stream in self.streams:
            for what in stream.waiting:
                while stream.peek(what):
                    theirs = stream.take(what)
                    self.missing(stream, theirs)

    def missing(self, stream, theirs):
        if isinstance(theirs, ctf_items.Record):
            what = f"record missing in {self.who}'s: {theirs.name} at {theirs.cycles} cycles"
        else:
            what = f"loss missing in {self.who}'s: {'some' if theirs.lost is ctf_items.ANY else theirs.lost} {theirs.what}"
        self.differ(f"{stream.file}, packet {theirs.packet}: {what}")

    def stream_of(self, ours, what):
        """The stream that a file belongs to; None after saying that there is none."""
        file = ours.get("file")
        stream = self.by_file.get(file)
        if stream:
            return stream
        path = real_path(file)
        fits = [stream for stream in self.streams if path in stream.files]
        if not fits and os.path.isfile(path):
            fits = [stream for stream in self.streams if self.fits(ours, stream, stream.peek(what))]
        if not fits:
            self.differ(f"{_place(ours)}: {_name(ours)}: {self.judge} has no stream with this file, or no such record next in any")
            return None
        stream = max(fits, key=lambda stream: len(os.path.commonprefix([path, real_path(stream.file)])))
        stream.files.add(path)
        self.by_file[file] = stream
        return stream

    def fits(self, ours, stream, theirs):
        if theirs is None:
            return False
        return not (self.difference(ours, theirs) if isinstance(theirs, ctf_items.Record) else self.difference_of_loss(ours, theirs))

    def check_text(self, ours, theirs):
        """@theirs: the record, or None for a loss."""
        if self.text is None:
            return
        found = ctf_text.difference_of_text(self.text, theirs) if theirs else ctf_text.difference_of_lost(self.text, ours)
        if found:
            self.differ(f"{_place(ours)}: {_name(ours)}: text: {found}")

    def check_order(self, ours, stream):
        """A record that is not before its stream's last one may not be before anybody's."""
        time = ours.get("time")
        if time is None:
            return
        last, own = self.last_time, self.last_by_stream.get(stream)
        if last is not None and time < last and (own is None or time >= own):
            self.differ(f"{_place(ours)}: {_name(ours)}: time {time} after {last} of another stream")
        self.last_by_stream[stream] = time
        self.last_time = time

    def difference(self, ours, theirs):
        for key in "name", "id", "stream":
            if ours.get(key) != getattr(theirs, key):
                return key, ours.get(key), getattr(theirs, key)
        for key, value in ("cycles", theirs.cycles), ("time", theirs.time_ns):
            if ours.get(key) != value:
                return key, ours.get(key), value
        for key, scope in zip(ctf_items.SCOPES, theirs.scopes):
            if scope or ours.get(key):
                found = difference(ours.get(key), scope or {}, key)
                if found:
                    return found
        return None

    def record(self, ours):
        stream = self.stream_of(ours, "record")
        if not stream:
            return
        self.check_order(ours, stream)
        while True:
            theirs = stream.peek("record")
            if theirs is None:
                self.differ(f"{_place(ours)}: {_name(ours)}: {self.judge} has no more records in this stream")
                return
            found = self.difference(ours, theirs)
            if not found:
                break
            following = stream.peek("record", 1)
            if following and not self.difference(ours, following):
                self.missing(stream, stream.take("record"))
                continue
            if theirs.cycles is not None and found[0] in ("name", "id", "cycles", "time") and ours.get("cycles", 0) < theirs.cycles:
                self.differ(f"{_place(ours)}: {_name(ours)}: {self.judge} has no such record; its next one is {theirs.name} "
                            f"at {theirs.cycles} cycles")
                return
            self.differ(f"{_place(ours)}: record {stream.n_compared} of the stream, {_name(ours)}: {found[0]}: "
                        f"{self.who} {found[1]!r}, {self.judge} {found[2]!r}")
            break
        stream.take("record")
        self.check_text(ours, theirs)
        stream.n_compared += 1
        self.n_records += 1
        if self.files:
            self.compare_file(ours, theirs, stream)

    def compare_file(self, ours, theirs, stream):
        if theirs.file and real_path(ours.get("file")) != real_path(theirs.file):
            self.differ(f"{_place(ours)}: {_name(ours)}: {self.judge} has it in {theirs.file}")
        if (theirs.file or len(stream.files) == 1) and ours.get("packet") != theirs.packet:
            self.differ(f"{_place(ours)}: {_name(ours)}: {self.judge} has it in packet {theirs.packet}")

    def difference_of_loss(self, ours, theirs):
        wanted = {"what": theirs.what, "stream": theirs.stream}
        if theirs.lost is not ctf_items.ANY:
            wanted["lost"] = theirs.lost
        if theirs.end_ns is not None:
            wanted.update({"from": theirs.begin_ns, "to": theirs.end_ns})
        for key, value in wanted.items():
            if ours.get(key) != value:
                return key, ours.get(key), value
        return None

    def loss(self, ours):
        what = ours.get("what")
        who = f"{_place(ours)}: {ours['lost']} lost {what}"
        if what not in ("records", "packets"):
            self.differ(f"{who}: neither records nor packets")
            return
        stream = self.stream_of(ours, what)
        if not stream:
            return
        self.check_order(ours, stream)
        if not ours.get("from", 0) <= ours.get("to", 0):
            self.differ(f"{who}: from {ours.get('from')} to {ours.get('to')}")
        theirs = stream.peek(what)
        if theirs is None:
            self.differ(f"{who}: {self.judge} knows of no more in this stream")
            return
        found = self.difference_of_loss(ours, theirs)
        if found:
            self.differ(f"{who}: {found[0]}: {self.who} {found[1]!r}, {self.judge} {found[2]!r}")
        stream.take(what)
        self.check_text(ours, None)
        self.n_losses += 1


def dump_line(ours):
    return json.dumps(ours, ensure_ascii=True, separators=(",", ":"))


def compare(borelog, directories, ports, **options):
    """(differences, records, losses) of what the program @borelog says of @directories; @options are those of Comparison."""
    comparison = Comparison(ports, **options)
    runs = [Borelog(borelog, "events", *words, *directories) for words in (["--format", "json"], ["--format", "text", "--ns"])]
    try:
        comparison.run(*(run.lines() for run in runs))
    finally:
        for run in runs:
            run.end()
    return comparison.differences, comparison.n_records, comparison.n_losses


def compare_lines(lines, ports, texts=None, **options):
    """The same of lines that are there."""
    comparison = Comparison(ports, **options)
    comparison.run(lines, texts and iter(texts))
    return comparison.differences, comparison.n_records, comparison.n_losses


def _arguments(words):
    most, source = 5, None
    while words and words[0].startswith("--"):
        option = words.pop(0)
        if option == "--dump":
            source = option
        elif option in ("--max", "--json") and words:
            value = words.pop(0)
            if option == "--json":
                source = value
            elif value.isdigit() and int(value):
                most = int(value)
            else:
                return None
        else:
            return None
    if source is None:
        return (words[0], None, words[1:], most) if len(words) > 1 else None
    return (None, source, words, most) if words else None


def main():
    if sys.argv[1:] == ["--self-test"]:
        import ctf_compare_self
        return ctf_compare_self.main()
    arguments = _arguments(sys.argv[1:])
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    borelog, source, directories, most = arguments
    try:
        if source == "--dump":
            for ours in ctf_items.as_objects(ctf_bt2.open_traces(directories).ports):
                print(dump_line(ours))
            return 0
        ports = ctf_bt2.open_traces(directories).ports
        if source is None:
            found, n_records, n_losses = compare(borelog, directories, ports, most=most)
        else:
            with sys.stdin if source == "-" else open(source, encoding="utf-8", errors="surrogateescape") as lines:
                found, n_records, n_losses = compare_lines(lines, ports, most=most)
    except ctf_bt2.Refused as error:
        print(f"ctf_compare: {self.judge} refuses: {error}", file=sys.stderr)
        return 3
    for text in found:
        print(text)
    if found:
        print(f"ctf_compare: different{', and perhaps in more' if len(found) >= most else ''}, after {n_records} records")
        return 1
    print(f"ctf_compare: the same: {n_records} records, {n_losses} losses")
    return 0


if __name__ == "__main__":
    sys.exit(main())
