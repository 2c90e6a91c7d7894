#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The test of every instruction must be able to fail: put one error into a copy of the core, and it has to find it.

usage: ring_broken.py ROOT VARIANT COMPILER...
"""
import pathlib
import subprocess
import sys
import tempfile

# Name: (replacements in core's text, each to be found exactly once; macros that break the port)
VARIANTS = {
    "clock_before_head": ([
        ("ring.c", "		c.head = bl_load_acquire(&ring->shared->head); /* ORD(reserve:A) */\n",
         "		c.ts = bl_port_clock(ring);\n		c.head = bl_load_acquire(&ring->shared->head);\n"),
        ("ring.c", "	c->ts = bl_port_clock(ring); /* ORD(reserve:B) */\n", ""),
        ("ring.c", "	if (head != BL_HEAD_CLOSED && -ticks < BL_BACK_TICKS) {", "	if (0) {"),
    ], []),
    "claim_not_atomic": ([], ["-DBL_TEST_BREAK_CAS"]),
    "count_not_atomic": ([], ["-DBL_TEST_BREAK_ADD"]),
    "count_before_word": ([
        ("ring.h", "	__builtin_memcpy(__builtin_assume_aligned(rec->header, 1), &rec->word, sizeof(rec->word)); /* ORD(commit:A) */\n", ""),
        ("ring.h", "		bl_ring_deliver(ring, rec->count);\n}",
         "		bl_ring_deliver(ring, rec->count);\n"
         "	__atomic_signal_fence(__ATOMIC_SEQ_CST);\n"
         "	__builtin_memcpy(rec->header, &rec->word, sizeof(rec->word));\n}"),
    ], []),
    "delivered_while_closing": ([
        ("ring.c", "	bl_port_step(BL_STEP_CLOSED);\n	count_bytes(ring, n, phys, ring->sub_size - pos);\n", ""),
        ("ring.c", "	packet->timestamp_end = ts;\n",
         "	count_bytes(ring, n, phys, ring->sub_size - pos);\n"
         "	__atomic_signal_fence(__ATOMIC_SEQ_CST);\n	packet->timestamp_end = ts;\n"),
    ], []),
    "loss_not_counted": ([
        ("ring.c", "			bl_ring_lose(ring, err == -BL_EMSGSIZE ? BL_LOST_SIZE : BL_LOST_FULL, 1);\n", ""),
    ], []),
    "loss_read_late": ([
        ("ring.c", "		packet->discarded_by[i] = lost[i];\n		total += lost[i];\n",
         "		packet->discarded_by[i] = ring->lost_base[i] + bl_load_relaxed(&ring->shared->lost[i]);\n"
         "		total += packet->discarded_by[i];\n		(void)lost;\n"),
    ], []),
    "free_for_anybody": ([
        ("ring.c", "bl_slot_state(slot) == BL_SLOT_FREE && bl_slot_n(slot) == n", "bl_slot_state(slot) == BL_SLOT_FREE"),
        ("ring.c", "	const uint64_t free_slot = bl_slot(n, BL_SLOT_FREE, phys);",
         "	const uint64_t free_slot = bl_load_relaxed(slot_of(ring, n));"),
    ], []),
    "idle_not_seen": ([
        ("ring.c", "return *ts - last < BL_IDLE_TICKS ? ticks : 0xffffffffu;", "return (void)last, ticks;"),
        ("ring.h", "	if (bl_likely(bl_ring_is_epoch(shared, ts.high))) {\n", "	if (1) {\n"),
    ], []),
}


SOURCES = ["tests/unit/ring_every_instruction.c", "tests/support/ledger.c", "tests/support/decode.c"]


def break_core(core, out, replacements):
    out.mkdir()
    for source in core.glob("*.[ch]"):
        text = source.read_text()
        for file, old, new in replacements:
            if file == source.name:
                if text.count(old) != 1:
                    sys.exit(f"{file} has changed: the text to break is there {text.count(old)} times:\n{old}")
                text = text.replace(old, new)
        (out / source.name).write_text(text)


def main():
    root, name, compiler = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    replacements, macros = VARIANTS[name]
    with tempfile.TemporaryDirectory() as temporary:
        copy = pathlib.Path(temporary)
        break_core(root / "core", copy / "core", replacements)
        for flavour in ([], ["-DBL_TEST_PORT_CHECK"]):
            subprocess.run(compiler + ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-w", f"-I{copy}", f"-I{root}", f"-I{root}/tests",
                                       f"-I{root}/tests/support/port", *macros, *flavour, *(f"{root}/{s}" for s in SOURCES),
                                       f"{copy}/core/ring.c", "-Wl,-z,now", "-o", f"{copy}/test"], check=True)
            subprocess.run([f"{copy}/test", "--broken"], check=True)


if __name__ == "__main__":
    main()
