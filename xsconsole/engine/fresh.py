"""The part of a pool that one command is about, read from the pool itself and not from the mirror."""

import asyncio
from collections.abc import Collection, Iterable

import msgspec

from xsconsole.domain.actions.stowing import SealStow
from xsconsole.domain.archive import marked_in
from xsconsole.domain.blueprint.standing import standing_in
from xsconsole.domain.board_reading import derive
from xsconsole.domain.disks import chain_of, disks_of
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Uuid
from xsconsole.domain.inventory import (
    PBD,
    PIF,
    RECORD_TYPES,
    SR,
    VBD,
    VDI,
    VIF,
    VM,
    Appliance,
    Change,
    ChangeBatch,
    GuestMetrics,
    Host,
    HostMetrics,
    Inventory,
    Network,
    Record,
)
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, newest, stage_thing
from xsconsole.engine.archive_commands import is_named_after
from xsconsole.engine.archives.return_checks import namesakes_of
from xsconsole.engine.clearance import as_confirmed
from xsconsole.engine.commands import (
    AddMembers,
    Adopt,
    ArchiveInPool,
    Create,
    Delete,
    DeletePooled,
    Demote,
    FenceCommand,
    Plannable,
    Promote,
    ProveArchive,
    Provision,
    Replicate,
    RestoreFromArchive,
    RestoreFromPool,
    Undeploy,
)
from xsconsole.engine.fences.drawn import machine_beside, machines_around, machines_like, template_of_routers
from xsconsole.engine.plans.lands import Land
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.engine.runs.gatekeeper import World
from xsconsole.engine.runs.traces import traced
from xsconsole.engine.values import insist

SURROUNDINGS: tuple[type[Record], ...] = (Host, HostMetrics, SR, PBD, Network, PIF, Appliance)
CLASS_NAMES = {kind: name for name, kind in RECORD_TYPES.items()}


async def fresh_land(pool: PoolPort, world: World, command: Plannable, plan: Plan, leases: Collection[str]) -> Land:
    """Return what a pool has of what a plan depends on, read under our leases there: whoever else held them is gone."""
    target = plan.intent.target
    is_limited = target is not None and stage_thing(target) in leases
    mirror = world.inventory
    retired = {step.action.configuration for step in plan.steps if isinstance(step.action, SealStow)}
    fresh = await insist(
        pool, lambda: read_afresh(pool, mirror, command, plan.intent, is_stage_limited=is_limited, retired=retired)
    )
    board = derive(fresh, _nobody_else, world.board.elsewhere)
    return Land(board=board, inventory=fresh, actor=pool.identity.actor, told=as_confirmed(plan))


def _nobody_else(thing: str) -> None:
    """A run record under a lease of ours is nobody's."""


async def read_afresh(
    pool: PoolPort,
    mirror: Inventory,
    command: Plannable,
    intent: Intent,
    *,
    is_stage_limited: bool,
    retired: Collection[ConfigurationId] = (),
) -> Inventory:
    """Return an inventory of what a plan depends on: our pool keys, the machines concerned, and their snapshots.

    Concerned are the configuration's members, the machines that the command names, and all members of the same
    service, because they may stand in the place that the plan wants; where a limit counts all that is in the stage,
    those too, and the snapshots of who is `retired`. Which those are comes from the mirror, which must have heard of
    everything before the lease was taken. Devices, storage and hosts come from the mirror too: they decide on capacity
    and not on what will be done.
    """
    keys = await pool.keys(Field.POOL)
    own, others = _concerned(mirror, command, intent, is_stage_limited=is_stage_limited)
    if isinstance(command, Promote | Demote | Replicate):
        others += [uuid for uuid in machines_around(command.configuration, mirror) if uuid not in {*own, *others}]
    if isinstance(command, RestoreFromArchive | RestoreFromPool):
        alike = (*machines_like(command.archive, mirror), *namesakes_of(command, mirror))
        others += [uuid for uuid in dict.fromkeys(alike) if uuid not in {*own, *others}]
    vms = [vm for vm in await asyncio.gather(*(pool.read_vm(uuid) for uuid in (*own, *others))) if vm is not None]
    snapshots = await asyncio.gather(*(pool.snapshots_of(vm.uuid) for vm in vms if vm.uuid in own))
    # Snapshots outlive the machine and its membership, and still carry what is ours.
    known = {vm.uuid for vm in vms} | {snapshot.uuid for found in snapshots for snapshot in found}
    traces = {vm.uuid: None for id_ in (intent.configuration, *sorted(retired)) for vm in traced(id_, mirror)}
    left = [uuid for uuid in traces if uuid not in known]
    leftovers = [vm for vm in await asyncio.gather(*(pool.read_vm(uuid) for uuid in left)) if vm is not None]
    everything = [*vms, *(snapshot for found in snapshots for snapshot in found), *leftovers]
    records: list[Record] = [*everything, *(record for kind in SURROUNDINGS for record in mirror.all(kind))]
    if mirror.pool is not None:
        records.append(msgspec.structs.replace(mirror.pool, other_config=dict(keys)))
    for vm in everything:
        records += _devices(mirror, vm)
    if isinstance(command, Delete | Undeploy):
        disks = {disk.ref for vm in vms if vm.uuid in own for disk in disks_of(mirror, vm)}
        records += [drive for drive in mirror.all(VBD) if drive.VDI in disks]  # who else has them keeps them
    inventory = Inventory()
    inventory.apply(ChangeBatch(changes=tuple(_change(record) for record in records), is_whole=True))
    return inventory


