# SPDX-License-Identifier: MIT
"""Writes metadata of CTF 1.8 (TSDL) for a made trace, each time in another of the ways that the language has: attributes in any order or
left out where they have their default, types in place or declared before by typealias, typedef, struct, enum and variant names, with
comments, and as plain text or in packets of either byte order.
"""
import json
import struct
import uuid

import tsdl_types as types

BASES = {2: ["2", "b", "binary"], 8: ["8", "o", "oct", "octal"],
         10: ["10", "d", "dec", "decimal", "i", "u"], 16: ["16", "x", "X", "hex", "hexadecimal", "p"]}
WORDS = ["unsigned long", "long long", "unsigned char", "short", "unsigned", "signed int", "unsigned long long int", "my_type", "uint8_t"]
COMMENTS = ["/* in between */", "// to the end of the line\n", "/* over\n   two lines * / */", "\n", "\t", " "]


class Way:
    """One way of writing. @declarations come in front of what uses them; those that need a clock in @clock_declarations."""

    def __init__(self, random, native, hard):
        self.random, self.native, self.hard = random, native, hard
        self.declarations, self.clock_declarations = [], []
        self.n = 0
        self.words = WORDS[:]
        self.random.shuffle(self.words)

    def chance(self, probability):
        return self.random.random() < probability

    def new_name(self, prefix):
        self.n += 1
        return f"{prefix}{self.n}"

    def number(self, value):
        """An integer constant."""
        if value >= 0 and self.chance(0.2):
            return self.random.choice((hex(value), "0" + oct(value)[2:] if value else "0", hex(value).upper().replace("0X", "0x")))
        return str(value)

    def attributes(self, pairs):
        pairs = pairs[:]
        self.random.shuffle(pairs)
        return "{ " + " ".join(f"{name} = {value};" for name, value in pairs) + " }"

    def order(self, order):
        return self.random.choice(("be", "network") if order == "be" else ("le",))

    def declared(self, member, text):
        """A name for a type that is written out elsewhere."""
        if self.words and self.chance(0.3):
            name = self.words.pop()
            self.declare(member, f"typealias {text} := {name};")
            return name
        name = self.new_name("type_")
        self.declare(member, self.random.choice((f"typealias {text} := {name};", f"typedef {text} {name};")))
        return name

    def declare(self, member, line):
        needs_clock = any(getattr(part, "clock", None) for part in walk(member))
        (self.clock_declarations if needs_clock else self.declarations).append(line)

    def integer(self, integer):
        pairs = [("size", self.number(integer.size))]
        if integer.align != types.default_align(integer.size) or self.chance(0.5):
            pairs.append(("align", self.number(integer.align)))
        if integer.signed or self.chance(0.3):
            pairs.append(("signed", self.random.choice(("true", "TRUE", "1") if integer.signed else ("false", "FALSE", "0"))))
        if integer.said_order:
            pairs.append(("byte_order", self.order(integer.said_order)))
        elif self.chance(0.1):
            pairs.append(("byte_order", "native"))
        if integer.base:
            pairs.append(("base", self.random.choice(BASES[integer.base])))
        if integer.text:
            pairs.append(("encoding", self.random.choice(("UTF8", "utf8", "ASCII"))))
        elif self.chance(0.1):
            pairs.append(("encoding", "none"))
        if integer.clock:
            pairs.append(("map", f"clock.{integer.clock}.value"))
        text = "integer " + self.attributes(pairs)
        return self.declared(integer, text) if self.chance(0.4) else text

    def float(self, number):
        pairs = [("exp_dig", 8 if number.size == 32 else 11), ("mant_dig", 24 if number.size == 32 else 53)]
        if number.align != types.default_align(number.size) or self.chance(0.5):
            pairs.append(("align", number.align))
        if number.said_order:
            pairs.append(("byte_order", self.order(number.said_order)))
        text = "floating_point " + self.attributes(pairs)
        return self.declared(number, text) if self.chance(0.3) else text

    def string(self, string):
        if string.said_encoding:
            return f"string {{ encoding = {string.said_encoding}; }}"
        return "string"

    def enum(self, enum):
        body, following = [], 0
        for label, first, last in enum.mappings:
            shown = label if label.isidentifier() and label.isascii() and self.chance(0.7) else json.dumps(label, ensure_ascii=False)
            if first == last == following and self.chance(0.6):
                body.append(shown)
            elif first == last:
                body.append(f"{shown} = {self.number(first)}")
            else:
                body.append(f"{shown} = {self.number(first)} ... {self.number(last)}")
            following = last + 1
        text = f": {enum.container.tsdl(self)} {{ {', '.join(body)}{',' if self.chance(0.3) else ''} }}"
        if self.chance(0.3):
            name = self.new_name("enum_")
            self.declarations.append(f"enum {name} {text};")
            return f"enum {name}"
        return f"enum {text}"

    def members(self, members):
        return " ".join(self.declaration(name, member) for name, member in members)

    def declaration(self, name, member):
        suffix = ""
        while isinstance(member, types.Array):
            suffix += f"[{self.number(member.count) if member.length is None else member.path}]"
            member = member.element
        comment = self.random.choice(COMMENTS) if self.chance(0.05) else ""
        return f"{member.tsdl(self)} {name}{suffix};{comment}"

    def struct(self, struct):
        body = f"{{ {self.members(struct.members)} }}"
        if struct.min_align:
            body += f" align({self.number(struct.min_align)})"
        if is_closed(struct) and (self.hard or not has_underscores(struct)) and self.chance(0.3):
            name = self.new_name("struct_")
            self.declare(struct, f"struct {name} {body};")
            return f"struct {name}"
        return f"struct {body}"

    def variant(self, variant):
        body = f"{{ {self.members(variant.options)} }}"
        options = types.Struct(variant.options)
        if is_closed(options) and (self.hard or not has_underscores(options)) and self.chance(0.3):
            name = self.new_name("variant_")
            self.declare(variant, f"variant {name} {body};")
            return f"variant {name} <{variant.path}>"
        return f"variant <{variant.path}> {body}"


