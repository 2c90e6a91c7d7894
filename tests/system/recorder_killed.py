#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A recorder that is killed before any of its system calls, or at any time, leaves a trace that is read without a word."""
import os
import random
import resource
import signal
import subprocess
import tempfile
import time

import harness
from harness import check, equal, wait_for
from recorder_trouble import VICTIM, check_finished, check_steps, few, packets, running

# All calls that change something in the trace directory. Which one of two a C library takes depends on the machine.
CALLS = ("pwritev", "pwritev2", "pwrite64", "ftruncate", "rename,renameat,renameat2", "write", "unlink,unlinkat", "fallocate")
RANDOM_KILLS = int(os.environ.get("BORELOG_KILLS", "4"))


def can_trace():
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


def on_one_cpu():
    """All packets are of one stream, so that it has several files."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def short_session(place, calls, number):
    """
    Two programs, one after the other, in the same stream files; each of these has room for a few packets only. strace kills the recorder
    before call @number of @calls, if there are so many. Returns the trace and whether it was.
    """
    trace = place.new_trace()
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={number}"]
    # With -D the recorder is our child; what strace writes goes where nobody reads it.
    recorder = subprocess.Popen(["strace", "-D", "-q", "-o", "/dev/null", *inject, harness.BORELOG, "record", "--no-preload", "--size", "8K",
                                 "-o", trace, "--", "sh", "-c", '"$0" ask; exec "$0" count 500 2', VICTIM],
                                env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                preexec_fn=on_one_cpu)
    try:
        # It is attached, and its rings are there for the second one too: nothing else of the recorder's needs to be large.
        if recorder.stdout.readline() == "ready\n":
            resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (12288, 12288))
            for n in range(7):
                recorder.stdin.write("300\n")
                recorder.stdin.flush()
                recorder.stdout.readline()
                # More than a sub-buffer each time.
                wait_for(lambda: recorder.poll() is not None or harness.written(trace) > n * 4000, "a packet")
            recorder.stdin.close()
        recorder.stdout.read()
        recorder.wait(timeout=60)
    finally:
        recorder.kill()
        recorder.wait()
    check(recorder.returncode in (0, -signal.SIGKILL), "exit status", recorder.returncode)
    return trace, recorder.returncode != 0


def test_every_call(place):
    if not can_trace():
        print("skipped: strace cannot be used here")
        return
    killed_in = {}
    for calls in CALLS:
        number, killed = 1, True
        while killed:
            trace, killed = short_session(place, calls, number)
            if (trace / "user/metadata").exists():
                packets(trace)
                check_steps(harness.read(trace), gaps=True)
            killed_in[calls] = number - 1
            number += 1
        check_finished(trace)
        check(max(len(parts) for parts in harness.stream_files(trace).values()) > 2, "the stream goes on in further files")
    print("        killed before:", ", ".join(f"{n} {calls}" for calls, n in killed_in.items() if n))
    check(min(killed_in["pwritev"], killed_in["pwrite64"]) >= 7 and killed_in["ftruncate"] > 4, "kills:", killed_in)


def flat_out(place, rng, kill, *options):
    """A session with a program that never pauses, killed at some time; the trace is read."""
    trace = place.new_trace()
    recorder = subprocess.Popen([harness.BORELOG, "record", "--no-preload", "-o", trace, *options], env=place.env,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        with running((VICTIM, "forever", 2), env=place.env):
            wait_for(lambda: harness.written(trace) > 300000, "records")
            time.sleep(rng.random() / 20)
            kill(recorder.pid, signal.SIGKILL)
            equal(recorder.wait(timeout=30), -signal.SIGKILL, "the recorder's end")
    finally:
        recorder.kill()
        recorder.wait()
    packets(trace)
    # All packets' heads, by somebody else; records of the first ones only, there are millions.
    heads = subprocess.run(["babeltrace2", "query", "source.ctf.fs", "babeltrace.trace-infos", "--params", f'inputs=["{trace}/user"]'],
                           capture_output=True, text=True, cwd="/")  # in a directory with a "query" it has doubts
    equal((heads.returncode, heads.stderr), (0, ""), "babeltrace2")
    check(check_steps(few(trace), gaps=True) > 1000, "records")


def kill_often(place, kill):
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    try:
        for n in range(RANDOM_KILLS):
            options = [["--size", "1M"], ["--size", "8M"], ["--size", "64K"]][n % 3]
            with tempfile.TemporaryDirectory(dir=place.folder) as folder:
                flat_out(harness.Place(folder), rng, kill, *options)
    except harness.Failure:
        print("        seed", seed)
        raise


def test_at_any_time(place):
    kill_often(place, os.kill)


def test_whole_group(place):
    kill_often(place, os.killpg)


if __name__ == "__main__":
    harness.main(globals())
