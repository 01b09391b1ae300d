"""What the place of the audit offers beside its list: an export, saved filters, and the board as a row left it."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QMenu, QToolButton, QWidget

from xsconsole.console import Estate
from xsconsole.console.projecting import board_verdict, past_of
from xsconsole.console.reconciling import reconcile
from xsconsole.domain.outside import by_whom, work_of_consoles
from xsconsole.domain.promotion_chain import LINKS, chain_of
from xsconsole.domain.record import AuditQuery, AuditRow, Verdict
from xsconsole.errors import Refused
from xsconsole_ui.audit.export_dialog import ExportDialog
from xsconsole_ui.audit.past_dialog import PastDialog
from xsconsole_ui.dialogs import answered
from xsconsole_ui.inventory.search_menu import SearchMenu
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.review.chain_list import ChainList
from xsconsole_ui.review.side import sign_of
from xsconsole_ui.texts import tr

MOST_TOLD = 8
LOOKED_AT = 1000  # links of chains, the newest


class Offers(QObject):
    """`asked` gives the query and the text of the filter, `chosen` the row that is selected. `dialog` is open now."""

    compared = Signal(str, str, str)  # the state of the news, its headline, and what was found

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
        self.reconcile = QAction(tr("&Compare with the pool's own log"), over)
        self.reconcile.setToolTip(tr("Whether it tells of what this console did, and what others did to its machines"))
        self.reconcile.triggered.connect(self._reconcile)
        self.searches.setTitle(tr("&Saved filters"))
        self.board = QAction(tr("&Board as this row left it…"), over)
        self.board.triggered.connect(self._show_board)
        menu = QMenu(over)
        menu.setToolTipsVisible(True)
        menu.addAction(self.export)
        menu.addAction(self.board)
        menu.addAction(self.reconcile)
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
        verdict = await board_verdict(self._console.pools) if is_newest else None
        self._open(PastDialog(past, verdict, self._over.window()))

    @Slot()
    def _reconcile(self) -> None:
        self._jobs.start(self._compare_logs(), "compare with the pool's own log")

    async def _compare_logs(self) -> None:
        consoles = [console for console in self._console.pools.all if console.identity is not None]
        if not consoles:
            raise Refused(reason=tr("There is no connection to a pool."), mend=tr("Connect to one first."))
        lines: list[str] = []
        verdicts: list[Verdict] = []
        for console in consoles:
            outside = self._console.outside
            found = await (reconcile(console) if outside is None else outside.compare(console))
            verdicts.append(found.verdict)
            lines.append(f"{sign_of(found.verdict)[0]}  {found.verdict.sentence}")
            strangers, others = by_whom(found.foreign)
            lines += [f"    {one.sentence}" for one in strangers[:MOST_TOLD]]
            lines += [f"    {sentence}" for sentence in work_of_consoles(others)[:MOST_TOLD]]
        is_good = all(verdict.is_good for verdict in verdicts)
        state = "bad" if not is_good else "good" if all(verdict.is_vouched for verdict in verdicts) else "warn"
        headline = tr("The record and the pool's own log agree.") if is_good else tr("The pool's own log lacks steps.")
        self.compared.emit(state, headline, "\n".join(lines))

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog
        self._jobs.start(self._until_closed(dialog), "a dialog of the audit")

    async def _until_closed(self, dialog: QDialog) -> None:
        try:
            await answered(dialog)
        finally:
            self.dialog = None
