"""A configuration as a blueprint: what it is becomes members, and what one would want to choose becomes parameters.

Filled with its defaults it comes to the manifest that it was made of; `expected_manifest` says so member by member.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from xsconsole.domain.blueprint.rendering import Filled, FilledMember
from xsconsole.domain.blueprint.values import (
    Blueprint,
    Disk,
    Interface,
    Member,
    Parameter,
    ParameterKind,
    Reference,
    Source,
)
from xsconsole.domain.ids import BlueprintId, Uuid
from xsconsole.domain.manifest.building import in_roles
from xsconsole.domain.manifest.values import Disk as ManifestDisk
from xsconsole.domain.manifest.values import Manifest, MemberManifest, Nic, in_order
from xsconsole.domain.words import size
from xsconsole.domain.workflow.bounds import NAME_LIMIT

MOST_VCPUS = 64
LEAST_MEMORY = 128 * 1024**2
MOST_MEMORY = 1024**4
_EACH = 2  # parameters that each member gets


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A member's template as it was made; `name` is what the template is called."""

    template: Uuid
    name: str


def capture(
    manifest: Manifest,
    templates: Mapping[str, Captured],
    *,
    blueprint: BlueprintId,
    name: str,
    service: str,
    source: Source,
    version: int = 1,
    summary: str = "",
    most_parameters: int = 64,
) -> Blueprint:
    """Return the blueprint of a configuration, given what its members became, by role.

    Memory and vCPUs of each member are parameters, with what it has as defaults, as far as there may be so many; the
    service in a machine's name is filled in anew. Memory that may move while it runs stays as the template has it.
    """
    ids = _ids(member.role for member in manifest.members)
    parameters: list[Parameter] = []
    members = []
    for member in manifest.members:
        stem = _identifier(member.role)
        room = len(parameters) + _EACH <= most_parameters
        vcpus, memory = _sizes(member, stem, parameters) if room else (None, None)
        members.append(
            Member(
                id=ids[member.role],
                name_pattern=name_pattern(member.name, service),
                role=member.role,
                template=templates[member.role].template,
                template_name=templates[member.role].name,
                vcpus=vcpus,
                memory=memory,
                disks=tuple(
                    Disk(position=int(disk.device), role=disk.role, name=name_pattern(disk.name, service))
                    for disk in member.disks
                    if disk.device.isdecimal()
                ),
                interfaces=tuple(
                    Interface(device=int(nic.device), network=nic.network)
                    for nic in member.nics
                    if nic.device.isdecimal() and nic.network
                ),
                order=member.start_order,
                start_delay=member.start_delay_s,
                shutdown_delay=member.shutdown_delay_s,
            )
        )
    return Blueprint(
        id=blueprint,
        name=name,
        version=version,
        members=tuple(members),
        summary=summary,
        service=service,
        parameters=tuple(parameters),
        networks=tuple(sorted({nic.network for member in manifest.members for nic in member.nics if nic.network})),
        source=source,
    )


def recaptured(earlier: Blueprint, captured: Blueprint) -> Blueprint:
    """Return a new version of a blueprint: what was captured now, with what people wrote into the earlier one.

    Of members with the same role the name pattern and what cloud-init reads are kept; parameters with the same name
    are, but for their defaults; those that these texts use are taken along.
    """
    old = {member.role: member for member in earlier.members}
    members = [_as_written(old.get(member.role), member) for member in captured.members]
    fresh = {parameter.name: parameter for parameter in captured.parameters}
    kept = {parameter.name: parameter for parameter in earlier.parameters}
    merged = [
        msgspec.structs.replace(kept[name], default=each.default)
        if name in kept and kept[name].kind is each.kind
        else each
        for name, each in fresh.items()
    ]
    merged += [each for name, each in kept.items() if name not in fresh and not _is_guessed(each, earlier)]
    return msgspec.structs.replace(
        captured,
        id=earlier.id,
        name=earlier.name,
        summary=earlier.summary,
        version=earlier.version,
        members=tuple(members),
        parameters=tuple(merged),
    )


def _as_written(earlier: Member | None, captured: Member) -> Member:
    if earlier is None:
        return captured
    return msgspec.structs.replace(
        captured,
        id=earlier.id,
        name_pattern=earlier.name_pattern,
        user_data=earlier.user_data,
        network_config=earlier.network_config,
    )


def _is_guessed(parameter: Parameter, blueprint: Blueprint) -> bool:
    """Return whether a parameter is the size of a member that is not captured any more."""
    stems = {_identifier(member.role) for member in blueprint.members}
    return any(parameter.name in (f"{stem}_vcpus", f"{stem}_memory") for stem in stems)


