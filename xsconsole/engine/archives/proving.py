"""The plan that proves an archive: brought back apart from everything, started, asked, and removed again."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from xsconsole.domain.actions.copies import FitScratch
from xsconsole.domain.actions.proofs import (
    CheckApart,
    CheckScratch,
    MakeScratchNetwork,
    NoteProof,
    RemoveScratch,
    RemoveScratchNetwork,
)
from xsconsole.domain.archive import Archive, PoolArchive
from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId, StepKey, Uuid, WorkflowId
from xsconsole.domain.inventory import SR, VIF, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind
from xsconsole.domain.poolstate import archive_thing
from xsconsole.domain.replica import NAME_LIMIT
from xsconsole.domain.words import count, instant, listing, size
from xsconsole.domain.workflow import Kind, Stage, Workflow
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Gate,
    GuestToolsUp,
    NoDuplicateAddresses,
    Script,
    When,
)
from xsconsole.domain.workflow.names import gate_name
from xsconsole.engine.archives.return_checks import (
    Part,
    barriers_against,
    card_to_be,
    demand_alone,
    demand_here,
    demand_no_namesake,
    demand_version,
    guest_of,
    parts_of,
    plain_name,
    space_of,
    storage_of,
)
from xsconsole.engine.archives.returning import FIT_S, add_arrived_starts, add_check, add_machines
from xsconsole.engine.archives.stow_checks import demand_whole
from xsconsole.engine.commands import ProveArchive, RestoreFromArchive, RestoreFromPool
from xsconsole.engine.copies.replicating import CLOSING
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.barring import barred
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.placement import Guest, place
from xsconsole.engine.plans.steps import Steps
from xsconsole.engine.runs.gatekeeper import CHECK_S
from xsconsole.errors import NotPromotable

PROOF_SPACE = uuid.UUID("f2b1b7a6-6f0f-4d8f-9d3c-0c7c8a3f1e11")
ASKABLE = (GuestToolsUp, AddressesAnswer, NoDuplicateAddresses, Script)
"""Gates that say something of machines which stand nowhere: the others look at production, the past, or a person."""

REMOVE_S = 5.0


def plan_proof(
    command: ProveArchive, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...]
) -> Plan:
    """Verify, import, start in order on networks of its own or those of a stage, ask, note, and remove all of it.

    Raises:
        Refused: it cannot be tried there, and why.
    """
    archive = command.of.archive
    workflow, target = board.workflow, None  # apart it is tried also where the pool follows none
    if command.target is not None:
        workflow = rules.workflow_of(board, "Or prove it apart, on private networks.")
        target = rules.stage_of(workflow, command.target)
    made = _id(archive, inventory)
    demand_alone(archive.id, board)
    if isinstance(command.of, RestoreFromPool):
        demand_whole(command.of.archive, inventory)
    else:
        demand_version(archive, inventory)
    if target is not None and workflow is not None:
        _demand_no_production(target)
        rules.demand_actor(workflow, (target,), actor)
        demand_here(target, inventory)
        card = card_to_be(made, archive.name, archive.service, archive.version, target.id)
        barriers = barriers_against(card, target, board, inventory, clocks)
        closing = [barrier for barrier in barriers if barrier.kind in CLOSING]
        if closing:
            raise barred(closing)
    sr = storage_of(command.of, target, inventory)
    parts = _parts(command, target, sr, inventory)
    if target is not None and workflow is not None:
        _demand_aside(target, parts, workflow, board, inventory)
    space = capacity.total(*(part.space for part in parts))
    warnings = capacity.demand_space(inventory, space, "The machines", claims_on(board).space)
    hosts = _hosts(archive, parts, board, inventory, is_apart=target is None)
    gates = _gates(command, target, workflow)
    intent = Intent(
        kind=RunKind.PROVE,
        configuration=made,
        name=archive.name,
        service=archive.service,
        workflow=workflow.id if workflow is not None else WorkflowId(""),
        workflow_version=workflow.version if workflow is not None else 0,
        target=target.id if target is not None else None,
    )
    leases = rules.leases_for(made, archive.service, ())  # what is tried takes no place
    return Plan(
        intent=intent,
        steps=_steps(command, parts, hosts, gates, target, sr).all,
        leases=tuple(sorted((archive_thing(archive.id), *leases))),
        warnings=(*_sentences(command, parts, gates, target, inventory), *warnings),
        asks=True,
    )


def _id(archive: Archive | PoolArchive, inventory: Inventory) -> ConfigurationId:
    """Return what the run stands under: one proof of an archive at a time, by the archive's lease."""
    pool = inventory.pool.uuid if inventory.pool is not None else ""
    return ConfigurationId(str(uuid.uuid5(PROOF_SPACE, f"{archive.id}\n{pool}")))


