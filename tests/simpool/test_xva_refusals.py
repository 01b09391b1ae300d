"""Files that are spoilt, cut off, too new or no XVA at all."""

import hashlib
from typing import Any
from urllib.parse import urlencode

import pytest
from embedded import EmbeddedPool
from plain_http import ask, connect
from xva_files import MIB, Export, Import, left_over, make_machine, members, rebuilt


def test_a_wrong_checksum_undoes_everything_unless_forced(
    session: Any, machine: str, export: Export, put: Import
) -> None:
    files = members(export(machine))
    name = next(name for name in files if name.endswith("00000001"))
    files[name] = b"!" + files[name][1:]
    before = left_over(session)

    refused = put(rebuilt(files))

    assert refused.error == ["IMPORT_ERROR_SOME_CHECKSUMS_FAILED"]
    assert refused.reply.status == 200
    assert b"IMPORT_ERROR_SOME_CHECKSUMS_FAILED" in refused.reply.body
    assert left_over(session) == before
    assert len(put(rebuilt(files), force="true").vms) == 1


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.95])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_file_that_is_cut_off_undoes_everything(
    session: Any,
    machine: str,
    export: Export,
    put: Import,
    share: float,
    compression: str,
) -> None:
    data, before = export(machine, use_compression=compression), left_over(session)

    assert put(data[: int(len(data) * share)]).error == ["IMPORT_ERROR_PREMATURE_EOF"]
    assert left_over(session) == before


def test_a_client_that_goes_away_undoes_everything(
    pool: EmbeddedPool, session: Any, machine: str, export: Export
) -> None:
    data, before, task = (
        export(machine),
        left_over(session),
        session.xenapi.task.create("import", ""),
    )
    connection = connect(pool)
    connection.putrequest("PUT", "/import?" + urlencode({"session_id": session.handle, "task_id": task}))
    connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data[: len(data) // 2])
    connection.close()

    while session.xenapi.task.get_status(task) == "pending":
        pass

    assert session.xenapi.task.get_error_info(task) == ["IMPORT_ERROR_PREMATURE_EOF"]
    assert left_over(session) == before


def test_another_file_than_an_xva_is_refused(put: Import) -> None:
    assert put(rebuilt({"readme.txt": b"x"})).error == [
        "IMPORT_ERROR_UNEXPECTED_FILE",
        "ova.xml",
        "readme.txt",
    ]
    assert put(b"x" * 5000).error == ["IMPORT_ERROR_PREMATURE_EOF"]
    assert put(rebuilt({"ova.xml": b"<value>no</value>"})).error[0] == "IMPORT_ERROR"
    assert put(rebuilt({"ova.xml": b"<value><struct>"})).error[0] == "IMPORT_ERROR"


def test_a_file_with_its_parts_in_disorder_is_refused(session: Any, machine: str, export: Export, put: Import) -> None:
    files, before = members(export(machine)), left_over(session)
    ova = {"ova.xml": files.pop("ova.xml")}
    names = list(files)

    without_sum = {name: files[name] for name in names if name != names[1]}
    backwards = {name: files[name] for name in (*names[2:4], *names[:2], *names[4:])}

    assert put(rebuilt(ova | without_sum)).error[0] == "IMPORT_ERROR_UNEXPECTED_FILE"
    assert put(rebuilt(ova | backwards)).error[0] == "IMPORT_ERROR"
    assert left_over(session) == before


def test_a_file_of_a_newer_xapi_is_refused(machine: str, export: Export, put: Import) -> None:
    files = members(export(machine))
    files["ova.xml"] = files["ova.xml"].replace(
        b"<name>xapi_minor</name><value>1</value>",
        b"<name>xapi_minor</name><value>2</value>",
    )

    assert put(rebuilt(files)).error == ["IMPORT_INCOMPATIBLE_VERSION"]


def test_older_checksums_are_understood(machine: str, export: Export, put: Import) -> None:
    files = {name.replace(".xxhash", ".checksum"): data for name, data in members(export(machine)).items()}
    for name in [name for name in files if name.endswith(".checksum")]:
        files[name] = hashlib.sha1(files[name.removesuffix(".checksum")]).hexdigest().encode()

    assert len(put(rebuilt(files)).vms) == 1


def test_an_upload_in_chunks_is_refused(pool: EmbeddedPool, session: Any, put: Import) -> None:
    refused = put(iter([b"x" * 100]))

    assert (refused.reply.status, refused.error) == (
        403,
        ["IMPORT_ERROR_CANNOT_HANDLE_CHUNKED"],
    )
    # As with a real host, a second head and the page with the reason stand behind the first head.
    head, _, page = refused.reply.body.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 Internal Error\r\ncontent-length: %d\r\n" % len(page))
    assert page.endswith(b"</h1>IMPORT_ERROR_CANNOT_HANDLE_CHUNKED: [  ]</body></html>")


def test_an_iso_library_takes_no_vm(session: Any, put: Import) -> None:
    refused = put(b"x", sr_id=session.xenapi.SR.get_by_name_label("ISO library")[0])

    assert (refused.reply.status, refused.error) == (
        400,
        ["SR_OPERATION_NOT_SUPPORTED"],
    )


def test_a_full_sr_undoes_everything(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_machine(fresh_pool, session)
        data = ask(fresh_pool, "GET", "/export", ref=vm, session_id=session.handle).body
        before, task = left_over(session), session.xenapi.task.create("import", "")
        sr = session.xenapi.SR.get_by_name_label("NFS-silver")[0]
        fresh_pool.control("fill_sr", sr="NFS-silver", free_bytes=4 * MIB)

        ask(
            fresh_pool,
            "PUT",
            "/import",
            data,
            session_id=session.handle,
            task_id=task,
            sr_id=sr,
        )

        assert session.xenapi.task.get_error_info(task)[0] == "SR_BACKEND_FAILURE_44"
        assert left_over(session) == before
