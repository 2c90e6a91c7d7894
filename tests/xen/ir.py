# SPDX-License-Identifier: MIT
"""What values reach a call: the compiler's intermediate form (LLVM's, as text) of some files of one program, followed backwards.

A value is an int, or Unknown with the bits that are surely set. Where control flow decides, all ways are taken, each with what it
decided: two operands of one call are never mixed from different ways. An argument of a function has the values of all its direct
callers, in whatever file they are. What is not followed is Unknown: the answer has too many ways rather than too few.
"""
import functools
import os
import re

DEFINE = re.compile(r"define (?P<linkage>(?:internal |private )?)[^@]*@(?P<name>[\w.$]+)\((?P<args>.*)\)[^()]*\{$")
CALL = re.compile(r"(?:%[\w.]+ = )?(?:tail |musttail |notail )?call [^@]*@(?P<callee>[\w.$]+)\((?P<args>.*)\)(?P<rest>[^()]*)$")
ASSIGN = re.compile(r"(%[\w.]+) = (.*)$")
DBG = re.compile(r"!dbg !(\d+)")
LABEL = re.compile(r"([\w.]+):")
BRANCH = re.compile(r"br i1 (\S+), label (%[\w.]+), label (%[\w.]+)")
PHI = re.compile(r"\[ ([^,\]]+), (%[\w.]+) \]")
BINARY = re.compile(r"(add|sub|mul|and|or|xor|shl|lshr)(?: nuw| nsw| exact)* (i\d+) ([^,]+), ([^,]+)")
CAST = re.compile(r"(zext|trunc|sext|freeze)(?: nneg)? (i\d+) (\S+?)(?: to (i\d+))?(?:,|$)")
SELECT = re.compile(r"select i1 ([^,]+), i\d+ ([^,]+), i\d+ ([^,]+)")
DECLARE = re.compile(r"call void @llvm\.dbg\.declare\(metadata .*?(%[\w.]+), metadata !(\d+),")
ADDRESS = re.compile(r"bitcast .*?(%[\w.]+) to |getelementptr inbounds .*\* (%[\w.]+), i64 0, i64 0(?:,|$)")
SMALL = 6  # bits of an unknown value that are tried


class Unknown:
    def __init__(self, ones=0):
        self.ones = ones

    def __repr__(self):
        return f"Unknown({self.ones:#x})"

    def __eq__(self, other):
        return isinstance(other, Unknown) and self.ones == other.ones

    def __hash__(self):
        return hash(("unknown", self.ones))


def operands(text):
    """The arguments of a call, split at its own commas; each is the last word of its part."""
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{<") - (letter in ")]}>")
        if letter == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    parts.append(text[begin:])
    return [part.split()[-1] for part in parts if part.strip()]


class Call:
    def __init__(self, function, callee, args, location):
        self.function, self.callee, self.args, self.location = function, callee, args, location

    def lines(self):
        """Where it is in the source: (file, line), from the function that holds the text to that which all was inlined into."""
        return self.function.module.lines(self.location)

    def layout(self, index):
        """What lies where in the variable that an argument points to: [(first bit, bits, name, is it one of an array)], or None."""
        operand, function = self.args[index], self.function
        while operand not in function.declared:
            text = function.values.get(operand, "")
            address, scalar = ADDRESS.match(text), re.match(r"alloca i(\d+),", text)
            if scalar:
                return [(0, int(scalar[1]), "", False)]
            if not address:
                return None
            operand = address[1] or address[2]
        variable = function.module.metadata[function.declared[operand]]
        return list(function.module.members(re.search(r"\btype: !(\d+)", variable)[1], 0, "", False))


class Function:
    def __init__(self, module, name, internal, arguments):
        self.module, self.name, self.internal = module, name, internal
        self.arguments = {f"%{number}": number for number in range(arguments)}
        self.values, self.branches, self.block_of, self.declared, self.calls = {}, {}, {}, {}, []

    def add(self, line, block):
        match = CALL.match(line)
        if match and not match["callee"].startswith("llvm."):
            dbg = DBG.search(match["rest"])
            self.calls.append(Call(self, match["callee"], operands(match["args"]), dbg and dbg[1]))
        match = DECLARE.match(line)
        if match:
            self.declared[match[1]] = match[2]
        match = BRANCH.match(line)
        if match:
            self.branches[block] = match.groups()
        match = ASSIGN.match(line)
        if match:
            self.values[match[1]] = match[2]
            self.block_of[match[1]] = block


