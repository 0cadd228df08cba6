"""The daemon from outside: start and refusal, decisions, who may ask, reload, operations, stop."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import threading
import time

import pytest
from daemon import CONFIG, KEY, PLAIN, Daemon, make_certificates, question, wait_for

TLS = """\
listeners:
  - address: 127.0.0.1:0
    tls: {{certificate: {folder}/server.pem, key: {folder}/server.key{more}}}
"""


# ---- start and refusal

def test_check_accepts_a_good_configuration_and_counts(pdp):
    done = pdp.run("--check")
    assert done.returncode == 0, done.stderr
    assert "good; 3 policies" in done.stdout and "3 entities" in done.stdout
    assert done.stderr == ""


def test_check_reports_every_error_of_every_file_with_its_place(pdp):
    pdp.policy("bad.cedar", "permit(principal, action, resource) when { };\nforbid(principal action, resource);\n")
    pdp.write("entities/bad.json", '[{"uid": {"type": "User"}, "attrs": {}, "parents": []}]')
    pdp.write("zones.yaml", "zones:\n  - zone: a\n    networks: [10.0.0.0/40]\n")
    pdp.write("sekimori.yaml", CONFIG + "zones: zones.yaml\n")
    done = pdp.run("--check")
    assert done.returncode == 1
    for place in ("bad.cedar:1:", "bad.cedar:2:", "bad.json:1:", "zones.yaml:3:"):
        assert place in done.stderr, done.stderr
    assert re.search(r"is not good: \d+ errors", done.stderr)


def test_start_is_refused_with_the_same_messages(pdp):
    pdp.policy("bad.cedar", "permit(")
    started, checked = pdp.run(), pdp.run("--check")
    assert started.returncode == 1
    assert started.stderr == checked.stderr
    assert not (pdp.folder / "admin.sock").exists()


def test_clashing_policy_ids_name_both_places(pdp):
    pdp.policy("other.cedar", '\n@id("alice-reads")\npermit(principal, action, resource);')
    done = pdp.run("--check")
    assert done.returncode == 1
    assert "other.cedar:" in done.stderr and "base.cedar:" in done.stderr, done.stderr


@pytest.mark.parametrize("arguments, code", [(["--version"], 0), (["--help"], 0), (["--print-defaults"], 0),
                                             (["--print-defaults=man"], 0), (["--print-defaults=x"], 2),
                                             (["--nonsense"], 2), (["surplus"], 2)])
def test_exit_codes_of_arguments(pdp, arguments, code):
    assert pdp.run(*arguments).returncode == code


def test_missing_files_are_named_with_the_option_that_asked(pdp):
    pdp.write("sekimori.yaml", CONFIG + "schema: nowhere.cedarschema\nobligations: nothing\n")
    done = pdp.run("--check")
    assert done.returncode == 1
    assert "`schema` asks for the file" in done.stderr and "`obligations` asks for the folder" in done.stderr


def test_missing_configuration_tells_where_to_begin(pdp):
    (pdp.folder / "sekimori.yaml").unlink()
    done = pdp.run("--check")
    assert done.returncode == 1 and "No such file" in done.stderr
    assert "sekimori.yaml.example" in done.stderr and "--print-defaults" in done.stderr


def test_files_that_are_not_read_are_mentioned(pdp):
    pdp.policy("base.cedar~", "permit(")
    pdp.policy("README.md", "about these policies")
    done = pdp.run("--check")
    assert done.returncode == 0
    assert "base.cedar~` is not read" in done.stderr and "README" not in done.stderr


@pytest.mark.parametrize("what, mode", [("sekimori.yaml", 0o646), (".", 0o777), ("policies", 0o777),
                                        ("policies/base.cedar", 0o666), ("entities/people.json", 0o666)])
def test_what_anybody_may_write_is_refused(pdp, what, mode):
    path = pdp.folder / what
    before = path.stat().st_mode
    path.chmod(mode)
    done = pdp.run("--check")
    path.chmod(before & 0o7777)
    assert done.returncode == 1
    assert "anybody may write" in done.stderr
    assert pdp.run("--check").returncode == 0


@pytest.mark.parametrize("mode, accepted", [(0o600, True), (0o400, True), (0o640, False), (0o604, False)])
def test_key_file_must_be_its_owners_alone(pdp, mode, accepted):
    pdp.write("app.key", KEY + "\n", mode)
    config = re.sub(r"key_sha256: \w+", "key_file: app.key", CONFIG)
    pdp.write("sekimori.yaml", config)
    done = pdp.run("--check")
    assert (done.returncode == 0) == accepted, done.stderr
    if accepted:
        pdp.start()
        assert pdp.evaluate("alice", "read", "x") == {"decision": True}


def test_key_that_could_be_guessed_is_refused(pdp):
    pdp.write("app.key", "short\n", 0o600)
    pdp.write("sekimori.yaml", re.sub(r"key_sha256: \w+", "key_file: app.key", CONFIG))
    done = pdp.run("--check")
    assert done.returncode == 1 and "20 to 512 characters" in done.stderr


def test_address_in_use_is_a_refused_start(running):
    address = running.addresses[0][0]
    with Daemon(CONFIG.replace("127.0.0.1:0", address)) as second:
        done = second.run()
        assert done.returncode == 1
        assert address in done.stderr and "in use" in done.stderr.lower()


def test_clear_text_beyond_loopback_needs_consent(pdp):
    pdp.write("sekimori.yaml", CONFIG.replace("127.0.0.1:0", "0.0.0.0:0"))
    done = pdp.run()
    assert done.returncode == 1 and "allow_plain_http" in done.stderr


# ---- decisions

def test_decisions_over_plain_http(running):
    assert running.evaluate("alice", "read", "x") == {"decision": True}
    assert running.evaluate("alice", "write", "x") == {"decision": False}
    assert running.evaluate("bob", "write", "x") == {"decision": True}
    assert running.evaluate("alice", "read", "sealed") == {"decision": False}


def test_batch_of_decisions(running):
    body = {**question("alice", "read", "x"), "evaluations": [{}, {"action": {"name": "write"}}]}
    answer = running.post("/access/v1/evaluations", body)
    assert answer.json == {"evaluations": [{"decision": True}, {"decision": False}]}


def test_request_id_comes_back(running):
    answer = running.post("/access/v1/evaluation", question("alice", "read", "x"), headers={"X-Request-ID": "r-1"})
    assert answer.headers["X-Request-ID"] == "r-1"
    refused = running.post("/access/v1/evaluation", "{", headers={"X-Request-ID": "r-2"})
    assert (refused.status, refused.headers["X-Request-ID"]) == (400, "r-2")


def test_decisions_over_tls_and_not_in_clear_on_the_same_port(pdp, certificates):
    pdp.write("sekimori.yaml", CONFIG.replace(PLAIN, TLS.format(folder=certificates, more="")))
    context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    pdp.start()
    assert pdp.addresses[0][1] == "https"
    assert pdp.evaluate("alice", "read", "x", context=None) == {"decision": True}
    assert pdp.get("/healthz", context=context).status == 200
    host, port = pdp.addresses[0][0].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not plain.recv(4096).startswith(b"HTTP/1.1 200")


def test_client_certificate_is_demanded_where_configured(pdp, certificates):
    more = f", client_ca: {certificates}/ca.pem"
    pdp.write("sekimori.yaml", CONFIG.replace(PLAIN, TLS.format(folder=certificates, more=more) + "  - address: 127.0.0.1:0\n"))
    with_certificate = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    with_certificate.load_cert_chain(certificates / "client.pem", certificates / "client.key")
    without = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    pdp.ready_listener = 1
    pdp.start()
    assert pdp.get("/healthz", context=with_certificate).status == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        pdp.get("/healthz", context=without)


def test_unix_socket_and_what_a_listener_serves(pdp):
    pdp.write("sekimori.yaml", CONFIG.replace(
        PLAIN, PLAIN + "    serve: [authzen, health]\n  - address: unix:ops.sock\n    serve: [metrics, health]\n"))
    pdp.start()
    assert pdp.evaluate("alice", "read", "x") == {"decision": True}
    assert pdp.get("/metrics").status == 404
    assert pdp.get("/metrics", listener=1).status == 200
    assert pdp.post("/access/v1/evaluation", question("alice", "read", "x"), listener=1).status == 404
    assert (pdp.folder / "ops.sock").stat().st_mode & 0o777 == 0o660


def test_metadata_only_with_an_identifier(running):
    assert running.get("/.well-known/authzen-configuration").status == 404
    with Daemon(CONFIG + "pdp_id: https://pdp.example.org/t1\n") as tenant:
        tenant.policy("a.cedar", "permit(principal, action, resource);")
        tenant.start()
        metadata = tenant.get("/.well-known/authzen-configuration/t1").json
        assert metadata["policy_decision_point"] == "https://pdp.example.org/t1"
        assert metadata["access_evaluation_endpoint"] == "https://pdp.example.org/t1/access/v1/evaluation"
        assert tenant.post("/t1/access/v1/evaluation", question("a", "b", "c")).json == {"decision": True}


FORWARD_AUTH = """\
    forward_auth: {headers: original-uri, subject_header: X-Remote-User}
