"""How it looks: colours by meaning, sizes, fonts, and the one style sheet. No widget names a colour or a size itself.

A widget asks `colours_of(self.palette())` when it paints, so a change of scheme needs no more than a repaint.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from xsconsole_ui import style_sheet
from xsconsole_ui.resources import load_fonts

SPACE = 4  # px; every distance is a multiple
GAP = 2 * SPACE
MARGIN = 3 * SPACE
ROW_HEIGHT = 24  # px, of dense tables
HEADER_HEIGHT = 34  # px, of panels
RADIUS_SMALL = 4  # px, of squares, bars and focus frames
RADIUS = 6  # px, of cards, buttons and fields
RADIUS_LARGE = 8  # px, of columns
STRIPE = 3  # px, a stage's colour
TEXT_PX = 13
CAPTION_PX = 11
STRIPE_BLENDS = 16
LEAST_CONTRAST = 3.0  # of a stage's stripe against what it lies on

FAMILY = "Inter"
CODE_FAMILY = "JetBrains Mono"


class Scheme(StrEnum):
    """What the user asked for. `SYSTEM` follows the desktop."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """Colours by what they mean, as `#rrggbb`. `soft` ones lie behind text of the same meaning."""

    scheme: Scheme
    window: str  # behind everything
    surface: str  # panels, cards, menus
    sunken: str  # columns, fields
    hairline: str
    outline: str  # of controls, stronger than a hairline
    text: str
    muted: str
    accent: str
    accent_text: str  # on accent
    accent_soft: str  # selection
    chip: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    edge: str  # transitions of the graph


@lru_cache(maxsize=4)
def greyed(colours: Colours) -> Colours:
    """Return the colours of what can only be looked at: every sign keeps its form and loses its colour."""
    grey, ground = colours.muted, colours.chip
    return replace(
        colours,
        text=grey,
        accent=grey,
        good=grey,
        bad=grey,
        accent_soft=ground,
        good_soft=ground,
        bad_soft=ground,
    )


LIGHT = Colours(
    scheme=Scheme.LIGHT,
    window="#f2f4f7",
    surface="#ffffff",
    sunken="#fafbfc",
    hairline="#dcdfe6",
    outline="#c9ced8",
    text="#1b2230",
    muted="#5a6579",
    accent="#2152cc",
    accent_text="#ffffff",
    accent_soft="#e4ecfb",
    chip="#eef0f4",
    good="#17753d",
    good_soft="#e5f4ea",
    warn="#8f5a00",
    warn_soft="#fbf0da",
    bad="#b3261e",
    bad_soft="#fbe9e7",
    edge="#7b8699",
)
DARK = Colours(
    scheme=Scheme.DARK,
    window="#171a20",
    surface="#1e2229",
    sunken="#1a1d23",
    hairline="#333944",
    outline="#454c59",
    text="#e7eaf0",
    muted="#9ca6b8",
    accent="#7aa2ff",
    accent_text="#10151f",
    accent_soft="#24314e",
    chip="#2a2f39",
    good="#5bc98a",
    good_soft="#1c3427",
    warn="#e3ac55",
    warn_soft="#3a2e18",
    bad="#f28b82",
    bad_soft="#412322",
    edge="#7d889b",
)
CONTRAST = Colours(
    scheme=Scheme.CONTRAST,
    window="#000000",
    surface="#000000",
    sunken="#000000",
    hairline="#b8b8b8",
    outline="#ffffff",
    text="#ffffff",
    muted="#e2e2e2",
    accent="#ffe14d",
    accent_text="#000000",
    accent_soft="#3a3300",
    chip="#262626",
    good="#7dffab",
    good_soft="#00300f",
    warn="#ffc14d",
    warn_soft="#3a2600",
    bad="#ff9a91",
    bad_soft="#400400",
    edge="#e2e2e2",
)
SCHEMES = (LIGHT, DARK, CONTRAST)

# No style sheet rule touches this role, so it survives in the palette of every widget and tells the scheme.
MARKER = QPalette.ColorRole.Shadow
_MARKS = {0xFF000001: LIGHT, 0xFF000002: DARK, 0xFF000003: CONTRAST}


def colours_of(palette: QPalette) -> Colours:
    """Return the colours that go with a widget's palette."""
    marked = _MARKS.get(palette.color(MARKER).rgba())
    if marked is not None:
        return marked
    return DARK if palette.color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def palette_of(colours: Colours) -> QPalette:
    """Return the palette that carries the colours to every widget and style."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for which, name in (
        (role.Window, colours.surface),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.sunken),
        (role.Button, colours.surface),
        (role.ToolTipBase, colours.surface),
        (role.WindowText, colours.text),
        (role.Text, colours.text),
        (role.ButtonText, colours.text),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Highlight, colours.accent_soft),
        (role.HighlightedText, colours.text),
        (role.Accent, colours.accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Light, colours.surface),
        (role.Midlight, colours.hairline),
        (role.Mid, colours.hairline),
        (role.Dark, colours.outline),
        (role.BrightText, colours.bad),
    ):
        palette.setColor(which, QColor(name))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group.Disabled, which, QColor(colours.muted))
    mark = next(rgba for rgba, marked in _MARKS.items() if marked is colours)
    palette.setColor(MARKER, QColor.fromRgba(mark))
    return palette


def text_font(*, is_bold: bool = False) -> QFont:
    font = QFont(FAMILY)
    font.setPixelSize(TEXT_PX)
    font.setWeight(QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal)
    return font


def caption_font(*, is_bold: bool = False) -> QFont:
    font = text_font(is_bold=is_bold)
    font.setPixelSize(CAPTION_PX)
    return font


def code_font() -> QFont:
    """Return the font of texts that machines read."""
    font = QFont(CODE_FAMILY)
    font.setPixelSize(CAPTION_PX)
    return font


def contrast(one: QColor, other: QColor) -> float:
    """Return the ratio of WCAG 2, from 1 to 21."""

    def luminance(colour: QColor) -> float:
        def linear(part: float) -> float:
            return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

        return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=256)
def stripe(stage_colour: str, colours: Colours) -> QColor:
    """Return a stage's colour, moved away from the surface as far as it takes to be seen on it."""
    colour = QColor(stage_colour) if QColor.isValidColorName(stage_colour) else QColor(colours.edge)
    surface, text = QColor(colours.surface), QColor(colours.text)
    for part in range(STRIPE_BLENDS):
        blended = _blend(colour, text, part / STRIPE_BLENDS)
        if contrast(blended, surface) >= LEAST_CONTRAST:
            return blended
    return text


