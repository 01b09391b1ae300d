"""What people decided by hand on a pool: stages frozen, configurations held or kept, versions quarantined, the line.

Each stands under a key of its own until somebody lifts it. One that cannot be read, such as of a newer console, counts
as closed: whoever cannot tell how long must not go past it.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

import msgspec

from xsconsole.domain.ids import ConfigurationId, RunId, StageId
from xsconsole.domain.poolstate import PREFIX, SCHEMA, numbers

REASON_LIMIT = 500  # characters
UNREADABLE = "This console cannot read why: perhaps a newer one wrote it."
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class ClosureKind(StrEnum):
    """The kinds, by the names of their keys."""

    STOP = "stop"
    QUARANTINE = "quarantine"
    HOLD = "hold"
    FREEZE = "freeze"
    STAY = "stay"


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is the log-in of who closed it, `at` when, by the pool's clock."""

    schema: int = SCHEMA
    reason: str
    by: str
    at: datetime


class Freeze(Closure, frozen=True, kw_only=True):
    """Nothing is promoted into `stage` from `begins` on; `ends` None: until it is lifted.

    One that `is_total` lets nothing out of the stage either, and no way back in or out. `stage` None: every stage.
    """

    id: str
    stage: StageId | None
    begins: datetime
    ends: datetime | None = None
    is_total: bool = False


class Hold(Closure, frozen=True, kw_only=True):
    """A configuration that nobody promotes. `run` is the demotion that left it so; None: somebody did by hand."""

    configuration: ConfigurationId
    run: RunId | None = None


class Quarantine(Closure, frozen=True, kw_only=True):
    """A version of a service of which no configuration is promoted anywhere."""

    service: str
    version: str


class Stop(Closure, frozen=True, kw_only=True):
    """Nothing on the pool is promoted; where it `is_total` nothing is demoted either."""

    is_total: bool = False


class Extension(Closure, frozen=True, kw_only=True):
    """A configuration that may stand in `stage` until later than the stage's lease says; it closes nothing.

    It counts for the stay that it was given for: the one that began at `since`.
    """

    configuration: ConfigurationId
    stage: StageId
    since: datetime
    until: datetime


AnyClosure = Freeze | Hold | Quarantine | Stop | Extension

C = TypeVar("C", Freeze, Hold, Quarantine, Stop, Extension)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closures:
    """All that is closed on a pool. Quarantines are by `version_key`, freezes in the order in which they begin."""

    stop: Stop | None = None
    freezes: tuple[Freeze, ...] = ()
    holds: Mapping[ConfigurationId, Hold] = field(default_factory=lambda: MappingProxyType({}))
    quarantines: Mapping[str, Quarantine] = field(default_factory=lambda: MappingProxyType({}))
    extensions: Mapping[ConfigurationId, Extension] = field(default_factory=lambda: MappingProxyType({}))

    def quarantine_of(self, service: str, version: str) -> Quarantine | None:
        return self.quarantines.get(version_key(service, version)) if self.quarantines else None

    @property
    def all(self) -> tuple[AnyClosure, ...]:
        stops = (self.stop,) if self.stop is not None else ()
        return (*stops, *self.quarantines.values(), *self.holds.values(), *self.freezes, *self.extensions.values())


OPEN = Closures()


def version_key(service: str, version: str) -> str:
    """Return the name under which a version of a service is quarantined: 32 hexadecimal digits."""
    return hashlib.sha256(f"{service}\n{version}".encode()).hexdigest()[:32]


def closure_stem(kind: ClosureKind, subject: str = "") -> str:
    """Return the stem of a closure's key; the line has no subject."""
    return f"{PREFIX}{kind}.{subject}" if subject else f"{PREFIX}{kind}"


def subject_of(closure: AnyClosure) -> tuple[ClosureKind, str]:
    """Return what is closed, as its key names it."""
    match closure:
        case Freeze():
            return ClosureKind.FREEZE, closure.id
        case Hold():
            return ClosureKind.HOLD, closure.configuration
        case Quarantine():
            return ClosureKind.QUARANTINE, version_key(closure.service, closure.version)
        case Stop():
            return ClosureKind.STOP, ""
        case Extension():
            return ClosureKind.STAY, closure.configuration


def stem_of(closure: AnyClosure) -> str:
    return closure_stem(*subject_of(closure))


def to_text(closure: AnyClosure) -> str:
    return msgspec.json.encode(closure, order="sorted").decode()


def is_closure_key(key: str) -> bool:
    """Return whether a pool key is one of these."""
    return key.startswith(_PREFIXES)


