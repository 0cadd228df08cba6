"""What the schema refuses: at load, with a place, rather than as a denial nobody understands."""

import re

import pytest
from daemon import CONFIG, KEY, Daemon, question

SCHEMA = """\
entity Group;
entity User in [Group] { clearance: Long };
entity Doc { level: Long, title?: String };
entity Page { level: Long, readers?: Set<Group>, from?: ipaddr };
action read, write appliesTo { principal: User, resource: Doc, context: { level?: Long } };
action view appliesTo { principal: User, resource: Page };
action audit appliesTo { principal: User, resource: Doc };
"""
POLICY = """\
@id("cleared")
permit(principal, action == Action::"read", resource)
when { principal.clearance >= resource.level };
"""
ENTITIES = [
    {"uid": {"type": "User", "id": "alice"}, "attrs": {"clearance": 2}, "parents": []},
    {"uid": {"type": "Doc", "id": "memo"}, "attrs": {"level": 2}, "parents": []},
    {"uid": {"type": "Doc", "id": "plan"}, "attrs": {"level": 3}, "parents": []},
]
WITH_SCHEMA = CONFIG.replace("require_schema: false", "schema: site.cedarschema").replace("actions: any", "actions: any\n    explain: always")


@pytest.fixture
def site():
    with Daemon(WITH_SCHEMA) as daemon:
        daemon.write("site.cedarschema", SCHEMA)
        daemon.policy("site.cedar", POLICY)
        daemon.entities("all.json", ENTITIES)
        yield daemon


def refusal(pdp):
    done = pdp.run("--check")
    assert done.returncode == 1, done.stdout
    return done.stderr


def test_good_site_is_taken_and_decides(site):
    done = site.run("--check")
    assert (done.returncode, done.stderr) == (0, "")
    site.start()
    assert site.evaluate("alice", "read", "memo")["decision"] is True
    assert site.evaluate("alice", "read", "plan")["decision"] is False


# ---- whether there is one

def test_start_without_a_schema_is_refused_and_told_the_two_ways_out(site):
    site.write("sekimori.yaml", CONFIG.replace("require_schema: false\n", ""))
    text = refusal(site)
    assert "there is no `schema`" in text and "schema: site" not in text
    assert "schema: schema.cedarschema" in text and "require_schema: false" in text


def test_reload_cannot_lose_the_schema(site):
    site.start()
    site.write("sekimori.yaml", WITH_SCHEMA.replace("schema: site.cedarschema\n", ""))
    result = site.reload()
    assert result["reloaded"] is False and "there is no `schema`" in result["text"]


def test_schema_that_may_be_absent_still_checks_when_it_is_there(site):
    site.write("sekimori.yaml", WITH_SCHEMA + "require_schema: false\n")
    site.policy("site.cedar", POLICY.replace("clearance", "clearence"))
    assert "clearence" in refusal(site)


# ---- policies

@pytest.mark.parametrize("policy, words", [
    ("permit(principal, action, resource) when { principal.clearence > 1 };", ["clearence"]),
    ('permit(principal, action == Action::"raed", resource);', ["raed"]),
    ("permit(principal is Usr, action, resource);", ["Usr"]),
    ('permit(principal, action == Action::"read", resource) when { resource.level == "2" || resource.level > "1" };', []),
    ('permit(principal, action == Action::"read", resource) when { resource.title like "a*" };', ["title"]),
])
@pytest.mark.parametrize("folder", ["policies", "obligations"])
def test_policies_that_do_not_fit_are_refused_with_id_and_place(site, folder, policy, words):
    site.write(f"{folder}/wrong.cedar", f'// first\n@id("wrong-one")\n{policy}\n')
    text = refusal(site)
    assert re.search(rf"{folder}/wrong\.cedar:3:\d+: error: ", text), text
    assert "wrong-one" in text and all(word in text for word in words), text


def test_links_are_validated(site):
    site.policy("share.cedar", '@id("share")\npermit(principal == ?principal, action == Action::"read", resource);')
    good = '[{"templateId": "share", "newId": "share-1", "args": {"?principal": "User::\\"bob\\""}}]'
    site.write("policies/all.links.json", good)
    assert site.run("--check").returncode == 0, site.run("--check").stderr
    site.write("policies/all.links.json", good.replace("User::", "Usr::"))
    text = refusal(site)
    assert "Usr" in text and "share-1" in text


def test_errors_of_syntax_and_of_types_are_reported_together(site):
    site.policy("a.cedar", "permit(")
    site.policy("b.cedar", "permit(principal, action, resource) when { principal.nothing };")
    text = refusal(site)
    assert "a.cedar:1:" in text and "b.cedar:1:" in text


def test_warnings_are_counted_and_do_not_refuse(site):
    site.start()
    site.policy("never.cedar", '@id("never")\npermit(principal, action == Action::"audit", resource) when { 1 == 2 };')
    result = site.reload()
    assert result["reloaded"] is True and result["warnings"] >= 1 and result["errors"] == 0
    assert re.search(r"never\.cedar:\d+:\d+: warning: ", result["text"])
    assert "never.cedar" in site.log()
    assert site.admin("status")["warnings"] == result["warnings"]
    assert site.metrics()["sekimori_load_warnings"] == result["warnings"]
    site.policy("never.cedar", "")
    assert site.reload()["warnings"] == 0
    assert site.metrics()["sekimori_load_warnings"] == 0


