"""What looks as before is copied, what changed is painted, and pictures take no more room than they may."""

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline.rows import Inserted, Row
from xsconsole.domain.outline.views import NodeId
from xsconsole_ui import theme
from xsconsole_ui.inventory.delegate import LineDelegate
from xsconsole_ui.inventory.line_painter import face_of, paint_line
from xsconsole_ui.inventory.model import OutlineModel
from xsconsole_ui.pictures import Pictures

WIDTH = 200
LINE = NodeId("a")
ROOM = QSize(10, 10)
PICTURE_BYTES = 400


def test_what_looks_the_same_is_painted_once(qapp):
    pictures, painted = Pictures(10 * PICTURE_BYTES), []

    first = pictures.picture("a", ROOM, 1.0, painted.append)
    again = pictures.picture("a", ROOM, 1.0, painted.append)

    assert len(painted) == 1
    assert again.cacheKey() == first.cacheKey()


@pytest.mark.parametrize(("size", "ratio"), [(QSize(11, 10), 1.0), (ROOM, 2.0)])
def test_another_width_or_a_sharper_screen_has_a_picture_of_its_own(qapp, size, ratio):
    pictures, painted = Pictures(10 * PICTURE_BYTES), []
    pictures.picture("a", ROOM, 1.0, painted.append)

    other = pictures.picture("a", size, ratio, painted.append)

    assert len(painted) == 2
    assert other.deviceIndependentSize().toSize() == size


def test_the_picture_that_was_wanted_longest_ago_gives_way(qapp):
    pictures, painted = Pictures(2 * PICTURE_BYTES), []
    for key in ("a", "b", "a", "c"):
        pictures.picture(key, ROOM, 1.0, painted.append)

    pictures.picture("a", ROOM, 1.0, painted.append)
    assert len(painted) == 3

    pictures.picture("b", ROOM, 1.0, painted.append)
    assert len(painted) == 4


class Line:
    """One line, painted into an image as a view would paint it."""

    def __init__(self):
        self.state = "Running"
        self.model = OutlineModel(self.row, lambda row: row.name)
        self.model.repeat((Inserted(first=0, ids=(LINE,)),))
        self.delegate = LineDelegate()

    def row(self, id_):
        ref = Ref("v")
        item = Item(
            ref=ref,
            class_name="vm",
            sort=Sort.VM,
            uuid=Uuid("v"),
            name="web-1",
            sort_name="web-1",
            words="web-1",
            state=self.state,
        )
        return Row(id=id_, sort=Sort.VM, name=item.name, depth=1, item=item)

    def painted(self, top=0, state=QStyle.StateFlag.State_None, colours=theme.LIGHT, ratio=1.0):
        image = QImage(QSize(WIDTH, 60) * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(QColor(colours.surface))
        option = QStyleOptionViewItem()
        option.rect = QRect(0, top, WIDTH, theme.ROW_HEIGHT)
        option.state = state
        option.palette = theme.palette_of(colours)
        painter = QPainter(image)
        self.delegate.paint(painter, option, self.model.index(0, 0))
        painter.end()
        return image


@pytest.fixture
def line(qapp):
    return Line()


def test_a_line_is_painted_anew_when_its_object_changed(line):
    before = line.painted()
    assert line.painted() == before

    line.state = "Halted"

    assert line.painted() != before


def test_a_line_shows_selection_hover_focus_and_scheme(line):
    flag = QStyle.StateFlag
    looks = [line.painted(state=one) for one in (flag.State_None, flag.State_Selected, flag.State_MouseOver)]
    looks += [line.painted(state=flag.State_HasFocus), line.painted(colours=theme.DARK)]

    again = [line.painted(state=one) for one in (flag.State_None, flag.State_Selected, flag.State_MouseOver)]

    assert again == looks[:3]
    assert [(one, other) for one in range(5) for other in range(one) if looks[one] == looks[other]] == []


def test_a_line_partly_above_the_view_looks_as_one_within(line):
    whole = line.painted(top=10).copy(0, 23, WIDTH, 11)

    cut = line.painted(top=-13).copy(0, 0, WIDTH, 11)

    assert cut == whole


def test_between_whole_scales_a_line_is_painted_straight(line):
    straight = QImage(QSize(WIDTH, 60) * 1.25, QImage.Format.Format_RGB32)
    straight.setDevicePixelRatio(1.25)
    straight.fill(QColor(theme.LIGHT.surface))
    painter = QPainter(straight)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(0, 1)
    face = face_of(line.row(LINE), "", has_focus=False)
    paint_line(painter, QRect(0, 0, WIDTH, theme.ROW_HEIGHT), face, theme.LIGHT)
    painter.end()

    assert line.painted(top=1, ratio=1.25) == straight
