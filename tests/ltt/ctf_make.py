#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a CTF 1.8 trace such as no tracer in Debian writes, and says what is in it.

usage: ctf_make.py SEED DIR      DIR/trace and DIR/expected.jsonl, what `borelog events --format json DIR/trace` must print

The same seed makes the same trace. Chance decides over everything that the format leaves to producers: byte order, headers and contexts
or none of them, sizes and alignments of all numbers, types within types, lengths and tags in any scope, clocks, truncated times that
wrap, padding, empty packets, losses, streams and files, and the way in which the metadata is written.

What is expected follows from the values that were written and from the specification, and not from any reader.
"""
import copy
import json
import pathlib
import random as random_module
import string
import struct
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compare"))
import ctf_items
import tsdl_text
from tsdl_types import Array, Bits, Enum, Float, Integer, String, Struct, Variant

ALIGNMENTS = (1, 2, 4, 8, 8, 16, 32, 64)
KEYWORDS = ("_int", "_event", "_struct", "_enum", "_string", "_stream", "_signed")


class Clock:
    def __init__(self, random, name, absolute):
        self.name = name
        self.uuid = uuid.UUID(int=random.getrandbits(128)) if random.random() < 0.5 else None
        self.frequency = random.choice((10**9, 10**9, 1000, 32768, 1, 2500000000, 3000000007, 10**6, 123456789))
        self.offset_s = random.choice((0, 0, 1700000000, 5, random.randrange(2**31)))
        self.offset_cycles = random.choice((0, 0, 1, random.randrange(self.frequency), random.randrange(self.frequency * 1000)))
        self.most = (2**62 - self.offset_s * 10**9) * self.frequency // 10**9 - self.offset_cycles  # readers have ns of 63 bits
        self.precision = random.choice((None, 1, 100))
        self.description = random.choice((None, "a clock", "with \"quotes\" and \\"))
        self.absolute = absolute

    def ns(self, cycles):
        return ctf_items.nanoseconds(cycles, self.frequency, self.offset_s, self.offset_cycles)


class EventClass:
    said_id = context = payload = loglevel = uri = None


class Scopes:
    """Lengths and tags that a field may refer to: those of scopes before, by absolute paths, and those of its own and enclosing
    structures, by names."""

    def __init__(self, outer=(), root=None, closed=False):
        self.outer = list(outer)  # (path, type)
        self.root = root          # of absolute paths into this scope
        self.closed = closed      # nothing in this scope refers to anything
        self.inner = []           # (relative path, type, whether an absolute path leads there too)

    def deeper(self, transparent):
        """For a structure within; nobody outside sees what is in an array's element or a variant's option."""
        scopes = Scopes(self.outer, self.root if transparent else None, self.closed)
        scopes.inner = [(path, member, False) for path, member, _ in self.inner]
        return scopes

    def add(self, path, member):
        self.inner.append((path, member, True))

    def take(self, other, name):
        """What was added in the structure @name."""
        self.inner += [(f"{name}.{path}", member, True) for path, member, new in other.inner if new]

    def find(self, random, kind, dots=True):
        """(path, type) of any Integer that is a length, or of any Enum that is a tag."""
        found = self.outer[:]
        for path, member, new in self.inner:
            found.append((path, member))
            if new and self.root and random.random() < 0.3:
                found.append((f"{self.root}.{path}", member))
        found = [(path, member) for path, member in found if isinstance(member, kind) and (dots or "." not in path)]
        return random.choice(found) if found else None

    def exported(self, root):
        return self.outer + [(f"{root}.{path}", member) for path, member, new in self.inner if new]


class Maker:
    """Chooses everything; @random is the only source of chance. @hard: also such things as babeltrace2 2.0.4 cannot read:

    - tags of variants in other scopes or structures (syntax error);
    - sequences and variants in event.context, sequences in headers (it dies);
    - structures with a name of their own that have members with a leading underscore (it takes off another one).
    """

    def __init__(self, seed):
        self.random = random_module.Random(seed)
        self.hard = self.chance(0.2)
        self.native = self.random.choice(("le", "be"))
        self.n_names = 0
        self.packed = self.chance(0.5)  # no alignment if not needed, as small machines do
        self.lean = self.chance(0.3)    # headers of events are only numbers and structures of them, in one byte order, with lengths in them
        self.both = not self.lean and self.chance(0.5)
        self.whole = self.chance(0.3)   # bytes, as compilers make them, but for headers of events

    def chance(self, probability):
        return self.random.random() < probability

    def name(self):
        self.n_names += 1
        head = self.random.choice(("", "", "_", "__")) + self.random.choice(string.ascii_letters)
        return f"{head}{self.n_names}" if self.chance(0.95) else f"{self.random.choice(KEYWORDS)}_{self.n_names}"

    # ---- Types ----

    def align(self):
        """None: the default."""
        if self.packed:
            return 8 if self.whole else 1
        return self.random.choice(ALIGNMENTS[3:] if self.whole else ALIGNMENTS) if self.chance(0.4) else None

    def placed(self, size):
        """(size, alignment, byte order if said) of a number. One of the other order must begin and end at whole bytes."""
        align, order = self.align(), None
        if self.both and self.chance(0.25):
            order, size, align = self.random.choice(("le", "be")), (size + 7) // 8 * 8, max(align or 8, 8)
        if self.whole:
            size = (size + 7) // 8 * 8
        return size, align, order

    def integer(self, signed=None, role=None, least=1):
        size = self.random.choice((8, 16, 32, 64, self.random.randint(1, 64), self.random.randint(1, 64)))
        size, align, order = self.placed(max(size, least))
        signed = self.chance(0.4) if signed is None else signed
        return Integer(size, align, signed, order, self.native, self.random.choice((None, None, 2, 8, 10, 16)), role=role)

    def float(self):
        size, align, order = self.placed(self.random.choice((32, 64)))
        return Float(size, align, order, self.native)

    def enum(self, tag=False):
        container = self.integer(least=5 if tag else 1)
        low, high = container.limits
        mappings, at = [], low if self.chance(0.3) else max(low, 0)
        for _ in range(self.random.randint(1, 6)):
            if at > high:
                break
            last = min(high, at + self.random.choice((0, 0, 0, 1, 5, 1000)))
            mappings.append((self.label(tag, mappings), at, last))
            at = last + 1 + self.random.choice((0, 0, 1, 100)) if tag or self.chance(0.8) else max(low, last - 1)
        if not tag and self.chance(0.2):
            mappings.append(("the largest", high, high))
        return Enum(container, mappings, tag)

    def label(self, tag, others):
        if not tag and others and self.chance(0.1):
            return others[0][0]  # one label, several ranges
        if not tag and self.chance(0.2):
            self.n_names += 1
            return self.random.choice(("two words ", "quote \" ", "back \\ ", "\u00e9\u20ac ", "1")) + str(self.n_names)
        return self.name()

    def text(self, scopes, members):
        letter = Integer(8, 8, self.chance(0.5), None, self.native, text=True)
        if self.chance(0.5):
            return Array(letter, self.random.randint(1, 20))
        return self.sequence(letter, scopes, members)

    def sequence(self, element, scopes, members):
        """With a length from anywhere, or one that is put in front of it."""
        if scopes.closed:
            return Array(element, self.random.randint(1, 4))
        found = scopes.find(self.random, Integer) if self.chance(0.6) else None
        if not found:
            name, length = self.name(), self.integer(signed=False, role="length")
            members.append((name, length))
            scopes.add(name, length)
            found = name, length
        return Array(element, length=found[1], path=found[0])

    def variant(self, depth, scopes, members):
        if scopes.closed:
            return self.integer()
        found = scopes.find(self.random, Enum, self.hard) if self.chance(0.5) else None
        if not found:
            name, tag = self.name(), self.enum(tag=True)
            members.append((name, tag))
            scopes.add(name, tag)
            found = name, tag
        labels = list(dict.fromkeys(label for label, _, _ in found[1].mappings))
        self.random.shuffle(labels)
        return Variant(found[1], [(label, self.type(depth + 1, scopes.deeper(False), None)) for label in labels], found[0])

    def member(self, depth, scopes, members):
        """Adds a member of any type. Some are lengths or tags that only later ones may use."""
        name, kind = self.name(), self.random.random() / (3 if scopes.closed else 1)
        if kind < 0.05:
            member = self.integer(signed=False, role="length")
        elif kind < 0.1:
            member = self.enum(tag=True)
        else:
            member = self.type(depth, scopes, members, name)
        members.append((name, member))
        if kind < 0.1:
            scopes.add(name, member)

    def type(self, depth, scopes, members, name=None):
        """Any type. Lengths and tags that it needs go into @members; where that is None (an element) it does without."""
        kinds = ["integer"] * 8 + ["float"] * 2 + ["string", "enum", "enum"]
        if self.lean and scopes.root and scopes.root.startswith("stream.event.header"):
            kinds = ["integer", "struct"] if depth < 3 else ["integer"]
        elif depth < 3:
            kinds += ["struct"] * 2 + ["array"] * 2
            if members is not None:
                kinds += ["sequence"] * 3 + ["variant"] * 2 + ["text"] * 2
        kind = self.random.choice(kinds)
        if kind == "integer":
            return self.integer()
        if kind == "float":
            return self.float()
        if kind == "string":
            return String(self.random.choice((None, None, "UTF8", "ASCII")))
        if kind == "enum":
            return self.enum()
        if kind == "struct":
            inner = scopes.deeper(name is not None)
            if name and scopes.root:
                inner.root = f"{scopes.root}.{name}"
            made = self.struct(depth + 1, inner)
            if name:
                scopes.take(inner, name)
            return made
        if kind == "array":
            return Array(self.type(depth + 1, scopes.deeper(False), None), self.random.randint(1, 4))
        if kind == "sequence":
            return self.sequence(self.type(depth + 1, scopes.deeper(False), None), scopes, members)
        return self.variant(depth, scopes, members) if kind == "variant" else self.text(scopes, members)

    def struct(self, depth, scopes):
        members = []
        for _ in range(self.random.randint(0, 5)):
            self.member(depth, scopes, members)
        return Struct(members, self.random.choice((None, None, None, None, 8, 16, 32, 64)) if not self.packed else None)

    # ---- Scopes ----

    def scope(self, outer, root):
        scopes = Scopes(outer, root, closed=root == "event.context" and not self.hard)
        made = self.struct(0, scopes)
        return made, scopes.exported(root)

    def mixed(self, roles, outer, root, extra):
        """A scope of members with roles, in their order, and @extra others behind or between them; magic and uuid stay in front."""
        scopes = Scopes(outer, root, closed=root.endswith("header") and not self.hard)
        more = []
        for _ in range(extra):
            more.append([])
            self.member(1, scopes, more[-1])
        members = [[role] for role in roles]
        at = sum(name in ("magic", "uuid") for name, _ in roles)
        for pieces in more:  # in their order, as later ones may refer to earlier ones
            at = self.random.randint(at, len(members))
            members.insert(at, pieces)
            at += 1
        return Struct([member for pieces in members for member in pieces]), scopes.exported(root)

    def role(self, role, least, clock=None):
        size = self.random.choice((64, 64, 32, 32, 16, 8, self.random.randint(1, 64)))
        size, align, order = self.placed(max(size, least))
        return Integer(size, align, False, order, self.native, role=role, clock=clock)


def by_role(scope, values, roles):
    """Puts the values of roles, numbers cut to the size of their field, into a structure's value."""
    for name, member in scope.members:
        role = getattr(member, "role", None)
        if role in roles:
            values[name] = roles[role] & (1 << member.size) - 1
    return values


