"""The designer in the whole window, on the embedded pool."""

import pytest

from tests.ui.board_window import another_console, card_of
from tests.ui.designing import choose, console, pool, sheet, texts, window
from tests.ui.live_console import until
from xsconsole.domain.workflow.edits import change_stage, remove

__all__ = ["console", "pool", "sheet", "window"]


async def test_the_inspector_shows_what_is_selected_where_it_is_selected(window, console):
    title = window.inspector.header
    assert (title.title, title.caption) == ("Workflow", "Release to production")

    window.workflow.desk.select(["staging"])
    assert (title.title, title.caption) == ("Stage", "Staging")
    storage = window.workshop.inspector.form.row("/binding/sr").input.control
    assert any("free of" in storage.itemText(at) or "of" in storage.itemText(at) for at in range(storage.count()))

    window.go("board")
    window.board.select(card_of(console, "shop 1.3.0").id)
    assert title.title == "shop 1.3.0"

    window.go("workflow")
    assert title.title == "Stage"


async def test_a_draft_is_published_once_everything_has_a_place(window, console, sheet):
    desk = window.workflow.desk
    desk.do("Remove integration", remove(desk.workflow, ["integration"]))
    opened = sheet()
    opened.summary.setText("One stage less")
    assert "Stage Integration removed" in texts(opened.changes)
    assert not opened.go.isEnabled()
    assert opened.parts["obstacles"].isVisible()

    choose(opened, "integration", "Patch testing")
    assert not opened.parts["obstacles"].isVisible()
    assert opened.why_not.text() == "Agree to what happens to configurations."
    opened.is_agreed.click()
    assert opened.go.isEnabled(), opened.why_not.text()
    await until(lambda: opened.plan.workflow.summary == "One stage less")
    opened.go.click()
    await until(lambda: opened.report is not None)

    assert opened.report.is_whole, opened.report
    assert opened.news.headline == "Version 2 is published."
    assert "acme has version 2 now." in texts(opened.done_rows)
    assert sorted(opened.report.moved) == ["crm 7.2-rc1", "payroll 2026.5", "shop 1.4.0"]
    await until(lambda: desk.workflow.version == 2 and not desk.is_changed)
    await until(lambda: card_of(console, "shop 1.4.0").stage == "patch-testing")
    await window.workflow.keeper.settle()
    await until(lambda: window.workflow.keeper.draft is None)


async def test_what_somebody_published_meanwhile_is_taken_into_the_draft(window, console, pool, sheet, tmp_path):
    desk = window.workflow.desk
    mine = change_stage(desk.workflow, "staging", name="My look", description="Mine")
    desk.do("Mine", mine)
    opened = sheet()
    async with another_console(pool, tmp_path / "other") as other:
        theirs = change_stage(other.board.workflow, "staging", name="Their look")
        plan = other.publishing.plan(theirs, base=other.board.workflow, summary="theirs")
        await other.publishing.publish(plan)
    await until(opened.parts["meanwhile"].isVisible)
    assert any("Their look" in line for line in texts(opened.meanwhile.what))
    assert not opened.go.isEnabled()

    conflict = opened.meanwhile.conflicts[0]
    conflict.mine.click()
    opened.meanwhile.take.click()
    await until(lambda: not opened.parts["meanwhile"].isVisible())

    stage = desk.workflow.stage("staging")
    assert (stage.name, stage.description) == ("My look", "Mine")
    assert desk.base.version == 2
    assert desk.history.undo_label == "Take version 2 in"
    opened.is_agreed.click()
    assert opened.go.isEnabled(), opened.why_not.text()
    opened.go.click()
    await until(lambda: opened.report is not None)
    await until(lambda: console.board.workflow.version == 3)
    assert console.board.workflow.stage("staging").name == "My look"


async def test_a_live_configuration_walks_through_the_draft(window, console):
    desk = window.workflow.desk
    dialog = window.workshop.walk_dialog()
    dialog.open()
    shop = card_of(console, "shop 1.3.0")
    dialog.configuration.setCurrentIndex(dialog.configuration.findData(shop.id))
    dialog.configuration.activated.emit(dialog.configuration.currentIndex())
    assert dialog.service.text() == "shop"
    assert dialog.graph.marks.stages[shop.stage].words == "here"
    for moment in (dialog.at, dialog.since):  # without its buttons the style left the text one pixel
        text = moment.text()
        assert moment.lineEdit().width() > moment.fontMetrics().horizontalAdvance(text), text
    before = dialog.model.rowCount()

    desk.do("Cut", remove(desk.workflow, transitions=("staging-to-production",)))

    assert dialog.model.rowCount() == before - 1
    dialog.close()
    dialog.deleteLater()


def compared(dialog, before, after):
    for made, name in ((dialog.before, before), (dialog.after, after)):
        made.setCurrentIndex(made.findText(name))
        made.activated.emit(made.currentIndex())
    rows = [dialog.model.row(row) for row in range(dialog.model.rowCount())]
    return [row for row in rows if row.stage is not None]


