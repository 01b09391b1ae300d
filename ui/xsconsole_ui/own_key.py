"""The key by which this console signs: shown, copied, and given to whoever edits the workflow."""

from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Console, Estate, write_key
from xsconsole.domain.enrolment import NAME_LIMIT, KeyFile, key_file
from xsconsole.domain.folding import one_line
from xsconsole.domain.signing import owner_of
from xsconsole.domain.words import listing
from xsconsole_ui import pieces, theme
from xsconsole_ui.flow import Flow
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Papers
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.export import file_name

WIDTH = 680  # px
GROUP = 4  # digits


def in_groups(fingerprint: str) -> str:
    """Return the digits of a key as people compare them: by fours."""
    groups = [fingerprint[at : at + GROUP] for at in range(0, len(fingerprint), GROUP)]
    return " ".join(groups)


def key_kinds() -> str:
    return tr("Keys (*.key *.json)")


def whose_words(estate: Estate) -> list[str]:
    """Return for each pool to whom its workflow pins this console's key, and what follows from that."""
    key, told = estate.home.key_fingerprint, []
    for console in estate.pools:
        pool = estate.pool_name(console)
        words = _whose(console, key)
        told.append(tr("{pool}: {words}").format(pool=one_line(pool), words=words) if pool else words)
    return told


def _whose(console: Console, key: str) -> str:
    workflow = console.board.workflow
    if workflow is None or not console.board.is_published:
        return tr("No workflow is published there yet, so nobody's key counts.")
    holders = [person for person in workflow.people if key in person.fingerprints]
    names = listing(tuple(one_line(person.name) for person in holders))
    if not holders:
        told = tr("Version {version} of the workflow pins it to nobody: what you decide does not count until one does.")
        return told.format(version=workflow.version)
    if owner_of(key, workflow.people) is None:
        told = tr("Version {version} of the workflow pins it to {names} together, so it counts as nobody's.")
        return told.format(version=workflow.version, names=names)
    groups = tuple(one_line(group.name) for group in workflow.groups if holders[0].id in group.people)
    told = tr("Version {version} of the workflow pins it to {names}, of {groups}.")
    if not groups:
        told = tr("Version {version} of the workflow pins it to {names}.")
    return told.format(version=workflow.version, names=names, groups=listing(groups))


class OwnKeyDialog(QDialog):
    """To be opened with `open()`. Accepted where the key is to be pinned in the draft that is open here."""

    def __init__(self, estate: Estate, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._home, self._jobs = estate.home, jobs
        self.papers = Papers(self, key_kinds(), "key")
        self.setWindowTitle(self.tr("Your key"))
        self.setMinimumWidth(WIDTH)
        about = self.tr(
            "By this key this console signs what you ask for and decide. Whoever edits the workflow pins it to you; "
            "until that is published, nothing you decide counts."
        )
        self.about = pieces.wrapped(about, "", self)
        self.shown = pieces.label(in_groups(self._home.key_fingerprint), "fingerprint", self)
        self.shown.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.shown.setAccessibleName(self.tr("Fingerprint of your key, SHA-256"))
        self.copy = pieces.button(self.tr("&Copy"), "", self)
        self.whose = pieces.wrapped(pieces.breakable("\n".join(whose_words(estate))), "title", self)
        identity = estate.identity
        self.name = QLineEdit(one_line(identity.actor) if identity is not None else "", self)
        self.name.setMaxLength(NAME_LIMIT)
        self.name.setPlaceholderText(self.tr("Your name"))
        self.name.setAccessibleName(self.tr("Whose key it is"))
        self.advice = pieces.wrapped(
            self.tr(
                "Give the file to whoever edits the workflow, and tell them the first digits by another way than the "
                "file takes: on the phone, for instance."
            ),
            "muted",
            self,
        )
        self.save = pieces.button(self.tr("&Save as a file…"), "primary", self)
        self.enrol = pieces.button(self.tr("&Pin it in the draft here…"), "", self)
        self.enrol.setToolTip(self.tr("Where you edit the workflow yourself."))
        self.close_button = pieces.button(self.tr("Close"), "", self)
        self.said = pieces.wrapped(" ", "good", self)  # keeps its room
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._save)
        self.enrol.clicked.connect(self.accept)
        self.close_button.clicked.connect(self.reject)
        self.name.textChanged.connect(self._look)
        self._lay_out()
        self._look()
        self.name.setFocus()

    def _lay_out(self) -> None:
        margin = theme.MARGIN
        column = QVBoxLayout(self)
        column.setContentsMargins(0, margin, 0, margin)
        column.setSpacing(theme.GAP)
        key = QHBoxLayout()
        key.setSpacing(theme.GAP)
        head = QVBoxLayout()
        head.setContentsMargins(margin, 0, margin, 0)
        head.setSpacing(theme.GAP)
        foot = QVBoxLayout()
        foot.setContentsMargins(margin, 0, margin, 0)
        foot.setSpacing(theme.GAP)
        buttons = QWidget(self)
        row = Flow(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        for button in (self.save, self.enrol, self.close_button):
            button.setAutoDefault(True)
            row.addWidget(button)
        column.addLayout(head)
        head.addWidget(self.about)
        head.addLayout(key)
        key.addWidget(self.shown)
        key.addStretch(1)
        key.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.whose)
        column.addWidget(pieces.Line(self))
        column.addLayout(foot)
        foot.addWidget(pieces.label(self.tr("Your name, for whoever pins it"), "caption", self))
        for widget in (self.name, self.advice, self.said):
            foot.addWidget(widget)
        foot.addWidget(buttons)

    @property
    def file(self) -> KeyFile:
        """Return the key under the name that is typed."""
        return key_file(self._home.signer, self.name.text().strip())

    @Slot()
    def _look(self) -> None:
        missing = "" if self.name.text().strip() else self.tr("Say whose key it is.")
        for button in (self.save, self.enrol):
            button.setEnabled(not missing)
        self.save.setToolTip(missing)
        self._say("")

    def _say(self, text: str) -> None:
        self.said.setText(text or " ")

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._home.key_fingerprint)
        self._say(self.tr("Copied."))

    @Slot()
    def _save(self) -> None:
        self._jobs.start(self._write(), "write a key")

    async def _write(self) -> None:
        file = self.file
        path = await self.papers.write(
            partial(write_key, file), self.tr("Save your key"), f"{file_name(self.name.text().strip())}.key"
        )
        if path is not None:
            self._say(self.tr("Your key is in {path}.").format(path=path))
