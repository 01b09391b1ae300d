"""What the user has before them, what an action is, and what it can do: shared by all actions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from xsconsole.console import Verb
from xsconsole.domain.acts import Act, ObjectId
from xsconsole.domain.acts import Kind as ObjectKind
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.closures import ClosureKind
from xsconsole.domain.ids import ConfigurationId, RequestId, RunId, StageId, TransitionId, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.jobs import Check
from xsconsole.domain.runs import Target
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Kind, Stage, Workflow
from xsconsole.engine.commands import Direction, OfService, Operate, Plannable, Together
from xsconsole.errors import Barred, StageFull


class Design(StrEnum):
    """What can be done in the designer."""

    ADD_STAGE = "add-stage"
    CONNECT = "connect"
    INSERT_STAGE = "insert-stage"
    TURN = "turn"
    LEAD_TARGET = "lead-target"
    LEAD_SOURCE = "lead-source"
    RENAME = "rename"
    ARRANGE = "arrange"
    UNDO = "undo"
    REDO = "redo"
    CUT = "cut"
    COPY = "copy"
    PASTE = "paste"
    DUPLICATE = "duplicate"
    DELETE = "delete"
    SELECT_ALL = "select-all"
    ZOOM_IN = "zoom-in"
    ZOOM_OUT = "zoom-out"
    FULL_SIZE = "full-size"
    FIT = "fit"
    OUTLINE = "outline"
    DRAFTS = "drafts"
    EXPORT_SVG = "export-svg"
    EXPORT_PNG = "export-png"
    WALK_THROUGH = "walk-through"
    COMPARE = "compare"
    PUBLISH = "publish"
    DECIDE = "decide"
    TAKE_KEY = "take-key"
    KEYS = "keys"


class About(StrEnum):
    """What is asked about the selected configuration before there is a plan."""

    REMOVE_MEMBERS = "remove-members"
    REPLICATE = "replicate"
    REVERT = "revert"
    DESCRIBE = "describe"
    ARRANGE = "arrange"
    DELETE = "delete"
    MIGRATE = "migrate"
    CAPTURE = "capture"
    DEPLOY = "deploy"
    UNDEPLOY = "undeploy"


class ByFile(StrEnum):
    """What can be done with requests as files, whichever is chosen in the inbox."""

    DECIDE = "decide"
    TAKE_IN = "take-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSituation:
    """What is open in the designer, and what is selected there. `offers` is what the designer can do beside drawing."""

    stages: tuple[StageId, ...] = ()
    transitions: tuple[TransitionId, ...] = ()
    number_of_stages: int = 0
    undo_label: str | None = None
    redo_label: str | None = None
    version: int | None = None  # that the draft began from
    changes: int = 0
    can_paste: bool = False
    offers: frozenset[Design] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the user has before them. `targets` are those of the selected card.

    A card that is selected on a board that is not on show is not before them, unless the inspector shows it.
    """

    place: str = "board"  # that is on show
    has_hidden_card: bool = False  # whether one is selected that is not before them
    is_connected: bool = False
    connecting: tuple[str, ...] = ()  # what is being connected to, where there is no connection yet
    is_live: bool = False
    workflow: Workflow | None = None
    card: Card | None = None
    cards: tuple[Card, ...] = ()  # all that are selected, the one above first
    targets: tuple[Target, ...] = ()
    vms: tuple[Uuid, ...] = ()  # selected in the inventory
    objects: tuple[ObjectId, ...] = ()  # selected in the inventory
    storage: ObjectId | None = None  # where imported machines go: the selected SR, else the pool with its default one
    check: Callable[[Operate], tuple[Check, ...]] | None = None  # whether an act can be done to objects
    stray_owners: tuple[ConfigurationId, ...] = ()  # the configurations whose marks clones carry
    has_outside: bool = False  # whether others changed the selected card, and nobody acknowledged that
    left_frozen: RequestId | None = None  # of the selected card, for a request that there is no more
    denials: Mapping[Verb, str] = field(default_factory=dict)  # what the role may not do, and why
    draft: DraftSituation = DraftSituation()
    card_away: str = ""  # why nothing can be done to the selected card, where its pool is away and others are not
    vms_away: str = ""  # the same of what is selected in the inventory
    why_no_emergency: str = ""  # why whoever sits here may declare none of the selected card
    is_one_way: bool = False  # whether the interrupted run of the selected card can only be finished
    is_queued: bool = False  # whether the selected card waits for a place in this console
    is_fenced: bool = False  # whether a fence is around the selected card
    is_list: bool = False  # whether the board is shown as a list
    pools: tuple[str, ...] = ()  # the names of those that can be left
    has_freezes: bool = False  # by hand
    is_stopped: bool = False  # the line, on any pool

    @property
    def why_unconnected(self) -> str:
        """Why nothing can be done without a connection."""
        if self.connecting:
            return f"There is no connection to {listing(self.connecting)} yet: wait until it stands."
        return "Connect to a pool first."

    @property
    def with_strays(self) -> ConfigurationId | None:
        """The selected configuration where clones carry its mark; the first such one where no card is selected."""
        if self.card is None:
            return next(iter(self.stray_owners), None)
        return self.card.id if self.card.id in self.stray_owners else None

    @property
    def to_adopt(self) -> ConfigurationId | None:
        """The configuration that can be made whole or take clones in: never another one than is selected."""
        card, broken = self.card, (Standing.INCOMPLETE, Standing.INCONSISTENT)
        if card is None:
            return self.with_strays
        is_lost = self.workflow is not None and self.workflow.stage(card.stage) is None
        can_be_mended = card.standing in broken or (is_lost and card.standing is Standing.WHOLE)
        return card.id if can_be_mended else self.with_strays

    def ways(self, kind: Kind) -> tuple[Target, ...]:
        return tuple(target for target in self.targets if target.kind is kind)

    def open_ways(self, kind: Kind) -> tuple[Target, ...]:
        return tuple(target for target in self.planned_ways(kind) if target.refusal is None)

    def planned_ways(self, kind: Kind) -> tuple[Target, ...]:
        """Return those whose plan can be looked at, also where it may not be carried out."""
        return tuple(target for target in self.ways(kind) if target.plan is not None)

    @property
    def full_ways(self) -> tuple[Target, ...]:
        """Return the ways on which nothing but a full stage stands against the selected card; forward ones first."""
        full = [target for target in self.targets if isinstance(target.refusal, StageFull) and target.kind is not None]
        return tuple(sorted(full, key=lambda target: target.kind is not Kind.PROMOTE)) if len(self.cards) == 1 else ()

    @property
    def later_ways(self) -> tuple[Target, ...]:
        """Return the ways that others approve and that only time bars now: they can be asked for already."""
        return later_ways(self.card, self.targets, self.workflow) if len(self.cards) == 1 else ()

    def shared_ways(self, kind: Kind) -> tuple[Stage, ...]:
        """Return the stages that such a way leads to from where each of the selected cards stands."""
        workflow = self.workflow
        if workflow is None or not self.cards:
            return ()
        led = [{way.target for way in workflow.transitions_from(card.stage, kind)} for card in self.cards]
        return tuple(stage for stage in workflow.stages if stage.id in set.intersection(*led))

    def stage_name(self, target: Target) -> str:
        stage = self.workflow.stage(target.stage) if self.workflow else None
        return stage.name if stage else str(target.stage)


