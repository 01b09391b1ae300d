"""The drafts of a home, and workflows in files."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from xsconsole.domain.drafts import Draft, DraftHeading
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import DraftId
from xsconsole.domain.naming import shortened
from xsconsole.domain.text_form import DECOMPRESSED_LIMIT_BYTES
from xsconsole.domain.workflow import Workflow, from_json, to_json
from xsconsole.domain.workflow.history import History
from xsconsole.engine.ports import Clock, Ids
from xsconsole.errors import Ambiguous, NotFound, Refused
from xsconsole.settings import home_folder
from xsconsole.store import files
from xsconsole.store.database import Database
from xsconsole.store.drafts import DraftStore
from xsconsole.system import RandomIds, SystemClock

NAME_LIMIT = 100


class Drafts:
    """What somebody works on in this home. Nothing of it is on a pool before it is published.

    A draft is saved after each gesture, with what `save` returned last; what was saved survives the end of the process.
    """

    def __init__(self, store: DraftStore, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def headings(self) -> tuple[DraftHeading, ...]:
        """Return all drafts, newest first."""
        return await self._store.headings()

    async def find(self, name: str) -> DraftHeading:
        """Return the draft with this id or name.

        Raises:
            NotFound, Ambiguous: with the names or ids there are.
        """
        all_ = await self.headings()
        found = [one for one in all_ if one.id == name] or [
            one for one in all_ if one.name.casefold() == name.casefold()
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise Ambiguous(
                reason=f"{len(found)} drafts are called “{shortened(name)}”.",
                mend="Name it by its id.",
                choices=tuple(one.id for one in found),
            )
        raise NotFound(
            reason=f"No draft is called “{shortened(name)}”.",
            mend="Name one of those there are.",
            choices=tuple(one.name for one in all_),
        )

    async def open(self, draft: DraftId) -> Draft:
        """Return a draft with its history.

        Raises:
            NotFound: there is none.
            Refused: a newer console wrote it, or it is damaged; it stays as it is.
        """
        return await self._store.open(draft)

    async def new(self, name: str, workflow: Workflow, base: Workflow | None = None) -> Draft:
        """Begin a draft with a workflow: a template, a file, or the published version, which then is its base too.

        Where another draft is called so, it gets a number behind the name.

        Raises:
            Refused: the name is empty or too long.
        """
        draft = Draft(
            id=DraftId(self._ids.new()),
            name=_free(_named(name), {one.name.casefold() for one in await self.headings()}),
            history=History(base=workflow),
            base=base,
            revision=0,
            updated_at=self._clock.now(),
        )
        return await self._store.save(draft, self._clock.now())

    async def save(self, draft: Draft) -> Draft:
        """Keep a draft as it is now; go on with what this returns.

        Raises:
            NotFound: somebody deleted it meanwhile. PlanIsStale: somebody else saved it meanwhile.
            StoreFailed: nothing was written.
        """
        return await self._store.save(draft, self._clock.now())

    async def rename(self, draft: DraftId, name: str) -> None:
        """Give a draft another name.

        Raises:
            NotFound: there is none. Refused: the name is empty or too long.
        """
        await self._store.rename(draft, _named(name))

    async def delete(self, draft: DraftId) -> None:
        """Delete a draft with all its history; it cannot be brought back, so ask before."""
        await self._store.delete(draft)


@asynccontextmanager
async def drafts_alone(folder: str | Path | None) -> AsyncIterator[Drafts]:
    """Open the drafts of a home and nothing else: they are private, so that no key signs them and no row tells of them.

    Raises:
        StoreFailed: the folder or the database cannot be used; nothing was changed.
    """
    database = await Database.open(home_folder(folder))
    try:
        yield Drafts(DraftStore(database.reading, database), SystemClock(), RandomIds())
    finally:
        await database.close()


async def read_file(path: str | Path) -> Workflow:
    """Return the workflow of a file.

    Raises:
        Refused: it cannot be read, is no workflow, of a newer console, or contradicts itself.
    """
    return from_json(await asyncio.to_thread(files.read_in, Path(path), DECOMPRESSED_LIMIT_BYTES))


async def write_file(workflow: Workflow, path: str | Path, *, may_replace: bool = False) -> None:
    """Write the text form of a workflow to a file, whole or not at all.

    Raises:
        AlreadyThere: there is a file of that name.
        Refused: it cannot be written. DiskFull: nothing was left.
    """
    await asyncio.to_thread(files.write_out, Path(path), to_json(workflow) + b"\n", may_replace=may_replace)


def _named(name: str) -> str:
    found = one_line(name).strip()
    if not found:
        raise Refused(reason="The name is empty.", mend="Type a name.")
    if len(found) > NAME_LIMIT:
        raise Refused(reason=f"The name has {len(found)} characters; {NAME_LIMIT} are the most.", mend="Shorten it.")
    return found


def _free(name: str, taken: Collection[str]) -> str:
    """Return the name, with the first number behind it that nobody has where somebody has the name itself."""
    found, number = name, 1
    while found.casefold() in taken:
        number += 1
        found = f"{shortened(name, NAME_LIMIT - len(f' {number}'))} {number}"
    return found
