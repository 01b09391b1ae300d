"""How a board's cards are looked at: which of them, in which groups, and what is folded away. Changes no card."""

from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from xsconsole.domain.board import Card
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Workflow


class Grouping(StrEnum):
    NONE = "none"
    SERVICE = "service"
    OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """`collapsed` are columns, `folded` the names of groups; `is_list` shows a table instead of columns."""

    filter: str = ""
    grouping: Grouping = Grouping.NONE
    is_list: bool = False
    collapsed: frozenset[StageId] = frozenset()
    folded: frozenset[str] = frozenset()

    def with_column(self, stage: StageId, *, is_collapsed: bool) -> "Arrangement":
        return replace(self, collapsed=self.collapsed | {stage} if is_collapsed else self.collapsed - {stage})

    def with_group(self, group: str, *, is_folded: bool) -> "Arrangement":
        return replace(self, folded=self.folded | {group} if is_folded else self.folded - {group})

    def group_of(self, card: Card, workflow: Workflow | None) -> str | None:
        """Return the group of a card; None where there are no groups."""
        match self.grouping:
            case Grouping.NONE:
                return None
            case Grouping.SERVICE:
                return card.service
            case Grouping.OWNER:
                return owner_of(card, workflow)

    def text(self) -> str:
        """Return a text that `read` makes the same of."""
        return msgspec.json.encode(
            _Kept(
                filter=self.filter,
                grouping=self.grouping,
                is_list=self.is_list,
                collapsed=tuple(sorted(self.collapsed)),
                folded=tuple(sorted(self.folded)),
            )
        ).decode()


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    filter: str = ""
    grouping: Grouping = Grouping.NONE
    is_list: bool = False
    collapsed: tuple[StageId, ...] = ()
    folded: tuple[str, ...] = ()


def read(text: str) -> Arrangement:
    """Return what was kept; what cannot be read counts as never kept."""
    try:
        kept = msgspec.json.decode(text, type=_Kept)
    except (msgspec.DecodeError, UnicodeError):
        return Arrangement()
    return Arrangement(
        filter=kept.filter,
        grouping=kept.grouping,
        is_list=kept.is_list,
        collapsed=frozenset(kept.collapsed),
        folded=frozenset(kept.folded),
    )


def owner_of(card: Card, workflow: Workflow | None) -> str:
    """Return who made a configuration or brought it where it stands: by name, or by log-in; empty where nobody knows.

    Members say it themselves (`MemberValue.by`): the fingerprint of a console's key, a blank, and a log-in.
    """
    latest = max(card.members, key=lambda member: (member.value.revision, member.uuid), default=None)
    if latest is None:
        return ""
    fingerprint, _, log_in = latest.value.by.partition(" ")
    people = workflow.people if workflow is not None else ()
    return next((person.name for person in people if fingerprint and fingerprint in person.fingerprints), log_in)
