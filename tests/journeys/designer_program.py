"""The window at its designer, in a process of its own, that says where to draw and what was drawn. For real hands."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPointF, QRect
from window_program import connection, passphrase, place, say

from xsconsole.console import Console
from xsconsole.domain.ids import StageId
from xsconsole_ui import app
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

DEADLINE_S = 60.0


async def tell(window: MainWindow) -> int:
    window.go("workflow")
    designer = window.workflow
    canvas, scene, desk = designer.canvas, designer.scene, designer.desk
    await until(lambda: bool(scene.nodes), "the published workflow", DEADLINE_S)
    await asyncio.sleep(0.5)  # the window manager, if any, has placed the window by now

    def spot(point: QPointF) -> tuple[int, int]:
        at = canvas.view.to_widget(point).toPoint()
        return place(canvas, QRect(at, at))

    async def drawn(is_so: Callable[[], bool], what: str) -> None:
        await until(is_so, what, DEADLINE_S)

    lowest = scene.bounds.bottomLeft()
    free = lowest + QPointF(260, 140)
    say(free=spot(free), first=[stage.name for stage in desk.workflow.stages])
    await drawn(lambda: any(stage.name == "Hotfix" for stage in desk.workflow.stages), "the new stage")
    made = next(stage.id for stage in desk.workflow.stages if stage.name == "Hotfix")
    integration, production = (scene.nodes[StageId(name)] for name in ("integration", "production"))
    say(port=spot(integration.port), stage=spot(scene.nodes[made].area.center()))
    await drawn(lambda: desk.workflow.transition(integration.id, made) is not None, "the way to it")
    say(port=spot(scene.nodes[made].port), stage=spot(production.area.center()))
    await drawn(lambda: desk.workflow.transition(made, production.id) is not None, "the way from it")
    before = scene.nodes[made].area
    say(stage=spot(before.center()), aside=spot(before.center() + QPointF(100, 40)))
    await drawn(lambda: scene.nodes[made].area == before.translated(100, 40) and not scene.lifted, "the moved stage")
    say(steps=[step.label for step in desk.history.done])
    await drawn(lambda: len(desk.history.undone) == 1, "the undoing of the last step")
    say(is_back=scene.nodes[made].area == before)
    return 0


def main(home: str, url: str, password: str) -> int:
    start = partial(Console.open, Path(home), passphrase=passphrase)
    return app.run(app.Options(connections=connection(url, password)), start, tell)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
