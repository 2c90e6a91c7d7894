#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Traces of a real Linux kernel by LTTng, made in a guest by lab/kernel-traces: `borelog events` says of them what babeltrace2 says.

usage: kernel_traces.py [BORELOG]      without BORELOG only babeltrace2 reads them

First babeltrace2 alone: each session holds what it was recorded for, so that agreeing on it is worth something. Then each trace by
itself, record by record and field by field, with tests/compare/ctf_compare.py; then the traces of a rotated session together.
"""
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import time

try:
    import bt2
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-bt2)")
    sys.exit(77)

SOURCE = pathlib.Path(__file__).resolve().parents[2]
COMPARE = SOURCE / "tests/compare/ctf_compare.py"
LAB = SOURCE / "lab/kernel-traces"
TOOLS = ["apt-get", "dpkg-deb", "qemu-system-x86_64", "cpio", "depmod", "make", "gcc"]

# For each session: the least number of records, and names that must be among them
HOLDS = {
    "frozen": (100, ["lttng_logger", "lttng_test_filter_event"]),
    "fields": (400, ["lttng_logger", "lttng_test_filter_event"]),
    "sched": (2000, ["sched_switch", "sched_wakeup", "sched_process_fork", "sched_process_exec", "sched_process_exit"]),
    "syscalls": (15000, ["syscall_entry_openat", "syscall_exit_newfstatat", "syscall_entry_clone", "syscall_exit_poll", "syscall_entry_connect"]),
    "all": (20000, ["irq_handler_entry", "irq_softirq_entry", "timer_hrtimer_start", "block_rq_issue", "net_dev_queue", "net_if_receive_skb",
                    "signal_generate", "writeback_dirty_inode", "x86_exceptions_page_fault_user", "lttng_statedump_process_state"]),
    "probes": (2000, ["probe_open", "function_read_entry", "function_read_exit", "probe_getpid", "sched_switch"]),
    "discarded": (500, ["lttng_logger"]),
    "overwritten": (500, ["lttng_logger"]),
    "snapshot": (2000, ["sched_switch", "syscall_entry_read"]),
    "files": (4000, ["syscall_entry_read"]),
    "rotated": (500, ["lttng_logger", "sched_switch"]),
}
LOSE_RECORDS = ["discarded"]
LOSE_PACKETS = ["overwritten"]
# Sessions that are several traces
TRACES = {"snapshot": 2, "rotated": 3}
# Those that are read together as well. Not snapshots: babeltrace2 makes one trace of them, as they have one UUID, with losses in between.
TOGETHER = ["rotated"]


def make_traces():
    """The directory of the sessions. What the lab does goes to our standard error, where it can be watched."""
    done = subprocess.run([LAB], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{LAB}: exit status {done.returncode}, see above")
    return pathlib.Path(done.stdout.strip())


def traces_of(session):
    return sorted(found.parent for found in session.glob("**/metadata"))


def look(directory):
    """(Counter of names, lost records, lost packets) as babeltrace2 has it."""
    names, lost = collections.Counter(), collections.Counter()
    for message in bt2.TraceCollectionMessageIterator(str(directory)):
        kind = type(message)
        if kind is bt2._EventMessageConst:
            names[message.event.name] += 1
        elif kind in (bt2._DiscardedEventsMessageConst, bt2._DiscardedPacketsMessageConst):
            lost[kind] += message.count or 1
    return names, lost[bt2._DiscardedEventsMessageConst], lost[bt2._DiscardedPacketsMessageConst]


def lacks(session):
    """What the session was recorded for and does not hold: a list of texts."""
    name = session.name
    least, wanted = HOLDS[name]
    names, lost_records, lost_packets = collections.Counter(), 0, 0
    traces = traces_of(session)
    for trace in traces:
        seen, records, packets = look(trace)
        names += seen
        lost_records += records
        lost_packets += packets
    print(f"{name}: {names.total()} records of {len(names)} kinds, {len(traces)} traces, lost {lost_records} records, {lost_packets} packets",
          flush=True)
    missing = [f"no {event}" for event in wanted if not names[event]]
    if names.total() < least:
        missing.append(f"fewer than {least} records")
    if len(traces) != TRACES.get(name, 1):
        missing.append(f"{TRACES.get(name, 1)} traces wanted")
    if name in LOSE_RECORDS and not lost_records:
        missing.append("no lost records")
    if name in LOSE_PACKETS and not lost_packets:
        missing.append("no lost packets")
    return missing


def differs(borelog, directory):
    done = subprocess.run([sys.executable, COMPARE, borelog, directory], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    if done.returncode:
        print(done.stdout, end="", flush=True)
    return done.returncode != 0


def judge(session, borelog):
    """Why the session is not good: a list of texts."""
    wrong = lacks(session)
    directories = traces_of(session)
    if session.name in TOGETHER:
        directories.append(session)
    for directory in directories if borelog else []:
        begin = time.monotonic()
        if differs(borelog, directory):
            wrong.append(f"borelog and babeltrace2 do not say the same of {directory}")
        else:
            print(f"    the same: {directory.relative_to(session.parent)}, {time.monotonic() - begin:.1f} s", flush=True)
    return wrong


def cannot():
    """Why the lab cannot work here, or None."""
    if os.uname().machine != "x86_64":
        return "the lab's guest runs Debian's kernel for x86-64, and its modules are built here"
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin")]
    return f"the lab needs {', '.join(missing)}" if missing else None


def main():
    if len(sys.argv) > 2:
        print(__doc__, file=sys.stderr)
        return 2
    if cannot():
        print(f"skipped: {cannot()}")
        return 77
    traces = make_traces()
    failed = False
    for name in HOLDS:
        for what in judge(traces / name, sys.argv[1] if len(sys.argv) > 1 else None):
            print(f"{name}: {what}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
