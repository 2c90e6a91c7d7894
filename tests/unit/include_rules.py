#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may include whom. The tree is the architecture: this is its law, and a table that fails when something new comes in unseen.

usage: include_rules.py ROOT
       include_rules.py --self-test
"""
import pathlib
import re
import sys
import tempfile

CORE_LAYOUT = {"core/event.h", "core/packet.h", "core/record.h", "core/ring_abi.h", "core/port.h"}
# What files of a directory may include, besides their own directory and the system: directories, or single headers.
RULES = {
    "core": {"bl_port.h"},
    "port": {"core"},
    "include": {"core", "bl_port.h"},
    "lib": {"core", "include", "port", "bl_port.h", "query/match.h"},
    "preload": {"include"},
    "kmod": {"core", "port", "bl_port.h", "xen/abi"},
    "bpf": {"core", "bl_port.h"},
    # In its place in Xen's tree: Xen's own tracer.
    "xen": {"core", "port", "bl_port.h", "../../../trace.c"},
    # The recorder flushes and takes: it uses the ring itself, and what programs and it say to each other.
    "record": CORE_LAYOUT | {"core/ring.h", "lib/abi", "kmod/abi/stream.h", "ctf/writer.h", "ctf/metadata.h", "ctf/text.h", "query", "bl_port.h"},
    "ctf": set(),
    # The language of filters, which the recorder and the reader share.
    "query": set(),
    "analysis": {"ctf/ctf.h", "ctf/text.h", "query"},
    "view": {"analysis", "record"},
    # The types of fields are those of the descriptions that record/ hands out.
    "cli": {"analysis", "record", "query", "ctf/ctf.h", "ctf/rewrite.h", "core/event.h"},
}
# The public header's own way into core, a link in the source tree and a directory when installed.
ALIASES = {"borelog/core/": "core/", "borelog.h": "include/borelog.h", "borelog/": "include/borelog/"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def resolve(root, source, kind, name):
    """The included file's path in the tree, or None for the system's."""
    for prefix, real in ALIASES.items():
        if name == prefix or (prefix.endswith("/") and name.startswith(prefix)):
            name = real + name[len(prefix):]
            break
    if name == "bl_port.h":
        return name
    beside = source.parent / name
    if kind == '"' and beside.is_file():
        return beside.resolve().relative_to(root.resolve()).as_posix()
    if (root / name).is_file():
        return name
    return None if kind == "<" else name


def allowed(directory, target):
    if target.split("/")[0] == directory:
        return True
    return any(target == rule or target.startswith(rule + "/") for rule in RULES[directory])


def violations(root):
    found, seen = [], 0
    for directory in RULES:
        for source in sorted((root / directory).rglob("*")) if (root / directory).is_dir() else []:
            if source.suffix not in (".c", ".h", ".cc", ".cpp", ".hpp", ".S") or source.relative_to(root).parts[:3] == ("include", "borelog", "core"):
                continue
            seen += 1
            for kind, name in INCLUDE.findall(source.read_text(errors="replace")):
                target = resolve(root, source, kind, name)
                if target is not None and not allowed(directory, target):
                    found.append(f"{source.relative_to(root)} includes {name}: {directory} may not")
                elif target is None and directory == "core" and kind == "<":
                    found.append(f"{source.relative_to(root)} includes <{name}>: core is freestanding")
    return found, seen


def self_test():
    """A tree with one breach of each kind: each is found."""
    breaches = {"core/a.c": '#include "lib/x.h"', "core/b.c": "#include <string.h>", "ctf/a.c": '#include "core/packet.h"',
                "cli/a.c": '#include "core/ring.h"', "view/a.c": '#include "ctf/x.h"', "record/a.c": '#include "ctf/reader.h"',
                "analysis/a.c": '#include "../record/session.h"', "analysis/b.c": '#include "ctf/model.h"',
                "query/a.c": '#include "lib/abi/filter.h"', "preload/a.c": '#include "core/ring.h"'}
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        for name, text in breaches.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text + "\n#include <stdint.h>\n" if not name.startswith("core/") else text + "\n")
        for name in ("record/session.h", "ctf/model.h", "lib/abi/filter.h"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("")
        found, _ = violations(root)
    missed = [name for name in breaches if not any(line.startswith(name + " ") for line in found)]
    if missed:
        sys.exit(f"breaches that were not found: {missed}")


def main():
    self_test()
    found, seen = violations(pathlib.Path(sys.argv[1]))
    if not seen:
        sys.exit("no source found")
    print("\n".join(found) or f"ok: {seen} files")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
