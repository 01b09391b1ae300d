"""What a transition does once a promotion has succeeded."""

from xsconsole.domain.workflow.rules import ApprovalRule, Part


class ActionBase(Part, tag_field="action", frozen=True, kw_only=True):
    """Happens in the order in which the transition lists it."""


class DemoteIncumbent(ActionBase, tag="demote-incumbent", frozen=True, kw_only=True):
    """Who had the slot goes back along its way back; without this it stays beside as a stand-by."""


class ArchiveIncumbent(ActionBase, tag="archive-incumbent", frozen=True, kw_only=True):
    """Who had the slot goes into the archive."""


class Tell(ActionBase, tag="tell", frozen=True, kw_only=True):
    """Post what was done, as JSON, to a web address."""

    url: str


class Review(ActionBase, tag="review", frozen=True, kw_only=True):
    """Somebody of the rule must look at it afterwards, within `within_s`."""

    rule: ApprovalRule
    within_s: int = 72 * 3600


class Hold(ActionBase, tag="hold", frozen=True, kw_only=True):
    """Nobody promotes the configuration again until somebody lifts the hold."""


Action = DemoteIncumbent | ArchiveIncumbent | Tell | Review | Hold
