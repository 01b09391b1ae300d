"""What a plan means for whoever confirms it, as rows."""

from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.downtime import NONE, downtime_words
from xsconsole.domain.plan import Plan
from xsconsole_ui.promotion.desk import Choice
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr


def why_not_instead(*choices: Choice | None) -> list[Row]:
    """Return why what is offered instead cannot be chosen."""
    barred = [choice for choice in choices if choice is not None and choice.why_not]
    return [Row(mark=Mark.POINT, text=f"{choice.words}: {choice.why_not}") for choice in barred]


def meaning(plan: Plan, card: Card | None) -> tuple[Row, ...]:
    """Return what the plan costs, and its warnings; `card` is what it is about."""
    rows = [Row(mark=Mark.WARNING, text=warning) for warning in plan.warnings]
    downtime = downtime_words(plan, card)
    if downtime:
        mark = Mark.DONE if downtime == NONE else Mark.WARNING
        rows.append(Row(mark=mark, text=downtime[0].upper() + downtime[1:]))
    rows.append(
        Row(
            mark=Mark.DONE, text=tr("Takes about {duration}").format(duration=words.duration(max(1.0, plan.duration_s)))
        )
    )
    if plan.size_bytes:
        rows.append(
            Row(mark=Mark.DONE, text=tr("Needs up to {size} on the storage").format(size=words.size(plan.size_bytes)))
        )
    rows += [Row(mark=Mark.POINT, text=note) for note in plan.notes]
    return tuple(rows)
