# SPDX-License-Identifier: MIT
"""Packets, data streams, event records and their ids (4.2, 5.6 to 5.9, 6.1, 6.2)."""
from .case import (
    BE,
    PREAMBLE,
    array,
    at,
    blob,
    boolean,
    case,
    clock,
    dynamic_array,
    dynamic_string,
    event,
    near,
    option,
    optional,
    preamble,
    record,
    sint,
    stream,
    string,
    struct,
    trace,
    uint,
    uleb,
    variant,
)

UUID = [30, 201, 100, 148, 228, 2, 69, 70, 147, 219, 233, 34, 43, 238, 108, 199]
UUID_BYTES = '1e c9 64 94 e4 02 45 46 93 db e9 22 2b ee 6c c7'
STAMP, END = ['default-clock-timestamp'], ['packet-end-default-clock-timestamp']
TOTAL, CONTENT = ['packet-total-length'], ['packet-content-length']
SEQUENCE, DISCARDED = ['packet-sequence-number'], ['discarded-event-record-counter-snapshot']
CLASS_ID, STREAM_ID, EVENT_ID = ['data-stream-class-id'], ['data-stream-id'], ['event-record-class-id']
MAGIC, UUID_ROLE = ['packet-magic-number'], ['metadata-stream-uuid']
SIZES = {'total': uint(16, roles=TOTAL), 'content': uint(16, roles=CONTENT)}
NOTE = {'a': uint(8)}


def notes(values, **more):
    return [record(fields={'a': value}, **more) for value in values]


def lost(n, what, **more):
    return {'lost': n, 'what': what, 'stream': 0, 'file': 'stream', **more}


