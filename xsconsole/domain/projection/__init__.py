"""The board and the workflow at any past time, from rows of the audit alone."""

from xsconsole.domain.projection.checking import Mismatch, compared
from xsconsole.domain.projection.faces import Face, SeenMember, face_of, pack, unpack
from xsconsole.domain.projection.past import PROJECTED, Past, PastCard, PastPool, Projector, RunMark, projected
from xsconsole.domain.projection.seeing import BoardSeen, Look

__all__ = [
    "PROJECTED",
    "BoardSeen",
    "Face",
    "Look",
    "Mismatch",
    "Past",
    "PastCard",
    "PastPool",
    "Projector",
    "RunMark",
    "SeenMember",
    "compared",
    "face_of",
    "pack",
    "projected",
    "unpack",
]