def _sizes(member: MemberManifest, stem: str, parameters: list[Parameter]) -> tuple[Reference | None, Reference | None]:
    vcpus = memory = None
    names = {parameter.name for parameter in parameters}
    if 1 <= member.vcpus_max <= MOST_VCPUS and member.vcpus_at_startup == member.vcpus_max:
        vcpus = Reference(parameter=_free(f"{stem}_vcpus", names))
        parameters.append(
            Parameter(
                name=vcpus.parameter,
                kind=ParameterKind.INTEGER,
                label=f"vCPUs of {member.role}"[:NAME_LIMIT],
                default=member.vcpus_max,
                least=1,
                most=MOST_VCPUS,
            )
        )
    sizes = {member.memory_dynamic_min_bytes, member.memory_dynamic_max_bytes, member.memory_static_max_bytes}
    if len(sizes) == 1 and LEAST_MEMORY <= member.memory_static_max_bytes <= MOST_MEMORY:
        memory = Reference(parameter=_free(f"{stem}_memory", names))
        parameters.append(
            Parameter(
                name=memory.parameter,
                kind=ParameterKind.SIZE,
                label=f"Memory of {member.role}"[:NAME_LIMIT],
                help=f"The captured machine has {size(member.memory_static_max_bytes)}.",
                default=member.memory_static_max_bytes,
                least=max(LEAST_MEMORY, member.memory_static_min_bytes),
                most=MOST_MEMORY,
            )
        )
    return vcpus, memory


def name_pattern(name: str, service: str) -> str:
    """Return a pattern that comes to the name where the service is the same, and follows it where it is another."""
    if service and service in name:
        before, _, after = name.partition(service)
        return f"{verbatim(before)}{{{{ service }}}}{verbatim(after)}"
    return verbatim(name)


def verbatim(text: str) -> str:
    """Return a template that comes to this text, whatever stands in it."""
    if not any(mark in text for mark in ("{{", "{%", "{#", "}}", "%}", "#}")) and not text.endswith("{"):
        return text
    return "".join(f"{{{{ '{each}' }}}}" if each in "{}" else each for each in text)


def _identifier(role: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", role.casefold()).strip("_")[:28]
    return plain if plain[:1].isalpha() and plain[:1].isascii() else f"member_{plain}".strip("_")


def _free(name: str, taken: Iterable[str]) -> str:
    names = set(taken)
    number = 2
    free = name
    while free in names:
        free, number = f"{name}_{number}", number + 1
    return free


def _ids(roles: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for role in roles:
        plain = re.sub(r"\s+", "-", role.strip())[:60]
        plain = "".join(each for each in plain if each.isprintable()) or "member"
        found[role] = _free(plain, found.values())
    return found


def expected_manifest(filled: Filled, templates: Mapping[Uuid, MemberManifest]) -> Manifest:
    """Return the manifest that a filled blueprint comes to, given that of each template."""
    return in_roles(_expected(member, templates[member.template]) for member in filled.members)


def _expected(member: FilledMember, template: MemberManifest) -> MemberManifest:
    memory = (
        {}
        if member.memory is None
        else {
            "memory_static_min_bytes": min(template.memory_static_min_bytes, member.memory),
            "memory_dynamic_min_bytes": member.memory,
            "memory_dynamic_max_bytes": member.memory,
            "memory_static_max_bytes": member.memory,
        }
    )
    vcpus = {} if member.vcpus is None else {"vcpus_max": member.vcpus, "vcpus_at_startup": member.vcpus}
    own = {disk.device: disk for disk in template.disks}
    wanted = {
        str(disk.position): _disk(own.get(str(disk.position)), disk.position, disk.role, disk.size, disk.name)
        for disk in member.disks
    }
    cards = {nic.device: nic for nic in template.nics}
    nics = {
        str(each.device): msgspec.structs.replace(
            cards.get(str(each.device), Nic(device=str(each.device), mac="", network="", mtu=1500)),
            network=each.network,
        )
        for each in member.interfaces
    }
    return msgspec.structs.replace(
        template,
        role=member.role,
        name=member.name,
        start_order=member.order,
        start_delay_s=member.start_delay,
        shutdown_delay_s=member.shutdown_delay,
        disks=in_order({**own, **wanted}.values()),
        nics=in_order({**cards, **nics}.values()),
        **memory,
        **vcpus,
    )


def _disk(own: ManifestDisk | None, position: int, role: str, size_bytes: int | None, name: str) -> ManifestDisk:
    if own is None:
        return ManifestDisk(
            device=str(position),
            role=role,
            name=name,
            size_bytes=size_bytes or 0,
            mode="RW",
            is_bootable=False,
            sr_kind="",
        )
    return msgspec.structs.replace(
        own, role=role, name=name or own.name, size_bytes=max(size_bytes or 0, own.size_bytes)
    )
