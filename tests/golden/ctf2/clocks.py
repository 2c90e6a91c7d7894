# SPDX-License-Identifier: MIT
"""Clocks and time stamps (5.7, 5.8.1, 6.1, 6.2, 6.3)."""
from .case import (
    BE,
    PREAMBLE,
    case,
    clock,
    event,
    near,
    option,
    optional,
    record,
    stream,
    string,
    struct,
    trace,
    uint,
    uleb,
    variant,
)

STAMP = ['default-clock-timestamp']
BEGIN, END = uint(16, roles=STAMP), uint(16, roles=['packet-end-default-clock-timestamp'])
EVENT_ID = ['event-record-class-id']


def clocked(the_clock, header, context, payload=None):
    return [PREAMBLE, the_clock, stream(context, header, clock='c'), event(payload)]


def stamped(the_clock, *stamp):
    """A packet that begins at a time of 8 bits, and records of nothing but a time."""
    return clocked(the_clock, {'t': uint(*stamp, roles=STAMP)}, {'begin': uint(8, roles=STAMP)})


def times(cycles, first=0, **more):
    """Records whose time is their clock value after `first` nanoseconds."""
    return [record(time=first + value, cycles=value, **more) for value in cycles]


# As LTTng writes it: 5 bits of id and 27 of time in 4 bytes; id 31 says that the whole id and the whole time follow.
COMPACT = struct(
    {
        'id': uint(5, roles=EVENT_ID),
        'v': variant(
            near('id'),
            option([[0, 30]], struct({'timestamp': uint(27, roles=STAMP)}), 'compact'),
            option(
                [[31, 31]],
                struct({'id': uint(32, alignment=8, roles=EVENT_ID), 'timestamp': uint(64, alignment=8, roles=STAMP)}),
                'extended',
            ),
        ),
    },
    minimum_alignment=8,
)

