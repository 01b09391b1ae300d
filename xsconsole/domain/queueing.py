"""Promotions that wait for a place in a full stage, as one console keeps them."""

from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.ids import ConfigurationId, Digest, QueueId, StageId, Uuid
from xsconsole.domain.plan import Disks, RunKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One that waits: the plan with `digest`, confirmed by `actor`, is begun as soon as there is a place for it.

    `why` is what stood in its way when it was looked at last. One that `is_kept` outlasts the process that queued it;
    another one is a command that waits itself, as the process `process`, and ends with that.
    """

    id: QueueId
    pool: Uuid
    kind: RunKind
    configuration: ConfigurationId
    name: str
    service: str
    revision: int
    source: StageId
    target: StageId
    target_name: str = ""  # as it was called then; empty in what an earlier console queued
    digest: Digest
    actor: str
    asked_at: datetime
    reason: str = ""
    disks: Disks = Disks.KEEP
    is_stopped_first: bool = False
    is_kept: bool = True
    process: str = ""
    why: str = ""
