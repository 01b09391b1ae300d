"""When a snapshot schedule is due, and what may be said of that."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from xsconsole.simpool.errors import XapiError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES = ("0", "15", "30", "45")

HOURLY, DAILY, WEEKLY = "hourly", "daily", "weekly"

_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {HOURLY: ("min",), DAILY: ("hour", "min"), WEEKLY: ("hour", "min", "days")}
)
_DEFAULTS: Mapping[str, str] = MappingProxyType({"min": "0", "hour": "0", "days": DAYS[0]})
_HOURS_A_DAY = 24
_FURTHEST = timedelta(days=8)


def checked(schedule: Mapping[str, str]) -> dict[str, str]:
    """Return what was said of the time, in the spelling of XAPI.

    Raises:
        XapiError: INVALID_VALUE.
    """
    return {key: _checked(key, value) for key, value in schedule.items()}


def completed(frequency: str, schedule: Mapping[str, str]) -> dict[str, str]:
    """Return all that a frequency needs and nothing else; what was not said is XAPI's default."""
    return checked({key: schedule.get(key, _DEFAULTS[key]) for key in _KEYS[frequency]})


def assert_known(frequency: str, schedule: Mapping[str, str]) -> None:
    """Let pass what belongs to a frequency.

    Raises:
        XapiError: INVALID_VALUE.
    """
    for key, value in schedule.items():
        if key not in _KEYS[frequency]:
            raise _refusal(key, value)
    checked(schedule)


def last_due(frequency: str, schedule: Mapping[str, str], now: datetime) -> datetime:
    """Return the latest instant, `now` at the latest, at which snapshots were or are to be taken."""
    told = completed(frequency, schedule)
    due = now.replace(minute=int(told["min"]), second=0, microsecond=0)
    step = timedelta(hours=1)
    if frequency != HOURLY:
        due, step = due.replace(hour=int(told["hour"])), timedelta(days=1)
    days = told.get("days", ",".join(DAYS)).split(",")
    while due > now or DAYS[due.weekday()] not in days:
        due -= step
        assert now - due < _FURTHEST
    return due


def _checked(key: str, value: str) -> str:
    match key:
        case "min" if value in MINUTES:
            return value
        case "hour" if value.isdecimal() and int(value) < _HOURS_A_DAY:
            return value
        case "days":
            found = [next((day for day in DAYS if day.lower() == one.lower()), "") for one in value.split(",")]
            if all(found) and len(set(found)) == len(found):
                return ",".join(found)
    raise _refusal(key, value)


def _refusal(key: str, value: str) -> XapiError:
    return XapiError("INVALID_VALUE", f"schedule:{key}", value)
