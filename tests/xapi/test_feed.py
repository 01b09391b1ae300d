import io
import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import msgspec
from embedded import EmbeddedPool, embedded_pool
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.plain_records import asked
from tests.xapi.conftest import Connect, Watcher
from tests.xapi.hosts import forwarder
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import RECORD_TYPES, VDI, VM, Change, Network, Record
from xsconsole.xapi import frames
from xsconsole.xapi.feed import DEFAULT_COMMAND, LARGEST_BACKLOG
from xsconsole.xapi.feed_child import FOLLOWING_CHANGES, FRAME_BYTES, FRAME_CHANGES, PAUSE_S, in_frames
from xsconsole.xapi.transport import parse_address
from xsconsole.xapi.wire import Wire

BARRIER = "tests.barrier"
LARGEST_TEXT = 250_000  # a call of XAPI has no more than 300 KiB
DEADLINE_S = 30.0


async def up_to_date(watcher: Watcher, plain: Any, mark: str) -> None:
    """Wait until the mirror has seen everything that was done so far: it sees a key that is written now."""
    pool = plain.pool.get_all()[0]
    plain.pool.remove_from_other_config(pool, BARRIER)
    plain.pool.add_to_other_config(pool, BARRIER, mark)
    await watcher.until(
        lambda: watcher.inventory.pool is not None and watcher.inventory.pool.other_config.get(BARRIER) == mark
    )


def mirrored(watcher: Watcher, kind: type[Record]) -> dict[Ref, Record]:
    return {record.ref: record for record in watcher.inventory.all(kind)}


