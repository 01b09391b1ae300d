"""Where an archive comes back to: stage, storage, and a table of networks; the plan says what that amounts to."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.fence.arrivals import cards_of_archive
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import SR, Network
from xsconsole.domain.networks import networks_for_machines
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import ProveArchive, RestoreFromArchive, RestoreFromPool, Restoring
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.fences.arrival_fields import ArrivalFields
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.provisioning.fields import shrinkable

WIDTH = 560  # px


class RestoreDialog(QDialog):
    """Accepted only with a `command` that can be planned."""

    CAN_BE_ALONE = True  # members of nothing, in no stage

    def __init__(self, console: Estate, first: Restoring, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console, self._first = console, first
        self.command: Restoring | ProveArchive | None = None
        archive = first.archive
        self.setWindowTitle(self._title(one_line(archive.name)))
        self.setMinimumWidth(WIDTH)
        self.pool = shrinkable(pieces.Choice(self))
        in_pool = first.archive.pool if isinstance(first, RestoreFromPool) else None  # it comes back where it is
        for each in console.pools:
            if each.identity is not None and in_pool in (None, each.identity.pool):
                self.pool.addItem(one_line(each.identity.pool_name), str(each.identity.pool))
        self.stage = shrinkable(pieces.Choice(self))
        workflow = console.board.workflow
        for stage in workflow.stages if workflow is not None else ():
            self.stage.addItem(one_line(stage.name), str(stage.id))
        if self.CAN_BE_ALONE:
            self.stage.addItem(self.tr("None: the machines alone, no configuration"), "")
        self.stage.setCurrentIndex(max(0, self.stage.findData(str(first.target))))
        self.how = shrinkable(pieces.Choice(self))
        self.how.addItem(self.tr("linked clones, on the storage of the archive"), Method.LINKED_CLONE.value)
        self.how.addItem(self.tr("full copies"), Method.FULL_COPY.value)
        self.storage = shrinkable(pieces.Choice(self))
        self.networks = {name: shrinkable(pieces.Choice(self)) for name in archive.networks}
        self.arrival = ArrivalFields(self)
        self.why_not = pieces.Notice(self)
        self.summary = pieces.label("", "section", self)
        self.warnings = RowsView(self.tr("What to know before"), self)
        self.go = pieces.button(self.tr("Review plan"), "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.about = pieces.wrapped("", "muted", self)
        self._lay_out()
        self._offer()
        self.pool.currentIndexChanged.connect(self._offer)
        self.stage.currentIndexChanged.connect(self._tell_about)
        self.stage.currentIndexChanged.connect(self.look)
        self.how.currentIndexChanged.connect(self._choose_how)
        for choice in (self.storage, *self.networks.values()):
            choice.currentIndexChanged.connect(self.look)
        self.arrival.changed.connect(self.look)
        self.go.clicked.connect(self._accept_planned)
        self.cancel.clicked.connect(self.reject)
        self.stage.setFocus()

    def follow(self, bridge: Bridge) -> None:
        """Plan anew when a workflow is published, on whichever pool."""
        bridge.layout_changed.connect(self.look)
        bridge.differing_changed.connect(self.look)

    def _title(self, name: str) -> str:
        return self.tr("Restore {name}").format(name=name)

    def _about(self) -> str:
        if not self.stage.currentData():
            return self.tr("Its machines come back alone, as they stood in {stage} on {pool} at {time}.")
        return self.tr("It comes back as a new configuration, as it stood in {stage} on {pool} at {time}.")

    @Slot()
    def _tell_about(self) -> None:
        archive = self._first.archive
        text = self._about().format(
            stage=one_line(archive.stage_name),
            pool=one_line(archive.pool_name),
            time=words.instant(archive.frozen_at),
        )
        self.about.setText(pieces.breakable(text))
        self.setAccessibleDescription(text)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(pieces.wrapped(pieces.breakable(self.windowTitle()), "title", self))
        column.addWidget(self.about)
        form = self.form = QFormLayout()
        form.setSpacing(theme.GAP)
        column.addLayout(form)
        if self.pool.count() > 1:
            form.addRow(self.tr("&Pool"), self.pool)
        else:
            self.pool.hide()
        form.addRow(self.tr("S&tage"), self.stage)
        if isinstance(self._first, RestoreFromPool):
            form.addRow(self.tr("&As"), self.how)
        else:
            self.how.hide()
        form.addRow(self.tr("S&torage"), self.storage)
        form.setRowVisible(self.storage, not isinstance(self._first, RestoreFromPool))
        for name, choice in self.networks.items():
            form.addRow(self.tr("Network {name} is").format(name=one_line(name)), choice)
            choice.setAccessibleName(self.tr("What network {name} is here").format(name=one_line(name)))
        column.addWidget(self.arrival)
        column.addWidget(self.why_not)
        column.addWidget(self.summary)
        column.addWidget(self.warnings)
        column.addStretch(1)
        buttons = QHBoxLayout()
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        self._tell_about()

    @property
    def wanted(self) -> Restoring | ProveArchive:
        """Return the command for what is chosen now."""
        return self.back

    @property
    def back(self) -> Restoring:
        """Return what comes back from where, as it is chosen now."""
        chosen = {name: choice.currentData() for name, choice in self.networks.items()}
        storage, pool = self.storage.currentData(), self.pool.currentData()
        if isinstance(self._first, RestoreFromPool):
            method = Method(self.how.currentData())
            return replace(
                self._first,
                target=StageId(self.stage.currentData() or ""),
                networks={name: Uuid(uuid) for name, uuid in chosen.items() if uuid},
                method=method,
                sr=Uuid(storage) if storage and method is Method.FULL_COPY else None,
            )
        return replace(
            self._first,
            target=StageId(self.stage.currentData() or ""),
            networks={name: Uuid(uuid) for name, uuid in chosen.items() if uuid},
            sr=Uuid(storage) if storage else None,
            pool=Uuid(pool) if pool else None,
        )

    @Slot()
    def _choose_how(self) -> None:
        """Offer a storage only to what is copied to it."""
        self.form.setRowVisible(self.storage, self.how.currentData() == Method.FULL_COPY.value)
        self.look()

    @Slot()
    def _offer(self) -> None:
        """Offer the storages and networks of the pool that is chosen."""
        inventory = self._console.of_command(self.wanted).inventory
        disks = [sr for sr in inventory.all(SR) if sr.content_type != "iso" and sr.type not in ("udev", "iso")]
        here = self.tr("Where the archive is")
        usual = here if isinstance(self._first, RestoreFromPool) else self.tr("As the stage, or the pool, says")
        self._fill(self.storage, usual, disks)
        for choice in self.networks.values():
            self._fill(choice, self.tr("As the stage says, or of the same name"), networks_for_machines(inventory))
        self.look()

    def _fill(self, choice: pieces.Choice, usual: str, found: Sequence[SR | Network]) -> None:
        was = choice.blockSignals(True)
        choice.clear()
        choice.addItem(usual, "")
        for each in sorted(found, key=lambda one: natural(one.name_label)):
            choice.addItem(one_line(each.name_label), str(each.uuid))
        choice.blockSignals(was)

    @Slot()
    def look(self) -> None:
        """Plan what is chosen now, and say what that amounts to or why there is none."""
        command, rows = self.wanted, []
        self._ask_for_addresses()
        try:
            if isinstance(command, RestoreFromArchive | RestoreFromPool):
                command = replace(command, addresses=self.arrival.typed)
            plan = self._console.plan(command)
        except Refused as refusal:
            self.command = None
            self.why_not.show_words("warn", refusal.reason, refusal.mend)
            self.summary.hide()
        else:
            self.command = command
            self.why_not.hide()
            rows = [Row(mark=Mark.WARNING, text=warning) for warning in plan.warnings]
            steps = words.count(len(plan.steps), "step")
            self.summary.setText(
                self.tr("What it would do: {steps}, about {time}").format(
                    steps=steps, time=words.duration(plan.duration_s)
                )
            )
            self.summary.show()
        self.warnings.show_rows(rows, width=0 if self.isVisible() else WIDTH - 2 * theme.MARGIN)
        self.warnings.setVisible(bool(rows))
        self.go.setEnabled(self.command is not None)
        self.go.setToolTip("" if self.command is not None else self.why_not.text)
        self.adjustSize()

    def _ask_for_addresses(self) -> None:
        """Ask for addresses inside, where what comes back stays in a stage that demands a fence."""
        back, workflow = self.wanted, self._console.board.workflow
        is_tried = isinstance(back, ProveArchive)  # on networks of its own, or gone at the end
        stage = workflow.stage(self.back.target) if workflow is not None and not is_tried else None
        inventory = self._console.of_command(back).inventory
        self.arrival.offer(cards_of_archive(self._first.archive, inventory), stage)

    @Slot()
    def _accept_planned(self) -> None:
        self.look()
        if self.command is not None:
            self.accept()
