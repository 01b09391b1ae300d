"""What a row keeps of a card: how a configuration stood, as this console saw it."""

from collections.abc import Iterable

import msgspec

from xsconsole.domain import text_form
from xsconsole.domain.board import Card
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.errors import Refused


class SeenMember(msgspec.Struct, frozen=True, kw_only=True):
    """One machine of a configuration."""

    vm: Uuid
    name: str
    role: str
    order: int = 0


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """How a configuration stood. Power, placement and measures move by themselves and are not in it.

    `standing` is one of `Standing`, as text: a newer program may know more. `missing` are members that were gone.
    """

    id: ConfigurationId
    name: str
    service: str
    version: str
    stage: StageId
    revision: int
    workflow_version: int
    standing: str
    members: tuple[SeenMember, ...]
    missing: tuple[Uuid, ...] = ()


def face_of(card: Card) -> Face:
    """Return what a row keeps of a card."""
    return Face(
        id=card.id,
        name=card.name,
        service=card.service,
        version=card.version,
        stage=card.stage,
        revision=card.revision,
        workflow_version=card.workflow_version,
        standing=card.standing.value,
        members=tuple(
            SeenMember(vm=member.uuid, name=member.name, role=member.role, order=member.order)
            for member in card.members
        ),
        missing=card.missing,
    )


def pack(faces: Iterable[Face]) -> str:
    """Return many faces as one text: JSON, compressed, in base64, because a large board is looked at at every log-in.

    The least compression: a thousand cards take some milliseconds of the loop.
    """
    text = msgspec.json.encode(sorted(faces, key=lambda face: face.id))
    return text_form.pack(text, level=1)


def unpack(packed: str) -> tuple[Face, ...] | None:
    """Read `pack`; None where it is damaged, or of a program that knows more."""
    try:
        return msgspec.json.decode(text_form.inflate(packed), type=tuple[Face, ...])
    except (msgspec.MsgspecError, Refused):
        return None
