#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The whole product on another machine: recorder and programs under qemu-user, the traces judged by babeltrace2 here.

usage: product.py MACHINE FOLDER RECORDER      MACHINE of build.py; FOLDER for what is built; RECORDER: this machine's borelog

Runs the system tests of the library and the example, as they are, on what build.py stands up. i386 also runs without an emulator,
alone and with a 64-bit recorder. What is left out is below, with the reason.
"""
import os
import pathlib
import subprocess
import sys

import build

SYSTEM = build.SOURCE / "tests/system"

# What is not of this list leans on what qemu-user lacks: it takes MADV_WIPEONFORK and MADV_DONTFORK and ignores them (a raw clone
# goes unnoticed, fork() does not), and knows neither seccomp nor robust lists (a recorder's death).
UNDER_QEMU = {"test_fork", "test_vfork", "test_exec", "test_daemon_without_descriptors", "test_dlopen",
              "test_constructors_and_destructors", "test_threads_exit_atexit", "test_underscore_exit_and_status",
              "test_signal_handlers", "test_chroot", "test_two_sessions", "test_attach_on_demand", "test_too_large_is_counted",
              "test_every_record_or_counted"}
NOT_ON_I386 = {
    "test_setuid_is_never_traced": "copies the program, which is a script here",
    "test_clone_at_every_instruction": "single-steps x86-64",
}


def wanted(names):
    """Tests of lib_process.py that @names() takes."""
    script = SYSTEM / "lib_process.py"
    there = [line.split()[1].split("(")[0] for line in script.read_text().splitlines() if line.startswith("def test_")]
    gone = (UNDER_QEMU | set(NOT_ON_I386)) - set(there)
    if gone:
        sys.exit(f"{script} has no {gone} any more")
    return [name for name in there if names(name)]


def run(what, folder, endian, tests):
    """All of it on one stand, of lib_process.py @tests; returns whether they passed."""
    passed = True
    for script, words in ((SYSTEM / "lib_fields.py", []), (SYSTEM / "lib_process.py", tests),
                          (build.SOURCE / "tests/arch/product/orders.py", [endian])):
        print(f"-- {script.stem}, {what}", flush=True)
        done = subprocess.run([sys.executable, script, *words], env=dict(os.environ, BORELOG_BUILD=str(folder)), check=False)
        passed = passed and done.returncode == 0
    return passed


def main():
    name, folder, recorder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve()
    machine, product = build.product(name, folder)
    own = product / "borelog"
    stand = build.stand_up(folder / "emulated", [machine.qemu, own], product, [machine.qemu])
    passed = run("recorder and program emulated", stand, machine.endian, wanted(UNDER_QEMU.__contains__))
    if name == "i386":
        stand = build.stand_up(folder / "native", [own], product, [])
        passed = run("recorder and program of 32 bits", stand, machine.endian, wanted(UNDER_QEMU.__contains__)) and passed
        tests = wanted(lambda test: test not in NOT_ON_I386)
        stand = build.stand_up(folder / "mixed", [recorder], product, [])
        passed = run("recorder of 64 bits, program of 32", stand, machine.endian, tests) and passed
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