def closures_of(keys: Mapping[str, str]) -> Closures:
    """Return what the pool's keys say is closed."""
    ours = {key: text for key, text in keys.items() if is_closure_key(key)}
    if not ours:
        return OPEN
    found = {kind: _subjects(ours, kind) for kind in ClosureKind}
    freezes = (
        _read(ours, ClosureKind.FREEZE, name, Freeze, _unreadable_freeze) for name in found[ClosureKind.FREEZE] if name
    )
    holds = (_read(ours, ClosureKind.HOLD, name, Hold, _unreadable_hold) for name in found[ClosureKind.HOLD] if name)
    quarantines = {
        name: _read(ours, ClosureKind.QUARANTINE, name, Quarantine, _unreadable_quarantine)
        for name in found[ClosureKind.QUARANTINE]
        if name
    }
    stays = (
        _read(ours, ClosureKind.STAY, name, Extension, _unreadable_stay) for name in found[ClosureKind.STAY] if name
    )
    return Closures(
        stop=_read(ours, ClosureKind.STOP, "", Stop, _unreadable_stop) if "" in found[ClosureKind.STOP] else None,
        freezes=tuple(sorted(freezes, key=lambda freeze: (freeze.begins, freeze.id))),
        holds={hold.configuration: hold for hold in holds},
        quarantines=quarantines,
        extensions={stay.configuration: stay for stay in stays},
    )


def together(each: Iterable[Closures]) -> Closures:
    """Return what is closed on any of several pools; of several stops the first."""
    found = [closures for closures in each if closures is not OPEN]
    if not found:
        return OPEN
    return Closures(
        stop=next((closures.stop for closures in found if closures.stop is not None), None),
        freezes=tuple(freeze for closures in found for freeze in closures.freezes),
        holds={id_: hold for closures in found for id_, hold in closures.holds.items()},
        quarantines={key: quarantine for closures in found for key, quarantine in closures.quarantines.items()},
        extensions={id_: stay for closures in found for id_, stay in closures.extensions.items()},
    )


def closure_of(keys: Mapping[str, str], kind: ClosureKind, subject: str) -> AnyClosure | None:
    """Return one closure; None where nothing is closed there."""
    if not numbers(keys, closure_stem(kind, subject)):
        return None
    stem = closure_stem(kind, subject)
    return next((each for each in closures_of({k: v for k, v in keys.items() if k.startswith(f"{stem}.")}).all), None)


_PREFIXES = tuple(f"{PREFIX}{kind}." for kind in ClosureKind)


def _subjects(keys: Mapping[str, str], kind: ClosureKind) -> tuple[str, ...]:
    """Return the subjects of a kind's numbered keys, sorted; empty for a key without one."""
    start = len(PREFIX) + len(kind)
    named = (key[start:].rpartition(".") for key in keys if key.startswith(f"{PREFIX}{kind}."))
    return tuple(sorted({name.removeprefix(".") for name, _, number in named if number.isdecimal()}))


def _read(keys: Mapping[str, str], kind: ClosureKind, subject: str, of: type[C], unreadable: Callable[[str], C]) -> C:
    stem = closure_stem(kind, subject)
    for number in numbers(keys, stem):
        try:
            value = msgspec.json.decode(keys[f"{stem}.{number}"], type=of)
        except msgspec.MsgspecError:
            continue
        if value.schema == SCHEMA and subject_of(value) == (kind, subject):
            return value
    return unreadable(subject)


def _unreadable_freeze(subject: str) -> Freeze:
    return Freeze(id=subject, stage=None, begins=LONG_AGO, reason=UNREADABLE, by="", at=LONG_AGO)


def _unreadable_hold(subject: str) -> Hold:
    return Hold(configuration=ConfigurationId(subject), reason=UNREADABLE, by="", at=LONG_AGO)


def _unreadable_quarantine(subject: str) -> Quarantine:
    # Which version it is stands in the key, and nowhere else that could be read.
    del subject
    return Quarantine(service="", version="", reason=UNREADABLE, by="", at=LONG_AGO)


def _unreadable_stop(subject: str) -> Stop:
    del subject
    return Stop(reason=UNREADABLE, by="", at=LONG_AGO)


def _unreadable_stay(subject: str) -> Extension:
    # Whoever cannot tell until when must not end it.
    return Extension(
        configuration=ConfigurationId(subject),
        stage=StageId(""),
        since=LONG_AGO,
        until=NEVER,
        reason=UNREADABLE,
        by="",
        at=LONG_AGO,
    )
