# SPDX-License-Identifier: MIT
"""Metadata that a consumer must not accept: one for each MUST that it can check. Each is one change away from what is good.

`says` is what the message is about, as a pattern: loose, mostly the name of the property.
"""
from .case import (
    BE,
    PREAMBLE,
    RS,
    alias,
    array,
    at,
    bit_map,
    bits,
    blob,
    boolean,
    clock,
    dynamic_array,
    dynamic_blob,
    dynamic_string,
    event,
    near,
    option,
    optional,
    payload,
    preamble,
    real,
    refused,
    sint,
    sleb,
    static_string,
    stream,
    string,
    struct,
    text_sequence,
    trace,
    uint,
    uleb,
    variant,
)
from .packets import END, EVENT_ID, MAGIC, NOTE, SEQUENCE, STAMP, STREAM_ID, TOTAL, UUID, UUID_ROLE

HEADED = stream(header={'t': uint(8, roles=STAMP)}, clock='c')
NO_LINE = 0


def without(thing, name):
    return {key: value for key, value in thing.items() if key != name}


def bad_class(name, rule, says, *field_classes):
    """A payload of these classes: a, b, ... The last one is at fault."""
    return refused(name, rule, says, [PREAMBLE, stream(), event(dict(zip('abcdefg', field_classes)))], 3)


def bad_header(name, rule, says, members, first=PREAMBLE):
    return refused(name, rule, says, [first, trace(members), stream(), event(NOTE)], 2)


def bad_stream(name, rule, says, **more):
    return refused(name, rule, says, [PREAMBLE, clock(), stream(**more), event(NOTE)], 3)


def bad_clock(name, rule, says, **more):
    return refused(
        name,
        rule,
        says,
        [PREAMBLE, {**clock(), **{key.replace('_', '-'): value for key, value in more.items()}}, HEADED, event(NOTE)],
        2,
    )


def bad_location(name, says, location, rule='6.4.2'):
    return refused(
        name,
        rule,
        says,
        [
            PREAMBLE,
            stream(common={'c': uint(8)}),
            event(
                {
                    'n': uint(8),
                    's': struct({'m': uint(8), 'f': real(32)}),
                    'r': array(2, struct({'k': uint(8)})),
                    'x': string(),
                    'z': sint(8),
                    'y': bits(8),
                    'i': bit_map(8, BE, {'f': [[0, 0]]}),
                    'q': boolean(8),
                    'a': dynamic_string(location),
                    'late': uint(8),
                },
                {'d': uint(8)},
            ),
        ],
        3,
    )


EVENT = event(NOTE)
GOOD = [PREAMBLE, stream(), EVENT]
TWO_INTEGERS = variant(near('a'), option([[0, 0]], uint(8)), option([[1, 1]], sint(8)))
BOOL_OR_INTEGER = variant(near('a'), option([[0, 0]], uint(8)), option([[1, 1]], boolean(8)))

