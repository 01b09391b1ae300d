"""The adapter to this machine: the SQLite file with journal, audit chain and drafts; keys; archives as files."""
