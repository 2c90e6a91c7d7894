# SPDX-License-Identifier: MIT
"""Made traces in which nothing is left to chance but values: every size of number at every place.

    bits        integers of 1 to 64 bits, signed and unsigned, and floats, beginning at each bit of a byte
    aligned     the same with every alignment from 1 to 128 bits, each behind a number that puts it off

Each in both byte orders, of the trace and of the fields.
"""
import random as random_module

from ctf_make import EventClass, PlainHeader, StreamClass, Trace
from tsdl_types import Float, Integer, Struct

SIZES = range(1, 65)
KINDS = [(order, field_order, what) for order in ("le", "be") for field_order in ("le", "be") for what in ("bits", "aligned")]


class BitsTrace(Trace):
    """@native is the trace's order, @order that of the fields; @what as above."""

    def __init__(self, native, order, what):
        self.random = random_module.Random(f"{native} {order} {what}")
        self.native, self.order = native, order
        self.hard, self.has_instances, self.n_names, self.packed = False, False, 0, True
        self.uuid = self.packet_header = None
        self.clocks, self.env = [], []
        stream = StreamClass()
        stream.id, stream.roles, stream.turns = 0, {"packet_size", "content_size"}, 4
        stream.packet_context = Struct([(role, Integer(32, 8, native=native, role=role)) for role in ("content_size", "packet_size")])
        stream.header = PlainHeader(Struct([("id", Integer(8, 8, native=native, role="event_id"))]))
        stream.events = []
        for payload in self.bits() if what == "bits" else self.aligned():
            event = EventClass()
            event.id = event.said_id = len(stream.events)
            event.name, event.payload = f"event {event.id}", payload
            stream.events.append(event)
        self.streams = [stream]

    def integer(self, size, align, signed):
        return Integer(size, align, signed, self.order if self.order != self.native else None, self.native)

    def float(self, size, align):
        return Float(size, align, self.order if self.order != self.native else None, self.native)

    def numbers(self, align):
        """(name, type) of every number."""
        for size in SIZES:
            for signed in (False, True):
                yield f"{'i' if signed else 'u'}{size}", self.integer(size, align, signed)
        for size in (32, 64):
            yield f"f{size}", self.float(size, align)

    def behind(self, n_bits, name, member):
        """A structure with @n_bits in front of the member."""
        members = [("front", self.integer(n_bits, 8, False))] if n_bits else []
        return name, Struct(members + [("value", member)], 8)

    def bits(self):
        for n_bits in range(8):
            yield Struct([self.behind(n_bits, name, member) for name, member in self.numbers(1)])

    def aligned(self):
        for align in (1, 2, 4, 8, 16, 32, 64, 128):
            n_bits = self.random.choice((1, 3, 5, 7, 8, 9, 15, 17))
            yield Struct([self.behind(n_bits, name, member) for name, member in self.numbers(align)])


def make_bits(kind, folder):
    trace = BitsTrace(*kind)
    trace.write(folder)
    return trace
