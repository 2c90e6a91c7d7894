#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog-xen.ko: what it does in dom0 on our Xen, and that it is refused by name everywhere else.

usage: module.py PROGRAM...      the programs that module_job runs
"""
import pathlib
import subprocess
import sys

import lab

HERE = pathlib.Path(__file__).resolve().parent


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def build():
    done = subprocess.run([lab.SOURCE / "lab/module", lab.SOURCE / "kmod/xen"], stdout=subprocess.PIPE, text=True)
    check(done.returncode == 0, f"lab/module: exit status {done.returncode}, see above")
    return pathlib.Path(done.stdout.strip()) / "borelog-xen.ko"


def refused(run, place, words):
    said = run.text(f"{place}kernel")
    check(words in said, f"{place}: not {words!r} but {said!r}")
    check("No such device" in run.text(f"{place}insmod"), f"{place}: insmod said {run.text(f'{place}insmod')!r}")


def test_refused(module):
    run = lab.Run(HERE / "module_refused_job", module, xen=None)
    check(run.status == 0, f"without Xen: status {run.status}")
    refused(run, "", "this machine does not run under Xen")
    run = lab.Run(HERE / "module_stock_job", HERE / "module_refused_job", module, xen="debian")
    check(run.status == 0, f"on a stock Xen: status {run.status}")
    refused(run, "", "this Xen has no borelog tracer")
    refused(run, "guest/", "this is a guest: the hypervisor is traced from dom0")


def test_dom0(module):
    run = lab.Run(HERE / "module_job", module, *sys.argv[1:], xen="borelog")
    check(run.status == 0, f"the job in dom0 ended with status {run.status}")


def test():
    module = build()
    test_refused(module)
    test_dom0(module)


if __name__ == "__main__":
    sys.exit(lab.main(test))
