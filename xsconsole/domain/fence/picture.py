"""The map of a fence, as a value: what is outside, what is inside, the router between, and what passes between them.

Where each of it is painted is the window's business; what it says is said here, once for the picture, its tooltips
and a screen reader.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from xsconsole.domain.fence.heard import Heard, Said
from xsconsole.domain.fence.live import WatchedFence
from xsconsole.domain.fence.proof import Breach
from xsconsole.domain.fence.state import State, Work, breaches_of, state_of, state_words, strays_of
from xsconsole.domain.fence.values import Fence, FenceMode, Foothold, Segment
from xsconsole.domain.fence.wording import addresses_in_words, mode_words, what_does_not, what_passes
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import Uuid

OUT, BARRED, OTHERS, ROUTER = "outside", "barred", "others", "router"


class PlaceKind(StrEnum):
    """What a box of the map stands for."""

    OUTSIDE = "outside"
    SHUT = "shut"  # a network, or other fences, with which nothing inside may speak
    PEER = "peer"
    ROUTER = "router"
    SEGMENT = "segment"
    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A box: `within` is the segment of a member, `power` XAPI's power state (None: it has none), `vm` the machine."""

    key: str
    kind: PlaceKind
    title: str
    lines: tuple[str, ...] = ()
    power: str | None = None
    is_bad: bool = False
    within: str = ""
    member: str = ""
    vm: Uuid | None = None

    @property
    def words(self) -> str:
        """All of it, for a tooltip and a screen reader."""
        power = () if self.power is None else (self.power.lower() or "gone",)
        return "\n".join((", ".join((self.title, *power)), *self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What leads from one box to another through the router; `words` are few, for beside the line."""

    source: str
    target: str
    passes: bool
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A fence's map. `places` are in the order in which the keyboard walks them: outside, router, inside."""

    name: str
    mode: str
    state: State
    state_words: str
    places: tuple[Place, ...]
    ways: tuple[Way, ...]
    passes: tuple[str, ...]
    bars: tuple[str, ...]
    breaches: tuple[Breach, ...] = ()
    strays: tuple[Heard, ...] = ()

    @property
    def words(self) -> str:
        """The whole map as text: what can be copied, and what a screen reader is told first."""
        boxes = (place.words.replace("\n", "; ") for place in self.places)
        yes, no = (f"Passes: {one}" for one in self.passes), (f"Does not: {one}" for one in self.bars)
        found = (*(breach.sentence for breach in self.breaches), *(f"{one.sentence} {one.mend}" for one in self.strays))
        return "\n".join((f"{self.name}, {self.mode}: {self.state_words}", *found, *boxes, *yes, *no))


def picture(watched: WatchedFence, outside_name: str = "", work: Work | None = None) -> Picture:
    """Return the map of a fence; `outside_name` is what the pool calls the network that it looks out on."""
    fence = watched.standing.fence
    return Picture(
        name=one_line(fence.name),
        mode=mode_words(fence.mode),
        state=state_of(watched, work),
        state_words=state_words(watched, work),
        places=(*_outside(fence, outside_name), *_router(watched, work), *_inside(watched, work)),
        ways=tuple(_ways(fence)),
        passes=tuple(what_passes(fence)),
        bars=tuple(what_does_not(fence)),
        breaches=breaches_of(watched, work),
        strays=strays_of(watched, work),
    )


def _outside(fence: Fence, name: str) -> Iterator[Place]:
    outside = fence.outside
    if not fence.is_open or outside is None:
        yield Place(key=OUT, kind=PlaceKind.SHUT, title="Outside", lines=("The router has no card there.",))
        return
    lines = [str(outside.subnet), *([f"beyond it: by {outside.gateway}"] if outside.gateway else ())]
    yield Place(key=OUT, kind=PlaceKind.OUTSIDE, title=one_line(name) or "Outside", lines=tuple(lines))
    if outside.barred:
        yield Place(key=BARRED, kind=PlaceKind.SHUT, title="Barred", lines=tuple(map(str, outside.barred)))
    yield Place(key=OTHERS, kind=PlaceKind.SHUT, title="Other fences", lines=tuple(map(str, outside.pool)))
    for at, peer in enumerate(fence.peers):
        lines = [addresses_in_words(peer.addresses), "connected on purpose"]
        yield Place(key=f"peer-{at}", kind=PlaceKind.PEER, title=one_line(peer.name), lines=tuple(lines))


def _router(watched: WatchedFence, work: Work | None) -> Iterator[Place]:
    fence, site = watched.standing.fence, watched.standing.site
    if site.router is None and not fence.routed:
        return
    lines = [f"outside {fence.outside.router}"] if fence.is_open and fence.outside is not None else []
    lines += [f"{one_line(segment.logical)}: {segment.gateway}" for segment in fence.routed]
    given = [name for name, has in (("DHCP", fence.services.has_dhcp), ("DNS", fence.services.has_dns)) if has]
    lines += [f"gives {' and '.join(given)}"] if given else []
    lines += _where(watched, site.router)
    yield Place(
        key=ROUTER,
        kind=PlaceKind.ROUTER,
        title="Router",
        lines=tuple(lines),
        power=watched.router,
        is_bad=(watched.router == "" and work is None) or site.router in watched.lost,
        vm=site.router,
    )


def _inside(watched: WatchedFence, work: Work | None) -> Iterator[Place]:
    fence, site = watched.standing.fence, watched.standing.site
    culprits = watched.culprits if breaches_of(watched, work) else frozenset()
    heard = {one.foothold: one for one in watched.heard}
    strays = {one.foothold for one in strays_of(watched, work)}
    for segment in fence.segments:
        yield _segment(segment, watched.standing.site.vlans.get(segment.logical))
        for one in fence.on(segment):
            vm = site.members.get(one.member)
            yield Place(
                key=f"member-{one.member}-{one.mac}",
                kind=PlaceKind.MEMBER,
                title=one.member,
                lines=(*_addresses(fence, one, heard.get(one)), *(_where(watched, vm) if site.vlans else ())),
                power=watched.powers.get(one.member, ""),
                is_bad=vm in culprits
                or vm in watched.lost
                or one in strays
                or (not watched.powers.get(one.member) and work is None),
                within=segment_key(segment),
                member=one.member,
                vm=vm,
            )


def _where(watched: WatchedFence, vm: Uuid | None) -> tuple[str, ...]:
    """Return on which host one machine of a fence is, and whether that does not answer; nothing while it is off."""
    if vm is None or vm not in watched.hosts:
        return ()
    return (f"on {one_line(watched.hosts[vm])}{', which does not answer' if vm in watched.lost else ''}",)


def segment_key(segment: Segment) -> str:
    return f"segment-{segment.logical}"


def _segment(segment: Segment, tag: int | None) -> Place:
    way = f"gateway {segment.gateway}" if segment.gateway is not None else "no gateway: nothing leaves it"
    return Place(
        key=segment_key(segment),
        kind=PlaceKind.SEGMENT,
        title=one_line(segment.logical),
        lines=(str(segment.subnet), way, *(() if tag is None else (f"VLAN {tag}, on several hosts",))),
    )


def _addresses(fence: Fence, one: Foothold, heard: Heard | None) -> Iterator[str]:
    yield f"inside {one.address}{_as_reported(heard)}"
    if one in fence.reachable:
        ports = [port.words for port in fence.ports if port.outside == one.outside]
        what = ", ".join(ports) if ports else "no port" if fence.ports else "every port"
        yield f"outside {one.outside}"
        yield f"lets in {what}"
    elif fence.is_open and any(segment.logical == one.logical for segment in fence.routed) and fence.outside:
        yield f"goes out as {fence.outside.router}"
    if fence.services.has_dns:
        yield f"named {one.member}.{fence.services.domain}".rstrip(".")
    yield one.mac


def _as_reported(heard: Heard | None) -> str:
    match heard.said if heard is not None else Said.OFF:
        case Said.AS_PLANNED:
            return ", as reported"
        case Said.NOTHING:
            return ", not reported yet"
        case Said.OTHER:
            return f"; reports {heard.reported if heard is not None else ''}"
        case Said.OFF:
            return ""


def _ways(fence: Fence) -> Iterator[Way]:
    for segment in fence.segments:
        has_way = segment.gateway is not None
        yield Way(source=segment_key(segment), target=ROUTER, passes=has_way)
    if not fence.is_open or fence.outside is None:
        yield Way(source=ROUTER, target=OUT, passes=False, words="nothing")
        return
    both = fence.mode is FenceMode.IN_AND_OUT and fence.reachable
    yield Way(source=ROUTER, target=OUT, passes=True, words="out and in" if both else "out, and answers")
    if fence.outside.barred:
        yield Way(source=ROUTER, target=BARRED, passes=False)
    yield Way(source=ROUTER, target=OTHERS, passes=False)
    for at, _ in enumerate(fence.peers):
        yield Way(source=ROUTER, target=f"peer-{at}", passes=True, words="as from outside")
