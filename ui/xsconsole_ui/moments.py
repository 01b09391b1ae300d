"""Instants as people type them: local time."""

from datetime import UTC, datetime, timedelta

FORMAT = "%Y-%m-%d %H:%M"
HINT = "2026-12-24 18:00"


def moment_of(text: str) -> datetime | None:
    """Return the time that is typed, in UTC; None where none is, or none that can be read."""
    try:
        return datetime.strptime(text.strip(), FORMAT).astimezone(UTC)
    except ValueError:
        return None


def typed(at: datetime) -> str:
    """Return a time as it would be typed; the next minute where it is no whole one."""
    here = at.astimezone()
    if here.second or here.microsecond:
        here = here.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return here.strftime(FORMAT)
