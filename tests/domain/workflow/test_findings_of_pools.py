"""What is said of a draft against live pools: hosts, storage, networks, memory, versions."""

import pytest

from tests.domain.workflow.flows import PRODUCTION, STAGING, TO_PRODUCTION, thing
from tests.domain.workflow.pools import GIB, ground_of, occupant, pool_of
from xsconsole.domain.ids import TransitionId
from xsconsole.domain.workflow import Binding, Limits, Method, PoolObject, Workflow, default_workflow
from xsconsole.domain.workflow.edits import change_stage, change_transition, change_workflow
from xsconsole.domain.workflow.findings import OFFLINE, Finding, Ground, Severity, findings
from xsconsole.domain.workflow.values import NetworkEntry

HOME = pool_of(
    "pool-a",
    hosts=("a", "b"),
    networks={"wide": ("a", "b"), "left": ("a",), "right": ("b",), "inside": (), "lan": ("a", "b")},
    storages={"shared": ("a", "b"), "local": ("a",), "elsewhere": (), "media": ("a", "b")},
    iso=("media",),
)
OLDER = pool_of(
    "pool-b", hosts=("c",), version="3.2.1", release="8.2", storages={"far": ("c",)}, networks={"wide": ("c",)}
)
LIVE = ground_of(HOME, OLDER)
BACK = TransitionId("production-to-staging")


def bound(**fields: object) -> Workflow:
    return change_stage(default_workflow(), STAGING, binding=Binding(**fields))  # type: ignore[arg-type]


def mapped(network: str, *hosts: str) -> Workflow:
    start = change_workflow(default_workflow(), networks=("lan",))
    for stage in start.stages:
        entry = NetworkEntry(logical="lan", network=thing(network if stage.id == STAGING else "wide"))
        chosen = tuple(map(thing, hosts)) if stage.id == STAGING else ()
        start = change_stage(start, stage.id, binding=Binding(hosts=chosen, networks=(entry,)))
    return start


def of(workflow: Workflow, rule: str, ground: Ground = LIVE) -> Finding:
    (found,) = [each for each in findings(workflow, ground) if each.rule == rule]
    return found


def labels(finding: Finding) -> list[str]:
    return [mend.label for mend in finding.mends]


@pytest.mark.parametrize(
    ("workflow", "rule", "severity", "sentence"),
    [
        (mapped("left"), "network-not-visible", "warning", "the network LEFT (lan) is not on B."),
        (mapped("left", "b"), "network-not-visible", "error", "the network LEFT (lan) is on no preferred host (B)."),
        (mapped("inside"), "network-local", "warning", "the network INSIDE (lan) is on no wire: its machines share one "
         "host and cannot migrate."),
        (bound(sr=thing("local")), "storage-not-visible", "warning", "the storage LOCAL is not on B."),
        (bound(sr=thing("local"), hosts=(thing("b"),)), "storage-not-visible", "error",
         "the storage LOCAL is on no preferred host (B)."),
        (bound(sr=thing("elsewhere")), "storage-not-visible", "error",
         "the storage ELSEWHERE is on no host (A and B)."),
        (bound(sr=thing("media")), "storage-unfit", "error", "MEDIA holds installation media and takes no disks."),
        (bound(sr=thing("x", "fast")), "gone", "error", "The storage fast of Staging is gone from the pool."),
        (bound(hosts=(thing("x"),)), "gone", "error", "The host x of Staging is gone from the pool."),
        (bound(hosts=(thing("a", "alpha"),)), "renamed", "warning", "The host alpha of Staging is called A now."),
        (bound(pool=thing("pool-b", "beta")), "renamed", "warning", "The pool beta of Staging is called POOL-B now."),
    ],
)  # fmt: skip
def test_bindings_are_checked_against_the_live_pool(
    workflow: Workflow, rule: str, severity: str, sentence: str
) -> None:
    found = of(workflow, rule)

    assert (found.severity, found.sentence.removeprefix("Staging: "), found.stage) == (severity, sentence, STAGING)
    assert [each.rule for each in findings(mapped("wide", "a", "b"), LIVE)] == []


