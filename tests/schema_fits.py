"""Whether a value fits a JSON schema, by the keywords that ours use, and whether a page names all of it."""

import re
from typing import Any


def misfits(value: Any, schema: dict[str, Any], whole: dict[str, Any], path: str = "$") -> list[str]:
    """Return where a value does not fit."""
    if "$ref" in schema:
        return misfits(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, path)
    if "anyOf" in schema:
        tries = [misfits(value, each, whole, path) for each in schema["anyOf"]]
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
            found += misfits(value[name], schema["properties"][name], whole, f"{path}.{name}")
    elif isinstance(value, list):
        found += [f"{path}: too few"] * (len(value) < schema.get("minItems", 0))
        for at, each in enumerate(value):
            found += misfits(each, schema["items"], whole, f"{path}[{at}]")
    elif isinstance(value, str):
        found += [f"{path}: too long"] * (len(value) > schema.get("maxLength", 10**9))
        found += [f"{path}: pattern"] * (re.search(schema.get("pattern", ""), value) is None)
    elif isinstance(value, int):
        found += [f"{path}: too small"] * (value < schema.get("minimum", value))
    return found


def unnamed(page: str, schema: dict[str, Any]) -> list[str]:
    """Return what a schema has and a page does not name in code."""
    words = {*re.findall(r"`([^`\s]+)`", page), "x", "y"}
    found = []
    for name, part in schema["$defs"].items():
        if part.get("additionalProperties", False) is not False:
            found.append(f"{name} takes anything")
        tags = [
            tag for field in ("gate", "action") for tag in part.get("properties", {}).get(field, {}).get("enum", ())
        ]
        found += [
            f"{name}: {each}"
            for each in (*part.get("properties", ()), *part.get("enum", ()), *tags)
            if each not in words
        ]
    return found
