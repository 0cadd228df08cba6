"""The JSON Schemas for editors: what we ship as examples fits them, and a slip does not."""

import json
import os
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SKM_BUILD", ROOT / "build"))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def fits(value, schema):
    """The part of JSON Schema that ours use."""
    if "anyOf" in schema:
        return any(fits(value, choice) for choice in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(isinstance(value, TYPES[t]) and (t == "boolean") == isinstance(value, bool) for t in wanted):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, int):
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if isinstance(value, list):
        return all(fits(item, schema.get("items", {})) for item in value)
    if not isinstance(value, dict):
        return True
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    return set(schema.get("required", [])) <= set(value) and all(
        fits(item, known[key]) if key in known else others is True or others is not False and fits(item, others)
        for key, item in value.items())


def schema_of(name):
    if name == "sekimori":
        done = subprocess.run([BUILD / "bin/sekimorid", "--print-defaults=schema"], stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)
    return json.loads((ROOT / f"packaging/schemas/{name}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name, example", [
    ("sekimori", "packaging/sekimori.yaml"), ("sekimori", "demo/institute/sekimori.yaml"),
    ("resources", "demo/institute/resources.yaml"), ("zones", "demo/institute/zones.yaml")])
def test_shipped_examples_fit(name, example):
    text = (ROOT / example).read_text(encoding="utf-8")
    document = yaml.safe_load(re.sub(r"@[A-Z_0-9]+@", "x", text))
    assert fits(document, schema_of(name))


SEKIMORI = {"listeners": [{"address": "127.0.0.1:80"}]}


@pytest.mark.parametrize("name, document, good", [
    ("sekimori", SEKIMORI, True),
    ("sekimori", SEKIMORI | {"polices": "x"}, False),
    ("sekimori", {"listeners": [{}]}, False),
    ("sekimori", SEKIMORI | {"on_forbid_error": "deny"}, True),
    ("sekimori", SEKIMORI | {"on_forbid_error": "permit"}, False),
    ("sekimori", SEKIMORI | {"threads": 2}, True),
    ("sekimori", SEKIMORI | {"threads": 0}, False),
    ("sekimori", SEKIMORI | {"threads": True}, False),
    ("sekimori", SEKIMORI | {"limits": {"idle_timeout": "75s"}}, True),
    ("sekimori", SEKIMORI | {"limits": {"idle_timeout": "75 parsecs"}}, False),
    ("sekimori", SEKIMORI | {"peps": [{"name": "a", "actions": "any"}]}, True),
    ("sekimori", SEKIMORI | {"peps": [{"name": "a", "actions": "all"}]}, False),
    ("resources", {"resources": [{"resource": 'Page::"x"', "path": "/a"}]}, True),
    ("resources", {"resources": [{"resource": 'Page::"x"', "path": "a"}]}, False),
    ("resources", {"resources": [{"resource": "Page"}]}, False),
    ("resources", {"resources": [{"resource": 'Page::"x"', "label": {}}]}, False),
    ("zones", {"zones": [{"zone": "z", "networks": ["10.0.0.0/8"]}]}, True),
    ("zones", {"zones": [{"zone": "z"}]}, False),
    ("zones", {"zones": [{"zone": "z", "networks": "10.0.0.0/8"}]}, False),
])
def test_slips_do_not_fit(name, document, good):
    assert fits(document, schema_of(name)) == good