def _blend(one: QColor, other: QColor, part: float) -> QColor:
    """Return `one` with a part, 0 to 1, of `other` in it."""
    rest = 1.0 - part
    return QColor.fromRgbF(
        one.redF() * rest + other.redF() * part,
        one.greenF() * rest + other.greenF() * part,
        one.blueF() * rest + other.blueF() * part,
    )


class Theme(QObject):
    """Dresses the application: style, fonts, palette and style sheet, after the system or as forced."""

    changed = Signal()

    def __init__(self, application: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self._scheme = scheme
        self._colours: Colours | None = None
        load_fonts()
        application.setStyle(QStyleFactory.create("Fusion"))
        application.setFont(text_font())
        application.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._dress()

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    @property
    def colours(self) -> Colours:
        return self._colours or LIGHT

    def set_scheme(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._dress()

    def toggle(self) -> None:
        """Go from what is seen now to its opposite."""
        self.set_scheme(Scheme.LIGHT if self.colours is not LIGHT else Scheme.DARK)

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Build a large window without the style sheet: Qt reads it anew for all that gets another parent."""
        sheet = self._application.styleSheet()
        self._application.setStyleSheet("")
        try:
            yield
        finally:
            self._application.setStyleSheet(sheet)

    @Slot()
    def _follow_system(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            self._dress()

    def _dress(self) -> None:
        colours = self._wanted()
        if colours is self._colours:
            return
        self._colours = colours
        self._application.setPalette(palette_of(colours))
        self._application.setStyleSheet(style_sheet.of(colours))
        self.changed.emit()

    def _wanted(self) -> Colours:
        match self._scheme:
            case Scheme.LIGHT:
                return LIGHT
            case Scheme.DARK:
                return DARK
            case Scheme.CONTRAST:
                return CONTRAST
            case Scheme.SYSTEM:
                if self._wants_contrast():
                    return CONTRAST
                is_dark = self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark
                return DARK if is_dark else LIGHT

    def _wants_contrast(self) -> bool:
        # WORKAROUND Qt tells the wish for contrast from 6.10 on; ask directly when 6.8 and 6.9 go.
        ask = getattr(self._application.styleHints(), "accessibility", None)
        wish = getattr(Qt, "ContrastPreference", None)
        return ask is not None and wish is not None and ask().contrastPreference() == wish.HighContrast
