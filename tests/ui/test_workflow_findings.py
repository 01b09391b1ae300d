"""The list of findings below the graph: what is wrong where, going there, and mending it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest

from tests.ui.draft_values import rich_draft
from xsconsole.domain.workflow import DiskRule, DiskTreatment, default_workflow
from xsconsole.domain.workflow.edits import change_stage, change_transition, remove
from xsconsole.domain.workflow.findings import findings
from xsconsole_ui import theme
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.findings_panel import MEND, FindingsPanel

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def desk(qapp):
    made = DraftDesk()
    made.find_by(findings)
    made.open(default_workflow())
    return made


@pytest.fixture
def panel(desk):
    made = FindingsPanel(desk)
    tester = QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.resize(800, 200)
    made.show()
    made.activateWindow()
    yield made
    tester.deleteLater()
    made.close()
    made.deleteLater()


def texts(panel):
    model = panel.model
    return [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]


def select(panel, words):
    row = next(at for at, found in enumerate(texts(panel)) if words in found[2])
    panel.view.selectRow(row)
    panel.view.setCurrentIndex(panel.model.index(row, 0))
    panel.view.setFocus()
    return row


def test_what_is_well_is_said_too(panel):
    assert ["✓ Good", "All stages", "Every stage is reachable, reaches production and has a way back.", ""] in texts(
        panel
    )


def test_a_finding_is_counted_shown_and_mended_by_keyboard(desk, panel):
    desk.do("Cut", remove(desk.workflow, transitions=("production-to-staging",)))
    row = select(panel, "Nothing leads back from Production")
    assert texts(panel)[row][::3] == ["▲ Warning", "Add a way back to Staging"]
    assert "warning" in panel.header.caption
    assert not any(found[0] == "✓ Good" for found in texts(panel))

    QTest.keyClick(panel.view, Qt.Key.Key_Return, CTRL)

    assert desk.workflow.transition("production", "staging") is not None
    assert desk.history.undo_label == "Add a way back to Staging"
    assert any(found[0] == "✓ Good" for found in texts(panel))


def test_of_several_mends_enter_does_the_first(desk, panel):
    data = DiskRule(role="data", treatment=DiskTreatment.STAYS)
    desk.do("Stay", change_transition(desk.workflow, "staging-to-production", disks=(data,)))
    row = select(panel, "moves the machines themselves")
    assert texts(panel)[row][3].endswith("…")

    QTest.keyClick(panel.view, Qt.Key.Key_Return, CTRL)
    QTest.keyClick(panel.menu, Qt.Key.Key_Return)

    assert desk.history.undo_label == "Let all disks travel"
    assert desk.workflow.transition("staging", "production").disks == ()


def test_in_a_narrow_panel_rows_grow_and_nothing_is_cut_at_the_side(desk, panel):
    desk.do("Cut", remove(desk.workflow, transitions=("production-to-staging",)))
    row = select(panel, "Nothing leads back from Production")
    wide = panel.view.rowHeight(row)
    whole = panel.view.columnWidth(3)

    panel.resize(370, 200)

    assert panel.view.horizontalHeader().length() <= panel.view.viewport().width()
    assert panel.view.rowHeight(row) > wide
    panel.resize(800, 200)
    assert (panel.view.rowHeight(row), panel.view.columnWidth(3)) == (wide, whole)


def test_a_click_on_the_mend_does_it(desk, panel):
    desk.do("Cut", remove(desk.workflow, transitions=("production-to-staging",)))
    row = select(panel, "Nothing leads back from Production")
    area = panel.view.visualRect(panel.model.index(row, 3))

    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=area.center())

    assert desk.workflow.transition("production", "staging") is not None


def test_enter_goes_to_what_a_finding_is_about(desk, panel):
    jumps = []
    panel.jumped.connect(jumps.append)
    desk.do("Cut", remove(desk.workflow, transitions=("production-to-staging",)))
    select(panel, "Nothing leads back from Production")

    QTest.keyClick(panel.view, Qt.Key.Key_Return)

    assert [jump.stage for jump in jumps] == ["production"]


def test_typing_in_a_field_keeps_the_selected_finding(desk, panel):
    desk.do("Cut", remove(rich_draft(), transitions=("production-to-staging",)))
    row = select(panel, "Nothing leads back from Production")

    desk.do("Words", change_stage(desk.workflow, "staging", description="Other words"))

    assert panel.view.selected_rows() == [row]


def test_an_empty_draft_has_nothing_well(desk, panel):
    desk.open(None)

    assert not any(found[0] == "✓ Good" for found in texts(panel))


def test_a_sentence_is_read_whole_and_mends_take_no_room_where_there_are_none(desk, panel):
    view = panel.view
    assert view.isColumnHidden(MEND)

    desk.do("Cut", remove(desk.workflow, transitions=("production-to-staging",)))
    assert not view.isColumnHidden(MEND)
    panel.resize(560, 200)
    row = select(panel, "Nothing leads back from Production")
    narrow = view.rowHeight(row)
    panel.resize(1400, 200)

    assert narrow > theme.ROW_HEIGHT == view.rowHeight(row)
