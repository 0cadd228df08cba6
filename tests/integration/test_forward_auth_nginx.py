"""forward-auth behind a stock nginx with auth_request: what a visitor sends cannot pass for what the proxy says.

The protected site answers with `$uri`, so that a bypass would show what was reached.
"""

import pathlib
import shutil
import socket
import subprocess
import tempfile

import pytest

from daemon import Daemon, KEY, KEY_SHA256, wait_for

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

PDP_CONFIG = f"""\
listeners:
  - address: unix:pdp.sock
admin:
  socket: admin.sock
schema: site.cedarschema
resources: resources.yaml
zones: zones.yaml
peps:
  - name: web
    key_sha256: {KEY_SHA256}
    principal_types: [User]
    actions: [view, edit]
    resource_types: [Page]
    forward_auth:
      headers: original-uri
      subject_header: X-Remote-User
      subject_type: User
      step_up_acr: urn:mfa
"""

SCHEMA = """\
entity User;
entity Page { secret?: Bool };
action view, edit appliesTo { principal: User, resource: Page, context: { zone: String, path: String } };
"""

RESOURCES = """\
resources:
  - host: site.example
    path: /
    resource: Page::"open"
  - host: site.example
    path: /secret
    resource: Page::"secret"
    labels:
      secret: true
"""

ZONES = """\
zones:
  - zone: local
    networks: [127.0.0.0/8, "::1"]
"""

POLICY = """\
@id("view") permit(principal, action == Action::"view", resource) when { context.zone == "local" };
@id("edit") permit(principal == User::"alice", action == Action::"edit", resource);
@id("secret") forbid(principal, action, resource) when { resource has secret && resource.secret }
unless { principal == User::"root" };
@id("mfa") @remedy("step_up_mfa") forbid(principal, action, resource) when { context.path like "/mfa/*" };
"""

NGINX_CONFIG = """\
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 128; }
http {
    access_log off;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    # Stands in for a login: a cookie names the user.
    map $http_cookie $login { default ""; "~^user=(?<name>[a-z]+)$" $name; }
    upstream pdp { server unix:@PDP@; keepalive 4; }
    server { listen unix:@BACKEND@; location / { return 200 "reached $uri"; } }
    server {
        listen 127.0.0.1:@PORT@;
        server_name site.example;
        location / {
            auth_request /.sekimori-auth;
            auth_request_set $user $upstream_http_x_sekimori_user;
            auth_request_set $reason $upstream_http_x_sekimori_reason;
            add_header X-Reason $reason always;
            proxy_set_header X-User $user;
            proxy_pass http://unix:@BACKEND@;
        }
        location = /.sekimori-auth {
            internal;
            proxy_pass http://pdp/forward-auth;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Authorization "Bearer @KEY@";
            proxy_set_header X-Original-Method $request_method;
            proxy_set_header X-Original-URI $request_uri;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Remote-User $login;
        }
    }
}
"""

# Every one is /secret/x to nginx, or refused; none may reach it.
SECRET_FORMS = [
    "/secret/x", "/secret/", "/%73ecret/x", "/secret%2fx", "//secret/x", "/./secret/x", "/a/../secret/x", "/a/%2e%2e/secret/x",
    "/a/..%2fsecret/x", "/%2e/secret/x", "/secret/./x", "/secret//x", "/%2fsecret/x", "/secret/y/../x", "/secret/x?a=/../b",
    "/secret/x#b", "/secret/%78", "/a/b/..//../secret/x", "/secret/x/", "/secret/x/.",
]

# To nginx these are another path; a backend could see /secret in them.
DOUBTFUL_FORMS = [
    "/a\\..\\secret\\x", "/a%5c..%5csecret%5cx", "/%2573ecret/x", "/a/..;/secret/x", "/;/secret/x", "/secret;x", "/secret%3fx",
    "/a/%252e%252e/secret/x", "/secret%00", "/secret%0a", "/%c0%afsecret",
]


