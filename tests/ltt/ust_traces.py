#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Traces that LTTng-UST makes here and now, in every way that it has, read by babeltrace2 and by borelog and compared.

usage: ust_traces.py PROGRAM [BORELOG]      without BORELOG only babeltrace2 reads them

PROGRAM is ust_program. Each function session_* records some runs of it and returns folders with traces, with the number of records that
must be in them and other things that make the trace what it is meant to be: a session that lost nothing proves nothing about losses.
"""
import collections
import os
import pathlib
import shutil
import sys
import time
import traceback

from ust_session import Daemon, Failure, check, missing_tools

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compare"))
try:
    import ctf_bt2
    import ctf_compare
    import ctf_items
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-bt2)")
    sys.exit(77)

EVENTS = ["integers", "integers_hex", "integers_network", "nowrite", "floats", "texts", "arrays", "sequences", "enumerations", "empty",
          "first_of_pair", "second_of_pair"]
CONTEXTS = ["vpid", "vtid", "procname", "pthread_id", "ip", "cgroup_ns", "ipc_ns", "mnt_ns", "net_ns", "pid_ns", "time_ns", "user_ns",
            "uts_ns", "vuid", "veuid", "vsuid", "vgid", "vegid", "vsgid", "$app.ltt:value", "$app.nobody:value"]
APP_OPTIONS = {"none", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double", "string"}


class Content:
    """What babeltrace2 finds in folders."""

    def __init__(self, *folders):
        self.count = collections.Counter()
        self.lost = collections.Counter()
        self.unknown_losses = self.n_streams = self.n_packets = self.longest_silence = 0
        self.values = collections.defaultdict(set)  # of contexts, by name
        for port in ctf_bt2.open_traces([str(folder) for folder in folders]).ports:
            self.n_streams += 1
            last = None
            for item in port.items:
                if isinstance(item, ctf_items.Record):
                    self.longest_silence = max(self.longest_silence, item.cycles - (last or item.cycles))
                    last = item.cycles
                    self.count[item.name] += 1
                    for name, value in (item.scopes[1] or {}).items():
                        self.values[name].add(str(value))
                else:
                    self.lost[item.what] += 0 if item.lost is ctf_items.ANY else item.lost
                    self.unknown_losses += item.lost is ctf_items.ANY
            self.n_packets += port.packet + 1

    @property
    def n_records(self):
        return sum(self.count.values())

    def check_rounds(self, rounds, names=EVENTS):
        """As many records of each event as rounds were recorded."""
        for name in names:
            check(self.count[f"ltt:{name}"] == rounds, f"{rounds} rounds, but {self.count[f'ltt:{name}']} records of {name}")


class Session:
    """One recording session from its creation to its end."""

    def __init__(self, daemon, name, *options):
        self.daemon, self.name = daemon, name
        self.folder = daemon.folder / name
        daemon.lttng("create", name, "--output", self.folder, *options)

    def lttng(self, command, *words):
        return self.daemon.lttng(command, "--session=" + self.name, *words)

    def channel(self, name, *options, events="ltt:*", event_options=(), contexts=()):
        self.lttng("enable-channel", "--userspace", *options, name)
        self.lttng("enable-event", "--userspace", "--channel=" + name, events, *event_options)
        for context in contexts:
            self.lttng("add-context", "--userspace", "--channel=" + name, "--type=" + context)

    def start(self):
        self.daemon.lttng("start", self.name)

    def end(self):
        self.daemon.lttng("stop", self.name)
        self.daemon.lttng("destroy", self.name)
        return self.folder


def run(daemon, *arguments):
    """One run of the program for each tuple of @arguments, side by side."""
    for words in arguments:
        daemon.program(PROGRAM, *words)
    daemon.end_programs()


def session_per_uid(daemon):
    """Everything, with all contexts, from three processes into the buffers of their user."""
    session = Session(daemon, "per_uid")
    session.channel("all", "--buffers-uid", "--subbuf-size=65536", "--num-subbuf=32", contexts=CONTEXTS,
                    events="ltt:*,lttng_ust_tracef:*,lttng_ust_tracelog:*,lttng_ust_statedump:*")
    session.start()
    run(daemon, (83, 1), (83, 2), (83, 3))
    content = Content(session.end())
    content.check_rounds(3 * 83)
    check(content.count["lttng_ust_tracef:event"] == 3 * 83, "tracef")
    check(content.count["lttng_ust_statedump:bin_info"] > 3, "state dump")
    check(len(content.values["vpid"]) == 3, "not three processes", content.values["vpid"])
    found = {value.split("'")[1] for value in content.values["_app_ltt_value"]}
    check(found == APP_OPTIONS, "application context has only", found)
    check(not content.lost and not content.unknown_losses, "losses", content.lost)
    return [session.folder]


def session_per_pid(daemon):
    """A trace for each process. In one of them more than 2^32 ns pass between two records, so that headers are extended."""
    session = Session(daemon, "per_pid")
    session.channel("own", "--buffers-pid", "--subbuf-size=32768", "--num-subbuf=8", contexts=["procname", "vtid"])
    session.start()
    # On one CPU: the silence must be within one stream.
    waiting = daemon.program("taskset", "-c", min(os.sched_getaffinity(0)), PROGRAM, 20, 4, "wait")
    check(waiting.stdout.readline() == "ready\n", "the program is not ready")
    run_apart(daemon, 60, 5)
    time.sleep(4.4)
    daemon.end_programs()
    content = Content(session.end())
    content.check_rounds(80)
    check(content.longest_silence >= 2**32, "silences of only", content.longest_silence, "ns")
    traces = ctf_bt2.trace_directories([str(session.folder)])
    check(len(traces) == 2, "not a trace for each process:", traces)
    return [session.folder]


def run_apart(daemon, rounds, seed):
    """A run while others wait."""
    done = daemon.run(PROGRAM, rounds, seed)
    check(done.returncode == 0, "the traced program ended with", done.returncode, done.stdout)


def session_channels(daemon):
    """Channels of several kinds in one session: other events, contexts, sizes, filters and log levels; timers make empty packets."""
    session = Session(daemon, "channels")
    session.channel("numbers", "--subbuf-size=4096", "--num-subbuf=64", events="ltt:integers*", contexts=["vtid"])
    session.channel("texts", "--subbuf-size=16384", "--num-subbuf=16", "--switch-timer=5000", events="ltt:texts")
    session.channel("alerts", "--subbuf-size=4096", "--num-subbuf=16", event_options=["--loglevel=ALERT"])
    session.channel("some", "--subbuf-size=8192", "--num-subbuf=32", "--read-timer=0", events="ltt:nowrite,ltt:sequences",
                    event_options=["--filter", "hidden_integer > 0 && $ctx.procname == \"*\""], contexts=["procname", "ip"])
    session.start()
    run(daemon, (41, 6))
    time.sleep(0.05)
    run(daemon, (41, 7))
    session.lttng("regenerate", "statedump")
    content = Content(session.end())
    content.check_rounds(82, ["integers", "integers_hex", "integers_network", "texts", "first_of_pair"])
    check(0 < content.count["ltt:nowrite"] < 82, "the filter let", content.count["ltt:nowrite"], "records pass")
    check(content.count["ltt:empty"] == 0, "log levels")
    return [session.folder]


def session_discarded(daemon):
    """Records that find no room."""
    session = Session(daemon, "discarded")
    session.channel("small", "--buffers-uid", "--discard", "--subbuf-size=4096", "--num-subbuf=2", contexts=["vtid"])
    session.start()
    record_without_consumer(daemon, 200)
    record_without_consumer(daemon, 50)
    content = Content(session.end())
    check(content.lost["records"] > 1000, "only", content.lost, "records were discarded")
    check(content.n_records + content.lost["records"] == 12 * 250, content.n_records, "records and", content.lost, "discarded")
    return [session.folder]


def record_without_consumer(daemon, rounds):
    """A run on one CPU, whose buffer nobody empties; in the end somebody does."""
    program = daemon.program("taskset", "-c", min(os.sched_getaffinity(0)), PROGRAM, rounds, rounds, "wait")
    check(program.stdout.readline() == "ready\n", "the program is not ready")
    with daemon.consumers_stopped():
        program.stdin.write("\n")
        program.stdin.flush()
        check(program.stdout.readline() == "done\n", "the program has not recorded")
    daemon.end_programs()


def session_overwrite(daemon):
    """A flight recorder that is read in the end: of each buffer the newest packets."""
    session = Session(daemon, "overwrite")
    session.channel("flight", "--buffers-uid", "--overwrite", "--subbuf-size=8192", "--num-subbuf=4", contexts=["vpid"])
    session.start()
    record_without_consumer(daemon, 50)
    record_without_consumer(daemon, 200)
    content = Content(session.end())
    check(0 < content.n_records < 12 * 250, content.n_records, "records")
    check(content.lost["packets"] > 10, "only", content.lost, "packets were overwritten")
    return [session.folder]


def session_snapshots(daemon):
    """Two snapshots of a flight recorder, which overlap."""
    session = Session(daemon, "snapshots", "--snapshot")
    session.channel("flight", "--subbuf-size=16384", "--num-subbuf=4", contexts=["procname", "vpid"])
    session.start()
    folders = []
    for rounds in 100, 7:
        run(daemon, (rounds, rounds))
        session.lttng("snapshot", "record")
    session.end()
    folders = sorted(session.folder.glob("snapshot-*"))
    check(len(folders) == 2, "snapshots:", folders)
    for folder in folders:
        content = Content(folder)
        check(0 < content.n_records < 12 * 100, content.n_records, "records in", folder)
    both = Content(session.folder).n_records
    check(both < sum(Content(folder).n_records for folder in folders), "the snapshots do not overlap")
    return [session.folder, *folders]


def session_rotated(daemon):
    """A session cut into chunks, in one of which nothing happens."""
    session = Session(daemon, "rotated")
    session.channel("ring", "--subbuf-size=8192", "--num-subbuf=32", contexts=["vpid"])
    session.start()
    for rounds in 30, 0, 40, 50:
        if rounds:
            run(daemon, (rounds, rounds))
        if rounds != 50:
            daemon.lttng("rotate", session.name)
    session.end()
    chunks = sorted((session.folder / "archives").iterdir())
    check(len(chunks) == 4, "chunks:", chunks)
    Content(session.folder).check_rounds(120)
    check(sum(Content(chunk).n_records for chunk in chunks) == 12 * 120, "chunks have not all of it")
    return [session.folder, *chunks]


def session_files(daemon):
    """Streams in several files each, of which the oldest are gone."""
    session = Session(daemon, "files")
    session.channel("cut", "--tracefile-size=16384", "--tracefile-count=3", "--subbuf-size=4096", "--num-subbuf=64", contexts=["vpid"])
    session.channel("long", "--tracefile-size=8192", "--subbuf-size=4096", "--num-subbuf=64", events="ltt:integers*")
    session.start()
    run(daemon, (80, 8), (80, 9))
    content = Content(session.end())
    check(0 < content.count["ltt:texts"] < 160, content.count["ltt:texts"], "texts")
    content.check_rounds(160, [])
    check(content.count["ltt:integers"] > 160, content.count["ltt:integers"], "records of integers, which are in both channels")
    files = list(session.folder.glob("ust/uid/*/*/long_*"))
    check(len(files) > 2, "files:", files)
    return [session.folder]


def session_perf(daemon):
    """Counters of the kernel's as contexts, where programs may have them."""
    session = Session(daemon, "perf")
    session.channel("counted", events="ltt:e*", contexts=["perf:thread:page-fault", "perf:thread:cpu-migrations"])
    session.start()
    run(daemon, (40, 10))
    folder = session.end()
    if not any(path.stat().st_size for path in folder.rglob("counted_*")) or not Content(folder).n_records:
        print("perf: this machine's programs have no counters")
        return []
    content = Content(folder)
    content.check_rounds(40, ["enumerations", "empty"])
    check("perf_thread_page_fault" in content.values, "contexts:", list(content.values))
    return [folder]


