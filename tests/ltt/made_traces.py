#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Made traces, read by babeltrace2 and by borelog, and compared with what was written into them.

usage: made_traces.py [BORELOG [FIRST LAST]]      without BORELOG only babeltrace2 reads them; seeds FIRST to LAST

They are those of ctf_make.py, of as many seeds, and those of ctf_make_bits.py. babeltrace2 2.0.4 refuses some valid traces and dies of
others, so it reads in a process of its own, and what it cannot read is counted; all traces that are not made to be hard for it it must
read and read right. borelog must read them all.
"""
import collections
import os
import pathlib
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compare"))
try:
    import ctf_bt2
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-bt2)")
    sys.exit(77)
import ctf_compare
import ctf_items
from ctf_make import make
from ctf_make_bits import KINDS, make_bits

SEEDS = range(120)
LIMIT_S = 60  # only what hangs takes as long


def read_in_child(folder, lines_path):
    """What babeltrace2 says, as lines in a file. Returns "read", "refused" or "died"."""
    pid = os.fork()
    if not pid:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # it says why it dies
            signal.alarm(LIMIT_S)
            objects = ctf_items.as_objects(ctf_bt2.open_traces([str(folder)]).ports)
            with open(lines_path, "w", encoding="ascii") as file:
                file.writelines(ctf_compare.dump_line(ours) + "\n" for ours in objects)
            os._exit(0)
        except ctf_bt2.Refused:
            os._exit(3)
        finally:
            os._exit(1)
    return {0: "read", 3: "refused"}.get(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "died")


class Judge:
    def __init__(self, borelog):
        self.borelog = borelog
        self.count = collections.Counter()
        self.failed = 0

    def fail(self, name, who, found):
        self.failed += 1
        print(f"{name}: {who}:", *found, sep="\n\t", flush=True)

    def babeltrace2(self, name, trace, folder):
        lines_path = folder.with_suffix(".lines")
        verdict = read_in_child(folder, lines_path)
        if verdict == "read":
            with open(lines_path, encoding="ascii") as lines:
                found, n_records, n_losses = ctf_compare.compare_lines(lines, trace.ports_of_babeltrace2(), judge="what was written",
                                                                       who="babeltrace2", files=False)
            self.count["records"] += n_records
            self.count["losses"] += n_losses
            verdict = "read wrongly" if found else "read"
        else:
            found = ["it should read this one"]
        self.count[verdict] += 1
        if verdict != "read" and not trace.hard:
            self.fail(name, f"babeltrace2 {verdict}", found)

    def ours(self, name, trace, folder):
        found, n_records, _ = ctf_compare.compare(self.borelog, [folder], trace.ports(), judge="what was written")
        self.count["ours"] += n_records
        if found:
            self.fail(name, "borelog", found)

    def judge(self, name, trace, folder):
        self.count["traces"] += 1
        self.babeltrace2(name, trace, folder)
        if self.borelog:
            self.ours(name, trace, folder)


def main():
    borelog = sys.argv[1] if len(sys.argv) > 1 else None
    seeds = range(int(sys.argv[2]), int(sys.argv[3]) + 1) if len(sys.argv) == 4 else SEEDS
    judge = Judge(borelog)
    with tempfile.TemporaryDirectory() as place:
        for kind in KINDS:
            name = "-".join(kind)
            folder = pathlib.Path(place, name)
            judge.judge(name, make_bits(kind, folder), folder)
        for seed in seeds:
            folder = pathlib.Path(place, str(seed))
            judge.judge(f"seed {seed}", make(seed, folder), folder)
    count = judge.count
    print(f"{count['traces']} traces; babeltrace2 reads {count['read']} of them as they were written, with {count['records']} records and "
          f"{count['losses']} losses, refuses {count['refused']}, dies of {count['died']} and reads {count['read wrongly']} wrongly; "
          f"borelog reads {count['ours']} records; {judge.failed} failed")
    if not count["records"] or not count["losses"]:
        print("there was nothing to compare")
        return 1
    return 1 if judge.failed else 0


if __name__ == "__main__":
    if len(sys.argv) not in (1, 2, 4):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main())
