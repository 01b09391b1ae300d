"""What can be done in the designer, as actions like all others; their shortcuts work where it has the keyboard."""

from collections.abc import Callable
from functools import partial

from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count
from xsconsole_ui.mnemonics import verbatim
from xsconsole_ui.situation import Action, Design, Hands, Menu, Situation, Submenu, never_refused

PLACE = "workflow"

LABEL = 60  # characters of a step in the menu; the line at the window's bottom has it whole
WhyNot = Callable[[Situation], str]


def _perform(what: Design, situation: Situation, hands: Hands) -> None:
    del situation
    hands.design(what)


def _nothing_selected(situation: Situation) -> str:
    draft = situation.draft
    return "" if draft.stages or draft.transitions else "Select a stage or a transition in the workflow first."


def _no_stage_selected(situation: Situation) -> str:
    return "" if situation.draft.stages else "Select stages in the workflow first."


def _not_one_stage(situation: Situation) -> str:
    return "" if len(situation.draft.stages) == 1 else "Select one stage in the workflow first."


def _not_one_transition(situation: Situation) -> str:
    draft = situation.draft
    return "" if len(draft.transitions) == 1 and not draft.stages else "Select one transition in the workflow first."


def _not_one_thing(situation: Situation) -> str:
    draft = situation.draft
    is_one = len(draft.stages) + len(draft.transitions) == 1
    return "" if is_one else "Select one transition, or one stage without transitions, first."


def _not_to_connect(situation: Situation) -> str:
    if situation.draft.number_of_stages < 2:
        return "The workflow needs two stages before they can be connected."
    is_some = 1 <= len(situation.draft.stages) <= 2
    return "" if is_some else "Select the stage that the transition leaves; a second one is its target."


def _no_stage(situation: Situation) -> str:
    return "" if situation.draft.number_of_stages else "The workflow has no stage yet."


def _nothing_to_undo(situation: Situation) -> str:
    return "" if situation.draft.undo_label else "Nothing was changed in the draft."


def _nothing_to_redo(situation: Situation) -> str:
    return "" if situation.draft.redo_label else "Nothing was undone in the draft."


def _nothing_to_paste(situation: Situation) -> str:
    return "" if situation.draft.can_paste else "The clipboard holds no stages."


def _offered(what: Design, why_not: str, situation: Situation) -> str:
    return _no_stage(situation) or ("" if what in situation.draft.offers else why_not)


def _not_comparable(situation: Situation) -> str:
    return _offered(Design.COMPARE, "This console does not compare versions yet.", situation)


def _undo_name(situation: Situation) -> str:
    label = situation.draft.undo_label
    return f"Undo {_in_menu(label)}" if label else "Undo"


def _redo_name(situation: Situation) -> str:
    label = situation.draft.redo_label
    return f"Redo {_in_menu(label)}" if label else "Redo"


def _in_menu(label: str) -> str:
    """Return what is done as the rest of a menu's line: whole names could make the menu wider than the screen."""
    return verbatim(shortened(label[:1].lower() + label[1:], LABEL))


def _delete_name(situation: Situation) -> str:
    number = len(situation.draft.stages) + len(situation.draft.transitions)
    return f"&Delete {count(number, 'object')}" if number > 1 else "&Delete"


def _compare_name(situation: Situation) -> str:
    version = situation.draft.version
    return f"&Compare with v{version}" if version is not None else "&Compare"


def _action(
    what: Design,
    text: str,
    shortcut: str = "",
    tip: str = "",
    *,
    why_not: WhyNot = never_refused,
    named: Callable[[Situation], str] | None = None,
    icon: str = "",
) -> Action:
    return Action(
        id=f"workflow.{what.value}",
        text=text,
        perform=partial(_perform, what),
        why_not=why_not,
        named=named,
        shortcut=shortcut,
        place=PLACE,
        icon=icon,
        tip=tip,
    )


