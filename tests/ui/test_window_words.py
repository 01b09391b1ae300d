"""What the window says stays only while it is so, and moves nothing under the mouse."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QPushButton

from tests.embedded import EmbeddedPool, embedded_pool
from tests.ui.board_window import (
    CTRL,
    Key,
    another_console,
    card_of,
    console,
    ended,
    no_passphrase_needed,
    open_window,
    pool,
    press,
    start,
    window,
)
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.board import Standing
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Promote
from xsconsole.errors import CertificateChanged, Refused
from xsconsole_ui import actions
from xsconsole_ui.connect_dialog import ConnectDialog
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]

SHOP, CRM = "shop@staging", "crm@integration"


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[Console, EmbeddedPool]]:
    opened = await Console.open(tmp_path / "secure", passphrase=no_passphrase_needed)
    with embedded_pool("--tls", "--scenario", "empty") as served:
        try:
            connection = Connection(url=served.url, user=served.user, fingerprint=served.fingerprint)
            await opened.connect(connection, Secret(served.password))
            yield opened, served
        finally:
            await opened.close()


def place_of(window: MainWindow, stage: str) -> QPoint:
    view = window.board.lane(stage).view
    return view.viewport().mapTo(window, view.visualRect(view.model().index(0, 0)).topLeft())


@pytest.mark.parametrize("number", [1, 3])
async def test_news_move_nothing_that_the_mouse_aims_at(window: MainWindow, number: int) -> None:
    before = {lane.stage.name: place_of(window, lane.stage.name) for lane in window.board.lanes}

    for at in range(number):
        window.notices.tell_error(Refused(reason=f"No, for reason {at}.", mend="Ask for something else. " * 9))
    await until(lambda: are_whole(window), "room for the news")

    assert {lane.stage.name: place_of(window, lane.stage.name) for lane in window.board.lanes} == before
    window.resize(1024, 700)
    await until(lambda: window.width() == 1024 and is_within_place(window), "the news in a small window")


def is_within_place(window: MainWindow) -> bool:
    return window.notices.parentWidget().rect().contains(window.notices.geometry())


def are_whole(window: MainWindow) -> bool:
    """Return whether all is said that is not folded, which the newest never is."""
    said = [one for one in window.notices.shown if one.isVisible()]
    is_newest_said = window.notices.shown[-1] in said
    are_high = all(one.height() >= one.heightForWidth(one.width()) for one in said)
    return is_within_place(window) and is_newest_said and are_high


async def test_unfolded_details_have_room(window: MainWindow) -> None:
    window.notices.tell("bad", "It failed.", "Do something.", "many words " * 60)
    await until(lambda: are_whole(window), "room for the news")
    folded = window.notices.height()

    click(window.notices.shown[0].more)
    await until(lambda: window.notices.height() > folded, "room for the details")

    assert is_within_place(window)


async def test_what_is_done_is_no_longer_said_once_the_next_run_began(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    window.board.select(card_of(console, CRM).id)
    press(Key.Key_Right, CTRL)
    assert (await ended(console)).state is RunState.DONE
    await until(lambda: window.status.passing.whole.startswith("Done: Promote crm"), "the word")
    pool.control("fail", method="VM.snapshot", nth=1, code="SR_BACKEND_FAILURE_44", params=["", "no space left"])
    pool.control("delay", method="VM.snapshot", seconds=0.5)

    run = await start(console, _promotion(console, SHOP, "production"))
    await console.finished(run)

    await until(
        lambda: any("There is not enough room in the storage “SAN-" in text for text in window.notices.texts),
        "the failure",
    )
    assert window.status.passing.whole == ""
    assert len(window.notices.texts) == 1

    pool.control("clear")
    window.inspector.show_run(run)
    again, questions = window.inspector.plan_page.again, [window.desk.question]
    window.desk.question_changed.connect(lambda: questions.append(window.desk.question))
    await until(lambda: again.isVisible() and again.isEnabled(), "the offer")
    again.click()
    await until(lambda: questions[-1] is not None, "the same question once more")
    assert questions[-1].command == _promotion(console, SHOP, "production")
    assert not again.isVisible()


async def test_that_somebody_works_on_it_is_said_until_it_has_ended(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, SHOP)
    pool.control("delay", method="VM.snapshot", seconds=3600)
    command = _promotion(console, SHOP, "production")
    async with another_console(pool, tmp_path / "other") as other:
        run = await start(other, _promotion(other, SHOP, "production"))
        await until(lambda: console.board.cards[card.id].standing is Standing.RUNNING, "the other's run")
        window.desk.ask(command)
        assert "is being changed by alice" in window.notices.texts[0]
        pool.control("clear")
        assert (await other.finished(run)).state is RunState.DONE

        await until(lambda: window.notices.texts == (), "the end of the news")


async def test_that_the_pool_is_away_is_no_longer_said_once_it_is_back(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    window.board.select(card_of(console, SHOP).id)
    pool.kill()
    await until(lambda: not window.actions_[actions.PROMOTE].isEnabled(), "the loss")
    press(Key.Key_Right, CTRL)
    await until(lambda: "away" in window.status.passing.whole, "the word")

    with embedded_pool("--speed", "20", "--port", str(urlsplit(pool.url).port)):
        await until(lambda: console.link.state is LinkState.LIVE, "the pool")
        await until(lambda: window.status.passing.whole == "", "the end of the word")
        await window.console.disconnect()


async def test_how_many_objects_there_are_is_kept_up(window: MainWindow, console: Console, pool: EmbeddedPool) -> None:
    before = window.status.freshness.text()

    with pool.plain_session() as session:
        jumpbox = session.xenapi.VM.get_by_name_label("old-wiki")[0]
        session.xenapi.VM.clone(jumpbox, "one more")
    await until(lambda: any(vm.name_label == "one more" for vm in console.inventory.all(VM)), "the clone")

    await until(lambda: window.status.freshness.text() != before, "the new number")
    await until(lambda: f"{console.inventory.total()} objects" in window.status.freshness.text(), "the number as it is")


async def test_a_certificate_that_changes_under_way_is_an_alarm_with_the_way_to_compare(
    secure: tuple[Console, EmbeddedPool], qapp: QApplication
) -> None:
    console, first = secure
    window = await open_window(console, qapp)
    try:
        first.kill()
        with embedded_pool("--tls", "--scenario", "empty", "--port", str(urlsplit(first.url).port)):
            await until(lambda: bool(window.notices.texts), "the alarm")
            assert "shows another certificate than the one that was accepted" in window.notices.texts[0]
            assert window.status.freshness.text().endswith("not reconnecting")
            (compare,) = [
                button
                for button in window.notices.shown[0].findChildren(QPushButton)
                if button.text() == "Compare the certificates…"
            ]

            click(compare)
            await until(lambda: any(one.isVisible() for one in window.findChildren(ConnectDialog)), "the dialog")

            (dialog,) = window.findChildren(ConnectDialog)
            assert dialog.certificate.isVisible()
            expected = dialog.certificate.expected.text().replace("\n", "").replace(":", "").casefold()
            assert isinstance(console.link.error, CertificateChanged)
            assert expected == console.link.error.expected.replace(":", "").casefold()
            dialog.certificate.typed.setText(dialog.certificate.shown.text().replace("\n", ":")[-11:])
            click(dialog.go)
            assert dialog.password.isVisible()
            assert "password" in dialog.news.text
            dialog.reject()
    finally:
        await window.end()


def _promotion(console: Console, name: str, target: str) -> Promote:
    card = card_of(console, name)
    return Promote(configuration=card.id, revision=card.revision, target=StageId(target))
