"""What is different between two versions of a workflow, paired by id and told field by field.

What only changes how it looks, places in the drawing and the order of lists, is kept apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from xsconsole.domain.folding import shown
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.names import field_name, way_words
from xsconsole.domain.workflow.rules import Group, Person
from xsconsole.domain.workflow.values import Place, Stage, Transition, Workflow
from xsconsole.domain.workflow.wording import value_words

Thing = Stage | Transition | Person | Group | str

LISTS = ("people", "groups", "networks", "stages", "transitions")
NESTED = ("binding", "limits")  # told field by field, since their parts have nothing to do with each other


class Subject(StrEnum):
    """What a change is about. In this order changes are listed."""

    WORKFLOW = "workflow"
    STAGE = "stage"
    TRANSITION = "transition"
    PERSON = "person"
    GROUP = "group"
    NETWORK = "network"


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of something that both versions have. `field` is a path such as `limits.running`."""

    field: str
    before: Any
    after: Any
    before_words: str
    after_words: str

    @property
    def name(self) -> str:
        return field_name(self.field)

    @property
    def words(self) -> str:
        return f"{self.name}: {self.before_words} → {self.after_words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that one version has and the other has not (`before` or `after` is None), or that they have unlike."""

    subject: Subject
    id: str  # of a logical network its name, of the workflow empty
    name: str
    kind: ChangeKind
    before: Thing | None = None
    after: Thing | None = None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A stage is drawn elsewhere."""

    stage: StageId
    name: str
    before: Place | None
    after: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A list of the workflow, such as `stages`, has its parts in another order: these ids."""

    field: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Falsy where the versions are equal. `moves` and `orders` are cosmetic."""

    changes: tuple[Change, ...] = ()
    moves: tuple[Move, ...] = ()
    orders: tuple[Order, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.moves or self.orders)

    @property
    def is_cosmetic(self) -> bool:
        """Whether it only changes how the workflow looks, if anything."""
        return not self.changes

    def of(self, subject: Subject) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.subject is subject)

    def change(self, subject: Subject, id_: str) -> Change | None:
        return next((change for change in self.changes if (change.subject, change.id) == (subject, id_)), None)


def diff(before: Workflow, after: Workflow) -> Difference:
    """Return what leads from one version to the other. Of each, ids are unlike, as `check` demands."""
    changes: list[Change] = []
    fields = _field_changes(before, after, before, after, but=LISTS)
    if fields:
        changes.append(
            Change(
                subject=Subject.WORKFLOW, id="", name=shown(after.name), kind=ChangeKind.CHANGED, fields=tuple(fields)
            )
        )
    for subject, name in _subjects().items():
        changes += _changes_of(subject, name, before, after)
    moves = tuple(
        Move(stage=stage.id, name=shown(stage.name), before=old.place, after=stage.place)
        for old, stage in ((before.stage(stage.id), stage) for stage in after.stages)
        if old is not None and old.place != stage.place
    )
    plain = Difference(changes=tuple(changes), moves=moves)
    return Difference(changes=plain.changes, moves=moves, orders=tuple(_orders(apply(plain, before), after)))


def apply(difference: Difference, workflow: Workflow) -> Workflow:
    """Return the workflow with a difference made to it.

    `apply(diff(a, b), a) == b`. Where it is made to another workflow than it was taken of, what is not there is not
    changed, and what is there already is replaced.
    """
    found = workflow
    for change in difference.changes:
        found = apply_change(change, found)
    moved = {move.stage: move.after for move in difference.moves}
    if moved:
        stages = tuple(
            msgspec.structs.replace(stage, place=moved[stage.id]) if stage.id in moved else stage
            for stage in found.stages
        )
        found = msgspec.structs.replace(found, stages=stages)
    for order in difference.orders:
        found = msgspec.structs.replace(found, **{order.field: _ordered(getattr(found, order.field), order.after)})
    return found


def apply_change(change: Change, workflow: Workflow) -> Workflow:
    if change.subject is Subject.WORKFLOW:
        whole: Workflow = with_fields(workflow, {each.field: each.after for each in change.fields})
        return whole
    field = _subjects()[change.subject]
    things: tuple[Thing, ...] = getattr(workflow, field)
    standing = [thing for thing in things if id_of(thing) == change.id]
    match change.kind:
        case ChangeKind.REMOVED:
            things = tuple(thing for thing in things if id_of(thing) != change.id)
        case ChangeKind.ADDED if not standing:
            assert change.after is not None
            things = (*things, change.after)
        case ChangeKind.ADDED:
            things = tuple(change.after if id_of(thing) == change.id and change.after else thing for thing in things)
        case ChangeKind.CHANGED:
            values = {each.field: each.after for each in change.fields}
            things = tuple(with_fields(thing, values) if id_of(thing) == change.id else thing for thing in things)
    return msgspec.structs.replace(workflow, **{field: things})


def with_fields(thing: Any, values: Mapping[str, Any]) -> Any:
    """Return a struct with fields changed, each named by its path."""
    direct = {field: value for field, value in values.items() if "." not in field}
    for outer in NESTED:
        inner = {field.partition(".")[2]: value for field, value in values.items() if field.startswith(outer + ".")}
        if inner:
            direct[outer] = msgspec.structs.replace(getattr(thing, outer), **inner)
    return msgspec.structs.replace(thing, **direct)


def value_of(thing: Any, field: str) -> Any:
    """Return the value of a field, named by its path."""
    for name in field.split("."):
        thing = getattr(thing, name)
    return thing


def id_of(thing: Thing) -> str:
    return thing if isinstance(thing, str) else thing.id


def diff_of_drafts(before: Workflow, after: Workflow) -> Difference:
    """Compare what was drawn: who published what is not signed, and with which words, is not known of it yet."""
    if before.signature is not None and after.signature is not None:
        return diff(before, after)
    return diff(*(msgspec.structs.replace(one, author="", summary="", signature=None) for one in (before, after)))


def lines_of_draft(before: Workflow, after: Workflow) -> tuple[str, ...]:
    """Return what a draft changes of a version. It is signed as it is written: that it is not yet is no change."""
    return lines(diff(*(msgspec.structs.replace(one, signature=None) for one in (before, after))))


def lines(difference: Difference) -> tuple[str, ...]:
    """Return the difference as sentences for a list: what matters first, then what only looks different."""
    return tuple(_lines(difference))


def _lines(difference: Difference) -> Iterator[str]:
    for change in difference.changes:
        called = "Workflow" if change.subject is Subject.WORKFLOW else _caption(change)
        if change.kind is ChangeKind.CHANGED:
            yield from (f"{called}, {field.words}" for field in change.fields)
        else:
            yield f"{called} {change.kind.value}"
    for move in difference.moves:
        yield f"Stage {move.name} is drawn elsewhere"
    for order in difference.orders:
        yield f"Order of {order.field}"


def _caption(change: Change) -> str:
    if change.subject is Subject.TRANSITION:
        return change.name[0].upper() + change.name[1:]
    return f"{change.subject.value.capitalize()} {change.name}"


def _subjects() -> Mapping[Subject, str]:
    """Return the list of the workflow that holds each subject, in the order in which one may refer to another."""
    return {
        Subject.STAGE: "stages",
        Subject.TRANSITION: "transitions",
        Subject.PERSON: "people",
        Subject.GROUP: "groups",
        Subject.NETWORK: "networks",
    }


def name_of(thing: Thing, workflow: Workflow) -> str:
    match thing:
        case Transition():
            return way_words(workflow, thing)
        case str():
            return shown(thing)
        case _:
            return shown(thing.name)


def _changes_of(subject: Subject, field: str, before: Workflow, after: Workflow) -> Iterator[Change]:
    old: dict[str, Thing] = {id_of(thing): thing for thing in getattr(before, field)}
    new: dict[str, Thing] = {id_of(thing): thing for thing in getattr(after, field)}
    for id_, thing in old.items():
        if id_ not in new:
            yield Change(subject=subject, id=id_, name=name_of(thing, before), kind=ChangeKind.REMOVED, before=thing)
            continue
        change = change_of(subject, thing, new[id_], before, after)
        if change is not None:
            yield change
    for id_, thing in new.items():
        if id_ not in old:
            yield Change(subject=subject, id=id_, name=name_of(thing, after), kind=ChangeKind.ADDED, after=thing)


def change_of(subject: Subject, before: Thing, after: Thing, old: Workflow, new: Workflow) -> Change | None:
    """Return how something of `old` differs from the same in `new`; None where at most its place does."""
    if before == after or isinstance(before, str):
        return None
    fields = _field_changes(before, after, old, new, but=("place",))
    if not fields:
        return None
    return Change(
        subject=subject,
        id=id_of(after),
        name=name_of(after, new),
        kind=ChangeKind.CHANGED,
        before=before,
        after=after,
        fields=tuple(fields),
    )


def _field_changes(
    before: Any, after: Any, old: Workflow, new: Workflow, but: Sequence[str] = (), path: str = ""
) -> list[FieldChange]:
    found = []
    for name in before.__struct_fields__:
        first, second = getattr(before, name), getattr(after, name)
        if name in but or first == second:
            continue
        if not path and name in NESTED:
            found += _field_changes(first, second, old, new, path=f"{name}.")
            continue
        field = path + name
        found.append(
            FieldChange(
                field=field,
                before=first,
                after=second,
                before_words=value_words(field, first, old),
                after_words=value_words(field, second, new),
            )
        )
    return found


def _orders(made: Workflow, wanted: Workflow) -> Iterator[Order]:
    for field in LISTS:
        ids = tuple(id_of(thing) for thing in getattr(wanted, field))
        if tuple(id_of(thing) for thing in getattr(made, field)) != ids:
            yield Order(field=field, after=ids)


def _ordered(things: Sequence[Thing], ids: Sequence[str]) -> tuple[Thing, ...]:
    """Return things in the order of ids; those that it does not name stay behind the one they stood behind."""
    rank = {id_: at for at, id_ in enumerate(ids)}
    keys: list[tuple[int, int]] = []
    last = -1
    for at, thing in enumerate(things):
        last = rank.get(id_of(thing), last)
        keys.append((last, at if id_of(thing) not in rank else -1))
    return tuple(thing for _, thing in sorted(zip(keys, things, strict=True), key=lambda pair: pair[0]))