# ---- entities and requests

@pytest.mark.parametrize("attrs, word", [({}, "level"), ({"level": "2"}, "level"), ({"level": 2, "colour": 1}, "colour")])
def test_entities_that_do_not_fit_are_refused(site, attrs, word):
    site.entities("more.json", [{"uid": {"type": "Doc", "id": "x"}, "attrs": attrs, "parents": []}])
    text = refusal(site)
    assert "more.json:1:" in text and word in text


@pytest.mark.parametrize("body, word", [
    (question("alice", "approve", "memo"), "approve"),
    (question("alice", "view", "memo"), "Doc"),
    (question("alice", "read", "memo", {"level": "high"}), "level"),
    (question("alice", "read", "memo", {"colour": 1}), "colour"),
    ({**question("alice", "read", "memo"), "subject": {"type": "Robot", "id": "r"}}, "Robot"),
    ({**question("alice", "read", "memo"), "resource": {"type": "Doc", "id": "memo", "properties": {"level": "low"}}}, "level"),
    ({**question("alice", "read", "memo"), "resource": {"type": "Doc", "id": "memo", "properties": {"colour": 1}}}, "colour"),
])
def test_request_that_does_not_fit_is_denied_and_told_why(site, body, word):
    site.start()
    answer = site.post("/access/v1/evaluation", body)
    assert answer.status == 200 and answer.json["decision"] is False
    assert word in answer.text, answer.text
    assert site.evaluate("alice", "read", "memo")["decision"] is True


# ---- the resource map

RULE = """\
resources:
  - host: www.example.org
    path: /hr
    resource: 'Page::"hr"'
    labels:
      level: 2
      readers: [{type: Group, id: hr}]
      from: 10.0.0.0/8
"""
MAPPED = WITH_SCHEMA + "    forward_auth: {headers: original-uri, subject_header: X-Remote-User}\nresources: resources.yaml\n"


@pytest.fixture
def mapped(site):
    site.write("sekimori.yaml", MAPPED)
    site.write("resources.yaml", RULE)
    site.policy("pages.cedar", 'permit(principal, action == Action::"view", resource) when { principal.clearance >= resource.level '
                '&& resource has from && resource.from.isInRange(ip("10.0.0.0/7")) };')
    return site


def test_labels_are_read_as_the_types_the_schema_declares(mapped):
    mapped.start()
    headers = {"Authorization": f"Bearer {KEY}", "X-Original-Method": "GET", "X-Original-URI": "/hr", "X-Real-IP": "10.1.2.3",
               "X-Forwarded-Host": "www.example.org", "X-Forwarded-Proto": "https", "X-Remote-User": "alice"}
    assert mapped.get("/forward-auth", headers=headers).status == 200


@pytest.mark.parametrize("before, after, place, words", [
    ("level: 2", "levle: 2", "6:7", ["levle", "did you mean `level`?"]),
    ("level: 2", "level: two", "6:14", ["level"]),
    ("level: 2", "title: two", "6:7", ["title"]),
    ("type: Group", "type: Gruop", "7:16", ["Gruop"]),
    ("10.0.0.0/8", "10.0.0.0/40", "8:13", ["from"]),
    ('Page::"hr"', 'Pages::"hr"', "4:15", ["Pages"]),
    ('Page::"hr"', 'Action::"view"', "4:15", ["Action"]),
    ("      level: 2\n", "", "4:15", ["requires the attribute `level`"]),
    ('Page::"hr"', 'Group::"hr"', "6:7", ["level"]),
])
def test_resources_that_do_not_fit_are_refused_with_their_place(mapped, before, after, place, words):
    mapped.write("resources.yaml", RULE.replace(before, after))
    text = refusal(mapped)
    assert f"resources.yaml:{place}: error: " in text and all(word in text for word in words), text


@pytest.mark.parametrize("actions, words", [
    ("{POST: edit}", "declares no action `Action::\"edit\"`"),
    ("{POST: read}", "`read` does not apply to `Page`"),
    ("{POST: 'Thing::\"view\"'}", "declares no action `Thing::\"view\"`"),
])
def test_actions_of_a_rule_are_declared_and_apply(mapped, actions, words):
    mapped.write("resources.yaml", RULE + f"    actions: {actions}\n")
    text = refusal(mapped)
    assert words in text and "resources.yaml:9:21: error: " in text, text
    mapped.write("resources.yaml", RULE + "    actions: {POST: view}\n")
    assert mapped.run("--check").returncode == 0


def test_resource_that_no_action_reaches_is_refused(mapped):
    mapped.write("resources.yaml", "resources:\n  - {path: /, resource: 'Doc::\"memo\"'}\n")
    assert "no action applies to `Doc`" in refusal(mapped)
    mapped.write("resources.yaml", "resources:\n  - {path: /, resource: 'Doc::\"memo\"', actions: {GET: read}}\n")
    assert mapped.run("--check").returncode == 0


def test_required_attributes_may_be_stored_instead(mapped):
    mapped.entities("pages.json", [{"uid": {"type": "Page", "id": "hr"}, "attrs": {"level": 1}, "parents": []}])
    mapped.write("resources.yaml", RULE.replace("      level: 2\n", ""))
    assert mapped.run("--check").returncode == 0
