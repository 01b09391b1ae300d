"""What is selected is told at once where it is little, and worked out in pieces where it is much."""

import pytest

from tests.ui.test_inventory_model import Filled
from xsconsole.domain.ids import Uuid
from xsconsole.domain.outline.rows import Removed
from xsconsole_ui.inventory import chosen
from xsconsole_ui.inventory.chosen import NOTHING_CHOSEN, Choosing
from xsconsole_ui.inventory.view import OutlineView

POOL = Uuid("p")


@pytest.fixture
def view(qapp, qtbot):
    filled = Filled()
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.filled = filled
    return view


@pytest.fixture
def choosing(view):
    return Choosing(view, view.filled.outline, lambda _: POOL, view)


@pytest.fixture
def much(monkeypatch):
    """Let twenty lines be many, and a piece be three."""
    monkeypatch.setattr(chosen, "AT_ONCE", 20)
    monkeypatch.setattr(chosen, "PIECE", 3)
    monkeypatch.setattr(chosen, "AGAIN_MS", 1)


def uuids(view):
    """Return the VMs in the order of the list."""
    outline = view.filled.outline
    items = [outline.subject(id_)[1] for id_ in outline.ids]
    return tuple(item.uuid for item in items if item is not None and item.class_name == "vm")


def test_few_lines_are_told_at_once_from_top_to_bottom_with_their_pool(view, choosing):
    told = []
    choosing.selection_changed.connect(told.append)

    view.select_ids([*view.filled.outline.ids[4:6], view.filled.outline.ids[2]])

    rows = [view.filled.outline.row(view.filled.outline.ids[at]) for at in (2, 4, 5)]
    assert choosing.chosen.vms == tuple(row.uuid for row in rows)
    assert [item.pool for item in choosing.chosen.objects] == [POOL] * 3
    assert told[-1].objects == tuple(row.object for row in rows)
    assert told[-1].current == rows[0].object


def test_while_many_lines_are_worked_out_nothing_counts_as_selected(view, choosing, much, qtbot):
    view.select_ids(view.filled.outline.ids[2:4])
    told = []
    choosing.selection_changed.connect(lambda selection: told.append(len(selection.objects)))

    view.selectAll()

    assert choosing.chosen == NOTHING_CHOSEN
    qtbot.waitUntil(lambda: choosing.chosen != NOTHING_CHOSEN)
    assert choosing.chosen.vms == uuids(view)
    assert told == [0, len(choosing.chosen.selection.objects)]


def test_another_choice_takes_the_place_of_one_that_is_still_worked_out(view, choosing, much, qtbot):
    told = []
    view.selectAll()
    choosing.selection_changed.connect(lambda selection: told.append(len(selection.objects)))

    view.select_ids(view.filled.outline.ids[2:3])
    qtbot.waitUntil(lambda: not choosing._timer.isActive())

    assert len(choosing.chosen.vms) == 1
    assert set(told) == {1}


def test_lines_that_go_under_way_and_afterwards_are_selected_no_more(view, choosing, much, qtbot):
    view.selectAll()
    went = uuids(view)[-1], uuids(view)[0]

    for ref in went:
        view.filled.tell(gone=[ref])
        choosing.follow()
        qtbot.waitUntil(lambda: not choosing._timer.isActive() and not choosing._again.isActive())

    assert choosing.chosen.vms == uuids(view)
    assert len(choosing.chosen.vms) == 38


def test_what_the_list_does_to_its_selection_while_it_moves_a_line_is_not_told(view, choosing):
    view.select_ids(view.filled.outline.ids[2:4])
    before, told = choosing.chosen, []
    choosing.selection_changed.connect(told.append)

    with choosing.held():
        view.repeat((Removed(first=2, count=1),))

    assert choosing.chosen == before
    assert told == []
