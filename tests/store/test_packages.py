"""Blueprints with their disks in one file: whatever is done to it is said before anything is made of it."""

import asyncio
import hashlib
import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.domain.archive.values import sealed, to_bytes
from xsconsole.domain.blueprint import Blueprint, Member, to_json
from xsconsole.domain.blueprint.package import BLUEPRINT, DOCUMENT, Package, PackedPart, PackedTemplate, damage
from xsconsole.domain.ids import BlueprintId, ConsoleId, Digest, Uuid
from xsconsole.errors import AlreadyThere, Refused
from xsconsole.store.keys import SigningKey, is_signature
from xsconsole.store.packages import PackageShelf, PackageWriter

WEB = Uuid("5c1ff0b5-0000-4000-8000-000000000001")
FILE = "templates/01-web.xva"
SIGNER = SigningKey(private=Ed25519PrivateKey.generate())
SIZE = 8 * 1024**2


def xva(virtual_size: int = SIZE) -> bytes:
    """A machine as a host writes one, as far as anybody looks into it here."""
    ova = f"<value><name>virtual_size</name><value>{virtual_size}</value></value>".encode()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        head = tarfile.TarInfo("ova.xml")
        head.size = len(ova)
        tar.addfile(head, io.BytesIO(ova))
    return written.getvalue()


def blueprint() -> Blueprint:
    member = Member(id="web", name_pattern="web", role="web", template=WEB)
    return Blueprint(id=BlueprintId("kit"), name="Kit", version=3, members=(member,))


def written(path: Path, machine: bytes = b"", told: Any = None, more: str = "", **fields: Any) -> Path:
    """Write a file as the console does; `told` and `fields` are other in its document."""
    machine, content = machine or xva(), to_json(blueprint())
    parts = {BLUEPRINT: content, FILE: machine}
    template = PackedTemplate(
        vm=WEB,
        name="Kit 3 · web",
        file=FILE,
        role="web",
        order=0,
        start_delay_s=0,
        shutdown_delay_s=0,
        disks={"0": SIZE},
        virtual_bytes=SIZE,
    )
    package = Package(
        at=datetime(2026, 1, 2, tzinfo=UTC),
        console=ConsoleId("c"),
        console_name="desk",
        actor="root",
        pool=Uuid("p"),
        pool_name="acme",
        xapi_version="1.2",
        blueprint=BlueprintId("kit"),
        name="Kit",
        version=3,
        digest=blueprint().digest,
        templates=(msgspec.structs.replace(template, **(told or {})),),
        parts=tuple(
            PackedPart(path=name, size_bytes=len(part), sha256=Digest(hashlib.sha256(part).hexdigest()))
            for name, part in parts.items()
        ),
    )
    package = msgspec.structs.replace(package, **fields)
    writer = PackageWriter(path, may_replace=True)
    for name, part in parts.items():
        writer.add(name, part)
    if more:
        writer.add(more, b"more")
    writer.add(DOCUMENT, to_bytes(sealed(package, SIGNER)))
    writer.finish()
    return path


def said(path: Path) -> str:
    """Return what a console says that is to import the file: why not, or nothing."""
    try:
        opened, found = asyncio.run(PackageShelf().measure(path, is_signature))
    except Refused as refusal:
        return refusal.reason
    return " ".join(damage(opened.package, found))


