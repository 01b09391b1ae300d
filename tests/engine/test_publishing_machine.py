"""Several designers at one pool, cut off anywhere: whoever is first is first, and nobody's version is lost or mixed."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.desks import Desk, Killed, Office, virtually
from tests.engine.memory_port import Fault
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.ids import Digest, StageId
from xsconsole.domain.poolstate import numbers, workflow_stem
from xsconsole.domain.publication.values import PUBLICATION_PREFIX, Publication, publication_of
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.workflow import Workflow, default_workflow
from xsconsole.domain.workflow.edits import remove
from xsconsole.engine.commands import Remap
from xsconsole.engine.ports import Field
from xsconsole.errors import ConsoleError, NotPromotable, PlanIsStale

AT = datetime(2026, 11, 23, tzinfo=UTC)
STAGING = StageId("staging")


def second(description: str) -> Workflow:
    return msgspec.structs.replace(default_workflow(), version=2, description=description)


def beside(workflow: Workflow, base: Digest | None = None, **mapping: str) -> Publication:
    return Publication(
        workflow=workflow.id,
        version=workflow.version,
        digest=workflow.digest,
        base=base,
        mapping={StageId(old): StageId(new) for old, new in mapping.items()},
        pools={},
        actor="somebody",
        at=AT,
    )


async def publish(desk: Desk, workflow: Workflow, seen: Digest, **mapping: str) -> bool:
    return await desk.engine.publish_version(workflow, seen, beside(workflow, seen, **mapping), {})


def stands(office: Office) -> Workflow:
    found = published_workflow(office.pool.keys)
    assert found is not None
    return found


def whole(office: Office) -> None:
    """One version, and only what belongs beside it."""
    workflow = stands(office)
    assert len(numbers(office.pool.keys, workflow_stem(workflow.id))) == 1
    kept = [key for key in office.pool.keys if key.startswith(PUBLICATION_PREFIX)]
    assert len(kept) == (1 if workflow.version > 1 else 0)
    assert workflow.version == 1 or publication_of(office.pool.keys, workflow.digest) is not None


@pytest.mark.parametrize("cut_at", range(1, 25))
def test_whoever_is_cut_off_in_the_middle_leaves_what_the_same_call_finishes(cut_at: int) -> None:
    async def story() -> None:
        office = Office()
        dying, other = office.desk(), office.desk()
        await other.engine.publish_default()
        base, new = default_workflow().digest, second("new")
        dying.cut_at = cut_at
        try:
            await publish(dying, new, base)
        except Killed:
            assert stands(office).digest in (base, new.digest)

        await publish(other, new, base)

        assert stands(office).digest == new.digest
        assert publication_of(office.pool.keys, new.digest) is not None
        assert len(numbers(office.pool.keys, workflow_stem(new.id))) == 1
        third = msgspec.structs.replace(second("third"), version=3)
        await publish(other, third, new.digest)
        whole(office)

    virtually(story)


def test_an_earlier_version_goes_also_where_nobody_can_read_it_and_a_later_one_stays() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await desk.engine.publish_default()
        base, new = default_workflow().digest, second("new")
        await publish(desk, new, base)
        stem = workflow_stem(new.id)
        top = numbers(office.pool.keys, stem)[0]
        for number in (top - 1, top + 1):
            await desk.port.add_key(Field.POOL, f"{stem}.{number}", "of a newer console")

        await publish(desk, new, base)

        assert numbers(office.pool.keys, stem) == (top + 1, top)

    virtually(story)


@settings(max_examples=30, deadline=None)
@given(
    order=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["publish", "leap", "again", "look"])), min_size=1, max_size=12
    ),
    faults=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(["add_key", "remove_key", "keys"]),
            st.integers(1, 6),
            st.sampled_from(["fail", "lose-before", "lose-after"]),
        ),
        max_size=3,
    ),
    together=st.booleans(),
)
def test_versions_follow_one_another_whatever_designers_do_at_once(
    order: list[tuple[int, str]], faults: list[tuple[int, str, int, str]], together: bool
) -> None:
    async def story() -> None:
        office = Office()
        desks = [office.desk() for _ in range(3)]
        await desks[0].engine.publish_default()
        seen = [stands(office) for _ in desks]
        won: dict[Digest, Digest] = {}
        last: list[Workflow | None] = [None, None, None]
        for number, method, nth, how in faults:
            desks[number].port.faults.append(Fault(method=method, nth=nth, how=how))

        async def act(number: int, what: str, turn: int) -> None:
            base = seen[number]
            if what == "look":
                seen[number] = stands(office)
                return
            wanted = last[number] if what == "again" else None
            if wanted is None:
                wanted = msgspec.structs.replace(
                    base,
                    version=base.version + (7 if what == "leap" else 1),
                    description=f"designer {number}, turn {turn}",
                )
                last[number] = wanted
            try:
                is_written = await publish(desks[number], wanted, base.digest)
            except ConsoleError:
                return
            if is_written:
                assert won.setdefault(base.digest, wanted.digest) == wanted.digest  # nobody is overwritten unseen
            seen[number] = wanted

        acts = [act(number, what, turn) for turn, (number, what) in enumerate(order)]
        if together:
            await asyncio.gather(*acts)
        else:
            for one in acts:
                await one

        for desk in desks:
            desk.port.faults.clear()
        final = msgspec.structs.replace(stands(office), version=stands(office).version + 1, description="final")
        await publish(desks[0], final, stands(office).digest)
        assert stands(office).digest == final.digest
        whole(office)
        for desk in desks:
            done = [fact for fact in desk.ledger.facts if fact.event is AuditEvent.WORKFLOW_PUBLISHED]
            asked = sum(fact.outcome is None for fact in done)
            assert asked >= sum(fact.outcome is Outcome.DONE for fact in done)  # never an effect without its intent

    virtually(story)


def test_a_mapping_is_followed_to_where_the_version_says_and_nowhere_else() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        shorter = msgspec.structs.replace(remove(default_workflow(), [STAGING]), version=2)
        await publish(desk, shorter, default_workflow().digest, staging="patch-testing")
        await desk.until(lambda: desk.board.workflow == shorter)
        revision = desk.card(shop).revision

        def going(target: str) -> Remap:
            return Remap(configuration=shop, revision=revision, target=StageId(target))

        assert isinstance(desk.refusal(going("production")), NotPromotable)
        assert "does not map “Staging” to “Production”" in desk.refusal(going("production")).reason
        status = await desk.do(going("patch-testing"))
        assert status.error is None
        assert desk.card(shop).stage == "patch-testing"
        assert desk.card(shop).workflow_version == 2
        assert isinstance(desk.refusal(going("integration")), (NotPromotable, PlanIsStale))

    virtually(story)
