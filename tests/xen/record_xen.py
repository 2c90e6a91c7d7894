#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""borelog in dom0 on our Xen: both layers on one clock, what is selected, what is lost, others who want the tracer, ends of all kinds, domains.

usage: record_xen.py BORELOG RECORD_MARKER [XEN]     the command, the program of record_marker.c, what lab/boot takes (default: borelog)

record_job does it in dom0; here babeltrace2 judges the traces, and their numbers are held against what borelog said of them.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

import bt2

import lab

HERE = pathlib.Path(__file__).resolve().parent
BORELOG, MARKER, XEN = (sys.argv[1:] + ["borelog"])[:3] if len(sys.argv) > 2 else sys.exit(__doc__)
HVM_OP, ENOSYS = 34, 38
IDLE_DOMAIN = 32767

Event = collections.namedtuple("Event", "layer name time ticks cpu fields packet")


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, wanted {wanted!r}")


class Trace:
    """All layers of a directory, merged by babeltrace2: events in its order, and what was discarded, by layer."""

    def __init__(self, path):
        self.layers = sorted(at.parent.name for at in path.glob("*/metadata"))
        self.events, self.discarded, self.env = [], collections.Counter(), {}
        for message in bt2.TraceCollectionMessageIterator([str(path / layer) for layer in self.layers]):
            if isinstance(message, bt2._EventMessageConst):
                self.add(message)
            elif isinstance(message, bt2._DiscardedEventsMessageConst):
                self.discarded[str(message.stream.trace.environment["domain"])] += message.count
            elif isinstance(message, bt2._StreamBeginningMessageConst):
                env = message.stream.trace.environment
                self.env[str(env["domain"])] = {name: env[name] for name in env}

    def add(self, message):
        event = message.event
        packet = event.packet.context_field
        layer = "xen" if "domain" in packet else "user"
        fields = event.payload_field or {}
        time = message.default_clock_snapshot
        self.events.append(Event(layer, event.name, time.ns_from_origin, time.value, int(packet["cpu_id"]),
                                 {name: int(fields[name]) for name in ("op", "result", "i") if name in fields},
                                 (int(packet["domain"]), int(packet["vcpu"])) if layer == "xen" else ()))

    def of(self, layer):
        return [event for event in self.events if event.layer == layer]

    def calls(self):
        """Of record_marker, in the hypervisor."""
        return [event for event in self.of("xen") if event.name == "xen:pv_hypercall" and event.fields["op"] == HVM_OP]


class Said:
    """What a command printed of its records."""

    def __init__(self, text):
        def number(pattern):
            found = re.search(pattern, text)
            check(found, f"no {pattern!r} in: {text}")
            return int(found.group(1).replace(",", ""))

        self.records, self.discarded = number(r"recorded:  ([\d,]+) record"), number(r"discarded: ([\d,]+)")
        self.text = text


def read(run, name, said):
    """A trace, and is it as large as was said?"""
    trace = Trace(run.out / name)
    equal((len(trace.events), sum(trace.discarded.values())), (said.records, said.discarded), f"{name}: records and discarded ones")
    return trace


def recorded(run, name, words=""):
    """A trace of `borelog record CMD`, which succeeded and said nothing but @words and the summary."""
    equal(run.text(f"{name}.status"), "0\n", f"{name}: status")
    text = run.text(f"{name}.err")
    equal(re.match(r"((borelog record: .*\n)*)recorded:", text).group(1), words, f"{name}: messages")
    return read(run, name, Said(text))


def of_session(run, name, stop=None, words=""):
    """A trace of a session in the background."""
    equal(run.text(f"{name}/record.log"), words, f"{name}: messages")
    return read(run, name, Said(run.text(f"{stop or name + '-stop'}.out")))


def refused(run, name, *says):
    equal(run.text(f"{name}.status"), "1\n", f"{name}: status")
    check(all(text in run.text(f"{name}.err") for text in says), f"{name}: {says} not in {run.text(f'{name}.err')!r}")
    check(not (run.out / name).exists(), f"{name}: there is a trace")


def section(run, name):
    text = run.text(f"{name}.out")
    return text[text.index("hypervisor: "):].splitlines()


def version(run):
    """Of the Xen that was built; dom0 knows it."""
    return f"Xen {run.text('xen-version').strip()}"


