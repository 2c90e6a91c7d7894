# SPDX-License-Identifier: MIT
"""What is in a trace, whoever says so: records, losses, and values beyond those of JSON.

A *port* is a stream of data as ctf_compare.py takes it: @file (path of its first file) and @items (an iterator of Record and Loss in the
stream's order).
"""
import math

SCOPES = ("packet_context", "context", "event_context", "fields")


class Single(float):
    """A float of 32 bits: shorter decimal numbers mean the same."""


class Enumeration(int):
    """An integer with labels, in the order of the mappings."""
    labels = ()


class Record:
    """One record. @stream is the id of the stream class. @cycles and @time_ns (exact, rounded down) are None without a clock, @file if only
    the port's is known; @scopes are in the order of SCOPES, None where there are none. @packet counts from 0 in its file, if @file is
    known, else in its stream."""
    __slots__ = ("name", "id", "stream", "cycles", "time_ns", "file", "packet", "scopes")


ANY = object()  # a number that this reader does not say


class Loss:
    """@what was lost ("records", "packets"). @lost: how many, None if nobody can know, or ANY. @begin_ns and @end_ns are None if nobody
    knows when."""
    __slots__ = ("what", "lost", "stream", "begin_ns", "end_ns", "file", "packet")


def enumeration(value, labels):
    number = Enumeration(value)
    number.labels = tuple(labels)
    return number


def nanoseconds(cycles, frequency, offset_s, offset_cycles):
    """Time of a clock value: exact, rounded down."""
    return offset_s * 1000000000 + (offset_cycles + cycles) * 1000000000 // frequency


def plain(value):
    """A value as json.dumps() takes it."""
    if isinstance(value, Enumeration):
        return {"value": int(value), "labels": list(value.labels)}
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def as_object(item, port):
    """A record or loss as borelog says it."""
    if isinstance(item, Loss):
        ours = {"lost": None if item.lost is ANY else item.lost, "what": item.what}
        if item.end_ns is not None:
            ours = {"time": item.end_ns, **ours, "from": item.begin_ns, "to": item.end_ns}
        return {**ours, "stream": item.stream, "file": item.file or port.file, "packet": item.packet}
    ours = {} if item.cycles is None else {"time": item.time_ns, "cycles": item.cycles}
    if item.name is not None:
        ours["name"] = item.name
    ours.update(id=item.id, stream=item.stream, file=item.file or port.file, packet=item.packet)
    for key, scope in zip(SCOPES, item.scopes):
        if scope:
            ours[key] = plain(scope)
    return ours


def as_objects(ports):
    """All objects in the order of time; those without time first."""
    objects = [as_object(item, port) for port in ports for item in port.items]
    return sorted(objects, key=lambda ours: ours.get("time", -math.inf))
