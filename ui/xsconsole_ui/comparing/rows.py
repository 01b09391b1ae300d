"""Comparisons as rows: of the two lists, of the picture of members and classes of fields, and of a plan's page."""

from dataclasses import dataclass

from xsconsole.domain.comparison import Aspect, Comparison
from xsconsole.domain.folding import one_line
from xsconsole.domain.manifest import Judged, Verdict, words
from xsconsole.domain.words import count
from xsconsole_ui.list_model import Column
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr

MOST_ROWS = 12  # on a plan's page; the rest is one key away
ASPECTS = {
    Aspect.MEMBER: "Machine",
    Aspect.HARDWARE: "Hardware",
    Aspect.BOOT: "Boot",
    Aspect.DISKS: "Disks",
    Aspect.NETWORK: "Network",
    Aspect.START: "Start",
    Aspect.PLACEMENT: "Placement",
    Aspect.NAMES: "Names",
    Aspect.SETTINGS: "Settings",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member of the picture: how much really differs and how much is allowed, by class of fields."""

    role: str
    counts: tuple[tuple[int, int], ...]  # in the order of `Aspect`


def member_rows(comparison: Comparison) -> tuple[MemberRow, ...]:
    counts = comparison.counts()
    return tuple(
        MemberRow(role=role, counts=tuple(counts.get((role, aspect), (0, 0)) for aspect in Aspect))
        for role in comparison.roles
    )


def counted(pair: tuple[int, int]) -> str:
    """Return such as `≠ 2  ~ 1`: two really differ, one may; `=` where nothing differs."""
    drift, allowed = pair
    parts = (f"≠ {drift}" if drift else "", f"~ {allowed}" if allowed else "")
    return "  ".join(filter(None, parts)) or "="


def told(pair: tuple[int, int]) -> str:
    drift, allowed = pair
    if not drift and not allowed:
        return tr("nothing differs")
    return tr("{drift} really, {allowed} allowed by a rule").format(drift=count(drift, "difference"), allowed=allowed)


def tone(pair: tuple[int, int]) -> str:
    return "warn" if pair[0] else "muted"


def columns_of_members() -> tuple[Column[MemberRow], ...]:
    def of(at: int, head: str) -> Column[MemberRow]:
        return Column(
            head=head,
            text=lambda row: counted(row.counts[at]),
            tone=lambda row: tone(row.counts[at]),
            hint=lambda row: f"{one_line(row.role)}, {head}: {told(row.counts[at])}",
            key=lambda row: float(row.counts[at][0] * 1000 + row.counts[at][1]),
            width=72,
        )

    classes = tuple(of(at, ASPECTS[aspect]) for at, aspect in enumerate(Aspect))
    return (Column(head="Member", text=lambda row: one_line(row.role)), *classes)


def columns_of_differences(*, has_rule: bool) -> tuple[Column[Judged], ...]:
    columns: tuple[Column[Judged], ...] = (
        Column(head="Where", text=lambda each: words.place(each.change), width=190),
        Column(head="What", text=lambda each: words.label(each.change), width=170),
        Column(head="First", text=lambda each: words.sides(each.change)[0], width=230),
        Column(head="Second", text=lambda each: words.sides(each.change)[1], tone=_side_tone),
    )
    rule: tuple[Column[Judged], ...] = (Column(head="Rule", text=lambda each: each.rule, width=110),)
    return (*columns, *rule) if has_rule else columns


def _side_tone(each: Judged) -> str:
    return "warn" if each.verdict is Verdict.DRIFT else ""


def differing(counted: str, number: int) -> str:
    """Return such as `2 fields really differ`, of what is counted already."""
    return (tr("{n} really differs") if number == 1 else tr("{n} really differ")).format(n=counted)


def summary(comparison: Comparison) -> str:
    """Return in one sentence how much differs, and that contents are not covered."""
    drift, allowed = len(comparison.drift), len(comparison.allowed)
    if not drift and not allowed:
        return tr("They are equal, field by field.")
    really = differing(count(drift, "field"), drift) if drift else tr("Nothing really differs")
    return tr("{really}; {n} allowed by a rule.").format(really=really, n=allowed)


def sheet(comparison: Comparison) -> list[list[str]]:
    """Return everything as rows of a file: both sides, then each difference."""
    first, second = comparison.first, comparison.second
    head = [
        [tr("First"), first.name, first.stage, first.when, comparison.fingerprints[0]],
        [tr("Second"), second.name, second.stage, second.when, comparison.fingerprints[1]],
        [tr("Verdict"), tr("Rule"), tr("Where"), tr("What"), tr("First"), tr("Second")],
    ]
    return head + [
        [
            each.verdict.value,
            each.rule,
            words.place(each.change),
            words.label(each.change),
            *words.sides(each.change),
        ]
        for each in (*comparison.drift, *comparison.allowed)
    ]


def incumbent_rows(comparison: Comparison) -> list[Row]:
    """Return what really differs as rows of a plan's page, from the incumbent to what comes."""
    rows = []
    for each in comparison.drift[:MOST_ROWS]:
        before, after = words.sides(each.change)
        text = tr("{place}: {field} {before} → {after}")
        told_ = text.format(
            place=words.place(each.change),
            field=words.label(each.change),
            before=one_line(before),
            after=one_line(after),
        )
        rows.append(Row(mark=Mark.CURRENT, text=told_))
    more = len(comparison.drift) - MOST_ROWS
    if more > 0:
        rows.append(Row(mark=Mark.WAITING, text=tr("and {n} more").format(n=count(more, "difference"))))
    if not comparison.drift:
        rows.append(Row(mark=Mark.DONE, text=tr("No real difference")))
    if comparison.allowed:
        allowed = tr("{n} allowed by a rule").format(n=count(len(comparison.allowed), "difference"))
        rows.append(Row(mark=Mark.WAITING, text=allowed, whole=tr("Names, MACs, placement, and the like")))
    return rows
