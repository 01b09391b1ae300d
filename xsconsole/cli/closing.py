"""The verbs about what people close: stages, configurations, versions, the line."""

import argparse
from collections.abc import Iterable, Iterator

import msgspec

from xsconsole.cli import output
from xsconsole.cli.documents import Document
from xsconsole.cli.session import connected, published
from xsconsole.console import Console
from xsconsole.domain.closures import (
    AnyClosure,
    ClosureKind,
    Freeze,
    Hold,
    Quarantine,
    subject_of,
    version_key,
)
from xsconsole.domain.naming import find_configuration, find_stage
from xsconsole.domain.wording.closures import closed_name, closed_words, frozen_name, held_name, quarantined_name
from xsconsole.domain.wording.record import closing_sentence
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Stage
from xsconsole.domain.workflow.calendars import span_of
from xsconsole.domain.workflow.values import FreezeCalendar
from xsconsole.domain.workflow.wording import calendar_words
from xsconsole.engine.commands import Closing, ExtendStay, FreezeStage, HoldBack, Lift, QuarantineVersion, StopTheLine
from xsconsole.errors import NotFound, Refused


async def close(options: argparse.Namespace) -> int:
    """Close what the verb names."""
    async with connected(options, is_reading=False) as console:
        done = await console.closings.do(_closing(console, options))
        _tell(done, console, options, is_lifted=False)
    return 0


async def lift(options: argparse.Namespace) -> int:
    """Open again what the verb names."""
    async with connected(options, is_reading=False) as console:
        kind, subject, seen = _named(console, options)
        done = await console.closings.do(Lift(kind=kind, subject=subject, seen=seen, reason=options.reason))
        _tell(done, console, options, is_lifted=True)
    return 0


async def list_(options: argparse.Namespace) -> int:
    """List all of one kind; of freezes also those of the workflow's calendars."""
    kind = ClosureKind(options.verb.partition(" ")[0])
    async with connected(options, is_reading=True) as console:
        found = [one for one in console.closings.all if subject_of(one)[0] is kind]
        calendars = list(_calendars(published(console).stages)) if kind is ClosureKind.FREEZE else []
        if options.json:
            shown = [_document(one, console) for one in found]
            output.print_json([*shown, *(_calendar_document(stage, one, console) for stage, one in calendars)])
            return 0
        match kind:
            case ClosureKind.FREEZE:
                freezes = [_freeze_row(one, console) for one in found if isinstance(one, Freeze)]
                weekly = [_calendar_row(stage, one, console) for stage, one in calendars]
                output.print_table(("ID", "STAGE", "FROZEN", "WAYS BACK", "BY", "REASON"), [*freezes, *weekly])
            case ClosureKind.HOLD:
                holds = (one for one in found if isinstance(one, Hold))
                rows = ((held_name(one, console.board), instant(one.at), one.by, one.reason) for one in holds)
                output.print_table(("CONFIGURATION", "SINCE", "BY", "REASON"), rows)
            case _:
                versions = (one for one in found if isinstance(one, Quarantine))
                rows = ((quarantined_name(one), instant(one.at), one.by, one.reason) for one in versions)
                output.print_table(("VERSION", "SINCE", "BY", "REASON"), rows)
        return 0


