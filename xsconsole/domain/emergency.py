"""Emergencies: who declares one may go past rules of the workflow, signs for it, and leaves a review that others close.

What a plan goes past is part of it. The declaration is a signature over that plan's digest, with a reason; it travels
in the run record.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import Digest, Uuid
from xsconsole.domain.log_ins import may_be_one
from xsconsole.domain.plan import Override, Plan
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, owner_of, raw_of, text_of
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Person, Workflow
from xsconsole.domain.workflow.findings.approvals import is_shared, is_shared_log_in

REASON_LIMIT = 1000
TICKET_LIMIT = 200


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody declared, as it is signed. `at` is by the pool's clock; `actor` the log-in it was made with.

    Texts of key and signature are base64. `session` is the digest of the session that the log-in made.
    """

    schema: Literal[1] = 1
    pool: Uuid
    plan: Digest
    about: str
    overrides: tuple[Override, ...]
    reason: str
    ticket: str = ""
    at: datetime
    actor: str
    session: str = ""
    console: str
    public_key: str
    signature: str = ""

    @property
    def key(self) -> str:
        """The fingerprint of the key that should have signed it; empty where there is none."""
        raw = raw_of(self.public_key)
        return key_fingerprint(raw) if raw else ""


def declared(
    signer: Signer,
    plan: Plan,
    *,
    pool: Uuid,
    about: str,
    reason: str,
    ticket: str,
    at: datetime,
    actor: str,
    session: str,
    console: str,
) -> Declaration:
    """Return a declaration of what `plan` goes past, signed by `signer`."""
    unsigned = Declaration(
        pool=pool,
        plan=plan.digest,
        about=shortened(about, REASON_LIMIT),
        overrides=plan.overrides or (),
        reason=shortened(reason.strip(), REASON_LIMIT),
        ticket=shortened(ticket.strip(), TICKET_LIMIT),
        at=at,
        actor=actor,
        session=session,
        console=console,
        public_key=text_of(signer.public_key),
    )
    return msgspec.structs.replace(unsigned, signature=text_of(signer.sign(_covered(unsigned))))


def is_genuine(declaration: Declaration, check: SignatureCheck) -> bool:
    """Whether the key that a declaration names signed exactly this declaration."""
    public_key, signature = raw_of(declaration.public_key), raw_of(declaration.signature)
    return public_key is not None and signature is not None and check(public_key, signature, _covered(declaration))


def _covered(declaration: Declaration) -> bytes:
    content: dict[str, Any] = msgspec.to_builtins(declaration)
    del content["signature"]
    return canonical_bytes({"type": "xsconsole emergency", **content})


def to_text(declaration: Declaration) -> str:
    return msgspec.json.encode(declaration, order="sorted").decode()


def from_text(text: str) -> Declaration | None:
    """Read a declaration; None where none is understood. Whether it counts is another matter."""
    try:
        return msgspec.json.decode(text, type=Declaration)
    except msgspec.MsgspecError:
        return None


def declarers_of(workflow: Workflow) -> tuple[Person, ...]:
    """Return who may declare an emergency, each once, in the workflow's order."""
    ids = {person for group in workflow.groups if group.id in workflow.declarers for person in group.people}
    return tuple(person for person in workflow.people if person.id in ids)


def why_not_declarer(fingerprint: str, actor: str, workflow: Workflow | None) -> str:
    """Return why whoever signs with this key, logged in so, may not declare an emergency; empty where they may."""
    if workflow is None or not workflow.declarers:
        return "The workflow names nobody who may declare an emergency."
    person = owner_of(fingerprint, workflow.people)
    if person is None:
        return f"The workflow pins the key {fingerprint[:16]} to nobody, or to several people."
    may = declarers_of(workflow)
    if person not in may:
        names = listing(tuple(one.name for one in may))
        return f"{person.name} is none of those who may declare an emergency: {names or 'nobody is in the group'}."
    if is_shared(person) or is_shared_log_in(actor):
        return f"The log-in {shortened(actor) or 'nobody'} is one that several people use, so nobody."
    if person.subject and not may_be_one(person.subject, actor):
        return f"It was made by the log-in {shortened(actor)}, and {person.name} logs in as {person.subject}."
    return ""


def why_not(
    declaration: Declaration | None, plan: Plan, pool: Uuid, workflow: Workflow | None, check: SignatureCheck
) -> str:
    """Return why a declaration does not allow a plan; empty where it does."""
    if declaration is None:
        return "Nobody declared the emergency."
    if not is_genuine(declaration, check):
        return "The signature of the declaration does not match."
    if (declaration.pool, declaration.plan) != (pool, plan.digest):
        return "The emergency was declared for another plan."
    if not declaration.reason.strip():
        return "The emergency was declared without a reason."
    return why_not_declarer(declaration.key, declaration.actor, workflow)
