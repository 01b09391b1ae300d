"""The ground of fences: what they look out on, their addresses, the router's template, the subnets of the originals."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Console, Estate, fences
from xsconsole.domain import words
from xsconsole.domain.disks import disks_of
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.standing import GroundDocument
from xsconsole.domain.fence.tags import carriers
from xsconsole.domain.fence.typed import address_of, addresses_of, network_of, networks_of, tags_of
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM, Network
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.fences.original_fields import OriginalFields, known_networks
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.sizing import fit_on_screen

SIZE = (680, 640)  # px
TYPING_MS = 80
LEAST_ORIGINALS = 90  # px
MOST_FINDINGS = 80  # px: the dialog fits a small screen, whatever is to be said of it


class GroundDialog(QDialog):
    """Edits the ground of one pool, with what is wrong with it. Closes itself once it is written."""

    def __init__(self, console: Estate, first: Console, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._consoles = [one for one in console.pools if one.identity is not None] or [first]
        self._seen: GroundDocument | None = None
        self._is_over = self._is_touched = False
        self.setWindowTitle(self.tr("What fences are built on"))
        fit_on_screen(self, SIZE)
        self.pool, self.outside, self.router = pieces.Choice(self), pieces.Choice(self), pieces.Choice(self)
        self.trunk = pieces.Choice(self)
        for one in self._consoles:
            self.pool.addItem(one_line(console.sight_of(one).name))
        self.pool.setCurrentIndex(self._consoles.index(first) if first in self._consoles else 0)
        self.subnet, self.gateway, self.addresses = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.barred, self.servers, self.tags = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.reason = QLineEdit(self)
        self.lines = (self.subnet, self.gateway, self.addresses, self.barred, self.servers, self.tags)
        self.originals = OriginalFields((), self)
        self.page = UprightPage(self.originals, self)
        self.page.setMinimumHeight(LEAST_ORIGINALS)
        self.why_not = pieces.Notice(self)
        self.findings = RowsView(self.tr("What is to be said of it"), self)
        self.findings.most_height = MOST_FINDINGS
        self.version = pieces.label("", "caption", self)
        self.go = pieces.button(self.tr("Write"), "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self._soon = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
        self._soon.timeout.connect(self.look)
        self.pool.currentIndexChanged.connect(self._fill)
        for choice in (self.outside, self.router, self.trunk):
            choice.currentIndexChanged.connect(self._look_soon)
        for line in self.lines:
            line.textChanged.connect(self._look_soon)
        self.go.clicked.connect(self._write)
        self.cancel.clicked.connect(self.reject)
        self.finished.connect(self._leave)
        self._fill()
        self.outside.setFocus()

    def _lay_out(self) -> None:
        column, form, foot = QVBoxLayout(self), QFormLayout(), QHBoxLayout()
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        form.setSpacing(theme.GAP)
        column.addLayout(form)
        rows: list[tuple[str, QWidget, str]] = [
            (self.tr("&Outside network"), self.outside, ""),
            (self.tr("&Subnet there"), self.subnet, self.tr("such as 192.168.50.0/24")),
            (self.tr("&Gateway there"), self.gateway, self.tr("none: nothing beyond that subnet")),
            (self.tr("&Addresses for fences"), self.addresses, self.tr("of that subnet, that nobody else has")),
            (self.tr("&Barred networks"), self.barred, self.tr("such as production's own: 10.0.0.0/8")),
            (self.tr("&Name servers"), self.servers, self.tr("that routers may ask")),
            (self.tr("&Router template"), self.router, ""),
            (self.tr("&VLAN tags"), self.tags, self.tr("such as 3000-3099, of nobody else; none: fences on one host")),
            (self.tr("&Carried by"), self.trunk, ""),
        ]
        if len(self._consoles) > 1:
            rows.insert(0, (self.tr("&Pool"), self.pool, ""))
        self.pool.setVisible(len(self._consoles) > 1)
        for name, field, hint in rows:
            field.setAccessibleName(name.replace("&", ""))
            if isinstance(field, QLineEdit):
                field.setPlaceholderText(hint)
            form.addRow(name, field)
        column.addWidget(pieces.label(self.tr("Networks that configurations stand on"), "section", self))
        column.addWidget(self.page, 1)
        column.addWidget(self.why_not)
        column.addWidget(self.findings)
        column.addWidget(self.reason)
        self.reason.setPlaceholderText(self.tr("Reason, for the record"))
        self.reason.setAccessibleName(self.tr("Reason, for the record"))
        column.addLayout(foot)
        foot.addWidget(self.version)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.go)

    @property
    def console(self) -> Console:
        return self._consoles[max(0, self.pool.currentIndex())]

    @Slot()
    def _fill(self) -> None:
        """Show the ground of the pool that is chosen, as it stands."""
        self._seen = found = fences.ground_of(self.console)
        ground, inventory = (None if found is None else found.ground), self.console.inventory
        outside = [one for one in inventory.all(Network) if one.PIFs]
        templates = [vm for vm in inventory.all(VM) if vm.is_a_template and not vm.is_a_snapshot]
        templates = [vm for vm in templates if disks_of(inventory, vm)]
        self.outside.clear()
        self.router.clear()
        self.router.addItem(self.tr("None: no fence with a gateway"), "")
        self.trunk.clear()
        self.trunk.addItem(self.tr("None: each fence on one host"), "")
        carrying = carriers(inventory)
        for choice, known in (
            (self.outside, [(one.name_label, one.uuid) for one in outside]),
            (self.trunk, [(one.name_label, one.uuid) for one in carrying]),
            (self.router, [(vm.name_label, vm.uuid) for vm in templates]),
        ):
            for name, uuid in sorted(known, key=lambda one: natural(one[0])):
                choice.addItem(one_line(name), uuid)
        texts = ("", "", "", "", "", "")
        if ground is not None:
            _choose(self.outside, ground.outside, one_line(ground.outside_name))
            _choose(self.router, ground.router or Uuid(""), self.tr("a template that is gone"))
            _choose(self.trunk, ground.trunk or Uuid(""), one_line(ground.trunk_name))
            lists = (ground.pool, ground.barred, ground.name_servers)
            pool, barred, servers = (", ".join(map(str, values)) for values in lists)
            tags = "-".join(map(str, ground.vlans)) if ground.vlans is not None else ""
            texts = (str(ground.subnet), str(ground.gateway or ""), pool, barred, servers, tags)
        for line, text in zip(self.lines, texts, strict=True):
            line.setText(text)
        self.originals = OriginalFields(known_networks(self.console, ground))
        self.originals.changed.connect(self._look_soon)
        self.page.setWidget(self.originals)
        told = self.tr("Version {n} of {who}, {when}")
        self.version.setText(
            self.tr("Nobody has written one yet.")
            if found is None
            else told.format(n=found.version, who=one_line(found.by), when=times.clock_time(found.at))
        )
        self._is_touched = False
        self.look()

    def ground(self) -> Ground:
        """Return what is typed.

        Raises:
            Refused: a field cannot be read, or one that is needed is empty.
        """
        subnet = network_of(self.subnet.text())
        if subnet is None:
            raise Refused(
                reason=self.tr("The subnet of the outside network is not said."), mend=self.tr("Write it in.")
            )
        return Ground(
            outside=Uuid(str(self.outside.currentData() or "")),
            outside_name=self.outside.currentText(),
            subnet=subnet,
            pool=networks_of(self.addresses.text()),
            gateway=address_of(self.gateway.text()),
            barred=networks_of(self.barred.text()),
            name_servers=addresses_of(self.servers.text()),
            router=Uuid(str(self.router.currentData())) if self.router.currentData() else None,
            vlans=tags_of(self.tags.text()),
            originals=self.originals.originals(),
            trunk=Uuid(str(self.trunk.currentData())) if self.trunk.currentData() else None,
            trunk_name=self.trunk.currentText() if self.trunk.currentData() else "",
        )

    @Slot()
    def _look_soon(self) -> None:
        self._is_touched = True
        self.go.setEnabled(True)
        self._soon.start()

    @Slot()
    def look(self) -> None:
        """Say what is wrong with what is typed now."""
        self._soon.stop()
        try:
            found = fences.findings_of(self.console, self.ground(), self._consoles)
        except Refused as refusal:
            self._refuse(refusal)
            return
        self.why_not.hide()
        self.findings.show_rows(
            [
                Row(mark=Mark.FAILED if one.is_error else Mark.WARNING, text=f"{one.sentence} {one.mend}")
                for one in found
            ]
        )
        self.findings.setVisible(bool(found))
        wrong = next((one.sentence for one in found if one.is_error), "")
        self.go.setEnabled(not wrong)
        self.go.setToolTip(wrong)

    def _refuse(self, error: ConsoleError) -> None:
        told = words.explain(error)
        self.why_not.show_words("warn" if self._is_touched else "", told.failed, told.mend, told.details)
        self.why_not.show()
        self.findings.setVisible(False)
        self.go.setEnabled(False)
        self.go.setToolTip(self.why_not.text)

    @Slot()
    def _write(self) -> None:
        self.look()
        if self.go.isEnabled():
            self.go.setEnabled(False)
            self._jobs.start(self._written(self.ground()), "write the ground of fences")

    async def _written(self, ground: Ground) -> None:
        try:
            await fences.write_ground(self.console, ground, self._seen, self.reason.text().strip())
        except ConsoleError as error:
            if not self._is_over:
                self._is_touched = True
                self._refuse(error)
        else:
            if not self._is_over:
                self.accept()

    @Slot()
    def _leave(self) -> None:
        self._is_over = True


def _choose(choice: pieces.Choice, uuid: Uuid, otherwise: str) -> None:
    """Choose what a ground names; what is gone stays named as it was."""
    if choice.findData(uuid) < 0:
        choice.addItem(otherwise, uuid)
    choice.setCurrentIndex(choice.findData(uuid))
