#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A Xen host of lab/: dom0 runs Xen's own tracer over a PV and a PVH guest, and all results come back.

usage: lab_xen.py TSC_NOW      the program that prints the time stamp counter
"""
import pathlib
import sys

import lab
import xentrace

HERE = pathlib.Path(__file__).resolve().parent
GUESTS = {"pv": "PV", "pvh": "PVH"}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def judge_guest(run, name, kind):
    """It is what was asked for, its job ran to the end, what it was told came in and its file out."""
    console = run.text(f"guest-{name}.log")
    check(f"hello from a {kind} guest" in console, f"{name}: no hello on its console:\n{console}")
    check(run.text(f"{name}/told") == f"told: that is all for {name}\n", f"{name}: it was told {run.text(f'{name}/told')!r}")
    readings = [int(line) for line in run.text(f"{name}/tsc").split()]
    check(readings and readings == sorted(set(readings)), f"{name}: its time stamp counter did not run: {readings}")


def judge_times(found, before, after):
    """All between what dom0 read before and after; in order on each CPU, of which there are two."""
    times = {}
    for record in found:
        check(record.tsc is not None, f"event {record.event:#x} without a time")
        check(before < record.tsc < after, f"event {record.event:#x} at {record.tsc}, not within {before} to {after}")
        times.setdefault(record.cpu, []).append(record.tsc)
    check(sorted(times) == [0, 1], f"records of CPUs {sorted(times)}")
    for cpu, cpu_times in times.items():
        check(cpu_times == sorted(cpu_times), f"CPU {cpu}: times go back")


def judge_runstates(changes, domains):
    """Each vCPU goes on from where it was; those of all domains ran."""
    state, ran = {}, set()
    for change in changes:
        was = state.get(change.vcpu, change.old)
        check(change.old == was, f"vCPU {change.vcpu} at {change.tsc}: out of {xentrace.RUNSTATES[change.old]}, it was {xentrace.RUNSTATES[was]}")
        state[change.vcpu] = change.new
        if xentrace.RUNSTATES[change.new] == "running":
            ran.add(change.vcpu[0])
    check(domains <= ran, f"only domains {sorted(ran)} ran, not all of {sorted(domains)}")


def test():
    # Our Xen, of which its own tracer is to notice nothing.
    run = lab.Run(HERE / "lab_xen_dom0", HERE / "lab_xen_guest", sys.argv[1], xen="borelog")
    check(run.status == 0, f"the job ended with status {run.status}")
    for name, kind in GUESTS.items():
        judge_guest(run, name, kind)
    check(run.text("domains").strip() == "1", f"{run.text('domains').strip()} domains at the end, dom0 among them")
    found = list(xentrace.records((run.out / "xentrace").read_bytes()))
    check(not [record for record in found if record.event == xentrace.LOST_RECORDS], "xentrace lost records")
    judge_times(found, int(run.text("before")), int(run.text("after")))
    changes = xentrace.runstates(found)
    judge_runstates(changes, {0} | {int(run.text(f"{name}.domid")) for name in GUESTS})
    print(f"{len(found)} records, {len(changes)} of them changes of a runstate")


if __name__ == "__main__":
    sys.exit(lab.main(test))
