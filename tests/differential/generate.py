"""Random cases in the form of `sekimori cedar batch`: schema, policies, links, entities, request.

A case depends on (seed, number) only, so that any one can be made again. Most cases are meant to be right; some are wrong on purpose: an
ill-typed operand, an undeclared name, a broken token, a non-conforming entity. What counts is that two implementations say the same.

Everything is written as text, not through anybody's printer: surface forms (`!=`, `>`, index access, extended `has`, comments, trailing
commas, redundant parentheses) are drawn at random.
"""

import json
import random

BASIC = ["Long", "String", "Bool"]
EXTENSION = ["ipaddr", "decimal", "datetime", "duration"]
IDENTS = ["a", "b", "cc", "name", "if_", "context", "in_", "x1", "principal", "like_", "Set", "Long", "permit"]
QUOTED = ["a b", "", "if", "é", "\u0000n", "q\"q", "日本"]
STRINGS = ["", "a", "b", "abc", "aXb", "*", "a*b", "é", "日本語", "\u0000", "line\nbreak", "quote\"", "back\\slash", "tab\t", "\U0001F600", "10.0.0.1"]
LONGS = [0, 1, -1, 2, 3, 7, 42, 2**31, -2**31, 2**63 - 1, -2**63, 2**62, 900]
IPS = ["127.0.0.1", "10.0.0.0/8", "10.1.2.3", "::1", "::/0", "0.0.0.0/0", "224.0.0.1", "ff00::/8", "192.168.0.1/24", "1:2:3:4:5:6:7:8", "1::8",
       "127.0.0.1/7", "::ffff:102:304"]
BAD_IPS = ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4/33", "::1/129", "1:2:3:4:5:6:7::8", "::ffff:1.2.3.4", "1.2.3.4/", "1.2.3.4/08", " 1.2.3.4", "g::", ""]
DECIMALS = ["0.0", "1.0", "-1.5", "0.0001", "-0.5", "922337203685477.5807", "-922337203685477.5808", "12.34", "007.1"]
BAD_DECIMALS = ["1", "1.", ".5", "1.00000", "922337203685477.5808", "1e3", "+1.0", "-", "", "1.0 "]
DATETIMES = ["1970-01-01", "2024-02-29", "0000-01-01", "9999-12-31T23:59:59.999Z", "2026-11-21T12:00:00Z", "2026-11-21T12:00:00.500+0930",
             "1969-12-31T23:59:59Z", "0000-01-01T00:00:00+2359"]
BAD_DATETIMES = ["2023-02-29", "1900-02-29", "2024-13-01", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00", "2024-1-1",
                 "2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00+2400", "2024-01-01T00:00:00+0060", "2024-01-01t00:00:00Z", ""]
DURATIONS = ["0ms", "1ms", "-1ms", "1500ms", "-1500ms", "1d2h3m4s5ms", "1m1ms", "90m", "36h", "-9223372036854775808ms", "9223372036854775807ms"]
BAD_DURATIONS = ["", "-", "1", "1s1m", "1.5s", "9223372036854775808ms", "+1s", "1h 1m", "1dd", "106751991168d"]
EXT_TEXTS = {"ipaddr": ("ip", IPS, BAD_IPS), "decimal": ("decimal", DECIMALS, BAD_DECIMALS), "datetime": ("datetime", DATETIMES, BAD_DATETIMES),
             "duration": ("duration", DURATIONS, BAD_DURATIONS)}
# Methods: name, receiver, further arguments, result.
METHODS = [("isIpv4", "ipaddr", [], "Bool"), ("isIpv6", "ipaddr", [], "Bool"), ("isLoopback", "ipaddr", [], "Bool"),
           ("isMulticast", "ipaddr", [], "Bool"), ("isInRange", "ipaddr", ["ipaddr"], "Bool"),
           ("lessThan", "decimal", ["decimal"], "Bool"), ("lessThanOrEqual", "decimal", ["decimal"], "Bool"),
           ("greaterThan", "decimal", ["decimal"], "Bool"), ("greaterThanOrEqual", "decimal", ["decimal"], "Bool"),
           ("offset", "datetime", ["duration"], "datetime"), ("durationSince", "datetime", ["datetime"], "duration"),
           ("toDate", "datetime", [], "datetime"), ("toTime", "datetime", [], "duration"),
           ("toMilliseconds", "duration", [], "Long"), ("toSeconds", "duration", [], "Long"), ("toMinutes", "duration", [], "Long"),
           ("toHours", "duration", [], "Long"), ("toDays", "duration", [], "Long")]
