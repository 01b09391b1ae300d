"""Archives, in files and in pools: making one, and the place that lists, verifies, restores and deletes them."""

from xsconsole_ui.archives.place import ArchivePlace

__all__ = ["ArchivePlace"]
