"""The designer's inspector: what is typed is checked at once and is one step of the history."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.draft_values import rich_draft, surroundings
from xsconsole.domain.workflow.edits import change_stage, remove
from xsconsole.domain.workflow.findings import Finding, Mend, Severity
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.node import DeedKind
from xsconsole_ui.workflow.inspector.draft_inspector import DraftInspector

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
AROUND = surroundings()


def finding(**fields):
    return Finding(rule="trial", severity=Severity.WARNING, **fields)


def start_all(workflow):
    return change_stage(workflow, "staging", entry="start")


@pytest.fixture
def desk(qapp):
    made = DraftDesk()
    made.open(rich_draft())
    return made


@pytest.fixture
def page(desk):
    made = DraftInspector(desk, lambda: AROUND)
    made.resize(320, 900)
    made.show()
    made.activateWindow()
    yield made
    made.close()
    made.deleteLater()


def control(page, path):
    return page.form.row(path).input.control


def retype(page, path, text):
    field = control(page, path)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    return field


def choose(page, path, words):
    found = control(page, path)
    at = next(at for at in range(found.count()) if found.itemText(at).startswith(words))
    found.setCurrentIndex(at)
    found.activated.emit(at)


def test_it_follows_the_selection(desk, page):
    assert (page.title, page.caption) == ("Workflow", "Release to production")

    desk.select(["staging"])
    assert (page.title, page.caption) == ("Stage", "Staging")
    assert control(page, "/about/name").text() == "Staging"

    desk.select([], ["staging-to-production"])
    assert (page.title, page.caption) == ("Transition", "Staging → Production")


def test_what_is_typed_is_one_step_that_undo_names(desk, page):
    desk.select(["staging"])
    field = retype(page, "/about/name", "Last look")

    assert desk.workflow.stage("staging").name == "Last look"
    assert desk.history.undo_label == "Rename “Staging” to “Last look”"
    assert page.caption == "Last look"

    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)

    assert desk.workflow == desk.base
    assert field.text() == "Staging"
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL | SHIFT)
    assert field.text() == "Last look"


def test_typing_that_ends_where_it_began_is_no_step(desk, page):
    desk.select(["staging"])
    retype(page, "/about/name", "Stagingx")
    QTest.keyClick(control(page, "/about/name"), Qt.Key.Key_Backspace)

    assert desk.history.done == ()


def test_a_field_that_was_left_begins_another_step(desk, page):
    desk.select(["staging"])
    retype(page, "/about/name", "One")
    QTest.keyClick(control(page, "/about/name"), Qt.Key.Key_Return)
    retype(page, "/about/name", "Two")

    assert len(desk.history.done) == 2


def test_what_cannot_be_is_said_beside_the_field_and_not_taken(desk, page):
    desk.select(["staging"])
    field = retype(page, "/about/name", "Production")

    row = page.form.row("/about/name")
    assert "Another stage is called “Production”." in row.refusal.text()
    assert row.refusal.isVisible()
    assert "Another stage" in field.accessibleDescription()
    assert desk.workflow.stage("staging").name == "Productio"

    told = []
    desk.refused.connect(told.append)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert told[0].startswith("Not taken: Another stage is called “Production”.")
    assert field.text() == "Staging"
    assert desk.history.done == ()
    assert not row.refusal.isVisible()


def test_spans_are_typed_in_their_unit(desk, page):
    desk.select([], ["staging-to-production"])
    field = retype(page, "/method/soak_s", "24 h")
    assert desk.workflow.transition_of("staging-to-production").soak_s == 86_400

    QTest.keyClick(field, Qt.Key.Key_Return)
    retype(page, "/method/soak_s", "30 moons")
    assert "no time span" in page.form.row("/method/soak_s").refusal.text()

    QTest.keyClick(field, Qt.Key.Key_Return)
    assert desk.workflow.transition_of("staging-to-production").soak_s == 86_400


def test_storage_is_picked_from_the_pool_with_what_is_free(desk, page):
    desk.select(["staging"])
    assert [control(page, "/binding/sr").itemText(at) for at in range(control(page, "/binding/sr").count())] == [
        "keep where it is",
        "SAN · 900 GiB of 900 GiB free, shared",
    ]

    choose(page, "/binding/sr", "SAN")

    assert desk.workflow.stage("staging").binding.sr.uuid == "home-s1"
    assert page.form.row("/binding/sr").aside.text() == "900 GiB of 900 GiB free, shared"


def test_a_check_is_added_filled_in_moved_and_removed(desk, page):
    desk.select([], ["staging-to-production"])
    title = page.form.row("/gates")
    title.buttons["add"].click()
    title.menu.actions()[-1].trigger()
    title.menu.close()
    retype(page, "/gates/3/url", "https://acme.example/ready")
    page.form.row("/gates/3").buttons["up"].click()

    gates = desk.workflow.transition_of("staging-to-production").gates
    assert gates[2].url == "https://acme.example/ready"

    page.form.row("/gates/2").buttons["remove"].click()
    assert len(desk.workflow.transition_of("staging-to-production").gates) == 3
    assert next(step.label for step in desk.history.done) == "Add “Web request” to “Staging” → “Production”"


def test_a_finding_stands_beside_its_field_and_is_mended_there(desk, page):
    mend = Mend(label="Start them", apply=start_all)
    sentence = "The machines are needed here."
    here = finding(sentence=sentence, stage="integration", field="entry", mends=(mend,))
    other = finding(sentence="Nobody goes there.", stage="integration", field="stages")
    desk.find_by(lambda workflow: (here, other) if workflow.stage("staging").entry != "start" else ())
    desk.do("Leave", change_stage(desk.workflow, "staging", entry="leave"))
    desk.select(["integration"])

    row = page.form.row("/about/entry")
    assert row.findings.text == f"Warning: {sentence}"
    assert page.form.general.text == "Warning: Nobody goes there."
    row.findings.lines[0].buttons[0].click()

    assert desk.workflow.stage("staging").entry == "start"
    assert desk.history.undo_label == "Start them"
    assert not row.findings.isVisible()


def test_several_stages_are_edited_together(desk, page):
    desk.select(["integration", "staging"])
    assert (page.title, page.caption) == ("Selection", "2 stages")
    assert page.form.row("/about/name") is None

    choose(page, "/about/entry", "shut")

    assert {desk.workflow.stage(found).entry for found in ("integration", "staging")} == {"stop"}
    desk.undo()
    assert desk.workflow == desk.base


def test_ticks_and_colours_that_differ_say_so_and_change_only_when_they_are_touched(desk, page):
    desk.select(["staging", "production"])
    before = [desk.workflow.stage(found) for found in ("staging", "production")]
    tick, colour = control(page, "/about/is_production"), control(page, "/about/colour")
    assert tick.checkState() is Qt.CheckState.PartiallyChecked
    assert "several values" in tick.accessibleDescription()
    assert (colour.text(), colour.placeholderText()) == ("", "several values")
    assert not page.form.row("/about/colour").input.swatch.colour.isValid()

    for field in (tick, colour, tick):
        field.setFocus()  # to look is not to touch
    QTest.keyClick(colour, Qt.Key.Key_Return)
    assert [desk.workflow.stage(found) for found in ("staging", "production")] == before

    QTest.keyClick(tick, Qt.Key.Key_Space)
    retype(page, "/about/colour", "#112233")
    assert {(desk.workflow.stage(one).is_production, desk.workflow.stage(one).colour) for one in desk.stages} == {
        (True, "#112233")
    }
    assert tick.checkState() is Qt.CheckState.Checked
    QTest.keyClick(tick, Qt.Key.Key_Space)
    assert tick.checkState() is Qt.CheckState.Unchecked  # never neither again
    assert [step.label for step in desk.history.done] == [
        "Tick “Production” of 2 stages",
        "Change colour of 2 stages to #112233",
        "Untick “Production” of 2 stages",
    ]


def test_the_keyboard_goes_through_the_fields_in_their_order(desk, page):
    desk.select(["staging"])
    page.form.focus_first()
    seen = []
    for _ in range(7):
        seen.append(QApplication.focusWidget().accessibleName())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)

    assert seen == ["Name", "Colour", "Description", "On entry", "Production", "Fence", "Close Where it lives"]


def test_what_was_just_added_has_the_keyboard(desk, page):
    page.form.row("/networks").buttons["add"].click()
    QTest.keyClicks(QApplication.focusWidget(), "dmz")

    assert desk.workflow.networks[-1] == "dmz"

    page.form.row("/people").buttons["add"].click()
    QTest.keyClicks(QApplication.focusWidget(), "Zoe")

    assert "Zoe" in {person.name for person in desk.workflow.people}


def test_what_was_just_added_is_scrolled_into_sight_and_its_buttons_keep_their_order(desk, page):
    desk.select([], ["staging-to-production"])
    page.resize(320, 300)
    title = page.form.row("/gates")
    for kind in ("pool-fit", "checklist", "http"):
        title.wanted.emit(title.node.deed(DeedKind.ADD), kind)
    QApplication.processEvents()

    field = control(page, "/gates/5/url")
    assert QApplication.focusWidget() is field
    assert not field.visibleRegion().isEmpty()
    first = page.form.row("/gates/1")
    across = [first.buttons[kind].x() for kind in (DeedKind.UP, DeedKind.DOWN, DeedKind.REMOVE)]
    assert across == sorted(across)


def test_a_long_key_is_broken_within_its_field_also_where_the_page_begins_to_scroll(desk, page):
    page.resize(320, 800)
    QApplication.processEvents()
    for person in ("anna", "ben", "cleo"):
        page.form.open(f"/people/{person}")
    QApplication.processEvents()
    paper = control(page, "/people/anna/fingerprints")

    lines = paper.document().begin().layout()
    assert lines.lineCount() > 1
    widest = max(lines.lineAt(at).naturalTextWidth() for at in range(lines.lineCount()))
    assert widest <= paper.viewport().width()


def test_what_is_wrong_with_a_word_without_end_makes_the_form_no_wider(desk, page):
    page.form.row("/people").buttons["add"].click()
    keys = next(row for row in page.form.rows if row.path.endswith("/fingerprints"))
    keys.input.control.setFocus()
    QTest.keyClicks(keys.input.control, "m" * 90)

    assert keys.refusal.isVisibleTo(page)
    assert keys.refusal.minimumSizeHint().width() < page.width() * 0.7


def test_every_control_has_a_name_for_who_cannot_see(desk, page):
    for selection in (("staging",), ()), ((), ("staging-to-production",)), ((), ()):
        desk.select(*selection)
        for row in page.form.rows:
            assert all(stop.accessibleName() for stop in row.stops), row.path


def test_a_stage_that_goes_leaves_the_workflow_on_show(desk, page):
    desk.select(["staging"])
    desk.do("Remove", remove(desk.workflow, ("staging",)))

    assert page.title == "Workflow"


def test_findings_that_come_and_go_above_a_box_leave_it_under_the_mouse(desk, page):
    desk.select((), ["staging-to-production"])
    page.form.open("/approvals/0")
    page.resize(320, 300)
    QApplication.processEvents()
    person = next(path for path in (row.path for row in page.form.rows) if path.startswith("/approvals/0/people/"))
    box = control(page, person)
    page.page.ensureWidgetVisible(box)
    box.setFocus()
    QApplication.processEvents()
    before = box.mapTo(page, QPoint(0, 0)).y()
    value = page.page.verticalScrollBar().value()

    told = finding(transition="staging-to-production", field="approvals", sentence="It can never be had. " * 6)
    desk.find_by(lambda workflow: (told,))
    QApplication.processEvents()
    assert box.mapTo(page, QPoint(0, 0)).y() == before
    assert page.page.verticalScrollBar().value() > value
    desk.find_by(lambda workflow: ())
    QApplication.processEvents()

    assert box.mapTo(page, QPoint(0, 0)).y() == before
