#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run a fuzzer: first on its seeds, then on a bounded number of inputs that it makes of them. The same each time.

Usage: run.py [--max-len N] [--corpus DIR] PROGRAM SEEDS RUNS [OPTION...]         of libFuzzer
       run.py --afl [--max-len N] [--corpus DIR] PROGRAM SEEDS RUNS [OPTION...]   built with afl-clang-fast
       run.py --keep DIR [--max-len N] PROGRAM SEEDS                              of libFuzzer

SEEDS has one input a line: as text; as bytes in hexadecimal behind "hex:"; as text with \\n, \\xff and the like behind "esc:". Lines that
begin with # are comments. What an engine finds goes to a temporary directory, or to DIR, which then has the inputs that found it.

--keep adds to SEEDS as few of the inputs in DIR as reach what all of them reach and the seeds do not.

To look for more than the check has time for, and keep what reaches something new:

    run.py --corpus DIR PROGRAM SEEDS 1000000000 -fork=1 -max_total_time=3600
    run.py --keep DIR PROGRAM SEEDS
"""
import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

LIMIT_S = 20  # of one input; only what hangs takes as long


def seeds(path):
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("hex:"):
            yield bytes.fromhex(line[4:])
        elif line.startswith("esc:"):
            yield line[4:].encode("ascii").decode("unicode_escape").encode("latin-1")
        elif not line.startswith("#"):
            yield line.encode()


def as_line(content):
    """The shortest form in which seeds() reads it again."""
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        text = "\n"
    if text.isprintable() and text.rstrip() == text and text and not text.startswith(("#", "hex:", "esc:")):
        return text
    escaped = "esc:" + content.decode("latin-1").encode("unicode_escape").decode("ascii")
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\x20"
    return min("hex:" + content.hex(), escaped, key=len)


def write_seeds(path, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(path)):
        (folder / f"seed{number}").write_bytes(seed or b"\n")


def show(files):
    """Inputs that broke something, so that they can be made seeds."""
    for file in files:
        print(f"{file.name}: {as_line(file.read_bytes())}")
    return len(files)


def libfuzzer(args, folder, corpus):
    write_seeds(args.seeds, folder / "seeds")
    corpus.mkdir(exist_ok=True)
    command = [args.program, "-seed=1", f"-runs={args.runs}", f"-max_len={args.max_len}", f"-timeout={LIMIT_S}", "-print_final_stats=1",
               f"-artifact_prefix={folder}/found-", *args.options, corpus, folder / "seeds"]
    status = subprocess.run(command).returncode
    return 1 if show(list(folder.glob("found-*"))) else status


def afl(args, folder, corpus):
    write_seeds(args.seeds, folder / "seeds")
    settings = {"AFL_NO_UI": "1", "AFL_NO_COLOR": "1", "AFL_QUIET": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1", "AFL_FAST_CAL": "1",
                "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_INPUT_LEN_MAX": str(args.max_len)}
    command = ["afl-fuzz", "-s", "1", "-E", args.runs, "-t", str(1000 * LIMIT_S), "-m", "none", "-G", str(args.max_len), "-i", folder / "seeds",
               "-o", corpus, *args.options, "--", args.program]
    ran = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    statistics = corpus / "default" / "fuzzer_stats"
    if statistics.exists():
        print("".join(line for line in statistics.open() if line.split()[0] in (
            "run_time", "execs_done", "corpus_count", "edges_found", "saved_crashes", "saved_hangs")), end="")
    if ran.returncode or not statistics.exists():
        print(ran.stdout.decode("utf-8", "replace"))
        return 1
    return 1 if show(sorted(corpus.glob("default/*/id:*,sig:*")) + sorted(corpus.glob("default/hangs/id:*"))) else 0


def keep(args, folder):
    write_seeds(args.seeds, folder / "seeds")
    before = set((folder / "seeds").iterdir())
    subprocess.run([args.program, "-set_cover_merge=1", "-use_counters=0", f"-max_len={args.max_len}", folder / "seeds", args.keep], check=True)
    lines = sorted(as_line(file.read_bytes()) for file in set((folder / "seeds").iterdir()) - before)
    with open(args.seeds, "a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    print(f"{len(before)} seeds, {len(lines)} more")
    return 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--afl", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path)
    parser.add_argument("--max-len", type=int, default=1024)
    parser.add_argument("program")
    parser.add_argument("seeds")
    parser.add_argument("runs", nargs="?", default="0")
    args, args.options = parser.parse_known_args()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="borelog-fuzz-")))
        os.environ["TMPDIR"] = str(folder)
        if args.keep:
            return keep(args, folder)
        return (afl if args.afl else libfuzzer)(args, folder, args.corpus or folder / "corpus")


sys.exit(main())
