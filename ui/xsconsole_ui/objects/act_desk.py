"""Where acts on objects are asked for: what needs an answer is asked, the rest is begun at once."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.domain.acts import RULES, Act, JobId, ObjectId, name_of
from xsconsole.domain.jobs import JobStatus
from xsconsole.domain.sheets.values import Line
from xsconsole.domain.wording.acts import title
from xsconsole.engine.commands import Operate
from xsconsole_ui.dialogs import ReplaceQuestion, answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.objects.act_dialog import ActDialog
from xsconsole_ui.objects.file_choice import FileChoice
from xsconsole_ui.objects.raw_dialog import RawDialog

NAMED = frozenset({Act.RENAME, Act.SNAPSHOT, Act.TAG, Act.MOVE_TO_FOLDER})


class ActDesk(QObject):
    """Takes what the user wants done to objects, asks, and begins it."""

    ended = Signal(object)  # JobStatus

    def __init__(self, console: Estate, jobs: Jobs, window: QWidget) -> None:
        super().__init__(window)
        self._console, self._jobs, self._window = console, jobs, window

    def ask(self, act: Act, objects: Sequence[ObjectId]) -> None:
        """Do an act to objects, after asking where something has to be said or decided."""
        command, rule = Operate(act=act, objects=tuple(objects)), RULES[act]
        if rule.takes_file:
            self._jobs.start(self._filed(command), f"ask about {act}")
        elif act in NAMED or rule.takes_host or rule.asks or len(objects) > 1:
            self._jobs.start(self._asked(command), f"ask about {act}")
        else:
            self.do(command)

    def do(self, *commands: Operate) -> None:
        """Do commands one after another, without asking."""
        self._jobs.start(self._done(commands), f"act: {commands[0].act}")

    def edit(self, item: ObjectId, line: Line, text: str) -> None:
        """Give a line of an object's sheet another value."""
        commands = commands_for(item, line, text)
        if commands:
            self.do(*commands)

    def show_raw(self, item: ObjectId) -> None:
        """Show all fields of an object as the pool has them now."""
        self._jobs.start(self._raw(item), "read a record")

    def cancel(self, job: JobId) -> None:
        self._jobs.start(self._console.acts.cancel(job), "cancel a job")

    async def _asked(self, command: Operate) -> None:
        dialog = ActDialog(self._console, command, self._window)
        if await answered(dialog):
            await self._done((dialog.command,))

    async def _filed(self, command: Operate) -> None:
        """Ask for the file, and where it is there already and would be written, whether it may go."""
        choice = FileChoice(command.act, self._name_of(command.objects[0]), self._window)
        file = choice.file if await answered(choice) else None
        if file is None:
            return
        command = replace(command, file=file)
        if command.act is Act.EXPORT and await asyncio.to_thread(os.path.lexists, file):
            if not await answered(ReplaceQuestion(self._window, file)):
                return
            command = replace(command, replaces=True)
        await self._done((command,))

    def _name_of(self, item: ObjectId) -> str:
        record = self._console.record_of(item)
        return "" if record is None else name_of(record)

    async def _raw(self, item: ObjectId) -> None:
        record = await self._console.acts.read(item)
        await answered(RawDialog(item, record, self._window))

    async def _done(self, commands: Sequence[Operate]) -> None:
        for command in commands:
            for job in await self._console.acts.do(command):  # one on each pool; all of them go on at once
                status: JobStatus = await self._console.acts.finished(job)
                self.ended.emit(status)


def commands_for(item: ObjectId, line: Line, text: str) -> tuple[Operate, ...]:
    """Return what gives a line of a sheet the value `text`; nothing where it has it."""
    if line.edit is None or text == line.value:
        return ()
    command = Operate(act=line.edit, objects=(item,), text=text, key=line.key)
    match line.edit:
        case Act.UNTAG:
            removal = replace(command, text=line.value)
            return (removal, replace(command, act=Act.TAG)) if text.strip() else (removal,)
        case Act.SET_KEY if not line.key:
            key, _, value = text.partition("=")
            return (replace(command, key=key.strip(), text=value),)
        case Act.SET_KEY if not text:
            return (replace(command, act=Act.REMOVE_KEY),)
    return (command,)


def headline(status: JobStatus) -> str:
    return title(status.act, tuple(item.name for item in status.items), status.given)
