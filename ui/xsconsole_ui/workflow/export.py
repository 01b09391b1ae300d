"""The graph as a picture in a file: SVG that can be scaled, or PNG. Nothing is overwritten without asking."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from PySide6.QtCore import QBuffer, QFileInfo, QIODevice, QObject, QRect, QRectF, QSaveFile, QSize, Signal
from PySide6.QtGui import QColor, QFont, QImage, QImageWriter, QPainter, QPainterPath
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from xsconsole.domain.folding import one_line
from xsconsole_ui.dialogs import ReplaceQuestion, answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.theme import LIGHT, Colours
from xsconsole_ui.workflow.painter import GraphPainter, Look
from xsconsole_ui.workflow.scene import Scene

MARGIN = 24  # px around the graph
PNG_SCALE = 2.0
MOST_PNG_PX = 12_000  # of a side
PX_PER_INCH = 96  # as browsers count: else they show it a third too large
SVG = "http://www.w3.org/2000/svg"
POINTS_OF_A_CURVE = 3
FOUND_PX = "12"  # of the text that is only searched

Tell = Callable[[str, str], None]  # what went wrong, and what to do


class Exporter(QObject):
    """Asks where to, paints, and writes in one go: a file is whole or not there."""

    written = Signal(str)  # what was written, in words

    def __init__(self, scene: Scene, jobs: Jobs, tell: Tell, window: QWidget) -> None:
        super().__init__(window)
        self._scene, self._jobs, self._tell, self._window = scene, jobs, tell, window
        self.dialog: QDialog | None = None  # what is asked right now

    def export_svg(self) -> None:
        self._jobs.start(self._export("svg", self.tr("Scalable pictures (*.svg)")), "export the graph")

    def export_png(self) -> None:
        self._jobs.start(self._export("png", self.tr("Pictures (*.png)")), "export the graph")

    async def _export(self, kind: str, filter_: str) -> None:
        name = self._scene.workflow.name if self._scene.workflow is not None else ""
        dialog = QFileDialog(self._window, self.tr("Export the graph"), f"{file_name(name)}.{kind}", filter_)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        # Qt would ask about overwriting in a loop of its own, which stops everything else in the window.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        if not await self._ask(dialog) or not dialog.selectedFiles():
            return
        await self.write(Path(dialog.selectedFiles()[0]), kind)

    async def write(self, path: Path, kind: str) -> None:
        """Write the picture; where there is a file already, only if the user says so."""
        if QFileInfo(path).exists() and not await self._ask(ReplaceQuestion(self._window, path)):
            return
        picture = svg_of(self._scene) if kind == "svg" else png_of(self._scene)
        file = QSaveFile(str(path))
        is_written = file.open(QIODevice.OpenModeFlag.WriteOnly)
        is_written = is_written and file.write(picture) == len(picture)
        if is_written and file.commit():
            self.written.emit(self.tr("The graph is in {path}.").format(path=path))
            return
        file.cancelWriting()
        reason = self.tr("{path} was not written: {reason}.").format(path=path, reason=file.errorString().rstrip("."))
        self._tell(reason, self.tr("What stood there is unchanged. Choose another folder, or make room."))

    async def _ask(self, dialog: QDialog) -> bool:
        self.dialog = dialog
        try:
            return await answered(dialog)
        finally:
            self.dialog = None


def file_name(name: str) -> str:
    """Return a name for a file made from any name."""
    kept = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in name[:60])
    return " ".join(kept.split()) or "workflow"


def svg_of(scene: Scene) -> bytes:
    buffer, area = QBuffer(), _area(scene)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(area.size().toSize())
    generator.setResolution(PX_PER_INCH)
    generator.setViewBox(QRect(0, 0, round(area.width()), round(area.height())))
    generator.setTitle(scene.workflow.name if scene.workflow is not None else "")
    _paint(QPainter(generator), scene, area, 1.0)
    return outlined(bytes(buffer.data().data()), tuple(_wholes(scene, area)))


def outlined(picture: bytes, wholes: Sequence[tuple[QRectF, str]] = ()) -> bytes:
    """Return an SVG whose words are shapes with the words as their titles.

    Elsewhere the font is another one, in which words would not fit into what is drawn around them. Over each area of
    `wholes` lies what it says in full: as its title, and as text that is found by searching and not seen.
    """
    ElementTree.register_namespace("", SVG)
    tree = ElementTree.fromstring(picture)
    for parent in tree.iter():
        for at, text in enumerate(parent):
            if text.tag != f"{{{SVG}}}text":
                continue
            shape = ElementTree.Element(f"{{{SVG}}}path")
            shape.set("d", _glyphs(text))
            for name in ("fill", "fill-opacity"):
                shape.set(name, text.get(name, ""))
            shape.set("stroke", "none")
            ElementTree.SubElement(shape, f"{{{SVG}}}title").text = text.text
            parent[at] = shape
    for area, words in wholes:
        tree.append(_whole(area, words))
    return bytes(ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True))


def _wholes(scene: Scene, area: QRectF) -> Iterator[tuple[QRectF, str]]:
    """Return what stages and labels say, of which the drawing may have room for the beginning only."""
    stages = scene.workflow.stages if scene.workflow is not None else ()
    names = {stage.id: one_line(stage.name) for stage in stages}
    for id_, node in scene.nodes.items():
        yield node.area.translated(-area.topLeft()), names.get(id_, node.face.name)
    for edge in scene.edges.values():
        if edge.label is not None:
            yield edge.label.area.translated(-area.topLeft()), edge.face.label


def _whole(area: QRectF, words: str) -> ElementTree.Element:
    group = ElementTree.Element(f"{{{SVG}}}g")
    place = {"x": f"{area.x():.2f}", "y": f"{area.y():.2f}", "width": f"{area.width():.2f}"}
    cover = ElementTree.SubElement(group, f"{{{SVG}}}rect", place, height=f"{area.height():.2f}", fill="none")
    cover.set("pointer-events", "all")
    ElementTree.SubElement(cover, f"{{{SVG}}}title").text = words
    fitted = {"textLength": place["width"], "lengthAdjust": "spacingAndGlyphs", "pointer-events": "none"}
    baseline = {"x": place["x"], "y": f"{area.y() + area.height() / 2:.2f}", "font-size": FOUND_PX}
    ElementTree.SubElement(group, f"{{{SVG}}}text", {**baseline, **fitted}, fill="none", stroke="none").text = words
    return group


def _glyphs(text: ElementTree.Element) -> str:
    font = QFont(text.get("font-family", ""))
    font.setPixelSize(round(float(text.get("font-size", "0"))))
    font.setWeight(QFont.Weight(int(text.get("font-weight", "400"))))
    path = QPainterPath()
    path.addText(float(text.get("x", "0")), float(text.get("y", "0")), font, text.text or "")
    parts: list[str] = []
    curve: list[str] = []
    for at in range(path.elementCount()):
        element = path.elementAt(at)
        point = f"{element.x:.2f},{element.y:.2f}"
        if element.isMoveTo():
            parts.append(f"M{point}")
        elif element.isLineTo():
            parts.append(f"L{point}")
        else:  # two control points and the end come one after another
            curve.append(point)
            if len(curve) == POINTS_OF_A_CURVE:
                parts.append(f"C{' '.join(curve)}")
                curve = []
    return " ".join(parts)


def png_of(scene: Scene) -> bytes:
    area = _area(scene)
    scale = min(PNG_SCALE, MOST_PNG_PX / max(area.width(), area.height()))
    image = QImage(QSize(round(area.width() * scale), round(area.height() * scale)), QImage.Format.Format_RGB32)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _paint(QPainter(image), scene, area, scale)
    QImageWriter(buffer, b"png").write(image)
    return bytes(buffer.data().data())


def _area(scene: Scene) -> QRectF:
    bounds = scene.bounds.toAlignedRect()
    return QRectF(bounds.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))


def _paint(painter: QPainter, scene: Scene, area: QRectF, scale: float, colours: Colours = LIGHT) -> None:
    """Paint for paper: light, whole, and nothing that belongs to the hand."""
    painter.scale(scale, scale)
    painter.fillRect(QRectF(0, 0, area.width(), area.height()), QColor(colours.surface))
    painter.translate(-area.topLeft())
    look = Look(colours=colours, keeps_pictures=False, shows_ports=False)
    GraphPainter(scene.measures).paint(painter, scene, look)
    painter.end()
