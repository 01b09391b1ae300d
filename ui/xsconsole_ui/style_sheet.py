"""The one style sheet of the application. Widgets choose their look by the dynamic property `look`.

Looks: `primary` and `quiet` buttons, `place` buttons of the rail, `caption`, `title` and `muted` labels,
`good`, `warn` and `bad` words, `surface` and `sunken` frames, `header` of a panel, `notice` with its `state`.
No rule for items of views: delegates paint those, and such rules make every row slow.
"""

from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xsconsole_ui.theme import Colours

CAPTION = "11px"


def of(colours: "Colours") -> str:
    """Return the style sheet in these colours."""
    names = {name: getattr(colours, name) for name in colours.__slots__}
    return _SHEET.substitute(names, caption=CAPTION)


_SHEET = Template("""
QMainWindow, QDialog { background: $window; }
QMainWindow::separator { background: $hairline; width: 1px; height: 1px; margin: 0; }
QMainWindow::separator:hover { background: $accent; }
QDockWidget { border: 0; }
QDockWidget > QWidget { border: 0; }
QToolTip { background: $surface; color: $text; border: 1px solid $outline; padding: 4px 6px; }

QLabel { background: transparent; }
QLabel[look="caption"] { color: $muted; font-size: $caption; }
QLabel[look="section"] { color: $muted; font-size: $caption; font-weight: 600; }
QLabel[look="title"] { color: $text; font-weight: 600; }
QLabel[look="product"] { color: $text; font-weight: 600; }
QLabel[look="status"] { color: $muted; }
QLabel[look="muted"] { color: $muted; }
QLabel[look="fingerprint"] { color: $text; font-family: "JetBrains Mono"; font-size: 12px; }
QLabel[look="good"] { color: $good; }
QLabel[look="warn"] { color: $warn; }
QLabel[look="bad"] { color: $bad; }

QFrame[look="surface"], QWidget[look="surface"] { background: $surface; border: 0; }
QFrame[look="sunken"], QWidget[look="sunken"] { background: $sunken; border: 0; }
QFrame[look="window"], QWidget[look="window"] { background: $window; border: 0; }
QFrame[look="header"] { background: $surface; border: 0; border-bottom: 1px solid $hairline; }
QFrame[look="topbar"] { background: $surface; border: 0; border-bottom: 1px solid $hairline; }
QFrame[look="readonly"] { background: $warn_soft; border: 0; border-bottom: 1px solid $warn; }
QFrame[look="rail"] { background: $surface; border: 0; border-right: 1px solid $hairline; }
QFrame[look="footer"] { background: $surface; border: 0; border-top: 1px solid $hairline; }
QFrame[look="popup"] { background: $surface; border: 1px solid $outline; border-radius: 6px; }
QFrame[look="line"] { background: $hairline; border: 0; }
QFrame[look="notice"] { background: $surface; border: 1px solid $outline; border-radius: 8px; }
QFrame[look="notice"][state="good"] { background: $good_soft; border-color: $good; }
QFrame[look="notice"][state="warn"] { background: $warn_soft; border-color: $warn; }
QFrame[look="notice"][state="bad"] { background: $bad_soft; border-color: $bad; }

QPushButton {
    background: $surface; color: $text; border: 1px solid $outline; border-radius: 6px;
    padding: 4px 12px; min-height: 18px; outline: 0;
}
QPushButton:hover { background: $chip; }
QPushButton:pressed { background: $accent_soft; }
QPushButton:checked { background: $accent_soft; color: $accent; border-color: $accent; }
QPushButton:focus { border: 2px solid $accent; padding: 3px 11px; }
QPushButton:disabled { color: $muted; background: $window; border-color: $hairline; }
QPushButton[look="primary"] { background: $accent; color: $accent_text; border-color: $accent; font-weight: 600; }
QPushButton[look="primary"]:focus { border: 2px solid $text; }
QPushButton[look="primary"]:disabled { background: $chip; color: $muted; border-color: $hairline; }
QPushButton[look="quiet"] { background: transparent; border-color: transparent; color: $accent; padding: 4px 8px; }
QPushButton[look="quiet"]:hover { background: $accent_soft; }
QPushButton[look="quiet"]:focus { border: 2px solid $accent; padding: 3px 7px; }
QPushButton[look="quiet"]:disabled { color: $muted; }
QPushButton[look="link"] { background: transparent; border-color: transparent; color: $accent; text-align: left; }
QPushButton[look="link"] { padding: 2px 4px; }
QPushButton[look="link"]:hover { background: $accent_soft; }
QPushButton[look="link"]:focus { border: 2px solid $accent; padding: 1px 3px; }
QPushButton[look="link"]:disabled { color: $text; background: $accent_soft; }

QToolButton { background: transparent; color: $text; border: 1px solid transparent; border-radius: 6px; padding: 3px; }
QToolButton:hover { background: $chip; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $muted; }
QToolButton::menu-indicator { image: none; }
QToolButton[look="place"] { color: $muted; font-size: 10px; padding: 6px 0 4px 0; }
QLabel[look="badge"] { background: $accent; color: $accent_text; font-size: 10px; padding: 1px 4px; }
QLabel[look="badge"] { border-radius: 6px; }
QToolButton[look="place"]:checked { background: $accent_soft; color: $accent; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDateTimeEdit, QComboBox {
    background: $sunken; color: $text; border: 1px solid $outline; border-radius: 6px;
    padding: 3px 8px; min-height: 18px; selection-background-color: $accent; selection-color: $accent_text;
}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDateTimeEdit:focus, QComboBox:focus {
    border: 2px solid $accent; padding: 2px 7px;
}
QLineEdit[look="field"], QPlainTextEdit[look="field"], QComboBox[look="field"] {
    background: $surface; border: 1px solid $hairline; padding: 1px 6px;
}
QLineEdit[look="field"]:hover, QPlainTextEdit[look="field"]:hover, QComboBox[look="field"]:hover {
    border-color: $outline;
}
QLineEdit[look="field"]:focus, QPlainTextEdit[look="field"]:focus, QComboBox[look="field"]:focus {
    border: 2px solid $accent; padding: 0 5px;
}
QToolButton[look="fold"] { padding: 1px; }
QLineEdit:disabled, QPlainTextEdit:disabled, QDateTimeEdit:disabled, QComboBox:disabled {
    color: $muted; background: $window;
}
QDateTimeEdit { min-height: 20px; padding: 1px 0; }
QDateTimeEdit:focus { padding: 0; }
QSpinBox { min-height: 20px; padding: 1px 7px; }
QSpinBox:focus { padding: 0 6px; }
QDateTimeEdit::up-button, QDateTimeEdit::down-button, QSpinBox::up-button, QSpinBox::down-button {
    width: 0; border: 0;
}
QComboBox::drop-down { border: 0; width: 20px; }
/* A list below the box: the other kind is a few pixels too low for its own border, and cuts its last line. */
QComboBox { combobox-popup: 0; }
QListView[look="proposals"] { background: $surface; border: 1px solid $outline; }
QComboBox QAbstractItemView::item { min-height: 24px; padding: 0 4px; }
QComboBox QAbstractItemView::item:selected { background: $accent_soft; color: $text; }
QComboBox QAbstractItemView {
    background: $surface; border: 1px solid $outline; selection-background-color: $accent_soft;
}
QRadioButton { spacing: 8px; outline: 0; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; button-layout: 3; }
QDialogButtonBox QPushButton:default { background: $accent; color: $accent_text; border-color: $accent; }
QDialogButtonBox QPushButton:default:focus { border: 2px solid $text; }
QDialogButtonBox QPushButton:default:disabled { background: $chip; color: $muted; border-color: $hairline; }
QRadioButton::indicator {
    width: 12px; height: 12px; border: 1px solid $muted; border-radius: 7px; background: $surface;
}
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 4px solid $accent; }
QRadioButton:focus { color: $accent; }
QRadioButton::indicator:focus { border-color: $accent; }

QAbstractItemView { background: $surface; color: $text; border: 0; outline: 0; gridline-color: $hairline; }
QAbstractItemView[look="cards"] { background: transparent; }
QHeaderView { background: $surface; border: 0; }
QHeaderView::section {
    background: $surface; color: $muted; font-size: $caption; border: 0; border-bottom: 1px solid $hairline;
    padding: 0 8px; min-height: 24px;
}
QHeaderView::section:first { padding-left: 12px; }
QTableCornerButton::section { background: $surface; border: 0; }
QScrollArea { border: 0; }
QScrollBar { background: transparent; border: 0; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $outline; border: 2px solid transparent; border-radius: 5px; }
QScrollBar::handle:vertical { min-height: 28px; margin: 2px; border: 0; border-radius: 3px; }
QScrollBar::handle:horizontal { min-width: 28px; margin: 2px; border: 0; border-radius: 3px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenuBar { background: transparent; color: $text; border: 0; padding: 0; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected { background: $accent_soft; }
QMenu { background: $surface; color: $text; border: 1px solid $outline; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $hairline; margin: 4px 8px; }

QProgressBar { background: $chip; border: 0; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
QSplitter::handle { background: $hairline; }
QStatusBar { background: $surface; color: $muted; border: 0; }
QStatusBar::item { border: 0; }
QTabBar::tab {
    background: transparent; color: $muted; padding: 6px 10px; border: 0; border-bottom: 2px solid transparent;
}
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
""")