def judge_lists(run):
    equal(section(run, "list-before")[0], f"hypervisor: {version(run)}, cannot be recorded: the kernel module borelog-xen is not loaded", "list before")
    refused(run, "domains-before", "modprobe borelog-xen")
    head, *events = section(run, "list")
    equal(head, f"hypervisor: {version(run)} on 2 CPUs", "list")
    names = run.text("names.out").split()
    equal([event.split("(")[0].strip() for event in events], names, "names of events")
    check(len(names) > 150 and all(name.startswith("xen:") for name in names), "names", names)
    check("    xen:sched_switch(uint32 prev_domain, uint32 prev_unit, uint32 next_domain, uint32 next_unit)" in events, "fields", events)


def judge_order(trace, n):
    """Each hypercall lies between the trace points around it, and its return too. All times of a CPU's ring are in order."""
    points = [event for event in trace.events if event.layer == "user" or event.fields.get("op") == HVM_OP]
    wanted = []
    for i in range(n):
        wanted += [("marker:before", i), ("xen:pv_hypercall", None), ("xen:pv_hypercall_return", None), ("marker:after", i)]
    equal([(event.name, event.fields.get("i")) for event in points], wanted, "order")
    check(all(event.fields["result"] == -ENOSYS for event in points if event.name == "xen:pv_hypercall_return"), "results")
    last = {}
    for event in trace.events:
        ring = event.layer, event.cpu
        check(last.get(ring, 0) <= event.time, "times of", ring, "go back")
        last[ring] = event.time
    equal({event.packet[0] for event in trace.calls()}, {0}, "domains that called")


def judge_records(run):
    both = recorded(run, "both")
    judge_order(both, 2000)
    equal({event.name for event in both.of("xen")} - {"xen:pv_hypercall_subcall"}, {"xen:pv_hypercall", "xen:pv_hypercall_return"}, "what was selected")
    env = both.env["xen"]
    equal((str(env["hypervisor"]), int(env["tsc_reliable"]), str(env["clock_note"])), (version(run), 0, str(both.env["user"]["clock_note"])), "env")
    check("times of different CPUs may disagree" in str(env["clock_note"]), "clock_note")
    equal(recorded(run, "programs").layers, ["user"], "layers where only programs are selected")
    equal(run.text("serial-before"), run.text("serial-after"), "sessions of the hypervisor meanwhile")
    refused(run, "no-event", "-e 'xen:such_is_none': column 1: no event has a name like this, in the hypervisor")
    refused(run, "no-field", "nobody")
    refused(run, "condition", "-e 'xen:sched_switch if prev_domain == 1': the hypervisor evaluates no conditions", "borelog events DIR --filter")


def judge_everything(run):
    trace = recorded(run, "everything")
    equal(len(trace.calls()), 500, "calls")
    names = {event.name for event in trace.of("xen")}
    check({"xen:sched_switch", "xen:sched_runstate_change", "xen:evtchn_send", "xen:softirq_entry", "xen:timer_callback"} <= names, names)
    check({event.packet[0] for event in trace.of("xen")} <= {0, IDLE_DOMAIN}, "domains")
    check({event.packet[1] for event in trace.of("xen")} <= {0, 1}, "vCPUs")
    equal({event.cpu for event in trace.of("xen")}, {0, 1}, "pCPUs")


def judge_forms(run):
    """CTF 2, which babeltrace2 2.0 does not read, by our own reader; rings as large as there can be."""
    said = Said(run.text("ctf2.err"))
    text = subprocess.run([BORELOG, "events", run.out / "ctf2"], capture_output=True, text=True, check=True).stdout
    lines = [line for line in text.splitlines() if not line.startswith("== ")]
    equal(len(lines), said.records, "CTF 2: records")
    equal(len([line for line in lines if "marker:before" in line]), 20, "CTF 2: records of the program")
    check(any("xen:pv_hypercall" in line for line in lines), "CTF 2: records of the hypervisor")
    large = recorded(run, "large", "borelog record: rings of the hypervisor have 16 MiB for each CPU, as large as it allows\n")
    equal(large.layers, ["user", "xen"], "layers with large rings")


def judge_idle(run):
    equal([event.name for event in of_session(run, "idle").events], ["xen:sched_dom_add"], "what happened once")
    equal(run.text("idle.after"), run.text("idle.before"), "what an idle recorder used: threads' switches and CPU time")


def judge_losses(run):
    trace = of_session(run, "losses")
    check(trace.discarded["xen"] > 0, "nothing was lost in rings that are too small:", trace.discarded)
    text = run.text("losses-stop.out")
    equal(int(re.search(r"([\d,]+) found the ring full", text).group(1).replace(",", "")), trace.discarded["xen"], "records that found the ring full")


