# SPDX-License-Identifier: MIT
"""The shapes of cases, and short forms for metadata.

A case is a trace directory: the file metadata, a JSON text sequence with one fragment a line (fragment N is line N), and one or
more data streams. Three kinds: a Case is read to the end; a Broken one has good metadata and bad data: what is in front of the
fault is read, then comes an error with the packet; a Refused one has bad metadata: an error with the line, and no record.
"""
import json
import os
import re
from dataclasses import dataclass, field

LE, BE = 'little-endian', 'big-endian'
FTL, LTF = 'first-to-last', 'last-to-first'
PREAMBLE = {'type': 'preamble', 'version': 2}
RS = b'\x1e'


def data(text):
    """Bytes of a diagram: see the package's description."""
    out = bytearray()
    for line in text.splitlines():
        for word in re.findall(r'"[^"]*"|#.*|[^\s"#]+', line):
            if word.startswith('#'):
                break
            if word.startswith('"'):
                out += word[1:-1].encode()
            elif word.startswith('0b') and len(word) > 2:
                bits = word[2:].replace("'", '')
                assert len(bits) == 8, word
                out.append(int(bits, 2))
            elif '*' in word:
                byte, times = word.split('*')
                out += bytes([int(byte, 16)]) * int(times)
            else:
                assert len(word) == 2, word
                out.append(int(word, 16))
    return bytes(out)


def text_sequence(fragments):
    """RFC 7464. A fragment that is a str stands as it is: it may be no JSON at all."""
    texts = [fragment if isinstance(fragment, str) else json.dumps(fragment, ensure_ascii=False) for fragment in fragments]
    return b''.join(RS + text.encode('utf-8', 'surrogateescape') + b'\n' for text in texts)


@dataclass
class Trace:
    name: str
    rule: str
    metadata: bytes
    streams: dict = field(default_factory=dict)

    def write(self, directory):
        os.makedirs(directory)
        for name, content in {'metadata': self.metadata, **self.streams}.items():
            with open(os.path.join(directory, name), 'wb') as file:
                file.write(content)


@dataclass
class Case(Trace):
    events: list = field(default_factory=list)


@dataclass
class Broken(Case):
    says: str = ''
    packet: int = 0


@dataclass
class Refused(Trace):
    says: str = ''
    lines: tuple = ()


def streams_of(content):
    return {name: data(text) for name, text in (content if isinstance(content, dict) else {'stream': content}).items()}


def record(**parts):
    """An expected line of `borelog events --format json`. A record of class 0 named "e" in the only stream's first packet."""
    return {'name': 'e', 'id': 0, 'stream': 0, 'file': 'stream', 'packet': 0, **parts}


def simple(payload):
    """Metadata without anything but one event record class: one packet that is as long as the stream, all of it payloads."""
    return [PREAMBLE, stream(), event(payload)]


def case(name, rule, fragments, content, events):
    """fragments: a list; or a dict, the members of the only payload, with events being a list of payloads."""
    if isinstance(fragments, dict):
        fragments, events = simple(fragments), [record(fields=fields) for fields in events]
    if not isinstance(fragments, bytes) and any('packet-context-field-class' in fragment for fragment in fragments):
        # Its members with roles are not shown, and often there are no others.
        events = [one if 'lost' in one else {'packet_context': {}, **one} for one in events]
    metadata = fragments if isinstance(fragments, bytes) else text_sequence(fragments)
    return Case(name, rule, metadata, streams_of(content), events)


def broken(name, rule, fragments, content, events, says, packet=0):
    good = case(name, rule, fragments, content, events)
    return Broken(name, rule, good.metadata, good.streams, good.events, says, packet)


def refused(name, rule, says, fragments, at):
    """at: number of the fragment that is at fault, from 1, which is its line; or several. says: what the message must match."""
    metadata = fragments if isinstance(fragments, bytes) else text_sequence(fragments)
    return Refused(name, rule, metadata, {'stream': b'\0' * 16}, says, tuple(at) if isinstance(at, (tuple, list, range)) else (at,))


