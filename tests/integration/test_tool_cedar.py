"""sekimori cedar ..., through real processes: answers, exit status, messages."""

import json
import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("SKM_BUILD", "build"))
TOOL = BUILD / "bin" / "sekimori"

POLICIES = """
permit(principal in Group::"staff", action == Action::"view", resource);
@id("no-secrets")
forbid(principal, action, resource) when { resource.secret };
permit(principal, action, resource == Photo::"broken") when { resource.missing > 1 };
"""
ENTITIES = [
    {"uid": {"type": "User", "id": "alice"}, "attrs": {}, "parents": [{"type": "Group", "id": "team"}]},
    {"uid": {"type": "Group", "id": "team"}, "attrs": {}, "parents": [{"type": "Group", "id": "staff"}]},
    {"uid": {"type": "Photo", "id": "open"}, "attrs": {"secret": False}, "parents": []},
    {"uid": {"type": "Photo", "id": "hidden"}, "attrs": {"secret": True}, "parents": []},
    {"uid": {"type": "Photo", "id": "broken"}, "attrs": {"secret": False}, "parents": []},
]
SCHEMA = """
entity Group in [Group];
entity User in [Group];
entity Photo = { secret: Bool };
action view appliesTo { principal: [User], resource: [Photo], context: { from?: ipaddr } };
"""


def run(*arguments, text=None, cwd=None):
    return subprocess.run([str(TOOL.resolve()), *map(str, arguments)], input=text, capture_output=True, text=True, cwd=cwd,
                          timeout=60)


def request(principal="alice", resource="open", **more):
    return {"principal": f'User::"{principal}"', "action": 'Action::"view"', "resource": f'Photo::"{resource}"',
            "context": {}, **more}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p.cedar").write_text(POLICIES)
    (tmp_path / "e.json").write_text(json.dumps(ENTITIES))
    (tmp_path / "s.cedarschema").write_text(SCHEMA)
    return tmp_path


def authorize(folder, asked, *more):
    (folder / "r.json").write_text(json.dumps(asked))
    return run("cedar", "authorize", "--policies", "p.cedar", "--entities", "e.json", "--request", "r.json", *more,
               cwd=folder)


# ---- authorize ----

