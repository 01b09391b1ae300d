"""Actions of plans that make machines of templates, beside those of copies: what a blueprint wants of each."""

import msgspec

from xsconsole.domain.actions.copies import EmptyDisk, FitCopy
from xsconsole.domain.canonical import Json, digest_of
from xsconsole.domain.ids import Digest


class DiskShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a disk that came from the template becomes: never smaller."""

    name: str
    role: str
    size_bytes: int


class OutfitCopy(FitCopy, frozen=True, kw_only=True, tag="outfit"):
    """Fit what was made of a template: it has exactly the interfaces of `networks`, and `disks` by device.

    `vcpus` and `memory_bytes` None are those of the template.
    """

    vcpus: int | None = None
    memory_bytes: int | None = None
    disks: dict[str, DiskShape] = msgspec.field(default_factory=dict)


class SeedDisk(EmptyDisk, frozen=True, kw_only=True, tag="seed-disk"):
    """Give the copy a disk from which cloud-init reads what to make of it. Inverse: as of an empty disk.

    `files` are by name. They stand in the run record, so that any console can go on, and in the audit only as
    `content`, the digest of them.
    """

    hostname: str
    files: dict[str, str]

    @property
    def content(self) -> Digest:
        return digest_of(dict(self.files))


ProvisionAction = OutfitCopy | SeedDisk


def recorded(action: msgspec.Struct) -> Json:
    """Return an action as the audit keeps it: what a machine is told by cloud-init is nobody's reading."""
    found: dict[str, Json] = msgspec.to_builtins(action)
    if isinstance(action, SeedDisk):
        del found["files"]
        found["content"] = action.content
    return found
