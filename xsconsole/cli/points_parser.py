"""The words and options of restore points."""

from collections.abc import Callable

from xsconsole.cli.request_parser import VerbMaker

POINT_HELP = "the restore point, by the beginning of its id as `restore-point list` shows it"


def add_points(make: VerbMaker, name_help: str, add_reason: Callable[..., None], add_wait: Callable[..., None]) -> None:
    """Add the verbs of `restore-point`."""
    what = "what restore points there are, what each takes of which storage, and how long it is kept"
    verb = make("restore-point list", what, has_json=True)
    verb.add_argument("name", metavar="NAME", nargs="?", help=f"{name_help}; default: of all")
    verb = make("restore-point remove", "remove restore points for good; none that is still needed", has_json=True)
    verb.add_argument("name", metavar="NAME", help=name_help)
    verb.add_argument("points", metavar="POINT", nargs="+", help=POINT_HELP)
    add_reason(verb)
    add_wait(verb)
    verb.add_argument("--dry-run", action="store_true", help="only show the plan")
    make("restore-point expire", "remove now what has expired, as an open window does by itself", has_json=True)
