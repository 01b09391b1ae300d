"""Templates of names and of what cloud-init reads: Jinja's language, cut down to what always ends and stays small.

Documents come from strangers. Beside Jinja's sandbox, only the parts of the language in `_ALLOWED` are let through: no
calls, no attributes but those of members, no loops but one over the members, no multiplication of texts.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from xsconsole.domain.folding import shown

LONGEST_TEMPLATE = 16 * 1024
LONGEST_RESULT = 256 * 1024
DEEPEST = 12
REMEMBERED = 512  # texts
MEMBER_FIELDS = ("id", "role", "name", "number")
_LOOP_FIELDS = ("index", "first", "last")
_LOOPED = "members"
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Filter,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
    nodes.Getattr,
)
_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Call: "a call",
    nodes.Mul: "a multiplication",
    nodes.Pow: "a power",
    nodes.Assign: "an assignment",
    nodes.Getitem: "brackets",
    nodes.Macro: "a macro",
    nodes.Import: "an import",
    nodes.Include: "an inclusion",
    nodes.Extends: "an extension",
    nodes.Test: "a test",
}


class Fault(ValueError):
    """What is wrong with a template: `what` follows its name, `mend` is a sentence."""

    def __init__(self, what: str, mend: str, unknown: str = "") -> None:
        super().__init__(what)
        self.what, self.mend, self.unknown = what, mend, unknown


def render(text: str, values: Mapping[str, object]) -> str:
    """Return a template filled in.

    Raises:
        Fault: it is none, names what is not there, or comes to more than `LONGEST_RESULT`.
    """
    fault = next(faults(text, values), None)
    if fault is not None:
        raise fault
    if "{" not in text:
        return text
    parts: list[str] = []
    length = 0
    try:
        for part in _compiled(text).generate(values):
            parts.append(part)
            length += len(part)
            if length > LONGEST_RESULT:
                raise Fault(
                    f"comes to more than {LONGEST_RESULT} characters", "Shorten it, or what is filled in for it."
                )
    except (jinja2.TemplateError, TypeError, ValueError) as failure:
        if isinstance(failure, Fault):
            raise
        raise Fault(f"cannot be filled in: {shown(str(failure), 100)}", "Correct the expression.") from failure
    return "".join(parts)


def faults(text: str, known: Iterable[str]) -> Iterator[Fault]:
    """Yield what is wrong with a template, whatever is filled in. `known` are the names that it may use."""
    yield from _faults_in(text, frozenset(known))


@lru_cache(maxsize=REMEMBERED)
def _faults_in(text: str, known: frozenset[str]) -> tuple[Fault, ...]:
    """Return the same, once for all the rows in which the same is filled in."""
    return tuple(_look(text, known))


def _look(text: str, known: frozenset[str]) -> Iterator[Fault]:
    if len(text) > LONGEST_TEMPLATE:
        yield Fault(f"has {len(text)} characters; {LONGEST_TEMPLATE} are the most", "Shorten it.")
        return
    if "{" not in text:
        return
    try:
        tree = _parsed(text)
    except jinja2.TemplateSyntaxError as failure:
        yield Fault(
            f"cannot be read in line {failure.lineno}: {shown(failure.message or '', 100)}",
            "Write {{ name }} for a value, or {% raw %} … {% endraw %} around what is meant as it stands.",
        )
        return
    except RecursionError:
        yield Fault("nests too deep", "Write it more simply.")
        return
    yield from _faults_of(tree, known)


@lru_cache(maxsize=REMEMBERED)
def used_names(text: str) -> frozenset[str]:
    """Return the names that a template reads; none of one that cannot be read."""
    if "{" not in text:
        return frozenset()
    try:
        tree = _parsed(text)
    except (jinja2.TemplateSyntaxError, RecursionError):
        return frozenset()
    return frozenset(name.name for name in tree.find_all(nodes.Name) if name.ctx == "load")


@lru_cache(maxsize=REMEMBERED)
def bare_names(text: str) -> frozenset[str]:
    """Return the names of which a template writes what is filled in without quotation marks; none if unreadable."""
    if not used_names(text):
        return frozenset()
    found, waiting = set(), [node for output in _parsed(text).find_all(nodes.Output) for node in output.nodes]
    while waiting:
        node = waiting.pop()
        match node:
            case nodes.Name():
                found.add(node.name)
            case nodes.CondExpr():
                waiting += [node.expr1, *([node.expr2] if node.expr2 is not None else [])]
            case nodes.Compare():
                pass
            case nodes.Filter() if node.name == "quoted":
                pass
            case _:
                waiting += [child for child in node.iter_child_nodes() if isinstance(child, nodes.Expr)]
    return frozenset(found)


@lru_cache(maxsize=REMEMBERED)
def _parsed(text: str) -> nodes.Template:
    return _environment().parse(text)


def _faults_of(tree: nodes.Template, known: frozenset[str]) -> Iterator[Fault]:
    waiting: list[tuple[nodes.Node, int, frozenset[str]]] = [(tree, 0, frozenset())]
    while waiting:
        node, depth, looped = waiting.pop()
        fault = _fault_of(node, depth, known, looped)
        if fault is not None:
            yield fault
            continue
        inner = looped
        if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
            inner = frozenset({node.target.name, "loop"})
        waiting += [(child, depth + 1, inner) for child in reversed(list(node.iter_child_nodes()))]


def _fault_of(node: nodes.Node, depth: int, known: frozenset[str], looped: frozenset[str]) -> Fault | None:
    line = f" in line {node.lineno}"
    if depth > DEEPEST:
        return Fault(f"nests too deep{line}", "Write it more simply.")
    match node:
        case nodes.For() if looped:
            return Fault(f"has a loop in a loop{line}", "Write one loop after the other.")
        case nodes.For() if not (isinstance(node.iter, nodes.Name) and node.iter.name == _LOOPED):
            return Fault(
                f"has a loop over something else than the members{line}",
                "Write {% for one in members %} … {% endfor %}.",
            )
        case nodes.For() if node.recursive or not isinstance(node.target, nodes.Name):
            return Fault(f"has a loop that is not understood{line}", "Write {% for one in members %} … {% endfor %}.")
        case nodes.Name() if node.ctx == "load" and node.name not in known | looped:
            names = ", ".join(sorted(known))
            return Fault(
                f"uses “{shown(node.name, 40)}”, which is no parameter{line}",
                f"Add a parameter of that name, or use one of: {names}.",
                unknown=node.name,
            )
        case nodes.Getattr() if not _is_field(node, looped):
            return Fault(
                f"asks for “.{shown(node.attr, 40)}”{line}",
                f"Of a member in a loop there are {', '.join(MEMBER_FIELDS)}.",
            )
        case nodes.Filter() if node.name not in _filters() or node.kwargs or node.dyn_args or node.dyn_kwargs:
            names = ", ".join(sorted(_filters()))
            return Fault(f"uses “|{shown(node.name, 40)}”{line}, which is not understood", f"Use one of: {names}.")
        case nodes.Filter() if not all(isinstance(arg, nodes.Const) and arg.value in range(41) for arg in node.args):
            return Fault(f"gives “|{node.name}” what it does not take{line}", "Give it a number from 0 to 40.")
        case _ if not isinstance(node, _ALLOWED):
            what = _WORDS.get(type(node), f"“{type(node).__name__.lower()}”")
            return Fault(f"has {what}{line}, which a template may not have", "Take it out.")
    return None


def _is_field(node: nodes.Getattr, looped: frozenset[str]) -> bool:
    of = node.node.name if isinstance(node.node, nodes.Name) else ""
    return of in looped and node.attr in (_LOOP_FIELDS if of == "loop" else MEMBER_FIELDS)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True, cache_size=0
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(_filters())
    return environment


@lru_cache(maxsize=REMEMBERED)
def _compiled(text: str) -> jinja2.Template:
    return _environment().from_string(text)


def _quoted(value: object) -> str:
    """Return a text as JSON and YAML both read it: beyond 16 bits JSON escapes two halves, which YAML never joins."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if " " <= one <= "~" or one > "\uffff" else f"\\u{ord(one):04x}" for one in text)


@cache
def _filters() -> Mapping[str, Callable[..., object]]:
    return {
        "lower": lambda value: str(value).lower(),
        "upper": lambda value: str(value).upper(),
        "trim": lambda value: str(value).strip(),
        "quoted": _quoted,
        "indent": lambda value, by=4: str(value).replace("\n", "\n" + " " * by),
        "mib": lambda value: int(value) // 1024**2,
        "gib": lambda value: int(value) // 1024**3,
    }
