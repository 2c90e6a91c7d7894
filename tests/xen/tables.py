# SPDX-License-Identifier: MIT
"""The tables of xen/tracer/events.h, read from a program that they are compiled into, and held against events.h and Xen's ids."""
import collections
import pathlib
import re
import subprocess

from known import FOLLOWS, SVM, VMX

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent

WORDS_MAX, FIELDS_MAX = 7, 16
SEQUENCE, ENUM = 0x40, 0x80
CATEGORIES = {"sched", "pv", "hvm", "mem", "shadow", "irq", "pm", "dom0"}

problems = []


def problem(text):
    problems.append(text)


class Event:
    def __init__(self, event, words, flags, from_id, category, name):
        self.id, self.words, self.flags, self.from_id = int(event), int(words), int(flags), int(from_id)
        self.category, self.name, self.fields, self.sites = category, name, [], 0

    def mask(self):
        """The bits of the id that are fields."""
        return sum(((1 << field.bits) - 1) << field.shift for field in self.fields[:self.from_id])

    def matches(self, event, vendor):
        return event & ~self.mask() == self.id and (not self.flags & (VMX | SVM) or bool(self.flags & vendor))

    def takes(self, words):
        return words == self.words or bool(self.flags & FOLLOWS) and self.words <= words <= WORDS_MAX


class Field:
    def __init__(self, type_, size, shift, bits, name):
        self.type, self.size, self.shift, self.bits, self.name, self.labels = int(type_), int(size), int(shift), int(bits), name, []


def run_c(directory, name, sources, include):
    """The output of a program, compiled with the project's headers and Xen's public ones."""
    program = directory / name
    command = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{PROJECT}", f"-I{PROJECT}/port/user",
               f"-I{include}", "-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__", "-o", str(program),
               *map(str, sources)]
    subprocess.run(command, check=True)
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout


def read_tables(directory, include):
    events, sets, labels = [], {}, None
    for line in run_c(directory, "dump_events", [HERE / "dump_events.c", *sorted((PROJECT / "xen/tracer").glob("events*.c"))],
                      include).splitlines():
        kind, *words = line.split(" ")
        if kind == "event":
            events.append(Event(*words))
        elif kind == "field":
            field = Field(*words)
            events[-1].fields.append(field)
            labels = field.labels
        elif kind == "labels":
            labels = sets.setdefault(words[0], [])
        else:
            labels.append((int(words[0]), int(words[1]), words[2]))
    return events, sets


def check_tables(events):
    seen = {}
    for event in events:
        for other in seen.get(event.id, []):
            if {event.flags & (VMX | SVM), other.flags & (VMX | SVM)} != {VMX, SVM} or event.name != other.name:
                problem(f"{event.name}: the id {event.id:#x} is that of {other.name} too")
        seen.setdefault(event.id, []).append(event)
    names = collections.defaultdict(set)
    for event in events:
        names[event.name].add(event.id)
        check_event(event)
    for name, ids in names.items():
        if len(ids) > 1:
            problem(f"{name}: the name of several ids: {', '.join(map(hex, sorted(ids)))}")


def check_event(event):
    size = sum(field.size for field in event.fields[event.from_id:])
    if size != 4 * event.words:
        problem(f"{event.name}: {size} bytes of fields in {event.words} words")
    if event.words > WORDS_MAX or len(event.fields) + bool(event.flags & FOLLOWS) > FIELDS_MAX:
        problem(f"{event.name}: {event.words} words, {len(event.fields)} fields: too many")
    if event.category not in CATEGORIES:
        problem(f"{event.name}: no category {event.category}")
    names = [field.name for field in event.fields] + ["args"] * bool(event.flags & FOLLOWS)
    if len(set(names)) < len(names) or not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names + [event.name]):
        problem(f"{event.name}: names of fields: {' '.join(names)}")
    if event.id & event.mask():
        problem(f"{event.name}: bits of the id {event.id:#x} are a field's")
    for number, field in enumerate(event.fields):
        check_field(event, field, number < event.from_id)


def check_field(event, field, from_id):
    if field.size == 0 or field.type & SEQUENCE or bool(field.type & ENUM) != bool(field.labels) or bool(field.bits) != from_id:
        problem(f"{event.name}.{field.name}: type {field.type:#x}, {len(field.labels)} labels, {field.bits} bits of the id")
    texts = [label for _, _, label in field.labels]
    ranges = sorted((first, last) for first, last, _ in field.labels)
    if len(set(texts)) < len(texts) or any(second[0] <= first[1] for first, second in zip(ranges, ranges[1:])):
        problem(f"{event.name}.{field.name}: labels twice or in each other's interval")
    if any(not 0 <= first <= last < 1 << 8 * field.size for first, last in ranges):
        problem(f"{event.name}.{field.name}: labels for values that it cannot have")


def read_constants(directory, tree, files):
    """{name: id} of Xen's headers and of its schedulers."""
    include = tree / "include"
    text = subprocess.run(["cc", "-E", "-dM", "-include", "public/trace.h", "-x", "c", f"-I{include}", "/dev/null"],
                          check=True, capture_output=True, text=True).stdout
    names = sorted(set(re.findall(r"#define (TRC_\w+) ", text)))
    private = {name: text for file in files if file.path.startswith("common/sched/") for name, text in file.macros
               if name.startswith("TRC_") and "TRC_SCHED_CLASS_EVT" in text}
    program = directory / "constants.c"
    program.write_text('#include <stdint.h>\n#include <stdio.h>\n#include <public/trace.h>\n'
                       + "".join(f"#define {name}{text}\n" for name, text in private.items())
                       + "int main(void)\n{\n"
                       + "".join(f'\tprintf("{name} %llu\\n", (unsigned long long)({name}));\n' for name in [*names, *private])
                       + "\treturn 0;\n}\n")
    values = {name: int(value) for name, value in
              (line.split() for line in run_c(directory, "constants", [program], include).splitlines())}
    ids = {name: value for name, value in values.items() if 0x10000 <= value < 1 << 28 and value & 0xfff}
    return ids, values


def expected_name(event, ids, values):
    """What events.h says that an id's name is, from Xen's constants."""
    by_id = {value: name.removeprefix("TRC_").lower() for name, value in ids.items()}
    endings = [("", 0), ("64", values["TRC_64_FLAG"]), ("_nested", values["TRC_HVM_NESTEDFLAG"])]
    if event & values["TRC_SHADOW"] & ~0xf000 == values["TRC_SHADOW"] & ~0xf000:
        endings = [("", 0), ("_pae", 0x100), ("64", 0x200)]
    for ending, bits in endings:
        if event & bits == bits and event & ~bits in by_id:
            return by_id[event & ~bits] + ending
    return None


def check_names(events, ids, values):
    for event in events:
        name = expected_name(event.id, ids, values)
        if name != event.name:
            problem(f"{event.name}: the id {event.id:#x} is {name or 'none of Xen'}")
