"""One moment of a bundle: the board and the graph as they were, a slider, and steps to the events around it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSlider, QStackedLayout, QVBoxLayout, QWidget

from xsconsole.console.review import Review
from xsconsole.domain.folding import shown
from xsconsole.domain.ids import StageId
from xsconsole.domain.projection import Past
from xsconsole.domain.record import AuditRow
from xsconsole.domain.wording import record as record_words
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Workflow
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.review.past_board import PastBoard
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.marked_graph import GraphMark, MarkedGraph, Marks


class MomentBar(QFrame):
    """Steps and a slider over the rows. `moved` tells the number of the row that is wanted."""

    moved = Signal(int)

    def __init__(self, review: Review, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "surface")
        self._review = review
        self._changes_board = False
        self._seq = 0
        self.back = self._step_button(tr("◀ Previous"), "Alt+Left")
        self.on = self._step_button(tr("Next ▶"), "Alt+Right")
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, max(0, len(review.numbers) - 1))
        self.slider.setPageStep(max(1, len(review.numbers) // 20))
        self.slider.setAccessibleName(tr("Moment"))
        self.words = pieces.ElidedLabel("", "", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        row.setSpacing(theme.GAP)
        row.addWidget(self.back)
        row.addWidget(self.slider, 2)
        row.addWidget(self.on)
        row.addWidget(self.words, 3)
        for made in (self.back, self.on, self.slider):
            made.setEnabled(len(review.numbers) > 0)
        self.back.clicked.connect(self.step_back)
        self.on.clicked.connect(self.step_on)
        self.slider.valueChanged.connect(self._slide)

    def _step_button(self, text: str, keys: str) -> QPushButton:
        made = pieces.button(text, "", self)
        made.setShortcut(QKeySequence(keys))
        made.setToolTip(f"{text.strip('◀▶ ')} ({keys})")
        return made

    def show_row(self, row: AuditRow) -> None:
        self._seq = row.seq
        numbers = self._review.numbers
        at = next((at for at, seq in enumerate(numbers) if seq >= row.seq), 0) if row.seq != self._slid() else None
        if at is not None:
            self.slider.blockSignals(True)
            self.slider.setValue(at)
            self.slider.blockSignals(False)
        moment = times.exact_time(row.at)
        self.words.show_text(
            tr("Row {seq}, {moment}: {what}").format(
                seq=self._review.label(row.seq), moment=moment, what=record_words.event_sentence(row.fact)
            )
        )
        self.back.setEnabled(self._review.step(row.seq, -1, changes_board=self._changes_board) is not None)
        self.on.setEnabled(self._review.step(row.seq, 1, changes_board=self._changes_board) is not None)

    def only_changes(self, is_so: bool) -> None:
        """Step only to rows that change the board, or to every one."""
        self._changes_board = is_so
        what = tr("to the event that changed the board") if is_so else tr("to the row")
        self.back.setToolTip(tr("Back {what} before (Alt+Left)").format(what=what))
        self.on.setToolTip(tr("On {what} after it (Alt+Right)").format(what=what))

    def _slid(self) -> int:
        numbers = self._review.numbers
        return numbers[self.slider.value()] if len(numbers) else 0

    @Slot(int)
    def _slide(self, at: int) -> None:
        self.moved.emit(self._review.numbers[at])

    @Slot()
    def step_back(self) -> None:
        self._step(-1)

    @Slot()
    def step_on(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        found = self._review.step(self._seq, by, changes_board=self._changes_board)
        if found is not None:
            self.moved.emit(found)


class MomentView(QWidget):
    """The board, or the graph, of one moment, and what the rows cannot tell of it."""

    picked = Signal(object)  # a card of the board: (pool, configuration), or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unknown = pieces.wrapped("", "warn", self)
        self.board = PastBoard(self)
        self.graph = MarkedGraph(self)
        self.nothing = pieces.EmptyPlace(
            tr("No workflow at this moment"), tr("No row up to here holds one. Step on, or open a longer bundle."), self
        )
        pages = QWidget(self)
        self._pages = QStackedLayout(pages)
        for page in (self.board, self.graph, self.nothing):
            self._pages.addWidget(page)
        above = QVBoxLayout()
        above.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(above)
        above.addWidget(self.unknown)
        column.addWidget(pages, 1)
        self.board.picked.connect(self.picked)
        self._is_graph = False
        self._past = Past()

    def show_graph(self, is_graph: bool) -> None:
        self._is_graph = is_graph
        self.show_past(self._past)

    def show_past(self, past: Past) -> None:
        self._past = past
        self.unknown.setText("? " + " ".join(past.unknown) if past.unknown else "")
        self.unknown.setVisible(bool(past.unknown))
        if not self._is_graph:
            self.board.show_past(past)
            self._pages.setCurrentWidget(self.board)
            return
        workflow = workflow_of(past)
        if workflow is None:
            self._pages.setCurrentWidget(self.nothing)
            return
        self.graph.show_marked(workflow, stage_marks(past, workflow))
        self.graph.setAccessibleName(tr("Workflow at this moment"))
        self._pages.setCurrentWidget(self.graph)


def workflow_of(past: Past) -> Workflow | None:
    return next((pool.workflow for pool in past.pools.values() if pool.workflow is not None), None)


def stage_marks(past: Past, workflow: Workflow) -> Marks:
    """Return on each stage what stood there."""
    found: dict[StageId, list[str]] = {}
    for _, card in past.cards:
        found.setdefault(card.face.stage, []).append(shown(card.face.name, 60))
    return Marks(
        stages={
            stage.id: GraphMark(words=count(len(names), tr("here"), tr("here")), tone="accent", hint="\n".join(names))
            for stage in workflow.stages
            if (names := found.get(stage.id))
        }
    )
