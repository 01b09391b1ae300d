"""Configurations in files: making an archive, and the place that lists, verifies, restores and deletes them."""

from xsconsole_ui.archives.place import ArchivePlace

__all__ = ["ArchivePlace"]
