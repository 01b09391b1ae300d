"""What runs that archive, restore or prove need of this home, and what its record says of archives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from xsconsole.console.home import Home
from xsconsole.domain.archive import Proof, Proofs, proofs_in, proofs_to_bytes, sealed_proof, to_lines
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import ArchiveId, ConfigurationId, ConsoleId
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole.domain.signing import Signer
from xsconsole.errors import Refused
from xsconsole.store.archives import PROOF, FolderShelf
from xsconsole.store.keys import is_signature
from xsconsole.store.packages import PackageShelf

PROVEN_ROWS = 500


class HomeArchives:
    """Implements `engine.archives.Archives` for one home."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.shelf = FolderShelf()
        self.packages = PackageShelf()
        self.check = is_signature

    @property
    def console(self) -> ConsoleId:
        return self._home.settings.console

    @property
    def signer(self) -> Signer:
        return self._home.signer

    async def record(self, fact: Fact) -> None:
        await self._home.record(fact)

    async def record_proof(self, name: str, where: str, proof: Proof) -> Proof:
        sealed = sealed_proof(proof, self.signer)
        await self._home.record(
            Fact(
                event=AuditEvent.ARCHIVE_PROVEN,
                actor=proof.actor,
                pool=proof.pool,
                configuration_name=name,
                run=proof.run,
                outcome=Outcome.FAILED if proof.failure else Outcome.DONE,
                reason=shortened(proof.failure or " ".join(proof.found), 300),
                details={
                    "what": f"the archive of {shortened(name)}",
                    "folder": where,
                    "archive": proof.archive,
                    "proof": msgspec.to_builtins(sealed),
                },
            )
        )
        return sealed

    async def keep_proof(self, folder: Path, proof: Proof) -> str:
        try:
            known = proofs_in(await self.shelf.content(folder, PROOF), proof.archive, is_signature)
            await self.shelf.keep(folder, PROOF, proofs_to_bytes(known.after(proof)))
        except Refused as refusal:  # such as on a disk that can only be read
            return f"It is on this console's record only: {refusal.reason}"
        return ""

    async def record_of(self, configuration: ConfigurationId) -> bytes:
        return to_lines(await self._home.ledger.rows_about(configuration))


class Found(NamedTuple):
    """When a copy was last found whole, or when not, and what was wrong."""

    proven_at: datetime | None = None
    damaged_at: datetime | None = None
    damage: str = ""


NEVER = Found()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """When each archive was last verified and whether it was whole, and what trials of it this console recorded.

    A verdict and a trial are of one copy: what is said of another one says nothing of this one.
    """

    verdicts: Mapping[tuple[ArchiveId, str], Found]  # by the folder, too; of one in a pool it is empty
    trials: Mapping[tuple[ArchiveId, str], tuple[Proof, ...]]  # likewise; oldest first

    def verdict_of(self, archive: ArchiveId, folder: Path | None = None) -> Found:
        """Return when a copy was last verified, and whether it was whole then."""
        return self.verdicts.get((archive, spelled(folder) if folder is not None else ""), NEVER)

    def proofs_of(self, archive: ArchiveId, folder: Path, beside: bytes) -> Proofs:
        """Return what is stated beside a copy, and what is recorded here where that is later."""
        found = proofs_in(beside, archive, is_signature)
        for proof in self.trials.get((archive, spelled(folder)), ()):
            known = [one.at for one in (found.proven, found.failed) if one is not None]
            if all(proof.at > at for at in known):
                found = found.after(proof)
        return found


def spelled(folder: Path) -> str:
    """Return a folder as the record names it, however somebody named it."""
    return str(folder.absolute())


async def on_record(home: Home) -> OnRecord:
    verdicts: dict[tuple[ArchiveId, str], Found] = {}
    for row in await home.audit_page(AuditQuery(event=AuditEvent.ARCHIVE_VERIFIED), None, PROVEN_ROWS):
        details = row.fact.details or {}
        archive, folder = details.get("archive"), details.get("folder", "")
        if isinstance(archive, str) and isinstance(folder, str):
            is_good = row.fact.outcome is Outcome.DONE
            found = Found(row.at if is_good else None, None if is_good else row.at, "" if is_good else row.fact.reason)
            verdicts.setdefault((ArchiveId(archive), folder), found)
    trials: dict[tuple[ArchiveId, str], tuple[Proof, ...]] = {}
    for row in await home.audit_page(AuditQuery(event=AuditEvent.ARCHIVE_PROVEN), None, PROVEN_ROWS):
        details = row.fact.details or {}
        proof, folder = _proof_in(details), details.get("folder")
        if proof is not None and isinstance(folder, str):
            copy = (proof.archive, folder)
            trials[copy] = (proof, *trials.get(copy, ()))
    return OnRecord(verdicts=verdicts, trials=trials)


def _proof_in(details: Mapping[str, Json]) -> Proof | None:
    """Return the statement of a row; rows of later programs may hold one that cannot be read."""
    try:
        return msgspec.convert(details.get("proof"), Proof)
    except msgspec.ValidationError:
        return None