async def test_any_two_of_draft_version_on_record_and_published_are_compared(window, console):
    desk = window.workflow.desk
    for name in ("Second look", "Third look"):
        base = console.board.workflow
        plan = console.publishing.plan(change_stage(base, "staging", name=name), base=base)
        await console.publishing.publish(plan)
        await until(lambda version=base.version: console.board.workflow.version == version + 1)
    await until(lambda: desk.workflow.version == 3)
    desk.do("Mine", change_stage(desk.workflow, "production", description="Mine"))
    dialog = window.workshop.compare_dialog()
    dialog.open()
    offered = lambda: [dialog.before.itemText(at) for at in range(dialog.before.count())]  # noqa: E731
    await until(lambda: any(name.startswith("v1, on record") for name in offered()))
    first, second = (next(one for one in offered() if one.startswith(f"v{number}, on record")) for number in (1, 2))

    assert offered()[-1] == "a file…"
    assert [(row.before, row.after) for row in compared(dialog, first, "v3, published")] == [
        ("“Staging”", "“Third look”")
    ]
    assert [(row.before, row.after) for row in compared(dialog, second, first)] == [("“Second look”", "“Staging”")]
    assert [row.field for row in compared(dialog, second, "this draft")] == ["name", "description"]
    assert {node.face.count for node in dialog.graph.scene.nodes.values()} <= {"no limit", "one per service"}
    dialog.close()
    dialog.deleteLater()


@pytest.fixture
def drafts(window):
    opened = []

    def show():
        opened.append(window.workshop.drafts_dialog())
        opened[-1].open()
        return opened[-1]

    yield show
    for made in opened:
        made.close()
        made.deleteLater()


def pick(dialog, name):
    row = next(row for row in range(dialog.model.rowCount()) if dialog.model.row(row).name == name)
    dialog.view.setCurrentIndex(dialog.model.index(row, 0))


async def test_drafts_begin_from_templates_and_are_gone_on_with(window, console, drafts, tmp_path):
    place = window.workflow
    desk = place.desk
    published = desk.workflow
    first = drafts()
    kinds = [first.model.row(row).kind for row in range(first.model.rowCount())]
    assert kinds == ["Published", *["Template"] * 4, "Empty"]
    pick(first, first.model.row(4).name)
    assert len(first.graph.scene.nodes) == len(first.model.row(4).workflow.stages)
    first.name.setText("Two slots")
    place.canvas.zoom_to(3.0)
    window.workshop.inspector.form.row("/about/name").input.control.setFocus()
    assert first.model.row(4).workflow.stage("staging") is not None
    desk.select(("staging",))
    first.go.click()

    assert desk.workflow.name == "Two slots"
    assert desk.selection == ((), ())  # the stage of that name here is another one
    assert place.canvas.view.zoom < 3.0  # the graph of another draft is in view
    assert window.focusWidget() is place.canvas  # also where a field that is gone had the keyboard
    assert (desk.workflow.id, desk.base) == (published.id, published)
    assert all(group.people for group in desk.workflow.groups)
    desk.do("Words", change_stage(desk.workflow, desk.workflow.stages[0].id, description="Mine"))
    await place.keeper.settle()
    kept = place.keeper.draft

    second = drafts()
    pick(second, "New workflow")
    second.go.click()
    assert not desk.workflow.stages

    third = drafts()
    await until(lambda: any(third.model.row(row).heading for row in range(third.model.rowCount())))
    pick(third, kept.name)
    third.name.setText("Blue and green, mine")
    third.rename.click()
    await until(
        lambda: any(third.model.row(row).name == "Blue and green, mine" for row in range(third.model.rowCount()))
    )
    pick(third, "Blue and green, mine")
    third.go.click()
    await until(lambda: desk.workflow.stages)
    assert desk.workflow.stages[0].description == "Mine"
    assert desk.history.undo_label == "Words"

    fourth = drafts()
    path = tmp_path / "kept.json"
    await fourth.write(desk.workflow, str(path))
    desk.undo()
    await fourth.open_file(str(path))
    assert desk.workflow.stages[0].description == "Mine"

    fifth = drafts()
    await until(lambda: any(fifth.model.row(row).heading for row in range(fifth.model.rowCount())))
    pick(fifth, "Blue and green, mine")
    fifth.delete.click()
    await until(lambda: fifth.asked is not None and fifth.asked.isVisible())
    fifth.asked.go.click()
    await until(
        lambda: all(fifth.model.row(row).name != "Blue and green, mine" for row in range(fifth.model.rowCount()))
    )
    path.write_text("[" * 100_000, encoding="utf-8")
    fifth._start(fifth.open_file(str(path)))
    await until(fifth.news.isVisible)
    await place.keeper.settle()
