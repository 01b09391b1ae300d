"""What we wrote on a machine, kept over a revert: `VM.revert` brings back the keys of the snapshot's time."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from xsconsole.domain.ids import Uuid
from xsconsole.domain.poolstate import BLOCK_REASON_PREFIX, PREFIX, STAGE_FIELD_KEY
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.engine.values import insist, set_key


class Marks:
    """Reads our marks before something that takes them along, and writes them back afterwards."""

    def __init__(self, pool: PoolPort) -> None:
        self._pool = pool

    @asynccontextmanager
    async def kept(self, vm: Uuid | None) -> AsyncIterator[None]:
        """Keep the marks of a machine over what happens inside, also where that fails; None keeps nothing."""
        if vm is None:
            yield
            return
        before = {field: await self._ours(field, vm) for field in (Field.VM, Field.BLOCKED)}
        try:
            yield
        finally:
            # Where it failed it may have taken effect all the same; marks that did not change are not written.
            for field, marks in before.items():
                await self._write_back(field, vm, marks)

    async def _ours(self, field: Field, vm: Uuid) -> Mapping[str, str]:
        keys = await insist(self._pool, lambda: self._pool.keys(field, vm))
        return {key: value for key, value in keys.items() if _is_ours(field, key, value)}

    async def _write_back(self, field: Field, vm: Uuid, marks: Mapping[str, str]) -> None:
        # What has to stand is written before what must not stand is removed: a reader never finds nothing.
        present = await self._ours(field, vm)
        for key, value in marks.items():
            await set_key(self._pool, field, key, value, vm)
        for key in present.keys() - marks.keys():
            await set_key(self._pool, field, key, "", vm)


def _is_ours(field: Field, key: str, value: str) -> bool:
    if field is Field.BLOCKED:
        return value.startswith(BLOCK_REASON_PREFIX)
    return key == STAGE_FIELD_KEY or key.startswith(PREFIX)
