"""What the window and the command line ask about fences: their ground, drawings, proofs, rules, and who is where.

Building and taking away are commands as everything else: `Deploy`, `Undeploy` and `Redeploy`, by `plan` and `do`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from xsconsole.console.values import Verb
from xsconsole.domain.board import Card
from xsconsole.domain.fence.drawing import Drawing
from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.ground_findings import ground_findings
from xsconsole.domain.fence.heard import Heard, hear
from xsconsole.domain.fence.proof import Breach, Proof, prove
from xsconsole.domain.fence.router import RouterFiles, router_files
from xsconsole.domain.fence.spanning import findings_beside
from xsconsole.domain.fence.standing import GroundDocument, StandingFence, fence_on, fences_on, ground_on
from xsconsole.domain.fence.state import State, Work, breaches_of, state_words, work_on
from xsconsole.domain.fence.state import state_of as judged
from xsconsole.domain.fence.tags import TagRange, has_ranges, reserved_in
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory import VM, Host
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import Deploy
from xsconsole.engine.fences.deploying import drawn
from xsconsole.engine.fences.drawn import keys_of
from xsconsole.engine.fences.stranded import hosts_of, stranded
from xsconsole.errors import NotFound, Refused

if TYPE_CHECKING:
    from xsconsole.console.door import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceState:
    """How a fence stands now: how many of its machines run, the router among them, on which host, and whether tight.

    `breaches` are those of the proof that are to be told: while a run is at work, that something is not there is none.
    `heard` is what guests report of their addresses, beside what was planned.
    """

    standing: StandingFence
    card: Card | None
    running: int
    machines: int
    host: str
    proof: Proof
    silent: str
    work: Work | None
    heard: tuple[Heard, ...]

    @property
    def state(self) -> State:
        return judged(self, self.work)

    @property
    def words(self) -> str:
        return state_words(self, self.work)

    @property
    def breaches(self) -> tuple[Breach, ...]:
        return breaches_of(self, self.work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A way to a member from outside, or, without one, why there is none."""

    member: str
    address: IPv4Address | None
    ports: tuple[str, ...]
    sentence: str


def ground_of(console: "Console") -> GroundDocument | None:
    """Return what fences of the pool are built on."""
    return ground_on(keys_of(console.inventory))


def findings_of(console: "Console", ground: Ground, beside: Iterable["Console"] = ()) -> tuple[Finding, ...]:
    """Return what is to be said of a ground on this pool, and as to pools that are connected `beside`."""
    known = ((one, ground_of(one)) for one in beside if one is not console)
    others = {
        one.identity.pool_name: found.ground for one, found in known if one.identity is not None and found is not None
    }
    return (*ground_findings(ground, console.inventory), *findings_beside(ground, others))


def can_span(console: "Console") -> bool:
    """Return whether fences of any stage can have VLANs, which several hosts see."""
    found = ground_of(console)
    return found is not None and has_ranges(found.ground, console.board.workflow, _pool_of(console), console.inventory)


def reserved(console: "Console") -> tuple[TagRange, ...]:
    """Return the VLAN tags that stages keep for their fences in this pool."""
    return tuple(one.tags for one in reserved_in(console.board.workflow, _pool_of(console)))


def _pool_of(console: "Console") -> Uuid | None:
    pool = console.inventory.pool
    return pool.uuid if pool is not None else None


async def write_ground(
    console: "Console", ground: Ground, seen: GroundDocument | None, reason: str = ""
) -> GroundDocument:
    """Write a ground over the one that was seen.

    Raises:
        Refused: it has an error, this log-in may not, or somebody was faster; nothing was changed.
    """
    wrong = next((one for one in findings_of(console, ground) if one.is_error), None)
    if wrong is not None:
        raise Refused(reason=wrong.sentence, mend=wrong.mend)
    denied = console.denial(Verb.FENCE)
    if denied is not None:
        raise denied
    return await console.engine.grounds.write(ground, seen, reason)


def drawing(console: "Console", command: Deploy) -> Drawing:
    """Return the fence that a command would build, with all findings and before anything is refused.

    Raises:
        Refused: there is no ground, or no such configuration.
    """
    return drawn(command, console.own_board, console.inventory)


