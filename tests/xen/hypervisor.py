#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tracer in the hypervisor, on a real Xen with a real dom0, by hypercalls alone: tests/xen/hypervisor.c says what is tested.

usage: hypervisor.py HYPERVISOR XEN [TEST [NUMBER]]      the program; which Xen of lab/hypervisor; one test only, so often or so long
"""
import pathlib
import re
import sys
import tempfile

import lab

HERE = pathlib.Path(__file__).resolve().parent
# NMIs, sessions, calls: enough to meet what happens seldom. Longer runs by hand.
TESTS = {
    "borelog": ["arguments", "records 2", "discard", "overwrite", "select", "idle 10", "read_only", "stock", "again 1000", "fuzz 20000", "hotplug 4",
                "nmi 10000"],
    # It sends itself NMIs inside of the record path.
    "borelog-test": ["self_nmi 3", "discard", "overwrite", "hotplug 2"],
}
# pCPUs keep to their vCPUs, so that a test knows where its records are; NMIs are the tracer's affair only.
OPTIONS = ["--xen-args", "dom0_vcpus_pin nmi=ignore"]


def test():
    program, xen, *words = sys.argv[1:]
    tests = [" ".join(words)] if words else TESTS[xen]
    with tempfile.TemporaryDirectory() as folder:
        listed = pathlib.Path(folder) / "hypervisor_tests"
        listed.write_text("".join(f"{name}\n" for name in tests))
        run = lab.Run(HERE / "hypervisor_job", program, listed, xen=xen, options=OPTIONS)
    said = run.console[run.console.find("-- "):]
    print(said)
    for name in tests:
        assert re.search(rf"^{name.split()[0]}: good\r?$", said, re.M), f"{name}: see the console above"
    assert run.status == 0, f"the job ended with status {run.status}"


if __name__ == "__main__":
    sys.exit(lab.main(test))
