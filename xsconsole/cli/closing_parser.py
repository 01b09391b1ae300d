"""The words and options of what people close: stages, configurations, versions, the line."""

import argparse
from collections.abc import Callable
from datetime import datetime

from xsconsole.cli.request_parser import VerbMaker

ID_HELP = "the freeze, by the beginning of its id"


def add_closings(family: Callable[[str, str], VerbMaker], instant: Callable[[str], datetime], name_help: str) -> None:
    """Add the families `freeze`, `hold`, `stay`, `quarantine` and `line`."""
    _add_freezes(family("freeze", "times in which nothing comes into a stage"), instant)
    _add_holds(family("hold", "configurations that nobody promotes"), name_help)
    _add_stays(family("stay", "how long configurations may stand in their stages"), instant, name_help)
    _add_quarantines(family("quarantine", "versions that nobody promotes"))
    _add_line(family("line", "stopping all promotions on a pool"))


def _add_freezes(make: VerbMaker, instant: Callable[[str], datetime]) -> None:
    verb = make("freeze add", "let nothing be promoted into a stage for a time", has_json=True)
    verb.add_argument("stage", metavar="STAGE", help="its id or name")
    verb.add_argument(
        "--from", type=instant, dest="begins", metavar="T", help="from then on, such as 2026-12-24T18:00+01:00 (now)"
    )
    verb.add_argument("--to", type=instant, dest="ends", metavar="T", help="until then (until it is lifted)")
    _add_total(verb, "let nothing out of the stage either, and no way back in or out")
    _add_reason(verb)
    make("freeze list", "when which stage is frozen, by hand and by the workflow's calendars", has_json=True)
    verb = make("freeze lift", "end a freeze that somebody added", has_json=True)
    verb.add_argument("id", metavar="ID", help=ID_HELP)
    _add_reason(verb)


def _add_holds(make: VerbMaker, name_help: str) -> None:
    verb = make("hold set", "let nobody promote a configuration", has_json=True)
    verb.add_argument("name", metavar="NAME", help=name_help)
    _add_reason(verb)
    make("hold list", "which configurations are held, and why", has_json=True)
    verb = make("hold lift", "let it be promoted again", has_json=True)
    verb.add_argument("name", metavar="NAME", help=name_help)
    _add_reason(verb)


def _add_stays(make: VerbMaker, instant: Callable[[str], datetime], name_help: str) -> None:
    verb = make("stay extend", "let a configuration stand in its stage longer than the stage's lease", has_json=True)
    verb.add_argument("name", metavar="NAME", help=name_help)
    verb.add_argument(
        "--to",
        type=instant,
        dest="ends",
        required=True,
        metavar="T",
        help="until then; as long as the lease from now at the most",
    )
    _add_reason(verb)
    verb = make("stay lift", "take back what was given beyond the lease", has_json=True)
    verb.add_argument("name", metavar="NAME", help=name_help)
    _add_reason(verb)
    make(
        "stay end",
        "shut down now whose time is over, where the stage says so, as an open window does by itself",
        has_json=True,
    )


def _add_quarantines(make: VerbMaker) -> None:
    for name, what in (
        ("quarantine set", "let no configuration of a version be promoted anywhere"),
        ("quarantine lift", "let the version be promoted again"),
    ):
        verb = make(name, what, has_json=True)
        verb.add_argument("version", metavar="SERVICE@VERSION", help="such as shop@1.3.0")
        _add_reason(verb)
    make("quarantine list", "which versions are quarantined, and why", has_json=True)


def _add_line(make: VerbMaker) -> None:
    verb = make("line stop", "let nothing on the pool be promoted; a banner says so in every window", has_json=True)
    _add_total(verb, "let nothing be demoted either")
    _add_reason(verb)
    verb = make("line release", "let the line go on", has_json=True)
    _add_reason(verb)
    make("line show", "whether the line is stopped, and why", has_json=True)


def _add_total(verb: argparse.ArgumentParser, what: str) -> None:
    verb.add_argument("--total", action="store_true", help=what)


def _add_reason(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--reason", required=True, metavar="TEXT", help="why; everybody on the pool sees it")
