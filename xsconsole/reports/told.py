"""What the page of a bundle says of its rows, gathered as they pass. Only the newest of each kind stay in memory."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xsconsole.reports.verifier.listing import LISTS, lists_of

TIMELINE_ROWS = 5000
LISTED_ROWS = 500  # of each list; approvals and runs take less room
APPROVAL_ROWS = 2000
RUNS = ("run.opened", "run.closed")
KEPT_OF_RUNS = ("what", "took_s", "plan", "kind", "warrant", "emergency")
KEPT_OF_ROWS = ("what", "took_s", "decision")  # what the sentence of a row is made of

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What was asked for or declared, decided, carried out and ended, in the order of the rows."""

    subject: str
    title: str
    rows: tuple[Fields, ...]

    @property
    def decisions(self) -> tuple[Fields, ...]:
        """Return every signed decision that the rows hold, whoever left it where, each once, as it stands."""
        found: dict[str, Fields] = {}
        for row in self.rows:
            details = _details(row)
            warrant = details.get("warrant")
            held = [details.get("decision"), *_many(details), *(_many(warrant) if isinstance(warrant, dict) else ())]
            for one in held:
                if isinstance(one, dict):
                    found.setdefault(str(one.get("signature")), one)
        return tuple(found.values())


@dataclass(slots=True, kw_only=True)
class Told:
    """Numbers of all rows that show values, and the newest of them by list."""

    events: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)  # lines of each list
    kept: dict[str, deque[Fields]] = field(
        default_factory=lambda: {
            name: deque(maxlen=APPROVAL_ROWS if name == LISTS[0] else LISTED_ROWS) for name in LISTS
        }
    )
    runs: deque[Fields] = field(default_factory=lambda: deque(maxlen=APPROVAL_ROWS))
    compared: dict[str, Fields] = field(default_factory=dict)  # by pool, the last comparison with its own log
    doubtful: deque[Fields] = field(default_factory=lambda: deque(maxlen=LISTED_ROWS))  # those that found something
    timeline: deque[Fields] = field(default_factory=lambda: deque(maxlen=TIMELINE_ROWS))
    begins: str = ""
    ends: str = ""

    def see(self, fields: Fields) -> None:
        event, at = str(fields.get("event", "")), str(fields.get("at", ""))
        self.events[event] += 1
        self.begins, self.ends = self.begins or at, at
        if fields.get("outcome"):
            self.outcomes[str(fields["outcome"])] += 1
        if fields.get("actor"):
            self.people[str(fields["actor"])] += 1
        for name in lists_of(fields):
            self.listed[name] += 1
            self.kept[name].append(fields)
        if event == "pool.reconciled":
            self.compared[str(fields.get("pool", ""))] = fields
            if not (_details(fields).get("is_good") is True and _details(fields).get("is_vouched") is True):
                self.doubtful.append(fields)
        if event in RUNS:
            self.runs.append(_without_weight(fields, KEPT_OF_RUNS))
        self.timeline.append(_without_weight(fields, KEPT_OF_ROWS))

    def of(self, part: str) -> tuple[Fields, ...]:
        """Return the rows of a list, such as `differences`, that are kept, oldest first."""
        return tuple(self.kept[f"{part}.jsonl"])

    def number(self, part: str) -> int:
        """Return how many lines the list has."""
        return self.listed[f"{part}.jsonl"]

    @property
    def comparisons(self) -> tuple[Fields, ...]:
        """Return every comparison with a pool's own log that found something, and the last one of each pool."""
        found = {int(row["seq"]): row for row in (*self.doubtful, *self.compared.values())}
        return tuple(found[seq] for seq in sorted(found))

    def chains(self) -> tuple[Chain, ...]:
        """Return the approvals by what they are about, with the runs that they allowed."""
        found: dict[str, list[Fields]] = {}
        for fields in self.of("approvals"):
            found.setdefault(_subject(fields), []).append(fields)
        by_plan: dict[str, list[Fields]] = {}
        for fields in self.runs:
            by_plan.setdefault(str(_details(fields).get("plan", "")), []).append(fields)
        return tuple(_chain(subject, rows, by_plan) for subject, rows in found.items())


def _chain(subject: str, rows: list[Fields], by_plan: Mapping[str, list[Fields]]) -> Chain:
    plans = {str(plan) for row in rows if (plan := _details(row).get("plan") or _decision(row).get("plan"))}
    runs = [row for plan in sorted(plans) for row in by_plan.get(plan, ())]
    title = next((text for row in rows if (text := _title(row))), "")
    return Chain(subject=subject, title=title, rows=tuple(sorted([*rows, *runs], key=lambda row: int(row["seq"]))))


def _title(row: Fields) -> str:
    name = row.get("configuration_name")
    ways = " → ".join(str(row[end]) for end in ("source", "target") if row.get(end))
    if name:
        return f"{name}: {ways}" if ways else str(name)
    return str(_decision(row).get("about") or _details(row).get("what") or "")


def _subject(fields: Fields) -> str:
    return str(_details(fields).get("subject") or fields.get("run") or f"row {fields['seq']}")


def _many(holder: Fields) -> list[Any]:
    held = holder.get("decisions")
    return held if isinstance(held, list) else []


def _details(fields: Fields) -> Fields:
    details = fields.get("details")
    return details if isinstance(details, dict) else {}


def _decision(fields: Fields) -> Fields:
    decision = _details(fields).get("decision")
    return decision if isinstance(decision, dict) else {}


def _without_weight(fields: Fields, kept: tuple[str, ...]) -> Fields:
    details = fields.get("details")
    if not isinstance(details, dict):
        return fields
    return {**fields, "details": dict(_some(details, kept))}


def _some(details: Fields, kept: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    return ((name, details[name]) for name in kept if name in details)
