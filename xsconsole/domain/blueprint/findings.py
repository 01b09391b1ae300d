"""What is to say of a blueprint: as it is written, and of the pool that its templates are in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from xsconsole.domain.blueprint import templating
from xsconsole.domain.blueprint.answers import answer, asked
from xsconsole.domain.blueprint.check import WHOLE, Spot, doubled, problems, spot_of_member, spot_of_parameter
from xsconsole.domain.blueprint.finding import Finding, Severity
from xsconsole.domain.blueprint.patterns import NoPattern, compiled
from xsconsole.domain.blueprint.rendering import OF_NAMES, OF_TEXTS, Surroundings, fill
from xsconsole.domain.blueprint.text import stored_size_bytes
from xsconsole.domain.blueprint.values import NO_TEMPLATE, Blueprint, Member, Parameter, ParameterKind, Reference
from xsconsole.domain.folding import shown
from xsconsole.domain.ids import Uuid
from xsconsole.domain.text_form import STORED_LIMIT_BYTES
from xsconsole.domain.words import size

NUMBERS = (ParameterKind.INTEGER, ParameterKind.SIZE)
RESERVED = frozenset({*OF_TEXTS, "loop", "true", "false", "none", "and", "or", "not", "if", "else", "in", "is", "for"})
CLOUD_INIT_HEADS = ("#cloud-config", "#!", "#include", "#cloud-boothook", "#part-handler", "Content-Type:", "From ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template of the pool as a check sees it; disks by position with their size in bytes, interfaces by number."""

    uuid: Uuid
    name: str
    is_template: bool
    disks: Mapping[int, int]
    interfaces: tuple[int, ...]
    is_protected: bool = True
    is_marked: bool = True  # that it belongs to this blueprint, and says so itself
    is_recipe: bool = False  # it only says how to install a machine


def findings(blueprint: Blueprint, templates: Mapping[Uuid, Template] | None = None) -> tuple[Finding, ...]:
    """Return all there is to say. `templates` are those of the pool; None, where it is not known: nothing of them."""
    found = _of_document(blueprint)
    if templates is None or any(finding.rule == "shape" for finding in found):
        return found
    return (*found, *(each for member in blueprint.members for each in _of_template(member, templates)))


@lru_cache(maxsize=256)
def _of_document(blueprint: Blueprint) -> tuple[Finding, ...]:
    """Return what is to be said of it as it is written: the same for as long as nobody changes it."""
    shape = tuple(problems(blueprint))
    if shape:
        return shape
    found = [*_of_whole(blueprint), *_of_parameters(blueprint), *_of_members(blueprint), *_of_typed(blueprint)]
    if not any(finding.is_error for finding in found):
        found += _of_defaults(blueprint)
    return tuple(found)


def _of_whole(blueprint: Blueprint) -> Iterator[Finding]:
    if not blueprint.members:
        yield WHOLE.at("members").finding("no members", Severity.ERROR, "it has no member", "Add a member.")
    for twice in doubled(member.role for member in blueprint.members):
        yield WHOLE.at("members").finding(
            "doubled role",
            Severity.ERROR,
            f"two members have the role “{shown(str(twice), 40)}”; members are told apart by it",
            "Give one of them another role.",
        )
    used = {each.network for member in blueprint.members for each in member.interfaces if isinstance(each.network, str)}
    for network in sorted(used - set(blueprint.networks)):
        yield WHOLE.at("networks").finding(
            "unlisted network",
            Severity.ERROR,
            f"a member is on the network “{shown(network, 40)}”, which the blueprint does not list",
            "Add it to the networks.",
        )
    if any(parameter.kind is ParameterKind.NETWORK for parameter in blueprint.parameters):
        used |= set(blueprint.networks)
    for network in blueprint.networks:
        if network not in used:
            yield WHOLE.at("networks").finding(
                "unused network",
                Severity.WARNING,
                f"no member is on the network “{shown(network, 40)}”",
                "Take it out, or put a member on it.",
            )
    stored = stored_size_bytes(blueprint)
    if stored > STORED_LIMIT_BYTES:
        yield WHOLE.finding(
            "too large",
            Severity.ERROR,
            f"it takes {size(stored)} on the pool; {size(STORED_LIMIT_BYTES)} is the most",
            "Shorten the user data or the descriptions.",
        )


def _of_parameters(blueprint: Blueprint) -> Iterator[Finding]:
    used = used_parameters(blueprint)
    for parameter in blueprint.parameters:
        spot = spot_of_parameter(parameter)
        if parameter.name in RESERVED:
            yield spot.at("name").finding(
                "reserved name", Severity.ERROR, "its name is taken by what is always there", "Choose another name."
            )
        elif parameter.name not in used:
            yield spot.finding("unused", Severity.WARNING, "nothing uses it", "Refer to it, or take it out.")
        yield from _of_bounds(parameter, spot)


