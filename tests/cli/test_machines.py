"""Machines to files and back on the command line."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell

VM = "old-wiki"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with embedded_pool("--speed", "50") as pool:
        yield Shell(home=tmp_path / "home", pool=pool)


def test_a_machine_goes_to_a_file_and_comes_back_where_it_is_told(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "wiki.xva"

    out = shell.say("vm", "export", VM, "--out", str(file), "--compress", "zstd", "--json")
    again = shell.say("vm", "export", VM, "--out", str(file))
    back = shell.say("vm", "import", str(file), "--sr", "SAN-gold", "--json")

    assert out.status == 0, out.err
    assert out.document["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert out.document["size_bytes"] == file.stat().st_size
    assert again.status == 1
    assert f"{file} is there already" in again.err
    assert back.status == 0, back.err
    (made,) = back.document["made"]
    with shell.pool.plain_session() as session:
        record = session.xenapi.VM.get_record(session.xenapi.VM.get_by_uuid(made))
        vdis = [session.xenapi.VBD.get_VDI(one) for one in record["VBDs"]]
        srs = {session.xenapi.SR.get_name_label(session.xenapi.VDI.get_SR(vdi)) for vdi in vdis if "NULL" not in vdi}
    assert (record["name_label"], srs) == (VM, {"SAN-gold"})
    rows = shell.say("audit", "list", "--json").document
    settled = [row for row in rows if row["event"] == "act.settled"]
    assert [row["outcome"] for row in settled] == ["done", "refused", "done"]
    assert {row["details"].get("sha256") for row in settled} == {out.document["sha256"], None}
