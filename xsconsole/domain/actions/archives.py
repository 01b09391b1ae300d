"""Actions of plans that bring a configuration into files of an archive, and machines from there into a pool.

The files are of the console that carries the run out: no other can go on with it, and any can put back what it did to
the pool.
"""

from datetime import datetime

import msgspec

from xsconsole.domain.ids import ArchiveId, ConfigurationId, Digest, StageId, StepKey, Uuid


class Ancestor(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration was copied from, as far as its pool knew; `archive` is the one that it came back from."""

    configuration: ConfigurationId
    name: str
    stage: StageId
    method: str
    archive: ArchiveId | None = None


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """A network interface of a member. `logical` is what its stage called the network, empty where it did not.

    `mac` is the address that it had: whatever comes back has another one.
    """

    device: str
    mac: str
    network: str
    logical: str = ""

    @property
    def called(self) -> str:
        """What to map: the logical name where there is one, else the network's."""
        return self.logical or self.network


class ArchivedMember(msgspec.Struct, frozen=True, kw_only=True):
    """A machine. `file` is its XVA; what is imported from it is called `arrives_as` at first."""

    role: str
    name: str
    vm: Uuid
    file: str
    arrives_as: str
    was_running: bool
    order: int
    start_delay_s: int
    shutdown_delay_s: int
    memory_bytes: int
    disks_bytes: tuple[int, ...]
    interfaces: tuple[Interface, ...]


class PrepareArchive(msgspec.Struct, frozen=True, kw_only=True, tag="archive-folder"):
    """Make the unfinished folder of an archive. Inverse: remove it with what is in it."""

    folder: str


class CompareArchived(msgspec.Struct, frozen=True, kw_only=True, tag="archive-compare"):
    """Make sure that what was frozen is what was planned: its manifest has `fingerprint`. No effect, no inverse."""

    configuration: ConfigurationId
    fingerprint: Digest


class ExportMember(msgspec.Struct, frozen=True, kw_only=True, tag="archive-export"):
    """Write the snapshot by step `snapshot` into `file` of the unfinished folder. Inverse: remove that file."""

    vm: Uuid
    snapshot: StepKey
    folder: str
    file: str


class SealArchive(msgspec.Struct, frozen=True, kw_only=True, tag="archive-seal"):
    """Add the documents, sign, make read-only, and give the folder its name. Inverse: remove the archive.

    `manifest` is the text of a `Manifest`; in `members` it is not said yet as what they arrive. `freeze` is the step
    that knows when they were frozen.
    """

    folder: str
    freeze: StepKey
    version: str
    stage_name: str
    pool_name: str
    xapi_version: str
    manifest: str
    members: tuple[ArchivedMember, ...]
    lineage: tuple[Ancestor, ...] = ()
    keep_until: datetime | None = None  # None: until somebody deletes it


class NoteArchived(msgspec.Struct, frozen=True, kw_only=True, tag="archive-note"):
    """Note in the roster that it was archived at the end of its time in `stage`. Inverse: write the `original` roster.

    What is noted holds the run and the moment, which no plan knows.
    """

    configuration: ConfigurationId
    original: str
    stage: StageId
    since: datetime | None
    folder: str


class CheckFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Verify every hash of files on this machine, and that they are what was planned from. No effect, no inverse.

    `document` is the SHA-256 of the document that names the hashes.
    """

    document: Digest


class CheckArchive(CheckFiles, frozen=True, kw_only=True, tag="archive-check"):
    """The files of an archive."""

    folder: str
    archive: ArchiveId


class ImportMachine(msgspec.Struct, frozen=True, kw_only=True):
    """Make a machine of an XVA on this machine, on storage `sr`. Inverse: destroy it with its disks.

    It arrives as `arrives_as`, with the marks of what it was exported from.
    """

    file: str
    sha256: Digest
    name: str
    arrives_as: str
    sr: Uuid


class ImportMember(ImportMachine, frozen=True, kw_only=True, tag="import-member"):
    """Of `file` of an archive of `configuration`."""

    folder: str
    configuration: ConfigurationId


class CheckPackage(CheckFiles, frozen=True, kw_only=True, tag="package-check"):
    """The parts of a blueprint with its disks in one file."""

    package: str


class ImportTemplate(ImportMachine, frozen=True, kw_only=True, tag="import-template"):
    """Of the part `file` of such a file: a template that was `vm` where it was exported."""

    package: str
    vm: Uuid


ArchiveAction = (
    PrepareArchive
    | CompareArchived
    | ExportMember
    | SealArchive
    | NoteArchived
    | CheckArchive
    | ImportMember
    | CheckPackage
    | ImportTemplate
)

ARCHIVES_WITHOUT_INVERSE = (CompareArchived, CheckFiles)
