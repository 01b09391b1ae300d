"""The commands of the control endpoint: what tests tell a pool to do wrong, and ask it afterwards."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from types import MappingProxyType
from typing import Any

from xsconsole.simpool.churn import Churn
from xsconsole.simpool.conversion import Converter
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.faults import Delay, Drop, Failure, When
from xsconsole.simpool.hosting import Mode
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.succession import Change, Succession


class UnknownCommand(Exception):
    """The body names no command, or not all that the command needs."""


Save = Callable[[], Awaitable[None]]
"""Puts the pool into its file, where it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controlled:
    """A pool, with what goes on in it only because somebody told it to."""

    pool: Pool
    churn: Churn
    succession: Succession
    save: Save


Answer = dict[str, Any]
Command = Callable[[Controlled, Mapping[str, Any]], Answer | Awaitable[Answer]]


async def obey(controlled: Controlled, body: object) -> dict[str, Any]:
    """Carry out a command, `{"do": name, ...}`, and return its answer; `docs/embedded-pool.md` has all of them.

    Raises:
        UnknownCommand: the body is no command.
    """
    if not isinstance(body, Mapping):
        raise UnknownCommand("a command is an object")
    command = _COMMANDS.get(str(body.get("do")))
    if command is None:
        raise UnknownCommand(f"known commands: {', '.join(sorted(_COMMANDS))}")
    try:
        answer = command(controlled, body)
        return await answer if isawaitable(answer) else answer
    except (KeyError, ValueError, TypeError) as failure:
        raise UnknownCommand(f"{body['do']}: {_told(failure, body)}") from failure
    except XapiError as error:
        raise UnknownCommand(", ".join(error.description)) from error


def _told(failure: KeyError | ValueError | TypeError, body: Mapping[str, Any]) -> str:
    match failure:
        case KeyError() if failure.args[0] in body.values():
            return f"there is no {failure.args[0]}"
        case KeyError():
            return f"it needs a {failure.args[0]!r} beside 'do'"
        case TypeError():
            return f"a value is of the wrong kind: {failure}"
        case _:
            return str(failure)


