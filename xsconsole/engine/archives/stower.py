"""The steps of archives in a pool, for one run. Everything can be repeated, by any console."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from xsconsole.domain.actions.stowing import (
    CheckStow,
    DestroyTemplate,
    ForgetStow,
    SealStow,
    StowAction,
    StowMember,
    VerifyStow,
)
from xsconsole.domain.archive import (
    ARCHIVED_KEY,
    Extract,
    Form,
    PoolArchive,
    PoolMember,
    archive_fact,
    archive_key,
    carried_by,
    carried_text,
    digest_of_carried,
    document_bytes,
    documents_in,
    fitting,
    hold_stem,
    judge_pooled,
    keep_stem,
    proof_stem,
    read_carried,
    read_pooled,
    rows_of,
    sealed,
    stored,
    to_bytes,
    warrants_in,
)
from xsconsole.domain.ids import NULL_REF, ArchiveId, ConfigurationId, Digest, Uuid
from xsconsole.domain.inventory import VBD, VDI, VIF, VM
from xsconsole.domain.manifest import Manifest
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.archives.ports import Archives
from xsconsole.engine.archives.sealing import heading, kept, workflow_in
from xsconsole.engine.archives.stow_checks import changes_of, demand_room, demand_whole
from xsconsole.engine.archives.template_port import Belonging
from xsconsole.engine.ports import Field
from xsconsole.engine.runs.gatekeeper import World
from xsconsole.engine.runs.marking import Marking
from xsconsole.engine.runs.presence import Presence, gone
from xsconsole.engine.values import insist, remove_value, set_key, write_value
from xsconsole.errors import Refused, VerificationFailed

T = TypeVar("T")

SEEN_S = 30.0  # how long what was written may take to be heard of
LOOK_S = 0.2


class Stower:
    """Makes templates of machines, seals and verifies them, and destroys them."""

    def __init__(
        self, presence: Presence, record: RunRecord, marking: Marking, world: World, archives: Archives
    ) -> None:
        self._at = presence
        self._pool = presence.pool
        self._record = record
        self._marking = marking
        self._world = world
        self._archives = archives

    async def perform(self, action: StowAction) -> None:
        """Bring about what a step says; `StowCopy` is done by who fits copies."""
        match action:
            case StowMember():
                await self._stow(action)
            case SealStow():
                await self._seal(action)
            case VerifyStow():
                await self._verify()
            case CheckStow():
                await self._check(action)
            case DestroyTemplate():
                await self._destroy(action)
            case ForgetStow():
                await self._forget(action)

    async def is_there(self, action: StowMember | SealStow | DestroyTemplate | ForgetStow) -> bool:
        match action:
            case StowMember(vm=vm, blocked=blocked):
                found = await self._at.vm(vm)
                return found.is_a_template and blocked.keys() <= found.blocked_operations.keys()
            case SealStow():
                return archive_key(self._own) in await self._at.keys(Field.POOL)
            case DestroyTemplate(vm=vm):
                return not await self._at.exists(vm)
            case ForgetStow(archive=archive):
                return archive_key(archive) not in await self._at.keys(Field.POOL)

    async def undo(self, action: StowMember | SealStow) -> None:
        if isinstance(action, SealStow):
            await set_key(self._pool, Field.POOL, archive_key(self._own), "")
            await remove_value(self._pool, Field.POOL, keep_stem(self._own))
            for vm in self._templates(action).values():
                if vm is not None and await self._at.exists(vm):
                    await set_key(self._pool, Field.VM, ARCHIVED_KEY, "", vm)
        elif await self._at.exists(action.vm):
            had = Belonging(
                ha_restart_priority=action.ha_restart_priority, appliance=action.appliance, schedule=action.schedule
            )
            await self._marking.protect(action.vm, {})
            await insist(self._pool, lambda: self._pool.templates.unmake(action.vm, had))

    @property
    def _own(self) -> ArchiveId:
        return ArchiveId(self._at.run)

    # Into the archive

    async def _stow(self, action: StowMember) -> None:
        async def attempt() -> None:
            found = await self._at.vm(action.vm)
            if found.power_state != "Halted":
                raise Refused(
                    reason=f"“{shortened(found.name_label)}” is {found.power_state.lower()}, and a template is off.",
                    mend="Shut it down, then settle the run again.",
                )
            await self._pool.templates.make(action.vm)

        await insist(self._pool, attempt)
        await self._marking.protect(action.vm, action.blocked)

    async def _seal(self, action: SealStow) -> None:
        manifest = msgspec.json.decode(action.manifest, type=Manifest)
        carried = {}
        for role, vm in self._templates(action).items():
            if vm is None:
                raise gone(Uuid(action.copies[role]))
            shown = await self._shown(vm)
            text = carried_text(carried_by(self._own, role, shown, manifest, self._world.inventory))
            await set_key(self._pool, Field.VM, ARCHIVED_KEY, text, vm)
            carried[role] = (vm, digest_of_carried(text))
        record = await self._archives.record_of(action.configuration)
        keys = await self._at.keys(Field.POOL)
        workflow = workflow_in(keys)
        members = tuple(
            PoolMember(**msgspec.structs.asdict(member), template=vm, carries=digest)
            for member in action.members
            for vm, digest in (carried[member.role],)
        )
        document = fitting(self._document(action, workflow, record, members))
        text = stored(to_bytes(sealed(document, self._archives.signer)))
        demand_room(keys, len(text))
        if action.keep_until is not None:
            keep = kept(action.keep_until, self._at, self._record)
            said = msgspec.json.encode(keep, order="sorted").decode()
            await write_value(self._pool, Field.POOL, keep_stem(self._own), said)
        await set_key(self._pool, Field.POOL, archive_key(self._own), text)

    def _document(
        self,
        action: SealStow,
        workflow: Workflow,
        record: bytes,
        members: tuple[PoolMember, ...],
    ) -> PoolArchive:
        rows = rows_of(record)
        return PoolArchive(
            **heading(
                self._at,
                self._record,
                action,
                workflow,
                console=self._archives.console,  # whose key signs it, and whose record it is
                configuration=action.configuration,
                name=action.name,
                service=action.service,
                revision=action.revision,
                stage=action.stage,
            ),
            form=Form(action.form),
            method=action.method,
            lineage=action.lineage,
            members=members,
            approvals=warrants_in(rows),
            record=Extract(
                rows=len(rows),
                through=max((row.seq for row in rows), default=0),
                sha256=Digest(hashlib.sha256(record).hexdigest()),
            ),
        )

    def _templates(self, action: SealStow) -> dict[str, Uuid | None]:
        return {**{role: self._at.made(key) for role, key in action.copies.items()}, **action.machines}

    async def _shown(self, vm: Uuid) -> VM:
        """Return a machine once what was heard of it is what the pool has: a manifest is made of many records."""

        async def look() -> VM | None:
            there, heard = await self._at.vm(vm), self._world.inventory.by_uuid(VM, vm)
            is_shown = heard is not None and _settled(heard) == _settled(there) and self._has_parts(heard)
            return heard if is_shown else None

        found = await self._heard(look)
        if found is None:
            raise VerificationFailed(differences=(f"what became of {vm} was not heard of within {SEEN_S:.0f} s",))
        return found

    def _has_parts(self, vm: VM) -> bool:
        inventory = self._world.inventory
        drives = [inventory.get(VBD, ref) for ref in vm.VBDs]
        disks = [inventory.get(VDI, one.VDI) for one in drives if one is not None and one.type == "Disk"]
        parts: list[object] = [*drives, *disks, *(inventory.get(VIF, ref) for ref in vm.VIFs)]
        return all(part is not None for part in parts)

    async def _heard(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        """Look again and again until there is something, or time is up."""
        end_s = self._at.clock.monotonic_s() + SEEN_S
        while True:
            await self._world.caught_up()
            found = await look()
            if found is not None or self._at.clock.monotonic_s() >= end_s:
                return found
            await self._at.clock.sleep(LOOK_S)

    async def _verify(self) -> None:
        differences: list[str] = []

        async def look() -> bool | None:
            pool = self._world.inventory.pool
            text = documents_in(pool.other_config).get(self._own) if pool is not None else None
            differences[:] = ["its document was not heard of"]
            if text is not None:
                findings = judge_pooled(read_pooled(text, self._archives.check), self._world.inventory)
                differences[:] = [finding.sentence for finding in findings]
            return None if differences else True

        if await self._heard(look) is None:
            raise VerificationFailed(differences=tuple(differences))

    # Out of it, and away

    async def _check(self, action: CheckStow) -> None:
        await self._world.caught_up()
        text = (await self._at.keys(Field.POOL)).get(archive_key(action.archive))
        if text is None:
            raise Refused(reason="The archive is gone from the pool.", mend="Look at the archives again.")
        archive = read_pooled(text, self._archives.check)
        if hashlib.sha256(document_bytes(text)).hexdigest() != action.document:
            raise Refused(reason="Another archive stands there by now.", mend="Look at it again, then decide.")
        found = changes_of(archive, self._world.inventory)
        outcome = Outcome.FAILED if found else Outcome.DONE
        said = " ".join(found[:4]) or "Its templates stand as they were archived."
        await self._note(AuditEvent.ARCHIVE_VERIFIED, action.archive, archive.configuration, outcome, said)
        demand_whole(archive, self._world.inventory)

    async def _destroy(self, action: DestroyTemplate) -> None:
        found = await self._at.read(action.vm)
        carried = read_carried(found.other_config.get(ARCHIVED_KEY, "")) if found is not None else None
        if found is None or carried is None or (carried.archive, carried.vm) != (action.archive, found.uuid):
            return
        await self._marking.protect(action.vm, {})
        for snapshot in await insist(self._pool, lambda: self._pool.snapshots_of(action.vm)):
            await insist(self._pool, lambda uuid=snapshot.uuid: self._pool.destroy_snapshot(uuid, self._at.run))  # type: ignore[misc]
        await insist(self._pool, lambda: self._pool.copies.destroy(action.vm, self._at.run, set()))

    async def _forget(self, action: ForgetStow) -> None:
        for vm in action.vms:
            if await self._at.exists(vm):
                await set_key(self._pool, Field.VM, ARCHIVED_KEY, "", vm)
        for stem in (hold_stem(action.archive), keep_stem(action.archive), proof_stem(action.archive)):
            await remove_value(self._pool, Field.POOL, stem)
        await set_key(self._pool, Field.POOL, archive_key(action.archive), "")
        configuration = self._at.plan.intent.configuration
        await self._note(AuditEvent.ARCHIVE_DELETED, action.archive, configuration, Outcome.DONE)

    async def _note(
        self, event: AuditEvent, archive: ArchiveId, configuration: ConfigurationId, outcome: Outcome, reason: str = ""
    ) -> None:
        fact = archive_fact(
            event,
            self._at.plan.intent.name,
            archive,
            configuration=configuration,
            pool=self._pool.identity.pool,
            run=self._at.run,
            actor=self._record.actor,
            outcome=outcome,
            reason=reason or self._record.reason,
        )
        await self._archives.record(fact)


def _settled(vm: VM) -> VM:
    """Return a record without what moves by itself."""
    return msgspec.structs.replace(vm, allowed_operations=(), current_operations={}, guest_metrics=NULL_REF)
