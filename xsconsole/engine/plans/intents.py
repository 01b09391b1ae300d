"""What is asked for where a configuration is changed in the stage that it stands in."""

import msgspec

from xsconsole.domain.board import Card
from xsconsole.domain.ids import WorkflowId
from xsconsole.domain.plan import Intent, RunKind
from xsconsole.domain.workflow import Workflow


def intent_in(kind: RunKind, card: Card, workflow: Workflow | None, **other: object) -> Intent:
    """Return that `kind` is asked of `card`, where it stands; `other` fields are as given.

    The workflow is none where the pool has none that this console can read.
    """
    intent = Intent(
        kind=kind,
        configuration=card.id,
        name=card.name,
        service=card.service,
        workflow=workflow.id if workflow else WorkflowId(""),
        workflow_version=workflow.version if workflow else 0,
        source=card.stage,
        target=card.stage,
        revision=card.revision,
    )
    return msgspec.structs.replace(intent, **other)
