#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The core compiles without a libc, with the flags of a kernel and a hypervisor, and its object asks for nothing but bl_port_wake().

usage: core_freestanding.py ROOT COMPILER
"""
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

COMMON = ["-std=gnu11", "-ffreestanding", "-nostdlib", "-fno-builtin", "-fno-stack-protector", "-fno-common", "-Wall", "-Wextra", "-Werror",
          "-DBL_CHECK_FREESTANDING", "-c"]
KERNEL = ["-mno-sse", "-mno-sse2", "-mno-mmx", "-mno-red-zone", "-mcmodel=kernel", "-fno-pic", "-msoft-float"]
WRITER = """
#include "core/ring.h"
int record_one(struct bl_ring *ring, unsigned int value);
int record_one(struct bl_ring *ring, unsigned int value)
{
	struct bl_record rec;
	int err = bl_ring_reserve(ring, 1, sizeof(value), &rec);

	if (err)
		return err;
	__builtin_memcpy(rec.payload, &value, sizeof(value));
	bl_ring_commit(ring, &rec);
	return 0;
}
"""


def undefined(objects):
    """Names that the objects together leave to others."""
    wanted, given = set(), set()
    for path in objects:
        for line in subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout.splitlines():
            kind, name = line.split()[-2:]
            (wanted if kind in "Uvw" else given).add(name)
    return wanted - given


def check(root, compiler, flags, directory):
    writer = directory / "writer.c"
    writer.write_text(WRITER)
    objects = []
    # Unoptimised, Clang copies any structure by a call of memcpy; a caller's inline part is checked as kernels are built.
    for source in sorted((root / "core").glob("*.c")) + ([] if "-O0" in flags else [writer]):
        objects.append(directory / (source.stem + ".o"))
        subprocess.run([compiler, *COMMON, *flags, f"-I{root}", f"-I{root}/port/check", source, "-o", objects[-1]], check=True)
    found = undefined(objects)
    if found != {"bl_port_wake"}:
        sys.exit(f"{compiler} {' '.join(flags)}: undefined symbols are {sorted(found)}, expected bl_port_wake alone")
    print(f"ok: {compiler} {' '.join(flags)}")


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    if not shutil.which(compiler):
        print(f"skipped: no {compiler}")
        sys.exit(77)
    if platform.machine() != "x86_64":
        print("skipped: the kernel's flags are those of x86-64")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        for optimisation in ("-O0", "-O2", "-Os", "-O3"):
            for flags in ([], KERNEL):
                check(root, compiler, [optimisation, *flags], pathlib.Path(directory))


if __name__ == "__main__":
    main()
