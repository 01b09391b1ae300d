"""Every command of a user, as data. Menus, buttons, shortcuts, the find field and tests use the same objects."""

from collections.abc import Callable, Iterable

from xsconsole.console import Verb, moves_to
from xsconsole.domain import words
from xsconsole.domain.board import Standing
from xsconsole.domain.naming import shortened
from xsconsole.domain.one_way import ONE_WAY
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Kind
from xsconsole.engine.commands import Demote, Direction, Dissolve, Promote
from xsconsole_ui.board_actions import ACKNOWLEDGE, BOARD_VIEW, DRIFT, LATER, LINEAGE, OUTSIDE, QUEUE
from xsconsole_ui.closing_actions import EXTEND, FREEZE, HOLD, LIFT_FREEZE, QUARANTINE, STOP_LINE
from xsconsole_ui.conditions import no_card, no_live_card, permitted
from xsconsole_ui.copy_actions import PROVISION, REFRESH, REPLICATE
from xsconsole_ui.fence_actions import FENCE
from xsconsole_ui.inbox_actions import FILES, YOUR_KEY
from xsconsole_ui.keeping_actions import ARCHIVE, CAPTURE, REMOVE_POINTS, REVERT, TAKE_POINT, THAW
from xsconsole_ui.mnemonics import verbatim
from xsconsole_ui.object_actions import IMPORT, OBJECT_MENU, SNAPSHOT_MENU
from xsconsole_ui.service_actions import ARRANGE, DELETE, DESCRIBE, MIGRATE, POWER
from xsconsole_ui.situation import About, Action, Hands, Menu, Situation, Submenu, actions_of
from xsconsole_ui.workflow_actions import WORKFLOW_MENU


def command_to(situation: Situation, target: Target) -> Promote | Demote | None:
    """Return the command that brings the selected card along `target`."""
    card = situation.card
    if card is None or target.kind is None:
        return None
    if target.kind is Kind.PROMOTE:
        return Promote(configuration=card.id, revision=card.revision, target=target.stage)
    return Demote(configuration=card.id, revision=card.revision, target=target.stage, disks=target.disks)


def _way(kind: Kind) -> Callable[[Situation, Hands], None]:
    def perform(situation: Situation, hands: Hands) -> None:
        if len(situation.cards) > 1:
            _go_together(situation, hands, kind)
            return
        ways = situation.open_ways(kind)
        command = command_to(situation, ways[0]) if len(ways) == 1 else None
        if command is not None:
            hands.ask(command)
        else:
            hands.choose_target(kind)

    return perform


def _go_together(situation: Situation, hands: Hands, kind: Kind) -> None:
    shared = situation.shared_ways(kind)
    if len(shared) == 1 and situation.workflow is not None:
        hands.ask_together(moves_to(situation.cards, shared[0].id, situation.workflow))
    else:
        hands.choose_target(kind)


def _going(place: str, text: str, shortcut: str, icon: str) -> Action:
    return Action(id=f"go.{place}", text=text, shortcut=shortcut, icon=icon, perform=lambda _, hands: hands.go(place))


def _no_way(kind: Kind) -> Callable[[Situation], str]:
    def why_not(situation: Situation) -> str:
        if no_live_card(situation):
            return no_live_card(situation)
        if len(situation.cards) > 1:
            where = "forward" if kind is Kind.PROMOTE else "back"
            return "" if situation.shared_ways(kind) else f"No way {where} leads from all of them to one stage."
        if situation.open_ways(kind):
            return ""
        where = "forward" if kind is Kind.PROMOTE else "back"
        return _why_closed(situation, situation.ways(kind)) or f"No way {where} leads out of this stage."

    return why_not


def _why_closed(situation: Situation, ways: Iterable[Target]) -> str:
    """Return what stands against these ways: what does against all of them once, else each way with its reason."""
    whys = {situation.stage_name(way): words.refusal(way.refusal) for way in ways if way.refusal is not None}
    if len(set(whys.values())) < 2:
        return next(iter(whys.values()), "")
    return "\n".join(f"To {shortened(name, 40)}: {why}" for name, why in whys.items())


