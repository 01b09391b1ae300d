"""Copies that others approve, over the wire: what was frozen is seen, copied and removed on a pool like XAPI's."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.approving import approved_by
from tests.console.desk import SHOP, Desk, seated
from tests.console.pool_state import footprint
from tests.workflows import put_on
from xsconsole.console import RunState
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.approval import Meaning
from xsconsole.domain.board import Card
from xsconsole.domain.inventory import VM
from xsconsole.domain.manifest import LEFT_BEHIND, USUAL, Verdict, difference, judge, manifest_of_card
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestState, RequestView
from xsconsole.domain.sheets.objects import sheet_of
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.domain.workflow.gates import NoDrift, When
from xsconsole.engine.commands import Ask, Operate

GATE = NoDrift(when=When.AFTER, leads_back=True, timeout_s=5)


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "100") as served:
        yield served


def copied(keys: dict[str, str]) -> Workflow:
    workflow = approved_by(keys)
    ways = tuple(
        msgspec.structs.replace(way, method=Method.LINKED_CLONE, restore_point=None, gates=(GATE,))
        if way.id == "staging-to-production"
        else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, transitions=ways)


async def ask(desk: Desk) -> Request:
    command = desk.promotion()
    digest = desk.console.plan(command).digest
    return await desk.console.requests.ask(Ask(command=command, digest=digest))


def in_stage(desk: Desk, stage: str) -> Card | None:
    found = (card for card in desk.console.board.cards.values() if card.name == SHOP and card.stage == stage)
    return next((card for card in found if card.run is None), None)


async def heard(desk: Desk, request: Request, state: RequestState) -> RequestView:
    shown = desk.console.requests
    await desk.until(lambda: any(one.request.id == request.id and one.state is state for one in shown.views))
    return shown.view(request.id)


async def test_what_was_frozen_is_shown_copied_and_gone_and_a_rejection_removes_it_at_once(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        rita, ann = [await stack.enter_async_context(seated(pool, tmp_path / name)) for name in ("rita", "ann")]
        workflow = copied({"rita": rita.console.home.key_fingerprint, "ann": ann.console.home.key_fingerprint})
        put_on(pool, workflow)
        for desk in (rita, ann):
            await desk.until(lambda: desk.console.board.workflow.version == 2)  # type: ignore[union-attr] # noqa: B023
        before = footprint(pool)

        first = await ask(rita)
        shown = await heard(ann, first, RequestState.WAITING)
        await ann.console.requests.decide(first.id, Meaning.REJECT, "too early")

        assert "; 4 snapshots, " in shown.frozen
        await rita.until(lambda: not rita.card().candidates)
        await rita.console.requests.withdraw(first.id, "seen")
        assert footprint(pool) == before

        request = await ask(rita)
        source = rita.card()
        approved = manifest_of_card(source, rita.console.inventory, workflow)
        machine = next(member for member in source.members if member.power_state == "Running")
        found = sheet_of(ObjectId(kind=Kind.VM, uuid=machine.uuid), rita.console.inventory, rita.console.board)
        lines = [line.value for section in found.sections for line in section.lines if section.title == "Snapshots"]
        assert any(line.startswith(f"◆ frozen for request {request.id[:8]} · ") for line in lines)
        frozen = ObjectId(kind=Kind.VM, uuid=source.candidates[0].snapshots[machine.uuid])
        (check,) = rita.console.acts.checks(Operate(act=Act.DELETE_SNAPSHOT, objects=(frozen,)))
        assert f"for request {request.id[:8]}, which is void without it" in check.warning
        with pool.plain_session() as session:
            ref = session.xenapi.VM.get_by_uuid(machine.uuid)
            record = session.xenapi.VM.get_record(ref)
            session.xenapi.VM.set_memory_dynamic_range(ref, record["memory_static_min"], record["memory_dynamic_max"])
            session.xenapi.VM.set_name_label(ref, "=cmd()|<script>")

        await heard(ann, request, RequestState.WAITING)
        await ann.console.requests.decide(request.id, Meaning.APPROVE, "read it")
        await heard(ann, request, RequestState.APPROVED)
        status = await ann.console.finished(await ann.console.requests.run(request.id))

        assert status.state is RunState.DONE, status.error
        await rita.until(lambda: in_stage(rita, "production") and not rita.console.requests.views)
        await rita.until(lambda: (card := in_stage(rita, "staging")) is not None and not card.candidates)
        made = in_stage(rita, "production")
        assert made is not None
        changes = difference(approved, manifest_of_card(made, rita.console.inventory, workflow))
        assert not [one for one in judge(changes, (*USUAL, *LEFT_BEHIND)) if one.verdict is Verdict.DRIFT]
        names = [vm.name_label for vm in rita.console.inventory.all(VM)]
        assert sum(name.endswith("(Production)") for name in names) == 4
        assert not any(" for Production · " in name for name in names)
