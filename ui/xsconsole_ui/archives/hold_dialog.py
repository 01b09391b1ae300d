"""Why an archive is held."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from xsconsole.domain.folding import one_line
from xsconsole_ui.archives.short_question import ShortQuestion
from xsconsole_ui.texts import tr


class HoldDialog(ShortQuestion):
    """Accepted only with a reason."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        title = tr("Hold the archive of {name}").format(name=one_line(name))
        text = tr("Nobody deletes it by this program until the hold is lifted.")
        super().__init__(title, text, tr("Hold"), parent)
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("Why it must be kept"))
        self.reason.setAccessibleName(self.tr("Reason"))
        self.reason.textChanged.connect(self._look)
        self.ask(self.reason)
        self._look()

    @Slot()
    def _look(self) -> None:
        why_not = "" if self.reason.text().strip() else self.tr("Say why first.")
        self.go.setEnabled(not why_not)
        self.go.setToolTip(why_not)
