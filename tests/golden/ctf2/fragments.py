# SPDX-License-Identifier: MIT
"""The metadata stream: text sequence, attributes, aliases, environment (5, 5.1, 5.2, 5.4 to 5.6); in packets (CTF2-PMETA-1.0)."""
import json
import struct as packing

from .case import (
    PREAMBLE,
    RS,
    alias,
    array,
    boolean,
    case,
    clock,
    dynamic_string,
    event,
    near,
    option,
    optional,
    payload,
    preamble,
    record,
    stream,
    string,
    struct,
    text_sequence,
    trace,
    uint,
    variant,
)

NOTE = {'a': uint(8)}
ATTRIBUTES = {'my.tracer': {'max-count': 45, 'length': 64, 'x': [1, None, True, -1.5e3, {'deep': {}}]}, 'abc/xyz': True, 'n': None}
FINE = [record(fields={'a': 42})]


def pretty(fragments):
    return b''.join(RS + json.dumps(fragment, indent=1).encode() + b'\n' for fragment in fragments)


def written(*texts, end=b'\n'):
    return RS + (end + RS).join(text.encode() for text in texts) + end


def packetised(text, order, sizes, padding):
    """The text in packets whose contents have these sizes; the last one takes the rest."""
    out = b''
    for number, size in enumerate(list(sizes) + [None]):
        part, text = (text[:size], text[size:]) if size is not None else (text, b'')
        header = packing.pack(
            order + 'I16sIIIBBBBB',
            0x75D11D57,
            bytes(range(16)),
            0,
            8 * (37 + len(part)),
            8 * (37 + len(part) + padding),
            0,
            0,
            0,
            2,
            0,
        )
        out += header + part + bytes([number]) * padding
    return out


def with_extra(thing, **more):
    """All objects of a fragment that may have them get these properties."""
    if isinstance(thing, list):
        return [with_extra(item, **more) for item in thing]
    if not isinstance(thing, dict):
        return thing
    out = {
        key: value if key in ('attributes', 'flags', 'mappings', 'environment') else with_extra(value, **more)
        for key, value in thing.items()
    }
    takes = 'type' in thing or 'field-class' in thing
    return {**out, **more} if takes else out


EVERYTHING = [
    PREAMBLE,
    alias('byte', uint(8)),
    trace({'id': uint(8, roles=['data-stream-class-id'])}, environment={'a': 1}),
    clock(offset_from_origin={'seconds': 1}),
    stream(
        {'x': uint(8), 'b': uint(8, roles=['default-clock-timestamp'])},
        {'t': uint(8, roles=['default-clock-timestamp'])},
        {'c': 'byte'},
        clock='c',
    ),
    event(
        {
            'n': uint(8),
            's': dynamic_string(near('n')),
            'v': variant(near('n'), option([[1, 1]], array(1, 'byte'), 'one')),
            'o': optional(near('n'), struct({'b': boolean(8)}), [[1, 1]]),
        },
        {'d': string()},
    ),
]
EVERYTHING_BYTES = '00  01 00  02  03  "d" 00  01 "s" 04 01'
EVERYTHING_RECORD = [
    record(
        time=1000000002,
        cycles=2,
        packet_context={'x': 1},
        context={'c': 3},
        event_context={'d': 'd'},
        fields={'n': 1, 's': 's', 'v': {'one': [4]}, 'o': {'b': True}},
    )
]

