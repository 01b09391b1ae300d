"""A console in a process of its own that keeps a draft, then keeps more of it and stands still there, to be killed.

Arguments: home, and before which statement of the second saving to stop, counted from 1: its `BEGIN`. The last is its
`COMMIT`.
Writes the draft's id, then `here` when it stands still, or `ended` where the saving had fewer.
"""

import asyncio
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, event

from tests.console.standstill import Standstill, say
from xsconsole.console import Console
from xsconsole.domain.workflow import Workflow, default_workflow
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.domain.workflow.history import History


async def passphrase(*, is_new: bool) -> str | None:
    del is_new
    return "the tests' passphrase"


def named(name: str) -> Workflow:
    return change_stage(default_workflow(), default_workflow().stages[0].id, name=name)


def old() -> History:
    return History(base=default_workflow()).do("Rename to One", named("One")).do("Rename to Two", named("Two"))


def new() -> History:
    """Two steps undone, three done: moments are removed and added, and the position moves."""
    history = old().undo()
    for name in ("Three", "Four", "Five"):
        history = history.do(f"Rename to {name}", named(name))
    return history.undo()


async def main(home: str, at: str) -> None:
    standstill = Standstill(int(at))

    def watch(connection: sqlite3.Connection, _record: object) -> None:
        is_writing = False

        def passing(statement: str) -> None:
            nonlocal is_writing
            is_writing = is_writing or statement == "BEGIN IMMEDIATE"
            if is_writing and not statement.startswith("--"):  # which is what a trigger does
                standstill.passing()
            is_writing = is_writing and statement != "COMMIT"

        connection.set_trace_callback(passing)

    event.listen(Engine, "connect", watch)
    console = await Console.open(Path(home), passphrase=passphrase)
    drafts = console.home.drafts
    draft = await drafts.new("release", default_workflow(), default_workflow())
    draft = await drafts.save(replace(draft, history=old()))
    say(draft.id)
    standstill.arm()
    await drafts.save(replace(draft, history=new()))
    say("ended")
    await console.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
