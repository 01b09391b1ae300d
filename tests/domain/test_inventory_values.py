"""Which values the inventory proposes where somebody types the name of a field."""

from collections.abc import Iterator

import pytest

from tests.inventories import change_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import SR, ChangeBatch, Inventory, Network
from xsconsole.domain.inventory_filter import inventory_schema, values_in
from xsconsole.domain.inventory_items import Item, Sort


def unasked() -> Iterator[Item]:
    """Stand for ten thousand machines of which none must be asked."""
    pytest.fail("every object was asked what it has")
    yield


@pytest.mark.parametrize(
    ("field", "names"), [("sr", {"SAN", "local"}), ("storage", {"SAN", "local"}), ("network", {"dmz"})]
)
def test_names_that_the_pool_itself_knows_are_told_without_asking_every_machine(field: str, names: set[str]) -> None:
    inventory = Inventory()
    records = (
        SR(ref=Ref("a"), uuid=Uuid("a"), name_label="SAN"),
        SR(ref=Ref("b"), uuid=Uuid("b"), name_label="local"),
        Network(ref=Ref("c"), uuid=Uuid("c"), name_label="dmz"),
    )
    inventory.apply(ChangeBatch(changes=tuple(change_of(record) for record in records)))

    assert set(values_in(inventory_schema(inventory), unasked(), field)) == names


def test_values_that_some_hundred_objects_have_are_told_once_and_an_empty_text_after_them() -> None:
    items = [
        Item(
            ref=Ref(name),
            class_name="vm",
            sort=Sort.VM,
            uuid=Uuid(name),
            name=name,
            sort_name=name,
            words=name,
            tags=tags,
        )
        for name, tags in (("a", ("web", "eu")), ("b", ("web",)), ("c", ()))
    ]
    told = list(values_in(inventory_schema(Inventory()), items, "tag"))

    assert sorted(told[:-1]) == ["eu", "web"]
    assert told[-1] == ""
    assert list(values_in(inventory_schema(Inventory()), items, "service")) == ["", ""]