def judge_flight(run):
    snapshot = read(run, "snapshot", Said(run.text("snapshot.out")))
    equal(run.text("flight/record.log"), "", "messages")
    equal(run.text("flight.after"), run.text("flight.before"), "what a flight recorder used while its rings were overwritten")
    rest = Trace(run.out / "flight")
    equal(len(snapshot.events) + len(rest.events), Said(run.text("flight-stop.out")).records, "records of snapshot and rest")
    for cpu in 0, 1:
        first = [event for event in snapshot.of("xen") if event.cpu == cpu]
        then = [event for event in rest.of("xen") if event.cpu == cpu]
        check(first and then, f"CPU {cpu}: nothing")
        check(first[-1].ticks <= then[0].ticks, f"CPU {cpu}: what the snapshot took is there again")
    check(0 < len(snapshot.calls()) < 3000, len(snapshot.calls()), "calls in rings that have no room for all")


def judge_others(run):
    busy = "another session records the hypervisor now"
    refused(run, "second-asks", busy, "borelog status")
    second = recorded(run, "second", f"borelog record: the hypervisor is not recorded: {busy}, and only one can. Which one: borelog status. "
                      "End it with: borelog stop\n")
    equal((second.layers, len(second.events)), (["user"], 20), "a second session")
    check(busy in section(run, "list-second")[0], "list", section(run, "list-second")[0])
    Trace(run.out / "first")
    judge_order(recorded(run, "after-kill"), 100)
    check("xentrace records now" in section(run, "list-xentrace")[0], "list", section(run, "list-xentrace")[0])
    equal(recorded(run, "xentrace", "borelog record: the hypervisor is not recorded: xentrace records now, and only one can have Xen's tracer. "
                   "End xentrace first\n").layers, ["user"], "layers beside xentrace")
    alone = "borelog record: the hypervisor is not recorded: the kernel module borelog-xen is not loaded. Load it: modprobe borelog-xen. "
    check(run.text("alone.err").startswith(alone), "without the module", run.text("alone.err"))


def judge_ended(run):
    trace = of_session(run, "ended", words="the hypervisor has ended the session: its records end here, the others go on\n")
    equal(len(trace.calls()), 100, "calls until the session's end")


def judge_full_disk(run):
    text = run.text("full.err")
    check("No space left on device. Recording goes on; what finds no room is discarded and counted." in text, text)
    said = Said(text)
    trace = Trace(run.out / "full")
    equal(len(trace.events), said.records, "full disk: records")
    check(said.discarded > 0, "full disk: nothing was discarded")


def judge_cpus(run):
    equal(run.text("hptool.out").count("successfully"), 4, "pCPUs that went and came")
    trace = of_session(run, "cpus")
    equal(len(trace.calls()), 2200, "calls")
    first = {cpu: min(event.time for event in trace.of("xen") if event.cpu == cpu) for cpu in (0, 1)}
    check(first[0] < first[1], "CPU 1, which was offline, has records from the beginning on")


def judge_domains(run):
    def listed(name):
        return {domain["domain"]: domain for domain in json.loads(run.text(f"{name}.out"))["domains"]}

    domid = int(run.text("domid"))
    before, after = listed("domains"), listed("domains-after")
    equal(set(before), {0, domid}, "domains")
    equal((before[domid]["state"], before[domid]["pages"], before[domid]["uuid"]), ("created", 16, "b07e1009-0102-4304-8506-0708090a0b0c"), "the domain")
    equal(set(after), {0}, "domains afterwards")
    equal([run.text(f"{name}.status") for name in ("wait-created", "wait", "wait-after")], ["0\n"] * 3, "waits")
    equal((run.text("wait-in-vain.status"), run.text("wait-in-vain.err")), ("1\n", f"borelog xen: domain {domid} is created still\n"), "a wait in vain")


def module_files():
    done = subprocess.run([lab.SOURCE / "lab/module", lab.SOURCE / "kmod/xen"], stdout=subprocess.PIPE, text=True)
    check(done.returncode == 0, "the module was not built")
    return pathlib.Path(done.stdout.strip()).glob("*.ko")


def test():
    run = lab.Run(HERE / "record_job", *module_files(), BORELOG, MARKER, xen=XEN)
    check(run.status == 0, f"the job ended with status {run.status}")
    for name, judge in globals().items():
        if name.startswith("judge_") and name != "judge_order":
            judge(run)
    equal((run.text("rmmod.status"), run.text("dmesg")), ("0\n", ""), "the module's end and the kernel's complaints")
    print(f"{len(list(run.out.glob('*/metadata')) + list(run.out.glob('*/*/metadata')))} layers")


if __name__ == "__main__":
    sys.exit(lab.main(test))
