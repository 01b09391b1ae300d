"""The verbs about fences: building them, taking them away, and what there is to see of them."""

import argparse
import asyncio
from ipaddress import IPv4Address
from pathlib import Path
from shlex import quote

from xsconsole.cli import documents, output
from xsconsole.cli.acting import on_record
from xsconsole.cli.planned import carry_out
from xsconsole.cli.session import connected, is_at_terminal, published
from xsconsole.console import Console, fences, write_text
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.fence.drawing import member_names
from xsconsole.domain.fence.heard import Heard, in_short
from xsconsole.domain.fence.proof import Breach, Proof
from xsconsole.domain.fence.ruleset import ruleset
from xsconsole.domain.fence.standing import StandingFence
from xsconsole.domain.fence.text import to_plain
from xsconsole.domain.fence.values import FenceMode, Services, Transport
from xsconsole.domain.fence.wording import mode_words, rules_in_words
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import find_configuration, find_stage, shortened
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Connect, Deploy, Publish, Redeploy, Undeploy
from xsconsole.errors import NotFound, Refused


async def deploy(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        card = find_configuration(console.board, options.name)
        command = Deploy(
            configuration=card.id,
            revision=card.revision,
            target=find_stage(published(console), options.stage).id,
            mode=FenceMode(options.mode),
            method=Method.FULL_COPY if options.full else Method.LINKED_CLONE,
            name=options.called,
            addresses=_addresses(card, options.address),
            published=_published(card, options.publish),
            services=Services(has_dhcp=options.dhcp, has_dns=options.dns, domain=options.domain),
            is_stopped_first=options.stop_first,
            is_on_one_host=options.one_host,
            reason=options.reason,
        )
        fence = fences.drawing(console, command).fence
        status = await carry_out(console, command, options, {"fence": to_plain(fence)})
        if options.dry_run and not options.json:
            output.say("What passes, and what does not:")
            for sentence in rules_in_words(fence):
                output.say(f"  · {sentence}")
        return status


def _addresses(card: Card, typed: list[tuple[str, str, IPv4Address]]) -> dict[tuple[Uuid, str], IPv4Address]:
    return {(_member(card, member)[0], device): address for member, device, address in typed}


def _published(
    card: Card, typed: list[tuple[str, Transport, int, int]]
) -> dict[str, tuple[tuple[Transport, int, int], ...]]:
    found: dict[str, tuple[tuple[Transport, int, int], ...]] = {}
    for member, transport, port, inside in typed:
        label = _member(card, member)[1]
        found[label] = (*found.get(label, ()), (transport, port, inside))
    return found


def _member(card: Card, named: str) -> tuple[Uuid, str]:
    """Return the machine of that name, role or label, and what it is called in a fence."""
    labels = member_names((member.uuid, member.role or member.name) for member in card.members)
    for member in card.members:
        if named.casefold() in {labels[member.uuid], member.name.casefold(), member.role.casefold(), member.uuid}:
            return member.uuid, labels[member.uuid]
    raise NotFound(
        reason=f"“{shortened(card.name, 60)}” has no member “{shortened(named, 60)}”.",
        mend="Name one of its members.",
        choices=tuple(sorted(labels.values())),
    )


async def undeploy(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        standing = fences.fence_named(console, options.name)
        command = Undeploy(configuration=standing.configuration, keeps=options.keep, reason=options.reason)
        _answer_by_name(console, command, standing, options)
        return await carry_out(console, command, options, {"fence": standing.fence.name})


def _answer_by_name(
    console: Console, command: Undeploy | Redeploy, standing: StandingFence, options: argparse.Namespace
) -> None:
    """Answer what the plan asks with yes, where the fence is named again.

    Raises:
        Refused: it is not, and nobody is there to be asked.
    """
    questions = console.plan(command).questions
    if options.yes and fences.fence_named(console, options.yes) == standing:
        options.yes_to = questions
    elif questions and not options.dry_run and not is_at_terminal():
        raise Refused(
            reason=" ".join(questions), mend=f"Where it is so, name the fence again: --yes {quote(standing.fence.name)}"
        )


async def redeploy(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        standing = fences.fence_named(console, options.name)
        command = Redeploy(configuration=standing.configuration, reason=options.reason)
        _answer_by_name(console, command, standing, options)
        return await carry_out(console, command, options, {"fence": standing.fence.name})


async def publish(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        standing = fences.fence_named(console, options.name)
        found: dict[str, tuple[tuple[Transport, int, int], ...]] = {}
        for member, transport, port, inside in options.ports:
            found[member] = (*found.get(member, ()), (transport, port, inside))
        command = Publish(configuration=standing.configuration, published=found, reason=options.reason)
        return await carry_out(console, command, options, {"fence": standing.fence.name})


async def connect(options: argparse.Namespace) -> int:
    """Connect two fences, or part them: plan it, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        first, second = (fences.fence_named(console, name) for name in (options.name, options.other))
        command = Connect(
            configuration=first.configuration,
            other=second.configuration,
            parts=options.verb == "fence part",
            reason=options.reason,
        )
        return await carry_out(console, command, options, {"fence": first.fence.name, "other": second.fence.name})


# Looking


async def list_(options: argparse.Namespace) -> int:
    """Show the fences of the pool."""
    async with connected(options, is_reading=True) as console:
        states = fences.fences(console)
        if options.json:
            output.print_json([_document(state, console) for state in states])
            return 0
        rows = (
            (
                state.standing.fence.name,
                console.board.stage_name(state.standing.stage),
                mode_words(state.standing.fence.mode),
                f"{state.running} of {state.machines}",
                state.host or "-",
                _proof_word(state),
            )
            for state in states
        )
        output.print_table(("FENCE", "STAGE", "MODE", "RUNNING", "HOST", "PROOF"), rows)
    return 0


async def show(options: argparse.Namespace) -> int:
    """Show one fence."""
    async with connected(options, is_reading=True) as console:
        state = fences.state_of(console, fences.fence_named(console, options.name))
        if options.json:
            output.print_json(_document(state, console))
            return 0
        fence = state.standing.fence
        stage = console.board.stage_name(state.standing.stage)
        output.say(f"{output.cell(fence.name, 80)}: of {output.cell(state.standing.title)}, in {stage}")
        output.say(
            f"{mode_words(fence.mode)}, {state.running} of {state.machines} machines run, host: {state.host or '-'}"
        )
        output.print_table(
            ("MEMBER", "NETWORK", "MAC", "INSIDE", "REPORTS", "OUTSIDE"),
            [
                (one.member, one.logical, one.mac, str(one.address), heard.reported, str(one.outside or "-"))
                for heard in state.heard
                for one in (heard.foothold,)
            ],
        )
        _say_heard(state.heard)
        for logical, tag in state.standing.site.vlans.items():
            output.say(f"{output.cell(logical)}: VLAN {tag}")
        for sentence in rules_in_words(fence):
            output.say(sentence)
        if state.work is not None:
            output.note(f"{output.cell(fence.name, 80)}: {state.words}.")
        _say_proof(state.proof, state.breaches)
    return 0


async def rules(options: argparse.Namespace) -> int:
    """Print the ruleset of its router."""
    async with connected(options, is_reading=True) as console:
        output.print_bytes(ruleset(fences.fence_named(console, options.name).fence).encode())
    return 0


async def export(options: argparse.Namespace) -> int:
    """Write the files of the router's disk into a new folder."""
    async with connected(options, is_reading=True) as console:
        files = fences.files_of_router(fences.fence_named(console, options.name))
    folder = Path(options.out)
    await asyncio.to_thread(_make, folder)
    for name, text in (
        ("meta-data", files.meta_data),
        ("user-data", files.user_data),
        ("network-config", files.network_config),
    ):
        await write_text(text, folder / name)
    output.say(f"Written to {output.cell(str(folder), 400)}")
    return 0


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as failure:
        raise Refused(reason=f"{folder} cannot be made: {failure.strerror}.", mend="Name another folder.") from failure


async def prove(options: argparse.Namespace) -> int:
    """Prove it by what the pool has now."""
    async with connected(options, is_reading=True) as console:
        state = fences.state_of(console, fences.fence_named(console, options.name))
        if options.json:
            output.print_json(_proof_document(state.proof))
        else:
            if state.work is not None:
                output.note(f"{output.cell(state.standing.fence.name, 80)}: {state.words}.")
            _say_proof(state.proof, state.proof.breaches)
    return 0 if state.proof.holds else 1


async def reach(options: argparse.Namespace) -> int:
    """Say how a member is reached."""
    async with connected(options, is_reading=True) as console:
        found = fences.reach_of(fences.fence_named(console, options.name), options.member)
        if options.json:
            output.print_json(
                {
                    "member": found.member,
                    "address": str(found.address) if found.address else None,
                    "ports": list(found.ports),
                    "sentence": found.sentence,
                }
            )
        else:
            output.say(found.sentence)
    return 0 if found.address else 1


def _say_heard(heard: tuple[Heard, ...]) -> None:
    short = in_short(heard)
    if short:
        output.say(f"Guests: {short}.")
    for one in heard:
        if one.sentence:
            output.note(f"{one.sentence} {one.mend}".strip())


def _heard_document(one: Heard) -> Json:
    return {
        "member": one.foothold.member,
        "device": one.device,
        "planned": str(one.foothold.address),
        "reported": [str(address) for address in one.addresses],
        "said": one.said.value,
        "sentence": one.sentence,
        "mend": one.mend,
    }


def _say_proof(proof: Proof, breaches: tuple[Breach, ...]) -> None:
    looked = f"{words.count(proof.cards, 'card')} on {words.count(proof.networks, 'network')}"
    if proof.holds:
        output.say(f"Tight: of {looked} none leads out past the router.")
    for breach in breaches:
        output.note(f"{'Leaks' if breach.is_there else 'Missing'}: {breach.sentence}")


def _proof_word(state: fences.FenceState) -> str:
    found = state.breaches
    return words.count(len(found), "breach", "breaches") if found else state.state.value


def _proof_document(proof: Proof) -> documents.Document:
    breaches: list[Json] = [
        {"fault": one.fault.value, "sentence": one.sentence, "vif": one.vif, "way": list(one.way)}
        for one in proof.breaches
    ]
    return {
        "holds": proof.holds,
        "breaches": breaches,
        "cards": proof.cards,
        "networks": proof.networks,
        "facts": proof.facts,
    }


def _document(state: fences.FenceState, console: Console) -> documents.Document:
    standing = state.standing
    return {
        "configuration": standing.configuration,
        "origin": standing.origin,
        "title": standing.title,
        "stage": standing.stage,
        "stage_name": console.board.stage_name(standing.stage),
        "fence": to_plain(standing.fence),
        "site": to_plain(standing.site),
        "shares": list(standing.shares),
        "running": state.running,
        "machines": state.machines,
        "host": state.host,
        "state": state.state.value,
        "state_words": state.words,
        "proof": _proof_document(state.proof),
        "addresses": [_heard_document(one) for one in state.heard],
    }
