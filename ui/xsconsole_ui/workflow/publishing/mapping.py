"""Where the configurations of stages go that vanish: one list for each of those."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId
from xsconsole.domain.publication.effects import PublishPlan
from xsconsole.domain.workflow import Workflow
from xsconsole_ui import pieces, theme


class MappingTable(QWidget):
    """Shows a plan's choices; what is chosen is asked for and comes back with the next plan."""

    chosen = Signal(str, str)  # the old stage, and the new one

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._body = QWidget(self)
        self._column.addWidget(self._body)
        self.lists: dict[StageId, pieces.Choice] = {}

    def show_plan(self, plan: PublishPlan) -> None:
        """Show where each stage leads: as was chosen, or as the publication says that is being finished."""
        if tuple(self.lists) != plan.must_map:
            self._rebuild(plan)
        for old, made in self.lists.items():
            # What the publication says that is being finished cannot be unsaid, so nothing offers that.
            options = list(self._options(plan, old))
            if old not in plan.mapping:
                options.insert(0, ("", self.tr("choose a stage…")))
            if options != [(made.itemData(at), made.itemText(at)) for at in range(made.count())]:
                made.clear()
                for key, words in options:
                    made.addItem(words, key)
            made.setCurrentIndex(max(0, made.findData(str(plan.mapping.get(old, "")))))

    def _options(self, plan: PublishPlan, old: StageId) -> Sequence[tuple[str, str]]:
        return [(str(stage), _name(plan.workflow, stage)) for stage in plan.choices.get(old, ())]

    def _rebuild(self, plan: PublishPlan) -> None:
        # Not at once: what is chosen in a list may be what makes all of them be made anew, and it goes on after that.
        self._column.removeWidget(self._body)
        self._body.hide()
        self._body.deleteLater()
        self._body = QWidget(self)
        self._column.addWidget(self._body)
        self._body.show()  # now: the keyboard may go there at once
        form = QFormLayout(self._body)
        form.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        form.setSpacing(theme.SPACE)
        self.lists = {}
        for old in plan.must_map:
            made = pieces.Choice(self._body)
            standing = sum(effect.source == old for effect in plan.effects)
            name = one_line(plan.names[old])
            title = self.tr("{stage} ({number})").format(stage=name, number=standing)
            made.setAccessibleName(self.tr("Where what stands in {stage} goes").format(stage=name))
            made.setProperty("stage", str(old))
            made.activated.connect(self._take)
            self.lists[old] = made
            row = pieces.label(title, "", self._body)
            row.setBuddy(made)
            form.addRow(row, made)

    @Slot()
    def _take(self) -> None:
        made = self.sender()
        if isinstance(made, pieces.Choice) and made.currentData():
            self.chosen.emit(str(made.property("stage")), str(made.currentData()))


def _name(workflow: Workflow | None, stage: StageId) -> str:
    found = workflow.stage(stage) if workflow is not None else None
    return one_line(found.name) if found is not None else str(stage)
