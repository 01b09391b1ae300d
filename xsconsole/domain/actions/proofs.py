"""Actions of plans that prove an archive: its machines in a scratch place, asked, and removed again.

What a step makes has no uuid before: the step's key names it.
"""

import msgspec

from xsconsole.domain.actions.copies import FitScratch
from xsconsole.domain.ids import ArchiveId, StepKey
from xsconsole.domain.workflow.gates import Gate


class MakeScratchNetwork(msgspec.Struct, frozen=True, kw_only=True, tag="scratch-network"):
    """Make a network that no interface of a host is on, called `name` at first. Inverse: destroy it.

    `description` is for whoever sees it in another program; empty: that the run takes it away again.
    """

    name: str
    description: str = ""


class CheckApart(msgspec.Struct, frozen=True, kw_only=True, tag="check-apart"):
    """Make sure that no interface of the copies is anywhere but where it was put. No effect, no inverse."""

    copies: tuple[StepKey, ...]


class CheckScratch(msgspec.Struct, frozen=True, kw_only=True, tag="scratch-gate"):
    """Wait until a gate is met by what these steps made, or its time is up. No effect, no inverse.

    That it was not is noted at the archive.
    """

    copies: tuple[StepKey, ...]
    gate: Gate
    folder: str
    archive: ArchiveId
    place: str


class NoteProof(msgspec.Struct, frozen=True, kw_only=True, tag="note-proof"):
    """Note at the archive that it could be restored, and what these steps found. It outlasts the run.

    `place` is the name of the stage that it was tried in; empty: on networks of its own.
    """

    folder: str
    archive: ArchiveId
    place: str
    copies: tuple[StepKey, ...]
    gates: tuple[StepKey, ...]


class RemoveScratch(msgspec.Struct, frozen=True, kw_only=True, tag="remove-scratch"):
    """Destroy what step `copy` made, with its disks. No inverse: it was made for that."""

    copy: StepKey


class RemoveScratchNetwork(msgspec.Struct, frozen=True, kw_only=True, tag="remove-scratch-network"):
    """Destroy the network that step `network` made. No inverse."""

    network: StepKey


ProofAction = (
    MakeScratchNetwork | FitScratch | CheckApart | CheckScratch | NoteProof | RemoveScratch | RemoveScratchNetwork
)

PROOFS_WITHOUT_INVERSE = (CheckApart, CheckScratch, RemoveScratch, RemoveScratchNetwork)
