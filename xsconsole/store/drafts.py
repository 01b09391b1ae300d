"""Drafts of workflows in the home's database. A save writes the moments that are new, and nothing else."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from xsconsole.domain.drafts import Draft, DraftHeading, Moment, history_of, moments
from xsconsole.domain.ids import DraftId
from xsconsole.domain.text_form import DECOMPRESSED_LIMIT_BYTES
from xsconsole.domain.workflow import Workflow, to_json
from xsconsole.domain.workflow.text import read_json
from xsconsole.errors import NotFound, PlanIsStale, Refused
from xsconsole.store.database import Database, Reading
from xsconsole.store.schema import KeptDraft, KeptMoment

T = TypeVar("T")

FORMAT = 1
QUICK = 1  # zlib's level: a save happens after every gesture


class DraftStore:
    """All drafts of a home. Without `database` they can be looked at and not changed."""

    def __init__(self, reading: Reading, database: Database | None = None) -> None:
        self._reading = reading
        self._database = database
        self._lines: dict[DraftId, _Line] = {}  # what stands in the file, of drafts that were opened or saved here

    async def headings(self) -> tuple[DraftHeading, ...]:
        """Return all drafts, newest first."""
        return await self._reading.run(_headings)

    async def open(self, draft: DraftId) -> Draft:
        """Return a draft with its history.

        Raises:
            NotFound: there is none.
            Refused: a newer console wrote it, or it is damaged; it stays as it is.
        """
        found, first = await self._reading.run(lambda session: _draft(session, draft))
        self._lines[draft] = _Line(revision=found.revision, first=first, moments=moments(found.history)[0])
        return found

    async def save(self, draft: Draft, now: datetime) -> Draft:
        """Keep a draft as it is now, and return it with its next revision; revision 0 is one that is new.

        Its name is changed by `rename` alone.

        Raises:
            NotFound: somebody deleted it meanwhile.
            PlanIsStale: somebody else saved it meanwhile.
            StoreFailed: nothing was written.
        """
        line, position = moments(draft.history)
        change = self._change(draft, line)
        saved = Draft(
            id=draft.id,
            name=draft.name,
            history=draft.history,
            base=draft.base,
            revision=draft.revision + 1,
            updated_at=now,
        )
        await self._write(lambda session: _save(session, saved, change.first + position, change))
        self._lines[draft.id] = _Line(revision=saved.revision, first=change.first, moments=line)
        return saved

    async def rename(self, draft: DraftId, name: str) -> None:
        """Give a draft another name. Who has it open goes on saving it.

        Raises:
            NotFound: there is none.
        """
        await self._write(lambda session: setattr(_row(session, draft), "name", name))

    async def delete(self, draft: DraftId) -> None:
        """Delete a draft; one that is gone already is no error."""
        self._lines.pop(draft, None)
        await self._write(lambda session: _delete(session, draft))

    def _change(self, draft: Draft, line: tuple[Moment, ...]) -> "_Change":
        """Return what has to be written so that the file holds `line`."""
        known = self._lines.get(draft.id)
        if known is None or known.revision != draft.revision:
            return _Change(first=0, kept=0, added=line)
        # A long history loses its oldest moments: the new line then begins within the old one.
        offset = next((at for at, old in enumerate(known.moments) if old.workflow is line[0].workflow), None)
        if offset is None:
            return _Change(first=known.first + len(known.moments), kept=0, added=line)
        kept = 1
        while kept < len(line) and offset + kept < len(known.moments) and line[kept] == known.moments[offset + kept]:
            kept += 1
        return _Change(first=known.first + offset, kept=kept, added=line[kept:])

    async def _write(self, work: Callable[[Session], T]) -> T:
        if self._database is None:
            raise Refused(
                reason="This console was opened for looking only, and drafts cannot be changed.",
                mend="Open it for work.",
            )
        return await self._database.write(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    revision: int
    first: int
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The line begins at `first`; so many of it stand already, and the rest is added."""

    first: int
    kept: int
    added: Sequence[Moment]


