"""What stands on a pool beside a published version: how configurations were mapped, and who approved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from xsconsole.domain.approval import Decision, Matter, from_text
from xsconsole.domain.canonical import Json, digest_of
from xsconsole.domain.ids import Digest, RequestId, StageId, Uuid, WorkflowId
from xsconsole.domain.poolstate import PREFIX, SCHEMA, numbers
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.domain.workflow.values import content_of

PUBLICATION_PREFIX = PREFIX + "publication."
APPROVAL_PREFIX = PREFIX + "approval."
NAMED_BY = 32  # hexadecimal digits of a digest in a key


def pool_of(stage: Stage, home: Uuid) -> Uuid:
    """Return the pool on which the machines of a stage live."""
    return stage.binding.pool.uuid if stage.binding.pool is not None else home


def publication_stem(digest: Digest) -> str:
    return PUBLICATION_PREFIX + digest[:NAMED_BY]


def approval_prefix(matter: Matter) -> str:
    return f"{APPROVAL_PREFIX}{matter.value}."


def approval_stem(matter: Matter, subject: Digest) -> str:
    return approval_prefix(matter) + subject[:NAMED_BY]


class Continued(msgspec.Struct, frozen=True, kw_only=True):
    """A request that stays on an earlier version: its subject, and the digest of that version."""

    request: RequestId
    subject: Digest
    version: Digest


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """How one version came to stand: over which, on which pools, and where its configurations went.

    Written before the version itself, so that whoever reads the version can finish what its console began.
    """

    schema: int = SCHEMA
    workflow: WorkflowId
    version: int
    digest: Digest
    base: Digest | None  # the version before
    mapping: dict[StageId, StageId]
    pools: dict[Uuid, str]
    actor: str
    at: datetime
    renewed: tuple[StageId, ...] = ()  # stages that are called or protected otherwise than in the version before
    decisions: tuple[Decision, ...] = ()
    later: dict[Uuid, str] = {}  # pools that were away, and get the version when they are back
    continued: tuple[Continued, ...] = ()  # see `continuing`
    continued_signature: str = ""


def encode(publication: Publication) -> str:
    return msgspec.json.encode(publication, order="sorted").decode()


def publication_of(keys: Mapping[str, str], digest: Digest) -> Publication | None:
    """Return what stands beside the version with this digest; None where nothing that can be read does."""
    stem = publication_stem(digest)
    for number in numbers(keys, stem):
        try:
            found = msgspec.json.decode(keys[f"{stem}.{number}"], type=Publication)
        except msgspec.MsgspecError:
            continue
        if found.schema == SCHEMA and found.digest == digest:
            return found
    return None


def decisions_on(keys: Mapping[str, str], matter: Matter, subject: Digest) -> tuple[Decision, ...]:
    """Return what was decided on a subject and left on the pool, genuine or not, oldest first."""
    stem = approval_stem(matter, subject)
    found = (from_text(keys[f"{stem}.{number}"]) for number in reversed(numbers(keys, stem)))
    return tuple(decision for decision in found if decision is not None)


def renewed_stages(before: Workflow | None, after: Workflow) -> tuple[StageId, ...]:
    """Return the stages whose members carry other marks from now on: another name, or another protection."""
    old = {stage.id: stage for stage in before.stages} if before is not None else {}
    return tuple(
        stage.id
        for stage in after.stages
        if stage.id in old
        and (stage.name, set(stage.protection)) != (old[stage.id].name, set(old[stage.id].protection))
    )


def content_digest(workflow: Workflow) -> Digest:
    """Return what tells whether two versions say the same, whoever published them, when and under which number."""
    return digest_of(_bare(workflow))


def own_summary(workflow: Workflow, standing: Workflow | None) -> str:
    """Return what a workflow says itself of its changes; nothing where the standing version says the same."""
    return workflow.summary if standing is None or workflow.summary != standing.summary else ""


def subject_of(workflow: Workflow, base: Digest | None, mapping: Mapping[StageId, StageId]) -> Digest:
    """Return what people approve: this content in the place of that version, with this mapping."""
    approved: dict[str, Json] = {
        "type": "xsconsole publication",
        "format": 1,
        "base": base,
        "content": _bare(workflow),
        "mapping": {str(old): str(new) for old, new in mapping.items()},
    }
    return digest_of(approved)


def _bare(workflow: Workflow) -> Json:
    bare = msgspec.structs.replace(workflow, version=0, author="", summary="", signature=None)
    content: Any = content_of(bare)
    return content  # type: ignore[no-any-return]
