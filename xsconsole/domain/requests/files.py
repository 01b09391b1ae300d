"""Requests and decisions as files, for people off the pool. A decision by file proves the key alone."""

from typing import Literal, TypeVar

import msgspec

from xsconsole.domain.approval import Decision
from xsconsole.domain.paper_kinds import DECISION, REQUEST, unread
from xsconsole.domain.requests.values import Paper, checked
from xsconsole.domain.text_form import DECOMPRESSED_LIMIT_BYTES

FILE_LIMIT_BYTES = 2 * DECOMPRESSED_LIMIT_BYTES


class RequestFile(msgspec.Struct, frozen=True, kw_only=True, tag=REQUEST, tag_field="type"):
    """A request with all that it is about. `rules` are in words: who is named by them, the pool's workflow decides."""

    format: Literal[1] = 1
    paper: Paper
    pool_name: str
    source: str
    target: str
    rules: tuple[str, ...]


class DecisionFile(msgspec.Struct, frozen=True, kw_only=True, tag=DECISION, tag_field="type"):
    """What somebody decided on a request that came as a file."""

    format: Literal[1] = 1
    request: str
    decision: Decision


F = TypeVar("F", RequestFile, DecisionFile)


def to_bytes(value: RequestFile | DecisionFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def from_bytes(content: bytes, kind: type[F]) -> F:
    """Read a file.

    Raises:
        Refused: it is damaged, of a newer console, or another kind of file.
    """
    wanted = REQUEST if kind is RequestFile else DECISION
    try:
        found = msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        written = "request export" if kind is RequestFile else "request decide"
        raise unread(content, wanted, f"Name the file that `xsconsole {written}` wrote.") from failure
    if isinstance(found, RequestFile):
        return msgspec.structs.replace(found, paper=checked(found.paper))
    return found
