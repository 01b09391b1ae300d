"""A batch of everything says the same, as changes or as tables that were filled beforehand."""

from tests.domain.outline_values import host, pool, vm
from tests.inventories import change_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM, ChangeBatch, Host, Inventory, Tables

RECORDS = (pool(), host(0, "xen"), vm("a"), vm("b"))


def tables_of(*records):
    tables = Tables.empty()
    for record in records:
        tables.put(change_of(record))
    return tables


def test_tables_and_changes_say_the_same():
    filled = ChangeBatch(is_whole=True, tables=tables_of(*RECORDS))
    listed = ChangeBatch(is_whole=True, changes=tuple(change_of(record) for record in RECORDS))

    assert sorted(filled.all(), key=str) == sorted(listed.all(), key=str)
    assert list(filled.of("vm")) == list(listed.of("vm"))
    assert list(filled.refs_of("vm")) == list(listed.refs_of("vm")) == [vm("a").ref, vm("b").ref]
    assert [one.ref for one in filled.of("host")] == [host(0, "xen").ref]


def test_what_the_tables_do_not_name_is_gone_and_who_took_them_in_has_their_own():
    batch = ChangeBatch(is_whole=True, tables=tables_of(*RECORDS))
    one, other = Inventory(), Inventory()
    one.apply(ChangeBatch(changes=(change_of(vm("older")),)))

    one.apply(batch)
    other.apply(batch)
    one.apply(ChangeBatch(changes=(change_of(vm("c")),)))

    assert one.by_uuid(VM, Uuid("older")) is None
    assert (one.count(VM), other.count(VM), other.count(Host)) == (3, 2, 1)


def test_a_later_record_takes_the_place_of_an_earlier_one_also_by_its_uuid():
    tables = tables_of(vm("a"), vm("a", name_description="later"))
    inventory = Inventory()

    inventory.apply(ChangeBatch(is_whole=True, tables=tables))

    found = inventory.by_uuid(VM, Uuid("a"))
    assert found is not None
    assert found.name_description == "later"
    assert inventory.total() == 1
