"""What no blueprint may be, whatever its writer thinks of it: it could be neither shown nor kept.

What is merely wrong, such as a reference to a parameter that is not there, is a finding: a draft may have it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from xsconsole.domain.blueprint.answers import LARGEST, LONGEST_TEXT
from xsconsole.domain.blueprint.finding import Finding, Severity
from xsconsole.domain.blueprint.patterns import LONGEST
from xsconsole.domain.blueprint.templating import LONGEST_TEMPLATE
from xsconsole.domain.blueprint.values import (
    MOST_DIGESTS,
    Blueprint,
    Imported,
    Member,
    Parameter,
    Reference,
    Value,
)
from xsconsole.domain.folding import shown
from xsconsole.domain.workflow.bounds import (
    LARGEST_VERSION,
    NAME_LIMIT,
    TEXT_LIMIT,
    of_count,
    of_id,
    of_number,
    of_text,
)
from xsconsole.errors import Refused

MOST_MEMBERS = 64
MOST_PARAMETERS = 64
MOST_DISKS = 16
MOST_INTERFACES = 7
MOST_NETWORKS = 64
MOST_CHOICES = 64
LONGEST_DELAY_S = 24 * 3600
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where in a blueprint a check looks. `name` begins a sentence: `Member “web”`."""

    name: str
    member: str = ""
    parameter: str = ""
    field: str = ""

    def at(self, field: str) -> "Spot":
        return replace(self, field=field)

    def problem(self, what: str, mend: str) -> Finding:
        return self.finding("shape", Severity.ERROR, what, mend)

    def finding(self, rule: str, severity: Severity, what: str, mend: str) -> Finding:
        return Finding(
            rule=rule,
            severity=severity,
            sentence=f"{self.name}: {what}.",
            mend=mend,
            member=self.member,
            parameter=self.parameter,
            field=self.field,
        )


WHOLE = Spot(name="The blueprint")


def spot_of_member(member: Member) -> Spot:
    return Spot(name=f"Member “{shown(member.id, 40)}”", member=member.id)


def spot_of_parameter(parameter: Parameter) -> Spot:
    return Spot(name=f"Parameter “{shown(parameter.name, 40)}”", parameter=parameter.name)


def check(blueprint: Blueprint) -> None:
    """Refuse a blueprint that this version cannot show or keep.

    Raises:
        Refused: with the first of its `problems`.
    """
    for problem in problems(blueprint):
        raise Refused(reason=problem.sentence, mend=problem.mend)


def problems(blueprint: Blueprint) -> Iterator[Finding]:
    """Yield everything that `check` would refuse."""
    yield from _of_whole(blueprint)
    for parameter in blueprint.parameters:
        yield from _of_parameter(parameter)
    for member in blueprint.members:
        yield from _of_member(member)
    for what, texts in (
        ("parameters", [parameter.name for parameter in blueprint.parameters]),
        ("members", [member.id for member in blueprint.members]),
        ("networks", [network.casefold() for network in blueprint.networks]),
    ):
        for twice in doubled(texts):
            yield WHOLE.at(what).problem(f"two {what} are called “{shown(str(twice), 40)}”", "Rename one of them.")


def doubled(things: Iterable[str | int]) -> tuple[str | int, ...]:
    return tuple(thing for thing, number in Counter(things).items() if number > 1)


def _of_whole(blueprint: Blueprint) -> Iterator[Finding]:
    yield from of_id(WHOLE.at("id"), "its id", blueprint.id)
    yield from of_text(WHOLE.at("name"), "its name", blueprint.name)
    yield from of_count(WHOLE.at("version"), "its version", blueprint.version, most=LARGEST_VERSION)
    for field, text in (("summary", blueprint.summary), ("changes", blueprint.changes)):
        yield from of_text(WHOLE.at(field), f"its {field}", text, most=TEXT_LIMIT, lines=True, may_be_empty=True)
    yield from of_text(WHOLE.at("service"), "its service", blueprint.service, may_be_empty=True)
    yield from of_text(WHOLE.at("author"), "its author", blueprint.author, most=200, may_be_empty=True)
    yield from of_number(WHOLE.at("members"), "members", len(blueprint.members), MOST_MEMBERS)
    yield from of_number(WHOLE.at("parameters"), "parameters", len(blueprint.parameters), MOST_PARAMETERS)
    yield from of_number(WHOLE.at("networks"), "networks", len(blueprint.networks), MOST_NETWORKS)
    for network in blueprint.networks:
        yield from of_text(WHOLE.at("networks"), "the name of a network", network)
    if blueprint.source is not None:
        for text in (blueprint.source.name, blueprint.source.stage, blueprint.source.version):
            yield from of_text(WHOLE.at("source"), "what it was captured from", text, may_be_empty=True)
    if blueprint.imported is not None:
        yield from _of_imported(blueprint.imported)
    if blueprint.signature is not None:
        for text in (blueprint.signature.public_key, blueprint.signature.value):
            if not re.fullmatch(r"[A-Za-z0-9+/]{1,400}={0,2}", text):
                yield WHOLE.at("signature").problem("its signature is no base64", "Sign it again by publishing it.")


