"""What of a board is worth a row: the first look whole, and from then on each card that stands otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.ids import ConfigurationId, ConsoleId
from xsconsole.domain.projection.faces import Face, face_of
from xsconsole.domain.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What differs from the look before. `gone` are cards as they stood last; `workflow` is one that was not seen."""

    faces: tuple[Face, ...] = ()
    gone: tuple[Face, ...] = ()
    workflow: Workflow | None = None


class BoardSeen:
    """How everything stood as it was last recorded.

    While a run works on a configuration it comes and goes by halves: what it is then is what it was, and running. An
    own run has rows of its own, so that nothing is told of it before its end.
    """

    def __init__(self, console: ConsoleId) -> None:
        self._console = console
        self._faces: dict[ConfigurationId, Face] = {}
        self._workflow = ""

    @property
    def faces(self) -> Mapping[ConfigurationId, Face]:
        return self._faces

    def begin(self, board: Board) -> Look:
        """Look at all of it."""
        self._faces = {id_: face_of(card) for id_, card in board.cards.items()}
        self._workflow = ""
        return Look(faces=tuple(self._faces.values()), workflow=self._new_workflow(board))

    def again(self, board: Board, configurations: Iterable[ConfigurationId]) -> Look:
        """Look at these again, and at the workflow."""
        faces: list[Face] = []
        gone: list[Face] = []
        for id_ in configurations:
            before, card = self._faces.get(id_), board.cards.get(id_)
            if card is None:
                if before is not None:
                    gone.append(self._faces.pop(id_))
                continue
            now = self._shown(card, before)
            if now is not None and now != before:
                self._faces[id_] = now
                faces.append(now)
        return Look(faces=tuple(faces), gone=tuple(gone), workflow=self._new_workflow(board))

    def has_published(self, digest: str) -> None:
        """Take note that a row holds this version already."""
        self._workflow = digest

    def _shown(self, card: Card, before: Face | None) -> Face | None:
        if card.run is None or card.standing is not Standing.RUNNING:
            return face_of(card)
        if card.run.record.console == self._console:
            return None
        return msgspec.structs.replace(before or face_of(card), standing=Standing.RUNNING.value)

    def _new_workflow(self, board: Board) -> Workflow | None:
        workflow = board.workflow if board.is_published else None
        if workflow is None or workflow.digest == self._workflow:
            return None
        self._workflow = workflow.digest
        return workflow
