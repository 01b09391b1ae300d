"""Reports as one HTML file that needs no request: style and pictures are inside."""

import base64

import jinja2

from xsconsole.domain.fidelity import Statement
from xsconsole.domain.record import AuditRow
from xsconsole.domain.wording import record as record_words
from xsconsole.reports.report import Picture, Report
from xsconsole_resources import read_text

TEMPLATE = "report/report.html.j2"
FIDELITY = "report/fidelity.html.j2"
MARKS = {"equal": "=", "allowed": "~", "drift": "≠"}


def render(report: Report) -> str:
    """Return the page. Every text is escaped: names come from a pool where anybody may write them."""
    return _environment().get_template(TEMPLATE).render(report=report)


def render_statement(statement: Statement) -> str:
    """Return the page that says how exactly one configuration is like another, field by field."""
    return _environment().get_template(FIDELITY).render(statement=statement, marks=MARKS)


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
