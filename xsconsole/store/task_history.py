"""Tasks of pools that this home saw: for the activity list after a restart, and no evidence."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.jobs import SeenTask
from xsconsole.store.schema import EndedTask

KEPT = 500


def remember(session: Session, tasks: Sequence[SeenTask]) -> None:
    """Keep these tasks, and of all the newest."""
    for task in tasks:
        known = session.get(EndedTask, (task.pool, task.task))
        objects = _written(task.objects)
        if known is not None and not task.objects:
            objects = known.objects  # told once more, after its objects had forgotten it
        session.merge(
            EndedTask(
                pool=task.pool,
                task=task.task,
                label=task.label,
                began_at=task.began_at,
                ended_at=task.ended_at,
                status=task.status,
                error=msgspec.json.encode(task.error).decode(),
                objects=objects,
            )
        )
    session.flush()
    newest = select(EndedTask.began_at).order_by(EndedTask.began_at.desc()).offset(KEPT).limit(1).scalar_subquery()
    session.execute(delete(EndedTask).where(EndedTask.began_at <= newest))


def tasks(session: Session, limit: int) -> tuple[SeenTask, ...]:
    """Return tasks, newest first."""
    found = session.scalars(select(EndedTask).order_by(EndedTask.began_at.desc(), EndedTask.task).limit(limit))
    return tuple(
        SeenTask(
            pool=Uuid(task.pool),
            task=Uuid(task.task),
            label=task.label,
            began_at=task.began_at,
            ended_at=task.ended_at,
            status=task.status,
            error=msgspec.json.decode(task.error, type=tuple[str, ...]),
            objects=tuple(
                ObjectId(kind=Kind(kind), uuid=Uuid(uuid))
                for kind, uuid in msgspec.json.decode(task.objects, type=list[tuple[str, str]])
            ),
        )
        for task in found.all()
    )


def _written(objects: Sequence[ObjectId]) -> str:
    return msgspec.json.encode([(item.kind.value, item.uuid) for item in objects]).decode()
