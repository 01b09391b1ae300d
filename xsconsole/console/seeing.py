"""Puts on record how the board stands and what of it becomes another, so that it can be drawn from rows alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.console.facts import fact_of, seen_move
from xsconsole.console.home import Home
from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.events import BoardChanged, ConfigurationMoved
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent
from xsconsole.domain.projection import BoardSeen, Face, Look, pack
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.runs import RunStatus
from xsconsole.domain.words import count
from xsconsole.domain.workflow.names import name_of_id
from xsconsole.engine.facts import version_told
from xsconsole.engine.ports import Identity


class Seeing:
    """Follows one pool's board from the first look after a log-in until that ends. Lives on the loop's thread."""

    def __init__(
        self,
        home: Home,
        board: Callable[[], Board],
        identity: Callable[[], Identity | None],
        note: Callable[[Fact], None],
    ) -> None:
        self._own_moves, self._pool = home.own_moves, Uuid("")
        self._board, self._identity, self._note = board, identity, note
        self._seen = BoardSeen(home.settings.console)
        self._is_begun = False
        if not home.is_reading:
            home.ledger.follow(self._hear_facts)

    def begin(self, url: str) -> Fact:
        """Return the row of a log-in, which holds what stands then. What is another from then on is a row each."""
        look = self._seen.begin(self._board())
        self._is_begun = True
        identity = self._identity()
        self._pool = identity.pool if identity is not None else Uuid("")
        tracked: dict[str, Json] = {"trackid": identity.trackid} if identity is not None else {}
        details: dict[str, Json] = {"url": url, **tracked, "faces": pack(look.faces), **version_told(look.workflow)}
        return fact_of(AuditEvent.CONNECTED, identity, details)

    def end(self) -> None:
        """Follow no more, and put on record that the session ends; whoever is logged in still is so."""
        if self._is_begun:
            self._note(fact_of(AuditEvent.DISCONNECTED, self._identity()))
        self._is_begun = False
        self._own_moves.forget(self._pool)

    def expect(self, intent: Intent) -> None:
        """Take note of a run that this console begins, in whichever pools it moves something."""
        self._own_moves.expect(self._pool, intent)

    def hear_run(self, status: RunStatus) -> None:
        self._own_moves.hear(self._pool, status)

    def hear_board(self, event: BoardChanged) -> None:
        if self._is_begun:
            look = self._seen.again(self._board(), event.configurations)
            for fact in _facts(look, self._board(), self._identity()):
                self._note(fact)

    def hear_move(self, move: ConfigurationMoved) -> None:
        """Record what somebody else moved. Our own moves have their run's rows."""
        if self._is_begun and not self._own_moves.take(self._pool, move):
            self._note(seen_move(move, self._board(), self._identity()))

    def _hear_facts(self, facts: Sequence[Fact]) -> None:
        """Take note of what this console publishes itself: those rows hold the version."""
        identity = self._identity()
        for fact in facts:
            if fact.event is AuditEvent.WORKFLOW_PUBLISHED and identity is not None and fact.pool == identity.pool:
                self._seen.has_published(str((fact.details or {}).get("digest")))


def _facts(look: Look, board: Board, identity: Identity | None) -> Iterator[Fact]:
    for face in look.faces:
        members = count(len(face.members), "member")
        what = f"{shortened(face.name)} in {_stage(board, face)}, {face.standing}, with {members}"
        yield _fact(face, identity, {"what": what, "face": msgspec.to_builtins(face)})
    for face in look.gone:
        what = f"{shortened(face.name)} is no more; it was in {_stage(board, face)}"
        yield _fact(face, identity, {"what": what, "is_gone": True})
    if look.workflow is not None:
        what = f"{shortened(look.workflow.name)}, version {look.workflow.version}, which somebody else published"
        details = {"what": what, **version_told(look.workflow)}
        yield replace(fact_of(AuditEvent.WORKFLOW_SEEN, identity, details), outcome=Outcome.OBSERVED)


def _fact(face: Face, identity: Identity | None, details: Mapping[str, Json]) -> Fact:
    return replace(
        fact_of(AuditEvent.STANDS, identity, details),
        configuration=face.id,
        configuration_name=face.name,
        target=None if "is_gone" in details else face.stage,
        source=face.stage if "is_gone" in details else None,
        outcome=Outcome.OBSERVED,
    )


def _stage(board: Board, face: Face) -> str:
    return shortened(board.stage_name(face.stage) or name_of_id(face.stage), 60)
