"""Who may log in to the embedded pool, and what each role may call."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from embedded import EmbeddedPool

Login = Callable[[str], Any]


@pytest.fixture
def login(pool: EmbeddedPool) -> Iterator[Login]:
    with ExitStack() as stack:
        yield lambda user: stack.enter_context(pool.plain_session(user))


def denied(details: list[str]) -> str:
    assert details[0] == "RBAC_PERMISSION_DENIED"
    assert details[2].startswith("No permission in user session. (Roles with this permission: pool-admin")
    return details[1]


def test_a_login_gives_a_session(login: Login) -> None:
    session = login("root")

    record = session.xenapi.session.get_record(session.handle)

    assert record["is_local_superuser"] is True
    assert record["auth_user_name"] == "root"
    assert record["originator"] == "tests"
    assert record["this_host"] == session.xenapi.pool.get_master(session.xenapi.pool.get_all()[0])


def test_a_subject_is_no_superuser(login: Login) -> None:
    session = login("alice")

    record = session.xenapi.session.get_record(session.handle)

    assert record["is_local_superuser"] is False
    assert session.xenapi.subject.get_subject_identifier(record["subject"]) == record["auth_user_sid"]


def test_a_login_needs_a_name_and_a_password(json_call: Any) -> None:
    answer = json_call("session.login_with_password", "root")

    assert answer["error"]["message"] == "MESSAGE_PARAMETER_COUNT_MISMATCH"
    assert answer["error"]["data"] == ["session.login_with_password", "2", "1"]


def test_more_arguments_than_a_login_knows_do_no_harm(pool: EmbeddedPool, json_call: Any) -> None:
    answer = json_call("session.login_with_password", "root", pool.password, "1.0", "me", "and more")

    assert answer["result"].startswith("OpaqueRef:")


def test_a_wrong_password_is_refused_after_five_seconds_of_the_pools_time(json_call: Any) -> None:
    began = time.monotonic()

    answer = json_call("session.login_with_password", "root", "wrong")

    assert time.monotonic() - began >= 5 / 50  # how fast the pool's time runs here
    assert answer["error"]["message"] == "SESSION_AUTHENTICATION_FAILED"
    assert answer["error"]["data"] == ["root", "Authentication failure"]


def test_a_session_ends_with_its_logout(pool: EmbeddedPool, json_call: Any) -> None:
    answer = json_call("session.login_with_password", "root", pool.password)
    handle = answer["result"]

    assert json_call("session.logout", handle)["result"] == ""
    assert json_call("VM.get_all", handle)["error"]["message"] == "SESSION_INVALID"


def test_the_first_line_names_a_user_of_each_role(pool: EmbeddedPool) -> None:
    assert set(pool.roles.values()) == {
        *("pool-admin", "pool-operator", "vm-power-admin", "vm-admin", "vm-operator", "read-only"),
    }


def test_the_roles_are_objects_of_the_pool(login: Login) -> None:
    session = login("eve")
    subject = session.xenapi.session.get_subject(session.handle)

    roles = session.xenapi.subject.get_roles(subject)

    assert [session.xenapi.role.get_name_label(role) for role in roles] == ["read-only"]


def test_the_identifiers_of_who_is_logged_in_are_known(login: Login) -> None:
    eve = login("eve")
    identifier = eve.xenapi.session.get_auth_user_sid(eve.handle)

    assert identifier in eve.xenapi.session.get_all_subject_identifiers()


@pytest.mark.parametrize(
    ("user", "method", "permission"),
    [
        ("eve", "VM.start", "vm.start"),
        ("dave", "VM.clone", "vm.clone"),
        ("carol", "VM.snapshot", "vm.snapshot"),
        ("bob", "pool.add_to_other_config", "pool.add_to_other_config"),
        ("alice", "subject.create", "subject.create"),
    ],
)
def test_a_role_may_not_call_what_the_next_higher_may(
    login: Login, refusal: Any, user: str, method: str, permission: str
) -> None:
    session = login(user)
    cls, _, message = method.partition(".")
    arguments: dict[str, tuple[object, ...]] = {
        "start": ("OpaqueRef:x", False, False),
        "clone": ("OpaqueRef:x", "name"),
        "snapshot": ("OpaqueRef:x", "name"),
        "add_to_other_config": ("OpaqueRef:x", "key", "value"),
        "create": ({"subject_identifier": "S-1", "other_config": {}},),
    }

    details = refusal(getattr(getattr(session.xenapi, cls), message), *arguments[message])

    assert denied(details) == permission


@pytest.mark.parametrize(
    ("user", "method", "arguments"),
    [
        ("dave", "VM.start", ("OpaqueRef:x", False, False)),
        ("carol", "VM.clone", ("OpaqueRef:x", "name")),
        ("bob", "VM.snapshot", ("OpaqueRef:x", "name")),
        ("alice", "pool.add_to_other_config", ("OpaqueRef:x", "key", "value")),
        ("adam", "pool.add_to_other_config", ("OpaqueRef:x", "key", "value")),
    ],
)
def test_a_role_may_call_what_it_is_for(
    login: Login, refusal: Any, user: str, method: str, arguments: tuple[object, ...]
) -> None:
    session = login(user)
    cls, _, message = method.partition(".")

    details = refusal(getattr(getattr(session.xenapi, cls), message), *arguments)

    assert details == ["HANDLE_INVALID", cls, "OpaqueRef:x"]


def test_a_folder_may_be_set_by_who_may_not_set_other_keys(login: Login, refusal: Any) -> None:
    session = login("dave")
    vm = session.xenapi.VM.get_by_name_label("monitoring")[0]

    session.xenapi.VM.add_to_other_config(vm, "folder", "/here")
    session.xenapi.VM.add_to_other_config(vm, "XenCenter.CustomFields.Owner", "dave")
    session.xenapi.VM.remove_from_other_config(vm, "folder")
    session.xenapi.VM.remove_from_other_config(vm, "XenCenter.CustomFields.Owner")

    details = refusal(session.xenapi.VM.add_to_other_config, vm, "mine", "value")
    assert denied(details) == "vm.add_to_other_config"


def test_a_guarded_key_is_named_in_the_refusal(login: Login, refusal: Any) -> None:
    session = login("eve")
    vm = session.xenapi.VM.get_by_name_label("monitoring")[0]

    details = refusal(session.xenapi.VM.add_to_other_config, vm, "folder", "/here")

    assert denied(details) == "vm.add_to_other_config/key:folder"


def test_who_only_reads_may_have_tasks_and_watch(login: Login) -> None:
    session = login("eve")

    task = session.xenapi.task.create("mine", "")

    assert session.xenapi.task.get_status(task) == "pending"
    assert getattr(session.xenapi.event, "from")([f"task/{task}"], "", 5.0)["events"]
    session.xenapi.task.set_status(task, "success")
    session.xenapi.task.destroy(task)


def test_the_task_of_somebody_else_is_not_ones_own(login: Login, refusal: Any) -> None:
    alice, bob = login("alice"), login("bob")
    task = bob.xenapi.task.create("of bob", "")

    assert denied(refusal(login("carol").xenapi.task.destroy, task)) == "task.destroy_any"
    assert denied(refusal(login("carol").xenapi.task.cancel, task)) == "task.cancel_any"
    alice.xenapi.task.set_status(task, "cancelled")
    alice.xenapi.task.destroy(task)
    assert task not in alice.xenapi.task.get_all()
