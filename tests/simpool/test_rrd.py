"""What is measured: updates since a time, whole archives, single values."""

import calendar
import json
import math
import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from embedded import EmbeddedPool, embedded_pool
from plain_http import ask

Updates = Callable[..., Any]


@pytest.fixture
def now(session: Any) -> int:
    host = session.xenapi.host.get_all()[0]
    at = session.xenapi.host.get_servertime(host).value
    return calendar.timegm(time.strptime(at, "%Y%m%dT%H:%M:%SZ"))


@pytest.fixture
def updates(pool: EmbeddedPool, session: Any) -> Updates:
    def fetch(**query: object) -> Any:
        reply = ask(pool, "GET", "/rrd_updates", session_id=session.handle, json="true", **query)
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        return json.loads(reply.body)

    return fetch


def running(session: Any) -> tuple[str, dict[str, Any]]:
    """Return a VM that runs on the coordinator."""
    coordinator = session.xenapi.pool.get_master(session.xenapi.pool.get_all()[0])
    records = session.xenapi.VM.get_all_records().items()
    return next(
        (ref, one)
        for ref, one in records
        if one["power_state"] == "Running" and one["resident_on"] == coordinator and not one["is_control_domain"]
    )


def test_updates_tell_the_latest_first_under_real_legends(session: Any, updates: Updates, now: int) -> None:
    _, vm = running(session)

    answer = updates(start=now - 60, cf="AVERAGE", host="true", interval=5)

    meta, data = answer["meta"], answer["data"]
    assert meta["step"] == 5
    assert (meta["rows"], meta["columns"]) == (len(data), len(meta["legend"]))
    times = [row["t"] for row in data]
    assert times == [meta["end"] - 5 * number for number in range(len(times))]
    assert times[-1] in (meta["start"], meta["start"] - 5)
    assert all(time % 5 == 0 for time in times)
    assert {len(row["values"]) for row in data} == {meta["columns"]}
    assert f"AVERAGE:vm:{vm['uuid']}:cpu0" in meta["legend"]
    assert f"AVERAGE:vm:{vm['uuid']}:memory" in meta["legend"]
    host = session.xenapi.host.get_record(vm["resident_on"])["uuid"]
    assert {f"AVERAGE:host:{host}:{name}" for name in ("cpu0", "memory_free_kib", "pif_eth0_rx", "loadavg")} <= set(
        meta["legend"]
    )


def column(answer: Any, legend: str) -> list[float]:
    place = answer["meta"]["legend"].index(legend)
    return [float(row["values"][place]) for row in answer["data"]]


def test_values_move_within_their_bounds_and_are_the_same_again(session: Any, updates: Updates, now: int) -> None:
    _, vm = running(session)
    legend = f"AVERAGE:vm:{vm['uuid']}:cpu0"

    first = updates(start=now - 300, cf="AVERAGE")
    again = updates(start=now - 300, cf="AVERAGE")

    values = column(first, legend)
    assert len(set(values)) > 10
    assert all(0.0 <= value <= 1.0 for value in values)
    shared = {row["t"]: row["values"] for row in again["data"]}
    assert all(shared.get(row["t"], row["values"]) == row["values"] for row in first["data"])
    assert column(first, f"AVERAGE:vm:{vm['uuid']}:memory")[0] == float(vm["memory_target"])


@pytest.mark.parametrize(
    ("interval", "back", "step"),
    [(5, 300, 5), (0, 300, 5), (5, 3600, 60), (60, 300, 60), (60, 86_400, 3600), (3600, 60, 3600), (86_400, 1, 86_400)],
)
def test_the_finest_archive_that_reaches_back_answers(
    updates: Updates, now: int, interval: int, back: int, step: int
) -> None:
    answer = updates(start=now - back, interval=interval, cf="AVERAGE")

    assert answer["meta"]["step"] == step
    assert len(answer["data"]) <= back // step + 1


def test_a_start_long_ago_or_relative_is_understood(updates: Updates) -> None:
    everything, lately = updates(start=0, cf="AVERAGE"), updates(start=-60, cf="AVERAGE")

    assert (everything["meta"]["step"], everything["meta"]["rows"]) == (86_400, 366)
    assert lately["meta"]["rows"] in (12, 13)


def test_extremes_lie_around_the_average(session: Any, updates: Updates, now: int) -> None:
    _, vm = running(session)

    answer = updates(start=now - 7200, interval=60, vm_uuid=vm["uuid"])

    low, middle, high = (column(answer, f"{cf}:vm:{vm['uuid']}:cpu0") for cf in ("MIN", "AVERAGE", "MAX"))
    assert all(a <= b <= c for a, b, c in zip(low, middle, high, strict=True))
    assert {legend.partition(":")[0] for legend in answer["meta"]["legend"]} == {"AVERAGE", "MIN", "MAX"}


def test_only_the_vms_that_are_wanted_are_told(pool: EmbeddedPool, session: Any, updates: Updates, now: int) -> None:
    _, vm = running(session)

    answer = updates(start=now - 60, vm_uuid=vm["uuid"], cf="AVERAGE")
    none = ask(pool, "GET", "/rrd_updates", session_id=session.handle, start=now, vm_uuid="x")

    assert {legend.split(":")[2] for legend in answer["meta"]["legend"]} == {vm["uuid"]}
    assert none.status == 500
    assert b"Rrd.No_RRA_Available" in none.body


