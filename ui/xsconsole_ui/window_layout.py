"""Where the parts of the window stand at first: the rail, the centre, the docks, the bottom line."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from xsconsole_ui import actions, pieces
from xsconsole_ui.notices import Notices
from xsconsole_ui.situation import Action
from xsconsole_ui.sizing import FRAME

# What the rail leads to, from above.
PLACES: Mapping[str, Action] = {
    "board": actions.GO_BOARD,
    "workflow": actions.GO_WORKFLOW,
    "audit": actions.GO_AUDIT,
    "health": actions.GO_HEALTH,
    "inbox": actions.GO_INBOX,
    "archive": actions.GO_ARCHIVE,
    "library": actions.GO_LIBRARY,
    "fences": actions.GO_FENCES,
}

FIRST_SIZE = QSize(1440, 900)
RAIL_WIDTH = 57
RAIL_ICON = 20
SIDE_WIDTHS = (272, 312)  # px, of the inventory and the inspector
ACTIVITY_HEIGHT = 132  # px

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


def add_rail(window: QMainWindow, title: str, places: Sequence[QAction]) -> QToolBar:
    """Put a button for each place at the left edge; one of them is always on."""
    rail = QToolBar(title, window)
    rail.setObjectName("places")
    rail.setMovable(False)
    rail.setFixedWidth(RAIL_WIDTH)
    rail.setIconSize(QSize(RAIL_ICON, RAIL_ICON))
    rail.toggleViewAction().setVisible(False)
    group = QActionGroup(window)
    for place in places:
        place.setCheckable(True)
        group.addAction(place)
        button = QToolButton(window)
        button.setProperty("look", "place")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setDefaultAction(place)
        button.setMinimumWidth(RAIL_WIDTH - 9)
        rail.addWidget(button)
    places[0].setChecked(True)
    window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, rail)
    return rail


def button_of(rail: QToolBar, place: QAction) -> QToolButton:
    """Return the button of a place."""
    buttons = (rail.widgetForAction(action) for action in rail.actions())
    return next(one for one in buttons if isinstance(one, QToolButton) and one.defaultAction() is place)


def set_centre(window: QMainWindow, notices: Notices, banner: QWidget, pages: Sequence[QWidget]) -> QStackedWidget:
    """Make the centre: the banner, and the place that is on show, with notices over its foot."""
    stack = QStackedWidget(window)
    for page in pages:
        stack.addWidget(page)
    centre = QWidget(window)
    column = QVBoxLayout(centre)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(banner)
    column.addWidget(stack, 1)
    notices.lie_over(centre, stack)
    window.setCentralWidget(centre)
    return stack


def add_docks(
    window: QMainWindow, *, inventory: pieces.Panel, inspector: pieces.Panel, activity: pieces.Panel
) -> Mapping[str, QDockWidget]:
    """Put the panels around the centre; the activity lies under the centre only."""
    window.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
    window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
    docks = (
        _dock(window, "inventory", inventory, LEFT),
        _dock(window, "inspector", inspector, RIGHT),
        _dock(window, "activity", activity, BOTTOM),
    )
    window.resize(first_size(window.screen().availableSize()))
    window.resizeDocks(docks[:2], SIDE_WIDTHS, Qt.Orientation.Horizontal)
    window.resizeDocks(docks[2:], [ACTIVITY_HEIGHT], Qt.Orientation.Vertical)
    return {dock.objectName(): dock for dock in docks}


def first_size(available: QSize) -> QSize:
    """Return the size to open with on a screen that has so much room, less what the desktop puts around a window."""
    return FIRST_SIZE.boundedTo(available - FRAME)


def _dock(window: QMainWindow, name: str, panel: pieces.Panel, area: Qt.DockWidgetArea) -> QDockWidget:
    dock = QDockWidget(name.capitalize(), window)
    dock.setObjectName(name)
    dock.setTitleBarWidget(panel.header)
    dock.setWidget(panel)
    window.addDockWidget(area, dock)
    return dock


def panels_after(panels: Sequence[QWidget], focused: QWidget | None) -> tuple[QWidget, ...]:
    """Return the panels that can be seen, from the one after that which has the keyboard round to it."""
    seen = [panel for panel in panels if panel.isVisible()]
    here = next((at for at, panel in enumerate(seen) if focused and panel.isAncestorOf(focused)), -1)
    return (*seen[here + 1 :], *seen[: here + 1])


def focus_into(panel: QWidget) -> bool:
    """Give the keyboard to the first part of a panel that takes it; whether there was one."""
    part: QWidget | None = panel
    for _ in range(1000):
        part = part.nextInFocusChain() if part is not None else None
        if part is None or part is panel:
            return False
        takes = bool(part.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if takes and panel.isAncestorOf(part) and part.isVisible() and part.isEnabled():
            part.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
    return False
