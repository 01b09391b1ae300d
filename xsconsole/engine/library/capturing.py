"""The plan of a capture: freeze every member, copy, make templates of the copies, write the blueprint; it stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from xsconsole.domain.actions.captures import KeepTemplate, VerifyTemplates, WriteBlueprint
from xsconsole.domain.actions.copies import CopyMachine, DropSnapshot, NoteFreeze
from xsconsole.domain.blueprint import Blueprint, Source, Template, from_stored, to_json, to_stored
from xsconsole.domain.blueprint.capturing import Captured, capture, recaptured
from xsconsole.domain.blueprint.finding import Finding
from xsconsole.domain.blueprint.findings import findings
from xsconsole.domain.blueprint.namesakes import demand_own_name
from xsconsole.domain.blueprint.standing import blueprint_key, blueprint_stem, blueprint_thing, next_version
from xsconsole.domain.blueprint.templates import BLOCKED, TemplateMark, mark_text
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.disks import disks_of, drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.manifest import fingerprint, manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, Purpose, RunKind, TakeSnapshot
from xsconsole.domain.poolstate import numbers
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.engine.commands import Capture
from xsconsole.engine.copies.copying import CLONE_S, COPIED_BYTES_PER_S, FIT_S
from xsconsole.engine.copies.freezing import add_freeze, demand_freezable, runs
from xsconsole.engine.library.room import demand_room_for
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotPromotable, Refused

TO_BE_MADE = Uuid("00000000-0000-4000-8000-000000000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A member, its record, and what its template is called."""

    member: Member
    vm: VM
    template: str


