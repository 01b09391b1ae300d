"""The whole window with the designer in front, on an embedded pool of its own, and its publish sheet."""

import pytest

from tests.embedded import embedded_pool
from tests.ui.board_window import console, open_window
from tests.ui.live_console import until

__all__ = ["choose", "console", "pool", "sheet", "texts", "window"]


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


@pytest.fixture
def sheet(window):
    """Opens the publish sheet, as often as it is asked to."""
    opened = []

    def show():
        opened.append(window.workshop.publish_sheet())
        opened[-1].open()
        return opened[-1]

    yield show
    for made in opened:
        made.close()
        made.deleteLater()


def texts(view):
    return [row.text for row in view.rows.rows]


def choose(sheet, stage, name):
    """Map a stage that vanishes, as the hand does."""
    choice = sheet.mapping.lists[stage]
    choice.setCurrentIndex(choice.findText(name))
    choice.activated.emit(choice.currentIndex())
