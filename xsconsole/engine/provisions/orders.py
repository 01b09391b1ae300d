"""From a blueprint and what somebody fills in to commands: a row for each configuration, with what is wrong with it."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from itertools import count

from xsconsole.domain import words
from xsconsole.domain.blueprint import templating
from xsconsole.domain.blueprint.answers import answered
from xsconsole.domain.blueprint.finding import Finding, Severity
from xsconsole.domain.blueprint.rendering import Filled, Surroundings, fill, referred
from xsconsole.domain.blueprint.values import Blueprint, ParameterKind
from xsconsole.domain.board import Board, Card
from xsconsole.domain.given_ids import planned_ids
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Method
from xsconsole.domain.workflow.bounds import NAME_LIMIT, unfit_character
from xsconsole.engine.commands import Newcomer, Provision, Together
from xsconsole.errors import NotPromotable

PROVISION_SPACE = uuid.UUID("7e0a4c1d-8f0b-4f5e-9a61-52d7f1b0c3ae")
MOST_AT_ONCE = 50
MOST_TOLD = 8  # things that are wrong, in one refusal
VERSION_PATTERN, NAME_PATTERN = "{{ blueprint }}.{{ number }}", "{{ service }} {{ version }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionOrder:
    """What somebody asks for: a row of values for each configuration.

    Texts among the values, the service, and the patterns of versions and names may have `{{ number }}`, `{{ stage }}`
    and `{{ blueprint }}` in them, all but the service `{{ service }}`, versions and names the parameters too.
    `is_whole`: all of them or nothing; else what stands stays. `is_signed`: the version is as somebody signed it.
    `addresses`: see `Provision`.
    """

    blueprint: Blueprint
    target: StageId
    rows: tuple[Mapping[str, object], ...]
    service: str = ""  # empty: that of the blueprint
    version: str = VERSION_PATTERN
    name: str = NAME_PATTERN
    is_whole: bool = True
    method: Method = Method.LINKED_CLONE
    sr: Uuid | None = None
    pool: Uuid | None = None
    reason: str = ""
    is_signed: bool = True
    addresses: Mapping[tuple[str, str], IPv4Address] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledRow:
    """One row: its number, its configuration as far as that can be told, and what came of it."""

    number: int
    newcomer: Newcomer | None
    filled: Filled

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.filled.findings


def fill_rows(order: ProvisionOrder, board: Board, pool: Uuid, elsewhere: Iterable[Card] = ()) -> tuple[FilledRow, ...]:
    """Fill every row in, with numbers that no configuration of the blueprint has. Pure.

    `elsewhere` are configurations of other pools, whose numbers are not given again either.
    """
    numbers = _free_numbers(order, board, pool, elsewhere)
    stage = board.workflow.stage(order.target) if board.workflow is not None else None
    service = order.service or order.blueprint.service
    plain = {
        "service": service,
        "stage": stage.name if stage is not None else order.target,
        "blueprint": order.blueprint.version,
    }
    return tuple(
        _row(order, row, {**plain, "number": number}, _id(order, pool, number))
        for row, number in zip(order.rows, numbers, strict=False)
    )


def provisions_of(order: ProvisionOrder, board: Board, pool: Uuid) -> Together:
    """Fill every row in and return the commands; raises as `provisions_from` does."""
    return provisions_from(order, fill_rows(order, board, pool) if len(order.rows) <= MOST_AT_ONCE else ())


def provisions_from(order: ProvisionOrder, rows: Sequence[FilledRow]) -> Together:
    """Return the commands for rows that are filled in: one for all, or one for each, as the order says.

    Raises:
        NotPromotable: something that was filled in is wrong: each of it with its mend, as far as one reads so much.
    """
    if not order.rows or len(order.rows) > MOST_AT_ONCE:
        raise NotPromotable(
            reason=f"{words.count(len(order.rows), 'configuration')} cannot be made at once.",
            mend=f"Make from 1 to {MOST_AT_ONCE}.",
        )
    wrong = _told_of(rows)
    if wrong:
        *before, (where, last) = wrong[:MOST_TOLD]
        head = f"{len(wrong)} things are wrong, of which these are the first:" if len(wrong) > MOST_TOLD else ""
        told = [f"{place}{finding.sentence} {finding.mend}" for place, finding in before]
        raise NotPromotable(
            reason=" ".join(part for part in (head, *told, f"{where}{last.sentence}") if part), mend=last.mend
        )
    newcomers = [row.newcomer for row in rows if row.newcomer is not None]
    whole = Provision(
        blueprint=order.blueprint.id,
        blueprint_name=order.blueprint.name,
        blueprint_version=order.blueprint.version,
        newcomers=tuple(newcomers),
        target=order.target,
        method=order.method,
        sr=order.sr,
        pool=order.pool,
        reason=order.reason,
        is_signed=order.is_signed,
        addresses=order.addresses,
    )
    each = (whole,) if order.is_whole else tuple(replace(whole, newcomers=(one,)) for one in newcomers)
    return Together(commands=each, target=order.target)


def _told_of(rows: Sequence[FilledRow]) -> list[tuple[str, Finding]]:
    """Return each thing that is wrong once, behind the numbers of all of which it is."""
    found: dict[tuple[str, str], tuple[Finding, list[str]]] = {}
    for row in rows:
        for finding in row.findings:
            if finding.is_error:
                _, numbers = found.setdefault((finding.sentence, finding.mend), (finding, []))
                numbers.append(str(row.number))
    if len(rows) == 1:
        return [("", finding) for finding, _ in found.values()]
    return [
        (f"Number{'s' if len(numbers) > 1 else ''} {listing(tuple(numbers), MOST_TOLD)}: ", finding)
        for finding, numbers in found.values()
    ]


def _free_numbers(order: ProvisionOrder, board: Board, pool: Uuid, elsewhere: Iterable[Card]) -> Iterator[int]:
    origins = (card.origin for card in (*board.cards.values(), *elsewhere))
    taken = {origin.number for origin in origins if origin is not None and origin.blueprint == order.blueprint.id}
    ids = planned_ids(board)  # of what is being made, and of what was made before numbers were kept
    return (number for number in count(1) if number not in taken and _id(order, pool, number) not in ids)


def _id(order: ProvisionOrder, pool: Uuid, number: int) -> ConfigurationId:
    return ConfigurationId(str(uuid.uuid5(PROVISION_SPACE, f"{order.blueprint.id}\n{pool}\n{number}")))


def _row(
    order: ProvisionOrder, row: Mapping[str, object], plain: Mapping[str, object], made: ConfigurationId
) -> FilledRow:
    findings: list[Finding] = []
    number = int(str(plain["number"]))

    def rendered(what: str, text: str, values: Mapping[str, object]) -> str:
        try:
            return templating.render(text, values).strip()
        except templating.Fault as fault:
            findings.append(_wrong(what, f"“{shortened(text, 60)}” {fault.what}.", fault.mend))
            return ""

    service = rendered("service", str(plain["service"]), plain)
    plain = {**plain, "service": service}
    values = {
        name: rendered(name, given, plain) if isinstance(given, str) and "{{" in given else given
        for name, given in row.items()
    }
    known = {**answered(order.blueprint, values)[0], **plain}
    version = rendered("version", order.version, known)
    name = rendered("name", order.name, {**known, "version": version})
    for what, text in (("service", service), ("version", version), ("name", name)):
        findings += _unfit(what, text)
    around = Surroundings(
        configuration=name, service=service, version=version, stage=str(plain["stage"]), number=number
    )
    filled = fill(order.blueprint, values, around)
    filled = replace(filled, findings=(*findings, *filled.findings))
    if not filled.is_whole:
        return FilledRow(number=number, newcomer=None, filled=filled)
    addresses = tuple(
        str(filled.values[parameter.name]).partition("/")[0]
        for parameter in order.blueprint.parameters
        if parameter.kind is ParameterKind.ADDRESS and filled.values.get(parameter.name)
    )
    hardware = {name for member in order.blueprint.members for name in referred(member)}
    newcomer = Newcomer(
        configuration=made,
        number=number,
        name=name,
        service=service,
        version=version,
        members=filled.members,
        addresses=addresses,
        given=tuple((name, filled.values[name]) for name in sorted(hardware) if name in filled.values),
    )
    return FilledRow(number=number, newcomer=newcomer, filled=filled)


def _unfit(what: str, text: str) -> list[Finding]:
    if not text:
        mend = "Name one; the blueprint names none." if what == "service" else f"Give the {what}s a pattern."
        return [_wrong(what, f"The configuration has no {what}.", mend)]
    if len(text) > NAME_LIMIT or unfit_character(text, lines=False) is not None:
        why = "is too long" if len(text) > NAME_LIMIT else "has a character that cannot be shown"
        return [_wrong(what, f"The {what} “{shortened(text, 60)}” {why}.", f"Choose another {what}.")]
    return []


def _wrong(what: str, sentence: str, mend: str) -> Finding:
    return Finding(rule=what, severity=Severity.ERROR, sentence=sentence, mend=mend, field=what, parameter=what)
