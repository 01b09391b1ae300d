"""The steps of archiving and of coming back, for one run: files on this machine, machines on the pool."""

import hashlib
from pathlib import Path

import msgspec

from xsconsole.domain.actions.archives import (
    ArchiveAction,
    CheckArchive,
    CheckPackage,
    CompareArchived,
    ExportMember,
    ImportMachine,
    ImportMember,
    ImportTemplate,
    NoteArchived,
    PrepareArchive,
    SealArchive,
)
from xsconsole.domain.actions.stowing import StowAction
from xsconsole.domain.archive import (
    KEEP,
    MANIFEST,
    RECORD,
    WORKFLOW,
    Archive,
    ArchivedFile,
    Check,
    archive_fact,
    judge,
    rows_of,
    sealed,
    to_bytes,
    warrants_in,
)
from xsconsole.domain.blueprint.package import damage
from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.ids import ArchiveId, Digest
from xsconsole.domain.manifest import fingerprint, manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Step
from xsconsole.domain.poolstate import Archived, Roster, RunRecord, decode, encode, newest, roster_stem
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.signing import key_fingerprint
from xsconsole.domain.workflow import Workflow, to_json
from xsconsole.engine.archives.ports import Archives
from xsconsole.engine.archives.sealing import heading, kept, workflow_in
from xsconsole.engine.archives.stower import Stower
from xsconsole.engine.copies.copier import Copier
from xsconsole.engine.ports import Field, Progress, Span, Transferred
from xsconsole.engine.runs.gatekeeper import World
from xsconsole.engine.runs.marking import Marking
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.runs.snapshots import Snapshots
from xsconsole.engine.values import insist
from xsconsole.errors import PoolFailed, Refused, StoreFailed, VerificationFailed


