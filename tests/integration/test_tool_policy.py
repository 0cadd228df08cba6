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
