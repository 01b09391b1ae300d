"""Publishing a version, signing it as gold master, and taking it out of the library: each asks why."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import BlueprintDraft, LibraryDesk
from xsconsole.domain.approval import Meaning
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.blueprint.standing import Shelved, needed_by
from xsconsole.domain.folding import one_line
from xsconsole.domain.words import count, instant
from xsconsole_ui import pieces
from xsconsole_ui.dialogs import Question
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.library.rows import LibraryRow
from xsconsole_ui.reason_dialog import ReasonDialog, Wording
from xsconsole_ui.texts import tr


class OtherDraft(Question):
    """Asks what to do where the draft of a blueprint began with another version than the one that is to be edited.

    `is_anew`: the draft goes, and another one begins with that version.
    """

    def __init__(self, wanted: Shelved, draft: BlueprintDraft, parent: QWidget) -> None:
        begun, name = draft.blueprint.version, one_line(draft.blueprint.name)
        super().__init__(
            parent,
            tr("Which draft?"),
            tr("There is a draft of {name} already, begun with version {begun}.").format(name=name, begun=begun),
            tr("Changed last on {at}. Where one begins with version {version}, this one is gone for good.").format(
                at=instant(draft.updated_at), version=wanted.version
            ),
            tr("Go on with the draft"),
        )
        self.is_anew = False
        self.anew = pieces.button(tr("Begin with version {version}").format(version=wanted.version), "", self)
        self.anew.clicked.connect(self._begin)
        self.row.insertWidget(self.row.indexOf(self.go), self.anew)

    @Slot()
    def _begin(self) -> None:
        self.is_anew = True
        self.accept()


class DecideDialog(ReasonDialog):
    """Signs for or against a version."""

    def __init__(self, row: LibraryRow, meaning: Meaning, jobs: Jobs, parent: QWidget) -> None:
        called = tr("{name}, version {version}").format(name=one_line(row.shelved.called), version=row.shelved.version)
        is_for = meaning is Meaning.APPROVE
        wording = Wording(
            title=tr("Sign {version} as gold master").format(version=called)
            if is_for
            else tr("Sign against {version} as gold master").format(version=called),
            text=row.shelved.gold.sentence if row.shelved.gold is not None else "",
            act=tr("Sign"),
        )
        super().__init__(wording, jobs, parent)
        self._row, self._meaning = row, meaning
        self.reason.setPlaceholderText(tr("What was tried") if is_for else tr("What would have to change"))

    async def carry_out(self) -> None:
        await self._row.desk.decide(self._row.shelved, self._meaning, self.reason.text())


class RetireDialog(ReasonDialog):
    """Takes a version out, and says which templates go with it."""

    def __init__(self, row: LibraryRow, jobs: Jobs, parent: QWidget) -> None:
        one = row.shelved
        members = one.blueprint.members if one.blueprint is not None else ()
        kept = needed_by(row.desk.library, [(one.id, one.version)])
        going = sum(member.template not in kept for member in members)
        called = tr("{name}, version {version}").format(name=one_line(one.called), version=one.version)
        going_words = tr("{templates} that only it needs go too, with their disks.").format(
            templates=count(going, "template")
        )
        parts = [going_words] if going else [tr("Its templates stay: other versions need them.")]
        if row.made:
            parts.append(tr("{made} came of it, and stay.").format(made=count(len(row.made), "configuration")))
        wording = Wording(title=tr("Retire {version}").format(version=called), text=" ".join(parts), act=tr("Retire"))
        super().__init__(wording, jobs, parent)
        self._row = row

    async def carry_out(self) -> None:
        await self._row.desk.retire(self._row.shelved.id, self._row.shelved.version, self.reason.text().strip())


class PublishDialog(ReasonDialog):
    """Asks what is other than before, and publishes. `made` is what came of it."""

    def __init__(self, desk: LibraryDesk, draft: BlueprintDraft, jobs: Jobs, parent: QWidget) -> None:
        name, begun = one_line(draft.blueprint.name), draft.blueprint.version
        text = tr("The next version is written to the pool; earlier versions and what came of them stay.")
        if begun < draft.seen:
            older = tr(
                "The draft began with version {begun}: what later ones up to version {newest} changed is not in it."
            )
            text = f"{older.format(begun=begun, newest=draft.seen)} {text}"
        wording = Wording(
            title=tr("Publish {name}").format(name=name),
            text=text,
            act=tr("Publish"),
        )
        super().__init__(wording, jobs, parent)
        self._desk, self._draft = desk, draft
        self.made: Blueprint | None = None
        self.reason.setPlaceholderText(tr("What is other than in the version before"))
        self.reason.setText(draft.blueprint.changes if draft.seen == 0 else "")

    async def carry_out(self) -> None:
        self.made = await self._desk.publish_draft(self._draft, self.reason.text())
