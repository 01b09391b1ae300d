"""Letting a field differ from now on, and no more: rules on the pool. Of two who write the same rule, one does."""

from dataclasses import replace

import msgspec

from xsconsole.domain.allowances import AllowedField, allowance_stem, allowances_of, to_text
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.canonical import Json
from xsconsole.domain.comparison import rule_label
from xsconsole.domain.ids import StageId
from xsconsole.domain.poolstate import numbers
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.closing import demand_reason
from xsconsole.engine.commands import AllowDifference, ForbidDifference
from xsconsole.engine.ports import Field, Ids, Ledger, PoolPort
from xsconsole.engine.values import insist, remove_value
from xsconsole.errors import NotFound, PlanIsStale, Refused

MOST_RULES = 200


class Allowing:
    """The rules of one pool."""

    def __init__(self, pool: PoolPort, ledger: Ledger, ids: Ids) -> None:
        self._pool = pool
        self._ledger = ledger
        self._ids = ids

    async def allow(self, command: AllowDifference) -> AllowedField:
        """Write a rule, or another version of the one that was seen, and return it as it stands on the pool.

        Raises:
            Refused: there is such a rule, or no room, or no reason. PlanIsStale: it was changed meanwhile.
            PoolUnavailable: whether it stands there is not known; a look at the rules finds out.
            StoreFailed: it cannot be recorded; nothing was changed.
        """
        demand_reason(command.reason)
        at = await insist(self._pool, self._pool.time)
        rules, workflow = await self._standing()
        seen = command.replaces
        if seen is not None and seen not in rules:
            raise _changed()
        made = AllowedField(
            id=seen.id if seen is not None else self._ids.new(),
            version=seen.version + 1 if seen is not None else 1,
            part=command.part,
            field=command.field,
            key=command.key,
            service=command.service,
            stage=command.stage or StageId(""),
            role=command.role,
            device=command.device,
            reason=command.reason.strip(),
            by=self._pool.identity.actor,
            at=at,
        )
        same = next((rule for rule in rules if rule.scope == made.scope and rule.id != made.id), None)
        if same is not None:
            raise Refused(
                reason=f"That is allowed already: {rule_label(same, workflow)}.",
                mend="Remove that rule first, if another reason counts now.",
            )
        if seen is None and len(rules) >= MOST_RULES:
            raise Refused(
                reason=f"{MOST_RULES} rules stand on the pool, which is the most.", mend="Remove what nobody needs."
            )
        fact = self._fact(AuditEvent.DIFFERENCE_ALLOWED, made, workflow, command.reason, seen)
        await self._ledger.record(fact)
        if not await insist(self._pool, lambda: self._add(made)):
            await self._ledger.record(replace(fact, outcome=Outcome.REFUSED))
            raise _changed()
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))
        return made

    async def forbid(self, command: ForbidDifference) -> AllowedField:
        """Take a rule away, and return what it was.

        Raises:
            NotFound: there is no such rule any more. PlanIsStale: it is another one than the one that was seen.
            StoreFailed: it cannot be recorded; nothing was changed.
        """
        demand_reason(command.reason)
        rules, workflow = await self._standing()
        standing = next((rule for rule in rules if rule.id == command.id), None)
        if standing is None:
            raise NotFound(reason="There is no such rule any more.", mend="Look again: somebody removed it.")
        if command.seen is not None and command.seen != standing:
            raise _changed()
        fact = self._fact(AuditEvent.DIFFERENCE_FORBIDDEN, standing, workflow, command.reason)
        await self._ledger.record(fact)
        await remove_value(self._pool, Field.POOL, allowance_stem(standing.id))
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))
        return standing

    async def _standing(self) -> tuple[tuple[AllowedField, ...], Workflow | None]:
        """Return the rules on the pool, and the workflow that names their stages."""
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        return allowances_of(keys), published_workflow(keys)

    async def _add(self, rule: AllowedField) -> bool:
        """Write the rule under the number of its version; whoever was faster keeps it."""
        stem, text = allowance_stem(rule.id), to_text(rule)
        keys = await self._pool.keys(Field.POOL)
        standing = numbers(keys, stem)
        if rule.version in standing:
            return keys[f"{stem}.{rule.version}"] == text
        if standing and standing[0] > rule.version:
            return False
        if not await self._pool.add_key(Field.POOL, f"{stem}.{rule.version}", text):
            return False
        for number in standing:
            await self._pool.remove_key(Field.POOL, f"{stem}.{number}")
        return True

    def _fact(
        self,
        event: AuditEvent,
        rule: AllowedField,
        workflow: Workflow | None,
        reason: str,
        before: AllowedField | None = None,
    ) -> Fact:
        identity = self._pool.identity
        details: dict[str, Json] = {"what": rule_label(rule, workflow), "rule": msgspec.to_builtins(rule)}
        if before is not None:
            details["before"] = msgspec.to_builtins(before)
        return Fact(
            event=event,
            actor=identity.actor,
            pool=identity.pool,
            session=identity.session,
            target=rule.stage or None,
            reason=reason,
            details=details,
        )


def _changed() -> PlanIsStale:
    return PlanIsStale(reason="That rule was changed meanwhile.", mend="Look at it, then decide again.")