def walk(member):
    """The type and all types in it."""
    yield member
    if isinstance(member, types.Array):
        yield from walk(member.element)
    for _, inner in getattr(member, "members", getattr(member, "options", ())):
        yield from walk(inner)


def is_closed(struct):
    """Nothing in it refers to what is outside, or says a path that begins outside."""
    parts = list(walk(struct))
    inside = {id(part) for part in parts}
    for part in parts:
        target = getattr(part, "length", None) or getattr(part, "tag", None)
        if isinstance(target, types.Type) and (id(target) not in inside or "." in part.path):
            return False
    return True


def has_underscores(member):
    return any(name.startswith("_") for part in walk(member) for name, _ in getattr(part, "members", getattr(part, "options", ())))


def _block(way, head, pairs):
    """Blocks of names and values, in any order."""
    pairs = [pair for pair in pairs if pair[1] is not None]
    way.random.shuffle(pairs)
    lines = [f"\t{name} {':=' if name.endswith(('header', 'context', 'fields')) else '='} {value};" for name, value in pairs]
    return f"{head} {{\n" + "\n".join(lines) + "\n};\n"


def _scope(way, struct):
    return None if struct is None else way.struct(struct)


def _trace(way, trace):
    return _block(way, "trace", [("major", "1"), ("minor", "8"), ("byte_order", trace.native),
                                 ("uuid", trace.uuid and f'"{uuid.UUID(bytes=trace.uuid)}"'),
                                 ("packet.header", _scope(way, trace.packet_header))])


def _clock(way, clock):
    return _block(way, "clock", [("name", clock.name), ("uuid", clock.uuid and f'"{clock.uuid}"'), ("freq", clock.frequency),
                                 ("offset_s", clock.offset_s or None), ("offset", clock.offset_cycles or None),
                                 ("precision", clock.precision), ("description", clock.description and json.dumps(clock.description)),
                                 ("absolute", clock.absolute)])


def _stream(way, stream):
    return _block(way, "stream", [("id", stream.said_id), ("packet.context", _scope(way, stream.packet_context)),
                                  ("event.header", stream.header and _scope(way, stream.header.struct)),
                                  ("event.context", _scope(way, stream.event_context))])


def _event(way, stream, event):
    return _block(way, "event", [("name", json.dumps(event.name, ensure_ascii=False)), ("id", event.said_id),
                                 ("stream_id", stream.said_id), ("loglevel", event.loglevel),
                                 ("model.emf.uri", event.uri and f'"{event.uri}"'), ("context", _scope(way, event.context)),
                                 ("fields", _scope(way, event.payload))])


def metadata_text(trace, random):
    way = Way(random, trace.native, trace.hard)
    head = [_trace(way, trace)]
    if trace.env:
        head.append(_block(way, "env", [(name, json.dumps(value) if isinstance(value, str) else value) for name, value in trace.env]))
    clocks = [_clock(way, clock) for clock in trace.clocks]
    body = []
    for stream in trace.streams:
        events = [_event(way, stream, event) for event in stream.events]
        if way.chance(0.3):
            events.append('callsite { name = "nobody"; func = "main"; file = "made.c"; line = 5; };\n')
        body += [_stream(way, stream), *events]
    # What has a clock's type in it comes behind the clocks.
    return ("/* CTF 1.8 */\n" + "\n".join(way.declarations) + "\n" + "".join(head) + "".join(clocks)
            + "\n".join(way.clock_declarations) + "\n" + "".join(body))


def metadata_file(text, trace, random):
    """The file's bytes: the text, or packets with it."""
    data = text.encode()
    if random.random() < 0.5:
        return data
    order = random.choice("<>")
    packets = []
    while data:
        n = random.randint(1, len(data)) if random.random() < 0.7 else len(data)
        piece, data = data[:n], data[n:]
        padding = random.choice((0, 0, 1, 100))
        packets.append(struct.pack(order + "I16sIII5B", 0x75d11d57, trace.uuid or bytes(16), 0, (37 + len(piece)) * 8,
                                   (37 + len(piece) + padding) * 8, 0, 0, 0, 1, 8) + piece + bytes(padding))
    return b"".join(packets)
