# SPDX-License-Identifier: MIT
"""Programs and sessions of several users, for tests on a machine of their own (machine.py): root, A, who has a /run/user/A, and B, who has none."""
import collections
import contextlib
import os
import pathlib
import shutil
import subprocess

import harness
from harness import check, equal
from machine import as_user

A, B = 20001, 20002
VICTIM = harness.PROGRAMS / "recorder_victim"
ROOT_RUN = pathlib.Path("/run/borelog")
NS = os.stat("/proc/self/ns/pid").st_ino


def run_dir(uid):
    return {0: ROOT_RUN, A: pathlib.Path(f"/run/user/{A}/borelog")}.get(uid, pathlib.Path(f"/tmp/borelog-{uid}"))


def control_file(pid, uid):
    return run_dir(uid) / "programs" / f"{pid}-{NS}"


class Program:
    """An instrumented program of @uid that records as many records as it is asked to."""

    def __init__(self, place, uid, command=(VICTIM, "ask"), **env):
        self.uid = uid
        self.expected = 0
        self.process = subprocess.Popen([str(word) for word in as_user(uid, *command)], env=dict(place.env, **env), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        place.programs.append(self)
        equal(self.process.stdout.readline(), "ready\n", f"program of {uid}")

    def record(self, n, recorded=True):
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        equal(self.process.stdout.readline(), "done\n", f"program of {self.uid}")
        self.expected += n if recorded else 0

    def serve(self):
        """lib_process does what a byte asks for."""
        self.process.stdin.write("x")
        self.process.stdin.flush()
        equal(self.process.stdout.read(1), ".", f"program of {self.uid}")

    def end(self):
        self.process.stdin.close()
        equal(self.process.wait(timeout=60), 0, f"exit status\n{self.process.stderr.read()}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        for pipe in self.process.stdin, self.process.stdout, self.process.stderr:
            with contextlib.suppress(OSError):
                pipe.close()


class Session:
    """`borelog record --background` of @uid."""

    def __init__(self, place, uid, *options, name=None):
        place.traces += 1
        self.uid = uid
        self.folder = place.folder / f"sessions-of-{uid}"
        self.folder.mkdir(exist_ok=True)
        os.chown(self.folder, uid, uid)
        self.trace = self.folder / f"trace{place.traces}"
        self.name = name or f"s{place.traces}"
        self.socket = run_dir(uid) / "sessions" / self.name
        self.place = place
        done = place.run(*as_user(uid, harness.BORELOG, "record", "-o", self.trace, "--background", self.name, *options))
        equal(done.returncode, 0, f"session of {uid}: {done.stderr}")
        place.sessions.append(self)

    def stop(self):
        self.place.sessions.remove(self)
        done = self.place.run(*as_user(self.uid, harness.BORELOG, "stop", self.name))
        equal(done.returncode, 0, f"stop: {done.stderr}")
        return self.events()

    def events(self):
        events = harness.read(self.trace)
        equal(harness.discarded(self.trace), 0, "discarded")
        return events

    def log(self):
        return (self.trace / "record.log").read_text()


@contextlib.contextmanager
def fresh(place):
    """Nothing left of the test before; users that can reach the folder of this one."""
    for path in [ROOT_RUN, pathlib.Path("/run/user"), *pathlib.Path("/tmp").glob("borelog-[0-9]*")]:
        shutil.rmtree(path, ignore_errors=True)
    home = pathlib.Path(f"/run/user/{A}")
    home.mkdir(parents=True)
    home.chmod(0o700)
    os.chown(home, A, A)
    place.env.pop("XDG_RUNTIME_DIR")
    place.folder.chmod(0o755)
    place.programs, place.sessions = [], []
    try:
        yield
    finally:
        for session in place.sessions:
            place.run(harness.BORELOG, "stop", f"{session.uid}/{session.name}" if session.uid else session.name)
        for program in place.programs:
            program.kill()


def per_pid(events):
    return dict(collections.Counter(event.pid for event in events if event.name == "v:step"))


def expected(*programs):
    return {program.pid: program.expected for program in programs if program.expected}


def check_records(events, *programs):
    equal(per_pid(events), expected(*programs), "records by pid")
    for program in programs:
        numbers = [event.fields["n"] for event in events if event.pid == program.pid and event.name == "v:step"]
        equal(numbers, list(range(numbers[0], numbers[0] + program.expected)) if numbers else [], f"records of {program.uid}")


def listed(place, uid):
    done = place.run(*as_user(uid, harness.BORELOG, "list"), timeout=30)
    equal(done.returncode, 0, f"borelog list\n{done.stderr}")
    return sorted(int(line.split()[0]) for line in harness.programs_listed(done.stdout))


def in_a_fresh_world(function):
    def run(place):
        with fresh(place):
            function(place)
    run.__name__ = function.__name__
    return run


def main(functions):
    """As harness.main()."""
    harness.main({name: in_a_fresh_world(function) for name, function in functions.items() if name.startswith("test_")})
