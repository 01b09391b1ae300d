"""Until when an archive is kept: a choice, and the dialog that asks it of one that is there."""

from datetime import datetime, timedelta

from PySide6.QtWidgets import QWidget

from xsconsole.domain.archive import Listed, Pooled
from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, times
from xsconsole_ui.archives.short_question import ShortQuestion
from xsconsole_ui.texts import tr

TIMES = ((30, "30 days"), (90, "90 days"), (365, "1 year"), (3 * 365, "3 years"), (7 * 365, "7 years"))


class KeepChoice(pieces.Choice):
    """For ever, or for a time from now on; of an archive that has a time already, that too."""

    def __init__(self, parent: QWidget, present: datetime | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("How long it is kept"))
        self.addItem(tr("Until somebody deletes it"), None)
        for days, name in TIMES:
            self.addItem(tr(name), days)
        if present is not None:
            self.addItem(tr("Until {time}, as it is").format(time=times.exact_time(present)), present)
            self.setCurrentIndex(self.count() - 1)

    def until(self, now: datetime) -> datetime | None:
        chosen = self.currentData()
        return now + timedelta(days=chosen) if isinstance(chosen, int) else chosen


class KeepDialog(ShortQuestion):
    """Asks until when an archive is kept."""

    def __init__(self, one: Listed, parent: QWidget | None = None) -> None:
        command = "xsconsole archive expire" + (" --in-pool" if isinstance(one, Pooled) else "")
        text = tr(
            "When that time is over it has expired: it is shown as such, and “{command}” deletes it. A hold keeps it "
            "beyond."
        ).format(command=command)
        title = tr("Keep the archive of {name}").format(name=one_line(one.called))
        super().__init__(title, text, tr("Keep"), parent)
        self.choice = KeepChoice(self, one.keep.until if one.keep is not None else None)
        self.ask(self.choice)
