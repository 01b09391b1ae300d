"""The window says what is closed and why, and closes and lifts it by the same command as the shell."""

from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.embedded import EmbeddedPool
from tests.ui.board_window import CTRL, Key, another_console, card_of, console, pool, press, window
from xsconsole.console import Console
from xsconsole.domain.closures import ClosureKind
from xsconsole.domain.ids import StageId
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.engine.commands import FreezeStage, Lift, QuarantineVersion, StopTheLine
from xsconsole_ui import actions
from xsconsole_ui.board.lane_model import Dragged
from xsconsole_ui.closing_actions import FREEZE, HOLD, LIFT_FREEZE, STOP_LINE
from xsconsole_ui.closures.dialog import CloseDialog, FreezeDialog
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.moments import moment_of, typed

__all__ = ["console", "pool", "window"]

CTRL_SHIFT = CTRL | Qt.KeyboardModifier.ShiftModifier
EVIL = "<b>=cmd()</b> 💥"


async def opened(window: MainWindow) -> CloseDialog:
    await until(lambda: window.hands.closures.dialog is not None, "the dialog")
    dialog = window.hands.closures.dialog
    assert dialog is not None
    await until(dialog.isVisible, "the dialog on the screen")
    return dialog


async def say(window: MainWindow, reason: str) -> None:
    """Type why into the dialog that opens, and press Enter."""
    dialog = await opened(window)
    assert not dialog.go.isEnabled()
    dialog.reason.setText(reason)
    QTest.keyClick(dialog.reason, Qt.Key.Key_Return)
    await until(lambda: window.hands.closures.dialog is None, "the dialog to go")


async def test_the_line_is_stopped_by_keys_and_released_at_the_banner_in_every_window(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, "shop@1.3.0")
    window.board.select(card.id)
    await until(window.actions_[actions.PROMOTE].isEnabled, "a way forward")
    async with another_console(pool, tmp_path / "theirs") as theirs:
        press(Key.Key_S, CTRL_SHIFT)
        await say(window, EVIL)
        await until(window.banner.isVisible, "the banner")
        await until(lambda: theirs.closings.stop is not None, "the other console's banner")
        await until(lambda: not window.actions_[actions.PROMOTE].isEnabled(), "no way forward")

        assert "root stopped the line" in window.banner.text
        assert EVIL in window.banner.text
        assert "stopped the line" in window.actions_[actions.PROMOTE].why_not
        assert window.actions_[actions.DEMOTE].isEnabled()
        await until(window.inspector.card_page.closed.isVisible, "what stands against it")
        window.board.dragging.begin(Dragged(configuration=card.id, revision=card.revision))
        assert "stopped the line" in window.board.lane("production").offer_box.text
        window.board.dragging.end()

        window.banner.release.click()
        await say(window, "calm")
        await until(lambda: not window.banner.isVisible(), "no banner")
        await until(lambda: theirs.closings.stop is None, "no banner at the other console")
        await until(window.actions_[actions.PROMOTE].isEnabled, "a way forward again")
        seen = await theirs.audit_page(AuditQuery(event=AuditEvent.CLOSED))
        assert [row.fact.outcome for row in seen] == [Outcome.OBSERVED]


async def test_a_word_without_an_end_takes_no_more_room_than_there_is(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    card = card_of(console, "shop@1.3.0")
    window.board.select(card.id)
    with pool.plain_session() as session:
        session.xenapi.VM.set_name_label(card.members[0].ref, "y" * 10_000)
    rows = window.inspector.card_page.members.view.rows
    await until(lambda: any(row.text.startswith("yyy") for row in rows.rows), "the new name")
    assert max(len(row.text) for row in rows.rows) <= 80
    before = window.minimumSizeHint().width()
    reason = "x" * 500
    await console.closings.do(FreezeStage(stage=StageId("production"), reason=reason))
    await console.closings.do(StopTheLine(reason=reason))
    await until(window.banner.isVisible, "the banner")

    assert window.minimumSizeHint().width() <= max(before, 1024)
    assert "x" * 90 in window.banner.text
    for action in (LIFT_FREEZE, STOP_LINE):
        await until(window.actions_[action].isEnabled, "that it can be lifted")
        window.actions_[action].trigger()
        dialog = await opened(window)
        assert dialog.minimumSizeHint().width() <= dialog.width()
        dialog.reject()
        await until(lambda: window.hands.closures.dialog is None, "the dialog to go")


async def test_a_card_is_held_by_the_menu_and_its_version_quarantined_elsewhere(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, "shop@1.3.0")
    window.board.select(card.id)
    page = window.inspector.card_page

    window.actions_[HOLD].trigger()
    await say(window, "it lost orders")
    await until(lambda: window.actions_[HOLD].text() == "Lift the &hold…", "the way to lift it")
    async with another_console(pool, tmp_path / "theirs") as theirs:
        await theirs.closings.do(QuarantineVersion(service="shop", version="1.3.0", reason="a hole"))
    lane = window.board.lane("staging")
    row = lane.model.row_of(card.id)
    assert row is not None
    told = lambda: str(lane.model.index(row).data(Qt.ItemDataRole.ToolTipRole))  # noqa: E731
    await until(lambda: "is quarantined by alice" in told(), "the chip")

    assert "is held by root" in told()
    await until(page.lifts.isVisible, "the buttons that lift")
    assert [button.isVisible() for button in page.lift_buttons] == [True, True, False, False]
    page.lift_buttons[0].click()
    await say(window, "mended")
    await until(lambda: not page.lift_buttons[0].isVisible(), "no hold")
    assert window.actions_[HOLD].text() == "&Hold…"


async def test_the_column_says_until_when_it_is_frozen_and_a_second_freeze_is_chosen_from(
    window: MainWindow, console: Console
) -> None:
    lane = window.board.lane("production")
    assert not lane.freeze.isVisible()
    assert window.actions_[LIFT_FREEZE].why_not == "Nobody froze a stage by hand."

    window.actions_[FREEZE].trigger()
    dialog = await opened(window)
    assert isinstance(dialog, FreezeDialog)
    assert dialog.begins is not None
    dialog.stage.setCurrentText("Production")
    dialog.reason.setText("audit")
    dialog.ends.setText("tomorrow")
    assert "Type the time as" in dialog.go.toolTip()
    dialog.ends.setText("2000-01-01 10:00")
    dialog.go.click()
    await until(dialog.news.isVisible, "why not")
    assert "ends before it begins" in dialog.news.text
    ends = console.home.clock.now() + timedelta(hours=30)
    dialog.ends.setText(typed(ends))
    dialog.go.click()
    await until(lambda: window.hands.closures.dialog is None, "the dialog to go")
    await until(lane.freeze.isVisible, "the column")

    assert lane.freeze.text().startswith("frozen until ")
    assert "audit (root)" in lane.freeze.toolTip()
    (first,) = console.board.closures.freezes
    assert first.ends == moment_of(typed(ends))
    later = FreezeStage(stage=StageId("production"), begins=ends + timedelta(hours=9), reason="again")
    await console.closings.do(later)
    await console.closings.do(Lift(kind=ClosureKind.FREEZE, subject=first.id, seen=first, reason="done"))
    await until(lambda: lane.freeze.text().startswith("freezes at "), "the next one")
    window.actions_[LIFT_FREEZE].trigger()
    await say(window, "not needed")
    await until(lambda: not lane.freeze.isVisible(), "no freeze")
    assert QApplication.activeModalWidget() is None
