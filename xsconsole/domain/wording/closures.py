"""What is closed, in a few words: for rows of the record, messages on the pool, listings."""

from typing import assert_never

from xsconsole.domain.board import Board
from xsconsole.domain.closures import LONG_AGO, NEVER, AnyClosure, Extension, Freeze, Hold, Quarantine, Stop
from xsconsole.domain.folding import shortened
from xsconsole.domain.words import instant


def closed_words(closure: AnyClosure, board: Board) -> str:
    """Return such as `freeze of Production until 2026-11-30 06:00 UTC, by ann`."""
    by = f", by {shortened(closure.by, 60)}" if closure.by else ""
    return f"{closed_name(closure, board)}{by}"


def closed_name(closure: AnyClosure, board: Board) -> str:
    """Return what is closed, without by whom: `hold of shop 1.3.0`."""
    match closure:
        case Freeze():
            return f"freeze of {frozen_name(closure, board)} {span_words(closure)}" + _total(closure.is_total)
        case Hold():
            return f"hold of {held_name(closure, board)}"
        case Quarantine():
            return f"quarantine of {quarantined_name(closure)}"
        case Stop():
            return "stop of the line" + _total(closure.is_total)
        case Extension():
            until = f" until {instant(closure.until)}" if closure.until < NEVER else ""
            return f"longer stay of {held_name(closure, board)}{until}"
    assert_never(closure)


def frozen_name(freeze: Freeze, board: Board) -> str:
    if freeze.stage is None:
        return "every stage"
    stage = board.workflow.stage(freeze.stage) if board.workflow is not None else None
    return shortened(stage.name if stage is not None else freeze.stage, 60)


def held_name(hold: Hold | Extension, board: Board) -> str:
    card = board.cards.get(hold.configuration)
    return shortened(card.name if card is not None else hold.configuration, 60)


def quarantined_name(quarantine: Quarantine) -> str:
    return f"{shortened(quarantine.service, 60)} {shortened(quarantine.version, 60)}".strip() or "a version"


def span_words(freeze: Freeze) -> str:
    begins = f"from {instant(freeze.begins)} " if freeze.begins > freeze.at > LONG_AGO else ""
    return begins + (f"until {instant(freeze.ends)}" if freeze.ends is not None else "until it is lifted")


def announcement(stop: Stop, reason: str, by: str, *, is_lifted: bool) -> tuple[str, str]:
    """Return name and body of the message that is left on the pool."""
    who = shortened(by, 100) or "Somebody"
    said = shortened(reason, 500)
    if is_lifted:
        return "XSCONSOLE_LINE_RELEASED", f"{who} released the line: {said}"
    what = "nothing is promoted or demoted" if stop.is_total else "nothing is promoted"
    return "XSCONSOLE_LINE_STOPPED", f"{who} stopped the line, {what}: {said}"


def _total(is_total: bool) -> str:
    return ", also for ways back" if is_total else ""
