"""The log of who called what, in xapi's own form."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pool
from plain_http import ask

LINE = re.compile(
    r"\[(?P<time>\d{8}T\d\d:\d\d:\d\d\.\d{3}Z)\|(?P<type>\w+)\|(?P<host>[^|]*)\|(?P<thread>[^|]*)"
    r"\|(?P<task>[^|]*)\|audit\] "
    r"\('(?P<track>trackid=[0-9a-f]{32})' '(?P<sid>[^']*)' '(?P<name>[^']*)' '(?P<verdict>ALLOWED|DENIED)' "
    r"'(?P<outcome>[^']*)' '(?P<kind>API|HTTP)' '(?P<call>[^']*)' \((?P<params>.*)\)\)"
)


def lines(pool: EmbeddedPool, session: Any, **query: str) -> list[dict[str, str]]:
    reply = ask(pool, "GET", "/audit_log", session_id=session.handle, **query)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain")
    assert "content-length" not in reply.headers
    found = [LINE.fullmatch(line) for line in reply.body.decode("ascii").splitlines()]
    assert None not in found
    return [match.groupdict() for match in found if match is not None]


def of_call(pool: EmbeddedPool, session: Any, call: str) -> dict[str, str]:
    return [line for line in lines(pool, session) if line["call"] == call][-1]


def test_a_call_with_an_effect_leaves_a_line(pool: EmbeddedPool, session: Any) -> None:
    vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
    uuid = session.xenapi.VM.get_uuid(vm)

    session.xenapi.VM.add_tags(vm, "seen")

    line = of_call(pool, session, "VM.add_tags")
    assert line["track"] == f"trackid={hashlib.md5(session.handle.encode()).hexdigest()}"
    assert (line["sid"], line["name"], line["verdict"], line["outcome"]) == ("LOCAL_SUPERUSER", "root", "ALLOWED", "OK")
    assert (line["kind"], line["host"], line["type"]) == ("API", "xen-1", "audit")
    assert line["params"] == f"('self' 'jumpbox' '{uuid}' '{vm}')"


def test_reading_leaves_none(pool: EmbeddedPool, session: Any) -> None:
    session.xenapi.host.get_all_records()
    getattr(session.xenapi.event, "from")(["pool"], "", 0.0)

    calls = {line["call"] for line in lines(pool, session)}

    assert not {call for call in calls if call.startswith("host.get") or call == "event.from"}


def test_a_failure_is_shown_with_its_code(pool: EmbeddedPool, session: Any) -> None:
    with pytest.raises(XenAPI.Failure):
        session.xenapi.VM.start("OpaqueRef:x", True, False)

    line = of_call(pool, session, "VM.start")
    assert line["outcome"] == "ERROR:HANDLE_INVALID: [ VM; OpaqueRef:x ]"
    assert line["params"] == ("('vm' '' '' 'OpaqueRef:x') ('start_paused' 'B(true)' '' '') ('force' 'B(false)' '' '')")


def test_what_a_role_does_not_allow_is_shown_as_denied(pool: EmbeddedPool, session: Any) -> None:
    with pool.plain_session("eve") as low:
        with pytest.raises(XenAPI.Failure):
            low.xenapi.network.create({"name_label": "no", "other_config": {}})
        ask(pool, "PUT", "/blob", b"", session_id=low.handle)

    line = of_call(pool, session, "network.create")
    assert (line["name"], line["verdict"], line["outcome"]) == ("eve", "DENIED", "")
    assert line["sid"].startswith("S-1-5-21-")
    assert line["params"] == "('name_label' 'no' '' '')"
    handler = of_call(pool, session, "http/put_blob")
    assert (handler["kind"], handler["verdict"]) == ("HTTP", "DENIED")


def test_what_is_destroyed_is_named_all_the_same(pool: EmbeddedPool, session: Any) -> None:
    network = session.xenapi.network.create({"name_label": "it's\nbrief ž", "other_config": {}})
    uuid = session.xenapi.network.get_uuid(network)

    session.xenapi.network.destroy(network)

    assert of_call(pool, session, "network.destroy")["params"] == (
        rf"('self' 'it\\'s brief \xC5\xBE' '{uuid}' '{network}')"
    )


def test_an_asynchronous_call_is_noted_when_it_is_over(pool: EmbeddedPool, session: Any) -> None:
    task = session.xenapi.Async.network.create({"name_label": "later", "other_config": {}})
    while session.xenapi.task.get_status(task) == "pending":
        pass

    line = of_call(pool, session, "network.create")
    assert line["outcome"] == "OK"
    assert line["task"] == f"network.create R:{task.removeprefix('OpaqueRef:').replace('-', '')[:12]}"


def test_logins_of_subjects_are_noted_and_those_of_root_are_not(pool: EmbeddedPool, session: Any) -> None:
    with pool.plain_session("dave"):
        pass

    found = [line for line in lines(pool, session) if line["call"].startswith("session.")]
    assert [line["call"] for line in found if line["name"] == "dave"][-2:] == ["session.create", "session.destroy"]
    assert "root" not in {line["name"] for line in found}
    assert "('uname' 'dave' '' '') ('originator' 'tests' '' '')" in {line["params"] for line in found}


def test_a_login_for_one_request_is_noted_too(pool: EmbeddedPool, session: Any) -> None:
    credentials = base64.b64encode(f"dave:{pool.passwords['dave']}".encode()).decode()
    ask(pool, "GET", "/audit_log", headers={"Authorization": f"Basic {credentials}"})

    found = [line for line in lines(pool, session) if line["name"] == "dave"][-3:]
    assert [line["call"] for line in found] == ["session.create", "http/get_audit_log", "session.destroy"]
    assert "using Basic auth" in found[0]["params"]


def test_only_lines_from_a_time_on_are_wanted(pool: EmbeddedPool, session: Any) -> None:
    session.xenapi.task.create("one", "")
    last = lines(pool, session)[-1]["time"]
    as_people_write_it = f"{last[:4]}-{last[4:6]}-{last[6:]}"

    later = lines(pool, session, since=as_people_write_it)

    assert later[0]["time"] >= last
    assert len(later) < len(lines(pool, session))
    assert lines(pool, session, since="2999-01-01") == []


def test_the_log_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "pool.json"
    with embedded_pool("--state", str(file)) as first:
        with first.plain_session() as session:
            session.xenapi.task.create("before", "")
        first.stop()
    with embedded_pool("--state", str(file)) as second, second.plain_session() as session:
        assert "'before'" in " ".join(line["params"] for line in lines(second, session))
