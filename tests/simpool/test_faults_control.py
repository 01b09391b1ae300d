"""The control endpoint: calls that fail, dawdle or lose their connection when told to."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool

DEADLINE_S = 30.0
MOMENT_S = 0.2


@pytest.fixture
def breakable(fresh_pool: EmbeddedPool) -> Iterator[Any]:
    with fresh_pool.plain_session() as session:
        yield session
        fresh_pool.control("clear")


def once(pool: EmbeddedPool, method: str, *params: object) -> Any:
    """Make a call that nobody repeats when its answer is lost."""
    body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).encode()
    connection = http.client.HTTPConnection(pool.url.removeprefix("http://"), timeout=DEADLINE_S)
    try:
        connection.request("POST", "/jsonrpc", body)
        return json.load(connection.getresponse())
    finally:
        connection.close()


def finished(session: Any, task: str) -> dict[str, Any]:
    """Follow a task on the feed until it is no longer pending, and return its record."""
    token, deadline = "", time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        answer = getattr(session.xenapi.event, "from")([f"task/{task}"], token, 5.0)
        token = answer["token"]
        for event in answer["events"]:
            if event["operation"] != "del" and event["snapshot"]["status"] != "pending":
                record: dict[str, Any] = event["snapshot"]
                return record
    raise AssertionError(f"the task {task} did not end")


def test_the_nth_call_of_a_method_fails(fresh_pool: EmbeddedPool, breakable: Any, refusal: Callable[..., Any]) -> None:
    network = breakable.xenapi.network.get_all()[0]
    fresh_pool.control("fail", method="network.add_tags", nth=2, code="SR_FULL", params=["1", "2"])

    breakable.xenapi.network.add_tags(network, "one")
    details = refusal(breakable.xenapi.network.add_tags, network, "two")
    breakable.xenapi.network.add_tags(network, "three")

    assert details == ["SR_FULL", "1", "2"]
    assert breakable.xenapi.network.get_tags(network) == ["one", "three"]


def test_counting_starts_with_the_command(
    fresh_pool: EmbeddedPool, breakable: Any, refusal: Callable[..., Any]
) -> None:
    network = breakable.xenapi.network.get_all()[0]
    breakable.xenapi.network.add_tags(network, "before")

    fresh_pool.control("fail", method="network.add_tags", nth=1, code="SR_FULL")

    assert refusal(breakable.xenapi.network.add_tags, network, "after") == ["SR_FULL"]


def test_with_nth_zero_every_call_fails(fresh_pool: EmbeddedPool, breakable: Any, refusal: Callable[..., Any]) -> None:
    network = breakable.xenapi.network.get_all()[0]
    fresh_pool.control("fail", method="network.add_tags", nth=0, code="SR_FULL")

    assert [refusal(breakable.xenapi.network.add_tags, network, tag) for tag in "ab"] == [["SR_FULL"]] * 2


def test_a_failure_in_an_asynchronous_call_fails_its_task(fresh_pool: EmbeddedPool, breakable: Any) -> None:
    fresh_pool.control("fail", method="Async.network.create", code="INTERNAL_ERROR", params=["on command"])

    task = breakable.xenapi.Async.network.create({"name_label": "x", "other_config": {}})

    record = finished(breakable, task)
    assert record["status"] == "failure"
    assert record["error_info"] == ["INTERNAL_ERROR", "on command"]
    assert record["progress"] == 1.0


def test_a_delayed_call_takes_its_time(fresh_pool: EmbeddedPool, breakable: Any) -> None:
    fresh_pool.control("delay", method="network.get_all", seconds=MOMENT_S)
    before = time.monotonic()

    breakable.xenapi.network.get_all()

    assert time.monotonic() - before >= MOMENT_S


@pytest.mark.parametrize("order", [{"do": "clear"}, {"do": "delay", "method": "network.get_all", "seconds": 0}])
def test_a_delayed_call_goes_on_as_soon_as_the_pool_is_to_behave(
    fresh_pool: EmbeddedPool, breakable: Any, order: dict[str, Any]
) -> None:
    fresh_pool.control("delay", method="network.get_all", seconds=3600)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(once(fresh_pool, "network.get_all", breakable.handle)))
    thread.start()
    thread.join(MOMENT_S)

    assert answers == []
    fresh_pool.control(**order)
    thread.join(DEADLINE_S)
    assert answers[0]["result"]


@pytest.mark.parametrize(("when", "tags"), [("before", []), ("after", ["lost"])])
def test_a_connection_is_lost_before_or_after_the_effect(
    fresh_pool: EmbeddedPool, breakable: Any, when: str, tags: list[str]
) -> None:
    network = breakable.xenapi.network.get_all()[0]
    fresh_pool.control("drop", method="network.add_tags", nth=1, when=when)

    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        once(fresh_pool, "network.add_tags", breakable.handle, network, "lost")

    assert breakable.xenapi.network.get_tags(network) == tags


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("after", 1)])
def test_the_reference_of_a_task_can_be_lost(fresh_pool: EmbeddedPool, breakable: Any, when: str, count: int) -> None:
    fresh_pool.control("drop", method="network.create", nth=1, when=when)

    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        once(fresh_pool, "Async.network.create", breakable.handle, {"name_label": "lost", "other_config": {}})

    tasks = breakable.xenapi.task.get_all_records()
    assert [record["name_label"] for record in tasks.values()] == ["Async.network.create"] * count


def test_a_paused_pool_answers_when_it_goes_on(fresh_pool: EmbeddedPool, breakable: Any) -> None:
    fresh_pool.control("pause")
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(once(fresh_pool, "pool.get_all", breakable.handle)))
    thread.start()
    thread.join(MOMENT_S)

    assert answers == []
    fresh_pool.control("resume")
    thread.join(DEADLINE_S)
    assert len(answers[0]["result"]) == 1


def test_the_log_says_who_called_what(fresh_pool: EmbeddedPool, breakable: Any, refusal: Callable[..., Any]) -> None:
    network = breakable.xenapi.network.get_all()[0]
    fresh_pool.calls()
    with fresh_pool.plain_session("eve") as eve:
        refusal(eve.xenapi.network.set_name_label, network, "mine")

    calls = fresh_pool.calls()

    assert [(call["method"], call["user"], call["outcome"]) for call in calls] == [
        ("session.login_with_password", "", "ok"),
        ("network.set_name_label", "eve", "RBAC_PERMISSION_DENIED"),
        ("session.logout", "eve", "ok"),
    ]
    assert calls[1]["params"] == [network, "mine"]
    assert fresh_pool.passwords["eve"] not in json.dumps(calls)
    assert fresh_pool.calls() == []


def test_a_storage_repository_is_filled(fresh_pool: EmbeddedPool, breakable: Any) -> None:
    fresh_pool.control("fill_sr", sr="NFS-silver", free_bytes=1_000)

    record = breakable.xenapi.SR.get_record(breakable.xenapi.SR.get_by_name_label("NFS-silver")[0])
    assert int(record["physical_size"]) - int(record["physical_utilisation"]) == 1_000


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"[]", "a command is an object"),
        (b'{"do":"dance"}', "known commands: churn, clear"),
        (b'{"do":"fail"}', "fail: it needs a 'code' beside 'do'"),
        (b'{"do":"fail","code":"X","method":"VM.start","nth":-1}', "fail: calls are counted from 1"),
        (b'{"do":"fail","code":"X","method":"VM.start","nth":[]}', "fail: a value is of the wrong kind: int()"),
        (b'{"do":"set_field","cls":"X","field":"y","ref":"z","value":1}', "set_field: there is no X"),
        (b'{"do":"fill_sr","sr":"x","free_bytes":1}', "UUID_INVALID, SR, x"),
    ],
)
def test_what_is_no_command_is_refused_in_a_sentence(pool: EmbeddedPool, body: bytes, reason: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(pool.control_url, data=body), timeout=DEADLINE_S)

    assert caught.value.code == 400
    assert json.load(caught.value)["error"].startswith(reason)
    caught.value.close()


def test_faults_can_be_given_from_the_start(tmp_path: Path, refusal: Callable[..., Any]) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"do": "fail", "method": "network.get_all", "code": "SR_FULL"}]))

    with embedded_pool("--faults", str(faults)) as served, served.plain_session() as session:
        assert refusal(session.xenapi.network.get_all) == ["SR_FULL"]
