"""Saved and recent searches, as a menu beside the filter: choose, save, rename, remove."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from xsconsole.console import Estate
from xsconsole.domain.naming import shortened
from xsconsole.domain.searches import LONGEST_NAME, SavedSearch, Searches
from xsconsole.errors import Refused

SHOWN_TEXT = 48


class SearchMenu(QMenu):
    """`chosen` tells the text of a search; `refused` what could not be kept, and why."""

    chosen = Signal(str)
    refused = Signal(str)

    def __init__(
        self, console: Estate, current: Callable[[], str], parent: QWidget, *, is_of_audit: bool = False
    ) -> None:
        """`current` gives what stands in the filter now; the audit has searches of its own."""
        super().__init__(parent)
        settings = console.home.settings
        self._current = current
        self._kept: Callable[[], Searches] = lambda: settings.audit_searches if is_of_audit else settings.searches
        remember = settings.remember_audit_searches if is_of_audit else settings.remember_searches
        self._remember: Callable[[Callable[[Searches], Searches]], Searches] = remember
        self._searches = self._kept()
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    @property
    def searches(self) -> Searches:
        return self._searches

    def note(self, text: str) -> None:
        """Remember a search as the latest; it is written with the rest when the window closes."""
        self._searches = self._searches.with_recent(text)

    def keep(self) -> None:
        """Write the latest searches down."""
        latest = self._searches.recent
        if latest != self._kept().recent:
            self._change(lambda now: Searches(saved=now.saved, recent=latest))

    def save(self, name: str) -> None:
        """Keep what stands in the filter by this name."""
        text = self._current()
        self._change(lambda now: now.with_saved(name, text))

    def rename(self, name: str, new_name: str) -> None:
        self._change(lambda now: now.renamed(name, new_name))

    def remove(self, name: str) -> None:
        self._change(lambda now: now.without(name))

    def _change(self, change: Callable[[Searches], Searches]) -> None:
        recent = self._searches.recent
        try:
            saved = self._remember(change).saved
        except Refused as refusal:
            self.refused.emit(f"{refusal.reason} {refusal.mend}".strip())
            return
        self._searches = Searches(saved=saved, recent=recent)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        for search in self._searches.saved:
            self._offer(search.name, search.text)
        if self._searches.saved:
            self.addSeparator()
        for text in self._searches.recent:
            self._offer(text, text)
        if self._searches.recent:
            self.addSeparator()
        save = self.addAction(self.tr("Save this filter…"))
        save.setEnabled(bool(self._current().strip()))
        save.setToolTip("" if save.isEnabled() else self.tr("Type a filter first."))
        save.triggered.connect(self._ask_for_name)
        for title, act in ((self.tr("Rename"), self._ask_for_new_name), (self.tr("Remove"), self._remove)):
            self._add_saved(title, act)

    def _offer(self, title: str, text: str) -> None:
        action = self.addAction(shortened(title, SHOWN_TEXT).replace("&", "&&"))
        action.setToolTip(text)
        action.setData(text)
        action.triggered.connect(self._choose)

    def _add_saved(self, title: str, act: Callable[[], None]) -> None:
        below = self.addMenu(title)
        below.setEnabled(bool(self._searches.saved))
        for search in self._searches.saved:
            action = below.addAction(shortened(search.name, SHOWN_TEXT).replace("&", "&&"))
            action.setData(search.name)
            action.triggered.connect(act)

    def _data(self) -> str:
        sender: QObject = self.sender()
        return str(sender.data()) if isinstance(sender, QAction) else ""

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(self._data())

    @Slot()
    def _remove(self) -> None:
        self.remove(self._data())

    @Slot()
    def _ask_for_name(self) -> None:
        self._ask(self.tr("Save this filter"), self.tr("Save"), shortened(self._current(), LONGEST_NAME), self.save)

    @Slot()
    def _ask_for_new_name(self) -> None:
        name = self._data()
        if self._searches.named(name) is not None:
            rename = self.tr("Rename")
            self._ask(self.tr("Rename the search"), rename, name, lambda new_name: self.rename(name, new_name))

    def _ask(self, title: str, verb: str, proposed: str, act: Callable[[str], None]) -> QInputDialog:
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle(title)
        dialog.setLabelText(self.tr("Name, of at most {most} letters:").format(most=LONGEST_NAME))
        dialog.setTextValue(proposed)
        dialog.setOkButtonText(verb)
        dialog.textValueSelected.connect(act)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog


def texts(searches: Searches) -> tuple[SavedSearch, ...]:
    """Return all searches with what to call them: the saved ones, then the latest."""
    return (*searches.saved, *(SavedSearch(name=text, text=text) for text in searches.recent))
