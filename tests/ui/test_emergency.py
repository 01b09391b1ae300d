"""Emergencies in the window: declared on purpose, seen on the card and in the inbox, closed by somebody else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from tests.approving import approved_by
from tests.embedded import EmbeddedPool
from tests.ui.board_window import (
    Key,
    card_of,
    cards_in,
    console,
    pool,
    window,
)
from tests.ui.test_inbox import SHOP, seated, texts
from tests.workflows import put_on
from xsconsole.console import Console, Secret
from xsconsole.domain.ids import GroupId, PersonId, StageId
from xsconsole.domain.workflow import Group
from xsconsole.engine.commands import Confirmed, Emergency, Promote
from xsconsole_ui.actions import DECLARE, GO_INBOX
from xsconsole_ui.board.faces import Tone, face_of
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


@pytest.fixture
async def rita(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Console]:
    async with seated(pool, tmp_path / "rita") as opened:
        yield opened


async def publish(pool: EmbeddedPool, here: Console, rita: Console, declarer: str) -> None:
    keys = {"ann": here.home.key_fingerprint, "rita": rita.home.key_fingerprint}
    workflow = approved_by(keys, 2, subjects={"ann": "adam", "rita": "alice"})
    shift = Group(id=GroupId("shift"), name="Shift", people=(PersonId(declarer),))
    put_on(pool, msgspec.structs.replace(workflow, groups=(*workflow.groups, shift), declarers=(shift.id,)))
    for one in (here, rita):
        await until(lambda: one.board.workflow is not None and one.board.workflow.version == 2, "the version")  # noqa: B023


async def test_an_emergency_is_declared_on_purpose_and_stays_open_on_the_card_and_in_the_inbox(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    await publish(pool, console, rita, "ann")
    window.board.select(card_of(console, SHOP).id)
    declare = window.actions_[DECLARE]
    await until(declare.isEnabled, "the emergency may be declared")

    width = window.docks["inspector"].width()
    declare.trigger()
    menu = window.hands.urgent_menu
    names = [action.text() for action in menu.actions() if action.isEnabled()]
    next(action for action in menu.actions() if "Production" in action.text()).trigger()
    menu.close()
    page = window.inspector.plan_page
    box = page.declaring
    await until(box.isVisible, "the declaration")

    assert names == ["Emergency: promote to Production"]
    assert page.go.text() == "Declare emergency and promote"
    assert page.outcome.isVisible()
    assert window.docks["inspector"].width() == width, "which would stay wider afterwards"
    hint, first = (part.mapTo(page, QPoint(0, 0)).y() for part in (page.missing, box))
    assert hint < first, "what is typed into hangs on what is below, and stays where it is as the hint shortens"
    missing = []
    for step in (
        lambda: page.reason.setText("the shop is down"),
        lambda: box.taken.setChecked(True),
        lambda: box.password.setText("wrong"),
    ):
        missing.append((page.go.isEnabled(), page.go.toolTip()))
        step()
    assert [can for can, _ in missing] == [False, False, False]
    assert [words.split(":")[0] for _, words in missing] == [
        "An emergency needs a reason",
        "Tick that you declare it.",
        "Type your password.",
    ]
    assert page.go.isEnabled()
    page.go.setFocus()
    page.go.click()
    assert box.password.text() == ""
    assert window.focusWidget() is page.steps.view, "and not Cancel, nor another panel"
    await until(lambda: window.notices.shown or page.go.isEnabled() is False, "the wrong password is told")
    await until(lambda: not window.desk.is_starting, "the answer")
    assert window.focusWidget() is box.password, "to be typed again"
    assert card_of(console, SHOP).stage == "staging"
    box.ticket.setText("INC-7")
    box.password.setText(pool.passwords["adam"])
    page.go.click()

    await until(lambda: SHOP.split()[0] in str(cards_in(window, "Production")), "the card in production")
    await until(lambda: rita.reviews.views, "the review at the other console")
    view = rita.reviews.views[0]
    card = card_of(console, SHOP)
    await until(lambda: console.reviews.of(card.id), "the review here")
    face = face_of(card, None, None, open_reviews=console.reviews.of(card.id))
    assert next((chip.text, chip.tone) for chip in face.chips) == ("emergency to review", Tone.BAD)
    await until(lambda: window.inbox_news.badge.text() == "1", "the badge")
    window.actions_[GO_INBOX].trigger()
    assert "Review open for less than a minute; by Ann." in texts(window.inbox.reviews.view)[0]
    window.inbox.reviews.view.setCurrentIndex(window.inbox.reviews.view.rows.index(0))
    assert not window.inbox.review_page.close_it.isVisible()

    assert rita.reviews.asks_me(view)
    await rita.reviews.close(view.item.id, "it was right", Secret(pool.passwords["alice"]))
    await until(lambda: not console.reviews.views, "the review is closed")
    await until(lambda: not window.inbox_news.badge.isVisible(), "no badge")
    told = f"Declared by Ann: {view.item.reason}"  # whose words these are
    await until(lambda: any(told in text for text in window.notices.texts), "the news of it")


async def test_somebody_elses_emergency_is_told_and_reviewed_by_keyboard(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(pool, console, rita, "rita")
    window.board.select(card_of(console, SHOP).id)
    declare = window.actions_[DECLARE]
    await until(lambda: not declare.isEnabled(), "it may not be declared here")
    assert "none of those who may declare" in declare.why_not

    card = card_of(rita, SHOP)
    command = Promote(
        configuration=card.id,
        revision=card.revision,
        target=StageId("production"),
        reason="<b>down</b>",
        emergency=Emergency(reason="<b>down</b>"),
    )
    confirmed = Confirmed(command=command, digest=rita.plan(command).digest)
    run = await rita.reviews.declare(confirmed, Secret(pool.passwords["alice"]))
    assert (await rita.finished(run)).error is None
    await until(lambda: window.inbox_news.badge.text() == "1", "the badge")
    assert any("emergency was declared" in text for text in window.notices.texts)

    window.actions_[GO_INBOX].trigger()
    place, page = window.inbox, window.inbox.review_page
    window.bridge.ageing.look()
    older = console.home.clock.now() + timedelta(hours=30)
    monkeypatch.setattr(console.reviews, "_now", lambda: older)  # no event tells that time passes
    window.bridge.ageing.look()
    await until(lambda: "open for 1 day" in texts(place.reviews.view)[0], "the age in the inbox")
    place.take_focus()
    QTest.keyClick(place.reviews.view, Key.Key_Return)
    await until(page.found.hasFocus, "the field")
    QTest.keyClicks(page.found, "looked at it")
    assert not page.close_it.isEnabled()
    QTest.keyClick(page.found, Key.Key_Return)
    QTest.keyClicks(page.password, pool.passwords["adam"])
    QTest.keyClick(page.password, Key.Key_Return)
    assert page.close_it.hasFocus()
    QTest.keyClick(page.close_it, Key.Key_Return)

    await until(lambda: not rita.reviews.views, "the review is closed")
    await until(lambda: window.focusWidget() is place, "the keyboard in the inbox, where nothing is left")
