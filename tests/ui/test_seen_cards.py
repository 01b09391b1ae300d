"""What is done to cards is done to one that can be seen: by key, menu and palette alike, in every place."""

from functools import partial

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.board_window import card_of, console, pool, window
from xsconsole.console import Console
from xsconsole_ui import actions
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.situation import Action, actions_of
from xsconsole_ui.window_layout import PLACES

__all__ = ["console", "pool", "window"]

WITHOUT_CARD = (actions.ADOPT, actions.CLEAN)  # of clones that belong to no card
OF_CARDS = tuple(action for action in actions_of(actions.CARD_MENU) if action not in WITHOUT_CARD)
NOT_SEEN = "The selected card is on the board, which is not on show"


class Noted:
    """Hands that do nothing, and know what they were asked for."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def __getattr__(self, name: str) -> object:
        return lambda *_, **__: self.done.append(name)


async def test_no_key_menu_or_palette_reaches_a_card_that_is_selected_on_a_hidden_board(
    window: MainWindow, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, noted = card_of(console, "shop@staging"), Noted()
    window.board.select(shop.id)
    monkeypatch.setattr(window.actions_, "hands", noted)

    def press(action: Action) -> list[str]:
        """Press the key of an action where the keyboard is, and return what came of it."""
        noted.done.clear()
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keySequence(focused, QKeySequence(action.shortcut))
        return list(noted.done)

    def enabled() -> set[str]:
        return {action.id for action in OF_CARDS if window.actions_[action].isEnabled()}

    def is_offered(*, is_seen: bool) -> bool:
        return bool(enabled()) is is_seen

    on_board = enabled()
    keyed = [action for action in OF_CARDS if action.shortcut]
    assert {"card.promote", "card.deploy", "card.compare"} <= on_board
    assert len(keyed) > 15
    pressed = {action.id: press(action) for action in keyed}
    assert pressed["card.deploy"] == ["ask_about"]

    window.docks["inspector"].hide()
    assert enabled() == on_board  # the card can be seen on the board
    for place in (place for place in PLACES if place != "board"):
        window.go(place)
        assert not enabled(), place
        for action in OF_CARDS:
            assert NOT_SEEN in window.actions_[action].why_not, (place, action.id)
        for action in keyed:
            done = press(action)
            assert done in ([], ["design"]), (place, action.id)  # the designer has keys of its own
        window.finder.look_for("deploy in a fence")
        assert NOT_SEEN in window.finder.found[0].aside

    # Where the inspector shows the card, that is the one that is meant.
    window.docks["inspector"].show()
    for place, is_seen in (("audit", True), ("archive", True), ("workflow", False), ("inbox", False), ("board", True)):
        window.go(place)
        await until(partial(is_offered, is_seen=is_seen), place)
        assert enabled() == (on_board if is_seen else set())
