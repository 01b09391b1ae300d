"""Machines that move into another pool as a stream, because hosts of the two do not reach each other."""

from contextlib import suppress

import msgspec
import pytest

from tests.engine.crossings import MOVE, Ends, is_clear, machines
from tests.engine.desks import Desk, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_gates_between_pools import LOOKING, double_arrivals
from tests.engine.two_pools import Company
from xsconsole.domain.actions.travel import RetireSource, StreamAcross
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import VBD, Appliance
from xsconsole.domain.plan import CheckGate, Plan
from xsconsole.domain.poolstate import STAGE_FIELD_KEY
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import describe, describe_undo, explain
from xsconsole.engine.commands import Confirmed, Direction
from xsconsole.engine.moves.sending import HELD_BACK
from xsconsole.engine.plans.lands import Journey, nothing_told
from xsconsole.errors import ConsoleError, GateNotMet, Interrupted, PoolFailed, RunFailed


async def parted() -> Company:
    """A company whose two pools do not reach each other."""
    company = await Company().begin(**MOVE)
    return part(company)


def part(company: Company) -> Company:
    company.pair.told = lambda _: PoolFailed(code="CANNOT_CONTACT_HOST", parameters=("10.0.0.7",), method="")
    return company


async def do(desk: Desk, command: object) -> RunStatus:
    """Do what is asked, with yes to whatever the plan asks."""
    plan = desk.engine.plan(command)
    run = await desk.engine.open(Confirmed(command=command, digest=plan.digest, answers=plan.questions))
    return await run.wait()


def kinds(plan: Plan) -> list[tuple[str, bool]]:
    found = [(str(step.action.__struct_config__.tag), step.pool is not None) for step in plan.steps]
    return list(dict.fromkeys(found))


def test_where_hosts_do_not_reach_each_other_a_move_goes_as_a_stream_and_says_so() -> None:
    async def story() -> None:
        company = await parted()
        here, test = company.pair.here, company.test.pool
        vapp = test.put_anew(Appliance(ref=NULL_REF, uuid=Uuid(""), name_label="shop"))
        test.change(here.member(company.shop, "shop-web"), appliance=vapp.ref)
        await here.caught_up()

        plan = here.engine.plan(here.promotion(company.shop, "production"))

        assert kinds(plan) == [
            ("shut-down", False),
            ("note-company", False),
            ("keep-off", False),
            ("stream-across", True),
            ("settle-arrived", True),
            ("snapshot", True),
            ("join-company", True),
            ("start", True),
            ("member", True),
            ("roster", True),
            ("roster", False),
            ("verify", True),
            ("retire-source", False),
        ]
        assert plan.steps[-1].after == (plan.steps[-2].key,), "it comes last of all"
        assert plan.asks
        assert plan.questions == ()
        said = " ".join(plan.warnings)
        assert "3 machines with 3 disks (up to 30 GiB) go to “SAN-gold” in pool “production pool” as a stream" in said
        assert "because hosts of the two pools do not reach each other: " in said
        assert "will be shut down before the transfer (about" in said
        assert "They arrive as the same machines, with uuid, names, tags and MAC addresses" in said
        assert "What was sent stands by in pool “acme”, off and marked" in said
        sends = [step for step in plan.steps if isinstance(step.action, StreamAcross)]
        assert plan.downtime_s > max(step.estimate.seconds for step in sends) == 10 + 20 * 1024 / 50
        assert "The restore point takes 30 GiB in “SAN-gold” at once; it is kept until removed." in plan.notes
        told = {str(step.action.__struct_config__.tag): (describe(step), describe_undo(step)) for step in plan.steps}
        assert {kind: told[kind] for kind in ("keep-off", "stream-across", "settle-arrived", "retire-source")} == {
            "keep-off": ("Mark shop-lb as a stand-by that nobody starts", "Let shop-lb be started again"),
            "stream-across": (
                "Send shop-lb with its disks to the other pool, through this console",
                "Destroy what arrived of shop-lb with its disks",
            ),
            "settle-arrived": (
                "Put shop-lb on its networks, and compare it with what was sent",
                "Nothing to undo at shop-lb",
            ),
            "retire-source": (
                "Destroy the stand-by of shop 1.3.0 (3) in the pool that it left: there is no way back",
                "Make sure that the machines of shop 1.3.0 are still there",
            ),
        }

    virtually(story)


