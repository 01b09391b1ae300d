"""What a configuration that was made of a blueprint is measured by: that version, filled in as it was then."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from xsconsole.domain.blueprint import Blueprint, FilledMember, Reference, fill
from xsconsole.domain.blueprint.capturing import expected_manifest, verbatim
from xsconsole.domain.blueprint.edits import with_samples
from xsconsole.domain.blueprint.rendering import referred
from xsconsole.domain.blueprint.standing import made_of
from xsconsole.domain.board import Card
from xsconsole.domain.comparison import Version
from xsconsole.domain.disks import SEED_ROLE
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.lineage import blueprint_words
from xsconsole.domain.manifest import (
    Allowance,
    Manifest,
    MemberManifest,
    Part,
    left_behind,
    logical_names,
    member_manifest,
)
from xsconsole.domain.manifest.values import in_order
from xsconsole.domain.workflow import Workflow

MEMORY = ("memory_static_min_bytes", "memory_dynamic_min_bytes", "memory_dynamic_max_bytes", "memory_static_max_bytes")
PROCESSORS = ("vcpus_max", "vcpus_at_startup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A version as a configuration to compare with, what may differ from it, and the templates that it is made of."""

    version: Version
    allowances: tuple[Allowance, ...]
    templates: tuple[Ref, ...]


def measure_of(card: Card, now: Manifest, inventory: Inventory, workflow: Workflow | None) -> Measure | None:
    """Return the version that a configuration was made of, filled in; None where it or a template is gone.

    Names, what cloud-init reads, and of interfaces all but the network are taken from what the configuration is `now`:
    the version does not say them, or only together with values that nobody keeps.
    """
    origin, blueprint = card.origin, made_of(card, inventory)
    if origin is None or blueprint is None:
        return None
    found = {member.template: inventory.by_uuid(VM, member.template) for member in blueprint.members}
    templates = {uuid: vm for uuid, vm in found.items() if vm is not None and not vm.is_a_snapshot}
    filled = fill(_bare(blueprint), dict(origin.given or {}))
    if len(templates) < len(found) or not filled.is_whole:
        return None
    logical = logical_names(workflow.stage(card.stage) if workflow is not None else None)
    parts = {uuid: member_manifest("", vm, inventory, logical) for uuid, vm in templates.items()}
    filled = replace(filled, members=tuple(_as_outfitted(one, parts[one.template]) for one in filled.members))
    stands = {member.role: member for member in now.members}
    with_seed = {member.role for member in blueprint.members if member.user_data or member.network_config}
    members = tuple(
        _like(
            one, stands.get(one.role), {str(each.device) for each in member.interfaces}, has_seed=one.role in with_seed
        )
        for one in expected_manifest(filled, parts).members
        for member in filled.members
        if member.role == one.role
    )
    version = Version(
        configuration=origin.configuration,
        name=blueprint_words(origin),
        stage=card.stage,
        manifest=Manifest(members=members),
        service=card.service,
    )
    by_value = tuple(_of_parameters(blueprint)) if origin.given is None else ()
    return Measure(
        version=version,
        allowances=(*left_behind("after"), *by_value),
        templates=tuple(vm.ref for vm in templates.values()),
    )


def _bare(blueprint: Blueprint) -> Blueprint:
    """Return a blueprint without the texts that are filled in, and with parameters for its hardware alone."""
    members = tuple(
        msgspec.structs.replace(
            member,
            name_pattern=verbatim(member.id),
            user_data="",
            network_config="",
            disks=tuple(msgspec.structs.replace(disk, name="") for disk in member.disks),
        )
        for member in blueprint.members
    )
    used = {name for member in members for name in referred(member)}
    kept = tuple(each for each in blueprint.parameters if each.name in used)
    return with_samples(msgspec.structs.replace(blueprint, members=members, parameters=kept))


def _as_outfitted(member: FilledMember, template: MemberManifest) -> FilledMember:
    """Return what is written to a machine: where its template has as much, it stays as it is."""
    memory = None if member.memory == template.memory_static_max_bytes else member.memory
    return replace(member, memory=memory, vcpus=None if member.vcpus == template.vcpus_max else member.vcpus)


def _like(one: MemberManifest, now: MemberManifest | None, interfaces: set[str], *, has_seed: bool) -> MemberManifest:
    if now is None:
        return one
    names = {disk.device: disk.name for disk in now.disks}
    disks = [msgspec.structs.replace(disk, name=names.get(disk.device, disk.name)) for disk in one.disks]
    own = {disk.device for disk in one.disks}
    disks += [disk for disk in now.disks if has_seed and disk.role == SEED_ROLE and disk.device not in own]
    nics = {nic.device: nic for nic in now.nics}
    return msgspec.structs.replace(
        one,
        name=now.name,
        description=now.description,
        disks=in_order(disks),
        nics=in_order(
            msgspec.structs.replace(nics.get(nic.device, nic), network=nic.network)
            for nic in one.nics
            if nic.device in interfaces
        ),
    )


def _of_parameters(blueprint: Blueprint) -> Iterator[Allowance]:
    """Give what may differ where the values that were given are not known: whatever is one of them."""
    for member in blueprint.members:
        for value, fields in ((member.vcpus, PROCESSORS), (member.memory, MEMORY)):
            if isinstance(value, Reference):
                for field in fields:
                    yield Allowance(id=f"parameter {value.parameter}", part=Part.MEMBER, field=field, role=member.role)
        for disk in member.disks:
            if isinstance(disk.size, Reference):
                rule = f"parameter {disk.size.parameter}"
                device = str(disk.position)
                yield Allowance(id=rule, part=Part.DISK, field="size_bytes", role=member.role, device=device)
        for each in member.interfaces:
            if isinstance(each.network, Reference):
                rule, device = f"parameter {each.network.parameter}", str(each.device)
                yield Allowance(id=rule, part=Part.NIC, field="network", role=member.role, device=device)
