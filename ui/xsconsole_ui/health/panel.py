"""The place where a look shows whether the pool is well: findings above, the pool's own messages below."""

from itertools import islice

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import QSplitter, QWidget

from xsconsole.console import Estate, Verb
from xsconsole.domain import words
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.events import InventoryChanged
from xsconsole.domain.health import Examination, Finding, Severity, ranked
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.pool_messages import PoolMessage, messages_of
from xsconsole.domain.wording.acts import act_name
from xsconsole.domain.words import count
from xsconsole.engine.commands import Operate
from xsconsole.errors import Refused
from xsconsole_ui import pieces
from xsconsole_ui.filtered_list import FilteredList
from xsconsole_ui.health.columns import columns_of_findings, columns_of_messages
from xsconsole_ui.health.filtering import FINDINGS, MESSAGES
from xsconsole_ui.health.looking import examined
from xsconsole_ui.list_acts import allow
from xsconsole_ui.objects.act_desk import ActDesk
from xsconsole_ui.pace import Pace
from xsconsole_ui.texts import tr
from xsconsole_ui.theme import Theme
from xsconsole_ui.timers import one_shot

GATHER_MS = 1000
PIECE = 32  # objects between two looks at the pace
OBJECT = 2  # grows with the names, which are of any length
SPARE_OF_FINDINGS = (4, 1, 5)  # what to do, the kind, the pool: they stand below, too
SPARE_OF_MESSAGES = (3, 5, 1)  # what kind it is stands in the words, too, and the pool below them
LEAST_SAID = 72  # px, of messages: when it was matters more than all that it says
LOOKED_AT = 20  # of a selection; the question looks at all of them


def _told_remedy(act: Act, count_: int) -> str:
    name = tr(act_name(act))
    return name if count_ == 1 else tr("{act}: {objects}").format(act=name, objects=count(count_, "object"))


def _told_finding(finding: Finding) -> str:
    return f"{' · '.join(filter(None, (finding.name, finding.pool)))}: {finding.sentence} {finding.mend}"


def _told_message(message: PoolMessage) -> str:
    about = " · ".join(filter(None, (message.about_name, message.pool)))
    return "\n".join(filter(None, (f"{about}: {message.name}", message.body)))


