"""What can be typed into a filter field, one key away from it."""

from typing import TypeVar

from PySide6.QtWidgets import QWidget

from xsconsole.domain.query.fields import Field, Kind, Schema
from xsconsole_ui.help_sheet import HelpSheet, Section
from xsconsole_ui.texts import tr

T = TypeVar("T")

BASICS = (
    ("web", "holds this word, whatever the case of its letters"),
    ("web shop", "holds both"),
    ('"web shop"', "holds it just so"),
    ("web-*", "a whole name or word is like this: * any letters, ? one letter"),
    ("field:word", "the field holds the word"),
    ("field=word, field!=word", "the field is just so, or is not"),
    ("field>8, field<=8", "more than, at most; also for dates and versions"),
    ("a or b, -a, not a", "one of them; without"),
    ("(a or b) c", "brackets group"),
)
_VALUES = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.SIZE: "size, such as 8GiB",
    Kind.AGE: "time span, such as 30d, 12h, 5min",
    Kind.DATE: "date, such as 2026-11 or 2026-11-23T14:00",
}


class FilterHelp(HelpSheet):
    """How to ask, and what this list can be asked for."""

    def __init__(self, title: str, schema: Schema[T], parent: QWidget | None = None) -> None:
        fields = [(", ".join((field.name, *field.aliases)), _told(field)) for field in schema.fields]
        words = [(tr("plain words"), tr(schema.looked_in))] if schema.looked_in else []
        sections = (
            Section(title=tr("How to ask"), lines=[*words, *((written, tr(means)) for written, means in BASICS)]),
            Section(title=tr("Fields of this list"), lines=fields),
        )
        super().__init__(title, sections, parent)


def _told(field: Field[T]) -> str:
    about = tr(field.about)
    if field.kind is Kind.CHOICE:
        return tr("{about}: {choices}").format(about=about, choices=", ".join(field.choices))
    return tr("{about} ({value})").format(about=about, value=tr(_VALUES[field.kind]))