def _headings(session: Session) -> tuple[DraftHeading, ...]:
    counted = select(KeptMoment.draft, func.count().label("number")).group_by(KeptMoment.draft).subquery()
    found = session.execute(
        select(KeptDraft, counted.c.number)
        .outerjoin(counted, counted.c.draft == KeptDraft.draft)
        .order_by(KeptDraft.updated_at.desc(), KeptDraft.draft)
    )
    return tuple(
        DraftHeading(
            id=DraftId(row.draft),
            name=row.name,
            base_version=row.base_version,
            revision=row.revision,
            updated_at=row.updated_at,
            steps=max(0, (number or 0) - 1),
            problem=_problem(row),
        )
        for row, number in found.all()
    )


def _problem(row: KeptDraft) -> str:
    return f"A newer console wrote this draft, in format {row.format}." if row.format > FORMAT else ""


def _draft(session: Session, draft: DraftId) -> tuple[Draft, int]:
    row = _row(session, draft)
    if problem := _problem(row):
        raise Refused(reason=f"{problem} It stays as it is.", mend="Open it with that console.")
    kept = session.scalars(select(KeptMoment).where(KeptMoment.draft == draft).order_by(KeptMoment.position)).all()
    if not kept or not 0 <= row.position - kept[0].position < len(kept):
        raise Refused(reason="The draft is damaged: its history has gaps. It stays as it is.", mend="Delete it.")
    line = tuple(Moment(label=moment.label, merge=moment.merge, workflow=_unpacked(moment.content)) for moment in kept)
    found = Draft(
        id=draft,
        name=row.name,
        history=history_of(line, row.position - kept[0].position),
        base=None if row.base is None else _unpacked(row.base),
        revision=row.revision,
        updated_at=row.updated_at,
    )
    return found, kept[0].position


def _save(session: Session, draft: Draft, position: int, change: _Change) -> None:
    row = session.get(KeptDraft, draft.id)
    if row is None:
        if draft.revision > 1:
            raise _gone()
        row = KeptDraft(draft=draft.id, name=draft.name)
        session.add(row)
    elif row.format > FORMAT or row.revision != draft.revision - 1:
        raise PlanIsStale(
            reason=f"“{row.name}” was changed in another window or console since it was opened here.",
            mend="Open it again, or keep what you have under another name.",
        )
    row.format = FORMAT
    row.base = None if draft.base is None else _packed(draft.base)
    row.base_version = None if draft.base is None else draft.base.version
    row.position = position
    row.revision = draft.revision
    row.updated_at = draft.updated_at
    session.flush()
    end = change.first + change.kept
    outside = or_(KeptMoment.position < change.first, KeptMoment.position >= end)
    session.execute(delete(KeptMoment).where(KeptMoment.draft == draft.id, outside))
    if change.added:
        session.execute(
            insert(KeptMoment),
            [
                {
                    "draft": draft.id,
                    "position": end + number,
                    "label": moment.label,
                    "merge": moment.merge,
                    "content": _packed(moment.workflow),
                }
                for number, moment in enumerate(change.added)
            ],
        )


def _delete(session: Session, draft: DraftId) -> None:
    session.execute(delete(KeptMoment).where(KeptMoment.draft == draft))
    session.execute(delete(KeptDraft).where(KeptDraft.draft == draft))


def _row(session: Session, draft: DraftId) -> KeptDraft:
    row = session.get(KeptDraft, draft)
    if row is None:
        raise _gone()
    return row


def _gone() -> NotFound:
    return NotFound(reason="That draft is not there any more.", mend="Choose another one.")


def _packed(workflow: Workflow) -> bytes:
    return zlib.compress(to_json(workflow), QUICK)


def _unpacked(content: bytes) -> Workflow:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(content, DECOMPRESSED_LIMIT_BYTES)
    except zlib.error as failure:
        raise Refused(reason=f"The draft is damaged: {failure}. It stays as it is.", mend="Delete it.") from failure
    return read_json(text)
