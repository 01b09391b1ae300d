"""What other runs are still going to take of the same hosts and storages: their records say it."""

from collections import defaultdict
from dataclasses import dataclass

from xsconsole.domain.board import Board
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.poolstate import RunRecord
from xsconsole.engine.plans.capacity import Space, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Bytes by the uuid of a storage, and of memory by the uuid of a host."""

    space: Space
    memory: Space


def claims_on(board: Board) -> Claims:
    """Return what the steps take that stand in run records and have not happened."""
    records: dict[RunId, RunRecord] = {}
    for card in board.cards.values():
        if card.run is not None:
            records[card.run.record.run] = card.run.record
    space: list[Space] = []
    memory: dict[Uuid, int] = defaultdict(int)
    for record in records.values():
        for step in record.plan.steps:
            if record.is_undoing or step.key in record.settled:
                continue
            space.append(step.estimate.space)
            if step.host is not None:
                memory[step.host] += step.estimate.memory_bytes
    return Claims(space=total(*space), memory=dict(memory))
