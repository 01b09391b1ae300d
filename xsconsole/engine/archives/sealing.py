"""What the document of an archive begins with, whether it lies in files or in the pool."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from xsconsole.domain.actions.archives import SealArchive
from xsconsole.domain.actions.stowing import SealStow
from xsconsole.domain.archive import Keep
from xsconsole.domain.archive.values import SealedArchive
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.ids import ArchiveId, ConfigurationId, ConsoleId, StageId
from xsconsole.domain.manifest import Manifest, fingerprint
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.runs.snapshots import Freeze
from xsconsole.errors import Refused


def workflow_in(keys: Mapping[str, str]) -> Workflow:
    """Return the workflow that the pool has now by its keys, as an archive tells of it.

    Raises:
        Refused: it has none that can be read.
    """
    workflow = published_workflow(keys)
    if workflow is None:
        raise Refused(reason="The pool has no workflow any more that can be read.", mend="Publish one, then try.")
    return workflow


def kept(until: datetime, presence: Presence, record: RunRecord) -> Keep:
    return Keep(until=until, by=record.actor, at=presence.clock.now())


def heading(
    presence: Presence,
    record: RunRecord,
    action: SealArchive | SealStow,
    workflow: Workflow,
    *,
    console: ConsoleId,
    configuration: ConfigurationId,
    name: str,
    service: str,
    revision: int,
    stage: StageId,
) -> dict[str, Any]:
    """Return what every archive says of itself, as fields. What was off and so needed no freeze was frozen just now."""
    now = presence.clock.now()
    freeze = msgspec.json.decode(presence.result(action.freeze), type=Freeze) if action.freeze is not None else None
    said = SealedArchive(
        id=ArchiveId(presence.run),
        at=now,
        console=console,
        console_name=record.console_name,
        actor=record.actor,
        reason=record.reason,
        pool=presence.pool.identity.pool,
        pool_name=action.pool_name,
        xapi_version=action.xapi_version,
        configuration=configuration,
        name=name,
        service=service,
        version=action.version,
        revision=revision,
        stage=stage,
        stage_name=action.stage_name,
        workflow=workflow.id,
        workflow_name=workflow.name,
        workflow_version=workflow.version,
        workflow_digest=workflow.digest,
        fingerprint=fingerprint(msgspec.json.decode(action.manifest, type=Manifest)),
        frozen_at=datetime.fromisoformat(freeze.at) if freeze is not None else now,
        skew_s=freeze.skew_s if freeze is not None else 0.0,
    )
    return msgspec.structs.asdict(said)
