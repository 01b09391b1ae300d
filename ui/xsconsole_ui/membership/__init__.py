"""Which VMs belong to a configuration: dialogs that end in a command whose plan is then shown."""

from xsconsole_ui.membership.describe import DescribeDialog
from xsconsole_ui.membership.dialogs import (
    AddDialog,
    AdoptDialog,
    CleanDialog,
    CreateDialog,
    MembershipDialog,
    OfCard,
    RemoveDialog,
)
from xsconsole_ui.membership.replicate import ReplicateDialog

__all__ = [
    "AddDialog",
    "AdoptDialog",
    "CleanDialog",
    "CreateDialog",
    "DescribeDialog",
    "MembershipDialog",
    "OfCard",
    "RemoveDialog",
    "ReplicateDialog",
]
