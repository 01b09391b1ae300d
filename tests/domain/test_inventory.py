from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VM, Change, ChangeBatch, Inventory, Network, Tables

OLD = Change(ref=Ref("old"), class_name="network", record=Network(ref=Ref("old"), uuid=Uuid("old")))
ONE = Change(ref=Ref("one"), class_name="vm", record=VM(ref=Ref("one"), uuid=Uuid("1"), name_label="first"))
TWO = Change(ref=Ref("two"), class_name="vm", record=VM(ref=Ref("two"), uuid=Uuid("2")))
RENAMED = Change(ref=Ref("one"), class_name="vm", record=VM(ref=Ref("one"), uuid=Uuid("1"), name_label="later"))


def mirror_of(*changes: Change) -> Inventory:
    inventory = Inventory()
    inventory.apply(ChangeBatch(changes=changes))
    return inventory


def tables_of(*changes: Change) -> Tables:
    tables = Tables.empty()
    for change in changes:
        tables.put(change)
    return tables


def test_a_whole_batch_that_was_arranged_beforehand_makes_the_same_mirror() -> None:
    changes = (ONE, TWO, RENAMED)
    plain, arranged = mirror_of(OLD), mirror_of(OLD)

    plain.apply(ChangeBatch(changes=changes, is_whole=True))
    arranged.apply(ChangeBatch(is_whole=True, tables=tables_of(*changes)))

    assert list(arranged.all(VM)) == list(plain.all(VM)) == [RENAMED.record, TWO.record]
    assert arranged.by_uuid(VM, Uuid("1")) == RENAMED.record
    assert arranged.count(Network) == 0


def test_two_mirrors_of_one_arranged_batch_are_apart() -> None:
    batch = ChangeBatch(is_whole=True, tables=tables_of(ONE))
    here, there = Inventory(), Inventory()
    here.apply(batch)
    there.apply(batch)

    here.apply(ChangeBatch(changes=(Change(ref=Ref("one"), class_name="vm", record=None),)))

    assert here.total() == 0
    assert there.get(VM, Ref("one")) == ONE.record
    assert there.by_uuid(VM, Uuid("1")) == ONE.record


def test_a_batch_tells_of_one_class_however_it_came() -> None:
    plain, arranged = ChangeBatch(changes=(OLD, ONE)), ChangeBatch(is_whole=True, tables=tables_of(OLD, ONE))

    assert list(plain.of("vm")) == list(arranged.of("vm")) == [ONE]
    assert list(plain.all()) == [OLD, ONE]
    assert sorted(one.ref for one in arranged.all()) == ["old", "one"]


def test_a_record_that_changes_its_uuid_is_found_by_the_new_one_alone() -> None:
    other = Change(ref=Ref("one"), class_name="vm", record=VM(ref=Ref("one"), uuid=Uuid("9")))

    mirror = mirror_of(ONE, other)

    assert mirror.by_uuid(VM, Uuid("1")) is None
    assert mirror.by_uuid(VM, Uuid("9")) == other.record
