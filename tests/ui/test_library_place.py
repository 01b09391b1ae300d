"""A card is captured; the library shows it, edits it as a draft, publishes, compares and retires it."""

from pathlib import Path

from PySide6.QtWidgets import QDialog, QLineEdit, QPlainTextEdit

from tests.ui.board_window import card_of, console, ended, pool, window
from tests.ui.filing import file_into
from xsconsole.console import Console
from xsconsole.domain.runs import RunState
from xsconsole_ui import actions
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.keeping_actions import CAPTURE
from xsconsole_ui.library.compare_dialog import CompareVersions
from xsconsole_ui.library.dialogs import OtherDraft, PublishDialog, RetireDialog
from xsconsole_ui.library.edit_dialog import EditDialog
from xsconsole_ui.library.form import text_of
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.membership import CaptureDialog

__all__ = ["console", "pool", "window"]


async def opened(window: MainWindow, kind: type[QDialog]) -> QDialog:
    await until(lambda: isinstance(window.library.dialog, kind), "the dialog")
    assert window.library.dialog is not None
    return window.library.dialog


def typed(dialog: EditDialog, field: str, text: str) -> None:
    editor = dialog.form.editors[field]
    if isinstance(editor, QPlainTextEdit):
        editor.setPlainText(text)
    elif isinstance(editor, QLineEdit):
        editor.setText(text)
    else:
        editor.setCurrentText(text)


async def captured(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, "payroll@patch-testing").id)
    window.actions_[CAPTURE].trigger()
    await until(lambda: any(one.isVisible() for one in window.findChildren(CaptureDialog)), "the question")
    (asked,) = window.findChildren(CaptureDialog)
    asked.name.clear()
    asked.look()
    assert "has no name" in asked.why_not.text
    asked.name.setText("Pay <b>")
    asked.look()
    assert asked.warnings.isVisibleTo(asked)
    click(asked.go)
    page = window.inspector.plan_page
    await until(page.go.isVisible, "the plan")
    assert page.go.text() == "Capture"
    click(page.go)
    assert (await ended(console)).state is RunState.DONE


