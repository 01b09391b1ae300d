"""A checklist on the way: the plan waits until every question is answered with yes."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.embedded import EmbeddedPool
from tests.ui.board_window import card_of, cards_in, console, ended, pool, window
from tests.workflows import guarded, put_on
from xsconsole.console import Console
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow.gates import Checklist, HttpCall, When
from xsconsole_ui.demo.gestures import CarriedCard, click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.promotion.rows import Mark

__all__ = ["console", "pool", "window"]

QUESTIONS = ("Told the <b>users</b>", "=cmd() & looked at the report " + "x" * 400)


async def test_a_drop_waits_for_the_answers_and_what_was_answered_is_on_record(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    silent = HttpCall(url="http://127.0.0.1:9/", when=When.AFTER, timeout_s=1)
    put_on(pool, guarded(Checklist(items=QUESTIONS), silent))
    await until(lambda: console.board.workflow is not None and console.board.workflow.version == 2, "the new version")
    page = window.inspector.plan_page
    carried = CarriedCard(card_of(console, "shop@staging"))
    lane = window.board.lane("Production")
    carried.enter(lane)
    carried.drop(lane)

    asked = [box.accessibleName() for box in page.checklist.boxes]
    before = (page.go.isEnabled(), page.go.toolTip())
    click(page.checklist.boxes[0])
    half = page.go.isEnabled()
    words = page.checklist.boxes[1].parentWidget()
    QTest.mouseClick(words, Qt.MouseButton.LeftButton, pos=QPoint(60, words.height() // 2))

    assert asked == list(QUESTIONS)
    assert page.checklist.width() <= page.width()
    assert before == (False, "Answer the questions of the checklist first.")
    assert (half, page.go.isEnabled()) == (False, True)

    click(page.go)
    status = await ended(console)

    assert (status.state, len(status.remarks)) == (RunState.DONE, 1)
    await until(lambda: "shop 1.3.0" in cards_in(window, "Production"), "the card in Production")
    await until(lambda: page.outcome.headline == "Done, but not all is as it should be.", "the remark")
    assert not page.checklist.isVisible()
    assert page.steps.view.rows.rows[-1].mark is Mark.WARNING
    (row,) = await console.audit_page(AuditQuery(event=AuditEvent.RUN_OPENED))
    assert row.fact.details is not None
    assert row.fact.details["answered_with_yes"] == list(QUESTIONS)