def _way_name(kind: Kind) -> Callable[[Situation], str]:
    verb = "Promote" if kind is Kind.PROMOTE else "Demote"

    def named(situation: Situation) -> str:
        if len(situation.cards) > 1:
            shared = situation.shared_ways(kind)
            to = f" to {verbatim(shared[0].name)}" if len(shared) == 1 else "…" if shared else ""
            return f"{verb} {len(situation.cards)}{to}"
        ways = situation.open_ways(kind)
        return (
            f"{verb} to {verbatim(situation.stage_name(ways[0]))}" if len(ways) == 1 else f"{verb}…" if ways else verb
        )

    return named


def _comparison_name(situation: Situation) -> str:
    return "Co&mpare both…" if len(situation.cards) > 1 else "Co&mpare with…"


def _nothing_interrupted(situation: Situation) -> str:
    if no_live_card(situation):
        return no_live_card(situation)
    is_interrupted = situation.card is not None and situation.card.standing is Standing.INTERRUPTED
    return "" if is_interrupted else "No run of this configuration was interrupted."


def _no_way_back(situation: Situation) -> str:
    return _nothing_interrupted(situation) or (ONE_WAY if situation.is_one_way else "")


def _no_vms(situation: Situation) -> str:
    if not situation.is_live:
        return situation.why_unconnected
    return situation.vms_away if situation.vms else "Select VMs in the inventory first."


def _no_vms_or_card(situation: Situation) -> str:
    return no_live_card(situation) or _no_vms(situation)


def _nothing_to_adopt(situation: Situation) -> str:
    if not situation.is_live:
        return situation.why_unconnected
    if situation.to_adopt is not None:
        return ""
    if situation.stray_owners:
        return "The selected configuration is whole, and no VM carries its mark. The clones belong to another one."
    return "There are no strays, and the selected configuration is whole."


def _no_clones(situation: Situation) -> str:
    if not situation.is_live:
        return situation.why_unconnected
    if situation.with_strays is not None:
        return ""
    if situation.stray_owners:
        return "No VM carries the mark of the selected configuration. The clones belong to another one."
    return "No VM carries the mark of another one."


def _settle(direction: Direction) -> Callable[[Situation, Hands], None]:
    def perform(situation: Situation, hands: Hands) -> None:
        if situation.card is not None:
            hands.settle(situation.card.id, direction)

    return perform


def _dissolve(situation: Situation, hands: Hands) -> None:
    card = situation.card
    if card is not None:
        hands.ask(Dissolve(configuration=card.id, revision=card.revision), show_only=True)


def _planned_ways(situation: Situation) -> tuple[Target, ...]:
    """Return the ways whose plan Show plan would show; open ones first."""
    kinds = (Kind.PROMOTE, Kind.DEMOTE)
    found = (ways for listed in (situation.open_ways, situation.planned_ways) for ways in map(listed, kinds) if ways)
    return next(found, ())


def _plan_only(situation: Situation, hands: Hands) -> None:
    ways = _planned_ways(situation)
    command = command_to(situation, ways[0]) if ways else None
    if len(ways) > 1:
        hands.choose_target(None, show_only=True)
    elif command is not None:
        hands.ask(command, show_only=True)


def _no_plan(situation: Situation) -> str:
    if no_card(situation):
        return no_card(situation)
    if _planned_ways(situation):
        return ""
    ways = [way for kind in (Kind.PROMOTE, Kind.DEMOTE) for way in situation.ways(kind)]
    return no_live_card(situation) or _why_closed(situation, ways) or "No way leads out of this stage."


def _no_way_at_all(situation: Situation) -> str:
    if no_live_card(situation):
        return no_live_card(situation)
    if len(situation.cards) > 1:
        shared = situation.shared_ways(Kind.PROMOTE) or situation.shared_ways(Kind.DEMOTE)
        return "" if shared else "No way leads from all of them to one stage."
    return "" if situation.ways(Kind.PROMOTE) or situation.ways(Kind.DEMOTE) else "No way leads out of this stage."


def _no_emergency(situation: Situation) -> str:
    return _no_way_at_all(situation) or situation.why_no_emergency


