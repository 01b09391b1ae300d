"""Automatic checks before and after a promotion. One that waits ends after `timeout_s`; none is a finding."""

from enum import StrEnum
from typing import ClassVar, get_args

from xsconsole.domain.workflow.rules import Part


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Measure(StrEnum):
    """What a configuration is compared with."""

    PRODUCTION = "production"
    APPROVED = "approved"  # the manifest that was approved


class GateBase(Part, tag_field="gate", frozen=True, kw_only=True):
    """`leads_back`: if it fails after the promotion, the way back is taken by itself.

    Each kind says what it is `called`, and at which side of the promotion it usually stands.
    """

    called: ClassVar[str]
    usually: ClassVar[When] = When.BEFORE

    when: When = When.BEFORE
    timeout_s: int | None = None
    leads_back: bool = False


class GuestToolsUp(GateBase, tag="guest-tools", frozen=True, kw_only=True):
    """The guest tools of every member answer."""

    called = "guest tools answer"
    usually = When.AFTER


class AddressesAnswer(GateBase, tag="addresses", frozen=True, kw_only=True):
    """Every member has an address that answers this console: to ping, or at a TCP port."""

    called = "addresses answer"
    usually = When.AFTER

    port: int | None = None


class NoDrift(GateBase, tag="no-drift", frozen=True, kw_only=True):
    called = "no drift"

    against: Measure = Measure.APPROVED


class ExactReplica(GateBase, tag="exact-replica", frozen=True, kw_only=True):
    """The configuration equals production but for differences that a rule allows."""

    called = "exact replica of production"


class NoDuplicateAddresses(GateBase, tag="no-duplicates", frozen=True, kw_only=True):
    """No MAC and no IP address of a member is on the target's networks already."""

    called = "no duplicate addresses"


class RecentRestorePoint(GateBase, tag="recent-restore-point", frozen=True, kw_only=True):
    """A restore point, or a snapshot with the backup's tag, that is not older."""

    called = "recent restore point"

    age_s: int = 24 * 3600
    tag: str = ""


class ShortChains(GateBase, tag="short-chains", frozen=True, kw_only=True):
    """No disk stands on more than so many bases."""

    called = "short chains of disks"

    longest: int = 10


class MaintenanceWindow(GateBase, tag="maintenance-window", frozen=True, kw_only=True):
    """Weekdays (0 is Monday) and the local time of day, in minutes, between which it may begin; `zone` is IANA's."""

    called = "maintenance window"

    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    from_minute: int = 0
    to_minute: int = 24 * 60
    zone: str = "UTC"


class PoolFit(GateBase, tag="pool-fit", frozen=True, kw_only=True):
    """No rolling upgrade, no host in maintenance, no backup of a member under way."""

    called = "pool is fit"


class Checklist(GateBase, tag="checklist", frozen=True, kw_only=True):
    """Questions that a person answers with yes."""

    called = "checklist"

    items: tuple[str, ...] = ()


class Script(GateBase, tag="script", frozen=True, kw_only=True):
    """A program of this console's machine that must end with 0; started without a shell."""

    called = "script"

    argv: tuple[str, ...] = ()


class HttpCall(GateBase, tag="http", frozen=True, kw_only=True):
    """A request that must be answered with a status of 200 to 299."""

    called = "web request"

    url: str = ""
    method: str = "GET"


Gate = (
    GuestToolsUp
    | AddressesAnswer
    | NoDrift
    | ExactReplica
    | NoDuplicateAddresses
    | RecentRestorePoint
    | ShortChains
    | MaintenanceWindow
    | PoolFit
    | Checklist
    | Script
    | HttpCall
)

KINDS: tuple[type[Gate], ...] = get_args(Gate)
