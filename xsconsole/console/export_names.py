"""What somebody who exports names by a part of its id or by its stage, and which run or configuration they mean."""

from dataclasses import replace

from xsconsole.console.home import Home
from xsconsole.console.projecting import past_of
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.ids import RunId
from xsconsole.domain.naming import find_configuration, full_name, shortened
from xsconsole.domain.projection import Past, PastPool
from xsconsole.errors import Ambiguous, NotFound, Refused
from xsconsole.store.extraction import Choice, ids_beginning

LEAST = 8  # characters of an id


async def meant_by(home: Home, choice: Choice) -> Choice:
    """Return a choice with whole ids. It needs no pool: the rows tell what stands where, and what is gone by now.

    A name that rows write as it was given stays one: it means all that were ever called so.

    Raises:
        Ambiguous, Refused: it may mean several, or too little of an id was given.
        StoreFailed: the record cannot be read.
    """
    if choice.run is not None:
        choice = replace(choice, run=RunId(await _run(home, choice.run)))
    if choice.configuration is not None:
        choice = replace(choice, configuration=await _configuration(home, choice.configuration))
    return choice


async def _run(home: Home, text: str) -> str:
    if len(text) < LEAST:
        raise Refused(
            reason=f"“{shortened(text)}” is too little of the id of a run.",
            mend=f"Give at least {LEAST} characters of it, as `xsconsole audit list --json` tells them.",
        )
    return await _by_id(home, "run", text) or text


async def _configuration(home: Home, text: str) -> str:
    past = await past_of(home)
    cards = [card for pool in past.pools.values() for card in _board(pool).cards.values()]
    if any(text in (card.id, card.name, full_name(card)) for card in cards):
        return text
    found = _found(past, text)
    if len(found) > 1:
        raise Ambiguous(
            reason=f"“{shortened(text)}” fits configurations of {len(found)} pools.",
            mend="Name one of them by its id.",
            choices=tuple(f"{card.name} ({card.id})" for card in found),
        )
    if found:
        return found[0].id
    return (await _by_id(home, "configuration", text) if len(text) >= LEAST else "") or text


def _found(past: Past, text: str) -> list[Card]:
    found: dict[str, Card] = {}
    for pool in past.pools.values():
        try:
            card = find_configuration(_board(pool), text)
        except NotFound:
            continue
        found[card.id] = card
    return list(found.values())


def _board(pool: PastPool) -> Board:
    """Return as much of the board as tells what its configurations are called."""
    faces = [card.face for card in pool.cards.values()]
    cards = {
        face.id: Card(
            id=face.id,
            name=face.name,
            service=face.service,
            version=face.version,
            stage=face.stage,
            revision=face.revision,
            workflow_version=face.workflow_version,
            members=(),
            standing=Standing.WHOLE,
        )
        for face in faces
    }
    return Board(workflow=pool.workflow, cards=cards)


async def _by_id(home: Home, kind: str, text: str) -> str:
    """Return the one id in the rows that begins so; empty where none does."""
    found = await ids_beginning(home.ledger.database.reading, kind, text.casefold())
    if len(found) > 1:
        raise Ambiguous(
            reason=f"The ids of several {kind}s begin with “{shortened(text)}”.",
            mend="Say more of the id.",
            choices=found,
        )
    return found[0] if found else ""
