#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CTF 2 traces by chance: random field classes and values, encoded here by the specification, and what borelog makes of them.

Usage: ctf2_random.py BORELOG [COUNT [FIRST_SEED [DIRECTORY]]]

Each seed is a trace with its own classes, streams and packets; the same seed is always the same trace. What the hand-made traces
(ctf2.py) show one by one is mixed here: any class in any other, at any bit, behind any length. A trace that is read wrong is kept
if a directory is named.

A generated class is a pair: its JSON, and a function put(writer, scopes, frames) that encodes one random instance and returns the
value that others locate and the value that is shown. frames are the structures around the field that is being written, the
outermost first; scopes are those of the record and its packet.
"""
import dataclasses
import os
import random
import shutil
import struct as packing
import sys
import tempfile

from ctf2.case import BE, FTL, LE, LTF, PREAMBLE, Case, clock, text_sequence
from ctf2.run import run

SMALL = 4
OCTETS = 'application/octet-stream'
EPOCH = 1600000000
UNITS = {'utf-8': 1, 'utf-16le': 2, 'utf-16be': 2, 'utf-32le': 4, 'utf-32be': 4}
LETTERS = 'aZ09 "\\/\n\x01\x7fé☃Āā一😀\U0010ffff'
WORDS = ['a', 'b', 'n', 'len', 'x y', '_u', '__v', 'é', 'a.b', '', 'type', '"', 'struct']


class Writer:
    """One packet's bits. What is not written stays garbage."""

    def __init__(self, chance):
        self.chance, self.at, self.bytes = chance, 0, bytearray()

    def align(self, alignment):
        self.at += -self.at % alignment

    def room(self, bits):
        self.bytes += self.chance.randbytes(max((bits + 7) // 8 - len(self.bytes), 0))

    def number(self, value, length, big, last_first, at=None):
        """6.4.3. The first bit is the lowest of little-endian, the highest of big-endian bytes; in the other bit order the value is
        turned round."""
        start = self.at if at is None else at
        if last_first != big:
            value = int(f'{value:0{length}b}'[::-1], 2)
        self.room(start + length)
        first, behind, order = start // 8, (start + length + 7) // 8, 'big' if big else 'little'
        shift = 8 * behind - start - length if big else start % 8
        old = int.from_bytes(self.bytes[first:behind], order) & ~(((1 << length) - 1) << shift)
        self.bytes[first:behind] = (old | value << shift).to_bytes(behind - first, order)
        if at is None:
            self.at += length

    def octets(self, octets):
        self.align(8)
        self.room(self.at + 8 * len(octets))
        self.bytes[self.at // 8 : self.at // 8 + len(octets)] = octets
        self.at += 8 * len(octets)


def leb(value, chance, signed):
    """Any form of it in at most 10 bytes, not only the shortest."""
    out = []
    while True:
        low, value = value & 0x7F, value >> 7
        done = value == 0 and not low & 0x40 or value == -1 and low & 0x40 if signed else value == 0
        if done and (len(out) > 6 or chance.random() < 0.8):
            return bytes(out + [low])
        out.append(low | 0x80)


class Maker:
    """Classes of one trace. known: what can be located, as (origin, number of the frame, names from there on, kind)."""

    def __init__(self, chance):
        self.chance = chance
        self.order = chance.choice([LE, BE, None])  # None: both, so that no two may share a byte
        self.known, self.depth, self.origin, self.roles = [], 0, '', 0

    def pick(self, *odds):
        """One of (weight, value)."""
        return self.chance.choices([value for _, value in odds], [weight for weight, _ in odds])[0]

    # ---- fixed-length ----

    def layout(self, length):
        order = self.order or self.chance.choice([LE, BE])
        alignment = self.pick((6, 1), (4, 8), (1, 2), (1, 4), (2, 16), (2, 32), (1, 64))
        out = {'length': length, 'byte-order': order}
        if not self.order and alignment < 8:
            alignment = 8
        if alignment > 1 or self.chance.random() < 0.1:
            out['alignment'] = alignment
        usual = FTL if order == LE else LTF
        bit_order = self.pick((8, None), (1, FTL), (1, LTF))
        if bit_order:
            out['bit-order'] = bit_order

        def put(writer, value):
            writer.align(alignment)
            writer.number(value, length, order == BE, (bit_order or usual) == LTF)

        return out, put

    def length(self):
        return self.pick((3, 8), (2, 16), (2, 32), (2, 64), (4, self.chance.randint(1, 64)))

    def value(self, length, signed):
        bits = self.pick((3, self.chance.getrandbits(length)), (1, 0), (1, (1 << length) - 1), (1, 1 << (length - 1)), (1, 1))
        return bits - (1 << length) if signed and bits >> (length - 1) else bits

    def mappings(self, low, high):
        """JSON and a function that shows a value."""
        if self.chance.random() < 0.8:
            return {}, lambda value: value
        out = {}
        for name in self.chance.sample(WORDS, self.chance.randint(1, 3)):
            bounds = [
                self.pick(
                    (1, low), (1, high), (3, self.chance.randint(low, high)), (2, min(max(self.chance.randint(-2, 5), low), high))
                )
                for _ in range(4)
            ]
            out[name] = [sorted(bounds[:2]), sorted(bounds[2:])][: self.chance.randint(1, 2)]
        return {'mappings': out}, lambda value: {
            'value': value,
            'labels': [name for name, ranges in out.items() if any(a <= value <= b for a, b in ranges)],
        }

    def integer(self, small=False):
        signed = not small and self.chance.random() < 0.4
        if self.chance.random() < 0.25:
            length, layout = 64, {'type': f'variable-length-{"" if signed else "un"}signed-integer'}

            def write(writer, value):
                writer.octets(leb(value, self.chance, signed))

        else:
            length = max(self.length(), 3 if small else 1)
            layout, write_bits = self.layout(length)
            layout = {'type': f'fixed-length-{"" if signed else "un"}signed-integer', **layout}

            def write(writer, value):
                write_bits(writer, value & ((1 << length) - 1))

        mappings, show = self.mappings(-1 << (length - 1) if signed else 0, (1 << (length - signed)) - 1)

        def put(writer, scopes, frames):
            value = self.chance.randint(0, SMALL) if small else self.value(length, signed)
            write(writer, value)
            return value, show(value)

        return {**layout, **mappings}, put

    def bit_array(self):
        length = self.length()
        layout, write = self.layout(length)
        flags = (
            {name: [sorted(self.chance.choices(range(length), k=2))] for name in self.chance.sample(WORDS, 2)}
            if self.chance.random() < 0.5
            else None
        )

        def put(writer, scopes, frames):
            value = self.value(length, False)
            write(writer, value)
            active = [
                name
                for name, ranges in (flags or {}).items()
                if any(value >> bit & 1 for low, high in ranges for bit in range(low, high + 1))
            ]
            return None, {'value': value, 'flags': active} if flags else value

        return (
            {'type': 'fixed-length-bit-map', 'flags': flags, **layout} if flags else {'type': 'fixed-length-bit-array', **layout}
        ), put

    def boolean(self):
        length = self.pick((2, 1), (2, 8), (1, self.length()))
        layout, write = self.layout(length)

        def put(writer, scopes, frames):
            value = self.chance.choice([0, self.chance.getrandbits(length), 1 << self.chance.randrange(length)])
            write(writer, value)
            return bool(value), bool(value)

        return {'type': 'fixed-length-boolean', **layout}, put

    def real(self):
        length = self.chance.choice([16, 32, 64])
        layout, write = self.layout(length)

        def put(writer, scopes, frames):
            value = self.chance.randint(-2000, 2000) / 8
            write(writer, int.from_bytes(packing.pack({16: '<e', 32: '<f', 64: '<d'}[length], value), 'little'))
            return None, value

        return {'type': 'fixed-length-floating-point-number', **layout}, put

    # ---- bytes ----

    def text(self):
        kind = self.pick((2, 'null-terminated-string'), (1, 'static-length-string'), (2, 'dynamic-length-string'))
        location = self.locate('length') if kind == 'dynamic-length-string' else None
        if kind == 'dynamic-length-string' and not location:
            kind = 'null-terminated-string'
        # A length of so many bytes that another field has may be no whole number of units.
        encoding = 'utf-8' if location else self.chance.choice(list(UNITS))
        unit = UNITS[encoding]
        more = {'encoding': encoding} if encoding != 'utf-8' or self.chance.random() < 0.2 else {}
        static = unit * self.chance.randint(0, 5)
        more.update(
            {'length': static} if kind == 'static-length-string' else {'length-field-location': location[0]} if location else {}
        )

        def put(writer, scopes, frames):
            text, octets = '', b''
            room = static if kind == 'static-length-string' else location[1](scopes, frames) if location else 24
            for letter in self.chance.choices(LETTERS, k=self.chance.randint(0, 6)):
                if len(octets + letter.encode(encoding)) <= room:
                    text, octets = text + letter, octets + letter.encode(encoding)
            if kind == 'null-terminated-string':
                octets += bytes(unit)
            elif len(octets) < room:  # what is behind a NUL is garbage
                octets = (octets + bytes(unit) + self.chance.randbytes(room))[:room]
            writer.octets(octets)
            return None, text

        return {'type': kind, **more}, put

    def blob(self):
        media = {'media-type': 'image/x'} if self.chance.random() < 0.3 else {}
        location, static = self.locate('length') if self.chance.random() < 0.5 else None, self.chance.randint(0, 5)

        def put(writer, scopes, frames):
            octets = self.chance.randbytes(location[1](scopes, frames) if location else static)
            writer.octets(octets)
            return None, {'blob': octets.hex(), 'media_type': media.get('media-type', OCTETS)}

        if location:
            return {'type': 'dynamic-length-blob', 'length-field-location': location[0], **media}, put
        return {'type': 'static-length-blob', 'length': static, **media}, put

    # ---- compound ----

    def array(self, level):
        location, static = self.locate('length') if self.chance.random() < 0.6 else None, self.pick(
            (6, self.chance.randint(0, 4)), (1, 40)
        )
        # Fields inside an element are located within the element only, or outside of the array.
        mark = len(self.known)
        element, put_element = self.any(level + 1)
        del self.known[mark:]
        minimum = self.minimum()
        alignment = max(minimum.get('minimum-alignment', 1), requirement(element))

        def put(writer, scopes, frames):
            writer.align(alignment)
            count = location[1](scopes, frames) if location else static
            return None, [put_element(writer, scopes, frames)[1] for _ in range(count)]

        if location:
            return {
                'type': 'dynamic-length-array',
                'length-field-location': location[0],
                'element-field-class': element,
                **minimum,
            }, put
        return {'type': 'static-length-array', 'length': static, 'element-field-class': element, **minimum}, put

    def minimum(self):
        return {'minimum-alignment': self.chance.choice([1, 8, 16, 32, 64])} if self.chance.random() < 0.15 else {}

    def optional(self, level):
        location = self.locate('selector')
        if location is None:
            return self.integer()
        mark = len(self.known)
        content, put_content = self.any(level + 1)
        del self.known[mark:]
        boolean = location[2] == 'boolean'
        ranges = None if boolean else [sorted(self.chance.choices(range(SMALL + 2), k=2)) for _ in range(self.chance.randint(1, 2))]

        def put(writer, scopes, frames):
            value = location[1](scopes, frames)
            if not (value if boolean else any(low <= value <= high for low, high in ranges)):
                return None, None
            return None, put_content(writer, scopes, frames)[1]

        return {
            'type': 'optional',
            'selector-field-location': location[0],
            'field-class': content,
            **({} if boolean else {'selector-field-ranges': ranges}),
        }, put

    def variant(self, level):
        location = self.locate('length')
        if location is None:
            return self.integer()
        options, mark = [], len(self.known)
        for value, name in enumerate(self.chance.sample(WORDS, SMALL + 1)):
            content, put_content = self.any(level + 1)
            options.append(({'name': name, 'selector-field-ranges': [[value, value]], 'field-class': content}, put_content))
            del self.known[mark:]

        def put(writer, scopes, frames):
            chosen, put_content = options[location[1](scopes, frames)]
            return None, {chosen['name']: put_content(writer, scopes, frames)[1]}

        shuffled = [chosen for chosen, _ in options]
        self.chance.shuffle(shuffled)
        return {'type': 'variant', 'selector-field-location': location[0], 'options': shuffled}, put

    def structure(self, level, names=None, extra=()):
        """extra: (name, class, put) in front."""
        members, frame, mark = list(extra), self.depth, len(self.known)
        self.depth += 1
        for name in names if names is not None else self.chance.sample(WORDS, self.chance.randint(0, 5)):
            small = self.chance.random() < 0.35
            kind = 'integer' if small else None
            before = len(self.known)
            field_class, put = self.integer(small=True) if small else self.any(level + 1)
            if not small and field_class['type'] == 'fixed-length-boolean':
                kind = 'boolean'
            inner = self.known[before:]
            del self.known[before:]
            if field_class['type'] == 'structure':  # what is in there can be located from here on
                self.known += [
                    (self.origin, frame, [name] + path, what) for origin, depth, path, what in inner if depth == frame + 1
                ]
            if kind:
                self.known.append((self.origin, frame, [name], kind))
            members.append((name, field_class, put))
        self.depth -= 1
        found = self.known[mark:]
        del self.known[mark:]
        self.known += found
        minimum = self.minimum()
        out = {
            'type': 'structure',
            'member-classes': [{'name': name, 'field-class': field_class} for name, field_class, _ in members],
            **minimum,
        }
        alignment = requirement(out)

        def put(writer, scopes, frames):
            writer.align(alignment)
            values, shown = {}, {}
            for name, _, put_member in members:
                values[name], shown[name] = put_member(writer, scopes, frames + [values])
            return values, shown

        return out, put

    def any(self, level):
        if level > 5:
            return self.integer()
        kind = self.pick(
            (6, 'integer'),
            (2, 'boolean'),
            (1, 'bit_array'),
            (2, 'real'),
            (3, 'text'),
            (2, 'blob'),
            (3, 'structure'),
            (4, 'array'),
            (3, 'optional'),
            (3, 'variant'),
        )
        make = getattr(self, kind)
        return make(level) if kind in ('structure', 'array', 'optional', 'variant') else make()

    # ---- locations ----

    def locate(self, what):
        """A field before: its location, a function that finds its value, its kind. None: there is no fit one."""
        fit = [known for known in self.known if known[3] == 'integer' or what == 'selector']
        if not fit:
            return None
        origin, frame, path, kind = self.chance.choice(fit)
        if origin != self.origin:
            return {'origin': origin, 'path': path}, lambda scopes, frames: follow(scopes[origin], path), kind

        def find(scopes, frames):
            return follow(frames[frame], path)

        if frame == 0 and self.chance.random() < 0.4:
            return {'origin': origin, 'path': path}, find, kind
        return {'path': [None] * (self.depth - 1 - frame) + path}, find, kind

    def scope(self, origin, level=0, extra=()):
        """The structure of a scope. What is in it can be located afterwards."""
        self.origin, self.depth, mark = origin, 0, len(self.known)
        names = self.chance.sample(WORDS, self.chance.randint(1, 6))
        out, put = self.structure(level, [name for name in names if name not in [taken for taken, _, _ in extra]], extra)
        self.known[mark:] = [known for known in self.known[mark:] if known[1] == 0]
        return out, put


def follow(structure, path):
    for name in path:
        structure = structure[name]
    return structure


def requirement(field_class):
    """6.4.1."""
    kind = field_class['type']
    if kind == 'structure':
        return max(
            [field_class.get('minimum-alignment', 1)]
            + [requirement(member['field-class']) for member in field_class['member-classes']]
        )
    if kind.endswith('array') and 'element-field-class' in field_class:
        return max(field_class.get('minimum-alignment', 1), requirement(field_class['element-field-class']))
    if kind in ('optional', 'variant'):
        return 1
    return field_class.get('alignment', 1) if kind.startswith('fixed') else 8


class Trace:
    """One data stream class with a clock, several event record classes, one stream of some packets."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.maker = Maker(self.chance)
        self.now, self.places = self.chance.getrandbits(40), {}
        self.long = self.chance.random() < 0.04  # more than a reader has in memory at once
        self.fragments = [PREAMBLE]
        self.header = self.packet_header()
        self.context = self.packet_context()
        self.record_header = self.make_record_header()
        self.common = self.maker.scope('event-record-common-context') if self.chance.random() < 0.5 else None
        self.fragments += [
            clock(origin='unix-epoch', offset_from_origin={'seconds': EPOCH, 'cycles': 5}),
            {
                'type': 'data-stream-class',
                'default-clock-class-id': 'c',
                'packet-context-field-class': self.context[0],
                'event-record-header-field-class': self.record_header[0],
                **({'event-record-common-context-field-class': self.common[0]} if self.common else {}),
            },
        ]
        self.events = [self.event_class(number) for number in range(SMALL + 1)]

    def role(self, name, role, width=None, value=None):
        """A member with a role; its value is put in later, or is that of a function."""
        length = width or self.chance.choice([32, 64])
        layout, write = self.maker.layout(length)

        def put(writer, scopes, frames):
            writer.align(layout.get('alignment', 1))
            self.places[role] = (writer.at, layout)
            write(writer, value() if value else 0)
            return None, None

        return name, {'type': 'fixed-length-unsigned-integer', 'roles': [role], **layout}, put

    def late(self, writer, role, value):
        at, layout = self.places[role]
        big = layout['byte-order'] == BE
        writer.number(value, layout['length'], big, layout.get('bit-order', LTF if big else FTL) == LTF, at)

    def packet_header(self):
        if self.chance.random() < 0.3:
            return None
        magic = self.role('magic', 'packet-magic-number', 32, lambda: 0xC1FC1FC1)
        self.maker.origin = 'packet-header'
        self.maker.depth = 0
        out = self.maker.structure(9, [], [magic, self.role('id', 'data-stream-class-id', None, lambda: 0)])
        self.fragments.append({'type': 'trace-class', 'packet-header-field-class': out[0]})
        return out

    def packet_context(self):
        extra = [self.role('total', 'packet-total-length'), self.role('content', 'packet-content-length')]
        extra.append(self.role('begin', 'default-clock-timestamp', 64, lambda: self.now))
        if self.chance.random() < 0.5:
            extra.append(self.role('end', 'packet-end-default-clock-timestamp', 64))
        self.chance.shuffle(extra)
        return self.maker.scope('packet-context', 2, extra)

    def make_record_header(self):
        width = self.chance.choice([5, 8, 16, 27, 32, 64])
        extra = [
            self.role('id', 'event-record-class-id', self.chance.choice([3, 5, 8, 16, 32]), lambda: self.event_number),
            self.role('t', 'default-clock-timestamp', width, lambda: self.now & ((1 << width) - 1)),
        ]
        self.chance.shuffle(extra)
        self.stamp_bits = width
        self.maker.origin, self.maker.depth = 'event-record-header', 0
        return self.maker.structure(9, [], extra)

    def event_class(self, number):
        mark = len(self.maker.known)
        context = self.maker.scope('event-record-specific-context') if self.chance.random() < 0.3 else None
        payload = self.maker.scope('event-record-payload') if self.chance.random() < 0.9 else None
        del self.maker.known[mark:]
        self.fragments.append(
            {
                'type': 'event-record-class',
                'id': number,
                'name': f'e{number}',
                **({'specific-context-field-class': context[0]} if context else {}),
                **({'payload-field-class': payload[0]} if payload else {}),
            }
        )
        return context, payload

    def record(self, writer, scopes, packet, packet_context):
        """Return: what is expected of it."""
        self.event_number = self.chance.randrange(len(self.events))
        self.now += self.chance.randrange(1 << min(self.stamp_bits, 40))
        context, payload = self.events[self.event_number]
        self.record_header[1](writer, scopes, [])
        expected = {
            'name': f'e{self.event_number}',
            'id': self.event_number,
            'time': EPOCH * 1000000000 + 5 + self.now,
            'cycles': self.now,
            'stream': 0,
            'file': 'stream',
            'packet': packet,
            'packet_context': packet_context,
        }
        for name, origin, scope in [
            ('context', 'event-record-common-context', self.common),
            ('event_context', 'event-record-specific-context', context),
            ('fields', 'event-record-payload', payload),
        ]:
            if scope:
                scopes[origin], expected[name] = scope[1](writer, scopes, [])
        return expected

    def packet(self, number):
        """Return: bytes and what is expected of them."""
        writer, scopes = Writer(self.chance), {}
        if self.header:
            self.header[1](writer, scopes, [])
        scopes['packet-context'], shown = self.context[1](writer, scopes, [])
        for role in ('total', 'content', 'begin', 'end'):
            shown.pop(role, None)
        expected = []
        records, size = (None, 8 * self.chance.randint(30000, 100000)) if self.long else (self.chance.randint(0, 6), None)
        while writer.at < size if size else len(expected) < records:
            expected.append(self.record(writer, scopes, number, shown))
        content = writer.at
        writer.room(content)
        total = 8 * (len(writer.bytes) + self.chance.choice([0, 0, 1, 7]))
        writer.room(total)
        self.late(writer, 'packet-total-length', total)
        self.late(writer, 'packet-content-length', content)
        if 'packet-end-default-clock-timestamp' in self.places:
            self.now += self.chance.randrange(3)
            self.late(writer, 'packet-end-default-clock-timestamp', self.now)
        return bytes(writer.bytes), expected

    def case(self, name):
        packets = [self.packet(number) for number in range(self.chance.randint(1, 4))]
        return Case(
            name,
            'random',
            text_sequence(self.fragments),
            {'stream': b''.join(octets for octets, _ in packets)},
            [record for _, expected in packets for record in expected],
        )


def part(borelog, case, path, chance):
    """Of the same trace what is in an interval; its ends are often at a record's time."""
    times = [record['time'] for record in case.events] or [EPOCH * 1000000000]
    first, behind = sorted(chance.choice(times) + chance.choice([0, 0, 0, 1, -1]) for _ in range(2))
    options = chance.choice([['--from', str(first)], ['--to', str(behind)], ['--from', str(first), '--to', str(behind)]])
    events = [
        record
        for record in case.events
        if ('--from' not in options or first <= record['time']) and ('--to' not in options or record['time'] < behind)
    ]
    wrong = run(borelog, dataclasses.replace(case, events=events), path, *options)
    return wrong and [f'with {" ".join(options)}', *wrong]


def main():
    count, first = (int(sys.argv[2]) if len(sys.argv) > 2 else 300), (int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    keep, failed, records = sys.argv[4] if len(sys.argv) > 4 else None, 0, 0
    with tempfile.TemporaryDirectory(prefix='borelog-ctf2-') as directory:
        for seed in range(first, first + count):
            case = Trace(seed).case(f'seed-{seed}')
            records += len(case.events)
            path = os.path.join(directory, case.name)
            wrong = run(sys.argv[1], case, path) or part(sys.argv[1], case, path, random.Random(seed))
            if wrong:
                failed += 1
                print(case.name, *(text[:2000] for text in wrong[:3]), sep='\n    ')
                if keep:
                    shutil.copytree(path, os.path.join(keep, case.name), dirs_exist_ok=True)
            shutil.rmtree(path)
    print(f'{count - failed} passed, {failed} failed: {records} records')
    return 1 if failed or not records else 0


if __name__ == '__main__':
    sys.exit(main())
