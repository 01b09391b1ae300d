"""What of a sheet can be changed by who looks at it, now; the rest says why not."""

from dataclasses import replace

from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.acts import Act
from xsconsole.domain.events import LinkState
from xsconsole.domain.sheets.values import Line, Sheet
from xsconsole.engine.commands import Operate
from xsconsole.errors import Refused
from xsconsole_ui import times
from xsconsole_ui.texts import tr

PLACEHOLDER = "x"  # stands for what is still to be typed


def permitted(sheet: Sheet, console: Console) -> Sheet:
    """Return the sheet with only those lines to be edited that can be: where the role denies it, the line says so.

    While the pool is away its caption says of when it is, and nothing in it looks as if it were so now.
    """
    link = console.link
    is_away = link.state is not LinkState.LIVE
    if is_away:
        when = tr("as of {time}").format(time=times.clock_time(link.as_of)) if link.as_of is not None else tr("away")
        sheet = replace(sheet, caption=f"{sheet.caption} · {when}")
    denials: dict[tuple[Act, str], str] = {}

    def looked_at(line: Line) -> Line:
        if is_away:
            line = replace(line, tone="muted")
        if line.edit is None:
            return line
        asked = (line.edit, line.key)
        if asked not in denials:
            denials[asked] = _why_not(sheet, line, console)
        return (
            replace(line, edit=None, hint="\n".join(filter(None, (line.hint, denials[asked]))))
            if denials[asked]
            else line
        )

    return replace(
        sheet,
        sections=tuple(replace(one, lines=tuple(looked_at(line) for line in one.lines)) for one in sheet.sections),
    )


def _why_not(sheet: Sheet, line: Line, console: Console) -> str:
    assert line.edit is not None
    text = "" if line.edit is Act.MOVE_TO_FOLDER else line.value or PLACEHOLDER
    command = Operate(act=line.edit, objects=(sheet.object,), text=text, key=line.key or PLACEHOLDER)
    return why_not(command, console)


def why_not(command: Operate, console: Console) -> str:
    """Return why an act cannot be done to its one object now; empty where it can."""
    if console.link.state is not LinkState.LIVE:
        return tr("The pool is away: nothing can be changed.")
    try:
        (check,) = console.acts.checks(command)
    except Refused as refusal:
        return words.refusal(refusal)
    return "" if check.refusal is None else words.refusal(check.refusal)
