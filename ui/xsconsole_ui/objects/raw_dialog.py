"""All fields of an object as the pool gives them, for experts: to read and to copy."""

import json
from collections.abc import Iterator, Mapping

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.domain.acts import ObjectId
from xsconsole.domain.sheets.values import Line, Section, Sheet
from xsconsole_ui import pieces, theme
from xsconsole_ui.objects.sheet_model import SheetModel
from xsconsole_ui.objects.sheet_view import SheetView
from xsconsole_ui.sizing import fit_on_screen

SIZE = (640, 620)  # px


class RawDialog(QDialog):
    """Nothing can be changed here."""

    def __init__(self, item: ObjectId, record: Mapping[str, object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name = str(record.get("name_label") or item.uuid)
        self.setWindowTitle(self.tr("Raw record of {name}").format(name=name))
        fit_on_screen(self, SIZE)
        self.model = SheetModel(self)
        self.model.show_sheet(raw_sheet(item, name, record))
        self.view = SheetView(self.model, self.windowTitle(), self)
        self.view.setColumnWidth(0, SIZE[0] // 3)
        close = pieces.button(self.tr("Close"), "primary", self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.view, 1)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(close)


def raw_sheet(item: ObjectId, name: str, record: Mapping[str, object]) -> Sheet:
    """Return the fields in order of their names; those of maps and sets are lines of their own."""
    lines = tuple(line for field in sorted(record) for line in _lines(field, record[field]))
    return Sheet(object=item, title=name, caption=item.kind.value, sections=(Section(title=name, lines=lines),))


def _lines(field: str, value: object) -> Iterator[Line]:
    match value:
        case dict():
            yield Line(label=field, value="" if value else "{}")
            for key in sorted(value):
                yield Line(label=str(key), value=_text(value[key]), depth=1)
        case list():
            yield Line(label=field, value="" if value else "[]")
            for one in value:
                yield Line(label="", value=_text(one), depth=1)
        case _:
            yield Line(label=field, value=_text(value))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
