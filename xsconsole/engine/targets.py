"""What a drop on each stage would do: the answer to a drag."""

from datetime import datetime

from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Kind, Stage, Workflow
from xsconsole.engine.commands import Demote, Promote
from xsconsole.engine.planner import plan
from xsconsole.errors import Refused


def targets(
    configuration: ConfigurationId,
    board: Board,
    inventory: Inventory,
    actor: str,
    at: datetime,
    also_at: tuple[datetime, ...] = (),
) -> tuple[Target, ...]:
    """Return every stage of the workflow with its plan, or with the reason why not. A demotion keeps the disks."""
    card = board.cards.get(configuration)
    if card is None or board.workflow is None:
        return ()
    return tuple(
        _target(
            configuration,
            card.revision,
            stage,
            _kind(board.workflow, card.stage, stage),
            board,
            inventory,
            actor,
            (at, *also_at),
        )
        for stage in board.workflow.stages
    )


def _kind(workflow: Workflow, source: str, target: Stage) -> Kind | None:
    edge = next((edge for edge in workflow.transitions if (edge.source, edge.target) == (source, target.id)), None)
    return edge.kind if edge else None


def _target(
    configuration: ConfigurationId,
    revision: int,
    stage: Stage,
    kind: Kind | None,
    board: Board,
    inventory: Inventory,
    actor: str,
    clocks: tuple[datetime, ...],
) -> Target:
    command: Promote | Demote = Promote(configuration=configuration, revision=revision, target=stage.id)
    if kind is Kind.DEMOTE:
        command = Demote(configuration=configuration, revision=revision, target=stage.id)
    try:
        found = plan(command, board, inventory, actor, clocks[0], clocks[1:])
        return Target(stage=stage.id, kind=kind, plan=found, refusal=None)
    except Refused as refusal:
        return Target(stage=stage.id, kind=kind, plan=None, refusal=refusal)