def _parts(command: ProveArchive, target: Stage | None, sr: SR | None, inventory: Inventory) -> list[Part]:
    """Return the machines; where it is apart their networks are made later."""
    archive = command.of.archive
    if target is not None:
        found = parts_of(command.of, target, sr, 1, inventory)
    else:
        demand_no_namesake(archive, inventory)
        found = [
            Part(
                member=member,
                name="",
                networks={},
                home=None,
                space=space,
                storages=frozenset({sr.uuid} if sr is not None else space),
            )
            for member in archive.members
            for space in (space_of(command.of, member, sr, inventory),)
        ]
    return [replace(part, name=f"{_name(part, archive)} (proof)", home=None) for part in found]


def _name(part: Part, archive: Archive | PoolArchive) -> str:
    return shortened(plain_name(part.member.name, archive.stage_name), NAME_LIMIT)


def _demand_no_production(target: Stage) -> None:
    if target.is_production:
        raise NotPromotable(
            reason=f"{target.name} is production, and what is tried there could collide with it.",
            mend="Prove it on private networks, or in another stage.",
        )


def _demand_aside(target: Stage, parts: Sequence[Part], workflow: Workflow, board: Board, inventory: Inventory) -> None:
    """Refuse a stage from which what is tried could meet production."""
    used = {network for part in parts for network in part.networks.values()}
    real = {stage.id for stage in workflow.stages if stage.is_production}
    mapped = {entry.network.uuid for stage in workflow.stages if stage.id in real for entry in stage.binding.networks}
    machines = {member.ref for card in board.cards.values() if card.stage in real for member in card.members}
    for vif in inventory.all(VIF):
        network = inventory.get(Network, vif.network) if vif.VM in machines else None
        if network is not None:
            mapped.add(network.uuid)
    shared = [inventory.by_uuid(Network, network) for network in sorted(used & mapped)]
    if shared:
        names = listing(tuple(f"“{shortened(network.name_label, 60)}”" for network in shared if network is not None))
        raise NotPromotable(
            reason=f"Production is on {names} too: what is tried in {target.name} could collide with it.",
            mend="Prove it on private networks, or in another stage.",
        )


def _hosts(
    archive: Archive | PoolArchive, parts: Sequence[Part], board: Board, inventory: Inventory, *, is_apart: bool
) -> Mapping[Uuid, Uuid]:
    """Return where each machine starts; on private networks all on one host, because such a network is inside one."""
    memory = claims_on(board).memory
    if not is_apart:
        return place(inventory, [guest_of(part) for part in parts], memory)
    together = Guest(
        key=Uuid(archive.id),
        name=archive.name,
        memory_bytes=sum(part.member.memory_bytes for part in parts),
        storages=frozenset(sr for part in parts for sr in part.storages),
        networks=frozenset(),
    )
    host = place(inventory, [together], memory).get(together.key)
    return {part.key: host for part in parts} if host is not None else {}


def _gates(command: ProveArchive, target: Stage | None, workflow: Workflow | None) -> list[Gate]:
    """Return what is asked: the guest tools, and in a stage what the ways into it ask of machines."""
    all_ways = workflow.transitions if workflow is not None else ()
    ways = [way for way in all_ways if target is not None and way.target == target.id]
    entry = [gate for way in ways if way.kind is Kind.PROMOTE for gate in way.gates if isinstance(gate, ASKABLE)]
    tools: list[Gate] = [GuestToolsUp()] if command.asks_tools else []
    found = [msgspec.structs.replace(gate, when=When.AFTER, leads_back=True) for gate in (*tools, *entry)]
    asked = {msgspec.json.encode(msgspec.structs.replace(gate, timeout_s=None)): gate for gate in found}
    return [gate for gate in asked.values() if command.asks_tools or not isinstance(gate, GuestToolsUp)]


