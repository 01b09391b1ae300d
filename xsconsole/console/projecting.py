"""The board at a past moment, from the rows of this home; and whether the rows tell what the pools show now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from xsconsole.console.desks import Keeper
from xsconsole.domain.board import Board
from xsconsole.domain.ids import Uuid
from xsconsole.domain.projection import PROJECTED, Past, Projector, compared
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Verdict
from xsconsole.domain.words import count

if TYPE_CHECKING:
    from xsconsole.console.pools import Pools

PAGE = 500
LOOKS = 200  # log-ins that are looked back for: a pool that was not seen since is not drawn
CHECK = "projection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a pool shows now."""

    pool: Uuid
    name: str
    board: Board


async def row_at(home: Keeper, at: datetime) -> int:
    """Return the number of the last row of the board that is not later than `at`; 0 where there is none.

    Raises:
        StoreFailed: the record cannot be read.
    """
    before: int | None = None
    while page := await home.audit_page(AuditQuery(events=PROJECTED), before, PAGE):
        found = next((row.seq for row in page if row.at <= at), None)
        if found is not None:
            return found
        before = page[-1].seq
    return 0


async def past_of(home: Keeper, until: int | None = None) -> Past:
    """Return the board that the rows amount to, up to and with row `until`; without it, all.

    Raises:
        StoreFailed: the record cannot be read.
    """
    before = None if until is None else until + 1
    looks = await home.audit_page(AuditQuery(event=AuditEvent.CONNECTED), before, LOOKS)
    newest = {look.fact.pool: look.seq for look in reversed(looks)}  # of each pool the last one
    first = min(newest.values(), default=1)
    rows: list[AuditRow] = []
    query = AuditQuery(events=PROJECTED)
    while page := await home.audit_page(query, before, PAGE):
        rows += (row for row in page if row.seq >= first)
        before = page[-1].seq
        if before <= first:
            break
    projector = Projector()
    for row in reversed(rows):
        projector.hear(row)
    return projector.past


def beside_live(past: Past, shown: Iterable[Shown]) -> Verdict:
    """Return whether each pool shows what the rows amount to."""
    found: list[str] = []
    number = 0
    for one in shown:
        pool = past.pools.get(one.pool)
        number += len(one.board.cards)
        if pool is None:
            found.append(f"No row tells of the pool {one.name}.")
            continue
        found += (mismatch.sentence for mismatch in compared(pool, one.board))
    if found:
        more = f" {len(found) - 1} more follow." if len(found) > 1 else ""
        return Verdict(check=CHECK, is_good=False, sentence=found[0] + more)
    sentence = f"The board that the rows amount to is the one that the pools show: {count(number, 'configuration')}."
    return Verdict(check=CHECK, is_good=True, sentence=sentence)


async def board_verdict(pools: "Pools") -> Verdict | None:
    """Return whether the pools show what the rows amount to; None where none is followed.

    Raises:
        StoreFailed: the record cannot be read.
    """
    now = [
        Shown(pool=console.identity.pool, name=console.identity.pool_name, board=console.own_board)
        for console in pools.all
        if console.identity is not None
    ]
    return beside_live(await past_of(pools.first.home), now) if now else None
