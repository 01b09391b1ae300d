"""What is known of one object, as lines to read, copy and follow: the inspector's contents without a widget."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from xsconsole.domain.acts import CUSTOM_FIELDS, FOLDER_KEY, Act, Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.points.tree import Rail
from xsconsole.domain.poolstate import MEMBER_STEM, PREFIX, STAGE_FIELD_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `copied` is what is copied as its value, where it is not `value`; `hint` says more.

    `link` is another object that the line is about; `edit` the act that gives it another value, with `key` for one of
    `other_config`; `at` an instant, to be shown in the reader's own time; `depth` indents. In a tree, `rail` stands
    before the value instead, and the instant in the label's place: what is told apart by names needs the room.
    """

    label: str
    value: str
    hint: str = ""
    tone: str = ""  # good, warn, bad or muted
    link: ObjectId | None = None
    edit: Act | None = None
    key: str = ""
    at: datetime | None = None
    depth: int = 0
    rail: Rail | None = None
    copied: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    lines: tuple[Line, ...]
    empty: str = ""  # what to say where there are no lines; empty: the section is left out then


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`tasks` are references of XAPI tasks that work on the object now."""

    object: ObjectId
    title: str
    caption: str
    sections: tuple[Section, ...]

    @property
    def lines(self) -> Iterator[Line]:
        for section in self.sections:
            yield from section.lines


CLASS_NAMES: Mapping[Kind, str] = MappingProxyType(
    {
        **{kind: kind.value for kind in Kind},
        Kind.VM: "VM",
        Kind.SR: "SR",
        Kind.VDI: "VDI",
    }
)
"""What XAPI calls the classes."""


def names(label: str, description: str) -> tuple[Line, ...]:
    """Return the lines that every object begins with."""
    return (
        Line(label="Name", value=label, edit=Act.RENAME),
        Line(label="Description", value=description, edit=Act.DESCRIBE),
    )


def marks(tags: Sequence[str], other_config: dict[str, str] | None) -> Iterator[Line]:
    """Yield tags and folder."""
    for tag in sorted(tags):
        yield Line(label="Tag", value=tag, edit=Act.UNTAG)
    yield Line(label="Add tag", value="", edit=Act.TAG, tone="muted")
    if other_config is not None:
        yield Line(label="Folder", value=other_config.get(FOLDER_KEY, ""), edit=Act.MOVE_TO_FOLDER)


def keys(other_config: Mapping[str, str]) -> Iterator[Section]:
    """Yield custom fields and the rest of `other_config` key by key; our own keys can be read and not edited here."""
    fields = {key: key.removeprefix(CUSTOM_FIELDS) for key in sorted(other_config) if key.startswith(CUSTOM_FIELDS)}
    if fields:
        yield Section(
            title="Custom fields", lines=tuple(_key(label, key, other_config) for key, label in fields.items())
        )
    others = (key for key in sorted(other_config) if key != FOLDER_KEY and key not in fields)
    yield Section(
        title="other_config",
        lines=(
            *(_key(key, key, other_config) for key in others),
            Line(label="Add key", value="", edit=Act.SET_KEY, tone="muted"),
        ),
    )


def _key(label: str, key: str, other_config: Mapping[str, str]) -> Line:
    # The field that shows the stage elsewhere follows it, and would be written over.
    is_stage = key == STAGE_FIELD_KEY and any(one.startswith(MEMBER_STEM) for one in other_config)
    is_ours = key.startswith(PREFIX) or is_stage
    edit, tone = (None, "muted") if is_ours else (Act.SET_KEY, "")
    return Line(label=label, value=other_config[key], hint="" if label == key else key, edit=edit, key=key, tone=tone)


def identity(kind: Kind, uuid: Uuid, ref: str) -> Section:
    return Section(
        title="Identity",
        lines=(
            Line(label="UUID", value=uuid),
            Line(label="Reference", value=ref, hint="Valid in this pool's database only; the UUID is durable."),
            Line(label="Class", value=CLASS_NAMES[kind]),
        ),
    )


def yes(value: bool) -> str:
    return "yes" if value else "no"