def test_it_is_what_was_written_and_anybodys_tar_reads_it(tmp_path: Path) -> None:
    path = written(tmp_path / "kit.xsblueprint")
    shares: list[float] = []

    async def measured() -> None:
        shelf = PackageShelf()
        opened, found = await shelf.measure(path, is_signature, shares.append)
        assert (opened.blueprint, opened.package.key) == (blueprint(), SIGNER.fingerprint)
        assert damage(opened.package, found) == ()
        span = await shelf.place(path, FILE)
        assert path.read_bytes()[span.offset : span.offset + span.size_bytes] == xva()
        with pytest.raises(Refused, match="missing"):
            await shelf.place(path, "templates/02-db.xva")

    asyncio.run(measured())
    assert shares == sorted(shares)
    with tarfile.open(path) as tar:
        assert tar.getnames() == [BLUEPRINT, FILE, DOCUMENT]
        assert tar.extractfile(FILE).read() == xva()  # type: ignore[union-attr]
    with pytest.raises(AlreadyThere):
        PackageWriter(path)
    with pytest.raises(Refused, match="no file"):
        PackageWriter(tmp_path)
    with pytest.raises(Refused, match="cannot be written"):
        PackageWriter(tmp_path / "nowhere" / "kit.xsblueprint")
    begun = PackageWriter(tmp_path / "other.xsblueprint")
    begun.add(BLUEPRINT, b"{}")
    begun.discard()
    assert [one.name for one in tmp_path.iterdir()] == ["kit.xsblueprint"]


def test_a_byte_that_is_flipped_anywhere_and_an_end_that_is_missing_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "kit.xsblueprint")
    whole = path.read_bytes()
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert said(path), at
    document = whole.index(b'{"actor')
    for at, name in (
        (512 + 3, BLUEPRINT),
        (whole.index(b"virtual_size") + 2, FILE),
        (whole.index(b"ova.xml") + 700, FILE),
        (document + 5, DOCUMENT),
    ):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert name in said(path)
    for size in (0, 1, 511, 512, 700, *range(1024, len(whole), 611), len(whole) - 1):
        path.write_bytes(whole[:size])
        reason = said(path)
        assert "cut off" in reason or "no blueprint with its disks" in reason, (size, reason)
    for at in (len(whole) - 1, len(whole) - 512):
        path.write_bytes(whole[:at] + b"\1" + whole[at + 1 :])
        assert "end of the file is damaged" in said(path)
    path.write_bytes(whole + b"more")
    assert "behind its end" in said(path)


def test_what_no_console_wrote_is_not_taken_whoever_signed_it(tmp_path: Path) -> None:
    path = tmp_path / "kit.xsblueprint"
    bomb = "holds disks of another size than was signed"
    told: list[tuple[dict[str, Any], str]] = [
        ({"machine": xva(64 * 1024**4)}, bomb),
        ({"machine": b"\x1f\x8b" + bytes(2000)}, "no machine as it was exported"),
        ({"told": {"virtual_bytes": SIZE - 1}}, "parts that no blueprint has"),
        ({"told": {"file": "../../etc/passwd"}}, "parts that no blueprint has"),
        ({"told": {"file": "templates/02-web.xva"}}, "parts that no blueprint has"),
        ({"told": {"order": -1}}, "parts that no blueprint has"),
        ({"told": {"vm": Uuid("5c1ff0b5-0000-4000-8000-000000000002")}}, "exactly the templates"),
        ({"version": 4}, "not the blueprint"),
        ({"format": 2}, "format 2; this console reads up to 1"),
        ({"parts": ()}, "parts that no blueprint has"),
    ]
    for fields, reason in told:
        assert reason in said(written(path, **fields)), fields

    good = written(path).read_bytes()
    path.write_bytes(good.replace(FILE.encode(), b"templates/../../x.xv", 1))
    assert said(path) == f"The header behind {BLUEPRINT} is damaged."
    written(path, more="../../x")
    assert "../../x is foreign" in said(path)
    path.write_bytes(b"PK\x03\x04" + bytes(4000))
    assert said(path) == "That is no blueprint with its disks."
    assert "no file" in said(tmp_path)
    first = (len(to_json(blueprint())) + 1023) // 512 * 512
    path.write_bytes(good[:first] + good)
    assert "twice" in said(path)
    path.write_bytes(good[first:])
    assert "missing" in said(path)
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        link = tarfile.TarInfo(BLUEPRINT)
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert "none that this program writes" in said(path)
