"""Who may use the data handlers, and what becomes of the task behind a request."""

import base64
from typing import Any

import pytest
from embedded import EmbeddedPool
from plain_http import ask


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
def blob(session: Any) -> str:
    network = session.xenapi.network.get_all()[0]
    ref: str = session.xenapi.network.create_new_blob(network, f"b{session.xenapi.task.create('x', '')}", "", False)
    return ref


def test_nobody_is_asked_for_a_name_and_a_password(pool: EmbeddedPool) -> None:
    reply = ask(pool, "GET", "/audit_log")

    assert (reply.status, reply.reason, reply.is_closed) == (401, "Unauthorised", True)
    assert reply.headers["www-authenticate"] == 'Basic realm="get_audit_log"'
    assert (
        reply.body
        == b"<html><body><h1>HTTP 401 unauthorised</h1>Please check your credentials and retry.</body></html>"
    )


def test_a_session_may_come_as_a_cookie_or_in_the_query_and_the_cookie_counts(pool: EmbeddedPool, session: Any) -> None:
    cookie, wrong = {"Cookie": f"session_id={session.handle}"}, {"Cookie": "session_id=OpaqueRef:x"}

    assert ask(pool, "GET", "/audit_log", session_id=session.handle).status == 200
    assert ask(pool, "GET", "/audit_log", headers=cookie).status == 200
    assert ask(pool, "GET", "/audit_log", headers=cookie, session_id="OpaqueRef:x").status == 200
    assert ask(pool, "GET", "/audit_log", headers=wrong, session_id=session.handle).status == 401


def test_a_name_and_a_password_open_a_session_for_one_request(pool: EmbeddedPool, session: Any) -> None:
    before = len(session.xenapi.session.get_all_subject_identifiers())

    assert ask(pool, "GET", "/audit_log", headers=basic("dave", pool.passwords["dave"])).status == 200
    assert ask(pool, "GET", "/audit_log", headers=basic("root", "wrong")).status == 401
    assert ask(pool, "GET", "/audit_log", headers={"Authorization": "Basic ?"}).status == 401
    assert ask(pool, "GET", "/audit_log", headers={"Authorization": "Bearer x"}).status == 500
    assert len(session.xenapi.session.get_all_subject_identifiers()) == before


def test_a_role_that_is_too_low_is_forbidden(pool: EmbeddedPool, session: Any, blob: str) -> None:
    task = session.xenapi.task.create("upload", "")

    with pool.plain_session("carol") as low:
        reply = ask(pool, "PUT", "/blob", b"x", ref=blob, session_id=low.handle, task_id=task)

    assert (reply.status, reply.reason) == (403, "Forbidden")
    error = session.xenapi.task.get_error_info(task)
    assert error[:2] == ["RBAC_PERMISSION_DENIED", "http/put_blob"]
    assert session.xenapi.task.get_status(task) == "failure"


@pytest.mark.parametrize(
    ("method", "path", "able", "unable"),
    [
        ("GET", "/export", "carol", "dave"),
        ("GET", "/export_metadata", "carol", "dave"),
        ("GET", "/export_raw_vdi", "carol", "dave"),
        ("PUT", "/import", "carol", "dave"),
        ("PUT", "/import_metadata", "carol", "dave"),
        ("PUT", "/import_raw_vdi", "carol", "dave"),
        ("PUT", "/messages", "bob", "carol"),
        ("PUT", "/blob", "bob", "carol"),
        ("GET", "/rrd_updates", "eve", None),
        ("GET", "/vm_rrd", "eve", None),
        ("GET", "/audit_log", "eve", None),
    ],
)
def test_each_handler_has_its_lowest_role(
    pool: EmbeddedPool, method: str, path: str, able: str, unable: str | None
) -> None:
    with pool.plain_session(able) as session:
        assert ask(pool, method, path, b"", session_id=session.handle).status not in (401, 403)
    if unable is not None:
        with pool.plain_session(unable) as session:
            assert ask(pool, method, path, b"", session_id=session.handle).status == 403


