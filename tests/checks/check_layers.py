"""Includes point down: a folder of pdp/ includes only folders listed before it, and include/.

The linker holds calls to the same rule (one archive per folder, linked from the top down). Third-party headers
have one home each: libevent in server, OpenSSL in crypto and server/tls.c, libyaml in base/yaml.c. A source file
includes its own header first.
"""

import re

from checklib import close, files, name

LAYERS = ["base", "crypto", "cedar", "engine", "attest", "audit", "state", "decide", "proto", "server", "daemon", "tools"]
# Siblings ignore each other although one is listed first.
SIBLINGS = [{"crypto", "cedar"}, {"engine", "attest"}, {"engine", "audit"}, {"attest", "audit"}, {"daemon", "tools"}]
THIRD_PARTY = {
    r"event2?[/.]": lambda path: path.startswith("pdp/server/"),
    r"openssl/": lambda path: path.startswith(("pdp/crypto/", "pdp/server/tls")),
    r"yaml\.h": lambda path: path.startswith("pdp/base/yaml"),
}
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')


def faults(where, quote, target):
    parts = where.split("/")
    folder = parts[1] if parts[0] == "pdp" else None
    if quote == '"' and folder is None:
        yield f"include/ includes nothing of ours outside itself: {target}"
    elif quote == '"':
        head = target.split("/")[0]
        if head not in LAYERS:
            yield f"includes are written from pdp/: {target}"
        elif LAYERS.index(head) > LAYERS.index(folder):
            yield f"{folder} includes {head}, which lies above it"
        elif head != folder and {head, folder} in SIBLINGS:
            yield f"{folder} and {head} are siblings and ignore each other"
    for pattern, allowed in THIRD_PARTY.items():
        if re.match(pattern, target) and not allowed(where):
            yield f"{target} does not belong here"


problems, checked = [], 0
for path in files("pdp/**/*.c", "pdp/**/*.h", "include/**/*.h"):
    checked += 1
    includes = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            includes.append(match.group(2))
            problems += [f"{name(path)}:{number}: {fault}" for fault in faults(name(path), *match.groups())]
    if path.suffix == ".c" and path.with_suffix(".h").exists():
        own = name(path.with_suffix(".h")).split("/", 1)[1]
        if not includes or includes[0] != own:
            problems.append(f"{name(path)}: its own header {own} is not included first")
close(checked, problems)
