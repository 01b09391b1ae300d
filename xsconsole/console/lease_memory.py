"""Since when the leases of a pool have not moved, kept in the home folder: one command lives too short to tell."""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from xsconsole.domain.ids import Uuid
from xsconsole.engine.runs.watch import LeaseWatch, Sighting
from xsconsole.store import files
from xsconsole.system import since_boot

FILE_NAME = "leases.json"

log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    nonce: str
    since_s: float  # after the start of the machine


class _Memory(msgspec.Struct, frozen=True, kw_only=True):
    """`boot` names the start of the machine from which all times count."""

    boot: str
    pools: dict[Uuid, dict[str, _Kept]] = {}


class LeaseMemory:
    """The file. It is worth no error: without it, a lease that does not move is watched from the beginning."""

    def __init__(self, home: Path, now: Callable[[], tuple[str, float] | None] = since_boot) -> None:
        self._path = home / FILE_NAME
        self._now = now

    def pass_on(self, watch: LeaseWatch, pool: Uuid) -> None:
        """Tell `watch` what earlier processes of this home saw of the pool, and keep what it sees now."""
        now = self._now()
        if now is None:
            return
        boot, now_s = now
        memory = self._read(boot)
        watch.recall(
            {
                thing: Sighting(number=kept.number, nonce=kept.nonce, quiet_s=max(0.0, now_s - kept.since_s))
                for thing, kept in memory.pools.get(pool, {}).items()
            }
        )
        seen = {
            thing: _Kept(number=sighting.number, nonce=sighting.nonce, since_s=now_s - sighting.quiet_s)
            for thing, sighting in watch.sightings().items()
        }
        pools = {known: kept for known, kept in memory.pools.items() if known != pool} | ({pool: seen} if seen else {})
        if pools != memory.pools:
            self._write(_Memory(boot=boot, pools=pools))

    def _read(self, boot: str) -> _Memory:
        try:
            memory = msgspec.json.decode(self._path.read_bytes(), type=_Memory)
        except FileNotFoundError:
            memory = None
        except (OSError, msgspec.MsgspecError) as failure:
            log.info("what was seen of leases is not known any more: %s", failure)
            memory = None
        # Seconds after another start of the machine say nothing here.
        return memory if memory is not None and memory.boot == boot else _Memory(boot=boot)

    def _write(self, memory: _Memory) -> None:
        try:
            files.replace(self._path, msgspec.json.encode(memory))
        except OSError as failure:
            log.info("what is seen of leases is not kept: %s", failure)
