#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run a libFuzzer program: first on its seeds, then on a bounded number of inputs that it makes of them. The same each time.

Usage: run.py PROGRAM SEEDS RUNS [OPTION...]

SEEDS has one input a line, as text, or as bytes in hexadecimal behind "hex:"; lines that begin with # are comments. To look
for more than the check has time for:  run.py PROGRAM SEEDS 100000000 -jobs=2 -seed=0
"""
import pathlib
import subprocess
import sys
import tempfile


def seeds(path):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith("hex:"):
            yield bytes.fromhex(line[4:])
        elif not line.startswith("#"):
            yield line.encode()


def main():
    program, path, runs, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="borelog-fuzz-") as corpus:
        for i, seed in enumerate(seeds(path)):
            (pathlib.Path(corpus) / f"seed{i}").write_bytes(seed)
        command = [program, "-seed=1", f"-runs={runs}", "-max_len=1024", "-timeout=20", "-print_final_stats=1", *options, corpus]
        return subprocess.run(command).returncode


sys.exit(main())
