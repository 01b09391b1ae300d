"""The list of visible lines equals one made from nothing, whatever happened in between, and its ranges tell how."""

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from xsconsole.domain.ids import NULL_REF, ConfigurationId, Digest, Ref, StageId, Uuid, WorkflowId
from xsconsole.domain.inventory import (
    SR,
    VM,
    Change,
    ChangeBatch,
    Host,
    HostMetrics,
    Inventory,
    Network,
    Pool,
    Record,
)
from xsconsole.domain.outline import Outline
from xsconsole.domain.outline_rows import NETWORKS, NOT_RUNNING, POOL, STORAGE, TEMPLATES, Changed, NodeId, Sort, replay
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, encode

CLASS_NAMES = {Pool: "pool", Host: "host", HostMetrics: "host_metrics", VM: "vm", SR: "sr", Network: "network"}
HOSTS = tuple(Ref(f"OpaqueRef:host-{number}") for number in range(4))
OTHERS = tuple(Ref(f"OpaqueRef:thing-{number}") for number in range(14))
NAMES = ("web-2", "web-10", "Web-1", "db", "xen-p1", "", "ünïcode\n<b>", "zz top")
FILTERS = ("", "web", "host:xen", "state:running", "web state:halted", "kind:sr", "nothing has this", "1")


def change(record):
    return Change(ref=record.ref, class_name=CLASS_NAMES[type(record)], record=record)


def pool(**fields):
    return Pool(ref=Ref("OpaqueRef:pool"), uuid=Uuid("pool"), **{"name_label": "acme", **fields})


def host(number, name, **fields):
    ref = Ref(f"OpaqueRef:host-{number}")
    return Host(ref=ref, uuid=Uuid(ref), name_label=name, metrics=Ref(f"OpaqueRef:metrics-{number}"), **fields)


def vm(name, **fields):
    return VM(ref=Ref(f"OpaqueRef:{name}"), uuid=Uuid(name), name_label=name, **fields)


def member_of(vm_uuid, *, carried_by=None, stage="staging"):
    value = MemberValue(
        vm=Uuid(vm_uuid),
        configuration=ConfigurationId("c-1"),
        name="shop 1.3.0",
        service="shop",
        version="1.3.0",
        stage=StageId(stage),
        workflow=WorkflowId("release"),
        workflow_version=1,
        role="web",
        revision=1,
        roster_count=1,
        roster_digest=Digest(""),
    )
    return vm(carried_by or vm_uuid, other_config={f"{MEMBER_STEM}.1": encode(value)})


def outline_of(*records):
    inventory = Inventory()
    inventory.apply(ChangeBatch(changes=tuple(change(record) for record in records), is_whole=True))
    outline = Outline(inventory)
    outline.settle_all()
    return inventory, outline


def tell(inventory, outline, *records):
    batch = ChangeBatch(changes=tuple(change(record) for record in records))
    inventory.apply(batch)
    outline.hear(batch)
    return outline.settle_all()


def told(outline):
    return [f"{'  ' * row.depth}{row.name}" for row in outline.rows]


@pytest.fixture
def small():
    return outline_of(
        pool(),
        host(1, "xen-p2"),
        host(0, "xen-p1"),
        vm("web-10", power_state="Running", resident_on=HOSTS[0]),
        vm("web-2", power_state="Running", resident_on=HOSTS[0]),
        vm("lost", power_state="Halted"),
        vm("near", power_state="Halted", affinity=HOSTS[1]),
        vm("dom0", is_control_domain=True, resident_on=HOSTS[0]),
        vm("frozen", is_a_snapshot=True, is_a_template=True),
        vm("debian", is_a_template=True),
        SR(ref=Ref("OpaqueRef:sr"), uuid=Uuid("sr"), name_label="SAN", physical_size=10, physical_utilisation=4),
        Network(ref=Ref("OpaqueRef:net"), uuid=Uuid("net"), name_label="lan"),
    )


def test_vms_hang_where_they_run_or_would_run_and_names_sort_by_their_numbers(small):
    _, outline = small

    assert told(outline) == [
        "acme",
        "  xen-p1",
        "    web-2",
        "    web-10",
        "  xen-p2",
        "    near",
        "  Not running",
        "    lost",
        "  Storage",
        "  Networks",
        "  Templates",
    ]


def test_a_vm_that_starts_moves_below_its_host(small):
    inventory, outline = small

    tell(inventory, outline, vm("lost", power_state="Running", resident_on=HOSTS[1]))

    assert told(outline)[4:7] == ["  xen-p2", "    lost", "    near"]
    assert "  Not running" not in told(outline)


def test_a_change_of_one_vm_is_one_range(small):
    inventory, outline = small

    edits = tell(inventory, outline, vm("web-2", power_state="Paused", resident_on=HOSTS[0]))

    assert [(edit.first, [row.state for row in edit.rows]) for edit in edits] == [(2, ["Paused"])]


def test_closing_a_host_removes_its_vms_in_one_range(small):
    _, outline = small

    edits = outline.set_open(NodeId(HOSTS[0]), is_open=False)

    assert (edits[0].first, edits[0].count) == (2, 2)
    assert told(outline)[1:3] == ["  xen-p1", "  xen-p2"]