async def test_what_another_client_does_appears(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    _, watcher = await connect(pool)

    network = plain.network.create({"name_label": "appearing", "other_config": {}})
    await watcher.until(lambda: watcher.inventory.get(Network, network))
    plain.network.set_name_label(network, "renamed")
    await watcher.until(lambda: watcher.inventory.get(Network, network).name_label == "renamed")
    plain.network.destroy(network)
    await watcher.until(lambda: watcher.inventory.get(Network, network) is None)

    assert [batch.is_whole for batch in watcher.batches[:2]] == [True, False]


async def test_a_change_of_nothing_in_use_is_not_told(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    _, watcher = await connect(pool)
    await up_to_date(watcher, plain, "before")
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    told = len(watcher.batches)

    plain.VM.set_user_version(machine, 7)
    plain.event.inject("VM", machine)
    await up_to_date(watcher, plain, "after")

    assert machine not in {change.ref for batch in watcher.batches[told:] for change in batch.all()}


def rename(api: Any, own: list[str], mark: str) -> None:
    for vm in own[:1]:
        api.VM.set_name_label(vm, mark)


def make(api: Any, own: list[str], mark: str) -> None:
    vm = api.VM.clone(api.VM.get_by_name_label("Debian 12 golden")[0], mark)
    api.VM.set_is_a_template(vm, False)
    own.append(vm)


def add_key(api: Any, own: list[str], mark: str) -> None:
    for vm in own[-1:]:
        api.VM.add_to_other_config(vm, mark, "x")


def snapshot(api: Any, own: list[str], mark: str) -> None:
    for vm in own[:1]:
        api.VM.snapshot(vm, mark)


def start(api: Any, own: list[str], mark: str) -> None:
    for vm in own[:1]:
        if api.VM.get_power_state(vm) == "Halted":
            api.VM.start(vm, False, False)


def stop(api: Any, own: list[str], mark: str) -> None:
    for vm in own[:1]:
        if api.VM.get_power_state(vm) == "Running":
            api.VM.hard_shutdown(vm)


def destroy(api: Any, own: list[str], mark: str) -> None:
    for vm in own[-1:]:
        if api.VM.get_power_state(vm) == "Halted":
            api.VM.destroy(vm)
            own.remove(vm)


DOINGS = (make, rename, add_key, snapshot, start, stop, destroy)


@settings(max_examples=7, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(doings=st.lists(st.sampled_from(DOINGS), min_size=1, max_size=6))
async def test_the_mirror_equals_the_pool_after_any_calls(
    pool: EmbeddedPool, plain: Any, connect: Connect, doings: list[Callable[[Any, list[str], str], None]]
) -> None:
    gateway, watcher = await connect(pool)
    own: list[str] = []
    make(plain, own, "first")

    for doing in doings:
        doing(plain, own, doing.__name__ + str(time.monotonic_ns()))

    # Tasks come and go by themselves, with every call that asks.
    names = [name for name in RECORD_TYPES if name != "task"]
    await watcher.until(lambda: all(mirrored(watcher, RECORD_TYPES[name]) == asked(plain, name) for name in names))
    await gateway.close()


async def test_an_object_that_slips_through_is_found_by_counting(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    with forwarder(pool, edit=without_new_networks) as host:
        gateway, watcher = await connect(pool, url=host.url)

        network = plain.network.create({"name_label": "slipping", "other_config": {}})
        await watcher.until(lambda: watcher.inventory.get(Network, network))

        await gateway.close()
    plain.network.destroy(network)


def without_new_networks(request: bytes, answer: bytes) -> bytes:
    """Leave out what an `event.from` tells of new networks, unless it is asked for everything."""
    call, reply = json.loads(request), json.loads(answer)
    if call["method"] != "event.from" or call["params"][2] == "":
        return answer
    events = reply["result"]["events"]
    reply["result"]["events"] = [
        event for event in events if (event["class"], event["operation"]) != ("network", "add")
    ]
    return json.dumps(reply).encode()


async def test_what_changes_while_the_parts_of_the_whole_come_is_in_the_whole(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    before = plain.VM.get_name_description(machine)

    def change_afterwards(request: bytes, answer: bytes) -> bytes:
        if is_part_with("vm", request):
            plain.VM.set_name_description(machine, "changed between two parts")
        return answer

    with forwarder(pool, edit=change_afterwards) as host:
        gateway, watcher = await connect(pool, url=host.url)

        assert plain.VM.get_name_description(machine) == "changed between two parts"
        (whole,) = (batch for batch in watcher.batches if batch.is_whole)
        told = {change.ref: change.record for change in whole.of("vm")}
        assert told[machine].name_description == "changed between two parts"

        await gateway.close()
    plain.VM.set_name_description(machine, before)


async def test_what_came_and_went_between_two_parts_is_not_in_the_whole(pool: EmbeddedPool, connect: Connect) -> None:
    parts = []

    def add_passing(request: bytes, answer: bytes) -> bytes:
        if parts or not is_part_with("network", request):
            return answer
        parts.append(request)
        reply = json.loads(answer)
        event = {"id": "1", "timestamp": "0.0", "class": "network", "operation": "add", "ref": "OpaqueRef:passing"}
        reply["result"]["events"].append({**event, "snapshot": {"uuid": "passing", "name_label": "passing"}})
        reply["result"]["valid_ref_counts"]["network"] += 1
        return json.dumps(reply).encode()

    with forwarder(pool, edit=add_passing) as host:
        gateway, watcher = await connect(pool, url=host.url)

        assert parts
        assert watcher.inventory.count(Network) > 0
        assert watcher.inventory.get(Network, Ref("OpaqueRef:passing")) is None

        await gateway.close()


def is_part_with(name: str, request: bytes) -> bool:
    """Whether it asks, from the beginning, for a part of the classes that has this one."""
    call = json.loads(request)
    if call["method"] != "event.from":
        return False
    classes, token = call["params"][1:3]
    return token == "" and name in classes and len(classes) < len(RECORD_TYPES)


async def test_a_whole_inventory_arrives_as_one_batch_however_large(pool: EmbeddedPool, connect: Connect) -> None:
    with embedded_pool("--vms", "400") as large:
        _, watcher = await connect(large)

        assert watcher.batches[0].is_whole
        assert len(tuple(watcher.batches[0].all())) > FRAME_CHANGES
        assert watcher.inventory.count(VM) >= 400


async def test_a_window_that_stands_still_is_told_the_newest_state_and_not_all_in_between(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    _, watcher = await connect(pool)
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    large, told = "x" * LARGEST_TEXT, len(watcher.batches)

    for number in range(60):  # nothing awaits here, and so nothing is told either
        plain.VM.set_name_description(machine, f"{number} {large}")
        time.sleep(PAUSE_S)  # noqa: ASYNC251 - the loop has to stand still
    await up_to_date(watcher, plain, "still")

    seen = [
        change.record.name_description.split()[0]
        for batch in watcher.batches[told:]
        for change in batch.all()
        if isinstance(change.record, VM) and change.ref == machine
    ]
    assert seen[-1] == "59"
    assert len(seen) <= LARGEST_BACKLOG + 4
    plain.VM.set_name_description(machine, "")


def test_large_records_make_small_frames(pool: EmbeddedPool) -> None:
    vms = [VM(ref=Ref(str(one)), uuid=Uuid(str(one)), name_description="x" * FRAME_BYTES) for one in range(3)]

    cut = list(in_frames([frames.packed(Change(ref=vm.ref, class_name="vm", record=vm)) for vm in vms]))

    assert [len(frame.changes) for frame in cut] == [1, 1, 1]


def test_what_changes_while_it_is_followed_comes_in_smaller_frames_than_all_that_there_is() -> None:
    networks = [Network(ref=Ref(str(one)), uuid=Uuid(str(one))) for one in range(FRAME_CHANGES)]
    changes = [frames.packed(Change(ref=one.ref, class_name="network", record=one)) for one in networks]

    assert [len(frame.changes) for frame in in_frames(changes)] == [FRAME_CHANGES]
    assert [len(frame.changes) for frame in in_frames(changes, FOLLOWING_CHANGES)] == [128, 128, 128, 116]


def test_the_child_ends_with_its_parent(pool: EmbeddedPool) -> None:
    address = parse_address(pool.url)
    with pool.plain_session() as session:
        configuration = frames.FeedConfiguration(
            scheme=address.scheme,
            host=address.host,
            port=address.port,
            wire=Wire.JSON,
            fingerprint=None,
            session=session.handle,
            classes=("vm", "pool"),
        )
        with subprocess.Popen(DEFAULT_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(msgspec.json.encode(configuration) + b"\n")
            child.stdin.flush()
            assert isinstance(next(frames.read_all(child.stdout)), frames.Begin)

            child.stdin.close()

            assert child.wait(DEADLINE_S) == 0


def test_a_frame_that_was_cut_off_is_none() -> None:
    stream = io.BytesIO()
    frames.write(stream, frames.Lost(cause="x"))
    frames.write(stream, frames.Beat())
    cut = io.BytesIO(stream.getvalue()[:-1])

    assert list(frames.read_all(cut)) == [frames.Lost(cause="x")]


def test_a_change_passes_through_a_frame() -> None:
    for change in (
        Change(ref=Ref("r"), class_name="vdi", record=VDI(ref=Ref("r"), uuid=Uuid("u"), virtual_size=2**40)),
        Change(ref=Ref("r"), class_name="vdi", record=None),
    ):
        stream = io.BytesIO()
        frames.write(stream, frames.Some(changes=[frames.packed(change)]))
        stream.seek(0)

        (frame,) = frames.read_all(stream)

        assert isinstance(frame, frames.Some)
        assert [frames.unpacked(one) for one in frame.changes] == [change]
