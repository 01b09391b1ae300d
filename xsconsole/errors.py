"""One taxonomy of errors. Fields, not formatted strings: words for people are made in `xsconsole.domain.words`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(kw_only=True, eq=False)
class ConsoleError(Exception):
    """Cause known; can be shown to a user."""

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


# --- Refused: the request cannot be done as it stands -------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class Refused(ConsoleError):
    """The request cannot be done; nothing was changed. `mend` says what the user can do.

    `is_recorded` says that a row of the audit tells of it.
    """

    reason: str
    mend: str = ""
    is_recorded: bool = False


@dataclass(kw_only=True, eq=False)
class NotPromotable(Refused):
    """No such transition, or a rule of the workflow or the pool's state stands against it."""


@dataclass(kw_only=True, eq=False)
class StageFull(NotPromotable):
    """The stage takes no more of them now, and nothing else stands against it: it can be waited for.

    `service` is the one of which it is full; empty: it takes none of any service. `takes` says how many it may hold.
    """

    service: str = ""
    takes: str = ""


@dataclass(kw_only=True, eq=False)
class Barred(NotPromotable):
    """Conditions are not met now. `until` is when all of them fall away by themselves; None: not known, or never."""

    until: datetime | None = None


@dataclass(kw_only=True, eq=False)
class ApprovalMissing(Refused):
    """The workflow demands approvals that there are not, or that do not count."""


@dataclass(kw_only=True, eq=False)
class LogInNeeded(Refused):
    """Somebody has to type a password now, as `user`: one that is kept proves nothing of who sits there."""

    user: str = ""


@dataclass(kw_only=True, eq=False)
class PlanIsStale(Refused):
    """What was confirmed is not what would be done now."""


@dataclass(kw_only=True, eq=False)
class NotPermitted(Refused):
    """The role of this log-in may not do it."""


@dataclass(kw_only=True, eq=False)
class NotSupported(Refused):
    """This pool's XAPI is of a version that does not know the call; it had no effect."""

    method: str = ""


@dataclass(kw_only=True, eq=False)
class NotFound(Refused):
    """The name fits nothing. `choices` are names that exist."""

    choices: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class NoPoolKnown(Refused):
    """No pool was named, and this home has been to none."""


@dataclass(kw_only=True, eq=False)
class Ambiguous(Refused):
    """The name fits several things."""

    choices: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class AlreadyThere(Refused):
    """A file of that name stands already; whoever asks may decide to replace it."""


@dataclass(kw_only=True, eq=False)
class GivenUp(Refused):
    """Somebody stopped what went on."""


@dataclass(kw_only=True, eq=False)
class HeldElsewhere(Refused):
    """Another console holds the lease, which has not moved for `quiet_s`; after `ttl_s` that console counts as dead."""

    holder: str = ""
    console: str = ""
    quiet_s: float = 0.0
    ttl_s: float = 0.0


# --- PoolUnavailable: worth retrying ------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class PoolUnavailable(ConsoleError):
    """The pool does not answer; `is_for_good` where nobody tries to reach it any more until a person connects again."""

    pool: str
    retry_after_s: float = 1.0
    is_for_good: bool = False


@dataclass(kw_only=True, eq=False)
class ConnectionLost(PoolUnavailable):
    """The road to the pool broke; whether the call took effect is unknown when `was_sent`."""

    cause: str = ""
    was_sent: bool = True


@dataclass(kw_only=True, eq=False)
class SessionLost(PoolUnavailable):
    """The pool does not know the session any more."""


@dataclass(kw_only=True, eq=False)
class HostSilent(PoolUnavailable):
    """One host of the pool does not tell what only it knows; the pool itself may well answer."""

    host: str
    cause: str = ""


@dataclass(kw_only=True, eq=False)
class LostMaster(PoolUnavailable):
    """No coordinator answers at any address tried."""

    tried: tuple[str, ...] = ()


# --- connecting ---------------------------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class ConnectFailed(ConsoleError):
    """No connection was made."""

    url: str
    reason: str
    mend: str = ""


@dataclass(kw_only=True, eq=False)
class Unreachable(ConnectFailed):
    """Nobody answers there, or nobody who is ready to."""


@dataclass(kw_only=True, eq=False)
class WrongPassword(ConnectFailed):
    user: str = ""


@dataclass(kw_only=True, eq=False)
class CertificateUnknown(ConnectFailed):
    """The host shows a certificate nobody has accepted yet. `trusted` are those of hosts that led there, by place."""

    fingerprint: str = ""
    trusted: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True, eq=False)
class CertificateChanged(ConnectFailed):
    fingerprint: str = ""
    expected: str = ""


# --- PoolFailed: XAPI said no -------------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class PoolFailed(ConsoleError):
    """XAPI answered with an error; its code and parameters stand as they came.

    `storages` names those that can be meant where one is full, the fullest first, each with what is free there. `thing`
    begins a sentence about what is gone, by its kind and name, where more is known of it than XAPI's parameters say.
    """

    code: str
    parameters: tuple[str, ...] = ()
    method: str = ""
    task: str | None = None
    storages: tuple[str, ...] = ()
    thing: str = ""


@dataclass(kw_only=True, eq=False)
class VerificationFailed(ConsoleError):
    """The pool does not show what the run should have made of it. `differences` are sentences."""

    differences: tuple[str, ...]


@dataclass(kw_only=True, eq=False)
class GateNotMet(ConsoleError):
    """A gate of the workflow was not met in its time. `sentence` says what was seen last, `mend` what would help."""

    gate: str
    sentence: str
    waited_s: float
    mend: str = ""


@dataclass(kw_only=True, eq=False)
class LeaseLost(ConsoleError):
    """This console may not go on: it could not renew its lease in time, or another console took it over."""

    thing: str
    reason: str


# --- StoreFailed --------------------------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class StoreFailed(ConsoleError):
    path: str
    reason: str
    mend: str = ""


@dataclass(kw_only=True, eq=False)
class AuditBroken(StoreFailed):
    """The chain does not verify. `verdicts` name the rows."""

    verdicts: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class RecordReplaced(StoreFailed):
    """The record is not the one that this home remembers: gone, another one, or shorter."""


@dataclass(kw_only=True, eq=False)
class RecordBroken(StoreFailed):
    """The record does not verify, by its newest rows or by the last check of all of it."""


@dataclass(kw_only=True, eq=False)
class SchemaTooNew(StoreFailed):
    pass


@dataclass(kw_only=True, eq=False)
class DatabaseDamaged(StoreFailed):
    pass


@dataclass(kw_only=True, eq=False)
class DiskFull(StoreFailed):
    pass


@dataclass(kw_only=True, eq=False)
class HomeUnusable(StoreFailed):
    """The home folder cannot be made or written."""


@dataclass(kw_only=True, eq=False)
class KeyLocked(StoreFailed):
    """The signing key cannot be opened: no keyring, and no or a wrong passphrase."""


# --- Interrupted: started and not finished ------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class RunFailed(ConsoleError):
    """A run failed and what it had done was put back, but for what `lasts`. Titles of steps, but for `cause`.

    `is_newcomer`: it would have made the configuration, which was not there before.
    """

    failed: str
    cause: ConsoleError
    undone: tuple[str, ...] = ()
    lasts: tuple[str, ...] = ()
    is_newcomer: bool = False


@dataclass(kw_only=True, eq=False)
class Interrupted(ConsoleError):
    """A run started and is not finished; its run record stands on the pool and anyone may settle it.

    `is_destroying`: it had begun with what cannot be undone.
    """

    run: str
    reason: str
    is_destroying: bool = False
    undone: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = field(default_factory=tuple)
