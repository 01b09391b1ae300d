"""Configurations of a blueprint: the form, the table of several, and what the plan amounts to."""

from xsconsole_ui.provisioning.desk import ProvisionDesk
from xsconsole_ui.provisioning.dialog import ProvisionDialog

__all__ = ["ProvisionDesk", "ProvisionDialog"]
