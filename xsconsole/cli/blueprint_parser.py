"""The words and options of the library."""

import argparse
from collections.abc import Callable

from xsconsole.cli.request_parser import VerbMaker
from xsconsole.cli.typed_values import count, digest
from xsconsole.domain.workflow import Method

BLUEPRINT_HELP = "a blueprint of the library, by name or id"
TEXT_HELP = "a file, a draft (`draft:ID`), or a blueprint of the library by name or id"


def add_blueprints(make: VerbMaker, name_help: str, add_reason: Callable[..., None]) -> None:
    """Add the verbs of `blueprint`."""
    make("blueprint list", "the library: each version, whether it can be used, and what came of it", has_json=True)
    verb = make("blueprint show", "one version: members, parameters, networks, what is wrong with it", has_json=True)
    _add_one(verb)
    verb.add_argument("--user-data", metavar="MEMBER", help="only what cloud-init reads there, as it is written")
    verb = make(
        "blueprint capture", "make templates and a blueprint of a configuration, which stays as it is", has_json=True
    )
    verb.add_argument("name", metavar="NAME", help=name_help)
    which = verb.add_mutually_exclusive_group(required=True)
    which.add_argument("--as", dest="called", metavar="TEXT", help="the name of a new blueprint")
    which.add_argument("--into", metavar="BLUEPRINT", help=f"a new version of {BLUEPRINT_HELP}")
    verb.add_argument("--summary", default="", metavar="TEXT", help="what a new blueprint is for")
    verb.add_argument("--changes", default="", metavar="TEXT", help="what is other than in the version before")
    verb.add_argument(
        "--method",
        choices=[Method.LINKED_CLONE.value, Method.FULL_COPY.value],
        default=Method.LINKED_CLONE.value,
        help="how templates are made of the machines (linked-clone)",
    )
    verb.add_argument("--sr", metavar="STORAGE", help="where full copies go, by name or uuid")
    verb.add_argument(
        "--stop-first", action="store_true", help="shut the machines down, freeze them together and start them again"
    )
    verb.add_argument("--dry-run", action="store_true", help="say what it would do, and change nothing")
    verb.add_argument("--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one")
    add_reason(verb)
    verb = make("blueprint export-document", "the text form of a version, without its disks", has_json=False)
    _add_one(verb)
    verb.add_argument("--out", metavar="FILE", help="else to standard output")
    verb = make("blueprint import-document", "begin a draft with a file, or put it in the place of one", has_json=True)
    verb.add_argument("file", metavar="FILE")
    verb = make("blueprint export", "a version with its disks, as one file for another pool", has_json=True)
    verb.add_argument("blueprint", metavar="BLUEPRINT", help=f"{BLUEPRINT_HELP}, or `NAME@VERSION`; else the newest")
    verb.add_argument("--out", required=True, metavar="FILE", help="such as shop-3.xsblueprint; none is replaced")
    verb = make("blueprint import", "templates and a version of the library, of such a file", has_json=True)
    verb.add_argument("file", metavar="FILE")
    verb.add_argument("--sr", metavar="STORAGE", help="where the disks go, by name or uuid; else the usual storage")
    verb.add_argument(
        "--dry-run", action="store_true", help="compare every hash, say what it would do, and change nothing"
    )
    verb.add_argument("--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one")
    add_reason(verb)
    verb = make("blueprint edit", "begin a draft of a blueprint, or say which there is", has_json=True)
    verb.add_argument("blueprint", metavar="BLUEPRINT", help=f"{BLUEPRINT_HELP}, or `NAME@VERSION`; else the newest")
    make("blueprint drafts", "what is worked on in this home", has_json=True)
    verb = make("blueprint discard", "delete a draft for good", has_json=False)
    verb.add_argument("draft", metavar="ID")
    verb = make("blueprint check", "what is wrong with it; exit status 1 where something is", has_json=True)
    verb.add_argument("text", metavar="TEXT", help=TEXT_HELP)
    verb.add_argument("--values", metavar="FILE", help="fill it in with these too: a JSON object of parameters")
    verb = make("blueprint diff", "what leads from one to the other", has_json=True)
    for name in ("before", "after"):
        verb.add_argument(name, metavar=name.upper(), help=f"{TEXT_HELP}, or `NAME@VERSION`")
    verb = make("blueprint publish", "publish a draft or a file as the next version", has_json=True)
    verb.add_argument("text", metavar="TEXT", help="a file, or a draft (`draft:ID`)")
    verb.add_argument("--changes", default="", metavar="TEXT", help="what is other than in the version before")
    verb = make("blueprint retire", "take a version out, with the templates that only it needs", has_json=True)
    verb.add_argument("blueprint", metavar="BLUEPRINT", help=BLUEPRINT_HELP)
    verb.add_argument("--at-version", type=count, required=True, metavar="N")
    add_reason(verb)
    for name, what in (("approve", "sign a version as gold master"), ("reject", "sign against it")):
        verb = make(f"blueprint {name}", what, has_json=True)
        _add_one(verb)
        verb.add_argument("--reason", required=True, metavar="TEXT", help="what was tried, or would have to change")
    verb = make("blueprint clean", "remove templates of the library that no version needs", has_json=True)
    add_reason(verb)


def _add_one(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("blueprint", metavar="BLUEPRINT", help=BLUEPRINT_HELP)
    verb.add_argument("--at-version", type=count, metavar="N", help="this version of it; else the newest")
