"""An audit row as texts: cells of the table, and every field for the detail pane."""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum

from xsconsole.domain.canonical import Json
from xsconsole.domain.comparison import IN_PLACE, MANIFEST
from xsconsole.domain.ids import Uuid
from xsconsole.domain.projection import unpack
from xsconsole.domain.record import AuditRow, Outcome
from xsconsole.domain.signing import owner_of
from xsconsole.domain.wording import record as record_words
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Workflow
from xsconsole_ui import times
from xsconsole_ui.texts import tr

SHORT_DIGEST = 10
FACES = "faces"  # how a whole board stood
CONTENT = ("content", "content_before")  # whole versions of a workflow
CAPTIONS = {
    "what": "In words",
    "vm": "Machine id",
    "vms": "Machine ids",
    "trackid": "Session in the pool's log",
    "is_good": "Nothing is wrong",
    "is_vouched": "Somebody vouches for it",
    "content": "Version",
    "content_before": "Version before",
    "faces": "Board",
    "first_seq": "First row",
    "last_seq": "Last row",
    "seq": "Up to row",
    "left_in": "Left in",
    "open_s": "Open for, in seconds",
    "took_s": "Took, in seconds",
    "url": "Address",
    "iso": "ISO",
    "by_hand": "By rule",
    "is_gone": "Is gone",
    "plan": "Digest of the plan",
    "in_place": "Had the place",
    "batch": "Together with others",
}
"""What parts of the details are called whose names say too little."""

TONES = {
    Outcome.DONE: "good",
    Outcome.UNDONE: "warn",
    Outcome.FAILED: "bad",
    Outcome.REFUSED: "warn",
    Outcome.OBSERVED: "muted",
}


class Column(IntEnum):
    SEQ = 0
    TIME = 1
    WHO = 2
    WHAT = 3
    OUTCOME = 4
    CONFIGURATION = 5
    WAY = 6
    DIGEST = 7
    POOL = 8  # where there are several


HEADS = ("#", "Time", "Who", "What", "Outcome", "Configuration", "From → to", "Digest", "Pool")

Called = Callable[[Uuid | None], str]
"""What a pool is called."""


def cell(row: AuditRow, column: Column, workflow: Workflow | None, called: Called) -> str:
    fact = row.fact
    match column:
        case Column.SEQ:
            return str(row.seq)
        case Column.TIME:
            return times.row_time(row.at)
        case Column.WHO:
            return fact.actor or row.os_user
        case Column.WHAT:
            return record_words.event_sentence(fact)
        case Column.CONFIGURATION:
            return fact.configuration_name
        case Column.WAY:
            return way(row, workflow)
        case Column.OUTCOME:
            return record_words.standing(fact)
        case Column.DIGEST:
            return row.digest[:SHORT_DIGEST]
        case Column.POOL:
            return called(fact.pool)


def way(row: AuditRow, workflow: Workflow | None) -> str:
    source, target = row.fact.source, row.fact.target
    if source and target and source != target:
        return f"{stage_name(workflow, source)} → {stage_name(workflow, target)}"
    only = target or source
    return stage_name(workflow, only) if only else ""


def stage_name(workflow: Workflow | None, stage_id: str) -> str:
    found = next((stage.name for stage in workflow.stages if stage.id == stage_id), None) if workflow else None
    return found or stage_id


def exact(row: AuditRow, column: Column) -> str | None:
    """Return what is copied of a cell that shows less; None where it shows all."""
    match column:
        case Column.TIME:
            return row.at.isoformat()
        case Column.DIGEST:
            return row.digest
        case _:
            return None


def hint(row: AuditRow, column: Column, workflow: Workflow | None, called: Called) -> str:
    if column is Column.TIME:
        return times.exact_time(row.at)
    if column is Column.DIGEST:
        return row.digest
    return cell(row, column, workflow, called)


def all_fields(row: AuditRow, workflow: Workflow | None, called: Called) -> tuple[tuple[str, str], ...]:
    """Return every field that is not empty, by the name people know it by."""
    fact = row.fact
    fields = (
        (tr("Row"), tr("{seq} of chain {chain}").format(seq=row.seq, chain=row.chain)),
        (tr("Time"), times.exact_time(row.at)),
        (tr("What"), record_words.event_sentence(fact)),
        (tr("Event"), str(fact.event)),
        (tr("Outcome"), record_words.standing(fact)),
        (tr("Who"), fact.actor),
        (tr("At the desktop"), tr("{os_user} on {console}").format(os_user=row.os_user, console=row.console)),
        (tr("Configuration"), fact.configuration_name),
        (tr("Configuration id"), fact.configuration or ""),
        (tr("From"), stage_name(workflow, fact.source) if fact.source else ""),
        (tr("To"), stage_name(workflow, fact.target) if fact.target else ""),
        (tr("Reason"), fact.reason),
        (tr("Run"), fact.run or ""),
        (tr("Step"), fact.step or ""),
        (tr("Pool"), called(fact.pool) if fact.pool else ""),
        (tr("Pool id"), fact.pool or ""),
        (tr("Session (SHA-256)"), fact.session),
        *_decisions(fact.details or {}, workflow),
        *((caption(name), told_of(name, value)) for name, value in sorted((fact.details or {}).items())),
        (tr("Digest"), row.digest),
    )
    return tuple((name, text) for name, text in fields if text)


def _decisions(details: Mapping[str, Json], workflow: Workflow | None) -> Iterator[tuple[str, str]]:
    """Yield who decided, of a row that holds signed decisions."""

    def owner(key: str) -> str:
        found = owner_of(key, workflow.people) if workflow is not None else None
        return found.name if found is not None else ""

    warrant = details.get("warrant")
    of_run = warrant.get("decisions") if isinstance(warrant, dict) else None
    for one in (details.get("decision"), *(of_run if isinstance(of_run, list) else ())):
        if isinstance(one, dict):
            yield tr("Decided by"), f"{record_words.decided_by(one, owner)} ({one.get('meaning', '')})"


def caption(name: str) -> str:
    """Return what people call a part of the details: of one that is not known here, its own words."""
    return tr(CAPTIONS[name]) if name in CAPTIONS else name.replace("_", " ").strip().capitalize()


def told_of(name: str, value: Json) -> str:
    """Return a value of the details as one line; whole versions of a workflow or a configuration by their size."""
    if name in CONTENT and isinstance(value, str):
        return tr("a version of the workflow, {bytes} bytes as stored").format(bytes=len(value))
    if name == FACES and isinstance(value, str):
        faces = unpack(value)
        return tr("{cards} as they stood then").format(cards=count(len(faces), "configuration")) if faces else ""
    if name == MANIFEST and isinstance(value, dict):
        members = value.get("members")
        number = len(members) if isinstance(members, list | tuple) else 0
        return tr("what it was then: {members}, to be compared with other times").format(
            members=count(number, "member")
        )
    if name == IN_PLACE and isinstance(value, dict):
        return f"{value.get('name', '')}: {told_of(MANIFEST, value.get(MANIFEST))}"
    return told(value)


def told(value: Json) -> str:
    """Return a value of the details as one line."""
    match value:
        case None:
            return ""
        case bool():
            return tr("yes") if value else tr("no")
        case str():
            return value
        case list() | tuple():
            return ", ".join(told(part) for part in value)
        case dict():
            return ", ".join(f"{name}: {told(part)}" for name, part in value.items())
        case _:
            return str(value)
