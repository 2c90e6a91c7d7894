#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The product built with sanitizers: nothing that they report while the system tests of the library run.

usage: sanitized.py NAME    address: program, library and recorder with -fsanitize=address,undefined; thread: with -fsanitize=thread

Configures BUILD/sanitized-NAME, once, builds what is needed there, and runs the tests in it. A report is a file in a folder of its
own, so it is seen whichever process wrote it and whatever became of that process; but GCC's sanitizer of undefined behaviour, beside
the one for addresses, writes none: it ends the process, and the tests look at exit statuses.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
BUILD = pathlib.Path(os.environ["BORELOG_BUILD"])
TARGETS = ["borelog", "tests/system/lib_fields_c", "tests/system/lib_fields_cc", "tests/system/lib_process",
           "tests/system/liblib_plugin.so", "tests/system/recorder_victim", "examples/orders"]

# Name: what Meson calls it, programs that it must complain about, the tests that run. No names: all.
KINDS = {
    "address": ("address,undefined",
                ["#include <stdlib.h>\nint main(int c, char **v) { (void)v; return ((char *)malloc(1))[c]; }\n",
                 "int main(int c, char **v) { (void)v; return 0x7fffffff + c == 3; }\n"],
                {"lib_fields.py": [], "lib_process.py": []}),
    "thread": ("thread", ["#include <pthread.h>\nint x;\nstatic void *f(void *p) { x++; return p; }\n"
               "int main(void) { pthread_t t; pthread_create(&t, 0, f, 0); x++; return pthread_join(t, 0); }\n"],
               {"lib_process.py": ["test_threads_exit_atexit", "test_signal_handlers", "test_two_sessions",
                                   "test_sessions_come_and_go", "test_attach_on_demand", "test_recorder_killed",
                                   "test_libraries_while_recording", "test_every_record_or_counted"]}),
}
STOP = "-fno-sanitize-recover=undefined"


def run(*command, **kwargs):
    print("+", *command, flush=True)
    return subprocess.run([str(word) for word in command], check=False, **kwargs).returncode


def build(name, option):
    folder = BUILD / f"sanitized-{name}"
    if not (folder / "build.ninja").exists():
        shutil.rmtree(folder, ignore_errors=True)
        stop = [f"-D{language}_args={STOP}" for language in ("c", "cpp")]
        if run("meson", "setup", folder, SOURCE, f"-Db_sanitize={option}", "-Db_lundef=false", *stop, stdout=subprocess.DEVNULL):
            sys.exit("cannot configure")
    known = subprocess.run(["ninja", "-C", folder, "-t", "targets", "all"], capture_output=True, text=True, check=True).stdout
    if run("ninja", "-C", folder, *(target for target in TARGETS if f"\n{target}: " in known), stdout=subprocess.DEVNULL):
        sys.exit("cannot build")
    return folder


def environment(folder, reports):
    options = f"log_path={reports}/report:exitcode=66"
    return dict(os.environ, BORELOG_BUILD=str(folder), ASAN_OPTIONS=options, TSAN_OPTIONS=options, LSAN_OPTIONS=options,
                UBSAN_OPTIONS=options + ":print_stacktrace=1")


def complains(option, program, folder, env):
    """Is a mistake that is put in on purpose reported where we look?"""
    source = folder / "mistake.c"
    source.write_text(program)
    compiled = run("cc", "-pthread", f"-fsanitize={option}", STOP, source, "-o", folder / "mistake")
    ended = compiled or run(folder / "mistake", env=env)
    for report in folder.glob("report*"):
        report.unlink()
    return ended == 66


def main():
    option, mistakes, tests = KINDS[sys.argv[1]]
    folder = build(sys.argv[1], option)
    with tempfile.TemporaryDirectory() as reports:
        env = environment(folder, reports)
        if not all(complains(option, mistake, pathlib.Path(reports), env) for mistake in mistakes):
            print(f"skipped: a program built with -fsanitize={option} does not work here")
            sys.exit(77)
        failed = [test for test in tests if run(sys.executable, HERE / test, *tests[test], env=env)]
        found = sorted(pathlib.Path(reports).glob("report*"))
        for report in found:
            print(report.read_text(errors="replace")[:4000])
        print(f"{len(found)} reports, {len(failed)} of {len(tests)} tests failed")
        sys.exit(1 if found or failed else 0)


main()
