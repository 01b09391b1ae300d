"""What a frame of the designer's canvas takes: panning, zooming and dragging a stage, at 40 and at 100 stages.

    QT_QPA_PLATFORM=offscreen python benchmarks/workflow_canvas.py [STAGES ...]

Each frame is the whole of it: the step of the hand, mirroring, and painting, with the map in the corner, into a picture
of 1400 x 900 pixels, as a window without a graphics card would. Twice as many transitions as stages. A frame of 60 a
second is 16.7 ms. Time in which other processes had the processor is not counted. Also: an edit that is shown.
"""

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from xsconsole.domain.ids import StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow
from xsconsole.domain.workflow.edits import COLOURS, change_stage
from xsconsole.domain.workflow.values import Place
from xsconsole_ui import theme
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.gestures import Modifiers, Move
from xsconsole_ui.workflow.hand import DrawingHand
from xsconsole_ui.workflow.measures import DESIGNER
from xsconsole_ui.workflow.minimap import Minimap
from xsconsole_ui.workflow.scene import Scene

SIZE = (1400, 900)
FRAMES = 200
FRAME_MS = 1000 / 60
BACK_SHARE = 0.2


def large(stages: int) -> Workflow:
    """Return a workflow of so many stages in columns, and twice as many transitions between near ones."""
    dice = random.Random(5)
    columns = max(2, round(stages**0.5 * 1.3))
    made = tuple(
        Stage(
            id=StageId(f"s{at}"),
            name=f"Stage number {at}",
            colour=COLOURS[at % len(COLOURS)],
            place=Place(x=at % columns * 15, y=at // columns * 7),
        )
        for at in range(stages)
    )
    ways: dict[tuple[int, int], Transition] = {}
    while len(ways) < 2 * stages:
        source = dice.randrange(stages)
        ahead = -1 if dice.random() < BACK_SHARE else dice.choice((1, 1, 1, 2))
        target = source + ahead + columns * dice.choice((-1, 0, 0, 1))
        is_near = 0 <= target < stages and target % columns - source % columns == ahead
        if is_near and (source, target) not in ways:
            ways[source, target] = Transition(
                id=TransitionId(f"t{len(ways)}"),
                source=StageId(f"s{source}"),
                target=StageId(f"s{target}"),
                kind=Kind.PROMOTE if ahead > 0 else Kind.DEMOTE,
                soak_s=dice.choice((0, 3600, 86400)),
            )
    return Workflow(id=WorkflowId("w"), name="Large", version=1, stages=made, transitions=tuple(ways.values()))


def measure(name: str, canvas: Canvas, step: Callable[[int], None], frames: int = FRAMES) -> None:
    picture = QImage(*SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    took: list[float] = []
    gc.collect()
    gc.freeze()  # as the program does after it has loaded
    for at in range(frames):
        began = time.thread_time()
        step(at)
        canvas.render(picture, QPoint())
        took.append((time.thread_time() - began) * 1000)
    took.sort()
    over = sum(one > FRAME_MS for one in took)
    print(
        f"  {name:24} median {statistics.median(took):5.1f} ms, 99 % {took[int(frames * 0.99)]:5.1f} ms, "
        f"longest {took[-1]:5.1f} ms, {over} of {frames} over {FRAME_MS:.1f} ms"
    )


def main(stages: int) -> None:
    desk, scene = DraftDesk(), Scene(DESIGNER)
    canvas = Canvas(scene)
    canvas.hand = DrawingHand(canvas, desk)
    Minimap(canvas)
    desk.changed.connect(scene.show)
    workflow = large(stages)
    began = time.thread_time()
    desk.open(workflow)
    shown = (time.thread_time() - began) * 1000
    canvas.resize(*SIZE)
    canvas.fit()
    fitted = canvas.view.zoom
    print(
        f"{stages} stages, {len(workflow.transitions)} transitions; first shown in {shown:.0f} ms, fits at {fitted:.0%}"
    )

    def pan(at: int) -> None:
        canvas.pan(QPointF(4 if at % 40 < 20 else -4, 2))

    def zoom(at: int) -> None:
        canvas.zoom_by(0.2 if at % 20 < 10 else -0.2)

    def drag_in(gesture: Move) -> Callable[[int], None]:
        start = scene.nodes[desk.stages[0]].area.center()
        gesture.begin(start)

        def drag(at: int) -> None:
            gesture.move(start + QPointF(20 * (at % 30), 20 * (at % 17)), Modifiers.NoModifier)
            canvas.stir()

        return drag

    measure("panning, all in sight", canvas, pan)
    desk.select((StageId("s20"),))
    gesture = Move(desk, scene)
    measure("dragging, all in sight", canvas, drag_in(gesture))
    gesture.cancel()
    measure("zooming", canvas, zoom)
    canvas.zoom_to(1.0)
    canvas.centre_on(scene.bounds.center())
    measure("panning at 100 %", canvas, pan)
    gesture = Move(desk, scene)
    measure("dragging at 100 %", canvas, drag_in(gesture))
    gesture.cancel()
    desk.select_all()
    gesture = Move(desk, scene)
    measure("dragging all at 100 %", canvas, drag_in(gesture), 40)
    gesture.cancel()
    measure(
        "renaming a stage", canvas, lambda at: desk.do("x", change_stage(workflow, StageId("s7"), name=f"n{at}")), 40
    )


if __name__ == "__main__":
    application = QApplication([])
    theme.Theme(application, theme.Scheme.LIGHT)
    for number in [int(word) for word in sys.argv[1:]] or [40, 100]:
        main(number)
