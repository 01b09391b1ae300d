"""Which host answers what: each its own, and it says where the rest is."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from embedded import EmbeddedHost, EmbeddedPool
from plain_http import Reply, ask


@pytest.fixture
def supporter(pool: EmbeddedPool) -> EmbeddedHost:
    return pool.hosts[1]


def ask_at(asked: EmbeddedHost, pool: EmbeddedPool, method: str, path: str, **query: object) -> Reply:
    return ask(pool, method, path, url=asked.url, **query)


def disk_on(session: Any, sr: str) -> str:
    fields = {"virtual_size": "1048576", "type": "user", "sharable": False, "read_only": False, "other_config": {}}
    ref: str = session.xenapi.VDI.create({**fields, "SR": session.xenapi.SR.get_by_name_label(sr)[0]})
    return ref


def test_a_disk_that_another_host_sees_is_had_from_there(
    pool: EmbeddedPool, session: Any, supporter: EmbeddedHost
) -> None:
    local = disk_on(session, "Local xen-1")
    task = session.xenapi.task.create("export", "")
    query = {"vdi": local, "session_id": session.handle, "task_id": task, "format": "raw"}

    there, here = ask_at(supporter, pool, "GET", "/export_raw_vdi", **query), urlsplit(pool.url)

    assert there.status == 302
    location = urlsplit(there.headers["location"])
    assert (location.scheme, location.netloc, location.path) == (here.scheme, here.netloc, "/export_raw_vdi")
    assert {name: values[0] for name, values in parse_qs(location.query).items()} == query
    assert session.xenapi.task.get_status(task) == "pending"
    assert ask(pool, "GET", f"{location.path}?{location.query}").status == 200
    assert session.xenapi.task.get_status(task) == "success"


def test_a_supporter_answers_what_it_sees_itself(pool: EmbeddedPool, session: Any, supporter: EmbeddedHost) -> None:
    shared = disk_on(session, "NFS-silver")

    reply = ask_at(supporter, pool, "GET", "/export_raw_vdi", vdi=shared, session_id=session.handle)

    assert (reply.status, reply.body) == (200, bytes(1 << 20))


def test_a_vm_comes_to_the_host_that_sees_the_sr(pool: EmbeddedPool, session: Any, supporter: EmbeddedHost) -> None:
    sr = session.xenapi.SR.get_by_name_label("Local xen-1")[0]

    reply = ask_at(supporter, pool, "PUT", "/import", sr_id=sr, session_id=session.handle)

    assert reply.status == 302
    assert reply.headers["location"].startswith(f"{pool.url}/import?")


def test_messages_go_to_the_coordinator(pool: EmbeddedPool, session: Any, supporter: EmbeddedHost) -> None:
    reply = ask_at(supporter, pool, "PUT", "/messages", cls="VM", uuid="x", session_id=session.handle)

    assert (reply.status, urlsplit(reply.headers["location"]).path) == (302, "/messages")


def test_each_host_measures_its_own_vms(pool: EmbeddedPool, session: Any) -> None:
    api = session.xenapi
    names = {ref: one["name_label"] for ref, one in api.host.get_all_records().items()}
    running = [one for one in api.VM.get_all_records().values() if one["power_state"] == "Running"]
    for host in pool.hosts:
        reply = ask_at(
            host, pool, "GET", "/rrd_updates", start=-60, json="true", host="true", session_id=session.handle
        )
        legend = json.loads(reply.body)["meta"]["legend"]
        told = {entry.split(":")[2] for entry in legend if ":vm:" in entry}
        assert told == {
            one["uuid"]
            for one in running
            if names.get(one["resident_on"]) == host.name and not one["is_control_domain"]
        }
        assert len({entry.split(":")[2] for entry in legend if ":host:" in entry}) == 1


def test_the_measurements_of_a_vm_are_where_it_runs(pool: EmbeddedPool, session: Any, supporter: EmbeddedHost) -> None:
    api = session.xenapi
    host = next(ref for ref, one in api.host.get_all_records().items() if one["name_label"] == supporter.name)
    vm = next(
        one
        for one in api.VM.get_all_records().values()
        if one["resident_on"] == host and one["power_state"] == "Running" and not one["is_control_domain"]
    )

    from_coordinator = ask(pool, "GET", "/vm_rrd", uuid=vm["uuid"], session_id=session.handle)

    assert from_coordinator.status == 302
    assert from_coordinator.headers["location"].startswith(f"{supporter.url}/vm_rrd?")
    assert ask_at(supporter, pool, "GET", "/vm_rrd", uuid=vm["uuid"], session_id=session.handle).status == 200
