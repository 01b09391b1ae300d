"""Requests and decisions as files, for people off the pool. A decision by file proves the key alone."""

from typing import Literal, TypeVar

import msgspec

from xsconsole.domain.approval import Decision
from xsconsole.domain.requests.values import Paper, checked
from xsconsole.domain.text_form import DECOMPRESSED_LIMIT_BYTES
from xsconsole.errors import Refused

FILE_LIMIT_BYTES = 2 * DECOMPRESSED_LIMIT_BYTES


class RequestFile(msgspec.Struct, frozen=True, kw_only=True, tag="xsconsole request", tag_field="type"):
    """A request with all that it is about. `rules` are in words: who is named by them, the pool's workflow decides."""

    format: Literal[1] = 1
    paper: Paper
    pool_name: str
    source: str
    target: str
    rules: tuple[str, ...]


class DecisionFile(msgspec.Struct, frozen=True, kw_only=True, tag="xsconsole decision", tag_field="type"):
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
    what = "request" if kind is RequestFile else "decision"
    try:
        found = msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        raise Refused(
            reason=f"The file holds no {what} that this console can read.",
            mend="Name the file that `xsconsole request export` or `request decide` wrote.",
        ) from failure
    if isinstance(found, RequestFile):
        return msgspec.structs.replace(found, paper=checked(found.paper))
    return found
