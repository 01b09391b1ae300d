"""Files in the window: good ones begin a draft, broken ones are refused by a sentence, templates are kept and used."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from tests.cli.test_workflow import HOSTILE
from tests.ui.board_window import console, open_window, pool
from tests.ui.live_console import failing_jobs, until
from xsconsole.domain.ids import GroupId, PersonId
from xsconsole.domain.workflow import ApprovalRule, Group, Person, default_workflow, from_json, to_json
from xsconsole.domain.workflow.edits import change_workflow
from xsconsole.domain.workflow.findings import Severity
from xsconsole_ui.workflow.drafts_dialog import DraftsDialog, Start

__all__ = ["console", "pool"]


@pytest.fixture
async def dialog(qapp):
    parent = QWidget()
    made = DraftsDialog(None, lambda: (), default_workflow, failing_jobs(), parent)
    made.open()
    yield made
    made.close()
    parent.deleteLater()


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_broken_file_is_refused_in_the_dialog_which_stays_open(dialog, tmp_path, what):
    path = tmp_path / "broken.json"
    path.write_bytes(HOSTILE[what])
    begun = []
    dialog.begun.connect(lambda *chosen: begun.append(chosen))

    dialog._start(dialog.open_file(str(path)))
    await until(dialog.news.isVisible)

    assert begun == []
    assert dialog.isVisible()
    assert 0 < len(dialog.news.headline) < 400
    assert "\n" not in dialog.news.headline


async def test_what_is_marked_in_the_list_is_what_the_buttons_are_about(dialog):
    starts = [Start(kind="Template", name=name, about="", workflow=default_workflow()) for name in ("a", "b", "c")]
    dialog.model.show_rows(starts)
    last = dialog.model.rowCount() - 1
    dialog._look(0)

    for key, modifiers, row in (
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, last),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier, last),
    ):
        QTest.keyClick(dialog.view, key, modifiers)
        assert dialog.view.currentIndex().row() == row
        assert [index.row() for index in dialog.view.selectionModel().selectedRows()] == [row]


async def test_a_good_file_begins_a_draft(dialog, tmp_path):
    path = tmp_path / "good.json"
    path.write_bytes(to_json(default_workflow()))
    begun = []
    dialog.begun.connect(lambda *chosen: begun.append(chosen))

    await dialog.open_file(str(path))

    assert begun == [(default_workflow(), "Release to production")]


async def test_a_workflow_kept_as_a_template_is_started_from_and_can_be_published(console, qapp, tmp_path):
    window = await open_window(console, qapp)
    try:
        window.go("workflow")
        desk = window.workflow.desk
        await until(lambda: desk.workflow.stages)
        ann = Person(id=PersonId("ann"), name="Ann", fingerprints=("a" * 64,))
        ops = Group(id=GroupId("ops"), name="Ops", people=(ann.id,))
        rule = ApprovalRule(count=1, groups=(ops.id,))
        desk.do("Rules", change_workflow(desk.workflow, people=(ann,), groups=(ops,), publishing=(rule,)))
        dialog = window.workshop.drafts_dialog()
        dialog.open()
        path = tmp_path / "ours.json"

        dialog.as_template.click()
        await until(lambda: dialog.asked is not None and dialog.asked.isVisible())
        dialog.asked.findChild(type(dialog.name), "fileNameEdit").setText(str(path))
        dialog.asked.accept()
        await until(path.exists)
        kept = from_json(path.read_bytes())
        await dialog.open_file(str(path))

        assert (kept.people, [group.people for group in kept.groups]) == ((), [()])
        assert "Ann" not in path.read_text(encoding="utf-8")
        assert [person.fingerprints for person in desk.workflow.people] == [(console.home.key_fingerprint,)]
        assert desk.base == console.board.workflow
        errors = [
            finding for finding in console.publishing.findings(desk.workflow) if finding.severity is Severity.ERROR
        ]
        assert errors == []
        await window.workflow.keeper.settle()
    finally:
        await window.end()
