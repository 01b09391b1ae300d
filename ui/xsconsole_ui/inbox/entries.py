"""Requests as rows of a list, and what there is to say of one as rows of its page."""

from collections.abc import Sequence

from xsconsole.console import Estate
from xsconsole.domain.approval import Decision, Meaning, RuleTally
from xsconsole.domain.folding import one_line
from xsconsole.domain.manifest.words import label, place, sides
from xsconsole.domain.requests.values import Paper, Request
from xsconsole.domain.requests.views import RequestState, RequestView, about, asker, stage_name, waiting_words
from xsconsole.domain.reviews import ReviewView, could_words, doer_name
from xsconsole.domain.reviews import about as review_about
from xsconsole.domain.words import describe, listing
from xsconsole.domain.workflow.wording import rule_words
from xsconsole_ui import times
from xsconsole_ui.pieces import joined
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr

MARKS = {
    RequestState.WAITING: Mark.WAITING,
    RequestState.APPROVED: Mark.DONE,
    RequestState.REJECTED: Mark.FAILED,
    RequestState.EXPIRED: Mark.UNDONE,
    RequestState.VOID: Mark.WARNING,
    RequestState.UNTRUSTED: Mark.WARNING,
}


def title(view: RequestView, console: Estate) -> str:
    """Return such as `Promote shop 1.3.0 from Staging to Production`, and on which pool where there are several."""
    text = about(view.request, console.requests.workflow_of(view))
    return _on_pool(text[:1].upper() + text[1:], view, console)


def _on_pool(what: str, view: RequestView, console: Estate) -> str:
    pool = console.requests.pool_name(view.request.id)
    return tr("{what} on {pool}").format(what=what, pool=pool) if pool else what


def entry(view: RequestView, console: Estate) -> Row:
    """Return a request as one row of the list: where it comes from is said by its page and its card."""
    workflow = console.requests.workflow_of(view)
    who, intent = asker(view.request, workflow), view.request.intent
    stays = intent.source == intent.target
    what = (tr("{kind} {name} in {target}") if stays else tr("{kind} {name} to {target}")).format(
        kind=intent.kind.value.capitalize(), name=one_line(intent.name), target=stage_name(workflow, intent.target)
    )
    return Row(
        mark=MARKS[view.state],
        text=tr("{what}. It {stands}; asked for by {who}.").format(
            what=_on_pool(what, view, console), stands=waiting_words(view), who=who
        ),
        aside=times.short_time(view.request.asked_at),
        whole=view.sentence,
    )


def sorted_out(views: Sequence[RequestView], console: Estate) -> tuple[list[RequestView], ...]:
    """Return what is asked of this console's person, what waits for others or can run, and what is decided or over."""
    asked, waiting, over = [], [], []
    for view in reversed(views):
        if console.requests.asks_me(view):
            asked.append(view)
        elif view.is_open:
            waiting.append(view)
        else:
            over.append(view)
    return asked, waiting, over


def fact_rows(view: RequestView, console: Estate) -> list[Row]:
    request = view.request
    who = asker(request, console.requests.workflow_of(view))
    asked_for = tr("Asked for by {who}: {reason}").format(who=who, reason=request.reason or tr("no reason given"))
    rows = [Row(mark=Mark.POINT, text=asked_for, aside=times.clock_time(request.asked_at))]
    if view.frozen:
        rows.append(Row(mark=Mark.POINT, text=tr("What it copies was {frozen}").format(frozen=view.frozen)))
    rows += terms(request)
    if view.obstacle and view.state is not RequestState.APPROVED:  # there it stands beside the button
        rows.append(Row(mark=Mark.WARNING, text=view.obstacle))
    return rows


def terms(request: Request) -> list[Row]:
    """Return what was said with a request: the ticket, from when on, until when, and how it is carried out."""
    rows: list[Row] = []
    if request.ticket:
        rows.append(Row(mark=Mark.POINT, text=tr("Ticket {ticket}").format(ticket=request.ticket)))
    if request.not_before is not None:
        rows.append(Row(mark=Mark.WAITING, text=tr("Not before"), aside=times.clock_time(request.not_before)))
    if request.expires_at is not None:
        ends = times.clock_time(request.expires_at)
        rows.append(Row(mark=Mark.WAITING, text=tr("Ends by itself, approved or not"), aside=ends))
    if request.runs_itself:
        rows.append(Row(mark=Mark.POINT, text=tr("Runs by itself as soon as it may")))
    return rows


