"""Taking a fence away, or shutting it down and keeping it: what is asked before there is a plan."""

from PySide6.QtWidgets import QWidget

from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import Undeploy
from xsconsole_ui import pieces
from xsconsole_ui.membership.dialogs import MembershipDialog

KEEP, DISCARD = "keep", "discard"


class UndeployDialog(MembershipDialog):
    """Says what would go and what stays. Whether it is meant is asked once more beside the plan."""

    def __init__(
        self, console: Console, configuration: ConfigurationId, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._configuration = configuration
        self.setWindowTitle(self.tr("Undeploy {name}").format(name=shortened(name, 60)))
        self.table.hide()
        self.what = pieces.Choice(self)
        self.form.addRow(self.tr("&What"), self.what)
        self.what.addItem(self.tr("Shut it down and keep all of it, to be redeployed"), KEEP)
        self.what.addItem(self.tr("Discard it: machines with their disks, router, networks, addresses"), DISCARD)
        self.what.currentIndexChanged.connect(self._look_soon)
        self.cancel.setFocus()
        self.look()

    def wanted(self) -> Undeploy:
        return Undeploy(configuration=self._configuration, keeps=self.what.currentData() == KEEP)


def undeploy_of(console: Console, card: Card, parent: QWidget | None = None) -> UndeployDialog:
    """Return the dialog for the fence around a card."""
    return UndeployDialog(console, card.id, card.name, parent)
