"""Hostile and broken HTTP peers against the running daemon: each has a bound, a clear refusal or a closed connection,
and the daemon answers everybody else all the while."""

import json
import os
import pathlib
import resource
import socket
import subprocess
import time

import pytest
from daemon import CONFIG, KEY, PATIENCE_S, Daemon, question, wait_for

EVALUATION = json.dumps(question("alice", "read", "x")).encode()
HEAD = (b"POST /access/v1/evaluation HTTP/1.1\r\nHost: pdp\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + KEY.encode() + b"\r\n")
GOOD = HEAD + b"Content-Length: %d\r\n\r\n" % len(EVALUATION) + EVALUATION


def dial(pdp):
    host, _, port = pdp.addresses[0][0].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def hear_all(connection):
    """Everything until the peer ends, which it must."""
    parts = []
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return b"".join(parts)
        if not part:
            return b"".join(parts)
        parts.append(part)


def converse(pdp, data):
    with dial(pdp) as connection:
        connection.sendall(data)
        return hear_all(connection)


def lives(pdp):
    assert pdp.process.poll() is None
    assert pdp.evaluate("alice", "read", "x")["decision"] is True
    assert pdp.evaluate("mallory", "read", "x")["decision"] is False
    return True


SMUGGLING = {
    "both lengths": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, other order": b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
    "two codings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "listed codings": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded coding": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "coding behind a tab": b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
    "equal lengths": b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "listed lengths": b"Content-Length: 5, 5\r\n\r\nhello",
    "signed length": b"Content-Length: +5\r\n\r\nhello",
    "padded length": b"Content-Length: 05\r\n\r\nhello",
    "hexadecimal length": b"Content-Length: 0x5\r\n\r\nhello",
    "bare line feed": b"X: y\nContent-Length: 5\r\n\r\nhello",
    "bare carriage return": b"X: y\rContent-Length: 5\r\n\r\nhello",
    "NUL in a header": b"X: y\0z\r\nContent-Length: 5\r\n\r\nhello",
    "second Host": b"Host: other\r\nContent-Length: 5\r\n\r\nhello",
    "chunk size with blank": b"Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
    "chunk size overflows": b"Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
    "chunk longer than said": b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
    "chunk ends with line feed": b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
}


@pytest.mark.parametrize("rest", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_ambiguous_framing_is_refused_and_nothing_behind_it_is_served(running, rest):
    answer = converse(running, HEAD + rest + GOOD)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer
    assert isinstance(json.loads(answer.partition(b"\r\n\r\n")[2]), str)
    assert lives(running)


REFUSED = {
    "TLS greeting": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 505),
    "HTTP/0.9": (b"GET /\r\n", 400),
    "no Host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    "proxy request": (b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n", 400),
    "endless target": (b"GET /" + b"a" * 20000, 414),
    "endless header": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40000, 431),
    "too many headers": (b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
    "announced body too large": (HEAD + b"Content-Length: 99999999\r\n\r\n", 413),
    "chunked body too large": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n" + b"x" * 1000, 413),
    "length beyond 64 bits": (HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n", 413),
    "unknown expectation": (HEAD + b"Expect: tea\r\nContent-Length: 0\r\n\r\n", 417),
    "noise": (bytes(range(256)) * 8, 400),
}


@pytest.mark.parametrize("data, status", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_a_request_is_refused_with_a_reason(running, data, status):
    answer = converse(running, data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert isinstance(json.loads(answer.partition(b"\r\n\r\n")[2]), str)
    assert lives(running)


BODIES = {
    "empty": b"",
    "truncated": EVALUATION[:-5],
    "deeply nested": b'{"a":' * 60000 + b"1" + b"}" * 60000,
    "deep array": b"[" * 100000,
    "not UTF-8": EVALUATION.replace(b"alice", b"ali\xffce"),
    "surrogate": EVALUATION.replace(b"alice", b"\\ud800"),
    "NUL": EVALUATION.replace(b"alice", b"ali\0ce"),
    "array": b"[]",
    "number": b"1e999",
    "twice the same member": b'{"subject":1,"subject":2}',
    "trailing text": EVALUATION + b"x",
    "a megabyte of blanks": b" " * 1000000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_bad_bodies_are_400_and_the_connection_goes_on(running, body):
    with dial(running) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body + GOOD.replace(b"Host:", b"Connection: close\r\nHost:"))
        answer = hear_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:200]
    assert answer.count(b"HTTP/1.1 200 ") == 1 and answer.endswith(b'{"decision":true}')


def test_pipelined_decisions_come_in_order(running):
    denied = GOOD.replace(b"alice", b"maloy")
    answer = converse(running, (GOOD + denied) * 250 + GOOD.replace(b"Host:", b"Connection: close\r\nHost:"))
    decisions = [part.partition(b"}")[0] for part in answer.split(b'{"decision":')[1:]]
    assert decisions == [b"true", b"false"] * 250 + [b"true"]


def test_request_in_single_bytes_is_served(running):
    with dial(running) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GOOD.replace(b"Host:", b"Connection: close\r\nHost:"):
            connection.sendall(bytes([byte]))
        assert hear_all(connection).endswith(b'{"decision":true}')


def test_half_closed_peer_gets_its_answer(running):
    with dial(running) as connection:
        connection.sendall(GOOD)
        connection.shutdown(socket.SHUT_WR)
        assert hear_all(connection).endswith(b'{"decision":true}')


def test_peers_that_vanish_within_a_request_leave_nothing_behind(running):
    for cut in range(1, len(GOOD), 7):
        with dial(running) as connection:
            connection.sendall(GOOD[:cut])
    assert lives(running)
    wait_for(lambda: count_fds(running) < 40, "descriptors to be closed")


def count_fds(pdp):
    return len(os.listdir(f"/proc/{pdp.process.pid}/fd"))


@pytest.fixture
def impatient():
    limits = "limits: {head_timeout: 300ms, body_timeout: 300ms, idle_timeout: 1s}\n"
    with Daemon(CONFIG + limits) as pdp:
        pdp.policy("a.cedar", 'permit(principal == User::"alice", action, resource);')
        yield pdp.start()


@pytest.mark.parametrize("first, drop", [(b"GET /healthz HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n"),
                                         (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
                                         (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")],
                         ids=["head", "body", "chunks"])
def test_slow_senders_get_408_however_steadily_they_send(impatient, first, drop):
    began = time.monotonic()
    with dial(impatient) as connection:
        connection.sendall(first)
        connection.settimeout(0.02)
        answer = b""
        while not answer and time.monotonic() - began < PATIENCE_S:
            try:
                connection.sendall(drop)
                answer = connection.recv(4096)
            except TimeoutError:
                pass
    assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert time.monotonic() - began >= 0.25
    assert lives(impatient)


def test_idle_connection_is_ended_silently(impatient):
    began = time.monotonic()
    assert converse(impatient, b"") == b""
    assert time.monotonic() - began >= 0.9


def test_ten_thousand_idle_connections(pdp):
    peers = 10000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < peers + 500:
        pytest.skip(f"skipped: {hard} descriptors allowed, {peers + 500} needed")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], peers + 500), hard))
    connections = []
    try:
        pdp.write("sekimori.yaml", CONFIG + "limits: {head_timeout: 60s}\n")
        pdp.start()
        resident = resident_bytes(pdp)
        for i in range(peers):
            connections.append(dial(pdp))
            if i % 2 == 0:
                connections[-1].sendall(GOOD)
        for connection in connections[::2]:
            assert connection.recv(4096).endswith(b'{"decision":true}')
        assert lives(pdp)
        grown = resident_bytes(pdp) - resident
        slack = 30 << 20 if "san" in pathlib.Path(os.environ.get("SKM_BUILD", "")).parts else 4 << 20
        assert grown < peers * 1024 + slack, f"{grown / peers:.0f} bytes for each connection"
        for connection in (connections[0], connections[1], connections[-1]):
            connection.sendall(GOOD)
            assert connection.recv(4096).endswith(b'{"decision":true}')
    finally:
        for connection in connections:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    wait_for(lambda: count_fds(pdp) < 40, "connections to be closed")
    assert lives(pdp)


def resident_bytes(pdp):
    status = pathlib.Path(f"/proc/{pdp.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:"))


