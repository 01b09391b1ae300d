"""The words and options of requests and keys."""

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

LEADS_TO = "another pool that the way leads to, or that a run is about"
ID_HELP = "the request, by the beginning of its id"


class VerbMaker(Protocol):
    """Adds a verb to its family on the command line."""

    def __call__(
        self, name: str, what: str, *, has_json: bool = False, takes_pools: bool = False
    ) -> argparse.ArgumentParser: ...


def add_beside(verb: argparse.ArgumentParser, what: str = LEADS_TO) -> None:
    """Add how other pools are named that a run is about."""
    verb.add_argument(
        "--also",
        dest="leads_to",
        action="append",
        default=[],
        metavar="URL",
        help=f"{what}, with the same user; its password is the next line of standard input",
    )


def add_asking(verb: argparse.ArgumentParser, instant: Callable[[str], datetime]) -> None:
    """Add to what others may have to approve what it says where others have to approve it."""
    group = verb.add_argument_group("where others have to approve it (exit status 3: asked for, and not done yet)")
    group.add_argument("--ticket", default="", metavar="REF", help="a reference to a change ticket")
    group.add_argument(
        "--not-before", type=instant, metavar="T", help="not before this time, such as 2026-12-24T18:00+01:00"
    )
    group.add_argument(
        "--by-itself", action="store_true", help="an open window of this home carries it out as soon as it may"
    )


def add_emergency(verb: argparse.ArgumentParser, *, may_sign: bool = True) -> None:
    """Add what declares an emergency."""
    group = verb.add_argument_group("where it cannot wait, for those whom the workflow names")
    group.add_argument(
        "--emergency",
        action="store_true",
        help="go past approvals, freezes and times; needs a reason, and leaves a review that somebody else closes",
    )
    if may_sign:
        add_log_in(group)


def add_log_in(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--log-in-stdin",
        action="store_true",
        help="read the password for the fresh log-in from standard input, after the other secrets",
    )


def add_reviews(make: VerbMaker) -> None:
    make("review-item list", "what emergencies and reviews are open on the pool, and for how long", has_json=True)
    verb = make("review-item show", "one of them: what was done, past what, why, and who could close it", has_json=True)
    verb.add_argument("id", metavar="ID", help="the review item, by the beginning of its id")
    verb = make("review-item close", "say what you found; nobody closes what they did themselves", has_json=True)
    verb.add_argument("id", metavar="ID", help="the review item, by the beginning of its id")
    verb.add_argument("--reason", required=True, metavar="TEXT", help="what you found; it is part of what is signed")
    add_log_in(verb)


def add_webhook(make: VerbMaker) -> None:
    verb = make("webhook set", "tell this address of each deed, signed by a secret; needs no pool")
    verb.add_argument("url", metavar="URL", help="such as https://hooks.example.org/xsconsole")
    choice = verb.add_mutually_exclusive_group()
    choice.add_argument("--secret-stdin", action="store_true", help="read the secret from standard input")
    choice.add_argument("--unsigned", action="store_true", help="use no secret; nobody can tell then who sent it")
    make("webhook show", "the address, and whether its secret is at hand", has_json=True)
    make("webhook clear", "tell nobody any more, and forget the secret")
    make("webhook test", "send one test and wait for the answer")


def add_requests(make: VerbMaker) -> None:
    add_beside(make("request list", "what is asked for on the pool, and how it stands", has_json=True))
    verb = make("request show", "one request: its plan, its approvals, and what has changed", has_json=True)
    verb.add_argument("id", metavar="ID", help=ID_HELP)
    add_beside(verb)
    for name, what in (("approve", "approve it"), ("reject", "reject it, which ends it")):
        verb = make(f"request {name}", f"{what}, by this console's key", has_json=True)
        verb.add_argument("id", metavar="ID", help=ID_HELP)
        verb.add_argument("--reason", required=True, metavar="TEXT", help="why; it is part of what is signed")
        add_log_in(verb)
        add_beside(verb)
    verb = make("request withdraw", "take it back, or clear away one that has ended", has_json=True)
    verb.add_argument("id", metavar="ID", help=ID_HELP)
    verb.add_argument("--reason", default="", metavar="TEXT", help="why; it stands in the audit")
    make("request clean", "remove what stands frozen for requests that there are no more", has_json=True)
    verb = make("request run", "carry out what was approved", has_json=True)
    verb.add_argument("id", metavar="ID", help=ID_HELP)
    add_beside(verb)
    verb = make("request export", "write it to a file, for somebody who has no way to the pool")
    verb.add_argument("id", metavar="ID", help=ID_HELP)
    add_out(verb)
    verb = make("request decide", "decide on a request in a file; needs no pool", has_json=True)
    verb.add_argument("file", metavar="FILE", help="what `request export` wrote")
    add_meaning(verb)
    add_out(verb)
    verb = make("request import", "leave a decision from a file on the pool, if it counts", has_json=True)
    verb.add_argument("file", metavar="FILE", help="what `request decide` wrote")


def add_keys(make: VerbMaker) -> None:
    make("key show", "this console's key, by its fingerprint; needs no pool", has_json=True)
    verb = make(
        "key export",
        "write its public part to a file, to be enrolled by whoever edits the workflow; makes the key if there is none",
    )
    verb.add_argument("--name", required=True, metavar="WHO", help="whose key it is")
    add_out(verb)
    verb = make("key enrol", "pin a key to a person, in a draft of the workflow", has_json=True)
    verb.add_argument("file", metavar="FILE", help="what `key export` wrote")
    verb.add_argument("--person", metavar="WHO", help="id or name in the workflow; default: who the file names")
    verb.add_argument("--draft", metavar="DRAFT", help="its name or id; default: a new one of what is published")


def add_meaning(verb: argparse.ArgumentParser) -> None:
    choice = verb.add_mutually_exclusive_group(required=True)
    choice.add_argument("--approve", dest="meaning", action="store_const", const="approve", help="approve it")
    choice.add_argument("--reject", dest="meaning", action="store_const", const="reject", help="reject it")
    verb.add_argument("--reason", required=True, metavar="TEXT", help="why; it is part of what is signed")


def add_out(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--out", required=True, metavar="FILE", help="where to")
    verb.add_argument("--force", action="store_true", help="replace the file where it is there already")
