"""The publish sheet in the whole window: what keeps its place, what follows a run that ends, who is away."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from shiboken6 import isValid

from tests.ui.board_window import another_console, card_of, items_known_to_python, start
from tests.ui.designing import choose, console, pool, sheet, texts, window
from tests.ui.live_console import until
from xsconsole.domain.board import Standing
from xsconsole.domain.workflow.edits import change_workflow, remove
from xsconsole.engine.commands import Promote
from xsconsole_ui.workflow.publishing.mapping import MappingTable

__all__ = ["console", "pool", "sheet", "window"]


async def test_as_many_things_are_in_the_way_as_are_told(window, console, sheet, monkeypatch):
    desk = window.workflow.desk
    desk.do("Add a network", change_workflow(desk.workflow, networks=("dmz",)))

    opened = sheet()

    assert len(opened.findings.lines) == 4
    assert opened.why_not.text() == "Not now: 4 things are in the way."

    opened.is_busy = True
    monkeypatch.setattr(opened._publishing, "away", lambda: ("acme",))
    opened._look()
    assert opened.why_not.text() == "It is being published, also when this sheet is closed. acme: away."
    opened.is_busy = False


async def test_a_sheet_that_writes_can_be_closed_and_what_came_of_it_is_told_all_the_same(window, console, pool, sheet):
    desk = window.workflow.desk
    desk.do("Describe", change_workflow(desk.workflow, description="Other words"))
    opened = sheet()
    pool.control("delay", method="pool.add_to_other_config", seconds=3600)
    opened.go.click()
    await until(lambda: opened.is_busy)
    assert opened.cancel.text() == "Close"

    QTest.keyClick(opened, Qt.Key.Key_Escape)
    assert opened.isHidden()
    assert opened.is_busy
    pool.control("clear")
    await until(lambda: not opened.is_busy)

    assert window.status.passing.whole == "Version 2 is published."
    assert desk.workflow.version == 2  # nothing was drawn meanwhile, so it goes on from there
    assert not opened.isVisible()


async def test_the_mapping_keeps_its_place_while_what_is_in_the_way_grows_less(window, console, sheet):
    desk = window.workflow.desk
    desk.do("Remove two", remove(desk.workflow, ["integration", "patch-testing"]))
    opened = sheet()
    opened.grab()
    first, last = (opened.mapping.lists[stage] for stage in ("integration", "patch-testing"))
    before = [made.mapTo(opened, made.rect().topLeft()) for made in (first, last)]
    assert opened.parts["obstacles"].isVisible()

    choose(opened, "integration", "Staging")
    choose(opened, "patch-testing", "Staging")
    opened.grab()

    assert not opened.parts["obstacles"].isVisible()
    assert [made.mapTo(opened, made.rect().topLeft()) for made in (first, last)] == before


async def test_what_was_said_is_there_again_while_the_draft_lives_and_each_thing_in_the_way_is_said_once(window, sheet):
    desk = window.workflow.desk
    desk.do("Remove two", remove(desk.workflow, ["integration", "patch-testing"]))
    first = sheet()
    shown = [*texts(first.obstacles), *texts(first.effects)]
    assert len(shown) == len(set(shown)) > 3

    first.summary.setText("two stages less")
    choose(first, "integration", "Staging")
    first.reject()
    second = sheet()

    assert second.summary.text() == "two stages less"
    assert second.mapping.lists["integration"].currentText() == "Staging"
    assert second.mapping.lists["integration"].findText("choose a stage…") == -1  # it would be kept all the same
    assert second.mapping.lists["patch-testing"].currentText() == "choose a stage…"
    finishing = MappingTable(second)  # of a sheet that was told nothing: the plan knows where they go
    assert second.plan is not None
    finishing.show_plan(second.plan)
    asked = finishing.lists["integration"]
    assert asked.currentText() == "Staging"
    finishing.show_plan(replace(second.plan, must_map=second.plan.must_map[1:]))
    assert list(finishing.lists) == ["patch-testing"]
    assert isValid(asked)  # it may be what was just chosen in, and is at it still
    window.workshop._begin(window.workshop._published, "another")
    assert sheet().summary.text() == ""


async def test_the_report_follows_a_run_that_ends(window, console, pool, sheet, tmp_path):
    desk = window.workflow.desk
    async with another_console(pool, tmp_path / "other") as other:
        pool.control("delay", method="VM.snapshot", seconds=3600)
        payroll = card_of(other, "payroll 2026.5")
        run = await start(
            other, Promote(configuration=payroll.id, revision=payroll.revision, target="patch-testing", reason="")
        )
        await until(lambda: card_of(console, "payroll 2026.5").standing is Standing.RUNNING)
        desk.do("Remove two", remove(desk.workflow, ["integration", "patch-testing"]))
        opened = sheet()
        choose(opened, "integration", "Staging")
        choose(opened, "patch-testing", "Staging")
        opened.is_agreed.click()
        opened.go.click()
        await until(lambda: opened.report is not None and not opened.is_busy)
        assert any(line.startswith("payroll 2026.5 waits: It is being changed") for line in texts(opened.done_rows))
        assert opened.go.isVisible()

        pool.control("clear")
        await other.finished(run)
        await until(lambda: opened.report.is_whole)

    assert "payroll 2026.5 stands as the version has it." in texts(opened.done_rows)
    assert not any("waits" in line for line in texts(opened.done_rows))
    assert not opened.go.isVisible()
    assert opened.news.headline == "Version 2 is published."
    opened.cancel.setFocus()
    QTest.keyClick(opened.cancel, Qt.Key.Key_Return)
    assert not opened.isVisible()
    await until(lambda: console.board.workflow.version == 2)
    assert desk.workflow == desk.base == console.board.workflow  # signature and all: nothing is left to compare
    assert items_known_to_python() == []  # the board's columns were made anew, and the old ones are gone
