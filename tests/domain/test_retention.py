"""How long restore points are kept: by the rule of their way, and none that is needed; and what they cost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inventories import inventory_of
from tests.ui.board_values import make_card, make_plan, with_run
from xsconsole.domain.board import Board, Card
from xsconsole.domain.disks import PARENT_KEY
from xsconsole.domain.ids import Digest, Ref, RequestId, RunId, StageId, TransitionId, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VM
from xsconsole.domain.points.retention import FOREVER, Keeping, covered, expiring_by, keepings
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.points.sizes import Cost, Scales, cost_words
from xsconsole.domain.requests.values import Request
from xsconsole.domain.workflow import RestorePointRule, Workflow, default_workflow
from xsconsole.domain.workflow.gates import RecentRestorePoint

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WAYS = (TransitionId("staging-to-production"), TransitionId("integration-to-patch-testing"), TransitionId("gone"), None)
GIB = 2**30

rules = st.builds(RestorePointRule, kept_s=st.none() | st.integers(1, 100), most=st.none() | st.integers(1, 4))
points = st.lists(
    st.builds(
        RestorePoint,
        run=st.integers(0, 10**6).map(lambda number: RunId(f"r{number}")),
        stage=st.just(StageId("staging")),
        at=st.integers(-120, 20).map(lambda seconds: NOW + timedelta(seconds=seconds)),
        snapshots=st.just({}),
        is_whole=st.booleans(),
        way=st.sampled_from(WAYS),
    ),
    max_size=8,
    unique_by=lambda point: point.run,
)


def workflow(rule: RestorePointRule | None, *gates: RecentRestorePoint) -> Workflow:
    found = default_workflow()
    ways = tuple(
        msgspec.structs.replace(way, restore_point=rule, gates=gates) if way.id == WAYS[0] else way
        for way in found.transitions
    )
    return msgspec.structs.replace(found, transitions=ways)


def kept(
    taken: list[RestorePoint], rule: RestorePointRule | None, *requests: Request, card: Card | None = None, at=NOW
) -> dict[RunId, Keeping]:
    held = replace(card or make_card(), restore_points=tuple(taken))
    board = Board(workflow=workflow(rule, RecentRestorePoint(age_s=60)), cards={})
    return {one.point.run: one for one in keepings(held, board, requests, at)}


def request(**intent: object) -> Request:
    plan = make_plan(make_card())
    return Request(
        id=RequestId("0123456789"),
        pool=Uuid("pool"),
        intent=msgspec.structs.replace(plan.intent, **intent),
        plan=Digest("d"),
        reason="",
        asked_at=NOW,
        expires_at=NOW + timedelta(seconds=50),
        actor="rita",
        console="desk",
        public_key="",
    )


@given(points, rules, rules, st.integers(0, 60), st.randoms())
def test_the_rule_decides_and_nothing_else(
    taken: list[RestorePoint], rule: RestorePointRule, other: RestorePointRule, later_s: int, chance: object
) -> None:
    now = kept(taken, rule)
    expired = {run for run, one in now.items() if one.is_expired}
    shuffled = list(taken)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    # What it says of each, by a model that counts and measures from the other end.
    for way in WAYS:
        of_way = [point for point in taken if point.way == way]
        if way != WAYS[0]:
            assert all(now[point.run].why == FOREVER and not now[point.run].is_expired for point in of_way)
            continue
        whole = sorted((point for point in of_way if point.is_whole), key=lambda point: (point.at, point.run))
        newest = whole[-rule.most :] if rule.most is not None else whole
        for point in of_way:
            is_old = rule.kept_s is not None and (NOW - point.at).total_seconds() >= rule.kept_s
            oldest_kept = newest[0] if rule.most is not None and len(whole) >= rule.most else None
            is_behind = oldest_kept is not None and (point.at, point.run) < (oldest_kept.at, oldest_kept.run)
            assert (point.run in expired) == (is_old or is_behind)
    # The order is nothing to it; what has expired stays so; a longer rule takes nothing that a shorter one left.
    assert {run for run, one in kept(shuffled, rule).items() if one.is_expired} == expired
    assert expired <= {r for r, o in kept(taken, rule, at=NOW + timedelta(seconds=later_s)).items() if o.is_expired}
    longer = RestorePointRule(kept_s=_more(rule.kept_s, other.kept_s), most=_more(rule.most, other.most))
    assert {run for run, one in kept(taken, longer).items() if one.is_expired} <= expired
    assert not any(one.is_expired for one in kept(taken, None).values())


def _more(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def test_what_is_needed_is_kept_and_it_is_said_by_what() -> None:
    new = RestorePoint(
        run=RunId("new"),
        stage=StageId("staging"),
        at=NOW - timedelta(days=8),
        snapshots={},
        is_whole=True,
        way=WAYS[0],
    )
    old = replace(new, run=RunId("old"), at=NOW - timedelta(days=9))
    rule = RestorePointRule(kept_s=3600)
    running = with_run(make_card(), by=None)

    assert all(one.is_due for one in kept([new, old], rule).values())
    assert kept([new, old], rule)[RunId("old")].why == "expired on 2026-11-14 13:00 UTC"
    assert [one.needed for one in kept([new], rule, card=running).values()] == ["A run of bob stands on it."]
    back = kept([new, old], rule, request(restore_point=RunId("old")))
    assert (back[RunId("old")].needed, back[RunId("new")].is_due) == ("Request 01234567 needs it.", True)
    looked_at = kept([new, old], rule, request(transition=WAYS[0]))
    assert (looked_at[RunId("new")].is_due, looked_at[RunId("old")].is_due) == (False, True)
    # Nobody can carry out what is about an earlier revision, or has ended.
    assert all(one.is_due for one in kept([new], rule, request(transition=WAYS[0], revision=7)).values())
    assert all(
        one.is_due for one in kept([new], rule, request(transition=WAYS[0]), at=NOW + timedelta(hours=1)).values()
    )
    assert kept([new], RestorePointRule(most=2))[RunId("new")].why == "kept until 2 newer ones are there"


def test_a_version_that_keeps_them_for_less_says_which_it_lets_expire() -> None:
    one = RestorePoint(
        run=RunId("r"),
        stage=StageId("staging"),
        at=NOW - timedelta(days=8),
        snapshots={},
        is_whole=True,
        way=WAYS[0],
    )
    card = replace(make_card(), restore_points=(one, replace(one, run=RunId("s"))))
    board = Board(workflow=workflow(RestorePointRule(most=5)), cards={card.id: card})

    (finding,) = expiring_by(workflow(RestorePointRule(kept_s=3600)), board, NOW)
    assert finding.sentence == (
        "2 restore points of shop 1.3.0 expire when this is published, and cannot be brought back."
    )
    assert (finding.transition, finding.field) == (WAYS[0], "restore_point")
    assert expiring_by(workflow(RestorePointRule(kept_s=3600_000)), board, NOW) == ()
    assert expiring_by(workflow(RestorePointRule(most=5)), board, NOW) == ()
    assert expiring_by(workflow(None), board, NOW) == ()


def weighed(sr_type: str, *, clones: int = 0, before: bool = False) -> Cost:
    """A disk of 40 GiB of which 10 were written, and 2 since the snapshot: what the snapshot costs."""
    is_block = sr_type == "lvm"
    on_base = {PARENT_KEY: "base"}
    disks = [
        VDI(ref=Ref("base"), uuid=Uuid("base"), managed=False, physical_utilisation=10 * GIB),
        VDI(ref=Ref("leaf"), uuid=Uuid("leaf"), sm_config=on_base, is_a_snapshot=True, snapshot_of=Ref("live")),
        VDI(ref=Ref("live"), uuid=Uuid("live"), physical_utilisation=40 * GIB if is_block else 2 * GIB),
    ]
    disks += [VDI(ref=Ref(f"clone{at}"), uuid=Uuid(f"clone{at}"), sm_config=on_base) for at in range(clones)]
    if before:  # another snapshot was taken afterwards: the disk stands on a second hidden one
        disks.append(
            VDI(ref=Ref("mid"), uuid=Uuid("mid"), managed=False, sm_config=on_base, physical_utilisation=3 * GIB)
        )
    disks[2] = msgspec.structs.replace(disks[2], sm_config={PARENT_KEY: "mid" if before else "base"})
    disks = [
        msgspec.structs.replace(disk, SR=Ref("sr"), virtual_size=40 * GIB) if disk.uuid != "leaf" else disk
        for disk in disks
    ]
    disks[1] = msgspec.structs.replace(disks[1], SR=Ref("sr"), virtual_size=40 * GIB, physical_utilisation=2**23)
    refs = tuple(disk.ref for disk in disks)
    records = [
        SR(ref=Ref("sr"), uuid=Uuid("sr"), name_label="Store", type=sr_type, VDIs=refs),
        VM(ref=Ref("snap"), uuid=Uuid("snap"), is_a_snapshot=True, VBDs=(Ref("vbd"),)),
        VBD(ref=Ref("vbd"), uuid=Uuid("vbd"), type="Disk", VDI=Ref("leaf")),
        *disks,
    ]
    (cost,) = Scales(inventory_of(*records)).costs([Uuid("snap"), Uuid("gone")])
    return cost


@pytest.mark.parametrize(
    ("sr_type", "more", "taken", "grown", "said"),
    [
        ("lvm", {}, 10 * GIB, 0, "takes 10.0 GiB in “Store”, which keeps disks at their whole size"),
        ("nfs", {}, 2 * GIB, 2 * GIB, "takes 2.0 GiB in “Store”, 2 GiB written since, at most 40 GiB"),
        ("nfs", {"before": True}, 3 * GIB, 0, "takes 3.0 GiB in “Store”, at most 40 GiB"),
        ("lvm", {"before": True}, 3 * GIB, 0, "takes 3.0 GiB in “Store”, which keeps disks at their whole size"),
        ("nfs", {"clones": 1}, 0, 2 * GIB, "(what other disks stand on stays for them)"),
    ],
)
def test_a_snapshot_costs_what_its_storage_makes_of_it(
    sr_type: str, more: dict[str, int], taken: int, grown: int, said: str
) -> None:
    cost = weighed(sr_type, **more)  # type: ignore[arg-type]

    assert (cost.taken, cost.grown, cost.most) == (taken + 2**23, grown, 40 * GIB)
    assert said.replace(".0 GiB", " GiB") in cost_words([cost])


def test_a_restore_point_is_of_as_many_members_as_there_were_also_where_some_are_gone() -> None:
    card = make_card()
    gone, *present = (member.uuid for member in card.members)
    point = RestorePoint(
        run=RunId("r"),
        stage=StageId("staging"),
        at=NOW,
        snapshots={uuid: Uuid(f"snapshot of {uuid}") for uuid in (gone, *present)},
        is_whole=True,
    )
    left = replace(card, members=card.members[1:], missing=(gone,))

    assert covered(point, left) == (len(card.members), len(card.members))
    assert covered(replace(point, snapshots={gone: Uuid("s")}), left) == (1, len(card.members))
