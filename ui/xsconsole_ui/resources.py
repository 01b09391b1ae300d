"""The fonts and icons that ship with the program, as Qt wants them."""

from functools import lru_cache
from importlib.resources import as_file, files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QFontDatabase, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

PACKAGE = "xsconsole_resources"
ICON_SCALES = (1, 2)


def load_fonts() -> tuple[str, ...]:
    """Register the bundled fonts and return their families; without them the system's own font stands in."""
    folder = files(PACKAGE) / "fonts"
    families: list[str] = []
    if not folder.is_dir():
        return ()
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.lower().endswith((".ttf", ".otf")):
            with as_file(entry) as path:
                families.extend(QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path))))
    return tuple(families)


@lru_cache(maxsize=256)
def icon(name: str, colour: str, size_px: int = 16, *, checked: str | None = None) -> QIcon:
    """Return icon `name` in one colour, in another where it is checked; empty where there is no such picture."""
    source = files(PACKAGE) / "icons" / f"{name}.svg"
    found = QIcon()
    if not source.is_file():
        return found
    drawing = QSvgRenderer(QByteArray(source.read_bytes()))
    for scale in ICON_SCALES:
        size = QSize(size_px, size_px) * scale
        found.addPixmap(_tinted(drawing, colour, size, scale))
        found.addPixmap(_tinted(drawing, checked or colour, size, scale), QIcon.Mode.Normal, QIcon.State.On)
    return found


def _tinted(drawing: QSvgRenderer, colour: str, size: QSize, scale: int) -> QPixmap:
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    area = QRectF(0, 0, size.width(), size.height())
    drawing.render(painter, area)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(area, colour)
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap
