"""What we keep on the pool, as values: member values, rosters, run records, leases, and their numbered keys.

XAPI cannot change a value of a map in place, so each value of ours that changes is written as a numbered key: add
`<stem>.<n+1>`, then remove the older ones. Readers take the highest number that can be read. `docs/pool-keys.md`
describes the formats for other programs.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from xsconsole.domain.ids import (
    ArchiveId,
    BlueprintId,
    ConfigurationId,
    ConsoleId,
    Digest,
    RequestId,
    RunId,
    StageId,
    StepKey,
    TransitionId,
    Uuid,
    WorkflowId,
)
from xsconsole.domain.plan import Plan
from xsconsole.domain.text_form import inflate, pack
from xsconsole.domain.workflow import Workflow, from_stored
from xsconsole.errors import Refused

PREFIX = "xsconsole."
MEMBER_STEM = PREFIX + "member"
RESTORE_POINT_KEY = PREFIX + "restore_point"
STAGE_FIELD_NAME = "Stage"
STAGE_FIELD_KEY = "XenCenter.CustomFields." + STAGE_FIELD_NAME
ARCHIVED_KEY = PREFIX + "archived"  # at a template of an archive
COMPANY_KEY = PREFIX + "company"  # of a machine that moved: its vApp and schedule, by name, where it is not of them
BLOCK_REASON_PREFIX = "xsconsole: "  # of every value we write to blocked_operations; only such values are removed
SCHEMA = 1


def roster_stem(configuration: ConfigurationId) -> str:
    return f"{PREFIX}configuration.{configuration}"


def run_stem(configuration: ConfigurationId) -> str:
    return f"{PREFIX}run.{configuration}"


def workflow_stem(workflow: WorkflowId) -> str:
    return f"{PREFIX}workflow.{workflow}"


def lease_stem(thing: str) -> str:
    return f"{PREFIX}lease.{thing}"


def configuration_thing(configuration: ConfigurationId) -> str:
    """Return the name under which a configuration is leased."""
    return f"configuration.{configuration}"


def archive_thing(archive: ArchiveId) -> str:
    """Return the name under which an archive is leased while it comes back: what arrives is known by its name."""
    return f"archive.{archive}"


def slot_thing(stage: StageId, service: str) -> str:
    """Return the name under which the place of `service` in `stage` is leased."""
    place = f"{stage}\n{service}"
    return f"slot.{hashlib.sha256(place.encode()).hexdigest()[:32]}"


def stage_thing(stage: StageId) -> str:
    """Return the name under which all places of `stage` are leased together: its limits count every service."""
    return slot_thing(stage, "")  # no service is called so


class MemberValue(msgspec.Struct, frozen=True, kw_only=True):
    """What a member VM carries. `vm` is its own uuid: a clone copies the value, and is told apart by it."""

    schema: int = SCHEMA
    vm: Uuid
    configuration: ConfigurationId
    name: str
    service: str
    version: str
    stage: StageId
    workflow: WorkflowId
    workflow_version: int
    role: str
    revision: int
    roster_count: int
    roster_digest: Digest
    entered_at: datetime | None = None  # when it came to the stage, by the clock of whoever brought it; None: unknown
    by: str = ""  # who wrote it: the fingerprint of their console's key, a blank, their log-in; empty: not known


class KeptDisk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that stays with a place: the machine that had it there, and at which device."""

    disk: Uuid
    vm: Uuid
    device: str