class Module:
    def __init__(self, path, root):
        self.root, self.functions, self.metadata, self.taken = str(root), {}, {}, set()
        function = block = None
        for line in open(path):
            if line[0] == "!":
                name, _, value = line.partition(" = ")
                self.metadata[name[1:]] = value
                continue
            if line.startswith("define "):
                match = DEFINE.match(line.rstrip())
                if not match:
                    raise SyntaxError(f"{path}: a function that is not understood: {line.rstrip()[:200]}")
                function = Function(self, match["name"], bool(match["linkage"].strip()), len(operands(match["args"])))
                self.functions[function.name] = function
                block = f"%{len(function.arguments)}"
                continue
            if line[0] == "}":
                function = None
            elif function and line[0] != " ":
                match = LABEL.match(line)
                block = "%" + match[1] if match else block
            elif function:
                function.add(line.strip(), block)
            self.note_taken(line)

    def note_taken(self, line):
        """Names whose address is used: anything but being called."""
        if "@" not in line or line.startswith(("declare ", "source_filename", "target ")):
            return
        match = CALL.match(line.strip())
        rest = match["args"] if match else line
        self.taken.update(re.findall(r"@([\w.$]+)", rest if match else re.sub(r"^@[\w.$]+ =", "", rest)))

    def members(self, type_, offset, name, in_array):
        """The scalars in a type."""
        text = self.metadata[type_]
        size = int((re.search(r"\bsize: (\d+)", text) or (0, 0))[1])
        base = re.search(r"\bbaseType: !(\d+)", text)
        elements = re.search(r"\belements: !(\d+)", text)
        parts = re.findall(r"!(\d+)", self.metadata[elements[1]]) if elements else []
        if "DW_TAG_typedef" in text or "DW_TAG_const_type" in text or "DW_TAG_volatile_type" in text:
            yield from self.members(base[1], offset, name, in_array)
        elif "DW_TAG_structure_type" in text:
            for part in parts:
                member = self.metadata[part]
                at = offset + int((re.search(r"\boffset: (\d+)", member) or (0, 0))[1])
                called = re.search(r'\bname: "(\w*)"', member)[1]
                if "DIFlagBitField" in member:
                    yield at, int(re.search(r"\bsize: (\d+)", member)[1]), called, False
                else:
                    yield from self.members(re.search(r"\bbaseType: !(\d+)", member)[1], at, called, False)
        elif "DW_TAG_array_type" in text and len(parts) == 1:
            count = int(re.search(r"count: (\d+)", self.metadata[parts[0]])[1])
            for number in range(count):
                yield from self.members(base[1], offset + number * (size // count), name, True)
        else:
            yield offset, size, name, in_array

    def file_of(self, scope):
        text = self.metadata[scope]
        match = re.search(r"\bfile: !(\d+)", text)
        if not match:
            return self.file_of(re.search(r"\bscope: !(\d+)", text)[1])
        file = self.metadata[match[1]]
        name, directory = (re.search(rf'{what}: "([^"]*)"', file)[1] for what in ("filename", "directory"))
        return self.relative(os.path.normpath(os.path.join(directory, name)))

    @functools.cache
    def relative(self, path):
        root = os.path.join(self.root, "")
        return path[len(root):] if path.startswith(root) else path

    def lines(self, location):
        found = []
        while location:
            text = self.metadata[location]
            line, scope = re.search(r"line: (\d+)", text), re.search(r"scope: !(\d+)", text)
            found.append((self.file_of(scope[1]), int(line[1]) if line else 0))
            match = re.search(r"inlinedAt: !(\d+)", text)
            location = match and match[1]
        return found


class Program:
    """Of these files; places in the source are relative to root, where they are below it."""

    def __init__(self, paths, root):
        self.modules = [Module(path, root) for path in paths]
        self.external = {}
        for module in self.modules:
            for function in module.functions.values():
                if not function.internal:
                    self.external[function.name] = function
        self.callers = {}
        for module in self.modules:
            for function in module.functions.values():
                for call in function.calls:
                    self.callers.setdefault(self.find(module, call.callee), []).append(call)

    def find(self, module, name):
        """What a name means in a module: a function of the program, or just the name."""
        return module.functions.get(name) or self.external.get(name, name)

    def calls(self, name):
        """Of a function that is not internal to a file."""
        return self.callers.get(self.external.get(name, name), [])

    def calls_of_any(self, name):
        """Of all functions that have this name."""
        named = [module.functions[name] for module in self.modules if name in module.functions]
        return self.calls(name) + [call for function in named if function.internal for call in self.callers.get(function, [])]

    def is_taken(self, function):
        """Is the address of a function used, so that not all calls are seen? A name is a function not internal to a file."""
        internal = function.module if isinstance(function, Function) and function.internal else None
        name = function.name if isinstance(function, Function) else function
        return any(name in module.taken for module in self.modules if not internal or module is internal)

    def values(self, call, indices):
        """The combinations of values that arguments can have: [values], {function: the call that was followed to its caller}."""
        def combine(left, known):
            if not left:
                yield [], known
                return
            for value, now in self.evaluate(call.function, call.args[left[0]], known, ()):
                for others, end in combine(left[1:], now):
                    yield [value] + others, end
        for values, known in combine(list(indices), {}):
            yield values, {key: value for key, value in known.items() if isinstance(key, Function)}

    def evaluate(self, function, operand, known, path):
        if re.fullmatch(r"-?\d+", operand):
            yield int(operand), known
        elif operand in ("true", "false"):
            yield int(operand == "true"), known
        elif operand in function.arguments and operand not in function.values:
            yield from self.argument(function, function.arguments[operand], known, path)
        elif operand not in function.values or (function, operand) in path:
            yield Unknown(), known
        else:
            yield from self.instruction(function, operand, known, path + ((function, operand),))

    def argument(self, function, number, known, path):
        calls = [known[function]] if function in known else self.callers.get(function, [])
        if self.is_taken(function) or not calls or any(call.function is function for call in calls):
            yield Unknown(), known
            return
        for call in calls:
            yield from self.evaluate(call.function, call.args[number], {**known, function: call}, path)

    def condition(self, function, operand, known):
        """Both outcomes of a branch or select, or the one that is decided already."""
        negated = re.match(r"xor i1 (%[\w.]+), true", function.values.get(operand, ""))
        if negated:
            for value, now in self.condition(function, negated[1], known):
                yield not value, now
        elif operand in ("true", "false"):
            yield operand == "true", known
        elif (function, operand) in known:
            yield known[function, operand], known
        else:
            for value in (True, False):
                yield value, {**known, (function, operand): value}

    def instruction(self, function, name, known, path):
        text = function.values[name]
        if text.startswith("phi i"):
            yield from self.phi(function, name, text, known, path)
        elif SELECT.match(text):
            condition, first, second = SELECT.match(text).groups()
            for value, now in self.condition(function, condition, known):
                yield from self.evaluate(function, first if value else second, now, path)
        elif CAST.match(text):
            how, width, operand, _ = CAST.match(text).groups()
            if width == "i1" and how == "zext":
                for value, now in self.condition(function, operand, known):
                    yield int(value), now
            else:
                yield from self.evaluate(function, operand, known, path)
        elif BINARY.match(text):
            how, width, first, second = BINARY.match(text).groups()
            for x, now in self.evaluate(function, first, known, path):
                for y, end in self.evaluate(function, second, now, path):
                    for value in binary(how, int(width[1:]), x, y):
                        yield value, end
        else:
            yield Unknown(), known

    def phi(self, function, name, text, known, path):
        block = function.block_of[name]
        for operand, before in PHI.findall(text):
            if known.get((function, block), before) != before:
                continue
            now = {**known, (function, block): before}
            branch = function.branches.get(before)
            if branch and branch[1] != branch[2]:
                way = branch[1] == block
                for value, then in self.condition(function, branch[0], now):
                    if value == way:
                        yield from self.evaluate(function, operand, then, path)
            else:
                yield from self.evaluate(function, operand, now, path)


def submasks(mask):
    part = mask
    while True:
        yield part
        if part == 0:
            return
        part = (part - 1) & mask


def binary(how, width, x, y):
    limit = (1 << width) - 1
    if isinstance(x, int) and isinstance(y, int):
        compute = {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "and": lambda: x & y, "or": lambda: x | y,
                   "xor": lambda: x ^ y, "shl": lambda: x << y, "lshr": lambda: (x & limit) >> y}
        yield compute[how]() & limit
    elif how == "and" and (isinstance(x, int) or isinstance(y, int)):
        mask = (x if isinstance(x, int) else y) & limit
        if bin(mask).count("1") <= SMALL:
            yield from submasks(mask)
        else:
            yield Unknown((x.ones if isinstance(x, Unknown) else y.ones) & mask)
    elif how == "or":
        yield Unknown((x if isinstance(x, int) else x.ones) | (y if isinstance(y, int) else y.ones))
    else:
        yield Unknown()