PROMOTE = Action(
    id="card.promote",
    text="&Promote",
    shortcut="Ctrl+Right",
    icon="promote",
    tip="Move the configuration to the next stage",
    perform=_way(Kind.PROMOTE),
    why_not=_no_way(Kind.PROMOTE),
    named=_way_name(Kind.PROMOTE),
)
DEMOTE = Action(
    id="card.demote",
    text="&Demote",
    shortcut="Ctrl+Left",
    icon="demote",
    tip="Move the configuration back",
    perform=_way(Kind.DEMOTE),
    why_not=_no_way(Kind.DEMOTE),
    named=_way_name(Kind.DEMOTE),
)
MOVE_TO = Action(
    id="card.move-to",
    text="Promote &to…",
    shortcut="Ctrl+Shift+Right",
    tip="Choose among all stages a way leads to",
    perform=lambda _, hands: hands.choose_target(None),
    why_not=permitted(Verb.MOVE, _no_way_at_all),
)
DECLARE = Action(
    id="card.declare",
    text="Declare an e&mergency…",
    icon="warning",
    tip="Go past approvals, freezes and times, under your signature; somebody else reviews it afterwards",
    perform=lambda _, hands: hands.declare(),
    why_not=permitted(Verb.MOVE, _no_emergency),
)
PLAN = Action(
    id="card.plan",
    text="Show p&lan",
    shortcut="Ctrl+P",
    icon="info",
    tip="See what a promotion would do. Nothing is changed",
    perform=_plan_only,
    why_not=_no_plan,
)
COMPARE = Action(
    id="card.compare",
    text="Co&mpare with…",
    shortcut="Ctrl+D",
    tip="See field by field how it differs from another configuration, or from itself at another time",
    perform=lambda _, hands: hands.compare(),
    why_not=no_card,
    named=_comparison_name,
)
RESUME = Action(
    id="run.resume",
    text="&Resume run",
    icon="resume",
    tip="Finish what was interrupted",
    perform=_settle(Direction.RESUME),
    why_not=permitted(Verb.SETTLE, _nothing_interrupted),
)
UNDO_RUN = Action(
    id="run.undo",
    text="&Undo run",
    icon="undo",
    tip="Put back what an interrupted run did",
    perform=_settle(Direction.UNDO),
    why_not=permitted(Verb.SETTLE, _no_way_back),
)
CREATE = Action(
    id="configuration.create",
    text="&Create configuration…",
    shortcut="Ctrl+N",
    icon="add",
    tip="Make a configuration from the VMs selected in the inventory",
    perform=lambda _, hands: hands.create(),
    why_not=permitted(Verb.CHANGE, _no_vms),
)
ADD_MEMBERS = Action(
    id="configuration.add",
    text="&Add members…",
    tip="Add the VMs selected in the inventory to the configuration",
    perform=lambda _, hands: hands.add_members(),
    why_not=permitted(Verb.CHANGE, _no_vms_or_card),
)
REMOVE_MEMBERS = Action(
    id="configuration.remove",
    text="Remo&ve members…",
    tip="Take VMs out of the configuration; the VMs stay",
    perform=lambda _, hands: hands.ask_about(About.REMOVE_MEMBERS),
    why_not=permitted(Verb.CHANGE, no_live_card),
)
ADOPT = Action(
    id="configuration.adopt",
    text="Ad&opt…",
    tip="Take strays in, or make a configuration whole again",
    perform=lambda _, hands: hands.adopt(),
    why_not=permitted(Verb.CHANGE, _nothing_to_adopt),
)
CLEAN = Action(
    id="configuration.clean",
    text="&Clean clones…",
    tip="Take the mark of another VM off clones; the VMs stay",
    perform=lambda _, hands: hands.clean(),
    why_not=permitted(Verb.CHANGE, _no_clones),
)
DISSOLVE = Action(
    id="configuration.dissolve",
    text="D&issolve…",
    tip="Forget the configuration; its VMs stay",
    perform=_dissolve,
    why_not=permitted(Verb.CHANGE, no_live_card),
)
CONNECT = Action(
    id="pool.connect",
    text="&Connect…",
    shortcut="Ctrl+Shift+O",
    icon="connect",
    tip="Connect to a pool",
    perform=lambda _, hands: hands.connect_to_pool(),
)
DISCONNECT = Action(
    id="pool.disconnect",
    text="&Disconnect…",
    tip="End the connection to a pool, and show it no more",
    perform=lambda _, hands: hands.leave_pool(),
    why_not=lambda situation: "" if situation.pools else "There is no pool to disconnect from.",
    named=lambda situation: f"&Disconnect from {situation.pools[0]}" if len(situation.pools) == 1 else "&Disconnect…",
)

