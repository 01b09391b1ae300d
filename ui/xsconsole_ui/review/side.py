"""The left side of a review: each verdict on a line of its own, what the bundle is about, and what is not in it."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from xsconsole.console.review import Range, Review
from xsconsole.domain.folding import shown
from xsconsole.domain.record import Verdict
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.texts import tr

WIDTH = 280  # px
LABEL_WIDTH = 76


def sign_of(verdict: Verdict) -> tuple[str, str]:
    """Return the mark of a verdict, and the name of its colour; the mark says it alone."""
    if not verdict.is_good:
        return "✗", "bad"
    return ("✓", "good") if verdict.is_vouched else ("?", "warn")


def trust_words(review: Review) -> str:
    """Return what of the file can be trusted, in a sentence."""
    if not review.is_whole and review.parts:
        return tr("Not all of these files are whole: see the verdicts of each.")
    if not review.is_whole:
        return tr("This file is not whole: what is shown is what can be read of it, and nothing vouches for it.")
    if review.status == 0:
        return tr("All checks are good, and somebody outside vouches for the key and for the end.")
    doubtful = review.doubtful_from if not review.parts else None  # rows of others hold all the same
    if doubtful is not None and doubtful > review.range.first_seq:
        first, last = review.range.first_seq, doubtful - 1
        return tr("Rows {first} to {last} hold. From row {doubtful} on something is wrong.").format(
            first=first, last=last, doubtful=doubtful
        )
    if review.status == 1:
        if review.parts:
            return tr("Something is wrong with one of these files: see the verdicts.")
        return tr("Something is wrong with this file: see the verdicts.")
    return tr("Nothing is wrong. Nobody from outside vouches for it: compare the key and the head with kept ones.")


class Side(QFrame):
    def __init__(self, review: Review, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "surface")
        self.setMinimumWidth(220)
        self.verdict_lines: list[str] = []
        inner = QWidget()
        inner.setProperty("look", "surface")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        self._column.setSpacing(theme.GAP)
        name = pieces.ElidedLabel(review.name, "title", inner)
        self._column.addWidget(name)
        look = {0: "good", 1: "bad"}.get(review.status, "warn")
        self.trust = pieces.wrapped(trust_words(review), look, inner)
        self._column.addWidget(self.trust)
        for part in review.parts:
            self._section(tr("Verdicts of one file"))
            whose = pieces.breakable(f"{shown(part.console, 60)}, {shown(part.file, 60)}")
            self._column.addWidget(pieces.wrapped(whose, "", inner))
            for verdict in part.verdicts:
                self._verdict(verdict, inner)
            self._range(part.range, inner)
        self._section(tr("Verdicts") if not review.parts else tr("Verdicts: all of them"))
        for verdict in review.verdicts if not review.parts else review.verdicts[-1:]:
            self._verdict(verdict, inner)
        self._section(tr("Said by rows, and not checked here"))
        for claim in review.claims:
            self._verdict(claim, inner)
        if not review.claims:
            none = tr("– No row tells that the record was compared with the pool's own log.")
            self._column.addWidget(pieces.wrapped(none, "muted", inner))
        self._about(review, inner)
        self._column.addStretch(1)
        area = QScrollArea(self)
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("Verdicts, and what the bundle is about"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)

    def _section(self, name: str) -> None:
        self._column.addWidget(pieces.Line(self))
        self._column.addWidget(pieces.label(name, "section", self))

    def _verdict(self, verdict: Verdict, inner: QWidget) -> None:
        sign, look = sign_of(verdict)
        line = QHBoxLayout()
        self._column.addLayout(line)
        line.setSpacing(theme.GAP)
        mark = pieces.label(sign, look, inner)
        mark.setFixedWidth(14)
        sentence = pieces.wrapped(pieces.breakable(verdict.sentence), "", inner)
        said = {"✗": tr("wrong"), "✓": tr("good"), "?": tr("nobody vouches")}[sign]
        sentence.setAccessibleName(f"{verdict.check}, {said}: {verdict.sentence}")
        sentence.setToolTip(pieces.hint(f"{verdict.check}: {said}"))
        self.verdict_lines.append(f"{sign} {verdict.sentence}")
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(sentence, 1)

    def _about(self, review: Review, inner: QWidget) -> None:
        told = review.range
        self._section(tr("What it is about"))
        self._range(told, inner)
        if review.counts:
            self._section(tr("Lists in it"))
            self._facts(((name, str(number)) for name, number in sorted(review.counts.items())), inner, wide=True)
        if told.absent:
            self._section(tr("Not in here"))
            for sentence in told.absent:
                self._column.addWidget(pieces.wrapped(pieces.breakable(sentence), "muted", inner))

    def _range(self, told: Range, inner: QWidget) -> None:
        rows = tr("{shown} shown, of rows {first} to {last}").format(
            shown=told.shown, first=told.first_seq, last=told.last_seq
        )
        self._facts(
            (
                (tr("From"), times.exact_time(told.begins) if told.begins else ""),
                (tr("To"), times.exact_time(told.ends) if told.ends else ""),
                (tr("Rows"), rows if told.last_seq else tr("none")),
                (tr("Asked for"), " ".join(told.asked)),
                (tr("Withheld"), ", ".join(told.redacted)),
                (tr("Made by"), told.made_by),
                (tr("Key"), told.key),
                (tr("Head"), told.head),
            ),
            inner,
        )

    def _facts(self, facts: Iterable[tuple[str, str]], inner: QWidget, *, wide: bool = False) -> None:
        grid = QGridLayout()
        self._column.addLayout(grid)
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(theme.SPACE)
        for row, (name, text) in enumerate((name, text) for name, text in facts if text):
            caption = pieces.label(name, "muted", inner)
            if not wide:
                caption.setFixedWidth(LABEL_WIDTH)
            value = pieces.wrapped(pieces.breakable(text), "", inner)
            value.setAccessibleName(f"{name}: {text}")
            grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        grid.setColumnStretch(1, 1)
