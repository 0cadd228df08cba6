"""sekimori explain and sekimori policy ..., through real processes: outcomes, findings, exit status, messages."""

import json
import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("SKM_BUILD", "build"))
TOOL = BUILD / "bin" / "sekimori"

POLICIES = """
@id("staff-view")
permit(principal in Group::"staff", action == Action::"view", resource)
when { resource.labels.confidentiality <= 3 };

@id("owner-edit")
permit(principal, action == Action::"edit", resource)
when { resource has owner && resource.owner == principal };

@id("mfa") @clause("N-1 N-2") @remedy("step_up_mfa")
@reason_en("a second factor is needed") @reason_ja("二要素が必要")
forbid(principal, action, resource)
when { resource.labels.confidentiality >= 3 }
unless { context has aal && context.aal >= 2 };

@id("hard") @clause("N-9")
forbid(principal, action, resource) when { resource.labels.confidentiality == 0 };
"""
OBLIGATIONS = """
@id("banner") @obligation("show_banner")
permit(principal, action, resource) when { resource.labels.confidentiality >= 2 };
"""
SCHEMA = """
entity Group;
entity User in [Group];
type Labels = { confidentiality: Long };
entity Doc = { labels: Labels, owner?: User };
action view, edit appliesTo { principal: User, resource: Doc, context: { aal?: Long } };
"""


def doc(name, confidentiality, **attrs):
    return {"uid": {"type": "Doc", "id": name}, "attrs": {"labels": {"confidentiality": confidentiality}, **attrs}, "parents": []}


ENTITIES = [
    {"uid": {"type": "User", "id": "alice"}, "attrs": {}, "parents": [{"type": "Group", "id": "staff"}]},
    {"uid": {"type": "User", "id": "guest"}, "attrs": {}, "parents": []},
    {"uid": {"type": "Group", "id": "staff"}, "attrs": {}, "parents": []},
    doc("open", 1), doc("secret", 3), doc("none", 0), doc("own", 2, owner={"__entity": {"type": "User", "id": "alice"}}),
]


def run(*arguments, text=None, cwd=None):
    return subprocess.run([str(TOOL.resolve()), *map(str, arguments)], input=text, capture_output=True, text=True, cwd=cwd,
                          timeout=60)


@pytest.fixture
def pack(tmp_path):
    for name in ("policies", "obligations", "entities"):
        (tmp_path / name).mkdir()
    (tmp_path / "policies" / "a.cedar").write_text(POLICIES)
    (tmp_path / "obligations" / "o.cedar").write_text(OBLIGATIONS)
    (tmp_path / "entities" / "e.json").write_text(json.dumps(ENTITIES))
    (tmp_path / "schema.cedarschema").write_text(SCHEMA)
    return tmp_path


# ---- explain ----

def explain(pack, principal="alice", action="view", resource="open", context=None, *more):
    return run("explain", "--policies", "policies", "--obligations", "obligations", "--entities", "entities", "--schema",
               "schema.cedarschema", "--principal", f'User::"{principal}"', "--action", f'Action::"{action}"', "--resource",
               f'Doc::"{resource}"', "--context", json.dumps(context or {}), *more, cwd=pack)


