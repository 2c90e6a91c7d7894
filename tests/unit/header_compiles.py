#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog.h compiles without a warning: C11 and C++17, GCC and Clang, with and without optimisation and -fPIC.

The same for i386, where position-independent code is another matter, if there are compilers for it.

Objects are also linked into one shared library (where sections of templates and inline functions go wrong first), and with
BORELOG_DISABLE nothing of borelog may be left in them. What is older than C++17 is told so in one line.
usage: header_compiles.py ROOT LIBBORELOG.so
"""
import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile

root, library = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
here = root / "tests/unit/header"
warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
paths = [f"-I{root}/include", f"-I{root}/port/user"]
compilers = [("gcc", "-std=gnu11", ["points.c"]), ("clang", "-std=gnu11", ["points.c"]), ("gcc", "-std=c11", ["points.c"]),
             ("clang", "-std=c11", ["points.c"]),
             ("g++", "-std=c++17", ["points.cc", "other.cc"]), ("clang++", "-std=c++17", ["points.cc", "other.cc"]),
             ("g++", "-std=c++20", ["points.cc"]), ("clang++", "-std=c++20", ["points.cc"])]
small = ["i686-linux-gnu-gcc", "i686-linux-gnu-g++"]
# Clang takes the headers of GCC's cross compilers.
small_compilers = [(small[0], ["-std=c11"], "points.c"), (small[1], ["-std=c++17"], "points.cc"),
                   ("clang", ["--target=i686-linux-gnu", "-std=c11"], "points.c"),
                   ("clang++", ["--target=i686-linux-gnu", "-std=c++17"], "points.cc")] if all(map(shutil.which, small)) else []
modes = [["-O0"], ["-O2"], ["-O0", "-fPIC"], ["-O2", "-fPIC"], ["-Os", "-fno-pie"], ["-O3", "-fPIC", "-ffunction-sections"]]
# Strings of points.c and points.cc that have what assemblers and templates of asm take for syntax.
SMALL_TEXTS = ["query_begin", "query_end", "odd % text",
               '"db", "odd % text", rows | 1, rows % 7, (rows < 2 ? rows : 2), "a, \\"b\\")", sql ? sql : "{|}"']
passed = failed = 0


def run(*command):
    global passed, failed
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        failed += 1
        print("FAILED:", *command, "\n" + done.stdout + done.stderr)
    else:
        passed += 1
    return done


with tempfile.TemporaryDirectory() as folder:
    for (compiler, standard, sources), mode in itertools.product(compilers, modes):
        objects = []
        for source in sources:
            objects.append(f"{folder}/{source}.o")
            run(compiler, standard, *warnings, *mode, *paths, "-c", here / source, "-o", objects[-1])
        if "-fPIC" in mode:
            run(compiler, "-shared", "-Wl,--gc-sections", "-Wl,-z,defs", *objects, library, "-o", f"{folder}/points.so")
            sections = run("readelf", "-SW", f"{folder}/points.so").stdout
            if "borelog_sites" not in sections:
                failed += 1
                print("FAILED: no section borelog_sites with", compiler, *mode)
    for (compiler, flags, source), mode in itertools.product(small_compilers, [*modes, ["-Os", "-fPIE"]]):
        run(compiler, *flags, *warnings, *mode, *paths, "-c", here / source, "-o", f"{folder}/small.o")
        strings = run("strings", "-n1", "-a", f"{folder}/small.o").stdout.splitlines()
        missing = [text for text in SMALL_TEXTS if text not in strings]
        if missing:
            failed += 1
            print("FAILED: the text of a trace point is not what the source says with", compiler, *mode, missing)
    if not small_compilers:
        print("not done: i386, there is no", " ".join(small))
    for compiler, standard, sources in compilers:
        disabled = f"{folder}/disabled.o"
        strict = ["-Wstrict-prototypes"] if sources == ["points.c"] else []
        run(compiler, standard, *warnings, *strict, "-O0", "-DBORELOG_DISABLE", *paths, "-c", here / sources[0], "-o", disabled)
        symbols = run("nm", disabled).stdout
        if "borelog" in symbols:
            failed += 1
            print("FAILED: BORELOG_DISABLE leaves something in", compiler, standard, "\n" + symbols)
    for compiler in ("g++", "clang++"):
        old = subprocess.run([compiler, "-std=c++14", *paths, "-fsyntax-only", str(here / "other.cc")], capture_output=True, text=True)
        if old.returncode and "borelog.h needs C++17" in old.stderr:
            passed += 1
        else:
            failed += 1
            print("FAILED: C++14 is not told what is wrong with it by", compiler, "\n" + old.stderr)
print(f"{passed} commands passed, {failed} failed")
sys.exit(1 if failed else 0)
