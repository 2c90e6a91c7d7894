# SPDX-License-Identifier: MIT
"""Runs `borelog events --format json` on a case's trace, and says what is wrong with what comes out."""
import json
import math
import os
import re
import subprocess

from .case import Broken, Refused


def same(got, expected):
    """As JSON, and strict: numbers of one kind, members of structures in one order, signs of zeros."""
    if type(got) is not type(expected):
        return False
    if isinstance(got, dict):
        return list(got) == list(expected) and all(same(got[name], expected[name]) for name in got)
    if isinstance(got, list):
        return len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(got, float):
        return got == expected and math.copysign(1, got) == math.copysign(1, expected)
    return got == expected


def same_record(got, expected):
    """The members of a line have no order."""
    return set(got) == set(expected) and all(same(got[name], expected[name]) for name in got)


def one_object(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f'members of one name: {names}'
    return dict(pairs)


def records(text, directory):
    """Lines of JSON, with the stream's file relative to the trace."""
    out = []
    for line in text.splitlines():
        got = json.loads(line, object_pairs_hook=one_object)
        if isinstance(got.get('file'), str):
            got['file'] = os.path.relpath(got['file'], directory)
        out.append(got)
    return out


def faults_of_records(got, expected):
    for number in range(max(len(got), len(expected))):
        one, other = got[number] if number < len(got) else None, expected[number] if number < len(expected) else None
        if one is None or other is None or not same_record(one, other):
            yield f'record {number}:\n      got      {json.dumps(one)}\n      expected {json.dumps(other)}'


def faults(case, directory, status, output, errors):
    if status not in (0, 1):
        yield f'ended with {status}'
        return
    try:
        got = records(output, directory)
    except (ValueError, AssertionError) as error:
        yield f'no JSON: {error}: {output!r}'
        return
    yield from faults_of_records(got, [] if isinstance(case, Refused) else case.events)
    if not isinstance(case, (Broken, Refused)):
        if status or errors:
            yield f'ended with {status} and complains'
        return
    if status != 1:
        yield f'ended with {status}, not 1'
    message = message_of(case, directory, errors)
    if message is None or not re.search(case.says, message, re.IGNORECASE):
        yield f'the message is not about {case.says!r} at {place_of(case)}'


def place_of(case):
    return f'line {" or ".join(map(str, case.lines))} of metadata' if isinstance(case, Refused) else f'packet {case.packet}'


def message_of(case, directory, errors):
    """What is said about the right place; None: nothing is."""
    if isinstance(case, Broken):
        place = rf'{re.escape(directory)}/\w+: packet {case.packet} \(byte 0x[0-9a-f]+\): (.*)'
    else:
        place = rf'{re.escape(directory)}/metadata:(?:{"|".join(map(str, case.lines))}):\d+: (.*)'
        if 0 in case.lines:
            place = rf'{re.escape(directory)}/metadata:(?:\d+:\d+:)? (.*)'
    found = re.search(place, errors)
    return found and found.group(1)


def run(borelog, case, directory, *options):
    """Return: what is wrong, a text for each."""
    if not options:
        case.write(directory)
    done = subprocess.run(
        [borelog, 'events', '--format', 'json', *options, directory], capture_output=True, timeout=60, check=False
    )
    output, errors = (text.decode('utf-8', 'surrogateescape') for text in (done.stdout, done.stderr))
    wrong = list(faults(case, directory, done.returncode, output, errors))
    return wrong + [f'it says: {errors.strip()}'] if wrong and errors else wrong
