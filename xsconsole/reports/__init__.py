"""Reports as data and as files."""
