"""What can be asked for with archives: into files or into the pool, back, and away."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address
from pathlib import Path

from xsconsole.domain.archive import Archive, Form, PoolArchive
from xsconsole.domain.ids import ArchiveId, ConfigurationId, Digest, StageId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.replica import NAME_LIMIT
from xsconsole.domain.workflow import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveToFiles:
    """Write a configuration into `folder`, which must not be there yet; `room_bytes` is what was free there.

    It is kept until `keep_until`, None: until somebody deletes it.
    """

    configuration: ConfigurationId
    revision: int
    folder: Path
    is_stopped_first: bool = False
    room_bytes: int | None = None
    keep_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFromArchive:
    """Make a new configuration of an archive in files. `document` is the SHA-256 of the one that was read.

    An empty `target` brings the machines back alone: members of nothing, in no stage.
    `networks` says where the networks of the archive, by what it calls them, are in the pool. `sr` None: the stage's
    storage, or the pool's usual one. `pool` None: the one that the stage lives in, or the first. `is_own` says that
    this console's key signed it. `is_replica`: it is to be looked into, as `Replicate` does of what stands; `pattern`
    names each machine, see there. `addresses` are those of cards inside the fence that the stage demands, by member and
    device.
    """

    archive: Archive
    document: Digest
    folder: Path
    is_own: bool = True
    target: StageId
    networks: Mapping[str, Uuid] = field(default_factory=dict)
    sr: Uuid | None = None
    pool: Uuid | None = None
    is_replica: bool = False
    pattern: str = ""
    reason: str = ""
    addresses: Mapping[tuple[str, str], IPv4Address] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveInPool:
    """Make templates of a configuration, in its pool: copies of it, or with `form` retired its own machines.

    `method` says of copies whether they stand on the disks of the original; a full copy may go to storage `sr`. It is
    kept until `keep_until`, None: until somebody deletes it.
    """

    configuration: ConfigurationId
    revision: int
    form: Form = Form.COPY
    method: Method = Method.LINKED_CLONE
    sr: Uuid | None = None
    is_stopped_first: bool = False
    keep_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFromPool:
    """Make a new configuration of an archive in its pool, as `RestoreFromArchive` does of one in files.

    A linked clone stays on the storage of the templates; `sr` is where a full copy goes, None: where they are.
    """

    archive: PoolArchive
    document: Digest
    is_own: bool = True
    target: StageId
    networks: Mapping[str, Uuid] = field(default_factory=dict)
    method: Method = Method.LINKED_CLONE
    sr: Uuid | None = None
    pool: Uuid | None = None
    is_replica: bool = False
    pattern: str = ""
    reason: str = ""
    addresses: Mapping[tuple[str, str], IPv4Address] = field(default_factory=dict)

    @property
    def lies_in(self) -> Uuid:
        """The pool that the archive is in."""
        return self.archive.pool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePooled:
    """Destroy the templates of an archive in a pool, unless it is held.

    `configuration` and `name` are what it is of, as its document says; of one that cannot be read, its own id.

    `is_expiry`: only because its time is over, so that it stays where that was said anew.
    """

    archive: ArchiveId
    pool: Uuid
    configuration: ConfigurationId
    name: str
    is_expiry: bool = False
    reason: str = ""

    @property
    def lies_in(self) -> Uuid:
        """The pool that the archive is in."""
        return self.pool


Restoring = RestoreFromArchive | RestoreFromPool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveArchive:
    """Try whether an archive comes back: `of` says which, from where and on what storage; all of it is removed again.

    Without `is_in_stage` it comes on networks of its own, and the target of `of` counts for nothing. `asks_tools`: the
    guest tools of each machine have to answer.
    """

    of: Restoring
    is_in_stage: bool = False
    asks_tools: bool = True
    reason: str = ""

    @property
    def target(self) -> StageId | None:
        return self.of.target if self.is_in_stage else None


def name_of_template(name: str, number: int) -> str:
    """Return what to call the template that a machine is copied to; the number tells archives of it apart."""
    return f"{shortened(name, NAME_LIMIT)} (archive {number})"


def is_named_after(name: str, machines: Collection[str]) -> bool:
    """Return whether a template is called as one is that one of these machines is copied to."""
    stem, _, number = name.removesuffix(")").rpartition(" (archive ")
    return number.isdecimal() and stem in {shortened(machine, NAME_LIMIT) for machine in machines}
