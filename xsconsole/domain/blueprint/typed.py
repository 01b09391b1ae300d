"""Sizes, disks and interfaces as somebody types them: one a line, a parameter in braces, nothing for the template's.

`4 GiB` or `{web_memory}`; `0 system`, `1 data 50 GiB new`, `1 data {size} new {{ machine }} data`; `0 front`.
"""

import re
from collections.abc import Iterable
from typing import TypeVar

from xsconsole.domain.blueprint.answers import answer, written_as
from xsconsole.domain.blueprint.finding import Finding
from xsconsole.domain.blueprint.values import Disk, Interface, Parameter, ParameterKind, Reference
from xsconsole.domain.folding import shown
from xsconsole.errors import Refused

_REFERENCE = re.compile(r"\{\s*([a-z][a-z0-9_]{0,39})\s*\}")
_DISK = re.compile(
    r"(?P<position>\d{1,3})\s+(?P<role>\S+)"
    r"(?:\s+(?P<size>\{\s*\w+\s*\}|\d+(?:\.\d+)?\s*[KMGTP]?i?B))?"
    r"(?P<new>\s+new)?"
    r"(?:\s+(?P<name>\S.*))?",
    re.IGNORECASE,
)
_INTERFACE = re.compile(r"(?P<device>\d{1,3})\s+(?P<network>\S.*)")
_KINDS = {True: ParameterKind.SIZE, False: ParameterKind.INTEGER}
T = TypeVar("T")


def amount_text(value: int | Reference | None, *, is_size: bool) -> str:
    """Return a number, a size or a reference as it is typed; empty for the template's."""
    if value is None:
        return ""
    if isinstance(value, Reference):
        return f"{{{value.parameter}}}"
    text = written_as(Parameter(name="x", kind=_KINDS[is_size]), value)
    return f"{text} B" if is_size and text.isdecimal() else text


def read_amount(text: str, *, is_size: bool) -> int | Reference | None:
    """Return what was typed.

    Raises:
        Refused: it is neither a number nor a reference; with the mend.
    """
    reference = _REFERENCE.fullmatch(text.strip())
    if reference is not None:
        return Reference(parameter=reference[1])
    return _read_number(
        text, is_size=is_size, else_="a parameter in braces such as {web_memory}, or nothing for the template's"
    )


def read_bound(text: str, *, is_size: bool) -> int | None:
    """Return the bound of a parameter as it was typed; raises as `read_amount` does, also for a reference."""
    return _read_number(text, is_size=is_size, else_="or nothing for no bound")


def _read_number(text: str, *, is_size: bool, else_: str) -> int | None:
    plain = text.strip()
    if not plain:
        return None
    found = answer(Parameter(name="x", kind=_KINDS[is_size]), plain)
    if isinstance(found, Finding) or not isinstance(found, int):
        what = "a size such as 4 GiB" if is_size else "a whole number"
        raise Refused(reason=f"“{shown(plain, 40)}” is no amount.", mend=f"Type {what}, {else_}.")
    return found


def disks_text(disks: Iterable[Disk]) -> str:
    return "\n".join(
        " ".join(
            filter(
                None,
                (
                    str(disk.position),
                    disk.role,
                    amount_text(disk.size, is_size=True),
                    "new" if disk.is_new else "",
                    disk.name,
                ),
            )
        )
        for disk in disks
    )


def read_disks(text: str) -> tuple[Disk, ...]:
    """Return the disks of a text; raises `Refused` with the line."""
    found = []
    for number, line in _lines(text):
        match = _DISK.fullmatch(line)
        if match is None:
            raise Refused(
                reason=f"Line {number} of the disks is not understood: “{shown(line, 60)}”.",
                mend="Type position and role, then perhaps a size, `new` and a name: 1 data 50 GiB new.",
            )
        size = read_amount(match["size"] or "", is_size=True)
        found.append(
            Disk(
                position=int(match["position"]),
                role=match["role"],
                size=size,
                is_new=match["new"] is not None,
                name=match["name"] or "",
            )
        )
    return tuple(found)


def interfaces_text(interfaces: Iterable[Interface]) -> str:
    return "\n".join(
        f"{each.device} {each.network if isinstance(each.network, str) else amount_text(each.network, is_size=False)}"
        for each in interfaces
    )


def read_interfaces(text: str) -> tuple[Interface, ...]:
    """Return the interfaces of a text; raises `Refused` with the line."""
    found = []
    for number, line in _lines(text):
        match = _INTERFACE.fullmatch(line)
        if match is None:
            raise Refused(
                reason=f"Line {number} of the interfaces is not understood: “{shown(line, 60)}”.",
                mend="Type its number and a network, or a parameter in braces: 0 front.",
            )
        network = match["network"].strip()
        reference = _REFERENCE.fullmatch(network)
        found.append(
            Interface(
                device=int(match["device"]),
                network=Reference(parameter=reference[1]) if reference is not None else network,
            )
        )
    return tuple(found)


def _lines(text: str) -> Iterable[tuple[int, str]]:
    return ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip())
