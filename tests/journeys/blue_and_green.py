"""The blue and green workflow, from an empty draft to what stands on the pool, without a mouse."""

from typing import TypeVar

import msgspec
from PySide6.QtWidgets import QApplication, QDialog

from tests.journeys.typist import Typist
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.gates import Gate, When
from xsconsole.domain.workflow.template_graphs import blue_and_green
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.workflow.drafts_dialog import DraftsDialog
from xsconsole_ui.workflow.publishing.sheet import PublishSheet

Sheet = TypeVar("Sheet", bound=QDialog)

DEADLINE_S = 60.0
STAGES = ("Integration", "Staging", "Blue", "Green")
WAYS = (
    ("integration", "Staging"),
    ("staging", "Blue"),
    ("staging", "Green"),
    ("staging", "Integration (way back)"),
    ("blue", "Staging (way back)"),
    ("green", "Staging (way back)"),
)


async def build_and_publish(typist: Typist) -> None:
    window = typist.window
    await typist.press("ctrl+2")
    desk = window.workflow.desk
    await until(lambda: bool(desk.workflow.stages), "the published workflow", DEADLINE_S)
    await _begin(typist)
    await typist.press("ctrl+shift+o")
    await until(typist.view.hasFocus, "the outline")
    for name in STAGES:
        await typist.press("Insert")
        await typist.type(name)
        await typist.press("Return")
    for source, target in WAYS:
        await typist.go_to("stages", source)
        await typist.press("ctrl+l")
        await typist.choose(target)
    await typist.pick("start", "stages", "staging", "about", "entry")
    for stage in ("blue", "green"):
        await typist.pick("start", "stages", stage, "about", "entry")
        await typist.tick("stages", stage, "about", "is_production")
        await typist.fill_in("1", "stages", stage, "limits", "per_service")
        await typist.tick("stages", stage, "protection", "destroy")
        await typist.close("stages", stage)
    await typist.tick("stages", "integration", "out", "integration-to-staging", "restore", "restore_point")
    for slot in ("blue", "green"):
        way = ("stages", "staging", "out", f"staging-to-{slot}")
        await typist.tick(*way, "restore", "restore_point")
        for check in ("Pool is fit", "No duplicate addresses", "Guest tools answer"):
            await typist.add(check, *way, "gates")
        await typist.fill_in("10 min", *way, "gates", "2", "timeout_s")
        await typist.tick(*way, "gates", "2", "leads_back")
        await typist.go_to(*way, "disks")
        await typist.press("Insert")
        await typist.add("Send the incumbent back", *way, "afterwards")
        await typist.close(*way)
    await _publish(typist)


async def _begin(typist: Typist) -> None:
    """Begin a draft from nothing."""
    window = typist.window
    await typist.press("ctrl+n")
    await until(lambda: _sheet(DraftsDialog) is not None, "the sheet of beginnings")
    dialog = _sheet(DraftsDialog)
    assert dialog is not None
    while dialog.chosen is None or dialog.chosen.kind != "Empty":
        await typist.press("Down")
    await typist.tab_to(dialog.name.hasFocus)
    await typist.press("ctrl+a")
    await typist.type("Blue and green")
    await typist.press("Return")
    await until(lambda: not window.workflow.desk.workflow.stages, "the empty draft")


async def _publish(typist: Typist) -> None:
    window = typist.window
    await typist.press("ctrl+shift+p")
    await until(lambda: _sheet(PublishSheet) is not None, "the publish sheet")
    sheet = _sheet(PublishSheet)
    assert sheet is not None
    await typist.type("two slots")
    await until(lambda: sheet.plan is not None and sheet.plan.workflow.summary == "two slots", "the plan")
    if sheet.is_agreed.isVisible():
        await typist.tab_to(sheet.is_agreed.hasFocus)
        await typist.press("space")
    assert sheet.go.isEnabled(), sheet.why_not.text()
    await typist.tab_to(sheet.go.hasFocus)
    await typist.press("Return")
    await until(lambda: sheet.report is not None, "the publication", DEADLINE_S)
    assert sheet.report is not None
    assert sheet.report.is_whole, sheet.report
    await typist.press("Escape")
    await until(lambda: window.workflow.desk.workflow.version == 2, "the published version")


def _sheet(kind: type[Sheet]) -> Sheet | None:
    """Return the sheet that has come up and has the keyboard."""
    active, focused = QApplication.activeModalWidget(), QApplication.focusWidget()
    return active if isinstance(active, kind) and focused is not None and active.isAncestorOf(focused) else None


def compared(workflow: Workflow) -> dict[str, object]:
    """Return what the story draws of a workflow: not colours and descriptions, which nobody types here."""
    plain = {"colour": "#000000", "description": "", "place": None}
    stages = [msgspec.structs.replace(stage, **plain) for stage in workflow.stages]
    ways = [
        msgspec.structs.replace(way, description="", gates=tuple(_untimed(gate) for gate in way.gates))
        for way in workflow.transitions
    ]
    return {
        "stages": sorted(stages, key=lambda stage: stage.id),
        "transitions": sorted(ways, key=lambda way: way.id),
    }


def _untimed(gate: Gate) -> Gate:
    """The forms give every check a time-out; the template gives none to those that only look."""
    return gate if gate.when is When.AFTER else msgspec.structs.replace(gate, timeout_s=None)


def wanted() -> dict[str, object]:
    return compared(blue_and_green())
