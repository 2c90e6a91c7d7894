# SPDX-License-Identifier: MIT
"""CTF 1.8 traces made by hand, of records whose number, size and time a test knows."""
import pathlib
import struct

METADATA = """/* CTF 1.8 */
typealias integer {{ size = 8; align = 8; }} := u8;
typealias integer {{ size = 16; align = 8; }} := u16;
typealias integer {{ size = 32; align = 8; }} := u32;
typealias integer {{ size = 64; align = 8; }} := u64;
typealias integer {{ size = 8; align = 8; encoding = UTF8; }} := text;
trace {{ major = 1; minor = 8; {trace_more} byte_order = {order}; packet.header := struct {{ u32 magic; u32 stream_id; u64 stream_instance_id; }}; }};
env {{ {env} }};
clock {{ name = {clock}; freq = 1000000000; offset_s = 1700000000; uuid = "{uuid}"; {clock_more} }};
typealias integer {{ size = 64; align = 8; map = clock.{clock}.value; }} := clock64;
stream {{
	id = 0;
	packet.context := struct {{
		clock64 timestamp_begin; clock64 timestamp_end; u64 content_size; u64 packet_size; u64 packet_seq_num; u64 events_discarded;
		{packet}
	}};
	event.header := struct {{ u16 id; clock64 timestamp; }};
	{context}
}};
{events}
"""
ORIGIN = 1700000000 * 10**9
HEAD = 16 + 6 * 8  # bytes in front of the members that a test adds
EVENT_HEADER = 10


class Made:
    """A trace's directory. @packet and @context are TSDL members; @events: names and TSDL members."""

    def __init__(self, folder, events, packet="u32 cpu_id;", context="", env='domain = "user";', order="le", clock="clk",
                 clock_more="", uuid="00000000-0000-4000-8000-000000000001", trace_more=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.endian = "<" if order == "le" else ">"
        self.streams = {}
        (self.folder / "metadata").write_text(METADATA.format(
            order=order, env=env, clock=clock, clock_more=clock_more, packet=packet, uuid=uuid, trace_more=trace_more,
            context=f"event.context := struct {{ {context} }};" if context else "",
            events="\n".join(f'event {{ name = "{name}"; id = {i}; stream_id = 0; fields := struct {{ {fields} }}; }};'
                             for i, (name, fields) in enumerate(events))))

    def pack(self, layout, *values):
        return struct.pack(self.endian + layout, *values)

    def record(self, id, time, rest=b""):
        """Context and fields are @rest."""
        return self.pack("HQ", id, time) + rest

    def packet(self, stream, begin, end, records, packet=b"", discarded=0, sequence=None, padding=0):
        """Appends a packet; @packet: the members that were added to the context."""
        path = self.folder / f"stream_{stream}"
        number = self.streams.get(stream, 0) if sequence is None else sequence
        self.streams[stream] = number + 1
        content = b"".join(records)
        size = HEAD + len(packet) + len(content)
        with path.open("ab") as file:
            file.write(self.pack("IIQ", 0xC1FC1FC1, 0, stream) +
                       self.pack("QQQQQQ", begin, end, 8 * size, 8 * (size + padding), number, discarded) + packet + content +
                       b"\xaa" * padding)
        return size
