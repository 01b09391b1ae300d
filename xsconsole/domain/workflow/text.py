"""The text form of a workflow: canonical JSON in files, the same compressed and in base64 on the pool."""

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.text_faults import Names
from xsconsole.domain.text_form import TextForm, inflate, pack, read, stored
from xsconsole.domain.workflow.check import check
from xsconsole.domain.workflow.names import field_name
from xsconsole.domain.workflow.values import Workflow, content_of

FORMAT = 1
FORM = TextForm(
    format=FORMAT,
    names=Names(
        what="workflow",
        parts={"stages": "Stage", "transitions": "Transition", "people": "Person", "groups": "Group"},
        field=field_name,
    ),
    shorter="Shorten descriptions or remove stages.",
)


def stored_size_bytes(workflow: Workflow) -> int:
    """Return how much of `STORED_LIMIT_BYTES` the workflow would take on the pool."""
    return len(pack(to_json(workflow)))


def to_json(workflow: Workflow) -> bytes:
    """Return the canonical text form."""
    return canonical_bytes(content_of(workflow))


def from_json(text: bytes) -> Workflow:
    """Read the text form.

    Raises:
        Refused: not JSON, of a newer format, with unknown or doubled keys, too large, or what `check` refuses.
    """
    workflow = read_json(text)
    check(workflow)
    return workflow


def read_json(text: bytes) -> Workflow:
    """Read the text form without `check`: for showing what is wrong with it.

    Raises:
        Refused: not JSON, of a newer format, with unknown or doubled keys, or too large.
    """
    return read(text, Workflow, FORM)


def to_stored(workflow: Workflow) -> str:
    """Return the form that stands on the pool.

    Raises:
        Refused: it would be larger than 32 KiB.
    """
    return stored(to_json(workflow), FORM)


def from_stored(text: str) -> Workflow:
    """Read the form that stands on the pool.

    Raises:
        Refused: damaged, or see `from_json`.
    """
    return from_json(inflate(text))
