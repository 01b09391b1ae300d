"""Blueprints with their disks in one file: written out of a pool, and opened for coming into another one."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from xsconsole.console.library import LibraryConsole
from xsconsole.console.refusals import record_unread
from xsconsole.domain.archive.values import sealed, to_bytes
from xsconsole.domain.blueprint import Blueprint, to_json
from xsconsole.domain.blueprint.package import (
    BLUEPRINT,
    DOCUMENT,
    SUFFIX,
    Package,
    PackedPart,
    PackedTemplate,
    damage,
    whole_words,
)
from xsconsole.domain.blueprint.standing import Shelved
from xsconsole.domain.blueprint.templates import read_mark
from xsconsole.domain.canonical import Json
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import Digest, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.engine.archives.archiving import stem_of
from xsconsole.engine.commands import ImportBlueprint
from xsconsole.engine.plans.lands import version_of
from xsconsole.errors import ConsoleError, Refused
from xsconsole.store.keys import is_signature
from xsconsole.store.packages import PackageShelf, PackageWriter

Tell = Callable[[float], None]
"""Hears on the loop what share is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A template that is exported, under which name in the file, and for which of the members first."""

    vm: VM
    file: str
    role: str


class PackageDesk:
    """Blueprints of one pool that go into files, and files that come into it. Lives on the loop's thread."""

    def __init__(self, console: LibraryConsole) -> None:
        self._console = console
        self._shelf = PackageShelf()

    def file_name(self, shelved: Shelved) -> str:
        """Return what to call the file of a version unless somebody says otherwise."""
        return f"{stem_of(shelved.called)}-{shelved.version}.{SUFFIX}"

    async def export(
        self, shelved: Shelved, path: Path, tell: Tell | None = None, *, may_replace: bool = False
    ) -> Package:
        """Write a version with its disks to a file, whole or not at all. Cancelled, nothing is left of it.

        Raises:
            Refused, AlreadyThere, DiskFull: it cannot be exported, or not there. PoolFailed: a host said no.
        """
        blueprint, what = shelved.blueprint, f"Export {shortened(shelved.called, 60)} version {shelved.version}"
        try:
            self._demand_home()
            parts = _parts(shelved, self._console.inventory)
            assert blueprint is not None, "what has parts could be read"
            writer = await asyncio.to_thread(PackageWriter, path, may_replace=may_replace)
        except Refused as refusal:
            await record_unread(self._console, what, "", refusal)
            raise
        try:
            package = await self._written(blueprint, parts, writer, tell)
            await self._record(package, path, Outcome.DONE)
        except BaseException as failure:
            await asyncio.shield(asyncio.to_thread(writer.discard))
            if isinstance(failure, ConsoleError):
                await self._record_failed(shelved, path, failure)
            raise
        return package

    async def _written(
        self, blueprint: Blueprint, parts: list[_Part], writer: PackageWriter, tell: Tell | None
    ) -> Package:
        inventory, identity, home = self._console.inventory, self._console.identity, self._console.home
        assert identity is not None, "who has a library is connected"
        content = to_json(blueprint)
        await asyncio.to_thread(writer.add, BLUEPRINT, content)
        found = [PackedPart(path=BLUEPRINT, size_bytes=len(content), sha256=_sha256(content))]
        templates = []
        sizes = [sum(_disks(part.vm, inventory).values()) + 1 for part in parts]
        for number, part in enumerate(parts):
            done, own, whole = sum(sizes[:number]), sizes[number], sum(sizes)

            def hear(share: float, done: int = done, own: int = own, whole: int = whole) -> None:
                if tell is not None:
                    tell((done + own * share) / whole)

            with writer.adding(part.file) as sink:
                sent = await self._console.engine.shelving.export(part.vm.uuid, sink, hear)
            found.append(PackedPart(path=part.file, size_bytes=sent.size_bytes, sha256=Digest(sent.sha256)))
            templates.append(
                PackedTemplate(
                    vm=part.vm.uuid,
                    name=part.vm.name_label,
                    file=part.file,
                    role=part.role,
                    order=part.vm.order,
                    start_delay_s=part.vm.start_delay,
                    shutdown_delay_s=part.vm.shutdown_delay,
                    disks=_disks(part.vm, inventory),
                    virtual_bytes=await asyncio.to_thread(writer.last_machine),
                )
            )
            self._demand_name(part.vm)
        package = Package(
            at=home.clock.now(),
            console=home.settings.console,
            console_name=home.settings.console_name,
            actor=identity.actor,
            pool=identity.pool,
            pool_name=identity.pool_name,
            xapi_version=".".join(map(str, version_of(inventory, highest=True))),
            blueprint=blueprint.id,
            name=blueprint.name,
            version=blueprint.version,
            digest=blueprint.digest,
            templates=tuple(templates),
            parts=tuple(found),
        )
        await asyncio.to_thread(writer.add, DOCUMENT, to_bytes(sealed(package, home.signer)))
        await asyncio.to_thread(writer.finish)
        return package

    def _demand_name(self, was: VM) -> None:
        """Refuse what was renamed while it was written: by its name it is known where it arrives."""
        now = self._console.inventory.by_uuid(VM, was.uuid)
        if now is None or now.name_label != was.name_label:
            raise Refused(
                reason=f"The template “{shortened(was.name_label, 60)}” was renamed or removed meanwhile.",
                mend="Export it again.",
            )

    async def importing(
        self, path: Path, sr: Uuid | None = None, pool: Uuid | None = None, reason: str = ""
    ) -> ImportBlueprint:
        """Return the command that brings a file into the library. The run reads all of it before it makes anything.

        Raises:
            Refused: it is cut off, damaged, foreign or of a newer console; the reason says which.
        """
        opened = await self._shelf.open(path, is_signature)
        is_own = opened.package.key == self._console.home.key_fingerprint
        file = _anywhere(path)  # the run may be gone on with from elsewhere
        return ImportBlueprint(file=file, opened=opened, is_own=is_own, sr=sr, pool=pool, reason=reason)

    def _demand_home(self) -> None:
        if self._console.home.is_reading:
            raise Refused(reason="This console was opened for looking only.", mend="Open it with its signing key.")

    async def _record(self, package: Package, path: Path, outcome: Outcome) -> None:
        details: dict[str, Json] = {
            "what": package.name,
            "blueprint": package.blueprint,
            "version": package.version,
            "digest": package.digest,
            "file": str(path),
        }
        await self._console.record(self._fact(details, outcome, ""))

    async def _record_failed(self, shelved: Shelved, path: Path, failure: ConsoleError) -> None:
        details: dict[str, Json] = {
            "what": shelved.called,
            "blueprint": shelved.id,
            "version": shelved.version,
            "file": str(path),
        }
        await self._console.record(self._fact(details, Outcome.FAILED, shortened(str(failure), 300)))

    def _fact(self, details: dict[str, Json], outcome: Outcome, reason: str) -> Fact:
        identity = self._console.identity
        return Fact(
            event=AuditEvent.BLUEPRINT_EXPORTED,
            actor=identity.actor if identity is not None else "",
            pool=identity.pool if identity is not None else None,
            outcome=outcome,
            reason=reason,
            details=details,
        )