def test_what_was_opened_and_closed_can_be_restored(small):
    inventory, outline = small
    outline.set_open(NodeId(HOSTS[0]), is_open=False)
    outline.set_open(STORAGE, is_open=True)

    again = Outline(inventory)
    again.settle_all()
    again.restore_toggled(outline.toggled)

    assert again.rows == outline.rows


def test_a_filter_shows_what_matches_and_what_it_hangs_below(small):
    _, outline = small

    outline.set_filter("WEB host:xen-p1")

    assert told(outline) == ["acme", "  xen-p1", "    web-2", "    web-10"]


def test_what_no_longer_matches_a_standing_filter_goes(small):
    inventory, outline = small
    outline.set_filter("state:running web-2")

    tell(inventory, outline, vm("web-2", power_state="Paused", resident_on=HOSTS[0]))

    assert told(outline) == []


def test_a_filter_opens_groups_and_forgets_that_when_it_ends(small):
    _, outline = small

    outline.set_filter("san")
    found = told(outline)
    outline.set_filter("")

    assert found == ["acme", "  Storage", "    SAN"]
    assert "    SAN" not in told(outline)


def test_a_renamed_host_takes_its_vms_along_and_they_are_found_by_its_new_name(small):
    inventory, outline = small

    tell(inventory, outline, host(0, "zeus"))
    outline.set_filter("host:zeus")

    assert told(outline) == ["acme", "  zeus", "    web-2", "    web-10"]


def test_a_member_shows_its_version_and_a_clone_of_it_is_a_stray():
    _, outline = outline_of(pool(), member_of("a"), member_of("a", carried_by="copy"))

    lines = {row.name: row for row in outline.rows}

    assert (lines["a"].version, lines["a"].configuration, lines["a"].is_stray) == ("1.3.0", "c-1", False)
    assert (lines["copy"].version, lines["copy"].configuration, lines["copy"].is_stray) == ("1.3.0", None, True)


def test_a_host_shows_how_much_of_its_memory_is_used_as_it_changes(small):
    inventory, outline = small
    metrics = HostMetrics(ref=Ref("OpaqueRef:metrics-0"), uuid=Uuid("m"), live=True, memory_total=100, memory_free=62)

    tell(inventory, outline, metrics)

    assert outline.rows[1].memory_used == pytest.approx(0.38)


def test_the_work_comes_in_pieces():
    records = [pool(), host(0, "xen"), *(vm(f"vm-{number}", resident_on=HOSTS[0]) for number in range(50))]
    inventory = Inventory()
    inventory.apply(ChangeBatch(changes=tuple(change(record) for record in records), is_whole=True))
    outline = Outline(inventory)

    edits = outline.settle(most=20)

    assert not outline.is_settled
    assert sum(len(edit.rows) for edit in edits if not hasattr(edit, "count")) >= 20
    assert len(edits) <= 4


def test_it_knows_how_many_there_are_also_where_they_are_not_visible(small):
    _, outline = small

    outline.set_open(POOL, is_open=False)

    assert (outline.count(Sort.HOST), outline.count(Sort.VM), outline.count(Sort.TEMPLATE)) == (2, 4, 1)


def test_the_network_of_the_hosts_own_management_has_no_line(small):
    inventory, outline = small
    inner = Network(
        ref=Ref("OpaqueRef:inner"),
        uuid=Uuid("inner"),
        name_label="Host internal management network",
        other_config={"is_host_internal_management_network": "true"},
    )

    tell(inventory, outline, inner)
    outline.set_open(NETWORKS, is_open=True)

    assert "    Host internal management network" not in told(outline)


def test_objects_without_a_line_change_nothing(small):
    inventory, outline = small
    task = Change(ref=Ref("OpaqueRef:task"), class_name="task", record=None)
    batch = ChangeBatch(changes=(task,))

    inventory.apply(batch)
    outline.hear(batch)

    assert outline.is_settled


def test_opening_a_host_that_holds_nothing_changes_nothing(small):
    inventory, outline = small
    tell(inventory, outline, host(2, "xen-p3"))
    outline.set_open(NodeId(HOSTS[2]), is_open=False)

    assert outline.set_open(NodeId(HOSTS[2]), is_open=True) == ()


def test_many_scattered_changes_come_as_two_wide_ranges(small):
    inventory, outline = small
    before = list(outline.rows)
    many = [vm(f"web-{number}x", resident_on=HOSTS[number % 2], power_state="Running") for number in range(60)]

    edits = tell(inventory, outline, *many)
    replay(before, edits)

    assert len(edits) <= 2
    assert before == list(outline.rows)


def test_many_changed_lines_stay_changes(small):
    inventory, outline = small
    many = [vm(f"web-{number}x", resident_on=HOSTS[0], power_state="Running") for number in range(60)]
    tell(inventory, outline, *many)
    paused = [msgspec.structs.replace(record, power_state="Paused") for record in many[::2]]

    edits = tell(inventory, outline, *paused)

    assert {type(edit) for edit in edits} == {Changed}


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
