"""Runs the tests and prints one closing line: `N passed, N failed[, N skipped]`.

Kinds: checks (tests/checks/*), unit (build/tests/*/test_*), fuzz (seeds of tests/fuzz/corpus through
build/fuzz-replay/*), integration (pytest over tests/integration), conformance (tests/conformance/*/check,
scripts that end with the same closing line). Output of what passed is kept back unless -v.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ["checks", "unit", "fuzz", "integration", "conformance"]
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)


class Result:
    def __init__(self, name, passed=0, failed=0, skipped=0, output="", seconds=0.0):
        self.name, self.passed, self.failed, self.skipped = name, passed, failed, skipped
        self.output, self.seconds = output, seconds


def run(command, timeout, env):
    """Exit code and text of a command; a command that outlives its time is ended and has failed."""
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, env=env, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        return 124, (late.stdout or b"").decode("utf-8", "replace") + f"\nended after {timeout} s"
    except OSError as error:
        return 127, str(error)


def cmocka(output, code):
    ran = re.search(r"\[==========\] .*?(\d+) test\(s\) run", output)
    passed = re.search(r"\[  PASSED  \] (\d+) test", output)
    skipped = re.search(r"\[  SKIPPED \] (\d+) test", output)
    failed = re.search(r"\[  FAILED  \] .*?(\d+) test", output)
    counts = [int(m.group(1)) if m else 0 for m in (passed, failed, skipped)]
    if code != 0 and counts[1] == 0 or not ran:
        counts[1] += 1
    return counts


def closing(output, code):
    lines = CLOSING.findall(output)
    if not lines:
        return [0, 1, 0]
    counts = [int(n or 0) for n in lines[-1]]
    if code != 0 and counts[1] == 0:
        counts[1] = 1
    return counts


def pytest(output, code):
    counts = [sum(int(n) for n in re.findall(rf"(\d+) {word}", output.strip().splitlines()[-1] if output.strip() else ""))
              for word in ("passed", "(?:failed|error|errors)", "skipped")]
    if code not in (0, 5) and counts[1] == 0:
        counts[1] = 1
    return counts


def jobs(options):
    """(name, kind, command, reader) for everything that is to run."""
    build = pathlib.Path(options.build)
    found = []
    if "checks" in options.kinds:
        for path in sorted((ROOT / "tests/checks").glob("check_*")):
            found.append((path.stem, "checks", [sys.executable, str(path)], closing))
    if "unit" in options.kinds:
        for path in sorted((ROOT / "tests/unit").glob("*/test_*.c")):
            name = path.relative_to(ROOT / "tests/unit").with_suffix("")
            found.append((f"unit/{name}", "unit", [str(build / "tests" / name)], cmocka))
    if "fuzz" in options.kinds:
        for path in sorted((ROOT / "tests/fuzz").glob("fuzz_*.c")):
            surface = path.stem[len("fuzz_"):]
            command = [str(build / "fuzz-replay" / surface), str(ROOT / "tests/fuzz/corpus" / surface)]
            found.append((f"fuzz/{surface}", "fuzz", command,
                          lambda output, code: [0, 1, 0] if code else [1, 0, 0]))
    if "integration" in options.kinds:
        for path in sorted((ROOT / "tests/integration").glob("test_*.py")):
            command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "-rs", str(path)]
            found.append((f"integration/{path.stem}", "integration", command, pytest))
    if "conformance" in options.kinds:
        for path in sorted((ROOT / "tests/conformance").glob("*/check")):
            found.append((f"conformance/{path.parent.name}", "conformance", [str(path)], closing))
    return [job for job in found if not options.match or re.search(options.match, job[0])]


def execute(job, options, env):
    name, kind, command, reader = job
    began = time.monotonic()
    code, output = run(command, options.timeout, env)
    passed, failed, skipped = reader(output, code)
    return Result(name, passed, failed, skipped, output, time.monotonic() - began)


def report(result, options):
    state = "FAILED" if result.failed else "ok"
    skipped = f", {result.skipped} skipped" if result.skipped else ""
    print(f"{state:>6}  {result.name}: {result.passed} passed, {result.failed} failed{skipped} ({result.seconds:.1f} s)",
          flush=True)
    if result.failed or options.verbose:
        print("\n".join("        | " + line for line in result.output.splitlines()[-400:]), flush=True)
    elif result.skipped:
        reasons = [line for line in result.output.splitlines() if "SKIP" in line or "skipped:" in line]
        print("\n".join("        | " + line for line in reasons[:20]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build folder (default: build)")
    parser.add_argument("--only", default=",".join(KINDS), help="kinds to run, comma separated")
    parser.add_argument("--match", default="", help="only names that match this regular expression")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="how many at a time")
    parser.add_argument("--timeout", type=int, default=1200, help="seconds for one program")
    parser.add_argument("--tally", help="also append the counts to this file; the closing line then sums the file")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    options.kinds = options.only.split(",")
    unknown = set(options.kinds) - set(KINDS)
    if unknown:
        parser.error(f"unknown kind {', '.join(sorted(unknown))}; known: {', '.join(KINDS)}")
    build = (ROOT / options.build).resolve()
    options.build = str(build)
    env = dict(os.environ, SKM_BUILD=str(build), PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8",
               ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=1:allocator_may_return_null=1"),
               UBSAN_OPTIONS=os.environ.get("UBSAN_OPTIONS", "print_stacktrace=1"))
    work = jobs(options)
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        results = []
        for future in concurrent.futures.as_completed([pool.submit(execute, job, options, env) for job in work]):
            results.append(future.result())
            report(results[-1], options)
    totals = [sum(getattr(r, key) for r in results) for key in ("passed", "failed", "skipped")]
    if options.tally:
        with open(options.tally, "a", encoding="utf-8") as file:
            file.write(" ".join(map(str, totals)) + "\n")
        with open(options.tally, encoding="utf-8") as file:
            totals = [sum(column) for column in zip(*(map(int, line.split()) for line in file))]
    print(f"{totals[0]} passed, {totals[1]} failed" + (f", {totals[2]} skipped" if totals[2] else ""))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