def explained(pack, *arguments):
    done = explain(pack, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_id(explanation):
    return {policy["policy"]: policy for policy in explanation["policies"]}


def test_explain_tells_remedies_clauses_and_reasons_in_both_languages(pack):
    told = explained(pack, "alice", "view", "secret", {"aal": 1})
    assert (told["decision"], told["kind"], told["hard"]) == ("deny", "forbidden", False)
    assert (told["remedies"], told["clauses"]) == (["step_up_mfa"], ["N-1", "N-2"])
    reason, = told["reasons"]
    assert (reason["policy"], reason["reason_en"], reason["reason_ja"]) == ("mfa", "a second factor is needed", "二要素が必要")


def test_explain_tells_the_first_condition_that_does_not_hold_with_the_value_read(pack):
    told = by_id(explained(pack, "alice", "view", "secret", {"aal": 2}))
    assert told["staff-view"]["outcome"] == "satisfied" and told["staff-view"]["failing"] == []
    first = told["mfa"]["failing"][0]
    assert (first["place"], first["text"]) == ("unless", "context has aal && context.aal >= 2")
    assert {"text": "context.aal", "value": "2"} in first["reads"]
    assert first["file"].endswith("a.cedar") and first["line"] == 14
    assert told["hard"]["failing"][0]["reads"] == [{"text": "resource.labels.confidentiality", "value": "3"}]


def test_explain_lists_the_nearest_permit_first_when_nothing_permits(pack):
    told = explained(pack, "guest", "edit", "own", {})
    assert told["kind"] == "not_permitted"
    assert told["nearest"] == ["owner-edit", "staff-view"]
    told = explained(pack, "guest", "view", "own", {})
    assert told["nearest"] == ["staff-view", "owner-edit"]


def test_explain_lists_obligations_after_a_permit_only(pack):
    told = explained(pack, "alice", "view", "secret", {"aal": 2})
    assert told["obligations"] == [{"token": "show_banner", "policy": "banner"}]
    assert [policy["policy"] for policy in told["obligation_policies"]] == ["banner"]
    assert explained(pack, "alice", "view", "none", {})["obligation_policies"] == []


def test_explain_for_people_and_its_exit_status(pack):
    done = explain(pack, "alice", "view", "secret", {"aal": 1})
    assert done.returncode == 1
    assert "decision: deny+step_up_mfa" in done.stdout and "二要素が必要" in done.stdout
    assert "resource.labels.confidentiality = 3" in done.stdout
    done = explain(pack, "alice", "view", "open", {})
    assert done.returncode == 0 and done.stdout.startswith("decision: allow\n")


def test_explain_verbose_shows_every_condition_that_does_not_hold(pack):
    short = explain(pack, "guest", "view", "open", {}).stdout.split("\npolicies\n")[1]
    long = explain(pack, "guest", "view", "open", {}, "--verbose").stdout.split("\npolicies\n")[1]
    assert "resource has owner = false" not in short and "resource has owner = false" in long


def test_explain_refuses_a_request_that_the_schema_does_not_allow(pack):
    done = explain(pack, "alice", "view", "open", {"aal": "two"})
    assert done.returncode == 1 and "aal" in done.stderr and done.stdout == ""


def test_explain_without_a_whole_request_is_misuse(pack):
    done = run("explain", "--policies", "policies", "--principal", 'User::"a"', cwd=pack)
    assert done.returncode == 2 and "--action" in done.stderr


def test_explain_an_unreadable_folder_is_misuse(pack):
    done = run("explain", "--policies", "nowhere", "--request", "r.json", cwd=pack)
    assert done.returncode == 2 and "nowhere" in done.stderr


# ---- policy test ----

YAML_CASES = """
cases:
  - name: staff views open documents
    principal: User::"alice"
    action: Action::"view"
    resource: Doc::"open"
    expect: permit
    obligations: []
    policies: [staff-view]
  - name: secret documents need a second factor
    principal: User::"alice"
    action: Action::"view"
    resource: Doc::"secret"
    context: {aal: 1}
    expect: deny
    remedies: [step_up_mfa]
    clauses: [N-1]
  - name: with it they come with a banner
    principal: User::"alice"
    action: Action::"view"
    resource: Doc::"secret"
    context: {aal: 2}
    expect: permit
    obligations: [show_banner]
"""


def cases(pack, text, *more, name="cases.yaml"):
    (pack / name).write_text(text)
    return run("policy", "test", "--policies", ".", name, *more, cwd=pack)


def last(done):
    return done.stdout.rstrip("\n").rsplit("\n", 1)[-1]


def test_yaml_cases_that_hold_pass_and_coverage_names_what_never_mattered(pack):
    done = cases(pack, YAML_CASES)
    assert (done.returncode, last(done)) == (0, "3 passed, 0 failed"), done.stdout + done.stderr
    assert "policies: 2 of 4 determined an outcome\n  never: owner-edit\n  never: hard\n" in done.stdout
    assert "obligations: 1 of 1 determined an outcome\n" in done.stdout
    assert "never" not in cases(pack, YAML_CASES, "--quiet").stdout


@pytest.mark.parametrize("was, wanted, shown", [
    ("expect: permit\n    obligations: []", "expect: deny", "  - expected deny\n  + got      allow\n"),
    ("remedies: [step_up_mfa]", "remedies: []", "  - expected deny\n  + got      deny+step_up_mfa\n"),
    ("[show_banner]", "[show_banner, log]", "  - expected allow+log+show_banner\n  + got      allow+show_banner\n"),
    ("policies: [staff-view]", "policies: [owner-edit]", "  - policies owner-edit\n  + policies staff-view\n"),
])
def test_a_case_that_differs_fails_with_the_difference(pack, was, wanted, shown):
    assert was in YAML_CASES
    done = cases(pack, YAML_CASES.replace(was, wanted))
    assert (done.returncode, last(done)) == (1, "2 passed, 1 failed")
    assert shown in done.stdout


def test_clauses_are_compared_on_demand(pack):
    text = YAML_CASES.replace("[N-1]", "[N-7]")
    assert last(cases(pack, text)) == "3 passed, 0 failed"
    assert last(cases(pack, text, "--clauses")) == "2 passed, 1 failed"
    assert last(cases(pack, YAML_CASES, "--clauses")) == "3 passed, 0 failed"


@pytest.mark.parametrize("was, wanted, message", [
    ("expect: deny", "expct: deny", "did you mean `expect`?"),
    ("expect: deny", "expect: no", "expected `permit` or `deny`"),
    ('User::"alice"', "alice", "expected an entity"),
    ("{aal: 1}", "{aal: one}", "aal"),
    ("{aal: 1}", "{loa: 1}", "loa"),
])
def test_a_case_that_cannot_be_read_fails_at_its_place_and_the_others_run(pack, was, wanted, message):
    done = cases(pack, YAML_CASES.replace(was, wanted, 1))
    assert done.returncode == 1 and message in done.stderr and "cases.yaml:" in done.stderr
    assert last(done) == "2 passed, 1 failed"


def test_no_cases_is_no_success(pack):
    assert cases(pack, "cases: []").returncode == 1


def test_attributes_of_a_case_are_laid_over_the_stored_ones(pack):
    text = YAML_CASES.replace("    expect: permit\n    obligations: []",
                              "    resource_attributes: {labels: {confidentiality: 0}}\n    expect: deny")
    done = cases(pack, text.replace("[staff-view]", "[hard]", 1))
    assert last(done) == "3 passed, 0 failed", done.stdout


ROW = {
    "case_id": "C-1",
    "subject": {"id": "u-1", "affiliation": "staff", "roles": ["Auditor"], "organ": "org-a"},
    "mfa": {"authenticated": True, "factors": ["knowledge", "possession"], "auth_age_s": 60},
    "device": {"id": "d-1", "vuln_ok": True},
    "resource": {"id": "r-1", "kind": "audit-log", "regime": "nins2025", "confidentiality": 2, "integrity": 1,
                 "availability": 1, "editors": ["u-1"]},
    "action": "read-audit",
    "context": {"time": "2025-06-02T10:00:00+09:00", "approvals": [], "risk": "low"},
    "expected": "allow", "clause_ids": "", "why": "it should",
}
ROW_POLICIES = """
@id("all") permit(principal is User in Role::"Auditor", action == Action::"read-audit", resource)
when { principal in Organ::"org-a" && principal.affiliation == "staff" && context.aal == 2 && context.auth_age_s < 100 &&
       resource.labels.confidentiality == 2 && context.protected && !context.path_trusted &&
       context.time == datetime("2025-06-02T01:00:00Z") && context.device.vuln_ok };
"""
ROW_SCHEMA = """
entity Organ, Role;
entity User in [Role, Organ] = { affiliation: String };
entity Device = { vuln_ok: Bool };
type Labels = { regime: String, confidentiality: Long, integrity: Long, availability: Long };
entity AuditLog = { labels: Labels, editors: Set<User> };
action "read-audit" appliesTo { principal: User, resource: AuditLog, context: {
  time: datetime, device: Device, aal: Long, auth_age_s: Long, protected: Bool, path_trusted: Bool, valid_approvals: Set<String> } };
"""


def row(**changes):
    made = {**ROW, **changes}
    return ['"' + (value if isinstance(value, str) else json.dumps(value)).replace('"', '""') + '"' for value in made.values()]


@pytest.fixture
def table(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "p.cedar").write_text(ROW_POLICIES)

    def run_rows(*rows, schema=None, end="\r\n"):
        schema_file = tmp_path / "schema.cedarschema"
        schema_file.unlink(missing_ok=True)
        if schema:
            schema_file.write_text(schema)
        (tmp_path / "c.csv").write_text(end.join([",".join(ROW), *(",".join(one) for one in rows)]) + end, newline="")
        return run("policy", "test", "--policies", tmp_path, tmp_path / "c.csv")
    return run_rows


@pytest.mark.parametrize("schema", [None, ROW_SCHEMA])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_row_becomes_a_request(table, schema, end):
    done = table(row(), row(case_id="C-2", subject={**ROW["subject"], "roles": ["Staff"]}, expected="deny"), schema=schema, end=end)
    assert (done.returncode, last(done)) == (0, "2 passed, 0 failed"), done.stdout + done.stderr


@pytest.mark.parametrize("changes", [
    {"subject": {**ROW["subject"], "organ": "org-b"}}, {"mfa": {**ROW["mfa"], "factors": ["knowledge"]}},
    {"device": {"id": "d-1", "vuln_ok": False}}, {"resource": {**ROW["resource"], "confidentiality": 1}},
    {"context": {**ROW["context"], "time": "2025-06-02T10:00:01+09:00"}},
])
@pytest.mark.parametrize("schema", [None, ROW_SCHEMA])
def test_every_cell_of_a_row_matters(table, changes, schema):
    done = table(row(**changes), schema=schema)
    assert (done.returncode, last(done)) == (1, "0 passed, 1 failed")
    assert "FAIL C-1" in done.stdout and ": it should\n  - expected allow\n  + got      deny\n" in done.stdout


def test_a_row_that_cannot_be_a_request_fails_and_the_others_run(table):
    done = table(row(action="fly"), row(resource={"kind": "audit-log"}), row(subject="{"), row(), row(expected="maybe"),
                 schema=ROW_SCHEMA)
    assert last(done) == "1 passed, 4 failed"
    for message in ("not an action of the schema", "cell `resource`: no `id`", "cell `subject`", "neither `allow` nor `deny`"):
        assert message in done.stderr


def test_a_fact_that_the_schema_does_not_declare_is_told(table):
    done = table(row(subject={**ROW["subject"], "mood": "good"}), schema=ROW_SCHEMA)
    assert "`User.mood` of the cases is not in the schema" in done.stderr
    assert last(done) == "1 passed, 0 failed"


def test_a_table_without_a_column_is_refused(tmp_path, pack):
    done = cases(pack, "case_id,subject\n", name="c.csv")
    assert done.returncode == 1 and "no column `action`" in done.stderr


def test_the_demonstration_institute_keeps_its_own_cases():
    demo = pathlib.Path(__file__).resolve().parents[2] / "demo" / "institute"
    done = run("policy", "test", "--policies", demo, demo / "cases" / "access.yaml")
    assert done.returncode == 0 and last(done) == "8 passed, 0 failed", done.stdout + done.stderr


# ---- policy check ----

def check(pack, *more):
    return run("policy", "check", ".", *more, cwd=pack)


def findings(pack, *more):
    return [one["message"] for one in json.loads(check(pack, "--format", "json", *more).stdout)]


def test_a_good_pack_has_nothing_to_tell(pack):
    done = check(pack, "--werror")
    assert (done.returncode, done.stdout) == (0, "4 policies, 1 obligations: 0 errors, 0 warnings\n"), done.stdout


@pytest.mark.parametrize("policy, message", [
    ("permit(principal, action, resource) when { false && true };", "a policy without `@id`"),
    ('@id("x") @remedy("encrypt") forbid(principal, action, resource) when { false };', "a remedy without `@clause`"),
    ('@id("x") @clause("C") @remedy("encript") forbid(principal, action, resource) when { false };', "unknown remedy `encript`"),
    ('@id("x") @clause("C") @remedy("require_approval:") forbid(principal, action, resource) when { false };',
     "unknown remedy `require_approval:`"),
    ('@id("x") @clause("C") @remedy(" ") forbid(principal, action, resource) when { false };', "`@remedy` names no remedy"),
    ('@id("x") @clause("C") @remedy("encrypt") permit(principal, action, resource) when { false };', "on a permit has no effect"),
    ('@id("x") forbid(principal, action, resource) when { 0 == resource.labels.confidentiality };'
     '@id("y") forbid(principal, action, resource) when { 0 == resource.labels.confidentiality };', "the same policy as `x`"),
    ('@id("x") permit(principal is User, action, resource) when { resource has owner };'
     '@id("y") forbid(principal is User, action, resource);', "can never permit: `y` forbids the same scope"),
    ('@id("x") forbid(principal, action, resource) when { resource.labels.confidentiality + 1 > 4 };', "arithmetic overflows"),
    ('@id("x") forbid(principal, action, resource) when { resource has owner && resource.owner.level > 4 };', "is not stored"),
])
def test_what_is_most_likely_not_meant_is_a_warning(pack, policy, message):
    (pack / "schema.cedarschema").write_text(SCHEMA.replace("User in [Group]", "User in [Group] = { level?: Long }")
                                             .replace("level?", "level" if "stored" in message else "level?"))
    (pack / "entities" / "e.json").unlink()
    (pack / "policies" / "b.cedar").write_text(policy)
    assert any(message in one for one in findings(pack)), findings(pack)
    assert check(pack).returncode == 0 and check(pack, "--werror").returncode == 1


@pytest.mark.parametrize("policy", [
    '@id("x") @clause("C") @remedy("encrypt require_approval:ISO") forbid(principal, action, resource) when { context has aal };',
    '@id("x") forbid(principal, action, resource) when { 1 + 1 < resource.labels.confidentiality };',
    '@id("x") forbid(principal, action, resource) when { resource has owner && resource.owner has level && '
    'resource.owner.level > 4 };',
    '@id("x") permit(principal is User, action, resource); @id("y") forbid(principal is User, action, resource) '
    'when { context has aal };',
    '@id("x") forbid(principal, action, resource) when { 0 == resource.labels.confidentiality };'
    '@id("y") forbid(principal, action, resource) unless { 0 == resource.labels.confidentiality };',
])
def test_their_neighbours_are_none(pack, policy):
    (pack / "schema.cedarschema").write_text(SCHEMA.replace("User in [Group]", "User in [Group] = { level?: Long }"))
    (pack / "policies" / "b.cedar").write_text(policy)
    assert findings(pack) == []


def test_actions_nobody_is_permitted_and_types_nothing_refers_to_are_told(pack):
    (pack / "schema.cedarschema").write_text(SCHEMA + "entity Stray;\naction burn appliesTo { principal: User, resource: Doc };")
    assert sorted(findings(pack)) == ["no policy permits action `burn` of the schema", "nothing refers to entity type `Stray` of the schema"]


@pytest.mark.parametrize("name, text, message", [
    ("policies/b.cedar", "permit(principal, action, resource", "expected"),
    ("policies/b.cedar", '@id("hard") permit(principal, action, resource);', "hard"),
    ("policies/b.cedar", '@id("b") permit(principal, action, resource) when { principal.nme == "x" };', "nme"),
    ("policies/b.links.json", '[{"templateId":"gone","newId":"n","args":{}}]', "gone"),
    ("obligations/p.cedar", '@id("b") permit(principal, action, resource) when { context.gone };', "gone"),
    ("schema.cedarschema", "entity User in [Nobody];", "Nobody"),
    ("entities/x.json", '[{"uid":{"type":"Cat","id":"x"},"attrs":{},"parents":[]}]', "Cat"),
])
def test_what_would_stop_a_load_is_an_error_at_its_place(pack, name, text, message):
    (pack / name).write_text(text)
    done = check(pack, "--format", "gcc")
    assert done.returncode == 1
    assert any(line.startswith("./" + name) and ": error: " in line and message in line for line in done.stdout.splitlines()), done.stdout


def test_check_finds_the_folders_that_a_configuration_names(pack):
    (pack / "policies").rename(pack / "rules")
    (pack / "sekimori.yaml").write_text("policies: rules\nschema: schema.cedarschema\n")
    done = run("policy", "check", "--config", pack / "sekimori.yaml")
    assert (done.returncode, last(done)) == (0, "4 policies, 1 obligations: 0 errors, 0 warnings"), done.stdout + done.stderr


def test_check_of_nothing_or_of_what_is_not_there_is_misuse(pack):
    assert run("policy", "check").returncode == 2
    assert run("policy", "check", "nowhere", cwd=pack).returncode == 2


# ---- policy diff ----

@pytest.fixture
def packs(pack, tmp_path):
    new = tmp_path / "new"
    (new / "policies").mkdir(parents=True)
    asked = [{"principal": 'User::"alice"', "action": 'Action::"view"', "resource": f'Doc::"{name}"', "context": {}}
             for name in ("open", "secret", "own")]
    (pack / "r.jsonl").write_text("\n".join(map(json.dumps, asked)) + "\n\n")

    def compare(policies, *more):
        (new / "policies" / "a.cedar").write_text(policies)
        return run("policy", "diff", ".", "new", "--requests", "r.jsonl", "--obligations", "obligations", "--schema",
                   "schema.cedarschema", "--entities", "entities", *more, cwd=pack)
    return compare


@pytest.mark.parametrize("was, wanted, counts, shown", [
    ("", "", "3 requests: 0 decisions differ, 0 remedies or obligations, 0 reasons only, 3 unchanged", ""),
    ("confidentiality <= 3", "confidentiality <= 1",
     "3 requests: 1 decisions differ, 1 remedies or obligations, 0 reasons only, 1 unchanged", "  + deny ()"),
    ('@remedy("step_up_mfa")', '@remedy("reauthenticate")',
     "3 requests: 0 decisions differ, 1 remedies or obligations, 0 reasons only, 2 unchanged",
     "  - deny+step_up_mfa (mfa)\n  + deny+reauthenticate (mfa)"),
    ('@id("staff-view")', '@id("staff")', "3 requests: 0 decisions differ, 0 remedies or obligations, 2 reasons only, 1 unchanged",
     "  - allow (staff-view)\n  + allow (staff)"),
])
def test_diff_shows_what_is_decided_differently(packs, was, wanted, counts, shown):
    done = packs(POLICIES.replace(was, wanted, 1) if was else POLICIES)
    assert (done.returncode, last(done)) == (1 if was else 0, counts), done.stdout + done.stderr
    assert shown in done.stdout
    assert packs(POLICIES.replace(was, wanted, 1) if was else POLICIES, "--quiet").stdout == counts + "\n"


def test_diff_of_a_pack_that_does_not_load_is_no_answer(packs):
    assert packs("permit(").returncode == 2


def test_the_json_schema_of_cases_names_the_keys_that_the_reader_takes(pack):
    root = pathlib.Path(__file__).resolve().parents[2]
    schema = json.loads((root / "packaging" / "schemas" / "policy-cases.schema.json").read_text())
    case = schema["$defs"]["case"]
    every = {key: {"expect": "deny", "name": "n", "why": "w"}.get(key, [] if "tokens" in str(value) else {})
             for key, value in case["properties"].items()}
    every |= {"principal": 'User::"guest"', "action": 'Action::"view"', "resource": 'Doc::"open"'}
    done = cases(pack, json.dumps({"cases": [every]}))
    assert last(done) == "1 passed, 0 failed", done.stdout + done.stderr
    for key in case["required"]:
        assert cases(pack, json.dumps({"cases": [{k: v for k, v in every.items() if k != key}]})).returncode == 1
