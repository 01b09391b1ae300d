"""VMs as files: how they are written."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
import xxhash
import zstandard
from embedded import EmbeddedPool
from plain_http import ask
from xva_files import (
    MIB,
    Export,
    disks,
    make_machine,
    members,
    values,
)


def test_an_export_is_a_tar_with_ova_xml_and_checked_pieces(pool: EmbeddedPool, session: Any, machine: str) -> None:
    task = session.xenapi.task.create("export", "")

    reply = ask(pool, "GET", "/export/", ref=machine, session_id=session.handle, task_id=task)

    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"] == 'attachment; filename="export.xva"'
    assert reply.headers["task-id"] == task
    assert "content-length" not in reply.headers
    assert "transfer-encoding" not in reply.headers
    files = members(reply.body)
    names = list(files)
    assert names[0] == "ova.xml"
    pieces = [name for name in names[1:] if not name.endswith(".xxhash")]
    assert names[1:] == [one for name in pieces for one in (name, f"{name}.xxhash")]
    for name in pieces:
        assert files[f"{name}.xxhash"].decode() == f"{xxhash.xxh64_intdigest(files[name]):016X}"
    folders = list(dict.fromkeys(name.partition("/")[0] for name in pieces))
    assert folders == sorted(folders)
    assert all(folder.startswith("Ref:") for folder in folders)
    numbers = [[name.partition("/")[2] for name in pieces if name.startswith(f"{folder}/")] for folder in folders]
    assert sorted(numbers) == [
        ["00000000", "00000001", "00000002", "00000003"],
        ["00000000", "00000001", "00000002", "00000005"],
    ]


def test_pieces_of_zeros_are_left_out_but_for_the_first_and_the_last(
    pool: EmbeddedPool, session: Any, export: Export
) -> None:
    vm = make_machine(pool, session, (50 * MIB,))
    for vdi in disks(session, vm):
        ask(
            pool,
            "PUT",
            "/import_raw_vdi",
            bytes(3 * MIB),
            vdi=vdi,
            session_id=session.handle,
        )

    pieces = [name.partition("/")[2] for name in members(export(vm)) if name.endswith("0") or name.endswith("49")]

    assert pieces == ["00000000", "00000049"]


def test_ova_xml_tells_the_objects_under_names_of_its_own(session: Any, machine: str, export: Export) -> None:
    text = members(export(machine))["ova.xml"].decode()
    header: Any = values(text)

    assert set(header["version"]) == {
        *(
            "hostname",
            "date",
            "product_version",
            "product_brand",
            "build_number",
            "xapi_major",
            "xapi_minor",
        ),
        "export_vsn",
    }
    assert header["version"]["export_vsn"] == "2"
    classes = [one["class"] for one in header["objects"]]
    assert classes.count("VM") == 1
    assert {"VM", "VM_metrics", "VBD", "VIF", "network", "VDI", "SR"} <= set(classes)
    vm = next(one for one in header["objects"] if one["class"] == "VM")
    assert vm["id"] == "Ref:0"
    assert vm["snapshot"]["uuid"] == session.xenapi.VM.get_uuid(machine)
    names = {one["id"] for one in header["objects"]}
    assert set(vm["snapshot"]["VIFs"]) | set(vm["snapshot"]["VBDs"]) <= names
    assert list(vm["snapshot"]) == list(session.xenapi.VM.get_record(machine))


def test_ova_xml_is_written_as_by_a_real_xapi(
    pool: EmbeddedPool, session: Any, machine: str, recording: Callable[[str], Any]
) -> None:
    theirs = recording("C11_export_metadata")["body"]
    reply = ask(pool, "GET", "/export_metadata", ref=machine, session_id=session.handle)
    ours = members(reply.body)["ova.xml"].decode()

    def names(text: str, known: Any) -> list[str]:
        return list(dict.fromkeys(name for name in re.findall("<name>([^<]*)</name>", text) if name in known))

    fields = session.xenapi.VM.get_record(machine)
    assert ours.startswith(theirs[theirs.index("<value>") :][:60])
    start = theirs.index("<name>class</name>")
    assert names(ours[: ours.index("<name>class</name>")], names(theirs[:start], theirs)) == names(
        theirs[:start], theirs
    )
    machine_at = ours.index("<name>class</name><value>VM</value>")
    assert names(ours[machine_at:], fields) == names(theirs[start:], fields)
    described = {name: reply.headers[name] for name in ("content-type", "content-disposition")}
    assert (
        described.items()
        <= {name.lower(): value for name, value in recording("C11_export_metadata")["headers"].items()}.items()
    )


def test_compressed_files_can_be_unpacked_by_others(machine: str, export: Export) -> None:
    plain = members(export(machine))

    assert members(gzip.decompress(export(machine, use_compression="gzip"))).keys() == plain.keys()
    unpacked = zstandard.ZstdDecompressor().stream_reader(export(machine, use_compression="zstd")).read()
    assert members(unpacked).keys() == plain.keys()


def test_only_a_vm_at_rest_is_exported(pool: EmbeddedPool, session: Any, machine: str) -> None:
    session.xenapi.VM.start(machine, False, False)
    task = session.xenapi.task.create("export", "")

    reply = ask(pool, "GET", "/export", ref=machine, session_id=session.handle, task_id=task)

    assert reply.status == 500
    assert session.xenapi.task.get_error_info(task) == [
        "VM_BAD_POWER_STATE",
        machine,
        "halted, suspended",
        "running",
    ]
    session.xenapi.VM.hard_shutdown(machine)


@pytest.mark.parametrize("query", [{}, {"ref": "OpaqueRef:x"}, {"uuid": "x"}])
def test_what_does_not_exist_is_not_exported(pool: EmbeddedPool, session: Any, query: dict[str, str]) -> None:
    assert ask(pool, "GET", "/export", session_id=session.handle, **query).status == 500
