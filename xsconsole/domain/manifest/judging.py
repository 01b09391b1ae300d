"""Which differences are allowed, and by which rule; the others are drift. Never a bare percentage."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from xsconsole.domain.manifest.difference import Change, FieldChange
from xsconsole.domain.manifest.values import Part
from xsconsole.domain.replica import KEYS


class Verdict(StrEnum):
    ALLOWED = "allowed"
    DRIFT = "drift"


class Allowance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule that lets a field differ: of every member, or of one `role`; of a whole map, or of one `key`;
    of every disk, drive or interface, or of one `device`.

    `pairs`, where there are any, are the only values that may face each other (before, after). `by_hand` is the id of
    the rule on the pool that it stands for, empty where it is one of this program's. `lacking` is the
    side, `before` or `after`, that may have less than the other; what it has and the other has not is drift.
    """

    id: str
    part: Part
    field: str
    key: str = ""
    role: str = ""
    device: str = ""
    by_hand: str = ""
    lacking: str = ""
    pairs: tuple[tuple[str, str], ...] = ()

    def covers(self, change: Change) -> bool:
        return (
            isinstance(change, FieldChange)
            and (self.part, self.field) == (change.part, change.field)
            and self.key in ("", change.key)
            and self.role in ("", change.role)
            and self.device in ("", change.device)
            and (not self.pairs or (change.before, change.after) in self.pairs)
            and (not self.lacking or _lacks(change, self.lacking))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A difference with its verdict; `rule` is the id of the allowance, and `by_hand` its own; empty for drift."""

    change: Change
    verdict: Verdict
    rule: str = ""
    by_hand: str = ""


USUAL = (
    Allowance(id="names", part=Part.MEMBER, field="name"),
    Allowance(id="names", part=Part.MEMBER, field="description"),
    Allowance(id="names", part=Part.DISK, field="name"),
    Allowance(id="macs", part=Part.NIC, field="mac"),
    Allowance(id="placement", part=Part.MEMBER, field="home_host"),
    Allowance(id="placement", part=Part.DISK, field="sr_kind"),
)
"""What differs between any configuration and its replica outside of a fence."""


def _lacks(change: FieldChange, side: str) -> bool:
    """Return whether a side of a difference has nothing that the other has not."""
    one, other = (change.after, change.before) if side == "after" else (change.before, change.after)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(one) <= set(other)
    return one in (None, "")


LEFT_BEHIND = (
    Allowance(id="left behind", part=Part.MEMBER, field="tags"),
    Allowance(id="left behind", part=Part.MEMBER, field="ha_restart_priority"),
    *(Allowance(id="left behind", part=Part.MEMBER, field="other_config", key=key) for key in sorted(KEYS)),
)
"""What a copy has not, beside the usual: what only its original means. What it has besides is drift."""


def left_behind(side: str) -> tuple[Allowance, ...]:
    """Return what the copy may lack, which is the side `before` or `after`."""
    return tuple(msgspec.structs.replace(allowance, lacking=side) for allowance in LEFT_BEHIND)


def judge(changes: Iterable[Change], allowances: Sequence[Allowance] = USUAL) -> tuple[Judged, ...]:
    """Return each difference with its verdict. A member or a part that one side lacks is always drift."""
    return tuple(_judged(change, allowances) for change in changes)


def _judged(change: Change, allowances: Sequence[Allowance]) -> Judged:
    rule = next((allowance for allowance in allowances if allowance.covers(change)), None)
    if rule is None:
        return Judged(change=change, verdict=Verdict.DRIFT)
    return Judged(change=change, verdict=Verdict.ALLOWED, rule=rule.id, by_hand=rule.by_hand)