class Archivist:
    """Makes archives and machines of them. Everything can be repeated."""

    def __init__(
        self,
        presence: Presence,
        record: RunRecord,
        snapshots: Snapshots,
        copier: Copier,
        marking: Marking,
        world: World,
        archives: Archives,
    ) -> None:
        self._at = presence
        self._pool = presence.pool
        self._record = record
        self._snapshots = snapshots
        self._copier = copier
        self._marking = marking
        self._world = world
        self._archives = archives
        self.stower = Stower(presence, record, marking, world, archives)  # of what stays in the pool

    async def perform(
        self,
        step: Step,
        action: ArchiveAction | StowAction,
        on_progress: Progress,
    ) -> str:
        """Bring about what a step says, and return what has to be known of it later."""
        match action:
            case PrepareArchive(folder=folder):
                await self._archives.shelf.begin(Path(folder), self._at.run)
            case CompareArchived():
                await self._compare(action)
            case ExportMember():
                return await self._export(action, on_progress)
            case SealArchive():
                await self._seal(action)
            case NoteArchived():
                await self._note(action)
            case CheckArchive():
                await self._check(action)
            case CheckPackage():
                await self._check_package(action)
            case ImportMember():
                return await self._bring(step, action, on_progress, Path(action.folder) / action.file)
            case ImportTemplate():
                package = Path(action.package)
                within = await self._archives.packages.place(package, action.file)
                return await self._bring(step, action, on_progress, package, within)
            case _:
                await self.stower.perform(action)
        return ""

    async def is_there(self, action: PrepareArchive | ExportMember | SealArchive | NoteArchived) -> bool:
        """Return whether the archive is finished, or noted: what is not is written anew."""
        if isinstance(action, NoteArchived):
            return await self._is_noted(action)
        return await self._archives.shelf.holds(Path(action.folder), self._at.run)

    async def undo(self, action: PrepareArchive | ExportMember | SealArchive | NoteArchived) -> None:
        """Remove what was written, if that was here: another console can only put back what is on the pool."""
        if isinstance(action, NoteArchived):
            await self._marking.write_roster(action.configuration, action.original)
            return
        if self._record.console != self._archives.console:
            return
        if isinstance(action, ExportMember):
            await self._archives.shelf.remove(Path(action.folder), action.file)
        else:
            await self._archives.shelf.discard(Path(action.folder), self._at.run)

    # Into an archive

    async def _compare(self, action: CompareArchived) -> None:
        await self._world.caught_up()
        card = self._world.board.cards.get(action.configuration)
        found = manifest_of_card(card, self._world.inventory, self._world.board.workflow) if card is not None else None
        if found is None or fingerprint(found) != action.fingerprint:
            raise VerificationFailed(differences=("it was changed while it was frozen",))

    async def _export(self, action: ExportMember, on_progress: Progress) -> str:
        snapshot = self._at.made(action.snapshot)
        if snapshot is None:
            raise PoolFailed(code="XSCONSOLE_SNAPSHOT_GONE", parameters=(action.vm,), method="VM.snapshot")
        file = self._archives.shelf.unfinished(Path(action.folder)) / action.file
        try:
            written = await insist(
                self._pool, lambda: self._pool.copies.export(snapshot, file, self._at.run, on_progress)
            )
        except StoreFailed as failure:
            # The record of this console can be written: it is the archive's folder that cannot.
            raise Refused(reason=failure.reason, mend=failure.mend) from failure
        return _told(written)

    async def _seal(self, action: SealArchive) -> None:
        folder, shelf = Path(action.folder), self._archives.shelf
        if await shelf.holds(folder, self._at.run):
            return
        exported = {
            step.action.file: _measured(step.action.file, self._at.result(step.key))
            for step in self._at.plan.steps
            if isinstance(step.action, ExportMember)
        }
        record = await self._archives.record_of(self._at.plan.intent.configuration)
        workflow = workflow_in(await self._at.keys(Field.POOL))
        papers = {
            MANIFEST: canonical_bytes(msgspec.json.decode(action.manifest)),
            WORKFLOW: to_json(workflow),
            RECORD: record,
        }
        for path, content in papers.items():
            await shelf.write(folder, path, content)
        if action.keep_until is not None:
            await shelf.write(folder, KEEP, msgspec.json.encode(kept(action.keep_until, self._at, self._record)))
        files = [*exported.values(), *(_of(path, content) for path, content in papers.items())]
        archive = self._document(action, workflow, record, tuple(sorted(files, key=lambda file: file.path)))
        await shelf.seal(folder, to_bytes(sealed(archive, self._archives.signer)))

    def _document(
        self, action: SealArchive, workflow: Workflow, record: bytes, files: tuple[ArchivedFile, ...]
    ) -> Archive:
        intent = self._at.plan.intent
        names = {
            step.action.file: self._snapshots.name_of(self._at.plan.step(step.action.snapshot))
            for step in self._at.plan.steps
            if isinstance(step.action, ExportMember)
        }
        assert intent.source is not None, "what stands nowhere is not archived"
        return Archive(
            **heading(
                self._at,
                self._record,
                action,
                workflow,
                console=self._record.console,
                configuration=intent.configuration,
                name=intent.name,
                service=intent.service,
                revision=intent.revision,
                stage=intent.source,
            ),
            lineage=action.lineage,
            members=tuple(msgspec.structs.replace(member, arrives_as=names[member.file]) for member in action.members),
            approvals=warrants_in(rows_of(record)),
            files=files,
        )

    async def _is_noted(self, action: NoteArchived) -> bool:
        keys = await self._at.keys(Field.POOL)
        _, roster = newest(keys, roster_stem(action.configuration), Roster)
        return roster is not None and roster.archived is not None and roster.archived.archive == ArchiveId(self._at.run)

    async def _note(self, action: NoteArchived) -> None:
        roster = decode(action.original, Roster)
        if roster is None or await self._is_noted(action):
            return
        archived = Archived(
            archive=ArchiveId(self._at.run),
            at=self._at.clock.now(),
            stage=action.stage,
            since=action.since,
            by=self._record.console_name,
            where=action.folder,
        )
        text = encode(msgspec.structs.replace(roster, archived=archived))
        await self._marking.write_roster(action.configuration, text)

    # Out of an archive

    async def _check(self, action: CheckArchive) -> None:
        """Verify all of it before anything is made of it.

        Raises:
            Refused: naming what is not as it was signed, that it is another one by now, or what stands in the way.
        """
        folder, shelf = Path(action.folder), self._archives.shelf
        document = await shelf.document(folder)
        known = {key_fingerprint(self._archives.signer.public_key)}
        found = judge(document, await shelf.measure(folder), self._archives.check, known)
        await self._record_check(action, found)
        if not found.is_good:
            said = " ".join(finding.sentence for finding in found.findings[:4])
            raise Refused(reason=f"The archive is not whole. {said}", mend="Take another copy of it.")
        if hashlib.sha256(document).hexdigest() != action.document:
            raise Refused(reason="Another archive lies there by now.", mend="Look at it again, then decide.")
        await self._demand_free_names()

    async def _record_check(self, action: CheckArchive, found: Check) -> None:
        intent = self._at.plan.intent
        await self._archives.record(
            archive_fact(
                AuditEvent.ARCHIVE_VERIFIED,
                intent.name,
                action.archive,
                configuration=found.archive.configuration if found.archive is not None else None,
                folder=action.folder,
                run=self._at.run,
                actor=self._record.actor,
                outcome=Outcome.DONE if found.is_good else Outcome.FAILED,
                reason=found.sentence,
            )
        )

    async def _check_package(self, action: CheckPackage) -> None:
        """The same of a blueprint with its disks; raises so too."""
        file = Path(action.package)
        opened, found = await self._archives.packages.measure(file, self._archives.check)
        said = damage(opened.package, found)
        if said:
            raise Refused(reason=f"{file.name} is not whole. {' '.join(said[:4])}", mend="Take another copy of it.")
        if opened.document != action.document:
            raise Refused(reason="Another file lies there by now.", mend="Look at it again, then decide.")
        await self._demand_free_names()

    async def _demand_free_names(self) -> None:
        for step in self._at.plan.steps:
            if isinstance(step.action, ImportMachine) and await self._copier.find(step.key) is not None:
                raise _in_the_way(step.action.arrives_as)

    async def _bring(
        self, step: Step, action: ImportMachine, on_progress: Progress, file: Path, within: Span | None = None
    ) -> str:
        """Make the machine, and return its uuid; what an earlier attempt left is destroyed and made anew."""

        async def attempt() -> str:
            await self._copier.destroy(step, on_progress)
            try:
                sending = self._pool.copies.bring(file, action.sr, self._at.run, on_progress, within)
                made, sent = await self._at.settling(sending)
            except StoreFailed as failure:
                raise Refused(reason=failure.reason, mend=failure.mend) from failure
            found = await self._copier.find(step.key)
            if sent.sha256 == action.sha256 and found is not None and made == (found.uuid,):
                return found.uuid
            for vm in made:  # whatever it is, it is not what was archived, and may have another name
                await self._pool.copies.destroy(vm, self._at.run, ())
            raise Refused(reason=f"{action.file} was changed while it was read.", mend="Take another copy of it.")

        return await insist(self._pool, attempt)


def _told(written: Transferred) -> str:
    return f"{written.sha256} {written.size_bytes}"


def _measured(path: str, told: str) -> ArchivedFile:
    sha256, _, size_bytes = told.partition(" ")
    return ArchivedFile(path=path, size_bytes=int(size_bytes), sha256=Digest(sha256))


def _of(path: str, content: bytes) -> ArchivedFile:
    return ArchivedFile(path=path, size_bytes=len(content), sha256=Digest(hashlib.sha256(content).hexdigest()))


def _in_the_way(name: str) -> Refused:
    return Refused(
        reason=f"A machine of the pool is called “{shortened(name)}”, as what arrives would be: they could not be told "
        "apart.",
        mend="Rename or remove that machine first.",
    )