CASES = [
    # ---- the text sequence ----
    refused('no-separator-first', '5: a JSON text sequence', '', text_sequence(GOOD)[1:], (NO_LINE, 1)),
    refused('empty', '5: one preamble', 'preamble|empty|fragment|separator', b'', (NO_LINE, 1)),
    refused('separators-only', '5: one preamble', 'preamble|empty|fragment|separator', RS + b'\n' + RS + b'\n', (NO_LINE, 1, 2, 3)),
    refused('text-cut', 'RFC 7464: not all there', 'JSON|end|string|unfinished|cut', text_sequence(GOOD)[:-40], 3),
    refused(
        'text-no-json', 'RFC 8259', "JSON|expected|character|unexpected|'|name", [PREAMBLE, '{"type": data-stream-class}', EVENT], 2
    ),
    refused(
        'text-two-in-one',
        'RFC 7464: one text between separators',
        "JSON|RS|separator|more|after|expected",
        [PREAMBLE, '{"type": "data-stream-class"} {"type": "data-stream-class", "id": 1}', EVENT],
        2,
    ),
    refused(
        'text-single-quotes',
        'RFC 8259',
        "JSON|expected|character|unexpected|name|'",
        [PREAMBLE, "{'type': 'data-stream-class'}", EVENT],
        2,
    ),
    refused(
        'text-comma-at-the-end',
        'RFC 8259',
        "JSON|expected|character|unexpected|name",
        [PREAMBLE, '{"type": "data-stream-class",}', EVENT],
        2,
    ),
    refused('text-not-utf-8', 'RFC 8259: UTF-8', 'UTF-8', [PREAMBLE, stream(name='\udcff'), EVENT], 2),
    refused(
        'text-control-character',
        'RFC 8259: must be escaped',
        'control|character|escape',
        [PREAMBLE, '{"type": "data-stream-class", "name": "\x01"}', EVENT],
        2,
    ),
    refused(
        'text-property-twice',
        'RFC 8259: names should be unique',
        'twice|again|duplicate|already',
        [PREAMBLE, '{"type": "data-stream-class", "id": 0, "id": 0}', EVENT],
        2,
    ),
    refused(
        'fragment-no-object', '5: a fragment is a JSON object', 'object', [PREAMBLE, '["data-stream-class"]', stream(), EVENT], 2
    ),
    refused('fragment-without-type', '5', 'type', [PREAMBLE, {'id': 1}, stream(), EVENT], 2),
    refused('fragment-type-no-string', '5', 'type', [PREAMBLE, {'type': 2}, stream(), EVENT], 2),
    refused('fragment-type-unknown', '5', 'type|metadata-class', [PREAMBLE, {'type': 'metadata-class'}, stream(), EVENT], 2),
    refused(
        'fragment-property-unknown', '5: what nobody knows may change everything', 'nmae', [PREAMBLE, stream(nmae='x'), EVENT], 2
    ),
    refused('fragment-type-in-upper-case', '5', 'type|Data', [PREAMBLE, {'type': 'Data-Stream-Class'}, stream(), EVENT], 2),
    # ---- preamble ----
    refused('preamble-none', '5.4', 'preamble', [stream(), EVENT], 1),
    refused('preamble-not-first', '5.4', 'preamble', [stream(), PREAMBLE, EVENT], (1, 2)),
    refused('preamble-twice', '5', 'preamble', [PREAMBLE, stream(), PREAMBLE, EVENT], 3),
    refused('version-none', '5.4', 'version', [without(PREAMBLE, 'version'), stream(), EVENT], 1),
    refused('version-other', '5.4', 'version', [preamble(version=3), stream(), EVENT], 1),
    refused('version-string', '5.4', 'version', [preamble(version='2'), stream(), EVENT], 1),
    refused('version-real', '5.4', 'version', ['{"type": "preamble", "version": 2.5}', stream(), EVENT], 1),
    refused('uuid-short', '5.4', 'uuid', [preamble(uuid=UUID[:15]), stream(), EVENT], 1),
    refused('uuid-no-byte', '5.4', 'uuid', [preamble(uuid=UUID[:15] + [256]), stream(), EVENT], 1),
    refused('uuid-negative', '5.4', 'uuid', [preamble(uuid=UUID[:15] + [-1]), stream(), EVENT], 1),
    refused('uuid-string', '5.4', 'uuid', [preamble(uuid='1ec96494-e402-4546-93db-e9222bee6cc7'), stream(), EVENT], 1),
    # ---- extensions and attributes ----
    refused(
        'extension-declared',
        '5.1: an unknown one must be refused',
        'piano',
        [preamble(extensions={'my.tracer': {'piano': {'keys': 88}}}), stream(), EVENT],
        1,
    ),
    refused(
        'extension-declared-by-null',
        '5.4: whatever its value',
        'ramen',
        [preamble(extensions={'my.tracer': {'ramen': None}}), stream(), EVENT],
        1,
    ),
    refused('extension-not-declared', '5.1', 'extension|sax', [PREAMBLE, stream(extensions={'abc/xyz': {'sax': 1}}), EVENT], 2),
    refused(
        'extension-not-declared-in-a-class',
        '5.1',
        'extension|sax',
        [PREAMBLE, stream(), event({'a': uint(8, extensions={'abc/xyz': {'sax': 1}})})],
        3,
    ),
    refused(
        'extension-not-declared-in-a-member',
        '5.1',
        'extension|sax',
        [
            PREAMBLE,
            stream(),
            event(
                {
                    'type': 'structure',
                    'member-classes': [{'name': 'a', 'field-class': uint(8), 'extensions': {'abc/xyz': {'sax': 1}}}],
                }
            ),
        ],
        3,
    ),
    refused(
        'extension-not-declared-in-an-option',
        '5.1',
        'extension|sax',
        [
            PREAMBLE,
            stream(),
            event({'a': uint(8), 'b': variant(near('a'), {**option([[0, 9]], uint(8)), 'extensions': {'abc/xyz': {'sax': 1}}})}),
        ],
        3,
    ),
    refused('extensions-no-object', '5.1', 'extensions', [preamble(extensions=['piano']), stream(), EVENT], 1),
    refused(
        'extensions-of-a-namespace-no-object',
        '5.1',
        'extension|my.tracer',
        [preamble(extensions={'my.tracer': 'piano'}), stream(), EVENT],
        1,
    ),
    refused('attributes-no-object', '5.2', 'attributes', [PREAMBLE, stream(attributes=[1]), EVENT], 2),
    # ---- aliases ----
    refused('alias-unknown', '5.5', 'u16', [PREAMBLE, alias('u8', uint(8)), stream(), event({'a': 'u16'})], 4),
    refused('alias-later', '5.5: occurs before', 'u8', [PREAMBLE, stream(), event({'a': 'u8'}), alias('u8', uint(8))], 3),
    refused('alias-of-itself', '5.5', 'u8', [PREAMBLE, alias('u8', 'u8'), stream(), EVENT], 2),
    refused('alias-within-itself', '5.5', 'loop', [PREAMBLE, alias('loop', struct({'a': array(0, 'loop')})), stream(), EVENT], 2),
    refused('alias-twice', '5.5', 'u8', [PREAMBLE, alias('u8', uint(8)), stream(), EVENT, alias('u8', uint(8))], 5),
    refused('alias-without-name', '5.5', 'name', [PREAMBLE, without(alias('u8', uint(8)), 'name'), stream(), EVENT], 2),
    refused(
        'alias-without-class', '5.5', 'field-class', [PREAMBLE, without(alias('u8', uint(8)), 'field-class'), stream(), EVENT], 2
    ),
    refused(
        'alias-of-no-structure',
        '5.5: a scope is a structure',
        'structure',
        [PREAMBLE, alias('u8', uint(8)), stream(), event('u8')],
        4,
    ),
    refused('alias-bad-and-unused', '5.3: bad where it stands', 'length', [PREAMBLE, alias('u0', uint(0)), stream(), EVENT], 2),
    # ---- trace class ----
    refused('trace-class-twice', '5', 'trace.class', [PREAMBLE, trace(), trace(), stream(), EVENT], 3),
    refused('trace-class-after-a-stream-class', '5.6', 'trace.class', [PREAMBLE, stream(), trace(), EVENT], 3),
    refused(
        'environment-array',
        '5.6: integers and strings',
        'environment',
        [PREAMBLE, trace(environment={'x': [1]}), stream(), EVENT],
        2,
    ),
    refused('environment-real', '5.6', 'environment', [PREAMBLE, trace(environment={'x': 1.5}), stream(), EVENT], 2),
    refused('environment-boolean', '5.6', 'environment', [PREAMBLE, trace(environment={'x': True}), stream(), EVENT], 2),
    refused('environment-no-object', '5.6', 'environment', [PREAMBLE, trace(environment=[]), stream(), EVENT], 2),
    refused('name-no-string', '5.6', 'name', [PREAMBLE, trace(name=5), stream(), EVENT], 2),
    refused('uid-no-string', '5.6', 'uid', [PREAMBLE, trace(uid=None), stream(), EVENT], 2),
    refused('namespace-no-string', '5.6', 'namespace', [PREAMBLE, trace(namespace=['x']), stream(), EVENT], 2),
    refused('packet-header-no-structure', '5.3', 'structure', [PREAMBLE, trace(uint(32)), stream(), EVENT], 2),
    # ---- clock class ----
    bad_clock('clock-frequency-0', '5.7', 'frequency', frequency=0),
    bad_clock('clock-frequency-negative', '5.7', 'frequency', frequency=-1),
    bad_clock('clock-frequency-real', '5.7: an integer', 'frequency', frequency=1.5),
    refused('clock-frequency-none', '5.7', 'frequency', [PREAMBLE, without(clock(), 'frequency'), HEADED, EVENT], 2),
    refused('clock-id-none', '5.7', r'\bid\b', [PREAMBLE, without(clock(), 'id'), stream(), EVENT], 2),
    bad_clock('clock-id-number', '5.7: a string', r'\bid\b', id=0),
    refused('clock-id-twice', '5.7', r'\bc\b', [PREAMBLE, clock(), clock(), HEADED, EVENT], 3),
    bad_clock('clock-origin-unknown', '5.7', 'origin', origin='tai'),
    bad_clock('clock-origin-without-name', '5.7.1', 'name', origin={'uid': 'x'}),
    bad_clock('clock-origin-without-uid', '5.7.1', 'uid', origin={'name': 'x'}),
    bad_clock('clock-origin-property-unknown', '5.7.1', 'nmae', origin={'name': 'x', 'uid': 'x', 'nmae': 'y'}),
    bad_clock('clock-origin-number', '5.7', 'origin', origin=0),
    bad_clock('clock-cycles-too-many', '5.7.2: less than the frequency', 'cycles', offset_from_origin={'cycles': 1000000000}),
    bad_clock('clock-cycles-negative', '5.7.2', 'cycles', offset_from_origin={'cycles': -1}),
    bad_clock('clock-seconds-real', '5.7.2: an integer', 'seconds', offset_from_origin={'seconds': 1.5}),
    bad_clock('clock-offset-number', '5.7.2: an object', 'offset-from-origin', offset_from_origin=5),
    bad_clock('clock-precision-negative', '5.7', 'precision', precision=-1),
    bad_clock('clock-accuracy-negative', '5.7', 'accuracy', accuracy=-1),
    bad_clock('clock-description-number', '5.7', 'description', description=1),
    refused(
        'clock-identity-other-frequency',
        '5.7: one identity, one frequency',
        'frequency|identity',
        [PREAMBLE, clock('a', name='n', uid='u'), clock('b', 1000, name='n', uid='u'), stream(), EVENT],
        3,
    ),
    refused(
        'clock-identity-other-origin',
        '5.7',
        'origin|identity',
        [
            PREAMBLE,
            clock('a', name='n', uid='u', namespace='s', origin='unix-epoch'),
            clock('b', name='n', uid='u', namespace='s', origin={'name': 'x', 'uid': 'y'}),
            stream(),
            EVENT,
        ],
        3,
    ),
    refused(
        'clock-identity-other-precision',
        '5.7',
        'precision|identity',
        [PREAMBLE, clock('a', name='n', uid='u', precision=1), clock('b', name='n', uid='u', precision=2), stream(), EVENT],
        3,
    ),
    refused(
        'clock-identity-other-accuracy',
        '5.7',
        'accuracy|identity',
        [PREAMBLE, clock('a', name='n', uid='u', accuracy=1), clock('b', name='n', uid='u', accuracy=2), stream(), EVENT],
        3,
    ),
    # ---- data stream class, event record class ----
    refused('stream-class-none', '5: one at least', 'data.stream.class|stream', [PREAMBLE, trace()], (NO_LINE, 1, 2, 3)),
    refused('stream-class-id-twice', '5.8', 'id|twice|already', [PREAMBLE, stream(id=3), stream(id=3), EVENT], 3),
    refused(
        'stream-class-id-0-twice', '5.8: 0 when nothing is said', 'id|twice|already', [PREAMBLE, stream(), stream(id=0), EVENT], 3
    ),
    bad_stream('stream-class-id-negative', '5.8', r'\bid\b', id=-1),
    bad_stream('stream-class-id-string', '5.8', r'\bid\b', id='0'),
    refused('stream-class-clock-unknown', '5.8', 'clock.*d|d.*clock', [PREAMBLE, clock(), stream(clock='d'), EVENT], 3),
    refused('stream-class-clock-later', '5.7: occurs before', 'clock', [PREAMBLE, stream(clock='c'), clock(), EVENT], 2),
    bad_stream('packet-context-no-structure', '5.3', 'structure', context=array(1, uint(8))),
    bad_stream('event-header-no-structure', '5.3', 'structure', header=variant(near('x'), option([[0, 0]], uint(8)))),
    bad_stream('common-context-no-structure', '5.3', 'structure', common=string()),
    refused(
        'event-class-without-parent',
        '5.9: occurs before',
        'stream.*7|7.*stream',
        [PREAMBLE, stream(), event(NOTE, data_stream_class_id=7)],
        3,
    ),
    refused('event-class-before-its-parent', '5.8', 'stream', [PREAMBLE, event(NOTE), stream()], 2),
    refused('event-class-id-twice', '5.9', 'id|twice|already', [PREAMBLE, stream(), event(NOTE, id=5), event({}, id=5)], 4),
    refused('event-class-id-0-twice', '5.9', 'id|twice|already', [PREAMBLE, stream(), event(NOTE), event({}, id=0)], 4),
    refused('event-class-id-negative', '5.9', r'\bid\b', [PREAMBLE, stream(), event(NOTE, id=-1)], 3),
    refused(
        'event-class-parent-negative', '5.9', 'data-stream-class-id', [PREAMBLE, stream(), event(NOTE, data_stream_class_id=-1)], 3
    ),
    refused('payload-no-structure', '5.3', 'structure', [PREAMBLE, stream(), event(uint(8))], 3),
    refused('specific-context-no-structure', '5.3', 'structure', [PREAMBLE, stream(), event(NOTE, uint(8))], 3),
    # ---- field classes ----
    bad_class('class-without-type', '5.3', 'type', {'length': 8}),
    bad_class(
        'class-type-unknown',
        '5.3',
        'type|enumeration',
        {'type': 'fixed-length-unsigned-enumeration', 'length': 8, 'byte-order': BE},
    ),
    bad_class(
        'class-type-abstract',
        '5.3: abstract classes are not to be used',
        'type|integer',
        {'type': 'integer', 'length': 8, 'byte-order': BE},
    ),
    bad_class('class-number', '5.3: an object or the name of an alias', 'field.class|object', 5),
    bad_class('class-property-unknown', '5.3', 'size', uint(8, size=8)),
    bad_class('length-none', '5.3.4', 'length', without(uint(8), 'length')),
    bad_class('length-0', '5.3.4', 'length', uint(0)),
    bad_class('length-negative', '5.3.4', 'length', sint(-8)),
    bad_class('length-string', '5.3.4', 'length', bits('8')),
    bad_class('length-real', '5.3.4: an integer', 'length', boolean(8.5)),
    bad_class('length-over-64-bits', 'limit', '64|length', uint(65)),
    bad_class('length-enormous', 'limit', '64|length|large|range', uint(2**70)),
    bad_class('byte-order-none', '5.3.4', 'byte-order', without(bits(8), 'byte-order')),
    bad_class('byte-order-unknown', '5.3.4', 'byte-order|middle', uint(8, 'middle-endian')),
    bad_class('byte-order-short', '5.3.4', 'byte-order', uint(8, 'le')),
    bad_class('bit-order-unknown', '5.3.4', 'bit-order', uint(8, bit_order='reversed')),
    bad_class('alignment-0', '5.3.4: a positive power of two', 'alignment', uint(8, alignment=0)),
    bad_class('alignment-no-power-of-two', '5.3.4', 'alignment', uint(8, alignment=24)),
    bad_class('alignment-negative', '5.3.4', 'alignment', uint(8, alignment=-8)),
    bad_class('minimum-alignment-of-a-structure', '5.3.18', 'minimum-alignment|alignment', struct({}, minimum_alignment=3)),
    bad_class('minimum-alignment-of-an-array', '5.3.19', 'minimum-alignment|alignment', array(1, uint(8), minimum_alignment=0)),
    bad_class('alignment-of-a-structure', '5.3.18: has only a minimum', 'alignment', struct({}, alignment=8)),
    bad_class('display-base', '5.3.7', 'preferred-display-base|base', uint(8, preferred_display_base=7)),
    bad_class('mappings-no-object', '5.3.7.1', 'mappings', uint(8, mappings=[['a', 1, 1]])),
    bad_class('mapping-without-range', '5.3.2: one range at least', 'mapping|range', uint(8, mappings={'x': []})),
    bad_class('mapping-range-backwards', '5.3.2', 'range|bound|mapping', uint(8, mappings={'x': [[3, 2]]})),
    bad_class('mapping-range-of-one', '5.3.2: two elements', 'range|mapping', uint(8, mappings={'x': [[3]]})),
    bad_class('mapping-range-of-three', '5.3.2', 'range|mapping', sint(8, mappings={'x': [[3, 4, 5]]})),
    bad_class('mapping-range-number', '5.3.2', 'range|mapping', uleb(mappings={'x': [3]})),
    bad_class('mapping-range-real', '5.3.2', 'range|integer|mapping', sleb(mappings={'x': [[0.5, 1]]})),
    bad_class('roles-of-a-signed-integer', '5.3.8', 'roles', sint(8, roles=[])),
    bad_class('roles-of-a-signed-leb', '5.3.10', 'roles', sleb(roles=[])),
    bad_class('roles-of-a-string', '5.3.12', 'roles', string(roles=[])),
    bad_class('mappings-of-a-bit-array', '5.3.4', 'mappings', bits(8, mappings={})),
    bad_class('flags-none', '5.3.5', 'flags', without(bit_map(8, BE, {'f': [[0, 0]]}), 'flags')),
    bad_class('flags-empty', '5.3.5: one at least', 'flags', bit_map(8, BE, {})),
    bad_class('flag-without-range', '5.3.2', 'flag|range', bit_map(8, BE, {'f': []})),
    bad_class('float-of-24-bits', '5.3.9', 'length', real(24)),
    bad_class('float-of-80-bits', '5.3.9', 'length', real(80)),
    bad_class('float-of-144-bits', '5.3.9: a multiple of 32', 'length', real(144)),
    bad_class('float-of-128-bits', 'limit', '128|length', real(128)),
    bad_class('encoding-unknown', '5.3.11', 'encoding', string('latin-1')),
    bad_class('encoding-without-byte-order', '5.3.11', 'encoding', string('utf-16')),
    bad_class('encoding-in-upper-case', '5.3.11', 'encoding', static_string(4, 'UTF-8')),
    bad_class('string-length-none', '5.3.13', 'length', without(static_string(4), 'length')),
    bad_class('string-length-negative', '5.3.13', 'length', static_string(-1)),
    bad_class('blob-length-none', '5.3.16', 'length', without(blob(4), 'length')),
    bad_class('blob-length-negative', '5.3.16', 'length', blob(-1)),
    bad_class('media-type-number', '5.3.15', 'media-type', blob(1, media_type=1)),
    bad_class(
        'dynamic-string-without-location',
        '5.3.14',
        'length-field-location',
        without(dynamic_string(near('a')), 'length-field-location'),
    ),
    bad_class(
        'dynamic-blob-without-location',
        '5.3.17',
        'length-field-location',
        without(dynamic_blob(near('a')), 'length-field-location'),
    ),
    bad_class(
        'dynamic-array-without-location',
        '5.3.21',
        'length-field-location',
        without(dynamic_array(near('a'), uint(8)), 'length-field-location'),
    ),
    bad_class('dynamic-blob-with-roles', '5.3.17', 'roles', uint(8), dynamic_blob(near('a'), roles=[])),
    bad_class('array-length-none', '5.3.20', 'length', without(array(1, uint(8)), 'length')),
    bad_class('array-length-negative', '5.3.20', 'length', array(-1, uint(8))),
    bad_class('array-without-element', '5.3.19', 'element-field-class', without(array(1, uint(8)), 'element-field-class')),
    bad_class('array-of-bad-elements', '5.3.19', 'byte-order', array(0, without(uint(8), 'byte-order'))),
    bad_class('members-no-array', '5.3.18', 'member-classes', {'type': 'structure', 'member-classes': {'a': uint(8)}}),
    bad_class('member-no-object', '5.3.18.1', 'member|object', {'type': 'structure', 'member-classes': [uint(8), 5]}),
    bad_class('member-without-name', '5.3.18.1', 'name', {'type': 'structure', 'member-classes': [{'field-class': uint(8)}]}),
    bad_class('member-without-class', '5.3.18.1', 'field-class', {'type': 'structure', 'member-classes': [{'name': 'x'}]}),
    bad_class(
        'member-name-number', '5.3.18.1', 'name', {'type': 'structure', 'member-classes': [{'name': 1, 'field-class': uint(8)}]}
    ),
    bad_class(
        'member-names-equal',
        '5.3.18',
        'same',
        {
            'type': 'structure',
            'member-classes': [{'name': 'same', 'field-class': uint(8)}, {'name': 'same', 'field-class': uint(8)}],
        },
    ),
    bad_class('optional-without-class', '5.3.22', 'field-class', boolean(8), without(optional(near('a'), uint(8)), 'field-class')),
    bad_class(
        'optional-without-location',
        '5.3.22',
        'selector-field-location',
        boolean(8),
        without(optional(near('a'), uint(8)), 'selector-field-location'),
    ),
    bad_class('optional-integer-without-ranges', '5.3.22', 'selector-field-ranges|range', uint(8), optional(near('a'), uint(8))),
    bad_class(
        'optional-without-any-range', '5.3.2', 'range', uint(8), {**optional(near('a'), uint(8)), 'selector-field-ranges': []}
    ),
    bad_class(
        'optional-boolean-with-ranges',
        '5.3.22: none for a boolean',
        'selector-field-ranges|range',
        boolean(8),
        optional(near('a'), uint(8), [[1, 1]]),
    ),
    bad_class(
        'optional-selected-by-a-string', '5.3.22', 'selector|string|integer', string(), optional(near('a'), uint(8), [[1, 1]])
    ),
    bad_class(
        'optional-selected-by-bits',
        '5.3.22: a bit array has no value to select by',
        'selector|bit|integer',
        bits(8),
        optional(near('a'), uint(8), [[1, 1]]),
    ),
    bad_class('optional-selected-by-a-float', '5.3.22', 'selector|float|integer', real(32), optional(near('a'), uint(8), [[1, 1]])),
    bad_class(
        'optional-selected-by-either-sign',
        '5.3.22: all possible selectors are of one kind',
        'selector|sign|kind',
        uint(8),
        TWO_INTEGERS,
        optional(near('b'), uint(8), [[1, 1]]),
    ),
    bad_class(
        'optional-selected-by-boolean-or-integer',
        '5.3.22',
        'selector|bool|kind',
        uint(8),
        BOOL_OR_INTEGER,
        optional(near('b'), uint(8), [[1, 1]]),
    ),
    bad_class('variant-without-options', '5.3.23', 'options', uint(8), without(variant(near('a')), 'options')),
    bad_class('variant-of-no-option', '5.3.23: one at least', 'options', uint(8), variant(near('a'))),
    bad_class(
        'variant-without-location',
        '5.3.23',
        'selector-field-location',
        without(variant(near('a'), option([[0, 0]], uint(8))), 'selector-field-location'),
    ),
    bad_class(
        'variant-option-without-ranges', '5.3.23.1', 'selector-field-ranges', uint(8), variant(near('a'), {'field-class': uint(8)})
    ),
    bad_class('variant-option-without-any-range', '5.3.2', 'range', uint(8), variant(near('a'), option([], uint(8)))),
    bad_class(
        'variant-option-without-class', '5.3.23.1', 'field-class', uint(8), variant(near('a'), {'selector-field-ranges': [[0, 0]]})
    ),
    bad_class('variant-option-name-number', '5.3.23.1', 'name', uint(8), variant(near('a'), option([[0, 0]], uint(8), 5))),
    bad_class(
        'variant-options-of-one-name',
        '5.3.23',
        'same',
        uint(8),
        variant(near('a'), option([[0, 0]], uint(8), 'same'), option([[1, 1]], uint(8), 'same')),
    ),
    bad_class(
        'variant-options-overlap',
        '5.3.23: ranges of two options do not intersect',
        'range|overlap|intersect',
        uint(8),
        variant(near('a'), option([[0, 5]], uint(8), 'x'), option([[7, 9], [5, 6]], uint(8), 'y')),
    ),
    bad_class(
        'variant-options-overlap-signed',
        '5.3.23',
        'range|overlap|intersect',
        sint(8),
        variant(near('a'), option([[-5, 5]], uint(8), 'x'), option([[-9, -5]], uint(8), 'y')),
    ),
    bad_class(
        'variant-selected-by-a-boolean',
        '5.3.23: by an integer',
        'selector|bool|integer',
        boolean(8),
        variant(near('a'), option([[0, 1]], uint(8))),
    ),
    bad_class(
        'variant-selected-by-a-bit-map',
        '5.3.23',
        'selector|bit|integer',
        bit_map(8, BE, {'f': [[0, 0]]}),
        variant(near('a'), option([[0, 1]], uint(8))),
    ),
    bad_class(
        'variant-selected-by-either-sign',
        '5.3.23',
        'selector|sign|kind',
        uint(8),
        TWO_INTEGERS,
        variant(near('b'), option([[1, 1]], uint(8))),
    ),
    # ---- locations ----
    bad_location('location-no-object', 'location|object', 'n'),
    bad_location('location-without-path', 'path', {'origin': 'event-record-payload'}),
    bad_location('location-path-empty', 'path', near()),
    bad_location('location-path-ends-with-parent', 'path|null', near('s', None)),
    bad_location('location-path-number', 'path', near(0)),
    bad_location('location-path-string', 'path', {'path': 'n'}),
    bad_location('location-origin-unknown', 'origin', at('payload', 'n')),
    bad_location('location-property-unknown', 'scope', {**near('n'), 'scope': 'payload'}),
    bad_location('location-nowhere', 'nothing|nowhere|no .*where|member|where', payload('nowhere')),
    bad_location('location-relative-nowhere', 'where', near('where')),
    bad_location('location-nowhere-in-a-structure', 'where', near('s', 'where')),
    bad_location('location-through-a-number', '.', near('n', 'm')),
    bad_location('location-of-a-structure', 'length|structure|integer|number', near('s')),
    bad_location('location-of-a-string', 'length|string|integer|number', near('x')),
    bad_location('location-of-a-signed-integer', 'length|sign|integer', near('z')),
    bad_location('location-of-a-boolean', 'length|bool|integer', near('q')),
    bad_location('location-of-a-float', 'length|float|integer', near('s', 'f')),
    bad_location('location-of-a-bit-array', 'length|bit|integer', near('y')),
    bad_location('location-of-a-bit-map', 'length|bit|integer', near('i')),
    bad_location('location-in-a-finished-array', 'array|element|r', near('r', 'k')),
    bad_location('location-of-a-later-field', 'late|before|after', near('late')),
    bad_location('location-of-itself', r'\ba\b|itself|before', near('a')),
    bad_location('location-beyond-the-root', 'parent|null|around|structure', near(None, 'n')),
    bad_location('location-in-a-scope-that-is-not-there', 'packet-context|packet context|scope', at('packet-context', 'n')),
    bad_location('location-in-a-scope-of-other-fields', r'\bn\b', at('event-record-specific-context', 'n')),
    refused(
        'location-in-a-later-scope',
        '6.4.2',
        'event-record-payload|payload|scope',
        [PREAMBLE, stream(), event({'n': uint(8)}, {'a': dynamic_string(payload('n'))})],
        3,
    ),
    refused(
        'location-of-a-record-from-a-packet',
        '6.4.2',
        'event-record-header|event record header|header|scope',
        [PREAMBLE, stream({'a': dynamic_string(at('event-record-header', 'id'))}, {'id': uint(8, roles=EVENT_ID)}), EVENT],
        2,
    ),
    # ---- roles ----
    bad_class('roles-no-array', '5.3.3', 'roles', uint(8, roles=EVENT_ID[0])),
    bad_header('role-unknown', '5.3.3', 'packet-colour', {'x': uint(8, roles=['packet-colour'])}),
    bad_class('role-of-the-header-in-a-payload', '5.8.1', 'event-record-class-id', uint(8, roles=EVENT_ID)),
    bad_class(
        'role-of-the-header-deep-in-a-payload', '5.8.1', 'default-clock-timestamp', struct({'a': array(1, uint(8, roles=STAMP))})
    ),
    bad_header('role-of-the-context-in-the-header', '5.6.1', 'packet-total-length', {'x': uint(8, roles=TOTAL)}),
    bad_stream('role-of-the-header-in-the-context', '5.8.1', 'data-stream-id', context={'x': uint(8, roles=STREAM_ID)}),
    bad_stream('role-of-the-packet-in-the-record-header', '5.8.1', 'packet-sequence-number', header={'x': uint(8, roles=SEQUENCE)}),
    bad_stream('role-of-the-record-in-the-packet', '5.8.1', 'event-record-class-id', context={'x': uint(8, roles=EVENT_ID)}),
    bad_stream('role-in-the-common-context', '5.8.1', 'default-clock-timestamp', common={'x': uint(8, roles=STAMP)}, clock='c'),
    bad_stream('role-timestamp-without-clock', '5.8.1', 'clock', header={'x': uint(8, roles=STAMP)}),
    bad_stream('role-packet-timestamp-without-clock', '5.8.1', 'clock', context={'x': uint(8, roles=STAMP)}),
    bad_stream('role-packet-end-without-clock', '5.8.1', 'clock', context={'x': uint(8, roles=END)}),
    bad_header(
        'role-magic-not-first',
        '5.6.1: the first member',
        'packet-magic-number|magic',
        {'x': uint(8, roles=STREAM_ID), 'magic': uint(32, roles=MAGIC)},
    ),
    bad_header(
        'role-magic-within-the-first',
        '5.6.1: the first member itself',
        'packet-magic-number|magic',
        {'x': struct({'magic': uint(32, roles=MAGIC)})},
    ),
    bad_header('role-magic-of-64-bits', '5.6.1', 'packet-magic-number|magic|32', {'magic': uint(64, roles=MAGIC)}),
    bad_header('role-magic-of-a-leb', '5.6.1', 'packet-magic-number|magic', {'magic': uleb(roles=MAGIC)}),
    bad_header('role-uuid-without-uuid', '5.6.1: the preamble has one', 'uuid', {'u': blob(16, roles=UUID_ROLE)}),
    bad_header('role-uuid-of-8-bytes', '5.6.1', 'uuid|16', {'u': blob(8, roles=UUID_ROLE)}, preamble(uuid=UUID)),
    bad_header(
        'role-uuid-of-an-integer', '5.6.1: a static-length BLOB', 'uuid', {'u': uint(32, roles=UUID_ROLE)}, preamble(uuid=UUID)
    ),
    bad_header('role-of-an-integer-on-a-blob', '5.6.1', 'data-stream-id', {'u': blob(16, roles=STREAM_ID)}, preamble(uuid=UUID)),
    bad_stream('role-uuid-in-the-context', '5.6.1: in the packet header', 'uuid', context={'u': blob(16, roles=UUID_ROLE)}),
]
