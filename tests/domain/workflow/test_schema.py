"""The published schema and the page about it say what the structs say."""

import json
from pathlib import Path
from typing import Any

import pytest
from schema_fits import misfits, unnamed

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

    assert current, "run .venv/bin/python packaging/schemas.py"


@pytest.mark.parametrize("workflow", SAMPLES, ids=lambda workflow: workflow.name)
def test_every_template_fits_the_schema_and_is_read_back(workflow: Workflow) -> None:
    assert misfits(json.loads(to_json(workflow)), SCHEMA, SCHEMA) == []
    assert from_json(to_json(workflow)) == workflow


def test_what_does_not_fit_is_seen() -> None:
    content = json.loads(to_json(rich_workflow()))
    content["stages"][0] |= {"colour": "red", "more": 1}
    content["version"] = 0

    assert sorted(misfits(content, SCHEMA, SCHEMA)) == [
        "$.stages[0].colour: pattern",
        "$.stages[0]: knows no more",
        "$.version: too small",
    ]


def test_the_page_names_every_field_and_every_choice() -> None:
    assert unnamed(PAGE.read_text(encoding="utf-8"), SCHEMA) == []
