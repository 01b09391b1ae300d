"""Who approves a publication: here by this console's key, or off the pool by files."""

import asyncio
from pathlib import Path

from xsconsole.console.desks import Desk, Keeper
from xsconsole.domain.approval import Decision, Matter, Meaning, decided, is_genuine, people_of
from xsconsole.domain.naming import shortened
from xsconsole.domain.publication.effects import PublishPlan
from xsconsole.domain.publication.files import (
    FILE_LIMIT_BYTES,
    AskedPublication,
    PublicationDecision,
    PublicationRequest,
    asked_for,
    read_decision,
    read_request,
    to_bytes,
)
from xsconsole.domain.signing import owner_of
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.wording import rule_words
from xsconsole.errors import Refused
from xsconsole.store import files
from xsconsole.store.keys import is_signature


def why_not_decide(plan: PublishPlan, home: Keeper) -> Refused | None:
    """Return why this console's key cannot decide on a publication; None where it can."""
    standing = plan.standing
    if standing is None or plan.tally is None:
        return Refused(reason="Nobody has to approve this.", mend="It can be published as it is.")
    return _why_nobody(home.key_fingerprint, standing, "this console's key", plan.tally.sentence)


def decision_here(plan: PublishPlan, home: Keeper, desk: Desk, meaning: Meaning, reason: str) -> Decision:
    """Return a decision by this console's key.

    Raises:
        Refused: see `why_not_decide`; or it rejects without a reason.
    """
    refusal = why_not_decide(plan, home)
    if refusal is not None:
        raise refusal
    _demand_reason(meaning, reason)
    return decided(
        home.signer,
        matter=Matter.PUBLICATION,
        subject=plan.subject,
        about=_about(plan.workflow),
        meaning=meaning,
        reason=reason,
        at=home.clock.now(),
        actor=desk.identity.actor if desk.identity is not None else "",
        sid=desk.identity.sid if desk.identity is not None else "",
    )


def request_of(plan: PublishPlan, home: Keeper, desk: Desk) -> PublicationRequest:
    """Return what is to be published as a file's content, for people who have no way to the pool.

    Raises:
        Refused: nobody has to approve it.
    """
    standing, identity = plan.standing, desk.identity
    if standing is None or plan.tally is None or identity is None:
        raise Refused(reason="Nobody has to approve this.", mend="It can be published as it is.")
    return asked_for(
        home.signer,
        workflow=plan.workflow,
        standing=standing,
        mapping=plan.mapping,
        pool=identity.pool,
        pool_name=identity.pool_name,
        actor=identity.actor,
        rules=tuple(rule_words(rule, standing) for rule in standing.publishing),
        at=home.clock.now(),
    )


def decide_apart(home: Keeper, asked: AskedPublication, meaning: Meaning, reason: str) -> PublicationDecision:
    """Decide on a publication that came as a file, by this home's key alone. Whether it counts is judged on the pool.

    Raises:
        Refused: this home asked for it itself, or it rejects without a reason.
    """
    if asked.fingerprint == home.key_fingerprint:
        raise Refused(
            reason="This console asked for it, and nobody decides on what they asked for.", mend="Ask somebody else."
        )
    _demand_reason(meaning, reason)
    decision = decided(
        home.signer,
        matter=Matter.PUBLICATION,
        subject=asked.request.subject,
        about=_about(asked.workflow),
        meaning=meaning,
        reason=reason,
        at=home.clock.now(),
    )
    return PublicationDecision(decision=decision)


def why_not_counted(home: Keeper, asked: AskedPublication) -> Refused | None:
    """Return why a decision by this home would not count, as far as the file tells; None where it would."""
    mend = "A decision by it will not count: let somebody decide whom it names."
    return _why_nobody(home.key_fingerprint, asked.standing, "this console's key", mend)


def demand_counts(decision: Decision, plan: PublishPlan) -> None:
    """Refuse a decision that would not count for a publication.

    Raises:
        Refused: it is forged, about something else, of nobody whom a rule names, or of whoever asks.
    """
    standing = plan.standing
    if standing is None or plan.tally is None:
        raise Refused(reason="Nobody has to approve this.", mend="It can be published as it is.")
    if not is_genuine(decision, is_signature):
        raise Refused(
            reason="The signature of the decision does not match: the file was changed.", mend="Ask for it again."
        )
    if decision.matter is not Matter.PUBLICATION or decision.subject != plan.subject:
        raise Refused(
            reason=f"The decision is about something else: “{shortened(decision.about)}”, "
            "or about this draft as it was before it changed.",
            mend="Give them the request as it is now.",
        )
    refusal = _why_nobody(decision.fingerprint, standing, "the key that signed it", plan.tally.sentence)
    if refusal is not None:
        raise refusal


async def write_paper(
    value: PublicationRequest | PublicationDecision, path: str | Path, *, may_replace: bool = False
) -> None:
    """Write a request or a decision to a file, whole or not at all; raises `AlreadyThere`, `Refused`, `DiskFull`."""
    await asyncio.to_thread(files.write_out, Path(path), to_bytes(value), may_replace=may_replace)


async def read_asked(path: str | Path) -> AskedPublication:
    """Return a request of a file; raises `Refused`."""
    return read_request(await asyncio.to_thread(files.read_in, Path(path), FILE_LIMIT_BYTES), is_signature)


async def read_decided(path: str | Path) -> Decision:
    """Return a decision of a file; raises `Refused`."""
    return read_decision(await asyncio.to_thread(files.read_in, Path(path), FILE_LIMIT_BYTES))


def _why_nobody(fingerprint: str, standing: Workflow, whose: str, mend: str) -> Refused | None:
    person = owner_of(fingerprint, standing.people)
    named = {one.id for rule in standing.publishing for one in people_of(rule, standing)}
    if person is not None and person.id in named:
        return None
    return Refused(
        reason=f"Version {standing.version} names nobody with {whose} ({fingerprint[:16]}) among those who approve "
        "the next one.",
        mend=mend,
    )


def _demand_reason(meaning: Meaning, reason: str) -> None:
    if meaning is Meaning.REJECT and not reason:
        raise Refused(reason="A rejection needs its reason.", mend="Say what would have to change.")


def _about(workflow: Workflow) -> str:
    return f"Publish version {workflow.version} of {shortened(workflow.name)}"