FIND = Action(
    id="find",
    text="&Find…",
    shortcut="Ctrl+K",
    icon="search",
    tip="Find a configuration, a VM or a command",
    perform=lambda _, hands: hands.find(),
)
GO_BOARD = _going("board", "&Board", "Ctrl+1", "board")
GO_WORKFLOW = _going("workflow", "&Workflow", "Ctrl+2", "workflow")
GO_AUDIT = _going("audit", "A&udit", "Ctrl+3", "audit")
GO_HEALTH = _going("health", "&Health", "Ctrl+4", "health")
GO_INBOX = _going("inbox", "In&box", "Ctrl+5", "approvals")
GO_ARCHIVE = _going("archive", "Ar&chive", "Ctrl+6", "archive")
GO_LIBRARY = _going("library", "&Library", "Ctrl+7", "library")
GO_FENCES = _going("fences", "F&ences", "Ctrl+8", "fence")
GO_ALL = (GO_BOARD, GO_WORKFLOW, GO_AUDIT, GO_HEALTH, GO_INBOX, GO_ARCHIVE, GO_LIBRARY, GO_FENCES)
WALK = Action(
    id="panel.next",
    text="&Next panel",
    shortcut="F6",
    tip="Walk the keyboard through the panels",
    perform=lambda _, hands: hands.walk_panels(),
)
TOGGLE_THEME = Action(
    id="theme.toggle",
    text="Light or &dark",
    shortcut="Ctrl+Shift+L",
    perform=lambda _, hands: hands.toggle_theme(),
)
RESTORE_PANELS = Action(
    id="panel.restore",
    text="&Restore panels",
    tip="Put all panels back where they belong",
    perform=lambda _, hands: hands.restore_panels(),
)
QUIT = Action(id="quit", text="&Quit", shortcut="Ctrl+Q", perform=lambda _, hands: hands.quit())

MOVES = (PROMOTE, DEMOTE, MOVE_TO, REPLICATE, REFRESH, QUEUE, LATER, PLAN)
LOOK_CLOSER = Submenu(text="Look clos&er", actions=(COMPARE, DRIFT, LINEAGE, None, OUTSIDE, ACKNOWLEDGE))
RUN_MENU: Menu = (*MOVES, LOOK_CLOSER, None, RESUME, UNDO_RUN, None, HOLD, QUARANTINE, EXTEND, DECLARE, None)
POINTS = Submenu(text="Restore &points", actions=(TAKE_POINT, REVERT, REMOVE_POINTS, THAW))
KEEP = Submenu(text="&Keep", actions=(CAPTURE, ARCHIVE))
KEEPING: Menu = (MIGRATE, DESCRIBE, POINTS, KEEP)
MEMBERS = Submenu(text="Mem&bers", actions=(ADD_MEMBERS, REMOVE_MEMBERS, ARRANGE, ADOPT, CLEAN, None, DISSOLVE))
POWER_OF_ALL = Submenu(text="Po&wer", actions=POWER)
CARD_MENU: Menu = (*RUN_MENU, POWER_OF_ALL, FENCE, MEMBERS, *KEEPING, DELETE)
MENUS: tuple[tuple[str, Menu], ...] = (
    (
        "&Pool",
        (CONNECT, DISCONNECT, None, YOUR_KEY, *FILES, None, IMPORT, None, FREEZE, LIFT_FREEZE, STOP_LINE, None, QUIT),
    ),
    ("&Configuration", (*RUN_MENU, POWER_OF_ALL, FENCE, CREATE, PROVISION, MEMBERS, *KEEPING, DELETE)),
    ("&Object", (*OBJECT_MENU, None, *SNAPSHOT_MENU)),
    ("&Workflow", WORKFLOW_MENU),
    (
        "&View",
        (*GO_ALL, None, *BOARD_VIEW, None, FIND, WALK, None, TOGGLE_THEME, RESTORE_PANELS),
    ),
)
FIRST_STEPS = (CONNECT, CREATE)
AT_BANNER = STOP_LINE
WAYS = (PROMOTE, DEMOTE)
MENDS = (ADOPT, REMOVE_MEMBERS, REMOVE_POINTS, THAW)
OF_CARD = (WAYS, MENDS, (HOLD, QUARANTINE, LATER, EXTEND))
VM_MENU: tuple[Action | None, ...] = (CREATE, ADD_MEMBERS, ADOPT, None, *OBJECT_MENU)
ALL = tuple(action for _, menu in MENUS for action in actions_of(menu))
