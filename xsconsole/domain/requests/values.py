"""Requests for promotions that others have to approve: what is asked, as it is signed, and as it stands on the pool.

A request names everything that the approvals are about; whoever changes one letter of it asks for something else. It
is written once: how it stands follows from it, from the decisions beside it, and from what the pool shows now.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from xsconsole.domain.approval import Decision, Matter, Requester
from xsconsole.domain.canonical import canonical_bytes, digest_of
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import ConfigurationId, Digest, RequestId, Uuid
from xsconsole.domain.manifest import Manifest, fingerprint
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.poolstate import PREFIX, numbers
from xsconsole.domain.publication.values import decisions_on
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, raw_of, text_of
from xsconsole.domain.text_form import STORED_LIMIT_BYTES, inflate, pack
from xsconsole.domain.workflow import Method
from xsconsole.errors import NotFound, Refused

REQUEST_PREFIX = PREFIX + "request."
REASON_LIMIT = 1000
TICKET_LIMIT = 200


def request_stem(request: RequestId) -> str:
    return REQUEST_PREFIX + request


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for. `plan` is the digest that the approvals are over; `asked_at` is by the pool's clock.

    `answers` are the questions of the plan that the requester answered with yes. `runs_itself`: the requester's console
    carries it out as soon as it may. `sid` is who the log-in `actor` is by the directory; empty where none says.
    """

    schema: Literal[1] = 1
    id: RequestId
    pool: Uuid
    intent: Intent
    plan: Digest
    reason: str
    ticket: str = ""
    asked_at: datetime
    not_before: datetime | None = None
    expires_at: datetime | None = None
    runs_itself: bool = False
    answers: tuple[str, ...] = ()
    actor: str
    sid: str = ""
    console: str
    public_key: str
    signature: str = ""

    @property
    def key(self) -> str:
        """The fingerprint of the key that should have signed it; empty where there is none."""
        raw = raw_of(self.public_key)
        return key_fingerprint(raw) if raw else ""

    @property
    def requester(self) -> Requester:
        return Requester(fingerprint=self.key, actor=self.actor, sid=self.sid)

    @property
    def is_frozen(self) -> bool:
        """Whether it is about what was frozen for it: copies are made of that, and of nothing newer."""
        return self.intent.method is not Method.MOVE

    @property
    def subject(self) -> Digest:
        """What people sign when they decide on it."""
        return digest_of(_content(self))


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A request with what it is about, as far as there was room: both can be checked against the request."""

    request: Request
    plan: Plan | None = None
    manifest: Manifest | None = None


class Warrant(msgspec.Struct, frozen=True, kw_only=True):
    """What allowed a run: the request, and the decisions that counted. Travels in the run record."""

    request: Request
    decisions: tuple[Decision, ...]


def asked(signer: Signer, unsigned: Request) -> Request:
    """Return the request in the bounds of what a pool keeps, with this key and its signature."""
    tidy = msgspec.structs.replace(
        unsigned,
        reason=shortened(unsigned.reason, REASON_LIMIT),
        ticket=shortened(unsigned.ticket, TICKET_LIMIT),
        public_key=text_of(signer.public_key),
        signature="",
    )
    return msgspec.structs.replace(tidy, signature=text_of(signer.sign(canonical_bytes(_content(tidy)))))


def is_genuine(request: Request, check: SignatureCheck) -> bool:
    """Whether the key that a request names signed exactly this request."""
    public_key, signature = raw_of(request.public_key), raw_of(request.signature)
    return (
        public_key is not None
        and signature is not None
        and check(public_key, signature, canonical_bytes(_content(request)))
    )


def _content(request: Request) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.to_builtins(request)
    del content["signature"]
    if not request.sid:  # as all were signed before it was known
        del content["sid"]
    return {"type": "xsconsole promotion request", **content}


def checked(paper: Paper) -> Paper:
    """Return the paper without what is not what its request is about."""
    plan, manifest = paper.plan, paper.manifest
    if plan is not None and plan.digest != paper.request.plan:
        plan = None
    demand = plan.demand if plan is not None else None
    if demand is None or (manifest is not None and fingerprint(manifest) != demand.manifest):
        manifest = None
    return Paper(request=paper.request, plan=plan, manifest=manifest)


def to_stored(paper: Paper) -> str:
    """Return the form that stands on the pool: where it would be too large, without manifest, then without plan.

    Raises:
        Refused: the request alone is too large.
    """
    bare = msgspec.structs.replace(paper, manifest=None)
    for found in (paper, bare, msgspec.structs.replace(bare, plan=None)):
        stored = pack(msgspec.json.encode(found, order="sorted"))
        if len(stored) <= STORED_LIMIT_BYTES:
            return stored
    raise Refused(
        reason=f"The request takes {len(stored)} bytes on the pool; {STORED_LIMIT_BYTES} is the most.",
        mend="Shorten what it says.",
    )


def from_stored(stored: str) -> Paper | None:
    """Read a request; None where it is damaged or of a newer console. Whether it is genuine is another question."""
    try:
        return checked(msgspec.json.decode(inflate(stored), type=Paper))
    except (msgspec.MsgspecError, Refused):
        return None


def papers_on(keys: Mapping[str, str]) -> tuple[Paper, ...]:
    """Return the requests that stand on the pool, oldest first."""
    names = {
        name
        for key in keys
        if key.startswith(REQUEST_PREFIX)
        for name, _, number in (key.removeprefix(REQUEST_PREFIX).rpartition("."),)
        if name and number.isdecimal()
    }
    found = (paper_of(keys, RequestId(name)) for name in names)
    return tuple(
        sorted((paper for paper in found if paper), key=lambda paper: (paper.request.asked_at, paper.request.id))
    )


def paper_of(keys: Mapping[str, str], request: RequestId) -> Paper | None:
    """Return one request; None where it does not stand there, or under a name that is not its own."""
    stem = request_stem(request)
    read = (from_stored(keys[f"{stem}.{number}"]) for number in numbers(keys, stem))
    return next((paper for paper in read if paper is not None and paper.request.id == request), None)


def decisions_of(keys: Mapping[str, str], request: Request) -> tuple[Decision, ...]:
    """Return what was decided on a request and left on the pool, genuine or not, oldest first."""
    return decisions_on(keys, Matter.PROMOTION, request.subject)


def requests_of(keys: Mapping[str, str], configuration: ConfigurationId) -> tuple[Request, ...]:
    """Return the requests for one configuration."""
    return tuple(paper.request for paper in papers_on(keys) if paper.request.intent.configuration == configuration)


def to_warrant(warrant: Warrant) -> str:
    return msgspec.json.encode(warrant, order="sorted").decode()


def from_warrant(text: str) -> Warrant | None:
    """Read what a run record carries; None where it carries none that can be read."""
    try:
        return msgspec.json.decode(text, type=Warrant)
    except msgspec.MsgspecError:
        return None


def find_request(requests: Iterable[Request], name: str) -> Request:
    """Return the request whose id begins so.

    Raises:
        NotFound: none does, or several do.
    """
    requests = tuple(requests)
    found = [request for request in requests if name and request.id.startswith(name.casefold())]
    if len(found) != 1:
        raise NotFound(
            reason=f"{'No' if not found else 'More than one'} request begins with “{name}”.",
            mend="`xsconsole request list` shows them.",
            choices=tuple(f"{request.id} {request.intent.name}" for request in requests),
        )
    return found[0]