def approval_rows(view: RequestView, console: Estate) -> list[Row]:
    """Return how each rule stands, who could approve now, what was decided, and what does not count and why."""
    workflow = console.requests.workflow_of(view)
    if view.tally is None or workflow is None:
        return []
    rows: list[Row] = []
    for rule in view.tally.rules:
        rows.append(
            Row(
                mark=Mark.DONE if rule.is_satisfied else Mark.WAITING,
                text=rule_words(rule.rule, workflow),
                aside=tr("{given} of {needed}").format(given=len(rule.approved), needed=rule.rule.count),
            )
        )
        if view.is_open and not rule.is_satisfied:
            rows += _could_rows(rule)
    if view.is_open and view.tally.dead_end:
        mend = tr(
            "Whoever edits the workflow names more people or pins the keys that are missing, and publishes; then this "
            "is withdrawn and asked for anew."
        )
        rows.append(Row(mark=Mark.WARNING, text=joined(view.tally.dead_end, mend)))
    names = {key: person.name for person in workflow.people for key in person.fingerprints}
    rejected = tuple(decision for _, decision in view.tally.rejected)
    for decision in (*view.tally.counted, *rejected):
        rows.append(_decision_row(decision, names.get(decision.fingerprint, "")))
    for ignored in view.tally.ignored:
        key = ignored.decision.fingerprint
        who = one_line(names.get(key, "")) or tr("key {key}").format(key=key[:16])
        rows.append(Row(mark=Mark.GONE, text=tr("Does not count, {who}: {why}").format(who=who, why=ignored.reason)))
    return rows


def _could_rows(rule: RuleTally) -> list[Row]:
    """Return who could approve now, and why the others whom a rule names could not."""
    names = listing(tuple(one_line(person.name) for person in rule.could), 8)
    if names:
        rows = [Row(mark=Mark.POINT, text=tr("Could approve now: {names}").format(names=names))]
    else:
        rows = [Row(mark=Mark.WARNING, text=tr("Nobody could approve now"))]
    if rule.left_out:
        rows.append(Row(mark=Mark.GONE, text=tr("Cannot approve: {why}").format(why=rule.why_left_out)))
    return rows


def _decision_row(decision: Decision, name: str) -> Row:
    is_approval = decision.meaning is Meaning.APPROVE
    what = tr("{name} approved: {reason}") if is_approval else tr("{name} rejected: {reason}")
    text = what.format(name=name, reason=decision.reason or tr("no reason given"))
    if not decision.actor:
        text += " " + tr("(by file: the key alone)")
    whole = tr("Key {key}\nLog-in {actor}").format(key=decision.fingerprint, actor=decision.actor or tr("none"))
    return Row(
        mark=Mark.DONE if is_approval else Mark.FAILED, text=text, aside=times.clock_time(decision.at), whole=whole
    )


def change_rows(view: RequestView) -> list[Row]:
    """Return what was asked for against what is now: lines of the plans, and fields of the manifests."""
    rows = [Row(mark=Mark.UNDONE, text=tr("Approved: {line}").format(line=line)) for line in view.approved]
    rows += [Row(mark=Mark.CURRENT, text=tr("Now: {line}").format(line=line)) for line in view.now]
    for change in view.changes:
        before, after = sides(change)
        text = tr("{place}: {field} was {before}, is {after}")
        told = text.format(place=place(change), field=label(change), before=before, after=after)
        rows.append(Row(mark=Mark.WARNING, text=told))
    return rows


def plan_rows(paper: Paper) -> list[Row]:
    plan = paper.plan
    if plan is None:
        return [
            Row(mark=Mark.WAITING, text=tr("The plan was too large to be kept with the request; its digest counts."))
        ]
    rows = [Row(mark=Mark.WARNING, text=warning) for warning in plan.warnings]
    return rows + [Row(mark=Mark.WAITING, text=describe(step)) for step in plan.steps]


def review_title(view: ReviewView, console: Estate) -> str:
    """Return such as `Emergency: promote shop 1.3.0 from Staging to Production`."""
    text = review_about(view.item, console.reviews.workflow_of(view))
    return text[:1].upper() + text[1:]


def review_entry(view: ReviewView, console: Estate) -> Row:
    """Return an item as one row of a list."""
    who = doer_name(view.item, console.reviews.workflow_of(view))
    return Row(
        mark=Mark.WARNING if view.is_emergency or view.is_late else Mark.WAITING,
        text=tr("{what}. Review {stands}; by {who}.").format(
            what=review_title(view, console), stands=view.standing, who=who
        ),
        aside=times.short_time(view.item.opened_at),
        whole=could_words(view),
    )
