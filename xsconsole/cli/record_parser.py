"""The words and options of the audit."""

from argparse import SUPPRESS, ArgumentParser

from xsconsole.cli.request_parser import VerbMaker
from xsconsole.cli.typed_values import count, fingerprint, instant, redactions
from xsconsole.domain.redaction import REDACTIONS
from xsconsole.reports.verifier.program import kept_head


def add_audit(make: VerbMaker) -> None:
    """Add the verbs of `audit`."""
    verb = make("audit list", "rows, newest first", has_json=True)
    verb.add_argument(
        "--text",
        default="",
        metavar="FILTER",
        help="only rows that fit, such as 'shop who:alice age<7d', by docs/filter.md",
    )
    verb.add_argument("--limit", type=count, default=100, metavar="N", help="at most so many rows (100)")
    verb = make("audit export", "a bundle for somebody who never sees the pool (.xsaudit)", has_json=True)
    verb.add_argument("--out", required=True, metavar="FILE", help="such as shop.xsaudit")
    verb.add_argument("--force", action="store_true", help="also where a file is there")
    verb.add_argument("--from", dest="since", type=instant, metavar="T", help="rows of this time and later")
    verb.add_argument("--to", dest="until", type=instant, metavar="T", help="rows before this time")
    verb.add_argument("--service", metavar="S", help="rows about configurations of this service")
    verb.add_argument("--configuration", metavar="C", help="rows about this one: a name, service@stage or an id")
    verb.add_argument(
        "--run", metavar="R", help="rows of this run, by 8 characters of its id or more, and of its approvals"
    )
    verb.add_argument("--text", default="", metavar="FILTER", help="only rows that fit, such as 'who:alice age<7d'")
    verb.add_argument(
        "--redact",
        type=redactions,
        default=(),
        metavar="WHAT,...",
        help=f"withhold what tells of {', '.join(REDACTIONS)}; it still verifies",
    )
    what = "check the chain, its values and signatures; with --pool also against the anchors that are kept there"
    verb = make("audit verify", what, has_json=True, takes_pools=True)
    verb.add_argument("file", nargs="?", metavar="FILE", help="a bundle, or a database file; else this home's record")
    verb.add_argument(
        "--head",
        type=kept_head,
        action="append",
        default=[],
        metavar="SEQ:DIGEST",
        help="a head of the chain that was kept elsewhere, as in an earlier report; or a file of an anchor",
    )
    told = "the key that must have signed it, as it was kept elsewhere"
    verb.add_argument("--key", type=fingerprint, metavar="FINGERPRINT", help=told)
    verb.add_argument("--is-recorded", action="store_true", help=SUPPRESS)  # by the window that starts it
    verb = make(
        "audit reconcile",
        "compare it with the pool's own log; 1: a step of ours is missing, 3: others changed it",
        has_json=True,
    )
    verb.add_argument("--since", type=instant, metavar="T", help="from then on; else from where the last one ended")
    verb.add_argument("--all", action="store_true", help="list also each call of other consoles, not only how many")
    verb = make("audit acknowledge", "say why what others changed of a configuration may stay", has_json=True)
    verb.add_argument("name", metavar="NAME", help="the configuration, as `config list` names it")
    verb.add_argument("--reason", required=True, metavar="TEXT", help="why, or what became of it; it goes on record")
    verb = make("audit board", "the board as the rows tell of it, now or at an earlier time", has_json=True)
    moment = verb.add_mutually_exclusive_group()
    moment.add_argument("--at", type=instant, metavar="T", help="as it was at this time")
    moment.add_argument("--row", type=count, metavar="N", help="as row N left it")
    moment.add_argument("--check", action="store_true", help="compare it with what the pool shows now; 1: they differ")
    verb = make("audit anchor", "where the record ends, signed, to be kept elsewhere", has_json=True)
    verb.add_argument("--into", metavar="DIR", help="leave it in this folder as a file, and every later anchor, too")
    verb.add_argument("--into-none", action="store_true", help="leave later anchors in no folder any more")
    verb = make("audit report", "one page of bundles or database files, with verdicts and rows of all", has_json=True)
    _add_files(verb)
    verb.add_argument("--out", required=True, metavar="OUT", help="such as together.html")
    verb.add_argument("--force", action="store_true", help="also where a file is there")
    make("audit rotate", "seal the file of the record that is in use, and go on in a new one", has_json=True)
    make("audit accept", "set aside a record that is not the one remembered, or does not verify, and begin another")


def add_review(verb: ArgumentParser) -> None:
    """Add what a review takes."""
    _add_files(verb)
    what = "no window: write its report as a PDF; the exit status is that of `audit verify`"
    verb.add_argument("--pdf", metavar="OUT", help=what)


def _add_files(verb: ArgumentParser) -> None:
    what = "a bundle (.xsaudit) or a database file; of several, also of several consoles, all rows by their times"
    verb.add_argument("files", nargs="+", metavar="FILE", help=what)
    what = "a key that must have signed it, as it was kept elsewhere; with several files again for each console"
    verb.add_argument("--key", type=fingerprint, action="append", default=[], metavar="FINGERPRINT", help=what)
    what = "a head of a chain that was kept elsewhere, such as in an earlier report; or a file of an anchor"
    verb.add_argument("--head", type=kept_head, action="append", default=[], metavar="SEQ:DIGEST", help=what)
