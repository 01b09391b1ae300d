"""What configurations can be made of, on every pool."""

from dataclasses import dataclass

from xsconsole.console import Console, Estate, usable_on
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.ids import BlueprintId, Uuid

Version = tuple[Console, BlueprintId, int]  # several pools may have the same version of a blueprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A version of a blueprint, on the pool of a console; `called` tells it from another one of its name."""

    console: Console
    pool: Uuid
    blueprint: Blueprint
    called: str


def offers(console: Estate) -> tuple[Offer, ...]:
    """Return what something can be made of, on every pool."""
    return tuple(
        Offer(console=each, pool=each.identity.pool, blueprint=blueprint, called=called)
        for each in console.pools
        if each.identity is not None
        for called, blueprint in usable_on(each)
    )
