"""What coming back from an archive needs before it is planned: a stage, networks, storage, room."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from xsconsole.domain.actions.archives import ArchivedMember, CheckArchive
from xsconsole.domain.actions.stowing import CheckStow
from xsconsole.domain.archive import Archive, PoolArchive, PoolMember
from xsconsole.domain.barriers import Barrier, barriers_of
from xsconsole.domain.blueprint.package import Package
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.disks import BLOCK_TYPES
from xsconsole.domain.gates import Scene
from xsconsole.domain.given_ids import planned_ids
from xsconsole.domain.ids import ArchiveId, ConfigurationId, StageId, TransitionId, Uuid
from xsconsole.domain.inventory import SR, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.replica import NAME_LIMIT, free_number, name_by_pattern
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Kind, Method, Stage, Transition, Workflow
from xsconsole.engine.commands import RestoreFromArchive, RestoreFromPool, Restoring
from xsconsole.engine.moves.relocation import preferred_hosts
from xsconsole.engine.plans import capacity
from xsconsole.engine.plans.lands import storage_in, version_of
from xsconsole.engine.plans.placement import Guest
from xsconsole.errors import NotPromotable

Document = Archive | PoolArchive
RETURN_SPACE = uuid.UUID("0d6e21a5-51a7-4f0f-8a2c-6a1c1b0f7b52")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A machine that comes back: what it is called then, on which networks by device, and what it takes."""

    member: ArchivedMember
    name: str
    networks: dict[str, Uuid]
    home: Uuid | None
    space: Mapping[Uuid, int]
    storages: frozenset[Uuid]

    @property
    def key(self) -> Uuid:
        """What it is made of: a template, or a file."""
        return self.member.template if isinstance(self.member, PoolMember) else Uuid(self.member.file)


# What must hold


def demand_here(
    target: Stage, inventory: Inventory, mend: str = "Restore it on that pool, or into another stage."
) -> None:
    bound = target.binding.pool
    if bound is not None and inventory.pool is not None and bound.uuid != inventory.pool.uuid:
        raise NotPromotable(
            reason=f"{target.name} lives in pool “{shortened(bound.name or bound.uuid, 60)}”, and this is another one.",
            mend=mend,
        )


def demand_open_way(target: Stage, workflow: Workflow, what: str = "an archive", verb: str = "Restore") -> None:
    """Refuse a stage into which others let things: an archive, or `what` else there is, is no way round them."""
    ways = [way for way in workflow.transitions if way.target == target.id and way.kind is Kind.PROMOTE]
    if any(way.approvals for way in ways):
        stages = {way.source: workflow.stage(way.source) for way in ways}
        names = tuple(stage.name for stage in stages.values() if stage is not None)
        raise NotPromotable(
            reason=f"What comes into {target.name} has to be approved, and {what} is no way round that.",
            mend=f"{verb} it into {listing(names)}, and promote it from there.",
        )


def demand_alone(archive: ArchiveId, board: Board) -> None:
    for card in board.cards.values():
        steps = card.run.record.plan.steps if card.run is not None else ()
        if any(isinstance(step.action, CheckArchive | CheckStow) and step.action.archive == archive for step in steps):
            is_on = card.standing is Standing.RUNNING
            raise NotPromotable(
                reason=f"This archive {'is being restored' if is_on else 'was being restored, and that was cut off'}.",
                mend="Wait until that has ended." if is_on else "Resume or undo that run first.",
            )


def demand_version(archive: Document | Package, inventory: Inventory, did: str = "archived") -> None:
    here = version_of(inventory, highest=False)
    parts = archive.xapi_version.split(".")
    was = tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()
    if here and was and here < was:
        raise NotPromotable(
            reason=f"It was {did} from a pool with XAPI {archive.xapi_version}, this one has "
            f"{'.'.join(map(str, here))}: a pool takes nothing from one of a higher version.",
            mend="Update this pool, or choose another one.",
        )


def barriers_against(
    card: Card, target: Stage, board: Board, inventory: Inventory, clocks: tuple[datetime, ...]
) -> tuple[Barrier, ...]:
    """Return what stands against something that comes anew, as against a promotion: freezes, quarantine, the line."""
    way = Transition(id=TransitionId("return"), source=target.id, target=target.id, kind=Kind.PROMOTE)
    card = replace(card, quarantine=board.closures.quarantine_of(card.service, card.version))
    scene = Scene(card=card, target=target, board=board, inventory=inventory, at=clocks[0], also_at=clocks[1:])
    return barriers_of(way, scene)


