"""Checks a bundle of the audit (.xsaudit, format 2 or 1) by Python 3.11 and its standard library, and nothing else.

    python3 verify.py FILE [--key FINGERPRINT] [--head SEQ:DIGEST]

FILE may also be a database of a console (console.db), or a sealed one.

`docs/bundle-format.md` of xsconsole defines what is checked. A copy of this file lies in every bundle as `verify.py`.
Whoever could have changed the bundle could have changed that copy: take one from where you trust it.

Exit status: 0 all is good and vouched for, 1 something is wrong, 2 wrong usage, 3 nothing is wrong, but nobody from
outside vouches for the key or for the end of the chain.
"""

import argparse
import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from xsconsole.reports.verifier.container import Part, parts_of
from xsconsole.reports.verifier.database import SQLITE, Record, verify_record
from xsconsole.reports.verifier.ed25519 import is_signature
from xsconsole.reports.verifier.heads import Stated, is_head, kept_of
from xsconsole.reports.verifier.listing import COLUMNS, LISTS, csv_line, listed
from xsconsole.reports.verifier.values import (
    FILES,
    FORMAT,
    LATER_FILES,
    MANIFEST_TYPE,
    READ_FORMATS,
    SIGNED_FILES,
    Found,
    Wrong,
    harmless,
    parsed,
    raw,
)
from xsconsole.reports.verifier.walk import SignatureCheck, Walk

TABLES = ("events.csv", *LISTS)
STATUS_WRONG, STATUS_UNVOUCHED = 1, 3
LONGEST_ANCHOR = 4096


def verify_file(
    path: Path,
    expected_key: str | None = None,
    kept_heads: Sequence[tuple[int, str]] = (),
    check: SignatureCheck = is_signature,
) -> tuple[Found, ...]:
    """Return a verdict on each check of a file, whichever kind it is of.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(SQLITE)) != SQLITE:
            return verify(file, expected_key, kept_heads, check)
    return verify_database(path, lambda record: verify_record(record, expected_key, kept_heads, check))


def verify_database(path: Path, judge: Callable[[Record], tuple[Found, ...]]) -> tuple[Found, ...]:
    """Return what `judge` finds in a record; of what is none, only that on its files."""
    try:
        with Record(path) as record:
            return judge(record)
    except Wrong as failure:
        return (Found("files", False, str(failure)),)
    except sqlite3.Error as failure:
        return (Found("files", False, f"SQLite cannot read it: {failure}."),)


def verify(
    file: BinaryIO,
    expected_key: str | None = None,
    kept_heads: Sequence[tuple[int, str]] = (),
    check: SignatureCheck = is_signature,
    walk_of: type[Walk] | Callable[..., Walk] = Walk,
) -> tuple[Found, ...]:
    """Return a verdict on each check; of what is no bundle, only that on its files. `walk_of` makes what hears of rows.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        parts = parts_of(file)
        manifest, files = read_manifest(parts, check)
        walk = walk_of(manifest, _groups(parts["heads.jsonl"]), parsed(parts["keys.json"].whole()), check, kept_heads)
        walk.take(kept_of(parts["anchors.json"].whole(), manifest["format"]))
        _follow(walk, parts)
        return (files, *walk.end(expected_key))
    except Wrong as failure:
        return (Found("files", False, str(failure)),)
    except RecursionError:
        return (Found("files", False, "A value in it is nested deeper than any that a console writes."),)


def read_manifest(parts: dict[str, Part], check: SignatureCheck) -> tuple[dict[str, Any], Found]:
    """Return the manifest, and whether every file is the one that it signs for."""
    content = parts["MANIFEST"].whole() if "MANIFEST" in parts else b""
    manifest = parsed(content)
    if manifest.get("type") != MANIFEST_TYPE or type(manifest.get("format")) is not int:
        raise Wrong("It has no MANIFEST of a bundle.")
    if manifest["format"] not in READ_FORMATS:
        raise Wrong(
            f"It is of format {manifest['format']}, and this verifier knows formats up to {FORMAT}: "
            "use that of a newer xsconsole."
        )
    first_files = tuple(name for name in FILES if name not in LATER_FILES)
    if tuple(parts) != FILES and not (manifest["format"] == 1 and tuple(parts) == first_files):
        odd = ", ".join(sorted(set(FILES) ^ set(parts))) or "their order"
        raise Wrong(f"It has not exactly the files of a bundle: {odd[:200]}.")
    _demand_form(manifest)
    signed_files = [name for name in SIGNED_FILES if name in parts]
    public_key, signature = raw(manifest["public_key"]), parts["MANIFEST.sig"].whole()
    wrong = [
        f"{name} is not the file that the manifest names"
        for name in signed_files
        if manifest["files"].get(name) != {"sha256": _sha256(parts[name]), "size": parts[name].size}
    ]
    if set(manifest["files"]) != set(signed_files):
        wrong.append("the manifest names other files than a bundle has")
    if hashlib.sha256(public_key).hexdigest() != manifest["fingerprint"]:
        wrong.append("the manifest's key is not the one that it names")
    is_whole = len(signature) == 129 and signature.endswith(b"\n")
    signed = raw(signature[:-1].decode("latin-1")) if is_whole else b""
    if not check(public_key, signed, covered_by_signature(content, manifest["format"])):
        wrong.append("MANIFEST is not as it was signed")
    if wrong:
        return manifest, Found("files", False, f"{'; '.join(wrong)}."[:1000])
    return manifest, Found("files", True, f"All {len(signed_files)} files are those of the manifest, which is signed.")


