"""Fields for the parameters of a blueprint: each of its kind, with its default, its bounds and its help."""

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from xsconsole.domain.blueprint import Finding, Parameter, ParameterKind
from xsconsole.domain.blueprint.answers import asked, written_as
from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme

CHOSEN = frozenset({ParameterKind.BOOLEAN, ParameterKind.CHOICE, ParameterKind.NETWORK})
"""Kinds of which the answers are offered."""


LEAST_LENGTH = 12  # characters


def shrinkable(choice: pieces.Choice) -> pieces.Choice:
    """Let a choice, in which nothing is yet, be narrower than its longest line: Qt remembers what it reckoned once."""
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    choice.setMinimumContentsLength(LEAST_LENGTH)
    choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return choice


class ParameterFields(QWidget):
    """What stands there is text, as somebody types it; nothing where the default is meant."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setSpacing(theme.GAP)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.fields: dict[str, QLineEdit | pieces.Choice] = {}
        self._below: dict[str, tuple[str, QLabel]] = {}

    def offer(self, parameters: Sequence[Parameter], networks: Iterable[str]) -> None:
        """Make a field for each parameter; what was filled in under the same name stays."""
        kept = self.values()
        while self.form.rowCount():
            self.form.removeRow(0)
        self.fields, self._below = {}, {}
        known = tuple(networks)
        for parameter in parameters:
            field = self._field(parameter, known)
            below = pieces.wrapped("", "muted", self)
            place = QWidget(self)
            column = QVBoxLayout(place)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            column.addWidget(field)
            column.addWidget(below)
            self.form.addRow(pieces.label(one_line(parameter.caption), "", self), place)
            name = one_line(parameter.caption)
            field.setAccessibleName(name)
            field.setToolTip(self.tr("Give {what}.").format(what=asked(parameter)))
            self.fields[parameter.name] = field
            self._below[parameter.name] = (one_line(parameter.help), below)
            self._put(field, kept.get(parameter.name, ""))
        self.show_findings(())

    def _field(self, parameter: Parameter, networks: Sequence[str]) -> QLineEdit | pieces.Choice:
        usual = written_as(parameter, parameter.default) if parameter.default is not None else ""
        if parameter.kind not in CHOSEN:
            line = QLineEdit(self)
            line.setPlaceholderText(
                one_line(usual) if usual else ("" if parameter.required else self.tr("may be empty"))
            )
            line.textChanged.connect(self._tell)
            return line
        choice = shrinkable(pieces.Choice(self))
        first = self.tr("as the blueprint says: {value}").format(value=one_line(usual)) if usual else self.tr("choose…")
        choice.addItem(first, "")
        answers = {
            ParameterKind.BOOLEAN: ("yes", "no"),
            ParameterKind.CHOICE: parameter.choices,
            ParameterKind.NETWORK: networks,
        }[parameter.kind]
        for answer in answers:
            choice.addItem(one_line(answer), answer)
        choice.currentIndexChanged.connect(self._tell)
        return choice

    @staticmethod
    def _put(field: QLineEdit | pieces.Choice, text: str) -> None:
        was = field.blockSignals(True)
        if isinstance(field, QLineEdit):
            field.setText(text)
        else:
            field.setCurrentIndex(max(0, field.findData(text)))
        field.blockSignals(was)

    def values(self) -> Mapping[str, str]:
        """Return what is filled in, by parameter."""
        found = {
            name: field.text().strip() if isinstance(field, QLineEdit) else str(field.currentData() or "")
            for name, field in self.fields.items()
        }
        return {name: text for name, text in found.items() if text}

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """Say below each field what is wrong with it, or else what it is for."""
        wrong: dict[str, str] = {}
        for finding in findings:
            if finding.is_error:
                wrong.setdefault(finding.parameter, f"{finding.sentence} {finding.mend}".strip())
        for name, (help_, below) in self._below.items():
            text = wrong.get(name, "")
            below.setText(pieces.breakable(text or help_))
            pieces.set_look(below, "warn" if text else "muted")
            below.setVisible(bool(text or help_))
            self.fields[name].setAccessibleDescription(text or help_)

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()


def scrolling(content: QWidget, parent: QWidget) -> QScrollArea:
    """Return an area in which something can be higher than there is room."""
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    for behind in (area.viewport(), content):
        behind.setAutoFillBackground(False)
    return area
