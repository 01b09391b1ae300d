"""A tree of snapshots stays narrow however deep it is."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.points.tree import Rail, places

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def snapshots(*parents: int | None) -> dict[Ref, VM]:
    """Return snapshots s0, s1 ... taken an hour after each other, each after the one of that number."""
    return {
        Ref(f"s{at}"): VM(
            ref=Ref(f"s{at}"),
            uuid=Uuid(f"s{at}"),
            name_label=f"s{at}",
            is_a_snapshot=True,
            parent=NULL_REF if parent is None else Ref(f"s{parent}"),
            snapshot_time=NOON + timedelta(hours=at),
        )
        for at, parent in enumerate(parents)
    }


def test_thirty_in_a_row_need_one_lane():
    tree = places(snapshots(None, *range(29)))

    assert [place.snapshot.name_label for place in tree] == [f"s{at}" for at in range(30)]
    assert {place.rail.lane for place in tree} == {0}
    assert [place.rail.is_after for place in tree] == [False] + 29 * [True]
    assert [place.rail.has_next for place in tree] == 29 * [True] + [False]


def test_what_was_taken_after_a_return_turns_off_and_what_has_most_below_it_goes_on():
    tree = places(snapshots(None, 0, 1, 0, None))

    assert [(place.snapshot.name_label, place.rail) for place in tree] == [
        ("s4", Rail()),
        ("s0", Rail(has_next=True)),
        ("s3", Rail(lane=1, passing=frozenset({0}), is_aside=True)),
        ("s1", Rail(is_after=True, has_next=True)),
        ("s2", Rail(is_after=True)),
    ]


def test_a_circle_is_shown_all_the_same():
    assert {place.snapshot.name_label for place in places(snapshots(1, 0, None))} == {"s0", "s1", "s2"}
    assert places({}) == ()


@given(st.lists(st.integers(0, 1000), max_size=40))
def test_every_snapshot_is_shown_once_below_the_one_before_it_in_few_lanes(numbers):
    tree = places(snapshots(*(None if at == 0 else number % at for at, number in enumerate(numbers))))

    order = [place.snapshot.name_label for place in tree]
    assert sorted(order) == sorted(f"s{at}" for at in range(len(numbers)))
    assert all(order.index(place.after.name_label) < at for at, place in enumerate(tree) if place.after is not None)
    assert all(place.rail.lane <= math.log2(len(tree)) for place in tree)