class Succession(msgspec.Struct, frozen=True, kw_only=True):
    """Whose place in which stage a configuration took: the disks `kept` there, and those `given` for them.

    Each is named with the machine that had it before, and at which device.
    """

    incumbent: ConfigurationId
    place: StageId
    kept: tuple[KeptDisk, ...] = ()
    given: tuple[KeptDisk, ...] = ()


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration was copied from. `frozen_at` and `skew_s` tell of the snapshots; None: there were none.

    `incumbent` had the place in stage `place` that it took, and the disks `kept` there. `archive` is the one that it
    came back from. Of what was made of a blueprint, `blueprint` names that, `revision` is its version, `configuration`
    stands for both, and there is no `stage`; `given` are the values of parameters that its hardware refers to, and None
    where nobody kept them; `number` is which of that blueprint it is, where somebody counted. `before` is what that
    configuration was copied from, and so on: by this it is known also where they are gone.
    """

    schema: int = SCHEMA
    configuration: ConfigurationId
    name: str
    stage: StageId
    revision: int
    method: str
    run: RunId | None = None
    frozen_at: datetime | None = None
    skew_s: float | None = None
    incumbent: ConfigurationId | None = None
    place: StageId | None = None
    kept: tuple[KeptDisk, ...] = ()
    archive: ArchiveId | None = None
    before: tuple["Origin", ...] = ()
    blueprint: BlueprintId | None = None
    given: dict[str, int | str] | None = None
    number: int | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_copy(self) -> bool:
        """Return whether it is a copy of a configuration, which may be gone."""
        return self.blueprint is None


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """That a configuration was archived at the end of its time in `stage`, where it stood since `since`.

    `where` is the folder, on the machine of console `by`.
    """

    archive: ArchiveId
    at: datetime
    stage: StageId
    since: datetime | None
    by: str
    where: str


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """The uuids of all members, sorted. Stands once, in the configuration's own pool key.

    `roles` say who a member was after it is gone from the pool; the digest that members carry covers only the uuids.
    `succeeded` is whose place it took when its own machines moved there; a copy's is in its `origin`.
    """

    schema: int = SCHEMA
    configuration: ConfigurationId
    roster: tuple[Uuid, ...]
    roles: dict[Uuid, str] = {}
    origin: Origin | None = None
    archived: Archived | None = None
    succeeded: Succession | None = None
    notes: str = ""  # what somebody wrote about it, in lines

    @property
    def succession(self) -> Succession | None:
        """Return whose place it took last, as a copy or by moving there."""
        origin = self.origin
        if self.succeeded is not None or origin is None or origin.incumbent is None or origin.place is None:
            return self.succeeded
        return Succession(incumbent=origin.incumbent, place=origin.place, kept=origin.kept)


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """For which request a snapshot was taken, and what the machine was that no snapshot keeps."""

    request: RequestId
    name: str
    order: int = 0
    start_delay_s: int = 0
    shutdown_delay_s: int = 0


class RestorePointMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot of a run carries. `purpose` is one of `Purpose`; `frozen` tells of a candidate."""

    schema: int = SCHEMA
    run: RunId
    configuration: ConfigurationId
    vm: Uuid
    stage: StageId
    at: datetime
    purpose: str = "restore-point"
    transition: TransitionId | None = None  # the way whose rule says how long it is kept; None: not known
    was_running: bool | None = None  # whether the VM ran then; None: not known
    is_by_hand: bool = False  # by no way, but because somebody wanted one
    frozen: Frozen | None = None


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What any console needs to finish or undo a run. Stands on the pool from before the first effect to the end.

    `plan` holds the original values that undoing needs. It is as it is carried out: where it makes configurations it
    has the ids that were `given` to them, by the ids as planned. `plan_digest` is of the plan as it was confirmed.
    """

    schema: int = SCHEMA
    run: RunId
    plan: Plan
    plan_digest: Digest
    actor: str
    console: ConsoleId
    console_name: str
    reason: str
    started_at: datetime
    is_undoing: bool = False
    settled: tuple[StepKey, ...] = ()  # forward steps whose effect stands
    undone: tuple[StepKey, ...] = ()  # of `settled`, those put back since
    results: dict[StepKey, str] = {}  # what a step made, such as a snapshot's uuid
    failed: StepKey | None = None
    failure: str = ""
    warrant: str = ""  # the request and the approvals that allow it, in text; empty: nobody had to approve it
    emergency: str = ""  # the signed declaration that allows it instead, in text
    given: dict[ConfigurationId, ConfigurationId] = {}


class LeaseValue(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a lease. `state` is `held` or `free`; `ttl_s` counts on the observer's own clock."""

    schema: int = SCHEMA
    nonce: str
    console: str
    actor: str
    state: str
    ttl_s: int


def roster_digest(members: Iterable[Uuid]) -> Digest:
    return Digest(hashlib.sha256("\n".join(sorted(members)).encode()).hexdigest())


V = TypeVar("V", MemberValue, Roster, Origin, RestorePointMark, LeaseValue)


def encode(value: MemberValue | Roster | Origin | RestorePointMark | LeaseValue) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def decode(text: str, kind: type[V]) -> V | None:
    """Read one value; None where it is damaged or of a schema this console does not know."""
    try:
        value = msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError:
        return None
    return value if value.schema == SCHEMA else None


def entered(text: str, at: datetime, by: str = "") -> str:
    """Return a member value with the moment at which it comes to its stage, and who writes it.

    One that has a moment or a writer keeps them.
    """
    value = decode(text, MemberValue)
    if value is None:
        return text
    return encode(msgspec.structs.replace(value, entered_at=value.entered_at or at, by=value.by or by))


def is_same_member(text: str, expected: str) -> bool:
    """Return whether a member value is the one that a plan names, which cannot know when and by whom it is written."""
    value, wanted = decode(text, MemberValue), decode(expected, MemberValue)
    if value is None or wanted is None:
        return text == expected
    if wanted.entered_at is None:
        value = msgspec.structs.replace(value, entered_at=None)
    if not wanted.by:
        value = msgspec.structs.replace(value, by="")
    return value == wanted


def encode_run(record: RunRecord) -> str:
    return pack(msgspec.json.encode(record, order="sorted"), level=6)


def decode_run(stored: str) -> RunRecord | None:
    """Read a run record; None where it is damaged or of a newer schema."""
    try:
        record = msgspec.json.decode(inflate(stored), type=RunRecord)
    except (msgspec.MsgspecError, Refused):
        return None
    return record if record.schema == SCHEMA else None


def decode_workflow(stored: str) -> Workflow | None:
    try:
        return from_stored(stored)
    except Refused:
        return None


def numbers(keys: Mapping[str, str], stem: str) -> tuple[int, ...]:
    """Return the numbers under which `stem` stands, highest first."""
    start = len(stem) + 1
    return tuple(
        sorted(
            (int(key[start:]) for key in keys if key.startswith(stem + ".") and key[start:].isdecimal()), reverse=True
        )
    )


def newest(keys: Mapping[str, str], stem: str, kind: type[V]) -> tuple[int, V | None]:
    """Return the highest number of `stem` (0 where there is none) and the newest value that can be read."""
    standing = numbers(keys, stem)
    values = (decode(keys[f"{stem}.{number}"], kind) for number in standing)
    return (standing[0] if standing else 0, next((value for value in values if value is not None), None))


def newest_text(keys: Mapping[str, str], stem: str, kind: type[V]) -> str:
    """Return the newest text of `stem` that can be read, as it stands; empty for none."""
    texts = (keys[f"{stem}.{number}"] for number in numbers(keys, stem))
    return next((text for text in texts if decode(text, kind) is not None), "")
