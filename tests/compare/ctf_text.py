# SPDX-License-Identifier: MIT
"""Holds lines of `borelog events --format text --ns` against records.

    TIME [CPU] PID/TID NAME: field=value, field=value | context=value, ...

A line is read along the values that it must have, so each must be there, under its name, in its order, and nothing else. Left out may be:
lengths of the sequence behind them (_NAME_length), and members of contexts that stand in front, as CPU, PID and TID. The packet's
context is only there. Numbers may be in any base, floats as short as they can be.
"""
import math
import re
import struct

from ctf_items import Enumeration, Single

HEAD = re.compile(r"(-|-?\d+)(?: \[(\d+)\])?(?: (-?\d+)(?:/(-?\d+))?)? ")
TOKEN = re.compile(r"[^\s,\]}|]+")
NUMBER = re.compile(r"-?(?:0x[0-9a-f]+|0b[01]+|0o[0-7]+|0|[1-9]\d*)")
POWERS = {1 << size for size in range(1, 65)}
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|.)")
LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


class Wrong(Exception):
    """What is not as it must be, in words."""


def _unescaped(escape):
    what = escape.group(1)
    if what[:1] == b"x" and len(what) > 1:
        return bytes([int(what[1:], 16)])
    if what[:1] == b"u" and len(what) > 1:
        return chr(int(what[1:], 16)).encode()
    return LETTERS.get(what, what)


def unescape(text):
    """The string that was escaped for a person's eyes."""
    return ESCAPE.sub(_unescaped, text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class Line:
    def __init__(self, text):
        self.text, self.at = text, 0

    def wrong(self, where, value):
        raise Wrong(f"{where}: {value!r} is not in the text at \"{self.text[self.at:self.at + 60]}\"")

    def take(self, word, where):
        if not self.text.startswith(word, self.at):
            self.wrong(where, word)
        self.at += len(word)

    def match(self, pattern, where):
        found = pattern.match(self.text, self.at)
        if not found:
            self.wrong(where, pattern.pattern)
        self.at = found.end()
        return found

    # ---- Values ----

    def value(self, value, where):
        kind = type(value)
        if kind is int:
            self.integer(value, where)
        elif kind is str:
            if unescape(self.match(STRING, where).group(1)) != value:
                self.wrong(where, value)
        elif kind is Enumeration:
            self.enumeration(value, where)
        elif kind is dict:
            self.take("{", where)
            self.members(value, where)
            self.take("}", where)
        elif kind is list:
            self.array(value, where)
        else:
            self.float(value, where)

    def integer(self, value, where):
        """A negative number may be shown as the bits of a field of any size."""
        text = self.match(NUMBER, where).group()
        if text == str(value):
            return
        got = int(text, 0)
        if got != value and not (value < 0 and text.startswith("0") and got - value in POWERS):
            self.at -= len(text)
            self.wrong(where, value)

    def float(self, value, where):
        text = self.match(TOKEN, where).group()
        try:
            got = float(text)
        except ValueError:
            got = None
        layout = "<f" if type(value) is Single else "<d"
        if got is None or not (math.isnan(got) and math.isnan(value) or struct.pack(layout, got) == struct.pack(layout, value)):
            self.at -= len(text)
            self.wrong(where, value)

    def enumeration(self, value, where):
        if not value.labels:
            self.integer(int(value), where)
            return
        found = []
        while True:
            if self.text.startswith('"', self.at):
                found.append(unescape(self.match(STRING, where).group(1)))
            else:
                found.append(self.match(WORD, where).group())
            if not self.text.startswith("|", self.at):
                break
            self.at += 1
        if sorted(found) != sorted(value.labels):
            self.wrong(where, value.labels)
        if self.text.startswith("(", self.at):
            self.at += 1
            self.integer(int(value), where)
            self.take(")", where)
        elif len(found) > 1:
            self.wrong(where, int(value))

    def array(self, value, where):
        if value and self.text.startswith("<", self.at):
            self.take("<" + bytes(element & 255 for element in value).hex() + ">", where)
            return
        if not value and self.text.startswith("<>", self.at):
            self.at += 2
            return
        self.take("[", where)
        for i, element in enumerate(value):
            if i:
                self.take(", ", where)
            self.value(element, f"{where}[{i}]")
        self.take("]", where)

    def members(self, members, where, may_be_left_out=None):
        first = True
        for name, value in members.items():
            word = ("" if first else ", ") + name + "="
            if may_be_left_out and not self.text.startswith(word, self.at) and may_be_left_out(name, value):
                continue
            self.take(word, f"{where}.{name}")
            self.value(value, f"{where}.{name}")
            first = False
        return first

    # ---- The whole ----

    def name(self, name):
        """A name may have colons in it."""
        end = self.text.find(":", self.at)
        while end >= 0 and unescape(self.text[self.at:end]) != name:
            end = self.text.find(":", end + 1)
        if end < 0:
            self.wrong("name", name)
        self.at = end + 1

    def payload(self, members):
        names = list(members)

        def is_length(name, value):
            following = members.get(names[names.index(name) + 1]) if name != names[-1] else None
            return name.startswith("_") and type(value) is int and (type(following) is str or
                                                                    type(following) is list and len(following) == value)
        if members and not self.text.startswith(" | ", self.at) and self.at < len(self.text):
            self.take(" ", "fields")
            self.members(members, "fields", is_length)
        elif not all(is_length(name, value) for name, value in members.items()):
            self.wrong("fields", names)

    def contexts(self, scopes, origin):
        """Of the event class, then of the stream class. What stands in front is not repeated."""
        before = " | "
        for key, scope in scopes:
            for name, value in (scope or {}).items():
                word = before + name + "="
                if not self.text.startswith(word, self.at) and isinstance(value, int) and value in origin:
                    continue
                self.take(word, key)
                self.value(value, f"{key}.{name}")
                before = ", "


def difference_of_lost(text, ours):
    """The same for what was lost; @ours is the line of JSON."""
    wanted = [" -- ", f"({ours['file']})", "an unknown number of" if ours["lost"] is None else f" {ours['lost']} ", str(ours["what"])[:-1]]
    wanted += [str(ours[key]) for key in ("time", "from") if key in ours]
    missing = [word for word in wanted if word not in text]
    return f"{missing} not in \"{text}\"" if missing else None


def difference_of_text(text, record):
    """None, or in words what is not in the line as it is in the record."""
    line = Line(text.rstrip("\n"))
    try:
        head = line.match(HEAD, "time, CPU, process and thread")
        time = None if head.group(1) == "-" else int(head.group(1))
        if time != record.time_ns:
            return f"time: {time}, not {record.time_ns}"
        line.name(record.name)
        _, common, specific, payload = record.scopes
        line.payload(payload or {})
        line.contexts((("event_context", specific), ("context", common)), {int(number) for number in head.groups()[1:] if number})
        if line.at != len(line.text):
            raise Wrong(f"nobody knows \"{line.text[line.at:]}\" at the end of the line")
    except Wrong as wrong:
        return str(wrong)
    return None
