# SPDX-License-Identifier: MIT
"""Holds the tables of xen/tracer/events.h against a Xen tree: every place that traces, and every id that Xen has.

usage: sites.py [TREE]          the directory in which "xen" is the hypervisor; without one: what lab/xen-source prints

All files that trace (source.py) are compiled by Xen's makefiles (build.py), and what reaches the calls of the tracer's functions is
read in the compiler's intermediate form (ir.py): ids and sizes as they are after macros, structures and arithmetic, for each way
through the code. It fails if
    - an id that can be traced is not in the tables, or with another number of words, or an event of the tables is traced nowhere;
    - what is passed is a structure whose members lie elsewhere than the event's fields;
    - the text of Xen traces something at a place where no call was seen, or a call cannot be understood;
    - an id of Xen's headers is neither in the tables nor in the lists of known.py, or is in these and traced;
    - a value's name is not that of Xen's constant with this value;
    - the tables break an invariant of events.h.
"""
import pathlib
import subprocess
import sys
import tempfile

import build
import ir
import source
from known import CONSTANTS, DEAD, FOLLOWS, NOT_TRACED, OWN_FORM, OWN_LABELS, PACKED, RENAMED, SVM, VMX
from tables import PROJECT, check_names, check_tables, problem, problems, read_constants, read_tables


def vendor_of(lines):
    return sum(flag for flag, directory in ((VMX, "/hvm/vmx/"), (SVM, "/hvm/svm/")) if any(directory in file for file, _ in lines))


def place_of(lines):
    """For a message: the place that traces, and that which it was inlined into or called from, if that is another one."""
    inner = next((line for line in lines if line[0] not in source.TRACER), lines[0])
    place, outer = (f"{file}:{line}" for file, line in (inner, lines[-1]))
    return place if place == outer else f"{place} (from {outer})"


class Sites:
    """What is traced: events of Xen's ids, the places that do it, and all places at which any call was seen."""

    def __init__(self, program, values, names):
        self.found, self.seen, self.calls, self.values, self.names = {}, set(), 0, values, names
        for call in program.calls("__trace_var"):
            self.calls += 1
            self.add(program, call)
        for name in names:
            for call in program.calls_of_any(name):
                self.seen.update(call.lines())
        if program.is_taken("__trace_var"):
            problem("__trace_var: its address is used: not every call of it can be seen")

    def add(self, program, call):
        for (event, size), frames in program.values(call, (0, 2)):
            lines = call.lines() + [line for frame in frames.values() for line in frame.lines()]
            self.seen.update(lines)
            place = place_of(lines)
            for function in frames:
                if not function.internal and function.name not in self.names:
                    problem(f"{place}: {function.name}() hands an id on: its callers are seen only if \"trace\" is in its name")
            if isinstance(event, ir.Unknown):
                if event.ones & self.values["TRC_GUEST"] != self.values["TRC_GUEST"]:
                    problem(f"{place}: the id could not be found out")
                continue
            words = None if isinstance(size, ir.Unknown) else (size + 3) // 4
            self.found.setdefault((event, words, vendor_of(lines)), {}).setdefault(place, call)


def check_sites(sites, events, ids):
    names = {value: name for name, value in ids.items()}
    for (event, words, vendor), places in sorted(sites.found.items(), key=str):
        where = ", ".join(sorted(places))
        name = names.get(event, hex(event))
        if name in OWN_FORM:
            continue
        if name in NOT_TRACED:
            problem(f"{where}: {name} is listed as not traced")
            continue
        described = [entry for entry in events if entry.matches(event, vendor or VMX | SVM)]
        if not described:
            problem(f"{where}: {name} is in no table")
        elif words is None:
            problem(f"{where}: {name}: the number of words could not be found out")
        for entry in described:
            entry.sites += len(places)
            if words is not None and not entry.takes(words):
                problem(f"{where}: {name} has {words} words, {entry.name} {entry.words}")
            elif entry.words and not entry.flags & FOLLOWS:
                for place, call in places.items():
                    check_layout(place, entry, call.layout(3))
    for event in events:
        if not event.sites:
            problem(f"{event.name}: in the tables, but traced nowhere")


def check_layout(place, event, members):
    faults = ["what is passed is not understood"] if members is None else list(layout_faults(event, members))
    if event.name in PACKED and not faults:
        problem(f"{place}: {event.name} is listed as packed, but is not")
    elif event.name not in PACKED:
        for fault in faults:
            problem(f"{place}: {event.name}: {fault}")


