"""The fields of a blueprint, a parameter and a member, as they are typed: how each is shown and taken."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from xsconsole.domain.blueprint import Blueprint, Member, Parameter, ParameterKind, Template
from xsconsole.domain.blueprint.answers import answer, written_as
from xsconsole.domain.blueprint.edits import Part, of_template
from xsconsole.domain.blueprint.finding import Finding
from xsconsole.domain.blueprint.typed import (
    amount_text,
    disks_text,
    interfaces_text,
    read_amount,
    read_bound,
    read_disks,
    read_interfaces,
)
from xsconsole.domain.blueprint.values import NO_TEMPLATE
from xsconsole.domain.folding import one_line, shown
from xsconsole.errors import Refused
from xsconsole_ui.texts import tr


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`show` gives the text, `take` the part with what was typed; it raises `Refused`. `lines` 0 is a single line.

    `choices` are what may be chosen; `is_code` is a text in which each character has one width.
    """

    name: str
    label: str
    show: Callable[[Any], str]
    take: Callable[[Any, str], Any]
    hint: str = ""
    lines: int = 0
    choices: tuple[str, ...] = ()
    is_code: bool = False


def fields_of(
    part: Part, blueprint: Blueprint | None = None, templates: tuple[Template, ...] = ()
) -> tuple[Field, ...]:
    """Return the fields of a part; of a member `templates` are those that it can be made of, in its `blueprint`."""
    match part:
        case Parameter():
            return _of_parameter(part)
        case Member():
            return _of_member(part, blueprint, templates)
        case _:
            return _of_blueprint()


def _text(name: str, label: str, hint: str = "", lines: int = 0, *, is_code: bool = False) -> Field:
    return Field(
        name=name,
        label=label,
        show=lambda part: str(getattr(part, name)),
        take=lambda part, text: msgspec.structs.replace(part, **{name: text if lines else text.strip()}),
        hint=hint,
        lines=lines,
        is_code=is_code,
    )


def _of_blueprint() -> tuple[Field, ...]:
    def take_networks(part: Blueprint, text: str) -> Blueprint:
        lines = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        return msgspec.structs.replace(part, networks=lines)

    return (
        _text("name", tr("Name")),
        _text("summary", tr("Summary"), tr("What it is for"), 3),
        _text("service", tr("Service"), tr("What its configurations are called, unless something else is said")),
        Field(
            name="networks",
            label=tr("Networks"),
            show=lambda part: "\n".join(part.networks),
            take=take_networks,
            hint=tr("Logical networks, one a line; the stage maps them"),
            lines=4,
        ),
    )


def _of_parameter(part: Parameter) -> tuple[Field, ...]:
    is_number = part.kind in (ParameterKind.INTEGER, ParameterKind.SIZE)
    fields = [
        _text("name", tr("Name"), tr("Small letters, digits and _; templates use it as {{ name }}")),
        Field(
            name="kind",
            label=tr("Kind"),
            show=lambda one: one.kind.value,
            take=lambda one, text: msgspec.structs.replace(one, kind=ParameterKind(text)),
            choices=tuple(kind.value for kind in ParameterKind),
        ),
        _text("label", tr("Asked as"), tr("Else its name")),
        _text("help", tr("Help"), "", 2),
        Field(
            name="default",
            label=tr("Default"),
            show=lambda one: written_as(one, one.default) if one.default is not None else "",
            take=_take_default,
            hint=tr("Nothing: it is asked for"),
        ),
        Field(
            name="required",
            label=tr("Required"),
            show=lambda one: "yes" if one.required else "no",
            take=lambda one, text: msgspec.structs.replace(one, required=text == "yes"),
            choices=("yes", "no"),
        ),
    ]
    if is_number or part.kind is ParameterKind.TEXT:
        what = tr("characters") if part.kind is ParameterKind.TEXT else ""
        fields += [_bound("least", tr("Least"), what), _bound("most", tr("Most"), what)]
    if part.kind is ParameterKind.TEXT:
        fields.append(_text("pattern", tr("Pattern"), tr("What all of it must fit, such as [a-z][a-z0-9-]{0,20}")))
    if part.kind is ParameterKind.CHOICE:
        fields.append(
            Field(
                name="choices",
                label=tr("Choices"),
                show=lambda one: "\n".join(one.choices),
                take=lambda one, text: msgspec.structs.replace(
                    one, choices=tuple(line.strip() for line in text.splitlines() if line.strip())
                ),
                hint=tr("One a line"),
                lines=4,
            )
        )
    return tuple(fields)


