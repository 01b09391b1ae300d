"""The text form of a blueprint: canonical JSON in files, the same compressed and in base64 on the pool."""

from xsconsole.domain.blueprint.check import check
from xsconsole.domain.blueprint.values import Blueprint, content_of
from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.text_faults import Names
from xsconsole.domain.text_form import TextForm, inflate, pack, read, stored

FORMAT = 1


def field_name(field: str) -> str:
    """Return what people call a field."""
    return _FIELDS.get(field.rpartition(".")[2], field.rpartition(".")[2].replace("_", " "))


_FIELDS = {
    "least": "least value",
    "most": "most",
    "vcpus": "vCPUs",
    "at": "time of publication",
    "order": "start order",
    "is_new": "new disk",
}
FORM = TextForm(
    format=FORMAT,
    names=Names(what="blueprint", parts={"members": "Member", "parameters": "Parameter"}, field=field_name),
    shorter="Shorten the user data or the descriptions.",
)


def to_json(blueprint: Blueprint) -> bytes:
    """Return the canonical text form."""
    return canonical_bytes(content_of(blueprint))


def from_json(text: bytes) -> Blueprint:
    """Read the text form.

    Raises:
        Refused: not JSON, of a newer format, with unknown or doubled keys, too large, or what `check` refuses.
    """
    blueprint = read_json(text)
    check(blueprint)
    return blueprint


def read_json(text: bytes) -> Blueprint:
    """Read the text form without `check`: for showing what is wrong with it. Raises as `from_json` does."""
    return read(text, Blueprint, FORM)


def stored_size_bytes(blueprint: Blueprint) -> int:
    """Return how much of `STORED_LIMIT_BYTES` the blueprint would take on the pool."""
    return len(pack(to_json(blueprint)))


def to_stored(blueprint: Blueprint) -> str:
    """Return the form that stands on the pool.

    Raises:
        Refused: it would be larger than 32 KiB.
    """
    return stored(to_json(blueprint), FORM)


def from_stored(text: str) -> Blueprint:
    """Read the form that stands on the pool.

    Raises:
        Refused: damaged, or see `from_json`.
    """
    return from_json(inflate(text))