def card_to_be(made: ConfigurationId, name: str, service: str, version: str, stage: StageId) -> Card:
    """Return the card of what is to come into a stage, before there is a machine of it."""
    return Card(
        id=made,
        name=name,
        service=service,
        version=version,
        stage=stage,
        revision=0,
        workflow_version=0,
        members=(),
        standing=Standing.WHOLE,
    )


def made_of(
    command: Restoring, target: Stage | None, board: Board, inventory: Inventory
) -> tuple[ConfigurationId, int]:
    """Return what comes back, by its id as planned, and the first number with which its names are free."""
    archive, pool = command.archive, inventory.pool.uuid if inventory.pool is not None else ""
    if target is None:
        number = _number_alone(command, inventory)
    else:
        number = free_number(lambda number: _names(command, target, number), archive.service, board)
    taken = planned_ids(board)
    return next(id_ for of in count(number) if (id_ := _id(archive.id, pool, of)) not in taken), number


def namesakes_of(command: Restoring, inventory: Inventory) -> tuple[Uuid, ...]:
    """Return the machines by whose names those are numbered that come back alone."""
    if command.target:
        return ()
    numbers = range(1, _number_alone(command, inventory))
    names = {name for number in numbers for name in _names(command, None, number)}
    return tuple(vm.uuid for vm in inventory.all(VM) if not vm.is_a_snapshot and vm.name_label in names)


def _number_alone(command: Restoring, inventory: Inventory) -> int:
    there = {vm.name_label for vm in inventory.all(VM) if not vm.is_a_snapshot}
    return next(number for number in count(1) if there.isdisjoint(_names(command, None, number)))


def _names(command: Restoring, target: Stage | None, number: int) -> list[str]:
    return [_named(command, member, target, number) for member in command.archive.members]


def _id(archive: ArchiveId, pool: str, number: int) -> ConfigurationId:
    return ConfigurationId(str(uuid.uuid5(RETURN_SPACE, f"{archive}\n{pool}\n{number}")))


# Where it goes


def storage_of_copies(command: RestoreFromPool, inventory: Inventory) -> SR | None:
    """Return where full copies of templates go; None leaves each disk where it is."""
    if command.sr is None:
        return None
    if command.method is not Method.FULL_COPY:
        raise NotPromotable(
            reason="A linked clone stays on the storage of the template.", mend="Make full copies, or name no storage."
        )
    sr = inventory.by_uuid(SR, command.sr)
    if sr is None or sr.content_type == "iso":
        raise NotPromotable(reason="That is no storage of the pool for disks.", mend="Choose another storage.")
    return sr


def storage_for(command: RestoreFromArchive, target: Stage | None, inventory: Inventory) -> SR:
    """Return the storage that was named, else the stage's, else the pool's usual one."""
    if command.sr is None and target is not None:
        return storage_in(target, inventory)
    return storage_named(command.sr, inventory)


def storage_of(command: Restoring, target: Stage | None, inventory: Inventory) -> SR | None:
    """Return where the machines are put; None leaves copies of templates on the storage of those."""
    if isinstance(command, RestoreFromPool):
        return storage_of_copies(command, inventory)
    return storage_for(command, target, inventory)


def storage_named(uuid: Uuid | None, inventory: Inventory) -> SR:
    """Return a storage for disks by its uuid, the pool's usual one where none is named."""
    pool = inventory.pool
    sr = inventory.by_uuid(SR, uuid) if uuid else inventory.get(SR, pool.default_SR) if pool else None
    if sr is None and uuid is None:
        raise NotPromotable(reason="The pool has no usual storage.", mend="Name the storage for it.")
    if sr is None or sr.content_type == "iso":
        raise NotPromotable(reason="That is no storage of the pool for disks.", mend="Choose another storage.")
    return sr


def networks_for(archive: Document, target: Stage | None, inventory: Inventory) -> dict[str, Uuid]:
    """Return where each network of an archive belongs, as far as the map of the stage or equal names tell."""
    entries = target.binding.networks if target is not None else ()
    mapped = {entry.logical: entry.network.uuid for entry in entries}
    by_name: dict[str, list[Uuid]] = {}
    for network in inventory.all(Network):
        by_name.setdefault(network.name_label, []).append(network.uuid)
    found = {}
    for member in archive.members:
        for nic in member.interfaces:
            alike = by_name.get(nic.network, [])
            if nic.logical in mapped and inventory.by_uuid(Network, mapped[nic.logical]) is not None:
                found[nic.called] = mapped[nic.logical]
            elif len(alike) == 1 and not entries:
                found[nic.called] = alike[0]
    return found


