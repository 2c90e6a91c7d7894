#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Ten thousand short processes under preload: one readable trace, no stream class or file for each, no leak in the recorder."""
import pathlib
import re
import subprocess

import harness
from harness import check, equal

PROCESSES = 10000

# The recorder is the shell's parent; what it holds is looked at early and late.
SCRIPT = """
look() { echo $1 $(ls /proc/$PPID/fd | wc -l) $(sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$PPID/status) $(wc -l < /proc/$PPID/maps); }
i=0
while [ $i -lt PROCESSES ]; do
    /bin/cat /dev/null
    i=$((i + 1))
    [ $i -ne 1000 ] || look early
done
look late
""".replace("PROCESSES", str(PROCESSES))


def test_ten_thousand(place):
    script = place.folder / "many.sh"
    script.write_text(SCRIPT)
    trace, done = place.record("/bin/sh", script, options=["-e", "libc:open*", "-e", "libc:close*"], timeout=600)
    early, late = [[int(word) for word in line.split()[1:]] for line in done.stdout.splitlines()]
    check(late[0] <= early[0] + 4, f"descriptors of the recorder: {early[0]} after 1000 processes, {late[0]} after {PROCESSES}")
    check(late[1] <= early[1] + 4096, f"KiB of the recorder: {early[1]} after 1000 processes, {late[1]} after {PROCESSES}")
    check(late[2] <= early[2] + 8, f"mappings of the recorder: {early[2]} after 1000 processes, {late[2]} after {PROCESSES}")

    text = subprocess.run(["babeltrace2", str(trace)], capture_output=True, text=True)
    equal((text.returncode, text.stderr), (0, ""), "babeltrace2")
    # Not by their numbers, which come again on a busy machine.
    programs = int(re.search(r"records of ([\d,]+) programs", done.stderr)[1].replace(",", ""))
    opened = text.stdout.count("libc:open")
    check(programs >= PROCESSES and opened >= PROCESSES, f"{programs} processes in the trace, {opened} files that they opened")
    metadata = (trace / "user" / "metadata").read_text()
    check(metadata.count("\nstream {") <= 3, "stream classes:", metadata.count("\nstream {"))
    streams = list((trace / "user").glob("stream*"))
    check(len(streams) <= 32, "stream files:", len(streams))
    check(not list(pathlib.Path(place.run_dir, "borelog/programs").glob("*")), "control files are left over")


harness.main(globals())
