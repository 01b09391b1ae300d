"""What the place of the audit offers beside its list: an export, saved filters, and the board as a row left it."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QMenu, QToolButton, QWidget

from xsconsole.console import Estate
from xsconsole.console.projecting import past_of
from xsconsole.domain.promotion_chain import LINKS, chain_of
from xsconsole.domain.record import AuditQuery, AuditRow
from xsconsole_ui.audit.export_dialog import ExportDialog
from xsconsole_ui.audit.past_dialog import PastDialog, board_verdict
from xsconsole_ui.dialogs import answered
from xsconsole_ui.inventory.search_menu import SearchMenu
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.review.chain_list import ChainList
from xsconsole_ui.texts import tr

LOOKED_AT = 1000  # links of chains, the newest


class Offers(QObject):
    """`asked` gives the query and the text of the filter, `chosen` the row that is selected. `dialog` is open now."""

    def __init__(
        self,
        console: Estate,
        jobs: Jobs,
        asked: Callable[[], tuple[AuditQuery, str]],
        chosen: Callable[[], AuditRow | None],
        over: QWidget,
    ) -> None:
        super().__init__(over)
        self._console, self._jobs, self._asked, self._chosen, self._over = console, jobs, asked, chosen, over
        self.dialog: QDialog | None = None
        self.export = QAction(tr("&Export…"), over)
        self.export.setToolTip(tr("A bundle of rows for somebody who never sees the pool"))
        self.export.triggered.connect(self._export)
        self.searches = SearchMenu(console, lambda: asked()[1], over, is_of_audit=True)
        self.searches.setTitle(tr("&Saved filters"))
        self.board = QAction(tr("&Board as this row left it…"), over)
        self.board.triggered.connect(self._show_board)
        menu = QMenu(over)
        menu.setToolTipsVisible(True)
        menu.addAction(self.export)
        menu.addAction(self.board)
        menu.addMenu(self.searches)
        self.more = QToolButton(over)
        self.more.setText(tr("More"))
        self.more.setToolTip(tr("Export, saved filters, the board as a row left it"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.setMenu(menu)
        self.chain = ChainList(over)

    def look_at(self, row: AuditRow | None) -> None:
        """Show the chain of the promotion that a row belongs to."""
        if row is None or (row.fact.run is None and row.fact.event not in LINKS):
            self.chain.show_chain((), 0)
            return
        self._jobs.start(self._show_chain(row), "read the chain of a promotion")

    async def _show_chain(self, row: AuditRow) -> None:
        links = await self._console.audit_page(AuditQuery(events=LINKS), limit=LOOKED_AT)
        if row == self._chosen():
            self.chain.show_chain(chain_of(row.fact, links), row.seq)

    @Slot()
    def _export(self) -> None:
        query, text = self._asked()
        self._open(ExportDialog(self._console.home, query, text, self._chosen(), self._jobs, self._over.window()))

    @Slot()
    def _show_board(self) -> None:
        row = self._chosen()
        if row is not None:
            self._jobs.start(self._board_at(row), "draw a past board")

    async def _board_at(self, row: AuditRow) -> None:
        past = await past_of(self._console.home, row.seq)
        newest = await self._console.audit_page(AuditQuery(), limit=1)
        is_newest = bool(newest) and newest[0].seq == row.seq
        verdict = await board_verdict(self._console) if is_newest else None
        self._open(PastDialog(past, verdict, self._over.window()))

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog
        self._jobs.start(self._until_closed(dialog), "a dialog of the audit")

    async def _until_closed(self, dialog: QDialog) -> None:
        try:
            await answered(dialog)
        finally:
            self.dialog = None
