"""What a workflow demands and today's engine does not carry out. Such a way is refused, never passed.

A part that becomes enforced leaves this list in the same change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xsconsole.domain.ids import TransitionId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Binding, DiskTreatment, Kind, Method, Transition, Workflow
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent, Hold, Review
from xsconsole.domain.workflow.findings import Finding, Severity
from xsconsole.domain.workflow.giving_way import leads_back
from xsconsole.domain.workflow.names import gate_name
from xsconsole.engine.runs.gatekeeper import is_kept
from xsconsole.errors import NotPromotable

COPYING = frozenset({Method.LINKED_CLONE, Method.FULL_COPY})
RULE = "not-enforced"
MEND = "Take it out of the workflow, or use a console that can."


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One demand that is not carried out. `what` ends the sentence 'the way demands …'.

    What is `senseless` no console will carry out: it is an error of the workflow, which says why and is not published.
    A version that stands on a pool all the same is refused there.
    """

    what: str
    field: str
    transition: TransitionId | None = None
    is_senseless: bool = False


def gaps(workflow: Workflow, pool: Uuid | None) -> tuple[Gap, ...]:
    """Return every demand of the workflow that is not carried out, in the order of its transitions.

    `pool` is the one that holds the configurations: what a stage without a pool of its own is bound to.
    """
    return tuple(gap for way in workflow.transitions for gap in _of_transition(workflow, way, pool))


def gaps_of(workflow: Workflow, way: Transition, pool: Uuid | None) -> tuple[Gap, ...]:
    """Return what stands against a transition."""
    return tuple(_of_transition(workflow, way, pool))


def demand_enforced(workflow: Workflow, way: Transition, pool: Uuid | None) -> None:
    """Refuse a transition of which something would not be carried out.

    Raises:
        NotPromotable: naming all of it.
    """
    found = gaps_of(workflow, way, pool)
    if found:
        names = [stage.name if stage else end for end in (way.source, way.target) for stage in (workflow.stage(end),)]
        raise NotPromotable(
            reason=f"The way from {shortened(names[0])} to {shortened(names[1])} demands {_listed(found)}, "
            "which this console cannot carry out, so it moves nothing there.",
            mend=MEND,
        )


def findings_of_gaps(workflow: Workflow, pool: Uuid | None) -> tuple[Finding, ...]:
    """Return the same as findings: it may be published, and what it stands at is refused."""
    return tuple(
        Finding(
            rule=RULE,
            severity=Severity.WARNING,
            sentence=f"This console cannot carry out {gap.what}: it refuses to promote or demote "
            f"along this way as long as that is demanded.",
            transition=gap.transition,
            field=gap.field,
        )
        for gap in gaps(workflow, pool)
        if not gap.is_senseless
    )


def _listed(found: Iterable[Gap]) -> str:
    return listing(tuple(dict.fromkeys(gap.what for gap in found)), 8)


def _of_transition(workflow: Workflow, way: Transition, pool: Uuid | None) -> Iterator[Gap]:
    def gap(what: str, field: str, *, is_senseless: bool = False) -> Gap:
        return Gap(what=what, field=field, transition=way.id, is_senseless=is_senseless)

    is_copying = way.method in COPYING
    if way.method is not Method.MOVE and not is_copying:
        yield gap(f"the method “{shortened(way.method, 40)}”", "method")
    if is_copying and way.kind is Kind.DEMOTE:
        yield gap(f"a way back by “{way.method}”", "method", is_senseless=True)
    is_leading_back = is_copying or way.kind is Kind.PROMOTE
    can_stay = is_leading_back and leads_back(way)
    fitting = {DiskTreatment.TRAVELS, *((DiskTreatment.STAYS,) if can_stay else ())}
    if not is_copying and any(rule.treatment not in fitting for rule in way.disks):
        yield gap("disks that do not travel", "disks", is_senseless=True)
    kinds = tuple(dict.fromkeys(gate_name(gate) for gate in way.gates if not is_kept(gate)))
    if kinds:
        yield gap(f"gates ({listing(kinds)})", "gates")
    kept: set[type] = {Review} | ({DemoteIncumbent, ArchiveIncumbent} if is_leading_back else set())
    kept |= set() if is_copying else {Hold}
    left = [action for action in way.afterwards if type(action) not in kept]
    if left:
        kinds = tuple(dict.fromkeys(action.called for action in left))
        yield gap(f"actions afterwards ({listing(kinds)})", "afterwards")
    ends = workflow.stage(way.source), workflow.stage(way.target)
    if (
        ends[0] is not None
        and ends[1] is not None
        and _pool_of(ends[0].binding, pool) != _pool_of(ends[1].binding, pool)
    ):
        yield from _between_pools(way)


def _between_pools(way: Transition) -> Iterator[Gap]:
    """Linked clones stay on the storage of their originals, so none go to another pool."""
    if way.method not in (Method.FULL_COPY, Method.MOVE):
        what = f"the method “{shortened(way.method, 40)}” to another pool"
        yield Gap(what=what, field="target", transition=way.id)


def _pool_of(binding: Binding, pool: Uuid | None) -> Uuid | None:
    return binding.pool.uuid if binding.pool is not None else pool
