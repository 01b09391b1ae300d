"""What is known of the selected configuration: members, restore points, and what is wrong with its mend."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from xsconsole.console import Estate, Target
from xsconsole.domain import words
from xsconsole.domain.blueprint.standing import version_words
from xsconsole.domain.board import Card, Member, Standing
from xsconsole.domain.estate import on_its_way
from xsconsole.domain.folding import one_line
from xsconsole.domain.guests import guest_of
from xsconsole.domain.ids import ConfigurationId, RequestId, ReviewId
from xsconsole.domain.inventory import VM
from xsconsole.domain.lineage import origin_words, place_words
from xsconsole.domain.naming import shortened
from xsconsole.domain.stays import stay_of, what_to_do
from xsconsole.errors import Barred
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.board.faces import POWER_WORDS
from xsconsole_ui.board.queue_box import waiting_words
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.fences.card_rows import fence_lines
from xsconsole_ui.flow import Flow
from xsconsole_ui.inbox.entries import entry, review_entry
from xsconsole_ui.inbox.frozen import frozen_rows, left_frozen
from xsconsole_ui.promotion.points import point_rows
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.situation import later_ways
from xsconsole_ui.timers import one_shot

MENDS = {
    Standing.INCOMPLETE: "Remove the missing members from the configuration, or adopt other VMs in their place.",
    Standing.INCONSISTENT: "Adopt it at the stage where it belongs: that writes all members alike.",
}

AGAIN_MS = 300  # between changes of other cards and the card on show told anew; many arrive together
NAME_LIMIT = 80  # characters of a machine's name; its tool tip has all
BRING_TOGETHER = (
    "Migrate its machines into one pool; or, connected to the other pool alone, dissolve what is of it there."
)


class Section(QWidget):
    """A small title above a list; hidden while the list is empty."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = pieces.label(title, "section", self)
        self._title.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.SPACE)
        self.view = RowsView(title, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._title)
        column.addWidget(self.view, 1)
        column.addSpacing(theme.GAP)
        column.addWidget(pieces.Line(self))

    def show_rows(self, rows: Sequence[Row], title: str | None = None) -> None:
        if title is not None:
            self._title.setText(title)
        self.view.show_rows(rows)
        self.setVisible(bool(rows))


