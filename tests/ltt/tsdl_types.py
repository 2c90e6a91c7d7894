# SPDX-License-Identifier: MIT
"""Types of CTF 1.8, for traces that tests make: each can write itself in TSDL, choose a value, encode it, and say how a reader shows it.

    tsdl(way)                 the type as written in front of a field's name; @way is tsdl_text.Way
    choose(random, known)     a value; @known maps lengths and tags (by identity of their type) to what was chosen for them
    encode(value, bits)       writes it to a Bits
    show(value)               as ctf_items.py has it

An alignment is one of the whole packet's, so everything is encoded into one Bits a packet.
"""
import math
import struct

from ctf_items import Single, enumeration


class Bits:
    """The bits of a packet, written in front of each other in either byte order."""

    def __init__(self, native):
        self.native = native
        self.bytes = bytearray()
        self.at = 0

    def align(self, bits):
        self.skip(-self.at % bits)

    def skip(self, bits):
        self.at += bits
        self.bytes.extend(bytes((self.at + 7) // 8 - len(self.bytes)))

    def put(self, value, size, order):
        """The low @size bits of @value: in little-endian order the lowest one comes first, in big-endian order the highest."""
        value &= (1 << size) - 1
        first, self.at = self.at, self.at + size
        n_bytes = (self.at + 7) // 8 - first // 8
        if order == "le":
            chunk = (value << first % 8).to_bytes(n_bytes, "little")
        else:
            chunk = (value << -self.at % 8).to_bytes(n_bytes, "big")
        self.bytes.extend(bytes((self.at + 7) // 8 - len(self.bytes)))
        for i, byte in enumerate(chunk, first // 8):
            self.bytes[i] |= byte


class Type:
    """@align in bits."""
    align = 1


class Integer(Type):
    """@role: what the writer of a packet knows better than chance, such as "content_size"; "length": small."""

    def __init__(self, size, align=None, signed=False, order=None, native="le", base=None, text=False, clock=None, role=None):
        self.size, self.signed, self.base, self.text, self.clock, self.role = size, signed, base, text, clock, role
        self.align = align or default_align(size)
        self.said_order, self.order = order, order or native

    @property
    def limits(self):
        return (-1 << self.size - 1, (1 << self.size - 1) - 1) if self.signed else (0, (1 << self.size) - 1)

    def tsdl(self, way):
        return way.integer(self)

    def choose(self, random, known):
        low, high = self.limits
        if self.role == "length":
            value = random.randint(0, min(high, 5))
        else:
            value = random.choice((low, high, low + 1 if self.size > 1 else low, 0, random.randint(low, high), random.randint(low, high),
                                   (1 << random.randrange(self.size)) + low * self.signed))
        known[id(self)] = value
        return value

    def encode(self, value, bits):
        bits.align(self.align)
        bits.put(value, self.size, self.order)

    def show(self, value):
        return value


class Enum(Type):
    """@mappings: (label, first, last), in the order of the metadata. @tag: of a variant, which has an option for each label."""

    def __init__(self, container, mappings, tag=False):
        self.container, self.mappings, self.tag = container, mappings, tag
        self.align = container.align

    def tsdl(self, way):
        return way.enum(self)

    def choose(self, random, known):
        _, first, last = random.choice(self.mappings)
        value = random.choice((first, last, random.randint(first, last)))
        if not self.tag and random.random() < 0.2:
            value = random.randint(*self.container.limits)
        known[id(self)] = value
        return value

    def labels(self, value):
        found = [label for label, first, last in self.mappings if first <= value <= last]
        return list(dict.fromkeys(found))

    def encode(self, value, bits):
        self.container.encode(value, bits)

    def show(self, value):
        return enumeration(value, self.labels(value))


FLOATS = (0.0, -0.0, math.inf, -math.inf, math.nan, 1.5, -0.1, 5e-324, 2.0**-149, 1e300, 3.4028234663852886e38, 16777217.0)


class Float(Type):
    def __init__(self, size, align=None, order=None, native="le"):
        self.size = size
        self.align = align or default_align(size)
        self.said_order, self.order = order, order or native

    def tsdl(self, way):
        return way.float(self)

    def choose(self, random, known):
        """Its bits."""
        if random.random() < 0.5:
            return random.getrandbits(self.size)
        if self.size == 64:
            return struct.unpack("<Q", struct.pack("<d", random.choice(FLOATS)))[0]
        try:
            return struct.unpack("<I", struct.pack("<f", random.choice(FLOATS)))[0]
        except OverflowError:
            return 0

    def encode(self, value, bits):
        bits.align(self.align)
        bits.put(value, self.size, self.order)

    def show(self, value):
        if self.size == 32:
            return Single(struct.unpack("<f", struct.pack("<I", value))[0])
        return struct.unpack("<d", struct.pack("<Q", value))[0]


TEXTS = (b"", b"a", b"some words", b"quote \" back \\ tab \t line \n",
         "\u00e9t\u00e9 \u20ac \U0001f600".encode(), b"\xff\xfe not UTF-8 \xc3",
         b"{}[],=:", bytes(range(1, 32)) + b"\x7f")


def shown_text(value):
    return value.split(b"\0")[0].decode("utf-8", "surrogateescape")


class String(Type):
    align = 8

    def __init__(self, said_encoding=None):
        self.said_encoding = said_encoding

    def tsdl(self, way):
        return way.string(self)

    def choose(self, random, known):
        return random.choice(TEXTS)

    def encode(self, value, bits):
        bits.align(8)
        for byte in value + b"\0":
            bits.put(byte, 8, bits.native)

    def show(self, value):
        return shown_text(value)


class Array(Type):
    """@count: a number, or @length: the type of the integer that says it, which TSDL finds at @path."""

    def __init__(self, element, count=None, length=None, path=None):
        self.element, self.count, self.length, self.path = element, count, length, path
        self.align = element.align

    @property
    def is_text(self):
        return isinstance(self.element, Integer) and self.element.text

    def n(self, known):
        return self.count if self.length is None else known[id(self.length)]

    def tsdl(self, way):
        return self.element.tsdl(way)

    def choose(self, random, known):
        n = self.n(known)
        if self.is_text:
            return (random.choice(TEXTS) + random.choice((b"", b"\0behind")))[:n].ljust(n, b"\0")
        return [self.element.choose(random, known) for _ in range(n)]

    def encode(self, value, bits):
        bits.align(self.align)
        for element in value:
            self.element.encode(element, bits)

    def show(self, value):
        return shown_text(value) if self.is_text else [self.element.show(element) for element in value]


class Struct(Type):
    """@members: (name in TSDL, type). @min_align as written behind it."""

    def __init__(self, members, min_align=None):
        self.members, self.min_align = members, min_align

    @property
    def align(self):
        return max([self.min_align or 1] + [member.align for _, member in self.members])

    def tsdl(self, way):
        return way.struct(self)

    def choose(self, random, known):
        return {name: member.choose(random, known) for name, member in self.members}

    def encode(self, value, bits):
        bits.align(self.align)
        for name, member in self.members:
            member.encode(value[name], bits)

    def show(self, value):
        return {shown_name(name): member.show(value[name]) for name, member in self.members if not is_hidden(member)}


class Variant(Type):
    """@options: (label, type) for each label of @tag, which TSDL finds at @path. A value is (label, value)."""

    def __init__(self, tag, options, path):
        self.tag, self.options, self.path = tag, options, path

    def tsdl(self, way):
        return way.variant(self)

    def choose(self, random, known):
        label = self.tag.labels(known[id(self.tag)])[0]
        return label, dict(self.options)[label].choose(random, known)

    def encode(self, value, bits):
        dict(self.options)[value[0]].encode(value[1], bits)

    def show(self, value):
        return {shown_name(value[0]): dict(self.options)[value[0]].show(value[1])}


HIDDEN = ("timestamp_begin", "timestamp_end", "content_size", "packet_size", "packet_seq_num", "events_discarded")


def is_hidden(member):
    """What the writer of a packet fills in for the reader alone."""
    return isinstance(member, Integer) and member.role in HIDDEN


def default_align(size):
    return 8 if size % 8 == 0 else 1


def shown_name(name):
    return name[1:] if name.startswith("_") else name
