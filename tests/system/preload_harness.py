# SPDX-License-Identifier: MIT
"""What the tests of preload/ share: what must hold in every trace of a program under the probes."""
import collections

import harness
from harness import check, equal

PROBES = harness.BUILD / "preload" / "libborelog-libc.so"
ALLOCATES = {"libc:malloc", "libc:calloc", "libc:aligned_alloc", "libc:memalign", "libc:valloc", "libc:pvalloc", "libc:posix_memalign"}
MANY = ("--size", "4M")  # more than any of the programs records before the recorder comes round


def of_pid(events, pid):
    return [event for event in events if event.pid == pid]


def named(events, *names):
    wanted = {f"libc:{name}" for name in names}
    return [event for event in events if event.name in wanted]


def check_heap(events):
    """Replay one process' heap: no block is given out twice, none comes back that was not out. Returns how many were."""
    live, freed, handed_out, realloc = set(), set(), 0, {}

    def begins(pointer, event):
        nonlocal handed_out
        if pointer:
            check(pointer not in live, "block given out twice:", event)
            live.add(pointer)
            handed_out += 1

    def ends(pointer, event):
        # What was allocated before the session began (constructors of libraries) may come back, but once.
        check(pointer in live or pointer not in freed, "block came back twice:", event)
        live.discard(pointer)
        freed.add(pointer)

    for event in events:
        if event.name in ALLOCATES:
            pointer = event.fields["pointer"]
            begins(pointer, event)
            freed.discard(pointer)
        elif event.name == "libc:free":
            ends(event.fields["pointer"], event)
        elif event.name == "libc:realloc_begin":
            realloc.setdefault(event.tid, []).append(event.fields["old"])
            if event.fields["old"]:
                ends(event.fields["old"], event)
        elif event.name == "libc:realloc_end":
            old = realloc[event.tid].pop()
            pointer = event.fields["pointer"] or old  # failed: the old one stays (no program here asks for size 0)
            if pointer:
                begins(pointer, event)
                freed.discard(pointer)
    return handed_out


def check_spans(events):
    """In each thread spans nest. Returns those that were never closed, as names."""
    stacks = collections.defaultdict(list)
    left = []
    for event in events:
        stack = stacks[(event.pid, event.tid)]
        if event.name.endswith("_begin"):
            stack.append(event.name[:-len("_begin")])
        elif event.name.endswith("_end"):
            name = event.name[:-len("_end")]
            check(name in stack, "end without begin:", event)
            while stack[-1] != name:  # left by a jump or a cancellation
                left.append(stack.pop())
            stack.pop()
        elif event.name == "libc:thread_exit":
            left += stack
            stack.clear()
    for stack in stacks.values():
        left += stack
    return left


def check_nothing_lost(trace):
    equal(harness.discarded(trace), 0, "discarded")
