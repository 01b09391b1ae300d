"""Where the marks of a time axis stand: at whole minutes, hours, days or months of the reader's own day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import dropwhile, islice, takewhile


class Grain(StrEnum):
    """How exactly a mark has to be written."""

    TIME = "time"  # of day
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An instant in the zone of the axis."""

    at: datetime
    grain: Grain


_MINUTES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720))
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12)
_MONTH = timedelta(days=30)


def time_marks(first: datetime, last: datetime, most: int, zone: tzinfo | None = None) -> tuple[Mark, ...]:
    """Return at most `most` marks from `first` to `last`. Without a zone the local one is meant."""
    begin, end = first.astimezone(zone), last.astimezone(zone)
    least = (end - begin) / max(1, most)
    found: Iterator[datetime]
    if least <= _MINUTES[-1]:
        step = next(step for step in _MINUTES if step >= least)
        found, grain = _times(begin, step, zone), Grain.TIME
    elif least <= timedelta(days=_DAYS[-1]):
        found, grain = _days(begin, next(days for days in _DAYS if timedelta(days=days) >= least), zone), Grain.DAY
    else:
        months = next((months for months in _MONTHS if months * _MONTH >= least), _MONTHS[-1])
        found, grain = _month_starts(begin, months, zone), Grain.MONTH
    within = takewhile(lambda at: at <= end, dropwhile(lambda at: at < begin, found))
    return tuple(Mark(at=at, grain=_grain_of(at, grain)) for at in islice(within, most))


def _grain_of(at: datetime, grain: Grain) -> Grain:
    """Return the grain of one mark: where a time of day is midnight, the day says more."""
    return Grain.DAY if grain is Grain.TIME and (at.hour, at.minute) == (0, 0) else grain


def _midnight(day: datetime, zone: tzinfo | None) -> datetime:
    """Return the start of a day, which a change of the clocks may have given another offset."""
    naive = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - it gets its zone in the next line
    return naive.astimezone() if zone is None else naive.replace(tzinfo=zone)


def _times(begin: datetime, step: timedelta, zone: tzinfo | None) -> Iterator[datetime]:
    at = _midnight(begin, zone)
    at += (begin - at) // step * step
    while True:
        # An hour is an hour, also where the clocks change meanwhile.
        yield at.astimezone(zone)
        at += step


def _days(begin: datetime, days: int, zone: tzinfo | None) -> Iterator[datetime]:
    day = begin.replace(tzinfo=None)
    while True:
        yield _midnight(day, zone)
        day += timedelta(days=days)


def _month_starts(begin: datetime, months: int, zone: tzinfo | None) -> Iterator[datetime]:
    number = begin.year * 12 + (begin.month - 1) // months * months
    while True:
        year, month = divmod(number, 12)
        yield _midnight(datetime(year, month + 1, 1), zone)  # noqa: DTZ001 - only its day is looked at
        number += months