def covered_by_signature(manifest: bytes, bundle_format: int = FORMAT) -> bytes:
    """Return what the signature in MANIFEST.sig covers."""
    return f"{MANIFEST_TYPE} {bundle_format}\n".encode() + manifest


def _demand_form(manifest: dict[str, Any]) -> None:
    kinds = {
        **dict.fromkeys(("chain_id", "fingerprint", "previous", "public_key"), str),
        **dict.fromkeys(("first_seq", "last_seq", "shown"), int),
        **{"files": dict, "head": dict, "redacted": list},
    }
    head = manifest.get("head")
    is_formed = all(type(manifest.get(name)) is kind for name, kind in kinds.items()) and (
        isinstance(head, dict) and type(head.get("seq")) is int and type(head.get("digest")) is str
    )
    if not is_formed or not all(isinstance(name, str) for name in manifest["redacted"]):
        raise Wrong("Its MANIFEST lacks what every manifest says.")


def _sha256(part: Part) -> str:
    found, fresh = hashlib.sha256(), Part(part.file, part.start, part.size)
    while block := fresh.read(1 << 20):
        found.update(block)
    return found.hexdigest()


def _groups(part: Part) -> Iterator[dict[str, Any]]:
    kinds = {"chain_id": str, "fingerprint": str, "first_seq": int, "head": str, "last_seq": int, "signature": str}
    for line in part.lines():
        group = parsed(line)
        if set(group) != set(kinds) or not all(type(group[name]) is kind for name, kind in kinds.items()):
            raise Wrong("heads.jsonl holds a line that is no signature of a group.")
        yield group


def _follow(walk: Walk, parts: dict[str, Part]) -> None:
    """Let a walk see every row, and compare what the lists beside the rows say of it."""
    titles = csv_line(COLUMNS)
    is_listed = {name: name in parts for name in TABLES}
    if parts["events.csv"].read(len(titles)) != titles:
        is_listed["events.csv"] = False
        walk.blame("listing", walk.seq, "events.csv does not begin with its titles.")
    for line in parts["events.jsonl"].lines():
        fields = walk.row(line)
        for name, expected in listed(fields) if fields is not None else ():
            if is_listed[name] and parts[name].read(len(expected)) != expected:
                is_listed[name] = False
                walk.blame("listing", walk.seq, f"{name} says of row {walk.seq} something else than the row.")
    for name in TABLES:
        if is_listed[name] and not parts[name].is_at_end():
            walk.blame("listing", walk.seq, f"{name} tells of more than the rows do.")


def status_of(verdicts: Sequence[Found]) -> int:
    """Return the exit status that tells of them."""
    if not all(verdict.is_good for verdict in verdicts):
        return STATUS_WRONG
    return 0 if all(verdict.is_vouched for verdict in verdicts) else STATUS_UNVOUCHED


def kept_head(text: str) -> tuple[int, str]:
    """Read a head that was kept elsewhere: `SEQ:DIGEST`, or a file that holds an anchor as a pool has it."""
    if (file := Path(text)).suffix == ".json" and file.is_file():
        head = parsed(file.read_bytes()[:LONGEST_ANCHOR])
        if not is_head(head):
            raise argparse.ArgumentTypeError(f"{harmless(text)} holds no signed head")
        return Stated(head)
    found = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError("SEQ:DIGEST, such as 412: and 64 hexadecimal digits, or a file .anchor.json")
    return int(found[1]), found[2]


def line_of(verdict: Found) -> str:
    """Return a verdict as one line that cannot disturb a terminal."""
    sign = "BAD" if not verdict.is_good else "ok " if verdict.is_vouched else "?  "
    return harmless(f"{sign} {verdict.check}: {' '.join(verdict.sentence.split())}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the file that the arguments name, say each verdict on a line of its own, and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0], allow_abbrev=False)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--key", type=str.lower, metavar="FINGERPRINT", help="the key that must have signed it")
    parser.add_argument(
        "--head",
        type=kept_head,
        action="append",
        default=[],
        metavar="SEQ:DIGEST",
        help="a head that was kept elsewhere",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    options = parser.parse_args(arguments)
    try:
        verdicts = verify_file(options.file, options.key, options.head)
    except OSError as failure:
        parser.error(f"{options.file} cannot be read: {failure.strerror}")
    if options.json:
        lines = [json.dumps([verdict._asdict() for verdict in verdicts], indent=2)]
    else:
        lines = [line_of(verdict) for verdict in verdicts]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return status_of(verdicts)


if __name__ == "__main__":
    sys.exit(main())
