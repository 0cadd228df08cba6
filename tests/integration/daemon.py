"""A private sekimorid on loopback in a temporary folder, and what tests ask of it. Standard library only.

    with Daemon() as pdp:
        pdp.policy("a.cedar", 'permit(principal, action, resource);')
        pdp.start()
        assert pdp.evaluate("alice", "read", "doc")["decision"] is True

The daemon is ended by its own pid, and must then have ended without a sanitizer's complaint.
"""

import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SKM_BUILD", ROOT / "build"))
KEY = "integration-test-key-0123456789"
KEY_SHA256 = hashlib.sha256(KEY.encode()).hexdigest()
# A sanitized build is several times slower.
PATIENCE_S = 60

CONFIG = """\
listeners:
  - address: 127.0.0.1:0
admin:
  socket: admin.sock
entities: entities
require_schema: false
peps:
  - name: app
    key_sha256: {key}
    principal_types: any
    actions: any
    resource_types: any
    principal_attrs: any
    action_attrs: any
    resource_attrs: any
    context_keys: any
""".format(key=KEY_SHA256)


PLAIN = "listeners:\n  - address: 127.0.0.1:0\n"


def wait_for(condition, what, seconds=PATIENCE_S):
    """The first truthy value of condition()."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"timed out waiting for {what}")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Daemon:
    """One daemon. Files are written before start(), or changed before reload()."""

    def __init__(self, config=CONFIG):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sekimori-test-"))
        self.config_path = self.folder / "sekimori.yaml"
        self.log_path = self.folder / "log"
        self.process = None
        self.ready_listener = 0  # which one start() asks
        for name in ("policies", "entities"):
            (self.folder / name).mkdir()
        self.write("sekimori.yaml", config)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.end()
        finally:
            if kind is not None:
                print(f"--- log of sekimorid ({self.folder})\n{self.log()}")
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- files

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def policy(self, name, text):
        return self.write(f"policies/{name}", text)

    def entities(self, name, entities):
        return self.write(f"entities/{name}", json.dumps(entities))

    # ---- the process

    def command(self, *arguments):
        return [str(BUILD / "bin/sekimorid"), "--config", str(self.config_path), *arguments]

    def run(self, *arguments):
        """Runs it to its end, for --check and for starts that must fail."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=PATIENCE_S,
                              stdin=subprocess.DEVNULL, check=False)

    def start(self, env=None):
        """Starts, and waits until /readyz says so."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=dict(os.environ, **(env or {})))
        wait_for(self._is_up, "sekimorid to be ready")
        return self

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"sekimorid ended with {self.process.returncode}:\n{self.log()}")
        return " is ready: " in self.log() and self.get("/readyz", listener=self.ready_listener).status == 200

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait(self, seconds=PATIENCE_S):
        return self.process.wait(seconds)

    def end(self):
        """Stops it, and sees that it ended well."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait(PATIENCE_S)
        assert process.returncode == 0, f"sekimorid ended with {process.returncode}:\n{self.log()}"

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    @property
    def addresses(self):
        """(address, scheme) of each listener in the order of the configuration."""
        return re.findall(r"listening on (\S+) \((\w+)\)", self.log())

    # ---- HTTP

    def connect(self, listener=0, context=None):
        address, scheme = self.addresses[listener]
        if address.startswith("unix:"):
            return UnixConnection(address[5:])
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        if scheme == "https":
            if context is None:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(host, int(port), timeout=PATIENCE_S, context=context)
        return http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)

    def request(self, method, path, body=None, headers=None, listener=0, context=None):
        connection = self.connect(listener, context)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body, key=KEY, headers=None, **more):
        sent = {"Content-Type": "application/json", **(headers or {})}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        text = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.request("POST", path, text, sent, **more)

    def evaluate(self, subject, action, resource, context=None, **more):
        answer = self.post("/access/v1/evaluation", question(subject, action, resource, context), **more)
        assert answer.status == 200, (answer.status, answer.text)
        return answer.json

    def metrics(self):
        """Name with labels to value."""
        pairs = (line.rsplit(" ", 1) for line in self.get("/metrics").text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    # ---- administration

    def admin(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(str(self.folder / "admin.sock"))
            connection.sendall(json.dumps({"command": command}).encode() + b"\n")
            line = b""
            while not line.endswith(b"\n"):
                part = connection.recv(65536)
                if not part:
                    break
                line += part
        return json.loads(line)

    def reload(self):
        return self.admin("reload")


def question(subject, action, resource, context=None):
    """An AuthZEN evaluation of User, action, Doc."""
    body = {"subject": {"type": "User", "id": subject}, "action": {"name": action},
            "resource": {"type": "Doc", "id": resource}}
    if context is not None:
        body["context"] = context
    return body


def make_certificates(folder):
    """A certificate authority, a server's and a client's certificate in `folder`. Yields it."""
    folder = pathlib.Path(folder)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem")
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
                            ("client", "extendedKeyUsage=clientAuth")):
        (folder / f"{name}.ext").write_text(extension + "\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        (folder / f"{name}.key").chmod(0o600)
    return folder
