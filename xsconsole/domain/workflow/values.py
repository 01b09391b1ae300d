"""The release process as an immutable value: stages, and the transitions between them.

Fields that have their default are left out of the text form, so a default never changes its meaning.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

import msgspec
import networkx

from xsconsole.domain.canonical import Json, digest_of
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import Digest, GroupId, StageId, TransitionId, Uuid, WorkflowId
from xsconsole.domain.text_form import written
from xsconsole.domain.workflow.afterwards import Action
from xsconsole.domain.workflow.gates import Gate
from xsconsole.domain.workflow.rules import ApprovalRule, Group, Part, Person


class EntryAction(StrEnum):
    """What happens to the members' power when a configuration enters a stage."""

    START = "start"
    STOP = "stop"
    LEAVE = "leave"


class Kind(StrEnum):
    PROMOTE = "promote"
    DEMOTE = "demote"


class Method(StrEnum):
    """What travels: the same machines, linked clones of them (`VM.clone`), or full copies (`VM.copy`)."""

    MOVE = "move"
    LINKED_CLONE = "linked-clone"
    FULL_COPY = "full-copy"


class DiskTreatment(StrEnum):
    """What happens to a disk of a role on the way into a slot."""

    TRAVELS = "travels"
    STAYS = "stays"  # the slot keeps the disk that its incumbent has
    EMPTY = "empty"  # a new disk of the same size


class LeaseEnd(StrEnum):
    """What happens when a configuration has stood in a stage for the stage's whole lease."""

    TELL = "tell"
    STOP = "stop"
    ARCHIVE = "archive"


class PoolObject(Part, frozen=True, kw_only=True):
    """An object of a pool: found by `uuid`; `name` is what it was called when it was chosen, for reading offline."""

    uuid: Uuid
    name: str = ""


class NetworkEntry(Part, frozen=True, kw_only=True):
    """What a logical network of the workflow is called in the stage's pool."""

    logical: str
    network: PoolObject


class VlanRange(Part, frozen=True, kw_only=True):
    """VLAN tags of the pool's switches, both ends among them.

    `trunk` is the network of the cards or bonds that carry them; None: the one that the ground of the pool's fences
    names, else the only one that could.
    """

    first: int
    last: int
    trunk: PoolObject | None = None


class Binding(Part, frozen=True, kw_only=True):
    """Where the machines of a stage live.

    `pool` None is the pool that holds the workflow. `hosts` are a preference (XAPI's affinity), which HA and evacuation
    ignore. `sr` None leaves each disk where it is. `vlans` are reserved for fences that are deployed here; None: these
    have tags of the range of all the pool, where it has one.
    """

    pool: PoolObject | None = None
    hosts: tuple[PoolObject, ...] = ()
    sr: PoolObject | None = None
    networks: tuple[NetworkEntry, ...] = ()
    vlans: VlanRange | None = None


class Limits(Part, frozen=True, kw_only=True):
    """How many configurations a stage takes: in all, with a running member, and of one service; None: any number."""

    configurations: int | None = None
    running: int | None = None
    per_service: int | None = None


class StageLease(Part, frozen=True, kw_only=True):
    """How long a configuration may stand in a stage."""

    duration_s: int
    at_end: LeaseEnd = LeaseEnd.TELL


class FreezeCalendar(Part, frozen=True, kw_only=True):
    """Every week, from a weekday (0 is Monday) and local time of day, in minutes, to another; `zone` is IANA's.

    Nothing is promoted into the stage then. One that `is_total` lets nothing out either, and no way back in or out.
    """

    reason: str = ""
    from_day: int = 4
    from_minute: int = 18 * 60
    to_day: int = 0
    to_minute: int = 6 * 60
    zone: str = "UTC"
    is_total: bool = False


class Place(Part, frozen=True, kw_only=True):
    """Where the designer drew a stage, in steps of the grid."""

    x: int
    y: int


class Stage(Part, frozen=True, kw_only=True):
    """One column of the board.

    `colour` is `#rrggbb`; `protection` are XAPI operations blocked on its members; `actors` are the groups that may
    move configurations out of it and into it, none: everybody whose role on the pool suffices. Where a `fence` is
    demanded, what comes in stands in one of that mode, or of one that lets less pass.
    """

    id: StageId
    name: str
    colour: str
    description: str = ""
    binding: Binding = Binding()
    limits: Limits = Limits()
    entry: EntryAction = EntryAction.LEAVE
    protection: tuple[str, ...] = ()
    lease: StageLease | None = None
    freezes: tuple[FreezeCalendar, ...] = ()
    actors: tuple[GroupId, ...] = ()
    is_production: bool = False
    fence: FenceMode | None = None
    place: Place | None = None


