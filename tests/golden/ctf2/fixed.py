# SPDX-License-Identifier: MIT
"""Fixed-length fields: integers, bit arrays, bit maps, booleans, floating-point numbers (5.3.4 to 5.3.9, 6.4.1, 6.4.3 to 6.4.8)."""
from .case import BE, FTL, LE, LTF, bit_map, bits, boolean, case, real, sint, struct, uint

# The same four lengths in all cases of bits that follow each other.
GREEN_TO_RED = {'green': 3, 'blue': 9, 'yellow': 14, 'red': 6}
BIG = 0x8123456789ABCDEF


def colours(order, **more):
    return {name: bits(length, order, **more) for name, length in GREEN_TO_RED.items()}


PLANETS = {'Mercury': [[7, 7]], 'Venus': [[6, 6], [2, 3]], 'Earth': [[5, 7]], 'Mars': [[0, 1]]}

CASES = [
    # ---- whole bytes ----
    case(
        'uint-little-endian',
        '5.3.8: the first byte is the least significant one',
        {'a': uint(8), 'b': uint(16), 'c': uint(24), 'd': uint(32), 'e': uint(40), 'f': uint(48), 'g': uint(56), 'h': uint(64)},
        '''01                      # a
           02 01                   # b
           03 02 01                # c
           04 03 02 01             # d
           05 04 03 02 01          # e
           06 05 04 03 02 01       # f
           07 06 05 04 03 02 01    # g
           08 07 06 05 04 03 02 81 # h''',
        [
            {
                'a': 0x01,
                'b': 0x0102,
                'c': 0x010203,
                'd': 0x01020304,
                'e': 0x0102030405,
                'f': 0x010203040506,
                'g': 0x01020304050607,
                'h': 0x8102030405060708,
            }
        ],
    ),
    case(
        'uint-big-endian',
        '5.3.8: the first byte is the most significant one',
        {
            'a': uint(8, BE),
            'b': uint(16, BE),
            'c': uint(24, BE),
            'd': uint(32, BE),
            'e': uint(40, BE),
            'f': uint(48, BE),
            'g': uint(56, BE),
            'h': uint(64, BE),
        },
        '''01                      # a
           01 02                   # b
           01 02 03                # c
           01 02 03 04             # d
           01 02 03 04 05          # e
           01 02 03 04 05 06       # f
           01 02 03 04 05 06 07    # g
           81 02 03 04 05 06 07 08 # h''',
        [
            {
                'a': 0x01,
                'b': 0x0102,
                'c': 0x010203,
                'd': 0x01020304,
                'e': 0x0102030405,
                'f': 0x010203040506,
                'g': 0x01020304050607,
                'h': 0x8102030405060708,
            }
        ],
    ),
    case('uint-largest', '5.3.8', {'a': uint(64), 'b': uint(64, BE)}, 'ff*8 ff*8', [{'a': 2**64 - 1, 'b': 2**64 - 1}]),
    case(
        'sint-little-endian',
        "5.3.8: two's complement",
        {'a': sint(8), 'b': sint(16), 'c': sint(24), 'd': sint(32), 'e': sint(64)},
        '80  fe ff  ff ff 7f  00 00 00 80  00*7 80',
        [{'a': -128, 'b': -2, 'c': 0x7FFFFF, 'd': -(2**31), 'e': -(2**63)}],
    ),
    case(
        'sint-big-endian',
        "5.3.8: two's complement",
        {'a': sint(8, BE), 'b': sint(16, BE), 'c': sint(24, BE), 'd': sint(32, BE), 'e': sint(64, BE)},
        'ff  ff fe  7f ff ff  80 00 00 00  7f ff*7',
        [{'a': -1, 'b': -2, 'c': 0x7FFFFF, 'd': -(2**31), 'e': 2**63 - 1}],
    ),
    case(
        'both-orders-by-bytes',
        '6.4.3 step 3: the byte order may change at a whole byte',
        {'a': uint(16, LE), 'b': uint(16, BE), 'c': uint(8, LE), 'd': uint(32, BE)},
        '34 12  12 34  05  00 00 00 07',
        [{'a': 0x1234, 'b': 0x1234, 'c': 5, 'd': 7}],
    ),
    case(
        'preferred-display-base',
        '5.3.7: has no semantic value',
        {
            'a': uint(8, preferred_display_base=2),
            'b': uint(8, preferred_display_base=8),
            'c': sint(8, preferred_display_base=10),
            'd': uint(8, preferred_display_base=16),
        },
        '10 11 fe ff',
        [{'a': 16, 'b': 17, 'c': -2, 'd': 255}],
    ),
    # ---- bits ----
    case(
        'bits-little-endian',
        'example 93: from the least significant bit of a byte on',
        colours(LE),
        "0b00011'101 0b1111'1011 0b01101010 0b110010'10",
        [{'green': 0b101, 'blue': 0b101100011, 'yellow': 0b10011010101111, 'red': 0b110010}],
    ),
    case(
        'bits-big-endian',
        'example 93: from the most significant bit of a byte on',
        colours(BE),
        "0b110'10110 0b0011'1001 0b10101011 0b11'110010",
        [{'green': 0b110, 'blue': 0b101100011, 'yellow': 0b10011010101111, 'red': 0b110010}],
    ),
    case(
        'bits-big-endian-first-to-last',
        'example 94: the first bit that is read is the least significant one',
        colours(BE, bit_order=FTL),
        "0b110'10110 0b0011'1001 0b10101011 0b11'110010",
        [{'green': 0b011, 'blue': 0b110001101, 'yellow': 0b11110101011001, 'red': 0b010011}],
    ),
    case(
        'bits-little-endian-last-to-first',
        '5.3.4: the first bit that is read is the most significant one',
        colours(LE, bit_order=LTF),
        "0b00011'011 0b1111'1011 0b01101010 0b110010'10",
        [{'green': 0b110, 'blue': 0b110001101, 'yellow': 0b11110101011001, 'red': 0b010011}],
    ),
    case(
        'bit-order-default-said',
        '5.3.4: the default of bit-order, said',
        {
            'a': uint(12, LE, bit_order=FTL),
            'b': uint(4, LE, bit_order=FTL),
            'c': uint(12, BE, bit_order=LTF),
            'd': uint(4, BE, bit_order=LTF),
        },
        'cd ab  ab cd',
        [{'a': 0xBCD, 'b': 0xA, 'c': 0xABC, 'd': 0xD}],
    ),
    case(
        'reversed-whole-bytes',
        '6.4.3: element L-1-I (or I) of the array gets bit I',
        {
            'a': uint(16, LE, bit_order=LTF),
            'b': uint(16, BE, bit_order=FTL),
            'c': uint(64, LE, bit_order=LTF),
            'd': uint(64, BE, bit_order=FTL),
        },
        '''01 02                   # a: read as 1000 0000 0100 0000
           01 02                   # b: read as 0000 0001 0000 0010, the last of them is the most significant
           01 00 00 00 00 00 00 c0 # c
           80 00 00 00 00 00 00 03 # d''',
        [{'a': 0x8040, 'b': 0x4080, 'c': 0x8000000000000003, 'd': 0xC000000000000001}],
    ),
    case(
        'reversed-signed',
        "6.4.7: two's complement of the array",
        {
            'a': sint(4, BE, bit_order=FTL),
            'b': sint(4, BE, bit_order=FTL),
            'c': sint(4, LE, bit_order=LTF),
            'd': sint(4, LE, bit_order=LTF),
        },
        "0b0011'0101 0b1010'0011",
        [{'a': -4, 'b': -6, 'c': -4, 'd': 5}],
    ),
    case(
        'bit-orders-in-one-byte',
        '6.4.3: only the byte order must not change inside a byte',
        {'a': uint(3, BE), 'b': uint(5, BE, bit_order=FTL), 'c': uint(5, LE, bit_order=LTF), 'd': uint(3, LE)},
        "0b110'00111 0b110'00111",
        [{'a': 0b110, 'b': 0b11100, 'c': 0b11100, 'd': 0b110}],
    ),
    case(
        'byte-orders-with-alignment',
        'example 96',
        {
            'green': bits(3, BE, bit_order=FTL),
            'blue': bits(5, BE),
            'yellow': bits(5, LE, bit_order=LTF),
            'orange': bits(8, LE),
            'red': bits(6, BE, bit_order=FTL, alignment=8),
            'rest': bits(2, BE),
        },
        '''0b011'01001  # green, blue
           0b101'00111  # the low bits of orange, yellow
           0b111'01100  # padding, the high bits of orange
           0b100110'01  # red, rest''',
        [{'green': 0b110, 'blue': 0b01001, 'yellow': 0b11100, 'orange': 0b01100101, 'red': 0b011001, 'rest': 0b01}],
    ),
    case(
        'sint-bits',
        '6.4.7',
        {'a': sint(1), 'b': sint(3), 'c': sint(4), 'd': sint(1, BE), 'e': sint(3, BE), 'f': sint(4, BE)},
        "0b0111'100'1 0b0'011'1000",
        [{'a': -1, 'b': -4, 'c': 7, 'd': 0, 'e': 3, 'f': -8}],
    ),
    case(
        'sint-across-bytes',
        '6.4.7',
        {'a': uint(3), 'b': sint(11), 'c': uint(2), 'd': uint(3, BE), 'e': sint(11, BE), 'f': uint(2, BE)},
        "0b11110'001 0b10'111111  0b001'11111 0b111110'10",
        [{'a': 1, 'b': -2, 'c': 2, 'd': 1, 'e': -2, 'f': 2}],
    ),
    case(
        'uint-64-in-nine-bytes',
        '6.4.3',
        {'a': uint(1), 'b': uint(64), 'c': uint(7)},
        'df 9b 57 13 cf 8a 46 02 ab  # 0x55 << 65 | 0x8123456789abcdef << 1 | 1',
        [{'a': 1, 'b': BIG, 'c': 0x55}],
    ),
    case(
        'uint-64-in-nine-bytes-big-endian',
        '6.4.3',
        {'a': uint(1, BE), 'b': uint(64, BE), 'c': uint(7, BE)},
        'c0 91 a2 b3 c4 d5 e6 f7 d5  # 1 << 71 | 0x8123456789abcdef << 7 | 0x55',
        [{'a': 1, 'b': BIG, 'c': 0x55}],
    ),
    case(
        'uint-64-after-seven-bits',
        '6.4.3',
        {'a': uint(7), 'b': uint(64), 'c': uint(1)},
        'd5 f7 e6 d5 c4 b3 a2 91 c0  # 1 << 71 | 0x8123456789abcdef << 7 | 0x55',
        [{'a': 0x55, 'b': BIG, 'c': 1}],
    ),
    case(
        'uint-64-after-seven-bits-big-endian',
        '6.4.3',
        {'a': uint(7, BE), 'b': sint(64, BE), 'c': uint(1, BE)},
        'ab 02 46 8a cf 13 57 9b df  # 0x55 << 65 | 0x8123456789abcdef << 1 | 1',
        [{'a': 0x55, 'b': BIG - 2**64, 'c': 1}],
    ),
    case(
        'uint-64-in-nine-bytes-reversed',
        '6.4.3',
        {'a': uint(4, BE), 'b': uint(64, BE, bit_order=FTL), 'c': uint(4, BE)},
        "0b1001'1111 7b 3d 59 1e 6a 2c 48 0b0001'0110  # the bits of 0x8123456789abcdef from the last to the first",
        [{'a': 9, 'b': BIG, 'c': 6}],
    ),
    case(
        'records-share-a-byte',
        '6.2: a record begins where the last one ends, at any bit',
        {'a': uint(4)},
        "0b0010'0001 0b0100'0011",
        [{'a': 1}, {'a': 2}, {'a': 3}, {'a': 4}],
    ),
    case('records-share-a-byte-big-endian', '6.2', {'a': uint(12, BE)}, "ab cd ef", [{'a': 0xABC}, {'a': 0xDEF}]),
    # ---- alignment ----
    case(
        'alignment-of-bytes',
        '6.4.1: relative to the beginning of the packet; padding is garbage',
        {
            'a': uint(8),
            'b': uint(32, alignment=32),
            'c': uint(8),
            'd': uint(16, BE, alignment=16),
            'e': uint(8),
            'f': uint(64, alignment=64),
        },
        '''01 ee ee ee  78 56 34 12
           02 ee 12 34  03 ee ee ee
           01 00 00 00 00 00 00 80''',
        [{'a': 1, 'b': 0x12345678, 'c': 2, 'd': 0x1234, 'e': 3, 'f': 0x8000000000000001}],
    ),
    case(
        'alignment-of-bits-big-endian',
        'example 95',
        {
            'first': uint(32),
            'green': bits(5, BE, bit_order=FTL),
            'blue': bits(3, BE, alignment=8),
            'yellow': bits(4, BE, bit_order=FTL, alignment=4),
        },
        "01 00 00 00  0b10110'111 0b110'1'0010",
        [{'first': 1, 'green': 0b01101, 'blue': 0b110, 'yellow': 0b0100}],
    ),
    case(
        'alignment-of-bits-little-endian',
        'example 95',
        {
            'first': uint(32),
            'green': bits(5, LE, bit_order=LTF),
            'blue': bits(3, LE, alignment=8),
            'yellow': bits(4, LE, bit_order=LTF, alignment=4),
        },
        "01 00 00 00  0b111'01101 0b0010'1'110",
        [{'first': 1, 'green': 0b10110, 'blue': 0b110, 'yellow': 0b0100}],
    ),
    case(
        'alignment-of-two',
        '6.4.1: any power of two',
        {'a': uint(1), 'b': uint(1, alignment=2), 'c': uint(4, alignment=4)},
        "0b0110'1'0'1'1 0b1001'0'1'0'0",
        [{'a': 1, 'b': 0, 'c': 6}, {'a': 0, 'b': 1, 'c': 9}],
    ),
    case(
        'alignment-wider-than-field',
        '6.4.1',
        {'a': uint(4, alignment=8), 'b': uint(4, alignment=8), 'c': uint(3, BE, alignment=16), 'd': uint(13, BE)},
        "0b1110'0001 0b1110'0010 0b011'00000 0b00000101",
        [{'a': 1, 'b': 2, 'c': 3, 'd': 5}],
    ),
    case(
        'alignment-of-the-next-record',
        '6.4.1: a structure is as aligned as its widest member',
        {'a': uint(32, alignment=32), 'b': uint(8)},
        '01 00 00 00  02  ee ee ee  03 00 00 00  04',
        [{'a': 1, 'b': 2}, {'a': 3, 'b': 4}],
    ),
    case(
        'alignment-of-the-structure-first',
        '6.4.1: a structure is aligned before its first member',
        {'x': uint(8), 's': struct({'a': uint(8), 'b': uint(16, alignment=16)}), 'y': uint(8), 'z': uint(8)},
        '01 ee  02 ee 03 00  04 05',
        [{'x': 1, 's': {'a': 2, 'b': 3}, 'y': 4, 'z': 5}],
    ),
    # ---- bit arrays and bit maps ----
    case(
        'bit-array',
        '5.3.4',
        {'a': bits(16), 'b': bits(16, BE), 'c': bits(64), 'd': bits(1), 'e': bits(7)},
        "34 12  12 34  ff*7 7f  0b0000101'1",
        [{'a': 0x1234, 'b': 0x1234, 'c': 2**63 - 1, 'd': 1, 'e': 5}],
    ),
    case(
        'bit-map',
        'example 97: flags of which one bit is set are active',
        {
            'a': bit_map(
                16,
                BE,
                {
                    'RED': [[0, 2], [4, 4], [10, 10]],
                    'ORANGE': [[6, 6]],
                    'GREEN': [[7, 7], [9, 9], [11, 11]],
                    'YELLOW': [[9, 9], [13, 14]],
                    'BLUE': [[15, 15]],
                },
            )
        },
        '02 10  80 00  00 00',
        [
            {'a': {'value': 0x210, 'flags': ['RED', 'GREEN', 'YELLOW']}},
            {'a': {'value': 0x8000, 'flags': ['BLUE']}},
            {'a': {'value': 0, 'flags': []}},
        ],
    ),
    case(
        'bit-map-planets',
        'example 16: indexes are those of the decoded array',
        {'a': bit_map(8, LE, PLANETS), 'b': bit_map(8, BE, PLANETS)},
        'a2 a2',
        [
            {
                'a': {'value': 0xA2, 'flags': ['Mercury', 'Earth', 'Mars']},
                'b': {'value': 0xA2, 'flags': ['Mercury', 'Earth', 'Mars']},
            }
        ],
    ),
    case(
        'bit-map-reversed',
        '5.3.5.1: after the bit order',
        {'a': bit_map(8, LE, PLANETS, bit_order=LTF), 'b': bit_map(8, BE, PLANETS, bit_order=FTL)},
        '45 45',
        [
            {
                'a': {'value': 0xA2, 'flags': ['Mercury', 'Earth', 'Mars']},
                'b': {'value': 0xA2, 'flags': ['Mercury', 'Earth', 'Mars']},
            }
        ],
    ),
    case(
        'bit-map-flags-beyond-the-length',
        '5.3.5.1: an index that is none of a bit is never active',
        {'a': bit_map(4, LE, {'x': [[2, 99]], 'y': [[4, 99]]})},
        '84',
        [{'a': {'value': 4, 'flags': ['x']}}, {'a': {'value': 8, 'flags': ['x']}}],
    ),
    case(
        'bit-map-of-64-bits',
        '5.3.5',
        {'a': bit_map(64, LE, {'low': [[0, 0]], 'high': [[63, 63]], 'all': [[0, 63]], 'none': [[1, 62]]})},
        '01 00*6 80',
        [{'a': {'value': 0x8000000000000001, 'flags': ['low', 'high', 'all']}}],
    ),
    # ---- booleans ----
    case(
        'boolean',
        '6.4.5: true if any bit is set',
        {'a': boolean(8), 'b': boolean(8, BE), 'c': boolean(16), 'd': boolean(16, BE), 'e': boolean(64)},
        '00 01  00 00  00 00  00*8   80 80  00 01  01 00  00*7 80',
        [{'a': False, 'b': True, 'c': False, 'd': False, 'e': False}, {'a': True, 'b': True, 'c': True, 'd': True, 'e': True}],
    ),
    case(
        'boolean-bits',
        '6.4.5',
        {'a': boolean(1), 'b': boolean(1), 'c': boolean(3), 'd': boolean(3), 'e': boolean(5, BE), 'f': boolean(3, BE)},
        "0b100'000'0'1 0b00000'010",
        [{'a': True, 'b': False, 'c': False, 'd': True, 'e': False, 'f': True}],
    ),
    # ---- floating-point numbers ----
    case(
        'binary32',
        '6.4.8: IEEE 754-2008',
        {'a': real(32), 'b': real(32, BE)},
        '00 00 c0 3f  be 20 00 00   00 00 80 bf  00 80 00 00',
        [{'a': 1.5, 'b': -0.15625}, {'a': -1.0, 'b': 2.0**-126}],
    ),
    case(
        'binary64',
        '6.4.8',
        {'a': real(64), 'b': real(64, BE)},
        '9a 99 99 99 99 99 b9 3f  7f ef ff ff ff ff ff ff   01 00*7  c0 00 00 00 00 00 00 00',
        [{'a': 0.1, 'b': 1.7976931348623157e308}, {'a': 5e-324, 'b': -2.0}],
    ),
    case(
        'binary16',
        '6.4.8',
        {'a': real(16), 'b': real(16, BE)},
        '00 3c  c0 00   ff 7b  00 01   00 7c  fc 00   00 7e  00 00',
        [{'a': 1.0, 'b': -2.0}, {'a': 65504.0, 'b': 2.0**-24}, {'a': 'Infinity', 'b': '-Infinity'}, {'a': 'NaN', 'b': 0.0}],
    ),
    case(
        'not-finite',
        '6.4.8',
        {'a': real(32), 'b': real(64)},
        '00 00 c0 7f  00*6 f0 7f   00 00 80 ff  00*6 f8 7f   00 00 80 7f  00*6 f0 ff',
        [{'a': 'NaN', 'b': 'Infinity'}, {'a': '-Infinity', 'b': 'NaN'}, {'a': 'Infinity', 'b': '-Infinity'}],
    ),
    case(
        'zeros',
        '6.4.8: the sign of zero is kept',
        {'a': real(32), 'b': real(64, BE)},
        '00 00 00 80  80 00*7   00*4 00*8',
        [{'a': -0.0, 'b': -0.0}, {'a': 0.0, 'b': 0.0}],
    ),
    case(
        'float-between-bits',
        '6.4.8: of any alignment',
        {'a': uint(4), 'b': real(32), 'c': uint(4)},
        '09 00 00 fc a3  # 0xa << 36 | 0x3fc00000 << 4 | 9',
        [{'a': 9, 'b': 1.5, 'c': 10}],
    ),
    case(
        'float-reversed',
        '5.3.9: the first bit is the least significant one of the mantissa',
        {'a': real(32, BE, bit_order=FTL), 'b': real(32, LE, bit_order=LTF)},
        '00 00 03 fc  fc 03 00 00',
        [{'a': 1.5, 'b': 1.5}],
    ),
    # ---- mappings ----
    case(
        'mappings',
        '5.3.7.1, example 20: mappings may overlap',
        {
            'a': sint(
                16,
                mappings={
                    'fortune': [[3, 67], [-45, 1], [84, 84]],
                    'building': [[4, 5], [75, 82]],
                    'journal': [[100, 2305], [80, 80]],
                },
            )
        },
        '04 00  50 00  d3 ff  02 00  d2 ff  01 09  02 09  54 00  43 00',
        [
            {'a': {'value': value, 'labels': labels}}
            for value, labels in [
                (4, ['fortune', 'building']),
                (80, ['building', 'journal']),
                (-45, ['fortune']),
                (2, []),
                (-46, []),
                (2305, ['journal']),
                (2306, []),
                (84, ['fortune']),
                (67, ['fortune']),
            ]
        ],
    ),
    case(
        'mappings-of-64-bits',
        '5.3.2: bounds of any size',
        {
            'a': uint(64, mappings={'top': [[2**63, 2**64 - 1]], 'below': [[0, 2**63 - 1]]}),
            'b': sint(
                64,
                mappings={
                    'least': [[-(2**63), -(2**63)]],
                    'most': [[2**63 - 1, 2**63 - 1]],
                    'rest': [[-(2**63) + 1, 2**63 - 2]],
                },
            ),
        },
        'ff*8  00*7 80   ff*7 7f  ff*7 7f   00*7 80  00*8',
        [
            {'a': {'value': 2**64 - 1, 'labels': ['top']}, 'b': {'value': -(2**63), 'labels': ['least']}},
            {'a': {'value': 2**63 - 1, 'labels': ['below']}, 'b': {'value': 2**63 - 1, 'labels': ['most']}},
            {'a': {'value': 2**63, 'labels': ['top']}, 'b': {'value': 0, 'labels': ['rest']}},
        ],
    ),
    case(
        'mappings-of-bits',
        '5.3.8',
        {'a': uint(3, BE, mappings={'six': [[6, 6]]}), 'b': sint(5, BE, mappings={'minus': [[-16, -1]]})},
        "0b110'10000 0b011'00001",
        [
            {'a': {'value': 6, 'labels': ['six']}, 'b': {'value': -16, 'labels': ['minus']}},
            {'a': {'value': 3, 'labels': []}, 'b': {'value': 1, 'labels': []}},
        ],
    ),
    case(
        'mappings-beyond-the-integer',
        '5.3.2: what it cannot be maps nothing',
        {
            'a': uint(8, mappings={'x': [[-5, 1]], 'y': [[255, 2**64 - 1]], 'z': [[-2, -1]]}),
            'b': sint(64, mappings={'x': [[2**63 - 1, 2**64 - 1]], 'y': [[2**63, 2**64 - 1]]}),
        },
        '01 ff*7 7f  ff ff*8  00 00*7 80',
        [
            {'a': {'value': 1, 'labels': ['x']}, 'b': {'value': 2**63 - 1, 'labels': ['x']}},
            {'a': {'value': 255, 'labels': ['y']}, 'b': {'value': -1, 'labels': []}},
            {'a': {'value': 0, 'labels': ['x']}, 'b': {'value': -(2**63), 'labels': []}},
        ],
    ),
    case('mappings-empty', '5.3.7: the default, said', {'a': uint(8, mappings={})}, '2a', [{'a': 42}]),
]
