"""When a maintenance window is open, in its own zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.workflow.gates import MaintenanceWindow
from xsconsole.domain.workflow.windows import is_known_zone, is_open, next_opening

NIGHT = MaintenanceWindow(weekdays=(4,), from_minute=22 * 60, to_minute=4 * 60, zone="Europe/Berlin")
DAY = MaintenanceWindow(weekdays=(0, 2), from_minute=9 * 60, to_minute=17 * 60, zone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("window", "when", "opens"),
    [
        (DAY, "2026-11-23T09:00+01:00", True),
        (DAY, "2026-11-23T08:00+00:00", True),  # the same moment elsewhere
        (DAY, "2026-11-23T16:59:59+01:00", True),
        (DAY, "2026-11-23T17:00+01:00", False),
        (DAY, "2026-11-24T12:00+01:00", False),
        (DAY, "2026-07-06T07:00+00:00", True),  # summer time: nine o'clock there
        (DAY, "2026-11-23T07:00+00:00", False),
        (NIGHT, "2026-11-27T22:00+01:00", True),
        (NIGHT, "2026-11-28T03:59+01:00", True),  # Saturday, but the window is Friday's
        (NIGHT, "2026-11-27T03:00+01:00", False),
        (NIGHT, "2026-11-28T22:30+01:00", False),
        (MaintenanceWindow(weekdays=(0,), zone="Mars/Phobos"), "2026-11-23T09:00+00:00", False),
    ],
)
def test_a_window_opens_by_its_own_clock(window: MaintenanceWindow, when: str, opens: bool) -> None:
    assert is_open(window, at(when)) is opens


def test_the_next_opening_is_told_in_utc() -> None:
    assert next_opening(DAY, at("2026-11-23T20:00+01:00")) == at("2026-11-25T08:00+00:00")
    assert next_opening(DAY, at("2026-11-23T10:00+01:00")) == at("2026-11-23T09:00+00:00")
    assert next_opening(MaintenanceWindow(weekdays=()), at("2026-11-23T10:00+01:00")) is None
    assert next_opening(MaintenanceWindow(zone="Mars/Phobos"), at("2026-11-23T10:00+01:00")) is None


def test_only_zones_of_this_machine_are_known() -> None:
    assert is_known_zone("Europe/Berlin")
    assert not is_known_zone("Europe")
    assert not is_known_zone("../../etc/passwd")


@given(
    days=st.lists(st.integers(0, 6), min_size=1, unique=True),
    start=st.integers(0, 1439),
    end=st.integers(1, 1440),
    minutes=st.integers(0, 60 * 24 * 400),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    days: list[int], start: int, end: int, minutes: int, zone: str
) -> None:
    if start == end:
        return
    window = MaintenanceWindow(weekdays=tuple(days), from_minute=start, to_minute=end, zone=zone)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    opening = next_opening(window, now)

    assert opening is not None
    assert is_open(window, opening)
    assert now <= opening <= now + timedelta(days=15)
    if opening > now:
        assert not is_open(window, now)
        is_plain = zone in ("UTC", "Asia/Kolkata")  # elsewhere an hour comes twice in autumn, or never in spring
        assert not (is_plain and is_open(window, now + (opening - now) * 0.5))


def test_an_hour_that_a_change_of_clocks_leaves_out_is_no_opening() -> None:
    left_out = MaintenanceWindow(weekdays=(6,), from_minute=150, to_minute=165, zone="Europe/Berlin")

    assert next_opening(left_out, at("2026-03-28T12:00+01:00")) == at("2026-04-05T00:30+00:00")
