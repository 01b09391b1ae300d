"""Actions of plans that bring a configuration into an archive in its pool, and that delete one.

Any console can go on with them: all that they make is of the pool. A copy comes back by the actions of copies.
"""

from datetime import datetime

import msgspec

from xsconsole.domain.actions.archives import Ancestor, ArchivedMember
from xsconsole.domain.actions.copies import FitCopy
from xsconsole.domain.ids import ArchiveId, ConfigurationId, Digest, Ref, StageId, StepKey, Uuid


class StowCopy(FitCopy, frozen=True, kw_only=True, tag="stow-copy"):
    """Make of a copy a template that nobody starts, changes or destroys. No inverse: it goes with the copy.

    `blocked` maps XAPI operations to our reason.
    """

    blocked: dict[str, str]


class StowMember(msgspec.Struct, frozen=True, kw_only=True, tag="stow-member"):
    """Make of a halted machine itself such a template. Inverse: make it a machine again, with what it had.

    What it had is its priority of high availability, its vApp by uuid, and its schedule of snapshots.
    """

    vm: Uuid
    blocked: dict[str, str]
    ha_restart_priority: str = ""
    appliance: Uuid | None = None
    schedule: Ref | None = None


class SealStow(msgspec.Struct, frozen=True, kw_only=True, tag="stow-seal"):
    """Mark the templates, and write the signed document about them to the pool. Inverse: remove both.

    `manifest` is the text of a `Manifest`; `templates` are by role what step made it, or the machine itself. `freeze`
    is the step that knows when they were frozen, None where they were off. It is kept until `keep_until`, None: until
    somebody deletes it.
    """

    configuration: ConfigurationId
    name: str
    service: str
    version: str
    revision: int
    stage: StageId
    stage_name: str
    pool_name: str
    xapi_version: str
    form: str
    method: str
    manifest: str
    members: tuple[ArchivedMember, ...]
    copies: dict[str, StepKey] = {}
    machines: dict[str, Uuid] = {}
    freeze: StepKey | None = None
    lineage: tuple[Ancestor, ...] = ()
    keep_until: datetime | None = None


class VerifyStow(msgspec.Struct, frozen=True, kw_only=True, tag="stow-verify"):
    """Compare what was sealed with what stands on the pool. No effect, no inverse."""

    configuration: ConfigurationId


class CheckStow(msgspec.Struct, frozen=True, kw_only=True, tag="stow-check"):
    """Make sure that an archive of the pool stands as it was archived, and is the one that was planned from.

    No effect, no inverse. `document` is the SHA-256 of its document.
    """

    archive: ArchiveId
    document: Digest


class DestroyTemplate(msgspec.Struct, frozen=True, kw_only=True, tag="stow-destroy"):
    """Destroy a template of an archive with its disks and snapshots. Without an inverse: it is gone.

    One that carries another mark by then stays.
    """

    vm: Uuid
    archive: ArchiveId


class ForgetStow(msgspec.Struct, frozen=True, kw_only=True, tag="stow-forget"):
    """Remove the document of an archive, and its mark from machines that stay. Without an inverse."""

    archive: ArchiveId
    vms: tuple[Uuid, ...] = ()


StowAction = StowCopy | StowMember | SealStow | VerifyStow | CheckStow | DestroyTemplate | ForgetStow

STOWS_WITHOUT_INVERSE = (VerifyStow, CheckStow)
STOWS_THAT_LAST = (DestroyTemplate, ForgetStow)
