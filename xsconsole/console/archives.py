"""The archives of this home: where they are kept, whether they are whole, and what is done with them."""

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from xsconsole.console.home import Home
from xsconsole.console.home_archives import OnRecord, on_record, spelled
from xsconsole.console.leftovers import Leftovers, Standing
from xsconsole.domain.archive import (
    KEEP,
    MANIFEST,
    Archive,
    Check,
    Held,
    Keep,
    Shelved,
    archive_fact,
    claimed_by,
    demand_unheld,
    find_archive,
    is_due,
    judge,
    read,
)
from xsconsole.domain.board import Card
from xsconsole.domain.comparison import Source, Version
from xsconsole.domain.ids import ArchiveId, ConfigurationId, Digest, StageId, Uuid
from xsconsole.domain.manifest import Manifest
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.words import instant
from xsconsole.engine.archives.archiving import stem_of
from xsconsole.engine.commands import ArchiveToFiles, RestoreFromArchive
from xsconsole.errors import Refused
from xsconsole.store.archives import HOLD, PROOF, FolderShelf
from xsconsole.store.keys import is_signature

USUAL_FOLDER = "archives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where an archive comes back to; see `RestoreFromArchive`."""

    target: StageId
    networks: Mapping[str, Uuid]
    sr: Uuid | None = None
    pool: Uuid | None = None


