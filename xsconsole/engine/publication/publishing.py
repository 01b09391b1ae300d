"""The workflow on the pool. Of two consoles that publish at once, one wins and both see the same."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial

import msgspec

from xsconsole.domain.approval import Decision, Matter, to_text
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.canonical import Json
from xsconsole.domain.continuing import unneeded_versions, version_stem
from xsconsole.domain.ids import Digest
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX, decode_workflow, numbers, workflow_stem
from xsconsole.domain.publication.values import (
    PUBLICATION_PREFIX,
    Publication,
    approval_prefix,
    approval_stem,
    encode,
    publication_of,
    publication_stem,
)
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.requests.values import Request
from xsconsole.domain.reviews import ReviewItem
from xsconsole.domain.workflow import Workflow, check, default_workflow, to_stored
from xsconsole.engine.ports import Field, Ledger, PoolPort
from xsconsole.engine.values import RACES, insist, remove_value, write_value
from xsconsole.errors import PlanIsStale, PoolFailed, Refused

Judge = Callable[[Workflow | None], bool]
"""Whether what stands is what the new version may take the place of."""


async def publish_default(pool: PoolPort, ledger: Ledger) -> Workflow | None:
    """Publish the default workflow where none stands, and return what stands now; None: one that cannot be read."""
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    if not any(key.startswith(PREFIX + "workflow.") for key in keys):
        try:
            return await publish(pool, ledger, default_workflow(), 0)
        except PlanIsStale:
            keys = await insist(pool, lambda: pool.keys(Field.POOL))
    return published_workflow(keys)


async def publish(pool: PoolPort, ledger: Ledger, workflow: Workflow, version_seen: int) -> Workflow:
    """Publish a workflow over the one of `version_seen` (0: over none).

    Raises:
        PlanIsStale: somebody published meanwhile.
        Refused: the workflow contradicts itself, is too large, or its version does not follow.
    """
    await _write(
        pool, ledger, workflow, lambda standing: (standing.version if standing else 0) == version_seen, None, {}
    )
    return workflow


async def publish_version(
    pool: PoolPort,
    ledger: Ledger,
    workflow: Workflow,
    seen: Digest | None,
    publication: Publication,
    details: Mapping[str, Json],
) -> bool:
    """Publish a version over the one with digest `seen` (None: over none), and what stands beside it.

    What stands beside it is written first: whoever finds the version can finish what its console began. Where the
    version stands already, only that is written. Returns whether the version was written by this call.

    Raises:
        PlanIsStale: somebody published another one meanwhile.
        Refused: see `publish`.
        PoolUnavailable: whether it stands there is not known; the same call again finds out.
    """
    stem = publication_stem(workflow.digest)
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    is_extended = publication_of(keys, workflow.digest) != publication
    standing = published_workflow(keys)
    if standing is not None and standing.digest == workflow.digest:
        if is_extended:
            await ledger.record(_fact(pool, workflow, None, details))
            await write_value(pool, Field.POOL, stem, encode(publication))
            await ledger.record(_fact(pool, workflow, Outcome.DONE, details))
        await _tidy(pool, keys, workflow)
        return False
    return await _write(
        pool,
        ledger,
        workflow,
        lambda there: (there.digest if there is not None else None) == seen,
        publication,
        details,
    )


async def leave_decision(
    pool: PoolPort, ledger: Ledger, decision: Decision, about: Request | ReviewItem | None = None
) -> None:
    """Leave a signed decision on the pool; the same one again changes nothing. `about`: what it is on, but a version.

    Raises:
        PoolUnavailable: whether it stands there is not known; the same call again finds out.
    """
    intent = about.intent if about is not None else None
    fact = Fact(
        event=AuditEvent.DECIDED,
        actor=pool.identity.actor,
        pool=pool.identity.pool,
        session=pool.identity.session,
        configuration=intent.configuration if intent is not None else None,
        configuration_name=intent.name if intent is not None else "",
        run=about.run if isinstance(about, ReviewItem) else None,
        source=intent.source if intent is not None else None,
        target=intent.target if intent is not None else None,
        reason=decision.reason,
        details={
            "what": f"{decision.meaning.value}: {decision.about}",
            "subject": decision.subject,
            "key": decision.fingerprint,
            "decision": msgspec.to_builtins(decision),
            **({"request": about.id, "ticket": about.ticket} if isinstance(about, Request) else {}),
        },
    )
    await ledger.record(fact)
    stem, text = approval_stem(decision.matter, decision.subject), to_text(decision)

    async def attempt() -> None:
        for _ in range(RACES):
            keys = await pool.keys(Field.POOL)
            standing = numbers(keys, stem)
            if any(keys[f"{stem}.{number}"] == text for number in standing):
                return
            await pool.add_key(Field.POOL, f"{stem}.{next(iter(standing), 0) + 1}", text)
        raise PoolFailed(code="MAP_DUPLICATE_KEY", parameters=(Field.POOL.value, stem), method="add_to")

    await insist(pool, attempt)
    await ledger.record(replace(fact, outcome=Outcome.DONE))


async def _write(
    pool: PoolPort,
    ledger: Ledger,
    workflow: Workflow,
    is_expected: Judge,
    publication: Publication | None,
    details: Mapping[str, Json],
) -> bool:
    check(workflow)
    stored = to_stored(workflow)
    stem = workflow_stem(workflow.id)
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    standing = published_workflow(keys)
    if not is_expected(standing):
        raise _stale(workflow)
    if standing is not None and workflow.version <= standing.version:
        raise Refused(
            reason=f"Version {workflow.version} does not follow version {standing.version}.",
            mend="Publish it under a higher version.",
        )
    top = next(iter(numbers(keys, stem)), 0) + 1
    kept_for = publication.continued if publication is not None else ()
    before: dict[str, Json] = {"digest_before": standing.digest if standing is not None else None, **details}
    await ledger.record(_fact(pool, workflow, None, before))
    beside = publication_stem(workflow.digest)
    if publication is not None:
        await write_value(pool, Field.POOL, beside, encode(publication))
    if standing is not None and any(one.version == standing.digest for one in kept_for):
        await write_value(pool, Field.POOL, version_stem(standing.digest), to_stored(standing))

    async def attempt() -> bool:
        if (await pool.keys(Field.POOL)).get(f"{stem}.{top}") == stored:
            return True
        return await pool.add_key(Field.POOL, f"{stem}.{top}", stored)

    is_ours = await insist(pool, attempt)
    # The pool keeps the newest only: what stood there can be compared with as long as the record stands.
    kept: dict[str, Json] = {"content": stored}
    if standing is not None:
        kept["content_before"] = to_stored(standing)
    outcome = Outcome.DONE if is_ours else Outcome.REFUSED
    await ledger.record(_fact(pool, workflow, outcome, {**before, **(kept if is_ours else {})}))
    if not is_ours:
        now = published_workflow(await insist(pool, lambda: pool.keys(Field.POOL)))
        if publication is not None and (now is None or now.digest != workflow.digest):
            await remove_value(pool, Field.POOL, beside)
        await insist(pool, lambda: drop_versions(pool))
        raise _stale(workflow)
    earlier = {f"{stem}.{number}" for number in numbers(keys, stem)}
    await insist(pool, lambda: _clean(pool, earlier, beside))
    return True


async def _clean(pool: PoolPort, earlier: Collection[str], beside: str) -> None:
    """Remove earlier versions, what stood beside them, and decisions: those stand in the new publication."""
    decided = approval_prefix(Matter.PUBLICATION)
    for key in await pool.keys(Field.POOL):
        is_beside = key.startswith(PUBLICATION_PREFIX) and not key.startswith(f"{beside}.")
        if key in earlier or is_beside or key.startswith(decided):
            await pool.remove_key(Field.POOL, key)
    await drop_versions(pool)


async def drop_versions(pool: PoolPort) -> None:
    """Remove earlier versions that no request needs any more."""
    for key in unneeded_versions(await pool.keys(Field.POOL)):
        await pool.remove_key(Field.POOL, key)


async def _tidy(pool: PoolPort, keys: Mapping[str, str], workflow: Workflow) -> None:
    """Remove the versions before the one that stands, which a console that died could not remove any more.

    What stands beside no version is left: somebody may be about to publish the version that it belongs to.
    """
    stem = workflow_stem(workflow.id)
    is_earlier = False
    for number in numbers(keys, stem):
        key = f"{stem}.{number}"
        found = decode_workflow(keys[key])
        if is_earlier:
            if found is not None:
                await remove_value(pool, Field.POOL, publication_stem(found.digest))
            await insist(pool, partial(pool.remove_key, Field.POOL, key))
        is_earlier = is_earlier or (found is not None and found.digest == workflow.digest)
    await insist(pool, lambda: drop_versions(pool))


def _stale(workflow: Workflow) -> PlanIsStale:
    return PlanIsStale(
        reason=f"Somebody published “{shortened(workflow.name)}” meanwhile.", mend="Look at it, then publish again."
    )


def _fact(pool: PoolPort, workflow: Workflow, outcome: Outcome | None, details: Mapping[str, Json]) -> Fact:
    return Fact(
        event=AuditEvent.WORKFLOW_PUBLISHED,
        actor=pool.identity.actor,
        pool=pool.identity.pool,
        session=pool.identity.session,
        outcome=outcome,
        details={
            "what": workflow.name,
            "workflow": workflow.id,
            "version": workflow.version,
            "digest": workflow.digest,
            **details,
        },
    )