def _fail(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let calls of a `method` fail with a `code` and its `params`: the `nth`, or with 0 all, by a `chance`."""
    error = XapiError(body["code"], *body.get("params", ()))
    chance = _chance(body)
    controlled.pool.faults.fail(Failure(method=_method(body), nth=_nth(body), error=error, chance=chance))
    return {}


def _delay(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let calls of a `method` wait so many `seconds` of our time, and by chance up to `spread` more."""
    delay = Delay(least_s=_amount(body["seconds"]), spread_s=_amount(body.get("spread", 0)))
    controlled.pool.faults.delay(_method(body), delay)
    return {}


def _drop(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let calls of a `method` lose their connection `before` or `after` their effect."""
    when = When(body.get("when", "before"))
    controlled.pool.faults.drop(Drop(method=_method(body), nth=_nth(body), when=when, chance=_chance(body)))
    return {}


def _seed(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let chance in faults begin anew from a `seed`."""
    controlled.pool.faults.reseed(int(body["seed"]))
    return {}


def _speed(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let the pool's time run `factor` times as fast as ours from now on."""
    controlled.pool.clock.run(float(body["factor"]))
    return {}


def _part(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    """Let the pool's hosts not reach those of the others of this process, or where it `is_over` reach them again."""
    known = controlled.pool.neighbours
    others = [pool for pool in known.pools if pool is not controlled.pool]
    addresses = {row["address"] for pool in others for _host, row in pool.db.rows("host")}
    known.unreachable = known.unreachable - addresses if body.get("is_over") else known.unreachable | addresses
    return {"unreachable": sorted(known.unreachable)}


def _fill_sr(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    """Let something that is no disk of the pool take the space, so that `free_bytes` are left."""
    pool, sr = controlled.pool, _sr(controlled.pool, body["sr"])
    row = pool.db.row("SR", sr)
    pool.db.set("SR", sr, physical_utilisation=max(0, row["physical_size"] - int(body["free_bytes"])))
    return {"free_bytes": row["physical_size"] - row["physical_utilisation"]}


def _storage(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let an SR, or where none is named all, carry so many bytes a second of the pool's time."""
    pool = controlled.pool
    pool.traffic.limit(_sr(pool, body["sr"]) if "sr" in body else None, float(body["bytes_per_s"]))
    return {}


def _set_field(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Write a field of an object that no call writes, such as a VDI's `cbt_enabled`."""
    db = controlled.pool.db
    cls, field = body["cls"], body["field"]
    kind = db.model.classes[cls].fields[field].type
    if (cls, field) in db.computed:
        raise ValueError(f"{field} follows from other objects")
    db.set(cls, body["ref"], **{field: Converter(db.model).convert(kind, body["value"])})
    controlled.pool.refresh_allowed_operations(cls, body["ref"])
    return {}


def _sr(pool: Pool, wanted: str) -> str:
    found = pool.db.find("SR", uuid=wanted) or pool.db.find("SR", name_label=wanted)
    if not found:
        raise XapiError("UUID_INVALID", "SR", wanted)
    return found[0]


def _clear(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    controlled.pool.faults.clear()
    controlled.pool.traffic.clear()
    return {}


def _log(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    return {
        "calls": [
            {"method": one.method, "params": one.params, "user": one.user, "outcome": one.outcome}
            for one in controlled.pool.faults.take_log()
        ]
    }


def _pause(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    controlled.pool.faults.pause()
    return {}


def _resume(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    controlled.pool.faults.resume()
    return {}


def _churn(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    """Change objects `per_second` times a second; at 0 stop. Answers how many changes there were so far."""
    done, per_second = controlled.churn.done, float(body.get("per_second", -1))
    if per_second > 0:
        controlled.churn.start(
            per_second, seed=int(body.get("seed", controlled.pool.seed)), count=float(body.get("count", math.inf))
        )
    elif per_second == 0:
        controlled.churn.stop()
    return {"done": done}


async def _fail_over(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Make `to`, else the first supporter that lives, the coordinator; `old` says what becomes of the one before."""
    succession = controlled.succession
    change = Change(
        to=succession.host(body["to"]) if "to" in body else succession.heir(),
        old=Mode(body.get("old", Mode.DEAD)),
        is_lossy=bool(body.get("lossy", False)),
        takes_s=float(body.get("takes_s", 0.0)),
    )
    await succession.fail_over(change)
    return {"coordinator": controlled.pool.db.get("host", change.to, "name_label")}


async def _restart(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Restart the coordinator's toolstack: sessions and tasks are gone, as is what was not saved if it is `lossy`."""
    change = Change(
        to=controlled.pool.coordinator,
        is_lossy=bool(body.get("lossy", False)),
        takes_s=float(body.get("takes_s", 0.0)),
    )
    await controlled.succession.fail_over(change)
    return {}


def _stop_saving(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let all that is changed from now on be lost with the next `lossy` change of the coordinator."""
    del body
    controlled.succession.stop_saving()
    return {}


async def _host(controlled: Controlled, body: Mapping[str, Any]) -> Answer:
    """Let a `host` be `live`, `frozen` or `dead`."""
    await controlled.succession.be(controlled.succession.host(body["host"]), Mode(body["mode"]))
    return {}


async def _save(controlled: Controlled, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer as soon as all that the pool holds now is in its file."""
    del body
    await controlled.save()
    return {}


def _nth(body: Mapping[str, Any]) -> int:
    """Return which call is meant: the next where nothing is said, but every one where a chance is."""
    nth = int(body.get("nth", 0 if "chance" in body else 1))
    if nth < 0:
        raise ValueError("calls are counted from 1; 0 means every one")
    return nth


def _chance(body: Mapping[str, Any]) -> float:
    chance = float(body.get("chance", 1))
    if not 0 < chance <= 1:
        raise ValueError("a chance is above 0 and at most 1")
    return chance


def _amount(value: object) -> float:
    amount = float(str(value))
    if not 0 <= amount < math.inf:
        raise ValueError("a time is not below 0")
    return amount


def _method(body: Mapping[str, Any]) -> str:
    return str(body["method"]).removeprefix("Async.")


_COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "fail": _fail,
        "delay": _delay,
        "drop": _drop,
        "fail_over": _fail_over,
        "fill_sr": _fill_sr,
        "host": _host,
        "churn": _churn,
        "clear": _clear,
        "log": _log,
        "part": _part,
        "pause": _pause,
        "restart": _restart,
        "resume": _resume,
        "save": _save,
        "seed": _seed,
        "set_field": _set_field,
        "speed": _speed,
        "stop_saving": _stop_saving,
        "storage": _storage,
    }
)