CASES = [
    # ---- the text sequence ----
    case('text-in-many-lines', 'RFC 7464: a text is any JSON', pretty([PREAMBLE, trace(), stream(), event(NOTE)]), '2a', FINE),
    case(
        'text-with-blanks',
        'RFC 8259: blanks, tabs, line feeds and carriage returns between tokens',
        written(
            ' {"type" : "preamble" ,\r\n\t"version":2 } \r\n',
            '{"type":"data-stream-class"}\t',
            '\n\n{"type":"event-record-class","name":"e","payload-field-class":'
            '{"type":"structure","member-classes":[{"name":"a","field-class":'
            '{"type":"fixed-length-unsigned-integer","length":8,"byte-order":"little-endian"}}]}}',
        ),
        '2a',
        FINE,
    ),
    case(
        'text-empty-ones',
        'RFC 7464: several separators in a row are one',
        text_sequence([PREAMBLE, stream(), event(NOTE)]).replace(RS, RS + RS + RS),
        '2a',
        FINE,
    ),
    case(
        'text-without-last-line-feed',
        'RFC 7464: an object is complete without what follows it',
        text_sequence([PREAMBLE, stream(), event(NOTE)])[:-1],
        '2a',
        FINE,
    ),
    case(
        'text-escapes',
        'RFC 8259',
        written(
            '{"type":"\\u0070reamble","version":2}',
            '{"type":"data-stream-class"}',
            '{"type":"event-record-class","name":"\\u00e9 \\ud83d\\ude00 \\"\\\\\\/\\b\\f\\n\\r\\t","payload-field-class":'
            '{"type":"structure","member-classes":[{"name":"\\u2603","field-class":'
            '{"type":"fixed-length-unsigned-integer","length":8,"byte-order":"little-endian"}}]}}',
        ),
        '2a',
        [record(name='é 😀 "\\/\b\f\n\r\t', fields={'☃': 42})],
    ),
    case(
        'text-utf-8',
        'RFC 8259: UTF-8 as it is',
        [PREAMBLE, stream(), event({'ünï': uint(8)}, name='é☃😀')],
        '2a',
        [record(name='é☃😀', fields={'ünï': 42})],
    ),
    case(
        'text-order-of-properties',
        '5: an object has no order',
        [
            {'version': 2, 'type': 'preamble'},
            {'type': 'data-stream-class'},
            {
                'payload-field-class': {
                    'member-classes': [
                        {
                            'field-class': {'byte-order': 'little-endian', 'length': 8, 'type': 'fixed-length-unsigned-integer'},
                            'name': 'a',
                        }
                    ],
                    'type': 'structure',
                },
                'name': 'e',
                'type': 'event-record-class',
            },
        ],
        '2a',
        FINE,
    ),
    # ---- attributes and extensions ----
    case(
        'attributes-everywhere',
        '5.2: never considered',
        with_extra(EVERYTHING, attributes=ATTRIBUTES),
        EVERYTHING_BYTES,
        EVERYTHING_RECORD,
    ),
    case(
        'attributes-without-a-name',
        '5.2, 5.6: an empty one is a name',
        [PREAMBLE, trace(environment={'': ''}, attributes={'': 7}), stream(), event({'': uint(8)}, attributes={'': {'': ''}})],
        '2a',
        [record(fields={'': 42})],
    ),
    case('attributes-nowhere', '5.2: the same without', EVERYTHING, EVERYTHING_BYTES, EVERYTHING_RECORD),
    case(
        'attributes-that-look-like-properties',
        '5.2',
        [
            PREAMBLE,
            stream(),
            event(
                {'a': uint(8, attributes={'length': 16, 'type': 'structure', 'extensions': {'x': {'y': 1}}})}, attributes={'id': 5}
            ),
        ],
        '2a',
        FINE,
    ),
    case(
        'extensions-none',
        '5.1: nothing is declared by empty objects',
        with_extra([preamble(extensions={'my.tracer': {}}), stream(), event(NOTE)], extensions={}),
        '2a',
        FINE,
    ),
    # ---- fragments ----
    case('fragments-least', '5: a preamble and a data stream class', [PREAMBLE, stream()], '', []),
    case(
        'fragments-in-any-order',
        '5: of what does not depend on each other',
        [
            PREAMBLE,
            clock('unused'),
            alias('unused', uint(8)),
            trace({'id': uint(8, roles=['data-stream-class-id'])}),
            alias('u', uint(8)),
            stream(id=1),
            event({'a': 'u'}, data_stream_class_id=1),
            clock('late'),
            stream(id=2),
            event(NOTE, data_stream_class_id=2),
            event(NOTE, id=5, data_stream_class_id=1),
            alias('last', string()),
        ],
        {'a': '01 2a', 'b': '02 2b'},
        [record(file='a', stream=1, fields={'a': 42}), record(file='b', stream=2, fields={'a': 43})],
    ),
    case(
        'trace-class-properties',
        '5.6',
        [
            PREAMBLE,
            trace(namespace='ns', name='n', uid='u', environment={'text': '"x"\n\x1f', 'number': -(2**63), 'most': 2**63 - 1}),
            stream(namespace='ns', name='n', uid='u'),
            event(NOTE, namespace='ns', uid='u'),
        ],
        '2a',
        FINE,
    ),
    case(
        'names-of-all',
        '5.6 to 5.9: a name says nothing to a reader',
        [PREAMBLE, trace(name=''), clock(name=''), stream(name='', uid=''), event(NOTE, uid='')],
        '2a',
        FINE,
    ),
    # ---- aliases ----
    case(
        'alias',
        '5.5: wherever a field class may be',
        [
            PREAMBLE,
            alias('u8', uint(8)),
            alias('stamp', uint(8, roles=['default-clock-timestamp'])),
            clock(),
            alias('id', uint(8, roles=['data-stream-class-id'])),
            alias('header', struct({'id': 'id'})),
            trace('header'),
            alias('context', struct({'x': 'u8'})),
            alias('packet context', struct({'x': 'u8', 'begin': 'stamp'})),
            alias('record header', struct({'t': 'stamp'})),
            stream('packet context', 'record header', 'context', clock='c'),
            alias(
                'payload',
                struct(
                    {
                        's': 'context',
                        'a': array(2, 'u8'),
                        'o': optional(near('s', 'x'), 'u8', [[5, 5]]),
                        'v': variant(near('s', 'x'), option([[0, 9]], 'u8', 'v')),
                    }
                ),
            ),
            event('payload', 'context'),
        ],
        '00  01 00  02  03  04  05 06 07 08 09',
        [
            record(
                time=2,
                cycles=2,
                packet_context={'x': 1},
                context={'x': 3},
                event_context={'x': 4},
                fields={'s': {'x': 5}, 'a': [6, 7], 'o': 8, 'v': {'v': 9}},
            )
        ],
    ),
    case(
        'alias-of-alias',
        'example 71',
        [PREAMBLE, alias('u8', uint(8)), alias('uint8', 'u8'), alias('', 'uint8'), stream(), event({'a': ''})],
        '2a',
        FINE,
    ),
    case(
        'alias-with-a-location',
        '5.5, 5.3.1: a relative location begins where the alias is used',
        [
            PREAMBLE,
            alias('text', dynamic_string(near('n'))),
            alias('outer', dynamic_string(near(None, 'n'))),
            stream(),
            event({'n': uint(8), 'a': 'text', 's': struct({'n': uint(8), 'a': 'text', 'b': 'outer'})}),
        ],
        '01 "a" 02 "bb" "c"',
        [record(fields={'n': 1, 'a': 'a', 's': {'n': 2, 'a': 'bb', 'b': 'c'}})],
    ),
    case(
        'alias-with-a-location-from-root',
        '5.5, 5.3.1',
        [PREAMBLE, alias('text', struct({'n': uint(8), 'a': dynamic_string(payload('s', 'n'))})), stream(), event({'s': 'text'})],
        '02 "bb"',
        [record(fields={'s': {'n': 2, 'a': 'bb'}})],
    ),
    case(
        'alias-of-a-structure-many-times',
        '5.5',
        [
            PREAMBLE,
            alias('pair', struct({'x': uint(8), 'y': uint(16, alignment=16)})),
            stream(),
            event({'a': 'pair', 'b': array(1, 'pair'), 'c': struct({'d': 'pair'})}),
        ],
        '01 ee 02 00  03 ee 04 00  05 ee 06 00',
        [record(fields={'a': {'x': 1, 'y': 2}, 'b': [{'x': 3, 'y': 4}], 'c': {'d': {'x': 5, 'y': 6}}})],
    ),
    # ---- metadata in packets ----
    case(
        'metadata-in-packets',
        'CTF2-PMETA-1.0',
        packetised(text_sequence([PREAMBLE, stream(), event(NOTE)]), '<', [], 0),
        '2a',
        FINE,
    ),
    case(
        'metadata-in-packets-big-endian',
        'CTF2-PMETA-1.0: the byte order is that of the magic number',
        packetised(text_sequence([PREAMBLE, stream(), event(NOTE)]), '>', [], 9),
        '2a',
        FINE,
    ),
    case(
        'metadata-in-many-packets',
        'CTF2-PMETA-1.0: contents follow each other, cut anywhere',
        packetised(text_sequence([PREAMBLE, stream(), event(NOTE)]), '<', [1, 0, 7, 30, 12], 5),
        '2a',
        FINE,
    ),
]
