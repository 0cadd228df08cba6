"""Who is at the other end: enforcement points known by user id or certificate, administrators, readers of metrics."""

import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys

import pytest
from daemon import BUILD, CONFIG, KEY, KEY_SHA256, PATIENCE_S, PLAIN, question

NOBODY = 65534
ME = os.getuid()
as_root = pytest.mark.skipif(ME != 0, reason="needs root to become another user")
QUESTION = question("alice", "read", "x")
UNIX = CONFIG.replace(PLAIN, PLAIN + "  - address: unix:pep.sock\n    socket_mode: 0666\n")
KEY_LINE = f"    key_sha256: {KEY_SHA256}\n"


def ask(pdp, key=None, **more):
    answer = pdp.post("/access/v1/evaluation", QUESTION, key=key, **more)
    return answer.json if answer.status == 200 else answer.status


# ---- user ids

def test_user_id_is_enough_over_a_unix_socket_and_nothing_elsewhere(pdp):
    pdp.write("sekimori.yaml", UNIX.replace(KEY_LINE, f"    uid: [{ME}]\n"))
    pdp.start()
    assert ask(pdp, listener=1) == {"decision": True}
    assert ask(pdp, listener=0) == 401
    assert ask(pdp, key=KEY, listener=1) == 401
    pdp.write("sekimori.yaml", UNIX.replace(KEY_LINE, f"    uid: [{ME + 1}, 7]\n"))
    assert pdp.reload()["reloaded"] is True
    assert ask(pdp, listener=1) == 401


def test_user_id_and_key_are_both_needed_where_both_are_registered(pdp):
    pdp.write("sekimori.yaml", UNIX.replace(KEY_LINE, KEY_LINE + f"    uid: [{ME}]\n"))
    pdp.start()
    assert ask(pdp, key=KEY, listener=1) == {"decision": True}
    assert ask(pdp, listener=1) == 401
    assert ask(pdp, key=KEY, listener=0) == 401


