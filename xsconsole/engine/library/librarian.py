"""The last steps of a capture, for one run: what the templates are of is written to the pool, and compared."""

from datetime import datetime

import msgspec

from xsconsole.domain.actions.captures import KeepTemplate, VerifyTemplates, WriteBlueprint
from xsconsole.domain.blueprint import Blueprint, from_json, from_stored, to_stored
from xsconsole.domain.blueprint.gold import signed
from xsconsole.domain.blueprint.standing import blueprint_key
from xsconsole.domain.blueprint.templates import BLOCKED, read_mark
from xsconsole.domain.blueprint.values import content_digest
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import RunRecord
from xsconsole.engine.archives.ports import Archives
from xsconsole.engine.copies.copier import Copier
from xsconsole.engine.ports import Field
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.runs.snapshots import Freeze
from xsconsole.engine.values import insist
from xsconsole.errors import PlanIsStale, Refused, VerificationFailed


class Librarian:
    """Writes blueprints for one run. Everything can be repeated, by any console."""

    def __init__(self, presence: Presence, record: RunRecord, copier: Copier, archives: Archives) -> None:
        self._at = presence
        self._pool = presence.pool
        self._record = record
        self._copier = copier
        self._archives = archives

    async def perform(self, action: WriteBlueprint | VerifyTemplates) -> None:
        """Bring about what a step says."""
        if isinstance(action, WriteBlueprint):
            await self._write(action)
        else:
            await self._verify(action)

    async def is_there(self, action: WriteBlueprint | VerifyTemplates) -> bool:
        """Return whether the version stands as this run writes it; a comparison has no effect."""
        if isinstance(action, VerifyTemplates):
            return False
        keys = await self._at.keys(Field.POOL)
        text = keys.get(blueprint_key(action.blueprint, action.version))
        return text is not None and await self._is_ours(text, action)

    async def undo(self, action: WriteBlueprint) -> None:
        """Remove the version, if it is the one that this run wrote."""
        if await self.is_there(action):
            key = blueprint_key(action.blueprint, action.version)
            await insist(self._pool, lambda: self._pool.remove_key(Field.POOL, key))

    async def _write(self, action: WriteBlueprint) -> None:
        filled = await self._filled(action)
        freeze = None
        if action.freeze is not None:
            freeze = msgspec.json.decode(self._at.result(action.freeze), type=Freeze)
        source = filled.source
        if source is not None and freeze is not None:
            source = msgspec.structs.replace(
                source, frozen_at=datetime.fromisoformat(freeze.at), skew_ms=round(freeze.skew_s * 1000)
            )
        document = msgspec.structs.replace(
            filled, source=source, author=self._record.actor, at=self._at.clock.now().replace(microsecond=0)
        )
        stored = to_stored(signed(document, self._archives.signer))
        key = blueprint_key(action.blueprint, action.version)

        async def attempt() -> bool:
            standing = (await self._pool.keys(Field.POOL)).get(key)
            if standing is not None:
                return await self._is_ours(standing, action)
            return await self._pool.add_key(Field.POOL, key, stored)

        if not await insist(self._pool, attempt):
            raise PlanIsStale(
                reason=f"Somebody published version {action.version} of “{shortened(document.name)}” meanwhile.",
                mend="Undo this run, then capture it again.",
            )

    async def _filled(self, action: WriteBlueprint) -> Blueprint:
        """Return the document with the templates that were made."""
        document = from_json(action.document.encode())
        made = {id_: (await self._copier.of(key)).uuid for id_, key in action.templates.items()}
        members = tuple(msgspec.structs.replace(one, template=made[one.id]) for one in document.members)
        return msgspec.structs.replace(document, members=members)

    async def _is_ours(self, text: str, action: WriteBlueprint) -> bool:
        try:
            standing = from_stored(text)
        except Refused:
            return False
        document = from_json(action.document.encode())
        made = {id_: self._at.made(key) for id_, key in action.templates.items()}
        if any(one.template != made.get(one.id) for one in standing.members):
            return False
        templates = {one.id: one.template for one in document.members}
        bare = tuple(msgspec.structs.replace(one, template=templates[one.id]) for one in standing.members)
        alike = msgspec.structs.replace(standing, members=bare, source=document.source)
        return content_digest(alike) == content_digest(document)

    async def _verify(self, action: VerifyTemplates) -> None:
        """Compare the templates with what the plan makes of them.

        Raises:
            VerificationFailed: naming every difference.
        """
        differences: list[str] = []
        steps = self._at.plan.steps
        names = {step.action.copy: step.action.name for step in steps if isinstance(step.action, KeepTemplate)}
        for key in action.templates:
            found, name = await self._copier.find(key), shortened(names[key])
            if found is None:
                differences.append(f"{name} is gone")
            elif not found.is_a_template:
                differences.append(f"{name} is no template")
            elif read_mark(found) is None:
                differences.append(f"{name} carries no mark of the library")
            elif not BLOCKED.keys() <= found.blocked_operations.keys():
                differences.append(f"{name} is not protected")
        for step in steps:
            if isinstance(step.action, WriteBlueprint) and not await self.is_there(step.action):
                differences.append("the pool shows another document")
        if differences:
            raise VerificationFailed(differences=tuple(differences))
