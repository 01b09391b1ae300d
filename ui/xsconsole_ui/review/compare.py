"""Two moments beside each other, of one bundle or of two: what came, went, moved or became another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QSpinBox, QSplitter, QVBoxLayout, QWidget

from xsconsole.console.review import Review, open_review
from xsconsole.domain.folding import shown
from xsconsole.domain.projection import Past, PastCard
from xsconsole.domain.words import count, explain
from xsconsole.domain.workflow.difference import diff, lines
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.review.moment import workflow_of
from xsconsole_ui.review.past_board import Key, PastBoard
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr

SIZE = (1180, 720)  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs between two moments; `key` is the card that it is about."""

    what: str
    name: str
    before: str = ""
    after: str = ""
    tone: str = ""
    key: Key | None = None


def _stage(past: Past, key: Key, card: PastCard) -> str:
    workflow = past.pools[key[0]].workflow
    stage = workflow.stage(card.face.stage) if workflow is not None else None
    return shown(stage.name if stage is not None else card.face.stage, 60)


def differences(one: Past, other: Past) -> tuple[Difference, ...]:
    """Return how the second moment differs from the first: cards by name, then the workflow."""
    before = {(pool.pool, card.face.id): card for pool, card in one.cards}
    after = {(pool.pool, card.face.id): card for pool, card in other.cards}
    found: list[Difference] = []
    for key in sorted({*before, *after}, key=lambda key: (before.get(key) or after[key]).face.name.casefold()):
        was, now = before.get(key), after.get(key)
        card = now or was
        if card is None:
            continue
        name = shown(card.face.name, 80)
        if was is None or now is None:
            stage = _stage(one if now is None else other, key, card)
            what, tone = (tr("− went"), "bad") if now is None else (tr("+ came"), "good")
            sides = {"before": stage} if now is None else {"after": stage}
            found.append(Difference(what=what, name=name, tone=tone, key=key, **sides))
            continue
        for what, first, second in (
            (tr("moved"), _stage(one, key, was), _stage(other, key, now)),
            (tr("standing"), was.standing, now.standing),
            (tr("name"), shown(was.face.name), shown(now.face.name)),
            (tr("members"), _members(was), _members(now)),
        ):
            if first != second:
                found.append(Difference(what=f"≠ {what}", name=name, before=first, after=second, tone="warn", key=key))
    first_workflow, second_workflow = workflow_of(one), workflow_of(other)
    if first_workflow is not None and second_workflow is not None:
        found += [
            Difference(what=tr("≠ workflow"), name=shown(line, 300), tone="warn")
            for line in lines(diff(first_workflow, second_workflow))
        ]
    return tuple(found)


def _members(card: PastCard) -> str:
    return tr("not known") if card.is_partial else ", ".join(shown(one.name, 40) for one in card.face.members)


def _columns() -> tuple[Column[Difference], ...]:
    return (
        Column(head=tr("Change"), text=lambda row: row.what, tone=lambda row: row.tone, width=104),
        Column(head=tr("What"), text=lambda row: row.name, width=240),
        Column(head=tr("First moment"), text=lambda row: row.before, width=220),
        Column(head=tr("Second moment"), text=lambda row: row.after),
    )