def test_a_way_that_demands_a_stream_goes_as_one_though_hosts_reach_each_other() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE, as_stream=True)
        company.pair.told = refuse_to_be_asked
        here, there = company.pair.here, company.pair.there
        ends = Ends(company)

        plan = here.engine.plan(here.promotion(company.shop, "production"))

        assert ("stream-across", True) in kinds(plan)
        assert ("may-move-across", True) not in kinds(plan)
        assert "as a stream through this console, as the way to Production demands." in " ".join(plan.warnings)
        status = await do(here, here.promotion(company.shop, "production"))
        assert status.error is None, explain(status.error)
        assert ends.look(company)

        company.pair.told = nothing_told
        plan = there.engine.plan(there.demotion(company.shop, "staging"))
        assert ("move-across", True) in kinds(plan), "each way says for itself"

    virtually(story)


def refuse_to_be_asked(journey: Journey) -> PoolFailed | None:
    """Fail where XAPI is asked: of a way that demands a stream nothing depends on its answer."""
    raise AssertionError(journey)


def test_the_machines_arrive_as_the_same_ones_and_come_back_the_same_way() -> None:
    async def story() -> None:
        company = await parted()
        here, there = company.pair.here, company.pair.there
        test, production = company.test.pool, company.production.pool
        ends, before = Ends(company), machines(test)

        status = await do(here, here.promotion(company.shop, "production"))

        assert status.error is None, explain(status.error)
        assert ends.look(company)
        card = there.card(company.shop)
        assert (card.stage, card.standing, card.revision) == ("production", Standing.WHOLE, 2)
        for name, state in machines(production).items():
            is_up = before[name][1] == "Running"
            assert state[1:4] == ("Running", (company.there.uuid,), (production.storage.uuid,)), (name, is_up)
            assert all("Production" in reason for reason in state[5].values())
        (point,) = card.restore_points
        assert (point.stage, point.is_whole) == ("staging", True)

        back = there.demotion(company.shop, "staging")
        (question,) = there.engine.plan(back).questions
        assert question == "Destroy 3 snapshots in pool “production pool”, which no stream takes along"

        status = await do(there, back)

        assert status.error is None, explain(status.error)
        assert not is_back(ends, company)
        assert here.card(company.shop).revision == 3

    virtually(story)


def is_back(ends: Ends, company: Company) -> bool:
    """Look at what came back: it is as before, but for what protects it and whether a start is of the stage."""
    ends.before = machines(company.test.pool)
    return ends.look(company)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
def test_whatever_fails_or_gets_no_answer_it_is_there_or_as_before(how: str) -> None:
    async def story() -> None:
        for method, nth in (("stream", 2), ("land", 1), ("start", 2), ("destroy", 2)):
            company = await parted()
            ends, here = Ends(company), company.pair.here
            port = here.port if method in ("stream", "destroy") else company.pair.there.port
            port.faults.append(Fault(method=method, nth=nth, how=how))
            with suppress(ConsoleError):
                await do(here, here.promotion(company.shop, "production"))
            is_struck = not port.faults
            port.faults.clear()
            card = here.board.cards.get(company.shop) or company.pair.there.board.cards[company.shop]
            if card.standing is Standing.INTERRUPTED:
                # A machine is destroyed already: from there it only goes on.
                direction = Direction.RESUME if method == "destroy" else Direction.UNDO
                await here.settle(company.shop, direction)
            assert is_struck
            assert ends.look(company) is (how != "fail" or method == "destroy")

    virtually(story)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("snapshot", "two machines would have the same addresses"),
        ("start", "was started meanwhile"),
    ],
)
def test_what_was_sent_is_marked_and_blocked_and_who_starts_it_gets_it_back_alone(moment: str, told: str) -> None:
    async def story() -> None:
        company = await parted()
        here, there = company.pair.here, company.pair.there
        test, production = company.test.pool, company.production.pool
        ends, db = Ends(company), here.member(company.shop, "shop-db")

        def somebody_starts_it(method: str) -> None:
            sent, arrived = test.vm(db), production.find(db)
            if method == moment and arrived is not None and sent.power_state == "Halted":
                assert set(sent.blocked_operations) >= set(HELD_BACK)
                assert sent.other_config[STAGE_FIELD_KEY] == "Stand-by, sent to “production pool”"
                test.change(db, power_state="Running", blocked_operations={})

        there.port.on_call = somebody_starts_it
        status = await do(here, here.promotion(company.shop, "production"))

        assert status.state is RunState.UNDONE
        assert told in str(explain(status.error))
        assert not ends.look(company)

    virtually(story)