def layout_faults(event, members):
    """A field is a member, and has its name; or it is made of words of an array, or of their halves, which have none."""
    parts = [(at, size // (1 + in_array), name, in_array) for first, size, name, in_array in members
             for at in ([first, first + size // 2] if in_array else [first])]
    start = 0
    for field in event.fields[event.from_id:]:
        end = start + 8 * field.size
        inside = [part for part in parts if start <= part[0] < end]
        names = {name for _, _, name, _ in inside}
        if field.name.startswith("pad") and names <= {"pad"}:
            pass
        elif not inside or inside[0][0] != start or sum(size for _, size, _, _ in inside) != 8 * field.size:
            yield (f"{field.name} is bits {start} to {end - 1}, there are "
                   + (", ".join(f"{name} from {first} to {first + size - 1}" for first, size, name, _ in inside) or "none"))
        elif len(inside) > 1 and not all(in_array for _, _, _, in_array in inside):
            yield f"{field.name} is made of {', '.join(sorted(names))}"
        elif any(name and field.name not in [name, *RENAMED.get(name, "").split()] for name in names):
            yield f"{field.name} is Xen's {', '.join(names)}"
        start = end


def check_ids(sites, events, ids):
    described = {event.id for event in events}
    traced = {event for event, _, _ in sites.found}
    for name, event in ids.items():
        if event not in described and name not in OWN_FORM and name not in NOT_TRACED:
            problem(f"{name}: in no table, and not listed as not traced")
    for name in [*OWN_FORM, *NOT_TRACED]:
        if name not in ids:
            problem(f"{name}: listed, but not known to this Xen")
        elif ids[name] in described:
            problem(f"{name}: listed, but in a table")
    for name in OWN_FORM:
        if ids.get(name) not in traced:
            problem(f"{name}: listed as traced, but it is not")


def check_uses(sites, uses):
    dead = set()
    for path, line, function, name in uses:
        if (path, function) in DEAD:
            dead.add((path, function))
            if (path, line) in sites.seen:
                problem(f"{path}:{line}: {name} is listed as never reached, but it is")
        elif (path, line) not in sites.seen:
            problem(f"{path}:{line}: {name} is used, but no call was seen there")
    for path, function in DEAD.keys() - dead:
        problem(f"{path}: {function}() is listed as never reached, but nothing traces there")


def constants_of(name, field, flags):
    if any(name.startswith(start) and field == other for start, other in OWN_LABELS):
        return None
    for (start, other, vendor), found in CONSTANTS.items():
        if name.startswith(start) and field == other and flags & vendor == vendor:
            return found
    problem(f"{name}.{field}: whose constants its labels are is not known to sites.py")
    return None


def check_labels(directory, events, sets, command_file):
    """Compiled as a file of the hypervisor is: each label is a constant of Xen, with this value."""
    fields = [(event.name, field.name, event.flags, field.labels) for event in events for field in event.fields if field.labels]
    wanted = {}
    for name, field, flags, labels in fields + [(name, "op", 0, labels) for name, labels in sets.items()]:
        found = constants_of(name, field, flags)
        for first, last, label in labels if found else []:
            header, prefix, upper = found
            wanted[header, prefix + (label.upper() if upper else label), first, last] = f"{name}.{field}"
    probe = directory / "labels.c"
    headers = ["xen/sched.h", "public/arch-x86/xen-mca.h", *sorted({header for header, *_ in wanted})]
    lines = [f"#include <{header}>" for header in headers]
    lines += [f'_Static_assert((uint32_t){constant} == {first}u && {first} == {last}, "{where}");'
              for (_, constant, first, last), where in wanted.items()]
    probe.write_text("\n".join(lines) + "\n")
    for line in build.compiles(command_file, probe).splitlines():
        if "error:" in line:
            problem(f"labels: {line}")
    return len(wanted)


def main(tree):
    tree = (pathlib.Path(tree) / "xen").resolve()
    if not (tree / "include/public/trace.h").exists():
        sys.exit(f"sites.py: {tree.parent} is not a Xen tree: it has no xen/include/public/trace.h")
    with tempfile.TemporaryDirectory(prefix="borelog-xen-") as work:
        work = pathlib.Path(work)
        events, sets = read_tables(work, tree / "include")
        check_tables(events)
        text = source.Source(tree)
        ids, values = read_constants(work, tree, text.files)
        check_names(events, ids, values)
        paths, assembly = text.files_that_trace()
        for path in assembly:
            problem(f"{path}: assembly that traces")
        out = work / "build"
        out.mkdir()
        compiled = build.compile_files(tree, out, paths)
        program = ir.Program([path for files in compiled.values() for path in files], tree)
        sites = Sites(program, values, text.names)
        check_sites(sites, events, ids)
        check_ids(sites, events, ids)
        uses = list(text.uses())
        check_uses(sites, uses)
        labels = check_labels(work, events, sets, compiled["arch/x86/hvm/svm/svm.c"][0].with_suffix(".command"))
    for text in problems:
        print(f"sites: {text}")
    print(f"sites: {len(events)} events; {len(ids)} ids of Xen, {len(NOT_TRACED)} of them not traced, {len(OWN_FORM)} with a form "
          f"of their own; {len(uses)} uses in {len(paths)} files, {sites.calls} calls, {labels} values, {len(problems)} problems")
    return 1 if problems else 0


def lab_tree():
    done = subprocess.run([PROJECT / "lab/xen-source"], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip()) / "xen"


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit("usage: sites.py [TREE]")
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else lab_tree()))
    except build.BuildError as error:
        sys.exit(f"sites.py: {error}")