CASES = [
    # ---- packet header ----
    case(
        'header',
        'example 72',
        [
            preamble(uuid=UUID),
            trace(
                {
                    'the magic!': uint(32, roles=MAGIC, preferred_display_base=16),
                    'the UUID': blob(16, roles=UUID_ROLE),
                    'my data stream class ID': uint(8, roles=CLASS_ID),
                    'my data stream ID': uleb(roles=STREAM_ID),
                }
            ),
            stream(),
            event(NOTE),
        ],
        'c1 1f fc c1 ' + UUID_BYTES + ' 00  85 02  2a',
        notes([42]),
    ),
    case(
        'header-magic-big-endian',
        '5.6.1',
        [PREAMBLE, trace({'magic': uint(32, BE, roles=MAGIC)}), stream(), event(NOTE)],
        'c1 fc 1f c1  2a',
        notes([42]),
    ),
    case(
        'header-magic-reversed',
        '5.6.1: the decoded value counts',
        [PREAMBLE, trace({'magic': uint(32, BE, roles=MAGIC, bit_order='first-to-last')}), stream(), event(NOTE)],
        '83 f8 3f 83  2a',
        notes([42]),
    ),
    case(
        'header-uuid-twice',
        '4.2.1: one or more fields',
        [
            preamble(uuid=UUID),
            trace({'a': blob(16, roles=UUID_ROLE), 'b': struct({'c': blob(16, roles=UUID_ROLE)})}),
            stream(),
            event(NOTE),
        ],
        f'{UUID_BYTES} {UUID_BYTES} 2a',
        notes([42]),
    ),
    case(
        'header-uuid-not-in-packets',
        '5.4: the metadata may have a UUID that nothing refers to',
        [preamble(uuid=UUID), trace(), stream(), event(NOTE)],
        '2a',
        notes([42]),
    ),
    case(
        'header-ids-twice',
        '6.1: the last one counts',
        [
            PREAMBLE,
            trace({'a': uint(8, roles=CLASS_ID), 'b': array(2, uint(8, roles=CLASS_ID))}),
            stream(),
            event(NOTE, name='zero'),
            stream(id=5),
            event(NOTE, name='five', data_stream_class_id=5),
        ],
        '00 07 05  2a',
        notes([42], name='five', stream=5),
    ),
    case(
        'header-id-in-an-optional',
        '6.1: a field that is not there changes nothing',
        [
            PREAMBLE,
            trace({'has': boolean(8), 'id': optional(near('has'), uint(8, roles=CLASS_ID))}),
            stream(),
            event(NOTE, name='zero'),
            stream(id=5),
            event(NOTE, name='five', data_stream_class_id=5),
        ],
        {'a': '01 05 2a', 'b': '00 2b'},
        notes([43], name='zero', file='b') + notes([42], name='five', file='a', stream=5),
    ),
    case(
        'header-of-two-roles',
        '5.3.3: a field may have several',
        [PREAMBLE, trace({'id': uint(8, roles=CLASS_ID + STREAM_ID)}), stream(id=3), event(NOTE, data_stream_class_id=3)],
        '03 2a',
        notes([42], stream=3),
    ),
    # ---- ids of classes ----
    case('ids-by-default', '5.8, 5.9: 0', [PREAMBLE, stream(), event(NOTE)], '01 02', notes([1, 2])),
    case('ids-said', '5.8, 5.9', [PREAMBLE, stream(id=0), event(NOTE, id=0, data_stream_class_id=0)], '01 02', notes([1, 2])),
    case(
        'event-ids',
        '6.2',
        [
            PREAMBLE,
            stream(header={'id': uint(16, BE, roles=EVENT_ID)}),
            event(NOTE, id=0, name='zero'),
            event({'b': string()}, id=0xFFFF, name='last'),
            event({}, id=300, name='none'),
        ],
        '00 00 01  ff ff "x" 00  01 2c  00 00 02',
        [
            record(name='zero', fields={'a': 1}),
            record(name='last', id=0xFFFF, fields={'b': 'x'}),
            record(name='none', id=300, fields={}),
            record(name='zero', fields={'a': 2}),
        ],
    ),
    case(
        'event-ids-of-64-bits',
        '5.9: any id of 0 and more',
        [
            PREAMBLE,
            stream(header={'id': uleb(roles=EVENT_ID)}),
            event(NOTE, id=2**64 - 1, name='most'),
            event(NOTE, id=2**63, name='half'),
        ],
        'ff*9 01 01  80*9 01 02',
        [record(name='most', id=2**64 - 1, fields={'a': 1}), record(name='half', id=2**63, fields={'a': 2})],
    ),
    case(
        'event-ids-of-each-stream-class',
        '5.9: of its data stream class',
        [
            PREAMBLE,
            trace({'id': uint(8, roles=CLASS_ID)}),
            stream(header={'id': uint(8, roles=EVENT_ID)}),
            stream(id=9, header={'id': uint(16, roles=EVENT_ID)}),
            event(NOTE, id=1, name='here'),
            event({'b': uint(16)}, id=1, data_stream_class_id=9, name='there'),
        ],
        {'a': '00  01 2a', 'b': '09  01 00 2b 00'},
        [record(name='here', id=1, file='a', fields={'a': 42}), record(name='there', id=1, file='b', stream=9, fields={'b': 43})],
    ),
    case(
        'event-id-twice',
        '6.2: the last one counts',
        [
            PREAMBLE,
            stream(header={'a': uint(8, roles=EVENT_ID), 'b': struct({'c': uint(8, roles=EVENT_ID)})}),
            event(NOTE, id=1, name='one'),
            event(NOTE, id=2, name='two'),
        ],
        '01 02 2a  09 01 2b',
        notes([42], name='two', id=2) + notes([43], name='one', id=1),
    ),
    case(
        'event-id-mapped',
        '5.3.7: mappings of the id are no matter',
        [PREAMBLE, stream(header={'id': uint(4, roles=EVENT_ID, mappings={'one': [[1, 1]]})}), event({'b': uint(4)}, id=1)],
        '21',
        [record(id=1, fields={'b': 2})],
    ),
    case(
        'event-without-header',
        '6.2: all records are of class 0',
        [PREAMBLE, stream({'x': uint(8)}), event(NOTE), event({'b': uint(8)}, id=1, name='never')],
        '07 01 02',
        notes([1, 2], packet_context={'x': 7}),
    ),
    case(
        'event-names',
        '5.9: neither needed nor unique',
        [
            PREAMBLE,
            stream(header={'id': uint(8, roles=EVENT_ID)}),
            event(NOTE, name='same'),
            event({'b': uint(8)}, id=1, name='same'),
            {'type': 'event-record-class', 'id': 2},
            event(id=3, name='', namespace='ns', uid='u'),
        ],
        '00 01  01 02  02  03',
        [
            record(name='same', fields={'a': 1}),
            record(name='same', id=1, fields={'b': 2}),
            {key: value for key, value in record(id=2).items() if key != 'name'},
            record(id=3, name=''),
        ],
    ),
    case(
        'event-of-all-parts',
        '6.2: header, common context, specific context, payload',
        [
            PREAMBLE,
            stream(header={'id': uint(8, roles=EVENT_ID)}, common={'c': sint(8)}),
            event({'p': string()}, {'s': uint(16, BE)}),
            event({'q': uint(8)}, id=1),
            event(None, {'s': uint(8)}, id=2),
            event(id=3),
        ],
        '''00  ff  01 00  "x" 00
            01  fe  09
            02  fd  08
            03  fc''',
        [
            record(context={'c': -1}, event_context={'s': 256}, fields={'p': 'x'}),
            record(id=1, context={'c': -2}, fields={'q': 9}),
            record(id=2, context={'c': -3}, event_context={'s': 8}),
            record(id=3, context={'c': -4}),
        ],
    ),
    case(
        'event-parts-aligned',
        '6.4.1: each of the structures',
        [
            PREAMBLE,
            stream(header={'id': uint(8, roles=EVENT_ID)}, common={'c': uint(16, alignment=16)}),
            event({'p': uint(8, alignment=32)}, {'s': uint(8)}),
        ],
        '''00 ee 01 00  02 ee ee ee  03
            00 04 00     05 ee ee ee  06''',
        [
            record(context={'c': 1}, event_context={'s': 2}, fields={'p': 3}),
            record(context={'c': 4}, event_context={'s': 5}, fields={'p': 6}),
        ],
    ),
    case(
        'event-of-one-bit',
        '4.2.2: one bit at least',
        [PREAMBLE, stream(header={'id': uint(1, roles=EVENT_ID)}), event(name='off'), event(id=1, name='on')],
        '0b01100001',
        [
            record(name=name, id=number)
            for name, number in [('on', 1), ('off', 0), ('off', 0), ('off', 0), ('off', 0), ('on', 1), ('on', 1), ('off', 0)]
        ],
    ),
    # ---- lengths ----
    case(
        'packet-lengths',
        '6.1: what is behind the content is padding',
        [PREAMBLE, stream(SIZES), event(NOTE)],
        '''50 00 38 00  01 02 03  ee ee ee
            38 00 38 00  04 05 06
            28 00 20 00  ee
            20 00 20 00
            38 00 28 00  07 ff ff''',
        notes([1, 2, 3]) + notes([4, 5, 6], packet=1) + notes([7], packet=4),
    ),
    case(
        'packet-total-length-only',
        '6.1: the content is as long',
        [PREAMBLE, stream({'total': uint(16, roles=TOTAL)}), event(NOTE)],
        '20 00 01 02  18 00 03',
        notes([1, 2]) + notes([3], packet=1),
    ),
    case(
        'packet-content-length-only',
        '6.1: the packet is as long',
        [PREAMBLE, stream({'content': uint(16, roles=CONTENT)}), event(NOTE)],
        '20 00 01 02  18 00 03',
        notes([1, 2]) + notes([3], packet=1),
    ),
    case(
        'packet-without-length',
        '6.1: all of the stream',
        [PREAMBLE, stream({'x': uint(8)}), event(NOTE)],
        '09 01 02 03',
        notes([1, 2, 3], packet_context={'x': 9}),
    ),
    case(
        'packet-content-ends-within-a-byte',
        '6.1: the content is in bits',
        [PREAMBLE, stream({'total': uint(8, roles=TOTAL), 'content': uint(8, roles=CONTENT)}), event({'a': uint(4)})],
        "20 1c  0b0010'0001 0b1111'0011   18 14  0b1111'0100",
        [record(fields={'a': a}) for a in (1, 2, 3)] + [record(packet=1, fields={'a': 4})],
    ),
    case(
        'packet-content-ends-within-a-byte-big-endian',
        '6.1',
        [PREAMBLE, stream({'total': uint(8, BE, roles=TOTAL), 'content': uint(8, BE, roles=CONTENT)}), event({'a': uint(3, BE)})],
        "20 19  0b001'010'01 0b1'1111111   18 13  0b100'11111",
        [record(fields={'a': a}) for a in (1, 2, 3)] + [record(packet=1, fields={'a': 4})],
    ),
    case(
        'packet-lengths-leb-and-nested',
        '5.8.1: of any place and class',
        [PREAMBLE, stream({'s': struct({'total': uleb(roles=TOTAL), 'y': uint(8), 'content': uleb(roles=CONTENT)})}), event(NOTE)],
        '38 09 b0 00  01 02 ee   20 08 20  03',
        notes([1, 2], packet_context={'s': {'total': 56, 'y': 9, 'content': 48}})
        + notes([3], packet=1, packet_context={'s': {'total': 32, 'y': 8, 'content': 32}}),
    ),
    case(
        'packet-lengths-twice',
        '6.1: the last one counts',
        [PREAMBLE, stream({'a': uint(8, roles=TOTAL + CONTENT), 'b': uint(8, roles=TOTAL + CONTENT)}), event(NOTE)],
        'ff 20 01 02  ff 18 03',
        notes([1, 2]) + notes([3], packet=1),
    ),
    case(
        'packet-alignment',
        '6.4.1: relative to the packet, not to the stream',
        [
            PREAMBLE,
            stream({'total': uint(8, roles=TOTAL), 'content': uint(8, roles=CONTENT)}),
            event({'a': uint(8), 'b': uint(16, alignment=16)}),
        ],
        '''38 30  01 ee 02 00  ee
            38 30  03 ee 04 00  ee
            30 30  05 ee 06 00''',
        [record(packet=packet, fields={'a': 2 * packet + 1, 'b': 2 * packet + 2}) for packet in range(3)],
    ),
    case(
        'packet-byte-orders',
        '6.1: the last byte order is that of the packet',
        [
            PREAMBLE,
            stream({'total': uint(8, BE, roles=TOTAL), 'content': uint(8, BE, roles=CONTENT), 'x': uint(3, BE)}),
            event({'a': uint(4, BE)}),
        ],
        "18 17  0b101'0001'1   18 17  0b110'0010'0",
        [record(packet=0, packet_context={'x': 5}, fields={'a': 1}), record(packet=1, packet_context={'x': 6}, fields={'a': 2})],
    ),
    case(
        'packet-context',
        '4.2.1: what has no role is the user\'s',
        [
            PREAMBLE,
            stream(
                {
                    'cpu': uint(8),
                    'total': uint(8, roles=TOTAL),
                    's': struct({'x': string()}),
                    'content': uint(8, roles=CONTENT),
                    'e': array(0, uint(8)),
                }
            ),
            event(NOTE),
        ],
        '03 38 "x" 00 30 01 ee',
        notes([1], packet_context={'cpu': 3, 's': {'x': 'x'}, 'e': []}),
    ),
    case(
        'packet-context-names',
        '4.2.1: a role is not in the name, and a name is any text',
        [
            PREAMBLE,
            trace({'magic': uint(8), 'stream-id': uint(8)}),
            stream(
                {
                    **{name: uint(8) for name in ('a_b', 'a b', 'content size', '_c', '')},
                    's': struct({'packet_size': uint(8)}),
                    **SIZES,
                },
                {'id': uint(8), 'v': uint(8), 'timestamp': uint(8)},
            ),
            event({'id': uint(8), 'x_y': uint(8), 'x y': uint(8)}),
        ],
        '01 02  03 04 06 0d 0e 0f 90 00 90 00  07 08 09  0a 0b 0c',
        [
            record(
                packet_context={'a_b': 3, 'a b': 4, 'content size': 6, '_c': 13, '': 14, 's': {'packet_size': 15}},
                fields={'id': 10, 'x_y': 11, 'x y': 12},
            )
        ],
    ),
    case(
        'packet-context-of-wide-strings',
        '4.2.1: of any class',
        [PREAMBLE, stream({'w': string('utf-16le'), **SIZES}), event(NOTE)],
        '"A" 00 00 00 48 00 48 00  01',
        notes([1], packet_context={'w': 'A'}),
    ),
    case(
        'variant-in-the-packet-header',
        '5.3.22: in any scope',
        [
            PREAMBLE,
            trace({'s': uint(8), 'v': variant(near('s'), option([[1, 1]], uint(8), 'a'), option([[2, 2]], uint(16), 'b'))}),
            stream(),
            event(NOTE),
        ],
        '02 05 00  09',
        notes([9]),
    ),
    case(
        'optional-in-the-record-header',
        '5.3.20: in any scope',
        [
            PREAMBLE,
            stream(header={'id': uint(8, roles=EVENT_ID), 'h': uint(8), 'o': optional(near('h'), uint(8), [[1, 1]])}),
            event(NOTE),
        ],
        '00 01 07  08   00 02  09',
        notes([8, 9]),
    ),
    case(
        'variant-in-the-specific-context',
        '5.3.22: in any scope',
        [PREAMBLE, stream(), event(NOTE, {'c': uint(8), 'w': variant(near('c'), option([[3, 3]], uint(8), 'x'))})],
        '03 08  09   03 0a  0b',
        [record(event_context={'c': 3, 'w': {'x': w}}, fields={'a': a}) for w, a in ((8, 9), (10, 11))],
    ),
    case(
        'stream-of-nothing',
        '6: nothing is left to be decoded',
        [PREAMBLE, stream(), event(NOTE)],
        {'a': '', 'b': '01'},
        notes([1], file='b'),
    ),
    # ---- several streams ----
    case(
        'streams-by-time',
        '4.2: each with its own clock value',
        [PREAMBLE, clock(), stream({'begin': uint(16, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='c'), event(NOTE)],
        {'a': '00 01  10 01  30 02  10 03', 'b': '00 01  20 04  40 05  00 06'},
        [
            record(time=time, cycles=time, file=file, fields={'a': a})
            for time, file, a in [
                (0x110, 'a', 1),
                (0x120, 'b', 4),
                (0x130, 'a', 2),
                (0x140, 'b', 5),
                (0x200, 'b', 6),
                (0x210, 'a', 3),
            ]
        ],
    ),
    case(
        'event-record-of-strings',
        '6.4: what is behind a string is elsewhere in each record',
        [
            PREAMBLE,
            clock(),
            stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='c'),
            event(
                {'a': string(), 'b': uint(16), 'c': string(), 'd': string(), 'e': struct({'f': uint(8), 'g': string()}), 'h': uint(8)},
                id=0,
            ),
        ],
        '00  01 "one" 00 02 01 "" 00 "x" 00 05 "yz" 00 06  02 "" 00 04 03 "two" 00 "" 00 07 "" 00 08  03 "n" 00 06 05 "" 00 "" 00 09 "z" 00 0a',
        [
            record(time=t, cycles=t, fields={'a': a, 'b': b, 'c': c, 'd': d, 'e': {'f': f, 'g': g}, 'h': h})
            for t, a, b, c, d, f, g, h in [
                (1, 'one', 0x102, '', 'x', 5, 'yz', 6),
                (2, '', 0x304, 'two', '', 7, '', 8),
                (3, 'n', 0x506, '', '', 9, 'z', 10),
            ]
        ],
    ),
    case(
        'event-record-lengths-in-front',
        '6.4.2: a length is the one that is named, not the one before',
        [
            PREAMBLE,
            clock(),
            stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='c'),
            event(
                {
                    'n': uint(8),
                    'm': uint(8),
                    'a': dynamic_array(near('n'), uint(8)),
                    'b': dynamic_string(near('m')),
                    'c': dynamic_array(near('n'), uint(16)),
                },
                id=0,
            ),
        ],
        '00  01 02 01 0a 0b "x" 0c 00 0d 00  02 00 03 "xyz"  03 01 00 0e 0f 00',
        [
            record(time=t, cycles=t, fields={'n': len(a), 'm': len(b), 'a': a, 'b': b, 'c': c})
            for t, a, b, c in [(1, [10, 11], 'x', [12, 13]), (2, [], 'xyz', []), (3, [14], '', [15])]
        ],
    ),
    case(
        'event-record-ends-within-a-byte',
        '6.4.1: the next one is where its header is aligned to',
        [
            PREAMBLE,
            clock(),
            stream(
                {'begin': uint(8, roles=STAMP)}, struct({'id': uint(5, roles=EVENT_ID), 't': uint(27, roles=STAMP)}, minimum_alignment=8), clock='c'
            ),
            event({'a': uint(4)}, id=1),
            event({'n': uint(4), 'b': dynamic_array(near('n'), uint(4))}, id=2),
            event({'n': uint(4), 'b': dynamic_array(near('n'), uint(8))}, id=3),
            event({'n': uint(8), 'b': dynamic_array(near('n'), uint(4))}, id=4),
        ],
        # What is left of a byte would be an id, too.
        '00  21 00 00 00  01  62 00 00 00  83 a2  81 00 00 00  22  a2 00 00 00  81'
        '  c3 00 00 00  11 02  e4 00 00 00  01 01  02 01 00 00  81',
        [
            record(id=i, time=t, cycles=t, fields=fields)
            for i, t, fields in [
                (1, 1, {'a': 1}),
                (2, 3, {'n': 3, 'b': [8, 2, 10]}),
                (1, 4, {'a': 2}),
                (2, 5, {'n': 1, 'b': [8]}),
                (3, 6, {'n': 1, 'b': [0x21]}),
                (4, 7, {'n': 1, 'b': [1]}),
                (2, 8, {'n': 1, 'b': [8]}),
            ]
        ],
    ),
    case(
        'event-record-begins-within-a-byte',
        '6.4.1: nothing is aligned',
        [
            PREAMBLE,
            clock(),
            stream({'begin': uint(8, roles=STAMP)}, {'id': uint(5, roles=EVENT_ID), 't': uint(27, roles=STAMP)}, clock='c'),
            event({'a': uint(4)}, id=1),
            event({'b': uint(4)}, id=2),
        ],
        '00  21 00 00 00 21 04 00 00 20',
        [record(id=1, time=1, cycles=1, fields={'a': 1}), record(id=2, time=2, cycles=2, fields={'b': 2})],
    ),
    case(
        'event-record-length-in-header',
        '6.4.2: of this record, not of one before',
        [
            PREAMBLE,
            clock(),
            stream(
                {'begin': uint(8, roles=STAMP)},
                {
                    'n': uint(8),
                    'v': variant(near('n'), option([[0, 9]], struct({'t': uint(8, roles=STAMP)})), option([[10, 99]], struct({}))),
                },
                clock='c',
            ),
            event({'a': dynamic_array(at('event-record-header', 'n'), uint(8))}, id=0),
        ],
        '00  02 01 0a 0b  01 02 0c  00 03  03 04 0d 0e 0f',
        [
            record(time=t, cycles=t, fields={'a': a}) for t, a in [(1, [10, 11]), (2, [12]), (3, []), (4, [13, 14, 15])]
        ],
    ),
    case(
        'event-record-empty-payload-behind-string',
        '6.4.18: a structure without members takes no bits',
        [
            PREAMBLE,
            clock(),
            stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, {'who': string()}, clock='c'),
            event({}, id=0),
        ],
        '00  01 "init" 00  02 "sh" 00  03 "" 00',
        [record(time=t, cycles=t, context={'who': who}, fields={}) for t, who in [(1, 'init'), (2, 'sh'), (3, '')]],
    ),
    case(
        'streams-three',
        '5.7: the earliest of all',
        [PREAMBLE, clock(), stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='c'), event(NOTE)],
        {'a': '00  10 01  30 02  60 03', 'b': '00  50 04  70 05', 'c': '00  20 06  40 07  80 08'},
        [
            record(time=t, cycles=t, file=file, fields={'a': a})
            for t, file, a in [
                (0x10, 'a', 1),
                (0x20, 'c', 6),
                (0x30, 'a', 2),
                (0x40, 'c', 7),
                (0x50, 'b', 4),
                (0x60, 'a', 3),
                (0x70, 'b', 5),
                (0x80, 'c', 8),
            ]
        ],
    ),
    case(
        'streams-within-a-nanosecond',
        '5.7: clock values are finer than the time that is shown; equal ones come in the order of streams',
        [
            PREAMBLE,
            clock(frequency=4000000000),
            stream({'begin': uint(8, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='c'),
            event(NOTE),
        ],
        {'a': '00  16 01  17 02', 'b': '00  15 03  17 04'},
        [
            record(time=time, cycles=cycles, file=file, fields={'a': a})
            for time, cycles, file, a in [(5, 0x15, 'b', 3), (5, 0x16, 'a', 1), (5, 0x17, 'a', 2), (5, 0x17, 'b', 4)]
        ],
    ),
    case(
        'streams-in-several-files',
        '5.6.1: files whose packets have one id and class are one data stream',
        [
            PREAMBLE,
            trace({'id': uint(8, roles=STREAM_ID)}),
            clock(),
            stream({'size': uint(8, roles=TOTAL), 'begin': uint(16, roles=STAMP)}, {'t': uint(8, roles=STAMP)}, clock='c'),
            event(NOTE),
        ],
        {'a': '07  30 00 02  10 01', 'b': '07  30 00 01  10 02', 'c': '08  30 00 01  20 03'},
        [
            record(time=0x110, cycles=0x110, file='b', fields={'a': 2}),
            record(time=0x120, cycles=0x120, file='c', fields={'a': 3}),
            record(time=0x210, cycles=0x210, file='a', fields={'a': 1}),
        ],
    ),
    # ---- losses ----
    case(
        'sequence-numbers',
        '4.2.1: a gap is what is missing',
        [
            PREAMBLE,
            clock(),
            stream(
                {
                    'total': uint(8, roles=TOTAL),
                    'begin': uint(8, roles=STAMP),
                    'end': uint(8, roles=END),
                    'n': uint(8, roles=SEQUENCE),
                },
                {'t': uint(8, roles=STAMP)},
                clock='c',
            ),
            event(),
        ],
        '''28 10 1f 00  11
            28 20 2f 01  21
            28 50 5f 04  51''',
        [
            record(time=0x11, cycles=0x11),
            record(time=0x21, cycles=0x21, packet=1),
            lost(2, 'packets', **{'time': 0x2F, 'from': 0x2F, 'to': 0x50}),
            record(time=0x51, cycles=0x51, packet=2),
        ],
    ),
    case(
        'discarded-records',
        '5.8.1: the counter is that at the end of the packet',
        [
            PREAMBLE,
            clock(),
            stream(
                {
                    'total': uint(8, roles=TOTAL),
                    'begin': uint(8, roles=STAMP),
                    'end': uint(8, roles=END),
                    'n': uint(8, roles=DISCARDED),
                },
                {'t': uint(8, roles=STAMP)},
                clock='c',
            ),
            event(),
        ],
        '''28 10 1f 00  11
            28 20 2f 03  21
            28 30 3f 03  31
            28 40 4f 05  41''',
        [
            record(time=0x11, cycles=0x11),
            lost(3, 'records', **{'time': 0x1F, 'from': 0x1F, 'to': 0x2F}),
            record(time=0x21, cycles=0x21, packet=1),
            record(time=0x31, cycles=0x31, packet=2),
            lost(2, 'records', **{'time': 0x3F, 'from': 0x3F, 'to': 0x4F}),
            record(time=0x41, cycles=0x41, packet=3),
        ],
    ),
]
