"""A report needs nothing but itself, and no name in it can do harm."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

from xsconsole.domain.board import EMPTY_BOARD
from xsconsole.domain.ids import RunId
from xsconsole.domain.record import AuditEvent, AuditRow, Fact, Outcome, Verdict
from xsconsole.reports.html import render
from xsconsole.reports.report import Check, Column, Picture, Report, columns_of

AT = datetime(2026, 11, 24, 14, 2, 11, tzinfo=UTC)
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd()", "شركة 😀", "x" * 10_000)


def report_of(name: str) -> Report:
    fact = Fact(event=AuditEvent.RUN_CLOSED, actor=name, configuration_name=name, reason=name, outcome=Outcome.DONE)
    row = AuditRow(chain="c", seq=1, at=AT, console="k", os_user=name, fact=fact, digest="ab" * 32)
    return Report(
        title=name,
        made_at=AT,
        pool=name,
        actor=name,
        columns=(Column(stage=name, colour="#112233", configurations=(name,)),),
        checks=(Check(claim=name, is_so=True, found=name),),
        rows=(row,),
        verdicts=(Verdict(check="chain", is_good=True, sentence=name),),
        key_fingerprint="cd" * 32,
        pictures=(Picture(caption=name, png=b"\x89PNG"),),
        notes=(name,),
        absent=(name,),
    )


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Elements:
    elements = Elements()
    elements.feed(text)
    return elements


def test_hostile_names_are_text_and_nothing_else() -> None:
    for name in HOSTILE:
        elements = read(render(report_of(name)))

        assert not [tag for tag, _ in elements.found if tag == "script"]
        assert all(not key.startswith("on") for _, attributes in elements.found for key in attributes)
        assert name in elements.text


def test_a_report_asks_nobody_for_anything() -> None:
    elements = read(render(report_of("shop")))

    references = [
        value
        for _, attributes in elements.found
        for key, value in attributes.items()
        if key in ("src", "href") and value is not None
    ]
    assert references == ["data:image/png;base64,iVBORw=="]
    assert not [tag for tag, _ in elements.found if tag in ("link", "iframe", "object")]


def test_a_report_with_a_failed_check_or_a_bad_verdict_is_not_good() -> None:
    good = report_of("shop")
    failed = replace(good, checks=(Check(claim="it moved", is_so=False, found="it did not"),))
    broken = replace(good, verdicts=(Verdict(check="chain", is_good=False, sentence="row 3 was changed"),))

    assert good.is_good
    assert not failed.is_good
    assert not broken.is_good
    assert "Everything that was checked is so" in render(good)
    for bad in (failed, broken):
        assert "Something that was checked is not so" in render(bad)


def test_a_pool_without_a_workflow_has_no_columns() -> None:
    assert columns_of(EMPTY_BOARD) == ()


def test_an_emergency_stands_first_and_says_what_it_went_past_and_whether_it_was_reviewed() -> None:
    for name in HOSTILE:
        report = report_of(name)
        fact = Fact(
            event=AuditEvent.EMERGENCY_DECLARED,
            run=RunId("r"),
            reason=name,
            details={"what": name, "by": name, "ticket": name, "goes_past": [name]},
        )
        declared = replace(report.rows[0], fact=fact)
        closed = replace(
            report.rows[0], fact=Fact(event=AuditEvent.REVIEW_CLOSED, run=RunId("r"), reason="all is well")
        )

        still_open = render(replace(report, rows=(declared,)))
        reviewed = read(render(replace(report, rows=(declared, closed))))

        assert "seen no end of its review" in still_open
        assert still_open.index("Emergencies: rules") < still_open.index("<h2>Checked")
        assert not [tag for tag, _ in read(still_open).found if tag == "script"]
        assert "all is well" in reviewed.text
    assert "Emergencies" not in render(report_of("shop"))
