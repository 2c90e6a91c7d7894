#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What borelog says of the hypervisor where it cannot be recorded: each reason with its remedy; and how domains are shown.

Hosts are made of files: a mount namespace with another /sys. The real thing is in tests/xen.
"""
import json
import os
import pathlib
import re
import sys

import harness
from harness import BORELOG, check, equal

PROGRAM = harness.BUILD / "examples" / "orders"
ROOT_MOUNT = ["unshare", "--user", "--map-root-user", "--mount"]
NO_XEN = "this kernel does not run under Xen"
DOMU = {"type": "xen", "properties/features": "00002705\n", "version/major": "4\n", "version/minor": "17\n", "version/extra": ".5\n"}
DOM0 = dict(DOMU, **{"properties/features": "00002f05\n"})


class Host:
    """A host whose /sys/hypervisor has these files; commands run in it as its root."""

    def __init__(self, place, files):
        self.place, self.sys = place, place.folder / "sys"
        for name, text in files.items():
            path = self.sys / "hypervisor" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.sys / "devices").mkdir(parents=True, exist_ok=True)

    def run(self, *words):
        return self.place.run(*ROOT_MOUNT, "sh", "-c", f'mount --bind {self.sys} /sys && exec "$@"', "sh", BORELOG, *words)


def section(text):
    return text[text.index("hypervisor: "):].splitlines()


def test_no_xen(place):
    if pathlib.Path("/sys/hypervisor/type").exists():
        print("        this machine is under Xen", flush=True)
        return
    lines = section(place.run(BORELOG, "list").stdout)
    equal(lines, [f"hypervisor: cannot be recorded: {NO_XEN}", "    How to boot Xen with borelog's tracer: docs/xen.md"], "list")
    equal(place.run(BORELOG, "list", "-e", "db:*").stdout, "", "list -e")
    equal(place.run(BORELOG, "list", "--names").stdout, "", "list --names")
    check(NO_XEN in place.run(BORELOG, "list", "-e", "xen:*").stderr, "list -e 'xen:*'")
    check(NO_XEN not in place.run(BORELOG, "list", "-e", "db:*").stderr, "list -e 'db:*'")
    for words in ["xen", "domains"], ["xen", "wait", "3"], ["xen", "wait", "3", "--state", "running"]:
        done = place.run(BORELOG, *words)
        equal((done.returncode, done.stdout), (1, ""), words)
        check(done.stderr.startswith(f"borelog xen: {NO_XEN}. ") and "docs/xen.md" in done.stderr, words, done.stderr)


def record(place, host, *options):
    trace = place.new_trace()
    done = host.run("record", "-o", trace, "--no-preload", *options, "--", PROGRAM)
    return trace, done


def test_record_asked(place):
    """Who names the hypervisor's events wants to know why there are none; who does not has his programs recorded."""
    host = Host(place, {})
    for asked in "xen:*", "xen:sched_* if domain == 1", "xen:db:*":
        trace, done = record(place, host, "-e", asked)
        equal(done.returncode, 1, f"{asked}: exit status")
        check(done.stderr.startswith(f"borelog record: -e '{asked}': the hypervisor cannot be recorded: {NO_XEN}. How"), done.stderr)
        check(not trace.exists(), f"{asked}: there is a trace")
    for options in [], ["-e", "!xen:*"], ["-e", "user:xen:*", "-e", "shop:*"], ["-e", "*"]:
        trace, done = record(place, host, *options)
        equal(done.returncode, 0, f"{options}: {done.stderr}")
        equal(sorted(path.name for path in trace.iterdir()), ["user"], f"{options}: layers")
        check("hypervisor" not in done.stderr, options, done.stderr)
        check(not re.search(r"recorded:  0 ", done.stderr), options, done.stderr)


def test_guest(place):
    host = Host(place, DOMU)
    equal(section(host.run("list").stdout), ["hypervisor: Xen 4.17.5, cannot be recorded: this is a guest, and only its host's dom0 may record the hypervisor",
                                             "    Record there; programs can be recorded here"], "list")
    check("this is a guest" in host.run("xen", "domains").stderr, "xen domains")
    trace, done = record(place, host)
    equal((done.returncode, "hypervisor" in done.stderr), (0, False), done.stderr)
    equal(sorted(path.name for path in trace.iterdir()), ["user"], "layers")


