"""When a maintenance window is open. Minutes are those of the wall clock in its zone, also when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from xsconsole.domain.workflow.gates import MaintenanceWindow

DAY_MINUTES = 24 * 60
WEEK_DAYS = 7


def is_known_zone(name: str) -> bool:
    """Return whether this machine's time zones have it."""
    return zone_of(name) is not None


def is_open(window: MaintenanceWindow, at: datetime) -> bool:
    """Return whether a promotion may begin at `at`, which is aware of its zone. In an unknown zone never.

    A window that ends before it begins goes past midnight, and belongs to the weekday on which it begins.
    """
    zone = zone_of(window.zone)
    if zone is None:
        return False
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if window.from_minute < window.to_minute:
        return local.weekday() in window.weekdays and window.from_minute <= minute < window.to_minute
    yesterday = (local.weekday() - 1) % WEEK_DAYS
    return (local.weekday() in window.weekdays and minute >= window.from_minute) or (
        yesterday in window.weekdays and minute < window.to_minute
    )


def next_opening(window: MaintenanceWindow, at: datetime) -> datetime | None:
    """Return when it is open next, in UTC: `at` where it is open now; None where it never is."""
    zone = zone_of(window.zone)
    if zone is None:
        return None
    if is_open(window, at):
        return at.astimezone(UTC)
    local = at.astimezone(zone)
    openings = (
        _opening(window, local.date() + timedelta(days=days), zone)
        for days in range(2 * WEEK_DAYS + 1)  # in the first week its hour may be one that a change of clocks leaves out
        if (local.weekday() + days) % WEEK_DAYS in window.weekdays
    )
    return next((opening for opening in openings if opening > at and is_open(window, opening)), None)


def _opening(window: MaintenanceWindow, day: date, zone: ZoneInfo) -> datetime:
    hour, minute = divmod(window.from_minute, 60)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone of this machine; None where it does not have it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a directory of zones, such as Europe, is a file nobody reads
        return None
