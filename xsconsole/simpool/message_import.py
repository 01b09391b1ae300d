"""`/messages`: messages that another pool sends along with the object they are about."""

import re
from typing import Any
from xml.etree import ElementTree

from xsconsole.simpool import messages, pages
from xsconsole.simpool.conversion import Converter
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.streams import body_reader
from xsconsole.simpool.visits import Answered, Visit

LARGEST_BYTES = 16 << 20

_TOLD = ("uuid", "name", "priority", "cls", "obj_uuid", "timestamp", "body")
_DECLARATION = re.compile(rb"<\?xml[^>]*\?>")


def coordinator(visit: Visit) -> str | None:
    """Return the host that keeps the messages."""
    return visit.pool.coordinator


async def upload(visit: Visit) -> Answered:
    """Take messages: one document of XML after another."""
    if "uuid" not in visit.params or "cls" not in visit.params:
        return Answered(response=pages.bare(400))
    messages.assert_object(visit.pool, visit.params["cls"], visit.params["uuid"])
    stream = await visit.begin({})
    body = await body_reader(visit.request).at_most(LARGEST_BYTES + 1)
    if len(body) > LARGEST_BYTES:
        raise XapiError("INTERNAL_ERROR", f"More than {LARGEST_BYTES} bytes of messages")
    # Read them all before the first one is kept.
    for ref, fields in [_read(visit.pool, one) for one in _documents(body)]:
        messages.keep(visit.pool, ref, fields)
    return Answered(response=stream)


def _documents(body: bytes) -> list[ElementTree.Element]:
    try:
        return list(ElementTree.fromstring(b"<all>" + _DECLARATION.sub(b"", body) + b"</all>").iter("message"))
    except ElementTree.ParseError as failure:
        raise XapiError("INTERNAL_ERROR", f"Bad XML: {failure}") from failure


def _read(pool: Pool, message: ElementTree.Element) -> tuple[str, dict[str, Any]]:
    told = pool.model.classes["message"].fields
    converter = Converter(pool.model)
    fields = {name: converter.convert(told[name].type, message.findtext(name) or "") for name in _TOLD}
    return message.findtext("ref") or "", fields
