"""A draft of a blueprint: its parts at the left, one as a form, what is wrong and what it comes to beside it."""

from collections.abc import Coroutine
from itertools import pairwise

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from xsconsole.console import BlueprintDraft, LibraryDesk
from xsconsole.domain import words
from xsconsole.domain.blueprint import Blueprint, FilledMember, Member, Parameter, Surroundings, fill
from xsconsole.domain.blueprint.edits import (
    Part,
    add_member,
    add_parameter,
    with_member,
    with_parameter,
    with_samples,
    without_member,
    without_parameter,
)
from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.dialogs import Question, answered
from xsconsole_ui.jobs import Jobs, told_in
from xsconsole_ui.library.detail import code_paper
from xsconsole_ui.library.dialogs import PublishDialog
from xsconsole_ui.library.form import PartForm
from xsconsole_ui.library.parts import PartRow, columns_of_findings, columns_of_parts, rows_of
from xsconsole_ui.list_model import ListModel
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr
from xsconsole_ui.timers import one_shot

SIZE = (1120, 760)  # px
SAVE_MS = 400
LOOK_MS = 150
LEAST = 120


class EditDialog(QDialog):
    """Keeps the draft after each change. `published` is what was published. To be opened with `open()`."""

    def __init__(self, desk: LibraryDesk, draft: BlueprintDraft, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._jobs, self._seen = desk, jobs, draft.seen
        self.blueprint = draft.blueprint
        self.published: Blueprint | None = None
        self.question: QDialog | None = None
        name, begun = one_line(draft.blueprint.name), draft.blueprint.version
        title = self.tr("Draft of {name}, begun with version {begun}") if draft.seen else self.tr("Draft of {name}")
        self.setWindowTitle(title.format(name=name, begun=begun))
        fit_on_screen(self, SIZE)
        self.parts = ListModel(columns_of_parts(), self)
        self.list = DenseTable(self.parts, self.tr("Parts"), self.parts.widths, self, least_elastic=LEAST)
        self.form = PartForm(self)
        self.findings = ListModel(columns_of_findings(), self)
        self.wrong = DenseTable(self.findings, self.tr("Findings"), self.findings.widths, self, least_elastic=LEAST)
        self.whole = pieces.wrapped("", "muted", self)
        self.preview = code_paper(self)
        self.preview.setReadOnly(True)
        self.preview.setAccessibleName(self.tr("As it comes with the defaults"))
        self.summary = pieces.label("", "section", self)
        self.news = pieces.Notice(self, can_close=True)
        self.news.closed.connect(self.news.hide)
        self.add = pieces.button(self.tr("Add &parameter"), "", self)
        self.add_machine = pieces.button(self.tr("Add &member"), "", self)
        self.remove = pieces.button(self.tr("&Take out"), "", self)
        self.discard = pieces.button(self.tr("Discard draft…"), "quiet", self)
        self.close_ = pieces.button(self.tr("Close"), "", self)
        self.close_.setToolTip(self.tr("The draft is kept in this home"))
        self.publish = pieces.button(self.tr("P&ublish…"), "primary", self)
        self._save_soon = one_shot(self, self._save, SAVE_MS)
        self._form_soon = one_shot(self, self._show_template, 0)
        self._look_soon = one_shot(self, self._renew, LOOK_MS)
        self._why_not = ""  # nothing is published
        self._lay_out()
        self.list.selectionModel().selectionChanged.connect(self._show_part)
        self.wrong.opened.connect(self._follow)
        self.wrong.selectionModel().selectionChanged.connect(self._tell_whole)
        self.form.changed.connect(self._take)
        self.form.understood.connect(self._offer_publishing)
        self.add.clicked.connect(self._add)
        self.add_machine.clicked.connect(self._add_member)
        self.remove.clicked.connect(self._remove)
        self.discard.clicked.connect(self._discard)
        self.close_.clicked.connect(self._leave)
        self.publish.clicked.connect(self._publish)
        self._renew()
        self.list.selectRow(0)

    def _lay_out(self) -> None:
        left, right = QWidget(self), QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setContentsMargins(theme.GAP, 0, theme.GAP, 0)
        column.addLayout(row)
        row.addWidget(self.add)
        row.addWidget(self.add_machine)
        row.addStretch(1)
        below = QHBoxLayout()
        below.setContentsMargins(theme.GAP, 0, theme.GAP, 0)
        column.addLayout(below)
        below.addWidget(self.remove)
        below.addStretch(1)
        aside = QVBoxLayout(right)
        aside.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        aside.setSpacing(theme.GAP)
        aside.addWidget(self.summary)
        aside.addWidget(self.wrong, 2)
        aside.addWidget(self.whole)
        aside.addWidget(pieces.label(self.tr("As it comes with the defaults"), "section", self))
        aside.addWidget(self.preview, 3)
        parts = QSplitter(Qt.Orientation.Horizontal, self)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        for part, share in ((left, 2), (self.form, 4), (right, 3)):
            parts.addWidget(part)
            parts.setStretchFactor(parts.count() - 1, share)
        parts.setSizes([230, 500, 380])
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        foot.setSpacing(theme.GAP)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.news)
        whole.addWidget(parts, 1)
        whole.addWidget(pieces.Line(self))
        whole.addLayout(foot)
        foot.addWidget(self.discard)
        foot.addStretch(1)
        foot.addWidget(self.close_)
        foot.addWidget(self.publish)

    # What is shown

    @property
    def chosen(self) -> PartRow | None:
        rows = self.list.selected_rows()
        return self.parts.row(rows[0]) if len(rows) == 1 else None

    def part(self, row: PartRow) -> Part | None:
        match row.kind:
            case "parameter":
                return self.blueprint.parameter(row.id)
            case "member":
                return self.blueprint.member(row.id)
            case _:
                return self.blueprint

    def _renew(self) -> None:
        """Look at all of it again."""
        found = sorted(self._desk.look(self.blueprint), key=lambda one: not one.is_error)
        self.findings.show_rows(found)
        self._tell_whole()
        rows = rows_of(self.blueprint, found)
        was = self.chosen
        self.parts.show_rows(rows)
        if was is not None and self.chosen is None:
            at = next((at for at, row in enumerate(rows) if (row.kind, row.id) == (was.kind, was.id)), 0)
            self.list.selectRow(at)
        errors = sum(one.is_error for one in found)
        told = self.tr("Nothing is wrong with it") if not found else words.count(len(found), "finding")
        self.summary.setText(told)
        self._why_not = (
            self.tr("{errors} to be mended first").format(errors=words.count(errors, "error")) if errors else ""
        )
        self._offer_publishing()
        self._show_preview()

    @Slot()
    def _offer_publishing(self) -> None:
        """Nothing is published beside a field in which something else stands than in the draft."""
        why_not = self._why_not if self.form.is_understood else self.tr("What is typed in the form is not understood")
        self.publish.setEnabled(not why_not)
        self.publish.setToolTip(why_not)

    @Slot()
    def _show_part(self) -> None:
        row = self.chosen
        part = self.part(row) if row is not None else None
        if part is not None:
            self.form.show_part(part, self.blueprint, self._desk.templates)
            self._order_tabs()
        self.remove.setEnabled(row is not None and row.kind != "blueprint")
        self._show_preview()

    def _order_tabs(self) -> None:
        """Let Tab go through the form after the list; its fields may be new."""
        rest = (
            self.add,
            self.add_machine,
            self.remove,
            self.wrong,
            self.preview,
            self.discard,
            self.close_,
            self.publish,
        )
        chain: list[QWidget] = [self.list, *self.form.editors.values(), *rest]
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)

    def _show_preview(self) -> None:
        """Show what the member that is chosen comes to, or the names of all."""
        around = Surroundings(configuration=self.blueprint.name, version="1.0", stage="staging")
        filled = fill(with_samples(self.blueprint), {}, around)
        row = self.chosen
        wanted = row.id if row is not None and row.kind == "member" else ""
        lines = [one.sentence for one in filled.findings if wanted in ("", one.member) or not one.member]
        for member in filled.members:
            if wanted in ("", member.id):
                lines.append(_in_short(member))
            if wanted == member.id:
                lines += ["", member.user_data, member.network_config]
        self.preview.setPlainText("\n".join(lines).rstrip())

    @Slot()
    def _tell_whole(self) -> None:
        """Say all of the finding that is chosen, or of the first one."""
        rows = self.wrong.selected_rows() or [0]
        finding = self.findings.row(rows[0]) if self.findings.rowCount() else None
        self.whole.setText(f"{finding.sentence} {finding.mend}" if finding is not None else "")

    @Slot(QModelIndex)
    def _follow(self, index: QModelIndex) -> None:
        finding = self.findings.row(index.row())
        if finding is None:
            return
        for at in range(self.parts.rowCount()):
            row = self.parts.row(at)
            if row is not None and (
                (row.kind == "member" and row.id == finding.member)
                or (row.kind == "parameter" and not finding.member and row.id == finding.parameter)
                or (row.kind == "blueprint" and not (finding.member or finding.parameter))
            ):
                self.list.selectRow(at)
                self.form.focus_on(finding.field)

    # What is done

    @Slot(object, object)
    def _take(self, before: Part, part: Part) -> None:
        match part:
            case Parameter() if isinstance(before, Parameter):
                changed = with_parameter(self.blueprint, before.name, part)
                if part.name == before.name:
                    self._change_text(changed)
                else:
                    self._change(changed)
                    self._choose("parameter", part.name)
                self.form.show_part(part)
            case Member() if isinstance(before, Member):
                self._change_text(with_member(self.blueprint, before.id, part))
                self.form.part = part
                if part.template != before.template:
                    self._form_soon.start()  # once the choice has told all of its change: it may be made anew
            case Blueprint():
                self._change_text(part)
                self.form.part = part
            case _:
                raise AssertionError("a form shows the part that it was given")

    def _change(self, blueprint: Blueprint) -> None:
        """Take a change of the list of parts; what is wrong then is said at once."""
        self.blueprint = blueprint
        self._renew()
        self._save_soon.start()

    def _change_text(self, blueprint: Blueprint) -> None:
        """Take what was typed; what is wrong is said when somebody stops for a moment."""
        self.blueprint = blueprint
        self.publish.setEnabled(False)
        self._look_soon.start()
        self._save_soon.start()

    def _choose(self, kind: str, id_: str) -> None:
        for at in range(self.parts.rowCount()):
            row = self.parts.row(at)
            if row is not None and (row.kind, row.id) == (kind, id_):
                self.list.selectionModel().blockSignals(True)
                self.list.selectRow(at)
                self.list.selectionModel().blockSignals(False)

    @Slot()
    def _add(self) -> None:
        blueprint, parameter = add_parameter(self.blueprint)
        self._change(blueprint)
        self._choose("parameter", parameter.name)
        self._show_part()
        self.form.focus_on("name")

    @Slot()
    def _show_template(self) -> None:
        """Show what came along with another template."""
        self._show_part()
        self.form.focus_on("template")

    @Slot()
    def _add_member(self) -> None:
        blueprint, member = add_member(self.blueprint)
        self._change(blueprint)
        self._choose("member", member.id)
        self._show_part()
        self.form.focus_on("template")

    @Slot()
    def _remove(self) -> None:
        row = self.chosen
        if row is None or row.kind == "blueprint":
            return
        take_out = without_parameter if row.kind == "parameter" else without_member
        self._change(take_out(self.blueprint, row.id))
        self.list.selectRow(0)

    @Slot()
    def _save(self) -> None:
        self._jobs.start(told_in(self.news, self._saved()), "keep a draft")

    async def _saved(self) -> None:
        await self._desk.keep_draft(self.blueprint, self._seen)

    @Slot()
    def _leave(self) -> None:
        self._save_soon.stop()
        self._start(self._left(), "keep a draft")

    async def _left(self) -> None:
        await self._saved()
        self.reject()

    @Slot()
    def _discard(self) -> None:
        self._start(self._discarded(), "discard a draft")

    async def _discarded(self) -> None:
        self.question = box = Question(
            self,
            self.tr("Discard the draft?"),
            self.tr("What was changed in the draft is gone for good."),
            self.tr("Versions that are published stay."),
            self.tr("Discard"),
        )
        if await answered(box):
            self._save_soon.stop()
            await self._desk.discard(self.blueprint.id)
            self.reject()

    @Slot()
    def _publish(self) -> None:
        self._start(self._published(), "publish a blueprint")

    async def _published(self) -> None:
        self._save_soon.stop()
        draft = await self._desk.keep_draft(self.blueprint, self._seen)
        self.question = dialog = PublishDialog(self._desk, draft, self._jobs, self)
        if await answered(dialog):
            self.published = dialog.made
            self.accept()

    def _start(self, job: Coroutine[None, None, None], name: str) -> None:
        self.news.hide()
        self._jobs.start(told_in(self.news, job), name)

    def reject(self) -> None:
        """Close; what was changed a moment ago is kept first."""
        if self._save_soon.isActive():
            self._leave()
        else:
            super().reject()


def _in_short(member: FilledMember) -> str:
    size = words.size(member.memory) if member.memory is not None else tr("memory as the template")
    vcpus = words.count(member.vcpus, "vCPU") if member.vcpus is not None else tr("vCPUs as the template")
    return f"{member.name}: {vcpus}, {size}"
