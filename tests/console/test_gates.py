"""Gates on a real pool, kept by a whole console."""

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import Desk, seated
from tests.engine.urgent import with_declarers
from tests.workflows import guarded, put_on
from xsconsole.console import planned_together
from xsconsole.console.probing import SCRIPTS
from xsconsole.domain.ids import PersonId
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Person
from xsconsole.domain.workflow.gates import (
    GuestToolsUp,
    HttpCall,
    MaintenanceWindow,
    NoDuplicateAddresses,
    PoolFit,
    Script,
    When,
)
from xsconsole.engine.commands import Emergency, Together
from xsconsole.errors import NotPromotable

CHECK = """
import os, sys
members = os.environ["XSCONSOLE_MEMBERS"].split()
sys.exit(0 if os.environ["XSCONSOLE_TARGET"] == "production" and len(members) == 4 else 1)
"""


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


@pytest.fixture
async def desk(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Desk]:
    async with seated(pool, tmp_path / "home") as sat:
        yield sat


async def published(desk: Desk, pool: EmbeddedPool, *gates: object) -> None:
    put_on(pool, guarded(*gates))  # type: ignore[arg-type]
    await desk.until(lambda: desk.console.board.workflow is not None and desk.console.board.workflow.version == 2)


async def test_a_promotion_passes_its_gates_and_the_record_says_what_was_seen(
    desk: Desk, pool: EmbeddedPool, tmp_path: Path
) -> None:
    scripts = tmp_path / "home" / SCRIPTS
    scripts.mkdir()
    (scripts / "smoke-test").write_text(f"#!{sys.executable}\n{CHECK}\n", "utf-8")
    (scripts / "smoke-test").chmod(0o755)
    gates = (
        PoolFit(),
        NoDuplicateAddresses(),
        GuestToolsUp(when=When.AFTER),
        Script(argv=("smoke-test",), when=When.AFTER),
    )
    await published(desk, pool, *gates)

    status = await desk.do(desk.promotion())

    assert (status.state, status.error, status.remarks) == (RunState.DONE, None, {})
    rows = await desk.rows(AuditQuery(event=AuditEvent.STEP_SETTLED))
    seen = [row.fact.details["result"] for row in rows if row.fact.details and "gate" in str(row.fact.step)]
    assert len(seen) == 4
    assert "The guest tools of 4 machines answer." in seen
    assert "smoke-test ended with 0." in seen


async def test_a_script_that_nobody_put_there_is_said_before_anything_begins_and_is_no_part_of_the_plan(
    desk: Desk, pool: EmbeddedPool, tmp_path: Path
) -> None:
    await published(desk, pool, Script(argv=("smoke-test",), when=When.AFTER))
    promotion, scripts = desk.promotion(), tmp_path / "home" / SCRIPTS

    def why_not() -> str:
        target = next(one for one in desk.console.targets(desk.card().id) if one.stage == promotion.target)
        assert target.plan is not None  # it can be looked at
        return target.refusal.reason if target.refusal is not None else ""

    def why_not_together() -> str:
        (part,) = planned_together(desk.console, Together(commands=(promotion,), target=promotion.target)).parts
        return part.refusal.reason if part.refusal is not None else ""

    plan = desk.console.plan(promotion)
    assert any("There is no script “smoke-test”" in note for note in plan.notes)
    assert "There is no script “smoke-test”" in why_not()
    assert "There is no script “smoke-test”" in why_not_together()
    with pytest.raises(NotPromotable, match="There is no script “smoke-test”"):
        await desk.do(promotion)
    (row,) = await desk.rows(AuditQuery(event=AuditEvent.COMMAND_REFUSED))
    assert "smoke-test" in row.fact.reason
    assert desk.console.runs == ()

    scripts.mkdir()
    (scripts / "smoke-test").write_text("", "utf-8")
    assert "Make it executable" in why_not()
    (scripts / "smoke-test").chmod(0o755)
    assert (why_not(), why_not_together()) == ("", "")
    assert desk.console.plan(promotion).digest == plan.digest  # it is no part of the plan


async def test_a_host_in_maintenance_closes_the_way_and_its_return_opens_it(desk: Desk, pool: EmbeddedPool) -> None:
    await published(desk, pool, PoolFit(), Script(argv=("smoke-test",)))
    with pool.plain_session() as session:
        host = session.xenapi.host.get_all()[0]
        session.xenapi.host.disable(host)

        def refusal() -> str:
            found = {target.stage: target.refusal for target in desk.console.targets(desk.card().id)}
            refused = found[desk.promotion().target]
            return refused.reason if refused else ""

        await desk.until(lambda: "In maintenance" in refusal())
        assert "There is no script “smoke-test”" in refusal()  # what else is unmet is told at once
        with pytest.raises(NotPromotable, match=r"In maintenance.*There is no script “smoke-test”"):
            desk.console.plan(desk.promotion())
        session.xenapi.host.enable(host)
        await desk.until(lambda: "In maintenance" not in refusal())
        assert "There is no script “smoke-test”" in refusal()

    person = Person(id=PersonId("ann"), name="Ann", fingerprints=(desk.console.home.key_fingerprint,))
    closed = guarded(MaintenanceWindow(weekdays=(), from_minute=0, to_minute=1), Script(argv=("smoke-test",)))
    put_on(pool, msgspec.structs.replace(with_declarers(msgspec.structs.replace(closed, people=(person,))), version=3))
    await desk.until(lambda: desk.console.board.workflow is not None and desk.console.board.workflow.version == 3)
    urgent = replace(desk.promotion(), emergency=Emergency(reason="the shop is down"))
    with pytest.raises(NotPromotable, match=r"reason='This console cannot .*There is no script “smoke-test”"):
        desk.console.plan(urgent)  # it goes past the window, and past no script


async def test_a_page_that_nobody_serves_is_a_remark_when_the_gate_leads_nowhere_back(
    desk: Desk, pool: EmbeddedPool
) -> None:
    await published(desk, pool, HttpCall(url="http://127.0.0.1:9/health", when=When.AFTER, timeout_s=1))

    status = await desk.do(desk.promotion())

    assert status.state is RunState.DONE
    assert list(status.remarks.values()) == [
        "The gate “web request” is not met, and nothing is put back for it: "
        "http://127.0.0.1:9/health does not answer: connection refused."
    ]
    (ended,) = await desk.rows(AuditQuery(event=AuditEvent.RUN_CLOSED))  # what a later start says of it
    assert [ended.fact.reason] == list(status.remarks.values())
    await desk.until(lambda: desk.stands("shop 1.3.0", "production"))