async def test_a_card_is_captured_and_its_blueprint_edited_published_compared_and_retired(
    window: MainWindow, console: Console, tmp_path: Path
) -> None:
    place = window.library
    await captured(window, console)
    window.actions_[actions.GO_LIBRARY].trigger()
    await until(lambda: place.list.model.rowCount() == 1, "the blueprint")
    await until(lambda: place.chosen is not None, "the first one selected")
    assert place.detail.members.rowCount() == 2
    assert place.detail.isAncestorOf(place.list.whole)
    card = next(card for card in console.board.cards.values() if card.stage == "patch-testing")
    place.detail.cards.show_rows([card])
    assert place.detail.cards.index(0, 1).data() == "Patch testing"
    assert "Captured from" in place.list.whole.text()
    assert "rules for publishing" in place.sign.toolTip()
    assert place.compare.toolTip() == "There is only one version."

    place.edit.trigger()
    editor = await opened(window, EditDialog)
    assert isinstance(editor, EditDialog)
    click(editor.add)
    assert editor.chosen is not None
    assert editor.chosen.id == "parameter_1"
    typed(editor, "name", "motto")
    typed(editor, "default", "hello")
    before = editor.blueprint.members
    click(editor.add_machine)
    assert editor.chosen is not None
    assert editor.chosen.id == "member-1"
    assert any(
        "no template yet" in str(editor.findings.index(at, 1).data()) for at in range(editor.findings.rowCount())
    )
    typed(editor, "template", before[0].template_name)
    await until(lambda: "0 system" in text_of(editor.form.editors["disks"]), "its disks")
    await until(editor.publish.isEnabled, "nothing wrong")
    assert editor.blueprint.members[-1].template == before[0].template
    click(editor.remove)
    assert editor.blueprint.members == before
    member = next(row for row in range(editor.parts.rowCount()) if editor.parts.row(row).kind == "member")  # type: ignore[union-attr]
    editor.list.selectRow(member)
    typed(editor, "user_data", "#cloud-config\nmotd: {{ mott }}\n")
    await until(lambda: "uses “mott”" in (editor.findings.index(0, 1).data() or ""), "what is wrong")
    assert not editor.publish.isEnabled()
    typed(editor, "disks", "not a disk")
    assert "is not understood" in editor.form.problem.text
    typed(editor, "disks", "0 system")
    typed(editor, "user_data", "#cloud-config\nmotd: {{ motto }}\n")
    await until(editor.publish.isEnabled, "nothing wrong")
    amount = text_of(editor.form.editors["vcpus"])
    typed(editor, "vcpus", "many")
    assert not editor.publish.isEnabled()
    assert editor.publish.toolTip() == "What is typed in the form is not understood"
    typed(editor, "vcpus", amount)
    assert editor.publish.isEnabled()
    assert "motd: hello" in editor.preview.toPlainText()
    click(editor.publish)
    await until(lambda: isinstance(editor.question, PublishDialog), "the reason")
    assert isinstance(editor.question, PublishDialog)
    editor.question.reason.setText("says hello")
    click(editor.question.go)
    await until(lambda: place.list.model.rowCount() == 2, "the second version")
    await until(place.news.isVisible, "the news")
    assert "Published version 2 of Pay <b>." in place.news.text
    await until(lambda: place.chosen is not None and place.chosen.shelved.version == 2, "it is the one selected")

    place.list.view.selectRow(0)
    place.compare.trigger()
    beside = await opened(window, CompareVersions)
    assert isinstance(beside, CompareVersions)
    told = {beside.model.index(row, 1).data() for row in range(beside.model.rowCount())}
    assert "user data" in told
    click(beside.close_)
    await until(lambda: place.dialog is None, "the end of comparing")

    # Who begins with an older version is told that what came after it is not in the draft.
    place.list.view.selectRow(1)
    place.edit.trigger()
    older = await opened(window, EditDialog)
    assert isinstance(older, EditDialog)
    assert older.windowTitle() == "Draft of Pay <b>, begun with version 1"
    click(older.publish)
    await until(lambda: isinstance(older.question, PublishDialog), "the question")
    assert isinstance(older.question, PublishDialog)
    assert "what later ones up to version 2 changed is not in it" in older.question.accessibleDescription()
    click(older.question.cancel)
    older.reject()
    await until(lambda: place.dialog is None, "the end of editing")

    # Another version than the one that the draft began with is not taken for it.
    place.list.view.selectRow(0)
    place.edit.trigger()
    asked = await opened(window, OtherDraft)
    assert isinstance(asked, OtherDraft)
    assert "begun with version 1" in asked.accessibleDescription()
    click(asked.anew)
    newer = await opened(window, EditDialog)
    assert newer.windowTitle() == "Draft of Pay <b>, begun with version 2"
    newer.reject()
    await until(lambda: place.dialog is None, "the end of editing")

    file, papers = tmp_path / "pay.xsblueprint", place.carrying.papers
    place.list.view.selectRow(0)
    place.carrying.export.trigger()
    await file_into(papers, file)
    await until(lambda: "Exported version 2 of Pay <b>" in place.news.text, "the file")

    for left in (1, 0):
        place.list.view.selectRow(0)
        await until(place.retire.isEnabled, "what can be retired")
        place.retire.trigger()
        why = await opened(window, RetireDialog)
        assert isinstance(why, RetireDialog)
        why.reason.setText("old")
        click(why.go)
        await until(lambda left=left: place.list.model.rowCount() == left, "what is left")  # type: ignore[misc]
        await until(lambda: place.dialog is None, "the end of retiring")
    assert place.list.nothing.isVisible()

    place.start(place.carrying.take_file(str(file)), "import")
    await until(lambda: place.carrying.dialog is not None, "where it goes")
    dialog = place.carrying.dialog
    assert dialog is not None
    assert not dialog.pool.isVisibleTo(dialog)
    dialog.storage.setCurrentIndex(1)
    dialog.look()
    assert dialog.command is not None
    assert dialog.command.sr is not None
    dialog.storage.setCurrentIndex(0)
    click(dialog.go)
    page = window.inspector.plan_page
    await until(page.go.isVisible, "the plan")
    assert page.go.text() == "Import the blueprint"
    click(page.go)
    await until(lambda: len(console.runs) == 2, "the run")
    assert (await ended(console)).state is RunState.DONE
    await until(lambda: place.list.model.rowCount() == 1, "what came back")
    await until(lambda: place.chosen is not None, "it selected")
    assert "version 2 in “" in place.list.whole.text()
