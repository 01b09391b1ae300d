"""What a transition does once a promotion has succeeded."""

from typing import ClassVar

from xsconsole.domain.workflow.rules import ApprovalRule, Part


class ActionBase(Part, tag_field="action", frozen=True, kw_only=True):
    """Happens in the order in which the transition lists it. Each kind says what it is `called`."""

    called: ClassVar[str]


class DemoteIncumbent(ActionBase, tag="demote-incumbent", frozen=True, kw_only=True):
    """Who had the slot goes back along its way back; without this it stays beside as a stand-by."""

    called = "sending back who had the slot"


class ArchiveIncumbent(ActionBase, tag="archive-incumbent", frozen=True, kw_only=True):
    """Who had the slot goes into the archive."""

    called = "archiving who had the slot"


class Tell(ActionBase, tag="tell", frozen=True, kw_only=True):
    """Post what was done, as JSON, to a web address."""

    called = "telling a web address"

    url: str


class Review(ActionBase, tag="review", frozen=True, kw_only=True):
    """Somebody of the rule must look at it afterwards, within `within_s`."""

    called = "a review"

    rule: ApprovalRule
    within_s: int = 72 * 3600


class Hold(ActionBase, tag="hold", frozen=True, kw_only=True):
    """Nobody promotes the configuration again until somebody lifts the hold."""

    called = "a hold"


Action = DemoteIncumbent | ArchiveIncumbent | Tell | Review | Hold
