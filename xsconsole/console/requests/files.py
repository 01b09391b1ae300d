"""Requests in files: decided on without a pool, by this home's key alone."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from xsconsole.console.desks import Keeper
from xsconsole.domain import enrolment
from xsconsole.domain.approval import Matter, Meaning, decided
from xsconsole.domain.enrolment import KeyFile
from xsconsole.domain.requests.files import FILE_LIMIT_BYTES, DecisionFile, RequestFile, from_bytes, to_bytes
from xsconsole.domain.requests.values import is_genuine
from xsconsole.errors import Refused
from xsconsole.store import files
from xsconsole.store.keys import is_signature

F = TypeVar("F", RequestFile, DecisionFile)


async def read_paper(path: str | Path, kind: type[F]) -> F:
    """Return a request or a decision of a file; raises `Refused`."""
    return from_bytes(await asyncio.to_thread(files.read_in, Path(path), FILE_LIMIT_BYTES), kind)


async def write_paper(value: RequestFile | DecisionFile, path: str | Path, *, may_replace: bool = False) -> None:
    """Write a request or a decision to a file, whole or not at all; raises `AlreadyThere`, `Refused`, `DiskFull`."""
    await asyncio.to_thread(files.write_out, Path(path), to_bytes(value), may_replace=may_replace)


async def read_key(path: str | Path) -> KeyFile:
    """Return a key that somebody wrote to a file; raises `Refused`."""
    return enrolment.from_bytes(
        await asyncio.to_thread(files.read_in, Path(path), enrolment.FILE_LIMIT_BYTES), is_signature
    )


async def write_key(file: KeyFile, path: str | Path, *, may_replace: bool = False) -> None:
    """Write the public part of a key; raises as `write_paper`."""
    await asyncio.to_thread(files.write_out, Path(path), enrolment.to_bytes(file), may_replace=may_replace)


def demand_genuine(file: RequestFile) -> None:
    """Refuse a request that is not what somebody signed."""
    if not is_genuine(file.paper.request, is_signature):
        raise Refused(
            reason="The signature of the request does not match: the file was changed.", mend="Ask for another."
        )


def decide_apart(home: Keeper, file: RequestFile, meaning: Meaning, reason: str) -> DecisionFile:
    """Decide on a request that came as a file, by this home's key alone. Whether it counts is judged on the pool.

    Raises:
        Refused: the request is not what somebody signed, or this home's own.
    """
    request = file.paper.request
    demand_genuine(file)
    if request.key == home.key_fingerprint:
        raise Refused(
            reason="This console asked for it, and nobody decides on what they asked for.", mend="Ask somebody else."
        )
    decision = decided(
        home.signer,
        matter=Matter.PROMOTION,
        subject=request.subject,
        about=f"{request.intent.kind.value} {request.intent.name} to {file.target}",
        meaning=meaning,
        reason=reason,
        at=datetime.now(UTC),
        plan=request.plan,
        rule="; ".join(file.rules),
    )
    return DecisionFile(request=request.id, decision=decision)
