"""Marks of a time axis stand at whole minutes, hours, days and months of the reader's own day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.time_axis import Grain, time_marks

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 23, 11, 58, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "marks"),
    [
        (timedelta(minutes=10), ["13:00", "13:02", "13:04", "13:06", "13:08"]),
        (timedelta(hours=2), ["13:00", "13:30", "14:00", "14:30"]),
        (timedelta(days=1), ["18:00", "00:00", "06:00", "12:00"]),
        (timedelta(days=7), ["25.11", "27.11", "29.11"]),
        (timedelta(days=365), ["01.01", "01.04", "01.07", "01.10"]),
    ],
)
def test_marks_are_round_in_local_time(length, marks):
    found = time_marks(START, START + length, 5, BERLIN)

    form = "%H:%M" if length <= timedelta(days=1) else "%d.%m"
    assert [f"{mark.at:{form}}" for mark in found] == marks


def test_midnight_among_hours_is_told_as_the_day():
    grains = [mark.grain for mark in time_marks(START, START + timedelta(days=1), 5, BERLIN)]

    assert grains == [Grain.TIME, Grain.DAY, Grain.TIME, Grain.TIME]


def test_days_begin_at_local_midnight_also_where_the_clocks_change():
    before_change = datetime(2026, 10, 23, 12, tzinfo=BERLIN)

    found = time_marks(before_change, before_change + timedelta(days=5), 5, BERLIN)

    assert [(mark.at.day, mark.at.hour) for mark in found] == [(24, 0), (25, 0), (26, 0), (27, 0), (28, 0)]
    assert found[1].at.utcoffset() != found[2].at.utcoffset()


@given(
    year=st.integers(2020, 2040),
    second=st.integers(0, 366 * 86_400),
    length_s=st.integers(1, 4 * 365 * 86_400),
    most=st.integers(1, 12),
)
def test_marks_are_in_order_within_the_axis_and_no_more_than_fit(year, second, length_s, most):
    first = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    last = first + timedelta(seconds=length_s)

    found = [mark.at for mark in time_marks(first, last, most, BERLIN)]

    assert len(found) <= most
    assert found == sorted(set(found))
    assert all(first <= at <= last for at in found)
    assert all(at.second == 0 for at in found)
