"""What stands on a pool of fences: the ground that they share, each fence with where it stands, and what is claimed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address
from typing import TypeVar

import msgspec

from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.proof import Site
from xsconsole.domain.fence.text import from_plain, to_text
from xsconsole.domain.fence.values import Fence
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX, SCHEMA, numbers

T = TypeVar("T")

GROUND_STEM = PREFIX + "fence_ground"
FENCE_PREFIX = PREFIX + "fence."
CLAIM_PREFIX = PREFIX + "fence_claim."
TAG_PREFIX = "vlan-"
ROUTER_KEY = PREFIX + "fence_router"  # of a router: the configuration that its fence surrounds


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundDocument:
    """A version of the ground of a pool, who wrote it and when."""

    ground: Ground
    by: str
    at: datetime
    version: int = 1
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFence:
    """A fence on its pool: what it is, where it stands, of what it was drawn, and in which stage.

    `shares` are what it claims of the pool: outside addresses, and VLAN tags as `tag_share` writes them. `originals`
    are the networks that its own stand for, by logical name.
    """

    configuration: ConfigurationId
    origin: ConfigurationId
    title: str
    service: str
    stage: StageId
    fence: Fence
    site: Site
    shares: tuple[str, ...] = ()
    originals: Mapping[str, Uuid] = field(default_factory=dict)
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Whose an address is. `run` is the run that claimed it."""

    configuration: ConfigurationId
    run: str
    schema: int = SCHEMA


def fence_stem(configuration: ConfigurationId) -> str:
    return f"{FENCE_PREFIX}{configuration}"


def claim_key(share: str) -> str:
    return f"{CLAIM_PREFIX}{share}"


def claim_text(configuration: ConfigurationId, run: str) -> str:
    return to_text(Claim(configuration=configuration, run=run)).decode()


def claim_of(text: str) -> Claim | None:
    return _read(text, Claim)


def ground_on(keys: Mapping[str, str]) -> GroundDocument | None:
    """Return the newest ground that can be read."""
    found = (_read(keys[f"{GROUND_STEM}.{number}"], GroundDocument) for number in numbers(keys, GROUND_STEM))
    return next((one for one in found if one is not None), None)


def fences_on(keys: Mapping[str, str]) -> tuple[StandingFence, ...]:
    """Return the fences of a pool, by name."""
    ids = {key.removeprefix(FENCE_PREFIX).rpartition(".")[0] for key in keys if key.startswith(FENCE_PREFIX)}
    found = (fence_on(keys, ConfigurationId(one)) for one in sorted(ids) if one)
    standing = [one for one in found if one is not None]
    return tuple(sorted(standing, key=lambda one: (natural(one.fence.name), one.configuration)))


def fence_on(keys: Mapping[str, str], configuration: ConfigurationId) -> StandingFence | None:
    """Return the fence that surrounds a configuration, where one does."""
    text = fence_text_on(keys, configuration)
    return _read(text, StandingFence) if text else None


def fence_text_on(keys: Mapping[str, str], configuration: ConfigurationId) -> str:
    """Return the newest document of a fence that can be read, as it stands; empty for none."""
    stem = fence_stem(configuration)
    texts = (keys[f"{stem}.{number}"] for number in numbers(keys, stem))
    return next((text for text in texts if _read(text, StandingFence) is not None), "")


def standing_text(standing: StandingFence) -> str:
    return to_text(standing).decode()


def read_standing(text: str) -> StandingFence:
    """Read what a plan of this console holds."""
    found = _read(text, StandingFence)
    assert found is not None, "a plan holds what this console wrote"
    return found


def taken_addresses(keys: Mapping[str, str]) -> Iterator[IPv4Address]:
    """Yield the outside addresses that somebody claims, and those of fences whose claim is gone."""
    named = [key.removeprefix(CLAIM_PREFIX) for key in keys if key.startswith(CLAIM_PREFIX)]
    named += [share for standing in fences_on(keys) for share in standing.shares]
    for share in named:
        try:
            yield IPv4Address(share)
        except AddressValueError:  # a claim of something else
            continue


def tag_share(tag: int) -> str:
    """Return as what a VLAN tag is claimed."""
    return f"{TAG_PREFIX}{tag}"


def taken_tags(keys: Mapping[str, str]) -> Iterator[int]:
    """Yield the VLAN tags that somebody claims, and those of fences whose claim is gone."""
    named = [key.removeprefix(CLAIM_PREFIX) for key in keys if key.startswith(CLAIM_PREFIX + TAG_PREFIX)]
    named += [share for standing in fences_on(keys) for share in standing.shares if share.startswith(TAG_PREFIX)]
    for share in named:
        number = share.removeprefix(TAG_PREFIX)
        if number.isdecimal() and number.isascii():
            yield int(number)


def share_words(share: str) -> str:
    """Return a claim in words: an address, or `VLAN 3001`."""
    return f"VLAN {share.removeprefix(TAG_PREFIX)}" if share.startswith(TAG_PREFIX) else share


def inside_words(name: str, standing: StandingFence) -> str:
    """Return that a configuration stands in a fence. Its name is its own, not that of what the fence was drawn of."""
    fence = standing.fence.name
    where = "its fence" if name == fence else f"the fence “{shortened(fence, 60)}”"
    return f"“{shortened(name, 60)}” stands in {where}"


def _read(text: str, kind: type[T]) -> T | None:
    """Read one value; None where it is damaged or of a schema that this console does not know."""
    try:
        found = from_plain(msgspec.json.decode(text), kind)
    except (msgspec.MsgspecError, ValueError):
        return None
    return found if getattr(found, "schema", 0) == SCHEMA else None
