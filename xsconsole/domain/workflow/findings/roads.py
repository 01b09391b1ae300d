"""Findings about what a transition carries where: copies across storage and pools, and versions of pools."""

from collections.abc import Iterator
from itertools import chain

import msgspec

from xsconsole.domain.folding import shown
from xsconsole.domain.workflow.edits import remove
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_stage, mend_way
from xsconsole.domain.workflow.findings.values import Finding, Mend, Severity
from xsconsole.domain.workflow.values import Kind, Method, PoolObject, Transition


def of_roads(case: Case) -> Iterator[Finding]:
    for way in case.ways:
        yield from chain(_linked_clone(case, way), _unbound(case, way), _versions(case, way), _stream(case, way))


def _linked_clone(case: Case, way: Transition) -> Iterator[Finding]:
    """A linked clone shares its base with the original, so it never leaves that storage."""
    if way.method is not Method.LINKED_CLONE:
        return
    source, target = case.stages[way.source], case.stages[way.target]
    full = mend_way("Make full copies", way.id, lambda _: {"method": Method.FULL_COPY})
    rule = Rule(name="linked-clone-elsewhere", transition=way.id)
    if not case.is_same_pool(source, target):
        yield rule.error(
            f"{case.words(way)} makes linked clones, which cannot leave their pool.",
            "method",
            *_copyable(case, way, full),
        )
        return
    first, second = source.binding.sr, target.binding.sr
    if second is None or (first is not None and first.uuid == second.uuid):
        return
    severity = Severity.WARNING if first is None else Severity.ERROR
    where = f"; {shown(source.name)} leaves disks where they are, which may be elsewhere" if first is None else ""
    yield rule.finding(
        severity,
        f"{case.words(way)} makes linked clones, which cannot go to the storage {shown(second.name or second.uuid)} of "
        f"{shown(target.name)}: they share their base with the original{where}.",
        "method",
        *_copyable(case, way, full),
    )


def _copyable(case: Case, way: Transition, mend: Mend) -> Iterator[Mend]:
    if "copy" not in case.stages[way.source].protection:
        yield mend


def _unbound(case: Case, way: Transition) -> Iterator[Finding]:
    """A stage without a pool is wherever a configuration is: what should come back to it would only be called so."""
    source, target = case.stages[way.source], case.stages[way.target]
    pool, home = source.binding.pool, case.ground.home
    if way.method is not Method.MOVE or pool is None or target.binding.pool is not None or pool.uuid == home:
        return
    mends: tuple[Mend, ...] = ()
    site = case.site_of(target)
    if home is not None and site is not None:
        bound = msgspec.structs.replace(target.binding, pool=PoolObject(uuid=home, name=site.name))
        mends = (mend_stage(f"Bind it to {shown(site.name)}", target.id, lambda _: {"binding": bound}),)
    yield Rule(name="stays-in-its-pool", stage=target.id, transition=way.id).warning(
        f"{case.words(way)} leaves the machines in the pool {shown(pool.name or pool.uuid)}: {shown(target.name)} is "
        "bound to no pool.",
        "binding.pool",
        *mends,
    )


def _versions(case: Case, way: Transition) -> Iterator[Finding]:
    source, target = case.stages[way.source], case.stages[way.target]
    first, second = case.site_of(source), case.site_of(target)
    if first is None or second is None or first is second or not first.version or not second.version:
        return
    rule = Rule(name="lower-version", transition=way.id)
    one, other = first.release, second.release
    if one == other:  # two builds of one release
        one, other = (".".join(map(str, version)) for version in (first.version, second.version))
    if second.version < first.version:
        words = f"{shown(second.name)} ({other}) takes no machine from {shown(first.name)} ({one}), which is newer"
        drop = Mend(label="Remove this way back", apply=lambda workflow: remove(workflow, (), [way.id]))
        is_back = way.kind is Kind.DEMOTE
        yield rule.error(f"{case.words(way)} cannot be taken: {words}.", "target", *((drop,) if is_back else ()))
    elif second.version > first.version and way.kind is Kind.PROMOTE:
        yield rule.warning(
            f"{case.words(way)} has no way back: {shown(first.name)} ({one}) takes no machine from "
            f"{shown(second.name)} ({other}), which is newer.",
            "target",
        )


def _stream(case: Case, way: Transition) -> Iterator[Finding]:
    """A stream that is demanded where machines go by other means, or nowhere."""
    if not way.as_stream:
        return
    why = ""
    if way.method is not Method.MOVE:
        why = "it makes copies, and a stream is a way for the machines themselves"
    elif case.is_same_pool(case.stages[way.source], case.stages[way.target]):
        why = "both of its stages are in one pool"
    if why:
        yield Rule(name="stream-of-nothing", transition=way.id).warning(
            f"{case.words(way)} demands a stream, but {why}.",
            "as_stream",
            mend_way("Demand none", way.id, lambda _: {"as_stream": False}),
        )
