"""Publishing a workflow to the pools that it binds, and taking what is in flight along."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

import msgspec

from xsconsole.console.desks import Desk, Keeper
from xsconsole.console.publication.approvals import decision_here, demand_counts, request_of, why_not_decide
from xsconsole.console.publication.versions import KnownVersion, known_versions
from xsconsole.console.refusals import record_unread
from xsconsole.console.taking_along import TakingAlong, waits, why_it_waits
from xsconsole.console.values import Verb
from xsconsole.domain.approval import Decision, Meaning, Requester, Tally
from xsconsole.domain.canonical import Json
from xsconsole.domain.continuing import with_continued
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import PersonId, StageId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.retention import expiring_by
from xsconsole.domain.publication.effects import (
    PartState,
    PublishPlan,
    PublishReport,
    VersionSplit,
)
from xsconsole.domain.publication.files import PublicationRequest
from xsconsole.domain.publication.values import Publication, publication_of
from xsconsole.domain.signing import Provenance, provenance, signed
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Person, Workflow
from xsconsole.domain.workflow.difference import diff, lines
from xsconsole.domain.workflow.findings import Finding, findings
from xsconsole.domain.workflow.findings.ground import Ground, Occupant
from xsconsole.engine.plans.enforcement import findings_of_gaps
from xsconsole.engine.publication.publish_plan import Wish, plan_publication
from xsconsole.engine.publication.publish_pools import Site, bound_pools, parts_of
from xsconsole.errors import ConsoleError, NotPermitted, PlanIsStale, Refused, StoreFailed
from xsconsole.store.keys import is_signature

CHANGES_ON_RECORD = 100


class Publishing:
    """Plans publications from what was heard of the pools, carries them out, and finishes what was cut off."""

    def __init__(self, home: Keeper, desks: Callable[[], Iterable[Desk]]) -> None:
        self._home = home
        self._desks = desks
        self._along = TakingAlong(lambda workflow: self._planned(Wish(workflow=workflow)), self._here)

    # --- asking ---------------------------------------------------------------------------------------------------

    def findings(self, workflow: Workflow) -> tuple[Finding, ...]:
        """Return what is to say of a draft, also what this console could not carry out of it.

        Compared with what is on the pools there are; without one, it says what could not be checked.
        """
        sites = self._sites()
        home = sites[0].pool if sites else None
        bound = {**bound_pools(workflow, home), **bound_pools(sites[0].standing, home)} if home is not None else {}
        mine = [site for site in sites if site.pool in bound]
        ground = Ground(
            home=home,
            pools={site.pool: site.inventory for site in sites},
            # What stands on pools that follow another workflow has nothing to do with this one.
            occupants=tuple(Occupant.of(card) for site in mine for card in site.board.cards.values()),
            names={
                stage: site.board.stage_name(stage)
                for site in mine
                for stage in {card.stage for card in site.board.cards.values()}  # few, however many cards
            },
            me=self._me(),
        )
        at = self._home.clock.now()
        expiring = (one for site in mine for one in expiring_by(workflow, site.board, at))
        return findings(workflow, ground, (*findings_of_gaps(workflow, home), *expiring))

    def plan(
        self,
        workflow: Workflow,
        *,
        base: Workflow | None = None,
        over: int | None = None,
        mapping: Mapping[StageId, StageId] | None = None,
        summary: str = "",
        later: Collection[Uuid] = (),
        replaced: Collection[Uuid] = (),
    ) -> PublishPlan:
        """Return what publishing it would do. Nothing is changed, and nothing is asked of the pools.

        `base` is the version it was made from; where only its number is known, `over`; else the workflow's own number.
        `later` are pools that are away, and that somebody agreed to bring up when they are back; `replaced` those whose
        other version of the same number it takes the place of.

        Raises:
            Refused: there is no connection to a pool.
        """
        wish = Wish(
            workflow=workflow,
            base=base.digest if base is not None else None,
            over=over,
            mapping=mapping,
            summary=summary,
            later=frozenset(later),
            replaced=frozenset(replaced),
        )
        return self._planned(wish)

    def denial(self, plan: PublishPlan) -> NotPermitted | None:
        """Return why the log-in on one of its pools may not publish; None where all may."""
        return _denial(plan, self._here())

    def split(self) -> VersionSplit | None:
        """Return which pools lack the newest version; None where all have it. `finish` mends it."""
        newest, sites = self._newest(), self._sites()
        if newest is None:
            return None
        parts = parts_of(newest, newest, {site.pool: site for site in sites}, sites[0].pool, ())
        beside = next(filter(None, (publication_of(site.keys, newest.digest) for site in sites)), None)
        waits_for = beside.later if beside is not None else {}
        behind = tuple(
            part
            for part in parts
            if part.state in (PartState.WRITES, PartState.NEWER)
            or (part.state is PartState.LATER and part.digest != newest.digest and part.pool in waits_for)
        )
        ahead = tuple(part for part in parts if part.digest == newest.digest)
        return VersionSplit(newest=newest, ahead=ahead, behind=behind) if behind else None

    def away(self) -> tuple[str, ...]:
        """Return the names of the pools to which the road is broken."""
        return tuple(site.name for site in self._sites() if site.is_away)

    async def versions(self) -> tuple[KnownVersion, ...]:
        """Return the published versions that can still be read, newest first.

        Raises:
            StoreFailed: the record cannot be read.
        """
        standing = [(site.name, site.standing) for site in self._sites()]
        return await known_versions(self._home, [(pool, one) for pool, one in standing if one is not None])

    def provenance(self, workflow: Workflow) -> Provenance:
        """Return who signed a version."""
        return provenance(workflow, is_signature)

    # --- doing ----------------------------------------------------------------------------------------------------

    async def publish(self, plan: PublishPlan, *, copied: Workflow | None = None) -> PublishReport:
        """Write the version to every pool that it binds, then take configurations where it maps them.

        What is `copied` stands on another pool already, and is written as it stands there, whoever signed it. It can be
        asked for again after anything that broke: what stands already is not written twice.

        Raises:
            PlanIsStale: it would not do now what the plan says, or somebody published meanwhile.
            Refused: see `plan.obstacles`, or the log-in may not; nothing was changed.
            StoreFailed: the record cannot be written.
        """
        desks = self._here()
        workflow = copied or (signed(plan.workflow, self._home.signer) if plan.is_new else plan.workflow)
        try:
            self._demand(plan, desks)
            publication = self._publication(plan, workflow, desks)
            written, failed = await self._write(plan, workflow, publication, desks)
        except Refused as refusal:
            what = f"Publish version {plan.workflow.version} of {shortened(plan.workflow.name)}"
            await record_unread(next(iter(desks.values())), what, plan.workflow.summary, refusal)
            raise
        later = tuple(publication.later.values())
        if failed:
            return PublishReport(workflow=workflow, written=written, failed=failed, later=later)
        moved, left = await self._along.take(workflow, publication)
        return PublishReport(workflow=workflow, written=written, moved=moved, left=left, later=later)

    async def finish(self) -> PublishReport:
        """Finish what a publication left: pools without the newest version, configurations not yet where it maps them.

        Raises:
            Refused: nothing is published, or see `publish`.
        """
        newest = self._newest()
        if newest is None:
            raise Refused(reason="No workflow is published here.", mend="Publish one.")
        return await self.publish(self._planned(Wish(workflow=newest)))

    def renewed(self, report: PublishReport) -> PublishReport:
        """Return a report as it is now: what was waited for may have ended, and gone along, since."""
        sites = self._sites()
        newest = self._newest()
        if not sites or newest is None or newest.digest != report.workflow.digest:
            return report
        plan = self._planned(Wish(workflow=report.workflow))
        before = dict(report.left)
        left = {effect.name: before.get(effect.name, effect.sentence) for effect in plan.due}
        left |= {effect.name: why_it_waits(effect) for effect in plan.effects if waits(effect)}
        shown = {effect.name for effect in plan.effects}  # nothing, while a pool that was away is read anew
        left |= {name: why for name, why in before.items() if name not in shown}
        gone = tuple(name for name in before if name not in left)
        kept = tuple((name, why) for name, why in left.items() if name in before)
        return replace(report, moved=(*report.moved, *gone), left=kept)

    async def leave(self) -> None:
        """Wait for no run any more: the connection ends."""
        await self._along.leave()

    async def decide(self, plan: PublishPlan, meaning: Meaning, reason: str) -> Tally | None:
        """Approve or reject a publication by this console's key, and return how the rules stand then.

        Raises:
            Refused: no approval is demanded, or no rule names whom this key belongs to; nothing was changed.
            PoolUnavailable, StoreFailed: whether it stands on the pool is not known; the same again finds out.
        """
        desk = next(iter(self._here().values()))
        await desk.engine.decide(decision_here(plan, self._home, desk, meaning, reason))
        return plan.tally

    def why_not_decide(self, plan: PublishPlan) -> Refused | None:
        """Return why this console's key cannot decide on it; None where it can."""
        return why_not_decide(plan, self._home)

    def request(self, plan: PublishPlan) -> PublicationRequest:
        """Return what is to be approved as a file's content, for people who have no way to the pool.

        Raises:
            Refused: nobody has to approve it.
        """
        return request_of(plan, self._home, next(iter(self._here().values())))

    async def take_in(self, plan: PublishPlan, decision: Decision) -> None:
        """Leave a decision that came as a file on the pool, if it counts.

        Raises:
            Refused: it is forged, about something else, or of nobody whom a rule names; nothing was changed.
            PoolUnavailable, StoreFailed: whether it stands on the pool is not known; the same again finds out.
        """
        demand_counts(decision, plan)
        await next(iter(self._here().values())).engine.decide(decision)

    def _me(self) -> Person | None:
        """Return who sits here, by this console's key; None where the home is only read."""
        key = self._home.key_fingerprint
        desk = next(iter(self._here().values()), None)
        name = desk.identity.actor if desk is not None and desk.identity is not None else "me"
        return Person(id=PersonId("me"), name=name, fingerprints=(key,)) if key else None

    # --- inside ---------------------------------------------------------------------------------------------------

    def _here(self) -> dict[Uuid, Desk]:
        """Return the desks that have a pool; the first is the home of what is published."""
        return {desk.identity.pool: desk for desk in self._desks() if desk.identity is not None}

    def _sites(self) -> tuple[Site, ...]:
        return tuple(
            Site(
                pool=pool,
                name=desk.identity.pool_name if desk.identity is not None else "",
                board=desk.board,
                inventory=desk.inventory,
                is_away=desk.link.state is LinkState.LOST,
                as_of=desk.link.as_of,
                ahead=desk.requests.clock.offset,
            )
            for pool, desk in self._here().items()
        )

    def _newest(self) -> Workflow | None:
        sites = self._sites()
        first = sites[0].standing if sites else None
        standing = [site.standing for site in sites]
        same = [one for one in standing if one is not None and (first is None or one.id == first.id)]
        return max(same, key=lambda one: one.version, default=None)

    def _planned(self, wish: Wish) -> PublishPlan:
        sites = self._sites()
        if not sites:
            raise Refused(reason="There is no connection to a pool.", mend="Connect to one first.")
        desk = next(iter(self._here().values()))
        actor, sid = (desk.identity.actor, desk.identity.sid) if desk.identity is not None else ("", "")
        requester = Requester(fingerprint=self._home.key_fingerprint, actor=actor, sid=sid)
        return plan_publication(
            wish, sites, sites[0].pool, requester, self.findings(wish.workflow), is_signature, self._home.clock.now()
        )

    def _again(self, plan: PublishPlan) -> PublishPlan:
        return self._planned(
            Wish(
                workflow=plan.workflow,
                over=plan.standing.version if plan.standing is not None else 0,
                mapping=plan.mapping,
                summary=plan.workflow.summary,
                later=frozenset(part.pool for part in plan.later),
                replaced=frozenset(part.pool for part in plan.replaced),
            )
        )

    def _demand(self, plan: PublishPlan, desks: Mapping[Uuid, Desk]) -> None:
        denial = _denial(plan, desks)
        if denial is not None:
            raise denial
        now = self._again(plan)
        if now.digest != plan.digest:
            raise PlanIsStale(
                reason="Publishing would not do now what you saw: a pool or a configuration has changed.",
                mend="Look at it again, then decide.",
            )
        if plan.obstacles:
            more = len(plan.obstacles) - 1
            also = f" Beside that, {more} more." if more else ""
            raise Refused(reason=f"{plan.obstacles[0].reason}{also}", mend=plan.obstacles[0].mend)

    async def _write(
        self, plan: PublishPlan, workflow: Workflow, publication: Publication, desks: Mapping[Uuid, Desk]
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        details = _details(plan, self._home.key_fingerprint)
        written: list[str] = []
        failed: list[tuple[str, str]] = []
        for part in plan.pools:
            if part.state is PartState.LATER:
                continue
            if failed:
                failed.append((part.name, "It was not tried after that."))
                continue
            try:
                seen = part.digest
                if await desks[part.pool].engine.publish_version(workflow, seen, publication, details):
                    written.append(part.name)
            except StoreFailed:
                raise
            except ConsoleError as failure:
                if not written and isinstance(failure, Refused):
                    raise
                failed.append((part.name, _sentence(failure)))
        return tuple(written), tuple(failed)

    def _publication(self, plan: PublishPlan, workflow: Workflow, desks: Mapping[Uuid, Desk]) -> Publication:
        """Return what stands beside the version; of one that stands somewhere already, the same with what is new."""
        for desk in desks.values():
            keys = desk.inventory.pool.other_config if desk.inventory.pool else {}
            known = publication_of(keys, workflow.digest)
            if known is not None:
                return _extended(known, plan)
        identity = next(iter(desks.values())).identity
        publication = Publication(
            workflow=workflow.id,
            version=workflow.version,
            digest=workflow.digest,
            base=plan.standing.digest if plan.standing is not None else None,
            mapping=dict(plan.mapping),
            pools={part.pool: part.name for part in plan.pools},
            actor=identity.actor if identity is not None else "",
            at=self._home.clock.now(),
            renewed=plan.renewed,
            decisions=plan.tally.counted if plan.tally is not None else (),
            later={part.pool: part.name for part in plan.later},
        )
        continued = [fate.continued for fate in plan.requests if fate.continued is not None]
        return with_continued(publication, continued, self._home.signer) if plan.is_new else publication


def _denial(plan: PublishPlan, desks: Mapping[Uuid, Desk]) -> NotPermitted | None:
    found = (desks[part.pool].denial(Verb.PUBLISH) for part in plan.pools if part.pool in desks)
    return next((denial for denial in found if denial is not None), None)


def _extended(known: Publication, plan: PublishPlan) -> Publication:
    return msgspec.structs.replace(
        known,
        mapping={**known.mapping, **plan.mapping},
        pools={**known.pools, **{part.pool: part.name for part in plan.pools}},
        later={part.pool: part.name for part in plan.later if part.pool in known.later},
    )


def _details(plan: PublishPlan, fingerprint: str) -> dict[str, Json]:
    changes = lines(diff(plan.standing, plan.workflow)) if plan.standing is not None else ()
    return {
        "summary": plan.workflow.summary,
        "author": plan.workflow.author,
        "key": fingerprint,
        "changes": list(changes[:CHANGES_ON_RECORD]),
        "mapping": {str(old): str(new) for old, new in plan.mapping.items()},
        "pools": [part.name for part in plan.pools],
        **({"later": [part.name for part in plan.later]} if plan.later else {}),
        **({"requests": [fate.sentence for fate in plan.requests]} if plan.requests else {}),
        "subject": plan.subject,
    }


def _sentence(failure: ConsoleError) -> str:
    notice = explain(failure)
    return f"{notice.failed} {notice.mend}".strip()
