#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every type of field, written by the ring and its descriptions, read back by babeltrace2 and compared value by value.

Usage: ctf_roundtrip.py PLAY [COMMAND...]

PLAY is the program of play.c, COMMAND what runs it (an emulator of another architecture). The events, the encoding and the expected
values are written down here, apart from the project's own code. The trace is judged as written, and once more with every number
turned to the other byte order. The CTF 2 metadata of the same bytes is held against the rules of its specification (ctf2_rules.py);
babeltrace2 2.1 also reads the bytes by it, older ones cannot.
"""
import math
import os
import struct
import subprocess
import sys
import tempfile

import ctf2_rules

try:
    import bt2
except ImportError:
    print('skipped: no Python module bt2 (Debian: python3-bt2)')
    sys.exit(77)

# Name of a type: number in core/event.h, letter for struct.
TYPES = {'u8': (1, 'B'), 'u16': (2, 'H'), 'u32': (3, 'I'), 'u64': (4, 'Q'), 'i8': (5, 'b'), 'i16': (6, 'h'), 'i32': (7, 'i'),
         'i64': (8, 'q'), 'f32': (9, 'f'), 'f64': (10, 'd'), 'bool': (11, 'B'), 'string': (12, None)}
HEX, SEQUENCE, ENUM = 0x20, 0x40, 0x80
CONTEXT_TID = 1
HEAD = 'II16sQQQIIIIQQQQ5Q'
LOST = ['full', 'size', 'attach', 'torn', 'busy']
FREQUENCY, OFFSET_S, OFFSET = 2500000000, 1700000000, 2499999999

U64_MAX, I64_MIN, I64_MAX = 2**64 - 1, -2**63, 2**63 - 1


class Field:
    def __init__(self, kind, name, want=None, flags=0, mappings=()):
        self.kind, self.name, self.flags, self.mappings = kind, name, flags, list(mappings)
        self.want = want if want is not None else name
        if mappings:
            self.flags |= ENUM

    def publish(self, order):
        out = bytes([TYPES[self.kind][0] | self.flags]) + self.name.encode() + b'\0'
        if self.flags & ENUM:
            out += struct.pack(order + 'H', len(self.mappings))
        for first, last, label in self.mappings:
            out += struct.pack(order + 'QQ', first & U64_MAX, last & U64_MAX) + label.encode() + b'\0'
        return out

    def encode(self, order, value):
        letter = TYPES[self.kind][1]
        if self.kind == 'string':
            return value.encode() + b'\0'
        if self.flags & SEQUENCE:
            return struct.pack(order + 'H', len(value)) + b''.join(struct.pack(order + letter, v) for v in value)
        return struct.pack(order + letter, value)

    def turn(self, data, at, order, other):
        """The field's bytes at data[at:] in the other byte order, and where the next one begins."""
        letter = TYPES[self.kind][1]
        if self.kind == 'string':
            end = data.index(b'\0', at) + 1
            return data[at:end], end
        count, out = 1, b''
        if self.flags & SEQUENCE:
            count = struct.unpack_from(order + 'H', data, at)[0]
            out = struct.pack(other + 'H', count)
            at += 2
        size = struct.calcsize(letter)
        for _ in range(count):
            out += data[at:at + size] if order == other else data[at:at + size][::-1]
            at += size
        return out, at

    def labels(self, value):
        if self.kind == 'bool':
            return ['true' if value else 'false']
        return [label for first, last, label in self.mappings if first <= value <= last]


class Event:
    def __init__(self, number, category, name, fields, file='', line=0):
        self.number, self.category, self.name, self.fields, self.file, self.line = number, category, name, fields, file, line

    def full_name(self):
        return f'{self.category}:{self.name}' if self.category else self.name

    def publish(self, order):
        body = b''.join(s.encode() + b'\0' for s in (self.category, self.name, self.file))
        body += b''.join(f.publish(order) for f in self.fields)
        size = (16 + len(body) + 7) // 8 * 8
        head = struct.pack(order + 'IIIHH', size, self.number, self.line, len(self.fields), 0)
        return (head + body).ljust(size, b'\0')

    def encode(self, order, values):
        assert len(values) == len(self.fields)
        return b''.join(f.encode(order, v) for f, v in zip(self.fields, values))