class HealthPanel(pieces.Panel):
    """Looks at the inventory while it is seen, at most once a second."""

    object_wanted = Signal(object)  # ObjectId
    removal_wanted = Signal(object, object)  # ConfigurationId, and which of its restore points, as RunIds

    def __init__(self, console: Estate, theme: Theme, desk: ActDesk, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Health"), parent=parent)
        self._console, self._desk = console, desk
        well = (self.tr("All is well"), self.tr("Nothing was found that asks for attention."))
        silent = (self.tr("No messages"), self.tr("What the pool says about its objects appears here."))
        self.findings = FilteredList(
            self.tr("Findings"),
            columns_of_findings(),
            FINDINGS,
            well,
            self,
            spare=SPARE_OF_FINDINGS,
            growing=OBJECT,
            told=_told_finding,
        )
        self.findings.nothing.set_words(self.tr("Looking"), self.tr("One object after the other is looked at."))
        self.messages = FilteredList(
            self.tr("Messages of the pool"),
            columns_of_messages(),
            MESSAGES,
            silent,
            self,
            spare=SPARE_OF_MESSAGES,
            growing=OBJECT,
            told=_told_message,
            least_words=LEAST_SAID,
        )
        self.dismiss = QAction(self.tr("Dismiss"), self)
        self.dismiss.triggered.connect(self._dismiss)
        self.dismiss.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self.dismiss.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.messages.view.addAction(self.dismiss)
        self.messages.offer(self.dismiss)
        self.mend = QAction(self.tr("Mend…"), self)
        self.mend.triggered.connect(self._mend)
        self.findings.offer(self.mend)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.findings)
        split.addWidget(self.messages)
        self.body.addWidget(split, 1)
        self._pace = Pace(self)
        self._looking: Examination | None = None
        self._found: list[Finding] = []
        self._next = one_shot(self, self._look_on, delay_ms=1)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self.renew)
        self.findings.opened.connect(self._open_finding)
        self.messages.opened.connect(self._open_message)
        self.messages.view.selectionModel().selectionChanged.connect(self._look_at_selection)
        self.findings.view.selectionModel().selectionChanged.connect(self._look_at_selection)
        self._look_at_selection()
        for part in (self.findings, self.messages):
            theme.changed.connect(part.view.viewport().update)
        self._end = console.subscribe(InventoryChanged, self._hear)

    def stop(self) -> None:
        """Follow the console no more."""
        self._end()
        self._soon.stop()
        self._next.stop()

    def _hear(self, event: InventoryChanged) -> None:
        del event
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def renew(self) -> None:
        """Look anew, in pieces; a look that goes on is not begun again."""
        if self._looking is None:
            for part in (self.findings, self.messages):
                part.name_pools(self._console.pool_names)
            self._looking, self._found = examined(self._console), []
            self._look_on()
        else:
            self._soon.start()

    @Slot()
    def _look_on(self) -> None:
        if not self._pace.may_begin():
            self._next.start()
            return
        while self._looking is not None:
            piece = tuple(islice(self._looking, PIECE))
            self._found += [one for one in piece if one is not None]
            if len(piece) < PIECE:
                self._looking = None
                self._show()
            elif not self._pace.has_room():
                self._next.start()
                return

    def _show(self) -> None:
        self.findings.show_all(ranked(self._found))
        self.messages.show_all(messages_of(self._console.inventory.parts))
        bad = sum(one.severity is Severity.BAD for one in self._found)
        self.header.set_caption(
            count(bad, "thing is bad", "things are bad") if bad else "", "bad" if bad else "caption"
        )
        self._look_at_selection()

    @Slot(int)
    def _open_finding(self, row: int) -> None:
        finding = self.findings.model.row(row)
        if finding is not None:
            self.object_wanted.emit(finding.object)

    @Slot(int)
    def _open_message(self, row: int) -> None:
        message = self.messages.model.row(row)
        if message is not None and message.about is not None:
            self.object_wanted.emit(message.about)

    @Slot()
    def _look_at_selection(self) -> None:
        chosen = self._chosen_messages()
        self._allow(self.dismiss, Act.DISMISS, chosen, "" if chosen else self.tr("Select messages first."))
        act, targets, why_not = self._remedy()
        self._allow(self.mend, act, targets, why_not)
        self.mend.setText(self.tr("Mend…") if act is None else f"{_told_remedy(act, len(targets))}…")
        points = self._points()
        if points is not None:
            self.mend.setText(self.tr("Remove restore points…"))
            denial = self._console.of_card(points[0]).denial(Verb.SERVE)
            allow(self.mend, "" if denial is None else words.refusal(denial))

    def _allow(self, action: QAction, act: Act | None, targets: tuple[ObjectId, ...], why_not: str) -> None:
        """Enable an action where the act can be done to any of the targets, and say why not where it cannot."""
        if act is not None and targets and not why_not:
            try:
                checks = self._console.acts.checks(Operate(act=act, objects=targets[:LOOKED_AT]))
            except Refused as refusal:
                why_not = words.refusal(refusal)
            else:
                refusals = [check.refusal for check in checks if check.refusal is not None]
                why_not = words.refusal(refusals[0]) if len(refusals) == len(checks) else ""
        allow(action, why_not)

    def _chosen_messages(self) -> tuple[ObjectId, ...]:
        return tuple(ObjectId(kind=Kind.MESSAGE, uuid=one.uuid, pool=one.pool_uuid) for one in self.messages.selected())

    def _points(self) -> tuple[ConfigurationId, tuple[RunId, ...]] | None:
        """Return the restore points that could go, where findings about one configuration are selected."""
        chosen = self.findings.selected()
        whose = {finding.configuration for finding in chosen}
        points = tuple(dict.fromkeys(point for finding in chosen for point in finding.points))
        (configuration,) = whose if len(whose) == 1 else (None,)
        return (configuration, points) if configuration is not None and points else None

    def _remedy(self) -> tuple[Act | None, tuple[ObjectId, ...], str]:
        """Return what mends the findings that are selected, at what, and why it cannot be done from here."""
        chosen = self.findings.selected()
        if not chosen:
            return None, (), self.tr("Select findings first.")
        acts = {finding.act for finding in chosen}
        act = chosen[0].act
        if len(acts) > 1:
            return None, (), self.tr("They are mended in different ways: select those of one kind.")
        if act is None:
            return None, (), self.tr("No act of this console mends it. Enter leads to the object.")
        return act, tuple(dict.fromkeys(target for finding in chosen for target in finding.targets)), ""

    @Slot()
    def _dismiss(self) -> None:
        if chosen := self._chosen_messages():
            self._desk.ask(Act.DISMISS, chosen)

    @Slot()
    def _mend(self) -> None:
        points, (act, targets, _) = self._points(), self._remedy()
        if points is not None:
            self.removal_wanted.emit(*points)
        elif act is not None and targets:
            self._desk.ask(act, targets)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.renew()
