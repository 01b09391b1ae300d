"""Where every gesture ends that closes something or lifts it: it asks why, and does it."""

from datetime import timedelta

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.closures import AnyClosure, ClosureKind, Freeze, subject_of
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import StageId
from xsconsole.domain.stays import stay_of
from xsconsole.domain.wording.closures import closed_name, closed_words
from xsconsole.engine.commands import HoldBack, Lift, QuarantineVersion, StopTheLine
from xsconsole_ui.closures.dialog import CloseDialog, ExtendDialog, FreezeDialog
from xsconsole_ui.dialogs import answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.reason_dialog import Wording


class ClosureDesk(QObject):
    """Opens one dialog at a time; `dialog` is that one while it is open."""

    def __init__(self, console: Estate, jobs: Jobs, window: QWidget) -> None:
        super().__init__(window)
        self._console, self._jobs, self._window = console, jobs, window
        self.dialog: CloseDialog | None = None
        self._freezes: tuple[Freeze, ...] = ()
        self.menu = QMenu(window)
        self.menu.triggered.connect(self._lift_chosen)

    def by_hand(self, kind: ClosureKind, card: Card | None) -> None:
        """Close what is meant, or lift it where it is closed."""
        match kind:
            case ClosureKind.STOP:
                self.stop_line()
            case ClosureKind.FREEZE:
                self.freeze(card.stage if card is not None else None)
            case ClosureKind.HOLD if card is not None:
                self.hold(card)
            case ClosureKind.QUARANTINE if card is not None:
                self.quarantine(card)
            case ClosureKind.STAY if card is not None:
                self.extend(card)

    def hold(self, card: Card) -> None:
        """Hold a configuration, or lift its hold."""
        if card.hold is not None:
            self.lift(card.hold)
            return
        wording = Wording(
            title=self.tr("Hold {name}").format(name=shortened(card.name, 60)),
            text=self.tr("Nobody promotes it until somebody lifts the hold. It can still be demoted."),
            act=self.tr("Hold"),
        )
        self._open(
            CloseDialog(
                wording,
                lambda reason, _: HoldBack(configuration=card.id, reason=reason),
                self._console,
                self._jobs,
                self._window,
            )
        )

    def extend(self, card: Card) -> None:
        """Let a configuration stand in its stage longer than that says, where that sets a time."""
        stay = stay_of(card, self._console.of_card(card.id).own_board.workflow)
        if stay is None or stay.ends is None:
            return
        at = self._console.home.clock.now()
        wording = Wording(
            title=self.tr("Extend the time of {name}").format(name=shortened(card.name, 60)),
            text=self.tr("{stay} As long as the lease from now is the most; it can be extended again.").format(
                stay=stay.sentence(at)
            ),
            act=self.tr("Extend"),
        )
        until = at + stay.whole - timedelta(minutes=2)
        self._open(ExtendDialog(wording, card, until, self._console, self._jobs, self._window))

    def quarantine(self, card: Card) -> None:
        """Quarantine the version of a configuration, or lift that."""
        if card.quarantine is not None:
            self.lift(card.quarantine)
            return
        wording = Wording(
            title=self.tr("Quarantine {service} {version}").format(
                service=shortened(card.service, 60), version=shortened(card.version, 60)
            ),
            text=self.tr("No configuration of this version is promoted anywhere until somebody lifts the quarantine."),
            act=self.tr("Quarantine"),
        )
        self._open(
            CloseDialog(
                wording,
                lambda reason, _: QuarantineVersion(service=card.service, version=card.version, reason=reason),
                self._console,
                self._jobs,
                self._window,
            )
        )

    def stop_line(self) -> None:
        """Stop the line, or release it."""
        if any(subject_of(one)[0] is ClosureKind.STOP for one in self._console.closings.all):
            self._release()
            return
        wording = Wording(
            title=self.tr("Stop the line"),
            text=self.tr(
                "Nothing is promoted on any connected pool until somebody releases the line. What runs goes on."
            ),
            act=self.tr("Stop the line"),
            total=self.tr("Nothing is demoted either"),
        )
        self._open(
            CloseDialog(
                wording,
                lambda reason, is_total: StopTheLine(is_total=is_total, reason=reason),
                self._console,
                self._jobs,
                self._window,
            )
        )

    def _release(self) -> None:
        told = " ".join(stop.sentence for _, stop in self._console.closings.stops)
        wording = Wording(title=self.tr("Release the line"), text=told, act=self.tr("Release"))
        seen = self._console.board.closures.stop if not self._console.has_several else None
        lift = Lift(kind=ClosureKind.STOP, seen=seen)
        self._open_lift(wording, lift)

    def freeze(self, stage: StageId | None) -> None:
        """Freeze a stage, at first the one named."""
        workflow = self._console.board.workflow
        stages = [stage for column in workflow.columns() for stage in column] if workflow is not None else []
        if not stages:
            return
        wording = Wording(
            title=self.tr("Freeze a stage"),
            text=self.tr(
                "Nothing is promoted into it meanwhile. Ways back stay open. What is so every week belongs "
                "into the workflow."
            ),
            act=self.tr("Freeze"),
            total=self.tr("Let nothing out of it either, and no way back in or out"),
        )
        self._open(FreezeDialog(wording, stages, stage, self._console, self._jobs, self._window))

    def lift(self, closure: AnyClosure) -> None:
        """Open again what somebody closed."""
        kind, subject = subject_of(closure)
        wording = Wording(
            title=self.tr("Lift the {what}").format(what=closed_name(closure, self._console.board)),
            text=self.tr("Closed by {who}: {why}").format(who=shortened(closure.by, 60), why=closure.reason),
            act=self.tr("Lift"),
        )
        self._open_lift(wording, Lift(kind=kind, subject=subject, seen=closure))

    def lift_freeze(self, at: QPoint) -> None:
        """Lift the freeze there is; of several, the one that is chosen from a menu."""
        self._freezes = tuple(one for one in self._console.closings.all if isinstance(one, Freeze))
        if len(self._freezes) == 1:
            self.lift(self._freezes[0])
            return
        self.menu.clear()
        for number, freeze in enumerate(self._freezes):
            self.menu.addAction(closed_words(freeze, self._console.board)).setData(number)
        self.menu.popup(at)

    @Slot(QAction)
    def _lift_chosen(self, chosen: QAction) -> None:
        self.lift(self._freezes[chosen.data()])

    def _open_lift(self, wording: Wording, lift: Lift) -> None:
        self._open(
            CloseDialog(
                wording,
                lambda reason, _: Lift(kind=lift.kind, subject=lift.subject, seen=lift.seen, reason=reason),
                self._console,
                self._jobs,
                self._window,
            )
        )

    def _open(self, dialog: CloseDialog) -> None:
        self.dialog = dialog
        self._jobs.start(self._answered(dialog), "ask why")

    async def _answered(self, dialog: CloseDialog) -> None:
        try:
            await answered(dialog)
        finally:
            if self.dialog is dialog:
                self.dialog = None