@pytest.mark.parametrize("principal, resource, expected", [
    ("alice", "open", {"decision": "allow", "reason": ["policy0"], "errors": []}),
    ("bob", "open", {"decision": "deny", "reason": [], "errors": []}),
    ("alice", "hidden", {"decision": "deny", "reason": ["no-secrets"], "errors": []}),
    ("alice", "broken", {"decision": "allow", "reason": ["policy0"], "errors": ["policy2"]}),
    ("alice", "gone", {"decision": "allow", "reason": ["policy0"], "errors": ["no-secrets"]}),
])
def test_json_answer(folder, principal, resource, expected):
    done = authorize(folder, request(principal, resource), "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, expected)
    assert done.stdout.count("\n") == 1


def test_human_answer_tells_decision_reasons_and_errors(folder):
    done = authorize(folder, request(resource="broken"))
    assert done.returncode == 0
    assert "decision: allow" in done.stdout and "policy0" in done.stdout
    assert "policy2: " in done.stdout and "missing" in done.stdout


def test_denial_is_status_1_for_a_shell(folder):
    done = authorize(folder, request("bob"))
    assert done.returncode == 1 and "decision: deny" in done.stdout


def test_request_by_options_and_policies_from_a_folder(folder):
    parts = ("--principal", 'User::"alice"', "--action", 'Action::"view"', "--resource", 'Photo::"open"')
    done = run("cedar", "authorize", "--policies", folder, "--entities", "e.json", *parts, "--json", cwd=folder)
    assert json.loads(done.stdout)["decision"] == "allow"
    (folder / "c.json").write_text('{"from":"10.0.0.1"}')
    for context in ('{"from":"10.0.0.1"}', "@c.json"):
        done = run("cedar", "authorize", "--policies", "p.cedar", "--entities", "e.json", "--schema", "s.cedarschema",
                   *parts, "--context", context, "--json", cwd=folder)
        assert json.loads(done.stdout)["decision"] == "allow", done.stderr


def test_policies_given_twice_are_numbered_on(folder):
    (folder / "q.cedar").write_text('permit(principal, action, resource);')
    done = authorize(folder, request("bob"), "--policies", "q.cedar", "--json")
    assert json.loads(done.stdout) == {"decision": "allow", "reason": ["policy3"], "errors": []}


def test_links_fill_templates(folder):
    (folder / "t.cedar").write_text('@id("t") permit(principal == ?principal, action, resource == ?resource);')
    (folder / "l.json").write_text(json.dumps([
        {"templateId": "t", "newId": "bob-open",
         "args": {"?principal": 'User::"bob"', "?resource": 'Photo::"open"'}}]))
    (folder / "r.json").write_text(json.dumps(request("bob")))
    done = run("cedar", "authorize", "--policies", "t.cedar", "--links", "l.json", "--entities", "e.json", "--request",
               "r.json", "--json", cwd=folder)
    assert json.loads(done.stdout) == {"decision": "allow", "reason": ["bob-open"], "errors": []}
    (folder / "r.json").write_text(json.dumps(request("alice")))
    done = run("cedar", "authorize", "--policies", "t.cedar", "--links", "l.json", "--entities", "e.json", "--request",
               "r.json", "--json", cwd=folder)
    assert json.loads(done.stdout)["decision"] == "deny"


def broken(folder, name, text):
    (folder / name).write_text(text)


@pytest.mark.parametrize("name, text, stage", [
    ("p.cedar", "permit(principal, action);", "policies"),
    ("e.json", '[{"uid":{"type":"User","id":"a"},"attrs":{"x":null},"parents":[]}]', "entities"),
    ("e.json", json.dumps([{"uid": {"type": "Group", "id": "a"}, "attrs": {},
                            "parents": [{"type": "Group", "id": "a"}]}]), "entities"),
    ("s.cedarschema", "entity User in [Nothing];", "schema"),
])
def test_faulty_file_gives_no_decision_and_names_the_stage(folder, name, text, stage):
    broken(folder, name, text)
    done = authorize(folder, request(), "--schema", "s.cedarschema", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["error"]["stage"] == stage and "decision" not in answer
    assert name in answer["error"]["message"] and name in done.stderr


@pytest.mark.parametrize("asked, said", [
    (request(principal="alice") | {"action": 'Action::"veiw"'}, "view"),
    (request() | {"principal": 'Group::"team"'}, "does not apply"),
    (request() | {"resource": 'Foto::"x"'}, "not declared"),
    (request() | {"context": {"from": "10.0.0"}}, "context"),
    (request() | {"context": {"form": "10.0.0.1"}}, "context"),
    (request() | {"context": []}, "context"),
    (request() | {"principal": "alice"}, "uid"),
    (request() | {"contxt": {}}, "did you mean `context`?"),
    ({"principal": 'User::"a"', "action": 'Action::"view"'}, "without `resource`"),
])
def test_request_that_the_schema_does_not_allow_is_refused(folder, asked, said):
    done = authorize(folder, asked, "--schema", "s.cedarschema", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["stage"] == "request"
    assert said in done.stderr


def test_request_validation_can_be_left_out(folder):
    asked = request() | {"principal": 'Group::"team"'}
    done = authorize(folder, asked, "--schema", "s.cedarschema", "--no-request-validation", "--json")
    assert json.loads(done.stdout)["decision"] == "allow"


def test_schema_in_json_form(folder):
    (folder / "s.json").write_text(json.dumps({"": {
        "entityTypes": {"Group": {"memberOfTypes": ["Group"]}, "User": {"memberOfTypes": ["Group"]},
                        "Photo": {"shape": {"type": "Record", "attributes": {"secret": {"type": "Boolean"}}}}},
        "actions": {"view": {"appliesTo": {"principalTypes": ["User"], "resourceTypes": ["Photo"]}}}}}))
    for form in ((), ("--schema-format", "json")):
        done = authorize(folder, request(), "--schema", "s.json", *form, "--json")
        assert json.loads(done.stdout)["decision"] == "allow", done.stderr
    done = authorize(folder, request(), "--schema", "s.json", "--schema-format", "cedar", "--json")
    assert json.loads(done.stdout)["error"]["stage"] == "schema"


# ---- validate ----

VALID = 'permit(principal is User, action, resource) when { resource.secret };'


def validate(folder, policies, *more):
    (folder / "v.cedar").write_text(policies)
    return run("cedar", "validate", "--policies", "v.cedar", "--schema", "s.cedarschema", *more, cwd=folder)


def test_valid_policies(folder):
    done = validate(folder, VALID, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"valid": True, "errors": [], "warnings": []})
    assert validate(folder, VALID).stdout == "valid: 0 errors, 0 warnings\n"


def test_policies_that_are_not_valid_name_policy_and_place(folder):
    done = validate(folder, VALID + '\n@id("bad") permit(principal, action, resource) when { resource.secrt };', "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["valid"] is False and len(answer["errors"]) == 1
    assert answer["errors"][0]["id"] == "bad" and answer["errors"][0]["line"] == 2


def test_warnings_do_not_make_policies_invalid(folder):
    done = validate(folder, "permit(principal, action, resource) when { false };", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["valid"] is True and len(answer["warnings"]) == 1


def test_file_with_errors_is_not_valid(folder):
    answer = json.loads(validate(folder, "permit(", "--json").stdout)
    assert answer["valid"] is False and answer["errors"][0]["file"] == "v.cedar"
    (folder / "s.cedarschema").write_text("entity")
    done = validate(folder, VALID, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["valid"] is False and answer["errors"][0]["file"] == "s.cedarschema"


def test_links_are_validated(folder):
    template = '@id("t") permit(principal == ?principal, action, resource);'
    for kind, valid in (("User", True), ("Usr", False)):
        (folder / "l.json").write_text(json.dumps([{"templateId": "t", "newId": "l", "args": {"?principal": f'{kind}::"a"'}}]))
        assert json.loads(validate(folder, template, "--links", "l.json", "--json").stdout)["valid"] is valid


# ---- misuse ----

@pytest.mark.parametrize("arguments, said", [
    ((), "which command?"),
    (("ceder",), "did you mean `cedar`?"),
    (("cedar",), "which command?"),
    (("cedar", "autorize"), "did you mean `authorize`?"),
    (("cedar", "authorize", "--polices", "x"), "did you mean `--policies`?"),
    (("cedar", "authorize"), "option `--policies FILE` is missing"),
    (("cedar", "authorize", "--policies", "p.cedar", "extra"), "unexpected argument `extra`"),
    (("cedar", "authorize", "--policies", "p.cedar", "--principal", 'User::"a"'), "together"),
    (("cedar", "authorize", "--policies", "gone.cedar", "--request", "r.json"), "cannot read `gone.cedar`"),
    (("cedar", "validate", "--policies", "p.cedar"), "option `--schema FILE` is missing"),
    (("cedar", "parse"), "argument `FILE` is missing"),
    (("cedar", "parse", "--format", "jsn", "p.cedar"), "did you mean `json`?"),
    (("cedar", "parse", "gone.cedar"), "cannot read `gone.cedar`"),
    (("cedar", "batch", "--engine", "vn"), "option `--engine` is one of"),
    (("cedar", "conformance", "gone"), "cannot read `gone`"),
])
def test_misuse_is_status_2_with_a_hint(folder, arguments, said):
    done = run(*arguments, cwd=folder)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


@pytest.mark.parametrize("path", [(), ("cedar",), ("cedar", "authorize"), ("cedar", "validate"), ("cedar", "parse"),
                                  ("cedar", "format"), ("cedar", "batch"), ("cedar", "conformance")])
def test_help_at_every_level(path):
    for flag in ("--help", "-h"):
        done = run(*path, flag)
        assert done.returncode == 0 and done.stdout.startswith("usage: ") and done.stderr == ""
        assert " ".join(("sekimori",) + path) in done.stdout


def test_version():
    assert run("--version").stdout.startswith("sekimori ")


def test_output_that_cannot_be_written_is_status_3(folder):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([TOOL.resolve(), "--version"], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 3


# ---- parse, format ----

def test_parse_tells_what_is_well_formed_and_all_that_is_not(folder):
    done = run("cedar", "parse", "p.cedar", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "") and "p.cedar: ok, 3 policies" in done.stdout
    (folder / "bad.cedar").write_text("permit(principal, action);\nforbid(principal, action, resource) when { 1 + };\n")
    done = run("cedar", "parse", "bad.cedar", "p.cedar", cwd=folder)
    assert done.returncode == 1 and "p.cedar: ok" in done.stdout
    assert "bad.cedar:1:" in done.stderr and "bad.cedar:2:" in done.stderr and "^" in done.stderr


def test_parse_in_other_forms(folder):
    (folder / "bad.cedar").write_text("permit(principal, action);\n")
    done = run("cedar", "parse", "--format", "gcc", "bad.cedar", cwd=folder)
    assert done.returncode == 1 and done.stderr.startswith("bad.cedar:1:") and done.stderr.count("\n") == 1
    done = run("cedar", "parse", "--format", "json", "bad.cedar", cwd=folder)
    messages = json.loads(done.stdout)
    assert done.returncode == 1 and messages[0]["file"] == "bad.cedar" and messages[0]["line"] == 1
    done = run("cedar", "parse", "--format", "json", "p.cedar", cwd=folder)
    assert done.returncode == 0 and json.loads(done.stdout) == []


def test_parse_reads_standard_input():
    assert run("cedar", "parse", "-", text="permit(principal, action, resource);").returncode == 0
    done = run("cedar", "parse", "-", text="permit(;")
    assert done.returncode == 1 and "<standard input>:1:" in done.stderr


UGLY = "// why\npermit(principal,action,resource)when{true};"


def test_format_to_standard_output_is_stable(folder):
    (folder / "u.cedar").write_text(UGLY)
    once = run("cedar", "format", "u.cedar", cwd=folder)
    assert once.returncode == 0 and once.stdout.startswith("// why\n") and once.stdout != UGLY
    assert run("cedar", "format", "-", text=once.stdout).stdout == once.stdout
    assert (folder / "u.cedar").read_text() == UGLY


def test_format_check_and_write(folder):
    (folder / "u.cedar").write_text(UGLY)
    (folder / "u.cedar").chmod(0o640)
    (folder / "link.cedar").symlink_to("u.cedar")
    done = run("cedar", "format", "--check", "u.cedar", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "u.cedar: not formatted\n")
    assert (folder / "u.cedar").read_text() == UGLY
    assert run("cedar", "format", "--write", "link.cedar", cwd=folder).returncode == 0
    assert (folder / "link.cedar").is_symlink() and (folder / "u.cedar").stat().st_mode & 0o777 == 0o640
    assert run("cedar", "format", "--check", "u.cedar", cwd=folder).returncode == 0
    assert not list(folder.glob("*.new"))


def test_format_leaves_what_does_not_parse(folder):
    (folder / "u.cedar").write_text("permit(")
    done = run("cedar", "format", "--write", "u.cedar", cwd=folder)
    assert done.returncode == 1 and "u.cedar:1:" in done.stderr and (folder / "u.cedar").read_text() == "permit("
    assert run("cedar", "format", "--check", "--write", "u.cedar", cwd=folder).returncode == 2
    assert run("cedar", "format", "--write", "-", text=UGLY).returncode == 2


# ---- batch ----

def question(**more):
    return json.dumps({"policies": POLICIES, "entities": ENTITIES, "request": request()} | more)


def answers(*lines):
    done = run("cedar", "batch", text="".join(line + "\n" for line in lines))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_batch_answers_in_order():
    got = answers(question(), question(request=request("bob")), "", question(policies=""))
    assert [a["decision"] for a in got] == ["allow", "deny", "deny"]
    assert got[0]["reason"] == ["policy0"] and got[0]["errors"] == []


@pytest.mark.parametrize("line, stage", [
    ("{", "request"),
    ("[]", "request"),
    ('{"polices":""}', "request"),
    (json.dumps({"request": request()}), "policies"),
    (json.dumps({"policies": ""}), "request"),
    (question(policies="permit"), "policies"),
    (question(links=[{"templateId": "x", "newId": "y", "args": {}}]), "links"),
    (question(schema="entity"), "schema"),
    (question(entities=[{}]), "entities"),
    (question(schema=SCHEMA, entities=[{"uid": {"type": "Userr", "id": "x"}, "attrs": {}, "parents": []}]), "entities"),
    (question(request={}), "request"),
    (question(schema=SCHEMA, request=request() | {"action": 'Action::"edit"'}), "request"),
])
def test_batch_tells_the_stage_that_failed_and_goes_on(line, stage):
    got = answers(line, question())
    assert got[0]["error"]["stage"] == stage and got[0]["error"]["message"]
    assert "decision" not in got[0] and got[1]["decision"] == "allow"


def test_batch_tells_whether_the_policies_are_valid_when_there_is_a_schema():
    good = "permit(principal, action, resource) when { resource.secret };"
    got = answers(question(), question(schema=SCHEMA), question(schema=SCHEMA, policies=good))
    assert [a.get("valid") for a in got] == [None, False, True]


def test_batch_answers_each_line_at_once():
    with subprocess.Popen([TOOL.resolve(), "cedar", "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        for _ in range(3):
            process.stdin.write(question() + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["decision"] == "allow"
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_batch_passes_over_a_line_that_is_too_long():
    long_line = '{"policies":"' + " " * (65 << 20) + '"}'
    got = answers(question(), long_line, question())
    assert got[1]["error"]["stage"] == "request" and "decision" not in got[1]
    assert got[0] == got[2]


@pytest.mark.parametrize("extra, stream, text", [
    (("--format", "gcc"), "stderr", "bad.cedar:1:57: error: `User` has no attribute `nope`"),
    (("--format", "json"), "stdout", '{"valid":false,"errors":[{"severity":"error","file":'),
    (("--format", "human"), "stderr", "     | "),
])
def test_validate_has_a_form_for_editors(folder, extra, stream, text):
    (folder / "bad.cedar").write_text("permit(principal is User, action, resource) when {      principal.nope };\n")
    done = run("cedar", "validate", "--policies", folder / "bad.cedar", "--schema", folder / "s.cedarschema", *extra)
    assert done.returncode == 1 and text in getattr(done, stream), done.stdout + done.stderr


# ---- conformance ----

def conformance_test(folder, **changes):
    test = {"policies": "d/p.cedar", "entities": "d/e.json", "schema": "d/s.cedarschema", "shouldValidate": False,
            "requests": [{"description": "x", "principal": {"type": "User", "id": "alice"},
                          "action": {"type": "Action", "id": "view"}, "resource": {"type": "Photo", "id": "hidden"},
                          "context": {}, "decision": "deny", "reason": ["policy1"], "errors": []}]}
    requests = changes.pop("request", None)
    test |= changes
    if requests:
        test["requests"][0] |= requests
    (folder / "d").mkdir(exist_ok=True)
    for name in ("p.cedar", "e.json", "s.cedarschema"):
        (folder / "d" / name).write_text((folder / name).read_text())
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "1.json").write_text(json.dumps(test))
    return run("cedar", "conformance", folder / "tests")


def test_conformance_passes_with_policy_numbers(folder):
    done = conformance_test(folder)
    assert done.returncode == 0 and done.stdout.endswith("1 passed, 0 failed\n"), done.stdout + done.stderr


JSON_POLICY = {"effect": "permit", "principal": {"op": "All"}, "action": {"op": "==", "entity": {"type": "Action", "id": "view"}},
               "resource": {"op": "All"}, "conditions": []}


@pytest.mark.parametrize("effect, decision", [("permit", "allow"), ("forbid", "deny")])
def test_conformance_reads_policies_in_json(folder, effect, decision):
    policies = {"staticPolicies": {"policy0": JSON_POLICY | {"effect": effect}}, "templates": {}, "templateLinks": []}
    (folder / "d").mkdir()
    (folder / "d/p.json").write_text(json.dumps(policies))
    changes = {"policies": "d/p.json", "policyFormat": "json", "shouldValidate": True}
    done = conformance_test(folder, **changes, request={"decision": decision, "reason": ["policy0"]})
    assert done.stdout.endswith("1 passed, 0 failed\n"), done.stdout
    refused = conformance_test(folder, **changes | {"policyFormat": "yaml"}, request={"decision": decision, "reason": ["policy0"]})
    assert "format `yaml` is not known" in refused.stdout


@pytest.mark.parametrize("changes", [
    {"request": {"decision": "allow"}},
    {"request": {"reason": []}},
    {"request": {"reason": ["policy1", "policy0"]}},
    {"request": {"errors": ["policy0"]}},
    {"request": {"action": {"type": "Action", "id": "edit"}}},
    {"request": {"context": {"x": 1}}},
    {"policies": "d/gone.cedar"},
    {"policies": "d/e.json"},
    {"entities": "d/p.cedar"},
    {"schema": "d/e.json"},
    {"shouldValidate": True},
])
def test_conformance_fails_on_any_difference(folder, changes):
    done = conformance_test(folder, **changes)
    assert done.returncode == 1 and done.stdout.endswith("0 passed, 1 failed\n")
    assert "1.json: " in done.stdout


def test_conformance_without_tests_is_a_failure(tmp_path):
    done = run("cedar", "conformance", tmp_path)
    assert done.returncode == 1 and done.stdout.endswith("0 passed, 0 failed\n")


# ---- convert ----

CONVERTED = '@id("a") @note("x")\npermit (principal == ?principal, action, resource)\nwhen { context.n >= 3 };\nforbid (principal, action, resource);\n'


def test_policies_convert_to_json_and_back_to_equal_ones(tmp_path):
    (tmp_path / "p.cedar").write_text(CONVERTED)
    there = run("cedar", "convert", "--from", "cedar", "--to", "json", "p.cedar", cwd=tmp_path)
    assert there.returncode == 0
    made = json.loads(there.stdout)
    assert list(made["templates"]) == ["a"] and made["staticPolicies"]["policy1"]["effect"] == "forbid"
    (tmp_path / "p.json").write_text(there.stdout)
    back = run("cedar", "convert", "--from", "json", "--to", "cedar", "p.json", cwd=tmp_path)
    (tmp_path / "q.cedar").write_text(back.stdout)
    again = run("cedar", "convert", "--from", "cedar", "--to", "json", "q.cedar", cwd=tmp_path)
    assert json.loads(again.stdout)["templates"] == made["templates"]
    assert '@id("policy1")\nforbid' in back.stdout


def test_one_policy_in_json_converts(tmp_path):
    text = json.dumps({"effect": "permit", "principal": {"op": "All"}, "action": {"op": "All"}, "resource": {"op": "All"},
                       "conditions": []})
    done = run("cedar", "convert", "--from", "json", "--to", "cedar", "-", text=text, cwd=tmp_path)
    assert (done.returncode, " ".join(done.stdout.split())) == (0, "permit (principal, action, resource);")


def test_a_schema_converts_to_json_and_back(tmp_path):
    (tmp_path / "s.cedarschema").write_text(SCHEMA)
    there = run("cedar", "convert", "--kind", "schema", "--from", "cedar", "--to", "json", "s.cedarschema", cwd=tmp_path)
    assert there.returncode == 0 and set(json.loads(there.stdout)[""]["entityTypes"]) == {"User", "Group", "Photo"}
    back = run("cedar", "convert", "--kind", "schema", "--from", "json", "--to", "cedar", "-", text=there.stdout, cwd=tmp_path)
    (tmp_path / "t.cedarschema").write_text(back.stdout)
    again = run("cedar", "convert", "--kind", "schema", "--from", "cedar", "--to", "json", "t.cedarschema", cwd=tmp_path)
    assert back.returncode == 0 and json.loads(again.stdout) == json.loads(there.stdout)


@pytest.mark.parametrize("kind, form, text", [
    ("policies", "cedar", "permit("), ("policies", "json", '{"effect":"allow"}'), ("schema", "cedar", "entity A in [B];"),
    ("schema", "json", "[]"),
])
def test_what_is_wrong_is_not_converted(tmp_path, kind, form, text):
    done = run("cedar", "convert", "--kind", kind, "--from", form, "--to", "json", "-", text=text, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "") and "error" in done.stderr


# ---- link ----

def test_links_are_written_as_the_policies_they_amount_to(tmp_path):
    (tmp_path / "p.cedar").write_text('@id("t") @note("n") permit(principal in ?principal, action, resource == ?resource) when { context.x };'
                                      "forbid(principal, action, resource);")
    (tmp_path / "l.json").write_text(json.dumps([
        {"templateId": "t", "newId": "one", "args": {"?principal": 'G::"a"', "?resource": 'D::"b"'}}]))
    done = run("cedar", "link", "--policies", "p.cedar", "--links", "l.json", cwd=tmp_path)
    assert (done.returncode, " ".join(done.stdout.split())) == (
        0, '@id("one") @note("n") permit (principal in G::"a", action, resource == D::"b") when { context.x };')
    (tmp_path / "l.json").write_text(json.dumps([{"templateId": "t", "newId": "one", "args": {"?principal": 'G::"a"'}}]))
    assert run("cedar", "link", "--policies", "p.cedar", "--links", "l.json", cwd=tmp_path).returncode == 1
