"""What the check scripts share: the tree's files, comment-free C text, and the closing line."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*patterns):
    """Files of the tree that match, build output and hidden folders left out."""
    found = []
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and parts[0] != "build" and not any(p.startswith(".") for p in parts[:-1]):
                found.append(path)
    return found


def name(path):
    return str(path.relative_to(ROOT))


def code(text):
    """C text with comments and the content of string and character literals blanked, line numbers kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        found = match.group(0)
        if found[0] == "/":
            return re.sub(r"[^\n]", " ", found)
        return found[0] + " " * (len(found) - 2) + found[0]

    return pattern.sub(blank, text)


def close(passed, problems):
    """Prints the problems and the closing line, and ends the program."""
    for problem in problems:
        print(problem)
    print(f"{passed} passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)


def run(command, **options):
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
