# SPDX-License-Identifier: MIT
"""Reads CTF traces with babeltrace2's Python module (2.0.4), as what `borelog events --format json` says of them.

Each stream has an iterator of its own, with no muxer in between: so traces whose clocks babeltrace2 refuses to merge can be read too,
and a record can be asked for by its stream. Fields are read through bt2.native_bt by plans that are compiled once for each class of
events; the ordinary interface makes an object of every field, which takes ten times as long.

    for port in open_traces(["DIR"]).ports:
        for item in port.items: ...

The items and their values are those of ctf_items.py.
"""
import os

import bt2
from bt2 import field_class as bt2_classes, message as bt2_message, native_bt, utils as bt2_utils

from ctf_items import ANY, Loss, Record, Single, enumeration, nanoseconds


class Refused(Exception):
    """babeltrace2 cannot read this; its own words."""


def _read_integer(field_class):
    if isinstance(field_class, bt2_classes._SignedIntegerFieldClassConst):
        return native_bt.field_integer_signed_get_value
    return native_bt.field_integer_unsigned_get_value


def _read_enumeration(field_class):
    if isinstance(field_class, bt2_classes._SignedEnumerationFieldClassConst):
        get_value, get_labels = native_bt.field_integer_signed_get_value, native_bt.field_enumeration_signed_get_mapping_labels
    else:
        get_value, get_labels = native_bt.field_integer_unsigned_get_value, native_bt.field_enumeration_unsigned_get_mapping_labels
    known = {}

    def read(field):
        value = get_value(field)
        if value not in known:
            status, labels = get_labels(field)
            if status:
                raise Refused(f"labels of {value}: status {status}")
            known[value] = enumeration(value, labels or ())
        return known[value]
    return read


def _read_string(field):
    # The bytes of an empty string are those of whatever was in this place before.
    return native_bt.field_string_get_value(field) if native_bt.field_string_get_length(field) else ""


def _read_array(field_class):
    read_element = compile_field(field_class.element_field_class)
    length_of = native_bt.field_array_get_length
    element = native_bt.field_array_borrow_element_field_by_index_const
    return lambda field: [read_element(element(field, i)) for i in range(length_of(field))]


def _read_structure(field_class):
    member = native_bt.field_structure_borrow_member_field_by_index_const
    plan = [(name, i, compile_field(class_of.field_class)) for i, (name, class_of) in enumerate(field_class.items())]
    return lambda field: {name: read(member(field, i)) for name, i, read in plan}


def _read_variant(field_class):
    plan = [(name, compile_field(option.field_class)) for name, option in field_class.items()]
    selected = native_bt.field_variant_borrow_selected_option_field_const
    index = native_bt.field_variant_get_selected_option_index

    def read(field):
        name, read_option = plan[index(field)]
        return {name: read_option(selected(field))}
    return read


def compile_field(field_class):
    """A function that reads a field of this class."""
    if isinstance(field_class, bt2_classes._EnumerationFieldClassConst):
        return _read_enumeration(field_class)
    if isinstance(field_class, bt2_classes._IntegerFieldClassConst):
        return _read_integer(field_class)
    # Of a variant's option the module's class does not tell how precise it is.
    if native_bt.field_class_get_type(field_class._ptr) == native_bt.FIELD_CLASS_TYPE_SINGLE_PRECISION_REAL:
        return lambda field: Single(native_bt.field_real_single_precision_get_value(field))
    if isinstance(field_class, bt2_classes._RealFieldClassConst):
        return native_bt.field_real_double_precision_get_value
    if isinstance(field_class, bt2_classes._StringFieldClassConst):
        return _read_string
    if isinstance(field_class, bt2_classes._ArrayFieldClassConst):
        return _read_array(field_class)
    if isinstance(field_class, bt2_classes._StructureFieldClassConst):
        return _read_structure(field_class)
    if isinstance(field_class, bt2_classes._VariantFieldClassConst):
        return _read_variant(field_class)
    raise TypeError(f"no such class of fields in CTF 1.8: {field_class}")


def time_of(cycles, clock):
    """In ns; babeltrace2 itself calculates with floating point numbers."""
    offset = clock.offset
    return nanoseconds(cycles, clock.frequency, offset.seconds, offset.cycles)


def optional(field_class):
    return None if field_class is None else compile_field(field_class)


class _EventPlan:
    def __init__(self, event):
        cls = event.cls
        self.keep = cls  # its address is this plan's name
        stream_class = cls.stream_class
        self.name, self.id, self.stream = cls.name, cls.id, stream_class.id
        self.clock = stream_class.default_clock_class
        self.common = optional(stream_class.event_common_context_field_class)
        self.specific = optional(cls.specific_context_field_class)
        self.payload = optional(cls.payload_field_class)


