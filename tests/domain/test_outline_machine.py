"""The list of visible lines equals one made from nothing, whatever happened in between."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.domain.outline_values import HOSTS, POOL, asks_for, host, pool, value_of
from tests.inventories import CLASS_NAMES, change_of
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import SR, VM, Appliance, ChangeBatch, HostMetrics, Inventory, Network, Record
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.rows import Changed, Inserted, replay
from xsconsole.domain.outline.views import (
    NETWORKS,
    NOT_RUNNING,
    SORTED_BY,
    STORAGE,
    STRAYS,
    TEMPLATES,
    NodeId,
    Order,
    View,
    within,
)

OTHERS = tuple(Ref(f"OpaqueRef:thing-{number}") for number in range(14))
NAMES = ("web-2", "web-10", "Web-1", "db", "xen-p1", "", "ünïcode\n<b>", "zz top")
FILTERS = (
    "",
    "web",
    "host:xen",
    "state:running",
    "web state:halted",
    "kind:sr",
    "nothing",
    "1",
    "tag:a",
    "-has:folder",
    "is:stray or is:member",
    "memory>=2B",
)
TAGS = ("a", "b", "A", "", "it is")
FOLDERS = ("", "/x", "/x/y", "/x/y/z", "/b", "x//y/")
APPLIANCES = tuple(Ref(f"OpaqueRef:appliance-{number}") for number in range(2))
STAGES = ({}, {"staging": (1, "Staging"), "production": (2, "Production")}, {"production": (0, "Live")})
ORDERS = (
    Order(),
    Order(is_descending=True),
    *(Order(column=column) for column in SORTED_BY),
    *(Order(column=column, is_descending=True) for column in SORTED_BY),
)

records = st.one_of(
    st.builds(
        lambda number, name, enabled: host(number, name, enabled=enabled),
        st.integers(0, 3),
        st.sampled_from(NAMES),
        st.booleans(),
    ),
    st.builds(
        lambda number, free: HostMetrics(
            ref=Ref(f"OpaqueRef:metrics-{number}"), uuid=Uuid(""), live=True, memory_total=10, memory_free=free
        ),
        st.integers(0, 3),
        st.integers(0, 10),
    ),
    st.builds(
        lambda ref, name, state, home, affinity, is_template, is_busy, tags, folder, appliance, member, memory: VM(
            ref=ref,
            uuid=Uuid(ref),
            name_label=name,
            power_state=state,
            resident_on=home if state == "Running" else NULL_REF,
            affinity=affinity,
            is_a_template=is_template,
            current_operations={"t": "start"} if is_busy else {},
            tags=tuple(tags),
            appliance=appliance,
            memory_static_max=memory,
            other_config={**({"folder": folder} if folder else {}), **value_of(ref, *member)},
        ),
        st.sampled_from(OTHERS[:10]),
        st.sampled_from(NAMES),
        st.sampled_from(("Running", "Halted", "Suspended")),
        st.sampled_from(HOSTS),
        st.sampled_from((NULL_REF, *HOSTS)),
        st.sampled_from((False, False, False, True)),
        st.booleans(),
        st.lists(st.sampled_from(TAGS), max_size=3),
        st.sampled_from(FOLDERS),
        st.sampled_from((NULL_REF, *APPLIANCES)),
        st.tuples(
            st.sampled_from((None, None, "shop", "")),
            st.sampled_from(("staging", "production", "gone")),
            st.sampled_from(("1.2", "1.10")),
            st.sampled_from((True, True, False)),
        ),
        st.integers(0, 3),
    ),
    st.builds(
        lambda ref, name: SR(ref=ref, uuid=Uuid(ref), name_label=name),
        st.sampled_from(OTHERS[10:12]),
        st.sampled_from(NAMES),
    ),
    st.builds(
        lambda ref, name: Network(ref=ref, uuid=Uuid(ref), name_label=name),
        st.sampled_from(OTHERS[12:]),
        st.sampled_from(NAMES),
    ),
    st.builds(lambda name: pool(name_label=name), st.sampled_from(NAMES)),
    st.builds(
        lambda ref, name: Appliance(ref=ref, uuid=Uuid(ref), name_label=name),
        st.sampled_from(APPLIANCES),
        st.sampled_from(NAMES),
    ),
)


class OutlineAgainstRebuild(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.inventory = Inventory()
        self.outline = Outline(self.inventory)
        self.shown = list(self.outline.ids)
        self.seen = {}
        self.filter = ""

    def hear(self, batch):
        self.inventory.apply(batch)
        self.outline.hear(batch)

    def repeat(self, edits):
        """Do as a table does: read each line when it comes, and again only when it is said to have changed."""
        for edit in edits:
            replay(self.shown, (edit,))
            if isinstance(edit, Inserted):
                for id_ in edit.ids:
                    self.seen.pop(id_, None)
            elif isinstance(edit, Changed):
                for id_ in self.shown[edit.first : edit.first + edit.count]:
                    self.seen.pop(id_, None)

    @rule(found=st.lists(records, max_size=8), is_whole=st.sampled_from((False, False, False, True)))
    def take_in(self, found: list[Record], is_whole):
        self.hear(ChangeBatch(changes=tuple(change_of(record) for record in found), is_whole=is_whole))

    @rule(pick=st.integers(0, 100))
    def forget_one(self, pick):
        known = [record for kind in CLASS_NAMES for record in self.inventory.all(kind)]
        if known:
            gone = known[pick % len(known)]
            self.hear(ChangeBatch(changes=(msgspec.structs.replace(change_of(gone), record=None),)))

    @rule(most=st.integers(1, 6))
    def settle_a_piece(self, most):
        self.repeat(self.outline.settle(most))

    @rule(pick=st.integers(0, 30), is_open=st.booleans())
    def open_or_close(self, pick, is_open):
        groups = (within(POOL, group) for group in (NOT_RUNNING, STORAGE, NETWORKS, TEMPLATES))
        fixed = (NodeId(POOL), *groups, STRAYS, *map(NodeId, HOSTS))
        lines = (*fixed, *self.outline.ids)
        id_ = lines[pick % len(lines)]
        self.repeat(self.outline.set_open(id_, is_open=is_open))

    @rule(text=st.sampled_from(FILTERS))
    def look_for(self, text):
        self.outline.set_filter(asks_for(self.inventory, text))
        self.filter = text

    @rule(view=st.sampled_from(View))
    def change_view(self, view):
        self.repeat(self.outline.set_view(view))

    @rule(order=st.sampled_from(ORDERS))
    def change_order(self, order):
        self.repeat(self.outline.set_order(order))

    @rule(stages=st.sampled_from(STAGES))
    def change_stages(self, stages):
        self.repeat(self.outline.set_stages(stages))

    @rule(most=st.integers(1, 20))
    def make_another_view_ready(self, most):
        self.outline.prepare(most)

    @rule()
    def look_at_everything(self):
        self.seen.update((id_, self.outline.row(id_)) for id_ in self.shown if id_ not in self.seen)

    @rule()
    def settle_all(self):
        self.repeat(self.outline.settle_all())

    @invariant()
    def ranges_tell_the_list(self):
        assert self.shown == list(self.outline.ids)
        assert len(set(self.shown)) == len(self.shown)

    @invariant()
    def what_was_seen_and_not_said_to_have_changed_is_still_so(self):
        for id_ in self.shown:
            if id_ in self.seen:
                assert self.seen[id_] == self.outline.row(id_)

    @invariant()
    def positions_are_where_the_lines_are(self):
        for index, id_ in enumerate(self.outline.ids):
            assert self.outline.position(id_) == index

    @invariant()
    def equals_a_list_made_from_nothing(self):
        if not self.outline.is_settled:
            return
        anew = Outline(self.inventory, self.outline.arrangement)
        anew.restore_toggled(self.outline.toggled)
        anew.settle_all()
        if self.filter:
            anew.set_filter(asks_for(self.inventory, self.filter))
            anew.settle_all()
        for id_ in self.outline._shown.toggled_in_filter if self.filter else ():
            anew.set_open(id_, is_open=False)
        assert list(anew.rows) == list(self.outline.rows)
        assert anew.matching == self.outline.matching


OutlineAgainstRebuild.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestOutlineAgainstRebuild = OutlineAgainstRebuild.TestCase
