"""The graph as a file: whole or not there, and never over another one without asking."""

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QLineEdit

from tests.ui.drawing import Sheet, sheet
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.edits import change_stage
from xsconsole_ui import theme
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.dialogs import ReplaceQuestion
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.workflow.export import MARGIN, SVG, Exporter, file_name

__all__ = ["sheet"]


class Heard:
    """An exporter, and what it says."""

    def __init__(self, sheet: Sheet) -> None:
        self.told: list[str] = []
        self.written: list[str] = []
        self.jobs = Jobs(
            on_error=lambda error: self.told.append(str(error)), on_bug=lambda bug: self.told.append(str(bug))
        )
        self.exporter = Exporter(
            sheet.scene, self.jobs, lambda what, mend: self.told.append(f"{what} {mend}"), sheet.canvas
        )
        self.exporter.written.connect(self.written.append)


@contextmanager
def no_room_after(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_the_picture_shows_all_stages_by_name(sheet: Sheet, tmp_path: Path) -> None:
    heard, long = Heard(sheet), "Integration " * 7 + "& <all>"
    sheet.desk.do("Name", change_stage(sheet.desk.workflow, "integration", name=long))

    await heard.exporter.write(tmp_path / "graph.svg", "svg")
    await heard.exporter.write(tmp_path / "graph.png", "png")

    text = (tmp_path / "graph.svg").read_text(encoding="utf-8")
    words = "".join(ElementTree.fromstring(text).itertext())
    # Another font elsewhere would not fit into what is drawn around it: text is there to be found and selected.
    shapes = [shape for group in ElementTree.fromstring(text).iter(f"{{{SVG}}}g") for shape in pairwise(group)]
    texts = [found for shape, found in shapes if shape.tag == f"{{{SVG}}}use" and found.tag == f"{{{SVG}}}text"]
    assert len(texts) == text.count("<text") > 0
    how = {tuple(found.get(name) for name in ("fill", "stroke", "pointer-events")) for found in texts}
    assert how == {("none", "none", "all")}
    assert {long, "way back", "no limit"} <= {found.text for found in texts}
    lengths = {found.text: float(found.get("textLength", "0")) for found in texts}
    assert 20 < lengths["way back"] < lengths[long] < sheet.scene.nodes[StageId("integration")].area.width()
    assert long in {found.text for found in ElementTree.fromstring(text).findall(f"./{{{SVG}}}rect/{{{SVG}}}title")}
    assert all(name in words for name in ("Integration", "Staging", "Production", "Spare", "way back"))
    drawing = QSvgRenderer(str(tmp_path / "graph.svg"))
    assert drawing.isValid()
    assert "clip" not in text  # which not every program knows
    shown = QImage(drawing.viewBox().size(), QImage.Format.Format_RGB32)
    drawing.render(painter := QPainter(shown))
    painter.end()
    node = sheet.scene.nodes[StageId("integration")].area.translated(-sheet.scene.bounds.topLeft()).toRect()
    inside, at_left = (shown.pixelColor(node.left() + MARGIN + x, node.center().y() + MARGIN) for x in (100, 2))
    assert (inside.name(), at_left.name()) == (theme.LIGHT.surface, "#2a8fa8")
    title = node.translated(MARGIN, MARGIN).adjusted(14, 6, -14, -node.height() * 2 // 3)
    dots = (
        shown.pixelColor(x, y) for x in range(title.left(), title.right()) for y in range(title.top(), title.bottom())
    )
    assert sum(dot.lightness() < 90 for dot in dots) > 100  # the name is drawn
    assert len({shape.get("id") for shape in ElementTree.fromstring(text).iter(f"{{{SVG}}}path")}) < len(texts)
    picture = QImage(str(tmp_path / "graph.png"))
    assert picture.width() > 2 * sheet.scene.bounds.width()
    assert heard.written == [f"The graph is in {tmp_path / name}." for name in ("graph.svg", "graph.png")]


@pytest.mark.parametrize(("button", "is_replaced"), [("Replace", True), ("Cancel", False)])
async def test_a_file_that_is_there_is_replaced_only_on_demand(
    sheet: Sheet, tmp_path: Path, button: str, is_replaced: bool
) -> None:
    heard, path = Heard(sheet), tmp_path / "graph.svg"
    path.write_text("precious", encoding="utf-8")

    writing = asyncio.create_task(heard.exporter.write(path, "svg"))
    await until(lambda: isinstance(heard.exporter.dialog, ReplaceQuestion), "the question")
    box = heard.exporter.dialog
    assert isinstance(box, ReplaceQuestion)
    assert box.cancel.isDefault()
    click(box.go if button == "Replace" else box.cancel)
    await writing

    assert (path.read_text(encoding="utf-8") != "precious") is is_replaced
    assert bool(heard.written) is is_replaced


async def test_a_full_disk_is_said_and_leaves_what_was_there(sheet: Sheet, tmp_path: Path) -> None:
    heard = Heard(sheet)

    with no_room_after(512):
        await heard.exporter.write(tmp_path / "graph.svg", "svg")

    assert heard.written == []
    assert "was not written" in heard.told[0]
    assert "make room" in heard.told[0]
    assert os.listdir(tmp_path) == []


async def test_a_folder_that_is_not_there_is_said(sheet: Sheet, tmp_path: Path) -> None:
    heard = Heard(sheet)

    await heard.exporter.write(tmp_path / "gone" / "graph.png", "png")

    assert "was not written" in heard.told[0]


async def test_where_to_is_asked_without_a_loop_of_its_own(sheet: Sheet, tmp_path: Path) -> None:
    heard = Heard(sheet)

    heard.exporter.export_svg()
    await until(lambda: isinstance(heard.exporter.dialog, QFileDialog), "the question where to")
    dialog = heard.exporter.dialog
    assert isinstance(dialog, QFileDialog)
    assert dialog.selectedFiles()[0].endswith("Release.svg")
    field = dialog.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText(str(tmp_path / "here"))
    dialog.accept()
    await until(lambda: bool(heard.written), "the file")

    assert heard.written == [f"The graph is in {tmp_path / 'here.svg'}."]
    await heard.jobs.close()


@pytest.mark.parametrize(
    ("name", "expected"), [("Release to production", "Release to production"), ("a/../b", "a----b"), ("", "workflow")]
)
def test_a_files_name_is_made_from_any_name(name: str, expected: str) -> None:
    assert file_name(name) == expected
