"""The inventory's model repeats the outline, whatever arrives, and never resets."""

import random

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.domain.outline_values import asks_for
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import SR, VM, Change, ChangeBatch, Host, HostMetrics, Inventory, Pool
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.rows import Row
from xsconsole.domain.outline.views import STORAGE, NodeId, Order, View, within
from xsconsole_ui.inventory.model import OutlineModel, pools_to_tell
from xsconsole_ui.inventory.view import OutlineView

CLASSES = {"pool": Pool, "host": Host, "host_metrics": HostMetrics, "vm": VM, "sr": SR}


class Filled:
    """An outline over a small pool, its model, and a hand that changes the pool."""

    def __init__(self, vms=40):
        self.vms = vms
        self.inventory = Inventory()
        self.outline = Outline(self.inventory)
        self.model = OutlineModel(self.outline.row, lambda row: row.name)
        self.tell(
            *self.everything(),
            is_whole=True,
        )

    def everything(self):
        yield Pool(ref=Ref("p"), uuid=Uuid("p"), name_label="acme")
        for number in range(3):
            yield Host(ref=Ref(f"h{number}"), uuid=Uuid(f"h{number}"), name_label=f"xen-{number}")
        for number in range(self.vms):
            yield self.vm(number, home=number % 3)
        yield SR(ref=Ref("s"), uuid=Uuid("s"), name_label="SAN")

    def vm(self, number, *, home=None, name=None):
        return VM(
            ref=Ref(f"v{number}"),
            uuid=Uuid(f"v{number}"),
            name_label=name or f"vm-{number}",
            power_state="Halted" if home is None else "Running",
            resident_on=NULL_REF if home is None else Ref(f"h{home}"),
        )

    def tell(self, *records, gone=(), is_whole=False):
        names = {kind: name for name, kind in CLASSES.items()}
        changes = [Change(ref=record.ref, class_name=names[type(record)], record=record) for record in records]
        changes += [Change(ref=Ref(ref), class_name="vm", record=None) for ref in gone]
        batch = ChangeBatch(changes=tuple(changes), is_whole=is_whole)
        self.inventory.apply(batch)
        self.outline.hear(batch)
        self.settle()

    def settle(self):
        while not self.outline.is_settled:
            self.model.repeat(self.outline.settle(7))

    def look_for(self, text):
        self.outline.set_filter(asks_for(self.inventory, text))
        self.settle()

    @property
    def names(self):
        return [self.model.index(row, 0).data() for row in range(self.model.rowCount())]


@pytest.fixture
def filled(qapp):
    return Filled()


def test_the_model_is_sound_while_batches_arrive(qapp, qtmodeltester):
    filled = Filled(vms=10)  # after each signal every line is gone through
    qtmodeltester.check(filled.model, force_py=True)
    resets = []
    filled.model.modelReset.connect(lambda: resets.append(1))
    hand = random.Random(7)

    for _ in range(120):
        number = hand.randrange(14)
        match hand.randrange(8):
            case 0:
                filled.tell(gone=(f"v{number}",))
            case 1:
                filled.tell(filled.vm(number))
            case 2:
                node, is_open = NodeId(f"h{number % 3}"), hand.random() < 0.5
                filled.model.repeat(filled.outline.set_open(node, is_open=is_open))
            case 3:
                filled.look_for(hand.choice(("", "vm-1", "host:xen-2", "nothing")))
            case 4:
                filled.model.repeat(filled.outline.set_view(hand.choice(tuple(View))))
                filled.settle()
            case 5:
                filled.model.repeat(filled.outline.set_order(Order(column="name", is_descending=hand.random() < 0.5)))
                filled.settle()
            case 6:
                filled.tell(*(filled.vm(hand.randrange(14), home=hand.randrange(3)) for _ in range(9)))
            case _:
                filled.tell(*filled.everything(), is_whole=True)
        assert filled.names == [row.name for row in filled.outline.rows]
        assert list(filled.model.ids) == list(filled.outline.ids)

    assert not resets


def test_arrows_open_close_and_climb_like_in_a_tree(filled, qtbot):
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.toggle_wanted.connect(lambda id_, is_open: filled.model.repeat(filled.outline.set_open(id_, is_open=is_open)))
    view.setCurrentIndex(filled.model.index(filled.names.index("vm-3"), 0))

    QTest.keyClick(view, Qt.Key.Key_Left)
    at_host = view.currentIndex().data()
    QTest.keyClick(view, Qt.Key.Key_Left)
    after_closing = filled.names
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Right)

    assert at_host == "xen-0"
    assert "vm-3" not in after_closing
    assert view.currentIndex().data() == "vm-0"


def test_letters_find_a_line(filled, qtbot):
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.setCurrentIndex(filled.model.index(0, 0))

    QTest.keyClicks(view, "vm-17")

    assert view.currentIndex().data() == "vm-17"


def test_a_click_on_the_triangle_toggles_and_selects_nothing(filled, qtbot):
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.resize(280, 400)
    wanted = []
    view.toggle_wanted.connect(lambda id_, is_open: wanted.append((id_, is_open)))
    host = filled.names.index("xen-0")
    area = view.visualRect(filled.model.index(host, 0))

    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, area.center().y()))

    assert wanted == [("h0", False)]
    assert not view.selected_ids()


def test_every_line_is_spoken_in_words(filled):
    filled.model.repeat(filled.outline.set_open(within(Ref("p"), STORAGE), is_open=True))

    spoken = [
        filled.model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(filled.model.rowCount())
    ]

    assert "acme, pool, open" in spoken
    assert "vm-1, vm, running" in spoken
    assert "Storage, 1, open" in spoken


def test_a_name_that_looks_like_markup_stays_text_in_the_tooltip(filled):
    filled.tell(filled.vm(1, home=0, name="<img src=x>"))

    hint = filled.model.index(filled.names.index("<img src=x>"), 0).data(Qt.ItemDataRole.ToolTipRole)

    assert "&lt;img src=x&gt;" in hint


def test_another_view_shows_what_is_selected_or_begins_at_its_top(qapp, qtbot):
    filled = Filled(vms=120)
    view = OutlineView(filled.model, filled.outline, "Inventory")
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()

    def go(to):
        view.note_selection()
        view.repeat(filled.outline.set_view(to))
        filled.settle()
        view.bring_selection_back()

    view.select_ids(filled.outline.lines_of(Ref("v100")))
    for to in (View.FLAT, View.HOSTS):
        go(to)
        shown = view.visualRect(filled.model.index(view.selected_rows()[0], 0))
        assert view.viewport().rect().contains(shown)
    view.clearSelection()
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    go(View.FLAT)
    assert view.rowAt(0) == 0


def test_equal_names_of_two_pools_are_told_apart_where_they_stand_beside_each_other():
    alike = [
        Row(
            id=NodeId(ref),
            sort=Sort.VM,
            name=name,
            depth=0,
            item=Item(
                ref=Ref(ref),
                class_name="vm",
                sort=Sort.VM,
                uuid=Uuid(ref),
                name=name,
                sort_name=name,
                words=name,
                pool=Ref(pool),
                pool_name=pool,
            ),
        )
        for ref, name, pool in (("1", "db", "test"), ("2", "web", "test"), ("3", "web", "test"), ("4", "web", "live"))
    ]

    assert pools_to_tell([None, *alike, None]) == ("", "", "test", "test", "live", "")
    assert pools_to_tell(alike[:3]) == ("", "", "")
