"""The audit: what this console did and saw, and whether the record is whole."""

from xsconsole_ui.audit.panel import AuditPanel

__all__ = ["AuditPanel"]
