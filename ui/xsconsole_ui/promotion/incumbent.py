"""What comes into a stage against what stands there: the last part of a plan's page."""

from xsconsole.console import Estate, present
from xsconsole.domain.board import Board, Card
from xsconsole.domain.comparison import compare
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, RunKind
from xsconsole_ui.comparing import incumbent_rows
from xsconsole_ui.promotion.rows import Row
from xsconsole_ui.texts import tr

MOVES = (RunKind.PROMOTE, RunKind.DEMOTE)
NAME_LIMIT = 40


def against_incumbent(plan: Plan, console: Estate) -> tuple[list[Row], str]:
    """Return rows and their title; no rows where nobody of the same service stands in the target."""
    board = console.board
    stands = incumbent(plan, board)
    if stands is None:
        return [], ""
    before = present(console.of_card(stands.id), stands.id)
    after = present(console.of_card(plan.intent.configuration), plan.intent.configuration)
    if before is None or after is None:
        return [], ""
    stage = board.workflow.stage(stands.stage) if board.workflow else None
    title = tr("Difference to {name} in {stage}").format(
        name=shortened(stands.name, NAME_LIMIT), stage=stage.name if stage else shortened(stands.stage)
    )
    rules = console.of_card(plan.intent.configuration).own_board.allowances
    return incumbent_rows(compare(before, after, rules)), title


def incumbent(plan: Plan, board: Board) -> Card | None:
    """Return whose place it takes, or else who of the same service came last to the target."""
    intent = plan.intent
    if intent.kind not in MOVES or intent.target is None or intent.target == intent.source:
        return None
    if intent.incumbent is not None:
        return board.cards.get(intent.incumbent)
    same = [
        card
        for card in board.in_stage(intent.target)
        if card.service == intent.service and card.id not in (intent.configuration, intent.makes)
    ]
    return max(same, key=lambda card: (card.since.timestamp() if card.since else 0.0, card.id), default=None)
