"""Reports as one HTML file that needs no request: style and pictures are inside."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import jinja2
import msgspec

from xsconsole.domain.approval import Decision, is_genuine
from xsconsole.domain.fidelity import Statement
from xsconsole.domain.record import AuditRow, Outcome, Verdict
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.wording import record as record_words
from xsconsole.reports.bundle import Order, Page
from xsconsole.reports.report import Picture, Report
from xsconsole.reports.sections import (
    Entry,
    difference_entries,
    fence_entries,
    manifest_entries,
    owners_of,
    statement_entries,
    workflow_entries,
)
from xsconsole.reports.told import Told
from xsconsole.reports.verifier.values import Found
from xsconsole_resources import read_text

TEMPLATE = "report/report.html.j2"
FIDELITY = "report/fidelity.html.j2"
BUNDLE = "report/bundle.html.j2"
MARKS = {"equal": "=", "allowed": "~", "drift": "≠"}
PARTS: tuple[tuple[str, str, Callable[[Told], Iterator[Entry]]], ...] = (
    ("workflows", "Workflow versions", workflow_entries),
    ("manifests", "Manifests, and what changed between them", manifest_entries),
    ("differences", "Differences that were seen or allowed", difference_entries),
    ("statements", "Fidelity statements", statement_entries),
    ("fences", "Fence proofs", fence_entries),
)


class File(Protocol):
    """One of several files that a page is made of, and what was found of it."""

    @property
    def console(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def range(self) -> Any: ...
    @property
    def verdicts(self) -> Sequence[Verdict]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfPage:
    """One section of the page of a bundle: as many rows as its list has lines, and those that are said."""

    id: str
    title: str
    number: int
    kept: int
    entries: tuple[Entry, ...]


def parts_of(told: Told) -> tuple[PartOfPage, ...]:
    """Return the sections that are made of lists, in the order of the page."""
    return tuple(
        PartOfPage(
            id=name, title=title, number=told.number(name), kept=len(told.of(name)), entries=tuple(entries(told))
        )
        for name, title, entries in PARTS
    )


def render(report: Report) -> str:
    """Return the page. Every text is escaped: names come from a pool where anybody may write them."""
    return _environment().get_template(TEMPLATE).render(report=report)


def render_statement(statement: Statement) -> str:
    """Return the page that says how exactly one configuration is like another, field by field."""
    return _environment().get_template(FIDELITY).render(statement=statement, marks=MARKS)


def bundle_page(
    sentence: Callable[[Mapping[str, Any]], str],
    check: SignatureCheck,
    label: Callable[[int], str] = str,
    files: Sequence[File] = (),
    standing: Callable[[Mapping[str, Any]], str] = lambda fields: str(fields.get("outcome", "")),
) -> Page:
    """Return what makes the page of a bundle, piece by piece; `sentence` says what a row's fields tell.

    `standing` says whether a row begins something or how it ended.

    Where it is of several `files`, each has its own verdicts, and `label` says whose a row is.
    """
    environment = _environment()
    environment.filters.update(
        sentence=sentence, standing=standing, ended=_ended, at=_instant, signed=partial(_signed, check), label=label
    )
    template = environment.get_template(BUNDLE)

    def page(order: Order, manifest: Mapping[str, Any], told: Told, verdicts: tuple[Found, ...]) -> Iterator[str]:
        return template.generate(
            order=order,
            manifest=manifest,
            told=told,
            verdicts=verdicts,
            parts=parts_of(told),
            files=files,
            decided_by=partial(_decided_by, owners_of(told)),
        )

    return page


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(read_text),
    )
    environment.filters.update(local=_local, source=_source, sentence=_sentence, standing=_standing)
    return environment


def _local(row: AuditRow) -> str:
    return row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _source(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")


def _sentence(row: AuditRow) -> str:
    return record_words.event_sentence(row.fact)


def _standing(row: AuditRow) -> str:
    return record_words.standing(row.fact)


def _ended(outcome: str) -> str:
    return record_words.outcome_name(Outcome(outcome)) if outcome in set(Outcome) else outcome


def _instant(fields: Mapping[str, Any]) -> str:
    return str(fields.get("at", ""))[:19].replace("T", " ")


def _decided_by(owners: Mapping[str, str], kept: Mapping[str, Any]) -> str:
    return record_words.decided_by(kept, lambda key: owners.get(key, ""))


def _signed(check: SignatureCheck, kept: Mapping[str, Any]) -> str:
    """Return by which key a decision was signed, and whether it fits."""
    try:
        decision = msgspec.convert(kept, Decision)
    except msgspec.ValidationError:
        return "signed in a form that only a newer console can check"
    said = "signature fits" if is_genuine(decision, check) else "SIGNATURE DOES NOT FIT"
    return f"{said}, key {decision.fingerprint[:16]}…, over {decision.subject[:16]}…"
