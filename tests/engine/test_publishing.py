"""The workflow on the pool: published once, by whoever is first."""

import asyncio

import msgspec
import pytest

from tests.engine.desks import Office, virtually
from tests.engine.memory_port import Fault
from xsconsole.domain.poolstate import numbers
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.workflow import default_workflow
from xsconsole.engine.ports import Field
from xsconsole.errors import PlanIsStale, Refused

STEM = "xsconsole.workflow.release"


def test_two_consoles_at_once_publish_one_default_workflow() -> None:
    async def story() -> None:
        office = Office()
        desks = office.desk(), office.desk()

        published = await asyncio.gather(*(desk.engine.publish_default() for desk in desks))

        assert published == [default_workflow(), default_workflow()]
        assert numbers(office.pool.keys, STEM) == (1,)
        outcomes = [fact.outcome for desk in desks for fact in desk.ledger.facts]
        assert sorted(str(outcome) for outcome in outcomes) == ["None", "None", "done", "refused"]

    virtually(story)


def test_an_unreadable_workflow_is_not_replaced() -> None:
    async def story() -> None:
        office = Office()
        office.pool.set_map(Field.POOL, None, {f"{STEM}.1": "of a newer console"})

        assert await office.desk().engine.publish_default() is None
        assert numbers(office.pool.keys, STEM) == (1,)

    virtually(story)


@pytest.mark.parametrize("how", ["lose-before", "lose-after"])
def test_a_lost_answer_publishes_once(how: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        desk.port.faults.append(Fault(method="add_key", how=how))

        assert await desk.engine.publish_default() == default_workflow()

        assert numbers(office.pool.keys, STEM) == (1,)
        assert [fact.event for fact in desk.ledger.facts] == [AuditEvent.WORKFLOW_PUBLISHED] * 2
        assert desk.ledger.facts[-1].outcome is Outcome.DONE

    virtually(story)


def test_a_new_version_replaces_the_one_that_was_seen_and_no_other() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await desk.engine.publish_default()
        second = msgspec.structs.replace(default_workflow(), version=2)

        await desk.engine.publish(second, 1)

        assert desk.board.workflow == second
        assert numbers(office.pool.keys, STEM) == (2,)
        with pytest.raises(PlanIsStale):
            await desk.engine.publish(msgspec.structs.replace(second, version=3), 1)
        with pytest.raises(Refused, match="does not follow"):
            await desk.engine.publish(second, 2)

    virtually(story)
