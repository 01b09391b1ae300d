"""Our values on the pool, written so that no reader ever finds them absent and no write is repeated blindly."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from xsconsole.domain.ids import Uuid
from xsconsole.domain.poolstate import numbers
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.errors import PoolFailed, PoolUnavailable

AWAY_S = 30.0  # how long a run waits for the pool; the lease ends then
TRIES = 5
RACES = 16

Result = TypeVar("Result")


async def insist(pool: PoolPort, attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Call `attempt` again each time the road to the pool breaks and opens again.

    `attempt` must look before it acts: whether the call that was cut off took effect is not known.

    Raises:
        PoolUnavailable: the road stays closed, or breaks again and again.
    """
    for _ in range(TRIES - 1):
        try:
            return await attempt()
        except PoolUnavailable:
            await pool.until_available(AWAY_S)
    return await attempt()


async def write_value(pool: PoolPort, field: Field, stem: str, text: str, vm: Uuid | None = None) -> None:
    """Write a numbered value: add the next number, then remove the older ones. Written already: nothing is done."""
    await insist(pool, lambda: _write(pool, field, stem, text, vm))


async def _write(pool: PoolPort, field: Field, stem: str, text: str, vm: Uuid | None) -> None:
    for _ in range(RACES):
        keys = await pool.keys(field, vm)
        standing = numbers(keys, stem)
        top = standing[0] if standing else 0
        if not standing or keys[f"{stem}.{top}"] != text:
            top += 1
            if not await pool.add_key(field, f"{stem}.{top}", text, vm):
                continue
        for number in reversed(standing):
            if number < top:
                await pool.remove_key(field, f"{stem}.{number}", vm)
        return
    raise PoolFailed(code="MAP_DUPLICATE_KEY", parameters=(field.value, stem), method="add_to")


async def remove_value(pool: PoolPort, field: Field, stem: str, vm: Uuid | None = None) -> None:
    """Remove a value with all its numbers, the newest last."""

    async def attempt() -> None:
        for number in reversed(numbers(await pool.keys(field, vm), stem)):
            await pool.remove_key(field, f"{stem}.{number}", vm)

    await insist(pool, attempt)


async def set_key(pool: PoolPort, field: Field, key: str, text: str, vm: Uuid | None = None) -> None:
    """Give a plain key this text; empty removes it. For keys that others may write too: the last one wins."""

    async def attempt() -> None:
        for _ in range(RACES):
            present = (await pool.keys(field, vm)).get(key, "")
            if present == text:
                return
            await pool.remove_key(field, key, vm)
            if not text or await pool.add_key(field, key, text, vm):
                return
        raise PoolFailed(code="MAP_DUPLICATE_KEY", parameters=(field.value, key), method="add_to")

    await insist(pool, attempt)
