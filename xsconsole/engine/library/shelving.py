"""Blueprints published by hand and taken out again: keys of the pool, and marks and protection of templates.

These are no runs: a version is one key, and what was marked for one that does not come to stand harms nobody. Taking
one out removes its document first, so that nobody makes anything of it while its templates go; what a console that
died left of them is told by the library, and removed by asking again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from xsconsole.domain.actions.copies import CopyMachine
from xsconsole.domain.approval import Decision, Matter
from xsconsole.domain.blueprint import Blueprint, check, findings, from_stored, to_stored
from xsconsole.domain.blueprint.gold import signed, subject_of
from xsconsole.domain.blueprint.namesakes import demand_own_name
from xsconsole.domain.blueprint.standing import (
    Retired,
    blueprint_key,
    blueprint_stem,
    next_version,
    retired_stem,
    versions_in,
)
from xsconsole.domain.blueprint.templates import BLOCKED, TEMPLATE_KEY, TemplateMark, mark_text, read_mark, templates_of
from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import BLOCK_REASON_PREFIX, numbers
from xsconsole.domain.publication.values import approval_stem
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.words import listing
from xsconsole.engine.archives.ports import Archives, NoArchives
from xsconsole.engine.closing import demand_reason
from xsconsole.engine.library.room import demand_room_for
from xsconsole.engine.library_commands import PublishBlueprint, RemoveLeftTemplates, RetireBlueprint
from xsconsole.engine.ports import Field, Ids, Ledger, PoolPort, Progress, Sink, Transferred
from xsconsole.engine.publication.publishing import leave_decision
from xsconsole.engine.values import insist, remove_value, set_key
from xsconsole.errors import NotFound, PlanIsStale, PoolFailed, Refused


class Shelving:
    """The library of one pool, as far as it is changed without a run."""

    def __init__(self, pool: PoolPort, ledger: Ledger, ids: Ids, archives: Archives | None) -> None:
        self._pool = pool
        self._ledger = ledger
        self._ids = ids
        self._archives = archives or NoArchives()

    async def publish(self, command: PublishBlueprint, inventory: Inventory) -> Blueprint:
        """Write the next version, mark and protect its templates, and return it as it stands.

        Raises:
            Refused: there is an error in it, nothing new, no room. PlanIsStale: somebody published one meanwhile.
            StoreFailed: it cannot be recorded; nothing was changed.
        """
        keys = await self._keys()
        at = await insist(self._pool, self._pool.time)
        draft = command.blueprint
        standing = numbers(keys, blueprint_stem(draft.id))
        if next(iter(standing), 0) != command.seen:
            raise PlanIsStale(
                reason=f"Somebody published or retired a version of “{shortened(draft.name)}” meanwhile.",
                mend="Look at it, then publish again.",
            )
        made = msgspec.structs.replace(
            draft,
            version=next_version(keys, draft.id),
            author=self._pool.identity.actor,
            at=at.replace(microsecond=0),
            changes=command.changes.strip(),
            imported=None,
            signature=None,
        )
        check(made)
        demand_own_name(keys, made.id, made.name)
        error = next((one for one in findings(made, templates_of(made, inventory)) if one.is_error), None)
        if error is not None:
            raise Refused(reason=error.sentence, mend=error.mend)
        if standing:
            demand_reason(command.changes)
        made = signed(made, self._archives.signer)
        stored = to_stored(made)
        demand_room_for(keys, len(stored))
        fact = self._fact(AuditEvent.BLUEPRINT_PUBLISHED, made, command.changes)
        await self._ledger.record(fact)
        await self._mark(made, inventory)
        if not await insist(self._pool, lambda: self._add(blueprint_key(made.id, made.version), stored)):
            await self._ledger.record(replace(fact, outcome=Outcome.REFUSED))
            raise PlanIsStale(
                reason=f"Somebody published version {made.version} of “{shortened(made.name)}” meanwhile.",
                mend="Look at it, then publish again.",
            )
        details: dict[str, Json] = {**(fact.details or {}), "content": stored}
        await self._ledger.record(replace(fact, outcome=Outcome.DONE, details=details))
        return made

    async def export(self, template: Uuid, sink: Sink, on_progress: Progress) -> Transferred:
        """Write a template as an XVA to where others follow, and change nothing; raises as the port does."""
        return await self._pool.copies.export_into(template, sink, RunId(self._ids.new()), on_progress)

    async def retire(self, command: RetireBlueprint, board: Board) -> tuple[str, ...]:
        """Remove a version and the templates that only it needs; return the names of the templates that went.

        Templates that were there before anybody made a blueprint of them stay, without mark and protection.

        Raises:
            NotFound: it is gone. Refused: a run makes machines of it.
            StoreFailed: it cannot be recorded; nothing was changed.
        """
        demand_reason(command.reason)
        keys = await self._keys()
        key = blueprint_key(command.blueprint, command.version)
        stored = keys.get(key)
        if stored is None:
            raise NotFound(reason="That version is not in the library any more.", mend="Look at the library again.")
        blueprint = _read(stored)
        own = {member.template for member in blueprint.members} if blueprint is not None else set()
        _demand_idle(own, board)
        needed = _needed(keys, but=key)
        at = await insist(self._pool, self._pool.time)
        fact = self._fact_of(
            AuditEvent.BLUEPRINT_RETIRED,
            command.reason,
            {
                "what": blueprint.name if blueprint is not None else command.blueprint,
                "blueprint": command.blueprint,
                "version": command.version,
                "digest": blueprint.digest if blueprint is not None else None,
                "content": stored,
            },
        )
        await self._ledger.record(fact)
        await self._tell_retired(command, keys, at)
        if blueprint is not None:
            await remove_value(self._pool, Field.POOL, approval_stem(Matter.BLUEPRINT, subject_of(blueprint)))
        await insist(self._pool, lambda: self._pool.remove_key(Field.POOL, key))
        gone = await self._let_go(own - needed)
        await self._ledger.record(
            replace(fact, outcome=Outcome.DONE, details={**(fact.details or {}), "templates": list(gone)})
        )
        return gone

    async def remove_left(self, command: RemoveLeftTemplates, board: Board) -> tuple[str, ...]:
        """Remove templates of the library that no version needs; return their names. Raises as `retire` does."""
        keys = await self._keys()
        unneeded = set(command.templates) - _needed(keys)
        _demand_idle(unneeded, board)
        fact = self._fact_of(
            AuditEvent.TEMPLATES_REMOVED, command.reason, {"what": "templates", "templates": sorted(unneeded)}
        )
        await self._ledger.record(fact)
        gone = await self._let_go(unneeded)
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))
        return gone

    async def decide(self, decision: Decision) -> None:
        """Leave a signed decision on a version as gold master; see `leave_decision`."""
        await leave_decision(self._pool, self._ledger, decision)

    async def _keys(self) -> Mapping[str, str]:
        return await insist(self._pool, lambda: self._pool.keys(Field.POOL))

    async def _add(self, key: str, stored: str) -> bool:
        if (await self._pool.keys(Field.POOL)).get(key) == stored:
            return True
        return await self._pool.add_key(Field.POOL, key, stored)

    async def _mark(self, blueprint: Blueprint, inventory: Inventory) -> None:
        """Mark and protect what nobody has marked yet; a template that another blueprint has stays that one's."""
        for member in blueprint.members:
            vm = inventory.by_uuid(VM, member.template)
            if vm is None:
                continue
            if read_mark(vm) is None:
                mark = TemplateMark(vm=vm.uuid, blueprint=blueprint.id, role=member.role)
                await set_key(self._pool, Field.VM, TEMPLATE_KEY, mark_text(mark), vm.uuid)
            for operation, reason in BLOCKED.items():
                if vm.blocked_operations.get(operation, BLOCK_REASON_PREFIX).startswith(BLOCK_REASON_PREFIX):
                    await set_key(self._pool, Field.BLOCKED, operation, reason, vm.uuid)

    async def _tell_retired(self, command: RetireBlueprint, keys: Mapping[str, str], at: datetime) -> None:
        """Leave the number of the version, if it is the highest: no other one gets it."""
        stem = retired_stem(command.blueprint)
        if command.version < max(numbers(keys, stem), default=0):
            return
        told = Retired(
            blueprint=command.blueprint,
            version=command.version,
            by=self._pool.identity.actor,
            at=at,
        )
        text = msgspec.json.encode(told, order="sorted").decode()
        await insist(self._pool, lambda: self._add(f"{stem}.{command.version}", text))
        for number in numbers(keys, stem):
            await insist(self._pool, lambda number=number: self._pool.remove_key(Field.POOL, f"{stem}.{number}"))  # type: ignore[misc]

    async def _let_go(self, templates: Iterable[Uuid]) -> tuple[str, ...]:
        """Destroy what was made for the library and is still a template of it; take mark and protection of the rest."""
        gone = []
        for uuid in sorted(templates):
            vm = await insist(self._pool, lambda uuid=uuid: self._pool.read_vm(uuid))  # type: ignore[misc]
            mark = read_mark(vm) if vm is not None else None
            if vm is None or mark is None:
                continue
            for operation, reason in vm.blocked_operations.items():
                if reason == BLOCKED.get(operation):
                    await set_key(self._pool, Field.BLOCKED, operation, "", uuid)
            if mark.run is None or not vm.is_a_template:
                await set_key(self._pool, Field.VM, TEMPLATE_KEY, "", uuid)
                continue
            try:
                await insist(
                    self._pool,
                    lambda uuid=uuid: self._pool.copies.destroy(uuid, RunId(self._ids.new()), set()),  # type: ignore[misc]
                )
            except PoolFailed:
                # It is told of as left over, and can be tried again.
                await set_key(self._pool, Field.BLOCKED, "destroy", BLOCKED["destroy"], uuid)
                raise
            gone.append(vm.name_label)
        return tuple(gone)

    def _fact(self, event: AuditEvent, blueprint: Blueprint, reason: str) -> Fact:
        return self._fact_of(
            event,
            reason,
            {
                "what": blueprint.name,
                "blueprint": blueprint.id,
                "version": blueprint.version,
                "digest": blueprint.digest,
            },
        )

    def _fact_of(self, event: AuditEvent, reason: str, details: Mapping[str, Json]) -> Fact:
        identity = self._pool.identity
        return Fact(
            event=event,
            actor=identity.actor,
            pool=identity.pool,
            session=identity.session,
            reason=reason,
            details=details,
        )


