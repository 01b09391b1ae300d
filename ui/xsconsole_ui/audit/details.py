"""All fields of one audit row, to be read and copied."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from xsconsole.domain.ids import Uuid
from xsconsole.domain.record import AuditRow
from xsconsole.domain.workflow import Workflow
from xsconsole_ui import pieces, theme
from xsconsole_ui.audit.fields import Called, all_fields
from xsconsole_ui.audit.links import Link
from xsconsole_ui.dense_table import csv_text, plain_text
from xsconsole_ui.flow import Flow
from xsconsole_ui.mnemonics import verbatim

LABEL_WIDTH = 116


def _nameless(pool: Uuid | None) -> str:
    return pool or ""


class RowDetails(pieces.Panel):
    """`followed` tells where somebody wants to go, of what the row names."""

    followed = Signal(object)  # Link

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Row"), parent=parent)
        self._fields: tuple[tuple[str, str], ...] = ()
        self.links: tuple[Link, ...] = ()
        self.as_text = pieces.button(self.tr("Copy"), "quiet", self)
        self.as_csv = pieces.button(self.tr("Copy as CSV"), "quiet", self)
        self.as_text.clicked.connect(self.copy_text)
        self.as_csv.clicked.connect(self.copy_csv)
        buttons = QWidget(self)
        row = QHBoxLayout(buttons)
        row.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        for button in (self.as_text, self.as_csv):
            row.addWidget(button)
        row.addStretch(1)
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName(self.tr("Fields of the row"))
        self._area.setAccessibleDescription(self.tr("Scrolls by the arrows"))
        self.body.addWidget(self._area, 1)
        self.body.addWidget(pieces.Line(self))
        self.body.addWidget(buttons)
        self.show_row(None, None)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        return self._fields

    def show_row(
        self,
        row: AuditRow | None,
        workflow: Workflow | None,
        called: Called = _nameless,
        links: Sequence[Link] = (),
    ) -> None:
        """Show a row with what it leads to, or what this place is for."""
        self.links = tuple(links)
        title = self.tr("Row") if row is None else self.tr("Row {seq}").format(seq=row.seq)
        self.show_fields(title, () if row is None else all_fields(row, workflow, called))

    def show_fields(self, title: str, fields: tuple[tuple[str, str], ...]) -> None:
        """Show something that has names and values; nothing shows what this place is for."""
        self._fields = fields
        self.header.set_title(title)
        for button in (self.as_text, self.as_csv):
            button.setEnabled(bool(fields))
            button.setToolTip("" if fields else self.tr("Select a row first."))
        form = QWidget()
        form.setProperty("look", "surface")
        if not fields:
            column = QVBoxLayout(form)
            column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
            column.addWidget(pieces.wrapped(self.tr("Select a row to see all its fields."), "muted", form))
            column.addStretch(1)
        else:
            self._fill(form)
        self._area.setWidget(form)

    def _fill(self, form: QWidget) -> None:
        rows = QFormLayout(form)
        rows.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        rows.setHorizontalSpacing(theme.MARGIN)
        rows.setVerticalSpacing(theme.SPACE + 2)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        if self.links:
            rows.addRow(self._led(form))
        for name, text in self._fields:
            caption = pieces.wrapped(name, "muted", form)
            caption.setFixedWidth(LABEL_WIDTH)
            caption.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            value = pieces.wrapped(pieces.breakable(text), "", form)
            value.setAccessibleName(f"{name}: {text}")
            rows.addRow(caption, value)

    def _led(self, form: QWidget) -> QWidget:
        """Return buttons to what the row names; what is gone is only said."""
        made = QWidget(form)
        row = Flow(made)
        row.setContentsMargins(0, 0, 0, theme.SPACE)
        row.setSpacing(theme.SPACE)
        for at, link in enumerate(self.links):
            if not link.is_there:
                row.addWidget(pieces.label(link.text, "muted", made))
                continue
            button = pieces.button(verbatim(link.text), "link", made)
            button.setProperty("link", at)
            button.setAccessibleName(link.text)
            button.clicked.connect(self._follow)
            row.addWidget(button)
        return made

    @Slot()
    def _follow(self) -> None:
        button = self.sender()
        at = button.property("link") if button is not None else None
        if isinstance(at, int) and at < len(self.links):
            self.followed.emit(self.links[at])

    @Slot()
    def copy_text(self) -> None:
        QGuiApplication.clipboard().setText(plain_text(self._fields))

    @Slot()
    def copy_csv(self) -> None:
        QGuiApplication.clipboard().setText(csv_text((("Field", "Value"), *self._fields)))
