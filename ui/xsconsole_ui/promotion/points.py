"""The restore points of a configuration: as rows of its card, and as a choice of those that are to go."""

from collections.abc import Collection, Iterable

from PySide6.QtWidgets import QWidget

from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.retention import Keeping, covered, taken_words
from xsconsole.domain.points.sizes import Cost, cost_words
from xsconsole.domain.requests.ways import way_in
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Emergency, RemovePoints, RevertTo
from xsconsole_ui import pieces, times
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.membership.model import Candidate, Column
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr
from xsconsole_ui.tick import Tick

SIZE_WIDTH, KEPT_WIDTH, DIALOG_WIDTH = 84, 230, 660  # px


def point_rows(card: Card, console: Console) -> list[Row]:
    """Return each restore point with when, before what, what it takes and how long it is kept."""
    scales = console.points.scales()
    return [
        _row(keeping, card, scales.costs(keeping.point.snapshots.values()), console.board.workflow)
        for keeping in console.points.keepings(card)
    ]


def taken(costs: Iterable[Cost]) -> str:
    """Return what restore points take, on all storage together, and how much of it is growth."""
    costs = tuple(costs)
    grown = sum(cost.grown for cost in costs)
    size = words.size(sum(cost.taken for cost in costs))
    since = tr(", {grown} written since").format(grown=words.size(grown)) if grown else ""
    return f"{size}{since}"


def _row(keeping: Keeping, card: Card, costs: tuple[Cost, ...], workflow: Workflow | None) -> Row:
    point = keeping.point
    have, members_in_all = covered(point, card)
    members = tr("{have} of {all}").format(have=have, all=words.count(members_in_all, "member"))
    parts = (
        taken_words(point, workflow, _stage(keeping, workflow)),
        "" if point.is_whole else members,
        taken(costs),
        keeping.needed or keeping.why,
    )
    names = {member.uuid: member.name for member in card.members}
    of = words.listing(tuple(sorted(names.get(uuid, str(uuid)) for uuid in point.snapshots)))
    whole = (
        tr("Taken {exact_time} before run {run}").format(exact_time=times.exact_time(point.at), run=point.run),
        f"{members}: {of}",
        cost_words(costs),
        keeping.why,
        keeping.needed,
    )
    return Row(
        mark=Mark.POINT if point.is_whole or point.is_aside else Mark.WARNING,
        text=" · ".join(filter(None, parts)),
        aside=times.clock_time(point.at),
        whole="\n".join(filter(None, whole)),
    )


def _stage(keeping: Keeping, workflow: Workflow | None) -> str:
    stage = workflow.stage(keeping.point.stage) if workflow is not None else None
    return shortened(stage.name, 40) if stage is not None else str(keeping.point.stage)


class RevertDialog(MembershipDialog):
    """Chooses the restore point that a configuration returns to, and says what would be lost."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Revert {name}").format(name=shortened(card.name, 60)))
        self.setMinimumWidth(DIALOG_WIDTH)
        self.table.hide()
        self.point = pieces.Choice(self)
        self.form.addRow(self.tr("&Restore point"), self.point)
        for keeping in console.points.keepings(card):
            what = taken_words(keeping.point, console.board.workflow, _stage(keeping, console.board.workflow))
            self.point.addItem(one_line(f"{times.exact_time(keeping.point.at)}  {what}"), keeping.point.run)
        self.point.currentIndexChanged.connect(self._look_soon)
        self.urgent = Tick(self.tr("As an &emergency, past the approvals that it needs"), self)
        workflow = console.board.workflow
        self.urgent.toggled.connect(self._look_soon)
        if workflow is not None and way_in(card.stage, workflow) is not None:
            self.form.addRow("", self.urgent)
        else:
            self.urgent.hide()
        self.point.setFocus()
        self.look()

    def wanted(self) -> RevertTo:
        point = RunId(str(self.point.currentData() or ""))
        emergency = Emergency() if self.urgent.isChecked() else None
        return RevertTo(configuration=self._card.id, revision=self._card.revision, point=point, emergency=emergency)


class PointsDialog(MembershipDialog):
    """Removes restore points: those that are ticked. At first what has expired, or what was asked for."""

    def __init__(
        self, console: Console, card: Card, ticked: Collection[RunId] = (), parent: QWidget | None = None
    ) -> None:
        scales, workflow = console.points.scales(), console.board.workflow

        def name_of(keeping: Keeping) -> str:
            what = taken_words(keeping.point, workflow, _stage(keeping, workflow))
            return f"{times.clock_time(keeping.point.at)}  {what}"

        candidates = [
            Candidate(
                uuid=Uuid(keeping.point.run),
                name=name_of(keeping),
                role=words.size(sum(cost.taken for cost in scales.costs(keeping.point.snapshots.values()))),
                state=keeping.needed or keeping.why,
                is_chosen=keeping.point.run in ticked if ticked else keeping.is_due,
            )
            for keeping in console.points.keepings(card)
        ]
        super().__init__(
            console, "", candidates, can_edit_roles=False, heads=("Restore point", "Takes", "Kept"), parent=parent
        )
        self._card = card
        self.setWindowTitle(self.tr("Remove restore points of {name}").format(name=shortened(card.name, 60)))
        self.setMinimumWidth(DIALOG_WIDTH)
        self.table.setAccessibleName(self.tr("Restore points"))
        self.table.setColumnWidth(Column.ROLE, SIZE_WIDTH)
        self.table.setColumnWidth(Column.STATE, KEPT_WIDTH)
        self.fields.hide()
        self.table.setFocus()
        self.look()

    def wanted(self) -> RemovePoints:
        return RemovePoints(configuration=self._card.id, points=tuple(RunId(one.uuid) for one in self.members.chosen))