def limits(kind):
    """Values of a type at which something could go wrong."""
    if kind[0] == 'u':
        bits = int(kind[1:])
        return [0, 1, 2**(bits - 1) - 1, 2**(bits - 1), 2**bits - 1]
    if kind[0] == 'i':
        bits = int(kind[1:])
        return [0, -1, 1, -2**(bits - 1), 2**(bits - 1) - 1]
    if kind == 'f32':
        return [0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, 2.0**-149, (2 - 2.0**-23) * 2.0**127]
    if kind == 'f64':
        return [0.0, -0.0, -1.1, math.inf, -math.inf, math.nan, 5e-324, sys.float_info.max]
    if kind == 'bool':
        return [0, 1]
    return ['', 'a', 'naïve ☃ 𝄞', 'x' * 300, '(null)', '"quoted\\"\n']


SCALARS = list(TYPES)
NUMBERS = [kind for kind in TYPES if kind != 'string']
ODD_NAMES = [('int', 'int'), ('struct', 'struct'), ('event', 'event'), ('x->y[3]', 'x_y_3'), ('x->y[3]', 'x_y_3_2'), ('a + b', 'a_b'),
             ('*p', 'p'), ('f(1, "two")', 'f_1_two'), ('_x', '_x'), ('__x', '__x'), ('3x', '3x'), ('', 'field'), ('é', 'field_2'),
             ('timestamp', 'timestamp'), ('id', 'id'), ('CamelCase9', 'CamelCase9')]

EVENTS = [
    Event(1, 'types', 'scalars', [Field(kind, 'v_' + kind) for kind in SCALARS], 'src/deep dir/file.c', 4242),
    Event(2, 'types', 'sequences', [Field(kind, 's_' + kind, flags=SEQUENCE) for kind in NUMBERS], 'a.c', 1),
    Event(3, 'types', 'hex', [Field(kind, 'h_' + kind, flags=HEX) for kind in ('u8', 'u16', 'u32', 'u64')] +
          [Field('u8', 'block', flags=HEX | SEQUENCE), Field('u32', 'words', flags=HEX | SEQUENCE)]),
    Event(4, 'types', 'enums', [
        Field('u8', 'e_u8', mappings=[(0, 0, 'NONE'), (1, 1, 'ONE'), (2, 9, 'some "few\\"'), (255, 255, 'é')]),
        Field('i8', 'e_i8', mappings=[(-128, -1, 'negative'), (0, 0, 'zero'), (1, 127, 'positive')]),
        Field('u16', 'e_u16', mappings=[(1, 1, 'first'), (3, 3, 'first'), (0, 65535, 'any')]),
        Field('i16', 'e_i16', mappings=[(-5, -3, 'int'), (-32768, -32768, 'lowest')]),
        Field('u32', 'e_u32', flags=HEX, mappings=[(2**32 - 1, 2**32 - 1, 'all')]),
        Field('i32', 'e_i32', mappings=[(-2**31, 2**31 - 1, 'whatever')]),
        Field('u64', 'e_u64', mappings=[(0, 0, 'zero'), (2**63, U64_MAX, 'upper half')]),
        Field('i64', 'e_i64', mappings=[(I64_MIN, I64_MIN, 'lowest'), (I64_MAX, I64_MAX, 'highest')]),
        Field('u8', 'e_many', flags=SEQUENCE, mappings=[(7, 7, 'seven')]),
        Field('u8', 'plain', flags=ENUM)]),
    Event(5, 'types', 'nothing', []),
    Event(6, 'types', 'odd names', [Field('u32', name, want) for name, want in ODD_NAMES]),
    Event(7, 'types', 'lengths', [Field('u8', 'a', flags=SEQUENCE), Field('u32', '_a_length', '_a_length_2'),
                                  Field('u16', 'a', 'a_2', flags=SEQUENCE), Field('string', 's')]),
    Event(8, 'quote"back\\slash', 'snow☃man', [Field('string', 'text')], 'q"uote\\.c', 7),
    Event(30, '', 'last compact one of 5 bits', [Field('i64', 'i')]),
    Event(31, 'ids', 'extended in 5 bits', [Field('i64', 'i')]),
    Event(4094, 'ids', 'last compact one of 12 bits', [Field('i64', 'i')]),
    Event(4095, 'ids', 'extended in 12 bits', [Field('i64', 'i')]),
    Event(65535, 'ids', 'extended in 16 bits', [Field('i64', 'i')]),
    Event(1000000, 'ids', 'extended', [Field('i64', 'i'), Field('string', 's')]),
]
BY_NUMBER = {event.number: event for event in EVENTS}


