"""The map stays true: every path the documents name exists, every folder with code is named in ARCHITECTURE.md, every make
target they show exists, and no tracked text carries a path of one machine."""

import re

from checklib import ROOT, close, files, name, run

PATH = re.compile(r"`((?:pdp|include|tests|bench|demo|man|packaging|policy|pep-plugins)/[A-Za-z0-9_./-]*)`")
MACHINE = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root)/")

listed = run(["git", "ls-files"])
tracked = listed.stdout.splitlines() if listed.returncode == 0 else [name(p) for p in files("**/*")]
makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
problems, checked = [], 0

for document in ("README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"):
    if not (ROOT / document).exists():
        problems.append(f"{document}: missing")
        continue
    text = (ROOT / document).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        for found in PATH.findall(line):
            checked += 1
            if not (ROOT / found).exists():
                problems.append(f"{document}:{number}: `{found}` is not there")
    for target in re.findall(r"`make ([a-z][a-z-]*)", text):
        checked += 1
        if not re.search(rf"^([a-z-]+ )*{target}( [a-z-]+)*:", makefile, re.M):
            problems.append(f"{document}: make has no target `{target}`")

architecture = ROOT / "ARCHITECTURE.md"
map_text = architecture.read_text(encoding="utf-8") if architecture.exists() else ""
for folder in sorted({t.rsplit("/", 1)[0] for t in tracked if t.endswith((".c", ".h")) and t.startswith(("pdp/", "include/"))}):
    checked += 1
    if f"{folder}/" not in map_text:
        problems.append(f"ARCHITECTURE.md does not name {folder}/")

for entry in tracked:
    path = ROOT / entry
    if "/corpus/" in entry or entry.startswith("tests/checks/") or not path.is_file():
        continue
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        continue
    problems += [f"{entry}:{n}: a path of one machine" for n, line in enumerate(lines, 1) if MACHINE.search(line)]
close(checked, problems)
