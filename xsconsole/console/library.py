"""The library of one pool, as people use it: looked at, published, retired, signed as gold; documents and drafts."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from xsconsole.console.home import Home
from xsconsole.console.refusals import record_unread
from xsconsole.console.values import Verb
from xsconsole.domain.approval import Matter, Meaning, decided, people_of
from xsconsole.domain.blueprint import Blueprint, Finding, Template, check, content_digest, findings, from_json, to_json
from xsconsole.domain.blueprint.gold import subject_of
from xsconsole.domain.blueprint.standing import Library, Shelved, library_of
from xsconsole.domain.blueprint.templates import templates_of, templates_to_choose
from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import BlueprintId, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import Fact
from xsconsole.domain.signing import owner_of
from xsconsole.domain.text_form import DECOMPRESSED_LIMIT_BYTES
from xsconsole.engine.archives.archiving import stem_of
from xsconsole.engine.commands import Capture
from xsconsole.engine.engine import Engine
from xsconsole.engine.library_commands import PublishBlueprint, RemoveLeftTemplates, RetireBlueprint
from xsconsole.engine.ports import Identity
from xsconsole.errors import NotPermitted, Refused
from xsconsole.store import files
from xsconsole.store.keys import is_signature

log = logging.getLogger(__name__)

SHOWN_S = 15.0
DRAFTS = "blueprint-drafts"


class LibraryConsole(Protocol):
    """What is needed of the console of one pool."""

    @property
    def home(self) -> Home: ...

    @property
    def board(self) -> Board: ...

    @property
    def inventory(self) -> Inventory: ...

    @property
    def identity(self) -> Identity | None: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def until(self) -> Callable[[Callable[[Board], bool], float], Awaitable[None]]: ...

    def denial(self, verb: Verb) -> NotPermitted | None: ...

    async def record(self, *facts: Fact) -> None: ...


class BlueprintDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody works on in this home. `seen` is the newest version when it was begun; 0: there was none."""

    format: Literal[1] = 1
    blueprint: Blueprint
    pool: Uuid
    pool_name: str
    seen: int
    updated_at: datetime

    @property
    def id(self) -> BlueprintId:
        return self.blueprint.id


