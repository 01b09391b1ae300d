"""What the outline takes at 100 stages: opened for the first time, following an edit, going to a selected stage.

    QT_QPA_PLATFORM=offscreen python benchmarks/workflow_outline.py [STAGES ...]

Opening is everything between the key and the first picture: the tree, the rows, the layout and the painting. Time in
which other processes had the processor is not counted. Nothing may hold the window for longer than 50 ms.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QSplitter, QWidget
from workflow_canvas import large

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.edits import change_stage
from xsconsole_ui import theme
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.outline.panel import OutlinePanel

OPENINGS = 20
EDITS = 40
SIZE = (700, 800)


def took_ms(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    QApplication.processEvents()
    return (time.thread_time() - began) * 1000


def told(name: str, took: list[float]) -> None:
    print(f"  {name:24} first {took[0]:5.1f} ms, median {statistics.median(took):5.1f} ms, longest {max(took):5.1f} ms")


def resting(desk: DraftDesk, window: QSplitter) -> OutlinePanel:
    """Return an outline as the designer has it before somebody opens it."""
    panel = OutlinePanel(desk, Surroundings, window)
    panel.hide()
    panel.rest()
    window.addWidget(panel)
    return panel


def main(stages: int) -> None:
    workflow = large(stages)
    print(f"{stages} stages, {len(workflow.transitions)} transitions")
    openings = []
    for _ in range(OPENINGS):
        desk = DraftDesk()
        window = QSplitter()
        window.addWidget(QWidget())
        panel = resting(desk, window)
        window.resize(*SIZE)
        window.show()
        desk.open(workflow)
        QApplication.processEvents()
        gc.collect()
        gc.freeze()  # as the program does after it has loaded

        def show(panel: OutlinePanel = panel) -> None:
            panel.wake()
            panel.show()

        openings.append(took_ms(show))
        if len(openings) < OPENINGS:
            window.close()
            window.deleteLater()
    told("opening", openings)
    edit = StageId("s7")
    told(
        "renaming a stage",
        [
            took_ms(lambda at=at: desk.do("x", change_stage(desk.workflow, edit, name=f"n{at}")))  # type: ignore[misc]
            for at in range(EDITS)
        ],
    )
    told("going to a stage", [took_ms(lambda at=at: desk.select((StageId(f"s{at}"),))) for at in range(EDITS)])  # type: ignore[misc]
    window.close()


if __name__ == "__main__":
    application = QApplication([])
    theme.Theme(application, theme.Scheme.LIGHT)
    for number in [int(word) for word in sys.argv[1:]] or [40, 100]:
        main(number)
