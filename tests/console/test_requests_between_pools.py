"""A move into another pool that another person approves at a console of their own, over the wires to both pools."""

from pathlib import Path

import msgspec
from consoles import given_passphrase
from embedded import EmbeddedPool

from tests.approving import approved_by
from tests.console.pool_state import runs_and_held_leases
from tests.console.test_between_pools import crossing, made, pools, promotion, served, until, version_of
from tests.console.test_several_pools import access
from tests.workflows import put_on
from xsconsole.console import Console, Pools, RunState
from xsconsole.domain.actions.travel import StreamAcross
from xsconsole.domain.approval import Meaning
from xsconsole.domain.board import Standing
from xsconsole.domain.events import RequestsChanged
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.engine.commands import Ask

__all__ = ["pools", "served"]


def approved(workflow: Workflow, *homes: Pools) -> Workflow:
    """Return the workflow whose way between the pools one of these people must approve."""
    keys = {f"person-{number}": home.first.home.key_fingerprint for number, home in enumerate(homes, 1)}
    ruled = approved_by(keys)
    rule = next(way.approvals for way in ruled.transitions if way.approvals)
    ways = tuple(
        msgspec.structs.replace(way, approvals=rule) if way.target == "staging" and way.approvals == () else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, people=ruled.people, groups=ruled.groups, transitions=ways)


async def test_what_one_asks_and_another_approves_goes_into_the_other_pool(
    served: tuple[EmbeddedPool, ...], pools: Pools, tmp_path: Path
) -> None:
    here, there = pools.all
    others = Pools(await Console.open(tmp_path / "other", passphrase=given_passphrase))
    try:
        for pool in served:
            await others.connect(*access(pool))
        workflow = approved(crossing(here.inventory, there.inventory, Method.MOVE, version=3), pools, others)
        for pool in served:
            pool.control("part")  # so the way depends on what XAPI says, which the other console has never asked
            put_on(pool, workflow)
        for console in (*pools.all, *others.all):
            await until(console, lambda console=console: version_of(console) == 3)
        command = promotion(here)
        here.plan(command)
        await pools.answered()

        request = await here.requests.ask(Ask(command=command, digest=here.plan(command).digest))

        other = others.first
        await until(other, lambda: other.requests.of(command.configuration), RequestsChanged)
        await other.requests.decide(request.id, Meaning.APPROVE, "read it")
        run = await other.requests.run(request.id)
        status = await other.finished(run)
        assert status.state is RunState.DONE, status.error
        assert any(isinstance(step.action, StreamAcross) for step in status.plan.steps)
        await until(there, lambda: (card := made(there)) is not None and card.standing is Standing.WHOLE)
        await until(here, lambda: not here.requests.views, RequestsChanged)
    finally:
        await others.close()
    for pool in served:
        assert runs_and_held_leases(pool) == []
