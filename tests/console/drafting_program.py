"""A console in a process of its own that keeps a draft, then keeps more of it and stands still there, to be killed.

Arguments: home, and at which statement of the second saving to stop, counted from 1; the commit counts as the last.
Writes the draft's id, then `here` when it stands still, or `ended` where the saving had fewer.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

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

    def before(*_: Any) -> None:
        standstill.passing()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "commit", before)
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
