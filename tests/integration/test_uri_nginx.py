"""Request targets: our normal form is nginx's `$uri`, and what nginx refuses we refuse.

A stock nginx answers each target with `$uri`; pdp/proto/uri.c, in a small program the Makefile builds, normalises the same
targets. Beside a table of nasty ones there are random ones from nasty pieces, the same in every run.
"""

import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile

import pytest

from daemon import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
BUILD = pathlib.Path(os.environ.get("SKM_BUILD", ROOT / "build"))

CONFIG = """\
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log error.log crit;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    keepalive_requests 1000000;
    server {
        listen unix:%s;
        default_type application/octet-stream;
        location / { return 200 "$uri"; }
    }
}
"""

TABLE = """
/ /a /a/ /a/b /a/b/ /A/b /a.b /a..b /.a /..a /a. /a.. /... /.../ /a/... /a/.b /a/..b /a/b. /a/b..
/. /./ /./a /a/. /a/./ /a/./b /a/././b /././. /./a/./b/.
/a/.. /a/../ /a/../b /a/b/.. /a/b/../ /a/b/../c /a/b/../../c /a/../b/../c /a/b/c/../../../d
/.. /../ /../a /a/../.. /a/../../b /a/b/../../../c /./.. /./../a
// //a /a// /a//b /a///b ///// /a//../b /a/b//../c //.. //../a /a//. /a//./b /.//a /a/.//b /..//a
/%41 /%61%62 /%7e /a%20b /%2b /+ /a+b /%2B /%e3%81%82 /%E3%81%82 /%ff /%c0%af /%80
/%2e /%2e/ /%2e/a /a/%2e /a/%2e/b /%2e%2e /a/%2e%2e /a/%2e%2e/b /a/.%2e/b /a/%2e./b /a/%2E%2E/b /%2e%2e/a /%2ea /%2e%2ea /a%2e /a%2e%2e
/%2f /%2fa /a%2f /a%2fb /a%2Fb /a%2f%2fb /a/%2fb /a%2f/b /a%2f../b /a/..%2fb /a%2f..%2fb /a%2f%2e%2e%2fb /a%2f. /a%2f.. /%2f.. /%2f../a /a%2f..%2f..%2fb
/%25 /%2525 /%252e /%252e%252e/a /%252f /a%252fb /%25%32%65 /%25%32%66 /%2%35 /%25zz /100%25
/%3f /a%3fb /a%3f/../b /%23 /a%23b /a%23/../b /%3a /%40 /%26 /%3d /%3b /%5c /%5c.. /a%5c..%5cb /a%5cb
/a;b /a;b/c /;a /a/;/b /a/..;/b /a/.;/b /..;/a /a;/../b /a/b;c=d;e
/a\\b /\\a /a\\..\\b /a\\../b
/? /a? /a?b /a?b=c&d /a?/../b /a?%zz /a?%00 /a?b?c /a/..?b /a/.?b /a/../b?c/../d /a?b%2f..
/# /a# /a#b /a?b#c /a#b?c /a/..#b /a/.#b /a#/../b /a#%zz
/% /%4 /%4g /%g4 /a% /a%4 /a%zzb /%%41 /%%% /a/%/b /%-1 /%0x
/%00 /a%00 /a%00b /%00/../a /a/%00 /%01 /a%09b /a%0ab /a%0d%0ab /%1f /%7f
/a:b /a@b /a,b /a=b /a&b /a$b /a!b /a'b /a(b) /a*b /a~b /a_b /a-b /a|b /a^b /a`b /a{b} /a[b] /a"b /a<b>
""".split()

BYTES = [b"/\xe3\x81\x82", b"/\xff\xfe", b"/\x80/..", b"/a\x01b", b"/a\x1fb", b"/a\x7fb", b"/a\tb", b"/a\x0bb",
         b"/a\x00b", b"/a?\x01", b"/a?\x7f", b"/a?\xff", b"/a#\x01", b"/\xc0\xae\xc0\xae/a", b"a", b"a/b", b".", b"..", b"?a", b"#",
         b"%2fa", b"\\a", b";a"]

PIECES = [b"/", b"/", b"//", b".", b"..", b"/.", b"/..", b"/./", b"/../", b"%2e", b"%2E", b"%2f", b"%2F", b"%5c", b"\\",
          b"%25", b"%252e", b"%00", b"%", b"%3f", b"%23", b"?", b"#", b";", b"%3b", b"a", b"B", b"%61", b"\xe3\x81\x82",
          b"%ff", b"+", b"%20", b"~"]


def targets():
    pick = random.Random(20211)
    yield from (t.encode() for t in TABLE)
    yield from BYTES
    for _ in range(3000):
        yield b"/" + b"".join(pick.choice(PIECES) for _ in range(pick.randrange(1, 12)))


@pytest.fixture(scope="module")
def nginx():
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sekimori-uri-"))
    path = folder / "s"
    (folder / "tmp").mkdir()
    (folder / "nginx.conf").write_text(CONFIG % path)
    process = subprocess.Popen([NGINX, "-e", "error.log", "-p", str(folder), "-c", "nginx.conf"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: path.exists() or process.poll() is not None, "nginx")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield str(path)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def ask_nginx(path, target):
    """`$uri`, or None where nginx answers 400."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1]
    assert status in (b"200", b"400"), (target, head)
    return body if status == b"200" else None


@pytest.fixture(scope="module")
def ours():
    """Normal forms of all targets: (path or None, doubts)."""
    program = BUILD / "tests/integration/normalise_uri"
    everything = list(dict.fromkeys(targets()))
    done = subprocess.run([str(program)], input="".join(t.hex() + "\n" for t in everything), text=True,
                          stdout=subprocess.PIPE, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(everything)
    return {t: (None, 0) if a == "-" else (bytes.fromhex(a.split()[0]), int(a.split()[1]))
            for t, a in zip(everything, answers)}


def test_normal_form_is_nginxs(nginx, ours):
    different = []
    refused = 0
    for target, (path, _) in ours.items():
        theirs = ask_nginx(nginx, target)
        refused += theirs is None
        if theirs != path:
            different.append(f"{target!r}: nginx {theirs!r}, ours {path!r}")
    assert not different, "\n".join(different[:40])
    assert len(ours) > 1000 and 100 < refused < len(ours) - 100


def test_raw_and_normal_form_differ_only_in_plain_escapes_unless_flagged(ours):
    """Without a doubt flagged, unescaping the raw path once by the book yields the normal form: no reader can see another path."""
    for target, (path, doubts) in ours.items():
        if path is None or doubts:
            continue
        raw = target.split(b"?", 1)[0]
        plain = bytearray()
        at = 0
        while at < len(raw):
            step = 3 if raw[at:at + 1] == b"%" else 1
            plain += bytes([int(raw[at + 1:at + 3], 16)]) if step == 3 else raw[at:at + 1]
            at += step
        assert bytes(plain) == path, target
