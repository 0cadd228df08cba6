"""Holds `sekimori cedar batch` against the reference implementation on random cases.

    run.py --ours build/bin/sekimori --theirs .../cedar-rust-peer --seed 1 --cases 100000

Compares acceptance (and the stage that refused), validation verdict, decision, reasons and errors. Each difference is printed with the
case, which `--one NUMBER` makes again. Ends with `N passed, N failed`.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import threading
import time

import generate

CHUNK = 2000


class Side:
    """One implementation, fed and read by threads of its own, so that no pipe fills up."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answers = []

    def ask(self, lines):
        self.answers = []
        data = "".join(line + "\n" for line in lines).encode()
        self.writer = threading.Thread(target=self.feed, args=(data,))
        self.reader = threading.Thread(target=self.read, args=(len(lines),))
        self.writer.start()
        self.reader.start()

    def feed(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def read(self, count):
        for _ in range(count):
            answer = self.process.stdout.readline()
            if not answer:
                return
            self.answers.append(json.loads(answer))

    def wait(self):
        self.writer.join()
        self.reader.join()
        return self.answers

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


def essence(answer):
    if "error" in answer:
        return {"refused": answer["error"]["stage"]}
    return {"decision": answer["decision"], "reason": sorted(answer["reason"]), "errors": sorted(answer["errors"]), "valid": answer.get("valid")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default="build/bin/sekimori")
    parser.add_argument("--engine", default="", help="passed on as --engine")
    parser.add_argument("--theirs", required=True)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--one", type=int, help="print this case and both answers, and stop")
    parser.add_argument("--most", type=int, default=20, help="stop after so many differences")
    options = parser.parse_args()
    ours = Side([options.ours, "cedar", "batch"] + (["--engine", options.engine] if options.engine else []))
    theirs = Side([options.theirs])
    if options.one is not None:
        options.first, options.cases = options.one, 1
    print(f"seed {options.seed}, {options.cases} cases from {options.first}", flush=True)
    passed = failed = 0
    shape = {}
    began = time.monotonic()
    for start in range(options.first, options.first + options.cases, CHUNK):
        numbers = range(start, min(start + CHUNK, options.first + options.cases))
        lines = [generate.line(options.seed, number) for number in numbers]
        ours.ask(lines)
        theirs.ask(lines)
        left, right = ours.wait(), theirs.wait()
        if len(left) != len(lines) or len(right) != len(lines):
            dead = "ours" if len(left) != len(lines) else "theirs"
            print(f"{dead} ended early, at case {start + min(len(left), len(right))}")
            failed += 1
            break
        for number, line, a, b in zip(numbers, lines, left, right):
            key = "refused " + b["error"]["stage"] if "error" in b else b["decision"] + ("" if b.get("valid", True) else " invalid")
            shape[key] = shape.get(key, 0) + 1
            if essence(a) == essence(b) and options.one is None:
                passed += 1
                continue
            failed += essence(a) != essence(b)
            case = json.loads(line)
            print(f"--- case {number}\nours:   {json.dumps(a, ensure_ascii=False)}\ntheirs: {json.dumps(b, ensure_ascii=False)}")
            print(f"policies:\n{case['policies']}\nlinks: {json.dumps(case['links'])}\nschema:\n{case.get('schema')}")
            print(f"entities: {json.dumps(case['entities'], ensure_ascii=False)}\nrequest: {json.dumps(case['request'], ensure_ascii=False)}", flush=True)
        if sys.stderr.isatty():
            done = start + len(lines) - options.first
            print(f"\r{done} of {options.cases} cases, {failed} differ, {done / (time.monotonic() - began):.0f}/s", end="", file=sys.stderr, flush=True)
        if failed >= options.most:
            break
    ours.close()
    theirs.close()
    print("what the cases were: " + ", ".join(f"{count} {key}" for key, count in sorted(shape.items())))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
