"""Deleting configurations for good: what is asked before there is a plan."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from xsconsole.console import Console, Estate
from xsconsole.domain.board import Card
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count
from xsconsole.engine.commands import Delete
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.membership.together import TogetherDialog
from xsconsole_ui.tick import Tick


class DeleteDialog(MembershipDialog):
    """Says what would be deleted and what stays. Whether it is meant is asked once more beside the plan."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Delete {name} with its disks").format(name=shortened(card.name, 60)))
        self.table.hide()
        self.force, self.keep = _choices(self)
        for tick in (self.force, self.keep):
            self.form.addRow(tick)
            tick.toggled.connect(self._look_soon)
        self.cancel.setFocus()
        self.look()

    def wanted(self) -> Delete:
        return _deletion(self._card, self.force, self.keep)


class DeleteAllDialog(TogetherDialog):
    """Chooses the same for several configurations, whose plans then come as one."""

    def __init__(self, console: Estate, cards: Sequence[Card], parent: QWidget | None = None) -> None:
        super().__init__(console, cards, parent)
        number = count(len(cards), "configuration")
        self.setWindowTitle(self.tr("Delete {number} with their disks").format(number=number))
        self.force, self.keep = _choices(self)
        for tick in (self.force, self.keep):
            self.form.addRow(tick)
        self.cancel.setFocus()

    def wanted(self) -> tuple[Delete, ...]:
        return tuple(_deletion(card, self.force, self.keep) for card in self.cards)


def _choices(dialog: QWidget) -> tuple[Tick, Tick]:
    force = Tick(dialog.tr("Switch off what does not answer to a shutdown"), dialog)
    return force, Tick(dialog.tr("Keep the restore points, as plain snapshots"), dialog)


def _deletion(card: Card, force: Tick, keep: Tick) -> Delete:
    return Delete(
        configuration=card.id,
        revision=card.revision,
        is_forced=force.isChecked(),
        keeps_points=keep.isChecked(),
    )
