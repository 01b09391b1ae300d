"""The other pools that one home is connected to: what stands there counts, and the first one's workflow leads."""

from collections.abc import Callable
from dataclasses import replace

from xsconsole.domain.board import Board

NamedBoards = tuple[tuple[str, Board], ...]
"""The boards of the other pools, with what the pools are called."""


class Neighbours:
    """Says of a pool's board what stands elsewhere. Lives on the loop's thread."""

    def __init__(self) -> None:
        self._others: Callable[[], NamedBoards] = _nobody
        self._is_first: Callable[[], bool] = _alone
        self._seen: tuple[Board, NamedBoards] | None = None
        self._counted: Board | None = None

    def look_at(self, others: Callable[[], NamedBoards], is_first: Callable[[], bool]) -> None:
        """Ask there from now on."""
        self._others, self._is_first = others, is_first

    @property
    def is_first(self) -> bool:
        """Whether no other pool stood here before: only the first one is given a workflow without being asked."""
        return self._is_first()

    def counted(self, own: Board) -> Board:
        """Return a board that knows what the others hold; the very same one where they hold nothing that counts."""
        others = self._others()
        if not others or own.workflow is None:
            return own
        if self._counted is None or self._seen is None or not _are_same(self._seen, (own, others)):
            workflow = own.workflow.id
            elsewhere = tuple(
                (name, card)
                for name, board in others
                if board.is_published and board.workflow is not None and board.workflow.id == workflow
                for id_, card in board.cards.items()
                if id_ not in own.cards
            )
            is_proposed = not own.is_published and not self.is_first
            counted = replace(own, elsewhere=elsewhere, is_proposed=is_proposed) if elsewhere or is_proposed else own
            self._seen, self._counted = (own, others), counted
        return self._counted


def _nobody() -> NamedBoards:
    return ()


def _alone() -> bool:
    return True


def _are_same(seen: tuple[Board, NamedBoards], now: tuple[Board, NamedBoards]) -> bool:
    (own, others), (own_now, others_now) = seen, now
    return (
        own is own_now
        and len(others) == len(others_now)
        and all(
            name == name_now and board is board_now
            for (name, board), (name_now, board_now) in zip(others, others_now, strict=True)
        )
    )
