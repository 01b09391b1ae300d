"""The JSON schema of a workflow's text form, for other programs; made from the structs that read it."""

from collections.abc import Mapping
from typing import Any

from xsconsole.domain.fence.ground import VLAN_TAGS
from xsconsole.domain.schemas import schema_of
from xsconsole.domain.workflow.bounds import MOST_STAGES, MOST_TRANSITIONS, NAME_LIMIT, TEXT_LIMIT
from xsconsole.domain.workflow.text import FORMAT
from xsconsole.domain.workflow.values import Workflow

RESOURCE = f"schemas/workflow-{FORMAT}.json"  # where the published one stands in the resources


def json_schema() -> bytes:
    """Return the schema as text, with a description of each part.

    A text that fits it can still be refused: references, circles of promotions and doubled names are beyond a schema.
    """
    return schema_of(Workflow, "workflow", FORMAT, _bounds())


def _bounds() -> Mapping[str, Mapping[str, dict[str, Any]]]:
    """Return what `check` demands of single fields and a schema can say."""
    name = {"minLength": 1, "maxLength": NAME_LIMIT}
    text = {"maxLength": TEXT_LIMIT}
    a_second = {"minimum": 1}
    a_tag = {"minimum": VLAN_TAGS[0], "maximum": VLAN_TAGS[-1]}
    return {
        "Workflow": {
            "id": name,
            "name": name,
            "description": text,
            "version": {"minimum": 1},
            "stages": {"minItems": 1, "maxItems": MOST_STAGES},
            "transitions": {"maxItems": MOST_TRANSITIONS},
        },
        "Stage": {"id": name, "name": name, "description": text, "colour": {"pattern": "^#[0-9a-fA-F]{6}$"}},
        "VlanRange": {"first": a_tag, "last": a_tag},
        "StageLease": {"duration_s": a_second},
        "FreezeCalendar": {
            "from_day": {"minimum": 0, "maximum": 6},
            "from_minute": {"minimum": 0, "maximum": 1439},
            "to_day": {"minimum": 0, "maximum": 6},
            "to_minute": {"minimum": 0, "maximum": 1440},
        },
        "Transition": {"id": name, "description": text, "soak_s": {"minimum": 0}},
        "ApprovalRule": {"count": {"minimum": 1}},
        "Person": {"id": name, "name": name},
        "Group": {"id": name, "name": name},
        "Review": {"within_s": a_second},
        "RecentRestorePoint": {"age_s": a_second},
        "ShortChains": {"longest": {"minimum": 1}},
        "MaintenanceWindow": {"from_minute": {"minimum": 0}, "to_minute": {"maximum": 1440}},
    }
