# SPDX-License-Identifier: MIT
"""Where Xen's source says that something is traced: found in the text, so that nothing is missed because it was not compiled.

Names that trace are the functions of BASE, every macro whose text has such a name, every function in a header whose body has one,
and in other files every function of which that is true and whose own name has "trace" in it. What has another name only traces: it
hands nothing on (sites.py fails if one does).
"""
import pathlib
import re

BASE = {"__trace_var", "trace_var", "__trace_hypercall"}
# The tracer itself, and its headers' stand-ins for Xen without one.
TRACER = {"common/trace.c", "include/xen/trace.h"}
DIRECTORIES = ("arch/x86", "common", "crypto", "drivers", "lib", "xsm", "include")

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\\\n]|\\\n|\\.)*", re.M)
DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)(.*)", re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+\.c)"', re.M)
WORD = re.compile(r"[A-Za-z_]\w*")


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


class File:
    def __init__(self, root, path):
        self.path = path
        text = (root / path).read_text(errors="replace")
        self.includes = [(pathlib.PurePosixPath(path).parent / name).as_posix() for name in INCLUDE.findall(text)]
        text = COMMENT.sub(blank, text)
        self.macros = [match.groups() for match in map(DEFINE.match, DIRECTIVE.findall(text)) if match]
        self.code = DIRECTIVE.sub(blank, text)
        self.words = set(WORD.findall(text))
        self.functions = None

    def bodies(self):
        """(name, begin, end) of what looks like a function: a name, parentheses, braces, at the outermost level."""
        if self.functions is None:
            self.functions = list(self.find_bodies())
        return self.functions

    def find_bodies(self):
        depth, begin, outside = 0, 0, 0
        for match in re.finditer(r"[{}]", self.code):
            if match[0] == "{":
                if depth == 0:
                    begin = match.start()
                depth += 1
            elif depth:
                depth -= 1
                if depth == 0:
                    name = function_name(self.code[outside:begin])
                    if name:
                        yield name, begin, match.end()
                    outside = match.end()

    def function_at(self, at):
        return next((name for name, begin, end in self.bodies() if begin < at < end), None)

    def line(self, at):
        return self.code.count("\n", 0, at) + 1


def function_name(text):
    """Of the text in front of an opening brace."""
    text = text[text.rfind(";") + 1:].rstrip()
    if not text.endswith(")"):
        return None
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth == 0:
            match = re.search(r"(\w+)\s*$", text[:at])
            return match and match[1]
    return None


class Source:
    def __init__(self, root):
        self.root = root
        paths = sorted(path.relative_to(root).as_posix() for directory in DIRECTORIES for suffix in ("*.c", "*.h", "*.S")
                       for path in (root / directory).rglob(suffix) if path.is_file() and not path.is_symlink())
        self.files = [File(root, path) for path in paths]
        self.names = set(BASE)
        while self.grow():
            pass

    def grow(self):
        before = len(self.names)
        for file in self.files:
            if not self.names & file.words:
                continue
            self.names.update(name for name, text in file.macros if self.names & set(WORD.findall(text)))
            for name, begin, end in file.bodies():
                if self.names & set(WORD.findall(file.code[begin:end])) and (file.path.endswith(".h") or "trace" in name.lower()):
                    self.names.add(name)
        return len(self.names) > before

    def files_that_trace(self):
        """What must be compiled to see every call, and what cannot be looked at that way."""
        used = {file.path for file in self.files if self.names & file.words and not file.path.endswith(".h")}
        more = True
        while more:
            more = {file.path for file in self.files if file.path not in used and used & set(file.includes)}
            used |= more
        return sorted(path for path in used if path.endswith(".c")), sorted(path for path in used if path.endswith(".S"))

    def uses(self):
        """(path, line, function, name) of each name that traces where it is used in code, but not declared or defined."""
        for file in self.files:
            if self.names & file.words and file.path not in TRACER:
                for match in WORD.finditer(file.code):
                    if match[0] in self.names and not declares(file.code[:match.start()]):
                        yield file.path, file.line(match.start()), file.function_at(match.start()), match[0]


def declares(before):
    """Is what follows this text a declaration: is there a type in front?"""
    words = re.search(r"(\w+|[^\s\w])\s*$", before)
    return bool(words) and (words[1] == "*" or words[1].isidentifier() and words[1] not in ("return", "else", "do"))
