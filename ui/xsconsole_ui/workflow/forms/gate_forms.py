"""Gates: each kind with its own fields."""

from collections.abc import Callable, Mapping
from typing import Any, assert_never

from xsconsole.domain.words import count
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
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms import spans
from xsconsole_ui.workflow.forms.editors import Clock, Flag, Lines, Number, Option, Span, Words, fixed
from xsconsole_ui.workflow.forms.node import Node
from xsconsole_ui.workflow.forms.slots import Slot
from xsconsole_ui.workflow.forms.writer import Writer

USUAL_TIMEOUT_S = 120


def gate_list(writer: Writer, slot: Slot, gates: tuple[Gate, ...]) -> Node:
    items = [
        writer.item(
            str(number),
            gate_name(gate),
            _fields(writer, slot.at("gates", number), gate),
            writer.in_rows(slot, "gates", number, len(gates), gate_name(gate)),
            words=gate_words(gate),
            path="gates",
        )
        for number, gate in enumerate(gates)
    ]
    add = writer.add(tr("Add a check…"), slot.add("gates", _made), _kinds)
    return writer.listing("gates", tr("Checks"), items, (add,))


def _kinds() -> tuple[Option, ...]:
    return tuple(Option(key=key, words=gate_name(make())) for key, make in KINDS.items())


def _made(kind: str) -> Gate:
    return KINDS[kind]()


def _kinds_made() -> Mapping[str, Callable[[], Gate]]:
    usual: dict[str, Any] = {"timeout_s": USUAL_TIMEOUT_S}
    return {
        "guest-tools": lambda: GuestToolsUp(when=When.AFTER, **usual),
        "addresses": lambda: AddressesAnswer(when=When.AFTER, **usual),
        "no-drift": lambda: NoDrift(**usual),
        "exact-replica": lambda: ExactReplica(**usual),
        "no-duplicates": lambda: NoDuplicateAddresses(**usual),
        "recent-restore-point": lambda: RecentRestorePoint(**usual),
        "short-chains": lambda: ShortChains(**usual),
        "maintenance-window": lambda: MaintenanceWindow(**usual),
        "pool-fit": lambda: PoolFit(**usual),
        "checklist": lambda: Checklist(**usual),
        "script": lambda: Script(**usual),
        "http": lambda: HttpCall(**usual),
    }


KINDS = _kinds_made()


def gate_name(gate: Gate) -> str:
    match gate:
        case GuestToolsUp():
            return tr("Guest tools up on every member")
        case AddressesAnswer():
            return tr("Addresses answer")
        case NoDrift():
            return tr("No drift")
        case ExactReplica():
            return tr("Exact replica of production")
        case NoDuplicateAddresses():
            return tr("No duplicate addresses")
        case RecentRestorePoint():
            return tr("Recent restore point or backup")
        case ShortChains():
            return tr("Short disk chains")
        case MaintenanceWindow():
            return tr("Maintenance window")
        case PoolFit():
            return tr("Pool fit for it")
        case Checklist():
            return tr("Checklist")
        case Script():
            return tr("Script")
        case HttpCall():
            return tr("Web request")
        case _:
            assert_never(gate)


def gate_words(gate: Gate) -> str:
    """Return what tells this gate from others of its kind."""
    return ", ".join(filter(None, (_own_words(gate), _common_words(gate))))


def _common_words(gate: Gate) -> str:
    parts = [] if isinstance(gate, MaintenanceWindow) else [tr("after") if gate.when is When.AFTER else tr("before")]
    if gate.timeout_s is not None and not isinstance(gate, MaintenanceWindow | Checklist):
        parts.append(spans.written(gate.timeout_s))
    if gate.leads_back:
        parts.append(tr("leads back"))
    return ", ".join(parts)


def _own_words(gate: Gate) -> str:
    match gate:
        case AddressesAnswer(port=port):
            return tr("to ping") if port is None else tr("at port {port}").format(port=port)
        case NoDrift(against=against):
            return tr("since approval") if against is Measure.APPROVED else tr("against production")
        case RecentRestorePoint(age_s=age_s):
            return tr("not older than {age}").format(age=spans.written(age_s))
        case ShortChains(longest=longest):
            return tr("at most {number}").format(number=longest)
        case MaintenanceWindow():
            hours = f"{spans.clock(gate.from_minute)}–{spans.clock(gate.to_minute)}"
            return f"{_days_words(gate.weekdays)} {hours} {gate.zone}"
        case Checklist(items=items):
            return count(len(items), tr("question"))
        case Script(argv=argv):
            return argv[0] if argv else tr("none chosen")
        case HttpCall(url=url):
            return url or tr("no address")
        case _:
            return ""


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
            fixed((When.BEFORE, tr("before the promotion")), (When.AFTER, tr("after the promotion"))),
            lambda workflow, value: slot.set("when")(workflow, When(value)),
            path="gates",
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
                ),
            )
        case RecentRestorePoint():
            return (
                writer.field("age_s", tr("Not older than"), Span(value=gate.age_s), slot.set("age_s"), path="gates"),
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
            lines = Lines(value=gate.argv, placeholder=tr("the program, then each argument on a line of its own"))
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

    days = [
        writer.field(str(number), name, Flag(value=number in gate.weekdays), day(number), path="gates")
        for number, name in enumerate(_days())
    ]
    return (
        writer.section("weekdays", tr("Days"), days),
        writer.field("from_minute", tr("From"), Clock(value=gate.from_minute), slot.set("from_minute"), path="gates"),
        writer.field("to_minute", tr("Until"), Clock(value=gate.to_minute), slot.set("to_minute"), path="gates"),
        writer.field(
            "zone",
            tr("Time zone"),
            Words(value=gate.zone, placeholder="Europe/Berlin"),
            lambda workflow, zone: slot.set("zone")(workflow, zone.strip()),
            path="gates",
        ),
    )


def _days() -> tuple[str, ...]:
    return (
        *(tr("Monday"), tr("Tuesday"), tr("Wednesday"), tr("Thursday")),
        *(tr("Friday"), tr("Saturday"), tr("Sunday")),
    )


def _days_words(weekdays: tuple[int, ...]) -> str:
    if weekdays == tuple(range(7)):
        return tr("every day")
    if weekdays == tuple(range(5)):
        return tr("Monday to Friday")
    names = _days()
    return ", ".join(names[day] for day in weekdays if 0 <= day < len(names)) or tr("no day")