def _of_imported(imported: Imported) -> Iterator[Finding]:
    spot = WHOLE.at("imported")
    yield from of_count(spot, "the version that was imported", imported.version, most=LARGEST_VERSION)
    yield from of_number(spot, "digests of what was imported", len(imported.digests), MOST_DIGESTS)
    yield from of_text(spot, "the pool that it came from", imported.pool, may_be_empty=True)
    if not all(re.fullmatch(r"[0-9a-f]{64}", text) for text in (*imported.digests, imported.key)):
        yield spot.problem("a digest or the key of what was imported is none", "Leave `imported` out.")


def _of_parameter(parameter: Parameter) -> Iterator[Finding]:
    spot = spot_of_parameter(parameter)
    if not _NAME.fullmatch(parameter.name):
        yield spot.at("name").problem(
            "its name is none", "Use small letters, digits and _, with a letter first, such as web_memory; 40 at most."
        )
    yield from of_text(spot.at("label"), "its label", parameter.label, may_be_empty=True)
    yield from of_text(spot.at("help"), "its help", parameter.help, most=TEXT_LIMIT, lines=True, may_be_empty=True)
    yield from of_number(spot.at("choices"), "choices", len(parameter.choices), MOST_CHOICES)
    for choice in parameter.choices:
        yield from of_text(spot.at("choices"), "a choice", choice)
    if len(parameter.pattern) > LONGEST:
        yield spot.at("pattern").problem(f"its pattern has more than {LONGEST} characters", "Shorten it.")
    if isinstance(parameter.default, str):
        yield from of_text(
            spot.at("default"), "its default", parameter.default, most=LONGEST_TEXT, lines=True, may_be_empty=True
        )
    for field, number in (("least", parameter.least), ("most", parameter.most), ("default", parameter.default)):
        if isinstance(number, int) and abs(number) > LARGEST:
            yield spot.at(field).problem(f"its {field} is larger than anything", "Give a smaller number.")


def _of_member(member: Member) -> Iterator[Finding]:
    spot = spot_of_member(member)
    yield from of_id(spot.at("id"), "its id", member.id)
    yield from of_text(spot.at("role"), "its role", member.role)
    yield from of_text(spot.at("template_name"), "the name of its template", member.template_name, may_be_empty=True)
    if not _UUID.fullmatch(member.template):
        yield spot.at("template").problem(
            f"“{shown(member.template, 40)}” is no uuid of a template", "Choose a template of the pool."
        )
    for field, text in (
        ("name_pattern", member.name_pattern),
        ("user_data", member.user_data),
        ("network_config", member.network_config),
    ):
        words = field.replace("_", " ")
        yield from of_text(
            spot.at(field),
            f"its {words}",
            text,
            most=LONGEST_TEMPLATE,
            lines=True,
            may_be_empty=field != "name_pattern",
        )
    yield from _of_amount(spot.at("vcpus"), "its number of vCPUs", member.vcpus, 1, 1024)
    yield from _of_amount(spot.at("memory"), "its memory", member.memory, 1024**2, LARGEST)
    yield from of_count(spot.at("order"), "its order", member.order, least=0)
    for field, number in (("start_delay", member.start_delay), ("shutdown_delay", member.shutdown_delay)):
        yield from of_count(
            spot.at(field), f"its {field.replace('_', ' ')} in seconds", number, least=0, most=LONGEST_DELAY_S
        )
    yield from _of_disks(spot.at("disks"), member)
    yield from _of_interfaces(spot.at("interfaces"), member)


def _of_disks(spot: Spot, member: Member) -> Iterator[Finding]:
    yield from of_number(spot, "disks", len(member.disks), MOST_DISKS)
    for disk in member.disks:
        yield from of_count(spot, "the position of a disk", disk.position, least=0, most=MOST_DISKS - 1)
        yield from of_text(spot, "the role of a disk", disk.role)
        yield from of_text(spot, "the name of a disk", disk.name, most=1000, may_be_empty=True)
        yield from _of_amount(spot, "the size of a disk", disk.size, 1, LARGEST)
    for twice in doubled(disk.position for disk in member.disks):
        yield spot.problem(f"two disks are at position {twice}", "Give one of them another.")


def _of_interfaces(spot: Spot, member: Member) -> Iterator[Finding]:
    yield from of_number(spot, "interfaces", len(member.interfaces), MOST_INTERFACES)
    for each in member.interfaces:
        yield from of_count(spot, "the number of an interface", each.device, least=0, most=MOST_INTERFACES - 1)
        if isinstance(each.network, Reference):
            yield from of_text(spot, "a reference", each.network.parameter)
        else:
            yield from of_text(spot, "the network of an interface", each.network)
    for twice in doubled(each.device for each in member.interfaces):
        yield spot.problem(f"two interfaces have number {twice}", "Give one of them another.")


def _of_amount(spot: Spot, what: str, value: Value | Reference | None, least: int, most: int) -> Iterator[Finding]:
    if isinstance(value, Reference):
        yield from of_text(spot, "a reference", value.parameter, most=NAME_LIMIT)
    elif isinstance(value, int):
        yield from of_count(spot, what, value, least=least, most=most)
