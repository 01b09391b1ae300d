"""What stands against a transition, of all kinds, by one function."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xsconsole.domain.barriers import Barrier, BarrierKind, barriers_of, barriers_on, freeze_of, stop_of
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.closures import (
    OPEN,
    Closures,
    Freeze,
    Hold,
    Quarantine,
    Stop,
    closure_of,
    closures_of,
    stem_of,
    subject_of,
    to_text,
    together,
    version_key,
)
from xsconsole.domain.gates import Scene
from xsconsole.domain.ids import ConfigurationId, RunId, StageId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.workflow import Workflow, default_workflow
from xsconsole.domain.workflow.calendars import Span, always_frozen, joined, span_of
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.domain.workflow.gates import MaintenanceWindow
from xsconsole.domain.workflow.values import FreezeCalendar

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)  # a Friday
HOUR = timedelta(hours=1)
SHOP = ConfigurationId("shop")
STAGING, PRODUCTION = StageId("staging"), StageId("production")
EVIL = "<script>alert(1)</script> =cmd() \u202etxt.exe 💥 " + "x" * 10_000
CARD = Card(
    id=SHOP,
    name="shop 1.3.0",
    service="shop",
    version="1.3.0",
    stage=STAGING,
    revision=1,
    workflow_version=1,
    members=(),
    standing=Standing.WHOLE,
)


def freeze(**fields: object) -> Freeze:
    known = {"id": "f1", "stage": PRODUCTION, "begins": AT, "ends": AT + HOUR, "reason": "Audit", "by": "ann", "at": AT}
    return Freeze(**{**known, **fields})  # type: ignore[arg-type]


HOLD = Hold(configuration=SHOP, reason="It lost orders", by="ann", at=AT, run=RunId("r"))
BY_HAND = msgspec.structs.replace(HOLD, run=None)
QUARANTINE = Quarantine(service="shop", version="1.3.0", reason="CVE", by="ann", at=AT)
STOP = Stop(reason="Fire!", by="ann", at=AT)


def found(
    *,
    way: str = "promote",
    at: datetime = AT,
    also_at: tuple[datetime, ...] = (),
    card: Card = CARD,
    workflow: Workflow | None = None,
    **closures: object,
) -> tuple[Barrier, ...]:
    flow = workflow or default_workflow()
    ends = (STAGING, PRODUCTION) if way == "promote" else (PRODUCTION, STAGING)
    edge = flow.transition(*ends)
    assert edge is not None
    board = Board(workflow=flow, cards={}, closures=Closures(**closures))  # type: ignore[arg-type]
    scene = Scene(card=card, target=flow.stage(edge.target), board=board, inventory=Inventory(), at=at, also_at=also_at)
    return barriers_of(edge, scene)


def kinds(barriers: tuple[Barrier, ...]) -> list[BarrierKind]:
    return [barrier.kind for barrier in barriers]


def test_all_that_stands_against_a_promotion_is_told_at_once_in_a_fixed_order() -> None:
    card = replace(CARD, hold=HOLD, quarantine=QUARANTINE)

    barriers = found(card=card, stop=STOP, freezes=(freeze(),))

    assert kinds(barriers) == [BarrierKind.STOP, BarrierKind.QUARANTINE, BarrierKind.HOLD, BarrierKind.FREEZE]
    assert all(barrier.overridable and barrier.mend for barrier in barriers)
    assert [barrier.sentence for barrier in barriers] == [
        "ann stopped the line at 2026-11-27 12:00 UTC: Fire! Nothing is promoted.",
        "shop 1.3.0 is quarantined by ann at 2026-11-27 12:00 UTC: CVE.",
        "shop 1.3.0 is held since it was demoted by ann at 2026-11-27 12:00 UTC: It lost orders.",
        "Production is frozen until 2026-11-27 13:00 UTC: Audit (ann).",
    ]
    assert barriers_on(card) == barriers[1:3]


def test_the_way_back_stays_open_unless_somebody_closed_it_too() -> None:
    card = replace(CARD, stage=PRODUCTION, hold=BY_HAND, quarantine=QUARANTINE)

    assert not found(way="demote", card=card, stop=STOP, freezes=(freeze(), freeze(stage=STAGING)))

    total = found(
        way="demote",
        card=card,
        stop=msgspec.structs.replace(STOP, is_total=True),
        freezes=(freeze(is_total=True), freeze(stage=STAGING, is_total=True)),
    )
    assert kinds(total) == [BarrierKind.STOP, BarrierKind.FREEZE, BarrierKind.FREEZE]
    assert "Nothing is promoted or demoted." in total[0].sentence


def test_only_a_total_freeze_keeps_what_stands_in_a_stage() -> None:
    assert not found(freezes=(freeze(stage=STAGING),))
    assert kinds(found(freezes=(freeze(stage=STAGING, is_total=True),))) == [BarrierKind.FREEZE]


def test_a_freeze_is_over_only_when_every_clock_says_so() -> None:
    ends = AT + HOUR

    assert not found(at=ends, freezes=(freeze(),))
    assert not found(at=AT - HOUR, freezes=(freeze(),))
    behind = found(at=ends, also_at=(ends - HOUR / 60,), freezes=(freeze(),))
    assert kinds(behind) == [BarrierKind.FREEZE]
    assert "By the pool's clock it is still so." in behind[0].sentence
    assert behind[0].until == ends
    assert found(at=AT - HOUR, also_at=(AT,), freezes=(freeze(),))


def test_a_freeze_without_an_end_holds_until_it_is_lifted() -> None:
    (barrier,) = found(at=AT + 999 * HOUR, freezes=(freeze(ends=None),))

    assert barrier.until is None
    assert "until somebody lifts it" in barrier.sentence


def test_hostile_reasons_stay_on_one_line_and_short() -> None:
    barriers = found(
        card=replace(CARD, hold=msgspec.structs.replace(HOLD, reason=EVIL, by=EVIL)),
        stop=msgspec.structs.replace(STOP, reason=EVIL + "\n\n", by=""),
        freezes=(freeze(reason="\n"),),
    )

    assert all(len(barrier.sentence) < 500 and "\n" not in barrier.sentence for barrier in barriers)
    assert barriers[0].sentence.startswith("Somebody stopped the line")
    assert "no reason given" in barriers[-1].sentence


def test_soak_and_windows_are_told_by_the_same_function() -> None:
    flow = default_workflow()
    closed = MaintenanceWindow(weekdays=(5,), from_minute=60, to_minute=120)
    ways = tuple(
        msgspec.structs.replace(way, gates=(closed,), soak_s=60) if way.target == PRODUCTION else way
        for way in flow.transitions
    )

    barriers = found(workflow=msgspec.structs.replace(flow, transitions=ways))

    assert kinds(barriers) == [BarrierKind.SOAK, BarrierKind.GATE]
    assert all(barrier.overridable for barrier in barriers)
    assert barriers[1].until == datetime(2026, 11, 28, 1, tzinfo=UTC)


# --- on the pool ----------------------------------------------------------------------------------------------------


def keys_of(*closures: Freeze | Hold | Quarantine | Stop) -> dict[str, str]:
    return {f"{stem_of(closure)}.{number}": to_text(closure) for number, closure in enumerate(closures, start=1)}


def test_closures_come_back_from_the_pool_as_they_went() -> None:
    every = (freeze(), HOLD, QUARANTINE, STOP)
    read = closures_of({"other": "x", **keys_of(*every)})

    assert read == Closures(
        stop=STOP,
        freezes=(freeze(),),
        holds={SHOP: HOLD},
        quarantines={version_key("shop", "1.3.0"): QUARANTINE},
    )
    assert set(read.all) == set(every)
    assert read.quarantine_of("shop", "1.3.0") == QUARANTINE
    assert read.quarantine_of("shop", "1.3.1") is None
    assert [closure_of(keys_of(*every), *subject_of(each)) for each in every] == list(every)
    assert closure_of(keys_of(STOP), *subject_of(HOLD)) is None
    assert closures_of({"xsconsole.lease.x.1": "{}"}) is OPEN


def test_what_cannot_be_read_counts_as_closed() -> None:
    every = (freeze(), HOLD, QUARANTINE, STOP)
    damaged = {key: text.replace('"schema":1', '"schema":2') for key, text in keys_of(*every).items()}

    read = closures_of(damaged)
    card = replace(CARD, hold=read.holds[SHOP], quarantine=read.quarantine_of("shop", "1.3.0"))
    barriers = found(card=card, stop=read.stop, freezes=read.freezes)

    assert kinds(barriers) == [BarrierKind.STOP, BarrierKind.QUARANTINE, BarrierKind.HOLD, BarrierKind.FREEZE]
    assert all("a newer one wrote it" in barrier.sentence for barrier in barriers)


def test_a_value_under_a_name_that_is_not_its_own_does_not_count_for_another() -> None:
    other = ConfigurationId("other")

    read = closures_of({"xsconsole.hold.other.1": to_text(HOLD)})

    assert set(read.holds) == {other}
    assert read.holds[other] != HOLD


def test_several_pools_together_have_what_each_has() -> None:
    assert together([OPEN, OPEN]) is OPEN
    both = together([OPEN, Closures(stop=STOP), Closures(holds={SHOP: HOLD}, freezes=(freeze(),))])
    assert (both.stop, dict(both.holds), both.freezes) == (STOP, {SHOP: HOLD}, (freeze(),))


# --- calendars ------------------------------------------------------------------------------------------------------

WEEKEND = FreezeCalendar(zone="Europe/Berlin", reason="Weekend")


def frozen_weekly(calendar: FreezeCalendar) -> Workflow:
    return change_stage(default_workflow(), PRODUCTION, freezes=(calendar,))


def test_a_weekly_freeze_stands_on_the_wall_clock_of_its_zone() -> None:
    summer = datetime(2026, 7, 17, 15, 59, tzinfo=UTC)  # a Friday, 17:59 in Berlin

    assert not found(at=summer, workflow=frozen_weekly(WEEKEND))
    (barrier,) = found(at=summer + timedelta(minutes=1), workflow=frozen_weekly(WEEKEND))

    assert barrier.until == datetime(2026, 7, 20, 4, tzinfo=UTC)
    assert barrier.sentence == (
        "Production is frozen until 2026-07-20 04:00 UTC: every week Friday 18:00 to Monday 06:00 (Europe/Berlin), "
        "Weekend."
    )
    assert not found(way="demote", at=summer + HOUR, workflow=frozen_weekly(WEEKEND))


def test_a_zone_that_this_computer_lacks_freezes_always() -> None:
    (barrier,) = found(workflow=frozen_weekly(FreezeCalendar(zone="Mars/Olympus")))

    assert "does not know that time zone" in barrier.sentence
    assert barrier.until is None


def test_an_hour_that_the_clocks_repeat_or_leave_out_is_frozen() -> None:
    night = FreezeCalendar(from_day=6, from_minute=150, to_day=6, to_minute=170, zone="Europe/Berlin")

    repeated = span_of(night, datetime(2026, 10, 24, tzinfo=UTC))
    left_out = span_of(night, datetime(2026, 3, 28, tzinfo=UTC))

    assert repeated == Span(
        begins=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ends=datetime(2026, 10, 25, 1, 50, tzinfo=UTC)
    )
    assert left_out is not None
    assert left_out.begins <= datetime(2026, 3, 29, 1, tzinfo=UTC) < (left_out.ends or AT)


days, minutes = st.integers(0, 6), st.integers(0, 1439)


@given(
    calendar=st.builds(
        FreezeCalendar, from_day=days, from_minute=minutes, to_day=days, to_minute=minutes, zone=st.just("UTC")
    ),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
@example(calendar=FreezeCalendar(from_day=0, from_minute=0, to_day=0, to_minute=1440), at=AT)
def test_a_moment_is_frozen_exactly_when_the_week_says_so(calendar: FreezeCalendar, at: datetime) -> None:
    begins, ends = (
        (day * 1440 + minute)
        for day, minute in ((calendar.from_day, calendar.from_minute), (calendar.to_day, calendar.to_minute))
    )
    now = at.weekday() * 1440 + at.hour * 60 + at.minute
    is_frozen = begins <= now < ends if begins < ends else (now >= begins or now < ends)

    span = span_of(calendar, at)

    assert span is not None
    assert span.ends is not None
    assert at < span.ends
    assert span.holds(at) is (is_frozen or begins == ends)


def test_freezes_that_run_into_each_other_are_one() -> None:
    spans = [Span(begins=AT, ends=AT + HOUR), Span(begins=AT + HOUR / 2, ends=AT + 2 * HOUR)]
    apart = Span(begins=AT + 3 * HOUR, ends=None)

    assert joined([*spans, apart], AT) == Span(begins=AT, ends=AT + 2 * HOUR)
    assert joined([*spans, Span(begins=AT + 2 * HOUR, ends=None)], AT) == Span(begins=AT, ends=None)
    assert joined([*spans, apart], AT + 2 * HOUR) == apart
    assert joined([], AT) is None


def test_the_column_says_the_freeze_that_holds_or_the_next_one() -> None:
    flow = frozen_weekly(WEEKEND)
    stage = flow.stage(PRODUCTION)
    assert stage is not None
    board = Board(workflow=flow, cards={}, closures=Closures(freezes=(freeze(), freeze(stage=STAGING))))
    weekend = Span(begins=datetime(2026, 11, 27, 17, tzinfo=UTC), ends=datetime(2026, 11, 30, 5, tzinfo=UTC))

    assert freeze_of(stage, board, [AT]) == Span(begins=AT, ends=AT + HOUR)
    assert freeze_of(stage, board, [AT + HOUR]) == weekend
    assert freeze_of(stage, board, [AT + HOUR, AT]) == Span(begins=AT, ends=AT + HOUR)
    assert freeze_of(default_workflow().stages[0], Board(workflow=flow, cards={}), [AT]) is None
    assert stop_of(board) is None
    assert stop_of(replace(board, closures=Closures(stop=STOP))) is not None


@pytest.mark.parametrize(
    ("calendars", "is_always"),
    [
        ((), False),
        ((WEEKEND,), False),
        ((FreezeCalendar(), FreezeCalendar(from_day=0, from_minute=0, to_day=5, to_minute=0)), True),
        (
            (FreezeCalendar(), FreezeCalendar(from_day=0, from_minute=0, to_day=5, to_minute=0, zone="Asia/Tokyo")),
            False,
        ),
    ],
)
def test_calendars_that_leave_no_minute_are_found(calendars: tuple[FreezeCalendar, ...], is_always: bool) -> None:
    assert always_frozen(calendars) is is_always
