"""Comparing versions and walking through a draft: lists beside marked graphs, without any edit."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.ui.draft_values import rich_draft
from tests.ui.live_console import failing_jobs
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Kind, default_workflow, to_json
from xsconsole.domain.workflow.difference import diff
from xsconsole.domain.workflow.edits import add_stage, change_stage, change_transition, connect, remove
from xsconsole.domain.workflow.walk import Traveller, Verdict, walk
from xsconsole_ui.workflow import comparing, walking
from xsconsole_ui.workflow.comparing import CompareDialog, both, marks_of
from xsconsole_ui.workflow.desk import DraftDesk

AT = datetime(2026, 11, 25, 10, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def desk(qapp):
    made = DraftDesk()
    made.open(default_workflow())
    changed = change_stage(remove(made.workflow, ["integration"]), "staging", name="Last look")
    changed, stage = add_stage(changed, "Performance")
    changed, _ = connect(changed, "patch-testing", stage)
    made.do("All of it", changed)
    return made


@pytest.fixture
def dialog(desk):
    made = CompareDialog(desk, {"published": lambda: desk.base, "draft": lambda: desk.workflow}, failing_jobs())
    made.open()
    yield made
    made.close()
    made.deleteLater()


def texts(model):
    columns = range(model.columnCount())
    return [tuple(model.index(row, column).data() for column in columns) for row in range(model.rowCount())]


def test_differences_are_listed_with_both_sides(dialog):
    found = texts(dialog.model)

    assert ("− removed", "Integration", "", "", "") in found
    assert ("+ added", "Performance", "", "", "") in found
    assert ("≠ changed", "Last look", "name", "“Staging”", "“Last look”") in found
    assert dialog.summary.text() == f"{len(found)} differences"


def test_the_graph_has_both_versions_and_marks_what_differs(dialog):
    marks = dialog.graph.marks

    assert {stage: mark.words for stage, mark in marks.stages.items()} == {
        "integration": "− removed",
        "staging": "≠ changed",
        "performance": "+ added",
    }
    assert set(dialog.graph.scene.nodes) == {"integration", "patch-testing", "staging", "production", "performance"}
    assert dialog.graph.scene.edges.keys() >= marks.ways.keys()
    assert marks.stages["integration"].is_dashed


def test_it_follows_the_draft(desk, dialog):
    desk.undo()

    assert dialog.model.rowCount() == 0
    assert dialog.summary.text() == "They are equal."


def test_a_row_and_its_place_in_the_graph_lead_to_each_other(dialog):
    dialog.graph.picked.emit("performance", None)
    row = dialog.view.currentIndex().row()

    assert dialog.model.row(row).stage == "performance"


async def test_files_are_compared_too(dialog, tmp_path):
    path = tmp_path / "other.json"
    path.write_bytes(to_json(change_stage(default_workflow(), "production", name="Live")))
    await dialog.open_file(str(path), dialog.after)
    assert ("≠ changed", "Live", "name", "“Production”", "“Live”") in texts(dialog.model)

    path.write_text(json.dumps({"format": 1}), encoding="utf-8")
    await dialog.open_file(str(path), dialog.before)
    assert dialog.news.isVisible()
    assert dialog.before.currentData() == "published"


def test_versions_that_turn_a_promotion_round_are_drawn_without_a_circle(qapp):
    before = default_workflow()
    after = remove(before, transitions=("integration-to-patch-testing", "patch-testing-to-integration"))
    ways = tuple(
        msgspec.structs.replace(way, kind=Kind.PROMOTE) if way.id == "staging-to-integration" else way
        for way in after.transitions
    )
    after = msgspec.structs.replace(after, transitions=ways)
    difference = diff(before, after)

    drawn = both(before, after, difference)

    assert drawn.transitions == after.transitions
    assert marks_of(difference).ways["integration-to-patch-testing"].words == "− removed"


def test_a_walk_says_what_opens_and_who_could_approve():
    draft = rich_draft()
    traveller = Traveller(name="shop 1.3.0", service="shop", stage="staging", since=AT)

    views = walk(draft, traveller, "ben", AT)
    rows = walking.rows_of(views)

    first = next(row for row in rows if row.way == "staging-to-production")
    assert rows[0].at == "Staging (here)"
    assert first.verdict is Verdict.ASKS
    assert "Anna" in first.why
    assert "script" in first.beside
    assert walking.marks_of(views).stages["staging"].words == "here"
    assert walking.marks_of(views).ways["staging-to-production"].words == "? asks"


def test_a_walk_says_once_when_a_way_opens():
    draft = change_transition(default_workflow(), "staging-to-production", soak_s=3600)
    traveller = Traveller(name="shop 1.3.0", service="shop", stage="staging", since=AT)

    rows = {row.way: row.why for row in walking.rows_of(walk(draft, traveller, None, AT))}

    assert rows["staging-to-production"].count(instant(AT + timedelta(hours=1))) == 1
    assert rows["staging-to-integration"] == "Nothing stands against it."


def test_kinds_of_change_are_told_by_shape_and_word():
    words = [comparing.kind_words(kind) for kind in comparing.ChangeKind]

    assert len({word[0] for word in words}) == 3
