"""Gates: each kind with its own fields."""

from collections.abc import Callable
from typing import Any, assert_never

from xsconsole.domain.workflow import gates
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    ExactReplica,
    Gate,
    GuestToolsUp,
    HttpCall,
    MaintenanceWindow,
    Measure,
    NoDrift,
    NoDuplicateAddresses,
    PoolFit,
    RecentRestorePoint,
    Script,
    ShortChains,
    When,
)
from xsconsole.domain.workflow.wording import DAYS, gate_words
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms.editors import Clock, Flag, Lines, Number, Option, Span, Words, fixed
from xsconsole_ui.workflow.forms.node import Node
from xsconsole_ui.workflow.forms.slots import Slot
from xsconsole_ui.workflow.forms.writer import Writer

USUAL_TIMEOUT_S = 120


def gate_list(writer: Writer, slot: Slot, listed: tuple[Gate, ...]) -> Node:
    items = [
        writer.item(
            str(number),
            _title(gate.called),
            _fields(writer.part(check_named(gate)), slot.at("gates", number), gate),
            deeds=writer.in_rows(slot, "gates", number, len(listed), check_named(gate)),
            words=_words_below(gate),
            path="gates",
        )
        for number, gate in enumerate(listed)
    ]
    add = writer.add(tr("Add a check…"), slot.add("gates", _made), _kinds)
    return writer.listing("gates", tr("Checks"), items, (add,))


def _words_below(gate: Gate) -> str:
    """Return what was chosen for a check, to stand below its name."""
    return gate_words(gate).removeprefix(gate.called).lstrip(", ")


KINDS = {str(kind.__struct_config__.tag): kind for kind in gates.KINDS}


def _kinds() -> tuple[Option, ...]:
    return tuple(Option(key=key, words=_title(kind.called)) for key, kind in KINDS.items())


def _made(key: str) -> Gate:
    kind = KINDS[key]
    return kind(timeout_s=USUAL_TIMEOUT_S, when=kind.usually)


def check_named(gate: Gate) -> str:
    return tr("check “{name}”").format(name=gate.called)


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _fields(writer: Writer, slot: Slot, gate: Gate) -> tuple[Node, ...]:
    common = [
        writer.field(
            "timeout_s",
            tr("Time-out"),
            Span(value=gate.timeout_s, none=tr("none")),
            slot.set("timeout_s"),
            path="gates",
        ),
        writer.choice(
            "when",
            tr("When"),
            gate.when,
            fixed((When.BEFORE, tr("before it goes")), (When.AFTER, tr("once it is there"))),
            lambda workflow, value: slot.set("when")(workflow, When(value)),
            path="gates",
            called=tr("time"),
        ),
        writer.field(
            "leads_back",
            tr("Leads back"),
            Flag(value=gate.leads_back),
            slot.set("leads_back"),
            path="gates",
            hint=tr("If it fails after the promotion, the way back is taken by itself."),
        ),
    ]
    return (*_own_fields(writer, slot, gate), *common)


def _own_fields(writer: Writer, slot: Slot, gate: Gate) -> tuple[Node, ...]:
    match gate:
        case AddressesAnswer():
            return (
                writer.field(
                    "port",
                    tr("TCP port"),
                    Number(value=gate.port, none=tr("none: to ping"), least=1),
                    slot.set("port"),
                    path="gates",
                ),
            )
        case NoDrift():
            options = fixed((Measure.APPROVED, tr("what was approved")), (Measure.PRODUCTION, tr("production")))
            return (
                writer.choice(
                    "against",
                    tr("Compared with"),
                    gate.against,
                    options,
                    lambda workflow, value: slot.set("against")(workflow, Measure(value)),
                    path="gates",
                    called=tr("comparison"),
                ),
            )
        case RecentRestorePoint():
            return (
                writer.field(
                    "age_s",
                    tr("Not older than"),
                    Span(value=gate.age_s),
                    slot.set("age_s"),
                    path="gates",
                    called=tr("age"),
                ),
                writer.field(
                    "tag",
                    tr("Tag of the backup"),
                    Words(value=gate.tag, placeholder=tr("only restore points")),
                    slot.set("tag"),
                    path="gates",
                ),
            )
        case ShortChains():
            number = Number(value=gate.longest, least=1)
            return (writer.field("longest", tr("Most bases"), number, slot.set("longest"), path="gates"),)
        case MaintenanceWindow():
            return _window_fields(writer, slot, gate)
        case Checklist():
            lines = Lines(value=gate.items, placeholder=tr("one question a line"))
            return (writer.field("items", tr("Questions"), lines, slot.set("items"), path="gates"),)
        case Script():
            lines = Lines(value=gate.argv, placeholder=tr("the program, then one argument a line"))
            return (writer.field("argv", tr("Program"), lines, slot.set("argv"), path="gates"),)
        case HttpCall():
            methods = fixed(*((name, name) for name in ("GET", "HEAD", "POST", "PUT")))
            address = Words(value=gate.url, placeholder="https://host/path")
            return (
                writer.field("url", tr("Address"), address, slot.set("url"), path="gates"),
                writer.choice("method", tr("Method"), gate.method, methods, slot.set("method"), path="gates"),
            )
        case GuestToolsUp() | ExactReplica() | NoDuplicateAddresses() | PoolFit():
            return ()
        case _:
            assert_never(gate)


def _window_fields(writer: Writer, slot: Slot, gate: MaintenanceWindow) -> tuple[Node, ...]:
    def day(number: int) -> Callable[[Any, Any], Any]:
        def change(workflow: Any, is_in: Any) -> Any:
            days = set(slot.get(workflow).weekdays) - {number} | ({number} if is_in else set())
            return slot.set("weekdays")(workflow, tuple(sorted(days)))

        return change

    of_days = writer.part(tr("days"))
    days = [
        of_days.field(str(number), name, Flag(value=number in gate.weekdays), day(number), path="gates")
        for number, name in enumerate(DAYS)
    ]
    return (
        writer.section("weekdays", tr("Days"), days),
        writer.field(
            "from_minute",
            tr("From"),
            Clock(value=gate.from_minute),
            slot.set("from_minute"),
            path="gates",
            called=tr("beginning"),
        ),
        writer.field(
            "to_minute", tr("Until"), Clock(value=gate.to_minute), slot.set("to_minute"), path="gates", called=tr("end")
        ),
        writer.field(
            "zone",
            tr("Time zone"),
            Words(value=gate.zone, placeholder="Europe/Berlin"),
            lambda workflow, zone: slot.set("zone")(workflow, zone.strip()),
            path="gates",
        ),
    )