def _of_bounds(parameter: Parameter, spot: Spot) -> Iterator[Finding]:
    kind = parameter.kind
    if parameter.least is not None and parameter.most is not None and parameter.least > parameter.most:
        yield spot.at("least").finding(
            "bounds", Severity.ERROR, "its least is more than its most, so nothing fits", "Exchange the two."
        )
    if kind not in (*NUMBERS, ParameterKind.TEXT) and (parameter.least is not None or parameter.most is not None):
        yield spot.at("least").finding(
            "bounds", Severity.WARNING, f"bounds mean nothing for the kind {kind.value}", "Take them out."
        )
    if kind is ParameterKind.CHOICE and not parameter.choices:
        yield spot.at("choices").finding("choices", Severity.ERROR, "there is nothing to choose from", "Add choices.")
    if kind is not ParameterKind.CHOICE and parameter.choices:
        yield spot.at("choices").finding(
            "choices", Severity.WARNING, f"choices mean nothing for the kind {kind.value}", "Make it a choice."
        )
    if parameter.pattern and kind is not ParameterKind.TEXT:
        yield spot.at("pattern").finding(
            "pattern", Severity.WARNING, f"a pattern means nothing for the kind {kind.value}", "Take it out."
        )
    try:
        compiled(parameter.pattern)
    except NoPattern as failure:
        yield spot.at("pattern").finding(
            "pattern",
            Severity.ERROR,
            f"its pattern cannot be read: {failure}",
            "Use characters, classes such as [a-z0-9-], and ?, *, + or {2,10} behind them; put \\ before others.",
        )
        return
    if parameter.default is not None and isinstance(answer(parameter, parameter.default), Finding):
        yield spot.at("default").finding(
            "default", Severity.ERROR, "its default is none of what it takes", f"Give {asked(parameter)}."
        )


def _of_members(blueprint: Blueprint) -> Iterator[Finding]:
    kinds = {parameter.name: parameter.kind for parameter in blueprint.parameters}
    for member in blueprint.members:
        spot = spot_of_member(member)
        for field, parameter, fitting in references(member):
            kind = kinds.get(parameter)
            if kind is None:
                yield _about(
                    spot.at(field),
                    parameter,
                    f"it refers to the parameter “{shown(parameter, 40)}”, which is not there",
                    "Add it, or refer to another.",
                )
            elif kind not in fitting:
                yield _about(
                    spot.at(field),
                    parameter,
                    f"it refers to “{shown(parameter, 40)}”, which is of the kind {kind.value}",
                    f"Refer to one of the kind {' or '.join(each.value for each in fitting)}.",
                )
        for field, words, text in templates_of(member):
            known = (*kinds, *(OF_NAMES if field == "name_pattern" else OF_TEXTS))
            for fault in templating.faults(text, known):
                yield _about(spot.at(field), fault.unknown, f"its {words} {fault.what}", fault.mend)
        head = member.user_data.lstrip("\n")
        if head and not head.startswith((*CLOUD_INIT_HEADS, "{")):
            yield spot.at("user_data").finding(
                "user data",
                Severity.WARNING,
                "its user data begins with nothing that cloud-init knows, and would be left alone",
                "Begin it with #cloud-config, or with #! for a script.",
            )


def _of_typed(blueprint: Blueprint) -> Iterator[Finding]:
    """Yield where what somebody types could become more than a text of what cloud-init reads."""
    free = {one.name for one in blueprint.parameters if one.kind is ParameterKind.TEXT and not one.pattern}
    for member in blueprint.members:
        for field, words, text in templates_of(member):
            if field not in ("user_data", "network_config"):
                continue
            is_script = text.lstrip("\n").startswith("#!")
            names = templating.used_names(text) if is_script else templating.bare_names(text)
            for name in sorted(free & names):
                reader = "a shell" if is_script else "cloud-init"
                what = f"its {words} takes “{shown(name, 40)}” as typed, and {reader} could read more than a text in it"
                mend = "Give" if is_script else f"Write {{{{ {name}|quoted }}}}, or give"
                spot = spot_of_member(member).at(field)
                yield spot.finding("typed text", Severity.WARNING, what, f"{mend} the parameter a pattern.")


def _about(spot: Spot, parameter: str, what: str, mend: str) -> Finding:
    from_member = spot.finding("reference", Severity.ERROR, what, mend)
    return Finding(
        rule=from_member.rule,
        severity=from_member.severity,
        sentence=from_member.sentence,
        mend=mend,
        member=spot.member,
        parameter=parameter,
        field=spot.field,
    )


