"""A run that is given up: nothing more is begun, what goes on is cancelled where that can be, and all is put back."""

import asyncio

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import GivenUp, RunFailed


def renamed(desk: Desk, stage: str, name: str) -> Workflow:
    """Return the published workflow, one version later, with another name for a stage."""
    workflow = desk.board.workflow
    assert workflow is not None
    stages = tuple(msgspec.structs.replace(one, name=name) if one.id == stage else one for one in workflow.stages)
    return msgspec.structs.replace(workflow, version=workflow.version + 1, stages=stages)


def test_a_run_that_is_aborted_is_put_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(renamed(desk, "production", "Live"))
        run = await desk.open(desk.promotion(shop, "production"))
        desk.port.on_call = lambda method: run.abort() if method == "snapshot" else None

        status = await run.wait()

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        assert desk.card(shop).stage == "staging"
        assert run.id in {known.run for known in desk.engine.runs}
        assert desk.engine.run(run.id) is run
        assert explain(status.error).failed.endswith("from Staging to Live” was given up: it was stopped on request.")

    virtually(story)


@pytest.mark.parametrize("method", ["snapshot", "start", "destroy_snapshot"])
def test_breaking_a_run_off_cancels_what_goes_on_and_nothing_that_puts_back(method: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))
        breaking: list[asyncio.Task[None]] = []

        def meddle(called: str) -> None:
            if method == "destroy_snapshot" and called == "snapshot":
                run.abort()  # so that it is put back when it is broken off
            elif called == method and not breaking:
                breaking.append(asyncio.create_task(run.break_off()))

        desk.port.on_call = meddle
        status = await run.wait()
        await breaking[0]

        assert status.state is RunState.UNDONE
        assert status.is_aborted
        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, GivenUp)
        failed = AuditEvent.STEP_FAILED in desk.ledger.events()
        assert failed is (method != "destroy_snapshot")
        assert AuditEvent.UNDO_FAILED not in desk.ledger.events()
        assert desk.card(shop).stage == "staging"

    virtually(story)
