"""Somebody who has a keyboard and nothing else. Where they are is read from the window, where they go is only typed."""

from collections.abc import Awaitable, Callable, Sequence

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QTreeView

from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

Strike = Callable[[str], Awaitable[None]]  # one combination, such as `ctrl+shift+o`, or `a`

NAMES = {" ": "space", "-": "minus", ".": "period"}


class Typist:
    """Counts what they strike. `strike` is given the names that X has for keys."""

    def __init__(self, window: MainWindow, strike: Strike) -> None:
        self.window = window
        self.strikes = 0
        self._strike = strike

    async def press(self, *combinations: str) -> None:
        for combination in combinations:
            self.strikes += 1
            await self._strike(combination)

    async def type(self, text: str) -> None:
        for letter in text:
            name = NAMES.get(letter, letter)
            await self.press(f"shift+{letter.lower()}" if letter.isupper() else name)

    # The outline.

    @property
    def view(self) -> QTreeView:
        return self.window.workshop.outline.view

    async def go_to(self, *path: str) -> None:
        """Walk to a row of the outline, and open what is closed on the way."""
        model = self.window.workshop.outline.model
        await until(lambda: model.index_of(path).isValid(), f"the row {path}")
        for depth in range(len(path)):
            row = model.index_of(path[:depth])
            if not self.view.isExpanded(row):
                await self._walk(row)
                await self.press("Right")
        await self._walk(model.index_of(path))

    async def close(self, *path: str) -> None:
        """Close a row that is done with, so that the way to the next one is short."""
        await self.go_to(*path)
        await self.press("Left")

    async def _walk(self, wanted: QModelIndex) -> None:
        for _ in range(200):
            here = self.view.currentIndex().siblingAtColumn(0)
            if here == wanted:
                return
            is_above = here.isValid() and self.view.visualRect(wanted).top() < self.view.visualRect(here).top()
            await self.press("Up" if is_above else "Down")
        raise AssertionError("the row is nowhere")

    async def tick(self, *path: str) -> None:
        await self.go_to(*path)
        await self.press("space")

    async def fill_in(self, text: str, *path: str) -> None:
        await self.go_to(*path)
        await self.press("Return")
        await self.type(text)
        await self.press("Return")

    async def pick(self, words: str, *path: str) -> None:
        """Choose from the list of a row."""
        await self.go_to(*path)
        await self.press("Return")
        await until(lambda: QApplication.activePopupWidget() is not None, "the list to open")
        box = next(box for box in self.view.findChildren(QComboBox) if box.isVisible())
        wanted = next(at for at in range(box.count()) if words in box.itemText(at))
        for _ in range(box.count()):
            here = box.view().currentIndex().row()
            if here == wanted:
                break
            await self.press("Up" if wanted < here else "Down")
        await self.press("Return")

    async def add(self, words: str, *path: str) -> None:
        """Add to the list of a row what a menu offers."""
        await self.go_to(*path)
        await self.press("Insert")
        await self.choose(words)

    async def choose(self, words: str) -> None:
        """Choose in the menu that has opened."""
        menu = self.window.workshop.outline.menu
        await until(menu.isVisible, "the menu")
        await self._down_to(menu, words)
        await self.press("Return")

    async def _down_to(self, menu: QMenu, words: str) -> None:
        texts: Sequence[str] = [action.text() for action in menu.actions()]
        assert words in texts, texts
        while True:
            active = menu.activeAction()
            if active is not None and active.text() == words:
                return
            await self.press("Down")

    # Dialogs.

    async def tab_to(self, is_there: Callable[[], bool]) -> None:
        for _ in range(40):
            if is_there():
                return
            await self.press("Tab")
        raise AssertionError("Tab does not lead there")
