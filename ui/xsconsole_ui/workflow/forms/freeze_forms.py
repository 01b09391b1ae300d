"""When a stage is frozen every week."""

from collections.abc import Callable

from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.values import FreezeCalendar
from xsconsole.domain.workflow.wording import DAYS, calendar_words
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms.editors import Clock, Flag, Words, fixed
from xsconsole_ui.workflow.forms.node import Node
from xsconsole_ui.workflow.forms.slots import Slot
from xsconsole_ui.workflow.forms.writer import Writer


def freeze_list(writer: Writer, slot: Slot, calendars: tuple[FreezeCalendar, ...]) -> Node:
    """Return the calendars of a stage as a list, with the way to add one."""
    items = [
        writer.item(
            str(number),
            tr("Freeze"),
            _fields(writer.part(tr("freeze")), slot.at("freezes", number), calendar),
            deeds=writer.in_rows(slot, "freezes", number, len(calendars), tr("freeze")),
            words=calendar_words(calendar),
            path="freezes",
        )
        for number, calendar in enumerate(calendars)
    ]
    add = writer.add(
        tr("Add a freeze…"), slot.add("freezes", lambda _: FreezeCalendar()), fixed(("week", tr("every week")))
    )
    return writer.listing("freezes", tr("Freezes"), items, (add,))


def _fields(writer: Writer, slot: Slot, calendar: FreezeCalendar) -> tuple[Node, ...]:
    days = fixed(*((str(number), name) for number, name in enumerate(DAYS)))

    def day(field: str) -> Callable[[Workflow, str], Workflow]:
        return lambda workflow, key: slot.set(field)(workflow, int(key))

    return (
        writer.choice(
            "from_day",
            tr("From"),
            str(calendar.from_day),
            days,
            day("from_day"),
            path="freezes",
            called=tr("first day"),
        ),
        writer.field(
            "from_minute",
            tr("At"),
            Clock(value=calendar.from_minute),
            slot.set("from_minute"),
            path="freezes",
            called=tr("beginning"),
        ),
        writer.choice(
            "to_day", tr("Until"), str(calendar.to_day), days, day("to_day"), path="freezes", called=tr("last day")
        ),
        writer.field(
            "to_minute",
            tr("At"),
            Clock(value=calendar.to_minute),
            slot.set("to_minute"),
            path="freezes",
            called=tr("end"),
        ),
        writer.field(
            "zone",
            tr("Time zone"),
            Words(value=calendar.zone, placeholder="Europe/Berlin"),
            lambda workflow, zone: slot.set("zone")(workflow, zone.strip()),
            path="freezes",
        ),
        writer.field("reason", tr("Reason"), Words(value=calendar.reason), slot.set("reason"), path="freezes"),
        writer.field(
            "is_total",
            tr("Ways back too"),
            Flag(value=calendar.is_total),
            slot.set("is_total"),
            path="freezes",
            hint=tr("Nothing leaves the stage then either, and no way back leads in or out."),
        ),
    )