ADD_STAGE = _action(Design.ADD_STAGE, "+ &Stage", "Ins", "Add a stage; on a selected transition, put it between")
CONNECT = _action(
    Design.CONNECT,
    "Co&nnect",
    "Ctrl+L",
    "Draw a transition from the selected stage; the arrows choose its target, Shift makes it a way back",
    why_not=_not_to_connect,
)
INSERT_STAGE = _action(
    Design.INSERT_STAGE,
    "&Insert stage",
    "Shift+Ins",
    "Put a stage on the selected transition; put the selected stage between two others",
    why_not=_not_one_thing,
)
LEAD_TARGET = _action(
    Design.LEAD_TARGET,
    "Lead its &end elsewhere",
    "Ctrl+E",
    "Choose another stage in which the selected transition ends, by the arrows",
    why_not=_not_one_transition,
)
LEAD_SOURCE = _action(
    Design.LEAD_SOURCE,
    "Lead its be&ginning elsewhere",
    "Ctrl+Shift+E",
    "Choose another stage in which the selected transition begins, by the arrows",
    why_not=_not_one_transition,
)
TURN = _action(
    Design.TURN,
    "Make it a way &back or a promotion",
    "Ctrl+B",
    "Change the kind of the selected transition",
    why_not=_not_one_transition,
)
RENAME = _action(Design.RENAME, "Rena&me", "F2", "Change the stage's name in place", why_not=_not_one_stage)
ARRANGE = _action(Design.ARRANGE, "&Arrange", "Ctrl+Shift+A", "Put the stages into layers", why_not=_no_stage)
UNDO = _action(Design.UNDO, "&Undo", "Ctrl+Z", why_not=_nothing_to_undo, named=_undo_name, icon="undo")
REDO = _action(Design.REDO, "&Redo", "Ctrl+Shift+Z", why_not=_nothing_to_redo, named=_redo_name)
CUT = _action(Design.CUT, "Cu&t", "Ctrl+X", "Copy the selected stages and take them out", why_not=_no_stage_selected)
COPY = _action(Design.COPY, "&Copy", "Ctrl+C", "Copy the selected stages as text", why_not=_no_stage_selected)
PASTE = _action(Design.PASTE, "&Paste", "Ctrl+V", "Put copied stages in", why_not=_nothing_to_paste)
DUPLICATE = _action(
    Design.DUPLICATE, "D&uplicate", "Ctrl+D", "Copy the selected stages beside themselves", why_not=_no_stage_selected
)
DELETE = _action(Design.DELETE, "&Delete", "Del", "Take it out", why_not=_nothing_selected, named=_delete_name)
SELECT_ALL = _action(Design.SELECT_ALL, "Select a&ll", "Ctrl+A", "Select all stages", why_not=_no_stage)
ZOOM_IN = _action(Design.ZOOM_IN, "Zoom &in", "Ctrl++")
ZOOM_OUT = _action(Design.ZOOM_OUT, "Zoom &out", "Ctrl+-")
FULL_SIZE = _action(Design.FULL_SIZE, "&100 %", "Ctrl+0", "Show the graph in its own size")
FIT = _action(Design.FIT, "&Fit", "Ctrl+9", "Show the whole graph", why_not=_no_stage)
OUTLINE = _action(
    Design.OUTLINE, "&Outline", "Ctrl+Shift+O", "Show the workflow as a tree beside the graph, or the graph alone"
)
DRAFTS = _action(
    Design.DRAFTS,
    "&New and drafts…",
    "Ctrl+N",
    "Begin from a template, a file or what is published; go on with a draft",
)
EXPORT_SVG = _action(Design.EXPORT_SVG, "Export as S&VG…", "", "Save a picture that can be scaled", why_not=_no_stage)
EXPORT_PNG = _action(Design.EXPORT_PNG, "Export as P&NG…", "", "Save a picture in dots", why_not=_no_stage)
WALK_THROUGH = _action(
    Design.WALK_THROUGH,
    "&Walk through…",
    "Ctrl+Shift+W",
    "Take a configuration through the draft, without a pool",
    why_not=partial(_offered, Design.WALK_THROUGH, "This console does not walk through drafts yet."),
)
COMPARE = _action(
    Design.COMPARE,
    "&Compare",
    "Ctrl+Shift+D",
    "See what the draft changes; or any two versions, drafts and files",
    why_not=_not_comparable,
    named=_compare_name,
)
KEYS = _action(Design.KEYS, "&Keys…", "F1", "See all keys of the graph, the outline and the inspector")
PUBLISH = _action(
    Design.PUBLISH,
    "&Publish…",
    "Ctrl+Shift+P",
    "Make the draft the workflow of its pools",
    why_not=partial(_offered, Design.PUBLISH, "This console does not publish workflows yet."),
)
DECIDE = _action(
    Design.DECIDE,
    "&Decide on a publication by file…",
    "",
    "Approve or reject what somebody asks to publish on a pool that this console does not reach",
)
TAKE_KEY = _action(
    Design.TAKE_KEY,
    "Take &in a signing key…",
    "",
    "Pin somebody's key to them, from the file that their console saved: Pool > Your key",
)

EDIT_MENU: tuple[Action | None, ...] = (CUT, COPY, PASTE, DUPLICATE, DELETE)
WORKFLOW_MENU: Menu = (
    *(DRAFTS, None, UNDO, REDO, None, ADD_STAGE, RENAME),
    Submenu(text="&Transition", actions=(CONNECT, INSERT_STAGE, None, TURN, LEAD_TARGET, LEAD_SOURCE)),
    Submenu(text="&Edit", actions=(*EDIT_MENU, None, SELECT_ALL)),
    None,
    *(ARRANGE, OUTLINE),
    Submenu(text="&Zoom", actions=(FIT, FULL_SIZE, ZOOM_IN, ZOOM_OUT)),
    Submenu(text="E&xport as a picture", actions=(EXPORT_SVG, EXPORT_PNG)),
    *(None, WALK_THROUGH, COMPARE, PUBLISH, DECIDE, None, TAKE_KEY, None, KEYS),
)
STAGE_MENU: tuple[Action | None, ...] = (CONNECT, INSERT_STAGE, RENAME, None, *EDIT_MENU)
TRANSITION_MENU: tuple[Action | None, ...] = (INSERT_STAGE, TURN, LEAD_TARGET, LEAD_SOURCE, None, DELETE)
EMPTY_MENU: tuple[Action | None, ...] = (ADD_STAGE, PASTE, SELECT_ALL, None, ARRANGE, FIT, FULL_SIZE)
TOOLS = (ADD_STAGE, CONNECT, ARRANGE, OUTLINE, WALK_THROUGH)
LAST_TOOLS = (COMPARE, PUBLISH)
LENT = (UNDO, REDO, WALK_THROUGH, COMPARE, PUBLISH, KEYS)  # keys that work in the panels around the canvas too
CONTESTED = (OUTLINE, DRAFTS)  # these too; elsewhere in the window their keys mean something else
