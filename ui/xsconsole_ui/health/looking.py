"""What Health looks at, of all pools that there are."""

from xsconsole.console import Estate
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.crowding import examined_places
from xsconsole.domain.estate import Part
from xsconsole.domain.fence.state import breaches_of, strays_of
from xsconsole.domain.health import Examination, Finding, Severity, examined_all
from xsconsole.domain.ids import Uuid
from xsconsole.domain.stays import examined_stays


def examined(console: Estate) -> Examination:
    """Look at the objects of the pools, then at how long configurations may stand where they do, and how many may."""
    now = console.home.clock.now()
    yield from examined_all(console.inventory.parts, now)
    for one in console.consoles:
        yield from examined_stays(one.own_board, one.inventory.pool, now)
    yield from _examined_fences(console)
    yield from examined_places([Part(sight=console.sight_of(one), board=one.own_board) for one in console.consoles])


def _examined_fences(console: Estate) -> Examination:
    """Yield each breach of a fence, at the machine that it is about where that is known, and each stray of one."""
    fencing = console.fencing
    for watched in tuple(fencing.all.values()) if fencing is not None else ():
        if fencing is None:
            return
        work, site = fencing.work_on(watched), watched.standing.site
        pool = console.pool_name(console.of_card(watched.standing.configuration))
        for stray in strays_of(watched, work):
            yield Finding(
                severity=Severity.WARNING,
                kind="fence off plan",
                sentence=stray.sentence,
                mend=stray.mend,
                object=ObjectId(kind=Kind.VM, uuid=site.members[stray.foothold.member]),
                name=watched.standing.fence.name,
                pool=pool,
            )
        found = breaches_of(watched, work)
        if not found:
            yield None
            continue
        about = next(iter((*sorted(watched.culprits), *site.members.values())), Uuid(""))
        for breach in found if about else ():
            yield Finding(
                severity=Severity.BAD,
                kind="fence leaks",
                sentence=breach.sentence,
                mend="Shut the machine down, put its card back where it was, or undeploy the fence.",
                object=ObjectId(kind=Kind.VM, uuid=about),
                name=watched.standing.fence.name,
                pool=pool,
            )
