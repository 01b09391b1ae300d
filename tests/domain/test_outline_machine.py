"""The list of visible lines equals one made from nothing, whatever happened in between."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.domain.outline_values import CLASS_NAMES, HOSTS, change, host, pool
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import SR, VM, ChangeBatch, HostMetrics, Inventory, Network, Record
from xsconsole.domain.outline import Outline
from xsconsole.domain.outline_rows import NETWORKS, NOT_RUNNING, POOL, STORAGE, TEMPLATES, NodeId, replay

OTHERS = tuple(Ref(f"OpaqueRef:thing-{number}") for number in range(14))
NAMES = ("web-2", "web-10", "Web-1", "db", "xen-p1", "", "ünïcode\n<b>", "zz top")
FILTERS = ("", "web", "host:xen", "state:running", "web state:halted", "kind:sr", "nothing has this", "1")

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
        lambda ref, name, state, home, affinity, is_template, is_busy: VM(
            ref=ref,
            uuid=Uuid(ref),
            name_label=name,
            power_state=state,
            resident_on=home if state == "Running" else NULL_REF,
            affinity=affinity,
            is_a_template=is_template,
            current_operations={"t": "start"} if is_busy else {},
        ),
        st.sampled_from(OTHERS[:10]),
        st.sampled_from(NAMES),
        st.sampled_from(("Running", "Halted", "Suspended")),
        st.sampled_from(HOSTS),
        st.sampled_from((NULL_REF, *HOSTS)),
        st.sampled_from((False, False, False, True)),
        st.booleans(),
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
)


class OutlineAgainstRebuild(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.inventory = Inventory()
        self.outline = Outline(self.inventory)
        self.shown = list(self.outline.rows)
        self.filter = ""
        self.toggled_in_filter = []

    def hear(self, batch):
        self.inventory.apply(batch)
        self.outline.hear(batch)

    @rule(found=st.lists(records, max_size=8), is_whole=st.sampled_from((False, False, False, True)))
    def take_in(self, found: list[Record], is_whole):
        self.hear(ChangeBatch(changes=tuple(change(record) for record in found), is_whole=is_whole))

    @rule(pick=st.integers(0, 100))
    def forget_one(self, pick):
        known = [record for kind in CLASS_NAMES for record in self.inventory.all(kind)]
        if known:
            gone = known[pick % len(known)]
            self.hear(ChangeBatch(changes=(msgspec.structs.replace(change(gone), record=None),)))

    @rule(most=st.integers(1, 6))
    def settle_a_piece(self, most):
        replay(self.shown, self.outline.settle(most))

    @rule(
        id_=st.sampled_from((POOL, NOT_RUNNING, STORAGE, NETWORKS, TEMPLATES, *map(NodeId, HOSTS))),
        is_open=st.booleans(),
    )
    def open_or_close(self, id_, is_open):
        replay(self.shown, self.outline.set_open(id_, is_open=is_open))
        if self.filter:
            self.toggled_in_filter.append((id_, is_open))

    @rule(text=st.sampled_from(FILTERS))
    def look_for(self, text):
        replay(self.shown, self.outline.set_filter(text))
        if text != self.filter:
            self.filter, self.toggled_in_filter = text, []

    @invariant()
    def ranges_tell_the_list(self):
        assert self.shown == list(self.outline.rows)

    @invariant()
    def positions_are_where_the_lines_are(self):
        for index, row in enumerate(self.outline.rows):
            assert self.outline.position(row.id) == index

    @invariant()
    def equals_a_list_made_from_nothing(self):
        if not self.outline.is_settled:
            return
        anew = Outline(self.inventory)
        anew.settle_all()
        anew.restore_toggled(self.outline.toggled)
        anew.set_filter(self.filter)
        for id_, is_open in self.toggled_in_filter:
            anew.set_open(id_, is_open=is_open)
        assert list(anew.rows) == list(self.outline.rows)


OutlineAgainstRebuild.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestOutlineAgainstRebuild = OutlineAgainstRebuild.TestCase