def test_what_arrived_is_compared_with_what_was_sent_before_it_starts() -> None:
    async def story() -> None:
        company = await parted()
        here, there = company.pair.here, company.pair.there
        production = company.production.pool
        ends, db = Ends(company), here.member(company.shop, "shop-db")
        other = production.add_network("other")
        spare = production.put_anew(msgspec.structs.replace(production.storage, name_label="spare"))

        def something_is_amiss(method: str) -> None:
            if method != "macs_of" or production.find(db) is None:
                return
            (vif,), (ref,) = production.interfaces(db), production.vm(db).VBDs
            drive = production.records[ref]
            assert isinstance(drive, VBD)
            disk = production.records[drive.VDI]
            production.put(msgspec.structs.replace(vif, MAC="06:00:00:00:00:01", network=other.ref))
            production.put(msgspec.structs.replace(disk, SR=spare.ref))

        there.port.on_call = something_is_amiss
        status = await do(here, here.promotion(company.shop, "production"))

        assert status.state is RunState.UNDONE
        told = str(explain(status.error))
        assert "shop-db is not on the networks of its stage" in told
        assert "shop-db arrived with other MAC addresses" in told
        assert "disk 0 of shop-db is not on the storage of its stage" in told
        assert not ends.look(company)

    virtually(story)


def test_an_undoing_that_is_cut_off_can_still_go_forward() -> None:
    async def story() -> None:
        company = await parted()
        ends, here, there = Ends(company), company.pair.here, company.pair.there
        there.port.faults += [Fault(method="start", nth=2), Fault(method="destroy", nth=2)]

        status = await do(here, here.promotion(company.shop, "production"))

        assert status.state is RunState.INTERRUPTED
        assert (await here.settle(company.shop, Direction.RESUME)).state is RunState.DONE
        assert ends.look(company)

    virtually(story)


def test_a_machine_that_somebody_deletes_before_it_is_sent_is_named_and_the_others_serve_again() -> None:
    async def story() -> None:
        company = await parted()
        here, test = company.pair.here, company.test.pool
        db, web = (here.member(company.shop, name) for name in ("shop-db", "shop-web"))

        def somebody_deletes_it(method: str) -> None:
            if method == "stream" and test.find(db) is not None:
                test.forget(db)

        here.port.on_call = somebody_deletes_it
        status = await do(here, here.promotion(company.shop, "production"))

        assert status.state is RunState.UNDONE
        assert "shop-db" in str(explain(status.error))
        assert (test.vm(web).power_state, test.vm(web).blocked_operations) == ("Running", {})
        assert machines(company.production.pool) == {}

    virtually(story)


def test_what_arrived_stays_where_the_one_that_was_sent_is_gone() -> None:
    async def story() -> None:
        company = await parted()
        here, there, test = company.pair.here, company.pair.there, company.test.pool
        db = here.member(company.shop, "shop-db")

        def somebody_deletes_it(method: str) -> None:
            if method == "start" and test.find(db) is not None:
                test.forget(db)

        there.port.on_call = somebody_deletes_it
        there.port.faults.append(Fault(method="start", nth=1))
        status = await do(here, here.promotion(company.shop, "production"))

        assert isinstance(status.error, Interrupted)
        assert "what arrived is all there is of it" in status.error.reason
        assert company.production.pool.find(db) is not None
        there.port.on_call = lambda _: None
        assert (await here.settle(company.shop, Direction.RESUME)).state is RunState.DONE
        assert company.production.pool.vm(db).power_state == "Running"

    virtually(story)


def test_gates_look_at_what_arrived_before_what_was_sent_is_destroyed() -> None:
    async def story() -> None:
        for is_met in (True, False):
            company = part(await Company().begin(gates=LOOKING, **MOVE))
            here, there = company.pair.here, company.pair.there
            before = machines(company.test.pool)
            if not is_met:
                there.port.on_call = lambda call, at=company: double_arrivals(at) if call == "start" else None
            plan = here.engine.plan(here.promotion(company.shop, "production"))
            looks = {step.key for step in plan.steps if isinstance(step.action, CheckGate) and step.pool is not None}
            assert isinstance(plan.steps[-1].action, RetireSource)
            assert set(plan.steps[-1].after) == looks

            status = await do(here, here.promotion(company.shop, "production"))

            assert is_clear(company)
            if is_met:
                assert status.error is None, explain(status.error)
                assert there.card(company.shop).standing is Standing.WHOLE
                continue
            assert status.state is RunState.UNDONE
            assert isinstance(status.error, RunFailed)
            assert isinstance(status.error.cause, GateNotMet)
            assert machines(company.test.pool) == before
            assert set(machines(company.production.pool)) == {"squatter"}

    virtually(story)
