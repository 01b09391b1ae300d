from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VM, Change, ChangeBatch, Inventory, Network

OLD = Change(ref=Ref("old"), class_name="network", record=Network(ref=Ref("old"), uuid=Uuid("old")))
ONE = Change(ref=Ref("one"), class_name="vm", record=VM(ref=Ref("one"), uuid=Uuid("1"), name_label="first"))
TWO = Change(ref=Ref("two"), class_name="vm", record=VM(ref=Ref("two"), uuid=Uuid("2")))
RENAMED = Change(ref=Ref("one"), class_name="vm", record=VM(ref=Ref("one"), uuid=Uuid("1"), name_label="later"))


def test_a_whole_batch_that_was_arranged_beforehand_makes_the_same_mirror() -> None:
    changes = (ONE, TWO, RENAMED)
    plain, arranged = Inventory.of((OLD,)), Inventory.of((OLD,))

    plain.apply(ChangeBatch(changes=changes, is_whole=True))
    arranged.apply(ChangeBatch(changes=changes, is_whole=True, arranged=Inventory.of(changes)))

    assert list(arranged.all(VM)) == list(plain.all(VM)) == [TWO.record, RENAMED.record]
    assert arranged.by_uuid(VM, Uuid("1")) == RENAMED.record
    assert arranged.count(Network) == 0


def test_two_mirrors_of_one_arranged_batch_are_apart() -> None:
    batch = ChangeBatch(changes=(ONE,), is_whole=True, arranged=Inventory.of((ONE,)))
    here, there = Inventory(), Inventory()
    here.apply(batch)
    there.apply(batch)

    here.apply(ChangeBatch(changes=(Change(ref=Ref("one"), class_name="vm", record=None),)))

    assert here.total() == 0
    assert there.get(VM, Ref("one")) == ONE.record
    assert there.by_uuid(VM, Uuid("1")) == ONE.record