def all_values():
    """Pairs of event and values."""
    for i in range(10):
        yield BY_NUMBER[1], [limits(kind)[i % len(limits(kind))] for kind in SCALARS]
    for n in range(5):
        yield BY_NUMBER[2], [(limits(kind) * n)[:n * 2] for kind in NUMBERS]
    yield BY_NUMBER[3], [0xab, 0xabcd, 0xdeadbeef, 0x0123456789abcdef, b'\0\1\xff', [0, 0xffffffff]]
    yield BY_NUMBER[3], [0, 0, 0, 0, b'', []]
    yield BY_NUMBER[3], [1, 1, 1, 1, bytes(range(256)), [1] * 100]
    yield BY_NUMBER[4], [0, -128, 1, -4, 2**32 - 1, -2**31, U64_MAX, I64_MIN, [], 0]
    yield BY_NUMBER[4], [5, -1, 3, -3, 0, 0, 2**63, I64_MAX, [7, 8, 7], 1]
    yield BY_NUMBER[4], [255, 127, 65535, -32768, 1, 2**31 - 1, 2**63 - 1, 0, [0], 255]
    yield BY_NUMBER[4], [100, 0, 0, 32767, 2, 5, 0, 1, [7], 2]
    yield BY_NUMBER[5], []
    yield BY_NUMBER[6], list(range(100, 116))
    yield BY_NUMBER[7], [b'abc', 7, [1, 2], 'tail']
    yield BY_NUMBER[8], ['']
    for number in (30, 31, 4094, 4095, 65535):
        yield BY_NUMBER[number], [-number]
    yield BY_NUMBER[1000000], [I64_MIN, 'y' * 2000]


class Stream:
    """One ring: what goes in, and after the run what must come out."""

    def __init__(self, number, id_bits, contexts, n_sub, owners=()):
        self.number, self.id_bits, self.contexts, self.n_sub, self.owners = number, id_bits, contexts, n_sub, owners
        self.tried, self.expected, self.lost, self.torn_from = [], [], dict.fromkeys(LOST, 0), None