def _take_default(part: Parameter, text: str) -> Parameter:
    if not text.strip():
        return msgspec.structs.replace(part, default=None)
    found = answer(msgspec.structs.replace(part, least=None, most=None, pattern=""), text)
    if isinstance(found, Finding):
        raise Refused(reason=found.sentence, mend=found.mend)
    return msgspec.structs.replace(part, default=found)


def _bound(name: str, label: str, what: str) -> Field:
    def show(part: Parameter) -> str:
        value = getattr(part, name)
        return amount_text(value, is_size=part.kind is ParameterKind.SIZE)

    def take(part: Parameter, text: str) -> Parameter:
        value = read_bound(text, is_size=part.kind is ParameterKind.SIZE)
        return msgspec.structs.replace(part, **{name: value})

    return Field(name=name, label=label, show=show, take=take, hint=what)


def _template(member: Member, blueprint: Blueprint | None, templates: tuple[Template, ...]) -> Field:
    """Return the field of a member's template: what it has is among the choices, also where the pool has it no more."""
    names = Counter(one.name for one in templates)
    called = {
        one_line(f"{one.name} ({one.uuid[:8]})" if names[one.name] > 1 else one.name) or one.uuid: one
        for one in templates
    }
    own = next((text for text, one in called.items() if one.uuid == member.template), "")
    gone = tr("{name}, which is not there").format(name=one_line(member.template_name or member.template))
    text = own or (gone if member.template != NO_TEMPLATE else tr("Choose one"))

    def take(part: Member, chosen: str) -> Member:
        template = called.get(chosen)
        return of_template(part, template, blueprint) if template is not None and blueprint is not None else part

    choices = tuple(called) if own else (text, *called)
    return Field(name="template", label=tr("Template"), show=lambda _: text, take=take, choices=choices)


def _of_member(member: Member, blueprint: Blueprint | None, templates: tuple[Template, ...]) -> tuple[Field, ...]:
    names = tr("{{ service }}, {{ role }}, {{ number }} and the parameters are filled in")
    amount = tr("Nothing: as the template has it; {parameter}: what is filled in")
    return (
        _text("role", tr("Role")),
        _template(member, blueprint, templates),
        _text("name_pattern", tr("Name pattern"), names),
        _amount("vcpus", tr("vCPUs"), amount, is_size=False),
        _amount("memory", tr("Memory"), amount, is_size=True),
        Field(
            name="disks",
            label=tr("Disks"),
            show=lambda member: disks_text(member.disks),
            take=lambda member, text: msgspec.structs.replace(member, disks=read_disks(text)),
            hint=tr("Position, role, perhaps a size, `new` and a name: 1 data 50 GiB new"),
            lines=3,
            is_code=True,
        ),
        Field(
            name="interfaces",
            label=tr("Interfaces"),
            show=lambda member: interfaces_text(member.interfaces),
            take=lambda member, text: msgspec.structs.replace(member, interfaces=read_interfaces(text)),
            hint=tr("Number and network: 0 front, or 0 {parameter}"),
            lines=2,
            is_code=True,
        ),
        _number("order", tr("Start order")),
        _number("start_delay", tr("Start delay (s)")),
        _number("shutdown_delay", tr("Shutdown delay (s)")),
        _text("user_data", tr("User data"), "#cloud-config", 9, is_code=True),
        _text("network_config", tr("Network configuration"), "version: 2", 4, is_code=True),
    )


def _amount(name: str, label: str, hint: str, *, is_size: bool) -> Field:
    return Field(
        name=name,
        label=label,
        show=lambda member: amount_text(getattr(member, name), is_size=is_size),
        take=lambda member, text: msgspec.structs.replace(member, **{name: read_amount(text, is_size=is_size)}),
        hint=hint,
    )


def _number(name: str, label: str) -> Field:
    def take(member: Member, text: str) -> Member:
        plain = text.strip() or "0"
        if not plain.isascii() or not plain.isdecimal() or len(plain) > 9:
            raise Refused(reason=tr("“{text}” is no number.").format(text=shown(plain, 20)), mend=tr("Type digits."))
        return msgspec.structs.replace(member, **{name: int(plain)})

    return Field(name=name, label=label, show=lambda member: str(getattr(member, name)), take=take)
