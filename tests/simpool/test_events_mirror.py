"""Whoever applies the events knows what the database holds, whatever happens in which order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from xsconsole.simpool.database import Database
from xsconsole.simpool.events import Subscription, Token, difference
from xsconsole.simpool.identities import Identities
from xsconsole.simpool.model import NULL, load

MODEL = load()
WATCHED = ("VM", "VIF", "network")


class Mirror(RuleBasedStateMachine):
    """A database that changes, and a client that looks now and then."""

    vms = Bundle("vms")
    networks = Bundle("networks")
    vifs = Bundle("vifs")

    @initialize()
    def begin(self) -> None:
        self.db = Database(MODEL, Identities(1))
        self.token = Token(objects=-1, messages=-1)
        self.known: dict[str, dict[str, object]] = {}

    @rule(target=vms)
    def make_vm(self) -> str:
        return self.db.create("VM", name_label="vm")

    @rule(target=networks)
    def make_network(self) -> str:
        return self.db.create("network", name_label="net")

    @rule(target=vifs, vm=vms, network=networks)
    def make_vif(self, vm: str, network: str) -> str:
        return self.db.create("VIF", VM=vm, network=network)

    @rule(vif=vifs, network=networks)
    def move(self, vif: str, network: str) -> None:
        self.db.set("VIF", vif, network=network)

    @rule(vm=vms, name=st.sampled_from("abc"))
    def rename(self, vm: str, name: str) -> None:
        if self.db.exists("VM", vm):
            self.db.set("VM", vm, name_label=name)

    @rule(child=vms, parent=vms)
    def descend(self, child: str, parent: str) -> None:
        if self.db.exists("VM", child) and self.db.exists("VM", parent):
            self.db.set("VM", child, parent=parent)

    @rule(vif=consumes(vifs))
    def destroy_vif(self, vif: str) -> None:
        self.db.destroy("VIF", vif)

    @rule(vm=vms)
    def destroy_vm(self, vm: str) -> None:
        if self.db.exists("VM", vm) and not self.db.get("VM", vm, "VIFs"):
            self.db.destroy("VM", vm)

    @rule()
    def look(self) -> None:
        events = difference(self.db, [Subscription(cls=cls.lower()) for cls in WATCHED], self.token)
        self.token = Token(objects=self.db.generation, messages=self.db.generation)
        assert len({event.ref for event in events}) == len(events)
        order = [("add", "mod", "del").index(event.operation) for event in events]
        assert order == sorted(order)
        for event in events:
            match event.operation:
                case "add":
                    assert event.ref not in self.known
                    self.known[event.ref] = dict(event.snapshot or {})
                case "mod":
                    assert event.ref in self.known
                    self.known[event.ref] = dict(event.snapshot or {})
                case "del":
                    del self.known[event.ref]
        assert self.known == {ref: dict(row) for cls in WATCHED for ref, row in self.db.rows(cls)}

    @invariant()
    def both_ends_agree(self) -> None:
        for relation in MODEL.relations:
            (one_class, one_field), (many_class, many_field) = relation.one, relation.many
            if {one_class, many_class} <= set(WATCHED) and not relation.is_many_to_many:
                for ref, row in self.db.rows(many_class):
                    referring = {other for other, one in self.db.rows(one_class) if one[one_field] == ref}
                    assert set(row[many_field]) == referring
                assert all(row[one_field] is not None for _, row in self.db.rows(one_class))


Mirror.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestMirror = Mirror.TestCase


def test_a_relation_to_nothing_shows_nowhere() -> None:
    db = Database(MODEL, Identities(1))

    vif = db.create("VIF", VM=NULL, network="OpaqueRef:gone")

    assert db.get("VIF", vif, "network") == "OpaqueRef:gone"
    assert db.generation == 1


def test_both_ends_of_a_relation_between_many_agree() -> None:
    db = Database(MODEL, Identities(1))
    group = db.create("VM_group", name_label="g")

    vm = db.create("VM", groups=(group,))
    assert db.get("VM_group", group, "VMs") == (vm,)
    db.destroy("VM", vm)

    assert db.get("VM_group", group, "VMs") == ()


def test_the_same_seed_makes_the_same_names() -> None:
    assert [Identities(7).reference() for _ in range(2)] == [Identities(7).reference() for _ in range(2)]
    assert Identities(7).uuid() != Identities(8).uuid()
