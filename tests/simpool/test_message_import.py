"""Messages that come with an object from another pool."""

from typing import Any

from embedded import EmbeddedPool
from plain_http import ask


def message(uuid: str, name: str, ref: str, cls: str = "VM") -> bytes:
    return (
        f"<?xml version='1.0'?>\n<message><ref>{ref}</ref><name>{name}</name><priority>3</priority><cls>{cls}</cls>"
        f"<obj_uuid>{uuid}</obj_uuid><timestamp>20200102T03:04:05Z</timestamp>"
        f"<uuid>00000000-0000-4000-8000-{abs(hash(ref)) % 10**12:012}</uuid><body>a &amp; b</body></message>"
    ).encode()


def test_messages_come_with_their_time_and_their_reference(pool: EmbeddedPool, session: Any) -> None:
    uuid = session.xenapi.VM.get_uuid(session.xenapi.VM.get_by_name_label("jumpbox")[0])
    body = message(uuid, "ONE", "OpaqueRef:one") + message(uuid, "TWO", "OpaqueRef:two")

    reply = ask(pool, "PUT", "/messages", body, cls="VM", uuid=uuid, session_id=session.handle)

    assert reply.status == 200
    record = session.xenapi.message.get_record("OpaqueRef:one")
    assert (record["name"], record["priority"], record["body"]) == ("ONE", "3", "a & b")
    assert record["timestamp"].value == "20200102T03:04:05Z"
    assert session.xenapi.message.get_record("OpaqueRef:two")["obj_uuid"] == uuid


def test_messages_about_nothing_are_refused(pool: EmbeddedPool, session: Any) -> None:
    query = {"session_id": session.handle}
    before = len(session.xenapi.message.get_all())

    assert ask(pool, "PUT", "/messages", b"", **query).status == 400
    assert ask(pool, "PUT", "/messages", b"", cls="VM", uuid="x", **query).status == 500
    assert ask(pool, "PUT", "/messages", b"", cls="task", uuid="x", **query).status == 500
    uuid = session.xenapi.VM.get_uuid(session.xenapi.VM.get_all()[0])
    half = message(uuid, "GOOD", "OpaqueRef:good") + b"<message><name>"
    assert b"Bad XML" in ask(pool, "PUT", "/messages", half, cls="VM", uuid=uuid, **query).body
    assert len(session.xenapi.message.get_all()) == before
