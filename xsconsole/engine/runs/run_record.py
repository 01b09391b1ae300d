"""The run record on the pool: what any console needs to finish or undo a run."""

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

import msgspec

from xsconsole.domain.actions.travel import MoveAcross
from xsconsole.domain.board_reading import RUN_PREFIX, numbered, run_of
from xsconsole.domain.ids import ConfigurationId, StepKey
from xsconsole.domain.one_way import begins_to_destroy
from xsconsole.domain.plan import LASTING, WITHOUT_INVERSE, Step
from xsconsole.domain.poolstate import RunRecord, decode_run, encode_run, numbers, run_stem
from xsconsole.domain.runs import GONE
from xsconsole.domain.words import describe, describe_undo, title
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.engine.values import remove_value, write_value
from xsconsole.errors import ConsoleError, Interrupted, Refused, RunFailed

BACK = "~back"


@dataclass(slots=True)
class _Change:
    """One change that waits to be written."""

    changed: Callable[[RunRecord], RunRecord]
    is_tried: bool = False
    failure: ConsoleError | None = None


class StandingRecord:
    """One run record. Changes are written one after another; the pool always shows a whole one."""

    def __init__(self, pools: Sequence[PoolPort], record: RunRecord) -> None:
        """Keep it in the pool of the run, which comes first, and a copy in the other one where there is one."""
        self._pools = tuple(pools)
        self._lock = asyncio.Lock()
        self._waiting: list[_Change] = []
        self.record = record

    @property
    def _stem(self) -> str:
        return run_stem(self.record.plan.intent.configuration)

    async def change(self, changed: Callable[[RunRecord], RunRecord]) -> None:
        """Write what `changed` makes of the record, and keep it only when it is written.

        All that is asked for while another one is being written is written at once: steps that end at the same time
        do not wait for one another.
        """
        mine = _Change(changed)
        self._waiting.append(mine)
        async with self._lock:
            if not mine.is_tried:
                await self._write()
        if mine.failure is not None:
            raise mine.failure

    async def _write(self) -> None:
        together, record = tuple(self._waiting), self.record
        for change in together:
            record = change.changed(record)
        failure = None
        try:
            for pool in self._pools:
                await write_value(pool, Field.POOL, self._stem, encode_run(record))
        except ConsoleError as error:
            failure = error
        else:
            self.record = record
        del self._waiting[: len(together)]
        for change in together:
            change.is_tried, change.failure = True, failure

    async def remove(self) -> None:
        async with self._lock:
            for pool in reversed(self._pools):
                await remove_value(pool, Field.POOL, self._stem)


def standing_run(keys: Mapping[str, str], configuration: ConfigurationId) -> RunRecord | None:
    """Return the record of the run that changes a configuration or makes it, None where there is none.

    Raises:
        Refused: there is one that this console cannot read.
    """
    stem = run_stem(configuration)
    standing = numbers(keys, stem)
    for number in standing:
        record = decode_run(keys[f"{stem}.{number}"])
        if record is not None:
            return record
    if standing:
        raise Refused(
            reason="A run of this configuration was left by a console that this one does not understand.",
            mend="Settle it with a newer console.",
        )
    others = (run_of(texts) for texts in numbered(keys, RUN_PREFIX).values())
    return next((record for record in others if record and configuration in record.plan.intent.others), None)


def settled(record: RunRecord, key: StepKey, result: str) -> RunRecord:
    """Return the record with one more step whose effect stands, and with what it made."""
    results = {**record.results, key: result} if result else record.results
    if result and isinstance(record.plan.step(key).action, MoveAcross):
        results = {of: text for of, text in results.items() if not of.endswith(BACK)}  # it is another way by now
    return msgspec.structs.replace(record, settled=(*record.settled, key), results=results)


def undone_titles(record: RunRecord) -> tuple[str, ...]:
    """Return in words what was put back; where a machine is gone nothing was."""
    steps = (step for step in record.plan.steps if step.key in set(record.undone) and has_effect(step))
    notes = ((step, record.results.get(noted_of(step.key), "")) for step in steps)
    return tuple(describe_undo(step, note) for step, note in notes if note != GONE)


def interruption(record: RunRecord, reason: str, begun: Set[StepKey]) -> Interrupted:
    """Return what is told of a run that stops half-way; `begun` are the steps with an intent, or with an effect."""
    left = begun - set(record.undone)
    return Interrupted(
        run=record.run,
        reason=reason,
        is_destroying=begins_to_destroy(record.plan, left),
        undone=undone_titles(record),
        left_behind=tuple(describe(step) for step in record.plan.steps if step.key in left),
    )


def put_back(record: RunRecord, failed: Step | None, cause: ConsoleError, workflow: Workflow | None) -> RunFailed:
    """Return what is told of a run that was put back; `workflow` is that in force as it began."""
    return RunFailed(
        failed=describe(failed) if failed else title(record.plan, workflow),
        cause=cause,
        undone=undone_titles(record),
        lasts=lasting_titles(record),
        is_newcomer=record.plan.intent.kind.makes_all,
    )


def lasting_titles(record: RunRecord) -> tuple[str, ...]:
    """Return in words what was done and is not put back."""
    steps = (step for step in record.plan.steps if step.key in set(record.settled))
    return tuple(describe(step) for step in steps if isinstance(step.action, LASTING))


def has_effect(step: Step) -> bool:
    return not isinstance(step.action, WITHOUT_INVERSE)


def undone(record: RunRecord, key: StepKey, note: str) -> RunRecord:
    """Return the record with a step that was put back, and with what is to be known of that."""
    results = {**record.results, noted_of(key): note} if note else record.results
    done = (*record.undone, key) if key in record.settled else record.undone
    return msgspec.structs.replace(record, undone=done, results=results)


def noted_of(key: StepKey) -> StepKey:
    """Return by which key the results of a record hold what is to be known of a step that was put back."""
    return StepKey(f"{key}{BACK}")