@as_root
def test_another_user_at_the_same_socket_is_refused(pdp):
    pdp.folder.chmod(0o755)
    pdp.write("sekimori.yaml", UNIX.replace(KEY_LINE, f"    uid: [{ME}]\n"))
    pdp.start()
    assert ask(pdp, listener=1) == {"decision": True}
    script = ("import http.client, socket, sys\n"
              "c = http.client.HTTPConnection('x'); c.sock = socket.socket(socket.AF_UNIX); c.sock.connect(sys.argv[1])\n"
              "c.request('POST', '/access/v1/evaluation', sys.argv[2], {'Content-Type': 'application/json'})\n"
              "print(c.getresponse().status)")
    command = [sys.executable, "-c", script, str(pdp.folder / "pep.sock"), json.dumps(QUESTION)]
    done = [subprocess.run(command, user=uid, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
            for uid in (NOBODY, ME)]
    assert [one.stdout for one in done] == ["401\n", "200\n"], done


# ---- certificates

def tls_config(certificates, more):
    return CONFIG.replace(PLAIN, (
        f"listeners:\n  - address: 127.0.0.1:0\n    tls: {{certificate: {certificates}/server.pem, key: {certificates}/server.key, "
        f"client_ca: {certificates}/ca.pem, client_certificate: optional}}\n")).replace(KEY_LINE, more)


def client(certificates, name=None):
    context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    if name is not None:
        context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return context


def fingerprint(certificates, name):
    pem = (certificates / f"{name}.pem").read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_client_certificate_is_enough_and_another_is_not(pdp, certificates):
    digest = fingerprint(certificates, "client")
    colons = re.sub("(..)(?=.)", r"\1:", digest.upper())
    for written in (digest, f'"{colons}"'):
        pdp.write("sekimori.yaml", tls_config(certificates, f"    certificate_sha256: [{written}]\n"))
        if pdp.process is None:
            pdp.start()
        else:
            assert pdp.reload()["reloaded"] is True
        assert ask(pdp, context=client(certificates, "client")) == {"decision": True}
        assert ask(pdp, context=client(certificates, "server")) == 401
        assert ask(pdp, context=client(certificates)) == 401
        assert ask(pdp, key=KEY, context=client(certificates, "client")) == 401


def test_stolen_key_is_nothing_without_the_certificate(pdp, certificates):
    more = KEY_LINE + f"    certificate_sha256: [{fingerprint(certificates, 'client')}]\n"
    pdp.write("sekimori.yaml", tls_config(certificates, more))
    pdp.start()
    assert ask(pdp, key=KEY, context=client(certificates, "client")) == {"decision": True}
    assert ask(pdp, key=KEY, context=client(certificates, "server")) == 401
    assert ask(pdp, key=KEY, context=client(certificates)) == 401
    assert ask(pdp, context=client(certificates, "client")) == 401


# ---- what the configuration refuses

@pytest.mark.parametrize("lines, words", [
    ("    uid: [root]\n", "`root`: not a numeric user id"),
    ("    uid: [4294967295]\n", "not a numeric user id"),
    ("    uid: any\n", "whoever can connect"),
    ("    uid: [1]\n  - name: b\n    uid: [2, 1]\n    principal_types: any\n    actions: any\n    resource_types: any\n",
     "has the same user id as"),
    ("    certificate_sha256: [abc]\n", "not 64 hex digits"),
    (f"    certificate_sha256: [{'0' * 64}]\n", "no listener asks for certificates"),
])
def test_bindings_that_mean_nothing_are_refused(pdp, lines, words):
    config = UNIX.replace(KEY_LINE, "")
    pdp.write("sekimori.yaml", config + lines)
    done = pdp.run("--check")
    assert done.returncode == 1 and words in done.stderr, done.stderr


def test_user_id_without_a_unix_socket_is_refused(pdp):
    pdp.write("sekimori.yaml", CONFIG + "    uid: [1]\n")
    assert "no listener is one" in pdp.run("--check").stderr
    pdp.write("sekimori.yaml", UNIX + "    uid: [1]\nanonymous_pep: app\n")
    assert "has no meaning for `anonymous_pep`" in pdp.run("--check").stderr


# ---- administration

@as_root
@pytest.mark.parametrize("command", ["status", "reload"])
def test_another_user_may_not_administer_even_where_the_socket_lets_him(pdp, command):
    pdp.folder.chmod(0o755)
    pdp.write("sekimori.yaml", CONFIG.replace("socket: admin.sock", "socket: admin.sock\n  mode: 0666"))
    pdp.start()
    tool = shutil.copy(BUILD / "bin/sekimori", pdp.folder / "sekimori")
    run = [str(tool), command, "--socket", str(pdp.folder / "admin.sock")]
    done = subprocess.run(run, user=NOBODY, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1 and "not allowed" in done.stderr, done
    assert f"`{command}` refused to uid {NOBODY}" in pdp.log()
    assert subprocess.run(run, capture_output=True, timeout=PATIENCE_S, check=False).returncode == 0


# ---- metrics

IN_NAMESPACE = """
import http.client, json, pathlib, subprocess, sys
sys.path.insert(0, sys.argv[1])
from daemon import CONFIG, PLAIN, Daemon
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["ip", "address", "add", "192.0.2.7/32", "dev", "lo"], check=True)
everywhere = "listeners:\\n  - address: 0.0.0.0:8180\\n    allow_plain_http: true\\n"
found = {}
for access in ("loopback", "any"):
    with Daemon(CONFIG.replace(PLAIN, everywhere) + f"metrics: {{access: {access}}}\\n") as pdp:
        pdp.start()
        for address in ("127.0.0.1", "192.0.2.7"):
            for path in ("/metrics", "/healthz"):
                connection = http.client.HTTPConnection(address, 8180, timeout=30)
                connection.request("GET", path)
                found[f"{access} {address} {path}"] = connection.getresponse().status
print(json.dumps(found))
"""


def can_unshare():
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="needs a network namespace of its own")
def test_metrics_are_for_loopback_unless_allowed_to_any():
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run(["unshare", "--net", sys.executable, "-c", IN_NAMESPACE, here], capture_output=True, text=True,
                          timeout=4 * PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {
        "loopback 127.0.0.1 /metrics": 200, "loopback 127.0.0.1 /healthz": 200,
        "loopback 192.0.2.7 /metrics": 403, "loopback 192.0.2.7 /healthz": 200,
        "any 127.0.0.1 /metrics": 200, "any 127.0.0.1 /healthz": 200,
        "any 192.0.2.7 /metrics": 200, "any 192.0.2.7 /healthz": 200,
    }
