"""Sheets and dialogs are no larger than the screen: their buttons are at the lower end."""

from PySide6.QtWidgets import QWidget

from xsconsole_ui.sizing import FRAME, fit_on_screen


def test_a_window_is_as_large_as_it_likes_or_as_the_screen_has_room(qapp):
    window = QWidget()
    most = window.screen().availableSize() - FRAME

    fit_on_screen(window, (300, 200))
    assert (window.width(), window.height()) == (300, 200)

    fit_on_screen(window, (300, 20000))
    assert (window.width(), window.height()) == (300, most.height())

    fit_on_screen(window, (20000, 200))
    assert (window.width(), window.height()) == (most.width(), 200)
    window.deleteLater()
