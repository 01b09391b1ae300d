"""Building a fence around machines that a plan makes: what it takes, its networks, its router, its proof, its hosts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xsconsole.domain.actions.copies import CopyMachine, Slot, StartCopy
from xsconsole.domain.actions.fences import CheckFence, ClaimShare, FitRouter, HearMembers, MakeVlan, WriteFence
from xsconsole.domain.actions.proofs import MakeScratchNetwork
from xsconsole.domain.actions.provisions import SeedDisk
from xsconsole.domain.disks import DISK_ROLE_KEY, SEED_ROLE, disks_of
from xsconsole.domain.fence.drawing import Drawing
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.ground_findings import ground_findings
from xsconsole.domain.fence.proof import Site
from xsconsole.domain.fence.router import RouterFiles, router_files
from xsconsole.domain.fence.standing import StandingFence, share_words, standing_text, tag_share
from xsconsole.domain.fence.tags import trunk_cards
from xsconsole.domain.ids import ConfigurationId, StageId, StepKey, Uuid
from xsconsole.domain.inventory import SR, VBD, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate
from xsconsole.domain.workflow import Method
from xsconsole.engine.copies.copying import CLONE_S, DISK_S, FIT_S
from xsconsole.engine.fences.hosting import host_for
from xsconsole.engine.plans.claims import Claims
from xsconsole.engine.plans.placement import Guest, memory_of, place
from xsconsole.engine.plans.steps import START_S, Steps
from xsconsole.engine.provisions.cidata import META_DATA, NETWORK_CONFIG, USER_DATA, size_of
from xsconsole.errors import NotPromotable

SEED_NAME = "cloud-init"
NAME_LIMIT = 40
HEARD_WITHIN_S = 60
HEAR_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """What the router is made of: the template, where its disk is, and what cloud-init tells it."""

    template: VM
    sr: SR
    files: Mapping[str, str]
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Housed:
    """A machine that is to start in a fence, by what it is made of."""

    key: Uuid
    name: str
    memory_bytes: int
    storages: frozenset[Uuid]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A fence that is to be built, before there is anything of it. `hosts` are by what a machine is made of."""

    ground: Ground
    drawing: Drawing
    standing: StandingFence
    router: Router | None
    hosts: Mapping[Uuid, Uuid]

    @property
    def name(self) -> str:
        return shortened(self.drawing.fence.name, NAME_LIMIT)

    @property
    def made(self) -> ConfigurationId:
        return self.standing.configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """The steps by which a fence has its networks. What is on one goes before it, also where the run is put back."""

    claimed: list[StepKey]
    nets: dict[str, StepKey]
    vlans: list[StepKey] = field(default_factory=list)

    @property
    def before(self) -> tuple[StepKey, ...]:
        return (*self.nets.values(), *self.vlans)


def demand_sound(ground: Ground, inventory: Inventory) -> None:
    """Refuse to build on a ground with an error.

    Raises:
        NotPromotable: naming the first.
    """
    wrong = next((one for one in ground_findings(ground, inventory) if one.is_error), None)
    if wrong is not None:
        raise NotPromotable(reason=wrong.sentence, mend=wrong.mend)


def standing_of(
    made: ConfigurationId,
    origin: ConfigurationId,
    title: str,
    service: str,
    stage: StageId,
    drawing: Drawing,
    ground: Ground,
) -> StandingFence:
    """Return the document of a fence, as far as it is known before it is built. `title` is what it was drawn of."""
    return StandingFence(
        configuration=made,
        origin=origin,
        title=title,
        service=service,
        stage=stage,
        fence=drawing.fence,
        site=Site(
            networks={},
            members={},
            outside=ground.outside if drawing.fence.is_open else None,
            vlans=drawing.tags,
            reserved=drawing.reserved.span if drawing.tags and drawing.reserved is not None else None,
        ),
        shares=_shares(drawing),
        originals=drawing.networks,
    )


def _shares(drawing: Drawing) -> tuple[str, ...]:
    """Return what a fence takes, in ascending order: outside addresses, the router's first, then VLAN tags."""
    outside, tags = drawing.fence.outside, tuple(tag_share(tag) for tag in drawing.tags.values())
    if outside is None:
        return tags
    addresses = sorted(one.outside for one in drawing.fence.footholds if one.outside is not None)
    return (*map(str, (outside.router, *addresses)), *tags)


# Router and hosts


def router_of(ground: Ground, drawing: Drawing, made: ConfigurationId, inventory: Inventory) -> Router | None:
    """Return what the router is made of; None where the fence has no gateway, so that nothing would go through it."""
    if not drawing.fence.routed:
        return None
    template = inventory.by_uuid(VM, ground.router) if ground.router is not None else None
    if template is None:
        raise NotPromotable(
            reason="No template for routers is named, and the fence has a gateway.",
            mend="Name one in the ground: `xsconsole fence ground set FILE`.",
        )
    disk = disks_of(inventory, template)[0]
    sr = inventory.get(SR, disk.SR)
    assert sr is not None, "a disk is on a storage"
    taken = {drive.userdevice for ref in template.VBDs if (drive := inventory.get(VBD, ref)) is not None}
    return Router(
        template=template,
        sr=sr,
        files=files_of(router_files(drawing.fence, made)),
        slot=Slot(
            device=next(str(number) for number in range(1, 255) if str(number) not in taken),
            # XAPI starts no HVM guest with a disk that it must not write.
            mode="RO" if template.domain_type == "pv" else "RW",
            other_config={DISK_ROLE_KEY: SEED_ROLE},
        ),
    )


def files_of(files: RouterFiles) -> dict[str, str]:
    """Return the files of a router's disk by the names that cloud-init looks for."""
    return {META_DATA: files.meta_data, USER_DATA: files.user_data, NETWORK_CONFIG: files.network_config}


