"""What travels with the program is whole, and drawn in one hand."""

from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

import xsconsole_resources

SVG = "{http://www.w3.org/2000/svg}svg"
LINE_ICONS = [name for name in xsconsole_resources.icon_names() if name != "xsconsole"]
NEEDED = {
    *("board", "workflow", "approvals", "library", "archive", "audit", "pool", "host", "vm", "sr", "network", "search"),
    *("promote", "demote", "warning", "check", "stop", "refresh", "connect", "resume", "undo"),
}


def test_every_place_object_and_verb_has_its_icon():
    assert set(xsconsole_resources.icon_names()) >= NEEDED


@pytest.mark.parametrize("name", LINE_ICONS)
def test_an_icon_is_drawn_in_the_hand_of_the_house(name):
    drawing = ElementTree.fromstring(xsconsole_resources.read_text(f"icons/{name}.svg"))

    assert drawing.tag == SVG
    assert drawing.attrib == {
        "width": "24",
        "height": "24",
        "viewBox": "0 0 24 24",
        "fill": "none",
        "stroke": "currentColor",
        "stroke-width": "1.75",
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
    }


@pytest.mark.parametrize("name", LINE_ICONS)
def test_qt_draws_an_icon_in_the_colour_asked_for(qapp, name):
    renderer = QSvgRenderer(QByteArray(xsconsole_resources.icon(name, colour="#336699")))
    image = QImage(96, 96, QImage.Format.Format_ARGB32)
    image.fill(QColor("transparent"))

    painter = QPainter(image)
    renderer.render(painter)
    painter.end()

    shown = {
        image.pixelColor(x, y).name() for x in range(96) for y in range(96) if image.pixelColor(x, y).alpha() == 255
    }
    assert renderer.isValid()
    assert shown == {"#336699"}


@pytest.mark.parametrize("name", LINE_ICONS)
def test_no_icon_is_clipped_at_an_edge(qapp, name):
    image = QImage(96, 96, QImage.Format.Format_ARGB32)
    image.fill(QColor("transparent"))

    painter = QPainter(image)
    QSvgRenderer(QByteArray(xsconsole_resources.icon(name, colour="#000000"))).render(painter)
    painter.end()

    edges = [point for at in range(96) for point in ((at, 0), (at, 95), (0, at), (95, at))]
    assert all(image.pixelColor(*point).alpha() == 0 for point in edges)


def test_the_fonts_come_with_their_licences_and_qt_reads_them(qapp):
    families = set()
    for name in (*xsconsole_resources.TEXT_FONTS, xsconsole_resources.FIXED_FONT):
        font = QFontDatabase.addApplicationFontFromData(QByteArray(xsconsole_resources.read_bytes(name)))
        families |= set(QFontDatabase.applicationFontFamilies(font))

    assert {"Inter", "JetBrains Mono"} <= families
    assert QFontInfo(QFont("Inter")).family() == "Inter"
    for family in ("Inter", "JetBrainsMono"):
        assert "SIL Open Font License, Version 1.1" in xsconsole_resources.read_text(f"fonts/{family}-LICENSE.txt")


def test_a_name_that_is_not_there_is_said_to_be_missing():
    with pytest.raises(FileNotFoundError):
        xsconsole_resources.read_bytes("icons/none.svg")
