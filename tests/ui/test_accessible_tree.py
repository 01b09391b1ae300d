"""What a screen reader finds in the window: everything that takes the keyboard says what it is, and what it holds."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from tests.ui.board_window import CTRL, Key, card_of, console, open_window, pool, press
from xsconsole.console import Console, Estate
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole_ui.connect_dialog import ConnectDialog
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow.keys_sheet import KeysSheet

__all__ = ["console", "pool"]

Role, Text, Told = QAccessible.Role, QAccessible.Text, QAccessible.Event
STAGING, TO_PRODUCTION = StageId("staging"), TransitionId("staging-to-production")
PLAIN = {Role.Client, Role.NoRole}  # roles that say nothing: a description has to
MOST_CHILDREN = 60  # of a table, that are looked at


@pytest.fixture
async def window(console: Console, qapp: QApplication) -> AsyncIterator[MainWindow]:
    opened = await open_window(console, qapp)
    opened.go("workflow")
    await until(lambda: bool(opened.workflow.desk.workflow.stages), "the workflow")
    yield opened
    await opened.end()


def below(found: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    yield found
    for at in range(min(found.childCount(), MOST_CHILDREN)):
        child = found.child(at)
        if child is not None and not child.state().invisible:  # type: ignore[attr-defined]
            yield from below(child)


def is_blank_cell(one: QAccessibleInterface) -> bool:
    """Whether it is a cell beside the first of its row: that may be empty, as a finding is where there is none."""
    cell = one.tableCellInterface() if one.object() is None else None
    return cell is not None and cell.columnIndex() > 0


def speechless(widget: QWidget) -> list[str]:
    """Return what takes the keyboard in there and says too little."""
    root = QAccessible.queryAccessibleInterface(widget)
    assert root is not None
    found, wrong = 0, []
    for one in below(root):
        state = one.state()
        if not state.focusable or state.invisible or is_blank_cell(one):  # type: ignore[attr-defined]
            continue
        found += 1
        name, told, role = one.text(Text.Name), one.text(Text.Description), one.role()
        where = f"{type(one.object()).__name__} {role.name} “{name}”"
        if not name.strip():
            wrong.append(f"{where}: no name")
        if role in PLAIN and not told.strip():
            wrong.append(f"{where}: neither role nor description")
        if role is Role.EditableText and one.textInterface() is None:
            wrong.append(f"{where}: its text cannot be read")
        if role is Role.ComboBox and not one.text(Text.Value).strip():
            wrong.append(f"{where}: no value")
        if role in (Role.CheckBox, Role.RadioButton) and not state.checkable:  # type: ignore[attr-defined]
            wrong.append(f"{where}: ticked or not cannot be read")
    assert found, "nothing takes the keyboard"
    return wrong


@pytest.mark.parametrize("place", ["board", "workflow", "audit", "health"])
async def test_every_place_can_be_read(window: MainWindow, console: Console, place: str) -> None:
    window.go(place)
    if place == "board":
        window.board.select(card_of(console, "shop 1.3.0").id)

    assert speechless(window) == []


@pytest.mark.parametrize(
    ("stages", "ways"),
    [
        ((), ()),
        ((STAGING,), ()),
        ((), (TO_PRODUCTION,)),
        ((STAGING, StageId("production")), ()),
        ((STAGING,), (TO_PRODUCTION,)),
    ],
)
async def test_graph_outline_and_inspector_can_be_read_whatever_is_selected(
    window: MainWindow, stages: tuple[StageId, ...], ways: tuple[TransitionId, ...]
) -> None:
    window.workflow.designer.do(Design.OUTLINE)
    window.workflow.desk.select(stages, ways)
    form = window.workshop.inspector.form
    for row in form.rows:  # every part of the form is opened, as a reader would
        if row.node.children and form.row(row.path) is row:
            form.open(row.path)

    assert speechless(window) == []


async def test_stages_and_transitions_of_the_graph_are_its_children(
    window: MainWindow, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, desk = window.workflow, window.workflow.desk
    desk.find_by(console.publishing.findings)
    desk.select((STAGING,))
    place.canvas.setFocus()
    graph = QAccessible.queryAccessibleInterface(place.canvas)
    assert graph is not None

    def parts() -> dict[str, QAccessibleInterface]:
        found = [graph.child(at) for at in range(graph.childCount())]
        return {one.text(Text.Name): one for one in found if one.object() is None}

    drawn = parts()
    assert list(drawn)[:5] == [
        "Integration",
        "Patch testing",
        "Staging",
        "Production",
        "Integration to Patch testing (restore point)",
    ]
    assert len(drawn) == len(desk.workflow.stages) + len(desk.workflow.transitions)
    staging = drawn["Staging"]
    assert staging.text(Text.Description).startswith("Stage 3 of 4. 2 configurations · this pool, anywhere. ")
    assert "2 transitions in, 3 out." in staging.text(Text.Description)
    assert staging.text(Text.Description).endswith("No findings.")
    assert [name for name, one in drawn.items() if one.state().selected] == ["Staging"]
    assert graph.focusChild() is staging
    middle = staging.rect().center()
    assert graph.childAt(middle.x(), middle.y()) is staging
    assert graph.child(graph.indexOfChild(staging)) is staging
    assert place.canvas.rect().translated(place.canvas.mapToGlobal(place.canvas.rect().topLeft())).contains(middle)

    readers, events = place.canvas.readers, list[tuple[QAccessible.Event, str]]()
    monkeypatch.setattr(
        readers, "_tell", lambda event: events.append((event.type(), event.accessibleInterface().text(Text.Name)))
    )
    QAccessible.setActive(True)
    try:
        readers.tell_selection()
        events.clear()
        desk.select((), (TransitionId("production-to-staging"),))
    finally:
        QAccessible.setActive(False)
    back = "Way back from Production to Staging"
    assert events == [(Told.Selection, "Staging"), (Told.Selection, back), (Told.Focus, back)]

    place.designer.do(Design.DELETE)
    assert "Way back from Production to Staging" not in parts()
    found = parts()["Production"].text(Text.Description)
    assert "Findings: 1 warning. Nothing leads back from Production" in found
    desk.undo()
    assert list(parts()) == list(drawn)


async def test_an_empty_draft_can_be_read(window: MainWindow) -> None:
    window.workflow.desk.open(None)

    assert window.workflow.empty.isVisible()
    assert speechless(window) == []


async def test_a_name_that_is_typed_in_place_can_be_read(window: MainWindow) -> None:
    window.workflow.desk.select((STAGING,))
    window.workflow.designer.do(Design.RENAME)

    assert speechless(window.workflow) == []
    press(Key.Key_Escape)


SHEETS: dict[str, Callable[[MainWindow], QDialog]] = {
    "publish": lambda window: window.workshop.publish_sheet(),
    "compare": lambda window: window.workshop.compare_dialog(),
    "walk": lambda window: window.workshop.walk_dialog(),
    "drafts": lambda window: window.workshop.drafts_dialog(),
    "keys": KeysSheet,
}


@pytest.mark.parametrize("which", SHEETS)
async def test_every_sheet_of_the_designer_can_be_read(window: MainWindow, which: str) -> None:
    desk = window.workflow.desk
    desk.select((StageId("integration"),))
    window.workflow.designer.do(Design.DELETE)
    sheet = SHEETS[which](window)
    sheet.open()
    try:
        assert speechless(sheet) == []
    finally:
        sheet.close()
        sheet.deleteLater()


async def test_the_dialog_that_connects_can_be_read(console: Console) -> None:
    dialog = ConnectDialog(Estate.of(console))
    dialog.open()
    try:
        assert speechless(dialog) == []
    finally:
        dialog.close()
        dialog.deleteLater()


async def test_the_plan_of_a_promotion_and_of_one_with_a_reason_can_be_read(
    window: MainWindow, console: Console
) -> None:
    window.go("board")
    for name in ("shop 1.4.0", "shop 1.3.0"):
        window.board.select(card_of(console, name).id)
        window.board.take_focus()
        press(Key.Key_Right, CTRL)
        await until(window.inspector.plan_page.isVisible, "the plan")

        assert speechless(window.inspector) == []
        press(Key.Key_Escape)


async def test_what_changes_away_from_the_keyboard_is_announced(window: MainWindow, console: Console) -> None:
    place, desk = window.workflow, window.workflow.desk
    desk.find_by(console.publishing.findings)
    heard: list[str] = []
    place.announcer.announced.connect(heard.append)
    place.canvas.setFocus()

    desk.select((STAGING,))
    assert heard[-1].startswith("Staging. ")  # where the arrows went

    place.designer.do(Design.CONNECT)
    QTest.keyClick(place.canvas, Key.Key_Left)
    assert heard[-1].startswith("✗ ")  # the answer to a gesture
    QTest.keyClick(place.canvas, Key.Key_Escape)

    desk.select((), (TransitionId("production-to-staging"),))
    place.designer.do(Design.DELETE)
    assert "Delete “Production” → “Staging”" in heard
    assert any(said.startswith("Findings: ") and "warning" in said for said in heard)

    desk.undo()
    desk.redo()
    assert "Undone: Delete “Production” → “Staging”" in heard
    assert "Redone: Delete “Production” → “Staging”" in heard

    desk.select((STAGING,))
    place.designer.do(Design.INSERT_STAGE)
    assert "has transitions of its own" in heard[-1]  # a refusal


async def test_what_cannot_be_typed_is_announced_while_it_is_typed(window: MainWindow) -> None:
    heard: list[str] = []
    form = window.workshop.inspector.form
    form.announcer.announced.connect(heard.append)
    window.workflow.desk.select((), (TO_PRODUCTION,))
    row = form.row("/method/soak_s")
    assert row is not None
    field = row.stops[0]
    field.setFocus()

    QTest.keyClicks(field, "24")
    assert [said.partition(". ")[0] for said in heard] == ["“2” is no time span", "“24” is no time span"]
    QTest.keyClicks(field, " h")

    assert len(heard) == 2
