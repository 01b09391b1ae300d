"""Machines that move into another pool as a stream, because hosts of the two do not reach each other."""

from contextlib import suppress

import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_moving_across import MOVE, is_clear, machines, rosters
from tests.engine.two_pools import Company
from xsconsole.domain.actions.travel import StreamAcross
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import Appliance
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.poolstate import STAGE_FIELD_KEY
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import describe, describe_undo, explain
from xsconsole.engine.commands import Confirmed, Direction
from xsconsole.engine.moves.streaming_across import HELD_BACK
from xsconsole.errors import ConsoleError, NotPromotable, PoolFailed


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


class Ends:
    """How a company may end: all machines in the one pool or all in the other, and none that stands by."""

    def __init__(self, company: Company) -> None:
        self.before = machines(company.test.pool)

    def look(self, company: Company) -> bool:
        """Return whether they have moved."""
        test, production = company.test.pool, company.production.pool
        assert is_clear(company)
        is_moved = not machines(test)
        where, nowhere = (production, test) if is_moved else (test, production)
        addresses = {name: (state[0], state[4]) for name, state in self.before.items()}
        assert {name: (state[0], state[4]) for name, state in machines(where).items()} == addresses
        assert machines(nowhere) == {}
        assert list(nowhere.vms()) == [], "no snapshot is left of what went"
        assert (rosters(where), rosters(nowhere)) == (1, 0)
        if not is_moved:
            assert machines(test) == self.before
        return is_moved


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
        assert plan.downtime_s > max(step.estimate.seconds for step in sends) == 10 + 30 * 1024 / 50
        assert "The restore point takes 30 GiB in “SAN-gold” at once; it is kept until removed." in plan.notes
        assert describe(sends[0]) == "Send shop-db with its disks to the other pool, through this console"
        assert describe_undo(sends[0]) == "Destroy what arrived of shop-db with its disks"
        assert "there is no way back" in describe(plan.steps[-1])

    virtually(story)


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

        with pytest.raises(NotPromotable) as refused:
            there.engine.plan(there.demotion(company.shop, "staging", disks=Disks.RESTORE))
        assert "demote with the disks as they are" in refused.value.mend
        back = there.demotion(company.shop, "staging")
        (question,) = there.engine.plan(back).questions
        assert question == "Destroy 3 snapshots in pool “production pool”, which no stream takes along"

        status = await do(there, back)

        assert status.error is None, explain(status.error)
        assert not replace_look(ends, company)
        assert here.card(company.shop).revision == 3

    virtually(story)


def replace_look(ends: Ends, company: Company) -> bool:
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