class LibraryDesk:
    """The library of one pool. Lives on the loop's thread."""

    def __init__(self, console: LibraryConsole) -> None:
        self._console = console

    @property
    def library(self) -> Library:
        """Return what stands there now."""
        return library_of(self._console.inventory, self._console.board.workflow, is_signature)

    def made_of(self, blueprint: BlueprintId, version: int | None = None) -> tuple[Card, ...]:
        """Return the configurations that came of a blueprint, or of one version of it."""
        return tuple(
            card
            for card in self._console.board.cards.values()
            if card.origin is not None
            and card.origin.blueprint == blueprint
            and version in (None, card.origin.revision)
        )

    def capturing(self, card: Card, blueprint: BlueprintId | None = None, **fields: Any) -> Capture:
        """Return the command that captures a configuration, as a new blueprint where none is named."""
        own = blueprint if blueprint is not None else BlueprintId(self._console.home.ids.new())
        command = Capture(configuration=card.id, revision=card.revision, blueprint=own)
        return replace(command, **fields)

    def look(self, blueprint: Blueprint) -> tuple[Finding, ...]:
        """Return what is to be said of a blueprint on this pool."""
        inventory = self._console.inventory
        return findings(blueprint, templates_of(blueprint, inventory) if inventory.pool is not None else None)

    @property
    def templates(self) -> tuple[Template, ...]:
        """Return the templates of the pool that a member can be made of, by name."""
        return templates_to_choose(self._console.inventory)

    async def publish(self, blueprint: Blueprint, seen: int, changes: str) -> Blueprint:
        """Publish the next version, and return it once the pool has told of it.

        Raises:
            Refused: on record; nothing was changed. PoolUnavailable, StoreFailed: a look at the library finds out.
        """
        command = PublishBlueprint(blueprint=blueprint, seen=seen, changes=changes)
        what = f"Publish the blueprint {shortened(blueprint.name, 60)}"
        try:
            self._demand_rights()
            shelving = self._console.engine.shelving
            standing = next((one for one in self.library.of(blueprint.id) if one.is_newest), None)
            before = standing.blueprint if standing is not None else None
            if before is not None and content_digest(before) == content_digest(blueprint):
                raise Refused(
                    reason=f"Nothing is other than in version {before.version}.", mend="Change something first."
                )
            made = await shelving.publish(command, self._console.inventory)
        except Refused as refusal:
            await record_unread(self._console, what, changes, refusal)
            raise
        await self._until(lambda library: library.version(made.id, made.version) is not None)
        return made

    async def retire(self, blueprint: BlueprintId, version: int, reason: str) -> tuple[str, ...]:
        """Take a version out, with the templates that only it needs, and return their names; raises as `publish`."""
        found = self.library.version(blueprint, version)
        what = f"Retire version {version} of {shortened(found.called if found else blueprint, 60)}"
        try:
            self._demand_rights()
            command = RetireBlueprint(blueprint=blueprint, version=version, reason=reason)
            gone = await self._console.engine.shelving.retire(command, self._console.board)
        except Refused as refusal:
            await record_unread(self._console, what, reason, refusal)
            raise
        await self._until(lambda library: library.version(blueprint, version) is None)
        return gone

    async def remove_left(self, reason: str = "") -> tuple[str, ...]:
        """Remove templates that no version needs, and return their names; raises as `publish`."""
        try:
            self._demand_rights()
            command = RemoveLeftTemplates(templates=tuple(uuid for uuid, _ in self.library.left), reason=reason)
            gone = await self._console.engine.shelving.remove_left(command, self._console.board)
        except Refused as refusal:
            await record_unread(self._console, "Remove templates that are left over", reason, refusal)
            raise
        await self._until(lambda library: not library.left)
        return gone

    # Gold masters

    def why_not_decide(self, shelved: Shelved) -> Refused | None:
        """Return why this console's key cannot sign a version as gold master; None where it can."""
        workflow, blueprint = self._console.board.workflow, shelved.blueprint
        if blueprint is None:
            return Refused(reason="That version cannot be read.", mend=shelved.problem)
        if shelved.gold is None or workflow is None:
            return Refused(
                reason="The workflow names nobody who approves what is published.",
                mend="Give it rules for publishing: who approves a workflow signs gold masters too.",
            )
        key = self._console.home.key_fingerprint
        person = owner_of(key, workflow.people)
        named = {one.id for rule in workflow.publishing for one in people_of(rule, workflow)}
        if person is None or person.id not in named:
            return Refused(
                reason=f"The rules for publishing name nobody with this console's key ({key[:16]}).",
                mend=shelved.gold.sentence,
            )
        if shelved.signed_by == key:
            return Refused(
                reason="This console published that version, and nobody signs their own.", mend=shelved.gold.sentence
            )
        return None

    async def decide(self, shelved: Shelved, meaning: Meaning, reason: str) -> Shelved:
        """Sign for or against a version as gold master, and return it as it then stands.

        Raises:
            Refused: see `why_not_decide`; or it rejects without a reason.
        """
        refusal = self.why_not_decide(shelved)
        if refusal is None and not reason.strip():
            refusal = Refused(reason="No reason was given.", mend="Say what was tried, or what would have to change.")
        blueprint, identity = shelved.blueprint, self._console.identity
        if refusal is not None or blueprint is None or identity is None:
            assert refusal is not None, "what can be decided on can be read"
            await record_unread(self._console, f"Sign {shelved.called} as gold", reason, refusal)
            raise refusal
        home = self._console.home
        decision = decided(
            home.signer,
            matter=Matter.BLUEPRINT,
            subject=subject_of(blueprint),
            about=f"Version {blueprint.version} of {shortened(blueprint.name, 60)} as gold master",
            meaning=meaning,
            reason=reason.strip(),
            at=home.clock.now(),
            actor=identity.actor,
            sid=identity.sid,
        )
        await self._console.engine.shelving.decide(decision)
        before = len(shelved.gold.counted) + len(shelved.gold.rejected) if shelved.gold is not None else 0

        def is_counted(library: Library) -> bool:
            now = library.version(shelved.id, shelved.version)
            tally = now.gold if now is not None else None
            return tally is not None and len(tally.counted) + len(tally.rejected) > before

        await self._until(is_counted)
        return self.library.version(shelved.id, shelved.version) or shelved

    # Documents and drafts

    async def drafts(self) -> tuple[BlueprintDraft, ...]:
        """Return what is worked on in this home for this pool, newest first; what cannot be read is left out."""
        pool = self._pool
        return tuple(one for one in await asyncio.to_thread(_drafts_in, self._folder) if one.pool == pool)

    async def draft_of(self, shelved: Shelved, *, is_anew: bool = False) -> BlueprintDraft:
        """Return the draft of a blueprint, or a new one that begins with a version; `is_anew`: in place of the draft.

        Raises:
            Refused: that version cannot be read.
        """
        standing = next((one for one in await self.drafts() if one.id == shelved.id), None)
        if standing is not None and not is_anew:
            return standing
        if shelved.blueprint is None:
            raise Refused(reason="That version cannot be read.", mend=shelved.problem)
        newest = next((one.version for one in self.library.of(shelved.id)), shelved.version)
        return await self.keep_draft(shelved.blueprint, newest)

    async def draft_begun_with(self, shelved: Shelved) -> BlueprintDraft:
        """Return the draft that began with this version, or a new one.

        Raises:
            Refused: the draft of the blueprint began with another version; or as `draft_of`.
        """
        draft = await self.draft_of(shelved)
        if draft.blueprint.version != shelved.version:
            raise Refused(
                reason=f"There is a draft of it already, begun with version {draft.blueprint.version}.",
                mend=f"Publish or discard that one (`xsconsole blueprint discard draft:{draft.id}`), and begin anew.",
            )
        return draft

    async def keep_draft(self, blueprint: Blueprint, seen: int) -> BlueprintDraft:
        """Keep a draft as it is now; there is one of each blueprint.

        Raises:
            Refused: it has what no blueprint may have, or the file cannot be written. DiskFull: it was not written.
        """
        check(blueprint)
        pool = self._console.inventory.pool
        draft = BlueprintDraft(
            blueprint=msgspec.structs.replace(blueprint, imported=None, signature=None, author="", at=None),
            pool=self._pool,
            pool_name=pool.name_label if pool is not None else "",
            seen=seen,
            updated_at=self._console.home.clock.now(),
        )
        await asyncio.to_thread(_write, self._path(draft.id), msgspec.json.encode(draft))
        return draft

    async def discard(self, draft: BlueprintId) -> None:
        """Remove a draft; one that is gone is no error."""
        await asyncio.to_thread(self._path(draft).unlink, missing_ok=True)

    async def publish_draft(self, draft: BlueprintDraft, changes: str) -> Blueprint:
        """Publish a draft and remove it; raises as `publish`."""
        made = await self.publish(draft.blueprint, draft.seen, changes)
        await self.discard(draft.id)
        return made

    @property
    def _folder(self) -> Path:
        return self._console.home.settings.home / DRAFTS

    @property
    def _pool(self) -> Uuid:
        pool = self._console.inventory.pool
        return pool.uuid if pool is not None else Uuid("")

    def _path(self, draft: BlueprintId) -> Path:
        return self._folder / f"{stem_of(draft)}-{self._pool[:8]}.json"

    def _demand_rights(self) -> None:
        denial = self._console.denial(Verb.SHELVE)
        if denial is not None:
            raise denial

    async def _until(self, is_so: Callable[[Library], bool]) -> None:
        """Wait until the feed has told; what stands on the pool stands there anyhow."""
        with contextlib.suppress(TimeoutError):
            await self._console.until(lambda _: is_so(self.library), SHOWN_S)


