"""What we write at machines and at the pool: member values, the stage for other programs, protection, rosters."""

from collections.abc import Mapping

from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.poolstate import (
    BLOCK_REASON_PREFIX,
    COMPANY_KEY,
    MEMBER_STEM,
    RESTORE_POINT_KEY,
    STAGE_FIELD_KEY,
    MemberValue,
    Roster,
    entered,
    is_same_member,
    newest_text,
    roster_stem,
)
from xsconsole.engine.ports import Field
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist, remove_value, set_key, write_value


class Marking:
    """Writes for one run; every write can be repeated."""

    def __init__(self, presence: Presence, *, by: str) -> None:
        self._at = presence
        self._by = by  # who writes, as member values say it
        self._pool = presence.pool

    async def has_member(self, vm: Uuid, text: str) -> bool:
        """Return whether a machine carries the member value of a plan."""
        return is_same_member(newest_text(await self._at.keys(Field.VM, vm), MEMBER_STEM, MemberValue), text)

    async def has_roster(self, configuration: ConfigurationId, text: str) -> bool:
        return newest_text(await self._at.keys(Field.POOL), roster_stem(configuration), Roster) == text

    async def enter(
        self,
        vm: Uuid,
        value: str,
        stage_name: str,
        blocked: Mapping[str, str],
        ha_restart_priority: str | None = None,
    ) -> None:
        """Write a member value with the moment of now, and what belongs to its stage.

        Raises:
            PoolFailed: the machine is gone.
        """
        await self._at.vm(vm)
        await self.write(vm, entered(value, self._at.clock.now(), self._by), stage_name, blocked, ha_restart_priority)

    async def write(
        self,
        vm: Uuid,
        value: str,
        stage_name: str,
        blocked: Mapping[str, str],
        ha_restart_priority: str | None = None,
    ) -> None:
        """Write a member value as it is, and what belongs to its stage; empty texts remove."""
        if value:
            await write_value(self._pool, Field.VM, MEMBER_STEM, value, vm)
        else:
            await remove_value(self._pool, Field.VM, MEMBER_STEM, vm)
            await set_key(self._pool, Field.VM, COMPANY_KEY, "", vm)
        await set_key(self._pool, Field.VM, STAGE_FIELD_KEY, stage_name, vm)
        await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, "", vm)
        await self.protect(vm, blocked)
        if ha_restart_priority is not None:
            await insist(self._pool, lambda: self._prioritise(vm, ha_restart_priority))

    async def is_protected(self, vm: Uuid) -> bool:
        """Return whether anything is blocked at a machine by us."""
        blocked = await self._at.keys(Field.BLOCKED, vm)
        return any(reason.startswith(BLOCK_REASON_PREFIX) for reason in blocked.values())

    async def protect(self, vm: Uuid, blocked: Mapping[str, str]) -> None:
        """Block these operations and no others of ours; what somebody else blocked stays as it is."""
        present = await self._at.keys(Field.BLOCKED, vm)
        for operation, reason in present.items():
            if reason.startswith(BLOCK_REASON_PREFIX) and blocked.get(operation) != reason:
                await set_key(self._pool, Field.BLOCKED, operation, "", vm)
        for operation, reason in blocked.items():
            if present.get(operation, BLOCK_REASON_PREFIX).startswith(BLOCK_REASON_PREFIX):
                await set_key(self._pool, Field.BLOCKED, operation, reason, vm)

    async def write_roster(self, configuration: ConfigurationId, text: str) -> None:
        """Write a roster; empty removes it."""
        stem = roster_stem(configuration)
        if text:
            await write_value(self._pool, Field.POOL, stem, text)
        else:
            await remove_value(self._pool, Field.POOL, stem)

    async def _prioritise(self, vm: Uuid, priority: str) -> None:
        if (await self._at.vm(vm)).ha_restart_priority != priority:
            await self._pool.set_ha_restart_priority(vm, priority)
