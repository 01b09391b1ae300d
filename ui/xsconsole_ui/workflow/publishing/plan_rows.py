"""A publication as rows: pools, configurations, what is in the way, approvals, and the report afterwards."""

from collections.abc import Iterable

from xsconsole.domain.approval import Tally
from xsconsole.domain.publication.effects import (
    Effect,
    EffectKind,
    PartState,
    PoolPart,
    PublishPlan,
    PublishReport,
    RequestFate,
)
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.difference import lines_of_draft
from xsconsole.domain.workflow.findings import Finding, Severity
from xsconsole.domain.workflow.wording import rule_words
from xsconsole_ui.pieces import joined
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr
from xsconsole_ui.times import clock_time

MOST_LINES = 60
EFFECT_MARKS = {
    EffectKind.STAYS: Mark.WAITING,
    EffectKind.REWRITTEN: Mark.CURRENT,
    EffectKind.MAPPED: Mark.CURRENT,
    EffectKind.RUNS: Mark.WARNING,
    EffectKind.BLOCKED: Mark.FAILED,
}


def change_rows(before: Workflow | None, after: Workflow) -> tuple[Row, ...]:
    """Return what a version changes, as a list."""
    if before is None:
        return (Row(mark=Mark.CURRENT, text=tr("It is the first version here.")),)
    found = lines_of_draft(before, after)
    rows = [Row(mark=Mark.CURRENT, text=line) for line in found[:MOST_LINES]]
    if len(found) > MOST_LINES:
        rows.append(Row(mark=Mark.WAITING, text=tr("and {number} more").format(number=len(found) - MOST_LINES)))
    return tuple(rows) or (Row(mark=Mark.WAITING, text=tr("Nothing is changed.")),)


def pool_rows(parts: Iterable[PoolPart]) -> tuple[Row, ...]:
    return tuple(_pool_row(part) for part in parts)


def _pool_row(part: PoolPart) -> Row:
    version = tr("v{version} now").format(version=part.version) if part.version else tr("none now")
    match part.state:
        case PartState.WRITES:
            return Row(mark=Mark.CURRENT, text=tr("{pool}: would be written").format(pool=part.name), aside=version)
        case PartState.SAME:
            return Row(mark=Mark.DONE, text=tr("{pool}: stands there already").format(pool=part.name), aside=version)
        case PartState.AWAY:
            text = tr("{pool}: away") if part.as_of else tr("{pool}: not connected")
            return Row(mark=Mark.FAILED, text=text.format(pool=part.name), aside=_as_of(part))
        case PartState.LATER:
            text = tr("{pool}: away; what is due there follows when it is back").format(pool=part.name)
            return Row(mark=Mark.WAITING, text=text, aside=_as_of(part))
        case PartState.UNREADABLE:
            return Row(mark=Mark.FAILED, text=tr("{pool}: cannot be read").format(pool=part.name))
        case PartState.OTHER_WORKFLOW:
            text = tr("{pool}: follows another workflow").format(pool=part.name)
            return Row(mark=Mark.FAILED, text=text, aside=version)
        case PartState.NEWER:
            return Row(mark=Mark.FAILED, text=tr("{pool}: is ahead").format(pool=part.name), aside=version)


def _as_of(part: PoolPart) -> str:
    if part.as_of is None:
        return ""
    version = tr("v{version}").format(version=part.version) if part.version else tr("none")
    return tr("{version} at {time}").format(version=version, time=clock_time(part.as_of))


def effect_rows(effects: Iterable[Effect]) -> tuple[Row, ...]:
    """Return what becomes of each configuration: those that something happens to first.

    What stands against it is told as what is in the way, once.
    """
    told = [effect for effect in effects if effect.kind is not EffectKind.BLOCKED]
    found = sorted(told, key=lambda effect: (effect.kind is EffectKind.STAYS and not effect.is_over, effect.name))
    rows = tuple(
        Row(mark=Mark.WARNING if effect.is_over else EFFECT_MARKS[effect.kind], text=effect.sentence)
        for effect in found
    )
    if rows or told != list(effects):
        return rows
    return (Row(mark=Mark.WAITING, text=tr("No configuration stands in its stages.")),)


def request_rows(fates: Iterable[RequestFate]) -> tuple[Row, ...]:
    """Return what becomes of each open request: those that end first."""
    found = sorted(fates, key=lambda fate: (fate.goes_on, fate.sentence))
    return tuple(Row(mark=Mark.WAITING if fate.goes_on else Mark.WARNING, text=fate.sentence) for fate in found)


def errors_of(plan: PublishPlan) -> tuple[Finding, ...]:
    """Return the findings that are in the way of publishing."""
    return tuple(finding for finding in plan.findings if finding.severity is Severity.ERROR)


def obstacle_rows(plan: PublishPlan) -> tuple[Row, ...]:
    """Return what is in the way, but for what stands below it finding by finding."""
    told = (obstacle for obstacle in plan.obstacles if not obstacle.is_told)
    return tuple(Row(mark=Mark.FAILED, text=joined(obstacle.reason, obstacle.mend)) for obstacle in told)


def approval_rows(tally: Tally, standing: Workflow) -> tuple[Row, ...]:
    """Return how each rule of the standing version stands, and what does not count and why."""
    rows = [
        Row(
            mark=Mark.DONE if rule.is_satisfied else Mark.WAITING,
            text=joined(rule_words(rule.rule, standing) + ".", rule.sentence),
            aside=", ".join(person.name for person in rule.approved),
        )
        for rule in tally.rules
    ]
    rows += [
        Row(
            mark=Mark.FAILED,
            text=tr("{person} rejected it: {reason}").format(person=person.name, reason=decision.reason),
        )
        for person, decision in tally.rejected
    ]
    rows += [Row(mark=Mark.WARNING, text=tr("Does not count: {why}").format(why=one.reason)) for one in tally.ignored]
    return tuple(rows)


def report_rows(report: PublishReport) -> tuple[Row, ...]:
    version = report.workflow.version
    rows = [
        Row(mark=Mark.DONE, text=tr("{pool} has version {version} now.").format(pool=pool, version=version))
        for pool in report.written
    ]
    rows += [
        Row(mark=Mark.DONE, text=tr("{name} stands as the version has it.").format(name=name)) for name in report.moved
    ]
    rows += [
        Row(mark=Mark.WARNING, text=tr("{name} waits: {why}").format(name=name, why=why)) for name, why in report.left
    ]
    rows += [
        Row(
            mark=Mark.WARNING,
            text=tr("{pool} was away: it is shown as behind until it is brought up.").format(pool=pool),
        )
        for pool in report.later
    ]
    rows += [Row(mark=Mark.FAILED, text=tr("{pool}: {why}").format(pool=pool, why=why)) for pool, why in report.failed]
    return tuple(rows) or (Row(mark=Mark.DONE, text=tr("Everything stood as it should already.")),)