def test_no_module(place):
    host = Host(place, DOM0)
    line, remedy = section(host.run("list").stdout)
    equal(line, "hypervisor: Xen 4.17.5, cannot be recorded: the kernel module borelog-xen is not loaded", "list")
    check("modprobe borelog-xen" in remedy and "docs/xen.md" in remedy, remedy)
    check("modprobe borelog-xen" in host.run("xen", "domains").stderr, "xen domains")
    check("modprobe borelog-xen" in host.run("list", "-e", "db:*").stderr, "list -e")
    # Root in dom0 would have it: he is told, and his programs are recorded.
    trace, done = record(place, host)
    equal(done.returncode, 0, done.stderr)
    check(done.stderr.startswith("borelog record: the hypervisor is not recorded: the kernel module borelog-xen is not loaded. Load it:"), done.stderr)
    equal(sorted(path.name for path in trace.iterdir()), ["user"], "layers")
    for options in ["-e", "shop:*"], ["-q"]:
        _, done = record(place, host, *options)
        equal((done.returncode, "hypervisor" in done.stderr), (0, False), f"{options}: {done.stderr}")
    equal(record(place, host, "-e", "xen:*")[1].returncode, 1, "-e 'xen:*'")


def test_clock(place):
    """Under Xen it is the TSC, whatever else is known of it."""
    trace, _ = record(place, Host(place, DOM0), "-q")
    check('clock = "the TSC, as the hypervisor\'s layer"' in (trace / "user/metadata").read_text(), "the clock")


DOMAINS = {
    "generation": "7\n",
    "2/domain": "0\n", "2/state": "running\n", "2/shutdown_code": "0\n", "2/pages": "163840\n",
    "2/uuid": "00000000-0000-0000-0000-000000000000\n",
    "3/domain": "12\n", "3/state": "shutdown\n", "3/shutdown_code": "3\n", "3/pages": "40960\n",
    "3/uuid": "3a1be2ab-0d1c-4d39-8c39-2e8b5cf3a9b4\n",
    "41/domain": "5\n", "41/state": "dying\n", "41/shutdown_code": "0\n", "41/pages": "1\n",
    "41/uuid": "01234567-89ab-4def-8123-456789abcdef\n",
    "42/domain": "6\n", "42/state": "freed\n", "42/shutdown_code": "0\n", "42/pages": "0\n",
    "42/uuid": "11234567-89ab-4def-8123-456789abcdef\n",
}


def domains_host(place):
    return Host(place, dict(DOM0, **{f"resources/domains/{name}": text for name, text in DOMAINS.items()}))


def test_domains(place):
    done = domains_host(place).run("xen", "domains")
    equal((done.returncode, done.stderr), (0, ""), "xen domains")
    equal([line.split() for line in done.stdout.splitlines()],
          [["DOMAIN", "STATE", "MEMORY", "UUID", "SERIAL"],
           ["0", "running", "640", "MiB", "00000000-0000-0000-0000-000000000000", "2"],
           ["5", "dying", "0", "MiB", "01234567-89ab-4def-8123-456789abcdef", "41"],
           ["12", "shutdown:", "crash", "160", "MiB", "3a1be2ab-0d1c-4d39-8c39-2e8b5cf3a9b4", "3"]], "text")
    got = json.loads(domains_host(place).run("xen", "domains", "--format", "json").stdout)
    equal([domain["domain"] for domain in got["domains"]], [0, 5, 12], "JSON")
    equal(got["domains"][2], {"domain": 12, "serial": 3, "state": "shutdown", "pages": 40960, "shutdown_code": 3,
                              "uuid": "3a1be2ab-0d1c-4d39-8c39-2e8b5cf3a9b4"}, "JSON of one")


def test_wait_without_sleep(place):
    """What is so already: a later state includes those before, who is not there has come to its end."""
    host = domains_host(place)
    for words in (["0", "--state", "created"], ["0", "--state", "running"], ["12", "--state", "running"], ["5", "--state", "shutdown"],
                  ["5", "--state", "dying"], ["6"], ["77"], ["77", "--state", "shutdown"]):
        done = host.run("xen", "wait", *words)
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""), words)


def test_wait_in_vain(place):
    host = domains_host(place)
    for words, says in ((["0"], "domain 0 is running still"), (["5"], "domain 5 is dying still"), (["12", "--state", "dying"], "domain 12 is shutdown still"),
                        (["77", "--state", "created"], "there is no domain 77 still")):
        done = host.run("xen", "wait", *words, "--timeout", "20ms")
        equal((done.returncode, done.stdout, done.stderr), (1, "", f"borelog xen: {says}\n"), words)


def test_nonsense(place):
    """A module of another version."""
    host = domains_host(place)
    (host.sys / "hypervisor/resources/domains/2/state").write_text("frozen\n")
    done = host.run("xen", "wait", "0")
    equal(done.returncode, 1, "exit status")
    check('domain 0 is "frozen", which this borelog does not know' in done.stderr, done.stderr)
    check(" unknown " in host.run("xen", "domains").stdout, "domains")


if __name__ == "__main__":
    if os.system("unshare --user --map-root-user --mount true 2>/dev/null"):
        print("skipped: no user namespaces here")
        sys.exit(77)
    harness.main(globals())
