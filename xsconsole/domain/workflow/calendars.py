"""When a calendar freezes a stage. Times are those of the wall clock in its zone, also when clocks change."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xsconsole.domain.workflow.values import FreezeCalendar
from xsconsole.domain.workflow.windows import DAY_MINUTES, WEEK_DAYS, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `begins` on, until `ends`, which is no part of it; None: nobody knows the end. Both in UTC."""

    begins: datetime
    ends: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.begins <= at and (self.ends is None or at < self.ends)


def span_of(calendar: FreezeCalendar, at: datetime) -> Span | None:
    """Return the freeze that `at` lies in, or else the next one; None where this machine does not know the zone.

    An hour that a change of clocks leaves out or repeats makes it begin earlier and end later, never the other way.
    """
    zone = zone_of(calendar.zone)
    if zone is None:
        return None
    return next((span for span in _spans(calendar, zone, at) if span.ends is not None and at < span.ends), None)


def always_frozen(calendars: Sequence[FreezeCalendar]) -> bool:
    """Return whether together they leave no minute of a week, as far as they are of one zone."""
    zones = {calendar.zone for calendar in calendars}
    return any(_covers([each for each in calendars if each.zone == zone]) for zone in zones)


def _covers(calendars: Sequence[FreezeCalendar]) -> bool:
    week = WEEK_DAYS * DAY_MINUTES
    parts: list[tuple[int, int]] = []
    for calendar in calendars:
        begins = calendar.from_day * DAY_MINUTES + calendar.from_minute
        ends = calendar.to_day * DAY_MINUTES + calendar.to_minute
        parts += [(begins, ends)] if begins < ends else [(begins, week), (0, ends)]
    reached = 0
    for begins, ends in sorted(parts):
        if begins > reached:
            return False
        reached = max(reached, ends)
    return reached >= week


def joined(spans: Iterable[Span], at: datetime) -> Span | None:
    """Return the span that `at` lies in, made whole with those that it runs into, or else the next; None of none."""
    ordered = sorted(
        (span for span in spans if span.ends is None or at < span.ends), key=lambda span: (span.begins, str(span.ends))
    )
    if not ordered:
        return None
    found = ordered[0]
    for span in ordered[1:]:
        if found.ends is None or span.begins > found.ends:
            break
        ends = None if span.ends is None else max(found.ends, span.ends)
        found = Span(begins=found.begins, ends=ends)
    return found


def _spans(calendar: FreezeCalendar, zone: ZoneInfo, at: datetime) -> Iterator[Span]:
    local = at.astimezone(zone).date()
    monday = local - timedelta(days=local.weekday())
    length = (calendar.to_day - calendar.from_day) % WEEK_DAYS
    if length == 0 and calendar.to_minute <= calendar.from_minute:
        length = WEEK_DAYS
    for weeks in range(-2, 3):
        first = monday + timedelta(days=calendar.from_day, weeks=weeks)
        last = first + timedelta(days=length)
        yield Span(
            begins=min(_instants(first, calendar.from_minute, zone)),
            ends=max(_instants(last, calendar.to_minute, zone)),
        )


def _instants(day: date, minute: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    days, rest = divmod(minute, DAY_MINUTES)
    wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