def test_the_clients_task_ends_with_its_request(pool: EmbeddedPool, session: Any) -> None:
    tasks = [session.xenapi.task.create(name, "") for name in ("query", "cookie", "header")]

    reply = ask(pool, "GET", "/audit_log", session_id=session.handle, task_id=tasks[0])
    ask(pool, "GET", "/audit_log", headers={"Cookie": f"session_id={session.handle}; task_id={tasks[1]}"})
    ask(pool, "GET", "/audit_log", headers={"task-id": tasks[2]}, session_id=session.handle)

    assert reply.headers["task-id"] == tasks[0]
    for task in tasks:
        record = session.xenapi.task.get_record(task)
        assert (record["status"], record["progress"], record["allowed_operations"]) == ("success", 1.0, [])


def test_a_request_without_a_task_gets_one_that_goes_with_it(pool: EmbeddedPool, session: Any, refusal: Any) -> None:
    reply = ask(pool, "GET", "/audit_log", session_id=session.handle)

    task = reply.headers["task-id"]
    assert refusal(session.xenapi.task.get_status, task) == ["HANDLE_INVALID", "task", task]


def test_the_clients_task_fails_where_nobody_is_logged_in(pool: EmbeddedPool, session: Any) -> None:
    task = session.xenapi.task.create("download", "")

    assert ask(pool, "GET", "/audit_log", session_id="OpaqueRef:x", task_id=task).status == 401
    assert session.xenapi.task.get_error_info(task) == ["SESSION_AUTHENTICATION_FAILED"]


def test_a_task_that_does_not_exist_is_no_task(pool: EmbeddedPool, session: Any) -> None:
    reply = ask(pool, "GET", "/audit_log", session_id=session.handle, task_id="OpaqueRef:x")

    assert reply.status == 500
    assert b"HANDLE_INVALID: [ task; OpaqueRef:x ]" in reply.body


def test_a_handler_can_be_made_to_fail(pool: EmbeddedPool, session: Any) -> None:
    task = session.xenapi.task.create("download", "")
    pool.control("fail", method="http/get_audit_log", code="SR_FULL", params=["1", "2"])

    reply = ask(pool, "GET", "/audit_log", session_id=session.handle, task_id=task)

    assert reply.status == 500
    assert session.xenapi.task.get_error_info(task) == ["SR_FULL", "1", "2"]


def test_a_blob_holds_what_was_put_into_it(pool: EmbeddedPool, session: Any, blob: str) -> None:
    contents = bytes(range(256)) * 5000
    empty = ask(pool, "GET", "/blob", ref=blob, session_id=session.handle)

    put = ask(pool, "PUT", "/blob", contents, ref=blob, session_id=session.handle)
    got = ask(pool, "GET", "/blob", ref=blob, session_id=session.handle)

    assert (empty.status, put.status, got.status) == (404, 200, 200)
    assert got.body == contents
    assert got.headers["content-type"] == "application/octet-stream"
    assert session.xenapi.blob.get_size(blob) == str(len(contents))
    assert session.xenapi.blob.get_last_updated(blob).value > "2020"


def test_a_public_blob_is_for_everybody_to_read(pool: EmbeddedPool, session: Any) -> None:
    vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
    blob = session.xenapi.VM.create_new_blob(vm, "picture", "image/png", True)
    uuid = session.xenapi.blob.get_uuid(blob)

    assert ask(pool, "PUT", "/blob", b"png", uuid=uuid).status == 401
    ask(pool, "PUT", "/blob", b"png", uuid=uuid, session_id=session.handle)
    got = ask(pool, "GET", "/blob", uuid=uuid)

    assert (got.status, got.body, got.headers["content-type"]) == (200, b"png", "image/png")
    assert session.xenapi.VM.get_blobs(vm) == {"picture": blob}
    session.xenapi.blob.destroy(blob)
    assert session.xenapi.VM.get_blobs(vm) == {}


def test_a_blob_goes_with_its_vm(session: Any) -> None:
    template = session.xenapi.VM.get_by_name_label("Debian 12 golden")[0]
    vm = session.xenapi.VM.clone(template, "brief")
    blob = session.xenapi.VM.create_new_blob(vm, "notes", "text/plain", False)

    session.xenapi.VM.destroy(vm)

    assert blob not in session.xenapi.blob.get_all()


def test_a_blob_that_does_not_exist_is_missing(pool: EmbeddedPool, session: Any) -> None:
    assert ask(pool, "GET", "/blob", session_id=session.handle).status == 400
    assert ask(pool, "GET", "/blob", ref="OpaqueRef:x", session_id=session.handle).status == 404
    assert ask(pool, "PUT", "/blob", b"", uuid="x", session_id=session.handle).body == b"Unknown reference\n"
