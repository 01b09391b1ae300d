"""A console in a process of its own that publishes to one pool or two and stands still there, to be killed.

Arguments: home, user, at which change of a pool's keys to stop (`2-` before the second, `2+` after it), and for each
pool its address and password. Writes `here` when it stands still, or `ended` where there were fewer changes.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.console.standstill import Standstill, say
from xsconsole.console import Connection, Console, Pools, Secret
from xsconsole.domain.ids import StageId
from xsconsole.domain.publication.effects import PublishPlan
from xsconsole.domain.workflow import Binding, PoolObject, Workflow
from xsconsole.domain.workflow.edits import add_stage, change_stage, connect, remove
from xsconsole.xapi.transport import Road

CHANGES = ("pool.add_to_other_config", "pool.remove_from_other_config")
INTEGRATION, PATCH, PRODUCTION = StageId("integration"), StageId("patch-testing"), StageId("production")


async def passphrase(*, is_new: bool) -> str | None:
    del is_new
    return "the tests' passphrase"


def stopping(standstill: Standstill, post: Callable[..., bytes], *, is_after: bool) -> Callable[..., bytes]:
    """Return the call as it is, which stands still before or after its effect."""

    def counted(road: Road, method: str, params: Sequence[object], **more: Any) -> bytes:
        is_change = method in CHANGES
        if is_change and not is_after:
            standstill.passing()
        answer = post(road, method, params, **more)
        if is_change and is_after:
            standstill.passing()
        return answer

    return counted


def planned(pools: Pools) -> PublishPlan:
    """Without its first stage; on two pools with a stage more, on the second one."""
    first, *others = pools
    base = first.board.workflow
    assert base is not None
    wanted = _over_both(base, others[0]) if others else remove(base, [INTEGRATION])
    target = wanted.stages[-1].id if others else PATCH
    must_map = pools.publishing.plan(wanted, base=base).must_map
    return pools.publishing.plan(wanted, base=base, mapping=dict.fromkeys(must_map, target), summary="shorter")


def _over_both(base: Workflow, second: Console) -> Workflow:
    assert second.identity is not None
    there = PoolObject(uuid=second.identity.pool, name=second.identity.pool_name)
    workflow, stage = add_stage(base, "Far away")
    workflow = change_stage(workflow, stage, binding=Binding(pool=there))
    return connect(workflow, PRODUCTION, stage)[0]


async def main(home: str, user: str, at: str, *access: str) -> None:
    standstill = Standstill(int(at[:-1]))
    Road.post = stopping(standstill, Road.post, is_after=at.endswith("+"))  # type: ignore[method-assign]
    pools = Pools(await Console.open(Path(home), passphrase=passphrase), equips_all=True)
    for url, password in zip(access[::2], access[1::2], strict=True):
        await pools.connect(Connection(url=url, user=user), Secret(password))
    plan = planned(pools)
    standstill.arm()
    await pools.publishing.publish(plan)
    say("ended")
    await pools.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
