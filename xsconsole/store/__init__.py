"""The adapter to the local SQLite file: journal and audit chain."""