class CardPage(QWidget):
    """Details of a card, with the actions that are asked for most."""

    opened = Signal(object)  # RequestId or ReviewId: of a row that leads to the inbox
    outside_wanted = Signal(object)  # ConfigurationId: of a row of what others changed

    def __init__(
        self,
        console: Estate,
        actions: Sequence[QAction],
        mends: Sequence[QAction],
        lifts: Sequence[QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._console = console
        self._shown: ConfigurationId | None = None
        self._soon = one_shot(self, self._show_again, AGAIN_MS)
        self.problems = Section(self.tr("Wrong"), self)
        self.outside = Section(self.tr("Changed outside of this console"), self)
        self.outside.view.clicked.connect(self._open_outside)
        self.outside.view.activated.connect(self._open_outside)
        self.closed = Section(self.tr("Not now"), self)  # what stands against promoting it
        self.waiting = Section(self.tr("Waiting for a place"), self)
        self.requests = Section(self.tr("Asked for"), self)
        self.reviews = Section(self.tr("To be reviewed"), self)
        self._led: dict[Section, list[RequestId] | list[ReviewId]] = {}  # where the rows of sections lead
        for section in (self.requests, self.reviews):
            section.view.clicked.connect(self._open)
            section.view.activated.connect(self._open)
        self.fence = Section(self.tr("Fence"), self)
        self.origin = Section(self.tr("Where it comes from"), self)
        self.members = Section(self.tr("Members"), self)
        self.points = Section(self.tr("Restore points"), self)
        self.frozen = Section(self.tr("Frozen for requests"), self)
        self.mends = QWidget(self)  # buttons for what is wrong
        self.thaws = QWidget(self)  # the button for what is left frozen
        self.removals = QWidget(self)  # the button for restore points
        self.facts: QLabel = pieces.wrapped("", "muted", self)
        self.facts.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        self.notes: QLabel = pieces.wrapped("", "", self)  # what somebody wrote about it
        self.notes.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        self.notes.setAccessibleName(self.tr("Notes"))
        self.ways = QWidget(self)  # buttons for the ways out of its stage
        row = Flow(self.ways)
        row.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        row.setSpacing(theme.GAP)
        for at, action in enumerate(actions):
            row.addWidget(ActionButton(action, "primary" if at == 0 else "", self))
        self.lifts = QWidget(self)  # buttons that lift what somebody closed, or ask for what comes after it
        lift_row = Flow(self.lifts)
        lift_row.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        lift_row.setSpacing(theme.GAP)
        self.lift_buttons = tuple(ActionButton(action, "", self) for action in lifts)
        for button in self.lift_buttons:
            lift_row.addWidget(button)
        mend_row = Flow(self.mends)
        mend_row.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        mend_row.setSpacing(theme.GAP)
        *mending, removal, thaw = mends
        self.thaw = ActionButton(thaw, "", self)
        self.removal = ActionButton(removal, "", self)
        for action in mending:
            mend_row.addWidget(ActionButton(action, "", self))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.facts)
        column.addWidget(self.notes)
        column.addWidget(pieces.Line(self))
        wrong = (self.problems, self.outside, self.closed)
        about = (*wrong, self.waiting, self.reviews, self.requests, self.fence, self.origin)
        for section in (*about, self.members, self.points, self.frozen):
            column.addWidget(section)
            if section is self.closed:
                column.addWidget(self.lifts)
            if section is self.points:
                column.addWidget(self.removals)
        for box, button in ((self.thaws, self.thaw), (self.removals, self.removal)):
            row = Flow(box)
            row.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
            row.addWidget(button)
        column.addWidget(self.thaws)
        column.addWidget(self.mends)
        column.addWidget(self.ways)
        column.addStretch(1)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        for section, led in self._led.items():
            if index.model() is section.view.rows and index.row() < len(led):
                self.opened.emit(led[index.row()])

    @Slot(QModelIndex)
    def _open_outside(self, index: QModelIndex) -> None:
        del index
        self.outside_wanted.emit(self._shown)

    @Slot(str)
    def hear(self, configuration: str) -> None:
        """Say anew soon what stands against the card on show: another one may have left the place that it lacks."""
        if self.isVisible() and configuration != self._shown and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _show_again(self) -> None:
        card = self._console.board.cards.get(self._shown) if self._shown is not None and self.isVisible() else None
        if card is not None:
            self.show_card(card)

    def show_card(self, card: Card) -> None:
        self._shown = card.id
        stage = self._stage_name(card)
        if card.since is not None:
            stage = self.tr("{stage} since {when}").format(stage=stage, when=times.clock_time(card.since))
        self.facts.setToolTip(times.exact_time(card.since) if card.since is not None else "")
        facts = self.tr("{stage} · {count} · {size} · revision {revision}").format(
            stage=stage,
            count=words.count(len(card.members), "VM"),
            size=words.size(card.disks_bytes),
            revision=card.revision,
        )
        pool = self._console.pool_name(self._console.of_card(card.id))
        self.facts.setText(self.tr("{facts} · pool {pool}").format(facts=facts, pool=pool) if pool else facts)
        self.notes.setText("\n".join(map(pieces.breakable, card.notes.splitlines())))
        self.notes.setVisible(bool(card.notes))
        mend = MENDS.get(card.standing, "")
        away = self._console.away(card.id)
        self.problems.show_rows(
            ([Row(mark=Mark.WARNING, text=away.reason)] if away is not None else [])
            + [Row(mark=Mark.WARNING, text=problem) for problem in card.problems]
            + ([Row(mark=Mark.WAITING, text=self.tr(mend))] if mend and card.problems else [])
            + ([Row(mark=Mark.WAITING, text=self.tr(BRING_TOGETHER))] if card.abroad and not on_its_way(card) else [])
            + self._stay_rows(card)
        )
        found = self._console.outside.of(card.id) if self._console.outside is not None else None
        self.outside.show_rows([Row(mark=Mark.WARNING, text=told, whole=told) for told in found.told] if found else [])
        board = self._console.board
        of_blueprint = version_words(card, self._console.of_card(card.id).inventory)
        told = (*origin_words(card, board), *of_blueprint, *place_words(card, board))
        self.origin.show_rows([Row(mark=Mark.DONE, text=each, whole=each) for each in told])
        self.waiting.show_rows(self._waiting_rows(card))
        self.fence.show_rows(fence_lines(card.id, self._console))
        asked, reviews = self._console.requests.of(card.id), self._console.reviews.of(card.id)
        self._led = {
            self.requests: [view.request.id for view in asked],
            self.reviews: [view.item.id for view in reviews],
        }
        self.requests.show_rows([entry(view, self._console) for view in asked])
        self.reviews.show_rows([review_entry(view, self._console) for view in reviews])
        self.frozen.show_rows(frozen_rows(card, self._console))
        self.thaws.setVisible(bool(left_frozen(card, self._console)))
        targets = self._console.targets(card.id)
        self.closed.show_rows(self._closed_rows(card, targets))
        later = later_ways(card, targets, self._console.board.workflow)
        offered = (card.hold is not None, card.quarantine is not None, bool(later), bool(self._stay_rows(card)))
        self.lifts.setVisible(any(offered))
        for button, is_offered in zip(self.lift_buttons, offered, strict=True):
            button.setVisible(is_offered)
        self.mends.setVisible(card.standing in MENDS)
        abroad = {member.uuid: (pool, member) for pool, members in card.abroad for member in members}
        gone = [
            Row(
                mark=Mark.GONE,
                text=self.tr("gone from the pool: {missing_name}").format(missing_name=card.missing_name(uuid)),
            )
            for uuid in card.missing
            if uuid not in abroad
        ]
        elsewhere = [
            Row(
                mark=Mark.WAITING if on_its_way(card) else Mark.WARNING,
                text=self.tr("in pool {pool}: {member}").format(pool=one_line(pool), member=one_line(member.name)),
                aside=POWER_WORDS.get(member.power_state, member.power_state.lower()),
            )
            for pool, member in abroad.values()
        ]
        self.members.show_rows([*(self._member_row(member) for member in card.members), *elsewhere, *gone])
        self.points.show_rows(point_rows(card, self._console.of_card(card.id)))
        self.removals.setVisible(bool(card.restore_points or card.asides))

    def _stay_rows(self, card: Card) -> list[Row]:
        """Return that its time in the stage is over or soon will be, and what to do."""
        workflow, at = self._console.of_card(card.id).own_board.workflow, self._console.home.clock.now()
        stay = stay_of(card, workflow)
        if stay is None or workflow is None or not stay.is_soon_over(at):
            return []
        why_not = self._console.of_card(card.id).stays.why_not(card.id)
        told = f"{stay.sentence(at)} {what_to_do(card, stay, workflow)} {why_not}".strip()
        return [Row(mark=Mark.WARNING if stay.is_over(at) else Mark.WAITING, text=told, whole=told)]

    def _waiting_rows(self, card: Card) -> list[Row]:
        found = self._console.queue.of_card(card.id)
        if found is None:
            return []
        place, entry = found
        told = waiting_words(place, entry, self._named(entry.target))
        return [Row(mark=Mark.WAITING, text=told, aside=times.clock_time(entry.asked_at), whole=told)]

    def _closed_rows(self, card: Card, targets: Sequence[Target]) -> list[Row]:
        """Return what stands against any promotion of it, and then what stands against each way."""
        always = [barrier.sentence for barrier in self._console.closings.on(card)]
        rows = [Row(mark=Mark.WARNING, text=sentence, whole=sentence) for sentence in always]
        ways = [way for way in targets if way.kind is not None and way.refusal is not None]
        is_of_card = card.standing is not Standing.WHOLE or self._console.away(card.id) is not None
        whys = {} if is_of_card else {self._named(way.stage): self._why_closed(way, always) for way in ways}
        if len(whys) > 1 and len(set(whys.values())) == 1:
            whys = {"": next(iter(whys.values()))}
        for stage, why in whys.items():
            if why:
                text = self.tr("To {stage}: {why}").format(stage=one_line(stage), why=why) if stage else why
                rows.append(Row(mark=Mark.WAITING, text=text, whole=text))
        return rows

    @staticmethod
    def _why_closed(way: Target, always: Sequence[str]) -> str:
        """Return what stands against a way beside what always does."""
        if way.refusal is None:
            return ""
        left = way.refusal.reason if isinstance(way.refusal, Barred) else words.refusal(way.refusal)
        for sentence in always:
            left = left.replace(sentence, "").strip()
        return left

    def _named(self, stage: str) -> str:
        workflow = self._console.board.workflow
        return next((known.name for known in workflow.stages if known.id == stage), stage) if workflow else stage

    def _stage_name(self, card: Card) -> str:
        board = self._console.board
        name = board.stage_name(card.stage)
        is_known = board.workflow is not None and board.workflow.stage(card.stage) is not None
        return name if is_known else self.tr("unknown stage “{stage}”").format(stage=name)

    def _member_row(self, member: Member) -> Row:
        known = member.power_state in POWER_WORDS
        address = self._address(member)
        told = [
            one_line(member.name),
            self.tr("role {role}").format(role=member.role),
            POWER_WORDS.get(member.power_state, member.power_state),
        ]
        if address:
            told.append(address)
        told.append(
            self.tr("{memory} of memory, {disks} of disks").format(
                memory=words.size(member.memory_bytes), disks=words.size(member.disks_bytes)
            )
        )
        return Row(
            mark=Mark(member.power_state) if known else Mark.WAITING,
            text=shortened(member.name, NAME_LIMIT),
            aside=address or POWER_WORDS.get(member.power_state, member.power_state.lower()),
            whole="\n".join(told),
        )

    def _address(self, member: Member) -> str:
        vm = self._console.inventory.get(VM, member.ref)
        metrics = guest_of(self._console.inventory, vm) if vm is not None else None
        if metrics is None:
            return ""
        return next((metrics.networks[key] for key in sorted(metrics.networks) if "/ip" in key), "")
