"""Requests over the wire, at the consoles of several people: nobody gets past the approvals, and everybody sees why."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.approving import approved_by
from tests.console.desk import SHOP, Desk, seated
from tests.console.receiver import receiving
from tests.workflows import put_on
from xsconsole.console import RunState, Secret, decide_apart, read_paper, write_paper
from xsconsole.domain.approval import Decision, Meaning
from xsconsole.domain.continuing import VERSION_PREFIX
from xsconsole.domain.events import RequestsChanged
from xsconsole.domain.ids import StageId
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.requests.files import DecisionFile, RequestFile
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestState, RequestView
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.engine.commands import Ask
from xsconsole.errors import ApprovalMissing, ConnectFailed, LogInNeeded, NotPermitted, Refused

GIB = 1024**3
OPERATOR = "alice"  # XAPI's log-in of the role that a request needs


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


class Office:
    """Rita asks; Ann and Ben may approve; each has a console and a key of their own."""

    def __init__(self, pool: EmbeddedPool, rita: Desk, ann: Desk, ben: Desk) -> None:
        self.pool = pool
        self.rita, self.ann, self.ben = rita, ann, ben

    @property
    def desks(self) -> tuple[Desk, ...]:
        return self.rita, self.ann, self.ben

    def keys(self) -> dict[str, str]:
        return {
            name: desk.console.home.key_fingerprint
            for name, desk in zip(("rita", "ann", "ben"), self.desks, strict=True)
        }

    async def publish(self, count: int = 1, *, version: int = 2, **more: object) -> None:
        put_on(self.pool, approved_by(self.keys(), count, version=version, **more))  # type: ignore[arg-type]
        for desk in self.desks:
            await desk.until(lambda: desk.console.board.workflow.version == version)  # type: ignore[union-attr] # noqa: B023

    async def ask(self, **more: object) -> Request:
        command = self.rita.promotion()
        digest = self.rita.console.plan(command).digest
        request = await self.rita.console.requests.ask(Ask(command=command, digest=digest, **more))  # type: ignore[arg-type]
        for desk in self.desks:
            await desk.until(lambda: desk.console.requests.of(request.intent.configuration))  # noqa: B023
        return request

    async def until(self, desk: Desk, request: Request, state: RequestState) -> RequestView:
        shown = desk.console.requests
        await desk.until(lambda: any(one.state is state for one in shown.of(request.intent.configuration)))
        return desk.console.requests.view(request.id)


@pytest.fixture
async def office(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(seated(pool, tmp_path / name)) for name in ("rita", "ann", "ben")]
        yield Office(pool, *desks)


async def test_two_approve_and_a_third_console_runs_it(office: Office) -> None:
    await office.publish(2)
    with pytest.raises(ApprovalMissing, match="demands approval"):
        await office.ben.start(office.ben.promotion())
    request = await office.ask(ticket="CHG-7")
    with pytest.raises(ApprovalMissing, match="0 of 2 approvals"):
        await office.ben.console.requests.run(request.id)

    first = await office.ann.console.requests.decide(request.id, Meaning.APPROVE, "tested it")
    await office.ben.console.requests.decide(request.id, Meaning.APPROVE, "read it")
    await office.until(office.rita, request, RequestState.APPROVED)
    seen: list[RequestState] = []
    async with receiving(200) as receiver:
        await office.rita.console.home.webhook.set(receiver.url, None)
        office.rita.console.requests.carry_out()
        for at in (office.rita.console, office.ann.console):
            at.subscribe(RequestsChanged, lambda _, of=at: seen.extend(one.state for one in of.requests.views))  # type: ignore[misc]
        # So that everybody sees what stands there between the end of the run and that of its request.
        office.pool.control("delay", method="pool.remove_from_other_config", seconds=0.6)
        run = await office.rita.console.requests.run(request.id)
        status = await office.rita.console.finished(run)

        assert (first.state, first.given, first.needed) == (RequestState.WAITING, 1, 2)
        assert status.state is RunState.DONE, status.error
        await office.ann.until(lambda: office.ann.stands(SHOP, "production") and not office.ann.console.requests.views)
        await receiver.until(2)
        office.pool.control("clear")
        await office.rita.console.home.webhook.close()
    assert {one.document["event"] for one in receiver.received} == {"run.done", "request.ended"}
    assert set(seen) == {RequestState.APPROVED}
    (opened,) = await office.rita.rows(AuditQuery(event=AuditEvent.RUN_OPENED))
    warrant = (opened.fact.details or {})["warrant"]
    assert isinstance(warrant, dict)
    assert warrant["request"]["ticket"] == "CHG-7"
    assert sorted(one["reason"] for one in warrant["decisions"]) == ["read it", "tested it"]
    assert {one["rule"] for one in warrant["decisions"]} == {"2 of Operators"}
    decided = await office.ann.rows(AuditQuery(event=AuditEvent.DECIDED))
    assert {one.fact.configuration_name for one in decided} == {request.intent.name}
    told = (decided[-1].fact.details or {})["decision"]
    assert isinstance(told, dict)
    assert told["signature"]
    assert told["plan"] == request.plan


async def test_memory_that_changes_after_the_approval_voids_it_is_shown_and_told_once(office: Office) -> None:
    async with receiving(200) as receiver:
        await office.rita.console.home.webhook.set(receiver.url, None)
        office.rita.console.requests.carry_out()
        await office.publish()
        request = await office.ask()
        await office.ann.console.requests.decide(request.id, Meaning.APPROVE, "")
        member = office.rita.card().members[0]
        with office.pool.plain_session() as session:
            ref = session.xenapi.VM.get_by_uuid(member.uuid)
            present = session.xenapi.VM.get_record(ref)
            less = present["memory_static_min"]
            assert less != present["memory_dynamic_min"]
            session.xenapi.VM.set_memory_dynamic_range(ref, less, present["memory_dynamic_max"])

        void = await office.until(office.rita, request, RequestState.VOID)

        assert [(change.role, change.field) for change in void.changes] == [(member.role, "memory_dynamic_min_bytes")]  # type: ignore[union-attr]
        with pytest.raises(ApprovalMissing, match="is void"):
            await office.rita.console.requests.run(request.id)
        with pytest.raises(Refused, match="void"):
            await office.ben.console.requests.decide(request.id, Meaning.APPROVE, "")
        assert office.rita.stands(SHOP, "staging")
        await receiver.until(2)
        await office.rita.console.home.webhook.close()
        told = [one.document["event"] for one in receiver.received]
        assert told == ["request.made", "request.void"]


async def test_a_workflow_published_in_between_voids_it(office: Office) -> None:
    await office.publish()
    request = await office.ask()
    await office.ann.console.requests.decide(request.id, Meaning.APPROVE, "")

    await office.publish(version=3)

    void = await office.until(office.ben, request, RequestState.VOID)
    assert "Version 3 of the workflow was published meanwhile" in void.sentence
    with pytest.raises(ApprovalMissing, match="is void"):
        await office.ben.console.requests.run(request.id)


async def test_time_is_up_by_the_pools_clock_also_for_a_console_whose_clock_was_put_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.publish(expiry_s=2)
    request = await office.ask()
    clock = office.ben.console.home.clock
    true = clock.now
    monkeypatch.setattr(clock, "now", lambda: true() - timedelta(hours=1))

    await office.until(office.ann, request, RequestState.EXPIRED)

    with pytest.raises(Refused, match="expired"):
        await office.ben.console.requests.decide(request.id, Meaning.APPROVE, "")
    with pytest.raises(ApprovalMissing, match=r"expired|not approved yet"):
        await office.ben.console.requests.run(request.id)


async def test_who_asked_approves_nothing_at_a_second_console(office: Office, tmp_path: Path) -> None:
    async with seated(office.pool, tmp_path / "second") as second:
        second_key = second.console.home.key_fingerprint
        workflow = approved_by(office.keys())
        people = (
            msgspec.structs.replace(workflow.people[0], fingerprints=(*workflow.people[0].fingerprints, second_key)),
            *workflow.people[1:],
        )
        put_on(office.pool, msgspec.structs.replace(workflow, people=people))
        for desk in (*office.desks, second):
            await desk.until(lambda: desk.console.board.workflow.version == 2)  # type: ignore[union-attr] # noqa: B023
        request = await office.ask()
        await second.until(lambda: second.console.requests.views)

        with pytest.raises(NotPermitted, match="Rita asked for it"):
            await second.console.requests.decide(request.id, Meaning.APPROVE, "mine")
        with pytest.raises(ApprovalMissing, match="0 of 1 approval"):
            await second.console.requests.run(request.id)


async def test_any_rejection_ends_it_and_only_who_asked_withdraws_what_is_open(office: Office, tmp_path: Path) -> None:
    await office.publish()
    request = await office.ask()
    async with seated(office.pool, tmp_path / "other", OPERATOR) as other:
        await other.until(lambda: other.console.requests.views)
        with pytest.raises(NotPermitted, match="may not withdraw"):
            await other.console.requests.withdraw(request.id, "")
        with pytest.raises(NotPermitted, match="names nobody with the key"):
            await other.console.requests.decide(request.id, Meaning.APPROVE, "")

        await office.ann.console.requests.decide(request.id, Meaning.REJECT, "not before the audit")
        await office.until(other, request, RequestState.REJECTED)
        await other.console.requests.withdraw(request.id, "it is over")

        rows = await other.rows(AuditQuery(event=AuditEvent.REQUEST_ENDED))
        decisions = (rows[-1].fact.details or {})["decisions"]
        assert isinstance(decisions, list)
        assert decisions[0]["reason"] == "not before the audit"
    assert not office.ann.console.requests.views


async def test_it_stays_on_its_version_when_a_console_publishes_and_a_decision_by_file_counts(
    office: Office, tmp_path: Path
) -> None:
    await office.publish(2)
    request = await office.ask()
    await office.ann.console.requests.decide(request.id, Meaning.APPROVE, "read it")
    standing = office.ann.console.board.workflow
    assert standing is not None
    stricter = change_stage(approved_by(office.keys(), 3), StageId("integration"), name="Inbox")
    plan = office.ann.console.publishing.plan(stricter, base=standing)
    assert [fate.sentence for fate in plan.requests] == [
        f"{SHOP} to “Production” (request {request.id[:8]}) goes on as version 2."
    ]

    assert (await office.ann.console.publishing.publish(plan)).is_whole

    for desk in office.desks:
        await desk.until(lambda: desk.console.board.workflow.version == 3)  # type: ignore[union-attr] # noqa: B023
        assert desk.console.requests.view(request.id).given == 1
    exported = office.rita.console.requests.exported(request.id)
    assert exported.rules == ("2 of Operators",)
    assert office.ben.console.requests.asks_me(office.ben.console.requests.view(request.id))
    answer = decide_apart(office.ben.console.home, exported, Meaning.APPROVE, "by file")
    assert (await office.rita.console.requests.take_in(answer)).state is RequestState.APPROVED
    run = await office.ann.console.requests.run(request.id)
    status = await office.ann.console.finished(run)
    assert status.state is RunState.DONE, status.error
    await office.ann.until(lambda: not office.ann.console.requests.views)
    pool = office.ann.console.inventory
    await office.ann.until(
        lambda: not any(key.startswith(VERSION_PREFIX) for key in pool.pool.other_config)  # type: ignore[union-attr]
    )


async def test_who_logs_in_by_name_types_the_password_anew(office: Office) -> None:
    subject = "Adam@Acme.example"  # whom XAPI calls adam
    await office.publish(subjects={"ann": subject})
    request = await office.ask()
    ann = office.ann.console.requests

    assert ann.log_in_wanted(ann.view(request.id)) == subject
    with pytest.raises(LogInNeeded, match="logs in anew as Adam@Acme"):
        await ann.decide(request.id, Meaning.APPROVE, "")
    with pytest.raises(ConnectFailed):
        await ann.decide(request.id, Meaning.APPROVE, "", Secret("wrong"))
    view = await ann.decide(request.id, Meaning.APPROVE, "", Secret(office.pool.passwords["adam"]))

    decision = view.decisions[0]
    assert view.state is RequestState.APPROVED
    assert decision.actor == "adam"
    assert decision.sid.startswith("S-1-5-21-")
    assert decision.session
    assert office.ann.console.identity is not None
    assert decision.session != office.ann.console.identity.session


async def test_it_runs_by_itself_where_that_was_asked_for(office: Office) -> None:
    await office.publish()
    office.rita.console.requests.carry_out()
    request = await office.ask(runs_itself=True)

    await office.ann.console.requests.decide(request.id, Meaning.APPROVE, "")

    await office.ben.until(lambda: office.ben.stands(SHOP, "production"))
    assert [run.plan.digest for run in office.rita.console.runs] == [request.plan]
    await office.rita.console.finished(office.rita.console.runs[0].run)


async def test_a_decision_by_file_counts_and_one_that_is_forged_or_about_something_else_does_not(
    office: Office, tmp_path: Path
) -> None:
    await office.publish()
    request = await office.ask()
    asked, answered = tmp_path / "request.json", tmp_path / "decision.json"
    await write_paper(office.rita.console.requests.exported(request.id), asked)
    file = await read_paper(asked, RequestFile)
    assert file.paper.plan is not None
    assert file.rules == ("1 of Operators",)
    good = decide_apart(office.ann.console.home, file, Meaning.APPROVE, "by file")
    await write_paper(good, answered)
    take_in = office.ben.console.requests.take_in

    def unlike(**fields: object) -> DecisionFile:
        decision: Decision = msgspec.structs.replace(good.decision, **fields)
        return msgspec.structs.replace(good, decision=decision)

    with pytest.raises(Refused, match="signature of the decision does not match"):
        await take_in(unlike(reason="forged"))
    with pytest.raises(Refused, match="about no request that stands on this pool"):
        await take_in(unlike(subject="0" * 64))
    with pytest.raises(Refused, match="This console asked for it"):
        decide_apart(office.rita.console.home, file, Meaning.APPROVE, "")
    changed = msgspec.structs.replace(file.paper.request, reason="another one")
    with pytest.raises(Refused, match="signature of the request does not match"):
        decide_apart(
            office.ann.console.home,
            msgspec.structs.replace(file, paper=msgspec.structs.replace(file.paper, request=changed)),
            Meaning.APPROVE,
            "",
        )
    with pytest.raises(Refused, match="is a decision on a request; a request is wanted here"):
        await read_paper(answered, RequestFile)

    view = await take_in(await read_paper(answered, DecisionFile))

    assert view.state is RequestState.APPROVED
    assert view.decisions[0].actor == ""
    with pytest.raises(Refused, match="stands on the pool already"):
        await take_in(await read_paper(answered, DecisionFile))
    await office.rita.console.requests.withdraw(request.id, "")
    again = await office.ask()
    assert again.plan == request.plan
    with pytest.raises(Refused, match="about no request"):
        await take_in(good)


async def test_who_may_not_write_decides_by_file(office: Office, tmp_path: Path) -> None:
    async with seated(office.pool, tmp_path / "eve", "eve") as eve:
        keys = {**office.keys(), "eve": eve.console.home.key_fingerprint}
        put_on(office.pool, approved_by(keys))
        for desk in (*office.desks, eve):
            await desk.until(lambda: desk.console.board.workflow.version == 2)  # type: ignore[union-attr] # noqa: B023
        request = await office.ask()
        await eve.until(lambda: eve.console.requests.views)
        assert eve.console.requests.asks_me(eve.console.requests.view(request.id))

        with pytest.raises(NotPermitted, match="may not") as refused:
            await eve.console.requests.decide(request.id, Meaning.APPROVE, "")
        assert "decide by file" in refused.value.mend
        file = decide_apart(
            eve.console.home, eve.console.requests.exported(request.id), Meaning.APPROVE, "looked at it"
        )

        assert (await office.rita.console.requests.take_in(file)).state is RequestState.APPROVED
