"""Who signed a version of a blueprint, and how its approvals as a gold master stand."""

from collections.abc import Mapping

import msgspec

from xsconsole.domain.approval import Decision, Matter, Requester, Tally, tally
from xsconsole.domain.blueprint.values import Blueprint
from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.ids import Digest
from xsconsole.domain.publication.values import decisions_on
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, raw_of, text_of
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.values import Signature


def signer_of(blueprint: Blueprint, check: SignatureCheck) -> str:
    """Return the fingerprint of the key that signed a version; empty where its signature does not hold."""
    if blueprint.signature is None:
        return ""
    key, value = raw_of(blueprint.signature.public_key), raw_of(blueprint.signature.value)
    if key is None or value is None or not check(key, value, _covered(blueprint)):
        return ""
    return key_fingerprint(key)


def signed(blueprint: Blueprint, signer: Signer) -> Blueprint:
    """Return a version with this key's signature over its digest."""
    signature = Signature(public_key=text_of(signer.public_key), value=text_of(signer.sign(_covered(blueprint))))
    return msgspec.structs.replace(blueprint, signature=signature)


def _covered(blueprint: Blueprint) -> bytes:
    return canonical_bytes({"type": "xsconsole blueprint", "format": blueprint.format, "digest": blueprint.digest})


def gold_of(
    blueprint: Blueprint, keys: Mapping[str, str], workflow: Workflow | None, check: SignatureCheck
) -> Tally | None:
    """Return how the approvals of a version as gold master stand, by the rules for publishing the workflow.

    Whoever published the version does not count. None: the workflow has no such rules.
    """
    if workflow is None or not workflow.publishing:
        return None
    decisions = decisions_on(keys, Matter.BLUEPRINT, subject_of(blueprint))
    asker = Requester(fingerprint=signer_of(blueprint, check) or "nobody", actor=blueprint.author)
    return tally(
        workflow.publishing, workflow, Matter.BLUEPRINT, subject_of(blueprint), decisions, asker, check, (asker,)
    )


def subject_of(blueprint: Blueprint) -> Digest:
    """Return what is signed of a version that is to be a gold master."""
    return blueprint.digest


def decisions_of(blueprint: Blueprint, keys: Mapping[str, str]) -> tuple[Decision, ...]:
    return decisions_on(keys, Matter.BLUEPRINT, subject_of(blueprint))
