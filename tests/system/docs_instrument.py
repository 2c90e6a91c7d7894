#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/instrument.md works: its files are written, its commands run, on an installed borelog, in the order of the page."""
import pathlib
import re
import subprocess

import bt2

import harness
from harness import BUILD, check, equal

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "instrument.md"


def install(place):
    """Into a folder that stands for the root; the environment finds it there."""
    root = place.folder / "root"
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root], capture_output=True, text=True)
    equal(done.returncode, 0, f"meson install\n{done.stdout}{done.stderr}")
    (pc,) = root.glob("**/pkgconfig/borelog.pc")
    (command,) = root.glob("**/bin/borelog")
    place.env.update(PATH=f"{command.parent}:{place.env['PATH']}", PKG_CONFIG_PATH=str(pc.parent), PKG_CONFIG_SYSROOT_DIR=str(root),
                     LD_LIBRARY_PATH=str(pc.parent.parent))
    return root


def blocks():
    """[(language, name of the file or None, text)]"""
    found = re.findall(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    check(len(found) > 10, f"only {len(found)} blocks on the page")
    return [(language, name or None, text) for language, name, text in found]


def names_and_fields(trace):
    return [(message.event.name, {str(key): value for key, value in message.event.payload_field.items()})
            for message in bt2.TraceCollectionMessageIterator(str(trace)) if type(message) is bt2._EventMessageConst]


def test_page(place):
    install(place)
    work = place.folder / "work"
    work.mkdir()
    outputs = []
    for language, name, text in blocks():
        if name:
            (work / name).write_text(text)
            continue
        equal(language, "sh", "a block that is neither a file nor commands")
        done = subprocess.run(["sh", "-euc", text], cwd=work, env=place.env, capture_output=True, text=True, timeout=120)
        equal(done.returncode, 0, f"{text}\n{done.stdout}{done.stderr}")
        outputs.append((text, done.stdout))
    equal(sum(out.count("sold out") for _, out in outputs), 6, "runs of shop")

    sold = [("drill", 535), ("casing", 629), ("mud pump", 808)]
    first = names_and_fields(work / "first.trace")
    equal([name for name, _ in first], ["shop:sold"] * 3, "events")
    equal([(fields["article"], fields["cents"]) for _, fields in first], sold, "fields")
    equal([fields["article"] for _, fields in names_and_fields(work / "casings.trace")], ["casing"], "filtered")
    check(names_and_fields(work / "ls.trace"), "nothing was recorded of ls")

    more = dict(names_and_fields(work / "more.trace"))
    equal(list(more), ["server:request_begin", "server:parsed", "server:request_end"], "events of more")
    equal(list(more["server:request_begin"]["r_state"].labels), ["busy"], "label")
    equal(list(more["server:parsed"].values())[-1], [0.5, 0.25, 0.125], "array")
    equal(more["server:request_end"], {"status": 200}, "named field")


def test_installed(place):
    """What else an installation has."""
    root = install(place)
    for pattern in ("man1/borelog-record.1*", "man3/borelog.h.3*", "bash-completion/completions/borelog", "libborelog-libc.so", "libborelog.a",
                    "libborelog.so.0", "include/borelog.h"):
        check(list(root.glob(f"**/{pattern}")), f"{pattern} is not installed")
    trace = place.new_trace()
    done = place.run("borelog", "record", "-o", trace, "--", "ls")
    equal(done.returncode, 0, done.stderr)
    check(any(name.startswith("libc:") for name, _ in names_and_fields(trace)), f"no probes in an installation: {done.stderr}")


if __name__ == "__main__":
    harness.main(globals())
