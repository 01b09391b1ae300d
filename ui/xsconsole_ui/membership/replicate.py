"""Replicating a configuration: of what, into which stage, how, and what its machines are called."""

from PySide6.QtWidgets import QWidget

from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import RunId, StageId
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Replicate
from xsconsole_ui import pieces, times
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.tick import Tick


class ReplicateDialog(MembershipDialog):
    """Says as one chooses what the plan amounts to, which is then laid before the user whole."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Replicate {name}").format(name=shortened(card.name, 60)))
        self.table.hide()
        self.stage = self.stages()
        self.source = pieces.Choice(self)
        self.source.addItem(self.tr("as it is now"), "")
        for point in card.restore_points:
            if point.is_whole:
                self.source.addItem(self.tr("restore point of {at}").format(at=times.exact_time(point.at)), point.run)
        self.method = pieces.Choice(self)
        self.method.addItem(self.tr("Linked clones, which share blocks with the originals"), Method.LINKED_CLONE)
        self.method.addItem(self.tr("Full copies"), Method.FULL_COPY)
        self.stop = Tick(self.tr("Shut running machines down to freeze them together"), self)
        self.pattern = self.line(self.tr("&Names"))
        self.pattern.setPlaceholderText(self.tr("{name} (stage), or such as {service}-{role} {stage} {number}"))
        for name, field in (
            (self.tr("S&tage"), self.stage),
            (self.tr("&Of"), self.source),
            (self.tr("&By"), self.method),
            (self.tr("&Names"), self.pattern),
        ):
            self.form.addRow(name, field)
        self.form.addRow("", self.stop)
        for choice in (self.source, self.method):
            choice.currentIndexChanged.connect(self._look_soon)
        self.stop.toggled.connect(self._look_soon)
        self._choose_stage()
        self.stage.setFocus()
        self.look()

    def _choose_stage(self) -> None:
        """Begin with the first stage into which a replica can be made."""
        workflow = self._console.board.workflow
        for at, stage in enumerate(workflow.stages if workflow is not None else ()):
            self.stage.setItemText(at, one_line(stage.name))
        found = [at for at in range(self.stage.count()) if self.stage.itemData(at) != self._card.stage]
        plain = [at for at in found if workflow is not None and not workflow.stages[at].is_production]
        self.stage.setCurrentIndex(next(iter(plain or found), 0))

    def wanted(self) -> Replicate:
        run = str(self.source.currentData() or "")
        return Replicate(
            configuration=self._card.id,
            revision=self._card.revision,
            target=StageId(str(self.stage.currentData() or "")),
            method=Method(self.method.currentData()),
            is_stopped_first=self.stop.isChecked() and not run,
            point=RunId(run) if run else None,
            pattern=self.pattern.text().strip(),
        )