def test_full_house_makes_room_by_ending_the_longest_idle(pdp):
    pdp.write("sekimori.yaml", CONFIG + "limits: {connections: 8}\n")
    pdp.start()
    connections = [dial(pdp) for _ in range(20)]
    connections[-1].sendall(GOOD)
    assert connections[-1].recv(4096).endswith(b'{"decision":true}')
    assert hear_all(connections[0]) == b""
    for connection in connections:
        connection.close()
    assert lives(pdp)


# ---- TLS

S_CLIENT = {
    "1.3": (["-tls1_3"], True),
    "1.2": (["-tls1_2"], True),
    "1.3 with CCM": (["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"], True),
    "1.1": (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], False),
    "1.0": (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], False),
    "CBC": (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], False),
    "CBC with SHA-1": (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"], False),
    "Camellia in CBC": (["-tls1_2", "-cipher", "ECDHE-ECDSA-CAMELLIA256-SHA384"], False),
    "RSA key exchange": (["-tls1_2", "-cipher", "AES256-GCM-SHA384"], False),
    "NULL": (["-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"], False),
    "anonymous": (["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"], False),
    "other protocol": (["-tls1_3", "-alpn", "h2"], False),
}


@pytest.fixture(scope="module")
def secure(certificates):
    tls = CONFIG.replace("  - address: 127.0.0.1:0\n", "  - address: 127.0.0.1:0\n    tls: {{certificate: {0}/server.pem, key: {0}/server.key}}\n".format(certificates))
    with Daemon(tls) as pdp:
        pdp.policy("a.cedar", 'permit(principal == User::"alice", action, resource);')
        yield pdp.start()


@pytest.mark.parametrize("arguments, accepted", S_CLIENT.values(), ids=S_CLIENT.keys())
def test_versions_and_suites_of_tls(secure, arguments, accepted):
    done = subprocess.run(["openssl", "s_client", "-connect", secure.addresses[0][0], *arguments], capture_output=True,
                          timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False)
    assert (done.returncode == 0) is accepted, done.stderr.decode()
    assert lives(secure)


def test_clear_text_and_silence_on_a_tls_port_are_not_served(secure):
    assert b"decision" not in converse(secure, GOOD)
    with dial(secure) as silent:
        assert lives(secure)
        silent.close()
