"""How the graph is seen now: shared by those who paint it and those who change what is seen."""

from collections.abc import Collection
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole_ui.theme import Colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the graph is seen now. `seen` is what can be seen."""

    colours: Colours
    zoom: float = 1.0
    seen: QRectF = field(default_factory=QRectF)
    is_still: bool = True
    keeps_pictures: bool = True  # False: paints for paper
    stages: Collection[StageId] = ()  # selected
    ways: Collection[TransitionId] = ()
    lit: StageId | None = None  # the ways out of it stand out
    offered: StageId | None = None  # where a gesture would end
    refused: StageId | None = None
    shows_ports: bool = True