def test_where_no_preferred_host_reaches_it_those_that_do_can_be_preferred() -> None:
    storage = of(bound(sr=thing("local"), hosts=(thing("b"),)), "storage-not-visible")
    network = of(mapped("left", "b"), "network-not-visible")

    assert labels(storage) == ["Prefer A", "Leave each disk where it is"]
    assert labels(network) == ["Prefer A"]
    for found, workflow in (
        (storage, bound(sr=thing("local"), hosts=(thing("b"),))),
        (network, mapped("left", "b")),
    ):
        for mend in found.mends:
            rules = {each.rule for each in findings(mend.apply(workflow), LIVE) if each.severity is Severity.ERROR}
            assert found.rule not in rules


def test_a_host_that_lacks_the_network_can_be_left_out_unless_that_breaks_another_one() -> None:
    one = mapped("left", "a", "b")
    both = change_workflow(one, networks=("lan", "dmz"))
    for stage in both.stages:
        entry = NetworkEntry(logical="dmz", network=thing("right" if stage.id == STAGING else "wide"))
        binding = stage.binding
        both = change_stage(both, stage.id, binding=Binding(hosts=binding.hosts, networks=(*binding.networks, entry)))

    assert labels(of(one, "network-not-visible")) == ["Do not prefer B"]
    assert [labels(each) for each in findings(both, LIVE) if each.rule == "network-not-visible"] == [[], []]


def test_what_is_gone_is_found_again_by_its_name() -> None:
    replaced = bound(sr=PoolObject(uuid=thing("old").uuid, name="SHARED"), hosts=(thing("x", "B"),))

    found = [each for each in findings(replaced, LIVE) if each.rule == "gone"]

    assert [(each.field, labels(each)) for each in found] == [
        ("binding.hosts", ["Use the one of that name, b", "Do not prefer it"]),
        ("binding.sr", ["Use the one of that name, shared", "Leave each disk where it is"]),
    ]
    mended = found[1].mends[0].apply(found[0].mends[0].apply(replaced)).stage(STAGING)
    assert mended is not None
    assert mended.binding.sr == PoolObject(uuid=thing("shared").uuid, name="SHARED")


def test_an_unmapped_network_is_mapped_as_elsewhere_or_by_its_name() -> None:
    workflow = change_stage(mapped("wide"), STAGING, binding=Binding())

    found = of(workflow, "network-unmapped")

    assert (found.severity, found.stage) == (Severity.ERROR, STAGING)
    assert labels(found) == ["Map it to WIDE", "Map it to LAN"]
    assert [each for each in findings(found.mends[0].apply(workflow), LIVE) if each.stage == STAGING] == []


def test_two_production_stages_of_one_slot_are_found() -> None:
    workflow = change_stage(mapped("wide"), STAGING, is_production=True)
    apart = change_stage(
        workflow, STAGING, binding=Binding(networks=workflow.stages[2].binding.networks, sr=thing("shared"))
    )

    assert of(workflow, "same-slot").severity is Severity.ERROR
    assert of(apart, "same-slot").severity is Severity.WARNING
    assert of(apart, "same-slot").sentence == "Staging and Production bind the network lan of the same production slot."


def test_linked_clones_stay_on_their_storage_and_in_their_pool() -> None:
    def clones(source: Binding, target: Binding) -> Workflow:
        workflow = change_transition(default_workflow(), TO_PRODUCTION, method=Method.LINKED_CLONE)
        return change_stage(change_stage(workflow, STAGING, binding=source), PRODUCTION, binding=target)

    shared, local = Binding(sr=thing("shared")), Binding(sr=thing("local"))

    assert of(clones(shared, local), "linked-clone-elsewhere").severity is Severity.ERROR
    assert of(clones(Binding(), local), "linked-clone-elsewhere").severity is Severity.WARNING
    assert of(clones(shared, Binding(pool=thing("pool-b"))), "linked-clone-elsewhere").severity is Severity.ERROR
    assert labels(of(clones(shared, local), "linked-clone-elsewhere")) == ["Make full copies"]
    for same in (clones(shared, shared), clones(shared, Binding()), clones(shared, Binding(pool=thing("pool-a")))):
        assert "linked-clone-elsewhere" not in {each.rule for each in findings(same, LIVE)}


