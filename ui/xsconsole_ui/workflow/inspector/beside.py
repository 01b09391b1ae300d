"""The findings beside a field, each with its mends."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.domain.workflow.findings import Finding, Mend
from xsconsole_ui import pieces, theme
from xsconsole_ui.mnemonics import verbatim
from xsconsole_ui.workflow.severity import SeverityMark, severity_tone, severity_word
from xsconsole_ui.workflow.writing import looks_alike


class FindingLine(QWidget):
    """One finding: its shape, its word, its sentence, and a button for each mend."""

    mended = Signal(object)  # Mend

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.finding = finding
        self.mark = SeverityMark(self)
        self.mark.set_severity(finding.severity)
        word = severity_word(finding.severity)
        text = pieces.breakable(f"{word}: {finding.sentence}")
        self.sentence = pieces.wrapped(text, severity_tone(finding.severity), self)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)
        self.buttons = [self._button(at, mend) for at, mend in enumerate(finding.mends)]
        for made in self.buttons:
            column.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _button(self, at: int, mend: Mend) -> QWidget:
        made = pieces.button(verbatim(mend.label), "quiet", self)
        made.setAutoDefault(True)
        made.setAccessibleDescription(self.finding.sentence)
        made.clicked.connect(lambda: self.mended.emit(self.finding.mends[at]))
        return made


class Findings(QWidget):
    """The findings beside one field."""

    mended = Signal(object)  # Mend

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE)
        self._shown: tuple[Finding, ...] = ()
        self.lines: list[FindingLine] = []
        self.hide()

    @property
    def text(self) -> str:
        return " ".join(line.sentence.text() for line in self.lines)

    def show_findings(self, found: tuple[Finding, ...]) -> None:
        is_alike = len(found) == len(self._shown) and all(map(looks_alike, found, self._shown))
        self._shown = found
        if is_alike:
            for line, finding in zip(self.lines, found, strict=True):
                line.finding = finding
            return
        for line in self.lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines = [FindingLine(finding, self) for finding in found]
        for line in self.lines:
            line.mended.connect(self.mended)
            self._column.addWidget(line)
        self.setVisible(bool(found))
