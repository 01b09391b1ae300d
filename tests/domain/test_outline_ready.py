"""Views that nobody looks at yet are made ready beforehand, and stay so, so that choosing one is instant."""

import pytest

from tests.domain.outline_values import HOSTS, host, member_of, outline_of, pool, tell, value_of, vm
from tests.inventories import change_of
from xsconsole.domain.inventory import ChangeBatch
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.views import Order, View

STAGES = {"staging": (1, "Staging")}


def make_ready(outline):
    while outline.prepare(3):
        pass


def rebuilt(inventory, outline):
    """Return the same view and order, made from nothing."""
    made = Outline(inventory, outline.arrangement)
    made.settle_all()
    return made


@pytest.fixture
def small():
    return outline_of(
        pool(),
        host(0, "xen-p1"),
        *(vm(f"web-{number}", tags=("web", "blue"), resident_on=HOSTS[0]) for number in range(9)),
        member_of("db-1"),
    )


@pytest.mark.parametrize("view", View)
def test_a_view_that_is_ready_is_shown_at_once(small, view):
    _, outline = small
    make_ready(outline)

    outline.set_view(view)

    assert not outline.is_changing
    assert outline.arrangement.view is view


def test_new_names_of_stages_leave_all_views_ready_but_the_one_that_shows_them(small):
    _, outline = small
    make_ready(outline)

    assert outline.set_stages(STAGES) == ()
    assert not outline.is_changing

    outline.set_view(View.TAGS)
    assert not outline.is_changing

    outline.set_view(View.SERVICES)
    assert outline.is_changing
    outline.settle_all()
    assert [row.name for row in outline.rows][:2] == ["shop", "Staging"]


def test_the_view_of_stages_is_made_ready_anew_when_their_names_change(small):
    _, outline = small
    make_ready(outline)
    outline.set_stages(STAGES)
    make_ready(outline)

    outline.set_view(View.SERVICES)

    assert not outline.is_changing
    assert "Staging" in [row.name for row in outline.rows]


def test_all_views_are_made_ready_anew_in_another_order(small):
    _, outline = small
    make_ready(outline)
    outline.set_order(Order(is_descending=True))
    outline.settle_all()
    make_ready(outline)

    outline.set_view(View.FLAT)

    assert not outline.is_changing
    assert outline.rows[0].name == "xen-p1"
    assert outline.rows[1].name == "web-8"


@pytest.mark.parametrize("steps", range(1, 30, 3))
@pytest.mark.parametrize("view", View)
def test_a_view_half_made_in_an_older_order_takes_no_place_of_the_new_one(small, view, steps):
    inventory, outline = small
    for _ in range(steps):
        outline.prepare(3)

    outline.set_order(Order(is_descending=True))
    outline.set_view(view)
    outline.settle_all()
    make_ready(outline)
    tell(inventory, outline, vm("zebra", tags=("web",), other_config=value_of("zebra")))

    assert outline.rows == rebuilt(inventory, outline).rows


def test_a_pool_that_is_told_whole_is_taken_into_the_shown_view_alone(small):
    inventory, outline = small
    make_ready(outline)
    batch = ChangeBatch(changes=(change_of(pool()), change_of(host(0, "xen-p1")), change_of(vm("new"))), is_whole=True)
    inventory.apply(batch)

    outline.hear(batch)
    outline.settle_all()
    assert [row.name for row in outline.rows] == ["acme", "xen-p1", "Not running", "new"]

    outline.set_view(View.FLAT)
    assert outline.is_changing
    outline.settle_all()
    assert [row.name for row in outline.rows] == ["acme", "new", "xen-p1"]
