# SPDX-License-Identifier: MIT
"""Variable-length integers, strings, BLOBs (5.3.10 to 5.3.17, 6.4.9 to 6.4.15)."""
from .case import blob, case, dynamic_blob, dynamic_string, near, payload, sleb, static_string, string, uint, uleb

OCTETS = 'application/octet-stream'
LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 62, 63, 64, 65, 66, 127, 128, 255)


def binary(content, media_type=OCTETS):
    return {'blob': content, 'media_type': media_type}


CASES = [
    # ---- LEB128 ----
    case(
        'uleb',
        '6.4.9, example 98: seven bits a byte, the least significant first',
        {'a': uleb()},
        '''00
            7f
            80 01
            b4 c7 72
            e5 8e 26
            ff*9 01
            80*9 01''',
        [{'a': value} for value in (0, 127, 128, 1876916, 624485, 2**64 - 1, 2**63)],
    ),
    case(
        'sleb',
        '6.4.10, example 99: the sign is bit 6 of the last byte',
        {'a': sleb()},
        '''00
            3f
            40
            7f
            c0 00
            b4 c7 72
            ff*9 00
            80*9 7f''',
        [{'a': value} for value in (0, 63, -64, -1, 64, -220236, 2**63 - 1, -(2**63))],
    ),
    case(
        'leb-longer-than-needed',
        '6.4.9, 6.4.10: nothing asks for the shortest form',
        {'a': uleb(), 'b': sleb()},
        '''80 00        ff 7f
            81 80 80 00  80 80 00
            80*9 00      ff*9 7f''',
        [{'a': 0, 'b': -1}, {'a': 1, 'b': 0}, {'a': 0, 'b': -1}],
    ),
    case(
        'leb-alignment',
        '6.4.1: at a whole byte',
        {'a': uint(3), 'b': uleb(), 'c': uint(1), 'd': sleb()},
        "0b11111'101 05 0b1111111'0 7b",
        [{'a': 5, 'b': 5, 'c': 0, 'd': -5}],
    ),
    case(
        'leb-mappings',
        '5.3.10: mappings and base as of other integers',
        {
            'a': uleb(mappings={'lime': [[3, 3]], 'kiwi': [[8, 300]]}, preferred_display_base=16),
            'b': sleb(mappings={'cold': [[-300, -1]]}, preferred_display_base=2),
        },
        'ac 02  d4 7d   03  00',
        [
            {'a': {'value': 300, 'labels': ['kiwi']}, 'b': {'value': -300, 'labels': ['cold']}},
            {'a': {'value': 3, 'labels': ['lime']}, 'b': {'value': 0, 'labels': []}},
        ],
    ),
    # ---- strings that end with NUL ----
    case(
        'string',
        '6.4.11: UTF-8 when nothing is said',
        {'a': string(), 'b': string('utf-8'), 'c': string()},
        '"hi" 00  00  c3 a9 e2 98 83 f0 9f 98 80 00',
        [{'a': 'hi', 'b': '', 'c': 'é☃😀'}],
    ),
    case(
        'string-not-utf-8',
        '6.4.11: says nothing of bytes that are not valid: they are kept',
        {'a': string()},
        '"a" ff c3 "b" 00',
        [{'a': 'a\udcff\udcc3b'}],
    ),
    case('string-with-control-characters', '6.4.11', {'a': string()}, '22 5c 0a 09 01 1b 7f 00', [{'a': '"\\\n\t\x01\x1b\x7f'}]),
    case(
        'string-alignment',
        '6.4.1: at a whole byte',
        {'a': uint(1), 'b': string(), 'c': uint(2), 'd': string('utf-16le')},
        '''0b1111111'1 "b" 00
            0b111111'10 64 00 00 00''',
        [{'a': 1, 'b': 'b', 'c': 2, 'd': 'd'}],
    ),
    case(
        'string-utf-16le',
        '6.4.11: ends with a unit of two zero bytes',
        {'a': string('utf-16le'), 'b': string('utf-16le')},
        '''41 00  e9 00  03 26  3d d8 00 de  00 00  # A, e acute, snowman, a surrogate pair
            00 00''',
        [{'a': 'Aé☃😀', 'b': ''}],
    ),
    case(
        'string-utf-16be',
        '6.4.11',
        {'a': string('utf-16be'), 'b': string('utf-16be')},
        '''00 41  00 e9  26 03  d8 3d de 00  00 00
            00 00''',
        [{'a': 'Aé☃😀', 'b': ''}],
    ),
    case(
        'string-utf-16-zero-bytes-of-two-units',
        '6.4.11: units are counted from the beginning of the string',
        {'a': uint(8), 'b': string('utf-16le'), 'c': string('utf-16be')},
        '''07
           61 00  00 01  00 00   # a, U+0100
           01 00  00 61  00 00   # U+0100, a''',
        [{'a': 7, 'b': 'aĀ', 'c': 'Āa'}],
    ),
    case(
        'string-utf-32',
        '6.4.11: ends with a unit of four zero bytes',
        {'a': string('utf-32le'), 'b': string('utf-32be')},
        '''41 00 00 00  00 00 01 00  00 f6 01 00  00 00 00 00   # A, U+10000, U+1F600
            00 00 00 41  00 01 00 00  00 01 f6 00  00 00 00 00''',
        [{'a': 'A\U00010000😀', 'b': 'A\U00010000😀'}],
    ),
    case(
        'string-of-many-lengths',
        '6.4.11: NUL is where it is',
        {'a': string(), 'b': uint(8)},
        '\n'.join(f'78*{n} 00 {n:02x}' for n in LENGTHS),
        [{'a': n * 'x', 'b': n} for n in LENGTHS],
    ),
    case(
        'string-of-many-lengths-not-ascii',
        '6.4.11: bytes of 0x80 and 0x01 are no NUL',
        {'a': string(), 'b': uint(8)},
        '\n'.join(f'c2 80 01 c4*{n} 00 {n:02x}' for n in LENGTHS),
        [{'a': '\x80\x01' + n * '\udcc4', 'b': n} for n in LENGTHS],
    ),
    case(
        'string-large',
        '6.4.11: of any length',
        {'a': string(), 'b': uint(8)},
        '78*70000 00 05  79*3 00 06',
        [{'a': 70000 * 'x', 'b': 5}, {'a': 'yyy', 'b': 6}],
    ),
    case(
        'string-large-utf-32',
        '6.4.11',
        {'a': uint(8), 'b': string('utf-32le'), 'c': uint(8)},
        f'01 {" 03 26 00 00" * 20000} 00 00 00 00 05',
        [{'a': 1, 'b': 20000 * '☃', 'c': 5}],
    ),
    # ---- strings of a length ----
    case(
        'static-string',
        '6.4.12: what follows the first NUL is garbage',
        {'a': static_string(8), 'b': static_string(3), 'c': static_string(0), 'd': static_string(2)},
        '"hello" 00 ff "x"  c3 a9 "c"  00 "!"',
        [{'a': 'hello', 'b': 'éc', 'c': '', 'd': ''}],
    ),
    case(
        'static-string-utf-16',
        '6.4.12: the length is in bytes',
        {'a': static_string(4, 'utf-16le'), 'b': static_string(8, 'utf-16be')},
        '41 00 42 00  00 41 00 00 00 43 d8 3d',
        [{'a': 'AB', 'b': 'A'}],
    ),
    case(
        'static-string-utf-32',
        '6.4.12',
        {'a': static_string(8, 'utf-32le'), 'b': static_string(8, 'utf-32be')},
        '03 26 00 00 42 00 00 00  00 01 f6 00 00 00 00 00',
        [{'a': '☃B', 'b': '😀'}],
    ),
    case(
        'static-string-odd-length',
        '6.4.12: half a unit is no matter behind a NUL',
        {'a': static_string(3, 'utf-16le'), 'b': static_string(7, 'utf-32be'), 'c': uint(8)},
        '00 00 55  00 00 00 00 01 02 03  09',
        [{'a': '', 'b': '', 'c': 9}],
    ),
    case(
        'static-string-alignment',
        '6.4.1: at a whole byte, an empty one too',
        {'a': uint(1), 'b': static_string(1), 'c': uint(1), 'd': static_string(0), 'e': uint(7), 'f': uint(1)},
        '''0b1111111'1 "b"
            0b1111111'0 0b1'0000101''',
        [{'a': 1, 'b': 'b', 'c': 0, 'd': '', 'e': 5, 'f': 1}],
    ),
    case(
        'dynamic-string',
        '6.4.14: the length is in bytes; what follows the first NUL is garbage',
        {
            'n': uint(8),
            'a': dynamic_string(payload('n')),
            'm': uleb(),
            'b': dynamic_string(near('m'), 'utf-16be'),
            'c': dynamic_string(near('n')),
        },
        '''03 "abc"  04 00 41 26 03  "d" 00 "e"
           00        02 00 00''',
        [{'n': 3, 'a': 'abc', 'm': 4, 'b': 'A☃', 'c': 'd'}, {'n': 0, 'a': '', 'm': 2, 'b': '', 'c': ''}],
    ),
    case(
        'dynamic-string-encodings',
        '6.4.14',
        {
            'n': uint(8),
            'a': dynamic_string(near('n'), 'utf-16le'),
            'b': dynamic_string(near('n'), 'utf-32le'),
            'c': dynamic_string(near('n'), 'utf-32be'),
            'd': dynamic_string(near('n'), 'utf-8'),
        },
        '08  3d d8 00 de 00 00 ff ff  00 f6 01 00 41 00 00 00  00 01 f6 00 00 00 00 00  f0 9f 98 80 "abcd"',
        [{'n': 8, 'a': '😀', 'b': '😀A', 'c': '😀', 'd': '😀abcd'}],
    ),
    case(
        'dynamic-string-alignment',
        '6.4.1',
        {'n': uint(4), 'a': dynamic_string(near('n')), 'z': uint(8)},
        '''0b1111'0010 "ab" 01
            0b1111'0000      02''',
        [{'n': 2, 'a': 'ab', 'z': 1}, {'n': 0, 'a': '', 'z': 2}],
    ),
    # ---- BLOBs ----
    case(
        'static-blob',
        '6.4.13',
        {'a': blob(4), 'b': blob(2, media_type='image/tiff'), 'c': blob(0), 'd': blob(1, media_type=OCTETS)},
        'de ad be ef  49 49  00',
        [{'a': binary('deadbeef'), 'b': binary('4949', 'image/tiff'), 'c': binary(''), 'd': binary('00')}],
    ),
    case(
        'dynamic-blob',
        '6.4.15',
        {'n': uint(16), 'a': dynamic_blob(payload('n')), 'm': uleb(), 'b': dynamic_blob(near('m'), media_type='text/csv')},
        '''03 00 00 ff 80  04 "1,2" 0a
            00 00           00''',
        [
            {'n': 3, 'a': binary('00ff80'), 'm': 4, 'b': binary('312c320a', 'text/csv')},
            {'n': 0, 'a': binary(''), 'm': 0, 'b': binary('', 'text/csv')},
        ],
    ),
    case(
        'blob-large',
        '6.4.15: of any length',
        {'n': uint(32), 'a': dynamic_blob(near('n')), 'b': static_string(70000), 'c': uint(8)},
        '70 11 01 00 ab*70000 78*69999 00 05',
        [{'n': 70000, 'a': binary('ab' * 70000), 'b': 'x' * 69999, 'c': 5}],
    ),
    case(
        'blob-alignment',
        '6.4.1: at a whole byte',
        {'n': uint(2), 'a': blob(1), 'b': uint(1), 'c': dynamic_blob(near('n')), 'd': uint(8)},
        '''0b111111'10 aa
            0b1111111'1 bb cc
            05''',
        [{'n': 2, 'a': binary('aa'), 'b': 1, 'c': binary('bbcc'), 'd': 5}],
    ),
]
