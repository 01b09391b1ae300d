"""What a drop on each stage would do: the answer to a drag."""

from dataclasses import replace
from datetime import datetime

from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.lineage import standby_of
from xsconsole.domain.plan import Disks
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
    """Return every stage of the workflow with its plan, or with the reason why not.

    A demotion keeps the disks. Where that would take disks of the place along, it is a swap with the stand-by, which
    gives each side its own ones back, if that can be.
    """
    card = board.cards.get(configuration)
    if card is None or board.workflow is None:
        return ()
    workflow = board.workflow

    def target(stage: Stage) -> Target:
        kind = _kind(workflow, card.stage, stage)
        commands: list[Promote | Demote] = [
            Promote(configuration=configuration, revision=card.revision, target=stage.id)
        ]
        if kind is Kind.DEMOTE:
            back = Demote(configuration=configuration, revision=card.revision, target=stage.id)
            swap = replace(back, disks=Disks.SWAP)
            commands = [swap, back] if _has_disks_of_place(card, stage.id, board) else [back]
        for command in commands:
            try:
                planned = plan(command, board, inventory, actor, at, also_at, lands)
            except Refused as found:
                refusal = found
            else:
                return Target(stage=stage.id, kind=kind, plan=planned, refusal=None)
        return Target(stage=stage.id, kind=kind, plan=None, refusal=refusal)

    return tuple(map(target, workflow.stages))


def _kind(workflow: Workflow, source: str, target: Stage) -> Kind | None:
    edge = next((edge for edge in workflow.transitions if (edge.source, edge.target) == (source, target.id)), None)
    return edge.kind if edge else None


def _has_disks_of_place(card: Card, stage: StageId, board: Board) -> bool:
    """Return whether it has disks of the place that it took, and who had them before stands by in a stage."""
    standby = standby_of(card, board)
    kept = card.succession.kept if card.succession is not None else ()
    return bool(kept) and standby is not None and standby.stage == stage