def _read(stored: str) -> Blueprint | None:
    try:
        return from_stored(stored)
    except Refused:
        return None


def _needed(keys: Mapping[str, str], but: str = "") -> set[Uuid]:
    """Return the templates that versions need, without the version under one key.

    Raises:
        Refused: a version cannot be read, so nobody knows what it needs.
    """
    found: set[Uuid] = set()
    for id_, version in versions_in(keys):
        key = blueprint_key(id_, version)
        blueprint = _read(keys[key]) if key != but else None
        if blueprint is None and key != but:
            raise Refused(
                reason=f"Version {version} of blueprint {id_[:8]} cannot be read here: nobody knows what it needs.",
                mend="Use the console that wrote it, or retire that version first.",
            )
        found.update(member.template for member in (blueprint.members if blueprint is not None else ()))
    return found


def _demand_idle(templates: Iterable[Uuid], board: Board) -> None:
    """Refuse while a run copies one of these templates."""
    wanted = set(templates)
    busy = tuple(
        card.name
        for card in board.cards.values()
        if card.run is not None
        and any(
            isinstance(step.action, CopyMachine) and step.action.vm in wanted for step in card.run.record.plan.steps
        )
    )
    if busy:
        raise Refused(
            reason=f"A run makes machines of its templates: {listing(busy)}.", mend="Wait until it has ended."
        )