class RowBox(QSpinBox):
    """Steps through places in a list, and shows what the rows there are called; of several chains that is no number."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._label: Callable[[int], str] = str
        self.lineEdit().setTextMargins(theme.SPACE, 0, 0, 0)

    def take(self, review: Review, seq: int) -> None:
        told = review.range
        self._label = review.label
        self.lineEdit().setReadOnly(bool(review.parts))
        self.setRange(told.first_seq, max(told.first_seq, told.last_seq))
        self.setValue(seq)
        widest = max((self._label(at) for at in (self.minimum(), self.maximum(), seq)), key=len)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(widest) + 5 * theme.SPACE)

    def textFromValue(self, value: int) -> str:
        return self._label(value)


class _Side(QWidget):
    """A file, and a row of it."""

    def __init__(self, title: str, review: Review, seq: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.review = review
        self.file = pieces.ElidedLabel("", "muted", self)
        self.row = RowBox(self)
        self.row.setAccessibleName(tr("{side}: row").format(side=title))
        self.back, self.forth = (pieces.button(sign, "quiet", self) for sign in "‹›")
        for button, name, step in (
            (self.back, tr("{side}: the row before"), self.row.stepDown),
            (self.forth, tr("{side}: the row after"), self.row.stepUp),
        ):
            button.setAccessibleName(name.format(side=title))
            button.setToolTip(name.format(side=title))
            button.setAutoRepeat(True)
            button.clicked.connect(step)
        self.other = pieces.button(tr("Another file…"), "quiet", self)
        self.when = pieces.label("", "muted", self)
        self.board = PastBoard(self)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP)
        head.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        named = QHBoxLayout()  # a line of its own: several files have long names together
        named.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        column.addLayout(named)
        column.addLayout(head)
        column.addWidget(self.board, 1)
        named.addWidget(self.file)
        label = pieces.label(title, "title", self)
        label.setBuddy(self.row)
        head.addWidget(label)
        head.addWidget(self.back)
        head.addWidget(self.row)
        head.addWidget(self.forth)
        head.addWidget(self.when, 1)
        head.addWidget(self.other)
        self.take(review, seq)

    def take(self, review: Review, seq: int) -> None:
        self.review = review
        self.file.show_text(review.name)
        self.row.take(review, seq)

    @property
    def past(self) -> Past:
        return self.review.past(self.row.value())


class CompareMoments(QDialog):
    """Two boards and the list of what differs. To be opened with `open()`."""

    def __init__(self, review: Review, seq: int, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.setWindowTitle(tr("Compare two moments"))
        fit_on_screen(self, SIZE)
        numbers = review.numbers
        first = review.step(0, 1, changes_board=True) or (numbers[0] if len(numbers) else 0)
        self.first = _Side(tr("First"), review, first, self)
        self.second = _Side(tr("Second"), review, seq, self)
        self.news = pieces.Notice(self, can_close=True)
        self.summary = pieces.label("", "caption", self)
        self.model: ListModel[Difference] = ListModel(_columns(), self)
        self.view = DenseTable(self.model, tr("What differs"), self.model.widths, self, least_elastic=160)
        self.files = QFileDialog(
            self, tr("Open another file"), "", tr("Bundles and databases (*.xsaudit *.db);;All files (*)")
        )
        self.files.setOption(QFileDialog.Option.DontUseNativeDialog)
        self._asked = self.second
        self._lay_out()
        for side in (self.first, self.second):
            side.row.valueChanged.connect(self._show)
            side.other.clicked.connect(self._choose)
        self.files.fileSelected.connect(self._open)
        self.news.closed.connect(self.news.hide)
        self._show()
        self.view.setFocus()

    def _lay_out(self) -> None:
        boards = QSplitter(Qt.Orientation.Horizontal, self)
        boards.setChildrenCollapsible(False)
        boards.addWidget(self.first)
        boards.addWidget(self.second)
        halves = QSplitter(Qt.Orientation.Vertical, self)
        halves.setChildrenCollapsible(False)
        halves.addWidget(boards)
        halves.addWidget(self.view)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.news)
        column.addWidget(halves, 1)
        column.addLayout(foot)
        foot.addWidget(self.summary)

    @Slot()
    def _show(self) -> None:
        one, other = self.first.past, self.second.past
        rows = differences(one, other)
        about = {row.key: row.what for row in rows if row.key is not None}
        for side, past in ((self.first, one), (self.second, other)):
            side.when.setText(times.exact_time(past.at) if past.at is not None else "")
            side.board.show_past(past, lambda key: about.get(key, ""))
        self.model.show_rows(rows)
        told = f"{count(len(rows), tr('difference'))}." if rows else tr("Both moments are equal.")
        unknown = tr("What either cannot tell is not compared.") if one.unknown or other.unknown else ""
        self.summary.setText(pieces.joined(told, unknown))

    @Slot()
    def _choose(self) -> None:
        self._asked = self.first if self.sender() is self.first.other else self.second
        self.files.open()

    @Slot(str)
    def _open(self, path: str) -> None:
        self._jobs.start(self.open_file(Path(path), self._asked), "open another bundle")

    async def open_file(self, path: Path, side: _Side) -> None:
        """Compare with a moment of another file; one that cannot be read is refused with the reason."""
        try:
            review = await open_review(path)
        except Refused as refusal:
            self.news.show_words("warn", explain(refusal).failed, refusal.mend)
            return
        bad: Sequence[str] = [one.sentence for one in review.verdicts if not one.is_good]
        if bad:
            self.news.show_words("bad", tr("{name} does not verify.").format(name=shown(path.name, 80)), bad[0])
        side.take(review, review.numbers[-1] if len(review.numbers) else 0)
        self._show()
