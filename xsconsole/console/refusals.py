"""Rows of commands that were refused before the engine heard of them, such as while they were being planned."""

from typing import Protocol

from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.record import Fact
from xsconsole.engine.commands import Closing, Lift, Plannable, Settle
from xsconsole.engine.facts import refusal_fact, unread_fact
from xsconsole.engine.ports import Identity
from xsconsole.errors import Refused


class Desk(Protocol):
    """What is needed of a console; the console itself fits."""

    @property
    def board(self) -> Board: ...

    @property
    def identity(self) -> Identity | None: ...

    async def record(self, *facts: Fact) -> None: ...


async def record_refusal(desk: Desk, command: Plannable | Settle | Closing | Lift, refusal: Refused) -> None:
    """Leave a row of a command that was refused, unless there is one.

    Raises:
        StoreFailed: it could not be written.
    """
    if desk.identity is not None and not refusal.is_recorded:
        await desk.record(refusal_fact(command, refusal, desk.board, desk.identity))
        refusal.is_recorded = True


async def record_unread(
    desk: Desk, asked: str, because: str, refusal: Refused, configuration: ConfigurationId | None = None
) -> None:
    """Leave a row of what was asked for in words that make no command, unless there is one.

    Raises:
        StoreFailed: it could not be written.
    """
    if desk.identity is not None and not refusal.is_recorded:
        await desk.record(unread_fact(asked, because, refusal, desk.board, desk.identity, configuration))
        refusal.is_recorded = True
