"""What the console itself records, beside the facts of the engine: who was logged in, and what was seen."""

from collections.abc import Mapping
from dataclasses import replace

from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.events import ConfigurationMoved, LinkState
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.engine.ports import Identity


def fact_of(event: AuditEvent, identity: Identity | None, details: Mapping[str, Json] | None = None) -> Fact:
    return Fact(
        event=event,
        actor=identity.actor if identity else "",
        pool=identity.pool if identity else None,
        session=identity.session if identity else "",
        details=details,
    )


def seen_move(move: ConfigurationMoved, board: Board, identity: Identity | None) -> Fact:
    """Return the row of what somebody else moved; its stages are called as the board calls them."""
    details = None
    if move.source is not None and move.target is not None:
        details = {"what": f"{move.name} from {board.stage_name(move.source)} to {board.stage_name(move.target)}"}
    return replace(
        fact_of(AuditEvent.OBSERVED, identity, details),
        configuration=move.configuration,
        configuration_name=move.name,
        source=move.source,
        target=move.target,
        outcome=Outcome.OBSERVED,
    )


def tracked_by(identity: Identity | None) -> Mapping[str, Json] | None:
    """Return what xapi's own log calls a session, to be told by a row of it."""
    return {"trackid": identity.trackid} if identity is not None and identity.trackid else None


def link_event(before: LinkState, now: LinkState) -> AuditEvent | None:
    """Return which row tells that the road to the pool broke or opened again; None where it did neither."""
    if (before, now) == (LinkState.LIVE, LinkState.LOST):
        return AuditEvent.LINK_LOST
    return AuditEvent.LINK_RESTORED if (before, now) == (LinkState.LOST, LinkState.LIVE) else None
