"""Time spans and times of day as people type them: `24 h`, `3 d`, `90 min`, `22:30`."""

import re

from xsconsole.errors import Refused
from xsconsole_ui.texts import tr

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
UNITS_S = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), MINUTE_S),
    **dict.fromkeys(("h", "hour", "hours"), HOUR_S),
    **dict.fromkeys(("d", "day", "days"), DAY_S),
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY_S),
}
PART = re.compile(r"\s*(\d{1,12})\s*([a-zA-Z]*)")


def written(seconds: int) -> str:
    """Return a span in the largest unit that says it exactly: `36 h`, `90 min`; days only from two on."""
    units = ((DAY_S, "d", 2 * DAY_S), (HOUR_S, "h", HOUR_S), (MINUTE_S, "min", MINUTE_S))
    for unit_s, unit, from_s in units:
        if seconds >= from_s and seconds % unit_s == 0:
            return f"{seconds // unit_s} {unit}"
    return f"{seconds} s"


def read(text: str) -> int:
    """Return the seconds of a span.

    Raises:
        Refused: it is none; a number without its unit is none either.
    """
    total, at, stripped = 0, 0, text.strip()
    while at < len(stripped):
        part = PART.match(stripped, at)
        unit_s = UNITS_S.get(part.group(2).lower()) if part is not None else None
        if part is None or unit_s is None:
            raise _no_span(stripped)
        total += int(part.group(1)) * unit_s
        at = part.end()
    if not stripped:
        raise _no_span(stripped)
    return total


def _no_span(text: str) -> Refused:
    return Refused(
        reason=tr("“{text}” is no time span.").format(text=text[:40]),
        mend=tr("Type a number and its unit, such as 90 min, 24 h or 3 d."),
    )


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def read_clock(text: str) -> int:
    """Return the minute of the day, from 00:00 to 24:00.

    Raises:
        Refused: it is no time of day.
    """
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})", text.strip())
    minute = int(found.group(1)) * 60 + int(found.group(2)) if found is not None else -1
    if found is None or int(found.group(2)) > 59 or minute > 24 * 60:
        raise Refused(
            reason=tr("“{text}” is no time of day.").format(text=text[:40]), mend=tr("Type it as 22:30, up to 24:00.")
        )
    return minute
