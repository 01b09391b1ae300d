"""The words and options of provisioning."""

from collections.abc import Callable

from xsconsole.cli.fence_parser import add_addresses
from xsconsole.cli.request_parser import VerbMaker
from xsconsole.cli.typed_values import assigned, count, digest
from xsconsole.domain.workflow import Method


def add_provision(make: VerbMaker, add_reason: Callable[..., None]) -> None:
    """Add the verb `provision`."""
    verb = make("provision", "make configurations of a blueprint in a stage", has_json=True)
    verb.add_argument("name", metavar="BLUEPRINT", help="by name or id")
    verb.add_argument("--at-version", type=count, metavar="N", help="this version of it; else the newest")
    verb.add_argument("--stage", required=True, metavar="STAGE", help="the stage, by name or id")
    verb.add_argument(
        "--values",
        metavar="FILE",
        help="JSON: an object of parameters, or an array of them, one for each configuration; `-`: standard input",
    )
    verb.add_argument(
        "--set",
        action="append",
        default=[],
        type=assigned,
        metavar="NAME=VALUE",
        help="a parameter, over what the file says; `{{ number }}` in it counts; repeat it",
    )
    verb.add_argument("--times", type=count, metavar="N", help="as many with the same values")
    verb.add_argument("--version", metavar="TEXT", help="of the configurations, such as `1.0-{{ number }}`")
    verb.add_argument("--called", metavar="TEXT", help="their names, such as `{{ customer }} shop`")
    verb.add_argument("--service", default="", help="else the one that the blueprint names")
    verb.add_argument(
        "--method",
        choices=[Method.LINKED_CLONE.value, Method.FULL_COPY.value],
        default=Method.LINKED_CLONE.value,
        help="how machines are made of the templates (linked-clone)",
    )
    verb.add_argument("--sr", metavar="STORAGE", help="by name or uuid; else the stage's")
    add_addresses(verb.add_argument, "the address of a card inside the fence that the stage demands; repeat it")
    how = verb.add_mutually_exclusive_group()
    how.add_argument(
        "--all-or-nothing", action="store_true", help="where one fails nothing is left of any; so it is without a word"
    )
    how.add_argument("--keep-what-stands", action="store_true", help="where one fails the others go on, and stay")
    verb.add_argument("--dry-run", action="store_true", help="say what it would do, and change nothing")
    verb.add_argument("--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one")
    add_reason(verb)
