# SPDX-License-Identifier: MIT
"""Rows of bench/run about reading traces: beside babeltrace2, each in turn, pinned to one CPU.

Processes are compared by the CPU time that they took, the least of several rounds: the machine may be shared. Only what is about waiting
(the first record, two cores) is elapsed time.
"""
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import time

RECORDS = 10_000_000
BIG_BYTES = 10 * 10**9
# The head of a packet of ours: core/packet.h.
BEGIN, SEQUENCE, END, PACKET_BITS = 32, 40, 64, 80
SHIFT_UNIT = 1 << 32  # clock values of records are lower bits than these


def mixed_trace(bench, records):
    """The trace that readers are compared on; made once and kept in the build folder."""
    trace = bench.here / f"mixed-{records}"
    if (trace / "user/metadata").exists():
        return trace
    making = bench.here / "mixed-making"
    shutil.rmtree(making, ignore_errors=True)
    cpus = sorted(os.sched_getaffinity(0))[:2]
    program = bench.here / "bench-program"
    command = " & ".join(f"taskset -c {cpu} {program} send m {records // len(cpus)}" for cpu in cpus) + " & wait"
    done = bench.run([*bench.record(making, "--size", "4M", context="tid"), "sh", "-c", command])
    if done.returncode or "discarded: 0" not in done.stderr:
        raise RuntimeError(f"the trace could not be made without losses: {done.stderr.strip()}")
    making.rename(trace)
    return trace


class Took:
    """What a process took: elapsed_ms, cpu_ns, max_rss, and its output."""

    def __init__(self, bench, command, cpus=None, until=None, stdout=subprocess.DEVNULL):
        """@cpus: it may use these only; @until: seconds after which it is ended."""
        report = bench.work / "took"
        process = subprocess.Popen([str(word) for word in (bench.here / "bench-took", report, *command)], stdout=stdout,
                                   stderr=subprocess.PIPE, text=True,
                                   preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None)
        if until:
            time.sleep(until)
            process.terminate()
        self.out, said = process.communicate()
        found = json.loads(report.read_text())
        report.unlink()
        self.elapsed_ms, self.cpu_ns, self.max_rss = found["elapsed_ns"] / 1e6, found["cpu_ns"], found["max_rss"]
        if found["status"] and not until:
            raise RuntimeError(f"{' '.join(map(str, command))}: exit status {found['status']}: {said.strip()[-300:]}")


