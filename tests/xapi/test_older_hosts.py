"""Hosts that know less, or more, than the XAPI this console was written for."""

import json
from typing import Any

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect
from tests.xapi.hosts import Edit, forwarder
from xsconsole.domain.ids import Ref, RunId
from xsconsole.domain.inventory import VDI, VM, Host
from xsconsole.engine.ports import Field
from xsconsole.errors import ConnectFailed, NotSupported
from xsconsole.xapi.wire import Wire

RUN = RunId("a-run")
LARGE_BYTES = 2**40
NEW_FIELDS = ("domain_type", "NVRAM", "hardware_platform_version", "has_vendor_device", "VTPMs", "blocked_operations")


def without(*methods: str, code: str = "MESSAGE_METHOD_UNKNOWN") -> Edit:
    """Answer these methods as a host does that has them not."""

    def edit(request: bytes, answer: bytes) -> bytes:
        method = json.loads(request)["method"]
        if method not in methods:
            return answer
        error = {"code": 1, "message": code, "data": [method]}
        return json.dumps({"jsonrpc": "2.0", "error": error, "id": 1}).encode()

    return edit


def with_events(change: Any) -> Edit:
    """Let `change` alter each event that is told."""

    def edit(request: bytes, answer: bytes) -> bytes:
        reply = json.loads(answer)
        if json.loads(request)["method"] != "event.from" or "result" not in reply:
            return answer
        reply["result"]["events"] = [one for event in reply["result"]["events"] for one in change(event)]
        return json.dumps(reply).encode()

    return edit


@pytest.mark.parametrize("refusal", [403, 404, 500, 501])
async def test_a_host_without_json_does_everything_in_xml(
    pool: EmbeddedPool, plain: Any, connect: Connect, refusal: int
) -> None:
    disk = plain.VDI.create(
        {
            **{"name_label": "large", "SR": plain.SR.get_by_name_label("NFS-silver")[0], "type": "user"},
            **{"virtual_size": str(LARGE_BYTES), "sharable": False, "read_only": False, "other_config": {}},
        }
    )
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    with forwarder(pool, refused_paths=("/jsonrpc",), refusal=refusal) as host:
        gateway, watcher = await connect(pool, url=host.url)

        assert gateway._session.login.address.wire is Wire.XML
        record = watcher.inventory.get(VDI, disk)
        assert record is not None
        assert record.virtual_size == LARGE_BYTES
        made = await gateway._tasks.run("VM.snapshot", machine, "by xml", run=RUN)
        await watcher.until(lambda: watcher.inventory.get(VM, Ref(made)))
        assert await gateway.pool.add_key(Field.POOL, "xsconsole.xml", "<&>")
        assert (await gateway.pool.keys(Field.POOL))["xsconsole.xml"] == "<&>"
        await gateway.close()
    plain.VDI.destroy(disk)
    plain.pool.remove_from_other_config(plain.pool.get_all()[0], "xsconsole.xml")


async def test_fields_that_an_older_xapi_has_not_have_their_defaults(pool: EmbeddedPool, connect: Connect) -> None:
    def older(event: dict[str, Any]) -> list[dict[str, Any]]:
        for name in NEW_FIELDS:
            event.get("snapshot", {}).pop(name, None)
        return [event]

    with forwarder(pool, edit=with_events(older)) as host:
        gateway, watcher = await connect(pool, url=host.url)

        machine = next(vm for vm in watcher.inventory.all(VM) if vm.name_label == "jumpbox")
        assert (machine.domain_type, machine.NVRAM_present, machine.blocked_operations) == ("", False, {})
        await gateway.close()


async def test_values_and_classes_of_a_newer_xapi_break_nothing(pool: EmbeddedPool, connect: Connect) -> None:
    def newer(event: dict[str, Any]) -> list[dict[str, Any]]:
        snapshot = event.get("snapshot", {})
        if event["class"] == "vm":
            snapshot |= {"power_state": "Hibernating", "field_of_tomorrow": {"a": [1]}}
        unknown = {**event, "class": "class_of_tomorrow", "ref": "OpaqueRef:t"}
        return [event, unknown]

    with forwarder(pool, edit=with_events(newer)) as host:
        gateway, watcher = await connect(pool, url=host.url)

        assert {vm.power_state for vm in watcher.inventory.all(VM)} == {"Hibernating"}
        assert watcher.inventory.count(Host)
        await gateway.close()


@pytest.mark.parametrize("code", ["MESSAGE_METHOD_UNKNOWN", "MESSAGE_REMOVED"])
async def test_a_call_that_the_pool_does_not_know_is_refused_with_a_sentence(
    pool: EmbeddedPool, plain: Any, connect: Connect, code: str
) -> None:
    gateway, _ = await connect(pool)
    pool.control("fail", method="pool.get_other_config", code=code, params=["pool.get_other_config"])

    with pytest.raises(NotSupported) as caught:
        await gateway.pool.keys(Field.POOL)

    assert "does not know the call pool.get_other_config" in caught.value.reason


async def test_a_task_of_a_call_that_the_pool_does_not_know_is_refused_alike(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    gateway, _ = await connect(pool)
    pool.control("fail", method="VM.snapshot", code="MESSAGE_REMOVED", params=[])

    with pytest.raises(NotSupported):
        await gateway._tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "x", run=RUN)


async def test_a_host_without_roles_lets_everybody_do_everything(pool: EmbeddedPool, connect: Connect) -> None:
    edit = without("session.get_is_local_superuser", "session.get_rbac_permissions", "session.get_auth_user_name")
    with forwarder(pool, edit=edit) as host:
        gateway, _ = await connect(pool, url=host.url)

        assert (gateway.identity.role, gateway.identity.actor) == ("pool-admin", "root")
        await gateway.close()


async def test_a_host_too_old_to_be_followed_is_said_to_be(pool: EmbeddedPool, connect: Connect) -> None:
    with forwarder(pool, edit=without("event.from")) as host:
        with pytest.raises(ConnectFailed, match=r"does not know the call event\.from"):
            await connect(pool, url=host.url)

        assert len(host.calls("session.login_with_password")) == 1
        assert host.methods[-1] == "session.logout"
