"""The inbox: asked by a drag or a key, decided by keyboard, and everybody sees what has become of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from tests.approving import approved_by
from tests.embedded import EmbeddedPool
from tests.ui.board_window import (
    CTRL,
    Key,
    card_of,
    cards_in,
    console,
    has_keyboard,
    no_passphrase_needed,
    pool,
    press,
    window,
)
from tests.workflows import put_on
from xsconsole.console import Connection, Console, Estate, Secret
from xsconsole.console.webhook import Patience
from xsconsole.domain.approval import Meaning
from xsconsole.domain.ids import StageId
from xsconsole.domain.notifications import Notification
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestState
from xsconsole.engine.commands import Ask, Demote, Promote
from xsconsole_ui.board.faces import Tone, face_of
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.inbox.messenger import Messenger
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.promotion.rows import RowsView

__all__ = ["console", "pool", "window"]

SHOP = "shop 1.3.0"


@pytest.fixture
async def rita(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Console]:
    """Another person's console, without a window."""
    async with seated(pool, tmp_path / "rita") as opened:
        yield opened


@asynccontextmanager
async def seated(pool: EmbeddedPool, home: Path) -> AsyncIterator[Console]:
    opened = await Console.open(home, passphrase=no_passphrase_needed)
    try:
        await opened.connect(Connection(url=pool.url, user=pool.user), Secret(pool.password))
        yield opened
    finally:
        await opened.close()


async def publish(pool: EmbeddedPool, here: Console, rita: Console, count: int = 1, **more: object) -> None:
    keys = {"ann": here.home.key_fingerprint, "rita": rita.home.key_fingerprint}
    put_on(pool, approved_by(keys, count, **more))  # type: ignore[arg-type]
    for one in (here, rita):
        await until(lambda: one.board.workflow is not None and one.board.workflow.version == 2, "the version")  # noqa: B023


async def ask(who: Console) -> Request:
    card = card_of(who, SHOP)
    command = Promote(configuration=card.id, revision=card.revision, target=StageId("production"), reason="the release")
    return await who.requests.ask(Ask(command=command, digest=who.plan(command).digest, ticket="CHG-7"))


def press_button(over: QWidget, text: str) -> None:
    next(one for one in over.findChildren(QPushButton) if one.text() == text).click()


def texts(view: RowsView) -> list[str]:
    return [row.text for row in view.rows.rows]


