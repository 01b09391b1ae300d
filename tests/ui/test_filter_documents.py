"""docs/filter.md names every field that a list can be asked for."""

from pathlib import Path
from typing import Any

import pytest

from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.card_filter import CARDS
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.inventory_filter import inventory_schema
from xsconsole.domain.query.fields import Kind, Schema
from xsconsole_ui.activity.filtering import ACTIVITY

PAGE = Path(__file__).parent.parent.parent / "docs" / "filter.md"


@pytest.mark.parametrize(
    ("schema", "title"),
    [
        (inventory_schema(Inventory()), "inventory"),
        (CARDS, "configurations, in the find field"),
        (AUDIT, "audit"),
        (ACTIVITY, "activity"),
    ],
)
def test_the_page_names_every_field_with_its_aliases(schema: Schema[Any], title: str) -> None:
    section = PAGE.read_text("utf-8").partition(f"## Fields of the {title}\n")[2].partition("\n## ")[0]

    for field in schema.fields:
        aliases = ", ".join(f"`{alias}`" for alias in field.aliases)
        assert (f"`{field.name}` ({aliases})" if aliases else f"`{field.name}`") in " ".join(section.split())


@pytest.mark.parametrize("schema", [inventory_schema(Inventory()), CARDS, AUDIT, ACTIVITY])
def test_names_and_aliases_are_told_apart(schema: Schema[Any]) -> None:
    names = [name for field in schema.fields for name in (field.name, *field.aliases)]

    assert len(names) == len(set(names))
    assert all(name == name.casefold() for name in names)
    assert all(bool(field.choices) == (field.kind is Kind.CHOICE) for field in schema.fields)
