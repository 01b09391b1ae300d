"""The graph as a picture in a file: SVG that can be scaled, or PNG. Nothing is overwritten without asking."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from PySide6.QtCore import QBuffer, QFileInfo, QIODevice, QObject, QPointF, QRect, QRectF, QSaveFile, QSize, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QImageWriter, QPainter, QPainterPath
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from xsconsole.domain.folding import one_line
from xsconsole_ui.dialogs import ReplaceQuestion, answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.theme import LIGHT, Colours
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.painter import GraphPainter
from xsconsole_ui.workflow.scene import Scene

MARGIN = 24  # px around the graph
PNG_SCALE = 2.0
MOST_PNG_PX = 12_000  # of a side
PX_PER_INCH = 96  # as browsers count: else they show it a third too large
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
POINTS_OF_A_CURVE = 3
UNSEEN = {"fill": "none", "stroke": "none", "pointer-events": "all"}
ELLIPSIS = "…"
UNMOVED = "matrix(1,0,0,1,0,0)"

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
    """Return an SVG whose words are shapes, each under the same words as text that is not seen.

    Elsewhere the font is another one, in which words would not fit into what is drawn around them. The text is
    fitted to its shape, so that it can be found, selected and copied where it is seen. Each area of `wholes` has what
    it says in full as its title; where the drawing shows the beginning only, the text is whole.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    tree = ElementTree.fromstring(picture)
    kept = ElementTree.Element(f"{{{SVG}}}defs")
    shapes: dict[tuple[str, str], str] = {}  # their ids: equal words have one
    for parent in list(tree.iter()):
        for at, text in reversed(list(enumerate(parent))):
            if text.tag != f"{{{SVG}}}text":
                continue
            font = _font(text)
            look = (text.text or "", font.toString())
            if look not in shapes:
                shapes[look] = f"words-{len(shapes)}"
                ElementTree.SubElement(kept, f"{{{SVG}}}path", id=shapes[look], d=_glyphs(look[0], font))
            drawn = {name: text.get(name, "") for name in ("x", "y", "fill", "fill-opacity")}
            parent[at] = ElementTree.Element(
                f"{{{SVG}}}use", {f"{{{XLINK}}}href": f"#{shapes[look]}", **drawn, "stroke": "none"}
            )
            parent.insert(at + 1, _selectable(text, font, _in_full(text, parent, wholes)))
    tree.insert(0, kept)
    drawing = tree.find(f"{{{SVG}}}g")
    if drawing is not None:  # the mouse goes through what is drawn: to the text, else to the area
        drawing.set("pointer-events", "none")
        tree[list(tree).index(drawing) : list(tree).index(drawing)] = [_cover(area, words) for area, words in wholes]
    return bytes(ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True))


def _in_full(text: ElementTree.Element, parent: ElementTree.Element, wholes: Sequence[tuple[QRectF, str]]) -> str:
    """Return the words of a text; where it breaks off, what the area says in which it begins."""
    words = text.text or ""
    if not words.endswith(ELLIPSIS):
        return words
    moved = [float(part) for part in parent.get("transform", UNMOVED).strip("matrix()").split(",")[-2:]]
    start = QPointF(float(text.get("x", "0")), float(text.get("y", "0"))) + QPointF(*moved)
    beginning = words.removesuffix(ELLIPSIS)
    return next((full for area, full in wholes if area.contains(start) and full.startswith(beginning)), words)


def _selectable(text: ElementTree.Element, font: QFont, words: str) -> ElementTree.Element:
    width = QFontMetricsF(font).horizontalAdvance(text.text or "")
    kept = {name: text.get(name, "") for name in ("x", "y", "font-size", "font-weight")}
    fitted = {"font-family": "sans-serif", "textLength": f"{width:.2f}", "lengthAdjust": "spacingAndGlyphs"}
    found = ElementTree.Element(f"{{{SVG}}}text", {**kept, **fitted, **UNSEEN})
    found.text = words
    ElementTree.SubElement(found, f"{{{SVG}}}title").text = words
    return found


def _wholes(scene: Scene, area: QRectF) -> Iterator[tuple[QRectF, str]]:
    """Return what stages and labels say, of which the drawing may have room for the beginning only."""
    stages = scene.workflow.stages if scene.workflow is not None else ()
    names = {stage.id: one_line(stage.name) for stage in stages}
    for id_, node in scene.nodes.items():
        yield node.area.translated(-area.topLeft()), names.get(id_, node.face.name)
    for edge in scene.edges.values():
        if edge.label is not None:
            yield edge.label.area.translated(-area.topLeft()), edge.face.label


def _cover(area: QRectF, words: str) -> ElementTree.Element:
    sides = {"x": area.x(), "y": area.y(), "width": area.width(), "height": area.height()}
    cover = ElementTree.Element(f"{{{SVG}}}rect", {name: f"{side:.2f}" for name, side in sides.items()})
    cover.attrib.update(UNSEEN)
    ElementTree.SubElement(cover, f"{{{SVG}}}title").text = words
    return cover


def _font(text: ElementTree.Element) -> QFont:
    font = QFont(text.get("font-family", ""))
    font.setPixelSize(round(float(text.get("font-size", "0"))))
    font.setWeight(QFont.Weight(int(text.get("font-weight", "400"))))
    return font


def _glyphs(words: str, font: QFont) -> str:
    path = QPainterPath()
    path.addText(0, 0, font, words)
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
