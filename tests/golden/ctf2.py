#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each rule of CTF2-SPEC-2.0, by a small trace: what `borelog events --format json` makes of those in ctf2/, and what it refuses.

Usage: ctf2.py BORELOG [NAME...]     all cases, or those whose names contain NAME
       ctf2.py --write DIRECTORY     the traces, each a directory, with what is expected of each in expected.json: for other readers
"""
import dataclasses
import json
import os
import sys
import tempfile

from ctf2 import broken, clocks, compound, fixed, fragments, locations, packets, refused, variable
from ctf2.run import run

MODULES = (fixed, variable, compound, locations, clocks, packets, fragments, broken, refused)
CASES = [case for module in MODULES for case in module.CASES]


def write_all(directory):
    for case in CASES:
        case.write(os.path.join(directory, case.name))
        expected = {key: value for key, value in dataclasses.asdict(case).items() if key not in ('metadata', 'streams')}
        with open(os.path.join(directory, case.name, 'expected.json'), 'w', encoding='utf-8') as file:
            json.dump({'kind': type(case).__name__, **expected}, file, indent=1)


def main():
    if sys.argv[1] == '--write':
        write_all(sys.argv[2])
        return 0
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    failed = passed = 0
    with tempfile.TemporaryDirectory(prefix='borelog-ctf2-') as directory:
        for case in CASES:
            if sys.argv[2:] and not any(word in case.name for word in sys.argv[2:]):
                continue
            wrong = run(sys.argv[1], case, os.path.join(directory, case.name))
            failed, passed = failed + bool(wrong), passed + (not wrong)
            if wrong:
                print(f'{case.name} ({case.rule})', *wrong, sep='\n    ')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
