"""A blueprint filled in: every member with its name, its sizes and what cloud-init reads there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from xsconsole.domain.blueprint import templating
from xsconsole.domain.blueprint.answers import answered
from xsconsole.domain.blueprint.finding import Finding, Severity
from xsconsole.domain.blueprint.values import Blueprint, Bytes, Member, Reference, Seconds, Value
from xsconsole.domain.folding import shown
from xsconsole.domain.ids import Uuid
from xsconsole.domain.workflow.bounds import NAME_LIMIT, unfit_character

OF_NAMES = ("service", "version", "stage", "configuration", "number", "role", "member")
"""What a name pattern may use beside the parameters."""
OF_TEXTS = (*OF_NAMES, "machine", "members")
"""What user data and network configurations may use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is filled in besides the parameters. `number` counts the configurations that one act makes, from 1."""

    configuration: str = ""
    service: str = ""
    version: str = ""
    stage: str = ""
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledDisk:
    """See `Disk`; `size` None is that of the template."""

    position: int
    role: str
    size: Bytes | None
    name: str
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledInterface:
    device: int
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledMember:
    """One machine as it is to be made; None where the template says it. Empty texts: no disk for cloud-init."""

    id: str
    name: str
    role: str
    template: Uuid
    vcpus: int | None
    memory: Bytes | None
    disks: tuple[FilledDisk, ...]
    interfaces: tuple[FilledInterface, ...]
    order: int
    start_delay: Seconds
    shutdown_delay: Seconds
    user_data: str = ""
    network_config: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came of it. `members` has those without an error; only what `is_whole` may be carried out.

    `values` are the parameters with what they came to.
    """

    members: tuple[FilledMember, ...]
    values: Mapping[str, Value]
    findings: tuple[Finding, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not any(finding.is_error for finding in self.findings)


class _Wrong(Exception):
    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = findings


def fill(blueprint: Blueprint, values: Mapping[str, object], around: Surroundings | None = None) -> Filled:
    """Fill a blueprint with values for its parameters; what is not given has its default.

    Values are of the kind of their parameter, or texts as somebody types them. Pure; nothing is raised for what is
    wrong: it is among the findings, each with the member or the parameter and the mend.
    """
    around = around or Surroundings()
    if not around.service:
        around = replace(around, service=blueprint.service)
    known, found = answered(blueprint, values)
    if found:
        return Filled(members=(), values=known, findings=found)
    findings: list[Finding] = []
    names: dict[str, str] = {}
    for member in blueprint.members:
        try:
            names[member.id] = _name(member, {**known, **_plain(around, member)})
        except _Wrong as wrong:
            findings += wrong.findings
    findings += _doubled_names(blueprint, names)
    members = []
    for member in blueprint.members:
        if member.id in names:
            try:
                members.append(_member(blueprint, member, names, known, around))
            except _Wrong as wrong:
                findings += wrong.findings
    return Filled(members=tuple(members), values=known, findings=tuple(findings))


def referred(member: Member) -> Iterator[str]:
    """Give the names of the parameters that hardware of a member refers to."""
    numbers = (member.vcpus, member.memory, *(disk.size for disk in member.disks))
    networks = (each.network for each in member.interfaces)
    yield from (value.parameter for value in (*numbers, *networks) if isinstance(value, Reference))


def _plain(around: Surroundings, member: Member) -> dict[str, object]:
    return {
        "service": around.service,
        "version": around.version,
        "stage": around.stage,
        "configuration": around.configuration,
        "number": around.number,
        "role": member.role,
        "member": member.id,
    }


def _name(member: Member, values: Mapping[str, object]) -> str:
    name = _rendered(member, "name_pattern", member.name_pattern, values).strip()
    unfit = unfit_character(name, lines=False)
    what = (
        "is empty"
        if not name
        else f"has {len(name)} characters; {NAME_LIMIT} are the most"
        if len(name) > NAME_LIMIT
        else f"has a character that cannot be shown (U+{ord(unfit):04X})"
        if unfit is not None
        else ""
    )
    if what:
        raise _Wrong(_error(member, "name", f"its name {what}", "Change the pattern, or the values.", "name_pattern"))
    return name


def _doubled_names(blueprint: Blueprint, names: Mapping[str, str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for member in blueprint.members:
        name = names.get(member.id)
        if name is None:
            continue
        if name in first:
            yield _error(
                member,
                "doubled name",
                f"it would be called “{shown(name, 60)}”, as is “{shown(first[name], 40)}”",
                "Use {{ role }} or {{ member }} in the pattern.",
                "name_pattern",
            )
        first.setdefault(name, member.id)


def _member(
    blueprint: Blueprint, member: Member, names: Mapping[str, str], known: Mapping[str, Value], around: Surroundings
) -> FilledMember:
    listed = [
        {"id": other.id, "role": other.role, "name": names.get(other.id, ""), "number": at}
        for at, other in enumerate(blueprint.members, 1)
    ]
    values = {**known, **_plain(around, member), "machine": names[member.id], "members": listed}
    return FilledMember(
        id=member.id,
        name=names[member.id],
        role=member.role,
        template=member.template,
        vcpus=_number(member, "vcpus", member.vcpus, known, least=1),
        memory=_number(member, "memory", member.memory, known, least=1),
        disks=tuple(
            FilledDisk(
                position=disk.position,
                role=disk.role,
                size=_number(member, "disks", disk.size, known, least=1),
                name=_rendered(member, "disks", disk.name, values).strip(),
                is_new=disk.is_new,
            )
            for disk in member.disks
        ),
        interfaces=tuple(
            FilledInterface(device=each.device, network=_network(member, each.network, known))
            for each in member.interfaces
        ),
        order=member.order,
        start_delay=member.start_delay,
        shutdown_delay=member.shutdown_delay,
        user_data=_rendered(member, "user_data", member.user_data, values),
        network_config=_rendered(member, "network_config", member.network_config, values),
    )


def _rendered(member: Member, field: str, text: str, values: Mapping[str, object]) -> str:
    try:
        return templating.render(text, values)
    except templating.Fault as fault:
        raise _Wrong(
            _error(member, "template", f"its {_called(field)} {fault.what}", fault.mend, field, fault.unknown)
        ) from fault


def _called(field: str) -> str:
    return {"name_pattern": "name pattern", "user_data": "user data", "disks": "name of a disk"}.get(
        field, field.replace("_", " ")
    )


def _number(
    member: Member, field: str, value: int | Reference | None, known: Mapping[str, Value], least: int
) -> int | None:
    if not isinstance(value, Reference):
        return value
    found = known.get(value.parameter)
    if isinstance(found, bool) or not isinstance(found, int) or found < least:
        what = f"its {_called(field) if field != 'disks' else 'disk'} comes from “{shown(value.parameter, 40)}”"
        raise _Wrong(
            _error(
                member,
                "reference",
                f"{what}, which is no number of at least {least}",
                "Refer to a parameter that is a whole number or a size, and give it a value.",
                field,
                value.parameter,
            )
        )
    return found


def _network(member: Member, network: str | Reference, known: Mapping[str, Value]) -> str:
    if not isinstance(network, Reference):
        return network
    found = known.get(network.parameter)
    if not isinstance(found, str) or not found:
        raise _Wrong(
            _error(
                member,
                "reference",
                f"a network comes from “{shown(network.parameter, 40)}”, which names none",
                "Refer to a parameter that is a network, and give it a value.",
                "interfaces",
                network.parameter,
            )
        )
    return found


def _error(member: Member, rule: str, what: str, mend: str, field: str, parameter: str = "") -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        sentence=f"Member “{shown(member.id, 40)}”: {what}.",
        mend=mend,
        member=member.id,
        parameter=parameter,
        field=field,
    )