async def line_show(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        stop, barrier = console.board.closures.stop, console.closings.stop
        if options.json:
            output.print_json({"is_stopped": stop is not None, "stop": _document(stop, console) if stop else None})
        elif barrier is None:
            output.say("The line goes on.")
        else:
            output.say(output.cell(barrier.sentence, 700))
    return 0


# --- inside ---------------------------------------------------------------------------------------------------------


def _closing(console: Console, options: argparse.Namespace) -> Closing:
    reason = options.reason
    match options.verb:
        case "freeze add":
            stage = find_stage(published(console), options.stage)
            return FreezeStage(
                stage=stage.id, begins=options.begins, ends=options.ends, is_total=options.total, reason=reason
            )
        case "hold set":
            return HoldBack(configuration=find_configuration(console.board, options.name).id, reason=reason)
        case "stay extend":
            id_ = find_configuration(console.board, options.name).id
            return ExtendStay(configuration=id_, until=options.ends, reason=reason)
        case "quarantine set":
            service, version = _version(options.version)
            return QuarantineVersion(service=service, version=version, reason=reason)
        case _:
            return StopTheLine(is_total=options.total, reason=reason)


def _named(console: Console, options: argparse.Namespace) -> tuple[ClosureKind, str, AnyClosure | None]:
    closures = console.board.closures
    match options.verb:
        case "freeze lift":
            freeze = _freeze(closures.freezes, options.id)
            return ClosureKind.FREEZE, freeze.id, freeze
        case "hold lift":
            held = [id_ for id_ in closures.holds if options.name and id_ == options.name]
            id_ = held[0] if held else find_configuration(console.board, options.name).id
            return ClosureKind.HOLD, id_, closures.holds.get(id_)
        case "stay lift":
            id_ = find_configuration(console.board, options.name).id
            return ClosureKind.STAY, id_, closures.extensions.get(id_)
        case "quarantine lift":
            service, version = _version(options.version)
            return ClosureKind.QUARANTINE, version_key(service, version), closures.quarantine_of(service, version)
        case _:
            return ClosureKind.STOP, "", closures.stop


def _freeze(freezes: Iterable[Freeze], name: str) -> Freeze:
    freezes = tuple(freezes)
    found = [freeze for freeze in freezes if name and freeze.id.startswith(name.casefold())]
    if len(found) != 1:
        raise NotFound(
            reason=f"{'No' if not found else 'More than one'} freeze begins with “{name}”.",
            mend="`xsconsole freeze list` shows them; those of a calendar are changed in the workflow.",
            choices=tuple(freeze.id for freeze in freezes),
        )
    return found[0]


def _version(text: str) -> tuple[str, str]:
    service, _, version = text.rpartition("@")
    if not service or not version:
        raise Refused(reason=f"“{text}” names no version of a service.", mend="Say it as shop@1.3.0.")
    return service, version


def _tell(done: AnyClosure, console: Console, options: argparse.Namespace, *, is_lifted: bool) -> None:
    if options.json:
        output.print_json(_document(done, console))
    else:
        said = closing_sentence(closed_words(done, console.board), is_lifted=is_lifted)
        output.say(f"{output.cell(said, 220)}.")


def _document(closure: AnyClosure, console: Console) -> Document:
    kind, subject = subject_of(closure)
    plain: Document = msgspec.to_builtins(closure)
    plain.pop("schema", None)
    more: Document = {}
    if isinstance(closure, Freeze):
        more = {
            "is_frozen": any(
                closure.begins <= at and (closure.ends is None or at < closure.ends) for at in console.requests.clocks()
            )
        }
    return {"kind": kind.value, "subject": subject, "what": closed_name(closure, console.board), **plain, **more}


def _freeze_row(freeze: Freeze, console: Console) -> tuple[str, ...]:
    begins = f"{instant(freeze.begins)} to "
    ends = instant(freeze.ends) if freeze.ends is not None else "when it is lifted"
    back = "closed" if freeze.is_total else "open"
    return freeze.id[:8], frozen_name(freeze, console.board), begins + ends, back, freeze.by, freeze.reason


def _calendars(stages: Iterable[Stage]) -> Iterator[tuple[Stage, FreezeCalendar]]:
    return ((stage, calendar) for stage in stages for calendar in stage.freezes)


def _calendar_row(stage: Stage, calendar: FreezeCalendar, console: Console) -> tuple[str, ...]:
    del console
    back = "closed" if calendar.is_total else "open"
    return "", stage.name, f"every week {calendar_words(calendar)}", back, "the workflow", calendar.reason


def _calendar_document(stage: Stage, calendar: FreezeCalendar, console: Console) -> Document:
    at = max(console.requests.clocks())
    span = span_of(calendar, at)
    return {
        "kind": "calendar",
        "stage": stage.id,
        "what": f"{stage.name}, every week {calendar_words(calendar)}",
        "calendar": msgspec.to_builtins(calendar),
        "begins": span.begins.isoformat() if span is not None else None,
        "ends": span.ends.isoformat() if span is not None and span.ends is not None else None,
        "is_frozen": span is None or span.holds(at),
    }
