"""JSON schemas of our text forms, made from the structs that read them."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

import msgspec


def schema_of(
    kind: type[msgspec.Struct], what: str, format_: int, bounds: Mapping[str, Mapping[str, dict[str, Any]]]
) -> bytes:
    """Return a schema as text, with a description of each part; `bounds` add to fields of parts."""
    schema = msgspec.json.schema(kind)
    for name, part in schema["$defs"].items():
        if "description" in part:
            part["description"] = " ".join(cleandoc(part["description"]).split())
        for field, rules in bounds.get(name, {}).items():
            part["properties"][field] |= rules
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:xsconsole:{what}:{format_}",
        "title": f"xsconsole {what}",
        **schema,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
