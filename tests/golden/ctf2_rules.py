# SPDX-License-Identifier: MIT
"""Rules of CTF2-SPEC-2.0 for the metadata stream, as far as they concern what borelog may write. Anything else is an error here."""
import json


class Broken(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Broken(text)


def unique_pairs(pairs):
    need(len(dict(pairs)) == len(pairs), f'a property is there twice: {[key for key, _ in pairs]}')
    return dict(pairs)


def properties(thing, required, optional=()):
    names = set(thing) - {'type'}
    allowed = set(required) | set(optional) | {'attributes'}
    need(not names - allowed, f'{thing.get("type")}: unknown {sorted(names - allowed)}')
    need(not set(required) - names, f'{thing.get("type")}: no {sorted(set(required) - names)}')
    need(isinstance(thing.get('attributes', {}), dict), 'attributes')
    need(all(isinstance(value, dict) for value in thing.get('attributes', {}).values()), 'attributes are by name space')


def number(value, low=0, high=2**64 - 1):
    need(type(value) is int and low <= value <= high, f'{value} is not in {low}..{high}')


def text(value):
    need(type(value) is str and all(character >= ' ' for character in value), f'text {value!r}')


HEADER_ROLES = {'packet-magic-number', 'data-stream-class-id', 'data-stream-id'}
CONTEXT_ROLES = {'packet-total-length', 'packet-content-length', 'default-clock-timestamp', 'packet-end-default-clock-timestamp',
                 'discarded-event-record-counter-snapshot', 'packet-sequence-number'}
RECORD_ROLES = {'event-record-class-id', 'default-clock-timestamp'}


class Scope:
    """One scope's field class: its structures are walked in the order of decoding."""

    def __init__(self, origin, roles, blob_roles=()):
        self.origin, self.roles, self.blob_roles = origin, set(roles), set(blob_roles)
        self.seen, self.found = {}, []

    def check(self, thing, path=()):
        kind = thing.get('type')
        check = getattr(self, 'check_' + str(kind).replace('-', '_'), None)
        need(check, f'field class {kind}')
        check(thing, path)

    def fixed(self, thing, path, *more):
        properties(thing, ['length', 'byte-order'], ['alignment', 'bit-order'] + list(more))
        number(thing['length'], 1, 64)
        need(thing['byte-order'] in ('little-endian', 'big-endian'), 'byte-order')
        alignment = thing.get('alignment', 1)
        number(alignment, 1)
        need(alignment & (alignment - 1) == 0, f'alignment {alignment}')

    def integer(self, thing, path, low, high, *more):
        self.fixed(thing, path, 'mappings', 'preferred-display-base', *more)
        need(thing.get('preferred-display-base', 10) in (2, 8, 10, 16), 'preferred-display-base')
        for label, ranges in thing.get('mappings', {}).items():
            text(label)
            self.ranges(ranges, low, high)

    def ranges(self, ranges, low, high):
        need(ranges and isinstance(ranges, list), 'ranges')
        for first, last in ranges:
            number(first, low, high)
            number(last, first, high)

    def check_fixed_length_unsigned_integer(self, thing, path):
        self.integer(thing, path, 0, 2**thing['length'] - 1, 'roles')
        need(set(thing.get('roles', [])) <= self.roles, f'{self.origin}: roles {thing.get("roles")}')
        self.found += thing.get('roles', [])
        self.seen[path] = thing

    def check_fixed_length_signed_integer(self, thing, path):
        self.integer(thing, path, -2**(thing['length'] - 1), 2**(thing['length'] - 1) - 1)

    def check_fixed_length_boolean(self, thing, path):
        self.fixed(thing, path)

    def check_fixed_length_floating_point_number(self, thing, path):
        self.fixed(thing, path)
        need(thing['length'] in (16, 32, 64), 'length of a floating-point number')

    def check_null_terminated_string(self, thing, path):
        properties(thing, [], ['encoding'])

    def check_static_length_blob(self, thing, path):
        properties(thing, ['length'], ['roles', 'media-type'])
        need(set(thing.get('roles', [])) <= self.blob_roles, f'{self.origin}: roles {thing.get("roles")}')
        if 'metadata-stream-uuid' in thing.get('roles', []):
            need(thing['length'] == 16, 'length of a UUID')
        self.found += thing.get('roles', [])

    def location(self, thing):
        properties(thing, ['origin', 'path'])
        need(thing['origin'] == self.origin, f'location in {thing["origin"]} from {self.origin}')
        need(tuple(thing['path']) in self.seen, f'nothing at {thing["path"]} in front')
        return self.seen[tuple(thing['path'])]

    def check_dynamic_length_blob(self, thing, path):
        properties(thing, ['length-field-location'], ['media-type'])
        self.location(thing['length-field-location'])

    def check_dynamic_length_array(self, thing, path):
        properties(thing, ['length-field-location', 'element-field-class'], ['minimum-alignment'])
        self.location(thing['length-field-location'])
        self.check(thing['element-field-class'], path + ('element',))

    def check_structure(self, thing, path):
        properties(thing, [], ['member-classes', 'minimum-alignment'])
        names = [member['name'] for member in thing.get('member-classes', [])]
        need(len(names) == len(set(names)), f'names {names}')
        for member in thing.get('member-classes', []):
            properties(member, ['name', 'field-class'])
            text(member['name'])
            self.check(member['field-class'], path + (member['name'],))

    def check_variant(self, thing, path):
        properties(thing, ['selector-field-location', 'options'])
        selector = self.location(thing['selector-field-location'])
        values = []
        for option in thing['options']:
            properties(option, ['field-class', 'selector-field-ranges'], ['name'])
            self.ranges(option['selector-field-ranges'], 0, 2**selector['length'] - 1)
            for first, last in option['selector-field-ranges']:
                need(all(last < low or first > high for low, high in values), 'ranges of options overlap')
                values.append((first, last))
            self.check(option['field-class'], path + (option.get('name'),))
        need(values, 'no options')

    def check_root(self, thing):
        need(thing.get('type') == 'structure', f'{self.origin} is no structure')
        self.check(thing)


class Metadata:
    def __init__(self):
        self.clocks, self.streams, self.events = set(), {}, set()
        self.kinds = []

    def preamble(self, thing):
        properties(thing, ['version'], ['uuid'])
        need(not self.kinds and thing['version'] == 2, 'preamble')
        need(len(thing['uuid']) == 16, 'uuid')
        for byte in thing['uuid']:
            number(byte, 0, 255)

    def trace_class(self, thing):
        properties(thing, [], ['namespace', 'name', 'uid', 'packet-header-field-class', 'environment'])
        need('trace-class' not in self.kinds and 'data-stream-class' not in self.kinds, 'trace class in the wrong place')
        need(all(type(value) in (int, str) for value in thing.get('environment', {}).values()), 'environment')
        scope = Scope('packet-header', HEADER_ROLES, ['metadata-stream-uuid'])
        scope.check_root(thing['packet-header-field-class'])
        need(sorted(scope.found) == sorted([*HEADER_ROLES, 'metadata-stream-uuid']), f'packet header {scope.found}')

    def clock_class(self, thing):
        properties(thing, ['id', 'frequency'], ['namespace', 'name', 'uid', 'origin', 'offset-from-origin', 'precision', 'accuracy',
                                                'description'])
        number(thing['frequency'], 1)
        number(thing.get('precision', 0))
        need(thing.get('origin') == 'unix-epoch', 'origin')
        properties(thing['offset-from-origin'], [], ['seconds', 'cycles'])
        number(thing['offset-from-origin']['seconds'], -2**63, 2**63 - 1)
        number(thing['offset-from-origin']['cycles'], 0, thing['frequency'] - 1)
        need(thing['id'] not in self.clocks, 'clock class is there twice')
        self.clocks.add(thing['id'])

    def data_stream_class(self, thing):
        properties(thing, ['id', 'default-clock-class-id', 'packet-context-field-class', 'event-record-header-field-class'],
                   ['event-record-common-context-field-class', 'namespace', 'name', 'uid'])
        number(thing['id'])
        need('trace-class' in self.kinds and thing['default-clock-class-id'] in self.clocks, 'data stream class in the wrong place')
        need(thing['id'] not in self.streams, 'data stream class is there twice')
        context = Scope('packet-context', CONTEXT_ROLES)
        context.check_root(thing['packet-context-field-class'])
        need(sorted(context.found) == sorted(CONTEXT_ROLES), f'packet context {context.found}')
        header = Scope('event-record-header', RECORD_ROLES)
        header.check_root(thing['event-record-header-field-class'])
        need(set(header.found) == RECORD_ROLES, f'record header {header.found}')
        if 'event-record-common-context-field-class' in thing:
            Scope('event-record-common-context', []).check_root(thing['event-record-common-context-field-class'])
        self.streams[thing['id']] = thing

    def event_record_class(self, thing):
        properties(thing, ['id', 'data-stream-class-id', 'name'], ['payload-field-class', 'namespace', 'uid'])
        number(thing['id'])
        text(thing['name'])
        key = (thing['data-stream-class-id'], thing['id'])
        need(key[0] in self.streams and key not in self.events, f'event record class {key}')
        self.events.add(key)
        if 'payload-field-class' in thing:
            Scope('event-record-payload', []).check_root(thing['payload-field-class'])


def check(data):
    """Raises Broken; returns the number of event record classes."""
    metadata = Metadata()
    need(data.startswith(b'\x1e') and data.endswith(b'\n'), 'not a JSON text sequence')
    for part in data[1:].split(b'\x1e'):
        need(part.endswith(b'\n'), 'fragment without an end')
        fragment = json.loads(part.decode('utf-8'), object_pairs_hook=unique_pairs)
        check_fragment = {'preamble': metadata.preamble, 'trace-class': metadata.trace_class, 'clock-class': metadata.clock_class,
                          'data-stream-class': metadata.data_stream_class, 'event-record-class': metadata.event_record_class}
        need(fragment.get('type') in check_fragment, f'fragment {fragment.get("type")}')
        check_fragment[fragment['type']](fragment)
        metadata.kinds.append(fragment['type'])
    need(metadata.kinds[:1] == ['preamble'], 'no preamble')
    return len(metadata.events)