resources: resources.yaml
zones: zones.yaml
"""
RESOURCES = """\
resources:
  - host: www.example.org
    path: /hr
    resource: 'Page::"hr"'
    labels: {confidentiality: 3}
  - host: www.example.org
    path: /public
    resource: 'Page::"public"'
"""
ZONES = "zones:\n  - zone: office\n    networks: [10.1.0.0/16]\n  - zone: outside\n    networks: [0.0.0.0/0]\n"
PAGES = """\
permit(principal, action == Action::"view", resource is Page);
forbid(principal, action, resource is Page)
when { resource has confidentiality && resource.confidentiality >= 3 && context.zone != "office" };
"""


@pytest.mark.parametrize("path, address, method, status", [
    ("/hr/list", "10.1.2.3", "GET", 200), ("/hr/list", "203.0.113.9", "GET", 403), ("/public", "203.0.113.9", "GET", 200),
    ("/public", "203.0.113.9", "POST", 403), ("/elsewhere", "10.1.2.3", "GET", 403), ("/public%2f..%2fhr", "203.0.113.9", "GET", 403)])
def test_forward_auth_decides_by_resource_map_and_zones(pdp, path, address, method, status):
    pdp.write("sekimori.yaml", CONFIG + FORWARD_AUTH)
    pdp.write("resources.yaml", RESOURCES)
    pdp.write("zones.yaml", ZONES)
    pdp.policy("pages.cedar", PAGES)
    pdp.start()
    headers = {"Authorization": f"Bearer {KEY}", "X-Original-Method": method, "X-Original-URI": path, "X-Real-IP": address,
               "X-Forwarded-Host": "www.example.org", "X-Forwarded-Proto": "https", "X-Remote-User": "alice"}
    answer = pdp.get("/forward-auth", headers=headers)
    assert answer.status == status, (answer.headers.items(), answer.text)
    del headers["Authorization"]
    assert pdp.get("/forward-auth", headers=headers).status == 403


# ---- who may ask

@pytest.mark.parametrize("key", [None, "", KEY + "x", KEY[:-1], KEY.upper()])
def test_unknown_enforcement_points_get_401(running, key):
    answer = running.post("/access/v1/evaluation", question("alice", "read", "x"), key=key)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"]


def test_bare_key_is_taken_as_interop_runners_send_it(running):
    answer = running.post("/access/v1/evaluation", question("alice", "read", "x"), key=None, headers={"Authorization": KEY})
    assert answer.json == {"decision": True}


def test_key_in_another_header_than_registered_is_no_key(pdp):
    pdp.write("sekimori.yaml", CONFIG + "    credential: key-header\n")
    pdp.start()
    body = question("alice", "read", "x")
    assert pdp.post("/access/v1/evaluation", body).status == 401
    assert pdp.post("/access/v1/evaluation", body, key=None, headers={"X-Sekimori-Key": KEY}).json == {"decision": True}


def test_anonymous_requests_act_as_the_named_registration(pdp):
    pdp.write("sekimori.yaml", CONFIG + "anonymous_pep: app\n")
    pdp.start()
    assert pdp.evaluate("alice", "read", "x", key=None) == {"decision": True}
    assert pdp.post("/access/v1/evaluation", question("alice", "read", "x"), key="wrong" * 8).status == 401


@pytest.mark.parametrize("option, narrow", [("actions", "[write]"), ("principal_types", "[Robot]"),
                                            ("resource_types", "[Host]"), ("context_keys", "[other]")])
def test_what_a_registration_does_not_allow_is_403(pdp, option, narrow):
    pdp.write("sekimori.yaml", CONFIG.replace(f"{option}: any", f"{option}: {narrow}"))
    pdp.start()
    answer = pdp.post("/access/v1/evaluation", question("alice", "read", "x", {"level": 1}))
    assert answer.status == 403, answer.text


# ---- reload

def test_reload_puts_new_policies_in_force(running):
    running.policy("more.cedar", '@id("carol")\npermit(principal == User::"carol", action, resource);')
    assert running.evaluate("carol", "read", "x") == {"decision": False}
    result = running.reload()
    assert (result["ok"], result["reloaded"], result["revision"], result["policies"]) == (True, True, 2, 4)
    assert running.evaluate("carol", "read", "x") == {"decision": True}


def test_bad_reload_changes_nothing_and_says_why(running):
    running.policy("more.cedar", "permit(principal == User::\"carol\", action, resource);\npermit(")
    result = running.reload()
    assert (result["ok"], result["reloaded"], result["revision"]) == (True, False, 1)
    assert result["errors"] == len(result["messages"]) >= 1
    assert result["messages"][0]["file"].endswith("more.cedar") and result["messages"][0]["line"] == 2
    assert "more.cedar:2:" in result["text"] and "more.cedar:2:" in running.log()
    assert running.evaluate("carol", "read", "x") == {"decision": False}
    assert running.evaluate("alice", "read", "x") == {"decision": True}
    running.policy("more.cedar", "permit(principal == User::\"carol\", action, resource);")
    assert running.reload()["revision"] == 2
    assert running.evaluate("carol", "read", "x") == {"decision": True}


def test_sighup_reloads(running):
    running.policy("more.cedar", "permit(principal == User::\"carol\", action, resource);")
    running.signal(signal.SIGHUP)
    wait_for(lambda: running.evaluate("carol", "read", "x")["decision"], "the reload")
    assert running.admin("status")["last_reload"]["ok"] is True


def test_reload_takes_registrations_and_tells_what_waits_for_a_start(running):
    config = CONFIG.replace("actions: any", "actions: [read]") + "threads: 2\nlog: {level: debug}\n"
    running.write("sekimori.yaml", config)
    result = running.reload()
    assert result["reloaded"] is True
    assert result["restart"] == "threads, log.level"
    assert running.post("/access/v1/evaluation", question("bob", "write", "x")).status == 403
    assert "take effect at the next start: threads, log.level" in running.log()


def test_bad_configuration_at_reload_changes_nothing(running):
    running.write("sekimori.yaml", CONFIG + "polices: x\n")
    result = running.reload()
    assert result["reloaded"] is False
    assert "did you mean `policies`?" in result["text"]
    assert running.evaluate("alice", "read", "x") == {"decision": True}


def test_certificates_are_read_anew_at_reload(pdp, certificates, tmp_path):
    for name in ("server.pem", "server.key"):
        (pdp.folder / name).write_bytes((certificates / name).read_bytes())
    (pdp.folder / "server.key").chmod(0o600)
    pdp.write("sekimori.yaml", CONFIG.replace(PLAIN, TLS.format(folder=pdp.folder, more="")))
    pdp.start()
    old = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    assert pdp.get("/healthz", context=old).status == 200
    fresh = make_certificates(tmp_path)
    for name in ("server.pem", "server.key"):
        (pdp.folder / name).write_bytes((fresh / name).read_bytes())
    assert pdp.reload()["reloaded"] is True
    new = ssl.create_default_context(cafile=str(fresh / "ca.pem"))
    assert pdp.get("/healthz", context=new).status == 200
    with pytest.raises(ssl.SSLError):
        pdp.get("/healthz", context=old)


class Load:
    """Threads that ask without pause until told to stop."""

    def __init__(self, pdp, threads):
        self.pdp, self.stopping, self.asked, self.faults = pdp, threading.Event(), 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.ask) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_for(lambda: self.asked > 50, "requests to flow")
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def ask(self):
        connection = self.pdp.connect()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        body = json.dumps(question("alice", "read", "x"))
        while not self.stopping.is_set():
            try:
                connection.request("POST", "/access/v1/evaluation", body, headers)
                response = connection.getresponse()
                text = response.read()
                if (response.status, text) != (200, b'{"decision":true}'):
                    self.faults.append((response.status, text))
            except OSError as error:
                self.faults.append(repr(error))
                connection = self.pdp.connect()
            with self.lock:
                self.asked += 1
        connection.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_no_request_fails_while_good_and_bad_reloads_follow_each_other(pdp, threads):
    pdp.write("sekimori.yaml", CONFIG + f"threads: {threads}\n")
    pdp.start()
    with Load(pdp, 3) as load:
        for turn in range(20):
            pdp.policy("more.cedar", "permit(" if turn % 2 else f"// {turn}\npermit(principal, action, resource) when {{ false }};")
            assert pdp.reload()["reloaded"] is (turn % 2 == 0)
    assert load.faults == [] and load.asked > 100
    assert pdp.admin("status")["revision"] == 11


# ---- operations

def test_metrics_are_well_formed_and_count(running):
    running.evaluate("alice", "read", "x")
    running.evaluate("alice", "write", "x")
    running.evaluate("alice", "read", "sealed")
    running.post("/access/v1/evaluation", "{")
    running.post("/access/v1/evaluation", question("alice", "read", "x"), key=None)
    running.policy("bad.cedar", "permit(")
    running.reload()
    text = running.get("/metrics").text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.]+', line), line
    named = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(named) == len(set(named))
    value = running.metrics()
    assert value['sekimori_decisions_total{interface="authzen",kind="permitted"}'] == 1
    assert value['sekimori_decisions_total{interface="authzen",kind="not_permitted"}'] == 1
    assert value['sekimori_decisions_total{interface="authzen",kind="forbidden"}'] == 1
    assert value['sekimori_requests_total{endpoint="evaluation",status="200"}'] == 3
    assert value['sekimori_requests_total{endpoint="evaluation",status="400"}'] == 1
    assert value['sekimori_requests_total{endpoint="evaluation",status="401"}'] == 1
    assert value['sekimori_request_duration_seconds_count{endpoint="evaluation"}'] == 5
    assert value['sekimori_request_duration_seconds_bucket{endpoint="evaluation",le="+Inf"}'] == 5
    assert value["sekimori_policies"] == 3 and value["sekimori_entities"] == 3
    assert value["sekimori_snapshot_revision"] == 1
    assert value['sekimori_reloads_total{result="failed"}'] == 1 and value["sekimori_last_reload_successful"] == 0
    assert value["process_resident_memory_bytes"] > 1e6 and value["process_open_fds"] > 3


@pytest.mark.parametrize("access, status", [("loopback", 200), ("any", 200), ("none", 403)])
def test_metrics_access(pdp, access, status):
    pdp.write("sekimori.yaml", CONFIG + f"metrics: {{access: {access}}}\n")
    pdp.start()
    assert pdp.get("/metrics").status == status


def test_digest_follows_names_and_bytes_of_policies_only(running):
    first = running.admin("status")["policy_digest"]
    running.entities("more.json", [])
    running.reload()
    assert running.admin("status")["policy_digest"] == first
    os.rename(running.folder / "policies/base.cedar", running.folder / "policies/bass.cedar")
    running.reload()
    renamed = running.admin("status")["policy_digest"]
    os.rename(running.folder / "policies/bass.cedar", running.folder / "policies/base.cedar")
    running.policy("base.cedar", (running.folder / "policies/base.cedar").read_text() + "\n")
    running.reload()
    longer = running.admin("status")["policy_digest"]
    assert len({first, renamed, longer}) == 3
    running.policy("base.cedar", (running.folder / "policies/base.cedar").read_text()[:-1])
    running.reload()
    assert running.admin("status")["policy_digest"] == first


def test_unknown_admin_command_is_refused(running):
    answer = running.admin("nonsense")
    assert answer["ok"] is False and "nonsense" in answer["error"]


def test_process_dumps_no_core_and_hides_its_memory(running):
    proc = pathlib.Path("/proc") / str(running.process.pid)
    assert re.search(r"Max core file size\s+0\s+0", (proc / "limits").read_text())
    status = (proc / "status").read_text()
    assert re.search(r"NoNewPrivs:\s+1", status)


def test_service_manager_is_told(pdp):
    path = str(pdp.folder / "notify.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(30)
        pdp.start(env={"NOTIFY_SOCKET": path})
        assert manager.recv(4096) == b"READY=1"
        pdp.reload()
        assert manager.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(4096) == b"READY=1"
        pdp.end()
        assert manager.recv(4096) == b"STOPPING=1"


# ---- stop

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_is_prompt_and_cleans_up(running, number):
    running.signal(number)
    assert running.wait() == 0
    assert not (running.folder / "admin.sock").exists()
    assert running.log().rstrip().endswith("stopped")


def test_request_under_way_is_finished_when_stopping(running):
    host, port = running.addresses[0][0].split(":")
    body = json.dumps(question("alice", "read", "x")).encode()
    head = (f"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head + body[:10])
        time.sleep(0.2)
        running.signal(signal.SIGTERM)
        wait_for(lambda: "stopping" in running.log(), "the stop")
        with pytest.raises(OSError):
            socket.create_connection((host, int(port)), timeout=5).close()
        connection.sendall(body[10:])
        answer = b""
        while part := connection.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b'{"decision":true}')
    assert running.wait() == 0


def test_stop_amid_traffic_reloads_and_metrics_is_clean(pdp):
    pdp.write("sekimori.yaml", CONFIG + "threads: 3\n")
    pdp.start()
    stopping = threading.Event()

    def bother(ask):
        while not stopping.is_set():
            try:
                ask()
            except (OSError, ValueError, http.client.HTTPException):
                return

    askers = [lambda: pdp.get("/metrics"), pdp.reload, lambda: pdp.admin("status"), lambda: pdp.get("/readyz")]
    threads = [threading.Thread(target=bother, args=(ask,)) for ask in askers]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    pdp.signal(signal.SIGTERM)
    assert pdp.wait() == 0
    stopping.set()
    for thread in threads:
        thread.join()


def test_stop_does_not_wait_longer_than_configured(pdp):
    pdp.write("sekimori.yaml", CONFIG + "limits: {stop_timeout: 300ms}\n")
    pdp.start()
    host, port = pdp.addresses[0][0].split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        time.sleep(0.2)
        began = time.monotonic()
        pdp.signal(signal.SIGTERM)
        assert pdp.wait() == 0
        assert time.monotonic() - began < 10
