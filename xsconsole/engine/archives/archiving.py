"""The plan of an archive in files: freeze every member, write the snapshots out, sign; the configuration stays."""

import re
from collections.abc import Sequence

import msgspec

from xsconsole.domain.actions.archives import (
    Ancestor,
    ArchivedMember,
    CompareArchived,
    ExportMember,
    Interface,
    NoteArchived,
    PrepareArchive,
    SealArchive,
)
from xsconsole.domain.actions.copies import DropSnapshot, NoteFreeze
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory, Network
from xsconsole.domain.lineage import blueprint_words, origins_of
from xsconsole.domain.manifest import fingerprint, manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, Purpose, RunKind, TakeSnapshot
from xsconsole.domain.poolstate import Roster, newest_text, roster_stem
from xsconsole.domain.words import count, instant, size
from xsconsole.domain.workflow import Stage
from xsconsole.engine.commands import ArchiveToFiles
from xsconsole.engine.copies.freezing import add_freeze, demand_freezable, runs
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.lands import version_of
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotPromotable

WRITTEN_BYTES_PER_S = 100 * 1024 * 1024
EXPORT_S = 5.0
LOOK_S = 0.5
STEM_LIMIT = 40


def plan_archive(command: ArchiveToFiles, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Freeze whatever runs or not in a snapshot of each member, compare, export, seal, and drop the snapshots.

    Raises:
        NotPromotable, NotPermitted: it cannot be archived, and why.
    """
    card = rules.card_of(board, command.configuration)
    workflow = rules.workflow_of(board)
    rules.demand_actor(workflow, (workflow.stage(card.stage),), actor)
    return _planned(command, card, board, inventory, "")


def plan_last_archive(command: ArchiveToFiles, card: Card, board: Board, inventory: Inventory, told: str) -> Plan:
    """Return the same at the end of a time in a stage: the machines stay off, and it is noted that it was archived.

    `told` says why it is done.
    """
    return _planned(command, card, board, inventory, told)


def _planned(command: ArchiveToFiles, card: Card, board: Board, inventory: Inventory, told: str) -> Plan:
    workflow = rules.workflow_of(board)
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_revision(card, command.revision)
    stage = rules.stage_of(workflow, card.stage)
    rules.demand_settled_power(card)
    found = ((member, inventory.get(VM, member.ref)) for member in card.members)
    machines = [(member, vm) for member, vm in found if vm is not None]
    _demand_archivable(machines, inventory, is_stopped_first=command.is_stopped_first)
    warnings = capacity.demand_storage(inventory, [vm for _, vm in machines], claims_on(board).space)
    manifest = manifest_of_card(card, inventory, workflow)
    folder = str(command.folder)

    steps = Steps()
    ready = [steps.add(PrepareArchive(folder=folder), card.name)]

    def taking(member: Member, vm: VM) -> TakeSnapshot:
        is_on = runs(member) and not command.is_stopped_first
        return TakeSnapshot(vm=vm.uuid, purpose=Purpose.CANDIDATE, was_running=is_on)

    taken = add_freeze(
        steps,
        machines,
        taking,
        inventory,
        is_stopped_first=command.is_stopped_first,
        after=tuple(ready),
        is_left_off=bool(told),
    )
    freeze = steps.add(NoteFreeze(snapshots=tuple(taken.values())), card.name, taken.values())
    compare = CompareArchived(configuration=card.id, fingerprint=fingerprint(manifest))
    compared = [steps.add(compare, card.name, [freeze], Estimate(seconds=LOOK_S))]
    members = [
        member_of(
            member,
            vm,
            stage,
            inventory,
            file=f"members/{number:02d}-{stem_of(member.role)}.xva",
            is_stopped_first=command.is_stopped_first,
        )
        for number, (member, vm) in enumerate(machines, start=1)
    ]
    written = [_add_export(steps, folder, member, taken[member.vm], compared) for member in members]
    steps.add(
        SealArchive(
            folder=folder,
            freeze=freeze,
            version=card.version,
            stage_name=stage.name,
            pool_name=inventory.pool.name_label if inventory.pool is not None else "",
            xapi_version=".".join(map(str, version_of(inventory, highest=True))),
            manifest=msgspec.json.encode(manifest, order="sorted").decode(),
            members=tuple(members),
            lineage=lineage_of(card, board),
            keep_until=command.keep_until,
        ),
        card.name,
        written,
        Estimate(seconds=LOOK_S),
    )
    if told:
        keys = inventory.pool.other_config if inventory.pool is not None else {}
        original = newest_text(keys, roster_stem(card.id), Roster)
        note = NoteArchived(configuration=card.id, original=original, stage=stage.id, since=card.since, folder=folder)
        steps.add(note, card.name, [steps.all[-1].key])
    _add_drops(steps, machines, taken)
    intent = intent_in(RunKind.ARCHIVE, card, workflow)
    running = [member for member, _ in machines if runs(member)]
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=(*_sentences(command, members, len(running), told), *warnings),
        asks=True,
    )


def stem_of(name: str) -> str:
    """Return a name of a file or a folder that any file system takes, after what people call something."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.casefold()).strip("-.")
    return plain[:STEM_LIMIT].strip("-.") or "unnamed"


def _demand_archivable(machines: Sequence[tuple[Member, VM]], inventory: Inventory, *, is_stopped_first: bool) -> None:
    for member, vm in machines:
        if vm.VTPMs:
            raise NotPromotable(
                reason=f"“{shortened(member.name)}” has a virtual TPM, whose secrets do not leave their pool.",
                mend="Archive the configuration without that machine, or in the pool.",
            )
        demand_freezable(member, vm, inventory, is_stopped_first=is_stopped_first)
        capacity.demand_short_chains(inventory, vm, 1)


def member_of(
    member: Member, vm: VM, stage: Stage, inventory: Inventory, *, file: str, is_stopped_first: bool
) -> ArchivedMember:
    """Return what an archive says of a machine of a configuration in `stage`."""
    return ArchivedMember(
        role=member.role,
        name=vm.name_label,
        vm=vm.uuid,
        file=file,
        arrives_as="",
        was_running=runs(member) and not is_stopped_first,
        order=vm.order,
        start_delay_s=vm.start_delay,
        shutdown_delay_s=vm.shutdown_delay,
        memory_bytes=vm.memory_static_max,
        disks_bytes=tuple(disk.virtual_size for disk in disks_of(inventory, vm)),
        interfaces=_interfaces(vm, stage, inventory),
    )


def _interfaces(vm: VM, stage: Stage, inventory: Inventory) -> tuple[Interface, ...]:
    logical = {entry.network.uuid: entry.logical for entry in stage.binding.networks}
    found = []
    for vif in (inventory.get(VIF, ref) for ref in vm.VIFs):
        network = inventory.get(Network, vif.network) if vif is not None else None
        if vif is not None and network is not None:
            called = logical.get(network.uuid, "")
            found.append(Interface(device=vif.device, mac=vif.MAC, network=network.name_label, logical=called))
    return tuple(sorted(found, key=lambda nic: (nic.device.zfill(8), nic.device)))


def _add_export(
    steps: Steps, folder: str, member: ArchivedMember, snapshot: StepKey, after: Sequence[StepKey]
) -> StepKey:
    size_bytes = sum(member.disks_bytes)
    return steps.add(
        ExportMember(vm=member.vm, snapshot=snapshot, folder=folder, file=member.file),
        member.name,
        after,
        Estimate(seconds=EXPORT_S + size_bytes / WRITTEN_BYTES_PER_S),  # it takes nothing of the pool's storage
    )


def _add_drops(steps: Steps, machines: Sequence[tuple[Member, VM]], taken: dict[Uuid, StepKey]) -> None:
    """Drop the snapshots last: going forward again needs them until the archive is sealed."""
    sealed = steps.all[-1].key
    for member, vm in machines:
        steps.add(DropSnapshot(snapshot=taken[vm.uuid]), member.name, [sealed], Estimate(seconds=1.0))


def lineage_of(card: Card, board: Board) -> tuple[Ancestor, ...]:
    """Return what the configuration was copied from, and that, as far as it is known."""
    return tuple(
        Ancestor(
            configuration=origin.configuration,
            name=origin.name if origin.is_copy else blueprint_words(origin),
            stage=origin.stage,
            method=origin.method,
            archive=origin.archive,
        )
        for origin in origins_of(card, board)
    )


def _sentences(command: ArchiveToFiles, members: Sequence[ArchivedMember], running: int, told: str) -> list[str]:
    most = sum(sum(member.disks_bytes) for member in members)
    free = f" {size(command.room_bytes)} are free there." if command.room_bytes is not None else ""
    found = [
        f"{count(len(members), 'machine')} {'is' if len(members) == 1 else 'are'} written to {command.folder} on this "
        f"computer: up to {size(most)}, less where disks are empty.{free}"
    ]
    if told:
        found.insert(0, told)
    if running and told:
        found.append(f"{count(running, 'running machine')} will be shut down, and stay off.")
    elif running and command.is_stopped_first:
        found.append(f"{count(running, 'running machine')} will be shut down, frozen and started again.")
    elif running:
        found.append(
            f"The archive holds what a power cut would leave on {count(running, 'running machine')}, one frozen after "
            "the other: how far apart is recorded."
        )
    if command.keep_until is not None:
        found.append(f"It is kept until {instant(command.keep_until)}; then it has expired, and can be cleared away.")
    found.append("Whoever can read the files can read the disks: they are signed, and not encrypted.")
    return found
