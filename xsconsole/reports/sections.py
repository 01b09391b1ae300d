"""The sections of a bundle's page, made of the rows of its lists: what is no more than digests there is words here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import msgspec

from xsconsole.domain.canonical import Json
from xsconsole.domain.comparison import IN_PLACE, MANIFEST
from xsconsole.domain.manifest import FieldChange, Manifest, Part, PartChange, difference, fingerprint, words
from xsconsole.domain.manifest.difference import Change
from xsconsole.domain.manifest.values import Disk, Drive, MemberManifest, Nic
from xsconsole.domain.signing import owner_of
from xsconsole.domain.workflow import Workflow, from_stored
from xsconsole.domain.workflow.difference import diff, lines
from xsconsole.errors import Refused
from xsconsole.reports.told import Told

MOST_CHANGES = 200  # in one table; all stand in the rows
PARTS: Mapping[Part, type[MemberManifest | Disk | Drive | Nic]] = {
    Part.MEMBER: MemberManifest,
    Part.DISK: Disk,
    Part.DRIVE: Drive,
    Part.NIC: Nic,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One difference: where, what, and its two sides."""

    where: str
    what: str
    before: str = ""
    after: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a list, said in lines. `digest` is what the row vouches for beside itself."""

    seq: int
    at: str
    who: str
    title: str
    sentence: str = ""
    digest: str = ""
    lines: tuple[Line, ...] = ()
    more: int = 0  # lines that are left out
    facts: tuple[tuple[str, str], ...] = ()


def workflow_entries(told: Told) -> Iterator[Entry]:
    """Yield the versions, each with what it changed against the one before it in these rows."""
    before: dict[str, Workflow] = {}
    for row in told.of("workflows"):
        details = _details(row)
        if row.get("event") == "workflow.published" and row.get("outcome") != "done":
            continue
        now, was = _workflow(details.get("content")), _workflow(details.get("content_before"))
        known = was or before.get(str(details.get("workflow")))
        if now is None:
            yield _entry(row, f"version {details.get('version', '?')}, whose text is not in this row")
            continue
        if known is not None and known.digest == now.digest:
            continue  # the same version, seen once more
        changed = tuple(Line(where="", what=line) for line in lines(diff(known, now))) if known is not None else ()
        stages = ", ".join(stage.name for stage in now.stages)
        yield _entry(
            row,
            f"{now.name}, version {now.version}",
            sentence="" if known is not None else f"Stages: {stages}.",
            digest=now.digest,
            lines=changed,
        )
        before[now.id] = now


def owners_of(told: Told) -> Mapping[str, str]:
    """Return to whom versions of the workflow in these rows pin keys: fingerprint -> name, or several over time."""
    found: dict[str, list[str]] = {}
    for row in told.of("workflows"):
        version = _workflow(_details(row).get("content"))
        people = version.people if version is not None else ()
        for key in (key for person in people for key in person.fingerprints):
            owner, names = owner_of(key, people), found.setdefault(key, [])
            if owner is not None and owner.name not in names:
                names.append(owner.name)
    return {key: ", later ".join(names) for key, names in found.items() if names}


def manifest_entries(told: Told) -> Iterator[Entry]:
    """Yield what configurations were, each with how it differs from the one before it of the same service."""
    before: dict[str, tuple[str, Manifest]] = {}
    for row in told.of("manifests"):
        try:
            now = msgspec.convert(_details(row)[MANIFEST], Manifest)
        except (msgspec.ValidationError, KeyError):
            yield _entry(row, str(row.get("configuration_name", "")), sentence="A newer console wrote it.")
            continue
        name = str(row.get("configuration_name", ""))
        service = name.rpartition(" ")[0] or name
        was = before.get(service)
        before[service] = (name, now)
        stood = _stood(row)
        if stood is not None:
            lines = [line_of(change) for change in difference(stood[1], now)]
            sentence = f"{_members(now)} Against {stood[0]}, whose place it takes: {_counted(lines)}."
            yield _entry(row, name, sentence=sentence, digest=fingerprint(now), lines=tuple(lines))
            continue
        if was is None:
            yield _entry(row, name, sentence=_members(now), digest=fingerprint(now))
            continue
        changes = [line_of(change) for change in difference(was[1], now)]
        of = f"itself, as it was in the row before ({was[0]})" if was[0] == name else was[0]
        sentence = f"Against {of}: {_counted(changes)}."
        yield _entry(row, name, sentence=f"{_members(now)} {sentence}", digest=fingerprint(now), lines=tuple(changes))


def difference_entries(told: Told) -> Iterator[Entry]:
    """Yield how configurations came to differ from what they are measured by, and what was allowed."""
    for row in told.of("differences"):
        details = _details(row)
        came = [line_of(_change(one), "came") for one in _many(details.get("came"))]
        went = [line_of(_change(one), "went") for one in _many(details.get("went"))]
        yield _entry(row, str(row.get("configuration_name") or ""), sentence=_what(row), lines=(*came, *went))


def statement_entries(told: Told) -> Iterator[Entry]:
    """Yield the statements of fidelity."""
    for row in told.of("statements"):
        details = _details(row)
        first, second = _side(details.get("first")), _side(details.get("second"))
        counts = details.get("counts")
        counted = ", ".join(f"{number} {finding}" for finding, number in counts.items()) if _is(counts) else ""
        found = (
            Line(where="", what=str(one.get("sentence", "")), note=str(one.get("rule") or one.get("finding") or ""))
            for one in _many(details.get("fields"))
        )
        facts = (
            ("Verdict", str(details.get("verdict", ""))),
            ("Counts", counted),
            ("Contents", str(details.get("contents", ""))),
            ("Not compared", str(details.get("not_compared", ""))),
            ("Fingerprints", " and ".join(side[1] for side in (first, second) if side[1])),
        )
        title = f"{second[0]} beside {first[0]}" if first[0] else _what(row)
        yield _entry(row, title, lines=tuple(found), facts=tuple(fact for fact in facts if fact[1]))


def fence_entries(told: Told) -> Iterator[Entry]:
    """Yield what was proved of fences, and what was found of them later."""
    for row in told.of("fences"):
        details = _details(row)
        came = [Line(where="", what=str(one.get("sentence", "")), note="came") for one in _many(details.get("came"))]
        went = [Line(where="", what=str(one.get("sentence", "")), note="went") for one in _many(details.get("went"))]
        is_step = str(row.get("event", "")).startswith("step.")
        proof = str(details.get("result" if is_step else "proof") or "")
        held = {"done": "The proof held.", "failed": "The proof did not hold."} if is_step else {}
        sentence = held.get(str(row.get("outcome")), "")
        parts = (part.rstrip(".") for part in (_what(row), sentence, str(row.get("reason") or "")) if part)
        said = "".join(f"{part}. " for part in parts).strip()
        name = str(row.get("configuration_name") or "")
        if row.get("event") == "fence.ground":
            name, ended = f"What fences are built on, version {details.get('version', '?')}", row.get("outcome")
            said = f"Written: {ended or 'begins'}. {said}".strip()
        yield _entry(row, name, sentence=said, digest=proof, lines=(*came, *went))


def line_of(change: Change | None, note: str = "") -> Line:
    """Return a difference as people read it."""
    if change is None:
        return Line(where="", what="a difference that only a newer console can read", note=note)
    before, after = words.sides(change)
    return Line(where=words.place(change), what=words.label(change), before=before, after=after, note=note)


def _change(kept: Mapping[str, Any]) -> Change | None:
    plain = {name: value for name, value in kept.items() if name not in ("type", "since")}
    try:
        if kept.get("type") == "FieldChange":
            return msgspec.convert(plain, FieldChange)
        part = Part(plain["part"])
        before, after = (msgspec.convert(plain[side], PARTS[part] | None) for side in ("before", "after"))
        return PartChange(
            role=str(plain["role"]), part=part, device=str(plain.get("device", "")), before=before, after=after
        )
    except (msgspec.ValidationError, KeyError, ValueError):
        return None


def _entry(row: Mapping[str, Any], title: str, **more: Any) -> Entry:
    found: tuple[Line, ...] = more.pop("lines", ())
    return Entry(
        seq=int(row["seq"]),
        at=str(row.get("at", ""))[:19].replace("T", " "),
        who=str(row.get("actor", "")),
        title=title,
        lines=found[:MOST_CHANGES],
        more=max(0, len(found) - MOST_CHANGES),
        **more,
    )


def _workflow(stored: Json) -> Workflow | None:
    try:
        return from_stored(stored) if isinstance(stored, str) else None
    except Refused:
        return None


def _stood(row: Mapping[str, Any]) -> tuple[str, Manifest] | None:
    place = _details(row).get(IN_PLACE)
    try:
        return (str(place.get("name", "")), msgspec.convert(place[MANIFEST], Manifest)) if _is(place) else None
    except (msgspec.ValidationError, KeyError):
        return None


def _counted(lines: Sequence[Line]) -> str:
    return f"{len(lines) or 'no'} difference{'' if len(lines) == 1 else 's'}"


def _members(manifest: Manifest) -> str:
    return f"Members: {', '.join(f'{member.name} ({member.role})' for member in manifest.members) or 'none'}."


def _side(side: Any) -> tuple[str, str]:
    if not _is(side):
        return "", ""
    return f"{side.get('name', '')} ({side.get('place') or side.get('stage', '')})", str(side.get("fingerprint", ""))


def _what(row: Mapping[str, Any]) -> str:
    return str(_details(row).get("what") or "")


def _details(row: Mapping[str, Any]) -> Mapping[str, Any]:
    details = row.get("details")
    return details if _is(details) else {}


def _many(found: Any) -> list[Mapping[str, Any]]:
    return [one for one in found if _is(one)] if isinstance(found, list) else []


def _is(found: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(found, dict)
