#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles a program for another architecture, statically, and runs it: under qemu-user, or as it is where the machine can.

usage: build_and_run.py COMPILER QEMU ARGUMENT...     ARGUMENTs are the compiler's: flags and sources; QEMU "" runs it directly

Exit status: the program's; 77 where the compiler or qemu is not installed.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile


def main():
    compiler, qemu, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    for tool in filter(None, (compiler, qemu)):
        if not shutil.which(tool):
            print(f"skipped: no {tool}")
            sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        program = pathlib.Path(directory) / "program"
        subprocess.run([compiler, *arguments, "-static", "-o", program], check=True)
        sys.exit(subprocess.run(([qemu] if qemu else []) + [program], check=False).returncode)


if __name__ == "__main__":
    main()
