"""The embedded pool beside a real xapi: the same calls, the same shapes, types, codes and parameters.

References, uuids and times differ by nature; a recorded reference stands for the object that has its part here.
"""

import http.client
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xmlrpc.client import DateTime

import pytest
from embedded import EmbeddedPool, embedded_pool

REFERENCE = re.compile(r"OpaqueRef:[0-9a-f-]{36}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMELESS = "OpaqueRef:00000000-0000-0000-0000-000000000000"
MACHINE = "202_VM_create_minimal_required"

RECORDS = (
    *("010_SR_get_all_records", "010_VM_metrics_get_all_records", "010_PBD_get_all_records"),
    *("010_PIF_get_all_records", "010_PIF_metrics_get_all_records", "010_VDI_get_all_records"),
    *("010_host_get_all_records", "010_host_metrics_get_all_records", "010_network_get_all_records"),
    *("010_pool_get_all_records", "010_task_get_all_records", "010_host_cpu_get_all_records"),
    *("011_VM_get_all_records", "301_VIF_get_record_autogen", "501_VDI_get_record", "512_VBD_get_record"),
    *("601_VM_appliance_get_record", "815b_VM_get_record_resumed", "818_VM_metrics", "820_VM_get_record_halted"),
    *("A40b_PIF_of_VLAN", "A41_VLAN_get_record", "A67_VBD_get_record_attached", "A82_message_get_all_records"),
    *("905_task_network_create", "004_session_get_record", "214_VM_get_record_template"),
)

ANYWHERE = (
    *("000_session_login_bad_password", "102_network_create_minimal", "200_VM_create_name_only", "201_VM_create_empty"),
    *("206_VM_create_bad_enum", "207_VM_create_bad_int"),
    *("312_VIF_create_missing_field", "506_VDI_create_missing_fields", "700_HANDLE_INVALID"),
    *("701_HANDLE_INVALID_garbage", "702_HANDLE_INVALID_null", "704_UUID_INVALID", "705_UUID_INVALID_garbage"),
    *("706_MESSAGE_METHOD_UNKNOWN", "707_MESSAGE_METHOD_UNKNOWN_class", "708_MESSAGE_METHOD_UNKNOWN_nodot"),
    *("709_PARAM_COUNT_few", "712_SESSION_INVALID", "713_SESSION_INVALID_null", "714_SESSION_INVALID_unknown_method"),
    *("715_type_error_int_for_string", "717_type_error_string_for_bool", "718_type_error_map"),
    *("726_VM_set_readonly_field", "727_VM_set_power_state_ro", "906_Async_getter", "962_VM_destroy_again"),
    *("014_event_from_bad_token", "A28_set_bool_via_int", "A81_message_create_bad_cls", "A90_other_config_empty_key"),
    *("B05_session_login_missing", "B10_event_from_session_param_only"),
    *("B14_network_get_all_records_where_field_unknown", "B15_host_call_plugin_missing"),
)
WITH_A_HALTED_MACHINE = (
    *("110_network_add_to_other_config_dup", "113b_network_set_MTU_bad", "114_network_create_dup_bridge"),
    *("310_VIF_create_bad_network", "311_VIF_create_null_network"),
    *("221_VM_add_to_other_config_duplicate", "304_VIF_create_device_exists"),
    *("305_VIF_create_mac_invalid", "309_VIF_create_device_autodetect", "315_VIF_set_locking_mode_bad"),
    *("317_VIF_set_ipv4_allowed_bad", "513_VBD_create_device_exists", "515_VBD_create_bad_device"),
    *("517_VBD_create_empty_disk", "518_VBD_create_cd_rw", "800_VM_clean_shutdown_halted"),
    *("801b_VM_start_on_bad_host", "821_VM_resume_halted", "A10_set_memory_static_max_low"),
    *("A11_set_memory_dynamic_range_bad", "A13_set_memory_limits_bad", "A14_set_VCPUs_max_zero"),
    *("A16_set_VCPUs_max_lt_startup", "A60_VBD_plug_halted", "A43d_VLAN_create_tag_negative"),
)
WITH_A_RUNNING_MACHINE = (
    *("804_VM_start_running", "806_VM_clone_running", "807_VM_set_memory_running", "808_VM_set_VCPUs_max_running"),
    *("811_VIF_destroy_attached", "A61_VDI_destroy_attached"),
    "A62_VBD_destroy_attached",
)
WITH_A_TEMPLATE = ("801_VM_start_template", "A29b_start_template")

JsonCall = Callable[..., Any]
Read = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class World:
    """The objects that take the parts of the recorded ones, by class."""

    json_call: JsonCall
    handle: str
    parts: Mapping[str, str]

    def make(self, method: str, *params: object) -> Any:
        answer = self.json_call(method, self.handle, *params)
        assert "error" not in answer, answer
        return answer["result"]


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "200") as served:
        yield served


