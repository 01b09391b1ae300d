"""For the second of two designers: what both changed since the version that both began with, made one.

Where the two say something different about the same field, what is published stands and the other is a conflict, which
can be settled either way afterwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from xsconsole.domain.words import listing
from xsconsole.domain.workflow.check import problems
from xsconsole.domain.workflow.difference import (
    Change,
    ChangeKind,
    Difference,
    FieldChange,
    Subject,
    Thing,
    apply,
    apply_change,
    change_of,
    diff,
    value_of,
)
from xsconsole.domain.workflow.values import Workflow
from xsconsole.domain.workflow.wording import value_words

OF_A_VERSION = frozenset({"version", "author", "summary", "signature"})  # which belong to neither designer's content


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Both changed the same, unlike; what is published stands. `mine` is what to apply where mine shall stand.

    `field` is empty where it is about the whole of something: one removed what the other changed, or mine does not fit
    any more, as `sentence` says.
    """

    subject: Subject
    id: str
    name: str
    sentence: str
    mine: Change
    field: str = ""
    mine_words: str = ""
    theirs_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebased:
    workflow: Workflow
    conflicts: tuple[Conflict, ...] = ()


def rebase(base: Workflow, mine: Workflow, theirs: Workflow) -> Rebased:
    """Return `theirs` with what `mine` changed since `base`, and where the two contradict each other.

    The result keeps what `check` demands. Its version is theirs and it is not signed.
    """
    ours = diff(base, mine)
    merge = _Merge(mine=mine, theirs=theirs, since=diff(base, theirs))
    wanted = [found for change in ours.changes for found in merge.wanted(change)]
    merged = apply(Difference(changes=tuple(wanted)), theirs)
    if any(problems(merged)):
        merged = merge.one_by_one(wanted)
    moves = tuple(move for move in ours.moves if move.stage not in {each.stage for each in merge.since.moves})
    orders = tuple(order for order in ours.orders if order.field not in {each.field for each in merge.since.orders})
    merged = apply(Difference(moves=moves, orders=orders), merged)
    merged = msgspec.structs.replace(
        merged, version=theirs.version, author=mine.author, summary=mine.summary, signature=None
    )
    return Rebased(workflow=merged, conflicts=tuple(merge.conflicts))


def prefer_mine(workflow: Workflow, conflict: Conflict) -> Workflow:
    """Settle a conflict of a rebased workflow the other way.

    Returns the same workflow where that would make it one that `check` refuses.
    """
    changed = apply_change(conflict.mine, workflow)
    if conflict.mine.kind is ChangeKind.REMOVED and conflict.subject is Subject.STAGE:
        ways = tuple(way for way in changed.transitions if conflict.id not in (way.source, way.target))
        changed = msgspec.structs.replace(changed, transitions=ways)
    return workflow if any(problems(changed)) else changed


@dataclass(slots=True, kw_only=True)
class _Merge:
    mine: Workflow
    theirs: Workflow
    since: Difference  # theirs since the version that both began with
    conflicts: list[Conflict] = field(default_factory=list)

    def wanted(self, mine: Change) -> Iterator[Change]:
        """Yield what of a change of mine can be made to theirs; the rest becomes conflicts."""
        other = self.since.change(mine.subject, mine.id)
        if mine.subject is Subject.WORKFLOW:
            fields = tuple(each for each in mine.fields if each.field not in OF_A_VERSION)
            yield from self._fields(replace(mine, fields=fields), self.theirs)
        elif other is None:
            yield mine
        elif mine.kind is ChangeKind.REMOVED:
            if other.kind is not ChangeKind.REMOVED:
                self._whole(mine, f"You removed it; the published version changed it: {_fields_of(other)}.")
        elif other.kind is ChangeKind.REMOVED:
            self._whole(_revived(mine), f"You changed it ({_fields_of(mine)}); the published version removed it.")
        elif mine.kind is ChangeKind.ADDED:
            self._added_by_both(mine, other.after)
        else:
            yield from self._fields(mine, other.after)

    def one_by_one(self, wanted: list[Change]) -> Workflow:
        """Make one change after the other to theirs, each only where nothing is wrong afterwards."""
        merged = self.theirs
        waiting = _in_order(wanted)
        while waiting:
            refused: list[tuple[Change, str]] = []
            for change in waiting:
                tried = apply_change(change, merged)
                problem = next(problems(tried), None)
                if problem is None:
                    merged = tried
                else:
                    refused.append((change, problem.reason))
            if len(refused) == len(waiting):
                for change, reason in refused:
                    self._whole(change, f"It does not fit the published version: {reason}")
                break
            waiting = [change for change, _ in refused]
        return merged

    def _fields(self, mine: Change, theirs: Any) -> Iterator[Change]:
        """Yield the fields of mine that theirs left as they were."""
        free: list[FieldChange] = []
        for each in mine.fields:
            standing = value_of(theirs, each.field)
            if standing == each.before:
                free.append(each)
            elif standing != each.after:
                self._field(mine, each, standing)
        if free:
            yield replace(mine, fields=tuple(free))

    def _added_by_both(self, mine: Change, theirs: Thing | None) -> None:
        assert mine.after is not None
        assert theirs is not None
        unlike = change_of(mine.subject, theirs, mine.after, self.theirs, self.mine)
        for each in unlike.fields if unlike else ():
            self._field(mine, each, each.before)

    def _field(self, mine: Change, change: FieldChange, standing: Any) -> None:
        words = value_words(change.field, standing, self.theirs)
        only = Change(subject=mine.subject, id=mine.id, name=mine.name, kind=ChangeKind.CHANGED, fields=(change,))
        self.conflicts.append(
            Conflict(
                subject=mine.subject,
                id=mine.id,
                name=mine.name,
                sentence=f"{change.name}: you have {change.after_words}; the published version has {words}.",
                mine=only,
                field=change.field,
                mine_words=change.after_words,
                theirs_words=words,
            )
        )

    def _whole(self, mine: Change, sentence: str) -> None:
        self.conflicts.append(Conflict(subject=mine.subject, id=mine.id, name=mine.name, sentence=sentence, mine=mine))


def _revived(change: Change) -> Change:
    """Return the change that brings back what the other removed, as it would be."""
    return replace(change, kind=ChangeKind.ADDED, before=None, fields=())


def _fields_of(change: Change) -> str:
    return listing(tuple(each.name for each in change.fields), 6) or change.kind.value


def _in_order(changes: list[Change]) -> list[Change]:
    """Return changes so that each has what it refers to: what others name comes first, and goes last."""
    named = (Subject.WORKFLOW, Subject.PERSON, Subject.GROUP, Subject.NETWORK, Subject.STAGE, Subject.TRANSITION)
    additions = [change for change in changes if change.kind is not ChangeKind.REMOVED]
    removals = [change for change in changes if change.kind is ChangeKind.REMOVED]
    removals.sort(key=lambda change: -named.index(change.subject))
    ways = [change for change in removals if change.subject is Subject.TRANSITION]
    additions.sort(key=lambda change: named.index(change.subject))
    return [*ways, *additions, *(change for change in removals if change.subject is not Subject.TRANSITION)]