def test_updates_come_as_xml_too(pool: EmbeddedPool, session: Any, now: int) -> None:
    reply = ask(pool, "GET", "/rrd_updates", session_id=session.handle, start=now - 60, cf="AVERAGE", host="true")

    assert reply.headers["content-type"] == "text/xml"
    tree = ElementTree.fromstring(reply.body)
    assert tree.tag == "xport"
    assert [one.tag for one in tree.find("meta") or ()] == ["start", "step", "end", "rows", "columns", "legend"]
    rows = tree.findall("data/row")
    assert len(rows) == int(tree.findtext("meta/rows") or 0)
    assert [one.tag for one in rows[0]] == ["t", *["v"] * len(tree.findall("meta/legend/entry"))]
    accepting = {"Accept": "application/json"}
    assert json.loads(ask(pool, "GET", "/rrd_updates", headers=accepting, session_id=session.handle, start=now).body)


def test_updates_need_a_start_and_a_session(pool: EmbeddedPool, session: Any) -> None:
    assert ask(pool, "GET", "/rrd_updates", session_id=session.handle).status == 400
    assert ask(pool, "GET", "/rrd_updates", session_id=session.handle, start="x").status == 500
    assert ask(pool, "GET", "/rrd_updates", start=0).status == 401


def test_a_vm_is_measured_while_it_runs() -> None:
    with embedded_pool("--speed", "50") as served, served.plain_session() as session:
        api = session.xenapi
        vm, record = next(
            (ref, one)
            for ref, one in api.VM.get_all_records().items()
            if one["power_state"] == "Halted" and not one["is_a_template"] and one["VBDs"]
        )

        def legends() -> set[str]:
            reply = ask(served, "GET", "/rrd_updates", session_id=session.handle, start=-60, json="true", cf="AVERAGE")
            return set(json.loads(reply.body)["meta"]["legend"])

        legend = f"AVERAGE:vm:{record['uuid']}:cpu0"
        assert legend not in legends()
        assert api.VM.get_data_sources(vm) == []
        api.VM.start_on(vm, api.pool.get_master(api.pool.get_all()[0]), False, False)
        assert legend in legends()
        used = api.VM.query_data_source(vm, "cpu0")
        assert 0.0 < used <= 1.0 or math.isnan(used)
        api.VM.hard_shutdown(vm)
        assert legend not in legends()


@pytest.mark.parametrize("path", ["/vm_rrd", "/vm_rrds"])
def test_everything_of_a_vm_is_dumped(pool: EmbeddedPool, session: Any, path: str) -> None:
    _, vm = running(session)

    reply = ask(pool, "GET", path, session_id=session.handle, uuid=vm["uuid"])

    tree = ElementTree.fromstring(reply.body)
    names = [one.text for one in tree.findall("ds/name")]
    assert {"cpu0", "memory", "vif_0_rx", "vbd_xvda_read"} <= set(names)
    archives = tree.findall("rra")
    assert [
        (one.findtext("cf"), one.findtext("pdp_per_row"), len(one.findall("database/row"))) for one in archives[:4]
    ] == [
        ("AVERAGE", "1", 120),
        ("AVERAGE", "12", 120),
        ("AVERAGE", "720", 168),
        ("AVERAGE", "17280", 366),
    ]
    assert {len(row) for row in archives[0].findall("database/row")} == {len(names)}


def test_everything_of_a_host_is_dumped_as_json(pool: EmbeddedPool, session: Any) -> None:
    reply = ask(pool, "GET", "/host_rrd", session_id=session.handle, json="true")

    dump = json.loads(reply.body)
    assert {"memory_total_kib", "cpu_avg"} <= {one["name"] for one in dump["ds"]}
    assert len(dump["rra"]) == 12
    assert len(dump["rra"][0]["database"][0]) == len(dump["ds"])


def test_dumps_of_nothing_are_refused(pool: EmbeddedPool, session: Any) -> None:
    assert ask(pool, "GET", "/vm_rrd", session_id=session.handle).status == 400
    assert ask(pool, "GET", "/vm_rrd", session_id=session.handle, uuid="x").status == 404
    assert ask(pool, "GET", "/sr_rrd", session_id=session.handle).status == 400
    assert ask(pool, "GET", "/sr_rrd", session_id=session.handle, uuid="x").status == 500


def test_single_values_can_be_asked_for(session: Any, refusal: Any) -> None:
    vm, record = running(session)
    api = session.xenapi

    sources = {one["name_label"]: one for one in api.VM.get_data_sources(vm)}
    hosts = {one["name_label"] for one in api.host.get_data_sources(record["resident_on"])}

    assert set(sources["cpu0"]) == {
        *("name_label", "name_description", "enabled", "standard", "units", "min", "max", "value"),
    }
    assert 0.0 <= sources["cpu0"]["value"] <= 1.0
    assert "memory_free_kib" in hosts
    assert api.host.query_data_source(record["resident_on"], "memory_total_kib") > 0
    assert refusal(api.VM.query_data_source, vm, "nosuch") == ["INTERNAL_ERROR", 'Rrd.Invalid_data_source("nosuch")']
    api.VM.record_data_source(vm, "cpu0")
    api.VM.forget_data_source_archives(vm, "cpu0")


def test_two_pools_of_one_seed_measure_the_same() -> None:
    values = []
    for _ in range(2):
        with embedded_pool("--seed", "9") as served, served.plain_session() as session:
            reply = ask(served, "GET", "/rrd_updates", session_id=session.handle, start=0, json="true", cf="AVERAGE")
            answer = json.loads(reply.body)
            _, vm = running(session)
            values.append((vm["uuid"], column(answer, f"AVERAGE:vm:{vm['uuid']}:vif_0_rx")))

    assert values[0] == values[1]