# ---- fragments ----


def preamble(**more):
    return {**PREAMBLE, **more}


def alias(name, field_class):
    return {'type': 'field-class-alias', 'name': name, 'field-class': field_class}


def trace(header=None, **more):
    return {'type': 'trace-class', **root('packet-header-field-class', header), **named(more)}


def clock(own_id='c', frequency=1000000000, **more):
    return {'type': 'clock-class', 'id': own_id, 'frequency': frequency, **named(more)}


def stream(context=None, header=None, common=None, clock=None, **more):
    return {
        'type': 'data-stream-class',
        **({'default-clock-class-id': clock} if clock else {}),
        **root('packet-context-field-class', context),
        **root('event-record-header-field-class', header),
        **root('event-record-common-context-field-class', common),
        **named(more),
    }


def event(payload=None, context=None, **more):
    return {
        'type': 'event-record-class',
        'name': 'e',
        **root('specific-context-field-class', context),
        **root('payload-field-class', payload),
        **named(more),
    }


def named(more):
    return {key.replace('_', '-'): value for key, value in more.items()}


def root(name, members):
    if members is None:
        return {}
    return {name: members if isinstance(members, str) or 'type' in members else struct(members)}


# ---- field classes; further properties by name, with '_' for '-' ----


def fixed(kind, length, order, **more):
    return {'type': 'fixed-length-' + kind, 'length': length, 'byte-order': order, **named(more)}


def uint(length, order=LE, **more):
    return fixed('unsigned-integer', length, order, **more)


def sint(length, order=LE, **more):
    return fixed('signed-integer', length, order, **more)


def bits(length, order=LE, **more):
    return fixed('bit-array', length, order, **more)


def boolean(length, order=LE, **more):
    return fixed('boolean', length, order, **more)


def bit_map(length, order, flags, **more):
    return fixed('bit-map', length, order, flags=flags, **more)


def real(length, order=LE, **more):
    return fixed('floating-point-number', length, order, **more)


def uleb(**more):
    return {'type': 'variable-length-unsigned-integer', **named(more)}


def sleb(**more):
    return {'type': 'variable-length-signed-integer', **named(more)}


def string(encoding=None, **more):
    return {'type': 'null-terminated-string', **({'encoding': encoding} if encoding else {}), **named(more)}


def static_string(length, encoding=None, **more):
    return {**string(encoding, **more), 'type': 'static-length-string', 'length': length}


def dynamic_string(location, encoding=None, **more):
    return {**string(encoding, **more), 'type': 'dynamic-length-string', 'length-field-location': location}


def blob(length, **more):
    return {'type': 'static-length-blob', 'length': length, **named(more)}


def dynamic_blob(location, **more):
    return {'type': 'dynamic-length-blob', 'length-field-location': location, **named(more)}


def struct(members, **more):
    return {
        'type': 'structure',
        'member-classes': [{'name': name, 'field-class': field_class} for name, field_class in members.items()],
        **named(more),
    }


def array(length, element, **more):
    return {'type': 'static-length-array', 'length': length, 'element-field-class': element, **named(more)}


def dynamic_array(location, element, **more):
    return {'type': 'dynamic-length-array', 'length-field-location': location, 'element-field-class': element, **named(more)}


def optional(location, field_class, ranges=None):
    return {
        'type': 'optional',
        'selector-field-location': location,
        'field-class': field_class,
        **({'selector-field-ranges': ranges} if ranges else {}),
    }


def option(ranges, field_class, name=None):
    return {'selector-field-ranges': ranges, 'field-class': field_class, **({'name': name} if name is not None else {})}


def variant(location, *options):
    return {'type': 'variant', 'selector-field-location': location, 'options': list(options)}


def near(*path):
    """A field location that begins at the structure around."""
    return {'path': list(path)}


def payload(*path):
    return {'origin': 'event-record-payload', 'path': list(path)}


def at(origin, *path):
    return {'origin': origin, 'path': list(path)}
