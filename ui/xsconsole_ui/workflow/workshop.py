"""What stands around the canvas: inspector, findings, outline. It hears what the pool and the desk say."""

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QSplitter

from xsconsole.console import Console
from xsconsole.domain.workflow.findings import Finding
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.promotion.inspector import Inspector
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow.findings_panel import FindingsPanel
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.inspector.draft_inspector import DraftInspector
from xsconsole_ui.workflow.outline.panel import OutlinePanel
from xsconsole_ui.workflow.place import WorkflowPlace

GATHER_MS = 500
GRAPH_AND_OUTLINE = (0.42, 0.58)  # of the width


class Workshop(QObject):
    """Brings together the place, its inspector and the console."""

    def __init__(
        self, console: Console, bridge: Bridge, place: WorkflowPlace, inspector: Inspector, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._console, self._place, self._panel = console, place, inspector
        self.desk = place.desk
        self.inspector = DraftInspector(self.desk, self.surroundings, inspector)
        self.inspector.titled.connect(self._show_inspector)
        self.desk.selection_changed.connect(self._come_forward)
        self.findings = FindingsPanel(self.desk, place)
        self.findings.jumped.connect(self._jump)
        place.add_below(self.findings)
        self.outline = OutlinePanel(self.desk, self.surroundings, place)
        self.outline.hide()
        place.add_beside(self.outline)
        place.designer.offer(Design.OUTLINE, self._toggle_outline)
        self._soon = QTimer(self)  # what is checked against the pools, once what arrives together has arrived
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self._look_anew)
        bridge.inventory_changed.connect(self._look_soon)
        bridge.link_changed.connect(self._look_soon)
        bridge.inventory_changed.connect(self.inspector.renew_around_soon)
        bridge.link_changed.connect(self.inspector.renew_around_soon)
        place.hand.opened.connect(self._take_keyboard)
        place.installEventFilter(self)

    def surroundings(self) -> Surroundings:
        """Return the pools as they are now."""
        identity = self._console.identity
        if identity is None:
            return Surroundings()
        return Surroundings.of(identity.pool, {identity.pool: self._console.inventory})

    @Slot()
    def _look_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _look_anew(self) -> None:
        if self._place.isVisible():
            self.desk.find_by(self._console.publishing.findings)
            self.outline.renew_around()

    def _toggle_outline(self) -> None:
        """Show the outline and give it the keyboard, or the graph alone."""
        is_shown = not self.outline.isVisible()
        self.outline.setVisible(is_shown)
        beside = self.outline.parentWidget()
        if is_shown and isinstance(beside, QSplitter):
            beside.setSizes([int(beside.width() * part) for part in GRAPH_AND_OUTLINE])
        (self.outline.view if is_shown else self._place.canvas).setFocus()

    @Slot(object)
    def _jump(self, finding: Finding) -> None:
        self._place.show_thing(finding.stage, finding.transition)

    @Slot()
    def _show_inspector(self) -> None:
        if self._place.isVisible():
            self._panel.show_instead(self.inspector, self.inspector.title, self.inspector.caption)

    @Slot()
    def _come_forward(self) -> None:
        if self._place.isVisible():
            self._panel.show_instead(self.inspector, self.inspector.title, self.inspector.caption, is_new=True)

    @Slot()
    def _take_keyboard(self) -> None:
        self._come_forward()
        self.inspector.form.focus_first()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show:
            self._come_forward()
            self._look_soon()
        elif event.type() is QEvent.Type.Hide:
            self._panel.show_instead(None)
        return super().eventFilter(watched, event)
