# SPDX-License-Identifier: MIT
"""What the system tests share: record a program with the built product, read the trace with babeltrace2, check, count.

A test is a python script with functions named test_*; main() runs them, each in a runtime directory of its own, prints what failed and
exits with 1 if anything did. Everything is judged on traces that babeltrace2 reads without a word on stderr.
"""
import contextlib
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import traceback

import bt2

BUILD = pathlib.Path(os.environ["BORELOG_BUILD"])
BORELOG = BUILD / "borelog"
PROGRAMS = BUILD / "tests" / "system"


class Failure(AssertionError):
    pass


def check(condition, *words):
    if not condition:
        raise Failure(" ".join(str(word) for word in words))


def equal(got, wanted, what):
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


class Place:
    """A folder and a runtime directory of one test."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.run_dir = self.folder / "run"
        self.run_dir.mkdir(mode=0o700)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=str(self.run_dir))
        self.env.pop("LD_PRELOAD", None)
        self.traces = 0
        self.sessions = []

    def new_trace(self):
        self.traces += 1
        return self.folder / f"trace{self.traces}"

    def record(self, *command, options=("--no-preload",), status=0, timeout=60, **kwargs):
        """Record @command; returns (trace directory, finished process)."""
        trace = self.new_trace()
        done = self.run(BORELOG, "record", "-o", trace, *options, "--", *command, timeout=timeout, **kwargs)
        check(done.returncode == status, f"{command}: exit status {done.returncode}, wanted {status}\n{done.stdout}{done.stderr}")
        return trace, done

    def run(self, *command, timeout=60, **kwargs):
        process = subprocess.Popen([str(word) for word in command], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, start_new_session=True, **kwargs)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL) # with all its children, who hold the pipes
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def start_session(self, *options):
        """A session that records everything, as a process; returns (trace directory, process) when it is ready."""
        trace = self.new_trace()
        before = self.sockets()
        process = subprocess.Popen([BORELOG, "record", "-o", trace, *options], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.sessions.append(process)
        wait_for(lambda: process.poll() is not None or self.sockets() - before, "the session's socket")
        # The session answers when it has armed the programs that run; before it listens nobody does.
        names = [path.name for path in self.sockets() - before]
        wait_for(lambda: process.poll() is not None or self.run(BORELOG, "status", *names).returncode == 0, "the session's answer")
        check(process.poll() is None, "borelog record ended at once:", process.stderr.read() if process.poll() is not None else "")
        return trace, process

    def end(self):
        """What a test that failed leaves behind does not outlive it."""
        for process in self.sessions:
            if process.poll() is None:
                process.kill()
                process.wait()

    def sockets(self):
        """Of sessions that run."""
        return set((self.run_dir / "borelog/sessions").glob("*"))

    def stop_session(self, process):
        process.terminate()
        out, err = process.communicate(timeout=60)
        check(process.returncode == 0, f"borelog record: exit status {process.returncode}\n{out}{err}")
        return err


def programs_listed(text):
    """Of what `borelog list` prints: programs' own lines, without those of their events and what the hypervisor's section says."""
    return [line for line in text.splitlines() if not line.startswith((" ", "hypervisor: "))]


def wait_for(condition, what, seconds=30):
    """Until @condition; a limit that only a broken product reaches."""
    import time
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, "waited in vain for", what)
        time.sleep(0.005)


class Event:
    """One record: name, fields, context, packet context, time."""

    def __init__(self, message):
        event = message.event
        self.name = event.name
        self.time = message.default_clock_snapshot.ns_from_origin  # what babeltrace2 sorts streams by; cycles are finer
        # In CTF 1.8 the length of a sequence is a field of its own.
        self.fields = {key: plain(value) for key, value in (event.payload_field or {}).items() if not key.endswith("_length")}
        self.context = {key: plain(value) for key, value in (event.common_context_field or {}).items()}
        self.packet = {key: plain(value) for key, value in (event.packet.context_field or {}).items()}

    @property
    def tid(self):
        return self.context.get("tid")

    @property
    def pid(self):
        return self.packet.get("pid")

    def __repr__(self):
        return f"{self.name}{self.fields} {self.context}"


def plain(field):
    """A bt2 field as a python value; an enumeration as (value, labels)."""
    if isinstance(field, bt2._EnumerationFieldConst):
        return int(field), sorted(field.labels)
    if isinstance(field, bt2._ArrayFieldConst):
        return [plain(element) for element in field]
    if isinstance(field, bt2._BoolFieldConst):
        return bool(field)
    if isinstance(field, bt2._IntegerFieldConst):
        return int(field)
    if isinstance(field, bt2._RealFieldConst):
        return float(field)
    if isinstance(field, bt2._StringFieldConst):
        return str(field)
    return field


def complaints(stderr, cut=False):
    """What babeltrace2 says, but for the discarded records that it is meant to tell of; those before a @cut it cannot know."""
    meant = ("WARNING: Tracer discarded", "WARNING: Tracer may have discarded")[:1 + cut]
    return "\n".join(line for line in stderr.splitlines() if line and not line.startswith(meant))


def read(trace, cut=False):
    """All events of @trace in time order; babeltrace2 must have nothing to say about it. @cut: its streams lost their first packets."""
    silent = subprocess.run(["babeltrace2", "--output-format=ctf-metadata", str(pathlib.Path(trace) / "user")], capture_output=True,
                            text=True)
    check(silent.returncode == 0 and not silent.stderr, "babeltrace2 on the metadata:", silent.stderr)
    read_all = subprocess.run(["babeltrace2", str(trace)], capture_output=True, text=True, errors="replace")
    check(read_all.returncode == 0 and not complaints(read_all.stderr, cut), "babeltrace2:",
          complaints(read_all.stderr, cut)[:2000])
    events = [Event(message) for message in bt2.TraceCollectionMessageIterator(str(trace)) if type(message) is bt2._EventMessageConst]
    for before, after in zip(events, events[1:]):
        check(before.time <= after.time, "time goes back:", before, after)
    return events


def discarded(trace):
    """Records that babeltrace2 says were discarded."""
    count = 0
    for message in bt2.TraceCollectionMessageIterator(str(trace)):
        if type(message) is bt2._DiscardedEventsMessageConst:
            count += message.count or 0
    return count


def summary(stderr):
    """Numbers of the summary that borelog record prints, by the first word of their line."""
    return {name: int(number.replace(",", "")) for name, number in re.findall(r"^ *(\w+):? +([\d,]+)", stderr, re.M)}


def stream_files(trace):
    """Files of each stream that a reader sees, by the first one's name, in the order they were written."""
    streams = {}
    for path in (pathlib.Path(trace) / "user").glob("stream_*"):
        name, _, part = path.name.partition(".")
        streams.setdefault(name, []).append((int(part or 1), path))
    for name, parts in sorted(streams.items()):
        parts.sort()
        equal([n for n, _ in parts], list(range(1, len(parts) + 1)), f"files of {name}")
        streams[name] = [path for _, path in parts]
    return streams


