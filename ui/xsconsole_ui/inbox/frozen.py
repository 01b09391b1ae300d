"""What stands frozen of a configuration for requests, as rows of its card."""

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.lineage import frozen_words
from xsconsole.domain.points.sets import Candidate
from xsconsole.domain.words import count
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr


def left_frozen(card: Card, console: Estate) -> tuple[Candidate, ...]:
    """Return what stands frozen of a configuration for requests that there are no more, while no run works on it."""
    asked = {view.request.id for view in console.requests.of(card.id)}
    return tuple(one for one in card.candidates if one.request not in asked and card.run is None)


def frozen_rows(card: Card, console: Estate) -> list[Row]:
    """Return what stands frozen of a configuration, and what of it nobody needs any more."""
    left = left_frozen(card, console)
    rows = []
    for one in card.candidates:
        told = tr("{frozen}, {count} for request {request}").format(
            frozen=frozen_words(one), count=count(len(one.snapshots), "snapshot"), request=one.request[:8]
        )
        told = told[:1].upper() + told[1:]
        text = tr("Left over: {told}").format(told=told) if one in left else told
        rows.append(Row(mark=Mark.WARNING if one in left else Mark.POINT, text=text, whole=text))
    return rows
