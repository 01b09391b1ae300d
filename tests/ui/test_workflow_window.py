"""The designer in the whole window, on the embedded pool."""

import pytest

from tests.embedded import embedded_pool
from tests.ui.board_window import card_of, console, open_window
from tests.ui.live_console import until

__all__ = ["console"]


@pytest.fixture
def pool():
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
async def window(console, qapp):
    opened = await open_window(console, qapp)
    opened.go("workflow")
    await until(lambda: opened.workflow.desk.workflow.stages)
    yield opened
    await opened.end()


async def test_the_inspector_shows_what_is_selected_where_it_is_selected(window, console):
    title = window.inspector.header
    assert (title.title, title.caption) == ("Workflow", "Release to production")

    window.workflow.desk.select(["staging"])
    assert (title.title, title.caption) == ("Stage", "Staging")
    storage = window.workshop.inspector.form.row("/binding/sr").input.control
    assert any("free of" in storage.itemText(at) or "of" in storage.itemText(at) for at in range(storage.count()))

    window.go("board")
    window.board.select(card_of(console, "shop 1.3.0").id)
    assert title.title == "shop 1.3.0"

    window.go("workflow")
    assert title.title == "Stage"
