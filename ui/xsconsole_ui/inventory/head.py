"""What stands above the list: the choice of views, the menus of searches and columns, and the filter."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.inventory_items import Item
from xsconsole.domain.outline.views import View
from xsconsole.domain.query.fields import Schema
from xsconsole_ui import pieces, theme
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.inventory.captions import VIEW_HINTS, VIEW_NAMES
from xsconsole_ui.inventory.column_menu import ColumnMenu
from xsconsole_ui.inventory.search_menu import SearchMenu
from xsconsole_ui.resources import icon

TOOL_PX = 16


class Head(QFrame):
    def __init__(
        self,
        console: Estate,
        schema: Schema[Item],
        values: Callable[[str], Iterable[str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("look", "surface")
        self.views = pieces.Choice(self)
        self.views.setAccessibleName(self.tr("View"))
        for view in View:
            self.views.addItem(self.tr(VIEW_NAMES[view]), view)
            self.views.setItemData(self.views.count() - 1, self.tr(VIEW_HINTS[view]), Qt.ItemDataRole.ToolTipRole)
        self.filter: FilterField[Item] = FilterField(
            schema, self.tr("Filter of the inventory"), self.tr("Filter"), self, values=values
        )
        self.search_menu = SearchMenu(console, self.filter.text, self)
        self.columns_menu = ColumnMenu(self.tr("Columns"), self)
        self.searches = _tool(self.tr("Saved and latest searches"), self.search_menu, self)
        self.options = _tool(self.tr("Columns and order"), self.columns_menu, self)
        tools = QHBoxLayout()
        tools.setSpacing(theme.SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addLayout(tools)
        tools.addWidget(self.views, 1)
        for button in (self.searches, self.options):
            tools.addWidget(button)
        column.addWidget(self.filter)

    def dress(self, colours: theme.Colours) -> None:
        self.searches.setIcon(icon("search", colours.muted, TOOL_PX))
        self.options.setIcon(icon("columns", colours.muted, TOOL_PX))

    def show_view(self, view: View) -> None:
        self.views.setCurrentIndex(self.views.findData(view))


def _tool(name: str, menu: QMenu, parent: QWidget) -> QToolButton:
    """Return a small button that opens a menu."""
    made = QToolButton(parent)
    made.setIconSize(QSize(TOOL_PX, TOOL_PX))
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setMenu(menu)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
