"""What the command line says: lines, tables and sentences that cannot disturb a terminal, and JSON."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TextIO

import msgspec

from xsconsole.domain import words
from xsconsole.domain.canonical import Json
from xsconsole.domain.plan import Plan
from xsconsole.domain.plan_sheet import PlanSheet, beside
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.wording import rule_words
from xsconsole.errors import Ambiguous, ConsoleError, NotFound

WIDEST_COLUMN = 48
WIDEST_SENTENCE = 2000
WIDEST_PROGRESS = 79
DISTURBING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, directions, lone surrogates, line separators
PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "·": "-", "–": "-", "—": "-"})


@dataclass(slots=True)
class _Said:
    """What one verb has said: whether a document, and which failures."""

    has_document: bool = False
    failures: list[tuple[ConsoleError, str | None, Mapping[str, Json]]] = field(default_factory=list)


_SAID = _Said()


class NotWritten(Exception):
    """Standard output takes no more; the text says why."""


def say(line: str) -> None:
    """Print one line on standard output, whatever its encoding; no control or direction character reaches it."""
    _write(line, sys.stdout)


def note(sentence: str) -> None:
    """Say something on standard error, beside the output."""
    _write(f"xsconsole: {cell(sentence, WIDEST_SENTENCE)}", sys.stderr)


def ask(question: str) -> None:
    """Put a question on standard error: standard output belongs to the answer's reader."""
    _write(cell(question, WIDEST_SENTENCE) + " ", sys.stderr, end="")
    if sys.stderr is not None:
        with _writing(sys.stderr):
            sys.stderr.flush()


def renew(line: str) -> None:
    """Put a line on standard error in the place of the one that was put so before; an empty one ends that."""
    _write(f"{cell(line, WIDEST_PROGRESS):<{WIDEST_PROGRESS}}", sys.stderr, end="\r")
    if sys.stderr is not None:
        with _writing(sys.stderr):
            sys.stderr.flush()


def share_teller() -> Callable[[float], None] | None:
    """Return what tells in one place how far something is; None where nobody watches."""
    return _say_share if sys.stderr is not None and sys.stderr.isatty() else None


def _say_share(share: float) -> None:
    renew(f"{share:4.0%}" if share < 1 else "")


def is_yes(question: str) -> bool:
    """Put a question at a terminal, and return whether the answer is yes."""
    ask(question)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def flush() -> None:
    """Raise here, and not at the interpreter's end, what keeps the output from being written.

    Raises:
        BrokenPipeError: nobody reads it.
        NotWritten: such as a full disk.
    """
    if sys.stdout is not None:
        with _writing(sys.stdout):
            sys.stdout.flush()


def begin() -> None:
    """Forget what was said before: one verb begins."""
    _SAID.has_document = False
    _SAID.failures.clear()


def print_failure_document() -> None:
    """Print what failed as the JSON document of a verb that has printed none, for who reads nothing else."""
    if _SAID.has_document or not _SAID.failures:
        return
    error, mend, about = _SAID.failures[-1]
    found = {key: text for key, text in asdict(words.explain(error)).items() if text}
    found |= {"mend": mend} if mend else {}
    choices = {"choices": list(error.choices)} if isinstance(error, NotFound | Ambiguous) else {}
    print_json({**about, "error": {"kind": type(error).__name__, **found, **choices}})


def print_json(document: Json) -> None:
    """Print one JSON document and nothing else; whatever is not plain ASCII is escaped."""
    _SAID.has_document = True
    if sys.stdout is not None:
        with _writing(sys.stdout):
            sys.stdout.write(json.dumps(document, ensure_ascii=True, indent=2) + "\n")


def print_bytes(content: bytes) -> None:
    """Print bytes as they are: a file made of them must not depend on this terminal's encoding."""
    if sys.stdout is not None:
        with _writing(sys.stdout):
            sys.stdout.buffer.write(content)


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, widest: int = WIDEST_COLUMN) -> None:
    lines = [tuple(titles), *(tuple(cell(text, widest) for text in row) for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        padded = (text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())


def print_error(error: ConsoleError, mend: str | None = None, **about: Json) -> None:
    """Say on standard error what failed, what was put back and what to do; `mend` takes the place of the usual one.

    `about` is what else a document of the failure says.
    """
    _SAID.failures.append((error, mend, about))
    notice = words.explain(error)
    said = " ".join(part for part in (notice.failed, notice.put_back, notice.remains, mend or notice.mend) if part)
    note(said)
    if isinstance(error, NotFound | Ambiguous):
        for choice in error.choices:
            _write(f"  {cell(choice, 200)}", sys.stderr)
    if notice.details and notice.details not in said:
        _write(f"  ({cell(notice.details, WIDEST_SENTENCE)})", sys.stderr)


def print_plan(plan: Plan, workflow: Workflow) -> None:
    say(f"{words.title(plan, workflow)}   plan {plan.digest[:12]}")
    for step in plan.steps:
        say(f"  · {cell(words.describe(step), 110)}")
    for warning in plan.warnings:
        say(f"  ! {cell(warning, 400)}")
    for note_ in plan.notes:
        say(f"  i {cell(note_, 400)}")
    for question in plan.questions:
        say(f"  ? {cell(question, 400)}")
    for rule in plan.demand.rules if plan.demand is not None else ():
        say(f"  ! must be approved by {cell(rule_words(rule, workflow), 200)}")
    downtime = f", {words.duration(plan.downtime_s)} of them without the machines" if plan.downtime_s else ""
    say(f"{words.count(len(plan.steps), 'step')}, about {words.duration(plan.duration_s)}{downtime}")


def print_beside(other: PlanSheet, document: Mapping[str, Json], file: str, *, is_json: bool) -> None:
    """Print how the plan of a document differs from another one, which a file holds."""
    now = msgspec.convert(document, PlanSheet)
    there, here = beside(other, now)
    if is_json:
        print_json(
            {**document, "against": {"digest": other.digest, "only_there": list(there), "only_here": list(here)}}
        )
        return
    say(f"{cell(now.title, 200)}   plan {now.digest[:12]}")
    say(f"  beside {cell(file, 200)}: {cell(other.title, 200)}   plan {cell(other.digest[:12])}")
    for sign, lines in (("-", there), ("+", here)):
        for line in lines:
            say(f"  {sign} {cell(line, 400)}")
    if other.digest == now.digest:
        say("It is the same plan.")
    elif not there and not here:
        say("All that is said of them is the same; what is written or returned to is not.")


def cell(text: str, most: int = WIDEST_COLUMN) -> str:
    """Return `text` on one line, without what disturbs a terminal, and no longer than `most` characters."""
    line = " ".join(_harmless(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _harmless(text: str) -> str:
    return "".join(sign if unicodedata.category(sign) not in DISTURBING else " " for sign in text)


def _width(text: str) -> int:
    """Return the columns a terminal needs: wide signs take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _write(line: str, stream: TextIO | None, end: str = "\n") -> None:
    if stream is None:  # it was closed before we began
        return
    text = _harmless(line)
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(PLAIN).encode(encoding, "replace").decode(encoding)
    with _writing(stream):
        stream.write(text + end)


@contextmanager
def _writing(stream: TextIO) -> Iterator[None]:
    """Tell why standard output takes no more; where standard error does not, there is nobody to tell."""
    try:
        yield
    except BrokenPipeError:
        if stream is sys.stdout:
            raise
    except OSError as failure:
        if stream is sys.stdout:
            raise NotWritten(failure.strerror or str(failure)) from failure