class Port:
    """One stream, a port as of ctf_items.py."""

    def __init__(self, reader, number):
        self.reader, self.number = reader, number
        self.file = None            # path of the stream's first file, known with its first message
        self.packet = -1
        self.plans = {}             # by the address of a class of events
        self.packet_plan = None
        self.packet_context = None
        self.items = self._items()

    def _stream(self, stream):
        if self.file is None:
            self.file = stream.name
            self.packet_plan = optional(stream.cls.packet_context_field_class)

    def _event(self, message):
        event = native_bt.message_event_borrow_event_const(message)
        address = int(native_bt.event_borrow_class_const(event))
        plan = self.plans.get(address)
        if not plan:
            plan = self.plans[address] = _EventPlan(bt2._EventMessageConst._create_from_ptr_and_get_ref(message).event)
        record = Record()
        record.name, record.id, record.stream, record.packet = plan.name, plan.id, plan.stream, self.packet
        record.cycles = record.time_ns = record.file = None
        if plan.clock:
            record.cycles = native_bt.clock_snapshot_get_value(native_bt.message_event_borrow_default_clock_snapshot_const(message))
            record.time_ns = time_of(record.cycles, plan.clock)
        record.scopes = (self.packet_context,
                         plan.common and plan.common(native_bt.event_borrow_common_context_field_const(event)),
                         plan.specific and plan.specific(native_bt.event_borrow_specific_context_field_const(event)),
                         plan.payload and plan.payload(native_bt.event_borrow_payload_field_const(event)))
        return record

    def _loss(self, message, what):
        loss = Loss()
        loss.what, loss.stream, loss.packet = what, message.stream.cls.id, self.packet
        loss.lost = ANY if message.count is None else message.count
        loss.begin_ns = loss.end_ns = loss.file = None
        clock = message.stream.cls.default_clock_class
        if clock and message._has_default_clock_snapshots:
            loss.begin_ns = time_of(message.beginning_default_clock_snapshot.value, clock)
            loss.end_ns = time_of(message.end_default_clock_snapshot.value, clock)
        return loss

    def _other(self, message):
        """Everything but events; these are few."""
        message = bt2_message._MESSAGE_TYPE_TO_CLS[native_bt.message_get_type(message)]._create_from_ptr_and_get_ref(message)
        if isinstance(message, bt2._StreamBeginningMessageConst):
            self._stream(message.stream)
        elif isinstance(message, bt2._PacketBeginningMessageConst):
            self.packet += 1
            self.packet_context = self.packet_plan and self.packet_plan(
                native_bt.packet_borrow_context_field_const(message.packet._ptr))
        elif isinstance(message, bt2._DiscardedEventsMessageConst):
            return self._loss(message, "records")
        elif isinstance(message, bt2._DiscardedPacketsMessageConst):
            return self._loss(message, "packets")
        return None

    def _items(self):
        for message in self.reader.messages(self.number):
            if native_bt.message_get_type(message) == native_bt.MESSAGE_TYPE_EVENT:
                yield self._event(message)
            else:
                item = self._other(message)
                if item:
                    yield item


class _Sink(bt2._UserSinkComponent):
    """Takes messages from whichever port the reader wants, when the graph lets it."""

    def __init__(self, config, params, reader):
        super().__init__(config, params, reader)
        self.reader = reader
        for number in range(reader.n_ports):
            self._add_input_port(f"in{number}")

    def _user_graph_is_configured(self):
        self.iterators = [self._create_message_iterator(port) for port in self._input_ports.values()]

    def _user_consume(self):
        # Errors go to the reader by hand: one that leaves here would end the graph and all other streams.
        reader = self.reader
        reader.batch = []
        try:
            status, messages = native_bt.bt2_self_component_port_input_get_msg_range(self.iterators[reader.wanted]._ptr)
            if status != native_bt.MESSAGE_ITERATOR_NEXT_STATUS_END:
                bt2_utils._handle_func_status(status, "cannot read on")
                reader.batch = messages
        except bt2._Error as error:
            reader.error = str(error)


class Reader:
    """Traces that are open; @ports are their streams."""

    def __init__(self, directories):
        self.wanted, self.batch, self.error = 0, [], None
        self.graph = bt2.Graph()
        sources = [self._source(number, inputs) for number, inputs in enumerate(_group(directories))]
        outputs = [port for source in sources for port in source.output_ports.values()]
        self.n_ports = len(outputs)
        sink = self.graph.add_component(_Sink, "sink", obj=self)
        for output, name in zip(outputs, sink.input_ports):
            self.graph.connect_ports(output, sink.input_ports[name])
        self.ports = [Port(self, number) for number in range(self.n_ports)]

    def _source(self, number, inputs):
        source_class = bt2.find_plugin("ctf").source_component_classes["fs"]
        return self.graph.add_component(source_class, f"source{number}", {"inputs": inputs})

    def messages(self, number):
        """Pointers to the messages of one port; each is good until the next is asked for."""
        while True:
            self.wanted, self.error = number, None
            self.graph.run_once()
            if self.error is not None:
                raise Refused(self.error)
            batch = self.batch
            if not batch:
                return
            for message in batch:
                try:
                    yield message
                finally:
                    native_bt.message_put_ref(message)


def trace_directories(roots):
    """All folders below @roots with a metadata file."""
    found = []
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders.sort()
            if "metadata" in files:
                found.append(folder)
    return found


def _group(roots):
    """Folders that babeltrace2 says are pieces of the same trace, together."""
    ctf = bt2.find_plugin("ctf").source_component_classes["fs"]
    groups = {}
    for folder in trace_directories(roots):
        answer = bt2.QueryExecutor(ctf, "babeltrace.support-info", {"input": folder, "type": "directory"}).query()
        group = str(answer["group"]) if "group" in answer else folder
        groups.setdefault(group, []).append(folder)
    if not groups:
        raise Refused(f"no trace in {' '.join(roots)}")
    return list(groups.values())


def open_traces(directories):
    """Raises Refused if babeltrace2 refuses."""
    try:
        return Reader([str(directory) for directory in directories])
    except bt2._Error as error:
        raise Refused(str(error)) from None
