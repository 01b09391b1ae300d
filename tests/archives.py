"""An archive as a value, for tests of what is made of one."""

import hashlib
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.domain.actions.archives import ArchivedMember, Interface
from xsconsole.domain.archive import ARCHIVES, Archive, ArchivedFile, Listed, sealed
from xsconsole.domain.ids import ArchiveId, ConfigurationId, ConsoleId, Digest, StageId, Uuid, WorkflowId
from xsconsole.domain.query.matching import asked_by
from xsconsole.domain.query.parser import query_of
from xsconsole.store.keys import SigningKey

KEY = SigningKey(private=Ed25519PrivateKey.from_private_bytes(b"k" * 32))
CONTENT = {"manifest.json": b"{}", "members/01-web.xva": b"disk of web"}


def archive(content: dict[str, bytes] | None = None, **fields: object) -> Archive:
    """Return a signed archive of one machine, with the hashes of `content`."""
    files = tuple(
        ArchivedFile(path=path, size_bytes=len(text), sha256=Digest(hashlib.sha256(text).hexdigest()))
        for path, text in sorted((CONTENT if content is None else content).items())
    )
    at = datetime(2026, 11, 23, 14, 2, 11, 42, tzinfo=UTC)
    found = Archive(
        id=ArchiveId("5f1c0000-0000-4000-8000-000000000001"),
        at=at,
        console=ConsoleId("console"),
        console_name="alice's desk",
        actor="alice",
        reason="the year has ended",
        pool=Uuid("pool"),
        pool_name="acme",
        xapi_version="26.1",
        configuration=ConfigurationId("shop"),
        name="shop 1.3.0",
        service="shop",
        version="1.3.0",
        revision=4,
        stage=StageId("production"),
        stage_name="Production",
        workflow=WorkflowId("release"),
        workflow_name="Release",
        workflow_version=7,
        workflow_digest=Digest("w" * 64),
        fingerprint=Digest("f" * 64),
        frozen_at=at,
        skew_s=1.5,
        lineage=(),
        members=(
            ArchivedMember(
                role="web",
                name="shop-web “1”\u202e",
                vm=Uuid("vm"),
                file="members/01-web.xva",
                arrives_as="shop for archive · 5f1c0000/02-snapshot",
                was_running=True,
                order=1,
                start_delay_s=5,
                shutdown_delay_s=0,
                memory_bytes=2**31,
                disks_bytes=(2**33,),
                interfaces=(Interface(device="0", mac="06:00:00:00:00:01", network="test-net", logical="front"),),
            ),
        ),
        approvals=(),
        files=files,
    )
    return sealed(msgspec.structs.replace(found, **fields), KEY)


def is_asked_for(one: Listed, text: str) -> bool:
    """Return whether a filter asks for an archive."""
    return asked_by(query_of(text, ARCHIVES), ARCHIVES, datetime.now(UTC))(one)
