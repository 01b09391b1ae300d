"""Fonts and icons that travel with the program. Knows nothing of Qt.

Names are paths inside this package, with forward slashes: `fonts/Inter-Regular.otf`, `icons/board.svg`.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable

TEXT_FONTS = ("fonts/Inter-Regular.otf", "fonts/Inter-Medium.otf", "fonts/Inter-SemiBold.otf")
FIXED_FONT = "fonts/JetBrainsMono-Regular.ttf"
PROGRAM_ICON = "icons/xsconsole.svg"


def read_bytes(name: str) -> bytes:
    """Give what the file `name` holds.

    Raises:
        FileNotFoundError: there is no such file in the package.
    """
    return _file(name).read_bytes()


def read_text(name: str) -> str:
    """Give the text of the file `name`, which is UTF-8.

    Raises:
        FileNotFoundError: there is no such file in the package.
    """
    return _file(name).read_text(encoding="utf-8")


def icon(name: str, *, colour: str) -> bytes:
    """Give the drawing `icons/<name>.svg` with its lines in `colour`, as SVG writes colours: `#1f2937`.

    Our icons are lines on a 24 by 24 grid, drawn in `currentColor`, which Qt's SVG reader does not know.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    return read_text(f"icons/{name}.svg").replace("currentColor", colour).encode()


def icon_names() -> tuple[str, ...]:
    """Name every icon, sorted."""
    drawings = (entry.name for entry in files(__package__).joinpath("icons").iterdir())
    return tuple(sorted(drawing.removesuffix(".svg") for drawing in drawings if drawing.endswith(".svg")))


def _file(name: str) -> Traversable:
    return files(__package__).joinpath(*name.split("/"))
