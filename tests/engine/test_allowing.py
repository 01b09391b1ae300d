"""Rules that let a field differ: one key each, written once, changed by version, removed, and on record."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from xsconsole.domain.allowances import allowances_of
from xsconsole.domain.ids import StageId
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.engine.allowing import MOST_RULES
from xsconsole.engine.commands import AllowDifference, ForbidDifference
from xsconsole.errors import NotFound, PlanIsStale, Refused

MEMORY = AllowDifference(
    part="member", field="memory_static_max_bytes", service="shop", stage=StageId("staging"), reason="a small lab"
)


def rows(desk: Desk) -> list[tuple[AuditEvent, Outcome | None]]:
    kinds = (AuditEvent.DIFFERENCE_ALLOWED, AuditEvent.DIFFERENCE_FORBIDDEN)
    return [(fact.event, fact.outcome) for fact in desk.ledger.facts if fact.event in kinds]


def test_a_rule_is_written_changed_by_who_saw_it_and_removed_each_on_record() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        await one.engine.publish_default()

        made = await one.engine.allowing.allow(MEMORY)
        await two.until(lambda: two.board.allowances == (made,))
        wider = await two.engine.allowing.allow(replace(MEMORY, stage=None, replaces=made, reason="any lab"))
        await one.until(lambda: one.board.allowances == (wider,))

        first = next(fact for fact in one.ledger.facts if fact.event is AuditEvent.DIFFERENCE_ALLOWED)
        assert (first.details or {})["what"] == "every member: memory, static maximum, of shop in Staging"
        with pytest.raises(Refused, match="allowed already: every member: memory, static maximum, of shop"):
            await one.engine.allowing.allow(replace(MEMORY, stage=None))
        assert (made.version, wider.version, wider.id) == (1, 2, made.id)
        assert (made.by, made.reason, wider.stage) == (one.port.identity.actor, "a small lab", "")
        with pytest.raises(PlanIsStale):
            await one.engine.allowing.allow(replace(MEMORY, replaces=made))
        with pytest.raises(PlanIsStale):
            await one.engine.allowing.forbid(ForbidDifference(id=made.id, seen=made, reason="why"))
        with pytest.raises(Refused, match="allowed already"):
            await one.engine.allowing.allow(replace(MEMORY, stage=None))

        assert await one.engine.allowing.forbid(ForbidDifference(id=made.id, seen=wider, reason="over")) == wider
        await one.until(lambda: one.board.allowances == ())
        with pytest.raises(NotFound):
            await one.engine.allowing.forbid(ForbidDifference(id=made.id, reason="again"))
        allowed, forbidden = AuditEvent.DIFFERENCE_ALLOWED, AuditEvent.DIFFERENCE_FORBIDDEN
        assert rows(one) == [(allowed, None), (allowed, Outcome.DONE), (forbidden, None), (forbidden, Outcome.DONE)]
        details = two.ledger.facts[-1].details or {}
        assert (rows(two)[-1], details["before"]) == ((allowed, Outcome.DONE), msgspec.to_builtins(made))

    virtually(story)


def test_without_a_reason_and_beyond_what_a_pool_can_hold_nothing_is_written() -> None:
    async def story() -> None:
        desk = Office().desk()
        with pytest.raises(Refused, match="no reason"):
            await desk.engine.allowing.allow(replace(MEMORY, reason=" "))
        for number in range(MOST_RULES):
            await desk.engine.allowing.allow(replace(MEMORY, key=str(number)))
        with pytest.raises(Refused, match="which is the most"):
            await desk.engine.allowing.allow(MEMORY)
        await desk.until(lambda: len(desk.board.allowances) == MOST_RULES)

    virtually(story)


def test_of_two_who_change_a_rule_at_once_one_does() -> None:
    async def story() -> None:
        office = Office()
        desk, other = office.desk(), office.desk()
        made = await desk.engine.allowing.allow(MEMORY)
        await other.until(lambda: other.board.allowances == (made,))
        ended = await asyncio.gather(
            desk.engine.allowing.allow(replace(MEMORY, stage=None, replaces=made)),
            other.engine.allowing.allow(replace(MEMORY, role="web", replaces=made)),
            return_exceptions=True,
        )

        assert sorted(type(one).__name__ for one in ended) == ["AllowedField", "PlanIsStale"]
        assert allowances_of(office.pool.pool.other_config) in [(one,) for one in ended]
        assert sorted(str(row[1]) for row in (rows(desk)[-1], rows(other)[-1])) == ["done", "refused"]

    virtually(story)
