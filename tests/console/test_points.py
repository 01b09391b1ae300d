"""Restore points over the wire: weighed as the storage has them, removed by an open window when their time has come."""

from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from embedded import embedded_pool

from tests.console.desk import SHOP, Desk, seated
from tests.console.pool_state import footprint, runs_and_held_leases
from tests.workflows import put_on
from xsconsole.console import Console, RunState
from xsconsole.console import points as points_module
from xsconsole.domain.plan import Disks
from xsconsole.domain.points.sizes import cost_words
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow
from xsconsole.domain.workflow import RestorePointRule, Workflow, default_workflow
from xsconsole.engine.commands import RemovePoints
from xsconsole.errors import NotPromotable


def keeping(version: int, **rule: int) -> Workflow:
    workflow = default_workflow()
    ways = tuple(
        msgspec.structs.replace(way, restore_point=RestorePointRule(**rule))
        if way.id == "staging-to-production"
        else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=version, transitions=ways)


async def test_two_open_windows_remove_what_has_expired_once_and_leave_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("GATHER_S", 0.05), ("SPREAD_S", 0.0), ("LOOK_AGAIN_S", 0.3)):
        monkeypatch.setattr(points_module, name, seconds)
    async with AsyncExitStack() as stack:
        pool = stack.enter_context(embedded_pool("--speed", "100"))
        rita, ann = [await stack.enter_async_context(seated(pool, tmp_path / name)) for name in ("rita", "ann")]
        put_on(pool, keeping(2, most=5))
        for desk in (rita, ann):
            await desk.until(lambda: version(desk.console) == 2)  # noqa: B023
            desk.console.requests.carry_out()
        for command, stage in ((rita.promotion, "production"), (lambda: rita.demotion(disks=Disks.KEEP), "staging")):
            assert (await rita.do(command())).state is RunState.DONE
            await rita.until(lambda: rita.stands(SHOP, stage))  # noqa: B023
        before = footprint(pool)
        assert (await rita.do(rita.promotion())).state is RunState.DONE
        await ann.until(lambda: ann.stands(SHOP, "production") and len(ann.card().restore_points) == 2)
        new, old = ann.console.points.keepings(ann.card())
        costs = ann.console.points.scales().costs(old.point.snapshots.values())

        assert (old.is_due, old.point.way, old.why) == (
            False,
            "staging-to-production",
            "kept until 5 newer ones are there",
        )
        assert costs
        assert all(0 < cost.taken <= cost.most * 2 for cost in costs)
        assert cost_words(costs).startswith("takes ")
        expiry = RemovePoints(configuration=ann.card().id, points=(old.point.run,), is_expiry=True)
        with pytest.raises(NotPromotable, match="has not expired"):
            ann.console.plan(expiry)

        put_on(pool, keeping(3, most=1))  # the rule that stands counts, also for what was taken before
        for desk in (rita, ann):
            await desk.until(lambda: version(desk.console) == 3 and len(desk.card().restore_points) == 1)  # noqa: B023
            await desk.until(lambda: desk.stands(SHOP, "production"))  # noqa: B023
        assert rita.card().restore_points[0].run == new.point.run
        now = footprint(pool)
        assert len(now["disks"]) == len(before["disks"])
        assert len(now["machines"]) == len(before["machines"])
        assert not set(old.point.snapshots.values()) & set(now["machines"])
        rows = [*await removals(rita), *await removals(ann)]
        assert [row.fact.reason for row in rows] == ["It expired, as the workflow says."]

        # A removal that stopped half-way is gone on with by a window: nothing of it could be put back.
        by_hand = RemovePoints(configuration=rita.card().id, points=(new.point.run,))
        started = await rita.start(by_hand)
        rita.console.stop_runs()
        assert (await rita.console.finished(started.run)).state is RunState.INTERRUPTED
        await ann.until(lambda: not ann.card().restore_points and ann.stands(SHOP, "production"))
        await ann.until(lambda: not runs_and_held_leases(pool))


def version(console: Console) -> int:
    return console.board.workflow.version if console.board.workflow is not None else 0


async def removals(desk: Desk) -> list[AuditRow]:
    rows = await desk.rows(AuditQuery(event=AuditEvent.RUN_OPENED))
    return [row for row in rows if "prune" in str(row.fact.details)]
