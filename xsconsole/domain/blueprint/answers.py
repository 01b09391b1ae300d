"""What somebody fills in for a parameter: what it comes to, or what is wrong with it."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping

from xsconsole.domain.blueprint.finding import Finding, Severity
from xsconsole.domain.blueprint.patterns import NoPattern, fits
from xsconsole.domain.blueprint.values import Blueprint, Parameter, ParameterKind, Value
from xsconsole.domain.folding import shown
from xsconsole.domain.query.fields import Kind
from xsconsole.domain.query.worth import amount
from xsconsole.domain.words import count, size
from xsconsole.domain.workflow.bounds import unfit_character

LONGEST_TEXT = 1000
LARGEST = 2**53 - 1  # what JSON carries exactly
YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


def answered(blueprint: Blueprint, given: Mapping[str, object]) -> tuple[dict[str, Value], tuple[Finding, ...]]:
    """Return the value of each parameter, with defaults where nothing is given, and what is wrong with what is given.

    A parameter whose value is wrong or missing has none.
    """
    values: dict[str, Value] = {}
    found: list[Finding] = []
    for parameter in blueprint.parameters:
        is_given = given.get(parameter.name) not in (None, "")
        written = given[parameter.name] if is_given else parameter.default
        if written is None:
            if parameter.required:
                found.append(_finding(parameter, "has no value", f"Give {asked(parameter)}."))
            else:
                values[parameter.name] = empty(parameter.kind)
            continue
        value = answer(parameter, written)
        if isinstance(value, Finding):
            found.append(value)
        else:
            values[parameter.name] = value
    known = {parameter.name for parameter in blueprint.parameters}
    for name in sorted(given.keys() - known):
        found.append(
            Finding(
                rule="unknown parameter",
                severity=Severity.ERROR,
                sentence=f"The blueprint asks for no “{shown(name, 40)}”.",
                mend=f"Take it out. {_there_are(known)}",
                parameter=name,
            )
        )
    return values, tuple(found)


def _there_are(names: Iterable[str]) -> str:
    return f"There are: {', '.join(sorted(names))}." if names else "It asks for nothing."


def empty(kind: ParameterKind) -> Value:
    """Return what stands for no answer."""
    match kind:
        case ParameterKind.INTEGER | ParameterKind.SIZE:
            return 0
        case ParameterKind.BOOLEAN:
            return False
        case _:
            return ""


def asked(parameter: Parameter) -> str:
    """Return what is asked for, to follow `Give`: `a whole number from 1 to 8`."""
    match parameter.kind:
        case ParameterKind.INTEGER:
            return f"a whole number{_range(parameter, str)}"
        case ParameterKind.SIZE:
            return f"a size{_range(parameter, size)}, such as 4 GiB"
        case ParameterKind.BOOLEAN:
            return "yes or no"
        case ParameterKind.CHOICE:
            return f"one of {', '.join(shown(choice, 40) for choice in parameter.choices)}"
        case ParameterKind.ADDRESS:
            return "an address, such as 10.0.0.5 or 10.0.0.5/24"
        case ParameterKind.NETWORK:
            return "the name of a network of the stage"
        case ParameterKind.TEXT:
            fitting = f" that fits {parameter.pattern}" if parameter.pattern else ""
            of = _range(parameter, str)
            return f"a text{f' of{of} characters' if of else ''}{fitting}"


def _range(parameter: Parameter, say: Callable[[int], str]) -> str:
    if parameter.least is not None and parameter.most is not None:
        return f" from {say(parameter.least)} to {say(parameter.most)}"
    if parameter.least is not None:
        return f" of at least {say(parameter.least)}"
    return f" of at most {say(parameter.most)}" if parameter.most is not None else ""


def written_as(parameter: Parameter, value: Value) -> str:
    """Return a value as somebody would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if parameter.kind is ParameterKind.SIZE and isinstance(value, int):
        short = size(value)
        return short if amount(Kind.SIZE, short.replace(" ", "")) == value else str(value)
    return str(value)


def answer(parameter: Parameter, given: object) -> Value | Finding:
    """Return what an answer comes to: of its kind, and within its bounds."""
    value = _read(parameter.kind, given)
    if value is None:
        return _finding(parameter, f"is “{shown(str(given), 60)}”", f"Give {asked(parameter)}.")
    problem = _problem(parameter, value)
    return _finding(parameter, problem, f"Give {asked(parameter)}.") if problem else value


def _read(kind: ParameterKind, given: object) -> Value | None:
    """Return a value of the kind; None where it is none. Texts are read as somebody types them."""
    text = given.strip() if isinstance(given, str) else None
    match kind:
        case ParameterKind.BOOLEAN:
            if isinstance(given, bool):
                return given
            plain = text.casefold() if text is not None else ""
            return True if plain in YES else False if plain in NO else None
        case ParameterKind.INTEGER | ParameterKind.SIZE:
            return _number(kind, given if text is None else text)
        case ParameterKind.ADDRESS:
            return _address(text) if text is not None else None
        case ParameterKind.TEXT:
            return given if isinstance(given, str) else None
        case ParameterKind.CHOICE | ParameterKind.NETWORK:
            return text


def _number(kind: ParameterKind, given: object) -> int | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, str):
        plain = "".join(given.split())
        if re.fullmatch(r"-?[0-9]{1,16}", plain):
            given = int(plain)
        elif kind is ParameterKind.SIZE:
            found = amount(Kind.SIZE, plain)
            given = round(found) if found is not None else None
    return given if isinstance(given, int) and abs(given) <= LARGEST else None


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_interface(text) if "/" in text else ipaddress.ip_address(text))
    except ValueError:
        return None


def _problem(parameter: Parameter, value: Value) -> str:
    """Return what is wrong with a value of the right kind, to follow its name; empty for nothing."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        words = size(value) if parameter.kind is ParameterKind.SIZE else str(value)
        return f"is {words}" if not _within(parameter, value) else ""
    if parameter.kind is ParameterKind.CHOICE:
        return "" if value in parameter.choices else f"is “{shown(value, 60)}”"
    if (unfit := unfit_character(value, lines=parameter.kind is ParameterKind.TEXT)) is not None:
        return f"has a character that cannot be shown (U+{ord(unfit):04X})"
    if len(value) > LONGEST_TEXT:
        return f"has {len(value)} characters; {LONGEST_TEXT} are the most"
    if parameter.kind is ParameterKind.TEXT:
        if not _within(parameter, len(value)):
            return f"has {count(len(value), 'character')}"
        try:
            is_fit = not parameter.pattern or fits(parameter.pattern, value)
        except NoPattern:
            return ""  # a finding of the blueprint itself
        return "" if is_fit else f"is “{shown(value, 60)}”, which does not fit"
    return ""


def _within(parameter: Parameter, number: int) -> bool:
    return (parameter.least is None or number >= parameter.least) and (
        parameter.most is None or number <= parameter.most
    )


def _finding(parameter: Parameter, what: str, mend: str) -> Finding:
    return Finding(
        rule="value",
        severity=Severity.ERROR,
        sentence=f"“{shown(parameter.caption, 60)}” {what}.",
        mend=mend,
        parameter=parameter.name,
    )
