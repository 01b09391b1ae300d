"""The actions as Qt knows them, kept in step with what the user has before them."""

from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from xsconsole_ui import pieces
from xsconsole_ui.actions import ALL
from xsconsole_ui.mnemonics import unmarked
from xsconsole_ui.resources import icon
from xsconsole_ui.situation import Action, DraftSituation, Hands, Menu, Situation, Submenu
from xsconsole_ui.texts import tr
from xsconsole_ui.theme import Colours

ICON_PX = 20


class UserAction(QAction):
    """An `Action` as Qt knows it. It is disabled with its reason in tooltip and status tip."""

    def __init__(self, action: Action, owner: "Actions") -> None:
        super().__init__(tr(action.text), owner)
        self.action = action
        self._owner = owner
        self._told = ""
        self.setObjectName(action.id)
        if action.shortcut:
            self.setShortcut(QKeySequence(action.shortcut))
        if action.place:
            # The place takes its keys itself; this only keeps menus from taking them everywhere else.
            self.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys = self.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self._keys = f" ({keys})" if keys else ""
        self.triggered.connect(self._perform)

    @property
    def why_not(self) -> str:
        return tr(self.action.why_not(self._owner.situation))

    def follow(self, situation: Situation) -> None:
        why_not = tr(self.action.why_not(situation))
        name = self.action.named(situation) if self.action.named else tr(self.action.text)
        tip = (tr(self.action.tip) or unmarked(name)) + self._keys
        if self.text() != name:
            self.setText(name)
        self.setEnabled(not why_not)
        told = why_not or tip
        if self._told != told:
            self._told = told
            self.setToolTip(pieces.hint(told))
            self.setStatusTip(told.replace("\n", " "))

    @Slot()
    def _perform(self) -> None:
        self.action.perform(self._owner.situation, self._owner.hands)


class Actions(QObject):
    """All actions, kept in step with the situation."""

    def __init__(self, hands: Hands, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hands = hands
        self.situation = Situation()
        self._made = {action.id: UserAction(action, self) for action in ALL}
        self.follow(self.situation)

    def __getitem__(self, action: Action) -> UserAction:
        return self._made[action.id]

    def of_keys(self, place: str, keys: QKeySequence) -> UserAction | None:
        """Return the action of a place that has this shortcut."""
        own = (made for made in self._made.values() if made.action.place == place)
        return next((made for made in own if made.shortcut() == keys), None)

    def fill(self, menu: QMenu, listed: Menu) -> None:
        menu.setToolTipsVisible(True)
        for one in listed:
            if one is None:
                menu.addSeparator()
            elif isinstance(one, Submenu):
                self.fill(menu.addMenu(tr(one.text)), one.actions)
            else:
                menu.addAction(self[one])

    @property
    def everywhere(self) -> tuple[UserAction, ...]:
        """Those whose shortcuts work in the whole window."""
        return tuple(made for made in self._made.values() if not made.action.place)

    @property
    def all(self) -> tuple[UserAction, ...]:
        return tuple(self._made.values())

    def follow(self, situation: Situation) -> None:
        self.situation = situation
        for made in self._made.values():
            made.follow(situation)

    def follow_draft(self, draft: DraftSituation) -> None:
        """Follow what is open in the designer; nothing else has changed."""
        if draft != self.situation.draft:
            self.follow(replace(self.situation, draft=draft))

    def dress(self, colours: Colours) -> None:
        for made in self._made.values():
            if made.action.icon:
                made.setIcon(icon(made.action.icon, colours.muted, ICON_PX, checked=colours.accent))

    def refused_by(self, keys: QKeySequence) -> str:
        """Return why the action of this shortcut cannot be used now; empty where none is, or it can."""
        for made in self.everywhere:
            if not made.isEnabled() and made.shortcut() == keys:
                return made.why_not
        return ""
