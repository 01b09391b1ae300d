"""Instants as people read them: local time, with UTC where there is room."""

from datetime import datetime, timedelta

from xsconsole.domain.time_axis import Grain, Mark


def clock_time(at: datetime, now: datetime | None = None) -> str:
    """Return the local time of day, with the day where it was not today."""
    here = at.astimezone()
    today = (now or datetime.now(at.tzinfo)).astimezone()
    if here.date() == today.date():
        return here.strftime("%H:%M")
    if here.year == today.year:
        return f"{here.day} {here:%b %H:%M}"
    return here.strftime("%Y-%m-%d")


def zoned_time(at: datetime, now: datetime | None = None) -> str:
    """Return the same with the name of the zone: for what is decided by it."""
    return f"{clock_time(at, now)} {at.astimezone():%Z}"


def short_time(at: datetime, now: datetime | None = None) -> str:
    """Return the time of day of what happened less than a day ago, and the day of what is older."""
    here = at.astimezone()
    age = (now or datetime.now(at.tzinfo)) - at
    return here.strftime("%H:%M") if age < timedelta(hours=20) else f"{here.day} {here:%b}"


def row_time(at: datetime, now: datetime | None = None) -> str:
    """Return when a row among many was written: today to the second, else as `clock_time` says it."""
    here, today = at.astimezone(), (now or datetime.now(at.tzinfo)).astimezone()
    return f"{here:%H:%M:%S}" if here.date() == today.date() else clock_time(at, now)


def exact_time(at: datetime) -> str:
    """Return local time with its zone, and UTC beside it."""
    here = at.astimezone()
    if not here.utcoffset():
        return f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{here:%Y-%m-%d %H:%M:%S %z} ({at:%H:%M:%S} UTC)"


def axis_time(mark: Mark) -> str:
    """Return what stands below a mark of a time axis."""
    match mark.grain:
        case Grain.TIME:
            return f"{mark.at:%H:%M}"
        case Grain.DAY:
            return f"{mark.at.day} {mark.at:%b}"
        case Grain.MONTH:
            return f"{mark.at:%b %Y}" if mark.at.month == 1 else f"{mark.at:%b}"
