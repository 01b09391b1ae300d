"""The pools of a publication: how each stands to it, and whether one that is away may follow later."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.publication.effects import PartState, PoolPart, PublishPlan
from xsconsole_ui import theme
from xsconsole_ui.promotion.rows import RowsView
from xsconsole_ui.tick import Tick
from xsconsole_ui.workflow.publishing.plan_rows import pool_rows


class PoolsView(QWidget):
    """A row for each pool; below, a tick for each that is away and need not be waited for, or holds another version."""

    agreed = Signal(str, bool)  # the pool, and whether it follows later, or gets this in the place of what it has

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsView(self.tr("Pools"), self)
        self.ticks: dict[Uuid, Tick] = {}
        self._below = QVBoxLayout()
        self._below.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, theme.SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.rows)
        column.addLayout(self._below)

    def show_plan(self, plan: PublishPlan, width: int) -> None:
        self.rows.show_rows(pool_rows(plan.pools), width=width)
        offered = {part.pool: part for part in plan.pools if part.is_unlike or (_need_not_wait(part) and plan.is_new)}
        for pool in [pool for pool in self.ticks if pool not in offered]:
            gone = self.ticks.pop(pool)
            self._below.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for pool, part in offered.items():
            if pool not in self.ticks:
                self.ticks[pool] = self._tick(part)
            self.ticks[pool].setChecked(part.state in (PartState.LATER, PartState.WRITES))

    def _tick(self, part: PoolPart) -> Tick:
        text = self.tr("Publish to the others now; {pool} is shown as behind, and brought up when it is back")
        if part.is_unlike:
            text = self.tr("Let the next version take the place of version {version} on {pool}, which is another one")
        made = Tick(text.format(pool=one_line(part.name), version=part.version), self)
        made.setProperty("pool", str(part.pool))
        made.clicked.connect(self._take)
        self._below.addWidget(made)
        return made

    @Slot()
    def _take(self) -> None:
        made = self.sender()
        if isinstance(made, Tick):
            self.agreed.emit(str(made.property("pool")), made.isChecked())


def _need_not_wait(part: PoolPart) -> bool:
    return part.state in (PartState.AWAY, PartState.LATER) and not part.why_not_later
