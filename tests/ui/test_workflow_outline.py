"""The outline: everything can be read and edited by keyboard, and graph, forms and tree are always the same draft."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication

from tests.ui.draft_values import rich_draft, surroundings
from xsconsole.domain.workflow import Kind, default_workflow
from xsconsole.domain.workflow.edits import change_stage, remove
from xsconsole.domain.workflow.findings import findings
from xsconsole_ui import theme
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.findings_panel import summary
from xsconsole_ui.workflow.forms.draft_tree import DraftTree
from xsconsole_ui.workflow.forms.editors import Choice, Flag
from xsconsole_ui.workflow.inspector.draft_inspector import DraftInspector
from xsconsole_ui.workflow.measures import DESIGNER
from xsconsole_ui.workflow.outline.editing import fitted
from xsconsole_ui.workflow.outline.model import Column
from xsconsole_ui.workflow.outline.panel import OutlinePanel
from xsconsole_ui.workflow.scene import Scene

AROUND = surroundings()
Key, CTRL, ALT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def desk(qapp):
    made = DraftDesk()
    made.find_by(findings)
    made.open(rich_draft())
    return made


@pytest.fixture
def panel(desk):
    made = OutlinePanel(desk, lambda: AROUND)
    tester = QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.resize(600, 600)
    made.show()
    made.activateWindow()
    made.view.setFocus()
    yield made
    tester.deleteLater()
    made.close()
    made.deleteLater()


def go(panel, *keys):
    index = panel.model.index_of(keys)
    assert index.isValid(), keys
    panel.view.setCurrentIndex(index)
    return index


def press(panel, key, held=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(panel.view, key, held)


def type_in(panel, text):
    """Edit the current row by keyboard."""
    press(panel, Key.Key_F2)
    editor = QApplication.focusWidget()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Key.Key_Return)
    QApplication.processEvents()  # Qt takes it in a moment later


def ask_by_key(panel):
    """Press the menu key: Qt sends the place of the row as the view counts it, header and all."""
    at = panel.view.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, panel.view.mapToGlobal(at))
    QApplication.sendEvent(panel.view, event)


def take(panel, words):
    """Choose in the menu that has opened."""
    menu = panel.menu
    next(action for action in menu.actions() if action.text() == words).trigger()
    menu.close()


def shown(model, parent=None):
    """Return the whole tree as it can be read."""
    above = parent if parent is not None else QModelIndex()
    return [
        (
            model.index(row, 0, above).data(),
            model.index(row, 1, above).data(),
            shown(model, model.index(row, 0, above)),
        )
        for row in range(model.rowCount(above))
    ]


def fresh(desk):
    panel = OutlinePanel(desk, lambda: AROUND)
    found = shown(panel.model)
    panel.deleteLater()
    return found


def test_a_workflow_is_drawn_from_nothing_by_keyboard_alone(desk, panel):
    desk.open(None)
    for name in ("Integration", "Staging", "Production"):
        go(panel, "stages")
        press(panel, Key.Key_Insert)
        QTest.keyClicks(QApplication.focusWidget(), name)
        QTest.keyClick(QApplication.focusWidget(), Key.Key_Return)
        QApplication.processEvents()
    for source, target in (("integration", "Staging"), ("staging", "Production")):
        go(panel, "stages", source)
        press(panel, Key.Key_L, CTRL)
        take(panel, target)
    press(panel, Key.Key_L, CTRL)  # on the way that was made: its stage once more
    take(panel, "Integration (way back)")
    go(panel, "stages", "production", "about", "is_production")
    press(panel, Key.Key_Return)
    go(panel, "stages", "production")
    press(panel, Key.Key_L, CTRL)
    take(panel, "Staging (way back)")

    names = {stage.id: stage.name for stage in desk.workflow.stages}
    ways = [(names[way.source], names[way.target], way.kind) for way in desk.workflow.transitions]
    assert ways == [
        ("Integration", "Staging", Kind.PROMOTE),
        ("Staging", "Production", Kind.PROMOTE),
        ("Staging", "Integration", Kind.DEMOTE),
        ("Production", "Staging", Kind.DEMOTE),
    ]
    assert desk.workflow.stages[2].is_production
    assert [step.label for step in desk.history.done] == [
        "Add stage “New stage”",
        "Rename “New stage” to “Integration”",
        "Add stage “New stage”",
        "Rename “New stage” to “Staging”",
        "Add stage “New stage”",
        "Rename “New stage” to “Production”",
        "Add transition “Integration” → “Staging”",
        "Add transition “Staging” → “Production”",
        "Add way back “Staging” → “Integration”",
        "Tick “Production” of “Production”",
        "Add way back “Production” → “Staging”",
    ]


def test_names_of_stages_are_whole_where_large_text_leaves_little_room(desk, panel):
    panel.resize(panel.minimumWidth(), 600)
    index = go(panel, "stages", "integration")
    room = panel.view.visualRect(index).width() - 8

    assert QFontMetrics(theme.text_font(is_bold=True)).horizontalAdvance(index.data()) <= room
    way = panel.model.index_of(("stages", "staging", "out", "staging-to-production"))
    into = panel.model.index_of(("stages", "production", "into", "staging-to-production"))
    metrics = QFontMetrics(theme.text_font())
    for row, short in ((way, "→ Production"), (into, "Staging →")):
        node = panel.model.node(row)
        wide = metrics.horizontalAdvance("Staging → Production")
        assert fitted(node.name, node.short, metrics, wide) == node.name == "Staging → Production"
        assert fitted(node.name, node.short, metrics, wide - 1) == short
    point = next(child.key for child in panel.model.node(way).children if child.name == "Restore point")
    deep = go(panel, "stages", "staging", "out", "staging-to-production", point)
    assert metrics.horizontalAdvance(deep.data()) <= panel.view.visualRect(deep).width() - 8
    header = panel.view.header()
    assert sum(header.sectionSize(at) for at in range(header.count())) <= panel.view.viewport().width()


def test_fields_are_edited_in_their_row(desk, panel):
    go(panel, "stages", "staging", "out", "staging-to-production", "method", "soak_s")
    type_in(panel, "36 h")

    assert desk.workflow.transition_of("staging-to-production").soak_s == 36 * 3600
    assert (
        panel.model.index_of(("stages", "staging", "out", "staging-to-production", "method", "soak_s"))
        .siblingAtColumn(1)
        .data()
        == "36 h"
    )


def test_why_something_cannot_be_is_said_while_it_is_typed(desk, panel):
    go(panel, "stages", "staging")
    press(panel, Key.Key_F2)
    editor = QApplication.focusWidget()
    editor.selectAll()
    QTest.keyClicks(editor, "Production")

    assert "Another stage is called" in panel.why_not.text()
    QTest.keyClick(editor, Key.Key_Escape)
    assert desk.workflow == desk.base


def test_space_and_enter_toggle_what_is_yes_or_no(desk, panel):
    go(panel, "stages", "staging", "protection", "destroy")
    press(panel, Key.Key_Space)
    assert desk.workflow.stage("staging").protection == ("destroy",)
    press(panel, Key.Key_Return)
    assert desk.workflow.stage("staging").protection == ()


def test_a_choice_is_made_by_keyboard(desk, panel):
    go(panel, "stages", "staging", "binding", "sr")
    press(panel, Key.Key_Return)
    editor = QApplication.focusWidget()
    editor.setCurrentIndex(editor.findText("SAN", Qt.MatchFlag.MatchStartsWith))
    editor.activated.emit(editor.currentIndex())

    assert desk.workflow.stage("staging").binding.sr.name == "SAN"


def test_stages_and_checks_are_moved_and_removed(desk, panel):
    go(panel, "stages", "staging")
    press(panel, Key.Key_Up, ALT)
    assert [stage.id for stage in desk.workflow.stages][1] == "staging"
    assert panel.current.key == "staging"

    go(panel, "stages", "staging", "out", "staging-to-production", "gates", "0")
    press(panel, Key.Key_Down, ALT)
    assert panel.current.key == "1"
    press(panel, Key.Key_Delete)
    assert [type(gate).__name__ for gate in desk.workflow.transition_of("staging-to-production").gates] == [
        "Script",
        "MaintenanceWindow",
    ]

    go(panel, "about", "name")
    press(panel, Key.Key_Delete)
    assert "cannot be removed" in panel.why_not.text()


def test_the_selection_is_shared_with_the_graph(desk, panel):
    go(panel, "stages", "staging", "limits", "running")
    assert desk.stages == ("staging",)

    desk.select((), ("staging-to-production",))
    assert panel.current.transition == "staging-to-production"

    go(panel, "stages", "production", "into", "staging-to-production")
    assert desk.stages == ("production",)
    press(panel, Key.Key_Return)
    assert desk.transitions == ("staging-to-production",)


def test_findings_are_read_in_the_rows_and_mended_from_their_menu(desk, panel):
    desk.open(change_stage(default_workflow(), "staging", description="x"))
    desk.do("Cut", remove(desk.workflow, transitions=("production-to-staging",)))
    index = go(panel, "stages", "production")
    assert "warning" in index.siblingAtColumn(Column.FINDING).data()
    assert panel.model.index_of(()).siblingAtColumn(Column.FINDING).data() == summary(desk.findings)

    ask_by_key(panel)
    assert panel.current.stage == "production"  # and not the row below, over which the menu opens
    take(panel, "Add a way back to Staging")

    assert desk.workflow.transition("production", "staging") is not None


def test_the_menu_by_mouse_is_of_the_row_under_it_and_connects_a_stage(desk, panel):
    go(panel, "stages", "production")
    at = panel.view.visualRect(panel.model.index_of(("stages", "integration"))).center()
    where = panel.view.viewport().mapToGlobal(at)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, where)
    QApplication.sendEvent(panel.view.viewport(), event)
    take(panel, "Connect to another stage")
    take(panel, "Production")

    assert desk.workflow.transition("integration", "production") is not None


def test_an_edit_elsewhere_keeps_the_row_and_what_is_open(desk, panel):
    index = go(panel, "stages", "staging", "limits", "running")
    assert panel.view.isExpanded(index.parent())

    desk.do("Words", change_stage(desk.workflow, "staging", description="Other words"))

    assert panel.current.key == "running"
    assert panel.view.isExpanded(panel.view.currentIndex().parent())


@settings(max_examples=5)
@given(data=some.data())
def test_graph_outline_and_forms_are_always_the_model(qapp, data):
    """Random edits by outline and inspector, undo and redo: all three show the draft and nothing else."""
    desk = DraftDesk()
    desk.open(remove(rich_draft(), ("integration", "patch-testing")))
    panel, page, scene = OutlinePanel(desk, lambda: AROUND), DraftInspector(desk, lambda: AROUND), Scene(DESIGNER)
    tester = QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    desk.changed.connect(scene.show)
    scene.show(desk.workflow)
    digests = [desk.workflow.digest]
    for _ in range(data.draw(some.integers(1, 8))):
        match data.draw(some.sampled_from(("outline", "inspector", "deed", "undo", "redo", "select"))):
            case "outline":
                _edit_row(data, panel)
            case "inspector":
                _edit_form(data, page)
            case "deed":
                _do_deed(data, panel)
            case "undo":
                desk.undo()
            case "redo":
                desk.redo()
            case "select":
                stages = (
                    some.sets(some.sampled_from(desk.workflow.stages)) if desk.workflow.stages else some.just(set())
                )
                desk.select([stage.id for stage in data.draw(stages)])
        digests.append(desk.workflow.digest)
        assert set(scene.nodes) == {stage.id for stage in desk.workflow.stages}
        assert set(scene.edges) == {way.id for way in desk.workflow.transitions}
    assert shown(panel.model) == fresh(desk)
    for row in page.form.rows:
        node = row.node
        if node.editor is not None and len(desk.stages) + len(desk.transitions) <= 1:
            assert node in list(DraftTree().of(desk.workflow, AROUND).walk())
    while desk.history.done:
        desk.undo()
    assert desk.workflow.digest == digests[0]
    tester.deleteLater()
    for made in (panel, page, scene):
        made.deleteLater()


TYPED = ("", "3", "24 h", "22:30", "#112233", "yes", "no", "Other", "https://a.example/b")


def _edit_row(data, panel):
    model = panel.model
    rows = [index for index in _rows(model) if model.node(index).change is not None]
    index = data.draw(some.sampled_from(rows))
    node = model.node(index)
    if isinstance(node.editor, Flag):
        state = data.draw(some.sampled_from((Qt.CheckState.Checked, Qt.CheckState.Unchecked)))
        model.setData(index, state, Qt.ItemDataRole.CheckStateRole)
    elif isinstance(node.editor, Choice):
        options = node.editor.options()
        if options:
            model.setData(index, data.draw(some.sampled_from(options)).key)
    else:
        model.setData(index, data.draw(some.sampled_from(TYPED)))


def _edit_form(data, page):
    rows = [row for row in page.form.rows if row.node.change is not None and hasattr(row, "input")]
    if not rows:
        return
    row = data.draw(some.sampled_from(rows))
    row.input.tell(data.draw(some.sampled_from(TYPED)))
    row.input.settle()


def _do_deed(data, panel):
    model = panel.model
    rows = [index for index in _rows(model) if model.node(index).deeds]
    index = data.draw(some.sampled_from(rows))
    deed = data.draw(some.sampled_from(model.node(index).deeds))
    options = deed.options() if deed.options is not None else None
    if options is None:
        panel._perform(index, deed, "")
    elif options:
        panel._perform(index, deed, data.draw(some.sampled_from(options)).key)


def _rows(model, parent=None):
    above = parent if parent is not None else QModelIndex()
    for row in range(model.rowCount(above)):
        index = model.index(row, 0, above)
        yield index
        yield from _rows(model, index)
