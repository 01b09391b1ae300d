"""Gates on a real pool, kept by a whole console."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import Desk, seated
from tests.workflows import guarded, put_on
from xsconsole.console import planned_together
from xsconsole.console.probing import SCRIPTS
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow.gates import GuestToolsUp, HttpCall, NoDuplicateAddresses, PoolFit, Script, When
from xsconsole.engine.commands import Together
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
    await published(desk, pool, PoolFit())
    with pool.plain_session() as session:
        host = session.xenapi.host.get_all()[0]
        session.xenapi.host.disable(host)

        def refusal() -> str:
            found = {target.stage: target.refusal for target in desk.console.targets(desk.card().id)}
            refused = found[desk.promotion().target]
            return refused.reason if refused else ""

        await desk.until(lambda: "In maintenance" in refusal())
        with pytest.raises(NotPromotable, match="In maintenance"):
            desk.console.plan(desk.promotion())
        session.xenapi.host.enable(host)
        await desk.until(lambda: refusal() == "")


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
    await desk.until(lambda: desk.stands("shop 1.3.0", "production"))