def later_ways(card: Card | None, targets: Sequence[Target], workflow: Workflow | None) -> tuple[Target, ...]:
    """Return the ways of a card that others approve and that only time bars now."""
    if card is None or workflow is None:
        return ()
    return tuple(
        target
        for target in targets
        if isinstance(target.refusal, Barred) and target.refusal.until is not None
        if (way := workflow.transition(card.stage, target.stage)) is not None and way.approvals
    )


def storage_for(objects: Sequence[ObjectId], inventory: Inventory) -> ObjectId | None:
    """Return where imported machines go: the selected SR, else the pool with its default one; None without a pool."""
    if len(objects) == 1 and objects[0].kind is ObjectKind.SR:
        return objects[0]
    pool = inventory.pool
    return None if pool is None else ObjectId(kind=ObjectKind.POOL, uuid=pool.uuid)


class Hands(Protocol):
    """What an action can do; the window gives it."""

    def ask(self, command: Plannable, *, show_only: bool = False) -> None: ...
    def ask_together(self, together: Together) -> None: ...
    def ask_each(self, commands: tuple[OfService, ...]) -> None: ...
    def settle(self, configuration: ConfigurationId, direction: Direction) -> None: ...
    def choose_target(self, kind: Kind | None, *, show_only: bool = False) -> None: ...
    def compare(self) -> None: ...
    def show_lineage(self) -> None: ...
    def show_drift(self) -> None: ...
    def show_fence(self) -> None: ...
    def show_outside(self) -> None: ...
    def acknowledge_outside(self) -> None: ...
    def provision(self) -> None: ...
    def queue(self) -> None: ...
    def ask_later(self) -> None: ...
    def declare(self) -> None: ...
    def create(self) -> None: ...
    def add_members(self) -> None: ...
    def adopt(self) -> None: ...
    def clean(self) -> None: ...
    def archive(self) -> None: ...
    def ask_about(self, what: About) -> None: ...
    def remove_points(self, configuration: ConfigurationId, points: tuple[RunId, ...] = ()) -> None: ...
    def close_by_hand(self, kind: ClosureKind) -> None: ...
    def lift_freeze(self) -> None: ...
    def act(self, act: Act, objects: tuple[ObjectId, ...]) -> None: ...
    def design(self, what: Design) -> None: ...
    def connect_to_pool(self) -> None: ...
    def leave_pool(self) -> None: ...
    def show_key(self) -> None: ...
    def by_file(self, what: ByFile) -> None: ...
    def find(self) -> None: ...
    def go(self, place: str) -> None: ...
    def toggle_list(self) -> None: ...
    def filter_cards(self) -> None: ...
    def collapse_column(self) -> None: ...
    def walk_panels(self) -> None: ...
    def toggle_theme(self) -> None: ...
    def restore_panels(self) -> None: ...
    def quit(self) -> None: ...


def never_refused(situation: Situation) -> str:
    del situation
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One command. `why_not` gives the reason why it cannot be used now, empty where it can."""

    id: str
    text: str
    perform: Callable[[Situation, Hands], None]
    why_not: Callable[[Situation], str] = never_refused
    named: Callable[[Situation], str] | None = None  # a closer name, for what is selected
    shortcut: str = ""
    place: str = ""  # the one place in which the shortcut works; empty: everywhere
    icon: str = ""
    tip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submenu:
    """Commands of one subject, in a menu of their own."""

    text: str
    actions: tuple[Action | None, ...]


Menu = tuple[Action | Submenu | None, ...]  # None is a line between two


def actions_of(menu: Menu) -> tuple[Action, ...]:
    """Return what a menu and its submenus offer, in order."""
    parts = (one.actions if isinstance(one, Submenu) else (one,) for one in menu)
    return tuple(action for part in parts for action in part if action is not None)
