"""The same small histories as a console keeps them: databases, made row by row, so that any of them can be forged."""

import json
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine

from tests.reports.bundles import Story
from xsconsole.store.fields import listed
from xsconsole.store.migrations import MIGRATIONS, migrate


@cache
def _empty() -> bytes:
    """Return the file of a console that has written nothing."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "console.db"
        engine = create_engine(f"sqlite:///{path}")
        migrate(engine, path, MIGRATIONS)
        engine.dispose()
        return path.read_bytes()


def database_of(story: Story, path: Path, *statements: str) -> Path:
    """Write a story as a database, and then do with it what somebody can who may write the file and knows SQL."""
    path.write_bytes(_empty())
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA synchronous=OFF")
        tables = ("chain", "console_key", "audit", "audit_value", "audit_signature", "audit_head", "audit_anchor")
        for table in tables:
            for verb in ("UPDATE", "DELETE"):
                file.execute(f"DROP TRIGGER {table}_refuses_{verb}")
        file.execute("DELETE FROM chain")
        file.execute("INSERT INTO chain VALUES (?, '2026')", (story.chain,))
        file.executemany("INSERT INTO console_key VALUES (?, ?, '2026')", story.keys.items())
        for row in story.rows:
            _add_row(file, row, story.chain)
        names = ("chain_id", "first_seq", "last_seq", "head", "fingerprint", "signature")
        for group in story.groups:
            values = [bytes.fromhex(group[name]) if name in ("head", "signature") else group[name] for name in names]
            file.execute("INSERT INTO audit_signature VALUES (?, ?, ?, ?, ?, ?)", values)
        keys = {raw.hex(): fingerprint for fingerprint, raw in story.keys.items()}
        for head in story.heads:
            hexes = [bytes.fromhex(head[name]) for name in ("digest", "signature")]
            told = (story.chain, head["seq"], head["at"], hexes[0], keys[head["public_key"]], hexes[1])
            file.execute("INSERT INTO audit_head VALUES (?, ?, ?, ?, ?, ?)", told)
        for anchor in story.anchors:
            told = [anchor[name] for name in ("kind", "place", "reference", "place_name", "kept_at")]
            text = json.dumps(anchor["head"])
            asked = "INSERT INTO audit_anchor (chain_id, seq, kind, place, reference, place_name, kept_at, head)"
            file.execute(f"{asked} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (story.chain, anchor["head"]["seq"], *told, text))
        file.execute("PRAGMA ignore_check_constraints=ON")
        file.executescript(";".join(statements))
    return path


def _add_row(file: sqlite3.Connection, row: dict, chain: str) -> None:
    seq, values = json.loads(row["canonical"])["seq"], row["values"]
    columns = listed({name: one["value"].encode() for name, one in values.items()})
    names = ("at", "event", "actor", "pool", "configuration", "run", "step", "outcome", "searched")
    fields = (chain, seq, row["canonical"].encode(), bytes.fromhex(row["digest"]), *(columns[name] for name in names))
    asked = f"INSERT INTO audit (chain_id, seq, canonical, digest, {', '.join(names)})"
    file.execute(f"{asked} VALUES ({', '.join('?' * len(fields))})", fields)
    for name, one in values.items():
        told = (chain, seq, name, bytes.fromhex(one["salt"]), one["value"].encode())
        file.execute("INSERT INTO audit_value VALUES (?, ?, ?, ?, ?)", told)
