"""What a drop on each stage would do: the answer to a drag."""

from datetime import datetime

from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Kind, Stage, Workflow
from xsconsole.engine.commands import Demote, Promote
from xsconsole.engine.plans.lands import Lands, no_land
from xsconsole.engine.plans.planner import plan
from xsconsole.errors import Refused


def targets(
    configuration: ConfigurationId,
    board: Board,
    inventory: Inventory,
    actor: str,
    at: datetime,
    also_at: tuple[datetime, ...] = (),
    lands: Lands = no_land,
) -> tuple[Target, ...]:
    """Return every stage of the workflow with its plan, or with the reason why not. A demotion keeps the disks."""
    card = board.cards.get(configuration)
    if card is None or board.workflow is None:
        return ()
    workflow = board.workflow

    def target(stage: Stage) -> Target:
        kind = _kind(workflow, card.stage, stage)
        command: Promote | Demote = Promote(configuration=configuration, revision=card.revision, target=stage.id)
        if kind is Kind.DEMOTE:
            command = Demote(configuration=configuration, revision=card.revision, target=stage.id)
        try:
            planned = plan(command, board, inventory, actor, at, also_at, lands)
        except Refused as refusal:
            return Target(stage=stage.id, kind=kind, plan=None, refusal=refusal)
        return Target(stage=stage.id, kind=kind, plan=planned, refusal=None)

    return tuple(map(target, workflow.stages))


def _kind(workflow: Workflow, source: str, target: Stage) -> Kind | None:
    edge = next((edge for edge in workflow.transitions if (edge.source, edge.target) == (source, target.id)), None)
    return edge.kind if edge else None