class ArchiveRoom:
    """What people do with archives in files. Needs no pool but to make them and to bring them back.

    `standing` tells the runs that stand on the pools which are connected: what they write is not deleted.
    """

    def __init__(self, home: Home, standing: Standing = tuple) -> None:
        self._home = home
        self._shelf = FolderShelf()
        self._leftovers = Leftovers(home, self._shelf, standing)

    @property
    def usual(self) -> Path:
        """Where archives go unless somebody says otherwise: where the last one went."""
        return self.places[0]

    @property
    def places(self) -> tuple[Path, ...]:
        """The folders in which archives of this home were kept, the latest first."""
        own = self._home.settings.home / USUAL_FOLDER
        kept = [Path(place) for place in self._home.settings.archive_places]
        return tuple(dict.fromkeys((*kept, own)))

    def know(self, folder: Path) -> None:
        """List what lies in a folder from now on, or beside it where it is an archive itself.

        Raises:
            Refused: it is no folder, or nothing can be kept.
        """
        self._demand_writing()
        if not folder.is_dir():
            raise Refused(reason=f"{folder} is no folder.", mend="Choose another one.")
        is_archive = folder.parent.is_dir() and folder in FolderShelf.within(folder.parent)
        self._home.settings.keep_archive_place(str((folder.parent if is_archive else folder).absolute()))

    # Making

    def folder_for(self, card: Card, place: Path | None = None) -> Path:
        """Return the folder into which a configuration would be archived now; it is not made."""
        stamp = self._home.clock.now().strftime("%Y%m%d-%H%M%S")
        return (place or self.usual) / f"{stem_of(card.name)}-{stamp}"

    def archiving(
        self,
        card: Card,
        place: Path | None = None,
        *,
        is_stopped_first: bool = False,
        keep_until: datetime | None = None,
        reason: str = "",
    ) -> ArchiveToFiles:
        """Return the command that archives a configuration into a new folder within `place`, which is remembered.

        Raises:
            Refused: it would have expired by now.
        """
        self._demand_later(keep_until)
        place = (place or self.usual).expanduser().absolute()
        if not self._home.is_reading:
            self._home.settings.keep_archive_place(str(place))
        return ArchiveToFiles(
            configuration=card.id,
            revision=card.revision,
            folder=self.folder_for(card, place),
            is_stopped_first=is_stopped_first,
            room_bytes=_room(place),
            keep_until=keep_until,
            reason=reason,
        )

    async def returning(self, folder: Path, to: Destination, reason: str = "") -> RestoreFromArchive:
        """Return the command that brings an archive back.

        Raises:
            Refused: there is none that can be believed.
        """
        document = await self._shelf.document(folder)
        archive = read(document, is_signature)
        return RestoreFromArchive(
            archive=archive,
            is_own=archive.key == self._home.key_fingerprint,
            document=Digest(hashlib.sha256(document).hexdigest()),
            folder=folder,
            target=to.target,
            networks=to.networks,
            sr=to.sr,
            pool=to.pool,
            reason=reason,
        )

    # Looking

    async def listed(self) -> tuple[Shelved, ...]:
        """Return what lies in the known places, newest first. Only the documents are read: `verify` reads the rest."""
        found = await asyncio.to_thread(_folders, self.places)
        recorded = await on_record(self._home)
        shelved = [await self._shelved(folder, recorded) for folder in found]
        oldest = datetime.min.replace(tzinfo=self._home.clock.now().tzinfo)
        return tuple(sorted(shelved, key=lambda one: one.archive.at if one.archive else oldest, reverse=True))

    async def look(self, folder: Path) -> Shelved:
        """Return one archive, wherever it lies, as far as its document tells.

        Raises:
            Refused: there is no archive.
        """
        if await self._shelf.unfinished_by(folder) is None:
            await self._shelf.document(folder)
        return await self._shelved(folder, await on_record(self._home))

    async def find(self, name: str) -> Shelved:
        """Return an archive that is known here, or that lies in the folder which is named.

        Raises:
            Refused: there is none, or several.
        """
        folder = folder_named(name)
        return await self.look(folder) if folder is not None else find_archive(await self.listed(), name)

    async def versions_of(self, configuration: ConfigurationId, archive: ArchiveId | None) -> tuple[Version, ...]:
        """Return what a configuration was in its archives, and in that one, as far as their manifests are whole."""
        found = await self.versions()
        return tuple(one for id_, one in found.items() if id_ == archive or one.configuration == configuration)

    async def versions(self) -> Mapping[ArchiveId, Version]:
        """Return what each archive is of, newest first, as far as their manifests are whole."""
        found = {}
        for one in await self.listed():
            if one.archive is not None:
                with contextlib.suppress(Refused):
                    found[one.archive.id] = await self._version(Path(one.folder), one.archive)
        return found

    async def version_in(self, folder: Path) -> Version:
        """Return what an archive is of.

        Raises:
            Refused: there is none that can be believed, or its manifest is not whole.
        """
        return await self._version(folder, read(await self._shelf.document(folder), is_signature))

    async def _version(self, folder: Path, document: Archive) -> Version:
        content = await self._shelf.content(folder, MANIFEST)
        hashes = {file.path: file.sha256 for file in document.files}
        if hashlib.sha256(content).hexdigest() != hashes.get(MANIFEST):
            raise Refused(reason=f"{MANIFEST} is not as it was signed.", mend="Verify the archive; it says more.")
        return _version(document, msgspec.json.decode(content, type=Manifest))

    async def verify(
        self,
        folder: Path,
        vouched: Collection[str] = (),
        tell: Callable[[float], None] | None = None,
        expected: str = "",
    ) -> Check:
        """Read all of an archive, compare every hash, and record what came of it.

        `vouched` are fingerprints of keys that the asker knows, beside this console's own; `expected` is the one that
        must have signed it; `tell` hears what share is
        read. Cancelled, it stops reading, and nothing is recorded.

        Raises:
            Refused: there is no archive.
        """
        document = await self._shelf.document(folder)
        keys = {self._home.key_fingerprint, *vouched} - {""}
        found = judge(document, await self._shelf.measure(folder, tell), is_signature, keys, expected)
        outcome = Outcome.DONE if found.is_good else Outcome.FAILED
        await self._record(AuditEvent.ARCHIVE_VERIFIED, folder, found.archive, found.sentence, outcome)
        return found

    async def _shelved(self, folder: Path, recorded: OnRecord) -> Shelved:
        run = await self._shelf.unfinished_by(folder)
        if run is not None:
            return Shelved(folder=folder, archive=None, problem=await self._leftovers.told(run), is_unfinished=True)
        document = b""
        try:
            document = await self._shelf.document(folder)
            archive = read(document, is_signature)
        except Refused as refusal:
            problem = f"{refusal.reason} {refusal.mend}".strip()
            return Shelved(folder=folder, archive=None, problem=problem, claims=claimed_by(document))
        found = recorded.verdict_of(archive.id, folder)
        return Shelved(
            folder=folder,
            archive=archive,
            held=await self._held(folder),
            keep=await self._shelf.kept_until(folder),
            proofs=recorded.proofs_of(archive.id, folder, await self._shelf.content(folder, PROOF)),
            proven_at=found.proven_at,
            damaged_at=found.damaged_at,
            damage=found.damage,
            is_own=archive.key == self._home.key_fingerprint,
        )

    async def _held(self, folder: Path) -> Held | None:
        """Return what keeps an archive from being deleted now."""
        held = await self._shelf.held(folder)
        return held if held is not None and held.holds(self._home.clock.now()) else None

    # Keeping and deleting

    async def hold(self, folder: Path, reason: str, until: datetime | None = None) -> None:
        """Let nobody delete an archive until that is lifted, or until a time.

        Raises:
            Refused: there is no archive that can be believed, no reason, or the time is over already.
        """
        self._demand_writing()
        if not reason.strip():
            raise Refused(reason="A hold needs a reason.", mend="Say why it must be kept.")
        archive = read(await self._shelf.document(folder), is_signature)
        held = Held(reason=shortened(reason, 500), by=_who(self._home), at=self._home.clock.now(), until=until)
        self._demand_later(until)
        await self._record(AuditEvent.ARCHIVE_HELD, folder, archive, reason, None)
        await self._shelf.keep(folder, HOLD, msgspec.json.encode(held))
        await self._record(AuditEvent.ARCHIVE_HELD, folder, archive, reason, Outcome.DONE)

    async def release(self, folder: Path, reason: str) -> None:
        """Lift a hold; raises as `hold` does, and where there is none."""
        self._demand_writing()
        archive = read(await self._shelf.document(folder), is_signature)
        if await self._held(folder) is None:
            raise Refused(reason=f"“{shortened(archive.name)}” is not held.", mend="There is nothing to lift.")
        await self._record(AuditEvent.ARCHIVE_RELEASED, folder, archive, reason, None)
        await self._shelf.keep(folder, HOLD, None)
        await self._record(AuditEvent.ARCHIVE_RELEASED, folder, archive, reason, Outcome.DONE)

    async def keep(self, folder: Path, until: datetime | None, reason: str = "") -> None:
        """Say until when an archive is kept; None: until somebody deletes it.

        Raises:
            Refused: there is no archive that can be believed, or the time is over already.
        """
        self._demand_writing()
        self._demand_later(until)
        archive = read(await self._shelf.document(folder), is_signature)
        said = Keep(until=until, by=_who(self._home), at=self._home.clock.now()) if until is not None else None
        why = f"Until {instant(until) if until is not None else 'somebody deletes it'}. {reason}".strip()
        await self._record(AuditEvent.ARCHIVE_KEPT, folder, archive, why, None)
        await self._shelf.keep(folder, KEEP, msgspec.json.encode(said) if said is not None else None)
        await self._record(AuditEvent.ARCHIVE_KEPT, folder, archive, why, Outcome.DONE)

    def now(self) -> datetime:
        return self._home.clock.now()

    def _demand_later(self, until: datetime | None) -> None:
        if until is not None and until <= self._home.clock.now():
            raise Refused(reason="That time is over already.", mend="Name a later one.")

    async def expire(self) -> tuple[tuple[Shelved, int], ...]:
        """Delete what has expired in the known places, and return it with how many bytes that freed; a hold wins."""
        self._demand_writing()
        gone = []
        for one in await self.listed():
            folder = Path(one.folder)
            keep = await self._shelf.kept_until(folder)
            if is_due(replace(one, keep=keep), self.now()) and keep is not None:
                why = f"It has expired: it was to be kept until {instant(keep.until)}."
                gone.append((one, await self.delete(folder, why)))
        return tuple(gone)

    async def delete(self, folder: Path, reason: str) -> int:
        """Delete an archive for good, and return how many bytes that freed.

        Raises:
            Refused: it is held, or none that can be told from a folder of something else.
        """
        self._demand_writing()
        run = await self._shelf.unfinished_by(folder)
        if run is not None:
            return await self._leftovers.forget(folder, run)
        archive = read(await self._shelf.document(folder), is_signature)
        demand_unheld(archive.name, await self._held(folder))
        await self._record(AuditEvent.ARCHIVE_DELETED, folder, archive, reason, None)  # before the effect
        freed_bytes = await self._shelf.delete(folder, [file.path for file in archive.files])
        await self._record(AuditEvent.ARCHIVE_DELETED, folder, archive, reason, Outcome.DONE)
        return freed_bytes

    def _demand_writing(self) -> None:
        """Refuse what could not be put on record."""
        if self._home.is_reading:
            raise Refused(reason="This console was opened for looking only.", mend="Open it with its signing key.")

    async def _record(
        self, event: AuditEvent, folder: Path, archive: Archive | None, reason: str, outcome: Outcome | None
    ) -> None:
        await self._home.record(
            archive_fact(
                event,
                archive.name if archive is not None else folder.name,
                archive.id if archive is not None else None,
                configuration=archive.configuration if archive is not None else None,
                folder=spelled(folder),
                outcome=outcome,
                reason=reason,
            )
        )


def _version(document: Archive, manifest: Manifest) -> Version:
    return Version(
        configuration=document.configuration,
        name=document.name,
        stage=document.stage,
        manifest=manifest,
        source=Source.ARCHIVE,
        at=document.frozen_at,
        service=document.service,
        stage_name=document.stage_name,
    )


def _folders(places: Collection[Path]) -> list[Path]:
    """Return what looks like an archive, or like what was cut off while it was made."""
    return [folder for place in places if place.is_dir() for folder in FolderShelf.within(place)]


def _room(place: Path) -> int | None:
    """Return what is free where a folder would be made; None where that cannot be told."""
    there = next((folder for folder in (place, *place.parents) if folder.is_dir()), None)
    return shutil.disk_usage(there).free if there is not None else None


def folder_named(name: str) -> Path | None:
    """Return the folder that is named so; None where there is none."""
    folder = Path(name).expanduser().absolute()
    return folder if folder.is_dir() else None


def _who(home: Home) -> str:
    return home.settings.console_name
