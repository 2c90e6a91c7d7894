# SPDX-License-Identifier: MIT
"""Small CTF 2 traces, one for each rule of CTF2-SPEC-2.0 (revision rB), with what a reader must make of them.

Bytes and expectations are derived by hand from the text of the specification, never with a reader of ours. Data is written as in a
diagram: hexadecimal bytes, "text", or 0b and eight bits of one byte, the most significant first, with ' between fields; # begins a
comment. case.py has the shapes; the other files are lists of cases by subject; ../ctf2.py runs them.
"""