def _steps(
    command: ProveArchive,
    parts: Sequence[Part],
    hosts: Mapping[Uuid, Uuid],
    gates: Sequence[Gate],
    target: Stage | None,
    sr: SR | None,
) -> Steps:
    archive, steps, place_name = command.of.archive, Steps(), target.name if target is not None else ""
    checked = [add_check(steps, command.of)]
    nets = {
        name: steps.add(
            MakeScratchNetwork(name=f"Proof of {shortened(archive.name, 40)}: {shortened(name, 40)}"), name, checked
        )
        for name in (archive.networks if target is None else ())
    }
    # What is on a network goes before it, also where the run is put back.
    made_by = add_machines(steps, command.of, parts, sr, [*checked, *nets.values()])
    fitted = [
        steps.add(_fitting(part, made_by[part.key], nets), part.name, made_by.values(), Estimate(seconds=FIT_S))
        for part in parts
    ]
    copies = tuple(made_by.values())
    apart = [steps.add(CheckApart(copies=copies), archive.name, fitted)]
    ordered = sorted(parts, key=lambda part: part.member.order)
    after = add_arrived_starts(steps, ordered, made_by, hosts, apart)
    folder = str(command.of.folder) if isinstance(command.of, RestoreFromArchive) else ""
    asked = []
    for gate in gates:
        asking = CheckScratch(copies=copies, gate=gate, folder=folder, archive=archive.id, place=place_name)
        after = [steps.add(asking, archive.name, after, Estimate(seconds=CHECK_S))]
        asked += after
    note = NoteProof(folder=folder, archive=archive.id, place=place_name, copies=copies, gates=tuple(asked))
    noted = [steps.add(note, archive.name, after)]
    gone = [
        steps.add(RemoveScratch(copy=made_by[part.key]), part.name, noted, Estimate(seconds=REMOVE_S)) for part in parts
    ]
    for name, network in nets.items():
        steps.add(RemoveScratchNetwork(network=network), name, gone)
    return steps


def _fitting(part: Part, copy: StepKey, networks: Mapping[str, StepKey]) -> FitScratch:
    member = part.member
    return FitScratch(
        copy=copy,
        name=part.name,
        order=member.order,
        start_delay_s=member.start_delay_s,
        shutdown_delay_s=member.shutdown_delay_s,
        networks=part.networks,
        scratch={nic.device: networks[nic.called] for nic in member.interfaces} if not part.networks else {},
    )


def _sentences(
    command: ProveArchive, parts: Sequence[Part], gates: Sequence[Gate], target: Stage | None, inventory: Inventory
) -> list[str]:
    archive, taken = command.of.archive, size(sum(sum(part.space.values()) for part in parts))
    storages = [inventory.by_uuid(SR, uuid) for uuid in sorted({sr for part in parts for sr in part.storages})]
    where = listing(tuple(f"“{shortened(sr.name_label, 40)}”" for sr in storages if sr is not None))
    found = [
        f"{shortened(archive.name, 60)} comes back as it stood at {instant(archive.frozen_at)}, "
        f"{count(len(parts), 'machine')}, up to {taken} in {where}, for a trial: "
        "all of it is removed again, whatever comes of it."
    ]
    if target is None:
        inside = count(len(archive.networks), "private network is", "private networks are")
        found.append(f"{inside} made for it: nothing else is there, and nothing leads out.")
    else:
        found.append(
            f"It is on the networks of {target.name}, with new MAC addresses. A fixed address of a guest comes back as "
            "it was: nothing else may have it there."
        )
        left = sorted({gate_name(gate) for gate in gates if isinstance(gate, Script)})
        found += [f"What a {name} does there is its own affair." for name in left]
    asked = listing(tuple(gate_name(gate) for gate in gates))
    found.append(f"Asked of it: {asked}." if asked else "Nothing is asked of it but to start.")
    return found
