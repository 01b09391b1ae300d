"""The place of the library: blueprints in versions, what is in them, what came of them, and their drafts."""

from xsconsole_ui.library.place import LibraryPlace

__all__ = ["LibraryPlace"]
