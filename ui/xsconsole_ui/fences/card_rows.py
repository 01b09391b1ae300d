"""What the inspector says of the fence around a configuration."""

from xsconsole.console import Estate
from xsconsole.domain.fence.picture import picture
from xsconsole.domain.fence.state import State
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr

MARKS = {
    State.TIGHT: Mark.DONE,
    State.BREACHED: Mark.FAILED,
    State.STRANDED: Mark.WARNING,
    State.OFF_PLAN: Mark.WARNING,
    State.UNHEARD: Mark.WAITING,
    State.IN_WORK: Mark.WAITING,
    State.CUT_OFF: Mark.WARNING,
    State.LOST: Mark.WARNING,
}


def fence_lines(configuration: ConfigurationId, console: Estate) -> list[Row]:
    """Return whether it is tight, each breach, and with which addresses its members are seen; nothing without one."""
    fencing = console.fencing
    watched = fencing.of(configuration) if fencing is not None else None
    if watched is None or fencing is None:
        return []
    shown = picture(watched, work=fencing.work_on(watched))
    mark = MARKS[shown.state]
    rows = [Row(mark=mark, text=f"{shown.name}, {shown.mode}: {shown.state_words}", whole=shown.words)]
    rows += [Row(mark=Mark.WARNING, text=breach.sentence, whole=breach.sentence) for breach in shown.breaches]
    for stray in shown.strays:
        rows.append(Row(mark=Mark.WARNING, text=stray.sentence, whole=f"{stray.sentence} {stray.mend}"))
    for one in watched.standing.fence.footholds:
        aside = str(one.outside) if one in watched.standing.fence.reachable else tr("not from outside")
        rows.append(Row(mark=Mark.POINT, text=f"{one.member}: {one.address}", aside=aside))
    return rows
