"""All keys of the designer on one sheet: those of its actions, and those that graph, outline and inspector have."""

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from xsconsole_ui import workflow_actions
from xsconsole_ui.help_sheet import HelpSheet, Section
from xsconsole_ui.situation import Action, actions_of
from xsconsole_ui.texts import tr


class KeysSheet(HelpSheet):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Keys of the designer"), sections(), parent)


def sections() -> tuple[Section, ...]:
    actions = [action for action in actions_of(workflow_actions.WORKFLOW_MENU) if action.shortcut]
    return (
        Section(title=tr("On the graph"), lines=_graph()),
        Section(title=tr("While something is led by the arrows"), lines=_gestures()),
        Section(title=tr("On the draft"), lines=[(_shown(action), _told(action)) for action in actions]),
        Section(title=tr("In the outline"), lines=_outline()),
        Section(title=tr("In the inspector"), lines=_inspector()),
        Section(title=tr("In the findings"), lines=_findings()),
    )


def _shown(action: Action) -> str:
    return QKeySequence(action.shortcut).toString(QKeySequence.SequenceFormat.NativeText)


def _told(action: Action) -> str:
    return tr(action.tip) or tr(action.text).replace("&", "")


def _graph() -> tuple[tuple[str, str], ...]:
    return (
        ("← → ↑ ↓", tr("Go to the next stage; from a transition to the stage at that end")),
        (tr("PgUp, PgDn"), tr("Go round the transitions of a stage")),
        (tr("Shift with these"), tr("Select it beside what is selected")),
        (tr("Ctrl+Space"), tr("Take what was selected last out of the selection again")),
        (tr("Ctrl+← → ↑ ↓"), tr("Move the selected stages by one step of the grid")),
        (tr("Alt+← → ↑ ↓"), tr("Look at another part of the graph")),
        (tr("Enter"), tr("Go to the inspector, with what is selected")),
        (tr("Menu, Shift+F10"), tr("See what can be done with what is selected")),
        (tr("Esc"), tr("Select nothing")),
        (tr("F6"), tr("Go to the next panel")),
    )


def _gestures() -> tuple[tuple[str, str], ...]:
    return (
        ("← → ↑ ↓", tr("Lead it to the next stage, or transition; whether that can be is said at once")),
        (tr("Shift+← → ↑ ↓"), tr("A new transition becomes a way back")),
        (tr("Ins"), tr("End a new transition in a new stage")),
        (tr("Enter"), tr("Do it")),
        (tr("Esc"), tr("Leave it: nothing was changed")),
    )


def _outline() -> tuple[tuple[str, str], ...]:
    return (
        ("← → ↑ ↓", tr("Go through the rows, close and open them")),
        (tr("Enter, F2"), tr("Edit the row, tick or untick it, follow a way in")),
        (tr("Space"), tr("Tick or untick")),
        (tr("Ins"), tr("Add a stage, a check, a rule, a person … where one is")),
        (tr("Ctrl+L"), tr("Connect the stage of the row to another one")),
        (tr("Del"), tr("Take it out")),
        (tr("Alt+↑, Alt+↓"), tr("Move it up or down in its list")),
        (tr("Ctrl+Enter, Tab"), tr("End a text of several lines")),
        (tr("Menu, Shift+F10"), tr("See what can be done with the row, and the mends of its findings")),
    )


def _inspector() -> tuple[tuple[str, str], ...]:
    return (
        (tr("Tab, Shift+Tab"), tr("Go to the next field, or the one before")),
        (tr("Space"), tr("Tick or untick; open and close a section")),
        (tr("Enter"), tr("End the step; what cannot be is taken back")),
        (tr("Alt+↓, F4"), tr("Open a list of choices")),
    )


def _findings() -> tuple[tuple[str, str], ...]:
    return (
        (tr("Enter"), tr("Go to what the finding is about")),
        (tr("Ctrl+Enter"), tr("Do its mend")),
    )
