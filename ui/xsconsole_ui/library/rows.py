"""What the lists of the library show: versions, members, parameters and differences, as rows and columns."""

from dataclasses import dataclass
from datetime import datetime

from xsconsole.console import Console, LibraryDesk
from xsconsole.domain.blueprint import Member, Parameter
from xsconsole.domain.blueprint.answers import asked, written_as
from xsconsole.domain.blueprint.difference import Change
from xsconsole.domain.blueprint.standing import Shelved
from xsconsole.domain.blueprint.text import field_name
from xsconsole.domain.blueprint.typed import amount_text, disks_text, interfaces_text
from xsconsole.domain.board import Card
from xsconsole.domain.folding import folded_lines, one_line
from xsconsole.domain.lineage import captured_words
from xsconsole.domain.query.fields import Field, Kind, Schema
from xsconsole_ui import times
from xsconsole_ui.list_model import Column
from xsconsole_ui.texts import tr

NEVER = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRow:
    """A version on a pool; `made` are the configurations that came of it, `has_draft`: somebody works on it here."""

    console: Console
    shelved: Shelved
    made: tuple[Card, ...]
    has_draft: bool

    @property
    def desk(self) -> LibraryDesk:
        return LibraryDesk(self.console)

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.shelved.pool, self.shelved.id, self.shelved.version)


def columns_of_versions() -> tuple[Column[LibraryRow], ...]:
    return (
        Column(head=tr("Blueprint"), text=lambda row: one_line(row.shelved.called), width=0),
        Column(
            head=tr("Version"),
            text=lambda row: str(row.shelved.version),
            tone=lambda row: "" if row.shelved.is_newest else "muted",
            hint=lambda row: tr("the newest") if row.shelved.is_newest else tr("a newer one exists"),
            key=lambda row: float(row.shelved.version),
            width=64,
        ),
        Column(
            head=tr("Gold"), text=lambda row: tr("★ gold") if row.shelved.is_gold else "", hint=gold_words, width=64
        ),
        Column(head=tr("State"), text=_state, tone=_tone, hint=_why, width=96),
        Column(
            head=tr("Members"),
            text=lambda row: str(len(row.shelved.blueprint.members)) if row.shelved.blueprint else "",
            width=70,
        ),
        Column(
            head=tr("In use"),
            text=lambda row: str(len(row.made)) if row.made else "",
            hint=lambda row: "\n".join(one_line(card.name) for card in row.made),
            key=lambda row: float(len(row.made)),
            width=60,
        ),
        Column(
            head=tr("Published"),
            text=lambda row: times.clock_time(at) if (at := _at(row)) else "",
            hint=lambda row: times.exact_time(at) if (at := _at(row)) else "",
            key=lambda row: at.timestamp() if (at := _at(row)) else NEVER,
            width=84,
        ),
        Column(head=tr("Changes"), text=_changes, tone=lambda _: "muted", width=170),
        Column(head=tr("Pool"), text=lambda row: row.shelved.pool_name, width=90),
    )


SPARE = (4, 8, 7, 6, 2)  # the words below the list have them too
LIBRARY: Schema[LibraryRow] = Schema(
    words=lambda row: folded_lines(row.shelved.called, _changes(row), row.shelved.problem),
    fields=(
        Field(
            name="service",
            kind=Kind.TEXT,
            about="of which service it makes configurations",
            get=lambda row: row.shelved.blueprint.service if row.shelved.blueprint else None,
        ),
        Field(name="pool", kind=Kind.TEXT, about="on which pool", get=lambda row: row.shelved.pool_name),
        Field(
            name="who",
            kind=Kind.TEXT,
            about="who published it",
            get=lambda row: row.shelved.blueprint.author if row.shelved.blueprint else None,
        ),
        Field(name="age", kind=Kind.AGE, about="how long ago it was published", get=lambda row: _at(row)),  # noqa: PLW0108 - it is defined below
        Field(
            name="is",
            kind=Kind.CHOICE,
            about="how it stands",
            get=lambda row: tuple(_standing(row)),
            choices=("newest", "older", "gold", "unusable", "used", "unused", "draft"),
        ),
    ),
)


def told(row: LibraryRow) -> str:
    """Return all that matters of a version, in a few lines."""
    one, blueprint = row.shelved, row.shelved.blueprint
    if blueprint is None:
        return f"{one.called}: {one.problem}"
    by = blueprint.author or tr("nobody known")
    lines = [one_line(blueprint.summary)] if blueprint.summary else []
    changes = one_line(blueprint.changes)
    published = tr("Published by {who}: {what}") if changes else tr("Published by {who}.")
    lines.append(published.format(who=by, what=changes))
    if not one.signed_by:
        lines.append(tr("Its signature does not hold: somebody changed it after it was published."))
    lines.append(gold_words(row))
    if blueprint.source is not None:
        lines.append(f"{one_line(captured_words(blueprint.source))}.")
    if blueprint.imported is not None:
        lines.append(
            tr("It was version {version} in “{pool}”, in a file that key {key} signed.").format(
                version=blueprint.imported.version,
                pool=one_line(blueprint.imported.pool),
                key=blueprint.imported.key[:16],
            )
        )
    if not one.is_newest:
        lines.append(tr("A newer version exists."))
    lines += [f"{finding.sentence} {finding.mend}" for finding in one.findings]
    return "\n".join(lines)