class Site:
    """nginx with its PDP, and raw requests to it."""

    def __init__(self, pdp):
        self.pdp, self.process = pdp, None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sekimori-fa-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self):
        (self.folder / "tmp").mkdir()
        config = NGINX_CONFIG
        for name, value in {"PDP": self.pdp.folder / "pdp.sock", "BACKEND": self.folder / "b", "PORT": self.port, "KEY": KEY}.items():
            config = config.replace(f"@{name}@", str(value))
        (self.folder / "nginx.conf").write_text(config)
        self.process = subprocess.Popen([NGINX, "-e", "error.log", "-p", str(self.folder), "-c", "nginx.conf"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.is_up, "nginx")
        return self

    def __exit__(self, *trace):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_up(self):
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def ask(self, target, user="alice", method="GET", headers=()):
        """Status, head and body of a raw request."""
        lines = [f"{method} {target} HTTP/1.1", "Host: site.example", "Connection: close", *headers]
        if user:
            lines.append(f"Cookie: user={user}")
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            answer = b""
            while part := connection.recv(65536):
                answer += part
        head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
        return int(head.split(" ", 2)[1]), head, body


@pytest.fixture(scope="module")
def site():
    if NGINX is None:
        pytest.skip("nginx is not installed")
    with Daemon(PDP_CONFIG) as pdp:
        pdp.policy("a.cedar", POLICY)
        pdp.write("site.cedarschema", SCHEMA)
        pdp.write("resources.yaml", RESOURCES)
        pdp.write("zones.yaml", ZONES)
        pdp.start()
        with Site(pdp) as site:
            yield site


def test_open_page_is_reached(site):
    assert site.ask("/a/b?c=d")[0] == 200
    assert "reached /a/b" in site.ask("/a/b?c=d")[2]
    assert site.ask("/a%20b/%e3%81%82")[0] == 200


@pytest.mark.parametrize("target", SECRET_FORMS)
def test_secret_is_not_reached_in_any_form(site, target):
    status, _, body = site.ask(target)
    assert status == 403 and "reached" not in body
    # The same form reaches somebody who may, or is denied as ambiguous: it is the rule that keeps alice out.
    assert site.ask(target, user="root")[0] in (200, 403)


@pytest.mark.parametrize("target", DOUBTFUL_FORMS)
def test_what_a_backend_could_read_as_secret_is_denied(site, target):
    status, _, body = site.ask(target)
    assert status in (400, 403) and "reached" not in body
    status, _, body = site.ask(target, user="root")
    assert status in (400, 403) and "reached" not in body


def test_secret_is_reached_by_who_may(site):
    assert site.ask("/secret/x", user="root")[0] == 200
    assert site.ask("/secrets", user="alice")[0] == 200


def test_visitor_cannot_speak_for_the_proxy(site):
    forged = ["X-Original-URI: /a", "X-Original-Method: GET", "X-Forwarded-Host: other.example", "X-Forwarded-Uri: /a",
              "X-Original-URL: http://site.example/a", "X-Remote-User: root", "X-Real-IP: 203.0.113.1", "X-Sekimori-User: root",
              "X-Sekimori-Decision: permit", "X-Forwarded-For: 203.0.113.1", "X_Remote_User: root"]
    assert site.ask("/secret/x", headers=forged)[0] == 403
    assert site.ask("/a", headers=forged)[0] == 200
    assert site.ask("/a", user="", headers=["X-Remote-User: alice"])[0] == 401
    assert site.ask("/a", user="bob", method="POST", headers=["X-Original-Method: GET", "X-HTTP-Method-Override: GET",
                                                              "Content-Length: 0"])[0] == 403


def test_visitors_authorization_is_replaced(site):
    assert site.ask("/a", headers=["Authorization: Basic dXNlcjpwdw=="])[0] == 200
    assert site.ask("/secret/x", headers=["Authorization: Bearer whatever"])[0] == 403


def test_visitors_key_header_only_harms_the_visitor(site):
    assert site.ask("/a", headers=["X-Sekimori-Key: guess"])[0] == 403
    assert site.ask("/secret/x", headers=[f"X-Sekimori-Key: {KEY}"])[0] == 403


def test_methods_become_actions(site):
    assert site.ask("/a", method="HEAD")[0] == 200
    assert site.ask("/a", method="POST", headers=["Content-Length: 0"])[0] == 200
    assert site.ask("/a", user="bob", method="POST", headers=["Content-Length: 0"])[0] == 403
    assert site.ask("/a", method="OPTIONS")[0] == 403
    assert site.ask("/a", method="PROPFIND")[0] == 403


def test_nobody_is_asked_to_log_in(site):
    status, head, _ = site.ask("/a", user="")
    assert status == 401 and "x-reason: no_subject" in head.lower()


def test_step_up_is_challenged(site):
    status, head, _ = site.ask("/mfa/x")
    assert status == 401
    assert 'error="insufficient_user_authentication"' in head and 'acr_values="urn:mfa"' in head


def test_unknown_host_is_denied(site):
    status, head, _ = site.ask("/a", headers=[])
    assert status == 200
    lines = "GET http://other.example/a HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\nCookie: user=root\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as connection:
        connection.sendall(lines.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.split(b" ", 2)[1] == b"403" and b"unknown_resource" in answer


def test_wrong_key_denies_everything(site):
    config = (site.folder / "nginx.conf").read_text()
    with Site(site.pdp) as other:
        other.process.terminate()
        other.process.wait(30)
        path = other.folder / "nginx.conf"
        path.write_text(config.replace(f"Bearer {KEY}", "Bearer another-key").replace(f":{site.port};", f":{other.port};")
                        .replace(str(site.folder), str(other.folder)))
        (other.folder / "b").unlink(missing_ok=True)
        other.process = subprocess.Popen([NGINX, "-e", "error.log", "-p", str(other.folder), "-c", "nginx.conf"],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(other.is_up, "nginx")
        status, head, body = other.ask("/a", user="root")
        assert status == 403 and "unknown_pep" in head and "reached" not in body
