"""How cards, columns and the graph look: compared with pictures that somebody has looked at.

`XSCONSOLE_NEW_PICTURES=1` writes them anew; then open them and look.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.ui.board_values import AT, PRODUCTION, STAGING, make_card, stage, with_run
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.closures import Hold, Quarantine
from xsconsole.domain.workflow import default_workflow
from xsconsole_ui import theme
from xsconsole_ui.board.card_painter import CardPainter
from xsconsole_ui.board.faces import Face, face_of
from xsconsole_ui.board.graph_strip import GraphStrip
from xsconsole_ui.promotion.rows import Mark, Row, RowsView

PICTURES = Path(__file__).parent / "pictures"
TOLERANCE = 0.001  # of all pixels may differ
SAME = 24  # of 255: a channel may differ by this much and still count as the same
WIDTH = 172


def closed(card: Card) -> Card:
    """Held, and of a version that is quarantined."""
    hold = Hold(configuration=card.id, reason="it lost orders", by="ann", at=AT)
    quarantine = Quarantine(service=card.service, version=card.version, reason="a hole", by="ann", at=AT)
    return replace(card, hold=hold, quarantine=quarantine)


def faces() -> list[Face]:
    """One card of each kind."""
    long = make_card("a-service-with-a-name-that-is-long", "12.4-release-candidate", powers=("Running", "Halted") * 9)
    return [
        face_of(make_card(powers=("Running", "Halted", "Suspended")), stage(STAGING), None),
        face_of(make_card(at=PRODUCTION, standing=Standing.INCOMPLETE), stage(PRODUCTION), None),
        face_of(with_run(make_card(), by="bob"), stage(STAGING), None),
        face_of(with_run(make_card(), by=None), stage(STAGING), None),
        face_of(long, stage(STAGING), None),
        face_of(closed(make_card()), stage(STAGING), None),
    ]


def paint_cards(colours: theme.Colours, ratio: float) -> QImage:
    painter_of_cards = CardPainter()
    pictures = [painter_of_cards.picture(face, WIDTH, colours, ratio) for face in faces()]
    image = _canvas(QSize((WIDTH + 8) * len(pictures) + 8, 130), colours.sunken, ratio)
    painter = QPainter(image)
    for at, picture in enumerate(pictures):
        painter.drawPixmap(QPoint(8 + at * (WIDTH + 8), 8), picture)
    painter.end()
    return image


def paint_strip(colours: theme.Colours, ratio: float) -> QImage:
    strip = GraphStrip()
    strip.setPalette(theme.palette_of(colours))
    strip.show_workflow(default_workflow())
    strip.light(STAGING)
    return _rendered(strip, QSize(800, strip.sizeHint().height()), colours, ratio)


def paint_rows(colours: theme.Colours, ratio: float) -> QImage:
    view = RowsView("Rows")
    view.setPalette(theme.palette_of(colours))
    view.resize(300, 10)
    view.show()
    view.show_rows([Row(mark=mark, text=f"What is {mark.lower()} and needs two lines", aside="12 s") for mark in Mark])
    return _rendered(view, QSize(300, view.height()), colours, ratio)


def _rendered(widget: GraphStrip | RowsView, size: QSize, colours: theme.Colours, ratio: float) -> QImage:
    widget.resize(size)
    image = _canvas(size, colours.surface, ratio)
    widget.render(image, QPoint(), QRect(QPoint(), size))  # type: ignore[call-overload]
    widget.hide()
    return image


def _canvas(size: QSize, ground: str, ratio: float) -> QImage:
    image = QImage(size * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(ground))
    return image


def differing(one: QImage, other: QImage) -> QImage:
    """Return a picture that is black where both agree and white where they do not."""
    result = QImage(one.size(), QImage.Format.Format_Mono)
    result.fill(Qt.GlobalColor.color0)
    for y in range(one.height()):
        for x in range(one.width()):
            a, b = one.pixel(x, y), other.pixel(x, y)
            if a != b and any(abs((a >> shift & 255) - (b >> shift & 255)) > SAME for shift in (0, 8, 16)):
                result.setPixel(x, y, 1)
    return result


@pytest.mark.parametrize("what", [paint_cards, paint_strip, paint_rows], ids=["cards", "strip", "rows"])
@pytest.mark.parametrize(
    ("colours", "ratio"),
    [(theme.LIGHT, 1.0), (theme.DARK, 1.0), (theme.LIGHT, 2.0)],
    ids=["light", "dark", "200"],
)
def test_it_looks_as_it_did_when_somebody_looked(
    what: object, colours: theme.Colours, ratio: float, qapp: QApplication, tmp_path: Path
) -> None:
    theme.Theme(qapp, theme.Scheme(colours.scheme))
    assert callable(what)
    name = f"board-{what.__name__.removeprefix('paint_')}-{colours.scheme}-{ratio:.0f}.png"

    seen = what(colours, ratio)

    if os.environ.get("XSCONSOLE_NEW_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        seen.save(str(PICTURES / name))
    known = QImage(str(PICTURES / name)).convertToFormat(QImage.Format.Format_RGB32)
    assert known.size() == seen.size()
    difference = differing(seen, known)
    count = sum(difference.pixelIndex(x, y) for y in range(difference.height()) for x in range(difference.width()))
    if count > TOLERANCE * difference.width() * difference.height():
        seen.save(str(tmp_path / f"seen-{name}"))
        difference.save(str(tmp_path / f"difference-{name}"))
        pytest.fail(f"{count} pixels differ; the pictures are in {tmp_path}")