class PlainHeader:
    """An event header as a structure with an id, a time, both or neither, and perhaps more."""

    def __init__(self, struct):
        self.struct = struct
        sizes = [member.size for _, member in struct.members if getattr(member, "role", None) == "clock"]
        self.time_bits = min(sizes, default=None)

    def choose(self, random, known, event, cycles, delta):
        return by_role(self.struct, self.struct.choose(random, known), {"event_id": event.id, "clock": cycles})


class ExtendedHeader:
    """An event header as LTTng's and borelog's: small id and time, or an id that means that both follow in full."""

    def __init__(self, maker, clock):
        self.id_bits = maker.random.choice((5, 12, 16))
        self.time_bits = 64
        self.short_bits = {5: 27, 12: 20, 16: 32}[self.id_bits]
        align = maker.random.choice((1, 8)) if self.id_bits == 16 else 1
        native = maker.native

        def integer(size, mapped=None, align=align):
            return Integer(size, align, False, None, native, clock=mapped)
        self.escape = (1 << self.id_bits) - 1
        self.tag = Enum(integer(self.id_bits), [("compact", 0, self.escape - 1), ("extended", self.escape, self.escape)], True)
        self.compact = Struct([("timestamp", integer(self.short_bits, clock))])
        self.extended = Struct([("id", integer(32, align=8)), ("timestamp", integer(64, clock, align=8))])
        variant = Variant(self.tag, [("compact", self.compact), ("extended", self.extended)], "id")
        self.struct = Struct([("id", self.tag), ("v", variant)], maker.random.choice((None, 8, 32)))

    def choose(self, random, known, event, cycles, delta):
        if event.id >= self.escape or delta >= 1 << self.short_bits or random.random() < 0.1:
            return {"id": self.escape, "v": ("extended", {"id": event.id, "timestamp": cycles})}
        return {"id": event.id, "v": ("compact", {"timestamp": cycles & (1 << self.short_bits) - 1})}


