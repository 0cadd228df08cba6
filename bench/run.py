"""Runs the benchmarks: a table on standard output, one JSON object per line in the file given with --out.

Each figure is the median of several runs. Rows: name, value, unit, and for a ratio what it is against (vs), measured in the same run.
Take them on an otherwise idle machine; bench/README.md says how each is taken and keeps the last ones.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BODY = {"subject": {"type": "User", "id": "tanaka"}, "action": {"name": "view"},
        "resource": {"type": "Document", "id": "genome-cohort"},
        "context": {"aal": 2, "auth_age_s": 120, "purpose": "business", "remote": False, "network_trusted": True,
                    "device": {"__entity": {"type": "Device", "id": "pc-tanaka"}}}}

ROWS = []


def row(name, value, unit, vs=None):
    entry = {"name": name, "value": value, "unit": unit}
    if vs:
        entry["vs"] = vs
    ROWS.append(entry)
    shown = f"{value:,.2f}" if isinstance(value, float) and value < 1000 else f"{value:,.0f}"
    print(f"{name:<44} {shown:>14} {unit}" + (f"  (vs {vs})" if vs else ""), flush=True)


class Daemon:
    """sekimorid with the demonstration institute's policies on a loopback port."""

    def __init__(self, build):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sekimori-bench-"))
        self.key = secrets.token_urlsafe(32)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        etc = self.folder / "etc"
        shutil.copytree(ROOT / "demo/institute", etc)
        digest = hashlib.sha256(self.key.encode()).hexdigest()
        for path in (etc / "sekimori.yaml", etc / "resources.yaml"):
            text = path.read_text(encoding="utf-8")
            for mark, value in {"@PDP_PORT@": str(self.port), "@WEB_PORT@": "80", "@FOLDER@": str(self.folder),
                                "@APP_KEY_SHA256@": digest, "@WEB_KEY_SHA256@": "0" * 64}.items():
                text = text.replace(mark, value)
            path.write_text(text, encoding="utf-8")
        self.process = subprocess.Popen([str(build / "bin/sekimorid"), "--config", str(etc / "sekimori.yaml")],
                                        stderr=open(self.folder / "log", "wb"), stdin=subprocess.DEVNULL)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1)
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("bench: sekimorid did not come up\n" + (self.folder / "log").read_text())

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        shutil.rmtree(self.folder)


def wrk(daemon, path, connections, seconds, script=None):
    """Requests per second, median latency in microseconds, server CPU in microseconds per request."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-s", str(ROOT / "bench" / script)] if script else []
    env = dict(os.environ, SKM_BENCH_KEY=daemon.key, SKM_BENCH_BODY=json.dumps(BODY, separators=(",", ":")))
    before = daemon.cpu_seconds()
    done = subprocess.run(command + [f"http://127.0.0.1:{daemon.port}{path}"], env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    cpu = daemon.cpu_seconds() - before
    text = done.stdout
    total = re.search(r"(\d+) requests in", text)
    if done.returncode or done.stderr.strip() or "Non-2xx" in text or not total:
        raise SystemExit(f"bench: wrk failed\n{text}{done.stderr}")
    rate = float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1))
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit], cpu * 1e6 / int(total.group(1))


def authzen_http(options):
    """AuthZEN evaluation over plain HTTP on loopback, keep-alive, one request at a time per connection."""
    if not shutil.which("wrk"):
        print("authzen.http: skipped, wrk is not installed (apt-get install wrk)")
        return
    daemon = Daemon(options.build)
    try:
        for connections in (1, 8, 64):
            runs = [wrk(daemon, "", connections, options.seconds, "authzen.lua") for _ in range(options.runs)]
            empty = [wrk(daemon, "/healthz", connections, options.seconds) for _ in range(options.runs)]
            rate, latency, cpu = (statistics.median(column) for column in zip(*runs))
            null = statistics.median(r[0] for r in empty)
            row(f"authzen.http.{connections}.decisions_per_s", rate, "1/s")
            row(f"authzen.http.{connections}.p50_us", latency, "us")
            row(f"authzen.http.{connections}.cpu_us", cpu, "us/decision")
            row(f"authzen.http.{connections}.ratio_healthz", rate / null, "x", vs="GET /healthz, same server and run")
    finally:
        daemon.stop()


def programs(options):
    """bench_* programs print rows as JSON lines."""
    for program in sorted((options.build / "bench").glob("bench_*")):
        if program.suffix:
            continue
        done = subprocess.run([str(program)], cwd=ROOT, text=True, stdout=subprocess.PIPE)
        if done.returncode:
            raise SystemExit(f"bench: {program.name} failed")
        for line in done.stdout.splitlines():
            entry = json.loads(line)
            row(entry["name"], entry["value"], entry["unit"], entry.get("vs"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--out", default="build/bench.json")
    parser.add_argument("--seconds", type=int, default=3, help="of one load run")
    parser.add_argument("--runs", type=int, default=3, help="the median of so many")
    options = parser.parse_args()
    options.build = (ROOT / options.build).resolve()
    programs(options)
    authzen_http(options)
    with open(ROOT / options.out, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in ROWS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
