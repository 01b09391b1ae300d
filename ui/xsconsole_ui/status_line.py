"""The bottom line: the workflow, the audit chain, and how fresh is what is seen."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from xsconsole.console import Console
from xsconsole.domain.events import LinkState
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme, times

HEIGHT = 26


class StatusLine(QFrame):
    """Three things that must always be in sight, and a passing word."""

    def __init__(self, console: Console, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._has_audit_failed = False
        self.setProperty("look", "footer")
        self.setFixedHeight(HEIGHT)
        self.workflow = pieces.label("", "status", self)
        self.audit = pieces.label("", "status", self)
        self.passing = pieces.ElidedLabel("", "status", self)
        self.freshness = pieces.label("", "status", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        row.setSpacing(5 * theme.SPACE)
        row.addWidget(self.workflow)
        row.addWidget(self.audit)
        row.addWidget(self.passing, 1)
        row.addWidget(self.freshness)
        self.show_workflow()
        self.show_link()
        self.audit.setText(self.tr("Audit empty"))

    def show_workflow(self) -> None:
        workflow = self._console.board.workflow
        text = f"Workflow “{workflow.name}” v{workflow.version}" if workflow else self.tr("No workflow")
        self.workflow.setText(text)
        self.workflow.setToolTip(f"Digest {workflow.digest}" if workflow else "")

    def show_audit(self, seq: int) -> None:
        """Say that rows up to `seq` stand."""
        if not self._has_audit_failed:
            self.audit.setText(self.tr("Audit up to row {seq}").format(seq=seq))
            self.audit.setToolTip(self.tr("Rows are signed as they are written; the audit place verifies them."))
            pieces.set_look(self.audit, "status")

    def show_audit_failure(self, error: ConsoleError) -> None:
        self._has_audit_failed = True
        self.audit.setText(self.tr("Audit cannot be written"))
        self.audit.setToolTip(str(error))
        pieces.set_look(self.audit, "bad")

    def show_link(self) -> None:
        link = self._console.link
        number = self._console.inventory.total()
        match link.state:
            case LinkState.LIVE:
                text, look = f"live · {number:,} objects".replace(",", "\u2009"), "status"
            case LinkState.LOST:
                when = times.clock_time(link.as_of) if link.as_of else "before"
                doing = self.tr("not reconnecting") if link.has_given_up else self.tr("reconnecting")
                text, look = f"last known state of {when} · {doing}", "bad" if link.has_given_up else "warn"
            case LinkState.CONNECTING:
                text, look = "connecting", "status"
            case LinkState.CLOSED:
                text, look = "not connected", "status"
        self.freshness.setText(text)
        pieces.set_look(self.freshness, look)
        self.freshness.setToolTip(f"Last heard of {times.exact_time(link.as_of)}" if link.as_of else "")

    def say(self, text: str) -> None:
        """Show a passing word; an empty one takes it away."""
        self.passing.show_text(text)