async def test_what_is_asked_of_me_is_approved_by_keyboard_with_a_reason(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    await publish(pool, console, rita)
    other = card_of(console, "crm@integration")
    window.board.select(other.id)
    request = await ask(rita)
    await until(window.inbox_news.badge.isVisible, "the badge")
    assert window.inbox_news.badge.text() == "1"
    assert "Your approval is asked for" in "\n".join(window.notices.texts)

    page = window.inbox.page
    (news,) = window.notices.shown
    assert "Rita asks: the release" in news.text
    press_button(news, "Show it")
    await until(page.reason.hasFocus, "the keyboard in the reason")
    assert not window.notices.shown  # over the buttons that it is about
    press(Key.Key_Escape)
    press(Key.Key_Return)
    assert page.reason.hasFocus()
    assert window.inspector.header.title == SHOP  # and not what was selected on the board
    assert not page.approve.isEnabled()
    assert "part of what is signed" in page.why.text()
    assert any("Ticket CHG-7" in text for text in texts(page.facts.view))
    assert any("Could approve now: Ann" in text for text in texts(page.approvals.view))
    assert texts(page.steps.view)
    QTest.keyClicks(page.reason, "read it")
    press(Key.Key_Return)
    assert page.approve.hasFocus()
    page.settling.setInterval(3_600_000)
    click(page.approve)

    await until(lambda: rita.requests.view(request.id).state is RequestState.APPROVED, "the approval")
    await until(page.run.isVisible, "the way to carry it out, where Approve was")
    assert not page.run.isEnabled()
    click(page.run)  # the second one of a double click
    assert console.runs == ()
    page.settling.start(0)
    await until(page.run.isEnabled, "that it can be carried out")
    await until(window.inbox.lists[1].view.hasFocus, "the keyboard in the list again")
    assert not window.inbox_news.badge.isVisible()
    page.run.setFocus()
    press(Key.Key_Return)
    await until(lambda: any(SHOP in name for name in cards_in(window, "production")), "the card in production")
    await console.finished(console.runs[0].run)
    await until(lambda: not console.requests.views, "the end of the request")
    result = window.inspector.plan_page.outcome
    await until(lambda: result.isVisible() and result.headline == "Done.", "what has become of it, in sight")
    window.inspector.leave()
    window.go("board")
    assert window.inspector.card_on_show == console.board.cards[other.id]


async def test_a_gesture_on_the_board_asks_where_others_must_approve_and_the_card_says_so(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    window.board.take_focus()
    old = window.board.lanes[0]
    await publish(pool, console, rita)
    await until(lambda: window.board.lanes[0] is not old, "the columns of the new version")
    assert has_keyboard(window.board.page)
    card = card_of(console, SHOP)
    window.board.select(card.id)
    window.board.take_focus()
    press(Key.Key_Right, CTRL)
    page = window.inspector.plan_page
    await until(page.go.isVisible, "the plan")

    assert page.go.text() == "Ask for approval"
    assert "Must be approved by 1 of Operators. Rita could, if you ask for it." in texts(page.checks.view)
    page.asking.not_before.setText("tomorrow")
    assert not page.go.isEnabled()
    assert page.missing.text() == "Type the time as 2026-12-24 18:00."
    page.asking.not_before.clear()
    page.asking.ticket.setText("CHG-8")
    page.go.click()
    await until(lambda: bool(console.requests.of(card.id)), "the request")
    await until(window.inbox.isVisible, "the inbox")

    (view,) = console.requests.of(card.id)
    assert view.request.ticket == "CHG-8"
    face = face_of(card, None, None, asked=(view,))
    assert (face.chips[0].text, face.chips[0].tone) == ("waits for 1 approval", Tone.ACCENT)
    assert not window.inbox.page.approve.isVisible()
    assert "others decide on it" in window.inbox.page.why.text()
    assert card_of(console, SHOP).stage == "staging"
    assert "Rita could approve it" in window.status.passing.whole
    assert not window.inbox.page.reason.hasFocus()  # where two keys would withdraw it

    # Whoever promotes again is led to what stands already, also from its plan; its card leads there as well.
    window.go("board")
    press(Key.Key_Right, CTRL)
    await until(window.inbox.isVisible, "what is asked for already")
    assert window.status.passing.whole == "It is asked for already, and waits for 1 approval."
    window.go("board")
    press(Key.Key_P, CTRL)
    await until(page.go.isVisible, "the plan")
    assert page.go.text() == "Show its request"
    page.go.click()
    await until(window.inbox.isVisible, "the request of the plan")
    window.go("board")
    asked = window.inspector.card_page.requests.view
    asked.activated.emit(asked.rows.index(0))
    assert window.inbox.isVisible()
    assert len(console.requests.views) == 1
    window.inbox.page.withdraw.setFocus()
    press(Key.Key_Return)
    await until(lambda: not console.requests.views, "that it is withdrawn")
    await until(window.inbox.nothing.isVisible, "the empty place")
    assert window.inbox.hasFocus()  # and not whatever follows what is gone


async def test_a_request_that_became_void_shows_what_was_approved_against_what_is_now(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    await publish(pool, console, rita)
    request = await ask(console)
    await until(lambda: bool(rita.requests.views), "the request at the other console")
    await rita.requests.decide(request.id, Meaning.APPROVE, "fine")
    await until(lambda: console.requests.view(request.id).state is RequestState.APPROVED, "the approval")
    window.go("inbox")
    window.inbox.show_one(request.id)
    other = QWidget()
    other.show()
    other.activateWindow()
    await until(lambda: not window.isActiveWindow(), "another window in front")
    with pool.plain_session() as session:
        ref = session.xenapi.VM.get_by_uuid(card_of(console, SHOP).members[0].uuid)
        session.xenapi.VM.set_name_description(ref, "<b>another</b>")

    await until(lambda: "void: what it is about has changed" in "\n".join(window.notices.texts), "the news")
    window.activateWindow()
    await until(lambda: not window.notices.shown, "that nothing lies over the inbox any more")
    assert window.status.passing.whole.startswith("A request is void: what it is about has changed: Promote shop 1.3.0")
    other.deleteLater()

    shown = "\n".join(texts(window.inbox.page.changes.view))
    assert "description was" in shown
    assert "<b>another</b>" in shown
    assert not window.inbox.page.run.isVisible()
    assert any("void" in text for text in texts(window.inbox.lists[2].view))
    assert window.inbox.page.why.text().startswith("Where that is changed back, it is again what was asked for.")
    assert window.inbox.page.withdraw.text().replace("&", "") == "Clear away"
    window.inbox.page.again.click()
    await until(window.inspector.plan_page.go.isVisible, "the plan as it would be now")
    assert window.inspector.plan_page.go.text() == "Ask for approval"


async def test_a_rejection_is_signed_with_the_log_in_typed_anew(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    await publish(pool, console, rita, subjects={"ann": "adam"})
    request = await ask(rita)
    await until(lambda: bool(console.requests.views), "the request")
    window.go("inbox")
    page = window.inbox.page
    window.inbox.show_one(request.id)
    page.reason.setText("not on a Friday")
    assert "Log in anew as adam" in page.why.text()
    assert not page.reject.isEnabled()
    page.password.setText("wrong")
    page.reject.setFocus()
    page.reject.click()
    await until(lambda: any("adam" in text for text in window.notices.texts), "the refusal")
    await until(lambda: has_keyboard(page.password), "the field of the password, so that it is not typed as a reason")
    assert page.password.text() == ""
    above = window.notices.mapTo(window, window.notices.rect().bottomLeft()).y()
    assert above < page.foot.mapTo(window, page.foot.rect().topLeft()).y()  # the password can be typed again
    page.password.setText(pool.passwords["adam"])
    page.reject.click()
    assert not window.notices.shown

    await until(lambda: rita.requests.view(request.id).state is RequestState.REJECTED, "the rejection")
    assert rita.requests.view(request.id).decisions[0].actor == "adam"
    payroll = card_of(rita, "payroll@production")
    back = Demote(configuration=payroll.id, revision=payroll.revision, target=StageId("staging"))
    await rita.requests.ask(Ask(command=back, digest=rita.plan(back).digest))
    asked, _, over = (section.view for section in window.inbox.lists)
    await until(lambda: asked.rows.rowCount() == over.rows.rowCount() == 1, "another request above the rejected one")
    window.inbox.take_focus()
    assert over.hasFocus()
    press(Key.Key_Up)
    assert asked.hasFocus()
    assert page.approve.isVisible()
    press(Key.Key_Up)
    press(Key.Key_Down)
    assert over.hasFocus()
    assert not page.approve.isVisible()


async def test_news_goes_to_the_desktop_where_there_is_a_tray(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    await publish(pool, console, rita)
    shown: list[tuple[str, str]] = []

    def show(title: str, text: str) -> bool:
        shown.append((title, text))
        return True

    messenger = Messenger(window.estate, window.bridge, window.notices, show, lambda: False, window)
    window.bridge.link_changed.emit()
    await ask(rita)
    await until(lambda: bool(shown), "the message")

    assert shown[0][0] == "Your approval is asked for"
    assert shown[0][1].startswith("Promote shop 1.3.0 from Staging to Production.")
    assert QApplication.instance() is not None
    messenger.deleteLater()


async def test_who_asked_is_told_that_somebody_else_carried_it_out(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    await publish(pool, console, rita)
    request = await ask(console)
    await until(lambda: any(rita.requests.asks_me(view) for view in rita.requests.views), "the question")
    await rita.requests.decide(request.id, Meaning.APPROVE, "read it")
    window.go("inbox")

    said: list[str] = []
    window.inbox_news.messenger.said.connect(said.append)

    def told() -> str:
        return "\n".join((window.status.passing.whole, *window.notices.texts))

    await until(lambda: "Your request is approved" in told(), "the approval")
    await until(lambda: rita.requests.view(request.id).state is RequestState.APPROVED, "the approval there")
    pool.control("delay", method="VM.snapshot", seconds=3600)
    run = await rita.requests.run(request.id)
    await until(lambda: any(view.is_running for view in console.requests.views), "the run, seen here")
    pool.control("clear")
    await rita.finished(run)
    await until(lambda: "Your request was carried out" in told(), "its end")
    assert "Promote shop 1.3.0 from Staging to Production. By root from " in told()
    assert "Your request is approved" not in told()
    assert not any("void" in one for one in (*said, *window.notices.texts))


async def test_what_stands_on_a_pool_when_it_comes_is_no_news(
    window: MainWindow, rita: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    sam = await Console.open(tmp_path / "sam", passphrase=no_passphrase_needed)
    put_on(pool, approved_by({"rita": rita.home.key_fingerprint, "sam": sam.home.key_fingerprint}))
    await until(lambda: rita.board.workflow is not None and rita.board.workflow.version == 2, "the version")
    first = await ask(rita)
    shown: list[str] = []

    def show(title: str, text: str) -> bool:
        shown.append(title + text)
        return True

    estate = Estate.of(sam)
    bridge = Bridge(estate, window)
    messenger = Messenger(estate, bridge, window.notices, show, lambda: False, window)
    await sam.connect(Connection(url=pool.url, user=pool.user), Secret(pool.password))
    await until(lambda: any(sam.requests.asks_me(view) for view in sam.requests.views), "what stands already")
    await rita.requests.withdraw(first.id, "")
    await until(lambda: not sam.requests.views, "its end")
    await ask(rita)
    await until(lambda: bool(shown), "the news")

    assert shown == ["Your approval is asked forPromote shop 1.3.0 from Staging to Production. Rita asks: the release"]
    bridge.close()
    messenger.deleteLater()
    await sam.close()


async def test_what_the_webhook_was_not_told_is_said_in_the_window(window: MainWindow, console: Console) -> None:
    webhook = console.home.webhook
    webhook.patience = Patience(tries=1, timeout_s=0.2, grace_s=0.2)
    await webhook.set("http://127.0.0.1:1/hook", None)

    webhook.tell(Notification.RUN_DONE, Fact(event=AuditEvent.RUN_CLOSED))

    await until(lambda: any("cannot be reached" in text for text in window.notices.texts), "the notice")
