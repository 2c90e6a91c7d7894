#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The metadata of one small trace in both formats, held against the files beside this one.

Usage: ctf_golden.py PLAY [--update] [COMMAND...]

What changes in these files changes what every reader sees: look at the difference, then run with --update.
"""
import os
import struct
import subprocess
import sys
import tempfile

import ctf2_rules

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = {'1.8': 'metadata-1.8.tsdl', '2': 'metadata-2.json'}
U8, U32, I32, F64, BOOL, STRING, HEX, SEQUENCE, ENUM = 1, 3, 7, 10, 11, 12, 0x20, 0x40, 0x80


def field(kind, name, order='<', mappings=()):
    out = bytes([kind]) + name + b'\0'
    if kind & ENUM:
        out += struct.pack(order + 'H', len(mappings))
    return out + b''.join(struct.pack(order + 'qq', first, last) + label + b'\0' for first, last, label in mappings)


def event(order, number, line, texts, fields):
    body = b''.join(text + b'\0' for text in texts) + b''.join(fields)
    size = (16 + len(body) + 7) // 8 * 8
    return (struct.pack(order + 'IIIHH', size, number, line, len(fields), 0) + body).ljust(size, b'\0')


def descriptions(order):
    states = [(0, 0, b'IDLE'), (1, 4, b'BUSY'), (-5, -1, b'a "bad" one'), (7, 7, b'BUSY')]
    return b''.join([
        event(order, 1, 42, (b'db', b'query_done', b'src/db.c'), [
            field(I32, b'rows'), field(STRING, b'sql'), field(F64, b'latency_us'), field(BOOL, b'ok'),
            field(I32 | ENUM, b'state', order, states)]),
        event(order, 2, 7, (b'net', b'packet', b''), [
            field(U8 | HEX | SEQUENCE, b'data'), field(U32 | SEQUENCE, b'p->lengths[i]'), field(U32 | HEX, b'struct')]),
        event(order, 5000, 0, (b'', b'\xe2\x98\x83 \x1b[31m\xff"\\', b''), [])])


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != '--update']
    command = arguments[1:] + arguments[:1]
    order = subprocess.run(command, input='order\n', capture_output=True, text=True, check=True).stdout.strip()
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        script = f'describe {descriptions("<" if order == "little" else ">").hex()}\n'
        script += f'stream {directory}/a 0 12 1 2\nstream {directory}/b 7 5 0 2\n'
        script += ''.join(f'metadata {version} little {directory}/{version}\n' for version in FILES)
        subprocess.run(command, input=script, text=True, check=True)
        for version, name in FILES.items():
            with open(f'{directory}/{version}', 'rb') as file:
                got = file.read()
            if '--update' in sys.argv:
                with open(f'{HERE}/{name}', 'wb') as file:
                    file.write(got)
            with open(f'{HERE}/{name}', 'rb') as file:
                want = file.read()
            if got != want:
                print(f'{name} differs:\n{got.decode()}')
                wrong = 1
            if version == '2':
                ctf2_rules.check(got)
    sys.exit(wrong)


main()
