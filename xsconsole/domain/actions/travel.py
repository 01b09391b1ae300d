"""Actions of plans that bring a machine into another pool. It stays the same one, with its uuid and snapshots."""

import msgspec

from xsconsole.domain.actions.copies import RetireMachines
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


class KeepOff(msgspec.Struct, frozen=True, kw_only=True, tag="keep-off"):
    """Mark `vm`, which is off, as what goes to another pool, and block these operations at it, with our reason.

    `stage_name` is what other programs see of it meanwhile. Inverse: take the blocks away, and write the original.
    """

    vm: Uuid
    stage_name: str
    original_stage_name: str
    blocked: dict[str, str]


class StreamAcross(msgspec.Struct, frozen=True, kw_only=True, tag="stream-across"):
    """Make the same machine as `vm`, which is off, once more in the other pool, through this console.

    The step itself is of that pool. All disks go to storage `sr`; snapshots do not go along. Inverse: destroy what
    arrived with its disks, as long as the one that was sent is there.
    """

    vm: Uuid
    sr: Uuid


class SettleArrived(Trip, frozen=True, kw_only=True, tag="settle-arrived"):
    """Put what arrived as a stream on its networks, and compare it with what was sent. No inverse: it goes with it.

    What marked the one that was sent as a stand-by came along and goes: other programs see `stage_name` again.
    `devices` are those of its disks. No other machine may be arriving: networks that an import made are taken away.
    """

    stage_name: str
    devices: tuple[str, ...]


class RetireSource(RetireMachines, frozen=True, kw_only=True, tag="retire-source"):
    """Destroy machines in the pool that they left as a stream, with their disks and snapshots. Inverse: as of retiring.

    `question` is what whoever confirms that has to answer with yes; empty where nothing is lost.
    """

    question: str = ""


StreamAction = KeepOff | StreamAcross | SettleArrived | RetireSource

TravelAction = AskAcross | MoveAcross | LiftProtection | NoteCompany | JoinCompany | RejoinCompany | StreamAction

TRAVELS_WITHOUT_INVERSE = (AskAcross, SettleArrived)
