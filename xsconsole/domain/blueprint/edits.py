"""Edits of a blueprint: parts added, changed, renamed and taken out. Each returns a new value."""

import msgspec

from xsconsole.domain.blueprint.findings import Template
from xsconsole.domain.blueprint.values import (
    NO_TEMPLATE,
    Blueprint,
    Disk,
    Interface,
    Member,
    Parameter,
    ParameterKind,
    Reference,
)

SAMPLE_BYTES = 1024**3
SAMPLE_ADDRESS = "192.0.2.1"  # RFC 5737: of nobody

Part = Blueprint | Parameter | Member


def with_member(blueprint: Blueprint, member_id: str, member: Member) -> Blueprint:
    members = tuple(member if one.id == member_id else one for one in blueprint.members)
    return msgspec.structs.replace(blueprint, members=members)


def with_parameter(blueprint: Blueprint, name: str, parameter: Parameter) -> Blueprint:
    """Change a parameter; where it gets another name, references follow. Templates are texts, and do not."""
    parameters = tuple(parameter if one.name == name else one for one in blueprint.parameters)
    changed = msgspec.structs.replace(blueprint, parameters=parameters)
    if parameter.name == name:
        return changed
    members = tuple(_renamed(member, name, parameter.name) for member in changed.members)
    return msgspec.structs.replace(changed, members=members)


def add_parameter(blueprint: Blueprint, kind: ParameterKind = ParameterKind.TEXT) -> tuple[Blueprint, Parameter]:
    """Add a parameter with a name of its own, at the end; return it too."""
    names = {one.name for one in blueprint.parameters}
    number = 1
    while (name := f"parameter_{number}") in names:
        number += 1
    choices = ("first", "second") if kind is ParameterKind.CHOICE else ()
    parameter = Parameter(name=name, kind=kind, choices=choices)
    return msgspec.structs.replace(blueprint, parameters=(*blueprint.parameters, parameter)), parameter


def add_member(blueprint: Blueprint, template: Template | None = None) -> tuple[Blueprint, Member]:
    """Add a member with an id and a role of its own, of a template or to have one chosen yet; return it too."""
    taken = {one.id for one in blueprint.members} | {one.role for one in blueprint.members}
    number = 1
    while (name := f"member-{number}") in taken:
        number += 1
    bare = Member(id=name, role=name, name_pattern="{{ service }}-{{ role }}", template=NO_TEMPLATE)
    member = of_template(bare, template, blueprint) if template is not None else bare
    return msgspec.structs.replace(blueprint, members=(*blueprint.members, member)), member


def of_template(member: Member, template: Template, blueprint: Blueprint) -> Member:
    """Return a member of another template: with disks at least where that has some, and with its interfaces.

    What is said of disks at the same positions stays; new ones stay where the template has none.
    """
    said = {disk.position: disk for disk in member.disks}
    disks = [
        said[at] if at in said and not said[at].is_new else Disk(position=at, role="system" if at == 0 else "data")
        for at in sorted(template.disks)
    ]
    disks += [disk for disk in member.disks if disk.is_new and disk.position not in template.disks]
    network = next(iter(blueprint.networks), "")
    interfaces = member.interfaces
    if not interfaces and network:
        interfaces = tuple(Interface(device=device, network=network) for device in template.interfaces)
    return msgspec.structs.replace(
        member, template=template.uuid, template_name=template.name, disks=tuple(disks), interfaces=interfaces
    )


def without_parameter(blueprint: Blueprint, name: str) -> Blueprint:
    """Take a parameter out; what refers to it is found."""
    left = tuple(one for one in blueprint.parameters if one.name != name)
    return msgspec.structs.replace(blueprint, parameters=left)


def with_samples(blueprint: Blueprint) -> Blueprint:
    """Give each parameter without which nothing comes one to look at: the least, the first, or a text its own name."""
    lacking = {one.name for one in blueprint.parameters if one.default is None and one.required}
    parameters = tuple(_sample(one, blueprint) if one.name in lacking else one for one in blueprint.parameters)
    return msgspec.structs.replace(blueprint, parameters=parameters)


def _sample(parameter: Parameter, blueprint: Blueprint) -> Parameter:
    match parameter.kind:
        case ParameterKind.INTEGER:
            return msgspec.structs.replace(parameter, default=parameter.least or 0)
        case ParameterKind.SIZE:
            return msgspec.structs.replace(parameter, default=parameter.least or SAMPLE_BYTES)
        case ParameterKind.BOOLEAN:
            return msgspec.structs.replace(parameter, default=False)
        case ParameterKind.CHOICE:
            return msgspec.structs.replace(parameter, default=next(iter(parameter.choices), None))
        case ParameterKind.ADDRESS:
            return msgspec.structs.replace(parameter, default=SAMPLE_ADDRESS)
        case ParameterKind.NETWORK:
            return msgspec.structs.replace(parameter, default=next(iter(blueprint.networks), None))
        case ParameterKind.TEXT:
            return msgspec.structs.replace(parameter, default=parameter.name, pattern="", least=None, most=None)


def without_member(blueprint: Blueprint, member_id: str) -> Blueprint:
    left = tuple(one for one in blueprint.members if one.id != member_id)
    return msgspec.structs.replace(blueprint, members=left)


def _renamed(member: Member, old: str, new: str) -> Member:
    def moved(value: int | Reference | None) -> int | Reference | None:
        return Reference(parameter=new) if value == Reference(parameter=old) else value

    def of_disk(disk: Disk) -> Disk:
        return msgspec.structs.replace(disk, size=moved(disk.size))

    def of_interface(each: Interface) -> Interface:
        network = Reference(parameter=new) if each.network == Reference(parameter=old) else each.network
        return msgspec.structs.replace(each, network=network)

    return msgspec.structs.replace(
        member,
        vcpus=moved(member.vcpus),
        memory=moved(member.memory),
        disks=tuple(map(of_disk, member.disks)),
        interfaces=tuple(map(of_interface, member.interfaces)),
    )