def demand_no_namesake(archive: Document, inventory: Inventory) -> None:
    """Refuse where a machine has the name by which one of the archive arrives."""
    arriving = {member.arrives_as for member in archive.members} - {""}
    in_the_way = next((vm for vm in inventory.all(VM) if not vm.is_a_snapshot and vm.name_label in arriving), None)
    if in_the_way is not None:
        raise NotPromotable(
            reason=f"A machine of the pool is called “{shortened(in_the_way.name_label)}”, as what arrives would be.",
            mend="Rename or remove that machine first.",
        )


def parts_of(command: Restoring, target: Stage | None, sr: SR | None, number: int, inventory: Inventory) -> list[Part]:
    """Return the machines as they come back. Raises `Refused` where it is not said on which networks."""
    archive = command.archive
    table = {**networks_for(archive, target, inventory), **command.networks}
    lacking = tuple(name for name in archive.networks if name not in table)
    if lacking:
        raise NotPromotable(
            reason=f"It is not said on which network of this pool the interfaces of {listing(lacking)} go.",
            mend="Say it for each, in the table of networks or by --map-network.",
        )
    gone = tuple(name for name in archive.networks if inventory.by_uuid(Network, table[name]) is None)
    if gone:
        raise NotPromotable(
            reason=f"The network that was chosen for {listing(gone)} is none of this pool.", mend="Choose another one."
        )
    strangers = tuple(sorted(set(command.networks) - set(archive.networks)))
    if strangers:
        raise NotPromotable(
            reason=f"No machine of the archive is on {listing(strangers)}.",
            mend=f"Its networks are {listing(archive.networks)}." if archive.networks else "It has no network.",
        )
    demand_no_namesake(archive, inventory)
    hosts = preferred_hosts(target, inventory) if target is not None else ()
    return [
        Part(
            member=member,
            name=_named(command, member, target, number),
            networks={nic.device: table[nic.called] for nic in member.interfaces},
            home=hosts[at % len(hosts)] if hosts else None,
            space=space,
            storages=frozenset({sr.uuid} if sr is not None else space),
        )
        for at, member in enumerate(archive.members)
        for space in (space_of(command, member, sr, inventory),)
    ]


def _named(command: Restoring, member: ArchivedMember, target: Stage | None, number: int) -> str:
    """Return what a machine is called once it is back."""
    archive = command.archive
    if target is None:
        plain = shortened(plain_name(member.name, archive.stage_name), NAME_LIMIT)
        return f"{plain} (restored){f' {number}' if number > 1 else ''}"
    plain = plain_name(member.name, archive.stage_name, target.name)
    if command.pattern:
        return name_by_pattern(
            command.pattern,
            name=plain,
            role=member.role,
            service=archive.service,
            version=archive.version,
            stage=target.name,
            number=number,
        )
    return f"{shortened(plain, NAME_LIMIT)} ({target.name}){f' {number}' if number > 1 else ''}"


def space_of(command: Restoring, member: ArchivedMember, sr: SR | None, inventory: Inventory) -> dict[Uuid, int]:
    """Return what a machine takes, by storage."""
    if isinstance(command, RestoreFromArchive):
        assert sr is not None, "what is imported goes somewhere"
        sizes = {file.path: file.size_bytes for file in command.archive.files}
        return {sr.uuid: _taken(member, sizes[member.file], sr)}
    assert isinstance(member, PoolMember), "an archive in a pool has no others"
    template = inventory.by_uuid(VM, member.template)
    if template is None:
        return {}
    if command.method is Method.FULL_COPY:
        return capacity.copy_space(inventory, template, sr)
    capacity.demand_short_chains(inventory, template, 1)
    return capacity.clone_space(inventory, template, is_of_snapshot=True)  # nobody writes to a template


def plain_name(name: str, *stages: str) -> str:
    for stage in stages:
        name = name.removesuffix(f" ({stage})")
    return name


def _taken(member: ArchivedMember, file_bytes: int, sr: SR) -> int:
    """Return what its disks take: all of them on block storage, else no more than the file holds."""
    whole = sum(member.disks_bytes)
    if sr.type in BLOCK_TYPES:
        return whole
    return min(whole, file_bytes + capacity.FILE_SNAPSHOT_BYTES * len(member.disks_bytes))


def guest_of(part: Part) -> Guest:
    return Guest(
        key=part.key,
        name=part.name,
        memory_bytes=part.member.memory_bytes,
        storages=part.storages,
        networks=frozenset(part.networks.values()),
        home=part.home,
    )