def _parts(shelved: Shelved, inventory: Inventory) -> list[_Part]:
    """Return the templates of a version, each once.

    Raises:
        Refused: there is an error in it, or one of them is not as the library made it.
    """
    blueprint = shelved.blueprint
    if blueprint is None:
        raise Refused(reason="That version cannot be read.", mend=shelved.problem)
    error = next((one for one in shelved.findings if one.is_error), None)
    if error is not None:
        raise Refused(reason=error.sentence, mend=error.mend)
    roles: dict[Uuid, str] = {}
    for member in blueprint.members:
        roles.setdefault(member.template, member.role)
    found = []
    for number, (uuid, role) in enumerate(roles.items(), start=1):
        vm = inventory.by_uuid(VM, uuid)
        assert vm is not None, "a template that is gone is an error"
        if read_mark(vm) is None:
            raise Refused(
                reason=f"The template “{shortened(vm.name_label, 60)}” carries no mark of the library any more.",
                mend="Publish the blueprint again: that marks its templates.",
            )
        if vm.VTPMs:
            raise Refused(
                reason=f"“{shortened(vm.name_label, 60)}” has a virtual TPM, whose secrets do not leave their pool.",
                mend="Take that member out of the blueprint.",
            )
        found.append(_Part(vm=vm, file=f"templates/{number:02d}-{stem_of(role)}.xva", role=role))
    return found


def _disks(vm: VM, inventory: Inventory) -> dict[str, int]:
    return {drive.userdevice: disk.virtual_size for drive, disk in drives_of(inventory, vm)}


def _sha256(content: bytes) -> Digest:
    return Digest(hashlib.sha256(content).hexdigest())


async def verify_package(path: Path, tell: Tell | None = None) -> str:
    """Read all of a file and return what to say of it.

    Raises:
        Refused: naming every part that is not as it was signed.
    """
    opened, found = await PackageShelf().measure(path, is_signature, tell)
    said = damage(opened.package, found)
    if said:
        raise Refused(reason=f"{path.name} is not whole. {' '.join(said[:4])}", mend="Take another copy of it.")
    return whole_words(opened.package)


def _anywhere(path: Path) -> Path:
    return path.absolute()
