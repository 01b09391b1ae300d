"""What is in a version: members, parameters, what cloud-init reads, and what came of it."""

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.library.rows import MEMBERS_SPARE, LibraryRow, columns_of_members, columns_of_parameters
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.scrolling import UprightPage

LEAST = 110  # px, of the column that takes what is left


class Detail(QWidget):
    """Shows one version at a time."""

    card_wanted = Signal(object)  # ConfigurationId

    def __init__(self, whole: QLabel, parent: QWidget | None = None) -> None:
        """`whole` says in words what there is to know of a version."""
        super().__init__(parent)
        self.row: LibraryRow | None = None
        self.members = ListModel(columns_of_members(), self)
        self.parameters = ListModel(columns_of_parameters(), self)
        self.cards = ListModel(_columns_of_cards(self._stage_of), self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("What is in it"))
        self.tabs.addTab(UprightPage(self._of_words(whole), self), self.tr("About"))
        self.of_members = self._table(self.tr("Members"), self.members, spare=MEMBERS_SPARE)
        self.of_parameters = self._table(self.tr("Parameters"), self.parameters)
        self.texts = self._of_texts()
        self.of_cards = self._table(self.tr("Configurations"), self.cards)
        self.of_cards.opened.connect(self._open_card)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)

    def _table(self, title: str, model: ListModel, spare: tuple[int, ...] = ()) -> DenseTable:  # type: ignore[type-arg]
        table = DenseTable(model, title, model.widths, self, least_elastic=LEAST, spare=spare)
        self.tabs.addTab(table, title)
        return table

    def _of_words(self, whole: QLabel) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(whole)
        column.addStretch(1)
        return page

    def _of_texts(self) -> QPlainTextEdit:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.MARGIN)
        head = QHBoxLayout()
        column.addLayout(head)
        self.member = pieces.Choice(page)
        self.member.setAccessibleName(self.tr("Member"))
        self.member.currentIndexChanged.connect(self._show_text)
        head.addWidget(self.member)
        head.addStretch(1)
        text = code_paper(page)
        text.setReadOnly(True)
        text.setAccessibleName(self.tr("User data"))
        column.addWidget(text, 1)
        self.tabs.addTab(page, self.tr("User data"))
        return text

    def show_row(self, row: LibraryRow | None) -> None:
        """Show a version; None: nothing."""
        self.row = row
        blueprint = row.shelved.blueprint if row is not None else None
        self.members.show_rows(list(blueprint.members) if blueprint is not None else [])
        self.parameters.show_rows(list(blueprint.parameters) if blueprint is not None else [])
        self.cards.show_rows(list(row.made) if row is not None else [])
        was = self.member.currentData()
        self.member.blockSignals(True)
        self.member.clear()
        for member in blueprint.members if blueprint is not None else ():
            self.member.addItem(one_line(member.role), member.id)
        self.member.setCurrentIndex(max(0, self.member.findData(was)))
        self.member.blockSignals(False)
        self._show_text()

    def _stage_of(self, card: Card) -> str:
        return one_line(self.row.console.board.stage_name(card.stage)) if self.row is not None else ""

    @property
    def _blueprint(self) -> Blueprint | None:
        return self.row.shelved.blueprint if self.row is not None else None

    @Slot()
    def _show_text(self) -> None:
        blueprint = self._blueprint
        member = blueprint.member(str(self.member.currentData() or "")) if blueprint is not None else None
        parts = []
        if member is not None and member.user_data:
            parts.append(member.user_data)
        if member is not None and member.network_config:
            parts.append(self.tr("# network configuration") + "\n" + member.network_config)
        empty = self.tr("Nothing: this machine gets no disk for cloud-init.") if member is not None else ""
        self.texts.setPlainText("\n".join(parts))
        self.texts.setPlaceholderText(empty)

    @Slot(QModelIndex)
    def _open_card(self, index: QModelIndex) -> None:
        card = self.cards.row(index.row())
        if card is not None:
            self.card_wanted.emit(card.id)


def code_paper(parent: QWidget) -> QPlainTextEdit:
    """Return a paper for texts in which each character has one width."""
    paper = QPlainTextEdit(parent)
    font = QFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    font.setFamily("JetBrains Mono")
    font.setPixelSize(12)
    paper.setFont(font)
    paper.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    return paper


def _columns_of_cards(stage_of: Callable[[Card], str]) -> tuple[Column[Card], ...]:
    return (
        Column(head="Configuration", text=lambda card: one_line(card.name)),
        Column(head="Stage", text=stage_of, width=140),
        Column(
            head="Of version", text=lambda card: str(card.origin.revision) if card.origin is not None else "", width=90
        ),
    )
