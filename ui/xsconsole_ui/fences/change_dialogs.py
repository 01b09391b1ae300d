"""Changing a fence that stands: which ports lead in, and which other fence it may speak with."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from xsconsole.console import Console, fences
from xsconsole.domain import words
from xsconsole.domain.fence.changing import is_peer
from xsconsole.domain.fence.standing import StandingFence
from xsconsole.domain.fence.typed import Port, ports_of
from xsconsole.domain.fence.values import PublishedPort
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import Connect, Publish
from xsconsole.errors import Refused
from xsconsole_ui import pieces
from xsconsole_ui.membership.dialogs import MembershipDialog


def typed(port: PublishedPort) -> str:
    """Return a port as it is typed."""
    inside = "" if port.inside_port == port.port else f":{port.inside_port}"
    return f"{port.transport.value}/{port.port}{inside}"


class PortsDialog(MembershipDialog):
    """A field for each member that is reached from outside. Where all are empty, every port leads in."""

    def __init__(self, console: Console, standing: StandingFence, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._configuration, fence = standing.configuration, standing.fence
        self.setWindowTitle(self.tr("Ports of {name}").format(name=shortened(fence.name, 60)))
        self.table.hide()
        self.ports: dict[str, QLineEdit] = {}
        for one in fence.reachable:
            given = " ".join(typed(port) for port in fence.ports if port.outside == one.outside)
            field = self.ports[one.member] = self.line(self.tr("Ports of {member}").format(member=one.member), given)
            field.setPlaceholderText(self.tr("none, or all where no member has any; such as tcp/443, tcp/80:8080"))
            self.form.addRow(f"{one.member} ({one.outside})", field)
        self._is_touched = False
        self.look()

    def wanted(self) -> Publish:
        found: dict[str, tuple[Port, ...]] = {member: ports_of(field.text()) for member, field in self.ports.items()}
        return Publish(
            configuration=self._configuration, published={member: ports for member, ports in found.items() if ports}
        )

    @Slot()
    def look(self) -> None:
        """Plan it; what cannot be read is said instead."""
        refusal: Refused | None = None
        try:
            self.wanted()
        except Refused as failure:
            refusal = failure
        if refusal is None:
            super().look()
            return
        self._soon.stop()
        self.command = None
        told = words.explain(refusal)
        self._show_plan(None)
        self.why_not.show_words("warn", told.failed, told.mend, told.details)
        self._make_room()
        self.go.setEnabled(False)
        self.go.setToolTip(self.why_not.text)


class ConnectDialog(MembershipDialog):
    """Connects a fence with another one of its pool, or parts the two where they are connected."""

    def __init__(self, console: Console, standing: StandingFence, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._standing = standing
        self.setWindowTitle(self.tr("Connect {name}").format(name=shortened(standing.fence.name, 60)))
        self.table.hide()
        known = (state.standing for state in fences.fences(console))
        others = [one for one in known if one.configuration != standing.configuration]
        self._connected = {one.configuration for one in others if is_peer(standing, one) or is_peer(one, standing)}
        self.other = pieces.Choice(self)
        self.form.addRow(self.tr("&With"), self.other)
        for one in others:
            name = one_line(one.fence.name)
            parts = self.tr("{name}: part them").format(name=name)
            self.other.addItem(parts if one.configuration in self._connected else name, one.configuration)
        self.other.currentIndexChanged.connect(self._look_soon)
        self.other.setFocus()
        self._is_touched = False
        self.look()

    def wanted(self) -> Connect:
        other = ConfigurationId(str(self.other.currentData() or ""))
        return Connect(configuration=self._standing.configuration, other=other, parts=other in self._connected)
