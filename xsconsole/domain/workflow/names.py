"""What the parts of a workflow and their fields are called."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.domain.folding import shown
from xsconsole.domain.ids import GroupId, PersonId, StageId
from xsconsole.domain.workflow.gates import AddressesAnswer, Gate, HttpCall, Script
from xsconsole.domain.workflow.values import Kind, Transition, Workflow


def stage_words(workflow: Workflow, stage: StageId) -> str:
    """Return a stage's name; its id where the workflow does not have it."""
    found = workflow.stage(stage)
    return shown(found.name if found else stage)


def name_of_id(stage: str) -> str:
    """Return what a stage may have been called of which nothing but its id is left: ids are made from names."""
    return stage.replace("-", " ").capitalize()


def kind_words(kind: Kind) -> str:
    return "promotion" if kind is Kind.PROMOTE else "way back"


def way_words(workflow: Workflow, way: Transition) -> str:
    """Return such as `promotion Staging → Production`."""
    ends = (stage_words(workflow, way.source), stage_words(workflow, way.target))
    return f"{kind_words(way.kind)} {' → '.join(ends)}"


def group_words(workflow: Workflow, group: GroupId) -> str:
    return shown(next((known.name for known in workflow.groups if known.id == group), group))


def person_words(workflow: Workflow, person: PersonId) -> str:
    return shown(next((known.name for known in workflow.people if known.id == person), person))


def field_name(field: str) -> str:
    """Return what people call a field: `limits.running` is `limit of running configurations`."""
    return field_names().get(field) or field.rpartition(".")[2].replace("_", " ")


def field_names() -> Mapping[str, str]:
    return {
        "actors": "who may act",
        "afterwards": "actions afterwards",
        "as_stream": "as a stream",
        "binding.hosts": "preferred hosts",
        "binding.networks": "networks",
        "binding.pool": "pool",
        "binding.sr": "storage",
        "binding.vlans": "VLAN tags of fences",
        "declarers": "who may declare an emergency",
        "disks": "disk roles",
        "entry": "on entry",
        "excludes_author": "without the author",
        "expiry_s": "expiry of requests",
        "fence": "demanded fence",
        "fingerprints": "keys",
        "freezes": "weekly freezes",
        "gates": "checks",
        "is_production": "production",
        "lease.at_end": "at the end of the lease",
        "lease.duration_s": "length of the lease",
        "limits.configurations": "limit of configurations",
        "limits.per_service": "limit per service",
        "limits.running": "limit of running configurations",
        "place": "place in the drawing",
        "publishing": "rules for publishing",
        "replaces_data": "may replace data",
        "restore_point.kept_s": "how long the restore point is kept",
        "restore_point.most": "how many restore points are kept",
        "soak_s": "soak time",
        "source": "start",
        "subject": "log-in name",
        "summary": "summary of changes",
        "target": "end",
        "timeout_s": "time-out",
        "when": "before or after",
        "within_s": "time for the review",
    }


def gate_name(gate: Gate) -> str:
    """Return what a gate looks at, without its parameters."""
    return gate.called


def gate_title(gate: Gate) -> str:
    """Return a gate with what tells it from another of its kind: `script smoke-test`, `addresses answer at port 22`."""
    match gate:
        case AddressesAnswer(port=int(port)):
            return f"{gate_name(gate)} at port {port}"
        case Script(argv=(program, *_)):
            return f"{gate_name(gate)} {shown(program, 60)}"
        case HttpCall(url=url) if url:
            return f"{gate_name(gate)} {shown(url, 60)}"
        case _:
            return gate_name(gate)


def operation_name(operation: str) -> str:
    """Return what people call an operation of XAPI that a stage may block; it itself where it has no other name."""
    return _OPERATIONS.get(operation, operation)


_OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "destroy": "Delete the machine",
        "hard_shutdown": "Force off",
        "clean_shutdown": "Shut down",
        "hard_reboot": "Force a reboot",
        "clean_reboot": "Reboot",
        "suspend": "Suspend",
        "pause": "Pause",
        "revert": "Revert to a snapshot",
        "pool_migrate": "Migrate within the pool",
        "migrate_send": "Migrate to another pool or storage",
        "make_into_template": "Make it a template",
        "changing_VCPUs": "Change processors",
        "changing_static_range": "Change memory",
        "snapshot": "Take a snapshot",
        "clone": "Clone",
        "copy": "Copy",
        "export": "Export",
        "start": "Start",
        "start_on": "Start on a host",
        "shutdown": "Shut down, however",
        "resume": "Resume",
    }
)
WORTH_BLOCKING = (
    "destroy",
    "hard_shutdown",
    "clean_shutdown",
    "hard_reboot",
    "clean_reboot",
    "suspend",
    "pause",
    "revert",
    "pool_migrate",
    "migrate_send",
    "make_into_template",
    "changing_VCPUs",
    "changing_static_range",
    "snapshot",
    "clone",
    "copy",
    "export",
)
