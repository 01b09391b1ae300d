"""The rules of a fence: in words above, and below as the text of each file that its router is given."""

from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from xsconsole.console import write_text
from xsconsole.domain.fence.router import RULESET_PATH, SYSCTL_PATH, dnsmasq, has_dnsmasq, router_files, sysctls
from xsconsole.domain.fence.ruleset import ruleset
from xsconsole.domain.fence.standing import StandingFence
from xsconsole.domain.fence.values import Fence
from xsconsole.domain.fence.wording import mode_words, what_does_not, what_passes
from xsconsole.domain.folding import one_line
from xsconsole.domain.words import explain
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Papers
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.scrolling import ScrollPage
from xsconsole_ui.sizing import fit_on_screen

SIZE = (820, 660)  # px
TAB = 4  # characters


def texts_of(standing: StandingFence) -> tuple[tuple[str, str, str], ...]:
    """Return each text that can be looked at: what it is called, the name of its file, and the text."""
    fence, site = standing.fence, standing.site
    files = router_files(fence, instance=site.router or standing.configuration)
    found = [
        (f"Filter: {RULESET_PATH}", "nftables.conf", ruleset(fence)),
        (f"Kernel: {SYSCTL_PATH}", "90-fence.conf", sysctls(fence)),
    ]
    if has_dnsmasq(fence):
        found.append(("DHCP and DNS: dnsmasq", "fence-dnsmasq.conf", dnsmasq(fence)))
    found += [
        ("cloud-init: user-data", "user-data", files.user_data),
        ("cloud-init: network-config", "network-config", files.network_config),
        ("cloud-init: meta-data", "meta-data", files.meta_data),
    ]
    return tuple(found)


def rule_rows(fence: Fence) -> list[Row]:
    """Return the rules in words: what passes, then what does not."""
    return [Row(mark=Mark.DONE, text=one) for one in what_passes(fence)] + [
        Row(mark=Mark.GONE, text=one) for one in what_does_not(fence)
    ]


class RulesDialog(QDialog):
    """Looks at one fence; nothing can be changed here. To be opened with `open()`."""

    def __init__(self, standing: StandingFence, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._is_over = jobs, False
        self._texts = texts_of(standing)
        fence = standing.fence
        self.setWindowTitle(self.tr("Rules of {name}").format(name=one_line(fence.name)))
        fit_on_screen(self, SIZE)
        self.papers = Papers(self, self.tr("Texts (*.conf *.txt *.json)"), "")
        self.summary = pieces.wrapped("", "section", self)
        self.summary.setText(
            self.tr("{name} is {mode}. All of this follows from the fence alone.").format(
                name=one_line(fence.name), mode=mode_words(fence.mode)
            )
        )
        self.news = pieces.Notice(self, can_close=True)
        self.news.closed.connect(self.news.hide)
        self.news.hide()
        self.rules = RowsView(self.tr("Rules in words"), self)
        self.which = pieces.Choice(self)
        self.which.setAccessibleName(self.tr("Which text"))
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setFont(theme.code_font())
        self.text.setTabStopDistance(TAB * self.text.fontMetrics().horizontalAdvance(" "))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("Text"))
        self.copy_words = pieces.button(self.tr("Copy &words"), "", self)
        self.copy_text = pieces.button(self.tr("&Copy text"), "", self)
        self.export = pieces.button(self.tr("&Export…"), "", self)
        self.close_ = pieces.button(self.tr("Close"), "primary", self)
        self._lay_out()
        for called, _, _ in self._texts:
            self.which.addItem(called)
        self.rules.show_rows(rule_rows(fence), width=SIZE[0] - 4 * theme.MARGIN)
        self.which.currentIndexChanged.connect(self._show)
        self.copy_words.clicked.connect(self._copy_words)
        self.copy_text.clicked.connect(self._copy_text)
        self.export.clicked.connect(self._export)
        self.close_.clicked.connect(self.accept)
        self.finished.connect(self._leave)
        self._show()
        self.rules.setFocus()

    def _lay_out(self) -> None:
        halves = QSplitter(Qt.Orientation.Vertical, self)
        halves.setChildrenCollapsible(False)
        page = QWidget(halves)
        inner, column = QVBoxLayout(page), QVBoxLayout(self)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.rules)
        inner.addStretch(1)
        halves.addWidget(ScrollPage(page, halves))
        below, head, foot = QWidget(halves), QHBoxLayout(), QHBoxLayout()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(0, theme.GAP, 0, 0)
        lower.setSpacing(theme.GAP)
        lower.addLayout(head)
        lower.addWidget(self.text, 1)
        halves.addWidget(below)
        halves.setStretchFactor(1, 1)
        halves.setSizes([SIZE[1] // 3, SIZE[1] * 2 // 3])
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addWidget(self.summary)
        column.addWidget(self.news)
        column.addWidget(halves, 1)
        column.addLayout(foot)
        head.addWidget(pieces.label(self.tr("Text"), "muted", self))
        head.addWidget(self.which, 1)
        for button in (self.copy_words, self.copy_text, self.export):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.close_)

    @Slot()
    def _show(self) -> None:
        self.text.setPlainText(self._texts[self.which.currentIndex()][2])

    @Slot()
    def _copy_words(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(row.text for row in self.rules.rows.rows))

    @Slot()
    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self._texts[self.which.currentIndex()][2])

    @Slot()
    def _export(self) -> None:
        _, file, text = self._texts[self.which.currentIndex()]
        self._jobs.start(self._written(file, text), "export rules of a fence")

    async def _written(self, file: str, text: str) -> None:
        try:
            written = await self.papers.write(partial(write_text, text), self.tr("Export the text"), file)
        except ConsoleError as error:
            if not self._is_over:
                told = explain(error)
                self.news.show_words("warn", told.failed, told.mend, told.details)
        else:
            if written is not None and not self._is_over:
                self.news.show_words("good", self.tr("The text is in {file}.").format(file=written), "")

    @Slot()
    def _leave(self) -> None:
        self._is_over = True
