"""A report as one HTML file that needs no request: style and pictures are inside."""

import base64

import jinja2

from xsconsole.domain import record_words
from xsconsole.domain.record import AuditRow
from xsconsole.reports.report import Picture, Report
from xsconsole_resources import read_text

TEMPLATE = "report/report.html.j2"


def render(report: Report) -> str:
    """Return the page. Every text is escaped: names come from a pool where anybody may write them."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(local=_local, source=_source, sentence=_sentence)
    return environment.from_string(read_text(TEMPLATE)).render(report=report)


def _local(row: AuditRow) -> str:
    return row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _source(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")


def _sentence(row: AuditRow) -> str:
    return record_words.event_sentence(row.fact)
