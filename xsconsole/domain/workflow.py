"""The release process as an immutable value: stages, and the transitions between them."""

import base64
import binascii
import zlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

import msgspec
import networkx

from xsconsole.domain.canonical import canonical_bytes, digest_of
from xsconsole.domain.ids import Digest, StageId, TransitionId, WorkflowId
from xsconsole.errors import Refused

FORMAT = 1
STORED_LIMIT_BYTES = 32 * 1024  # as it stands on the pool, after compression and base64
DECOMPRESSED_LIMIT_BYTES = 4 * 1024 * 1024


class EntryAction(StrEnum):
    """What happens to the members' power when a configuration enters a stage."""

    START = "start"
    STOP = "stop"
    LEAVE = "leave"


class Kind(StrEnum):
    PROMOTE = "promote"
    DEMOTE = "demote"


class Method(StrEnum):
    MOVE = "move"


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of the board. `colour` is `#rrggbb`; `protection` are XAPI operations blocked on its members."""

    id: StageId
    name: str
    colour: str
    description: str = ""
    entry: EntryAction = EntryAction.LEAVE
    protection: tuple[str, ...] = ()
    per_service_limit: int | None = None


class Transition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way from one stage to another. Ways back are transitions of their own."""

    id: TransitionId
    source: StageId
    target: StageId
    kind: Kind
    method: Method = Method.MOVE
    has_restore_point: bool = False