def references(member: Member) -> Iterator[tuple[str, str, tuple[ParameterKind, ...]]]:
    """Yield each field that refers to a parameter, its name, and the kinds that fit."""
    for field, value, kinds in (
        ("vcpus", member.vcpus, (ParameterKind.INTEGER,)),
        ("memory", member.memory, (ParameterKind.SIZE,)),
        *(("disks", disk.size, (ParameterKind.SIZE,)) for disk in member.disks),
        *(("interfaces", each.network, (ParameterKind.NETWORK,)) for each in member.interfaces),
    ):
        if isinstance(value, Reference):
            yield field, value.parameter, kinds


def templates_of(member: Member) -> Iterator[tuple[str, str, str]]:
    """Yield each field that is a template, what it is called, and its text."""
    yield "name_pattern", "name pattern", member.name_pattern
    yield "user_data", "user data", member.user_data
    yield "network_config", "network configuration", member.network_config
    for disk in member.disks:
        yield "disks", f"name of disk {disk.position}", disk.name


def used_parameters(blueprint: Blueprint) -> frozenset[str]:
    """Return the names that the members refer to, whether they are there or not."""
    found: set[str] = set()
    for member in blueprint.members:
        found |= used_by(member)
    return frozenset(found)


def used_by(member: Member) -> frozenset[str]:
    """Return the names that a member refers to, whether they are there or not."""
    texts = (templating.used_names(text) for _, _, text in templates_of(member))
    return frozenset(parameter for _, parameter, _ in references(member)).union(*texts)


def _of_template(member: Member, templates: Mapping[Uuid, Template]) -> Iterator[Finding]:
    spot = spot_of_member(member).at("template")
    called = shown(member.template_name or member.template, 60)
    template = templates.get(member.template)
    if member.template == NO_TEMPLATE:
        yield spot.finding("template", Severity.ERROR, "it has no template yet", "Choose one of the pool's.")
        return
    if template is None:
        yield spot.finding(
            "template",
            Severity.ERROR,
            f"its template “{called}” is not in the pool; somebody removed it, or it is another pool's",
            "Choose another template, capture the configuration again, or retire this version.",
        )
        return
    if not template.is_template:
        yield spot.finding(
            "template",
            Severity.ERROR,
            f"“{called}” is no template any more: somebody made it a machine",
            "Choose another template, or capture the configuration again.",
        )
        return
    if template.is_recipe:
        yield spot.finding(
            "template",
            Severity.ERROR,
            f"“{called}” only says how to install a machine: there is no system on it",
            "Install a machine, make that a template, and choose it.",
        )
        return
    if not template.is_marked or not template.is_protected:
        what = "carries no mark of the library" if not template.is_marked else "is not protected against deletion"
        yield spot.finding(
            "unprotected", Severity.WARNING, f"its template “{called}” {what}", "Publish the blueprint again."
        )
    for disk in member.disks:
        size_bytes = template.disks.get(disk.position)
        at = f"disk {disk.position}"
        if disk.is_new and size_bytes is not None:
            yield spot.at("disks").finding(
                "disks",
                Severity.ERROR,
                f"{at} is to be new, but the template has one there",
                "Give it another.",
            )
        elif not disk.is_new and size_bytes is None:
            yield spot.at("disks").finding(
                "disks", Severity.ERROR, f"the template has no {at}; somebody changed it", "Make it a new disk."
            )
        elif size_bytes is not None and isinstance(disk.size, int) and disk.size < size_bytes:
            yield spot.at("disks").finding(
                "disks",
                Severity.ERROR,
                f"{at} is to have {size(disk.size)}, but the template's has {size(size_bytes)}, and none shrinks",
                f"Give it {size(size_bytes)} or more.",
            )


def _of_defaults(blueprint: Blueprint) -> Iterator[Finding]:
    """What goes wrong once everything is filled in as it stands; what has no default is asked for later."""
    asked_for = {parameter.name for parameter in blueprint.parameters if parameter.default is None}
    decided = {member.id for member in blueprint.members if not used_by(member) & asked_for}
    named = {each.id for each in blueprint.members if not templating.used_names(each.name_pattern) & asked_for}
    relaxed = tuple(msgspec.structs.replace(each, required=False) for each in blueprint.parameters)
    filled = fill(msgspec.structs.replace(blueprint, parameters=relaxed), {}, Surroundings(configuration="x"))
    for finding in filled.findings:
        if finding.member in (named if finding.field == "name_pattern" else decided):
            yield finding
