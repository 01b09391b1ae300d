"""What hosts say of themselves and their VMs is read as it is, and what is no such answer is refused."""

import json
import math
from datetime import timedelta

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM, Host
from xsconsole.domain.metrics import charts
from xsconsole.domain.words import explain
from xsconsole.errors import HostSilent
from xsconsole.xapi.errors import BadAnswer
from xsconsole.xapi.measurements import measured_of

UUID = Uuid("a-1")


def answer(legend: list[str], *rows: tuple[int, list[object]]) -> bytes:
    data = [{"t": at, "values": values} for at, values in rows]
    return json.dumps({"meta": {"legend": legend}, "data": data}).encode()


def test_the_columns_of_one_object_are_read_the_oldest_first() -> None:
    legend = ["AVERAGE:vm:a-1:cpu0", "AVERAGE:vm:b-2:cpu0", "AVERAGE:vm:a-1:vbd_xvda_read"]

    found = measured_of(answer(legend, (10, [0.5, 9, "NaN"]), (5, ["0.25", 9, math.inf])), UUID)

    assert [at.timestamp() for at in found.times] == [5.0, 10.0]
    assert found.values["cpu0"] == (0.25, 0.5)
    assert all(math.isnan(value) for value in found.values["vbd_xvda_read"])


def test_an_object_that_is_not_measured_has_no_values() -> None:
    assert measured_of(answer(["AVERAGE:vm:b-2:cpu0"], (5, [1])), UUID).times == ()
    assert measured_of(answer(["AVERAGE:vm:a-1:cpu0"]), UUID).times == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"meta": {}}',
        b'{"meta": {"legend": []}, "data": 7}',
        answer(["AVERAGE:vm:a-1:cpu0"], (5, [])),
        answer(["AVERAGE:vm:a-1:cpu0"], (5, ["many"])),
        b'{"meta": {"legend": ["AVERAGE:vm:a-1:cpu0"]}, "data": [{"t": 1e300, "values": [1]}]}',
    ],
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        measured_of(body, UUID)


async def test_a_host_answers_for_itself_and_for_the_machines_on_it(pool: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(pool)
    vm = next(vm for vm in watcher.inventory.all(VM) if vm.is_ordinary and vm.power_state == "Running")
    host = watcher.inventory.get(Host, vm.resident_on)
    assert host is not None

    of_vm = await gateway.measurements.read(host.address, vm.uuid, timedelta(minutes=10), 5)
    of_host = await gateway.measurements.read(host.address, host.uuid, timedelta(hours=2), 60)

    assert {chart.title for chart in charts(of_vm)} == {"CPU", "Memory", "Disk", "Network"}
    assert {chart.title for chart in charts(of_host)} >= {"CPU", "Memory", "Network"}


async def test_a_host_that_does_not_answer_is_named_and_no_broken_road(pool: EmbeddedPool, connect: Connect) -> None:
    gateway, _ = await connect(pool)

    with pytest.raises(HostSilent) as silent:
        await gateway.measurements.read("127.255.255.1", UUID, timedelta(minutes=10), 5)

    assert "127.255.255.1" in explain(silent.value).failed
    assert "reconnect" not in explain(silent.value).mend
