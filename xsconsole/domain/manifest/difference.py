"""The difference of two manifests as a value. What was changed is never told as removed and added."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from xsconsole.domain.actions.mends import Value
from xsconsole.domain.manifest.values import Disk, Drive, Manifest, MemberManifest, Nic, Part, in_order

_PARTS: Mapping[str, Part] = {"disks": Part.DISK, "drives": Part.DRIVE, "nics": Part.NIC}
_FIELDS: Mapping[Part, str] = {part: field for field, part in _PARTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field differs. `device` is empty for the member itself; `key` is that of a map, empty for a plain field."""

    role: str
    part: Part
    device: str
    field: str
    key: str = ""
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """A whole member or part is on one side only: `before` or `after` is None."""

    role: str
    part: Part
    device: str = ""
    before: MemberManifest | Disk | Drive | Nic | None
    after: MemberManifest | Disk | Drive | Nic | None


Change = FieldChange | PartChange

Topic = tuple[str, str, str, str, str]
"""What a difference is about: role, part, device, field, key."""


def topic_of(change: Change) -> Topic:
    """Return what a difference is about, whatever the values."""
    field, key = (change.field, change.key) if isinstance(change, FieldChange) else ("", "")
    return (change.role, change.part.value, change.device, field, key)


def difference(before: Manifest, after: Manifest) -> tuple[Change, ...]:
    """Return what must be changed in `before` to give `after`: by role, then part, device, field, key."""
    return tuple(_of_all(before, after, is_whole=False))


def every_field(before: Manifest, after: Manifest) -> tuple[Change, ...]:
    """Return the same with all that is equal too: every field, and every key of a map, with both its values."""
    return tuple(_of_all(before, after, is_whole=True))


def _of_all(before: Manifest, after: Manifest, *, is_whole: bool) -> Iterator[Change]:
    left = {member.role: member for member in before.members}
    right = {member.role: member for member in after.members}
    for role in sorted({*left, *right}):
        yield from _of_role(role, left.get(role), right.get(role), is_whole=is_whole)


def _of_role(
    role: str, left: MemberManifest | None, right: MemberManifest | None, *, is_whole: bool
) -> Iterator[Change]:
    if left is None or right is None:
        yield PartChange(role=role, part=Part.MEMBER, before=left, after=right)
        return
    yield from _of_fields(role, Part.MEMBER, "", left, right, is_whole=is_whole)
    for name, part in _PARTS.items():
        one = {each.device: each for each in getattr(left, name)}
        other = {each.device: each for each in getattr(right, name)}
        for device in sorted({*one, *other}):
            if device in one and device in other:
                yield from _of_fields(role, part, device, one[device], other[device], is_whole=is_whole)
            else:
                yield PartChange(role=role, part=part, device=device, before=one.get(device), after=other.get(device))


def _of_fields(
    role: str, part: Part, device: str, left: msgspec.Struct, right: msgspec.Struct, *, is_whole: bool
) -> Iterator[FieldChange]:
    for name in left.__struct_fields__:
        one, other = getattr(left, name), getattr(right, name)
        is_name = name == "device" or (name == "role" and part is Part.MEMBER)
        if is_name or name in _PARTS or (one == other and not is_whole):
            continue
        if isinstance(one, dict):
            for key in sorted({*one, *other}):
                if is_whole or one.get(key) != other.get(key):
                    yield FieldChange(
                        role=role,
                        part=part,
                        device=device,
                        field=name,
                        key=key,
                        before=one.get(key),
                        after=other.get(key),
                    )
        else:
            yield FieldChange(role=role, part=part, device=device, field=name, before=one, after=other)


def apply(manifest: Manifest, changes: Sequence[Change]) -> Manifest:
    """Return `manifest` with the changes made: of `difference(a, b)` applied to a, that is b."""
    members = {member.role: member for member in manifest.members}
    for change in changes:
        match change:
            case PartChange(part=Part.MEMBER, after=None):
                members.pop(change.role)
            case PartChange(part=Part.MEMBER, after=MemberManifest() as member):
                members[change.role] = member
            case _:
                members[change.role] = _changed(members[change.role], change)
    return Manifest(members=tuple(members[role] for role in sorted(members)), format=manifest.format)


def _changed(member: MemberManifest, change: Change) -> MemberManifest:
    if change.part is Part.MEMBER:
        assert isinstance(change, FieldChange)
        whole: MemberManifest = _with_field(member, change)
        return whole
    name = _FIELDS[change.part]
    parts = {each.device: each for each in getattr(member, name)}
    match change:
        case FieldChange():
            parts[change.device] = _with_field(parts[change.device], change)
        case PartChange(after=None):
            parts.pop(change.device)
        case PartChange():
            parts[change.device] = change.after
    return msgspec.structs.replace(member, **{name: in_order(parts.values())})


def _with_field(part: Any, change: FieldChange) -> Any:
    value: Any = change.after
    if change.key or isinstance(getattr(part, change.field), dict):
        value = dict(getattr(part, change.field))
        if change.after is None:
            value.pop(change.key)
        else:
            value[change.key] = change.after
    return msgspec.structs.replace(part, **{change.field: value})
