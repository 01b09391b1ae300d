"""What signatures cover, and whose they are. Who makes and checks them is handed in: the domain knows no cipher."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.workflow import Person, Workflow
from xsconsole.domain.workflow.values import Signature

SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""Called with a raw Ed25519 public key, a signature and what it should cover."""


class Signer(Protocol):
    """A key that is open."""

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes of its public part."""

    def sign(self, covered: bytes) -> bytes: ...


class SignatureState(StrEnum):
    UNSIGNED = "unsigned"
    SIGNED = "signed"
    DOES_NOT_MATCH = "does-not-match"  # it is not of this text, or no signature at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who vouches for a version: a key, and the person to whom the workflow itself pins it, if it does."""

    state: SignatureState
    fingerprint: str = ""
    person: str = ""

    @property
    def sentence(self) -> str:
        if self.state is SignatureState.UNSIGNED:
            return "Unsigned."
        if self.state is SignatureState.DOES_NOT_MATCH:
            return "Its signature does not match: somebody changed it after it was published."
        who = f", of {self.person} by the workflow's own word" if self.person else ""
        return f"Signed by key {self.fingerprint[:16]}{who}."


def key_fingerprint(public_key: bytes) -> str:
    """Return the name of a key: the SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(public_key).hexdigest()


def text_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def raw_of(text: str) -> bytes | None:
    """Return what base64 stands for; None where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def signed(workflow: Workflow, signer: Signer) -> Workflow:
    """Return the workflow with this key's signature over its digest."""
    value = text_of(signer.sign(_covered(workflow)))
    signature = Signature(public_key=text_of(signer.public_key), value=value)
    return msgspec.structs.replace(workflow, signature=signature)


def provenance(workflow: Workflow, check: SignatureCheck) -> Provenance:
    """Return who signed a version, if anybody did."""
    if workflow.signature is None:
        return Provenance(state=SignatureState.UNSIGNED)
    public_key, value = raw_of(workflow.signature.public_key), raw_of(workflow.signature.value)
    if public_key is None or value is None or not check(public_key, value, _covered(workflow)):
        return Provenance(state=SignatureState.DOES_NOT_MATCH)
    fingerprint = key_fingerprint(public_key)
    owner = owner_of(fingerprint, workflow.people)
    return Provenance(
        state=SignatureState.SIGNED, fingerprint=fingerprint, person=owner.name if owner is not None else ""
    )


def owner_of(fingerprint: str, people: tuple[Person, ...]) -> Person | None:
    """Return to whom a key is pinned; a key that is pinned to several is nobody's."""
    owners = [person for person in people if fingerprint in person.fingerprints]
    return owners[0] if len(owners) == 1 else None


def _covered(workflow: Workflow) -> bytes:
    return canonical_bytes({"type": "xsconsole workflow", "format": 1, "digest": workflow.digest})
