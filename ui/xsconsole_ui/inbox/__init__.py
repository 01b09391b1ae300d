"""The inbox: what is asked of whom, with everything that is needed to decide on it."""

from xsconsole_ui.inbox.news import InboxNews
from xsconsole_ui.inbox.place import InboxPlace

__all__ = ["InboxNews", "InboxPlace"]
