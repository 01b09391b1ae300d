"""Reports as one HTML file that needs no request: style and pictures are inside."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jinja2

from xsconsole.domain.fidelity import Statement
from xsconsole.domain.record import AuditRow
from xsconsole.domain.wording import record as record_words
from xsconsole.reports.bundle import Order, Page, Told
from xsconsole.reports.report import Picture, Report
from xsconsole.reports.verifier.values import Found
from xsconsole_resources import read_text

TEMPLATE = "report/report.html.j2"
FIDELITY = "report/fidelity.html.j2"
BUNDLE = "report/bundle.html.j2"
MARKS = {"equal": "=", "allowed": "~", "drift": "≠"}


def render(report: Report) -> str:
    """Return the page. Every text is escaped: names come from a pool where anybody may write them."""
    return _environment().get_template(TEMPLATE).render(report=report)


def render_statement(statement: Statement) -> str:
    """Return the page that says how exactly one configuration is like another, field by field."""
    return _environment().get_template(FIDELITY).render(statement=statement, marks=MARKS)


def bundle_page(sentence: Callable[[Mapping[str, Any]], str]) -> Page:
    """Return what makes the page of a bundle, piece by piece; `sentence` says what a row's fields tell."""
    environment = _environment()
    environment.filters.update(sentence=sentence, at=_instant, key=_key)
    template = environment.get_template(BUNDLE)

    def page(order: Order, manifest: Mapping[str, Any], told: Told, verdicts: tuple[Found, ...]) -> Iterator[str]:
        return template.generate(order=order, manifest=manifest, told=told, verdicts=verdicts)

    return page


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(read_text),
    )
    environment.filters.update(local=_local, source=_source, sentence=_sentence)
    return environment


def _local(row: AuditRow) -> str:
    return row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _source(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")


def _sentence(row: AuditRow) -> str:
    return record_words.event_sentence(row.fact)


def _instant(fields: Mapping[str, Any]) -> str:
    return str(fields.get("at", ""))[:19].replace("T", " ")


def _key(fields: Mapping[str, Any]) -> str:
    """Return by which key a row's decision was signed; nothing where it is none."""
    details = fields.get("details")
    return str(details.get("key", "")) if isinstance(details, dict) else ""
