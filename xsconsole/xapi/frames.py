"""What the feed's child process tells its parent: frames of msgpack behind their length."""

import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from typing import IO, Any

import msgspec

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import RECORD_TYPES, Change, Record
from xsconsole.xapi.wire import Wire

LENGTH = struct.Struct(">I")
Packed = tuple[str, Ref, msgspec.Raw]


class FeedConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is to follow. It goes over standard input: the session is a secret, and arguments are not."""

    scheme: str
    host: str
    port: int
    wire: Wire
    fingerprint: str | None
    session: str
    classes: tuple[str, ...]


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin"):
    """Everything follows anew, in `Some` frames up to an `End`."""


class Some(msgspec.Struct, frozen=True, kw_only=True, tag="some"):
    """Changes: class, reference, and the record, or nil where it went."""

    changes: list[Packed]


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """Everything was told."""


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """The pool answered, and nothing had changed."""


class Lost(msgspec.Struct, frozen=True, kw_only=True, tag="lost"):
    """The road broke; the child goes on trying, and resumes or begins anew once it is open again."""

    cause: str


class Resumed(msgspec.Struct, frozen=True, kw_only=True, tag="resumed"):
    """The road is open again in the same session, and what changed meanwhile has been told: nothing was missed."""


class LogInAgain(msgspec.Struct, frozen=True, kw_only=True, tag="log-in"):
    """The session has ended, or another host is the coordinator; the child ends."""

    cause: str


Frame = Begin | Some | End | Beat | Lost | Resumed | LogInAgain

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


def write(stream: IO[bytes], frame: Frame) -> None:
    body = _encoder.encode(frame)
    stream.write(LENGTH.pack(len(body)) + body)
    stream.flush()


@contextmanager
def writing_beside(stream: IO[bytes]) -> Iterator[Callable[[Frame], None]]:
    """Give what takes a frame at once and writes it on a thread of its own; in the end all are written.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    waiting: SimpleQueue[Frame | None] = SimpleQueue()

    def write_all() -> None:
        while (frame := waiting.get()) is not None:
            write(stream, frame)

    with ThreadPoolExecutor(1, thread_name_prefix="frames") as thread:
        written = thread.submit(write_all)
        try:
            yield waiting.put
        finally:
            waiting.put(None)
    written.result()


def read_all(stream: IO[bytes]) -> Iterator[Frame]:
    """Yield frames until the stream ends; a frame that was cut off is none."""
    while len(head := _exactly(stream, LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        body = _exactly(stream, length)
        if len(body) < length:
            return
        yield _decoder.decode(body)


def packed(change: Change) -> Packed:
    return change.class_name, change.ref, msgspec.Raw(_encoder.encode(change.record))


def unpacked(packed_change: Packed) -> Change:
    class_name, ref, record = packed_change
    return Change(ref=ref, class_name=class_name, record=_decoder_of(RECORD_TYPES[class_name]).decode(record))


@cache
def _decoder_of(kind: type[Record]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind | None)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = stream.read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