async def read_document(path: str | Path) -> Blueprint:
    """Return the blueprint of a file.

    Raises:
        Refused: it cannot be read, is no blueprint, of a newer console, or has what no blueprint may have.
    """
    return from_json(await asyncio.to_thread(files.read_in, Path(path), DECOMPRESSED_LIMIT_BYTES))


async def read_one(path: str | Path) -> Mapping[str, object]:
    """Return values for the parameters of a blueprint.

    Raises:
        Refused: the file cannot be read, or has no object of values.
    """
    content = await asyncio.to_thread(files.read_in, Path(path), DECOMPRESSED_LIMIT_BYTES)
    try:
        return msgspec.json.decode(content, type=dict[str, object])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as failure:
        raise Refused(
            reason=f"{path} has no values: {failure}.", mend="Write a JSON object of parameters."
        ) from failure


async def write_document(blueprint: Blueprint, path: str | Path, *, may_replace: bool = False) -> None:
    """Write the text form to a file, whole or not at all; raises `AlreadyThere`, `Refused`, `DiskFull`."""
    await asyncio.to_thread(files.write_out, Path(path), to_json(blueprint) + b"\n", may_replace=may_replace)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    files.replace(path, content)


def _drafts_in(folder: Path) -> tuple[BlueprintDraft, ...]:
    found = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            draft = msgspec.json.decode(files.read_in(path, DECOMPRESSED_LIMIT_BYTES), type=BlueprintDraft)
            check(draft.blueprint)
        except (msgspec.MsgspecError, Refused, RecursionError) as failure:
            log.warning("a draft of a blueprint cannot be read: %s: %s", path, failure)
            continue
        found.append(draft)
    return tuple(sorted(found, key=lambda one: one.updated_at, reverse=True))
