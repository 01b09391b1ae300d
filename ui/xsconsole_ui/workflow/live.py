"""What stands in the stages and runs along the transitions, from the board."""

from collections import defaultdict

from xsconsole.domain.board import Board
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import StageId
from xsconsole_ui.workflow.faces import Load


def load_of(board: Board) -> Load:
    """Return the load of the stages of the board's workflow; unknown while there is no pool."""
    if board.workflow is None:
        return Load()
    standing: dict[StageId, list[str]] = defaultdict(list)
    running: dict[tuple[StageId, StageId], list[str]] = defaultdict(list)
    for card in sorted(board.cards.values(), key=lambda card: natural(card.name)):
        standing[card.stage].append(card.name)
        intent = card.run.record.plan.intent if card.run is not None else None
        if intent is None or intent.configuration != card.id:
            continue  # who gives way, and what is made, are not on this way
        if intent.source is not None and intent.target is not None:
            running[intent.source, intent.target].append(card.name)
    return Load(
        standing={stage: tuple(names) for stage, names in standing.items()},
        running={ends: tuple(names) for ends, names in running.items()},
        is_known=True,
    )
