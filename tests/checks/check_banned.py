"""Calls that have no place here, and where each exception lives.

The heap is taken through base/mem.h, time through base/clock.h, randomness through base/rand.h. A line that needs an
exception carries `DEVIATION:` with its reason in a comment on it or the two lines above.
"""

import re

from checklib import close, code, files, name

BANNED = {
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|stpcpy|strtok)\s*\(": ("unbounded string call", ()),
    r"\b(atoi|atol|atoll|atof|strtol|strtoul|strtoll|strtoull)\s*\(": ("number parsing without a bound", ()),
    r"(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|alloca)\s*\(":
        ("heap outside base/mem.h", ("pdp/base/mem.c",)),
    r"(?<![\w.>])(time|gettimeofday|clock_gettime|localtime|gmtime|mktime)\s*\(":
        ("time outside base/clock.h", ("pdp/base/clock.c",)),
    r"(?<![\w.>])(rand|srand|random|srandom|rand_r|drand48|getrandom)\s*\(":
        ("randomness outside base/rand.h", ("pdp/base/rand.c",)),
    r"\b(system|popen|execvp|execlp)\s*\(": ("a shell or a search path", ()),
    r"\bgoto\b": ("goto", ()),
}
RETURNS_ERR = re.compile(r"^(?!static).*\bskm_err\s+skm_\w+\(")


def banned(path, raw, blanked):
    for number, line in enumerate(blanked, 1):
        for pattern, (why, homes) in BANNED.items():
            found = re.search(pattern, line)
            if found and name(path) not in homes and "DEVIATION:" not in " ".join(raw[max(0, number - 3):number]):
                yield f"{name(path)}:{number}: {why}: {found.group(0).strip()}"


def must(path, raw):
    """Declarations in headers that let a caller drop an error."""
    for number, line in enumerate(raw, 1):
        before = raw[number - 2] if number > 1 else ""
        if RETURNS_ERR.match(line) and "SKM_MUST" not in line + before and not line.strip().startswith(("*", "/*", "//")):
            yield f"{name(path)}:{number}: returns skm_err without SKM_MUST"


problems, checked = [], 0
for path in files("pdp/**/*.c", "pdp/**/*.h", "include/**/*.h"):
    text = path.read_text(encoding="utf-8")
    raw = text.splitlines()
    checked += 1
    problems += banned(path, raw, code(text).splitlines())
    problems += [f"{name(path)}:{n}: unfinished work: {line.strip()}" for n, line in enumerate(raw, 1)
                 if re.search(r"\b(TODO|FIXME|XXX)\b", line)]
    if path.suffix == ".h":
        problems += must(path, raw)
close(checked, problems)
