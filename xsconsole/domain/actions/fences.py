"""Actions of plans that build fences and take them away. What a step makes has no uuid before: its key names it."""

import msgspec

from xsconsole.domain.actions.copies import FitScratch
from xsconsole.domain.actions.proofs import ProofAction
from xsconsole.domain.actions.provisions import OutfitCopy
from xsconsole.domain.actions.travel import StreamAction
from xsconsole.domain.ids import ConfigurationId, StepKey, Uuid


class ClaimShare(msgspec.Struct, frozen=True, kw_only=True, tag="claim"):
    """Claim an outside address for the fence of a configuration: of two runs one gets it. Inverse: release it."""

    share: str
    configuration: ConfigurationId


class MakeVlan(msgspec.Struct, frozen=True, kw_only=True, tag="vlan"):
    """Let hosts see the network of step `network` as VLAN `vlan` of their cards. Inverse: no more."""

    network: StepKey
    vlan: int
    cards: tuple[Uuid, ...]


class FitFenced(FitScratch, frozen=True, kw_only=True, tag="fit-fenced"):
    """Fit a clone that stands in a fence: interfaces as `source` has them, MAC addresses too, on networks of steps."""

    source: Uuid


class OutfitFenced(OutfitCopy, frozen=True, kw_only=True, tag="outfit-fenced"):
    """Fit a machine that is made anew in a fence: exactly these cards, by device, on networks of steps.

    `macs` are their MAC addresses.
    """

    scratch: dict[str, StepKey] = msgspec.field(default_factory=dict)
    macs: dict[str, str] = msgspec.field(default_factory=dict)


class FitRouter(FitScratch, frozen=True, kw_only=True, tag="fit-router"):
    """Fit the router of a fence: exactly these interfaces, by device, with these MAC addresses, and its mark."""

    macs: dict[str, str]
    configuration: ConfigurationId


class WriteFence(msgspec.Struct, frozen=True, kw_only=True, tag="fence"):
    """Write the document of a fence to the pool. Inverse: write the original, or remove it.

    `document` is the text of a `StandingFence`. What only the building tells is filled in: `networks` are steps by
    logical name, `members` by member, `router` is one.
    """

    configuration: ConfigurationId
    document: str
    original: str = ""
    networks: dict[str, StepKey] = {}
    members: dict[str, StepKey] = {}
    router: StepKey | None = None

    @property
    def gains_a_peer(self) -> bool:
        """Whether the fence can speak with one more fence than before, once this is written."""
        return _peers(self.document) > _peers(self.original)


class CheckFence(msgspec.Struct, frozen=True, kw_only=True, tag="check-fence"):
    """Prove that nothing leads out of the fence past its router, before any of it starts. No effect, no inverse."""

    configuration: ConfigurationId


class HearMembers(msgspec.Struct, frozen=True, kw_only=True, tag="hear-members"):
    """Hold what guests of a fence report of their addresses against what was planned. No effect, no inverse.

    It waits so many seconds for guests that have reported nothing so far.
    """

    configuration: ConfigurationId
    within_s: int


class ReseedRouter(msgspec.Struct, frozen=True, kw_only=True, tag="reseed-router"):
    """Write other files to the disk from which a router that is off is set up. Inverse: write the originals."""

    vm: Uuid
    device: str
    size_bytes: int
    files: dict[str, str]
    original: dict[str, str]


class RemoveFenceNetwork(msgspec.Struct, frozen=True, kw_only=True, tag="remove-fence-network"):
    """Destroy a network of a fence on which nothing is any more, and its VLAN. There is no way back from there."""

    network: Uuid
    vlan: int | None = None


class TakeForOff(msgspec.Struct, frozen=True, kw_only=True, tag="take-for-off"):
    """Let the pool take machines for off whose host does not answer, so that they can start elsewhere. No inverse.

    `question` is what whoever confirms that has to answer with yes.
    """

    vms: tuple[Uuid, ...]
    question: str


class ReleaseShare(msgspec.Struct, frozen=True, kw_only=True, tag="release"):
    """Let others have an outside address. No inverse."""

    share: str
    configuration: ConfigurationId


class ForgetFence(msgspec.Struct, frozen=True, kw_only=True, tag="forget-fence"):
    """Remove the document of a fence, as the last thing. There is no way back from there."""

    configuration: ConfigurationId


FenceAction = (
    ClaimShare
    | MakeVlan
    | FitFenced
    | OutfitFenced
    | FitRouter
    | WriteFence
    | CheckFence
    | HearMembers
    | ReseedRouter
    | RemoveFenceNetwork
    | TakeForOff
    | ReleaseShare
    | ForgetFence
)

FENCES_WITHOUT_INVERSE = (CheckFence, HearMembers, TakeForOff, ReleaseShare)

Delegated = ProofAction | FenceAction | StreamAction
"""Actions for which there is somebody beside the performer of all others."""


class _Peers(msgspec.Struct, frozen=True):
    peers: list[msgspec.Raw] = []


class _Document(msgspec.Struct, frozen=True):
    fence: _Peers = _Peers()


def _peers(document: str) -> int:
    """Return with how many fences one can speak; 0 for what no console wrote."""
    try:
        return len(msgspec.json.decode(document or "{}", type=_Document).fence.peers)
    except msgspec.MsgspecError:
        return 0
