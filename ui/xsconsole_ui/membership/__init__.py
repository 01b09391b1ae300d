"""Which VMs belong to a configuration: dialogs that end in a command whose plan is then shown."""

from xsconsole_ui.membership.arrange import ArrangeDialog
from xsconsole_ui.membership.capture import CaptureDialog
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
from xsconsole_ui.membership.ending import DeleteAllDialog, DeleteDialog
from xsconsole_ui.membership.relocate import RelocateAllDialog, RelocateDialog
from xsconsole_ui.membership.replicate import ReplicateDialog
from xsconsole_ui.membership.together import NotesDialog, OfCards, TogetherDialog

__all__ = [
    "AddDialog",
    "AdoptDialog",
    "ArrangeDialog",
    "CaptureDialog",
    "CleanDialog",
    "CreateDialog",
    "DeleteAllDialog",
    "DeleteDialog",
    "DescribeDialog",
    "MembershipDialog",
    "NotesDialog",
    "OfCard",
    "OfCards",
    "RelocateAllDialog",
    "RelocateDialog",
    "RemoveDialog",
    "ReplicateDialog",
    "TogetherDialog",
]
