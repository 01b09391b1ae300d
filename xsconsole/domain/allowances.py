"""Differences that people allow from now on: rules on the pool, one key each, so that every console judges alike."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import StageId
from xsconsole.domain.poolstate import PREFIX, SCHEMA, numbers

ALLOWANCE_PREFIX = PREFIX + "allowance."


class AllowedField(msgspec.Struct, frozen=True, kw_only=True):
    """A field that may differ between a configuration and what it is compared with.

    `part`, `field` and `key` are those of a difference. It holds for one `service` and, where they are not empty, for
    configurations that stand in one `stage`, for members of one `role`, and for one `device`. `version` counts how
    often it was changed, `by` is the log-in of who did it last and `at` when, by the pool's clock.
    """

    schema: int = SCHEMA
    id: str
    version: int = 1
    part: str
    field: str
    service: str
    key: str = ""
    stage: StageId = StageId("")
    role: str = ""
    device: str = ""
    reason: str
    by: str
    at: datetime

    @property
    def scope(self) -> tuple[str, ...]:
        """Return what it is about: two rules that say the same of the same have equal ones."""
        return (self.part, self.field, self.key, self.service, self.stage, self.role, self.device)

    def holds_for(self, service: str, stage: StageId) -> bool:
        return self.service == service and self.stage in ("", stage)


def allowance_stem(id_: str) -> str:
    return f"{ALLOWANCE_PREFIX}{id_}"


def is_allowance_key(key: str) -> bool:
    return key.startswith(ALLOWANCE_PREFIX)


def to_text(rule: AllowedField) -> str:
    return msgspec.json.encode(rule, order="sorted").decode()


def allowances_of(keys: Mapping[str, str]) -> tuple[AllowedField, ...]:
    """Return the rules that stand on the pool, oldest first.

    One that cannot be read allows nothing: what is not understood must not hide a difference.
    """
    names = {key.removeprefix(ALLOWANCE_PREFIX).rpartition(".")[0] for key in keys if is_allowance_key(key)}
    found = (_read(keys, name) for name in names if name)
    return tuple(sorted((rule for rule in found if rule is not None), key=lambda rule: (rule.at, rule.id)))


def _read(keys: Mapping[str, str], id_: str) -> AllowedField | None:
    stem = allowance_stem(id_)
    for number in numbers(keys, stem):
        try:
            rule = msgspec.json.decode(keys[f"{stem}.{number}"], type=AllowedField)
        except msgspec.MsgspecError:
            continue
        return rule if rule.schema == SCHEMA and rule.id == id_ else None
    return None


def together(each: Iterable[tuple[AllowedField, ...]]) -> tuple[AllowedField, ...]:
    """Return the rules of several pools as one list, each once."""
    return tuple({rule.id: rule for rules in each for rule in rules}.values())


def rule_words(rule: AllowedField) -> str:
    """Return what a rule allows, such as `memory static max bytes of web, of shop in staging`."""
    field = f"{rule.field.replace('_', ' ')} {rule.key}".strip()
    what = field if rule.part == "member" else f"{rule.part} {rule.device}".strip() + f" {field}"
    whose = f" of {shortened(rule.role, 40)}" if rule.role else ""
    where = f" in {shortened(rule.stage, 40)}" if rule.stage else ""
    return f"{shortened(what, 80)}{whose}, of {shortened(rule.service, 40)}{where}"


def rule_name(rule: AllowedField) -> str:
    """Return what to call a rule where it allows something: its reason, by whom."""
    return f"{shortened(rule.reason, 60)} ({shortened(rule.by, 30)}, {rule.id[:8]})"