def _concerned(
    mirror: Inventory, command: Plannable, intent: Intent, *, is_stage_limited: bool
) -> tuple[list[Uuid], list[Uuid]]:
    own: dict[Uuid, None] = dict.fromkeys(_named(command, mirror))
    others: dict[Uuid, None] = {}
    concerned = {intent.configuration, *intent.others}
    telling = _captured(command, mirror)
    for vm in mirror.all(VM):
        if vm.is_ordinary and any(key.startswith(MEMBER_STEM) for key in vm.other_config):
            _, value = newest(vm.other_config, MEMBER_STEM, MemberValue)
            if value is not None and value.configuration in concerned:
                own[vm.uuid] = None
            elif value is not None and (
                value.configuration == telling
                or value.service == intent.service
                or (is_stage_limited and value.stage == intent.target)
            ):
                others[vm.uuid] = None
    if isinstance(command, ArchiveInPool):
        names = {found.name_label for uuid in own if (found := mirror.by_uuid(VM, uuid)) is not None}
        own |= {vm.uuid: None for vm in mirror.all(VM) if vm.is_a_template and is_named_after(vm.name_label, names)}
    return list(own), [uuid for uuid in others if uuid not in own]


def _named(command: Plannable, mirror: Inventory) -> Iterable[Uuid]:
    match command:
        case Create() | AddMembers():
            return tuple(member.vm for member in command.members)
        case Adopt():
            return command.vms
        case Provision():
            made_of = {member.template: None for one in command.newcomers for member in one.members}
            return tuple({**made_of, **dict.fromkeys(template_of_routers(mirror))})
        case RestoreFromPool(archive=archive) | ProveArchive(of=RestoreFromPool(archive=archive)):
            return tuple(member.template for member in archive.members)
        case FenceCommand():
            return machine_beside(command, mirror)
        case DeletePooled(archive=id_):
            return tuple(vm.uuid for vm in marked_in(mirror).get(id_, ()))
    return ()


def _captured(command: Plannable, mirror: Inventory) -> ConfigurationId | None:
    """Return whose guests tell addresses of what is made of a blueprint: the configuration that it was captured of."""
    if not isinstance(command, Provision) or mirror.pool is None:
        return None
    found = standing_in(mirror.pool.other_config, command.blueprint, command.blueprint_version)
    return found.source.configuration if found is not None and found.source is not None else None


def _devices(mirror: Inventory, vm: VM) -> list[Record]:
    drives = [drive for drive in (mirror.get(VBD, ref) for ref in vm.VBDs) if drive is not None]
    disks = disks_of(mirror, vm)
    others = [mirror.get(VDI, drive.VDI) for drive in drives if drive.VDI != NULL_REF and drive.type != "Disk"]
    parents = [parent for disk in disks for parent in _parents(mirror, disk)]
    nics = [nic for nic in (mirror.get(VIF, ref) for ref in vm.VIFs) if nic is not None]
    metrics = mirror.get(GuestMetrics, vm.guest_metrics)
    discs = [disk for disk in others if disk is not None]
    return [*drives, *disks, *parents, *discs, *nics, *([metrics] if metrics else [])]


def _parents(mirror: Inventory, disk: VDI) -> list[VDI]:
    """Return the hidden disks that a disk stands on."""
    return [found for uuid in chain_of(mirror, disk)[1:] if (found := mirror.by_uuid(VDI, uuid)) is not None]


def _change(record: Record) -> Change:
    return Change(ref=record.ref, class_name=CLASS_NAMES[type(record)], record=record)
