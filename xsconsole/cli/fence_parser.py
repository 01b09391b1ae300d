"""The words and options of fences."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address

from xsconsole.cli.request_parser import VerbMaker
from xsconsole.cli.typed_values import card_address, digest, published
from xsconsole.domain.fence.values import FenceMode

FENCE_HELP = "the fence, by name or the beginning of its configuration's id"


def add_fences(make: VerbMaker, of_ground: VerbMaker, name_help: str, add_reason: Callable[..., None]) -> None:
    """Add the verbs of `fence`, and those of its ground."""
    of_ground("fence ground show", "what fences of the pool are built on, and what is wrong with it", has_json=True)
    verb = of_ground("fence ground set", "write what fences are built on", has_json=True)
    verb.add_argument("file", metavar="FILE", help="JSON, as `fence ground show --json` gives it")
    verb.add_argument("--dry-run", action="store_true", help="say what is wrong with it, and change nothing")
    add_reason(verb)

    deploy = make("fence deploy", "copy a configuration, addresses and all, into a fence of its own", has_json=True)
    deploy.add_argument("name", metavar="CONFIG", help=name_help)
    deploy.add_argument("--stage", required=True, metavar="STAGE", help="where the copy stands, by name or id")
    deploy.add_argument("--mode", required=True, choices=[mode.value for mode in FenceMode], help="what passes")
    deploy.add_argument("--full", action="store_true", help="copy the disks instead of linking to them")
    deploy.add_argument("--called", default="", metavar="NAME", help="what the fence is called; else with a number")
    add_addresses(deploy.add_argument, "the address of a card inside, before what its guest says; repeat it")
    deploy.add_argument(
        "--publish",
        action="append",
        default=[],
        type=published,
        metavar="MEMBER:tcp/PORT[:INSIDE]",
        help="let only this port lead in; none: all lead in; repeat it",
    )
    deploy.add_argument("--dhcp", action="store_true", help="let the router give the addresses inside")
    deploy.add_argument("--dns", action="store_true", help="let the router answer for the names of members")
    deploy.add_argument("--domain", default="", metavar="D", help="what names inside end in")
    deploy.add_argument("--stop-first", action="store_true", help="shut the machines down, freeze them, start them")

    deploy.add_argument("--one-host", action="store_true", help="no VLANs, though the ground has tags for them")

    undeploy = make("fence undeploy", "shut a fence down, and keep it or take it away for good", has_json=True)
    undeploy.add_argument("name", metavar="NAME", help=FENCE_HELP)
    how = undeploy.add_mutually_exclusive_group(required=True)
    how.add_argument("--keep", action="store_true", help="all of it stays, off, for `fence redeploy`")
    how.add_argument("--discard", action="store_true", help="machines, disks, networks, addresses and router go")
    undeploy.add_argument(
        "--yes",
        default="",
        metavar="NAME",
        help="name it again: discard it for good; or, with --keep, its host is certainly off",
    )
    redeploy = make("fence redeploy", "start a fence that is off: the same one, where there is room", has_json=True)
    redeploy.add_argument("name", metavar="NAME", help=FENCE_HELP)
    redeploy.add_argument("--yes", default="", metavar="NAME", help="name it again: its host is certainly off")
    publish = make("fence publish", "let other ports lead into a fence; its router starts anew", has_json=True)
    publish.add_argument("name", metavar="NAME", help=FENCE_HELP)
    which = publish.add_mutually_exclusive_group(required=True)
    which.add_argument("ports", metavar="MEMBER:tcp/PORT[:INSIDE]", nargs="*", default=[], type=published, help="these")
    which.add_argument("--all", action="store_true", help="every port of every member that has an outside address")
    connect, part = (
        make(name, what, has_json=True)
        for name, what in (
            ("fence connect", "let two fences speak with each other; their routers start anew"),
            ("fence part", "let two fences speak with each other no more"),
        )
    )
    for verb in (connect, part):
        verb.add_argument("name", metavar="A", help=FENCE_HELP)
        verb.add_argument("other", metavar="B", help="the other one")
    for verb in (deploy, undeploy, redeploy, publish, connect, part):
        verb.add_argument("--dry-run", action="store_true", help="say what it would do, and change nothing")
        verb.add_argument("--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one")
        add_reason(verb)

    make("fence list", "the fences of the pool, how they stand, and whether they are tight", has_json=True)
    for name, what, has_json in (
        ("fence show", "one fence: members with both addresses, what passes, and the proof", True),
        ("fence rules", "what its router lets through, as the text that nft reads", False),
        ("fence prove", "prove that nothing leads out past the router; 1 where something does", True),
    ):
        make(name, what, has_json=has_json).add_argument("name", metavar="NAME", help=FENCE_HELP)
    verb = make("fence export", "the files of its router's disk, into a folder")
    verb.add_argument("name", metavar="NAME", help=FENCE_HELP)
    verb.add_argument("--out", required=True, metavar="DIR", help="a folder; it is made, and must not be there yet")
    verb = make("fence reach", "how a member is reached from outside", has_json=True)
    verb.add_argument("name", metavar="NAME", help=FENCE_HELP)
    verb.add_argument("member", metavar="MEMBER", help="a member, as `fence show` names it")


def add_addresses(add: Callable[..., object], what: str) -> None:
    """Add the option by which addresses inside a fence are typed."""
    add("--address", action="append", default=[], type=card_address, metavar="MEMBER.DEVICE=IP", help=what)


def by_card(typed: Iterable[tuple[str, str, IPv4Address]]) -> dict[tuple[str, str], IPv4Address]:
    """Return what was typed, by member and device."""
    return {(member, device): address for member, device, address in typed}