class StreamClass:
    """@exact: the reader knows the end of a packet's content in bytes only. @turns: there are so many packets with each event once."""
    said_id = clock = packet_context = header = event_context = turns = None
    exact = False


class Port:
    """A data stream and what must be found in it, as of ctf_items.py."""

    def __init__(self, file, items):
        self.file, self.items = file, iter(items)


class FirstLoss(ctf_items.Loss):
    """What the first packet's counter says. It is all lost in this stream if packets are numbered from 0 or not at all, else nobody knows
    how much of it was before. babeltrace2 never says how much it is."""

    def of_babeltrace2(self):
        loss = copy.copy(self)
        loss.lost = ctf_items.ANY
        return loss


class Trace(Maker):
    """The whole of it: classes first, then packets."""

    def __init__(self, seed):
        super().__init__(seed)
        random = self.random
        self.uuid = random.getrandbits(128).to_bytes(16, "big") if self.chance(0.6) else None
        absolute = random.choice((None, "true", "false"))
        self.clocks = [Clock(random, name, absolute) for name in random.choice(((), ("c",), ("c",), ("monotonic",), ("c", "d")))]
        self.env = [(name, random.choice((5, -7, "a word", "quote \" and \\"))) for name in random.choice(((), ("hostname",), ("a", "b")))]
        n_streams = random.choice((1, 1, 2, 3))
        self.has_header = n_streams > 1 or self.chance(0.8)
        self.has_instances = self.has_header and self.chance(0.5)
        self.make_header(n_streams)
        ids = random.sample((0, 1, 2, 3, 200, 255), n_streams)
        self.streams = [self.make_stream(ids[i], n_streams) for i in range(n_streams)]

    # ---- Classes ----

    def make_header(self, n_streams):
        self.header_names = []
        if not self.has_header:
            self.packet_header = None
            return
        roles = []
        if self.chance(0.7):
            roles.append(("magic", Integer(32, 8, False, None, self.native, role="magic")))
        if self.uuid and self.chance(0.7):
            roles.append(("uuid", Array(Integer(8, 8, False, None, self.native), 16)))
        if n_streams > 1 or self.chance(0.5):
            roles.append(("stream_id", self.role("stream_id", 8)))
        if self.has_instances:
            roles.append(("stream_instance_id", self.role("instance", 4)))
        self.packet_header, self.header_names = self.mixed(roles, (), "trace.packet.header", self.random.randint(0 if roles else 1, 2))

    def make_stream(self, number, n_streams):
        random = self.random
        stream = StreamClass()
        stream.id = number
        has_id = self.packet_header and any(name == "stream_id" for name, _ in self.packet_header.members)
        if not has_id:
            stream.id = 0
        stream.said_id = stream.id if has_id else None
        stream.clock = random.choice(self.clocks) if self.clocks and self.chance(0.85) else None
        names = self.make_packet_context(stream, list(self.header_names))
        n_events = random.choice((1, 1, 2, 4, 7))
        names = self.make_event_header(stream, names, n_events)
        if not self.has_times(stream):
            stream.clock = None
        if self.chance(0.5):
            stream.event_context, names = self.scope(names, "stream.event.context")
        self.make_events(stream, names, n_events)
        return stream

    @staticmethod
    def has_times(stream):
        """A stream has the clock that one of its fields is a value of."""
        scopes = [scope for scope in (stream.packet_context, stream.header and stream.header.struct) if scope]
        return any(getattr(part, "clock", None) for scope in scopes for part in tsdl_text.walk(scope))

    def make_packet_context(self, stream, names):
        clock = stream.clock and stream.clock.name
        stream.roles = set()
        if self.chance(0.15):
            stream.exact = True
            return names
        roles = []
        for role, probability, least in (("packet_size", 0.85, 24), ("content_size", 0.85, 24), ("packet_seq_num", 0.5, 16),
                                         ("events_discarded", 0.5, 16)):
            if self.chance(probability):
                roles.append((role, self.role(role, least)))
        if clock and self.chance(0.7):
            roles.append(("timestamp_begin", Integer(64, self.align(), False, None, self.native, clock=clock, role="timestamp_begin")))
            if self.chance(0.8):
                roles.append(("timestamp_end", Integer(64, self.align(), False, None, self.native, clock=clock, role="timestamp_end")))
        self.random.shuffle(roles)
        stream.roles = {name for name, _ in roles}
        stream.exact = "content_size" not in stream.roles or "packet_size" not in stream.roles
        stream.packet_context, names = self.mixed(roles, names, "stream.packet.context", self.random.randint(0 if roles else 1, 3))
        return names

    def make_event_header(self, stream, names, n_events):
        clock = stream.clock and stream.clock.name
        if clock and self.chance(0.3):
            stream.header = ExtendedHeader(self, clock)
            return names
        roles = []
        if n_events > 1 or self.chance(0.5):
            roles.append(("id", self.role("event_id", 8)))
        if clock and self.chance(0.9):
            size = self.random.choice((64, 64, 32, 27, 16, 8, self.random.randint(8, 63)))
            roles.append(("timestamp", Integer(size, self.align(), False, None, self.native, clock=clock, role="clock")))
        if not roles and self.chance(0.5):
            return names
        extra = self.random.randint(1, 3) if self.lean else self.random.choice((0, 0, 1)) if roles else 1
        header, names = self.mixed(roles, names, "stream.event.header", extra)
        stream.header = PlainHeader(header)
        return names

    def make_events(self, stream, names, n_events):
        random = self.random
        has_id = isinstance(stream.header, ExtendedHeader) or stream.header and any(
            getattr(member, "role", None) == "event_id" for _, member in stream.header.struct.members)
        ids = random.sample(range(200), n_events)
        if isinstance(stream.header, ExtendedHeader) and self.chance(0.5):
            ids[0] = random.choice((stream.header.escape, 2**16, 2**32 - 1))
            ids[1:] = [number for number in ids[1:] if number != ids[0]]
        stream.events = []
        for number in ids:
            event = EventClass()
            event.id = number if has_id else 0
            event.said_id = event.id if n_events > 1 or has_id or self.chance(0.5) else None
            event.name = random.choice(("", "_", "a b:", "\u00e9", "quote \" back \\ ")) + self.name()
            event.loglevel, event.uri = random.choice((None, 0, 14)), random.choice((None, "http://example.com/"))
            inner = names
            if self.chance(0.4):
                event.context, inner = self.scope(inner, "event.context")
            if self.chance(0.9):
                event.payload, _ = self.scope(inner, "event.fields")
            self.finish_payload(stream, event)
            stream.events.append(event)

    def finish_payload(self, stream, event):
        """A record must have a bit at least; where a packet's end is known in bytes only it must end at a byte, as strings do."""
        if stream.exact or not stream.header:
            last = (self.name(), String() if stream.exact else Integer(8, 8, False, None, self.native))
            event.payload = event.payload or Struct([])
            event.payload.members.append(last)

    # ---- Packets ----

    def write(self, folder):
        """The trace's files."""
        folder.mkdir(parents=True)
        text = tsdl_text.metadata_text(self, self.random)
        (folder / "metadata").write_bytes(tsdl_text.metadata_file(text, self, self.random))
        self.written = []
        for stream in self.streams:
            for instance in range(self.random.choice((1, 1, 2))):
                self.written.append(StreamWriter(self, stream, instance).write(folder))
        if self.chance(0.2):
            (folder / "nothing").write_bytes(b"")
        if self.chance(0.2):
            (folder / ".hidden").write_bytes(b"not a stream")
            (folder / "index").mkdir()
            (folder / "index" / "any").write_bytes(b"not a stream either")

    def ports(self):
        """What was written, from its beginning."""
        return [Port(file, items) for file, items in self.written]

    def ports_of_babeltrace2(self):
        """The same as babeltrace2 can say it."""
        return [Port(file, [item.of_babeltrace2() if isinstance(item, FirstLoss) else item for item in items])
                for file, items in self.written]


