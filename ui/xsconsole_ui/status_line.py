"""The bottom line: the workflow, the audit chain, and how fresh is what is seen."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStyleOption, QWidget

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.events import AuditVerified, LinkChanged, LinkState
from xsconsole.domain.record import AuditQuery
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme, times

HEIGHT = 26
LEAST_YIELDED = 80  # px


def findings(check: AuditVerified) -> tuple[str, ...]:
    """Return what is wrong with the record, and what was done about it; nothing where all of it is good."""
    broken = tuple(verdict.sentence for verdict in check.verdicts if not verdict.is_good)
    if not broken or not check.set_aside:
        return broken
    aside = QCoreApplication.translate(
        "StatusLine", "It was set aside as it was, in {file}. A new record goes on; its first row says why."
    )
    return (*broken, aside.format(file=check.set_aside))


class YieldingLabel(QLabel):
    """A label that gives way where others need the room: what is left of its text is shown."""

    def __init__(self, look: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("look", look)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(LEAST_YIELDED, self.sizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        option = QStyleOption()
        option.initFrom(self)
        area = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter = QPainter(self)
        self.style().drawItemText(painter, area, flags, option.palette, self.isEnabled(), shown, self.foregroundRole())


class StatusLine(QFrame):
    """Three things that must always be in sight, and a passing word."""

    def __init__(self, console: Estate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._seq, self._is_read = 0, False
        self._failure: ConsoleError | None = None
        self._check: AuditVerified | None = None
        self.setProperty("look", "footer")
        self.setFixedHeight(HEIGHT)
        self.workflow = YieldingLabel("status", self)
        self.audit = YieldingLabel("status", self)
        self.passing = pieces.ElidedLabel("", "status", self)
        self.freshness = pieces.label("", "status", self)
        self.away = pieces.label("", "status", self)  # of several pools, those that are not live
        self.zoom = pieces.label("", "status", self)
        self.zoom.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        row.setSpacing(5 * theme.SPACE)
        row.addWidget(self.workflow)
        row.addWidget(self.audit)
        row.addWidget(self.passing, 1)
        row.addWidget(self.freshness)
        row.addWidget(self.away)
        row.addWidget(self.zoom)
        self.show_workflow()
        self.show_link()
        self._tell_audit()

    def show_workflow(self) -> None:
        workflow = self._console.board.workflow
        if workflow is None:
            text = self.tr("No workflow")
        elif self._console.board.is_published:
            text = self.tr("Workflow “{name}” v{version}").format(name=workflow.name, version=workflow.version)
        else:
            text = self.tr("Workflow “{name}”, not published yet").format(name=workflow.name)
        self.workflow.setText(text)
        self.workflow.setToolTip(self.tr("Digest {digest}").format(digest=workflow.digest) if workflow else "")

    async def read_audit(self) -> None:
        """Find out how far the record of earlier starts reaches."""
        newest = await self._console.audit_page(AuditQuery(), limit=1)
        self._is_read = True
        self._seq = max([self._seq, *(row.seq for row in newest)])
        self._tell_audit()

    def show_audit(self, seq: int) -> None:
        """Say that rows up to `seq` stand. What could not be written before can be now."""
        if self._failure is not None:
            self.say(self.tr("The audit can be written again."))
        self._seq, self._failure = seq, None
        self._tell_audit()

    def show_audit_check(self, check: AuditVerified) -> None:
        """Say until where the chain was verified, when, and what was found."""
        self._check = check
        # After it was set aside, the numbers begin anew.
        self._seq = 0 if check.set_aside else max(self._seq, check.seq)
        self._tell_audit()

    def show_audit_failure(self, error: ConsoleError) -> None:
        self._failure = error
        self._tell_audit()

    def _tell_audit(self) -> None:
        check = self._check
        broken = findings(check) if check is not None else ()
        if self._failure is not None:
            told = words.explain(self._failure)
            text, look = self.tr("Audit cannot be written"), "bad"
            hint = pieces.joined(told.failed, told.mend, self.tr("Until it can, nothing is done on the pool."))
        elif broken:
            text, look = self.tr("Audit does not verify"), "bad"
            hint = "\n".join(broken)
        elif check is not None and check.seq:
            when = times.clock_time(check.at)
            known = self.tr("Audit up to row {seq}, verified up to row {checked} at {when}")
            text, look = known.format(seq=self._seq, checked=check.seq, when=when), "status"
            hint = "\n".join(f"{verdict.check}: {verdict.sentence}" for verdict in check.verdicts)
        else:
            nothing = self.tr("Audit empty") if self._is_read else ""
            text = self.tr("Audit up to row {seq}").format(seq=self._seq) if self._seq else nothing
            look, hint = "status", self.tr("It has not been verified since this window opened.")
        self.audit.setText(text)
        self.audit.setToolTip(hint)
        pieces.set_look(self.audit, look)

    def show_link(self) -> None:
        sights = self._console.sights
        told = [self._told(sight.link, sight.objects) for sight in sights] or [self._told(self._console.link, 0)]
        connecting = self._console.connecting
        if len(sights) < 2 and connecting:
            told = [(self.tr("connecting to {pools}").format(pools=words.listing(connecting)), "status")]
        if len(sights) > 1:
            # Pools that are live are told in one word: what is not so has to be seen.
            live = [sight for sight in sights if sight.is_live]
            objects = f"{sum(sight.objects for sight in live):,}".replace(",", "\u2009")
            parts = [self.tr("{pools} live · {objects} objects")] if live else []
            text = "".join(parts).format(pools=", ".join(sight.name for sight in live), objects=objects)
            alike: dict[str, list[str]] = {}
            for one, (words_, _) in zip(sights, told, strict=True):
                if not one.is_live:
                    alike.setdefault(words_, []).append(one.name)
            shown = [f"{', '.join(names)}: {words_}" for words_, names in alike.items()]
            self._tell(self.freshness, text, ["status"])
            self._tell(self.away, "   ·   ".join(shown), [look for _, look in told])
        else:
            self._tell(self.freshness, told[0][0], [told[0][1]])
            self._tell(self.away, "", ["status"])
        heard = self.tr("Last heard of {when}")
        away = [sight for sight in sights if not sight.is_live]  # what is live is heard all the time
        heards = [(sight.name, sight.link.as_of) for sight in away if sight.link.as_of is not None]
        lines = [heard.format(when=times.exact_time(as_of)) for _, as_of in heards]
        if len(sights) > 1:
            lines = [f"{name}: {line}" for (name, _), line in zip(heards, lines, strict=True)]
        for label in (self.freshness, self.away):
            label.setToolTip("\n".join(lines))

    @staticmethod
    def _tell(label: QLabel, text: str, looks: Sequence[str]) -> None:
        label.setText(text)
        label.setVisible(bool(text))
        pieces.set_look(label, next((look for look in ("bad", "warn") if look in looks), "status"))

    def _told(self, link: LinkChanged, number: int) -> tuple[str, str]:
        """Return how fresh is what one pool shows, and the look that fits."""
        match link.state:
            case LinkState.LIVE:
                objects = f"{number:,}".replace(",", "\u2009")
                text, look = self.tr("live · {objects} objects").format(objects=objects), "status"
            case LinkState.LOST:
                when = times.clock_time(link.as_of) if link.as_of else self.tr("before")
                doing = self.tr("not reconnecting") if link.has_given_up else self.tr("reconnecting")
                text = self.tr("last known state of {when} · {doing}").format(when=when, doing=doing)
                look = "bad" if link.has_given_up else "warn"
            case LinkState.CONNECTING:
                text, look = self.tr("connecting"), "status"
            case LinkState.CLOSED if link.as_of is not None:
                text = self.tr("not connected · last known state of {when}").format(when=times.clock_time(link.as_of))
                look = "warn"
            case LinkState.CLOSED:
                text, look = self.tr("not connected"), "status"
        return text, look

    @Slot(str)
    def show_zoom(self, text: str) -> None:
        """Show how large the graph is seen; an empty text takes it away."""
        self.zoom.setText(text)
        self.zoom.setVisible(bool(text))

    def say(self, text: str) -> None:
        """Show a passing word; an empty one takes it away."""
        self.passing.show_text(text)

    @Slot(str)
    def take_back(self, text: str) -> None:
        """Take this word away, unless another one has come since."""
        if self.passing.whole == text:
            self.say("")

    @property
    def is_cut(self) -> bool:
        """Whether there is no room for all of the passing word."""
        return self.passing.text() != self.passing.whole
