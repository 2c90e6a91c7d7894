# SPDX-License-Identifier: MIT
"""LTTng sessions of a test's own: a session daemon in a folder that nobody else knows, without kernel and without root.

Root's daemon would take the machine's only place, /var/run/lttng, so root hands everything to the user "nobody". A daemon of another
user keeps all of its files below LTTNG_HOME; programs find it there. Whatever runs on the machine besides is neither seen nor disturbed.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

NOBODY = 65534
LIMIT_S = 60  # only what hangs takes as long


class Failure(AssertionError):
    pass


def check(condition, *words):
    if not condition:
        raise Failure(" ".join(str(word) for word in words))


def missing_tools():
    """What of LTTng is not there, or nothing."""
    return [tool for tool in ("lttng", "lttng-sessiond") if not shutil.which(tool)]


def wait_for(condition, what):
    end = time.monotonic() + LIMIT_S
    while not condition():
        check(time.monotonic() < end, "waited in vain for", what)
        time.sleep(0.01)


class Daemon:
    """The session daemon, and everything that is done through it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ltt-"))  # short, for paths of sockets
        self.home = self.folder / "home"
        self.home.mkdir()
        self.as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if self.as_user:
            for path in (self.folder, self.home):
                os.chown(path, NOBODY, NOBODY)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("LTTNG_")}
        self.env.update(HOME=str(self.home), LTTNG_HOME=str(self.home), LTTNG_UST_REGISTER_TIMEOUT=str(LIMIT_S * 1000))
        self.log = open(self.folder / "sessiond.log", "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(["lttng-sessiond", "--no-kernel"], env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, start_new_session=True, **self.as_user)
        self.programs = []
        try:
            wait_for(lambda: self.process.poll() is not None or self.try_lttng("list").returncode == 0, "lttng-sessiond")
            check(self.process.poll() is None, "lttng-sessiond ended at once:", self.said())
        except BaseException:
            self.end()
            raise

    def said(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(encoding="utf-8", errors="replace")[-2000:]

    def run(self, *command):
        return subprocess.run([str(word) for word in command], env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False, **self.as_user)

    def try_lttng(self, *words):
        return self.run("lttng", "--no-sessiond", *words)

    def lttng(self, *words):
        done = self.try_lttng(*words)
        check(done.returncode == 0, "lttng", *words, "ended with", done.returncode, done.stdout, self.said())
        return done.stdout

    def program(self, path, *words):
        """A traced program that is started and not waited for; end_programs() does."""
        process = subprocess.Popen([str(path), *(str(word) for word in words)], env=self.env, cwd=self.folder, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True, **self.as_user)
        self.programs.append(process)
        return process

    def end_programs(self):
        """Waits for all programs, in the end with their standard input closed."""
        for process in self.programs:
            process.communicate(timeout=LIMIT_S)
            check(process.returncode == 0, "a traced program ended with", process.returncode)
        self.programs = []

    def consumers(self):
        """Process numbers of the daemon's consumers; any of its threads may have started them."""
        found = []
        for path in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            children = [int(word) for word in path.read_text(encoding="ascii").split()]
            found += [pid for pid in children if "consumer" in pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8")]
        return found

    @contextlib.contextmanager
    def consumers_stopped(self):
        """Nobody takes anything out of buffers meanwhile."""
        pids = self.consumers()
        check(pids, "there is no consumer to be stopped")
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def crash(self):
        """Everything ends at once and without a word, as when the machine fails."""
        for pid in [*self.consumers(), self.process.pid, *(program.pid for program in self.programs)]:
            os.kill(pid, signal.SIGKILL)
        for program in self.programs:
            program.communicate()
        self.programs = []
        self.process.wait()

    def end(self):
        for process in self.programs:
            process.kill()
            process.communicate()
        self.process.terminate()
        try:
            self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
