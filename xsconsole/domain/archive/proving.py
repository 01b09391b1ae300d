"""That an archive could be restored: where it was tried, by whom, and what the machines answered.

It is kept beside the archive, as `proof.json` or in a key of its pool, and is no part of what is signed there: each
statement is signed itself, by the key of the console that tried.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.ids import ArchiveId, RunId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX, numbers
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, raw_of, text_of
from xsconsole.domain.words import instant

PROOF_PREFIX = PREFIX + "archive_proof."


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. `place` is the stage that it was made in, empty: on private networks; `failure` says what failed.

    `found` are the sentences of what was asked of the machines, `addresses` what their guests reported, by role.
    """

    archive: ArchiveId
    run: RunId
    at: datetime
    actor: str
    console_name: str
    pool: Uuid
    pool_name: str
    place: str
    found: tuple[str, ...] = ()
    addresses: dict[str, tuple[str, ...]] = {}
    failure: str = ""
    public_key: str = ""
    signature: str = ""

    @property
    def words(self) -> str:
        """Return such as `2026-11-28 14:02 UTC, by alice at desk-1, on pool acme, in Staging: Every machine runs.`."""
        where = f"in {shortened(self.place, 60)}" if self.place else "on private networks"
        what = self.failure or " ".join(self.found)
        return (
            f"{instant(self.at)}, by {shortened(self.actor, 60)} at {shortened(self.console_name, 60)}, "
            f"on pool {shortened(self.pool_name, 60)}, {where}: {shortened(what, 600)}"
        )

    @property
    def key(self) -> str:
        raw = raw_of(self.public_key)
        return key_fingerprint(raw) if raw else ""


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """The last time that it could be restored, and the last time that it could not."""

    proven: Proof | None = None
    failed: Proof | None = None

    def after(self, proof: Proof) -> "Proofs":
        """Return what is known once this was tried."""
        return Proofs(proven=self.proven, failed=proof) if proof.failure else Proofs(proven=proof, failed=None)


NOTHING = Proofs()


def sealed_proof(proof: Proof, signer: Signer) -> Proof:
    """Return the statement signed by this key."""
    unsigned = msgspec.structs.replace(proof, public_key=text_of(signer.public_key), signature="")
    return msgspec.structs.replace(unsigned, signature=text_of(signer.sign(_covered(unsigned))))


def proofs_to_bytes(proofs: Proofs) -> bytes:
    return canonical_bytes(msgspec.to_builtins(proofs))


def proofs_in(content: bytes, archive: ArchiveId, check: SignatureCheck) -> Proofs:
    """Return what is stated of an archive; what nobody signed so, or what is of another one, counts for nothing."""
    try:
        found = msgspec.json.decode(content, type=Proofs)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return NOTHING
    return Proofs(
        proven=found.proven if _is_genuine(found.proven, archive, check) else None,
        failed=found.failed if _is_genuine(found.failed, archive, check) else None,
    )


def proof_stem(archive: ArchiveId) -> str:
    """Return the key under which it stands in the pool of an archive that is there; with a number behind."""
    return f"{PROOF_PREFIX}{archive}"


def proofs_on(keys: Mapping[str, str], archive: ArchiveId, check: SignatureCheck) -> Proofs:
    """Return what is stated of an archive that is in a pool."""
    stem = proof_stem(archive)
    found = numbers(keys, stem)
    return proofs_in(keys[f"{stem}.{found[0]}"].encode(), archive, check) if found else NOTHING


def _is_genuine(proof: Proof | None, archive: ArchiveId, check: SignatureCheck) -> bool:
    if proof is None or proof.archive != archive:
        return False
    key, signature = raw_of(proof.public_key), raw_of(proof.signature)
    return key is not None and signature is not None and check(key, signature, _covered(proof))


def _covered(proof: Proof) -> bytes:
    content: dict[str, Any] = msgspec.to_builtins(proof)
    del content["signature"]
    return canonical_bytes(content)