@pytest.fixture
def world(pool: EmbeddedPool, json_call: JsonCall, recording: Read) -> Iterator[World]:
    """A machine with an interface and a disk on a network of its own, and what else the calls mention."""
    handle = json_call("session.login_with_password", "root", pool.password)["result"]
    bare = World(json_call, handle, {})
    fields = recording(MACHINE)["params"][1] | {"VCPUs_max": 4, "VCPUs_at_startup": 2, "affinity": "OpaqueRef:NULL"}
    vm = bare.make("VM.create", fields | {"other_config": {"newkey": "1", "mac_seed": "seed"}})
    network = bare.make("network.create", {"name_label": "rec-net", "other_config": {"k2": "v2"}})
    sr = bare.make("SR.get_by_name_label", "NFS-silver")[0]
    disk = bare.make("VDI.create", disk_fields(sr))
    vbd = bare.make("VBD.create", drive_fields(vm, disk))
    vif = bare.make("VIF.create", interface_fields(vm, network))
    pifs = bare.make("PIF.get_all_records")
    pif = next(ref for ref, record in pifs.items() if record["physical"])
    parts = {"VM": vm, "network": network, "SR": sr, "VDI": disk, "VBD": vbd, "VIF": vif, "PIF": pif}
    yield World(json_call, handle, parts | {"host": pifs[pif]["host"]})
    if bare.make("VM.get_power_state", vm) != "Halted":
        bare.make("VM.hard_shutdown", vm)
    bare.make("VM.destroy", vm)
    bare.make("VDI.destroy", disk)
    bare.make("network.destroy", network)
    bare.make("session.logout")


def disk_fields(sr: str) -> dict[str, object]:
    return {
        **{"name_label": "rec-disk", "SR": sr, "virtual_size": 1 << 30, "type": "user", "sharable": False},
        **{"read_only": False, "other_config": {}},
    }