def plan_capture(command: Capture, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Copy what was frozen, or the machines themselves where none runs, and say of it what a blueprint says.

    The document is written last: until then there are templates of a run and nothing else.

    Raises:
        Refused: it cannot be captured, and why.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_revision(card, command.revision)
    stage = rules.stage_of(workflow, card.stage)
    rules.demand_actor(workflow, (stage,), actor)
    rules.demand_settled_power(card)
    sr = _storage(command, inventory)
    blueprint = _document(command, card, workflow, stage.name, inventory)
    called = f"{shortened(blueprint.name, 50)} {blueprint.version}"
    found = ((member, inventory.get(VM, member.ref)) for member in card.members)
    parts = [
        _Part(member=member, vm=vm, template=f"{called} · {shortened(member.role, 40)}")
        for member, vm in found
        if vm is not None
    ]
    is_freezing = any(runs(part.member) for part in parts)
    _demand_operations(command, parts, inventory, is_freezing=is_freezing)
    warnings = _demand_room(command, parts, sr, board, inventory, is_freezing=is_freezing)

    steps = Steps()
    machines = [(part.member, part.vm) for part in parts]

    def taking(member: Member, vm: VM) -> TakeSnapshot:
        is_on = runs(member) and not command.is_stopped_first
        return TakeSnapshot(vm=vm.uuid, purpose=Purpose.CANDIDATE, was_running=is_on)

    taken: dict[Uuid, StepKey] = {}
    freeze = None
    if is_freezing:
        taken = add_freeze(steps, machines, taking, inventory, is_stopped_first=command.is_stopped_first)
        freeze = steps.add(NoteFreeze(snapshots=tuple(taken.values())), card.name, taken.values())
    copies = _add_copies(steps, command, parts, taken, freeze, sr, inventory)
    kept = [_add_keeping(steps, command, part, copies[part.member.role]) for part in parts]
    ids = {member.role: member.id for member in blueprint.members}
    writing = WriteBlueprint(
        blueprint=blueprint.id,
        version=blueprint.version,
        document=to_json(_named(blueprint, parts)).decode(),
        templates={ids[role]: key for role, key in copies.items()},
        freeze=freeze,
    )
    written = steps.add(writing, blueprint.name, kept)
    verified = steps.add(VerifyTemplates(templates=tuple(copies.values())), blueprint.name, [written])
    for part in parts if taken else ():
        snapshot = DropSnapshot(snapshot=taken[part.vm.uuid])
        steps.add(snapshot, part.member.name, [verified], Estimate(seconds=1.0))
    return Plan(
        intent=intent_in(RunKind.CAPTURE, card, workflow, method=command.method),
        steps=steps.all,
        leases=tuple(sorted({*rules.leases_for(card.id, card.service, ()), blueprint_thing(blueprint.id)})),
        warnings=(*_sentences(command, blueprint, parts, card), *warnings),
        asks=True,
    )


def _document(command: Capture, card: Card, workflow: Workflow, stage_name: str, inventory: Inventory) -> Blueprint:
    """Return the blueprint that the capture makes, in which the templates are not filled in.

    Raises:
        Refused: there would be an error in it, or no room for it.
    """
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    manifest = manifest_of_card(card, inventory, workflow)
    earlier = _earlier(command, keys)
    version = next_version(keys, command.blueprint)
    name = earlier.name if earlier is not None else command.name.strip()
    if not name:
        raise Refused(reason="The blueprint has no name.", mend="Type one.")
    demand_own_name(keys, command.blueprint, name)
    blueprint = capture(
        manifest,
        {member.role: Captured(template=TO_BE_MADE, name="") for member in manifest.members},
        blueprint=command.blueprint,
        name=name,
        service=card.service,
        source=Source(
            configuration=card.id,
            name=card.name,
            stage=stage_name,
            version=card.version,
            manifest=fingerprint(manifest),
        ),
        version=version,
        summary=command.summary.strip(),
    )
    if earlier is not None:
        blueprint = msgspec.structs.replace(recaptured(earlier, blueprint), version=version)
    blueprint = msgspec.structs.replace(blueprint, changes=command.changes.strip())
    error = next((finding for finding in findings(blueprint, _as_made(card, inventory)) if finding.is_error), None)
    if error is not None:
        raise Refused(reason=error.sentence, mend=_mend(error))
    demand_room_for(keys, len(to_stored(blueprint)))
    return blueprint


def _mend(error: Finding) -> str:
    return error.mend if error.field != "name_pattern" else "Rename the machine, or the others, then capture it."


def _as_made(card: Card, inventory: Inventory) -> dict[Uuid, Template]:
    """Return what the templates will have together: whichever of them a member is of, its disks are there."""
    disks = {
        int(drive.userdevice): 0
        for member in card.members
        if (vm := inventory.get(VM, member.ref)) is not None
        for drive, _ in drives_of(inventory, vm)
        if drive.userdevice.isdecimal()
    }
    return {TO_BE_MADE: Template(uuid=TO_BE_MADE, name="", is_template=True, disks=disks, interfaces=())}


def _earlier(command: Capture, keys: Mapping[str, str]) -> Blueprint | None:
    """Return the newest version that stands.

    Raises:
        Refused: it cannot be read.
    """
    standing = numbers(keys, blueprint_stem(command.blueprint))
    return from_stored(keys[blueprint_key(command.blueprint, standing[0])]) if standing else None


def _storage(command: Capture, inventory: Inventory) -> SR | None:
    if command.sr is None:
        return None
    if command.method is Method.LINKED_CLONE:
        raise NotPromotable(
            reason="A linked clone stays on the storage of its original.", mend="Make full copies, or name no storage."
        )
    sr = inventory.by_uuid(SR, command.sr)
    if sr is None or sr.content_type == "iso":
        raise NotPromotable(reason="That is no storage of the pool for disks.", mend="Choose another storage.")
    return sr


def _demand_operations(command: Capture, parts: Sequence[_Part], inventory: Inventory, *, is_freezing: bool) -> None:
    for part in parts:
        if part.vm.VTPMs:
            raise NotPromotable(
                reason=f"“{shortened(part.member.name)}” has a virtual TPM, whose secrets would be in every machine "
                "that is made of it.",
                mend="Capture the configuration without that machine.",
            )
        if is_freezing:
            demand_freezable(part.member, part.vm, inventory, is_stopped_first=command.is_stopped_first)
        else:
            operation = "copy" if command.method is Method.FULL_COPY else "clone"
            rules.demand_operation(part.vm, operation, inventory)


def _demand_room(
    command: Capture, parts: Sequence[_Part], sr: SR | None, board: Board, inventory: Inventory, *, is_freezing: bool
) -> tuple[str, ...]:
    is_linked = command.method is Method.LINKED_CLONE
    for part in parts:
        if is_linked or is_freezing:
            capacity.demand_short_chains(inventory, part.vm, is_linked + is_freezing)
    frozen = [capacity.snapshot_space(inventory, part.vm) for part in parts if is_freezing]
    copied = [_space(command, part.vm, sr, inventory, is_frozen=is_freezing) for part in parts]
    what = "The snapshots and the templates" if is_freezing else "The templates"
    return capacity.demand_space(inventory, capacity.total(*frozen, *copied), what, claims_on(board).space)


def _space(command: Capture, vm: VM, sr: SR | None, inventory: Inventory, *, is_frozen: bool) -> dict[Uuid, int]:
    if command.method is Method.FULL_COPY:
        return capacity.copy_space(inventory, vm, sr)
    return capacity.clone_space(inventory, vm, is_of_snapshot=is_frozen)


def _add_copies(
    steps: Steps,
    command: Capture,
    parts: Sequence[_Part],
    taken: Mapping[Uuid, StepKey],
    freeze: StepKey | None,
    sr: SR | None,
    inventory: Inventory,
) -> dict[str, StepKey]:
    copies = {}
    for part in parts:
        space = _space(command, part.vm, sr, inventory, is_frozen=bool(taken))
        is_full = command.method is Method.FULL_COPY
        written = sum(disk.virtual_size for disk in disks_of(inventory, part.vm)) if is_full else 0
        action = CopyMachine(
            vm=part.vm.uuid,
            name=part.template,
            method=command.method,
            snapshot=taken.get(part.vm.uuid),
            sr=sr.uuid if sr is not None else None,
        )
        estimate = Estimate(seconds=CLONE_S + written / COPIED_BYTES_PER_S, bytes=sum(space.values()), space=space)
        copies[part.member.role] = steps.add(action, part.member.name, [freeze] if freeze is not None else (), estimate)
    return copies


def _add_keeping(steps: Steps, command: Capture, part: _Part, copy: StepKey) -> StepKey:
    mark = TemplateMark(vm=Uuid(""), blueprint=command.blueprint, role=part.member.role)
    action = KeepTemplate(
        copy=copy,
        name=part.template,
        order=part.vm.order,
        start_delay_s=part.vm.start_delay,
        shutdown_delay_s=part.vm.shutdown_delay,
        mark=mark_text(mark),
        blocked=BLOCKED,
    )
    return steps.add(action, part.template, [copy], Estimate(seconds=FIT_S))


def _named(blueprint: Blueprint, parts: Sequence[_Part]) -> Blueprint:
    names = {part.member.role: part.template for part in parts}
    members = tuple(msgspec.structs.replace(one, template_name=names[one.role]) for one in blueprint.members)
    return msgspec.structs.replace(blueprint, members=members)


def _sentences(command: Capture, blueprint: Blueprint, parts: Sequence[_Part], card: Card) -> list[str]:
    running = sum(runs(part.member) for part in parts)
    made = f"version {blueprint.version} of “{shortened(blueprint.name, 60)}”"
    asks = count(len(blueprint.parameters), "parameter")
    found = [
        f"{shortened(card.name, 60)} stays as it is; {count(len(parts), 'template')} and {made} are made. It asks for "
        f"{asks}."
    ]
    if running and command.is_stopped_first:
        found.append(f"{count(running, 'running machine')} will be shut down, frozen and started again.")
    elif running:
        found.append(
            f"The templates hold what a power cut would leave on {count(running, 'running machine')}, one frozen after "
            "the other: how far apart is recorded."
        )
    found.append("What the disks hold comes along: host keys, passwords and licences of the guests too.")
    return found