class DiskRule(Part, frozen=True, kw_only=True):
    """What a transition does with disks of a role; disks of roles that no rule names travel."""

    role: str
    treatment: DiskTreatment


class RestorePointRule(Part, frozen=True, kw_only=True):
    """A restore point is taken first, and kept so long, and of a configuration only the newest so many of this way.

    Whatever comes first; None: until somebody removes it.
    """

    kept_s: int | None = None
    most: int | None = None


class Transition(Part, frozen=True, kw_only=True):
    """A way from one stage to another. Ways back are transitions of their own.

    `soak_s` is how long a configuration must have stood in `source`. `approvals` must all be satisfied; a request
    that was not carried out ends after `expiry_s`. `replaces_data` permits what is refused otherwise: disks that travel
    may take the place of disks that hold data of the slot. `as_stream` demands that machines which move into another
    pool go there through the console, also where hosts of the two reach each other.
    """

    id: TransitionId
    source: StageId
    target: StageId
    kind: Kind
    method: Method = Method.MOVE
    description: str = ""
    disks: tuple[DiskRule, ...] = ()
    replaces_data: bool = False
    as_stream: bool = False
    gates: tuple[Gate, ...] = ()
    approvals: tuple[ApprovalRule, ...] = ()
    expiry_s: int | None = None
    soak_s: int = 0
    restore_point: RestorePointRule | None = None
    afterwards: tuple[Action, ...] = ()


def content_of(workflow: "Workflow") -> Json:
    """Return the workflow as it is written; its format always stands there, whatever else is left out."""
    return {"format": workflow.format, **written(workflow)}


class Signature(Part, frozen=True, kw_only=True):
    """Of a version's digest: an Ed25519 public key and what it signed, both in base64."""

    public_key: str
    value: str


class Workflow(Part, frozen=True, kw_only=True):
    """Stages and transitions, with a version that grows at each publication.

    `networks` are the logical networks that stages map to networks of their pools. `publishing` are the rules for
    publishing the *next* version. `declarers` are the groups who may declare an emergency, none: nobody. `author` and
    `summary` say who changed what since the version before.
    """

    id: WorkflowId
    name: str
    version: int
    stages: tuple[Stage, ...]
    transitions: tuple[Transition, ...]
    description: str = ""
    networks: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()
    publishing: tuple[ApprovalRule, ...] = ()
    declarers: tuple[GroupId, ...] = ()
    author: str = ""
    summary: str = ""
    signature: Signature | None = None
    format: Literal[1] = 1

    @property
    def digest(self) -> Digest:
        """Return what is signed and approved: everything but the signature."""
        return digest_of(content_of(msgspec.structs.replace(self, signature=None)))

    def stage(self, stage_id: StageId) -> Stage | None:
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def transition(self, source: StageId, target: StageId) -> Transition | None:
        return next((edge for edge in self.transitions if (edge.source, edge.target) == (source, target)), None)

    def transition_of(self, transition_id: TransitionId) -> Transition | None:
        return next((edge for edge in self.transitions if edge.id == transition_id), None)

    def transitions_from(self, source: StageId, kind: Kind | None = None) -> tuple[Transition, ...]:
        return tuple(edge for edge in self.transitions if edge.source == source and kind in (None, edge.kind))

    def promotions(self) -> "networkx.DiGraph[StageId]":
        """Return the graph of the promotions; an edge carries its `Transition` as `way`."""
        return self._graph(Kind.PROMOTE)

    def _graph(self, kind: Kind) -> "networkx.DiGraph[StageId]":
        graph: networkx.DiGraph[StageId] = networkx.DiGraph()
        graph.add_nodes_from(stage.id for stage in self.stages)
        graph.add_edges_from(
            (edge.source, edge.target, {"way": edge}) for edge in self.transitions if edge.kind is kind
        )
        return graph

    def columns(self) -> tuple[tuple[Stage, ...], ...]:
        """Return the board's columns from left to right: the generations of the promote graph.

        Stages of one generation keep the order in which the workflow lists them.
        """
        generations: Sequence[Sequence[StageId]] = list(networkx.topological_generations(self.promotions()))
        return tuple(tuple(stage for stage in self.stages if stage.id in generation) for generation in generations)