def hosts_of(
    drawing: Drawing,
    machines: Sequence[Housed],
    router: Router | None,
    ground: Ground,
    claims: Claims,
    inventory: Inventory,
) -> dict[Uuid, Uuid]:
    """Return where each machine starts, by what it is made of: all on one host, or wherever the VLANs are."""
    networks = frozenset({ground.outside}) if drawing.fence.is_open else frozenset[Uuid]()
    made = [(one, frozenset[Uuid]()) for one in machines]
    if router is not None:
        housed = Housed(
            key=router.template.uuid,
            name="the router",
            memory_bytes=memory_of(router.template),
            storages=frozenset({router.sr.uuid}),
        )
        made.append((housed, networks))
    trunk = drawing.reserved.trunk if drawing.tags and drawing.reserved is not None else None
    if trunk is not None:
        guests = [
            Guest(
                key=one.key,
                name=one.name,
                memory_bytes=one.memory_bytes,
                storages=one.storages,
                networks=seen | {trunk},
            )
            for one, seen in made
        ]
        return place(inventory, guests, claims.memory)
    memory_bytes = sum(one.memory_bytes for one, _ in made)
    everywhere = {sr for one, _ in made for sr in one.storages}
    host = host_for(drawing.fence.name, memory_bytes, everywhere, networks, claims, inventory)
    return {one.key: host for one, _ in made} if host is not None else {}


# Steps


def lay_out(steps: Steps, enclosure: Enclosure, inventory: Inventory, after: Sequence[StepKey] = ()) -> Laid:
    """Add what claims the shares of a fence and makes its networks."""
    drawing, name = enclosure.drawing, enclosure.name
    claimed = list(after)
    for share in enclosure.standing.shares:
        # One after another, in one order for all: of two who want the same, not both are refused.
        claimed = [steps.add(ClaimShare(share=share, configuration=enclosure.made), share_words(share), claimed)]
    nets = {logical: steps.add(_network(name, logical), logical, claimed) for logical in drawing.networks}
    trunk = drawing.reserved.trunk if drawing.reserved is not None else None
    cards = tuple(card.uuid for card in trunk_cards(trunk, inventory))
    vlans = [
        steps.add(MakeVlan(network=nets[logical], vlan=tag, cards=cards), logical, [nets[logical]])
        for logical, tag in drawing.tags.items()
    ]
    return Laid(claimed=claimed, nets=nets, vlans=vlans)


def _network(fence: str, logical: str) -> MakeScratchNetwork:
    return MakeScratchNetwork(
        name=f"Fence {fence}: {shortened(logical, 30)}",
        description=f"Inside the fence “{fence}”, in the place of “{shortened(logical, 60)}”. It goes with the fence.",
    )


def close(
    steps: Steps, enclosure: Enclosure, laid: Laid, members: Mapping[str, StepKey], fitted: list[StepKey]
) -> list[StepKey]:
    """Add the router, the document and the proof of what has its cards; return what the first start waits for."""
    fence, router = enclosure.drawing.fence, enclosure.router
    made_router, ready = _add_router(steps, enclosure, laid, fitted)
    written = steps.add(
        WriteFence(
            configuration=enclosure.made,
            document=standing_text(enclosure.standing),
            networks=laid.nets,
            members=dict(members),
            router=made_router,
        ),
        fence.name,
        ready,
    )
    proved = [steps.add(CheckFence(configuration=enclosure.made), fence.name, [written])]
    if made_router is not None and router is not None:
        memory = Estimate(seconds=START_S, memory_bytes=memory_of(router.template))
        host = enclosure.hosts.get(router.template.uuid)
        proved = [steps.add(StartCopy(copy=made_router), "the router", proved, memory, host=host)]
    return proved


def add_hearing(steps: Steps, fence: StandingFence) -> None:
    """Add, after the step that is the last so far, what compares the addresses that guests report with the plan's."""
    action = HearMembers(configuration=fence.configuration, within_s=HEARD_WITHIN_S)
    steps.add(action, fence.fence.name, [steps.all[-1].key], Estimate(seconds=HEAR_S))


def _add_router(
    steps: Steps, enclosure: Enclosure, laid: Laid, fitted: list[StepKey]
) -> tuple[StepKey | None, list[StepKey]]:
    """Add what makes the router, and return its step and what the document waits for."""
    router, fence, nets = enclosure.router, enclosure.drawing.fence, laid.nets
    if router is None:
        return None, fitted
    title = f"Router of {enclosure.name}"
    copy = steps.add(
        CopyMachine(vm=router.template.uuid, name=title, method=Method.LINKED_CLONE),
        f"the template of {title}",
        nets.values(),
        Estimate(seconds=CLONE_S),
    )
    inside = fence.routed
    first = 1 if fence.is_open else 0
    scratch = {str(number): nets[segment.logical] for number, segment in enumerate(inside, first)}
    macs = {str(number): segment.mac for number, segment in enumerate(inside, first)}
    networks: dict[str, Uuid] = {}
    if fence.is_open and fence.outside is not None:
        networks, macs = {"0": enclosure.ground.outside}, {"0": fence.outside.mac, **macs}
    fit = FitRouter(copy=copy, name=title, networks=networks, scratch=scratch, macs=macs, configuration=enclosure.made)
    ready = steps.add(fit, title, [copy], Estimate(seconds=FIT_S))
    seed = SeedDisk(
        copy=copy,
        name=SEED_NAME,
        size_bytes=size_of(router.files),
        sr=router.sr.uuid,
        slot=router.slot,
        hostname="fence-router",
        files=dict(router.files),
    )
    return copy, [*fitted, steps.add(seed, title, [ready], Estimate(seconds=DISK_S))]
