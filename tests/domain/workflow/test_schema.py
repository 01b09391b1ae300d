"""The published schema and the page about it say what the structs say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import xsconsole_resources
from tests.domain.workflow.flows import rich_workflow
from xsconsole.domain.workflow import Workflow, from_json, to_json
from xsconsole.domain.workflow.schema import RESOURCE, json_schema
from xsconsole.domain.workflow.templates import templates

PAGE = Path(__file__).parents[3] / "docs" / "workflow-format.md"
SCHEMA: dict[str, Any] = json.loads(json_schema())
SAMPLES = [*(template.workflow for template in templates()), rich_workflow()]


def test_the_published_schema_is_current() -> None:
    current = xsconsole_resources.read_bytes(RESOURCE) == json_schema()

    assert current, "run .venv/bin/python packaging/workflow_schema.py"


def misfits(value: Any, schema: dict[str, Any], path: str = "$") -> list[str]:
    """Return where a value does not fit, by the keywords that our schema uses."""
    if "$ref" in schema:
        return misfits(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], path)
    if "anyOf" in schema:
        tries = [misfits(value, each, path) for each in schema["anyOf"]]
        return [] if [] in tries else min(tries, key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{path}: {value}"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    if not isinstance(value, kinds[schema["type"]]):
        return [f"{path}: no {schema['type']}"]
    found = []
    if isinstance(value, dict):
        found += [f"{path}: lacks {name}" for name in schema.get("required", ()) if name not in value]
        found += [f"{path}: knows no {name}" for name in value if name not in schema["properties"]]
        for name in value.keys() & schema["properties"].keys():
            found += misfits(value[name], schema["properties"][name], f"{path}.{name}")
    elif isinstance(value, list):
        found += [f"{path}: too few"] * (len(value) < schema.get("minItems", 0))
        for at, each in enumerate(value):
            found += misfits(each, schema["items"], f"{path}[{at}]")
    elif isinstance(value, str):
        found += [f"{path}: too long"] * (len(value) > schema.get("maxLength", 10**9))
        found += [f"{path}: pattern"] * (re.search(schema.get("pattern", ""), value) is None)
    elif isinstance(value, int):
        found += [f"{path}: too small"] * (value < schema.get("minimum", value))
    return found


@pytest.mark.parametrize("workflow", SAMPLES, ids=lambda workflow: workflow.name)
def test_every_template_fits_the_schema_and_is_read_back(workflow: Workflow) -> None:
    assert misfits(json.loads(to_json(workflow)), SCHEMA) == []
    assert from_json(to_json(workflow)) == workflow


def test_what_does_not_fit_is_seen() -> None:
    content = json.loads(to_json(rich_workflow()))
    content["stages"][0] |= {"colour": "red", "more": 1}
    content["version"] = 0

    assert sorted(misfits(content, SCHEMA)) == [
        "$.stages[0].colour: pattern",
        "$.stages[0]: knows no more",
        "$.version: too small",
    ]


def test_the_page_names_every_field_and_every_choice() -> None:
    page = PAGE.read_text(encoding="utf-8")
    words = set(re.findall(r"`([^`\s]+)`", page))
    for name, part in SCHEMA["$defs"].items():
        assert set(part.get("properties", ())) <= words | {"x", "y"}, name
        assert part.get("additionalProperties", False) is False
        for choice in part.get("enum", ()):
            assert choice in words, (name, choice)
        for field in ("gate", "action"):
            tags = part.get("properties", {}).get(field, {}).get("enum", ())
            assert set(tags) <= words, (name, tags)