def packet_heads(path):
    """Where each packet of a stream file is, and its head. The last one of a file that is being written claims room behind it."""
    with open(path, "rb", buffering=0) as file:
        at = 0
        while at < (size := os.fstat(file.fileno()).st_size):
            head = os.pread(file.fileno(), 136, at)
            if len(head) < 136 and os.fstat(file.fileno()).st_size <= at:
                return # the recorder has just finished it, and taken its tail away
            check(len(head) == 136, path, "ends in the middle of a packet's head")
            bits = struct.unpack_from("=Q", head, 80)[0]
            check(bits and bits % 8 == 0 and at + bits // 8 <= size, path, "ends in the middle of a packet")
            yield at, head
            at += bits // 8


def written(trace):
    """Bytes of packets so far, without the room that is made in advance."""
    total = 0
    for parts in stream_files(trace).values():
        for path in parts:
            total += sum(struct.unpack_from("=Q", head, 72)[0] // 8 for _, head in packet_heads(path))
    return total


def main(functions):
    failed = []
    wanted = sys.argv[1:]
    tests = [function for name, function in functions.items() if name.startswith("test_") and (not wanted or name in wanted)]
    for function in tests:
        with tempfile.TemporaryDirectory(prefix="borelog-test-") as folder:
            place = Place(folder)
            try:
                function(place)
                print(f"ok      {function.__name__}", flush=True)
            except (Failure, subprocess.TimeoutExpired, bt2._Error, OSError) as error:
                failed.append(function.__name__)
                print(f"FAILED  {function.__name__}: {error}", flush=True)
                if not isinstance(error, Failure):
                    traceback.print_exc()
            finally:
                place.end()
    print(f"{len(tests) - len(failed)} of {len(tests)} passed")
    sys.exit(1 if failed else 0)