class StreamWriter:
    """Writes one data stream: @cycles is the last time that a reader knows."""

    def __init__(self, trace, stream, instance):
        self.trace, self.stream, self.instance = trace, stream, instance
        self.random = trace.random
        self.known = {}
        full = "timestamp_begin" in stream.roles
        self.cycles = self.random.choice((0, self.random.randrange(min(2**40, stream.clock.most)))) if full else 0
        self.discarded, self.sequence = self.random.choice((0, 0, 7)), self.random.choice((0, 5))
        self.last_discarded = self.last_sequence = self.last_end = None

    def write(self, folder):
        """(path of the first file, items)"""
        n_packets = self.stream.turns or (self.random.randint(1, 6) if self.stream.roles & {"packet_size", "content_size"} else 1)
        packets = [self.packet() for _ in range(n_packets)]
        # Only an instance's number lets readers know that two files are one stream, and only times in which order.
        two = self.trace.has_instances and "timestamp_begin" in self.stream.roles and n_packets > 1 and self.random.random() < 0.5
        cut = self.random.randint(1, n_packets - 1) if two else n_packets
        name = f"{self.random.choice(('a', 's', 'z'))}_{self.stream.id}_{self.instance}"
        all_items = []
        for part, begin, end in ("", 0, cut), (".2", cut, n_packets):
            if begin == end:
                continue
            path = folder / (name + part)
            path.write_bytes(b"".join(data for data, _ in packets[begin:end]))
            for number, (_, items) in enumerate(packets[begin:end]):
                for item in items:
                    item.file, item.packet = str(path), number
                all_items += items
        return str(folder / name), all_items

    def step(self, bits):
        """Time passes: at most so much that @bits of the clock tell how much."""
        most = min((1 << bits) - 1, 2**40)
        self.delta = self.random.choice((0, 1, self.random.randint(0, min(most, 1000)), self.random.randint(0, most), most))
        if self.cycles + self.delta > self.stream.clock.most:
            self.delta = 0
        self.cycles += self.delta

    def packet(self):
        """(bytes, items)"""
        stream, random = self.stream, self.random
        items = []
        if stream.clock and "timestamp_begin" in stream.roles:
            self.step(64)
            self.cycles += 4  # another ns than the last packet's, or nobody knows the order of files
        begin = self.cycles
        header = self.trace.packet_header and self.header_value()
        context = stream.packet_context and stream.packet_context.choose(random, self.known)
        records = [self.record(event) for event in self.events()]
        end = self.cycles + (random.choice((0, 5, 1000)) if stream.clock and "timestamp_end" in stream.roles else 0)
        self.count_losses(items, begin, end)
        shown = context and stream.packet_context.show(context)
        items += [self.item(record, shown) for record in records]
        roles = {"timestamp_begin": begin, "timestamp_end": end, "packet_seq_num": self.sequence, "events_discarded": self.discarded}
        # Sizes first have to be found by encoding.
        bits = self.encode(header, context, roles, records)
        roles["content_size"] = bits.at
        padding = 0 if stream.exact else random.choice((0, 0, 1, 8, 100))
        roles["packet_size"] = (bits.at + 7) // 8 * 8 + 8 * padding
        bits = self.encode(header, context, roles, records)
        self.cycles = max(self.cycles, end)
        if stream.exact and bits.at % 8:
            raise AssertionError("a packet that ends within a byte")
        return bytes(bits.bytes).ljust(roles["packet_size"] // 8, b"\xa5"), items

    def header_value(self):
        trace = self.trace
        value = trace.packet_header.choose(self.random, self.known)
        by_role(trace.packet_header, value, {"magic": 0xc1fc1fc1, "stream_id": self.stream.id, "instance": self.instance})
        for name, _ in trace.packet_header.members:
            if name == "uuid":
                value[name] = list(trace.uuid)
        return value

    def count_losses(self, items, begin, end):
        """What was lost up to this packet's end, as far as counters tell."""
        roles, random = self.stream.roles, self.random
        self.discarded += random.choice((0, 0, 1, 100)) if self.last_discarded is not None else 0
        self.sequence += random.choice((1, 1, 1, 2, 10)) if self.last_sequence is not None else 0
        if "events_discarded" in roles:
            if self.last_discarded is None and self.discarded:
                known = "packet_seq_num" not in roles or self.sequence == 0
                items.append(self.loss("records", self.discarded if known else None, begin, end, FirstLoss()))
            elif self.last_discarded is not None and self.discarded != self.last_discarded:
                items.append(self.loss("records", self.discarded - self.last_discarded, self.last_end, end))
        if "packet_seq_num" in roles and self.last_sequence is not None and self.sequence != self.last_sequence + 1:
            items.append(self.loss("packets", self.sequence - self.last_sequence - 1, self.last_end, begin))
        self.last_discarded, self.last_sequence, self.last_end = self.discarded, self.sequence, end

    def loss(self, what, n, begin, end, loss=None):
        loss = loss or ctf_items.Loss()
        loss.what, loss.lost, loss.stream, loss.begin_ns, loss.end_ns = what, n, self.stream.id, None, None
        if self.stream.clock and {"timestamp_begin", "timestamp_end"} <= self.stream.roles:
            loss.begin_ns, loss.end_ns = self.stream.clock.ns(begin), self.stream.clock.ns(end)
        return loss

    def events(self):
        """Of a packet, as many as there may be."""
        stream, random = self.stream, self.random
        if stream.turns:
            return stream.events
        least = 1 if stream.exact or not stream.roles & {"packet_size", "content_size"} else 0
        most = 200 if random.random() < 0.1 else 20
        return random.choices(stream.events, k=random.choice((least, random.randint(1, 10), random.randint(most // 4, most))))

    def record(self, event):
        """(event class, cycles, values of its scopes)"""
        stream, random, known = self.stream, self.random, self.known
        if stream.header and stream.header.time_bits and stream.clock:
            self.step(stream.header.time_bits)
            header = stream.header.choose(random, known, event, self.cycles, self.delta)
        else:
            header = stream.header and stream.header.choose(random, known, event, 0, 0)
        scopes = [scope and scope.choose(random, known) for scope in (stream.event_context, event.context, event.payload)]
        return event, self.cycles, header, scopes

    def encode(self, header, context, roles, records):
        bits = Bits(self.trace.native)
        if header:
            self.trace.packet_header.encode(header, bits)
        if context:
            self.stream.packet_context.encode(by_role(self.stream.packet_context, context, roles), bits)
        for event, _, value, scopes in records:
            if self.stream.header:
                self.stream.header.struct.encode(value, bits)
            for scope, inner in zip((self.stream.event_context, event.context, event.payload), scopes):
                if scope:
                    scope.encode(inner, bits)
        return bits

    def item(self, record, packet_context):
        event, cycles, _, scopes = record
        item = ctf_items.Record()
        item.name, item.id, item.stream, item.cycles, item.time_ns = event.name, event.id, self.stream.id, None, None
        if self.stream.clock:
            item.cycles, item.time_ns = cycles, self.stream.clock.ns(cycles)
        shown = [scope and scope.show(value) for scope, value in zip((self.stream.event_context, event.context, event.payload), scopes)]
        item.scopes = (packet_context, *shown)
        return item


def make(seed, folder):
    """A trace that is written to @folder."""
    trace = Trace(seed)
    trace.write(pathlib.Path(folder))
    return trace


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(sys.argv[2])
    objects = ctf_items.as_objects(make(int(sys.argv[1]), folder / "trace").ports())
    with open(folder / "expected.jsonl", "w", encoding="ascii") as file:
        for ours in objects:
            file.write(json.dumps(ours, ensure_ascii=True, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
