"""The words and options of drift: differences, the rules that allow some, statements."""

from argparse import ArgumentParser

from xsconsole.cli.config_parser import NAME_HELP, add_dry_run
from xsconsole.cli.request_parser import VerbMaker

AGAINST_HELP = (
    "`origin` (also the blueprint that it was made of), `production`, or another configuration "
    "(the origin where it stands, else production)"
)


def add_drift(make: VerbMaker) -> None:
    """Add the family `drift`."""
    make("drift list", "how many real differences each configuration has", has_json=True, takes_pools=True)
    show = make(
        "drift show", "each difference: both values, since when, by which rule", has_json=True, takes_pools=True
    )
    _add_name(show)
    what = "say how exactly it is like another: member by member, field by field; on record"
    state = make("drift state", what, has_json=True)
    _add_name(state)
    state.add_argument("--out", metavar="FILE", help="into a file: a page where it ends in .html, else plain text")
    state.add_argument("--force", action="store_true", help="also where a file is there")
    make("drift rules", "which fields may differ, by whom and why", has_json=True)
    allow = make(
        "drift allow",
        "let a field that differs now differ from now on; of a rule, make its next version",
        has_json=True,
    )
    _add_name(allow)
    allow.add_argument("field", metavar="FIELD", help="as `drift show` names it under FIELD, such as web:vcpus_max")
    allow.add_argument("--all-members", action="store_true", help="of every member, not only of this one")
    allow.add_argument("--everywhere", action="store_true", help="in every stage, not only where it stands")
    _add_reason(allow)
    mend = make("drift mend", "bring fields back to what they are compared with, by a plan", has_json=True)
    _add_name(mend)
    mend.add_argument("fields", metavar="FIELD", nargs="*", help="as `drift show` names it; none: all that can be")
    add_dry_run(mend)
    mend.add_argument("--wait", action="store_true", help="wait for whoever works on it")
    mend.add_argument("--reason", default="", metavar="TEXT", help="why; it stands in the audit")
    forbid = make("drift forbid", "remove such a rule", has_json=True)
    forbid.add_argument("id", metavar="ID", help="the rule, by the beginning of its id")
    _add_reason(forbid)


def add_refresh(verb: ArgumentParser) -> None:
    """Add what says of what a replica is made anew, and how."""
    verb.add_argument("name", metavar="NAME", help=NAME_HELP)
    verb.add_argument("--of", metavar="NAME", help="made anew of this one (what it was copied from)")
    unsaid = "if not said, as it was copied before, and from another pool by full copies"
    verb.add_argument("--method", choices=["linked-clone", "full-copy"], help=unsaid)
    what = "shut running machines of the source down, freeze them together and start them again"
    verb.add_argument("--stop-first", action="store_true", help=what)
    add_dry_run(verb)


def add_replicate(verb: ArgumentParser) -> None:
    """Add what says of what a replica is made, where and how."""
    verb.add_argument("name", metavar="NAME", help=NAME_HELP)
    verb.add_argument("--to", required=True, metavar="STAGE", help="the stage, by name or id")
    verb.add_argument(
        "--method",
        choices=["linked-clone", "full-copy"],
        default="linked-clone",
        help="share blocks with the originals (the default), or copy all; into another pool only full copies lead",
    )
    what = "shut running machines down, freeze them together and start them again, so that the set is consistent"
    verb.add_argument("--stop-first", action="store_true", help=what)
    verb.add_argument("--point", metavar="ID", help="of a restore point, by the beginning of its id")
    pattern = "names of the machines, such as '{service}-{role} {stage}'; also {name}, {version} and {number}"
    verb.add_argument("--names", dest="pattern", default="", metavar="PATTERN", help=pattern)
    add_dry_run(verb)


def _add_name(verb: ArgumentParser) -> None:
    verb.add_argument("name", metavar="NAME", help=NAME_HELP)
    verb.add_argument("--against", metavar="WHAT", help=AGAINST_HELP)


def _add_reason(verb: ArgumentParser) -> None:
    verb.add_argument("--reason", required=True, metavar="TEXT", help="why; everybody sees it")