class Workflow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stages and transitions, with a version that grows at each publication."""

    id: WorkflowId
    name: str
    version: int
    stages: tuple[Stage, ...]
    transitions: tuple[Transition, ...]
    format: Literal[1] = 1

    @property
    def digest(self) -> Digest:
        return digest_of(msgspec.to_builtins(self))

    def stage(self, stage_id: StageId) -> Stage | None:
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def transition(self, source: StageId, target: StageId) -> Transition | None:
        return next((edge for edge in self.transitions if (edge.source, edge.target) == (source, target)), None)

    def transitions_from(self, source: StageId, kind: Kind | None = None) -> tuple[Transition, ...]:
        return tuple(edge for edge in self.transitions if edge.source == source and kind in (None, edge.kind))

    def columns(self) -> tuple[tuple[Stage, ...], ...]:
        """Return the board's columns from left to right: the generations of the promote graph.

        Stages of one generation keep the order in which the workflow lists them.
        """
        graph: networkx.DiGraph = networkx.DiGraph()
        graph.add_nodes_from(stage.id for stage in self.stages)
        graph.add_edges_from((edge.source, edge.target) for edge in self.transitions if edge.kind is Kind.PROMOTE)
        generations: Sequence[Sequence[StageId]] = list(networkx.topological_generations(graph))
        return tuple(tuple(stage for stage in self.stages if stage.id in generation) for generation in generations)


def check(workflow: Workflow) -> None:
    """Refuse a workflow that this version cannot show or follow.

    Raises:
        Refused: a doubled id or name, an edge to nowhere, or a cycle among promotions.
    """
    ids = [stage.id for stage in workflow.stages]
    names = [stage.name.casefold() for stage in workflow.stages]
    if not ids:
        raise Refused(reason="The workflow has no stage.", mend="Give it at least one stage.")
    if len(set(ids)) < len(ids) or len(set(names)) < len(names):
        raise Refused(reason="Two stages have the same id or name.", mend="Give each stage its own.")
    for edge in workflow.transitions:
        if not {edge.source, edge.target} <= set(ids) or edge.source == edge.target:
            raise Refused(
                reason=f"Transition {edge.id} from {edge.source} to {edge.target} is no way between two stages.",
                mend="Let it start and end at two different stages of the workflow.",
            )
    ways = [(edge.source, edge.target) for edge in workflow.transitions]
    if len(set(ways)) < len(ways):
        raise Refused(reason="Two transitions lead from the same stage to the same stage.", mend="Remove one of them.")
    try:
        workflow.columns()
    except networkx.NetworkXUnfeasible:
        raise Refused(
            reason="The promotions go round in a circle.", mend="Make one of them a way back (kind demote)."
        ) from None


def to_json(workflow: Workflow) -> bytes:
    """Return the canonical text form."""
    return canonical_bytes(msgspec.to_builtins(workflow))


def from_json(text: bytes) -> Workflow:
    """Read the text form.

    Raises:
        Refused: not JSON, of a newer format, with unknown fields, or contradictory.
    """
    try:
        version = msgspec.json.decode(text, type=_Format).format
        if version != FORMAT:
            raise Refused(
                reason=f"The workflow is of format {version}; this console reads format {FORMAT}.",
                mend="Use a newer console.",
            )
        workflow = msgspec.json.decode(text, type=Workflow)
    except msgspec.MsgspecError as failure:
        raise Refused(
            reason=f"The workflow cannot be read: {failure}.",
            mend="If a newer console published it, use that one; nothing was changed.",
        ) from failure
    check(workflow)
    return workflow


class _Format(msgspec.Struct):
    format: int = FORMAT


def to_stored(workflow: Workflow) -> str:
    """Return the form that stands on the pool.

    Raises:
        Refused: it would be larger than 32 KiB.
    """
    stored = base64.b64encode(zlib.compress(to_json(workflow), 9)).decode("ascii")
    if len(stored) > STORED_LIMIT_BYTES:
        raise Refused(
            reason=f"The workflow takes {len(stored)} bytes on the pool; {STORED_LIMIT_BYTES} is the most.",
            mend="Shorten descriptions or remove stages.",
        )
    return stored


def from_stored(stored: str) -> Workflow:
    """Read the form that stands on the pool.

    Raises:
        Refused: damaged, or see `from_json`.
    """
    return from_json(inflate(stored))


def inflate(stored: str) -> bytes:
    """Undo base64 and compression, with a bound on what comes out.

    Raises:
        Refused: damaged or too large.
    """
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(base64.b64decode(stored, validate=True), DECOMPRESSED_LIMIT_BYTES)
    except (binascii.Error, zlib.error, ValueError) as failure:
        raise Refused(reason=f"A value on the pool is damaged: {failure}.") from failure
    if not inflater.eof:
        raise Refused(reason="A value on the pool is cut off or too large.")
    return text


def default_workflow() -> Workflow:
    """Return the workflow that a pool without one gets: four stages in a row, each with its way back."""
    integration, patch_testing, staging, production = (
        StageId(name) for name in ("integration", "patch-testing", "staging", "production")
    )

    def edge(source: StageId, target: StageId, kind: Kind) -> Transition:
        return Transition(
            id=TransitionId(f"{source}-to-{target}"),
            source=source,
            target=target,
            kind=kind,
            has_restore_point=kind is Kind.PROMOTE,
        )

    return Workflow(
        id=WorkflowId("release"),
        name="Release to production",
        version=1,
        stages=(
            Stage(id=integration, name="Integration", colour="#64748b", description="New versions are put together."),
            Stage(id=patch_testing, name="Patch testing", colour="#7c5cbf", description="Patches meet real machines."),
            Stage(id=staging, name="Staging", colour="#c98a16", description="The last look.", entry=EntryAction.START),
            Stage(
                id=production,
                name="Production",
                colour="#1f8a4c",
                description="What users work with.",
                entry=EntryAction.START,
                protection=("destroy",),
                per_service_limit=1,
            ),
        ),
        transitions=(
            edge(integration, patch_testing, Kind.PROMOTE),
            edge(patch_testing, staging, Kind.PROMOTE),
            edge(staging, production, Kind.PROMOTE),
            edge(patch_testing, integration, Kind.DEMOTE),
            edge(staging, patch_testing, Kind.DEMOTE),
            edge(staging, integration, Kind.DEMOTE),
            edge(production, staging, Kind.DEMOTE),
        ),
    )