class Script:
    def __init__(self, order):
        self.order, self.lines, self.now, self.tid, self.step = order, [], 2**40 + 12345, -1, 0

    def add(self, line):
        self.lines.append(line)

    def tick(self, id_bits):
        """Steps around all the distances that matter to the record header."""
        compact = 2**(32 - id_bits)
        steps = [0, 1, 7, compact // 2, compact - 1, compact, compact + 1, 3, 2**31 - 1, 2**31, 5, 2**32, 2**32 + 1, 2, 2**33 + 17]
        # While the clock stands still, who leaves a sub-buffer is a tick ahead of it (core/ring.h).
        step = steps[self.step % len(steps)]
        self.now += step
        self.times = {self.now} if step else {self.now, self.now + 1}
        self.step += 1
        self.add(f'clock {self.now}')

    def record(self, stream, event, values):
        self.tick(stream.id_bits)
        payload = event.encode(self.order, values)
        self.tid = -self.tid * 3 % 2**31 - 2**30
        if stream.contexts & CONTEXT_TID:
            payload = struct.pack(self.order + 'i', self.tid) + payload
        stream.tried.append((event, values, self.times, self.tid))
        self.add(f'record {event.number} {payload.hex()}')

    def begin(self, stream):
        self.add(f'stream {DIRECTORY}/stream{stream.number} {stream.number} {stream.id_bits} {stream.contexts} {stream.n_sub} '
                 + ' '.join(stream.owners))

    def die(self, stream):
        """A program that dies in the middle of a record, with others behind it."""
        self.begin(stream)
        for event, values in all_values():
            self.record(stream, event, values)
            self.add('drain')
        self.add('flush')
        for event, values in list(all_values())[:5]:
            self.record(stream, event, values)
        stream.torn_from = len(stream.tried)
        for i in range(3):
            self.record(stream, BY_NUMBER[8], ['torn' * i])
            if i == 0:
                self.lines[-1] = self.lines[-1].replace('record', 'tear')
        self.add('bury')

    def fill(self, stream):
        self.begin(stream)
        for turn in range(3):
            for event, values in all_values():
                self.record(stream, event, values)
                self.add('drain')
            if turn == 0:
                self.add('flush')
        # Nobody takes anything: the ring must fill up.
        for _ in range(4 * stream.n_sub):
            self.record(stream, BY_NUMBER[1000000], [1, 'z' * 2000])
        self.add('drain')
        self.record(stream, BY_NUMBER[8], ['w' * 5000])  # larger than a sub-buffer
        for reason, count in enumerate([0, 0, 3, 4, 5]):
            self.add(f'lose {reason} {count}')
            stream.lost[LOST[reason]] += count
        self.record(stream, BY_NUMBER[5], [])
        self.tick(stream.id_bits)
        self.add('flush')


def fail(text):
    print('FAILED:', text)
    sys.exit(1)


def play(command, lines):
    run = subprocess.run(command, input='\n'.join(lines) + '\n', stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        fail(f'{command[-1]} ended with {run.returncode}')
    return run.stdout.split('\n')[:-1]


def settle(streams, output):
    """Which records were stored is known only from the ring's answers."""
    answers = iter(output)
    for stream in streams:
        for i, tried in enumerate(stream.tried):
            word, result = next(answers).split()
            if word != 'record' or int(result) not in (0, -28, -90):
                fail(f'answer {word} {result}')
            if result == '0' and stream.torn_from is not None and i >= stream.torn_from:
                stream.lost['torn'] += 1
            elif result == '0':
                stream.expected.append(tried)
            else:
                stream.lost['full' if result == '-28' else 'size'] += 1
        if stream.torn_from is not None and next(answers) != f'torn {stream.lost["torn"]}':
            fail('number of torn records')
        if stream.torn_from is None and not (stream.lost['full'] and stream.lost['size']):
            fail('the script did not make the ring lose a record')


def turn_packet(data, base, stream, order, other):
    head = struct.unpack_from(order + HEAD, data, base)
    out = struct.pack(other + HEAD, *head)
    at, end = base + struct.calcsize(order + HEAD), base + head[11] // 8
    bits, mask = stream.id_bits, 2**stream.id_bits - 1
    while at < end:
        word = struct.unpack_from(order + 'I', data, at)[0]
        number, clock = (word & mask, word >> bits) if order == '<' else (word >> (32 - bits), word & (2**(32 - bits) - 1))
        turned = number << (32 - bits) | clock if order == '<' else number | clock << bits
        out += struct.pack(other + 'I', turned)
        at += 4
        if number == mask:
            number, clock = struct.unpack_from(order + 'IQ', data, at)
            out += struct.pack(other + 'IQ', number, clock)
            at += 12
        fields = BY_NUMBER[number].fields
        for field in ([Field('i32', 'tid')] if stream.contexts & CONTEXT_TID else []) + fields:
            turned, at = field.turn(data, at, order, other)
            out += turned
    return out, base + head[12] // 8


def turn_stream(data, stream, order, other):
    base, out, packets = 0, b'', 0
    while base < len(data):
        turned, base = turn_packet(data, base, stream, order, other)
        out += turned
        packets += 1
    if packets < 2:
        fail(f'only {packets} packets')
    return out


def same(kind, got, want):
    if kind in ('f32', 'f64'):
        got = float(got)
        return math.isnan(got) if math.isnan(want) else struct.pack('d', got) == struct.pack('d', want)
    if kind == 'string':
        # babeltrace2 2.0 knows that a string is empty, but returns the text that its field object had before.
        return len(got) == len(want.encode()) and (not want or str(got) == want)
    return int(got) == int(want)


def check_scalar(field, got, want, where):
    if not same(field.kind, got, want):
        fail(f'{where}: {got} instead of {want}')
    if (field.mappings or field.kind == 'bool') and hasattr(got, 'labels') and sorted(got.labels) != sorted(set(field.labels(want))):
        fail(f'{where}: labels {got.labels} of {want}')
    if field.flags & HEX and got.cls.preferred_display_base != 16:
        fail(f'{where}: not shown in base 16')


def check_record(message, tried, stream, version):
    event, values, times, tid = tried
    record = message.event
    where = f'stream {stream.number} {event.full_name()}'
    if record.name != event.full_name():
        fail(f'{where}: name {record.name}')
    if message.default_clock_snapshot.value not in times:
        fail(f'{where}: clock {message.default_clock_snapshot.value} instead of {times}')
    if stream.contexts & CONTEXT_TID and record.common_context_field['tid'] != tid:
        fail(f'{where}: tid {record.common_context_field["tid"]} instead of {tid}')
    if not stream.contexts and record.common_context_field is not None:
        fail(f'{where}: a context')
    names = []
    for field, want in zip(event.fields, values):
        if field.flags & SEQUENCE:
            names.append(f'_{field.want}_length')
        names.append(field.want)
    got_names = list(record.payload_field) if record.payload_field is not None else []
    if got_names != names:
        fail(f'{where}: fields {got_names} instead of {names}')
    for field, want in zip(event.fields, values):
        got = record.payload_field[field.want]
        if not field.flags & SEQUENCE:
            check_scalar(field, got, want, f'{where} {field.want}')
            continue
        if len(got) != len(want) or record.payload_field[f'_{field.want}_length'] != len(want):
            fail(f'{where} {field.want}: {len(got)} elements instead of {len(want)}')
        if version == '2' and field.kind == 'u8' and field.flags & HEX:
            if bytes(got.data) != bytes(want):
                fail(f'{where} {field.want}: {bytes(got.data)}')
            continue
        for i, element in enumerate(want):
            check_scalar(field, got[i], element, f'{where} {field.want}[{i}]')
    uri = f'file:{event.file}#L{event.line}' if event.file else None
    if version == '2':
        attributes = record.cls.user_attributes
        if event.file and (attributes['borelog']['file'], attributes['borelog']['line']) != (event.file, event.line):
            fail(f'{where}: attributes {attributes}')
    elif record.cls.emf_uri != uri:
        fail(f'{where}: source {record.cls.emf_uri}')


def check_clock(clock):
    if (clock.frequency, clock.offset.seconds, clock.offset.cycles, clock.precision) != (FREQUENCY, OFFSET_S, OFFSET, 500):
        fail('clock class')
    if not clock.origin_is_unix_epoch:
        fail('clock origin')


def check_trace(directory, streams, version):
    waiting = {stream.number: iter(stream.expected) for stream in streams}
    by_number = {stream.number: stream for stream in streams}
    last_lost, discarded, first = {}, dict.fromkeys(waiting, 0), True
    for message in bt2.TraceCollectionMessageIterator(directory):
        if type(message) is bt2._PacketBeginningMessageConst:
            context = message.packet.context_field
            number = message.packet.stream.cls.id
            last_lost[number] = {name: int(context['discarded'][name]) for name in LOST}
            owners = [(name, 1000 * (i + 1) + number) for i, name in enumerate(by_number[number].owners or ['pid'])]
            names = ['cpu_id'] + [name for name, _ in owners] + ['discarded']
            if list(context) != names or context['cpu_id'] != number + 1 or any(context[name] != owner for name, owner in owners):
                fail(f'packet context {context}')
        elif type(message) is bt2._DiscardedEventsMessageConst:
            discarded[message.stream.cls.id] += message.count or 0
        elif type(message) is bt2._EventMessageConst:
            number = message.event.stream.cls.id
            tried = next(waiting[number], None)
            if not tried:
                fail(f'stream {number} has too many records')
            check_record(message, tried, by_number[number], version)
            if first:
                check_clock(message.event.stream.cls.default_clock_class)
                environment = message.event.stream.trace.environment
                if str(environment['hostname']) != 'host "a\\b"?second line ? é' or int(environment['lowest']) != I64_MIN:
                    fail('environment')
                first = False
    for stream in streams:
        if next(waiting[stream.number], None):
            fail(f'stream {stream.number} has too few records')
        if last_lost[stream.number] != stream.lost:
            fail(f'stream {stream.number} lost {last_lost[stream.number]} instead of {stream.lost}')
        if discarded[stream.number] != sum(stream.lost.values()):
            fail(f'stream {stream.number}: {discarded[stream.number]} discarded instead of {stream.lost}')


def check_silence(directory):
    """The command line tool says nothing at its default level of logging, and prints every record."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith('BABELTRACE_')}
    run = subprocess.run([os.environ.get('BABELTRACE2', 'babeltrace2'), directory], capture_output=True, env=environment, check=False)
    noise = [line for line in run.stderr.decode().splitlines() if 'Tracer discarded' not in line]
    if run.returncode or noise:
        fail(f'babeltrace2 ended with {run.returncode} and said: ' + '\n'.join(noise))
    return run.stdout.decode()


def judge(version, endian, streams, files):
    directory, metadata = f'{DIRECTORY}/{version}-{endian}', f'{DIRECTORY}/metadata-{version}-{endian}'
    os.mkdir(directory)
    os.rename(metadata, f'{directory}/metadata')
    for stream in streams:
        with open(f'{directory}/stream{stream.number}', 'wb') as file:
            file.write(files[stream.number])
    check_trace(directory, streams, version)
    check_silence(directory)
    print(f'CTF {version} {endian} endian: {sum(len(stream.expected) for stream in streams)} records, {sum(map(len, files.values()))} bytes: same')


def check_rules(path, n_events):
    with open(path, 'rb') as file:
        metadata = file.read()
    try:
        if ctf2_rules.check(metadata) != n_events:
            fail(f'not {n_events} events in CTF 2')
    except ctf2_rules.Broken as broken:
        fail(f'CTF 2: {broken}')


def reads_ctf_2():
    return tuple(int(part) for part in bt2.__version__.split('.')[:2] if part.isdigit()) >= (2, 1)


def main():
    command = sys.argv[2:] + sys.argv[1:2]
    order = {'little': '<', 'big': '>'}[play(command, ['order'])[0]]
    other = '>' if order == '<' else '<'
    streams = [Stream(0, 12, CONTEXT_TID, 4), Stream(1, 5, 0, 2, ['domain', 'vcpu']), Stream(2, 16, CONTEXT_TID, 8), Stream(3, 5, CONTEXT_TID, 4)]
    script = Script(order)
    script.add('describe ' + b''.join(event.publish(order) for event in EVENTS).hex())
    for stream in streams[:-1]:
        script.fill(stream)
    script.die(streams[-1])
    for version in ('1.8', '2'):
        for endian in ('little', 'big'):
            script.add(f'metadata {version} {endian} {DIRECTORY}/metadata-{version}-{endian}')
    settle(streams, play(command, script.lines))
    native = {}
    for stream in streams:
        with open(f'{DIRECTORY}/stream{stream.number}', 'rb') as file:
            native[stream.number] = file.read()
    turned = {stream.number: turn_stream(native[stream.number], stream, order, other) for stream in streams}
    for endian in ('little', 'big'):
        check_rules(f'{DIRECTORY}/metadata-2-{endian}', len(EVENTS) * len(streams))
    for version in ('1.8', '2') if reads_ctf_2() else ('1.8',):
        for endian, files in (('little', native if order == '<' else turned), ('big', turned if order == '<' else native)):
            judge(version, endian, streams, files)


with tempfile.TemporaryDirectory() as DIRECTORY:
    main()
