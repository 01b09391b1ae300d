"""Publishing over open requests: the sheet says of each whether it goes on or ends, and the inbox stays as it was."""

from tests.embedded import EmbeddedPool
from tests.ui.board_window import console, pool, window
from tests.ui.test_inbox import ask, publish, rita, texts
from xsconsole.console import Console
from xsconsole.domain.ids import StageId
from xsconsole.domain.requests.views import RequestState
from xsconsole.domain.workflow.edits import change_stage, remove
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "rita", "window"]


async def test_the_sheet_says_which_requests_go_on_and_which_end_and_why(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    await publish(pool, console, rita)
    request = await ask(rita)
    await until(lambda: bool(console.requests.views), "the request")
    window.go("workflow")
    desk = window.workflow.desk
    await until(lambda: desk.workflow.version == 2, "the version on the desk")
    before = desk.workflow
    what = f"shop 1.3.0 to “Production” (request {request.id[:8]})"

    desk.do("Remove production", remove(before, [StageId("production")]))
    sheet = window.workshop.publish_sheet()
    sheet.open()
    assert texts(sheet.requests) == [f"{what} ends, because “Production” is gone."]
    desk.do("Rename", change_stage(before, StageId("integration"), name="Inbox"))
    await until(lambda: "goes on" in texts(sheet.requests)[0], "the plan")

    sheet.is_agreed.setChecked(True)
    sheet.go.click()
    await until(lambda: sheet.report is not None, "the report")

    assert texts(sheet.requests) == [f"{what} goes on as version 2."]
    (view,) = console.requests.views
    await until(lambda: console.board.workflow is not None and console.board.workflow.version == 3, "the version")
    assert view.state is RequestState.WAITING
    assert console.requests.asks_me(view)
    sheet.close()
    sheet.deleteLater()
