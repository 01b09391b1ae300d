"""Actions of plans that bring a machine into another pool. It stays the same one, with its uuid and snapshots."""

import msgspec

from xsconsole.domain.ids import StepKey, Uuid


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """Where `vm` is put in the other pool: all its disks on storage `sr`, its interfaces, by device, on `networks`.

    What its snapshots have goes along. An interface of a snapshot goes where the one of the same MAC address goes;
    where the machine has none of that, `snapshot_networks` says it, by MAC address.
    """

    vm: Uuid
    sr: Uuid
    networks: dict[str, Uuid]
    snapshot_networks: dict[str, Uuid] = {}


class AskAcross(Trip, frozen=True, kw_only=True, tag="may-move-across"):
    """Ask both pools whether `vm` could go there, before anything is changed. No effect, no inverse."""


class MoveAcross(Trip, frozen=True, kw_only=True, tag="move-across"):
    """Move `vm` into the other pool, running or not. The step itself is of that pool. Inverse: move it back.

    The originals are where everything was: disks by device, those of snapshots by the snapshot's uuid, a slash and the
    device. What `is_one_way` cannot be moved back: the other pool has a higher version.
    """

    original_networks: dict[str, Uuid]
    original_snapshot_networks: dict[str, Uuid] = {}
    original_storage: dict[str, Uuid]
    original_snapshot_storage: dict[str, Uuid] = {}
    original_home: Uuid | None = None
    is_one_way: bool = False


class LiftProtection(msgspec.Struct, frozen=True, kw_only=True, tag="unprotect"):
    """Take from `vm` what we block at it, for the time of its way. Inverse: block the `original` operations again."""

    vm: Uuid
    original: dict[str, str]


class NoteCompany(msgspec.Struct, frozen=True, kw_only=True, tag="note-company"):
    """Write at `vm`, which takes it along, the names of its vApp and of its snapshot schedule.

    Inverse: what is written there is what it belongs to again.
    """

    vm: Uuid
    has_schedule: bool = False


class JoinCompany(NoteCompany, frozen=True, kw_only=True, tag="join-company"):
    """Let `vm` belong to what is written there: the vApp of that name, made where there is none, and the schedule.

    No schedule is made: its storage needs and hours are for the pool's owner to say. Inverse: write the names again.
    """


class RejoinCompany(JoinCompany, frozen=True, kw_only=True, tag="rejoin-company"):
    """The same for a machine that returned to a snapshot, which lost what was written: step `set_aside` kept it."""

    set_aside: StepKey


TravelAction = AskAcross | MoveAcross | LiftProtection | NoteCompany | JoinCompany | RejoinCompany
