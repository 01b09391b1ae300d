"""Publications and decisions on them as files, for people off the pool. A decision by file proves the key alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from xsconsole.domain.approval import Decision
from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.ids import Digest, StageId, Uuid
from xsconsole.domain.paper_kinds import PUBLICATION_DECISION, PUBLICATION_REQUEST, unread
from xsconsole.domain.publication.values import subject_of
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, raw_of, text_of
from xsconsole.domain.text_form import DECOMPRESSED_LIMIT_BYTES
from xsconsole.domain.workflow import Workflow, from_json, to_json
from xsconsole.errors import Refused

FILE_LIMIT_BYTES = 3 * DECOMPRESSED_LIMIT_BYTES


class PublicationRequest(msgspec.Struct, frozen=True, kw_only=True, tag=PUBLICATION_REQUEST, tag_field="type"):
    """What is to be published, over what and with which mapping; signed by the key of whoever asks.

    `rules` are in words: who is named by them, the standing version decides where the decision is taken in.
    """

    format: Literal[1] = 1
    workflow: msgspec.Raw
    standing: msgspec.Raw
    mapping: dict[StageId, StageId]
    subject: Digest
    pool: Uuid
    pool_name: str
    actor: str
    rules: tuple[str, ...]
    at: datetime
    public_key: str
    signature: str = ""


class PublicationDecision(msgspec.Struct, frozen=True, kw_only=True, tag=PUBLICATION_DECISION, tag_field="type"):
    """What somebody decided on a publication that came as a file."""

    format: Literal[1] = 1
    decision: Decision


F = TypeVar("F", PublicationRequest, PublicationDecision)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPublication:
    """A request that was read and checked: it says what its key signed."""

    request: PublicationRequest
    workflow: Workflow
    standing: Workflow

    @property
    def fingerprint(self) -> str:
        raw = raw_of(self.request.public_key)
        return key_fingerprint(raw) if raw else ""


def asked_for(
    signer: Signer,
    *,
    workflow: Workflow,
    standing: Workflow,
    mapping: Mapping[StageId, StageId],
    pool: Uuid,
    pool_name: str,
    actor: str,
    rules: tuple[str, ...],
    at: datetime,
) -> PublicationRequest:
    """Return a request signed by `signer`."""
    request = PublicationRequest(
        workflow=msgspec.Raw(to_json(workflow)),
        standing=msgspec.Raw(to_json(standing)),
        mapping=dict(mapping),
        subject=subject_of(workflow, standing.digest, mapping),
        pool=pool,
        pool_name=pool_name,
        actor=actor,
        rules=rules,
        at=at,
        public_key=text_of(signer.public_key),
    )
    return msgspec.structs.replace(request, signature=text_of(signer.sign(_covered(request))))


def read_request(content: bytes, is_signature: SignatureCheck) -> AskedPublication:
    """Read a request, and see that it is what its key signed.

    Raises:
        Refused: it is damaged, forged, of a newer console, or another kind of file.
    """
    request = _from_bytes(content, PublicationRequest)
    workflow, standing = from_json(bytes(request.workflow)), from_json(bytes(request.standing))
    key, signature = raw_of(request.public_key), raw_of(request.signature)
    is_whole = subject_of(workflow, standing.digest, request.mapping) == request.subject
    if not is_whole or key is None or signature is None or not is_signature(key, signature, _covered(request)):
        raise Refused(
            reason="The signature of the request does not match: the file was changed.", mend="Ask for another."
        )
    return AskedPublication(request=request, workflow=workflow, standing=standing)


def read_decision(content: bytes) -> Decision:
    """Read a decision; whether it is genuine and counts is another question.

    Raises:
        Refused: it is damaged, of a newer console, or another kind of file.
    """
    return _from_bytes(content, PublicationDecision).decision


def to_bytes(value: PublicationRequest | PublicationDecision) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _from_bytes(content: bytes, kind: type[F]) -> F:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        is_request = kind is PublicationRequest
        written = "workflow request" if is_request else "workflow decide"
        wanted = PUBLICATION_REQUEST if is_request else PUBLICATION_DECISION
        raise unread(content, wanted, f"Name the file that `xsconsole {written}` wrote.") from failure


def _covered(request: PublicationRequest) -> bytes:
    return canonical_bytes(
        {
            "type": PUBLICATION_REQUEST,
            "subject": request.subject,
            "pool": request.pool,
            "pool_name": request.pool_name,
            "actor": request.actor,
            "rules": list(request.rules),
            "at": request.at.isoformat(),
            "public_key": request.public_key,
        }
    )