def test_a_pool_of_lower_version_takes_nothing_from_a_higher_one() -> None:
    lower = change_stage(default_workflow(), PRODUCTION, binding=Binding(pool=thing("pool-b")))
    higher = change_stage(default_workflow(), STAGING, binding=Binding(pool=thing("pool-b")))

    found = of(lower, "lower-version")
    others = {each.transition: each for each in findings(higher, LIVE) if each.rule == "lower-version"}

    assert (found.severity, found.transition, labels(found)) == (Severity.ERROR, TO_PRODUCTION, [])
    assert "POOL-B (8.2) takes no machine from POOL-A (3.4.0), which is newer" in found.sentence
    assert others[TO_PRODUCTION].severity is Severity.WARNING
    assert labels(others[BACK]) == ["Remove this way back"]


def test_a_way_back_out_of_another_pool_leads_to_a_stage_that_is_bound_to_its_own() -> None:
    workflow = change_stage(default_workflow(), PRODUCTION, binding=Binding(pool=thing("pool-b", "POOL-B")))

    found = of(workflow, "stays-in-its-pool")

    assert (found.severity, found.transition, found.stage) == (Severity.WARNING, BACK, STAGING)
    assert found.sentence == (
        "Way back Production → Staging leaves the machines in the pool POOL-B: Staging is bound to no pool."
    )
    assert labels(found) == ["Bind it to POOL-A"]
    mended = found.mends[0].apply(workflow)
    assert "stays-in-its-pool" not in {each.rule for each in findings(mended, LIVE)}


def test_a_stream_is_demanded_of_machines_that_move_into_another_pool() -> None:
    demanding = change_transition(default_workflow(), TO_PRODUCTION, as_stream=True)
    across = change_stage(demanding, PRODUCTION, binding=Binding(pool=thing("pool-b")))
    copying = change_transition(across, TO_PRODUCTION, method=Method.FULL_COPY)

    within, copies = of(demanding, "stream-of-nothing"), of(copying, "stream-of-nothing")

    assert "stream-of-nothing" not in {each.rule for each in findings(across, LIVE)}
    assert within.sentence == (
        "Promotion Staging → Production demands a stream, but both of its stages are in one pool."
    )
    assert "it makes copies" in copies.sentence
    for found in (within, copies):
        assert (found.severity, found.transition, found.field) == (Severity.WARNING, TO_PRODUCTION, "as_stream")
        assert labels(found) == ["Demand none"]
        assert "stream-of-nothing" not in {each.rule for each in findings(found.mends[0].apply(demanding), LIVE)}


def test_hosts_have_room_for_as_many_as_may_run() -> None:
    workflow = change_stage(default_workflow(), STAGING, limits=Limits(running=5), binding=Binding(hosts=(thing("a"),)))
    ground = ground_of(HOME, occupants=(occupant("staging", memory_bytes=20 * GIB),))

    found = of(workflow, "memory", ground)

    assert found.sentence == (
        "Staging may hold 5 running configurations; of the largest, 20 GiB, its preferred hosts with 64 GiB have room "
        "for 3."
    )
    assert labels(found) == ["Lower the limit to 3"]
    assert "memory" not in {each.rule for each in findings(found.mends[0].apply(workflow), ground)}


def test_a_host_in_maintenance_is_said() -> None:
    ground = ground_of(pool_of("pool-a", hosts=("a", "b"), down=("b",)))

    assert "B of Staging is in maintenance" in of(bound(hosts=(thing("a"), thing("b"))), "host-away", ground).sentence


def test_what_cannot_be_checked_is_said_once_for_each_pool() -> None:
    workflow = change_stage(default_workflow(), PRODUCTION, binding=Binding(pool=thing("pool-x", "far")))

    offline = [each.sentence for each in findings(workflow, OFFLINE) if each.severity is Severity.UNKNOWN]
    live = [each.rule for each in findings(workflow, LIVE) if each.severity is Severity.UNKNOWN]

    assert [sentence.partition(":")[0] for sentence in offline] == [
        "The pool far is not connected",
        "The pool of the workflow is not connected",
    ]
    assert live == ["not-checked"]