def gold_words(row: LibraryRow) -> str:
    gold = row.shelved.gold
    if gold is None:
        return tr("No gold master: the workflow has no rules for publishing, which say who signs.")
    if gold.is_satisfied:
        return tr("Gold master: signed by {people}.").format(people=gold.approvers)
    return tr("No gold master: {why}").format(why=gold.sentence)


def columns_of_members() -> tuple[Column[Member], ...]:
    return (
        Column(head=tr("Role"), text=lambda member: one_line(member.role), width=100),
        Column(head=tr("Name"), text=lambda member: one_line(member.name_pattern), width=170),
        Column(head=tr("vCPUs"), text=lambda one: amount_text(one.vcpus, is_size=False) or tr("template"), width=96),
        Column(head=tr("Memory"), text=lambda one: amount_text(one.memory, is_size=True) or tr("template"), width=110),
        Column(head=tr("Disks"), text=lambda one: one_line(disks_text(one.disks).replace("\n", "; "))),
        Column(head=tr("Interfaces"), text=lambda one: interfaces_text(one.interfaces).replace("\n", "; "), width=130),
        Column(head=tr("Order"), text=lambda member: str(member.order), width=50),
        Column(head=tr("cloud-init"), text=_cloud_init, width=80),
        Column(head=tr("Template"), text=lambda member: one_line(member.template_name or member.template), width=130),
    )


MEMBERS_SPARE = (8, 6, 7)


def columns_of_parameters() -> tuple[Column[Parameter], ...]:
    return (
        Column(head=tr("Parameter"), text=lambda one: one.name, width=140),
        Column(head=tr("Asked as"), text=lambda one: one_line(one.caption), hint=lambda one: one.help, width=160),
        Column(head=tr("Takes"), text=asked),
        Column(head=tr("Default"), text=_default, width=130),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """One field that differs, or a part that only one version has."""

    about: str
    field: str
    before: str
    after: str
    text: tuple[str, ...] = ()  # of a text of many lines, those that were changed


def differences(changes: tuple[Change, ...]) -> list[DifferenceRow]:
    rows = []
    for change in changes:
        about = one_line(f"{change.subject.value} {change.id}".strip())
        if not change.fields:
            is_there = change.kind.value == "added"
            there, missing = tr("there"), tr("not there")
            rows.append(
                DifferenceRow(
                    about=about, field="", before=missing if is_there else there, after=there if is_there else missing
                )
            )
        rows += [
            DifferenceRow(about=about, field=field_name(one.field), before=one.before, after=one.after, text=one.text)
            for one in change.fields
        ]
    return rows


def columns_of_differences() -> tuple[Column[DifferenceRow], ...]:
    return (
        Column(head=tr("Of"), text=lambda row: row.about, width=150),
        Column(head=tr("Field"), text=lambda row: row.field, width=130),
        Column(head=tr("Before"), text=lambda row: one_line(row.before), hint=lambda row: row.before, width=230),
        Column(head=tr("After"), text=lambda row: one_line(row.after), hint=lambda row: row.after),
    )


def _cloud_init(member: Member) -> str:
    return tr("{count} lines").format(count=len(member.user_data.splitlines())) if member.user_data else ""


def _default(one: Parameter) -> str:
    return written_as(one, one.default) if one.default is not None else ""


def _at(row: LibraryRow) -> datetime | None:
    return row.shelved.blueprint.at if row.shelved.blueprint is not None else None


def _changes(row: LibraryRow) -> str:
    return one_line(row.shelved.blueprint.changes) if row.shelved.blueprint is not None else ""


def _state(row: LibraryRow) -> str:
    if row.shelved.blueprint is None:
        return tr("✖ unreadable")
    if not row.shelved.is_usable:
        return tr("✖ unusable")
    if row.shelved.findings:
        return tr("! look at it")
    return tr("✎ draft") if row.has_draft and row.shelved.is_newest else tr("usable")


def _tone(row: LibraryRow) -> str:
    return "bad" if not row.shelved.is_usable else "warn" if row.shelved.findings else ""


def _why(row: LibraryRow) -> str:
    return row.shelved.problem or "\n".join(finding.sentence for finding in row.shelved.findings)


def _standing(row: LibraryRow) -> list[str]:
    one = row.shelved
    found = ["newest" if one.is_newest else "older", "used" if row.made else "unused"]
    found += ["gold"] if one.is_gold else []
    found += ["draft"] if row.has_draft else []
    return found if one.is_usable else [*found, "unusable"]
