"""Asks before an act: what it is called or where it goes, to which objects it will be done, and what that means."""

from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.acts import FOLDER_KEY, RULES, Act
from xsconsole.domain.ids import Uuid
from xsconsole.domain.jobs import Check
from xsconsole.domain.wording.acts import act_name, reasons
from xsconsole.domain.words import count
from xsconsole.engine.commands import Operate
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.texts import tr

WIDTH = 480
TYPING_MS = 80
SHOWN = 12
PLACEHOLDER = "x"  # stands for a name that is still to be typed
LABELS = {
    Act.RENAME: "&Name",
    Act.SNAPSHOT: "&Name",
    Act.TAG: "&Tag",
    Act.MOVE_TO_FOLDER: "&Folder",
}


class ActDialog(QDialog):
    """Shows at every moment what would be done to which objects, and why not to others."""

    def __init__(self, console: Estate, command: Operate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.command = command
        self._console = console
        self.setWindowTitle(tr(act_name(command.act)))
        self.setMinimumWidth(WIDTH)
        self.text = QLineEdit(self._first_text(), self)
        self.host = pieces.Choice(self)
        self.meaning = pieces.Notice(self)
        self.objects = RowsView(self.tr("Objects"), self)
        self.summary = pieces.label("", "section", self)
        is_final = command.act in {Act.FORCE_OFF, Act.FORCE_REBOOT, Act.REVERT, Act.DELETE_SNAPSHOT, Act.DELETE_DISK}
        self.go = pieces.button(tr(act_name(command.act)), "" if is_final else "primary", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        # What cannot be taken back is not what Enter does.
        (self.cancel if is_final else self.go).setDefault(True)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(TYPING_MS)
        self._soon.timeout.connect(self.look)
        self.text.textChanged.connect(self._look_soon)
        self.host.currentIndexChanged.connect(self._look_soon)
        self.go.clicked.connect(self._accept_checked)
        self.cancel.clicked.connect(self.reject)
        self._lay_out()
        self.look()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        form = QFormLayout()
        form.setSpacing(theme.GAP)
        column.addLayout(form)
        label = LABELS.get(self.command.act)
        self.text.setVisible(label is not None)
        self.host.setVisible(RULES[self.command.act].takes_host)
        if label is not None:
            form.addRow(self.tr(label), self.text)
            self.text.setAccessibleName(label.replace("&", ""))
            self.text.selectAll()
        if RULES[self.command.act].takes_host:
            form.addRow(self.tr("&Host"), self.host)
            self.host.setAccessibleName(self.tr("Host"))
            self._fill_hosts(self.host)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        column.addWidget(self.meaning)
        column.addWidget(self.summary)
        column.addWidget(self.objects)
        column.addStretch(1)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)

    def _first_text(self) -> str:
        """Return what is proposed."""
        record = self._console.record_of(self.command.objects[0])
        match self.command.act:
            case Act.RENAME:
                return str(getattr(record, "name_label", ""))
            case Act.SNAPSHOT:
                return f"{datetime.now().astimezone():%Y-%m-%d %H:%M}"
            case Act.MOVE_TO_FOLDER:
                return str(getattr(record, "other_config", {}).get(FOLDER_KEY, ""))
        return ""

    def _fill_hosts(self, choice: QComboBox) -> None:
        """Offer every host; one that cannot take the first machine says why."""
        for host, refusal in self._console.acts.hosts_for(self.command.objects[0]):
            why = "" if refusal is None else f" — {refusal.reason}"
            choice.addItem(f"{host.name_label}{why}", str(host.uuid))
            if refusal is None and choice.currentData() is not None and self._is_refused(choice.currentText()):
                choice.setCurrentIndex(choice.count() - 1)

    @staticmethod
    def _is_refused(text: str) -> bool:
        return " — " in text

    @Slot()
    def _look_soon(self) -> None:
        self._soon.start()

    @Slot()
    def look(self) -> None:
        """Check what is chosen now, and show to what it can be done."""
        self._soon.stop()
        host = Uuid(self.host.currentData()) if self.host.currentData() else None
        self.command = replace(self.command, text=self.text.text() if self._has_text else "", host=host)
        # What it is called is still to be typed: until then, what matters is to which objects it can be done.
        asked = replace(self.command, text=PLACEHOLDER) if self._lacks_text else self.command
        try:
            checks = self._console.acts.checks(asked)
        except ConsoleError:
            checks = ()
        self._show(checks)

    @property
    def _has_text(self) -> bool:
        return self.command.act in LABELS

    @property
    def _lacks_text(self) -> bool:
        return self._has_text and self.command.act is not Act.MOVE_TO_FOLDER and not self.text.text().strip()

    def _show(self, checks: tuple[Check, ...]) -> None:
        able = [check for check in checks if check.refusal is None]
        refused = [check for check in checks if check.refusal is not None]
        rows = [Row(mark=Mark.WAITING, text=check.name, whole=check.warning or check.name) for check in able]
        if len(checks) > SHOWN:
            rows = [Row(mark=Mark.WARNING, text=reason) for reason in reasons(refused)] + rows
        else:
            rows += [
                Row(mark=Mark.WARNING, text=_why_not(check.name, check.refusal))
                for check in refused
                if check.refusal is not None
            ]
        hidden = len(rows) - SHOWN
        if hidden > 0:
            rows = [*rows[:SHOWN], Row(mark=Mark.WAITING, text=self.tr("and {n} more").format(n=hidden))]
        # Before the first layout the list is narrow, and every row would wrap into many lines.
        self.objects.show_rows(rows, width=0 if self.isVisible() else WIDTH - 2 * theme.MARGIN)
        warnings = list(dict.fromkeys(check.warning for check in able if check.warning))
        if warnings:
            self.meaning.show_words("warn", warnings[0], " ".join(warnings[1:4]))
        else:
            self.meaning.hide()
        told = words_of(len(able), len(refused))
        self.summary.setText(told)
        self.go.setEnabled(bool(able) and not self._lacks_text)
        lacking = self.tr("Type a tag first.") if self.command.act is Act.TAG else self.tr("Type a name first.")
        self.go.setToolTip(told if not able else lacking if self._lacks_text else "")
        self.adjustSize()

    @Slot()
    def _accept_checked(self) -> None:
        self.look()
        if self.go.isEnabled():
            self.accept()


def _why_not(name: str, refusal: Refused) -> str:
    """Return the reason with the name of the object, once."""
    reason = f"{refusal.reason} {refusal.mend}".strip()
    return reason if reason.startswith((name, f"“{name}”")) else f"{name}: {reason}"


def words_of(able: int, refused: int) -> str:
    """Return to how many objects it will be done, and to how many not."""
    if not refused:
        return tr("It will be done to {objects}.").format(objects=count(able, "object"))
    if not able:
        return tr("It can be done to none of them.") if refused > 1 else tr("It cannot be done.")
    return tr("It will be done to {objects}, and not to {refused}.").format(
        objects=count(able, "object"), refused=refused
    )
