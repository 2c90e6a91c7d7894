# SPDX-License-Identifier: MIT
"""Structures, arrays, optionals, variants (5.3.18 to 5.3.23, 6.4.1, 6.4.16 to 6.4.20)."""
from .case import (
    BE,
    FTL,
    LTF,
    PREAMBLE,
    array,
    blob,
    boolean,
    case,
    dynamic_array,
    dynamic_string,
    event,
    near,
    option,
    optional,
    payload,
    real,
    record,
    sint,
    sleb,
    static_string,
    stream,
    string,
    struct,
    uint,
    uleb,
    variant,
)

ODD_NAMES = ['', ' ', 'the magic!', 'a.b', '_under', '__under', 'ünï', 'say "\\"', 'struct', '0', 'origin', 'x\ty']

# Example 63.
SHARED_SELECTOR = optional(
    payload('sel'), variant(payload('sel'), option([[1, 1]], string(), 'text'), option([[2, 2]], sleb(), 'number')), [[1, 255]]
)

CASES = [
    # ---- structures ----
    case(
        'structure',
        '6.4.16: members in their order',
        {'z': uint(8), 's': struct({'b': uint(8), 'a': struct({'x': uint(16, BE)})}), 'a': uint(8)},
        '01 02 00 03 04',
        [{'z': 1, 's': {'b': 2, 'a': {'x': 3}}, 'a': 4}],
    ),
    case(
        'structure-empty',
        'example 48',
        {'a': uint(8), 's': struct({}), 't': {'type': 'structure'}, 'b': uint(8)},
        '01 02',
        [{'a': 1, 's': {}, 't': {}, 'b': 2}],
    ),
    case(
        'structure-odd-names',
        '5.3.18.1: a name is any string; none loses its underscore',
        {name: uint(8) for name in ODD_NAMES},
        '00 01 02 03 04 05 06 07 08 09 0a 0b',
        [{name: value for value, name in enumerate(ODD_NAMES)}],
    ),
    case(
        'structure-same-names-further-in',
        '5.3.18: names are unique within one structure only',
        {'a': struct({'a': struct({'a': uint(8)}), 'b': uint(8)}), 'b': uint(8)},
        '01 02 03',
        [{'a': {'a': {'a': 1}, 'b': 2}, 'b': 3}],
    ),
    case(
        'structure-minimum-alignment',
        '6.4.1, example 50',
        {'x': uint(8), 's': struct({'a': string(), 'b': uint(32, BE, alignment=32)}, minimum_alignment=64), 'y': uint(8)},
        '01 ee*7  "a" 00 ee ee  00 00 00 02  03',
        [{'x': 1, 's': {'a': 'a', 'b': 2}, 'y': 3}],
    ),
    case(
        'structure-minimum-alignment-of-an-empty-one',
        '6.4.1: nothing is in it, but it is aligned',
        {'x': uint(8), 's': struct({}, minimum_alignment=32), 'y': uint(8)},
        '01 ee ee ee 02  ee ee ee 03 ee ee ee 04',
        [{'x': 1, 's': {}, 'y': 2}, {'x': 3, 's': {}, 'y': 4}],
    ),
    case(
        'structure-minimum-alignment-smaller',
        '6.4.1: the greatest requirement counts',
        {'x': uint(8), 's': struct({'a': uint(32, alignment=32)}, minimum_alignment=16)},
        '01 ee ee ee 02 00 00 00',
        [{'x': 1, 's': {'a': 2}}],
    ),
    case(
        'structure-alignment-from-deep-within',
        '6.4.1: of members of members and of elements of arrays',
        {
            'x': uint(8),
            's': struct({'a': uint(8), 't': struct({'u': array(1, struct({'b': uint(8), 'c': uint(8, alignment=32)}))})}),
            'y': uint(8),
        },
        '''01 ee ee ee   # x, before s
            02 ee ee ee   # a, before t
            03 ee ee ee   # b
            04 05''',
        [{'x': 1, 's': {'a': 2, 't': {'u': [{'b': 3, 'c': 4}]}}, 'y': 5}],
    ),
    case(
        'structure-of-bits',
        '6.4.1: a structure is not aligned of itself',
        {'a': uint(3), 's': struct({'b': uint(2), 'c': uint(2)}), 'd': uint(1)},
        "0b1'10'01'101",
        [{'a': 5, 's': {'b': 1, 'c': 2}, 'd': 1}],
    ),
    # ---- arrays ----
    case(
        'static-array',
        '6.4.17',
        {'a': array(3, uint(16, BE)), 'b': array(0, uint(8)), 'c': array(1, string()), 'd': array(2, sleb())},
        '00 01 00 02 00 03  "x" 00  7f c0 00',
        [{'a': [1, 2, 3], 'b': [], 'c': ['x'], 'd': [-1, 64]}],
    ),
    case('static-array-of-arrays', '6.4.17', {'a': array(2, array(3, uint(4, BE)))}, '12 34 56', [{'a': [[1, 2, 3], [4, 5, 6]]}]),
    case(
        'static-array-of-halves',
        '6.4.8, 6.4.17',
        {'a': array(3, real(16))},
        '00 3c 00 c0 01 80',
        [{'a': [1.0, -2.0, -(2.0**-24)]}],
    ),
    case(
        'static-array-of-reversed-bytes',
        '6.4.1, 6.4.17',
        {'a': array(3, uint(8, bit_order=LTF)), 'b': array(2, uint(16, BE, bit_order=FTL))},
        '01 0f 3c  01 00 03 80',
        [{'a': [0x80, 0xF0, 0x3C], 'b': [0x80, 0x1C0]}],
    ),
    case(
        'static-array-of-structures',
        '6.4.17: each element is aligned',
        {'a': array(3, struct({'x': uint(8), 'y': uint(16, alignment=16)})), 'z': uint(8)},
        '01 ee 02 00  03 ee 04 00  05 ee 06 00  07',
        [{'a': [{'x': 1, 'y': 2}, {'x': 3, 'y': 4}, {'x': 5, 'y': 6}], 'z': 7}],
    ),
    case(
        'array-of-aligned-elements',
        '6.4.1: alignment comes between the elements as well',
        {'x': uint(8), 'a': array(3, uint(8, alignment=16)), 'z': uint(8)},
        '01 ee  02 ee 03 ee 04  05',
        [{'x': 1, 'a': [2, 3, 4], 'z': 5}],
    ),
    case(
        'array-of-flags',
        'example 57: aligned to 32 bits by minimum-alignment',
        {'x': uint(8), 'a': array(32, boolean(1), minimum_alignment=32)},
        '01 ee ee ee  01 80 00 c0',
        [{'x': 1, 'a': [True] + [False] * 14 + [True] + [False] * 14 + [True, True]}],
    ),
    case(
        'array-of-flags-big-endian',
        '6.4.17',
        {'a': array(8, boolean(1, BE))},
        "0b11000001",
        [{'a': [True, True] + [False] * 5 + [True]}],
    ),
    case(
        'array-empty-but-aligned',
        '6.4.17, 6.4.18: aligned before its length is looked at',
        {
            'x': uint(8),
            'a': array(0, uint(32, alignment=32)),
            'y': uint(8),
            'b': dynamic_array(near('x'), uint(8), minimum_alignment=64),
            'z': uint(8),
        },
        '00 ee ee ee 01 ee ee ee  02',
        [{'x': 0, 'a': [], 'y': 1, 'b': [], 'z': 2}],
    ),
    case(
        'array-of-bytes-is-no-string',
        '5.3.19: strings have classes of their own',
        {'a': array(3, uint(8, mappings={'b': [[98, 98]]})), 'b': array(2, uint(8))},
        '"abc" 00 "z"',
        [{'a': [{'value': 97, 'labels': []}, {'value': 98, 'labels': ['b']}, {'value': 99, 'labels': []}], 'b': [0, 122]}],
    ),
    case(
        'dynamic-array',
        'example 103',
        {'len': uint(16, BE), 'id': string(), 'vals': dynamic_array(payload('len'), uint(32, alignment=32))},
        '''00 05  "four" 00 ee
            01 00 00 00  02 00 00 00  03 00 00 00  04 00 00 00  05 00 00 80
            00 00  "none" 00 ee''',
        [{'len': 5, 'id': 'four', 'vals': [1, 2, 3, 4, 0x80000005]}, {'len': 0, 'id': 'none', 'vals': []}],
    ),
    case(
        'dynamic-array-leb',
        '5.3.21: the length may be of variable length',
        {'n': uleb(), 'a': dynamic_array(near('n'), dynamic_string(near('n')))},
        '02 "abcd"  00  81 00 "x"',
        [{'n': 2, 'a': ['ab', 'cd']}, {'n': 0, 'a': []}, {'n': 1, 'a': ['x']}],
    ),
    case(
        'dynamic-array-mapped-length',
        '5.3.21: mappings of the length are no matter',
        {'n': uint(4, mappings={'two': [[2, 2]]}), 'a': dynamic_array(near('n'), uint(4))},
        '32 04',
        [{'n': {'value': 2, 'labels': ['two']}, 'a': [3, 4]}, {'n': {'value': 0, 'labels': []}, 'a': []}],
    ),
    case(
        'dynamic-array-of-arrays',
        '6.4.18',
        {'n': uint(8), 'm': uint(8), 'a': dynamic_array(near('n'), dynamic_array(near('m'), uint(8)))},
        '02 03  01 02 03 04 05 06',
        [{'n': 2, 'm': 3, 'a': [[1, 2, 3], [4, 5, 6]]}],
    ),
    case(
        'dynamic-array-of-structures',
        '6.4.18',
        {'n': uint(8), 'a': dynamic_array(near('n'), struct({'s': string(), 'v': uint(16, alignment=16)})), 'z': uint(8)},
        '02 ee  "a" 00 01 00  "bcd" 00 02 00  07',
        [{'n': 2, 'a': [{'s': 'a', 'v': 1}, {'s': 'bcd', 'v': 2}], 'z': 7}],
    ),
    case(
        'array-large',
        '6.4.18: of any length',
        {'n': uint(32), 'a': dynamic_array(near('n'), uint(3)), 'b': dynamic_array(near('n'), struct({'s': string()}))},
        "58 1b 00 00" + " 0b11'001'010 0b1'101'010'0 0b001'010'10" * 875 + ' "a" 00 00' * 3500,
        [{'n': 7000, 'a': [2, 1, 3, 2, 5, 5, 2, 1] * 875, 'b': [{'s': 'a'}, {'s': ''}] * 3500}],
    ),
    # ---- optionals ----
    case(
        'array-alignment-without-elements',
        '6.4.1, 6.4.17: what is aligned is the array, not its elements',
        [
            PREAMBLE,
            stream(header={'id': uint(8, roles=['event-record-class-id'])}, common={'c': uint(8)}),
            event({'n': uint(8), 'a': dynamic_array(near('n'), uint(8), minimum_alignment=32), 'z': uint(8)}),
        ],
        '00 01 ee ee  00 ee ee ee  02   00 03 ee  01 ee ee ee  04 05',
        [
            record(context={'c': 1}, fields={'n': 0, 'a': [], 'z': 2}),
            record(context={'c': 3}, fields={'n': 1, 'a': [4], 'z': 5}),
        ],
    ),
    case(
        'optional-boolean',
        '6.4.19, example 60: there if the boolean is true',
        {'has': boolean(8), 'ip': optional(payload('has'), array(4, uint(8))), 'z': uint(8)},
        '01 7f 00 00 01 09   00 08   80 01 02 03 04 07',
        [
            {'has': True, 'ip': [127, 0, 0, 1], 'z': 9},
            {'has': False, 'ip': None, 'z': 8},
            {'has': True, 'ip': [1, 2, 3, 4], 'z': 7},
        ],
    ),
    case(
        'optional-boolean-bits',
        '6.4.19: an optional that is not there takes no bit',
        {'a': boolean(1), 'b': optional(near('a'), uint(7)), 'c': uint(8, alignment=8)},
        "0b0000011'1 01  0b1010101'0 02",
        [{'a': True, 'b': 3, 'c': 1}, {'a': False, 'b': None, 'c': 2}],
    ),
    case(
        'optional-signed',
        '6.4.19, example 61: there if a range has the value',
        {'sel': sint(8), 's': optional(payload('sel'), string(), [[-12, -12], [-5, 0], [15, 35]])},
        'f4 "a" 00  f3  fb "b" 00  00 "c" 00  01  0e  0f "d" 00  23 "e" 00  24',
        [
            {'sel': sel, 's': text}
            for sel, text in [(-12, 'a'), (-13, None), (-5, 'b'), (0, 'c'), (1, None), (14, None), (15, 'd'), (35, 'e'), (36, None)]
        ],
    ),
    case(
        'optional-unsigned',
        '6.4.19',
        {'sel': uint(64, BE), 's': optional(near('sel'), uint(8), [[1, 1], [2**63, 2**64 - 1]])},
        '00*7 01 0a   00*7 02   80 00*7 0b   7f ff*7   ff*8 0c',
        [{'sel': sel, 's': value} for sel, value in [(1, 10), (2, None), (2**63, 11), (2**63 - 1, None), (2**64 - 1, 12)]],
    ),
    case(
        'optional-leb',
        '5.3.22: the selector may be of variable length',
        {
            'u': uleb(),
            'a': optional(near('u'), uint(8), [[300, 300]]),
            's': sleb(),
            'b': optional(near('s'), uint(8), [[-300, -300]]),
        },
        'ac 02 0a  d4 7d 0b   ad 02  d3 7d',
        [{'u': 300, 'a': 10, 's': -300, 'b': 11}, {'u': 301, 'a': None, 's': -301, 'b': None}],
    ),
    case(
        'optional-mapped-selector',
        '5.3.22',
        {'u': uint(8, mappings={'on': [[1, 9]]}), 'a': optional(near('u'), uint(8), [[1, 9]])},
        '05 01  00',
        [{'u': {'value': 5, 'labels': ['on']}, 'a': 1}, {'u': {'value': 0, 'labels': []}, 'a': None}],
    ),
    case(
        'optional-always-there',
        '6.4.19: all values of the selector are in a range',
        {
            'u': uint(8),
            'a': optional(near('u'), uint(8), [[0, 5], [6, 255]]),
            's': sint(8),
            'b': optional(near('s'), uint(8), [[-5, 127], [-128, -6]]),
        },
        '00 01 80 02  ff 03 7f 04',
        [{'u': 0, 'a': 1, 's': -128, 'b': 2}, {'u': 255, 'a': 3, 's': 127, 'b': 4}],
    ),
    case(
        'optional-never-there',
        '5.3.20: ranges that no value of the selector is in',
        {
            'u': uint(64),
            'a': optional(near('u'), uint(8), [[-9, -1]]),
            's': sint(64),
            'b': optional(near('s'), uint(8), [[2**63, 2**64 - 1]]),
        },
        'ff*8 ff*8  00*8 00*7 80  00*7 80 00*8',
        [
            {'u': 2**64 - 1, 'a': None, 's': -1, 'b': None},
            {'u': 0, 'a': None, 's': -(2**63), 'b': None},
            {'u': 2**63, 'a': None, 's': 0, 'b': None},
        ],
    ),
    case(
        'optional-ranges-beyond-the-selector',
        '5.3.2: what the selector cannot be selects nothing',
        {
            'u': uint(8),
            'a': optional(near('u'), uint(8), [[-5, 1], [300, 2**63 - 1]]),
            's': sint(64),
            'b': optional(near('s'), uint(8), [[2**63 - 1, 2**64 - 1]]),
            'v': variant(
                near('u'),
                option([[-1, 0]], uint(8), 'x'),
                option([[1, 2**63 - 1]], uint(8), 'y'),
                option([[-9, -2]], uint(8), 'z'),
            ),
        },
        '00 0a ff*8 0b   01 0c ff*7 7f 0d 0e   ff 00*7 80 0f',
        [
            {'u': 0, 'a': 10, 's': -1, 'b': None, 'v': {'x': 11}},
            {'u': 1, 'a': 12, 's': 2**63 - 1, 'b': 13, 'v': {'y': 14}},
            {'u': 255, 'a': None, 's': -(2**63), 'b': None, 'v': {'y': 15}},
        ],
    ),
    case(
        'optional-alignment',
        '6.4.1: of 1; its content is aligned if it is there, and the structure around is not',
        {'a': boolean(8), 's': struct({'b': optional(payload('a'), uint(32, alignment=32))}), 'z': uint(8)},
        '''01 ee ee ee 05 00 00 00 0a
            00 0b
            00 0c''',
        [{'a': True, 's': {'b': 5}, 'z': 10}, {'a': False, 's': {'b': None}, 'z': 11}, {'a': False, 's': {'b': None}, 'z': 12}],
    ),
    case(
        'optional-in-optional',
        '6.4.19',
        {'a': boolean(8), 'n': uint(8), 'o': optional(near('a'), optional(near('n'), static_string(1), [[2, 3]]))},
        '01 02 "x"  01 01  00 02',
        [{'a': True, 'n': 2, 'o': 'x'}, {'a': True, 'n': 1, 'o': None}, {'a': False, 'n': 2, 'o': None}],
    ),
    case(
        'optional-structure',
        '6.4.19',
        {'a': boolean(8), 'o': optional(near('a'), struct({'x': uint(8), 'y': blob(1)}))},
        '01 02 03  00',
        [{'a': True, 'o': {'x': 2, 'y': {'blob': '03', 'media_type': 'application/octet-stream'}}}, {'a': False, 'o': None}],
    ),
    case(
        'array-of-optionals',
        '6.4.19',
        {'a': boolean(8), 'o': array(2, optional(near('a'), uint(8)))},
        '01 02 03  00',
        [{'a': True, 'o': [2, 3]}, {'a': False, 'o': [None, None]}],
    ),
    # ---- variants ----
    case(
        'variant-names',
        '5.3.21.1: options need no names, and may have any',
        {
            'sel': uint(8),
            'v': variant(
                near('sel'), option([[0, 0]], uint(8)), option([[1, 1]], uint(16)), option([[2, 2]], uint(8), '_x'), option([[3, 3]], uint(8))
            ),
        },
        '00 05  01 06 00  02 07  03 08',
        [{'sel': 0, 'v': {'': 5}}, {'sel': 1, 'v': {'': 6}}, {'sel': 2, 'v': {'_x': 7}}, {'sel': 3, 'v': {'': 8}}],
    ),
    case(
        'variant-of-a-label-with-fewer-values',
        '5.3.22: mappings of the selector are no matter',
        {'sel': uint(8, mappings={'a': [[1, 1]]}), 'v': variant(near('sel'), option([[1, 1], [5, 5]], uint(8), 'a'))},
        '01 06  05 07',
        [{'sel': {'value': 1, 'labels': ['a']}, 'v': {'a': 6}}, {'sel': {'value': 5, 'labels': []}, 'v': {'a': 7}}],
    ),
    case(
        'variant-unsigned',
        '6.4.20, example 62',
        {
            'sel': uint(8),
            'v': variant(payload('sel'), option([[5, 5]], string(), 'text'), option([[8, 8], [10, 12]], sint(16), 'number')),
        },
        '05 "a" 00  08 fe ff  0b 01 00',
        [{'sel': 5, 'v': {'text': 'a'}}, {'sel': 8, 'v': {'number': -2}}, {'sel': 11, 'v': {'number': 1}}],
    ),
    case(
        'variant-signed',
        '6.4.20',
        {
            'sel': sint(8),
            'v': variant(
                payload('sel'),
                option([[-128, -1]], uint(8), 'minus'),
                option([[0, 0]], struct({}), 'none'),
                option([[1, 127]], array(2, uint(8)), 'plus'),
            ),
        },
        '80 01  ff 02  00  01 03 04  7f 05 06',
        [
            {'sel': sel, 'v': value}
            for sel, value in [
                (-128, {'minus': 1}),
                (-1, {'minus': 2}),
                (0, {'none': {}}),
                (1, {'plus': [3, 4]}),
                (127, {'plus': [5, 6]}),
            ]
        ],
    ),
    case(
        'variant-of-64-bits',
        '5.3.2',
        {
            'sel': uint(64),
            'v': variant(
                near('sel'), option([[0, 2**63 - 1]], uint(8), 'low'), option([[2**63, 2**64 - 1]], uint(16), 'high')
            ),
        },
        '01 00*7 01   ff*8 02 00   00*7 80 03 00   ff*7 7f 04',
        [
            {'sel': 1, 'v': {'low': 1}},
            {'sel': 2**64 - 1, 'v': {'high': 2}},
            {'sel': 2**63, 'v': {'high': 3}},
            {'sel': 2**63 - 1, 'v': {'low': 4}},
        ],
    ),
    case(
        'variant-leb',
        '5.3.23: the selector may be of variable length',
        {
            'u': uleb(),
            'v': variant(near('u'), option([[300, 300]], uint(8), 'a'), option([[0, 299]], uint(16), 'b')),
            's': sleb(),
            'w': variant(near('s'), option([[-300, -300]], uint(8), 'a'), option([[-299, 0]], uint(16), 'b')),
        },
        'ac 02 01  d4 7d 02   00 03 00  00 04 00',
        [{'u': 300, 'v': {'a': 1}, 's': -300, 'w': {'a': 2}}, {'u': 0, 'v': {'b': 3}, 's': 0, 'w': {'b': 4}}],
    ),
    case(
        'variant-alignment',
        '6.4.1: of 1; its option is aligned when it is read, and the structure around is not',
        {
            'a': uint(8),
            's': struct(
                {'v': variant(payload('a'), option([[0, 0]], uint(8), 'byte'), option([[1, 1]], uint(32, alignment=32), 'word'))}
            ),
        },
        '00 01  01 ee 05 00 00 00   00 02',
        [{'a': 0, 's': {'v': {'byte': 1}}}, {'a': 1, 's': {'v': {'word': 5}}}, {'a': 0, 's': {'v': {'byte': 2}}}],
    ),
    case(
        'variant-in-optional',
        'example 63: both may have the same selector',
        {'sel': uint(8), 'o': SHARED_SELECTOR},
        '00  01 "a" 00  02 7e',
        [{'sel': 0, 'o': None}, {'sel': 1, 'o': {'text': 'a'}}, {'sel': 2, 'o': {'number': -2}}],
    ),
    case(
        'variant-in-variant',
        '6.4.20',
        {
            'a': uint(4),
            'b': uint(4),
            'v': variant(
                near('a'),
                option([[0, 0]], variant(near('b'), option([[0, 0]], uint(8), 'x'), option([[1, 1]], uint(16), 'y')), 'in'),
                option([[1, 1]], string(), 'out'),
            ),
        },
        '00 05  10 06 00  01 "z" 00',
        [{'a': 0, 'b': 0, 'v': {'in': {'x': 5}}}, {'a': 0, 'b': 1, 'v': {'in': {'y': 6}}}, {'a': 1, 'b': 0, 'v': {'out': 'z'}}],
    ),
    case(
        'array-of-variants',
        '6.4.20',
        {
            'a': array(
                3,
                struct(
                    {
                        'sel': uint(8),
                        'v': variant(near('sel'), option([[1, 1]], uint(8), 'one'), option([[2, 2]], uint(16, BE), 'two')),
                    }
                ),
            )
        },
        '01 0a  02 00 0b  01 0c',
        [{'a': [{'sel': 1, 'v': {'one': 10}}, {'sel': 2, 'v': {'two': 11}}, {'sel': 1, 'v': {'one': 12}}]}],
    ),
    case(
        'variant-same-option-many-ranges',
        'example 64',
        {
            'sel': uint(8),
            'v': variant(
                payload('sel'),
                option([[5, 5], [10, 10], [15, 15]], static_string(2), 's'),
                option([[0, 4], [6, 9], [11, 14], [16, 127]], uint(8), 'u'),
            ),
        },
        '05 "ab"  06 01  0a "c" 00  0f "de"  10 02  7f 03  00 04',
        [
            {'sel': sel, 'v': value}
            for sel, value in [
                (5, {'s': 'ab'}),
                (6, {'u': 1}),
                (10, {'s': 'c'}),
                (15, {'s': 'de'}),
                (16, {'u': 2}),
                (127, {'u': 3}),
                (0, {'u': 4}),
            ]
        ],
    ),
]