RESERVED = {"true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"}


def is_ident(text):
    return text.isascii() and text.isidentifier() and text not in RESERVED


def quote(rng, text):
    """A Cedar string literal, escapes drawn at random where they are a choice."""
    out = []
    for char in text:
        code = ord(char)
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append(rng.choice(["\\n", "\\u{a}"]))
        elif char == "\t":
            out.append(rng.choice(["\\t", "\\x09", "\t"]))
        elif code == 0:
            out.append(rng.choice(["\\0", "\\x00", "\\u{0}"]))
        elif rng.random() < 0.03:
            out.append(f"\\u{{{code:x}}}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


class Type:
    """One of: basic and extension names, ("entity", T), ("set", t), ("record", {name: (t, required)})."""


class Case:
    def __init__(self, seed, number):
        self.rng = random.Random(f"{seed}/{number}")
        self.sloppy = self.rng.random() < 0.25       # this case may hold ill-typed expressions
        self.with_schema = self.rng.random() < 0.75
        self.namespace = self.rng.choice(["", "", "", "App", "A::B"])
        self.types, self.commons, self.actions = {}, {}, []
        self.declare()

    # ---- schema ----

    def pick(self, items):
        return self.rng.choice(items)

    def chance(self, probability):
        return self.rng.random() < probability

    def full(self, name):
        return f"{self.namespace}::{name}" if self.namespace else name

    def random_type(self, depth=0):
        roll = self.rng.random()
        entities = [t for t in self.types]
        if roll < 0.5 or depth > 2:
            return self.pick(BASIC)
        if roll < 0.65:
            return self.pick(EXTENSION)
        if roll < 0.8 and entities:
            return ("entity", self.pick(entities))
        if roll < 0.9:
            return ("set", self.random_type(depth + 1))
        return ("record", self.random_attrs(depth + 1, 3))

    def random_attrs(self, depth, most):
        names = self.rng.sample(IDENTS + (QUOTED if self.chance(0.2) else []), self.rng.randint(0, most))
        return {name: (self.random_type(depth), self.chance(0.65)) for name in names}

    def declare(self):
        names = self.rng.sample(["User", "Group", "Doc", "Folder", "Team", "Host"], self.rng.randint(2, 4))
        for name in names:
            self.types[self.full(name)] = {"attrs": {}, "parents": [], "tags": None, "enum": None}
        if self.chance(0.2):
            self.types[self.full("Color")] = {"attrs": {}, "parents": [], "tags": None, "enum": ["red", "green", "é"]}
        plain = [t for t, d in self.types.items() if not d["enum"]]
        for name in plain:
            info = self.types[name]
            info["attrs"] = self.random_attrs(0, 4)
            info["parents"] = [p for p in plain if self.chance(0.35)]
            info["tags"] = self.random_type(1) if self.chance(0.3) else None
        if self.chance(0.3):
            self.commons["Shared"] = ("record", self.random_attrs(1, 3))
        groups = [f"g{i}" for i in range(self.rng.randint(0, 2))]
        for i, group in enumerate(groups):
            self.actions.append({"id": group, "in": [g for g in groups[:i] if self.chance(0.6)], "p": [], "r": [], "context": {}})
        for name in self.rng.sample(["view", "edit", "delete", "do it"], self.rng.randint(1, 3)):
            context = self.commons["Shared"][1] if self.commons and self.chance(0.4) else self.random_attrs(0, 3)
            self.actions.append({"id": name, "in": [g for g in groups if self.chance(0.5)],
                                 "p": [t for t in plain if self.chance(0.6)] or [plain[0]],
                                 "r": [t for t in self.types if self.chance(0.6)] or [plain[-1]], "context": context})

    def type_text(self, kind):
        if isinstance(kind, str):
            return self.pick([kind, "__cedar::" + kind]) if kind not in IDENTS else "__cedar::" + kind
        if kind[0] == "entity":
            return kind[1]
        if kind[0] == "set":
            return f"Set<{self.type_text(kind[1])}>"
        return self.attrs_text(kind[1])

    def attrs_text(self, attrs):
        parts = [f"{name if is_ident(name) and self.chance(0.8) else quote(self.rng, name)}{'' if required else '?'}: {self.type_text(kind)}"
                 for name, (kind, required) in attrs.items()]
        return "{" + ", ".join(parts) + ("," if parts and self.chance(0.2) else "") + "}"

    def schema_text(self):
        lines = []
        for name, shape in self.commons.items():
            lines.append(f"type {name} = {self.type_text(shape)};")
        for name, info in self.types.items():
            short = name.rsplit("::", 1)[-1]
            if info["enum"]:
                lines.append(f"entity {short} enum [" + ", ".join(quote(self.rng, i) for i in info["enum"]) + "];")
                continue
            text = f"entity {short}"
            text += f" in [{', '.join(info['parents'])}]" if info["parents"] else ""
            text += (" = " if self.chance(0.3) else " ") + self.attrs_text(info["attrs"]) if info["attrs"] else ""
            lines.append(text + (f" tags {self.type_text(info['tags'])}" if info["tags"] else "") + ";")
        for action in self.actions:
            text = "action " + (action["id"] if is_ident(action["id"]) and self.chance(0.7) else quote(self.rng, action["id"]))
            text += f" in [{', '.join(quote(self.rng, g) for g in action['in'])}]" if action["in"] else ""
            if action["p"]:
                text += f" appliesTo {{ principal: [{', '.join(action['p'])}], resource: [{', '.join(action['r'])}]"
                text += f", context: {self.attrs_text(action['context'])}" if action["context"] else ""
                text += " }"
            lines.append(text + ";")
        body = "\n".join(lines)
        text = f"namespace {self.namespace} {{\n{body}\n}}" if self.namespace else body
        return self.break_text(text) if self.chance(0.02) else text

    # ---- values ----

    def ids(self, kind):
        return self.types[kind]["enum"] or ["a", "b", "c", "d e"]

    def uid(self, kind):
        return (kind, self.pick(self.ids(kind)) if not self.chance(0.02) else "zz")

    def uid_text(self, uid):
        return f"{uid[0]}::{quote(self.rng, uid[1])}"

    def uid_plain(self, uid):
        """As requests and links want it: the reference takes no escapes there that are not needed, `sekimori` takes any Cedar text."""
        return f'{uid[0]}::"{uid[1]}"'

    def uid_json(self, uid, wrap):
        plain = {"type": uid[0], "id": uid[1]}
        return {"__entity": plain} if wrap else plain

    def value_json(self, kind, depth=0):
        """A value of the type as JSON; with a schema, implicit forms are drawn too."""
        implicit = self.with_schema and self.chance(0.5)
        if self.chance(0.0015):
            kind = self.pick(BASIC)
        if kind == "Long":
            return self.pick(LONGS)
        if kind == "String":
            return self.pick(STRINGS)
        if kind == "Bool":
            return self.chance(0.5)
        if isinstance(kind, str):
            name, good, bad = EXT_TEXTS[kind]
            if kind == "datetime" and self.chance(0.15):
                return {"__extn": {"fn": "offset", "args": [{"__extn": {"fn": "datetime", "arg": self.pick(good)}},
                                                          {"__extn": {"fn": "duration", "arg": self.pick(DURATIONS)}}]}}
            text = self.pick(good) if not self.chance(0.002) else self.pick(bad)
            return text if implicit else {"__extn": {"fn": name, "arg": text}} if self.chance(0.9) or not self.with_schema \
                else {"fn": name, "arg": text}
        if kind[0] == "entity":
            return self.uid_json(self.uid(kind[1]), not implicit)
        if kind[0] == "set":
            return [self.value_json(kind[1], depth + 1) for _ in range(self.rng.randint(0, 3))]
        return self.record_json(kind[1], depth + 1)

    def record_json(self, attrs, depth=0):
        record = {name: self.value_json(kind, depth) for name, (kind, required) in attrs.items() if required or self.chance(0.5)}
        if record and self.chance(0.0015):
            record.pop(next(iter(record)))
        if self.chance(0.0015):
            record["extra"] = 1
        return record

    def entities_json(self):
        """Every type's a, b, c as far as drawn; parents only from types declared as such, pointing to later ids to stay acyclic."""
        made, order = [], list(self.types)
        for kind, info in self.types.items():
            if info["enum"]:
                continue
            for i, name in enumerate(self.ids(kind)):
                if not self.chance(0.7):
                    continue
                parents = []
                for parent in info["parents"]:
                    later = self.ids(parent)[i + 1:] if order.index(parent) <= order.index(kind) else self.ids(parent)[i:]
                    parents += [self.uid_json((parent, p), self.chance(0.3)) for p in later if self.chance(0.4)]
                if self.chance(0.0015):
                    parents.append(self.uid_json((kind, name), False))
                entity = {"uid": self.uid_json((kind, name), self.chance(0.2)), "attrs": self.record_json(info["attrs"]), "parents": parents}
                if info["tags"] and self.chance(0.7):
                    entity["tags"] = {t: self.value_json(info["tags"]) for t in self.rng.sample(["a", "b", "t"], self.rng.randint(0, 2))}
                made.append(entity)
        if not self.with_schema or self.chance(0.2):
            made += [{"uid": {"type": self.full("Action"), "id": a["id"]}, "attrs": {},
                      "parents": [{"type": self.full("Action"), "id": g} for g in self.action_ancestors(a)]} for a in self.actions]
        if made and self.chance(0.01):
            made.append(dict(made[0], attrs={}) if self.chance(0.5) else made[0])
        self.rng.shuffle(made)
        return made

    def action_ancestors(self, action):
        found = set()
        todo = list(action["in"])
        while todo:
            group = todo.pop()
            if group not in found:
                found.add(group)
                todo += next(a["in"] for a in self.actions if a["id"] == group)
        return sorted(found)

    # ---- expressions ----

    def blank(self):
        return "" if self.chance(0.97) else self.pick([" ", "\n", " // note\n", "\t"])

    def wrap(self, text):
        return f"({text})" if self.chance(0.08) else text

    def expr(self, kind, scope, depth):
        """Text of an expression of the type, as an operand that needs no parentheses around it where an atom is wanted."""
        if self.sloppy and self.chance(0.03):
            kind = self.random_type()
        if depth <= 0:
            return self.leaf(kind, scope)
        if self.chance(0.06):
            return f"(if {self.expr('Bool', scope, depth - 1)} then {self.expr(kind, scope, depth - 1)} else {self.expr(kind, scope, depth - 1)})"
        if self.chance(0.35) and kind != "Bool":
            path = self.access(kind, scope, depth)
            if path:
                return path
        if kind == "Bool":
            return self.boolean(scope, depth)
        if kind == "Long":
            return self.long(scope, depth)
        if isinstance(kind, str) and kind in EXTENSION:
            return self.extension(kind, scope, depth)
        if not isinstance(kind, str) and kind[0] == "set":
            return "[" + ", ".join(self.expr(kind[1], scope, depth - 1) for _ in range(self.rng.randint(1, 3))) + \
                ("," if self.chance(0.1) else "") + "]"
        return self.leaf(kind, scope, depth - 1)

    def leaf(self, kind, scope, depth=0):
        if kind == "Bool":
            return self.pick(["true", "false"])
        if kind == "Long":
            return str(self.pick(LONGS))
        if kind == "String":
            return quote(self.rng, self.pick(STRINGS))
        if isinstance(kind, str):
            name, good, bad = EXT_TEXTS[kind]
            return f"{name}({quote(self.rng, self.pick(bad) if self.chance(0.06) else self.pick(good))})"
        if kind[0] == "entity":
            for variable in ("principal", "resource"):
                if scope[variable] == kind[1] and self.chance(0.5):
                    return variable
            return self.uid_text(self.uid(kind[1]))
        if kind[0] == "set":
            return f"[{self.leaf(kind[1], scope)}]" if not (self.sloppy and self.chance(0.3)) else "[]"
        parts = [f"{n if is_ident(n) else quote(self.rng, n)}: {self.expr(k, scope, depth - 1)}" for n, (k, required) in kind[1].items()
                 if required or self.chance(0.7)]
        return "{" + ", ".join(parts) + "}"

    def roots(self, scope):
        """(text, attrs, is_entity) of what has attributes."""
        yield "principal", self.types[scope["principal"]]["attrs"]
        yield "resource", self.types[scope["resource"]]["attrs"]
        yield "context", scope["context"]

    def dot(self, base, name):
        return f"{base}.{name}" if is_ident(name) and self.chance(0.85) else f"{base}[{quote(self.rng, name)}]"

    def paths(self, scope):
        """All (text, type, guards) up to two steps."""
        found = []
        for root, attrs in self.roots(scope):
            todo = [(root, attrs, [], 0)]
            while todo:
                base, fields, guards, steps = todo.pop()
                for name, (kind, required) in fields.items():
                    here = guards if required else guards + [(base, name)]
                    found.append((base, name, kind, here))
                    if steps < 2 and not isinstance(kind, str):
                        inner = self.types[kind[1]]["attrs"] if kind[0] == "entity" else kind[1] if kind[0] == "record" else None
                        if inner and is_ident(name):
                            todo.append((f"{base}.{name}", inner, here, steps + 1))
        return found

    def access(self, kind, scope, depth):
        fitting = [p for p in self.paths(scope) if p[2] == kind]
        if not fitting:
            return None
        base, name, _, guards = self.pick(fitting)
        text = self.dot(base, name)
        if guards and not self.chance(0.12):
            tests = " && ".join(self.has(b, n) for b, n in guards)
            return f"(if {tests} then {text} else {self.leaf(kind, scope)})"
        return text

    def has(self, base, name):
        parts = base.split(".")
        if is_ident(name) and len(parts) > 1 and self.chance(0.3):
            return f"{parts[0]} has {'.'.join(parts[1:])}.{name}"
        return f"{base} has {name if is_ident(name) and self.chance(0.8) else quote(self.rng, name)}"

    def boolean(self, scope, depth):
        d = depth - 1
        choice = self.rng.random()
        if choice < 0.16:
            op = self.pick(["&&", "||"])
            return "(" + f" {op}{self.blank()} ".join(self.expr("Bool", scope, d) for _ in range(self.rng.randint(2, 3))) + ")"
        if choice < 0.24:
            return "!" * self.rng.randint(1, 2) + self.atom(self.expr("Bool", scope, d))
        if choice < 0.36:
            kind = self.random_type(1)
            other = kind if not self.chance(0.1) else self.random_type(1)
            return f"({self.expr(kind, scope, d)} {self.pick(['==', '!='])} {self.expr(other, scope, d)})"
        if choice < 0.46:
            kind = self.pick(["Long", "Long", "datetime", "duration"])
            return f"({self.expr(kind, scope, d)} {self.pick(['<', '<=', '>', '>='])} {self.expr(kind, scope, d)})"
        if choice < 0.56:
            return self.membership(scope, d)
        if choice < 0.66:
            return self.guarded(scope, d)
        if choice < 0.72:
            return self.tags(scope, d)
        if choice < 0.80:
            kind = self.random_type(1)
            method = self.pick(["contains", "containsAll", "containsAny", "isEmpty"])
            argument = "" if method == "isEmpty" else self.expr(kind if method == "contains" else ("set", kind), scope, d)
            return f"{self.atom(self.expr(('set', kind), scope, d))}.{method}({argument})"
        if choice < 0.86:
            return f"({self.expr('String', scope, d)} like {self.pattern()})"
        if choice < 0.91:
            kind = self.pick(list(self.types))
            return f"({self.entity(scope, d)} is {kind}" + (f" in {self.entity(scope, d)}" if self.chance(0.4) else "") + ")"
        if choice < 0.97:
            name, receiver, rest, _ = self.pick([m for m in METHODS if m[3] == "Bool"])
            return self.call(name, receiver, rest, scope, d)
        path = self.access("Bool", scope, depth)
        return path or self.leaf("Bool", scope)

    def atom(self, text):
        return text if text[0] in "([{" or text.isalnum() or text.endswith((")", "]")) and " " not in text else f"({text})"

    def call(self, name, receiver, rest, scope, depth):
        arguments = [self.expr(kind, scope, depth) for kind in rest]
        if self.chance(0.01):
            arguments = arguments[:-1] if arguments and self.chance(0.5) else arguments + ["1"]
        return f"{self.atom(self.expr(receiver, scope, depth))}.{name}({', '.join(arguments)})"

    def entity(self, scope, depth):
        return self.expr(("entity", self.pick([scope["principal"], scope["resource"], self.pick(list(self.types))])), scope, depth)

    def action_uid(self):
        return f"{self.full('Action')}::{quote(self.rng, self.pick(self.actions)['id'] if not self.chance(0.01) else 'nope')}"

    def membership(self, scope, depth):
        if self.chance(0.2):
            right = self.action_uid() if self.chance(0.5) else "[" + ", ".join(self.action_uid() for _ in range(self.rng.randint(1, 2))) + "]"
            return f"(action in {right})"
        left = self.entity(scope, depth)
        kind = self.pick(list(self.types))
        right = self.expr(("entity", kind), scope, depth) if self.chance(0.6) else self.expr(("set", ("entity", kind)), scope, depth)
        return f"({left} in {right})"

    def guarded(self, scope, depth):
        """`has` and what it makes safe, joined in ways of which some prove it and some do not."""
        optional = [p for p in self.paths(scope) if p[3]]
        if not optional:
            return self.expr("Bool", scope, depth - 1) if depth > 0 else "true"
        base, name, kind, guards = self.pick(optional)
        use = f"{self.dot(base, name)} == {self.leaf(kind, scope)}"
        tests = " && ".join(self.has(b, n) for b, n in guards)
        more = self.expr("Bool", scope, depth - 1)
        return self.pick([f"({tests} && {use})", f"({tests} && {more} && {use})", f"(({tests} || {more}) && {use})",
                          f"(if {tests} then {use} else {more})", f"(if {more} then {use} else {tests})", f"(({use}) && {tests})",
                          f"(!({tests}) || {use})", f"((({tests}) && {more}) && ({use} || {more}))",
                          f"((if {tests} then {more} else false) && {use})"])

    def tags(self, scope, depth):
        tagged = [t for t, d in self.types.items() if d["tags"]]
        kind = self.pick(tagged) if tagged and not self.chance(0.1) else self.pick(list(self.types))
        base = self.atom(self.expr(("entity", kind), scope, depth))
        key = quote(self.rng, self.pick(["a", "b", "t"])) if self.chance(0.8) else self.expr("String", scope, depth)
        has = f"{base}.hasTag({key})"
        if self.chance(0.4):
            return has
        value = self.leaf(self.types[kind]["tags"] or "Long", scope)
        use = f"{base}.getTag({key if not self.chance(0.1) else quote(self.rng, 'a')}) == {value}"
        return self.pick([f"({has} && {use})", f"({has} && {use})", f"({has} && {self.expr('Bool', scope, depth - 1)} && {use})", f"({use})"])

    def pattern(self):
        parts = "".join(self.pick(["*", "a", "b", "\\*", "\\u{2a}", "é", "abc", "\\\"", "X"]) for _ in range(self.rng.randint(0, 5)))
        return f'"{parts}"'

    def long(self, scope, depth):
        d = depth - 1
        choice = self.rng.random()
        if choice < 0.5:
            return "(" + f" {self.pick('+-*')} ".join(self.expr("Long", scope, d) for _ in range(2)) + ")"
        if choice < 0.65:
            return "-" * self.rng.randint(1, 2) + self.atom(self.expr("Long", scope, d))
        if choice < 0.8:
            name, receiver, rest, _ = self.pick([m for m in METHODS if m[3] == "Long"])
            return self.call(name, receiver, rest, scope, d)
        return self.leaf("Long", scope)

    def extension(self, kind, scope, depth):
        makers = [m for m in METHODS if m[3] == kind]
        if makers and self.chance(0.4):
            name, receiver, rest, _ = self.pick(makers)
            return self.call(name, receiver, rest, scope, depth - 1)
        return self.leaf(kind, scope)

    # ---- policies ----

    def scope_text(self, variable, kinds, slot):
        """Text of a scope element and the type the conditions assume."""
        kind = self.pick(kinds)
        target = f"?{variable}" if slot else None
        roll = self.rng.random()
        if roll < 0.5 and not slot:
            return variable, kind
        if roll < 0.62 and not slot:
            return f"{variable} is {kind}", kind
        parents = self.types[kind]["parents"] + [kind]
        if roll < 0.7:
            return f"{variable} == {target or self.wrap(self.uid_text(self.uid(kind)))}", kind
        parent = target or self.uid_text(self.uid(self.pick(parents)))
        if roll < 0.85:
            return f"{variable} in {parent}", kind
        return f"{variable} is {kind} in {parent}", kind

    def policy(self, number):
        action = self.pick([a for a in self.actions if a["p"]])
        slots = [self.chance(0.12), self.chance(0.12)]
        p_text, p_kind = self.scope_text("principal", action["p"], slots[0])
        r_text, r_kind = self.scope_text("resource", action["r"], slots[1])
        uid = f"{self.full('Action')}::{quote(self.rng, action['id'])}"
        a_text = self.pick(["action", f"action == {uid}", f"action == {uid}", f"action in {self.action_uid()}", f"action in [{uid}, {self.action_uid()}]",
                            "action in []" if self.chance(0.1) else f"action in [{uid}]"])
        scope = {"principal": p_kind, "resource": r_kind, "context": action["context"]}
        text = ""
        if self.chance(0.4):
            text += f'@id("p{number}")\n'
        if self.chance(0.15):
            text += self.pick(["@note", "@if(\"x\")", "@a(\"é\\n\")"]) + "\n"
        text += f"{self.pick(['permit', 'permit', 'forbid'])}{self.blank()}({p_text}, {a_text}, {r_text}{',' if self.chance(0.1) else ''})"
        for _ in range(self.pick([0, 1, 1, 1, 2, 3])):
            body = self.expr("Bool", scope, self.rng.randint(0, 5))
            body = body[1:-1] if self.chance(0.5) and body.startswith("(if") and body.endswith(")") else body
            text += f" {self.pick(['when', 'when', 'unless'])} {{{self.blank()} {body} }}"
        return text + self.blank() + ";", slots

    def break_text(self, text):
        """One small wound: a character gone, doubled, swapped for another, or a token replaced."""
        if not text:
            return text
        at = self.rng.randrange(len(text))
        return self.pick([text[:at] + text[at + 1:], text[:at] + text[at] + text[at:],
                          text[:at] + self.pick("();{}[]=!<>&|.,:?@\"\\-+*x1 ") + text[at + 1:], text[:at],
                          text.replace(self.pick(["==", "&&", "in", "has", "when", "principal", "::", "("]), self.pick(["=", "&", "is", "hass", ""]), 1)])

    def build(self):
        schema = self.schema_text() if self.with_schema else None
        texts, templates = [], []
        for number in range(self.pick([1, 1, 2, 3, 5])):
            text, slots = self.policy(number)
            texts.append(text)
            if any(slots):
                templates.append((f"p{number}" if f'@id("p{number}")' in text else f"policy{number}", slots))
        policies = "\n".join(texts)
        if self.chance(0.06):
            policies = self.break_text(policies)
        links = []
        for i, (name, slots) in enumerate(templates):
            args = {f"?{v}": self.uid_plain(self.uid(self.pick(list(self.types)))) for v, used in zip(("principal", "resource"), slots) if used}
            if self.chance(0.03):
                args["?resource"] = self.uid_plain(self.uid(self.pick(list(self.types))))
            links.append({"templateId": name if not self.chance(0.02) else "nope", "newId": f"l{i}" if not self.chance(0.02) else name, "args": args})
        action = self.pick([a for a in self.actions if a["p"]])
        request = {"principal": self.uid_plain(self.uid(self.pick(action["p"]))),
                   "action": self.uid_plain((self.full("Action"), action["id"] if not self.chance(0.005) else "nope")),
                   "resource": self.uid_plain(self.uid(self.pick(action["r"]))), "context": self.record_json(action["context"])}
        case = {"policies": policies, "links": links, "entities": self.entities_json(), "request": request}
        if schema is not None:
            case["schema"] = schema
        return case


def line(seed, number):
    return json.dumps(Case(seed, number).build(), ensure_ascii=False)
