"""A configuration is archived from its card, and the place of archives verifies it, brings it back and deletes it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path, PurePath
from unittest.mock import Mock

import msgspec
import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QDialog

from tests.archives import archive
from tests.ui.board_window import card_of, console, ended, pool, window
from xsconsole.console import Console
from xsconsole.domain.archive import ARCHIVES, Keep, Shelved
from xsconsole.domain.ids import ArchiveId, PersonId
from xsconsole.domain.manifest import FieldChange, Judged, Part, Verdict
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Person, default_workflow
from xsconsole.engine.commands import RestoreFromArchive
from xsconsole.errors import NotPromotable
from xsconsole_ui import actions, theme
from xsconsole_ui.archives.archive_dialog import CLONES, COPIES, ArchiveDialog
from xsconsole_ui.archives.columns import SPARE, columns_of_archives, told
from xsconsole_ui.archives.hold_dialog import HoldDialog
from xsconsole_ui.archives.keeping import KeepDialog
from xsconsole_ui.archives.owners import owner_name, pinned_keys
from xsconsole_ui.archives.place import LEAST_FOLDER
from xsconsole_ui.archives.prove_dialog import ProveDialog
from xsconsole_ui.archives.replicate_dialog import ReplicateArchiveDialog
from xsconsole_ui.archives.restore_dialog import RestoreDialog
from xsconsole_ui.comparing import CompareDialog
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.dialogs import Question
from xsconsole_ui.drifting.rows import DriftRow, columns_of_drift
from xsconsole_ui.filtered_list import FilteredList
from xsconsole_ui.keeping_actions import ARCHIVE
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


def test_what_another_key_signed_names_whose_it_is_or_that_nobody_knows_it() -> None:
    past = Keep(until=datetime(2026, 1, 1, tzinfo=UTC), by="alice", at=datetime(2025, 1, 1, tzinfo=UTC))
    one = Shelved(folder=PurePath("/archives/shop"), archive=archive(), keep=past)
    assert one.archive is not None
    known = msgspec.structs.replace(
        default_workflow(), people=(Person(id=PersonId("bob"), name="Bob B.", fingerprints=(one.archive.key,)),)
    )

    assert f"by the key of Bob B. ({one.archive.key[:16]})" in told(one, owner_name(one, known))
    assert f"by a key that nobody here knows: {one.archive.key[:16]}" in told(one, owner_name(one, default_workflow()))
    assert (pinned_keys(known), pinned_keys(None)) == ({one.archive.key}, frozenset())
    assert "It lies in /archives/shop." in told(one)
    assert "It has expired: it was to be kept until 2026-01-01" in told(one)


def test_the_list_keeps_what_is_selected_however_it_changes_and_fits_a_small_window(qapp: QApplication) -> None:
    del qapp

    def shelved(name: str, problem: str = "") -> Shelved:
        return Shelved(folder=PurePath(f"/archives/{name}"), archive=None, problem=problem)

    place = FilteredList(
        "Archives",
        columns_of_archives(),
        ARCHIVES,
        ("", ""),
        spare=SPARE,
        told=told,
        least_words=LEAST_FOLDER,
        key=lambda one: one.place,
    )
    place.resize(418, 300)  # of a window of 1024
    place.show()
    place.show_all([shelved("a"), shelved("b"), shelved("c")])
    place.view.selectRow(1)

    place.show_all([shelved("new"), shelved("a"), shelved("b", "is verified"), shelved("c")])
    assert [one.called for one in place.selected()] == ["b"]
    assert "is verified" in place.whole.text()
    place.show_all([shelved("newer"), shelved("b"), shelved("a"), shelved("new")])  # as many, and all of them others
    assert [one.called for one in place.selected()] == ["b"]
    place.show_all([shelved("newer"), shelved("a")])
    assert not place.selected(), "nothing that nobody selected"
    assert not place.whole.isVisible()

    place.filter.set_text("is:expired")
    assert place.filter.parsed.fault is None
    assert place.view.horizontalScrollBar().maximum() == 0
    place.close()


async def opened(window: MainWindow, kind: type[QDialog]) -> QDialog:
    await until(lambda: isinstance(window.archive.dialog, kind), "the dialog")
    assert window.archive.dialog is not None
    return window.archive.dialog


def test_columns_hold_their_usual_words_whole(qapp: QApplication) -> None:
    metrics = QFontMetrics(theme.text_font())
    unread = Shelved(folder=Path("/a"), archive=None, problem="no archive")
    proven = next(column for column in columns_of_archives() if column.head == "Proven whole")
    assert metrics.horizontalAdvance(proven.text(unread)) + 2 * theme.GAP <= proven.width
    memory = FieldChange(role="web", part=Part.MEMBER, device="", field="memory_dynamic_max", before=1, after=2)
    row = DriftRow(judged=Judged(change=memory, verdict=Verdict.DRIFT), since=None)
    what = next(column for column in columns_of_drift() if column.head == "What")
    assert metrics.horizontalAdvance(what.text(row)) + 2 * theme.GAP <= what.width


async def test_a_card_is_archived_verified_brought_back_and_its_archive_deleted(
    window: MainWindow, console: Console, tmp_path: Path
) -> None:
    place, page = window.archive, window.inspector.plan_page
    window.board.select(card_of(console, "payroll@patch-testing").id)
    window.actions_[ARCHIVE].trigger()
    asked = await opened(window, ArchiveDialog)
    assert isinstance(asked, ArchiveDialog)
    asked.folder.clear()
    assert not asked.go.isEnabled()
    asked.folder.setText(str(tmp_path / "out"))
    click(asked.go)
    await until(page.go.isVisible, "the plan")
    assert page.go.text() == "Archive"
    click(page.go)
    assert (await ended(console)).state is RunState.DONE

    window.actions_[actions.GO_ARCHIVE].trigger()
    await until(lambda: place.list.model.rowCount() == 1, "the archive")
    assert place.verify.toolTip() == "Select one archive first."
    place.list.view.selectRow(0)
    assert "Networks: test-net" in place.list.whole.text()
    assert f"It lies in {tmp_path / 'out'}" in place.list.whole.text()
    place.verify.trigger()
    await until(place.news.isVisible, "the verdict")
    assert "payroll 2026.4 is whole." in place.news.text
    place.list.view.selectRow(0)
    place.verify.trigger()
    await asyncio.sleep(0)
    assert place.verify.text() == "Stop verifying (0%)"
    place.verify.trigger()
    await until(lambda: place.verify.text() == "Verify", "the end")
    assert not place.news.isVisible()
    place.list.filter.set_text("is:proven stage:patch")
    await until(lambda: place.list.model.rowCount() == 1, "what was proven")

    place.list.view.selectRow(0)
    place.hold.trigger()
    why = await opened(window, HoldDialog)
    assert isinstance(why, HoldDialog)
    assert not why.go.isEnabled()
    why.reason.setText("an audit is coming")
    click(why.go)
    await until(lambda: place.hold.text() == "Lift hold", "the hold")
    assert "an audit is coming" in place.list.whole.text()
    assert place.delete.toolTip() == "It is held: lift the hold first."
    place.hold.trigger()
    await until(place.delete.isEnabled, "the hold to be lifted")

    place.keep.trigger()
    long = await opened(window, KeepDialog)
    assert isinstance(long, KeepDialog)
    long.choice.setCurrentIndex(long.choice.findText("90 days"))
    click(long.go)
    await until(lambda: "To be kept until" in place.list.whole.text(), "the time")

    place.prove.trigger()
    how = await opened(window, ProveDialog)
    assert isinstance(how, ProveDialog)
    assert not any(choice.isVisible() for choice in how.networks.values())
    how.stage.setCurrentIndex(how.stage.findText("Production"))
    assert "is production" in how.why_not.text
    how.stage.setCurrentIndex(0)
    click(how.go)
    await until(lambda: page.go.isVisible() and page.go.text() == "Prove the archive", "the plan")
    click(page.go)
    assert (await ended(console)).state is RunState.DONE
    place.list.filter.set_text("is:restorable")
    await until(lambda: place.list.model.rowCount() == 1, "what was tried")
    place.list.view.selectRow(0)
    assert "Last proven restorable" in place.list.whole.text()
    place.list.filter.set_text("")

    place.replicate.trigger()
    into = await opened(window, ReplicateArchiveDialog)
    assert isinstance(into, ReplicateArchiveDialog)
    assert into.pattern is not None
    into.stage.setCurrentIndex(into.stage.findText("Production"))
    assert "is production" in into.why_not.text
    into.stage.setCurrentIndex(into.stage.findText("Patch testing"))
    (choice,) = into.networks.values()
    choice.setCurrentIndex(choice.findText("stage-net"))
    into.pattern.setText("x")
    assert "gives all machines one name" in into.why_not.text
    into.pattern.setText("{role} again")
    assert into.command is not None
    assert isinstance(into.command, RestoreFromArchive)
    assert (into.command.is_replica, into.command.pattern) == (True, "{role} again")
    into.reject()
    await until(lambda: window.archive.dialog is None, "the end")

    place.restore.trigger()
    where = await opened(window, RestoreDialog)
    assert isinstance(where, RestoreDialog)
    where.stage.setCurrentIndex(where.stage.findData(""))
    assert where.about.text().startswith("Its machines come back alone, as they stood in ")
    where.stage.setCurrentIndex(where.stage.findText("Integration"))
    assert where.about.text().startswith("It comes back as a new configuration, ")
    (choice,) = where.networks.values()
    assert choice.findText("Host internal management network") < 0
    choice.setCurrentIndex(choice.findText("stage-net"))
    assert where.command is not None
    with pytest.MonkeyPatch.context() as patch:
        no_workflow = NotPromotable(reason="The pool has no workflow yet.", mend="Publish one.")
        patch.setattr(window.estate, "plan", Mock(side_effect=no_workflow))
        where.look()
        assert (where.command, where.go.isEnabled()) == (None, False)
    window.bridge.layout_changed.emit()  # somebody published one meanwhile
    assert where.go.isEnabled()
    assert where.command is not None
    click(where.go)
    await until(lambda: page.go.isVisible() and page.go.text() == "Restore the archive", "the plan")
    click(page.go)
    assert (await ended(console)).state is RunState.DONE
    await until(lambda: any(card.origin and card.origin.archive for card in console.board.cards.values()), "the card")

    place.list.view.selectRow(0)
    place.compare.trigger()
    sides = await opened(window, CompareDialog)
    assert isinstance(sides, CompareDialog)
    await until(lambda: sides.first.card.currentText().startswith("Archive of payroll 2026.4"), "the archive")
    assert sides.second.card.currentText().startswith("payroll 2026.4 · Patch testing")
    assert sides.comparison is not None
    assert not sides.comparison.drift
    sides.second.choose_archive(ArchiveId(str(sides.first.card.currentData())))
    assert sides.comparison.first.manifest == sides.comparison.second.manifest
    sides.accept()
    await until(lambda: window.archive.dialog is None, "the end")

    place.list.view.selectRow(0)
    place.delete.trigger()
    box = await opened(window, Question)
    assert isinstance(box, Question)
    assert "It was to be kept until" in box.accessibleDescription()
    click(box.go)
    await until(lambda: place.list.model.rowCount() == 0, "it to be gone")
    place.look_in(str(tmp_path / "nothing"))
    await until(lambda: "is no folder" in place.news.text, "why not")
    (tmp_path / "other" / "an archive").mkdir(parents=True)
    (tmp_path / "other" / "an archive" / "archive.json").write_text("{}")
    place.list.filter.set_text("")
    place.look_in(str(tmp_path / "other" / "an archive"))
    await until(lambda: place.list.model.rowCount() == 1, "what lies elsewhere")
    assert place.list.model.index(0, 5).data() == "✖ unreadable"
    assert not any((tmp_path / "out").glob("*"))


async def test_a_card_is_archived_in_its_pool_and_what_others_change_of_it_is_shown(
    window: MainWindow, console: Console
) -> None:
    place, page = window.archive, window.inspector.plan_page
    window.board.select(card_of(console, "payroll@patch-testing").id)
    window.actions_[ARCHIVE].trigger()
    asked = await opened(window, ArchiveDialog)
    assert isinstance(asked, ArchiveDialog)
    asked.into.setCurrentIndex(asked.into.findData(CLONES))
    assert (asked.folder.isVisible(), asked.storage.isVisible(), asked.go.isEnabled()) == (False, False, True)
    asked.into.setCurrentIndex(asked.into.findData(COPIES))
    assert asked.storage.isVisible()
    asked.keep.setCurrentIndex(asked.keep.findText("90 days"))
    click(asked.go)
    await until(page.go.isVisible, "the plan")
    click(page.go)
    assert (await ended(console)).state is RunState.DONE

    window.actions_[actions.GO_ARCHIVE].trigger()
    place.list.filter.set_text("is:pooled service:payroll")
    await until(lambda: place.list.model.rowCount() == 1, "the archive")
    place.list.view.selectRow(0)
    assert "Its templates are copies, by full copy" in place.list.whole.text()
    assert "To be kept until" in place.list.whole.text()
    place.keep.trigger()
    long = await opened(window, KeepDialog)
    assert isinstance(long, KeepDialog)
    long.choice.setCurrentIndex(long.choice.findText("1 year"))
    click(long.go)
    await until(lambda: place.dialog is None, "the time")
    place.prove.trigger()
    trial = await opened(window, ProveDialog)
    assert isinstance(trial, ProveDialog)
    assert trial.go.isEnabled(), trial.why_not.text
    trial.reject()
    await until(lambda: place.dialog is None, "the end of the trial")
    place.verify.trigger()
    await until(place.news.isVisible, "the verdict")
    assert "payroll 2026.4 is whole." in place.news.text
    place.list.view.selectRow(0)
    place.restore.trigger()
    back = await opened(window, RestoreDialog)
    assert isinstance(back, RestoreDialog)
    assert back.how.isVisible()
    assert not back.storage.isVisible()
    back.stage.setCurrentIndex(back.stage.findData("integration"))
    assert back.go.isEnabled(), back.why_not.text
    back.stage.setCurrentIndex(back.stage.findData(""))
    assert back.go.isEnabled(), back.why_not.text
    assert any("members of nothing" in row.text for row in back.warnings.rows.rows)
    click(back.cancel)
    await until(lambda: place.dialog is None, "the end of the dialog")
    place.delete.trigger()
    await until(page.go.isVisible, "the plan")
    assert page.go.text() == "Delete the archive"
    click(page.go)
    assert (await ended(console)).state is RunState.DONE
    await until(lambda: place.list.model.rowCount() == 0, "the end of it")
