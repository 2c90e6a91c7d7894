# SPDX-License-Identifier: MIT
"""Where lengths and selectors are (5.3.1, 6.4.2)."""
from .case import (
    BE,
    LE,
    PREAMBLE,
    array,
    at,
    boolean,
    case,
    dynamic_array,
    dynamic_blob,
    dynamic_string,
    event,
    near,
    option,
    optional,
    payload,
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


def three_lengths(selector):
    """Example 90: a length that is a variant of three integers."""
    return variant(
        selector, option([[0, 0]], uint(8), 'byte'), option([[1, 1]], uint(16), 'half'), option([[2, 2]], uint(32), 'word')
    )


EXAMPLE_91 = {
    'glass': variant(
        at('event-record-common-context', 'sel'),
        option([[0, 0]], struct({'eagle': uint(16), 'road': string()}), 'a'),
        option([[32, 172]], struct({'nuance': string(), 'eagle': uint(24, BE)}), 'b'),
        option([[5, 5]], struct({'eagle': uleb(), 'lock': dynamic_blob(payload('glass', 'eagle'))}), 'c'),
    ),
    'margin': dynamic_array(payload('glass', 'eagle'), string()),
}

OCTETS = 'application/octet-stream'

CASES = [
    case(
        'location-from-root',
        'example 87',
        {'corn': uint(32), 'inside': uint(16), 'carbon': dynamic_array(payload('corn'), string())},
        '02 00 00 00  ff ff  "a" 00 "bc" 00',
        [{'corn': 2, 'inside': 0xFFFF, 'carbon': ['a', 'bc']}],
    ),
    case(
        'location-within-an-element',
        'example 88: relative, within the same element of an array',
        {'norm': string(), 'nature': array(3, struct({'laser': uleb(), 'joystick': dynamic_array(near('laser'), string())}))},
        '"n" 00  01 "a" 00  00  02 "b" 00 "c" 00',
        [
            {
                'norm': 'n',
                'nature': [{'laser': 1, 'joystick': ['a']}, {'laser': 0, 'joystick': []}, {'laser': 2, 'joystick': ['b', 'c']}],
            }
        ],
    ),
    case(
        'location-within-an-element-from-root',
        '6.4.2: of an array that is being decoded, the element that is being decoded',
        {'nature': array(2, array(2, struct({'laser': uint(8), 'joystick': dynamic_array(payload('nature', 'laser'), uint(8))})))},
        '01 0a  00  02 0b 0c  01 0d',
        [
            {
                'nature': [
                    [{'laser': 1, 'joystick': [10]}, {'laser': 0, 'joystick': []}],
                    [{'laser': 2, 'joystick': [11, 12]}, {'laser': 1, 'joystick': [13]}],
                ]
            }
        ],
    ),
    case(
        'location-through-a-variant',
        'example 89: an option that is being decoded',
        {
            'lawyer': sint(16),
            'clinic': variant(
                payload('lawyer'),
                option([[0, 0]], string(), 'text'),
                option(
                    [[1, 4]],
                    struct({'lemon': uint(8, BE), 'joystick': dynamic_array(payload('clinic', 'lemon'), string())}),
                    'both',
                ),
                option([[5, 5], [7, 7]], boolean(8), 'flag'),
            ),
        },
        '00 00 "x" 00  04 00 02 "a" 00 "b" 00  07 00 01',
        [
            {'lawyer': 0, 'clinic': {'text': 'x'}},
            {'lawyer': 4, 'clinic': {'both': {'lemon': 2, 'joystick': ['a', 'b']}}},
            {'lawyer': 7, 'clinic': {'flag': True}},
        ],
    ),
    case(
        'location-of-a-variant',
        'example 90: a length that is the option that was taken',
        [
            PREAMBLE,
            stream(),
            event(
                {
                    'glass': three_lengths(at('event-record-specific-context', 'sel')),
                    'margin': dynamic_array(payload('glass'), string()),
                },
                {'sel': uint(8)},
            ),
        ],
        '00 01 "a" 00  01 02 00 "b" 00 "c" 00  02 00 00 00 00',
        [
            record(event_context={'sel': 0}, fields={'glass': {'byte': 1}, 'margin': ['a']}),
            record(event_context={'sel': 1}, fields={'glass': {'half': 2}, 'margin': ['b', 'c']}),
            record(event_context={'sel': 2}, fields={'glass': {'word': 0}, 'margin': []}),
        ],
    ),
    case(
        'location-of-a-variant-relative',
        'example 90',
        {'sel': uint(8), 's': struct({'n': three_lengths(near(None, 'sel'))}), 'a': dynamic_string(near('s', 'n'))},
        '00 01 "a"  01 02 00 "bc"  02 03 00 00 00 "def"',
        [
            {'sel': 0, 's': {'n': {'byte': 1}}, 'a': 'a'},
            {'sel': 1, 's': {'n': {'half': 2}}, 'a': 'bc'},
            {'sel': 2, 's': {'n': {'word': 3}}, 'a': 'def'},
        ],
    ),
    case(
        'location-in-options-of-a-variant',
        'example 91: the same path leads to another field in each option',
        [PREAMBLE, stream(common={'sel': uint(8)}), event(EXAMPLE_91)],
        '''00  02 00 "r" 00       "a" 00 "b" 00
            20  "n" 00 00 00 01    "c" 00
            ac  00    00 00 00
            05  02 be ef           "d" 00 "e" 00''',
        [
            record(context={'sel': 0}, fields={'glass': {'a': {'eagle': 2, 'road': 'r'}}, 'margin': ['a', 'b']}),
            record(context={'sel': 32}, fields={'glass': {'b': {'nuance': 'n', 'eagle': 1}}, 'margin': ['c']}),
            record(context={'sel': 172}, fields={'glass': {'b': {'nuance': '', 'eagle': 0}}, 'margin': []}),
            record(
                context={'sel': 5},
                fields={'glass': {'c': {'eagle': 2, 'lock': {'blob': 'beef', 'media_type': OCTETS}}}, 'margin': ['d', 'e']},
            ),
        ],
    ),
    case(
        'location-in-the-specific-context',
        'example 92',
        [
            PREAMBLE,
            stream(),
            event(
                {'avenue': dynamic_array(at('event-record-specific-context', 'vegetable'), string()), 'railroad': string()},
                {'cook': uint(8), 'vegetable': uleb()},
            ),
        ],
        '09 02 "a" 00 "b" 00 "r" 00',
        [record(event_context={'cook': 9, 'vegetable': 2}, fields={'avenue': ['a', 'b'], 'railroad': 'r'})],
    ),
    case(
        'location-in-each-scope',
        '5.3.1: all the origins',
        [
            PREAMBLE,
            trace(
                {
                    'id': uint(8, roles=['data-stream-class-id']),
                    'more': optional(near('id'), uint(8, roles=['data-stream-id']), [[0, 0]]),
                }
            ),
            stream(
                context={'n': uint(8), 'a': optional(at('packet-header', 'id'), uint(8), [[0, 0]])},
                header={
                    'id': uint(8, roles=['event-record-class-id']),
                    'x': optional(at('packet-context', 'n'), uint(8, roles=['event-record-class-id']), [[0, 0]]),
                },
                common={
                    'n': uint(8),
                    'a': dynamic_string(at('packet-context', 'n')),
                    'v': variant(at('event-record-header', 'id'), option([[0, 9]], uint(8), 'v')),
                },
            ),
            event(
                {
                    'n': uint(8),
                    'a': dynamic_string(at('packet-context', 'n')),
                    'b': dynamic_string(at('event-record-common-context', 'n')),
                    'c': dynamic_string(at('event-record-specific-context', 'n')),
                    'd': dynamic_string(payload('n')),
                    'e': optional(at('packet-header', 'id'), uint(8), [[1, 1]]),
                },
                {
                    'n': uint(8),
                    'a': dynamic_string(at('event-record-common-context', 'n')),
                    'b': dynamic_string(at('event-record-specific-context', 'n')),
                },
            ),
        ],
        '''00 07           # packet header: class 0, stream 7
            01 08           # packet context: n, a
            00              # event record header: id, no x
            02 "a" 09       # common context: n, a, v
            03 "bb" "ccc"   # specific context: n, a, b
            04 "d" "ee" "fff" "gggg"''',
        [
            record(
                packet_context={'n': 1, 'a': 8},
                context={'n': 2, 'a': 'a', 'v': {'v': 9}},
                event_context={'n': 3, 'a': 'bb', 'b': 'ccc'},
                fields={'n': 4, 'a': 'd', 'b': 'ee', 'c': 'fff', 'd': 'gggg', 'e': None},
            )
        ],
    ),
    case(
        'location-relative',
        '5.3.1: from the structure around',
        {'n': uint(8), 's': struct({'n': uint(8), 'a': dynamic_string(near('n'))}), 'b': dynamic_string(near('s', 'n'))},
        '01 02 "aa" "bb"',
        [{'n': 1, 's': {'n': 2, 'a': 'aa'}, 'b': 'bb'}],
    ),
    case(
        'location-parent',
        '5.3.1, example 6: null is the structure around',
        {
            'n': uint(8),
            'mini': struct({'stop': uint(8)}),
            's': struct(
                {
                    'n': uint(8),
                    't': struct(
                        {
                            'a': dynamic_string(near(None, 'n')),
                            'b': dynamic_string(near(None, None, 'n')),
                            'c': dynamic_string(near(None, None, 'mini', 'stop')),
                        }
                    ),
                }
            ),
        },
        '01 03 02 "aa" "b" "ccc"',
        [{'n': 1, 'mini': {'stop': 3}, 's': {'n': 2, 't': {'a': 'aa', 'b': 'b', 'c': 'ccc'}}}],
    ),
    case(
        'location-down-and-up',
        '6.4.2: null anywhere but at the end',
        {'s': struct({'t': struct({'x': uint(8)}), 'n': uint(8)}), 'a': dynamic_string(near('s', 't', None, 'n'))},
        '09 02 "ab"',
        [{'s': {'t': {'x': 9}, 'n': 2}, 'a': 'ab'}],
    ),
    case(
        'location-parent-over-arrays',
        '6.4.2: arrays, optionals and variants are no structures',
        {
            'n': uint(8),
            's': array(
                2,
                array(
                    1,
                    struct(
                        {
                            'o': optional(
                                near(None, 'n'),
                                variant(
                                    near(None, 'n'), option([[1, 9]], struct({'a': dynamic_string(near(None, None, 'n'))}), 'v')
                                ),
                                [[1, 9]],
                            )
                        }
                    ),
                ),
            ),
        },
        '02 "ab" "cd"  00',
        [{'n': 2, 's': [[{'o': {'v': {'a': 'ab'}}}], [{'o': {'v': {'a': 'cd'}}}]]}, {'n': 0, 's': [[{'o': None}], [{'o': None}]]}],
    ),
    case(
        'location-own-ancestor',
        '6.4.2: a structure that is being decoded',
        {'s': struct({'n': uint(8), 't': struct({'a': dynamic_string(payload('s', 'n'))})})},
        '02 "ab"',
        [{'s': {'n': 2, 't': {'a': 'ab'}}}],
    ),
    case(
        'location-in-an-optional',
        '6.4.2: the content of one that is there',
        {'has': boolean(8), 'n': optional(near('has'), uint(8)), 'a': optional(near('has'), dynamic_string(near('n')))},
        '01 02 "ab"  00',
        [{'has': True, 'n': 2, 'a': 'ab'}, {'has': False, 'n': None, 'a': None}],
    ),
    case(
        'location-of-one-field-by-many',
        '6.4.2',
        {
            'n': uint(8),
            'a': dynamic_string(near('n')),
            'b': dynamic_array(payload('n'), uint(8)),
            'c': optional(near('n'), uint(8), [[2, 2]]),
            'd': variant(payload('n'), option([[2, 2]], uint(8), 'two'), option([[1, 1]], uint(16), 'one')),
        },
        '02 "ab" 03 04 05 06  01 "c" 07 08 00',
        [{'n': 2, 'a': 'ab', 'b': [3, 4], 'c': 5, 'd': {'two': 6}}, {'n': 1, 'a': 'c', 'b': [7], 'c': None, 'd': {'one': 8}}],
    ),
    case(
        'location-is-of-this-record',
        '6.4.2: of the current event record and packet',
        [
            PREAMBLE,
            trace({'n': uint(8, roles=['data-stream-id'])}),
            stream(context={'size': uint(8, roles=['packet-total-length']), 'n': uint(8)}),
            event({'a': dynamic_string(at('packet-context', 'n'))}),
        ],
        '01 28 01 "a" "b"  01 28 02 "cd"',
        [
            record(packet_context={'n': 1}, fields={'a': 'a'}),
            record(packet_context={'n': 1}, fields={'a': 'b'}),
            record(packet=1, packet_context={'n': 2}, fields={'a': 'cd'}),
        ],
    ),
    case(
        'location-of-a-value-with-a-role',
        '5.3.3: roles do not matter',
        [
            PREAMBLE,
            stream(context={'content': uint(16, roles=['packet-content-length']), 'n': uint(8, roles=['packet-sequence-number'])}),
            event({'a': dynamic_string(at('packet-context', 'n'))}),
        ],
        '28 00 02 "ab"',
        [record(fields={'a': 'ab'})],
    ),
    case(
        'location-of-a-value-with-the-name-of-its-user',
        '5.3.1: the path says which',
        {'n': uint(8), 's': struct({'n': dynamic_string(payload('n')), 'm': uint(8)})},
        '02 "ab" 03',
        [{'n': 2, 's': {'n': 'ab', 'm': 3}}],
    ),
    case(
        'location-of-reversed-bits',
        '6.4.2: the decoded value',
        {
            'n': uint(4, BE, bit_order='first-to-last'),
            'm': uint(4, BE),
            'a': dynamic_string(near('n')),
            'b': dynamic_string(near('m')),
        },
        '''0b0100'0001 "ab" "c"''',
        [{'n': 2, 'm': 1, 'a': 'ab', 'b': 'c'}],
    ),
    case(
        'location-64-bits-unaligned',
        '6.4.2',
        {'x': uint(3), 'n': uint(64, LE), 'y': uint(5), 'a': dynamic_array(near('n'), uint(8))},
        "0b00011'111 00*7 0b10101'000 0a 0b 0c",
        [{'x': 7, 'n': 3, 'y': 0b10101, 'a': [10, 11, 12]}],
    ),
]