def session_crash(daemon):
    """What lttng-crash saves from the memory of a session when all of its processes were killed. The daemon is gone after this."""
    memory, saved = daemon.folder / "memory", daemon.folder / "crash"
    session = Session(daemon, "crashed", "--shm-path", memory)
    session.channel("shared", "--buffers-uid", "--subbuf-size=16384", "--num-subbuf=16", contexts=["vpid"])
    session.start()
    program = daemon.program(PROGRAM, 30, 11, "wait")
    check(program.stdout.readline() == "ready\n", "the program is not ready")
    with daemon.consumers_stopped():
        program.stdin.write("\n")
        program.stdin.flush()
        check(program.stdout.readline() == "done\n", "the program has not recorded")
        daemon.crash()
    done = daemon.run("lttng-crash", "--extract", saved, memory)
    check(done.returncode == 0, "lttng-crash:", done.stdout)
    check(Content(saved).n_records == 12 * 30, Content(saved).n_records, "records")
    return [saved]


def judge(name, folders):
    """Number of differences between borelog and babeltrace2."""
    n_different = 0
    for folder in folders:
        content = Content(folder)
        words = [f"{content.n_records} records in {content.n_packets} packets of {content.n_streams} streams"]
        words += [f"{number} {what} lost" for what, number in content.lost.items()]
        if BORELOG:
            found, n_records, _ = ctf_compare.compare(BORELOG, [folder], ctf_bt2.open_traces([str(folder)]).ports)
            n_different += len(found)
            words.append("the same" if not found else f"different after {n_records}\n\t" + "\n\t".join(found))
        print(f"{name}: {folder.name}: {', '.join(words)}", flush=True)
    return n_different


def main():
    failed = []
    # In the order in which they are written above: the last one kills the daemon.
    sessions = {name.removeprefix("session_"): value for name, value in globals().items() if name.startswith("session_")}
    with Daemon() as daemon:
        for name, session in sessions.items():
            try:
                folders = session(daemon)
                if judge(name, folders):
                    failed.append(name)
                if KEEP:
                    shutil.copytree(daemon.folder / name, pathlib.Path(KEEP) / name, dirs_exist_ok=True)
            except (Failure, ctf_bt2.Refused):
                traceback.print_exc(file=sys.stdout)
                failed.append(name)
    if failed:
        print("failed:", *failed)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    if missing_tools():
        print(f"skipped: there is no {' and no '.join(missing_tools())} (Debian: lttng-tools)")
        sys.exit(77)
    PROGRAM = pathlib.Path(sys.argv[1]).resolve()
    if not PROGRAM.exists():
        print("skipped: the traced program was not built (Debian: liblttng-ust-dev)")
        sys.exit(77)
    BORELOG = sys.argv[2] if len(sys.argv) > 2 else None
    KEEP = os.environ.get("LTT_KEEP")  # a folder that traces are copied to, to be looked at
    sys.exit(main())