def summary(values):
    values = sorted(round(value, 3) for value in values)
    return {"min": values[0], "median": statistics.median(values), "p10": values[len(values) // 10],
            "p90": values[int(.9 * (len(values) - 1))], "rounds": len(values)}


def interleaved(bench, commands, rounds, cpus, measure):
    """@rounds times each of @commands (a dictionary) in turn; {name: summary of what @measure gives of a process}."""
    values = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            values[name].append(measure(Took(bench, command, cpus)))
    return {name: summary(found) for name, found in values.items()}


def compare_readers(bench, trace, records):
    """Iterating, decoding, printing."""
    here, rounds = bench.here, 3 if bench.quick else 5
    peer = shutil.which("babeltrace2")
    if not peer:
        raise RuntimeError("babeltrace2 is not installed")

    def ns_a_record(took):
        return took.cpu_ns / records

    groups = (
        ({"peer": [peer, "-o", "dummy", trace], "id and time": [here / "bench-read", "time", trace],
          "every field": [here / "bench-read", "all", trace]}, "babeltrace2's dummy sink", {"id and time": 40, "every field": 20}),
        ({"peer": [peer, trace], "text": [bench.borelog, "events", trace]}, "babeltrace2's text", {"text": 15}),
        ({"peer": [peer, "-o", "dummy", trace], "statistics": [bench.borelog, "stats", trace]}, "babeltrace2's dummy sink", {}),
    )
    for commands, against, goals in groups:
        results = interleaved(bench, commands, rounds, {bench.cpu}, ns_a_record)
        for name in [name for name in commands if name != "peer"]:
            bench.ratio("read", f"read {records:,} records on one CPU: {name}, CPU time a record", results[name], results["peer"], against,
                        goal=goals.get(name), least=True)


def compare_cores(bench, trace):
    """Elapsed time on one CPU, on two, and of two processes side by side on a CPU each, which is as much as the machine can give."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    if len(cpus) < 2:
        raise RuntimeError("two cores: there is but one CPU")
    rounds = 3 if bench.quick else 9
    for name, word in (("text", "events"), ("statistics", "stats")):
        command = [bench.borelog, word, trace]
        pinned = " & ".join(f"taskset -c {cpu} '{bench.borelog}' {word} '{trace}' >/dev/null" for cpu in cpus)
        ways = {"one": (command, cpus[:1]), "side": (["sh", "-c", f"{pinned} & wait"], cpus), "two": (command, cpus)}
        found = {way: [] for way in ways}
        for _ in range(rounds):
            for way, (words, allowed) in ways.items():
                found[way].append(Took(bench, words, set(allowed)))
        one, side, two = (summary([took.elapsed_ms for took in found[way]]) for way in ways)
        cpu = {way: min(took.cpu_ns for took in found[way]) for way in ways}
        ratio = one["min"] / two["min"]
        # Each round by itself: what others do to the machine is the same for all of it, nearly.
        limit, share = (statistics.median(2 * a.elapsed_ms / b.elapsed_ms for a, b in zip(found["one"], found["side"])),
                        statistics.median(a.elapsed_ms / 2 / b.elapsed_ms for a, b in zip(found["side"], found["two"])))
        bench.put("read", f"read on two CPUs: {name}, elapsed", two, "ms", against="one CPU", base=one["min"], ratio=round(ratio, 3),
                  base_median=one["median"], ratio_median=round(one["median"] / two["median"], 3), goal=">= 1.8x", met=ratio >= 1.8,
                  cpu_time_ratio=round(cpu["two"] / cpu["one"], 3), two_processes=round(limit, 3), share_of_that=round(share, 3))


def seek(bench, trace, name):
    seeks = json.loads(Took(bench, [bench.here / "bench-read", "seek", 200, 1, trace], stdout=subprocess.PIPE).out)["seeks"]
    later = summary([elapsed / 1e6 for elapsed, _ in seeks[1:]])
    cpu = summary([cpu / 1e6 for _, cpu in seeks[1:]])
    bench.put("read", f"seek in {name}", later, "ms", p99=sorted(elapsed / 1e6 for elapsed, _ in seeks[1:])[int(.99 * (len(seeks) - 2))],
              goal="< 5 ms", met=later["p90"] < 5, cpu_ms_p90=cpu["p90"])
    bench.put("read", f"seek in {name}: the first one", round(seeks[0][0] / 1e6, 3), "ms", cpu_ms=round(seeks[0][1] / 1e6, 3))


# ---- A trace that is larger than memory ought to care about. ----


def packets(data):
    """Offsets of the packets in a file."""
    at = 0
    while at < len(data):
        yield at
        at += struct.unpack_from("=Q", data, at + PACKET_BITS)[0] // 8


def streams_of(trace):
    """{name of the first file: paths in order}"""
    streams = {}
    for path in trace.glob("user/stream_*"):
        name, _, part = path.name.partition(".")
        streams.setdefault(name, []).append((int(part or 1), path))
    return {name: [path for _, path in sorted(paths)] for name, paths in streams.items()}


def big_trace(bench, trace, size):
    """The packets of @trace again and again, each time later, until there are @size bytes. Returns (directory, how often)."""
    folder = pathlib.Path(bench.disk) / "big"
    (folder / "user").mkdir(parents=True)
    shutil.copy(trace / "user/metadata", folder / "user")
    streams = {name: [bytearray(path.read_bytes()) for path in paths] for name, paths in streams_of(trace).items()}
    heads = {name: [[(at, *struct.unpack_from("=QQ", part, at + BEGIN), *struct.unpack_from("=Q", part, at + END)) for at in packets(part)]
                    for part in parts] for name, parts in streams.items()}
    flat = [head for parts in heads.values() for part in parts for head in part]
    span = max(head[3] for head in flat) - min(head[1] for head in flat)
    shift = (span // SHIFT_UNIT + 1) * SHIFT_UNIT
    copies = size // sum(len(part) for parts in streams.values() for part in parts) + 1
    for copy in range(copies):
        for name, parts in streams.items():
            first = copy * sum(map(len, heads[name]))
            with open(folder / "user" / name, "ab") as out:
                for part, part_heads in zip(parts, heads[name]):
                    for at, begin, sequence, end in part_heads:
                        struct.pack_into("=QQ", part, at + BEGIN, begin + copy * shift, first + sequence)
                        struct.pack_into("=Q", part, at + END, end + copy * shift)
                    out.write(part)
    return folder, copies


def forget(folder):
    """Out of the page cache."""
    for path in folder.rglob("stream_*"):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def first_line_ms(command):
    begin = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    line = process.stdout.readline()
    took = (time.monotonic() - begin) * 1e3
    process.stdout.close()
    process.wait(60)
    if not line:
        raise RuntimeError("no first record")
    return took


def measure_big(bench, big, name):
    command = [bench.borelog, "events", big]
    forget(big)
    cold = first_line_ms(command)
    bench.put("read", f"first record of {name}, not in the page cache", round(cold, 2), "ms", goal="< 100 ms", met=cold < 100)
    warm = summary([first_line_ms(command) for _ in range(5)])
    bench.put("read", f"first record of {name}", warm, "ms", goal="< 100 ms", met=warm["min"] < 100)
    seek(bench, big, name)
    for what, words, until in (("text, for a while", command, 3 if bench.quick else 15), ("statistics", [bench.borelog, "stats", big], None)):
        took = Took(bench, words, until=until)
        bench.put("read", f"memory for {name}: {what}", round(took.max_rss / 1e6, 1), "MB resident", goal="< 64 MB",
                  met=took.max_rss < 64e6)


def row_big(bench, trace, records):
    wanted = BIG_BYTES // 10 if bench.quick else BIG_BYTES
    size = min(wanted, shutil.disk_usage(bench.disk).free * 8 // 10)
    if size < wanted:
        bench.trouble.append(f"read: no room for a trace of {wanted / 1e9:.0f} GB in {bench.disk}, see --disk; {size / 1e9:.1f} GB it is")
    big, copies = big_trace(bench, trace, size)
    try:
        # It must be a good trace: all records, and time never goes back.
        got = json.loads(Took(bench, [bench.here / "bench-read", "time", big], stdout=subprocess.PIPE).out)
        if (got["records"], got["steps_back"], got["lost"], got["errors"]) != (copies * records, 0, 0, 0):
            raise RuntimeError(f"the big trace is not what it should be: {got}, {copies} times {records} records")
        measure_big(bench, big, f"a trace of {sum(path.stat().st_size for path in big.rglob('*')) / 1e9:.1f} GB")
    finally:
        shutil.rmtree(big, ignore_errors=True)


def row_read(bench):
    """Reading, beside babeltrace2; a trace of 10 GB; two cores."""
    records = RECORDS // 10 if bench.quick else RECORDS
    trace = mixed_trace(bench, records)
    compare_readers(bench, trace, records)
    compare_cores(bench, trace)
    seek(bench, trace, f"a trace of {records:,} records")
    row_big(bench, trace, records)
