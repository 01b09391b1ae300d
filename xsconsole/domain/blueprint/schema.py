"""The JSON schema of a blueprint's text form, for other programs; made from the structs that read it."""

from collections.abc import Mapping
from typing import Any

from xsconsole.domain.blueprint.check import (
    LONGEST_DELAY_S,
    MOST_CHOICES,
    MOST_DISKS,
    MOST_INTERFACES,
    MOST_MEMBERS,
    MOST_NETWORKS,
    MOST_PARAMETERS,
)
from xsconsole.domain.blueprint.patterns import LONGEST
from xsconsole.domain.blueprint.templating import LONGEST_TEMPLATE
from xsconsole.domain.blueprint.text import FORMAT
from xsconsole.domain.blueprint.values import Blueprint
from xsconsole.domain.schemas import schema_of
from xsconsole.domain.workflow.bounds import NAME_LIMIT, TEXT_LIMIT

RESOURCE = f"schemas/blueprint-{FORMAT}.json"  # where the published one stands in the resources


def json_schema() -> bytes:
    """Return the schema as text, with a description of each part.

    A text that fits it can still be refused: doubled names and references are beyond a schema.
    """
    return schema_of(Blueprint, "blueprint", FORMAT, _bounds())


def _bounds() -> Mapping[str, Mapping[str, dict[str, Any]]]:
    """Return what `check` demands of single fields and a schema can say."""
    name = {"minLength": 1, "maxLength": NAME_LIMIT}
    text = {"maxLength": TEXT_LIMIT}
    template = {"maxLength": LONGEST_TEMPLATE}
    delay = {"minimum": 0, "maximum": LONGEST_DELAY_S}
    return {
        "Blueprint": {
            "id": name,
            "name": name,
            "summary": text,
            "changes": text,
            "service": {"maxLength": NAME_LIMIT},
            "author": {"maxLength": 200},
            "version": {"minimum": 1},
            "members": {"maxItems": MOST_MEMBERS},
            "parameters": {"maxItems": MOST_PARAMETERS},
            "networks": {"maxItems": MOST_NETWORKS},
        },
        "Parameter": {
            "name": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "help": text,
            "label": {"maxLength": NAME_LIMIT},
            "choices": {"maxItems": MOST_CHOICES},
            "pattern": {"maxLength": LONGEST},
        },
        "Member": {
            "id": name,
            "role": name,
            "name_pattern": {"minLength": 1, **template},
            "user_data": template,
            "network_config": template,
            "template": {"pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
            "disks": {"maxItems": MOST_DISKS},
            "interfaces": {"maxItems": MOST_INTERFACES},
            "order": {"minimum": 0},
            "start_delay": delay,
            "shutdown_delay": delay,
        },
        "Disk": {"position": {"minimum": 0, "maximum": MOST_DISKS - 1}, "role": name},
        "Interface": {"device": {"minimum": 0, "maximum": MOST_INTERFACES - 1}},
    }