def drive_fields(vm: str, disk: str) -> dict[str, object]:
    return {
        **{"VM": vm, "VDI": disk, "userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk", "empty": False},
        **{"other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}},
    }


def interface_fields(vm: str, network: str) -> dict[str, object]:
    return {
        **{"VM": vm, "network": network, "device": "1", "MAC": "", "MTU": 1500, "other_config": {}},
        **{"qos_algorithm_type": "", "qos_algorithm_params": {}},
    }


def replay(world: World, recorded: Mapping[str, Any], parts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Make the recorded call with the objects of this pool; return what was to be answered here, and what was."""
    method, params = recorded["method"], recorded["params"]
    cast: dict[str, str] = {}
    given = [cast_params(one, method, number, parts, cast) for number, one in enumerate(params)]
    if REFERENCE.fullmatch(params[0]):
        given[0] = world.handle
    expected = [cast.get(text, text) for text in recorded["response"]["ErrorDescription"]]
    error = world.json_call(method, *given)["error"]
    return expected, [error["message"], *error["data"]]


def cast_params(value: Any, method: str, number: int, parts: Mapping[str, str], cast: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: cast_params(one, f"{name}.", 1, parts, cast) for name, one in value.items()}
    second = {"VM.start_on": "host", "VLAN.create": "PIF"}
    cls = second.get(method, method.removeprefix("Async.").partition(".")[0]) if number <= 2 else "network"
    if number and isinstance(value, str) and REFERENCE.fullmatch(value) and value != NAMELESS and cls in parts:
        cast[value] = parts["VM" if method == "VM.start_on" and number == 1 else cls]
        return cast[value]
    return value


def assert_alike(answered: list[str], expected: list[str]) -> None:
    """Check a description; names in it of objects that the call itself does not mention are only checked for shape."""
    assert len(answered) == len(expected)
    for ours, theirs in zip(answered, expected, strict=True):
        assert ours == theirs or shape(ours) == shape(theirs)


def shape(text: str) -> str:
    return UUID.sub("-", text) if UUID.search(text) else repr(text)


def kinds(record: Mapping[str, Any]) -> dict[str, str]:
    return {name: kind(value) for name, value in record.items()}


def kind(value: Any) -> str:
    match value:
        case DateTime() | {"__datetime__": _}:
            return "instant"
        case bool():
            return "bool"
        case str() if value.startswith("OpaqueRef:"):
            return "reference"
        case str() if value.lstrip("-").isdecimal():
            return "number or digits"
        case _:
            return type(value).__name__


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_has_the_fields_and_types_of_a_real_one(session: Any, recording: Read, name: str) -> None:
    recorded = recording(name)
    cls, _, message = recorded["method"].partition(".")
    answer = recorded["response"]["Value"]
    theirs = answer if message == "get_record" else next(iter(answer.values()))
    api = session.xenapi
    api.VM_appliance.create({"name_label": "a", "name_description": ""})
    api.task.create("a", "")
    api.message.create("A", "5", "Pool", api.pool.get_uuid(api.pool.get_all()[0]), "a")

    ours = api.session.get_record(session.handle) if cls == "session" else like(theirs, getattr(api, cls))

    assert list(ours) == list(theirs)
    assert differing(kinds(ours), kinds(theirs)) == {}


def like(theirs: Mapping[str, Any], cls: Any) -> dict[str, Any]:
    """Return the record here that is most like the recorded one."""
    records: dict[str, dict[str, Any]] = cls.get_all_records()
    return min(records.values(), key=lambda ours: len(differing(kinds(ours), kinds(theirs))))


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the fields whose values are of different types; text may be made of digits here and not there."""
    alike = {"number or digits", "str"}
    return {
        name: (kind_here, theirs.get(name, ""))
        for name, kind_here in ours.items()
        if kind_here != theirs.get(name) and not {kind_here, theirs.get(name)} <= alike
    }


@pytest.mark.parametrize("name", ANYWHERE)
def test_a_wrong_call_is_refused_in_the_same_words(world: World, recording: Read, name: str) -> None:
    expected, answered = replay(world, recording(name), {"host": world.parts["host"]})

    assert answered == expected


@pytest.mark.parametrize("name", WITH_A_HALTED_MACHINE)
def test_a_call_on_a_halted_machine_is_refused_in_the_same_words(world: World, recording: Read, name: str) -> None:
    expected, answered = replay(world, recording(name), world.parts)

    assert_alike(answered, expected)


@pytest.mark.parametrize("name", WITH_A_RUNNING_MACHINE)
def test_a_call_on_a_running_machine_is_refused_in_the_same_words(world: World, recording: Read, name: str) -> None:
    world.make("VM.start", world.parts["VM"], False, False)

    expected, answered = replay(world, recording(name), world.parts)

    assert_alike(answered, expected)


@pytest.mark.parametrize("name", WITH_A_TEMPLATE)
def test_a_call_on_a_template_is_refused_in_the_same_words(world: World, recording: Read, name: str) -> None:
    template = world.make("VM.get_by_name_label", "Debian 12 golden")[0]

    expected, answered = replay(world, recording(name), {"VM": template})

    assert answered == expected


def test_an_answer_of_the_feed_has_the_parts_of_a_real_one(session: Any, recording: Read) -> None:
    theirs = recording("013_event_from_class_vm_network")["response"]["Value"]
    gone = recording("952_event_from_mod_then_del")["response"]["Value"]["events"][0]
    watch = getattr(session.xenapi.event, "from")
    network = session.xenapi.network.create({"name_label": "brief", "other_config": {}})

    ours = watch(["VM", "network"], "", 30.0)
    session.xenapi.network.destroy(network)
    lost = watch(["network"], ours["token"], 30.0)["events"][0]

    assert ours.keys() == theirs.keys()
    assert ours["valid_ref_counts"].keys() == theirs["valid_ref_counts"].keys()
    assert {tuple(event) for event in ours["events"]} == {tuple(event) for event in theirs["events"]}
    assert list(lost) == list(gone)
    assert len(ours["token"]) == len(theirs["token"])


@pytest.mark.parametrize(
    "name",
    [
        *("C00_GET_root", "C01_GET_nosuch", "C05_HEAD_root", "C06_POST_json_ct_text", "C08_POST_jsonrpc_null_id"),
        *("C02_OPTIONS_root", "C09_POST_RPC2", "C15_big_id"),
    ],
)
def test_plain_http_is_answered_as_by_a_real_host(world: World, pool: EmbeddedPool, recording: Read, name: str) -> None:
    recorded = recording(name)
    method, path, body, headers = recorded["request"]
    own = None if body is None else REFERENCE.sub(world.handle, body)
    connection = http.client.HTTPConnection(pool.url.removeprefix("http://"), timeout=30)

    connection.request(method, path, own, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()

    assert answer.status == recorded["status"]
    got = {header.lower(): value for header, value in answer.getheaders()}
    for header, value in recorded["headers"].items():
        if header.lower() not in ("content-length", "connection"):
            assert got.get(header.lower()) == value
    assert answer.will_close == (recorded["headers"]["connection"] == "close")
    assert first_host(text) == first_host(recorded["body"])


def first_host(text: str) -> str:
    """Return a body with one reference, and none's name, where it lists the hosts: there was one, here are several."""
    return re.sub(r'("?,"?|</value><value>)OpaqueRef:-', "", UUID.sub("-", text))
