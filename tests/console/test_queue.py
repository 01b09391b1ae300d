"""What waits for a place is on record, outlasts the console, and is begun only as what was confirmed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from consoles import PASSPHRASE, given_passphrase
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Shell
from tests.console.desk import Desk, seated
from tests.workflows import put_on
from xsconsole.console import Connection, Console, Estate, Secret, entry_of, plan_when_free, queue_fact, queueing
from xsconsole.console.queue_orders import KILLED
from xsconsole.domain.closures import ClosureKind
from xsconsole.domain.events import QueueChanged
from xsconsole.domain.ids import QueueId
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent, AuditRow
from xsconsole.domain.workflow import Limits, Workflow, default_workflow
from xsconsole.engine.commands import Confirmed, HoldBack, Lift
from xsconsole.errors import NotPromotable

NEW, OLD = "crm 7.1.1", "crm 7.1"


@asynccontextmanager
async def restarted(home: Path) -> AsyncIterator[tuple[Desk, Estate, list[str]]]:
    """A console that has just been opened again, without a connection yet; and what it tells of the queue."""
    console = await Console.open(home, passphrase=given_passphrase)
    estate, told = Estate.of(console), list[str]()
    estate.subscribe(QueueChanged, lambda event: told.append(event.dropped))
    try:
        desk = Desk(console)
        await estate.queue.begin()
        yield desk, estate, told
    finally:
        await estate.queue.close()
        await console.close()


async def connect(estate: Estate, pool: EmbeddedPool, user: str) -> None:
    await estate.pools.first.disconnect()
    await estate.pools.connect(Connection(url=pool.url, user=user), Secret(pool.passwords[user]))


async def queue_up(desk: Desk, estate: Estate, name: str) -> None:
    command = desk.promotion(name)
    await estate.queue.add(Confirmed(command=command, digest=plan_when_free(desk.console, command).digest))


async def of_queue(desk: Desk) -> list[AuditRow]:
    return [row for row in await desk.rows() if row.fact.event.value.startswith("queue.")]


async def test_what_waits_is_recorded_survives_a_restart_and_goes_on_only_as_what_was_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "LOOK_AGAIN_S", 0.1)
    home = tmp_path / "home"
    with embedded_pool("--speed", "50") as pool:
        async with seated(pool, home) as desk:
            estate = Estate.of(desk.console)
            await queue_up(desk, estate, NEW)
            with pytest.raises(NotPromotable, match="waits for a place already"):
                await queue_up(desk, estate, NEW)
            await estate.queue.cancel(desk.card(NEW).id, "not today")
            with pytest.raises(NotPromotable, match="does not wait"):
                await estate.queue.cancel(desk.card(NEW).id)
            await queue_up(desk, estate, NEW)
            shell = Shell(home=home, pool=pool, passphrase=PASSPHRASE)
            (listed,) = (await asyncio.to_thread(shell.say, "queue", "list", "--json")).document
            assert (listed["name"], listed["by"], listed["target_name"]) == (NEW, "root", "Production")
            again = await asyncio.to_thread(shell.say, "promote", "crm@7.1.1", "--to", "production", "--queue")
            assert (again.status, "waits for a place already, in the window" in again.err) == (1, True), again.err
            taken = await asyncio.to_thread(shell.say, "queue", "cancel", "crm@7.1.1", "--reason", "from the shell")
            assert taken.status == 0, taken.err
            await desk.until(lambda: not estate.queue.entries)
            await queue_up(desk, estate, NEW)
            await estate.queue.close()

        async with restarted(home) as (desk, estate, told):
            (entry,) = estate.queue.entries
            assert (entry.name, entry.actor, entry.target) == (NEW, "root", "production")
            await desk.until(lambda: "not connected" in estate.queue.entries[0].why)
            await connect(estate, pool, "alice")
            await desk.until(lambda: "“alice” is logged in" in estate.queue.entries[0].why)
            await desk.do(desk.demotion(OLD, "staging", Disks.KEEP))
            assert [one.name for one in estate.queue.entries] == [NEW]
            await connect(estate, pool, "root")
            await desk.until(lambda: desk.stands(NEW, "production"))
            assert estate.queue.entries == ()
            assert not any(told)
            await queue_up(desk, estate, OLD)
            await estate.queue.close()

        async with restarted(home) as (desk, estate, told):
            await estate.queue.close()  # what happens meanwhile, it does not see
            await connect(estate, pool, "root")
            await desk.do(desk.demotion(OLD, "patch-testing", Disks.KEEP))
            await estate.queue.begin()
            await desk.until(lambda: not estate.queue.entries)
            rows = await of_queue(desk)
            given_up = next(why for why in told if why)
            assert await desk.console.home.waiting() == ()

    assert [row.fact.event for row in rows] == [
        AuditEvent.QUEUED,
        AuditEvent.QUEUE_CANCELLED,
        AuditEvent.QUEUED,
        AuditEvent.QUEUE_CANCELLED,
        AuditEvent.QUEUED,
        AuditEvent.QUEUE_BEGAN,
        AuditEvent.QUEUED,
        AuditEvent.QUEUE_GIVEN_UP,
    ]
    reasons = ["the release", "not today", "the release", "from the shell", "the release"]
    assert [row.fact.reason for row in rows[:5]] == reasons
    assert [row.fact.actor for row in rows] == ["root", "root", "root", "", "root", "root", "root", "root"]
    assert rows[5].fact.run is not None
    assert given_up == f"{OLD}: {rows[7].fact.reason}"
    assert desk.console.runs[0].plan.intent.name == OLD


async def test_who_cannot_go_is_told_why_and_passed_over_and_who_lacks_only_a_place_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "LOOK_AGAIN_S", 0.1)
    shop, payroll = "shop 1.3.0", "payroll 2026.4"
    with embedded_pool("--speed", "100") as pool:
        async with seated(pool, tmp_path / "home") as desk:
            estate, console = Estate.of(desk.console), desk.console
            standing = sum(card.stage == "production" for card in console.board.cards.values())
            put_on(pool, crowded(standing))
            await desk.until(lambda: console.board.workflow is not None and console.board.workflow.version == 2)
            for name in (NEW, shop):
                await queue_up(desk, estate, name)
            await desk.until(lambda: waits(estate, shop) == f"“{NEW}” comes first.")
            assert "takes" in waits(estate, NEW)

            held = HoldBack(configuration=desk.card(NEW).id, reason="it lost orders")
            await console.closings.do(held)
            await desk.until(lambda: waits(estate, NEW).endswith(queueing.PASSED_OVER))
            assert "it lost orders" in waits(estate, NEW)
            await desk.until(lambda: "takes" in waits(estate, shop))
            await desk.do(desk.demotion(OLD, "staging", Disks.KEEP))
            await desk.until(lambda: desk.stands(shop, "production"))
            assert [entry.name for entry in estate.queue.entries] == [NEW]

            card = desk.card(NEW)
            lift = Lift(kind=ClosureKind.HOLD, subject=card.id, seen=card.hold, reason="mended")
            await console.closings.do(lift)
            await desk.until(lambda: "takes" in waits(estate, NEW))
            await desk.do(desk.promotion(payroll, "staging"))
            await desk.until(lambda: desk.stands(payroll, "staging"))
            await queue_up(desk, estate, payroll)
            await desk.until(lambda: waits(estate, payroll) == f"“{NEW}” comes first.")
            await desk.do(desk.demotion(shop, "staging", Disks.KEEP))
            await desk.until(lambda: desk.stands(NEW, "production"))
            await desk.until(lambda: "takes" in waits(estate, payroll))

            command = desk.promotion(shop)
            made = queueing.plan_as_if_free(console, command)
            identity, home = console.identity, console.home
            assert identity is not None
            killed = entry_of(command, made, identity, QueueId(home.ids.new()), home.clock.now(), "a-killed-command")
            await console.record(queue_fact(AuditEvent.QUEUED, killed, identity))
            row = await desk.until_recorded(AuditEvent.QUEUE_GIVEN_UP)
            assert (row.fact.configuration_name, row.fact.reason) == (shop, KILLED)
            assert [entry.name for entry in await home.waiting()] == [payroll]
            await estate.queue.close()


def crowded(most: int) -> Workflow:
    """The default workflow, whose production takes so many configurations, of whatever service."""
    workflow = default_workflow()
    stages = tuple(
        msgspec.structs.replace(stage, limits=Limits(configurations=most)) if stage.id == "production" else stage
        for stage in workflow.stages
    )
    return msgspec.structs.replace(workflow, version=2, stages=stages)


def waits(estate: Estate, name: str) -> str:
    return next((entry.why for entry in estate.queue.entries if entry.name == name), "")
