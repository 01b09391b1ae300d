"""The parts of a blueprint and what is wrong with them, as rows of lists."""

from dataclasses import dataclass

from xsconsole.domain.blueprint import Blueprint, Finding
from xsconsole.domain.folding import one_line
from xsconsole_ui.list_model import Column
from xsconsole_ui.texts import tr


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """A part of the blueprint in the list: `kind` is blueprint, parameter or member, `id` its name or id."""

    kind: str
    id: str
    called: str = ""
    wrong: int = 0


def rows_of(blueprint: Blueprint, found: list[Finding]) -> list[PartRow]:
    """Return the blueprint itself, its parameters and its members, each with how many findings are about it."""
    of_all = sum(not (one.member or one.parameter) for one in found)
    rows = [PartRow(kind="blueprint", id="", called=blueprint.name, wrong=of_all)]
    rows += [
        PartRow(kind="parameter", id=one.name, wrong=sum(_is_about(each, one.name) for each in found))
        for one in blueprint.parameters
    ]
    rows += [
        PartRow(kind="member", id=one.id, wrong=sum(each.member == one.id for each in found))
        for one in blueprint.members
    ]
    return rows


def columns_of_parts() -> tuple[Column[PartRow], ...]:
    return (
        Column(head=tr("Part"), text=lambda row: tr(row.kind), tone=lambda _: "muted", width=88),
        Column(head=tr("Name"), text=lambda row: one_line(row.called or row.id)),
        Column(head=tr("!"), text=lambda row: str(row.wrong) if row.wrong else "", tone=lambda _: "warn", width=28),
    )


def columns_of_findings() -> tuple[Column[Finding], ...]:
    return (
        Column(
            head=tr("Is"),
            text=lambda one: one.severity.value,
            tone=lambda one: "bad" if one.is_error else "warn",
            width=76,
        ),
        Column(
            head=tr("What"),
            text=lambda one: f"{one.sentence} {one.mend}",
            hint=lambda one: f"{one.sentence}\n{one.mend}",
        ),
    )


def _is_about(finding: Finding, parameter: str) -> bool:
    return finding.parameter == parameter and not finding.member