def fences(console: "Console") -> tuple[FenceState, ...]:
    """Return the fences of the pool as they stand, by name."""
    return tuple(state_of(console, one) for one in fences_on(keys_of(console.inventory)))


def state_of(console: "Console", standing: StandingFence) -> FenceState:
    """Return how a fence stands."""
    inventory, site = console.inventory, standing.site
    card = console.board.cards.get(standing.configuration)
    uuids = (*site.members.values(), *((site.router,) if site.router is not None else ()))
    vms = [vm for uuid in uuids if (vm := inventory.by_uuid(VM, uuid)) is not None]
    lost = stranded(vms, inventory)
    silent = {vm.resident_on for vm in lost}
    on = {
        f"{host.name_label}{' (does not answer)' if host.ref in silent else ''}"
        for vm in vms
        if (host := inventory.get(Host, vm.resident_on)) is not None
    }
    return FenceState(
        standing=standing,
        card=card,
        running=sum(vm.power_state == "Running" for vm in vms),
        machines=len(uuids),
        host=", ".join(sorted(on)),
        proof=proof_of(console, standing),
        silent=hosts_of(lost, inventory),
        work=work_on(card),
        heard=hear(standing, inventory),
    )


def with_fence(consoles: "Iterable[Console]", configuration: ConfigurationId) -> "Console | None":
    """Return the console whose pool has a fence around a configuration, though that one may be gone."""
    return next((one for one in consoles if fence_on(keys_of(one.inventory), configuration) is not None), None)


def fence_named(console: "Console", name: str) -> StandingFence:
    """Return the fence of a name, or of the beginning of its configuration's id.

    Raises:
        NotFound, Refused: there is none, or several.
    """
    known = fences_on(keys_of(console.inventory))
    found = [one for one in known if one.fence.name.casefold() == name.casefold()]
    found = found or [one for one in known if name and one.configuration.startswith(name.casefold())]
    if not found:
        raise NotFound(
            reason=f"There is no fence called “{shortened(name, 60)}”.",
            mend="`xsconsole fence list` shows those that there are.",
            choices=tuple(one.fence.name for one in known),
        )
    if len(found) > 1:
        raise Refused(reason=f"Several fences are called “{shortened(name, 60)}”.", mend="Name one by its id.")
    return found[0]


def proof_of(console: "Console", standing: StandingFence) -> Proof:
    """Prove a fence by what the pool is known to have now."""
    return prove(standing.fence, standing.site, console.inventory)


def files_of_router(standing: StandingFence) -> RouterFiles:
    """Return what the router of a fence is told."""
    return router_files(standing.fence, standing.configuration)


def reach_of(standing: StandingFence, member: str) -> Reach:
    """Return how a member is reached from outside.

    Raises:
        NotFound: there is no such member.
    """
    fence = standing.fence
    held = next((one for one in fence.footholds if one.member.casefold() == member.casefold()), None)
    if held is None:
        raise NotFound(
            reason=f"The fence has no member “{shortened(member, 60)}”.",
            mend="Name one of its members.",
            choices=tuple(sorted({one.member for one in fence.footholds})),
        )
    reached = next((one for one in fence.reachable if one.member == held.member), None)
    if reached is None and fence.mode is FenceMode.IN_AND_OUT:
        why = f"“{held.member}” has no card on a network with a gateway: nothing leads to it from outside."
    elif reached is None:
        why = f"The fence is {mode_words(fence.mode)}: nothing leads to “{held.member}” from outside."
    else:
        ports = tuple(port.words for port in fence.ports if port.outside == reached.outside)
        if ports or not fence.ports:
            sentence = f"“{held.member}” is reached at {reached.outside}: {', '.join(ports) or 'every port'}."
            return Reach(member=held.member, address=reached.outside, ports=ports, sentence=sentence)
        why = f"Ports of others are published and none of “{held.member}”: nothing leads to it from outside."
    return Reach(member=held.member, address=None, ports=(), sentence=why)