CASES = [
    case(
        'clock-unix-epoch',
        '5.7: offset from origin and value are added',
        stamped(clock(origin='unix-epoch', offset_from_origin={'seconds': 1700000000, 'cycles': 123}), 64),
        '00  e8 03 00*6',
        [record(time=1700000000000001123, cycles=1000)],
    ),
    case(
        'clock-frequency',
        '5.7: the value and the cycles of the offset are cycles',
        stamped(clock(frequency=1000000, offset_from_origin={'seconds': 3, 'cycles': 500000}), 64, BE),
        '00  00*5 16 e3 60',
        [record(time=5000000000, cycles=1500000)],
    ),
    case(
        'clock-frequency-that-divides-nothing',
        '5.7: time is rounded down',
        stamped(clock(frequency=3), 8),
        '00  02 03 04',
        [record(time=666666666, cycles=2), record(time=1000000000, cycles=3), record(time=1333333333, cycles=4)],
    ),
    case(
        'clock-frequency-of-4-ghz',
        '5.7',
        stamped(clock(frequency=4000000000, origin='unix-epoch', offset_from_origin={'seconds': 1, 'cycles': 3999999996}), 64),
        '00  04 00*7  06 00*7  0c 00*7',
        [record(time=2000000000, cycles=4), record(time=2000000000, cycles=6), record(time=2000000002, cycles=12)],
    ),
    case(
        'clock-value-above-2-63',
        '6.1: the value is unsigned',
        stamped(clock(frequency=10000000000), 64),
        '00  05 00*6 80',
        [record(time=922337203685477581, cycles=2**63 + 5)],
    ),
    case(
        'clock-before-its-origin',
        'example 86: the offset may be negative',
        stamped(clock(frequency=4, origin='unix-epoch', offset_from_origin={'seconds': -2, 'cycles': 3}), 8),
        '00  00 01 06',
        [record(time=-1250000000, cycles=0), record(time=-1000000000, cycles=1), record(time=250000000, cycles=6)],
    ),
    case('clock-no-offset', '5.7.2: 0 when nothing is said', stamped(clock(offset_from_origin={}), 8), '00 07', times([7])),
    case('clock-seconds-only', 'example 85', stamped(clock(offset_from_origin={'seconds': 2}), 8), '00 07', times([7], 2000000000)),
    case(
        'clock-all-properties',
        'examples 75 to 80: what does not change decoding',
        stamped(
            clock(
                namespace='n',
                name='hot',
                uid='wheels.28',
                description='"hot"\n',
                precision=0,
                accuracy=1500,
                attributes={'my.tracer': {'bus': 5}},
                origin={'namespace': 'some-tracer', 'name': 'my origin', 'uid': '60:57:18:a3:42:29'},
            ),
            8,
        ),
        '00 07',
        times([7]),
    ),
    case(
        'clock-none',
        '5.8: a stream need not have one',
        [PREAMBLE, clock(), stream(header={'id': uint(8, roles=EVENT_ID)}), event({'t': uint(8)})],
        '00 09',
        [record(fields={'t': 9})],
    ),
    case(
        'clock-of-each-stream-class',
        '5.8',
        [
            PREAMBLE,
            trace({'id': uint(8, roles=['data-stream-class-id'])}),
            clock('fast', origin='unix-epoch'),
            clock('slow', 1000, origin='unix-epoch', offset_from_origin={'seconds': 1}),
            stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='slow'),
            event(),
            stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, id=1, clock='fast'),
            event(data_stream_class_id=1),
        ],
        {'a': '00  00  05', 'b': '01  00  06'},
        [record(time=6, cycles=6, stream=1, file='b'), record(time=1005000000, cycles=5, file='a')],
    ),
    case(
        'same-identity-twice',
        '5.7: clock classes of one identity may differ in offset',
        [
            PREAMBLE,
            clock('a', name='n', uid='u', origin='unix-epoch'),
            clock('b', name='n', uid='u', origin='unix-epoch', offset_from_origin={'seconds': 1}),
            clock('d', name='n', frequency=5),
            stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='b'),
            event(),
        ],
        '00 05',
        times([5], 1000000000),
    ),
    # ---- which value ----
    case(
        'time-of-the-packet',
        '6.1: without time stamps of its own a record has the time at which its packet begins',
        [PREAMBLE, clock(), stream({'begin': BEGIN}, clock='c'), event({'a': uint(8)})],
        '34 12 01 02',
        [record(time=0x1234, cycles=0x1234, fields={'a': 1}), record(time=0x1234, cycles=0x1234, fields={'a': 2})],
    ),
    case(
        'time-of-the-packet-not-known',
        '6.1: the clock value is 0 before the first time stamp',
        clocked(clock(), {'t': uint(8, roles=STAMP)}, {'x': uint(8)}),
        '07  05 03',
        times([5, 0x103], packet_context={'x': 7}),
    ),
    case(
        'time-update',
        '6.3: a short time stamp replaces the low bits and never goes back',
        clocked(clock(), {'t': uint(8, roles=STAMP)}, {'begin': BEGIN}),
        'f0 01  f0 f5 f5 03 02 ff 00',
        times([0x1F0, 0x1F5, 0x1F5, 0x203, 0x302, 0x3FF, 0x400]),
    ),
    case(
        'time-update-of-bits',
        '6.3: of any length',
        clocked(clock(), {'t': uint(5, roles=STAMP)}, {'begin': BEGIN}, {'a': uint(3)}),
        "1e 00  0b001'11110 0b010'11111 0b011'00000 0b100'11111 0b101'11110",
        [record(time=value, cycles=value, fields={'a': a}) for value, a in [(0x1E, 1), (0x1F, 2), (0x20, 3), (0x3F, 4), (0x5E, 5)]],
    ),
    case(
        'time-update-leb',
        '6.3: of a variable-length stamp, 7 bits for each of its bytes',
        clocked(clock(), {'t': uleb(roles=STAMP)}, {'begin': BEGIN}),
        '''e8 03   # 0x3e8
            70      # 0x380 and 0x70
            05      # 0x400 and 0x05
            ff 7f   # two bytes: 14 bits
            80 00   # two bytes of 0: over 0x3fff
            01      # 0x4000 and 1
            00      # over 0x7f''',
        times([0x3F0, 0x405, 0x3FFF, 0x4000, 0x4001, 0x4080]),
    ),
    case(
        'time-update-twice',
        '6.3: each stamp of a header, in their order',
        clocked(clock(), {'t': uint(8, roles=STAMP), 'u': uint(16, roles=STAMP)}, {'begin': BEGIN}),
        'ff 01  05 00 03  04 04 04',
        times([0x300, 0x404]),
    ),
    case(
        'time-update-begin-twice',
        '6.1: so with those of a packet',
        clocked(clock(), {'t': uint(8, roles=STAMP)}, {'begin': BEGIN, 'exactly': uint(8, roles=STAMP)}),
        'f0 01 10  11 12',
        times([0x211, 0x212]),
    ),
    case(
        'time-update-begin-leb',
        '6.1: so with those of a packet',
        clocked(clock(), {'t': uint(16, roles=STAMP)}, {'begin': BEGIN, 'exactly': uleb(roles=STAMP)}),
        '90 03 20  a0 03 05 00',
        times([0x3A0, 0x10005]),
    ),
    case(
        'time-update-64-bits',
        '6.3',
        clocked(clock(frequency=4000000000), {'t': uint(64, roles=STAMP)}, {'begin': uint(64, roles=STAMP)}),
        '00*7 80  04 00*6 80  ff*8',
        [record(time=2**61 + 1, cycles=2**63 + 4), record(time=2**62 - 1, cycles=2**64 - 1)],
    ),
    case(
        'time-update-32-bits-above-2-63',
        '6.3',
        clocked(clock(frequency=4000000000), {'t': uint(32, roles=STAMP)}, {'begin': uint(64, roles=STAMP)}),
        'ff*3 7f 00*3 80  ff ff ff ff  04 00 00 00',
        [
            record(time=2**61 + 2**30 - 1, cycles=2**63 + 2**32 - 1),
            record(time=2**61 + 2**30 + 1, cycles=2**63 + 2**32 + 4),
        ],
    ),
    case(
        'time-update-optional',
        '6.3: no stamp, no change',
        clocked(
            clock(), {'has': uint(8, mappings={}), 't': optional(near('has'), uint(8, roles=STAMP), [[1, 1]])}, {'begin': BEGIN}
        ),
        '10 00  00  01 20  00  01 10',
        times([0x10, 0x20, 0x20, 0x110]),
    ),
    case(
        'time-end-of-packet',
        '6.1: is not the clock value of what follows',
        clocked(clock(), {'t': uint(8, roles=STAMP)}, {'size': uint(8, roles=['packet-total-length']), 'begin': BEGIN, 'end': END}),
        '''30  f0 01 00 03  f1
            30  00 03 10 03  01''',
        times([0x1F1]) + times([0x301], packet=1),
    ),
    case(
        'time-and-id-of-lttng',
        '6.2, 6.3: an id and a time stamp in two places; the last one counts',
        [
            PREAMBLE,
            clock(),
            stream({'begin': uint(64, roles=STAMP)}, COMPACT, clock='c'),
            event(id=3, name='three'),
            event({'s': string()}, id=7, name='seven'),
        ],
        '''00 00 00 00 01 00 00 00
            0b000'00011 02 00 00                                 # id 3, time 0x10
            0b111'11111  07 00 00 00  05 00 00 00 02 00 00 00    # id 31: 7, 0x200000005
            "x" 00
            0b100'00011 00 00 00                                 # id 3, time 4: over 0x7ffffff''',
        [
            record(time=0x100000010, cycles=0x100000010, name='three', id=3),
            record(time=0x200000005, cycles=0x200000005, name='seven', id=7, fields={'s': 'x'}),
            record(time=0x208000004, cycles=0x208000004, name='three', id=3),
        ],
    ),
    case(
        'time-begins-anew-in-each-packet',
        '6.1: packets are independent of each other',
        clocked(clock(), {'t': uint(8, roles=STAMP)}, {'size': uint(8, roles=['packet-total-length']), 'begin': BEGIN}),
        '''28  f0 01  f5 03
            20  00 05  01''',
        times([0x1F5, 0x203]) + times([0x501], packet=1),
    ),
]
