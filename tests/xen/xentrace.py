# SPDX-License-Identifier: MIT
"""xentrace's files, decoded: the records of Xen's own tracer, as xen/include/public/trace.h has them."""
import collections
import struct

LOST_RECORDS = 0x1f001
WRAP_BUFFER = 0x1f002
CPU_CHANGE = 0x1f003
RUNSTATE_CHANGE = 0x21001
RUNSTATES = ["running", "runnable", "blocked", "offline"]

Record = collections.namedtuple("Record", "cpu event tsc words")
# Of a vCPU, (domain, number)
Runstate = collections.namedtuple("Runstate", "cpu tsc vcpu old new")


def records(data):
    """All records of a file's bytes, but for the padding at the end of a buffer. Raises ValueError with the place of what is none."""
    at, cpu = 0, None
    while at < len(data):
        begin = at
        try:
            header, = struct.unpack_from("<I", data, at)
            at += 4
            tsc = None
            if header >> 31:
                tsc, = struct.unpack_from("<Q", data, at)
                at += 8
            words = struct.unpack_from(f"<{header >> 28 & 7}I", data, at)
            at += 4 * len(words)
        except struct.error as short:
            raise ValueError(f"record at byte {begin} of {len(data)}: {short}") from short
        event = header & 0x0fffffff
        if event == CPU_CHANGE:
            # The processor and how many bytes of its records follow
            if len(words) != 2:
                raise ValueError(f"record at byte {begin}: a change of the CPU with {len(words)} words")
            cpu = words[0]
        elif cpu is None:
            raise ValueError(f"record at byte {begin}: nobody said which CPU's it is")
        elif event != WRAP_BUFFER:
            yield Record(cpu, event, tsc, words)


def runstates(found):
    """The changes of vCPUs' runstates among records, in time order."""
    changes = []
    for record in found:
        if record.event & ~0x330 == RUNSTATE_CHANGE:
            vcpu = record.words[0] >> 16, record.words[0] & 0xffff
            changes.append(Runstate(record.cpu, record.tsc, vcpu, record.event >> 8 & 3, record.event >> 4 & 3))
    return sorted(changes, key=lambda change: change.tsc)
