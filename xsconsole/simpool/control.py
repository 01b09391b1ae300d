"""The commands of `/simpool/control`: what tests tell the pool to do wrong, and ask it afterwards."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.faults import When
from xsconsole.simpool.pool import Pool

PATH = "/simpool/control"


class UnknownCommand(Exception):
    """The body names no command, or not all that the command needs."""


def obey(pool: Pool, body: object) -> dict[str, Any]:
    """Carry out a command, `{"do": name, ...}`, and return its answer.

    `fail` {method, code, params, nth}, `delay` {method, seconds}, `drop` {method, nth, when}, `fill_sr` {sr,
    free_bytes}, `clear`, `log`, `pause`, `resume`. `nth` is 1 where it is left out
    and counts from now; 0 means every call. `Async.X` counts as `X`.

    Raises:
        UnknownCommand: the body is no command.
    """
    if not isinstance(body, Mapping):
        raise UnknownCommand("a command is an object")
    command = _COMMANDS.get(str(body.get("do")))
    if command is None:
        raise UnknownCommand(f"known commands: {', '.join(sorted(_COMMANDS))}")
    try:
        return command(pool, body)
    except (KeyError, ValueError, TypeError) as failure:
        raise UnknownCommand(f"{body.get('do')}: {failure!r}") from failure
    except XapiError as error:
        raise UnknownCommand(", ".join(error.description)) from error


def _fail(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    error = XapiError(body["code"], *body.get("params", ()))
    pool.faults.fail(_method(body), nth=int(body.get("nth", 1)), error=error)
    return {}


def _delay(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    pool.faults.delay(_method(body), float(body["seconds"]))
    return {}


def _drop(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    pool.faults.drop(_method(body), nth=int(body.get("nth", 1)), when=When(body.get("when", "before")))
    return {}


def _fill_sr(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    """Let something that is no disk of the pool take the space, so that `free_bytes` are left."""
    wanted = body["sr"]
    found = pool.db.find("SR", uuid=wanted) or pool.db.find("SR", name_label=wanted)
    if not found:
        raise XapiError("UUID_INVALID", "SR", wanted)
    row = pool.db.row("SR", found[0])
    pool.db.set("SR", found[0], physical_utilisation=max(0, row["physical_size"] - int(body["free_bytes"])))
    return {"free_bytes": row["physical_size"] - row["physical_utilisation"]}


def _clear(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    pool.faults.clear()
    return {}


def _log(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    return {
        "calls": [
            {"method": one.method, "params": one.params, "user": one.user, "outcome": one.outcome}
            for one in pool.faults.take_log()
        ]
    }


def _pause(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    pool.faults.pause()
    return {}


def _resume(pool: Pool, body: Mapping[str, Any]) -> dict[str, Any]:
    del body
    pool.faults.resume()
    return {}


def _method(body: Mapping[str, Any]) -> str:
    return str(body["method"]).removeprefix("Async.")


_COMMANDS: Mapping[str, Callable[[Pool, Mapping[str, Any]], dict[str, Any]]] = MappingProxyType(
    {
        "fail": _fail,
        "delay": _delay,
        "drop": _drop,
        "fill_sr": _fill_sr,
        "clear": _clear,
        "log": _log,
        "pause": _pause,
        "resume": _resume,
    }
)
